import numpy as np
import pytest

from workbench.audio import files
from workbench.dsp.level import active_speech_level
from workbench.engine.running_level import RunningSpeechLevel
from workbench.resources import assets_dir

SPEECH = sorted((assets_dir() / "speech").iterdir())


def measured(signal: np.ndarray, block_samples: int = 128) -> RunningSpeechLevel:
    level = RunningSpeechLevel()
    for start in range(0, len(signal), block_samples):
        level.process(signal[start : start + block_samples])
    return level


@pytest.mark.parametrize("path", SPEECH, ids=lambda path: path.stem)
def test_it_agrees_with_p56(path):
    speech = files.read(path)[: 8 * 16_000]
    assert measured(speech).level_db == pytest.approx(active_speech_level(speech).active_level_db, abs=1.0)


def test_it_agrees_in_the_noise_of_a_room():
    speech = files.read(SPEECH[0])[: 8 * 16_000]
    level_db = active_speech_level(speech).active_level_db
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(3 * 16_000 + len(speech)) * 10 ** ((level_db - 25) / 20)
    heard = noise.astype(np.float32)
    heard[3 * 16_000 :] += speech
    assert measured(heard).level_db == pytest.approx(level_db, abs=1.0)


def test_it_follows_a_voice_that_grows_louder():
    speech = np.tile(files.read(SPEECH[0]), 2)
    before, after = measured(speech), measured(np.concatenate((speech, 4 * speech)))
    assert after.level_db - before.level_db == pytest.approx(12.04, abs=0.5)


def test_silence_and_a_steady_fan_leave_it_as_it_is():
    speech = files.read(SPEECH[0])
    level = measured(speech)
    before = level.level_db
    for _ in range(20):
        level.process(np.zeros(16_000, np.float32))
    assert level.level_db == before
    fan = 0.02 * np.random.default_rng(0).standard_normal(20 * 16_000).astype(np.float32)
    assert measured(fan).level_db is None


def test_how_it_is_cut_changes_nothing():
    speech = files.read(SPEECH[0])
    assert measured(speech, 100).level_db == pytest.approx(measured(speech, 1000).level_db, abs=1e-9)
