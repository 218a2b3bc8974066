from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.audio import files
from workbench.cli import denoise
from workbench.cli.denoise import Job, plan
from workbench.denoisers.bypass import BypassDenoiser
from workbench.errors import WorkbenchError

BYPASS = ("--method", "bypass")


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_real_noise_gets_quieter_and_stays_aligned(run, tmp_path, timit_sphere, vehicle_noise):
    run("mix", "--speech", timit_sphere, "--noise", vehicle_noise, "--snr-db", -5, "-o", tmp_path / "mixed")
    noisy = next((tmp_path / "mixed").glob("*_noisy.wav"))
    clean = files.read(next((tmp_path / "mixed").glob("*_clean.wav")))
    outcome = run("denoise", noisy, "-o", tmp_path / "out.wav")
    assert outcome.status == 0
    denoised = files.read(tmp_path / "out.wav")
    assert len(denoised) == len(clean)
    error_before = np.sum((files.read(noisy) - clean) ** 2)
    assert np.sum((denoised - clean) ** 2) < 0.5 * error_before
    lags = range(-400, 401)
    best = max(lags, key=lambda lag: float(np.dot(clean[400:-400], np.roll(denoised, -lag)[400:-400])))
    assert best == 0


def test_bypass_returns_the_input(run, tmp_path, make_sound):
    source = make_sound(tmp_path / "in.wav", seconds=2.345)
    assert run("denoise", source, "-o", tmp_path / "out.flac", *BYPASS).status == 0
    np.testing.assert_allclose(files.read(tmp_path / "out.flac"), files.read(source), atol=1e-6)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_keep_rate_keeps_rate_length_and_alignment(run, tmp_path, make_sound, rate_hz):
    source = make_sound(tmp_path / "in.wav", seconds=1.2345, rate_hz=rate_hz, n_channels=2)
    assert run("denoise", source, "-o", tmp_path / "out.wav", "--keep-rate", *BYPASS).status == 0
    before, after = files.info(source), files.info(tmp_path / "out.wav")
    assert (after.sample_rate_hz, after.n_samples) == (rate_hz, before.n_samples)
    expected, got = files.read(source), files.read(tmp_path / "out.wav")
    # Twice through the band limit: white noise loses a little at the edge, and nothing to a shift.
    assert np.sum((got - expected) ** 2) < 0.01 * np.sum(expected**2)


def test_output_is_at_16_khz_otherwise(run, tmp_path, make_sound):
    source = make_sound(tmp_path / "in.wav", seconds=1.0, rate_hz=44_100)
    assert run("denoise", source, "-o", tmp_path, "--format", "flac", *BYPASS).status == 0
    about = files.info(tmp_path / "in.flac")
    assert (about.sample_rate_hz, about.n_samples) == (16_000, 16_000)


def test_folder_keeps_its_structure_and_one_bad_file_stops_nothing(run, tmp_path, make_sound):
    source = tmp_path / "in"
    make_sound(source / "a.wav")
    make_sound(source / "deep" / "er" / "b.flac")
    make_sound(source / ".hidden" / "c.wav")
    (source / "deep" / "bad.wav").write_bytes(b"RIFF, but then nothing of the kind")
    (source / "notes.txt").write_text("no sound")
    outcome = run("denoise", source, tmp_path / "absent.wav", "-o", tmp_path / "out", *BYPASS)
    assert outcome.status == 1
    assert below(tmp_path / "out") == ["a.wav", "deep/er/b.wav"]
    assert "bad.wav" in outcome.err
    assert "absent.wav" in outcome.err
    assert "2 denoised, 2 failed" in outcome.err
    assert outcome.out == ""


def test_a_defect_in_one_file_stops_nothing(run, tmp_path, make_sound, monkeypatch, log):
    make_sound(tmp_path / "in" / "a.wav")
    make_sound(tmp_path / "in" / "b.wav")
    real = denoise.denoise_file

    def fail_on_a(job, denoiser, **options):
        if job.source.name == "a.wav":
            raise RuntimeError("a defect")
        return real(job, denoiser, **options)

    monkeypatch.setattr(denoise, "denoise_file", fail_on_a)
    outcome = run("denoise", tmp_path / "in", "-o", tmp_path / "out", *BYPASS)
    assert outcome.status == 1
    assert below(tmp_path / "out") == ["b.wav"]
    assert "RuntimeError: a defect" in log.read_text("utf-8")


def test_inputs_are_never_overwritten(run, tmp_path, make_sound):
    source = make_sound(tmp_path / "a.wav")
    before = source.read_bytes()
    for output in (source, tmp_path):
        outcome = run("denoise", source, "-o", output, "--overwrite", *BYPASS)
        assert outcome.status == 2
        assert "is an input" in outcome.err
    (tmp_path / "link.wav").symlink_to(source)
    assert run("denoise", source, "-o", tmp_path / "link.wav", "--overwrite", *BYPASS).status == 2
    assert source.read_bytes() == before


def test_existing_outputs_are_refused_skipped_or_replaced(run, tmp_path, make_sound):
    source = tmp_path / "in"
    make_sound(source / "a.wav")
    make_sound(source / "b.wav")
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.wav").write_text("an earlier result")
    outcome = run("denoise", source, "-o", out, *BYPASS)
    assert outcome.status == 2
    assert "--skip-existing" in outcome.err
    assert below(out) == ["a.wav"]
    assert "1 denoised, 1 skipped" in run("denoise", source, "-o", out, "--skip-existing", *BYPASS).err
    assert (out / "a.wav").read_text() == "an earlier result"
    assert run("denoise", source, "-o", out, "--overwrite", *BYPASS).status == 0
    assert soundfile.info(out / "a.wav").frames == 16_000


def test_output_below_the_input_is_no_input_of_the_next_run(run, tmp_path, make_sound):
    make_sound(tmp_path / "a.wav")
    for _ in range(2):
        outcome = run("denoise", tmp_path, "-o", tmp_path / "clean", "--overwrite", *BYPASS)
        assert outcome.status == 0
    assert below(tmp_path) == ["a.wav", "clean/a.wav"]


def test_interruption_leaves_no_half_written_file(run, tmp_path, make_sound, monkeypatch):
    source = make_sound(tmp_path / "in" / "a.wav", seconds=5)
    process = BypassDenoiser.process
    calls = 0

    def interrupted(self, block):
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return process(self, block)

    monkeypatch.setattr(BypassDenoiser, "process", interrupted)
    outcome = run("denoise", source, "-o", tmp_path / "out", *BYPASS)
    assert outcome.status == 130
    assert calls == 3
    assert below(tmp_path / "out") == []


def test_same_name_in_two_formats_gives_two_files(tmp_path, make_sound):
    for name in ("a.flac", "a.wav", "b.wav"):
        make_sound(tmp_path / "in" / name)
    jobs = plan([tmp_path / "in"], tmp_path / "out")
    assert [job.target.name for job in jobs] == ["a.flac.wav", "a.wav.wav", "b.wav"]


def test_plan_of_one_file():
    assert plan([Path("a.ogg")], Path("b.FLAC")) == [Job(Path("a.ogg"), Path("b.FLAC"))]
    assert plan([Path("a.ogg")], Path("b")) == [Job(Path("a.ogg"), Path("b/a.wav"))]


def test_plan_refuses_what_cannot_be_meant(tmp_path):
    with pytest.raises(WorkbenchError, match="several inputs"):
        plan([Path("a.wav"), Path("b.wav")], Path("c.wav"))
    with pytest.raises(WorkbenchError, match="--format flac"):
        plan([Path("a.wav")], Path("c.wav"), "flac")
    with pytest.raises(WorkbenchError, match="no audio files"):
        plan([tmp_path], tmp_path / "out")
    (tmp_path / "c.txt").write_text("")
    with pytest.raises(WorkbenchError, match="is a file"):
        plan([Path("a.wav")], tmp_path / "c.txt")


def test_class_and_method_that_contradict_each_other(run, tmp_path, make_sound):
    source = make_sound(tmp_path / "a.wav")
    outcome = run("denoise", source, "-o", tmp_path / "b.wav", "--class", "vehicle", "--method", "bypass")
    assert outcome.status == 2
    assert "--class goes with the method ddae" in outcome.err
    outcome = run("denoise", source, "-o", tmp_path / "b.wav", "--method", "adaptve")
    assert outcome.status == 2
    assert "adaptive" in outcome.err


def test_wet_zero_is_the_input(run, tmp_path, make_sound):
    source = make_sound(tmp_path / "a.wav")
    assert run("denoise", source, "-o", tmp_path / "b.wav", "--class", "vehicle", "--wet", 0).status == 0
    np.testing.assert_allclose(files.read(tmp_path / "b.wav"), files.read(source), atol=1e-5)
