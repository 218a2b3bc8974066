import numpy as np
import pytest
import soxr

from workbench.audio.resample import QUALITY, StreamingResampler, resample, resampled_length

RATES = [(8000, 16000), (22050, 16000), (44100, 16000), (48000, 16000), (96000, 16000), (16000, 44100)]


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("block_samples", [1, 37, 4096, 20_000])
def test_stream_gives_what_one_shot_gives(from_hz: int, to_hz: int, block_samples: int) -> None:
    rng = np.random.default_rng(1)
    signal = (0.2 * rng.standard_normal(9_001)).astype(np.float32)
    whole = soxr.resample(signal, from_hz, to_hz, quality=QUALITY)
    resampler = StreamingResampler(from_hz, to_hz)
    for _ in range(2):  # `last` leaves it ready for another signal
        parts = [
            resampler.process(signal[start : start + block_samples])
            for start in range(0, len(signal), block_samples)
        ]
        parts.append(resampler.process(signal[:0], last=True))
        streamed = np.concatenate(parts)
        assert streamed.dtype == np.float32
        assert len(streamed) == resampled_length(len(signal), from_hz, to_hz)
        n_common = min(len(streamed), len(whole))
        assert abs(len(streamed) - len(whole)) <= 1
        np.testing.assert_allclose(streamed[:n_common], whole[:n_common], atol=1e-5)


@pytest.mark.parametrize("n_samples", [0, 1, 2, 7, 80, 441, 44_101])
@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_length_is_that_of_exact_rounding(n_samples: int, from_hz: int, to_hz: int) -> None:
    out = resample(np.zeros(n_samples, np.float32), from_hz, to_hz)
    assert abs(len(out) - n_samples * to_hz / from_hz) <= 0.5
    assert len(out) == resampled_length(n_samples, from_hz, to_hz)


def test_tone_keeps_level_and_time() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(44_100) / 44_100).astype(np.float32)
    wanted = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000)
    got = resample(tone, 44_100, 16_000)
    np.testing.assert_allclose(got[500:-500], wanted[500:-500], atol=1e-4)


def test_same_rate_returns_the_signal_itself() -> None:
    signal = np.ones(10, np.float32)
    assert resample(signal, 16_000, 16_000) is signal


def test_reset_forgets_the_signal() -> None:
    rng = np.random.default_rng(2)
    signal = rng.standard_normal(3000).astype(np.float32)
    resampler = StreamingResampler(16_000, 48_000)
    resampler.process(rng.standard_normal(5000).astype(np.float32))
    resampler.reset()
    np.testing.assert_array_equal(resampler.process(signal, last=True), resample(signal, 16_000, 48_000))
