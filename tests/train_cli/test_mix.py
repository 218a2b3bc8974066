import json
import os
import signal
import subprocess
import sys

import pytest

from train_cli.__main__ import main
from train_cli.mix import read_manifest
from workbench.audio import files
from workbench.dsp.level import active_speech_level, rms_db


def _mix(data, output, *arguments):
    return main(["mix", f"--data={data}", f"--output={output}", "--per-cell=1", *arguments])


def _bytes(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.*")) if p.is_file()}


@pytest.fixture(scope="module")
def mixtures(tiny_corpus, tmp_path_factory):
    output = tmp_path_factory.mktemp("mixed") / "set"
    assert _mix(tiny_corpus, output, "--snr-db", "-5", "10") == 0
    return output


def test_files_have_the_snr_that_the_manifest_gives(mixtures):
    rows = read_manifest(mixtures / "manifest.csv")
    assert len(rows) == 8
    assert {row.noise_class for row in rows} == {"human", "tv_radio", "vehicle", "household"}
    for row in rows:
        clean, noise, noisy = (
            files.read(mixtures / what / f"{row.name}.wav") for what in ("clean", "noise", "noisy")
        )
        assert len(clean) == row.n_samples
        assert abs(noisy - clean - noise).max() < 1e-6
        assert active_speech_level(clean).active_level_db - rms_db(noise) == pytest.approx(
            row.snr_db, abs=0.05
        )
        assert row.measured_snr_db == pytest.approx(row.snr_db, abs=0.05)
        assert row.speaker == "FVMH0"


def test_a_manifest_makes_the_same_bytes_again(mixtures, tmp_path, capfd):
    again = tmp_path / "again"
    assert main(["mix", f"--again={mixtures / 'manifest.csv'}", f"--output={again}"]) == 0
    assert "All 8 mixtures were made again" in capfd.readouterr().err
    originals = {name: data for name, data in _bytes(mixtures).items() if name.endswith(".wav")}
    assert len(originals) == 24
    assert _bytes(again) == originals


def test_the_originals_are_not_overwritten_by_what_is_made_again(mixtures, capfd):
    assert main(["mix", f"--again={mixtures / 'manifest.csv'}", f"--output={mixtures}"]) == 2
    assert "choose another --output" in capfd.readouterr().err


def test_a_folder_that_cannot_be_made_is_one_sentence(tiny_corpus, tmp_path, capfd):
    (tmp_path / "file").touch()
    assert _mix(tiny_corpus, tmp_path / "file" / "set") == 2
    captured = capfd.readouterr()
    assert "Not a directory" in captured.err
    assert "Traceback" not in captured.err


def test_a_difference_is_noticed(mixtures, tmp_path, capfd):
    text = (mixtures / "manifest.csv").read_text()
    rows = read_manifest(mixtures / "manifest.csv")
    # Beside the original, so that its paths hold.
    forged = mixtures / "forged.csv"
    forged.write_text(text.replace(rows[0].noisy_sha256, "0" * 64))
    assert main(["mix", f"--again={forged}", f"--output={tmp_path / 'x'}"]) == 2
    assert f"1 of 8 mixtures in {tmp_path / 'x'} differ" in capfd.readouterr().err
    forged.write_text(text.replace(rows[0].speech_content, "0" * 16))
    assert main(["mix", f"--again={forged}", f"--output={tmp_path / 'x'}"]) == 2
    assert "their recordings have changed" in " ".join(capfd.readouterr().err.split())
    forged.unlink()


def test_a_killed_run_goes_on_to_the_same_set(tiny_corpus, mixtures, tmp_path):
    output = tmp_path / "killed"
    arguments = ["mix", f"--data={tiny_corpus}", f"--output={output}", "--per-cell=1", "--events"]
    arguments += ["--snr-db", "-5", "10"]
    process = subprocess.Popen(
        [sys.executable, "-m", "train_cli", *arguments], stdout=subprocess.PIPE, text=True
    )
    for line in process.stdout:
        if '"progress"' in line and json.loads(line)["step"] == 3:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    # Torn in the middle of a row.
    with (output / "manifest.csv").open("a") as file:
        file.write("vehicle_-5dB_0000,vehicle,FVMH0")
    written = {path: path.stat().st_mtime_ns for path in (output / "noisy").iterdir()}
    first = output / "noisy" / f"{read_manifest(output / 'manifest.csv')[0].name}.wav"
    assert main(arguments) == 0
    assert _bytes(output) == _bytes(mixtures)
    assert first.stat().st_mtime_ns == written[first]


def test_other_options_are_not_mixed_into_a_set(tiny_corpus, mixtures, capfd):
    assert _mix(tiny_corpus, mixtures, "--snr-db", "-5", "10", "--seed=8") == 2
    assert "was made with --seed 7" in capfd.readouterr().err


def test_evaluate_measures_the_mixtures_that_mix_writes(tiny_corpus, mixtures):
    from train_cli.trials import SNRS_DB, draw_trials

    drawn = {trial.name: trial for trial in draw_trials(tiny_corpus, "test", (-5.0, 10.0), 1, 7)}
    row = read_manifest(mixtures / "manifest.csv")[0]
    assert (mixtures / row.speech_path).samefile(drawn[row.name].speech)
    assert (mixtures / row.noise_path).samefile(drawn[row.name].noise)
    assert SNRS_DB == (-10.0, -5.0, 0.0, 5.0, 10.0, 15.0)


def test_a_choice_that_does_not_exist_is_named(tiny_corpus, tmp_path, capfd):
    assert _mix(tiny_corpus, tmp_path, "--split=tset") == 2
    assert "did you mean test?" in capfd.readouterr().err
    assert main(["mix", f"--again={tmp_path / 'none.csv'}"]) == 2
    assert "cannot be read" in capfd.readouterr().err


def test_flac_too(tiny_corpus, tmp_path):
    assert _mix(tiny_corpus, tmp_path, "--snr-db", "0", "--format=flac") == 0
    assert len(list(tmp_path.rglob("*.flac"))) == 12
