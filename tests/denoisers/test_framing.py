import numpy as np
import pytest

from workbench.denoisers.framing import FramedDenoiser, RateBridge, ratio_to
from workbench.denoisers.protocol import denoise


class Reverser(FramedDenoiser):
    """Gives the frame before, negated."""

    def __init__(self, frame_samples):
        super().__init__("reverser", frame_samples, inner_delay_samples=frame_samples)
        self._before = np.zeros(frame_samples, np.float32)

    def step(self, frame):
        before, self._before = self._before, frame
        return -before

    def restart(self):
        self._before = np.zeros_like(self._before)


@pytest.mark.parametrize("frame_samples", [1, 2, 100, 333])
def test_frames_are_gathered_and_the_delay_is_exact(noise, frame_samples):
    denoiser = Reverser(frame_samples)
    np.testing.assert_array_equal(denoise(noise, denoiser), -noise)
    denoiser.reset()
    rng = np.random.default_rng(0)
    cuts = np.sort(rng.integers(0, len(noise), 60))
    parts = [denoiser.process(block) for block in np.split(noise, cuts)]
    out = np.concatenate(parts)
    delay = denoiser.latency_samples
    np.testing.assert_array_equal(out[delay:], -noise[:-delay])
    assert not out[:delay].any()


def there_and_back(bridge, signal, frame_samples=160):
    bridge.reset()
    frames = signal.reshape(-1, frame_samples)
    return np.concatenate([bridge.down(bridge.up(frame)) for frame in frames])


@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_the_bridge_delays_and_changes_nothing_below_7_khz(ratio):
    time = np.arange(16_000)
    for frequency_hz in (50, 1_000, 4_000, 7_000):
        tone = np.sin(2 * np.pi * frequency_hz * time / 16_000).astype(np.float32)
        out = there_and_back(RateBridge(ratio), tone)
        delayed = tone[: -RateBridge.delay_samples]
        np.testing.assert_allclose(out[1_000:], delayed[1_000 - RateBridge.delay_samples :], atol=2e-3)


def test_the_bridge_makes_no_images_and_folds_nothing_back():
    time = np.arange(48_000)
    bridge = RateBridge(3)
    tone = np.sin(2 * np.pi * 3_000 * time[:16_000] / 16_000).astype(np.float32)
    high = np.concatenate([bridge.up(frame) for frame in tone.reshape(-1, 160)])[4_800:]
    spectrum = np.abs(np.fft.rfft(high * np.hanning(len(high))))
    bins_per_hz = len(high) / 48_000
    assert spectrum[int(9_000 * bins_per_hz) :].max() < 1e-3 * spectrum.max()
    above = np.sin(2 * np.pi * 9_500 * time / 48_000).astype(np.float32)
    folded = np.concatenate([bridge.down(frame) for frame in above.reshape(-1, 480)])
    assert np.abs(folded[1_000:]).max() < 1e-3


def test_ratios():
    assert [ratio_to(hz) for hz in (16_000, 32_000, 48_000, 44_100, 8_000)] == [1, 2, 3, None, None]
