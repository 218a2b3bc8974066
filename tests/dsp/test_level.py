import math

import numpy as np
import pytest

from workbench.dsp import level
from workbench.dsp.level import SILENCE, active_speech_level, rms_db
from workbench.errors import WorkbenchError


def voltmeter(signal):
    """P.56 method B in the words of the standard, sample by sample: active level and activity."""
    rate, time_constant, hangover, margin = 16_000, 0.03, 0.2, 15.9
    g = math.exp(-1 / (rate * time_constant))
    thresholds = [2.0 ** (j - 15) for j in range(15)]
    activity = [0] * 15
    hang = [int(hangover * rate)] * 15
    p = q = sq = 0.0
    for x in signal.tolist():
        sq += x * x
        p = g * p + (1 - g) * abs(x)
        q = g * q + (1 - g) * p
        for j, threshold in enumerate(thresholds):
            if q >= threshold:
                activity[j] += 1
                hang[j] = 0
            elif hang[j] < int(hangover * rate):
                activity[j] += 1
                hang[j] += 1
    previous = None
    for count, threshold in zip(activity, thresholds, strict=True):
        active_db = 10 * math.log10(sq / count)
        delta = active_db - 20 * math.log10(threshold)
        if delta <= margin:
            old_active_db, old_delta = previous
            share = (old_delta - margin) / (old_delta - delta)
            active_db = old_active_db + share * (active_db - old_active_db)
            return active_db, sq / len(signal) / 10 ** (active_db / 10)
        previous = active_db, delta
    raise AssertionError("no activity")


def sine(seconds, amplitude=1.0):
    return (amplitude * np.sin(2 * np.pi * 1000 * np.arange(int(16_000 * seconds)) / 16_000)).astype(
        np.float32
    )


def bursts(seed, seconds=3.0):
    """Noise that comes and goes like syllables, at some level."""
    rng = np.random.default_rng(seed)
    n_samples = int(seconds * 16_000)
    envelope = np.repeat(rng.choice([0.0, 0.1, 1.0], n_samples // 1600 + 1), 1600)[:n_samples]
    return (rng.standard_normal(n_samples) * envelope * 10 ** rng.uniform(-2, -0.7)).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_the_standard_sample_by_sample(seed):
    signal = bursts(seed)
    measured = active_speech_level(signal)
    active_db, activity = voltmeter(signal)
    assert measured.active_level_db == pytest.approx(active_db, abs=1e-6)
    assert measured.activity == pytest.approx(activity, abs=1e-6)
    assert measured.threshold_db == pytest.approx(active_db - 15.9, abs=1e-6)


def test_agrees_with_the_standard_on_speech(speech):
    measured = active_speech_level(speech)
    active_db, activity = voltmeter(speech)
    assert measured.active_level_db == pytest.approx(active_db, abs=1e-6)
    assert measured.activity == pytest.approx(activity, abs=1e-6)
    assert 0.6 < measured.activity < 1
    assert measured.rms_level_db < measured.active_level_db < measured.rms_level_db + 3


def test_long_signals_are_measured_as_if_in_one_piece(monkeypatch):
    signal = bursts(9)
    whole = active_speech_level(signal)
    monkeypatch.setattr(level, "_BLOCK_SAMPLES", 100)
    monkeypatch.setattr(level, "_CHUNK_BLOCKS", 3)
    assert active_speech_level(signal).active_level_db == pytest.approx(whole.active_level_db, abs=1e-9)
    assert active_speech_level(signal).activity == pytest.approx(whole.activity, abs=1e-9)


def test_a_sine_is_always_active():
    measured = active_speech_level(sine(10))
    assert measured.rms_level_db == pytest.approx(-3.01, abs=0.001)
    assert measured.active_level_db == pytest.approx(-3.01, abs=0.02)
    assert measured.activity == pytest.approx(1, abs=0.005)


def test_pauses_do_not_lower_the_active_level(speech):
    padded = np.concatenate((speech, np.zeros_like(speech)))
    with_pause, without = active_speech_level(padded), active_speech_level(speech)
    assert with_pause.active_level_db == pytest.approx(without.active_level_db, abs=0.3)
    assert with_pause.rms_level_db == pytest.approx(without.rms_level_db - 3.01, abs=0.01)


@pytest.mark.parametrize("exponent", [-14, -3, 1, 8])
def test_follows_the_level_of_the_signal(exponent):
    signal = bursts(1)
    change_db = 20 * math.log10(2) * exponent
    scaled = active_speech_level(signal * np.float32(2.0**exponent))
    assert scaled.active_level_db == pytest.approx(active_speech_level(signal).active_level_db + change_db)
    assert scaled.activity == pytest.approx(active_speech_level(signal).activity)


def test_gains_between_powers_of_two_shift_the_level_closely(speech):
    levels = [active_speech_level(speech * np.float32(10 ** (g / 20))).active_level_db - g for g in range(7)]
    assert max(levels) - min(levels) < 0.1


@pytest.mark.parametrize("n_samples", [0, 1, 16_000])
def test_silence_has_no_level(n_samples):
    assert active_speech_level(np.zeros(n_samples, np.float32)) == SILENCE
    assert rms_db(np.zeros(n_samples, np.float32)) == -math.inf


@pytest.mark.parametrize("n_samples", [1, 10, 160])
def test_a_signal_too_short_for_the_envelope_has_its_rms_level(n_samples):
    signal = bursts(2)[20_000 : 20_000 + n_samples] + np.float32(0.01)
    measured = active_speech_level(signal)
    assert measured.active_level_db == pytest.approx(rms_db(signal), abs=0.5)


def test_a_click_is_measured_over_its_hangover():
    signal = np.zeros(160_000, np.float32)
    signal[80_000] = 1
    measured = active_speech_level(signal)
    assert rms_db(signal) < measured.active_level_db < 0
    assert 0 < measured.activity < 0.2


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_refuses_what_is_not_finite(value):
    signal = sine(1)
    signal[500] = value
    with pytest.raises(WorkbenchError, match="not numbers"):
        active_speech_level(signal)
    with pytest.raises(WorkbenchError, match="not numbers"):
        rms_db(signal)
