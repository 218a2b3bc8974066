import math

import numpy as np
import pytest

from workbench.dsp.level import active_speech_level, rms_db
from workbench.dsp.mixing import PEAK_LIMIT, fit_noise, mix, mixing_gains
from workbench.errors import WorkbenchError


def noise(n_samples, level=0.1, seed=0):
    return (np.random.default_rng(seed).standard_normal(n_samples) * level).astype(np.float32)


@pytest.mark.parametrize("snr_db", [-60, -10, -5, 0, 7.5, 15, 80])
def test_real_recordings_have_the_snr_asked_for(speech, vehicle, snr_db):
    mixture = mix(speech, vehicle, snr_db)
    assert mixture.snr_db == snr_db
    assert mixture.measured_snr_db == pytest.approx(snr_db, abs=0.1)
    gained = 20 * math.log10(mixture.clean_gain / mixture.noise_gain)
    original = active_speech_level(speech).active_level_db - rms_db(vehicle[: len(speech)])
    assert original + gained == pytest.approx(snr_db, abs=1e-3)


@pytest.mark.parametrize("snr_db", [-40, -10, 0, 40])
@pytest.mark.parametrize("level", [1e-3, 0.1, 10.0])
def test_never_clips_and_adds_up(snr_db, level):
    clean, interferer = noise(20_000, level), noise(9_000, 0.2, seed=1)
    mixture = mix(clean, interferer, snr_db)
    np.testing.assert_array_equal(mixture.noisy, mixture.clean + mixture.noise)
    np.testing.assert_array_equal(mixture.clean, clean * np.float32(mixture.clean_gain))
    for signal in (mixture.clean, mixture.noise, mixture.noisy):
        assert signal.dtype == np.float32
        assert signal.shape == clean.shape
        assert np.abs(signal).max() <= PEAK_LIMIT + 1e-6
    highest = max(np.abs(s).max() for s in (mixture.clean, mixture.noise, mixture.noisy))
    assert mixture.clean_gain == 1 or highest == pytest.approx(PEAK_LIMIT, abs=1e-5)


@pytest.mark.parametrize("snr_db", [-1000, 1000, -1e9, 1e9])
def test_extreme_ratios_stay_finite(snr_db):
    mixture = mix(noise(5000), noise(5000, seed=1), snr_db)
    assert np.isfinite(mixture.noisy).all()
    assert 0 < np.abs(mixture.noisy).max() <= PEAK_LIMIT + 1e-6


def test_a_quiet_mixture_leaves_the_speech_as_it_is(speech, vehicle):
    mixture = mix(speech * np.float32(0.2), vehicle, 10)
    assert mixture.clean_gain == 1
    np.testing.assert_array_equal(mixture.clean, speech * np.float32(0.2))


def test_long_noise_is_cut_at_the_offset():
    long = noise(10_000)
    np.testing.assert_array_equal(fit_noise(long, 4000, 3000), long[3000:7000])
    mixture = mix(noise(4000, seed=2), long, 0, offset_samples=3000)
    np.testing.assert_allclose(mixture.noise, long[3000:7000] * mixture.noise_gain, rtol=1e-6)


def test_short_noise_is_looped():
    short = noise(5000)
    looped = fit_noise(short, 20_000)
    period = 5000 - 800
    np.testing.assert_array_equal(looped[:period], short[:period])
    np.testing.assert_array_equal(looped[period + 800 : 2 * period], short[800:period])
    np.testing.assert_array_equal(looped[period : 2 * period], looped[2 * period : 3 * period])


def test_the_seam_does_not_click_or_sag():
    time = np.arange(16_000) / 16_000
    tone = np.sin(2 * np.pi * 100.3 * time).astype(np.float32)
    looped = fit_noise(tone, 40_000)
    assert np.abs(np.diff(looped)).max() < 2 * np.abs(np.diff(tone)).max()
    powers = [np.mean(fit_noise(noise(16_000, 1, seed), 32_000)[15_200:16_000] ** 2) for seed in range(50)]
    assert np.mean(powers) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("n_noise", [1, 2, 3, 100, 3000])
@pytest.mark.parametrize("offset", [0, 1, 50, 2999, 3000, 12_345])
def test_an_offset_shifts_the_loop(n_noise, offset):
    short = noise(n_noise)
    shifted = fit_noise(short, 7000, offset)
    np.testing.assert_array_equal(shifted, fit_noise(short, offset + 7000)[offset:])


def test_a_random_offset_comes_from_the_generator():
    clean, long = noise(1000, seed=3), noise(50_000)
    first = mix(clean, long, 0, rng=np.random.default_rng(5))
    again = mix(clean, long, 0, rng=np.random.default_rng(5))
    other = mix(clean, long, 0, rng=np.random.default_rng(6))
    np.testing.assert_array_equal(first.noisy, again.noisy)
    assert not np.array_equal(first.noisy, other.noisy)
    starts = {int(np.argmin(np.abs(long - m.noise[0] / m.noise_gain))) for m in (first, other)}
    assert len(starts) == 2


@pytest.mark.parametrize("n_noise", [1000, 1, 700])
def test_a_random_offset_works_for_noise_that_is_no_longer(n_noise):
    for seed in range(20):
        mixture = mix(noise(1000), noise(n_noise, seed=1), 0, rng=np.random.default_rng(seed))
        assert mixture.noisy.shape == (1000,)


def test_known_levels_give_the_same_gains(speech, vehicle):
    fitted = fit_noise(vehicle, len(speech))
    levels = {
        "clean_level_db": active_speech_level(speech).active_level_db,
        "noise_level_db": rms_db(fitted),
    }
    assert mixing_gains(speech, fitted, -3, **levels) == mixing_gains(speech, fitted, -3)
    known = mix(speech, vehicle, -3, clean_level_db=levels["clean_level_db"])
    np.testing.assert_array_equal(known.noisy, mix(speech, vehicle, -3).noisy)


@pytest.mark.parametrize(
    ("clean", "interferer", "snr_db", "message"),
    [
        (np.zeros(1000, np.float32), noise(1000), 0, "speech is silent"),
        (np.zeros(0, np.float32), noise(1000), 0, "speech is silent"),
        (noise(1000), np.zeros(1000, np.float32), 0, "noise is silent"),
        (noise(1000), noise(1000, 1e-7), 0, "noise is silent"),
        (noise(1000), np.zeros(0, np.float32), 0, "noise is empty"),
        (noise(1000), noise(1000), math.nan, "finite"),
        (noise(1000), noise(1000), math.inf, "finite"),
        (np.full(1000, np.nan, np.float32), noise(1000), 0, "not numbers"),
        (noise(1000), np.full(1000, np.inf, np.float32), 0, "not numbers"),
    ],
)
def test_refuses_what_has_no_ratio(clean, interferer, snr_db, message):
    with pytest.raises(WorkbenchError, match=message):
        mix(clean, interferer, snr_db)


def test_a_silent_stretch_of_noise_is_refused():
    interferer = np.concatenate((noise(1000), np.zeros(1000, np.float32)))
    assert mix(noise(1000), interferer, 0).noise_gain > 0
    with pytest.raises(WorkbenchError, match="another recording or offset"):
        mix(noise(1000), interferer, 0, offset_samples=1000)
    with pytest.raises(WorkbenchError, match="cannot begin at sample -1"):
        mix(noise(1000), interferer, 0, offset_samples=-1)


def test_known_levels_do_not_hide_bad_samples():
    with pytest.raises(WorkbenchError, match="not numbers"):
        mixing_gains(np.full(10, np.nan, np.float32), noise(10), 0, clean_level_db=-20, noise_level_db=-20)
