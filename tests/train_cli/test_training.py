"""Whole trainings in miniature: real recordings, real processes, a handful of steps."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from tests.processes import children_of, end_within, needs_proc
from tests.train_cli.conftest import pretend
from train_cli.__main__ import main
from train_cli.runs import append_curve, read_curve, validations_since_best
from workbench.audio.files import read
from workbench.bundles.check import check_bundle
from workbench.classifier.streaming import NoiseClassifier, classify
from workbench.denoisers.adaptive import AdaptiveDenoiser
from workbench.denoisers.protocol import denoise

DDAE = ["train-ddae", "--no-xla", "--batch=2", "--seconds=1", "--validation-mixtures=4", "--events"]
NC = ["train-nc", "--no-xla", "--batch=4", "--seconds=1.5", "--validation-mixtures=16", "--events"]


def _events(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def _curve(run):
    lines = (run / "curve.csv").read_text().splitlines()
    return [dict(zip(lines[0].split(","), map(float, line.split(",")), strict=True)) for line in lines[1:]]


@pytest.fixture(scope="module")
def ddae_run(tiny_corpus, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "ddae"
    assert main([*DDAE, f"--data={tiny_corpus}", f"--run={run}", "--steps=4", "--epoch-steps=2"]) == 0
    return run


@pytest.fixture(scope="module")
def nc_run(tiny_corpus, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "nc"
    assert main([*NC, f"--data={tiny_corpus}", f"--run={run}", "--steps=4", "--epoch-steps=2"]) == 0
    return run


def test_a_run_leaves_a_curve_with_quality_and_speed(ddae_run):
    curve = _curve(ddae_run)
    assert [row["step"] for row in curve] == [2, 4]
    for row in curve:
        assert 1.0 < row["pesq_wb"] < 4.7
        assert 0.0 < row["stoi"] <= 1.0
        assert row["mixtures_per_s"] > 0
        assert 0 <= row["waiting_share"] <= 1


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(ddae_run, tiny_corpus, tmp_path):
    arguments = [*DDAE, f"--data={tiny_corpus}", f"--run={tmp_path / 'run'}", "--epoch-steps=2"]
    # The same schedule in two goes: the first ends at its first validation for want of time.
    assert main([*arguments, "--steps=4", "--max-minutes=0.0001"]) == 0
    assert len(_curve(tmp_path / "run")) == 1
    assert main([*arguments, "--steps=4"]) == 0
    resumed, unbroken = _curve(tmp_path / "run")[-1], _curve(ddae_run)[-1]
    assert resumed["step"] == 4
    # Not bit for bit: the normalisation is fitted to the batches seen since the run went on.
    assert resumed["stoi"] == pytest.approx(unbroken["stoi"], abs=0.02)
    assert resumed["si_sdr"] == pytest.approx(unbroken["si_sdr"], abs=0.5)


def test_a_classifier_is_no_larger_for_having_learned_from_a_teacher(
    tiny_corpus, tmp_path, monkeypatch, nc_run, pretended
):
    asked = []

    def hear(windows):
        asked.append(len(windows))
        return pretend(windows)

    monkeypatch.setattr("train_cli.lessons.open_teacher", lambda: hear)
    run = tmp_path / "run"
    arguments = [*NC, f"--data={tiny_corpus}", f"--run={run}", "--epoch-steps=2", "--teacher=yamnet"]
    arguments += ["--scenes=16"]
    assert main([*arguments, "--steps=4", "--max-minutes=0.0001"]) == 0
    n_heard = len(asked)
    assert n_heard == 16
    assert main([*arguments, "--steps=4"]) == 0
    assert len(asked) == n_heard, "what was heard once is kept"
    assert [row["step"] for row in _curve(run)][-1] == 4
    assert _curve(run)[-1]["answers_loss"] > 0
    assert _curve(run)[-1]["features_loss"] > 0
    sizes = []
    for each in (run, nc_run):
        assert main(["export", f"--run={each}", f"--output={tmp_path / each.parent.name / 'nc'}"]) == 0
        card = (tmp_path / each.parent.name / "nc" / "CARD.md").read_text()
        sizes.append(next(line for line in card.splitlines() if line.startswith("| Parameters")))
    assert sizes[0] == sizes[1]
    without = [each for each in arguments if not each.startswith("--teacher")]
    assert main([*without, "--steps=6"]) == 2


def test_a_run_that_is_asked_to_stop_keeps_the_best_so_far(tiny_corpus, tmp_path, capfd):
    run = tmp_path / "run"
    run.mkdir()
    (run / "stop").touch()
    assert main([*NC, f"--data={tiny_corpus}", f"--run={run}", "--steps=1000", "--epoch-steps=500"]) == 0
    events = _events(capfd.readouterr().out)
    assert [row["step"] for row in _curve(run)] == [1], "it is measured where it stops"
    assert events[-2]["event"] == "finished"
    assert "as asked" in events[-2]["message"]
    assert events[-1] == {"event": "ended", "time_s": events[-1]["time_s"], "code": 0}
    assert not (run / "stop").exists()
    assert main(["export", f"--run={run}", f"--output={tmp_path / 'nc'}"]) == 0


def test_patience_ends_a_run_that_does_not_improve(tiny_corpus, tmp_path, capfd):
    # With a vanishing learning rate every validation gives the same.
    still = ["--steps=1000", "--epoch-steps=1", "--patience=2", "--learning-rate=1e-7", "--warmup-steps=0"]
    assert main([*NC, f"--data={tiny_corpus}", f"--run={tmp_path / 'run'}", *still]) == 0
    curve = _curve(tmp_path / "run")
    best = max(range(len(curve)), key=lambda index: curve[index]["quality"])
    assert len(curve) - 1 - best == 2
    assert "Stopped early after 2 validations" in _events(capfd.readouterr().out)[-2]["message"]


def test_every_validation_can_be_heard(tiny_corpus, tmp_path, capfd):
    run = tmp_path / "run"
    few = ["--steps=2", "--epoch-steps=1", "--examples=2"]
    assert main([*DDAE, f"--data={tiny_corpus}", f"--run={run}", *few]) == 0
    heard = [e for e in _events(capfd.readouterr().out) if e.get("kind") == "example"]
    assert [(e["step"], e["number"], e["signal"]) for e in heard] == [
        (step, number, signal)
        for step in (1, 2)
        for number in (1, 2)
        for signal in ("clean", "noisy", "denoised")
    ]
    first, second = (read(e["path"]) for e in heard if e["signal"] == "denoised" and e["number"] == 1)
    assert len(first) == 4 * 16_000
    assert not np.array_equal(first, second)
    assert all(" at " in e["title"] for e in heard)


def test_a_curve_that_a_full_disk_cut_off_goes_on(tmp_path):
    append_curve(tmp_path, {"step": 1, "quality": 0.5})
    with (tmp_path / "curve.csv").open("a") as file:
        file.write("2,0.7")
    assert read_curve(tmp_path) == [{"step": 1.0, "quality": 0.5}]
    append_curve(tmp_path, {"step": 3, "quality": 0.25})
    assert [row["step"] for row in read_curve(tmp_path)] == [1, 2, 3]
    (tmp_path / "curve.csv").write_text("step,quality\n1,0.5\n2\n3,0.25\n")
    assert validations_since_best(read_curve(tmp_path)) == 1


@needs_proc
def test_a_full_disk_is_one_sentence_and_the_run_goes_on(tiny_corpus, tmp_path):
    """A limit on the size of files stands for the full disk: the weights do not fit, the options do."""
    run = tmp_path / "run"
    command = [sys.executable, "-m", "train_cli", *NC, f"--data={tiny_corpus}", f"--run={run}"]
    command += ["--steps=4", "--epoch-steps=2", "--examples=0"]

    def limit():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    failed = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    assert failed.returncode == 2, failed.stderr
    assert "cannot be written" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert _events(failed.stdout)[-2]["event"] == "failed"
    assert main(command[3:]) == 0
    assert _curve(run)[-1]["step"] == 4


@needs_proc
def test_a_killed_run_goes_on(tiny_corpus, tmp_path):
    command = [sys.executable, "-m", "train_cli", *NC, f"--data={tiny_corpus}", f"--run={tmp_path / 'run'}"]
    command += ["--steps=100000", "--epoch-steps=5"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    for line in process.stdout:
        if '"epoch"' in line:
            break
    mixers = children_of(process.pid)
    assert mixers
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert end_within(mixers, 30), "the mixing process outlived its training"
    reached = _curve(tmp_path / "run")[-1]["step"]
    command[-2:] = [f"--steps={int(reached) + 5}", "--epoch-steps=5"]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    epochs = [event for event in _events(finished.stdout) if event["event"] == "epoch"]
    assert epochs[0]["step"] > reached
    assert epochs[-1]["step"] == reached + 5


def test_a_run_becomes_a_bundle_that_the_application_runs(ddae_run, nc_run, tmp_path):
    for run, name in ((ddae_run, "my-ddae"), (nc_run, "my-nc")):
        assert main(["export", f"--run={run}", f"--output={tmp_path / name}", "--title=Mine"]) == 0
    noise = (0.05 * np.random.default_rng(0).standard_normal(16_000)).astype(np.float32)
    nc, ddae = check_bundle(tmp_path / "my-nc"), check_bundle(tmp_path / "my-ddae")
    assert len(classify(noise, NoiseClassifier(nc))) == 16_000 // 4096
    assert denoise(noise, AdaptiveDenoiser(nc, ddae)).shape == noise.shape
    assert "Mine" in (tmp_path / "my-ddae" / "CARD.md").read_text()


def test_streaming_in_the_application_gives_what_training_saw(ddae_run, tiny_corpus, tmp_path):
    """The same weights through TensorFlow as a whole and through LiteRT in blocks."""
    from train_cli.architectures.band_gru import BandGru, BandGruSize
    from train_cli.convert import restore_best
    from train_cli.ddae import enhance
    from workbench.denoisers.ddae import DdaeDenoiser
    from workbench.dsp.stft import StftSpec

    assert main(["export", f"--run={ddae_run}", f"--output={tmp_path / 'ddae'}"]) == 0
    network = BandGru(BandGruSize.for_window(512))
    assert restore_best(ddae_run, network)
    noisy = (0.05 * np.random.default_rng(0).standard_normal(24_000)).astype(np.float32)
    whole = enhance(network, StftSpec(512, 256, "sqrt_hann"), 1, noisy[None], np.zeros((1, 5), np.float32))[0]
    streamed = denoise(noisy, DdaeDenoiser(check_bundle(tmp_path / "ddae")))
    np.testing.assert_allclose(streamed, whole, atol=2e-5)


def test_evaluate_measures_both_kinds(ddae_run, nc_run, tiny_corpus, tmp_path, capfd):
    for run, name in ((ddae_run, "ddae"), (nc_run, "nc")):
        assert main(["export", f"--run={run}", f"--output={tmp_path / name}", "--default"]) == 0
        figures = tmp_path / f"{name}.json"
        arguments = [f"--bundle={tmp_path / name}", f"--data={tiny_corpus}", "--per-cell=1", "--workers=2"]
        assert main(["evaluate", *arguments, f"--output={figures}"]) == 0
        measured = json.loads(figures.read_text())
        assert len(measured["By SNR"]) == 6
        assert main(["export", f"--run={run}", f"--output={tmp_path / name}", f"--figures={figures}"]) == 0
    card = (tmp_path / "ddae" / "CARD.md").read_text()
    assert "pesq_wb denoised" in card
    assert "-10 dB" in card


def test_evaluate_measures_a_method_by_its_name(tiny_corpus, tmp_path, capfd):
    figures = tmp_path / "figures.json"
    arguments = [f"--data={tiny_corpus}", "--per-cell=1", "--workers=1", f"--output={figures}"]
    assert main(["evaluate", "--bundle=bypass", *arguments]) == 0
    for row in json.loads(figures.read_text())["By SNR"].values():
        for metric in ("pesq_wb", "stoi", "si_sdr"):
            assert row[f"{metric} denoised"] == pytest.approx(row[f"{metric} noisy"], abs=1e-3)
    assert main(["evaluate", "--bundle=no-such-method", *arguments]) == 2
    assert "Traceback" not in capfd.readouterr().err


def test_another_network_is_not_resumed(ddae_run, tiny_corpus, capfd):
    assert main([*DDAE, f"--data={tiny_corpus}", f"--run={ddae_run}", "--window=128", "--hop=64"]) == 2
    assert "was trained with --window 512" in capfd.readouterr().err


def test_missing_data_is_one_sentence(tmp_path, capfd):
    assert main([*DDAE, f"--data={tmp_path / 'nowhere'}", f"--run={tmp_path / 'run'}"]) == 2
    captured = capfd.readouterr()
    assert "There is no folder" in captured.err
    assert "Traceback" not in captured.err
    assert [event["event"] for event in _events(captured.out)][-2:] == ["failed", "ended"]


def test_a_value_out_of_range_is_named(capfd):
    assert main(["train-ddae", "--batch=0"]) == 2
    assert "--batch is 0" in capfd.readouterr().err


def test_a_run_without_weights_cannot_be_exported(tmp_path, capfd):
    assert main(["export", f"--run={tmp_path}", f"--output={tmp_path / 'out'}"]) == 2
    assert "is no training run" in capfd.readouterr().err


def test_a_new_run_begins_with_the_weights_of_another(ddae_run, tiny_corpus, tmp_path, capfd):
    from train_cli.architectures.band_gru import BandGru, BandGruSize
    from train_cli.convert import require_best

    later = tmp_path / "later"
    arguments = [*DDAE, f"--data={tiny_corpus}", f"--start-from={ddae_run}", "--steps=1", "--epoch-steps=1"]
    assert main([*arguments, f"--run={later}", "--learning-rate=1e-7"]) == 0
    before, after = (BandGru(BandGruSize.for_window(512)) for _ in range(2))
    require_best(ddae_run, before)
    require_best(later, after)
    for first, second in zip(before.trainable_variables, after.trainable_variables, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)

    capfd.readouterr()
    assert main([*arguments, f"--run={tmp_path / 'other'}", "--window=256", "--hop=128"]) == 2
    assert "do not fit this network" in " ".join(capfd.readouterr().err.split())


@pytest.mark.parametrize(("size", "hop", "frames_per_mask"), [("compact", 96, 1), ("standard", 80, 3)])
def test_a_low_latency_network_streams_what_it_was_trained_as(
    tiny_corpus, tmp_path, size, hop, frames_per_mask
):
    run, bundle = tmp_path / "run", tmp_path / "bundle"
    low = [f"--hop={hop}", "--synthesis=160", f"--size={size}", f"--frames-per-mask={frames_per_mask}"]
    low += ["--steps=1", "--epoch-steps=1"]
    assert main([*DDAE, f"--data={tiny_corpus}", f"--run={run}", *low]) == 0
    assert main(["export", f"--run={run}", f"--output={bundle}"]) == 0
    checked = check_bundle(bundle)
    assert checked.manifest.latency_samples == 159

    from train_cli.architectures.band_gru import BandGru, BandGruSize
    from train_cli.convert import require_best
    from train_cli.ddae import enhance
    from workbench.denoisers.ddae import DdaeDenoiser
    from workbench.dsp.stft import StftSpec

    network = BandGru(BandGruSize.for_window(512, size))
    require_best(run, network)
    noisy = np.random.default_rng(0).standard_normal(9600).astype(np.float32) * 0.1
    spec = StftSpec(512, hop, "sqrt_hann", synthesis_samples=160)
    whole = enhance(network, spec, frames_per_mask, noisy[None], np.zeros((1, 5), np.float32))[0]
    streamed = denoise(noisy, DdaeDenoiser(checked))
    np.testing.assert_allclose(streamed[:-600], whole[:-600], atol=2e-4)


def test_the_envelopes_correlate_as_far_as_the_speech_is_kept():
    import tensorflow as tf

    from train_cli.ddae import envelope_correlation
    from train_cli.spectral import compress, stft
    from workbench.dsp.stft import StftSpec

    spec = StftSpec(512, 256, "sqrt_hann")
    rng = np.random.default_rng(0)
    bursts = np.repeat(rng.uniform(0.01, 1, 40), 800).astype(np.float32)
    clean = bursts * rng.standard_normal(32_000).astype(np.float32)
    magnitudes = {}
    for name, heard in (
        ("clean", clean),
        ("quiet", 0.1 * clean),
        ("noisy", clean + rng.standard_normal(32_000)),
    ):
        spectra = stft(tf.constant(heard[None], tf.float32), spec)[..., 1:]
        magnitudes[name] = compress(spectra)[2]
    found = {n: float(envelope_correlation(m, magnitudes["clean"], spec)) for n, m in magnitudes.items()}
    assert found["clean"] == pytest.approx(1.0, abs=1e-3)
    assert found["quiet"] == pytest.approx(1.0, abs=1e-2)
    assert 0.2 < found["noisy"] < 0.95
