"""The classical methods: their mathematics, their noise tracking, and what they gain on real recordings."""

import numpy as np
import pytest
from scipy.linalg import toeplitz
from scipy.special import exp1

from workbench.audio.files import read
from workbench.denoisers.klt import VECTOR_SAMPLES, KltDenoiser, _enhancing_matrices, _even_and_odd
from workbench.denoisers.log_mmse import LogMmseDenoiser, exponential_integral, log_mmse_gain
from workbench.denoisers.noise_power import POWER_FLOOR, NoisePowerTracker
from workbench.denoisers.protocol import denoise
from workbench.denoisers.wiener import WienerDenoiser, wiener_gain
from workbench.dsp.level import rms_db
from workbench.dsp.mixing import mix
from workbench.evaluation.metrics import score
from workbench.resources import assets_dir

METHODS = {"wiener": WienerDenoiser, "log_mmse": LogMmseDenoiser, "klt": KltDenoiser}


def value(metric, clean, processed):
    found = score(metric, clean, processed)
    assert found.value is not None, found.gap
    return found.value


@pytest.fixture(scope="module")
def mixtures():
    """Speech at 5 dB in white noise, in a fan's and in a street's."""
    speech = read(assets_dir() / "speech/en_woman_hold.flac")
    white = np.random.default_rng(0).normal(0, 0.1, len(speech)).astype(np.float32)
    fan, street = (
        read(assets_dir() / f"noise/{name}.flac") for name in ("household/fan", "vehicle/city_traffic")
    )
    return {
        name: mix(speech, noise, 5.0) for name, noise in (("white", white), ("fan", fan), ("street", street))
    }


def test_exponential_integral():
    x = np.geomspace(1e-10, 600, 20_000)
    np.testing.assert_allclose(exponential_integral(x), exp1(x), rtol=1e-5, atol=3e-7)


def test_gains_are_those_of_the_papers():
    prior, posterior = np.array([10**0.5]), np.array([2.0])
    wiener = prior / (1 + prior)
    expected = wiener * np.exp(exp1(wiener * posterior) / 2)
    np.testing.assert_allclose(log_mmse_gain(prior, posterior), expected, rtol=1e-6)
    np.testing.assert_allclose(wiener_gain(np.array([0.1, 1, 10]), posterior), [1 / 11, 1 / 2, 10 / 11])
    # Where speech is far above the noise both leave it as it is.
    np.testing.assert_allclose(log_mmse_gain(np.array([1e4]), np.array([1e4])), 1, rtol=1e-3)


def noise_powers(rng, n_frames, n_bins=200):
    return rng.exponential(1.0, (n_frames, n_bins))


def tracked_db(tracker, powers):
    return np.array([10 * np.log10(tracker.update(power).mean()) for power in powers])


def test_the_tracker_finds_stationary_noise():
    found = tracked_db(NoisePowerTracker(), noise_powers(np.random.default_rng(1), 500))
    assert np.abs(found[50:]).max() < 1.5


def test_the_tracker_follows_a_step_of_10_db_within_a_second():
    tracker = NoisePowerTracker()
    rng = np.random.default_rng(2)
    tracked_db(tracker, noise_powers(rng, 100))
    found = tracked_db(tracker, 10 * noise_powers(rng, 62))
    assert found[0] < 3
    assert found[-1] == pytest.approx(10, abs=1.5)


def test_the_tracker_takes_short_speech_for_speech():
    tracker = NoisePowerTracker()
    rng = np.random.default_rng(3)
    tracked_db(tracker, noise_powers(rng, 100))
    found = tracked_db(tracker, 100 + noise_powers(rng, 30))
    assert found.max() < 3


def test_silence_before_the_noise_does_not_start_the_tracker():
    tracker = NoisePowerTracker()
    assert tracked_db(tracker, np.zeros((40, 200)))[-1] == pytest.approx(10 * np.log10(POWER_FLOOR))
    assert np.abs(tracked_db(tracker, noise_powers(np.random.default_rng(4), 20))[5:]).max() < 2


# Frozen: PESQ-WB, STOI and SI-SDR (dB) of the noisy mixture and of each method.
FROZEN = {
    ("white", "noisy"): (1.033, 0.800, 4.936),
    ("white", "wiener"): (1.455, 0.783, 12.624),
    ("white", "log_mmse"): (1.247, 0.805, 12.705),
    ("white", "klt"): (1.221, 0.822, 13.379),
    ("fan", "noisy"): (1.201, 0.992, 4.935),
    ("fan", "wiener"): (2.801, 0.979, 17.585),
    ("fan", "log_mmse"): (2.834, 0.982, 17.943),
    ("fan", "klt"): (1.374, 0.946, 8.170),
    ("street", "noisy"): (1.063, 0.853, 4.932),
    ("street", "wiener"): (1.269, 0.815, 6.559),
    ("street", "log_mmse"): (1.374, 0.826, 6.960),
    ("street", "klt"): (1.165, 0.858, 6.732),
}


@pytest.mark.parametrize(("noise", "method"), FROZEN)
def test_frozen_scores(mixtures, noise, method):
    mixture = mixtures[noise]
    processed = denoise(mixture.noisy, METHODS[method]()) if method in METHODS else mixture.noisy
    found = [value(metric, mixture.clean, processed) for metric in ("pesq_wb", "stoi", "si_sdr")]
    # The tolerances are those between builds of NumPy's linear algebra and transforms.
    np.testing.assert_allclose(found, FROZEN[noise, method], atol=0.01)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("noise", ["white", "fan", "street"])
def test_quality_rises_as_the_literature_has_it(mixtures, noise, method):
    """At 5 dB by about 0.1 of PESQ or more; intelligibility stays about where it was (Hu and Loizou 2007)."""
    mixture = mixtures[noise]
    denoised = denoise(mixture.noisy, METHODS[method]())
    clean, noisy = mixture.clean, mixture.noisy
    assert value("pesq_wb", clean, denoised) > value("pesq_wb", clean, noisy) + 0.08
    assert value("si_sdr", clean, denoised) > value("si_sdr", clean, noisy) + 1
    assert value("stoi", clean, denoised) > value("stoi", clean, noisy) - 0.05


def test_the_halves_of_a_covariance_hold_all_of_its_eigenvalues():
    correlation = np.fft.irfft(np.random.default_rng(7).exponential(1.0, 321), 640)
    whole = np.linalg.eigvalsh(toeplitz(correlation[:VECTOR_SAMPLES]))
    halves = np.linalg.eigvalsh(_even_and_odd(correlation[None])[0])
    np.testing.assert_allclose(np.sort(halves.reshape(-1)), whole, atol=1e-10)


def test_the_matrix_is_that_of_the_whole_covariance():
    """As the paper has it, by the eigenvectors of the covariance of speech, undivided."""
    rng = np.random.default_rng(8)
    noisy_power, noise_power = rng.exponential(4.0, 321), rng.exponential(1.0, 321)
    speech_covariance, noise_covariance = (
        toeplitz(np.fft.irfft(power, 640)[:VECTOR_SAMPLES])
        for power in (noisy_power - noise_power, noise_power)
    )
    energies, axes = np.linalg.eigh(speech_covariance)
    speech, noise = np.maximum(energies, 0), np.diag(axes.T @ noise_covariance @ axes)
    trade = np.clip(4.2 - 10 * np.log10(speech.sum() / noise.sum()) / 6.25, 1, 5)
    expected = axes @ np.diag(speech / (speech + trade * noise)) @ axes.T
    np.testing.assert_allclose(
        _enhancing_matrices(noisy_power[None], noise_power[None])[0], expected, atol=1e-5
    )


@pytest.mark.parametrize("method", METHODS)
def test_noise_alone_is_reduced(method):
    noise = np.random.default_rng(5).normal(0, 0.05, 48_000).astype(np.float32)
    denoised = denoise(noise, METHODS[method]())
    assert rms_db(denoised[16_000:]) < rms_db(noise) - 10


@pytest.mark.parametrize("method", METHODS)
def test_clean_speech_passes(mixtures, method):
    clean = mixtures["white"].clean
    assert value("si_sdr", clean, denoise(clean, METHODS[method]())) > 15


@pytest.mark.parametrize("method", METHODS)
def test_silence_broken_samples_and_loud_ones(method):
    denoiser = METHODS[method]()
    assert not denoiser.process(np.zeros(8_000, np.float32)).any()
    denoiser.process(np.full(100, np.nan, np.float32))
    out = denoiser.process(np.random.default_rng(6).normal(0, 3, 16_000).astype(np.float32))
    assert np.isfinite(out).all()
    assert out.dtype == np.float32
