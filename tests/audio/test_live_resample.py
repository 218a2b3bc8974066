import numpy as np
import pytest

from workbench.audio.live_resample import LiveResampler

RATES = [(48_000, 16_000), (16_000, 48_000), (44_100, 16_000), (16_000, 44_100), (8_000, 16_000)]


def tone(hz: float, rate_hz: int, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz).astype(np.float32)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_a_tone_stays_where_it_is_in_time(from_hz: int, to_hz: int) -> None:
    out = LiveResampler(from_hz, to_hz).process(tone(1000, from_hz))
    expected = tone(1000, to_hz)[: len(out)]
    np.testing.assert_allclose(out[200:], expected[200:], atol=1e-4)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_how_it_is_cut_changes_nothing_and_the_delay_is_kept(from_hz: int, to_hz: int) -> None:
    signal = np.random.default_rng(0).standard_normal(from_hz // 2).astype(np.float32)
    whole = LiveResampler(from_hz, to_hz).process(signal)
    resampler = LiveResampler(from_hz, to_hz)
    rng = np.random.default_rng(1)
    parts, n_in = [], 0
    while n_in < len(signal):
        block = signal[n_in : n_in + int(rng.integers(0, 500))]
        n_in += len(block)
        parts.append(resampler.process(block))
        late_s = n_in / from_hz - sum(map(len, parts)) / to_hz
        assert late_s < resampler.delay_s + 2.5e-4
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert resampler.delay_s <= 0.004


def test_what_would_alias_is_taken_away() -> None:
    out = LiveResampler(48_000, 16_000).process(tone(10_000, 48_000))
    assert np.abs(out[200:-200]).max() < 1e-3


def test_equal_rates_pass_unchanged() -> None:
    resampler = LiveResampler(16_000, 16_000)
    signal = tone(440, 16_000)
    np.testing.assert_array_equal(resampler.process(signal), signal)
    assert resampler.delay_s == 0
