import numpy as np
import pytest

from workbench.audio import files
from workbench.engine.howling import HowlGuard
from workbench.resources import assets_dir

BLOCK_SAMPLES = 128


def tone(hz: float, seconds: float, level: float = 0.2) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * 16_000)) / 16_000)).astype(np.float32)


def gains(guard: HowlGuard, signal: np.ndarray) -> np.ndarray:
    taken = []
    for start in range(0, len(signal) - BLOCK_SAMPLES + 1, BLOCK_SAMPLES):
        guard.listen(signal[start : start + BLOCK_SAMPLES])
        taken.append(guard.take(BLOCK_SAMPLES))
    return np.concatenate(taken)


@pytest.mark.parametrize("hz", [700, 2500, 6100])
def test_a_steady_tone_is_turned_down_and_comes_back(hz):
    guard = HowlGuard()
    heard = gains(guard, tone(hz, 0.4))
    assert guard.is_howling
    assert heard[-1] == pytest.approx(10 ** (-30 / 20), rel=1e-3)
    assert np.abs(np.diff(heard)).max() < 0.02
    heard = gains(guard, np.zeros(4 * 16_000, np.float32))
    assert not guard.is_howling
    assert heard[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("folder", ["speech", "noise"])
def test_voices_and_noises_are_let_through(folder):
    for path in sorted((assets_dir() / folder).rglob("*.*")):
        assert gains(HowlGuard(), files.read(path)).min() == 1, path


def test_a_tone_that_is_not_ours_is_let_through_again():
    guard = HowlGuard()
    heard = gains(guard, tone(1000, 4.0))
    assert heard.min() < 0.1
    assert heard[-1] == pytest.approx(1.0)
    assert np.count_nonzero(heard < 0.9) < 2 * 16_000
    gains(guard, np.zeros(1600, np.float32))
    assert gains(guard, tone(1000, 0.4)).min() < 0.1  # another one


def test_a_loop_with_too_much_gain_is_broken():
    """Loudspeaker and microphone 20 ms apart, with more gain than loss."""
    guard, rng = HowlGuard(), np.random.default_rng(0)
    room = np.zeros(20 * 16, np.float32)
    levels = []
    for _ in range(1000):
        heard = room[:BLOCK_SAMPLES] + 1e-3 * rng.standard_normal(BLOCK_SAMPLES).astype(np.float32)
        guard.listen(heard)
        played = np.clip(heard * guard.take(BLOCK_SAMPLES), -1, 1)
        # The room favours one frequency.
        spectrum = np.fft.rfft(played)
        spectrum[np.arange(len(spectrum)) != 12] *= 0.5
        spectrum[12] *= 1.6
        room = np.concatenate((room[BLOCK_SAMPLES:], np.fft.irfft(spectrum).astype(np.float32)))
        levels.append(float(np.abs(heard).max()))
    assert max(levels) > 0.1
    assert np.median(levels[500:]) < 0.1
