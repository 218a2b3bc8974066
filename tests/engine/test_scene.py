from pathlib import Path

import numpy as np
import pytest

from workbench.audio import files
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.level import active_speech_level, rms_db
from workbench.engine import scene as scene_module
from workbench.engine.scene import LoadedScene, Scene, demo_scenes, load_scene
from workbench.errors import WorkbenchError


@pytest.mark.parametrize(
    "scene",
    [
        Scene(Path("a") / "é.wav", Path("b.ogg"), None, -3.5, "ddae", 12.0, 0.8, "A “title”"),
        Scene(recording_path=Path("noisy.flac")),
    ],
)
def test_a_scene_survives_saving(scene):
    assert Scene.from_json(scene.to_json()) == scene


@pytest.mark.parametrize(
    "text", ["", "[1]", "7", "{", '{"speech_path": 3}', '{"snr_db": "loud"}', '{"wet": null}']
)
def test_what_is_not_a_scene_is_refused(text):
    with pytest.raises(WorkbenchError, match="not a saved scene"):
        Scene.from_json(text)


def test_a_scene_of_a_later_version_opens():
    assert Scene.from_json('{"title": "x", "room": "hall"}') == Scene(title="x")


def test_speech_in_noise_has_the_snr_asked_for(loaded):
    mixture = loaded.mixture(-5.0)
    active_db = active_speech_level(mixture.clean).active_level_db

    assert active_db - rms_db(mixture.noise) == pytest.approx(-5.0, abs=0.01)
    assert loaded.gains(-5.0) == (mixture.clean_gain, mixture.noise_gain)
    assert len(loaded.noise) == loaded.duration_samples == len(loaded.clean)
    assert loaded.notice == ""


def test_speech_alone_is_mixed_with_nothing(scene):
    loaded = load_scene(Scene(scene.speech_path))
    clean, mixed = loaded.source(100, 50, np.ones((2, 50), np.float32))

    np.testing.assert_array_equal(mixed, loaded.clean[100:150])
    np.testing.assert_array_equal(clean, mixed)
    assert loaded.mixture(0.0) is None


def test_a_sentence_of_timit_loads_from_its_own_files(timit_sphere, vehicle_noise):
    loaded = load_scene(Scene(timit_sphere, vehicle_noise))

    assert loaded.duration_samples > SAMPLE_RATE
    assert loaded.mixture(0.0).measured_snr_db == pytest.approx(0.0, abs=0.01)


def test_a_recording_has_no_reference(recording):
    clean, mixed = recording.source(recording.duration_samples - 3, 5, np.zeros((2, 5), np.float32))

    assert clean is None
    np.testing.assert_array_equal(mixed[:3], recording.recording[-3:])
    np.testing.assert_array_equal(mixed[3:], [0, 0])


def test_a_long_file_is_cut_and_the_user_told(tmp_path, monkeypatch):
    monkeypatch.setattr(scene_module, "MAX_SCENE_SECONDS", 60)
    monkeypatch.setattr(scene_module, "_MAX_SAMPLES", 60 * SAMPLE_RATE)
    tone = 0.1 * np.sin(0.1 * np.arange(60 * SAMPLE_RATE + 1)).astype(np.float32)
    files.write(tmp_path / "long.wav", tone)
    files.write(tmp_path / "fits.wav", tone[:-1])

    cut = load_scene(Scene(recording_path=tmp_path / "long.wav"))
    whole = load_scene(Scene(recording_path=tmp_path / "fits.wav"))

    assert cut.duration_samples == whole.duration_samples == 60 * SAMPLE_RATE
    assert cut.notice == "Only the first 1 minutes of long.wav are used."
    assert whole.notice == ""


def test_what_cannot_be_a_scene_is_refused(tmp_path, scene):
    files.write(tmp_path / "silence.wav", np.zeros(SAMPLE_RATE, np.float32))
    with pytest.raises(WorkbenchError, match="Choose clean speech"):
        load_scene(Scene(noise_path=scene.noise_path))
    with pytest.raises(WorkbenchError, match="silent"):
        load_scene(Scene(tmp_path / "silence.wav", scene.noise_path))
    with pytest.raises(WorkbenchError, match="silent"):
        load_scene(Scene(scene.speech_path, tmp_path / "silence.wav"))


def test_the_demo_scenes_load():
    scenes = demo_scenes()

    assert len({scene.title for scene in scenes}) == len(scenes) >= 4
    for scene in scenes:
        loaded = load_scene(scene)
        assert isinstance(loaded, LoadedScene)
        assert loaded.duration_samples > SAMPLE_RATE


def test_missing_demo_material_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(scene_module, "assets_dir", lambda: tmp_path)
    with pytest.raises(WorkbenchError, match="demo scenes"):
        demo_scenes()
