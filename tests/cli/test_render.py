import json

import numpy as np
import pytest

from workbench.audio import files
from workbench.dsp.level import active_speech_level, rms_db

PNG = b"\x89PNG\r\n\x1a\n"


def test_demo_scene(run, tmp_path):
    outcome = run("render", "--scene", 1, "--snr-db", -5, "--format", "png", "svg", "-o", tmp_path / "out")
    assert outcome.status == 0, outcome.err
    out = tmp_path / "out"
    assert (out / "scene.png").read_bytes().startswith(PNG)
    assert "<svg" in (out / "scene.svg").read_text("utf-8")
    clean, mixed, denoised = (files.read(out / f"{what}.wav") for what in ("clean", "mixed", "denoised"))
    assert len(clean) == len(mixed) == len(denoised)
    about = json.loads((out / "numbers.json").read_text("utf-8"))
    assert about["scene"]["snr_db"] == -5
    assert about["measured_snr_db"] == pytest.approx(-5, abs=0.1)
    assert active_speech_level(clean).active_level_db - rms_db(mixed - clean) == pytest.approx(-5, abs=0.1)
    scores = {row["metric"]: row for row in about["scores"]}
    assert scores["si_sdr"]["denoised"] > scores["si_sdr"]["mixed"]
    assert scores["pesq_wb"]["title"] in outcome.out
    for posterior in about["posteriors"]:
        assert sum(posterior["probabilities"]) == pytest.approx(1, abs=1e-3)


def test_recording_without_reference(run, tmp_path, make_sound):
    source = make_sound(tmp_path / "noisy.wav", seconds=2)
    outcome = run("render", source, "--method", "bypass", "-o", tmp_path / "out")
    assert outcome.status == 0, outcome.err
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["denoised.wav", "mixed.wav", "numbers.json", "scene.png"]
    np.testing.assert_allclose(files.read(tmp_path / "out" / "mixed.wav"), files.read(source), atol=1e-6)
    np.testing.assert_allclose(files.read(tmp_path / "out" / "denoised.wav"), files.read(source), atol=1e-6)
    about = json.loads((tmp_path / "out" / "numbers.json").read_text("utf-8"))
    assert about["measured_snr_db"] is None
    assert about["scores"] == []


def test_nothing_is_overwritten_unasked(run, tmp_path, make_sound):
    source = make_sound(tmp_path / "noisy.wav")
    (tmp_path / "numbers.json").write_text("kept")
    outcome = run("render", source, "-o", tmp_path)
    assert outcome.status == 2
    assert "--overwrite" in outcome.err
    assert (tmp_path / "numbers.json").read_text() == "kept"


def test_inputs_are_never_overwritten(run, tmp_path, make_sound):
    source = make_sound(tmp_path / "mixed.wav")
    before = source.read_bytes()
    outcome = run("render", source, "-o", tmp_path, "--overwrite")
    assert outcome.status == 2
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--scene", "nowhere"), "no scene 'nowhere'"),
        (("--noise", "{sound}"), "--noise needs --speech"),
        (("{sound}", "--scene", "1"), "Choose one"),
        (("{sound}", "--snr-db", "3"), "noisy already"),
        (("{sound}", "--method", "magic"), "magic"),
    ],
)
def test_what_cannot_be_meant_is_said(run, tmp_path, make_sound, arguments, words):
    sound = make_sound(tmp_path / "a.wav")
    outcome = run("render", *(text.format(sound=sound) for text in arguments), "-o", tmp_path / "out")
    assert outcome.status == 2
    assert words in outcome.err
    assert not (tmp_path / "out").exists()
