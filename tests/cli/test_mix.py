import json

import numpy as np
import pytest

from workbench.audio import files
from workbench.dsp.level import active_speech_level, rms_db


def test_writes_what_it_says(run, tmp_path, timit_sphere, vehicle_noise):
    outcome = run(
        "mix", "--speech", timit_sphere, "--noise", vehicle_noise, "--snr-db", -5, 7.5, "-o", tmp_path
    )
    assert outcome.status == 0
    for snr_db in (-5, 7.5):
        record_path = next(tmp_path.glob(f"*_{snr_db:+g}dB_mixture.json"))
        about = json.loads(record_path.read_text("utf-8"))
        clean, noise, noisy = (
            files.read(tmp_path / about["files"][what]) for what in ("clean", "noise", "noisy")
        )
        measured = active_speech_level(clean).active_level_db - rms_db(noise)
        assert measured == pytest.approx(snr_db, abs=0.05)
        assert about["measured_snr_db"] == pytest.approx(measured, abs=0.05)
        np.testing.assert_allclose(clean + noise, noisy, atol=1e-6)
        np.testing.assert_allclose(clean, about["clean_gain"] * files.read(timit_sphere), atol=1e-6)
        assert record_path.name.replace("_mixture.json", "_noisy.wav") in outcome.out


def test_seed_makes_the_same_mixture_again(run, tmp_path, make_sound):
    speech, noise = make_sound(tmp_path / "s.wav", 1.0), make_sound(tmp_path / "n.wav", 5.0)
    common = ("mix", "--speech", speech, "--noise", noise, "--snr-db", 0)
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert run(*common, "--seed", seed, "-o", tmp_path / folder).status == 0
    a, b, c = ((tmp_path / folder / "s_n_+0dB_noisy.wav").read_bytes() for folder in "abc")
    assert a == b
    assert a != c


def test_offset_is_where_the_noise_begins(run, tmp_path, make_sound):
    speech, noise = make_sound(tmp_path / "s.wav", 1.0), make_sound(tmp_path / "n.wav", 5.0)
    outcome = run("mix", "--speech", speech, "--noise", noise, "--snr-db", 0, "--offset-s", 2, "-o", tmp_path)
    assert outcome.status == 0
    about = json.loads((tmp_path / "s_n_+0dB_mixture.json").read_text("utf-8"))
    expected = about["noise_gain"] * files.read(noise)[32_000:48_000]
    np.testing.assert_allclose(files.read(tmp_path / "s_n_+0dB_noise.wav"), expected, atol=1e-6)


def test_existing_files_stay_unless_told(run, tmp_path, make_sound):
    speech, noise = make_sound(tmp_path / "s.wav"), make_sound(tmp_path / "n.wav", 2.0)
    common = ("mix", "--speech", speech, "--noise", noise, "--snr-db", 3, "-o", tmp_path / "out")
    assert run(*common).status == 0
    outcome = run(*common)
    assert outcome.status == 2
    assert "--overwrite" in outcome.err
    assert run(*common, "--overwrite").status == 0


def test_silence_is_said_in_a_sentence(run, tmp_path, make_sound):
    files.write(tmp_path / "silence.wav", np.zeros(16_000, np.float32))
    speech = make_sound(tmp_path / "s.wav")
    outcome = run(
        "mix", "--speech", speech, "--noise", tmp_path / "silence.wav", "--snr-db", 3, "-o", tmp_path
    )
    assert outcome.status == 2
    assert "silent" in outcome.err
