import math

import numpy as np
import pytest
import scipy.signal

from workbench.dsp.loudness import StreamingLoudness, _KWeighting, integrated_loudness_db, k_weighting_filter
from workbench.errors import WorkbenchError


def sine(seconds, level_db=0.0, hz=997.0):
    time = np.arange(int(seconds * 16_000)) / 16_000
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def noise(n_samples, seed=0):
    return (np.random.default_rng(seed).standard_normal(n_samples) * 0.1).astype(np.float32)


def test_the_filter_is_the_table_of_the_standard():
    numerator, denominator = k_weighting_filter(48_000)
    shelf_b, shelf_a = (
        [1.53512485958697, -2.69169618940638, 1.19839281085285],
        [1, -1.69065929318241, 0.73248077421585],
    )
    pass_a = [1, -1.99004745483398, 0.99007225036621]
    np.testing.assert_allclose(numerator, np.convolve(shelf_b, [1, -2, 1]), atol=1e-8)
    np.testing.assert_allclose(denominator, np.convolve(shelf_a, pass_a), atol=1e-8)


def test_at_16_khz_the_filter_weighs_as_at_48_khz():
    hz = np.geomspace(20, 7500, 200)
    table, ours = (
        20 * np.log10(np.abs(scipy.signal.freqz(*k_weighting_filter(rate), hz, fs=rate)[1]))
        for rate in (48_000, 16_000)
    )
    np.testing.assert_allclose(ours, table, rtol=0, atol=0.07)


@pytest.mark.parametrize("block_samples", [1, 3, 37, 128, 480, 20_000])
def test_the_block_recursion_is_the_filter(block_samples):
    signal = noise(20_000)
    weighting = _KWeighting()
    starts = range(0, len(signal), block_samples)
    ours = np.concatenate([weighting.process(signal[i : i + block_samples]) for i in starts])
    expected = scipy.signal.lfilter(*k_weighting_filter(16_000), signal.astype(np.float64))
    np.testing.assert_allclose(ours, expected, atol=1e-8)


def test_a_full_scale_sine_has_the_loudness_of_the_standard():
    assert integrated_loudness_db(sine(5)) == pytest.approx(-3.01, abs=0.06)
    assert integrated_loudness_db(sine(5, -40)) == pytest.approx(-43.01, abs=0.06)


@pytest.mark.parametrize(
    "parts",
    [
        [(-36, 10), (-23, 60), (-36, 10)],
        [(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)],
    ],
)
def test_quiet_parts_are_gated(parts):
    """Cases 3 and 4 of EBU Tech 3341, in one channel and so 3.01 dB lower."""
    signal = np.concatenate([sine(seconds, level_db, 1000) for level_db, seconds in parts])
    assert integrated_loudness_db(signal) == pytest.approx(-26.01, abs=0.1)


def test_silence_before_speech_does_not_count(speech):
    padded = np.concatenate((np.zeros(16_000 * 5, np.float32), speech))
    assert integrated_loudness_db(padded) == pytest.approx(integrated_loudness_db(speech), abs=0.3)


@pytest.mark.parametrize("n_samples", [0, 100, 100_000])
def test_silence_has_no_loudness(n_samples):
    silence = np.zeros(n_samples, np.float32)
    assert integrated_loudness_db(silence) == -math.inf
    assert StreamingLoudness().process(silence) == -math.inf


@pytest.mark.parametrize("seconds", [0.2, 0.3999, 0.4, 0.41])
def test_short_signals_are_one_block(seconds):
    assert integrated_loudness_db(sine(seconds)) == pytest.approx(-3.05, abs=0.05)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_refuses_what_is_not_finite(value):
    signal = sine(1)
    signal[8000] = value
    with pytest.raises(WorkbenchError, match="not numbers"):
        integrated_loudness_db(signal)


@pytest.mark.parametrize("block_samples", [1, 37, 128, 480, 16_000])
def test_following_does_not_depend_on_the_block_size(block_samples):
    signal = noise(16_000) * np.linspace(0, 1, 16_000, dtype=np.float32)
    whole = StreamingLoudness().process(signal)
    stream = StreamingLoudness()
    for start in range(0, len(signal), block_samples):
        loudness = stream.process(signal[start : start + block_samples])
    assert loudness == pytest.approx(whole, abs=1e-6)
    assert stream.process(signal[:0]) == loudness == stream.loudness_db


def test_following_settles_on_the_integrated_loudness():
    signal = noise(160_000)
    stream = StreamingLoudness()
    assert stream.process(signal[:16_000]) == pytest.approx(integrated_loudness_db(signal), abs=0.3)
    assert stream.process(signal[16_000:]) == pytest.approx(integrated_loudness_db(signal), abs=0.3)
    louder = stream.process(signal * np.float32(2))
    assert louder == pytest.approx(integrated_loudness_db(signal) + 6.02, abs=0.3)
    stream.reset()
    assert stream.loudness_db == -math.inf


def test_long_silence_fades_without_trouble():
    stream = StreamingLoudness(time_constant_s=0.01)
    stream.process(noise(16_000))
    with np.errstate(all="raise"):
        for _ in range(20):
            faded = stream.process(np.zeros(16_000, np.float32))
    assert faded < -1000
