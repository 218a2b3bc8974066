"""The methods with the bundles that ship, on real speech and noise."""

import numpy as np
import pytest

from tests.denoisers.conftest import BLOCK_SIZES, in_blocks
from workbench.audio.files import read
from workbench.bundles.slices import load_model
from workbench.bundles.store import catalogue
from workbench.classifier.posterior import NoiseClass
from workbench.denoisers.adaptive import AdaptiveDenoiser
from workbench.denoisers.protocol import denoise
from workbench.denoisers.registry import make_denoiser, methods
from workbench.dsp.level import rms_db
from workbench.dsp.mixing import mix

pytestmark = pytest.mark.usefixtures("bundled")
METHODS = ("adaptive", "ddae", "ddae-vehicle")


@pytest.fixture(scope="module")
def mixture(timit_sphere, vehicle_noise):
    return mix(read(timit_sphere), read(vehicle_noise), 0.0)


def si_sdr_db(clean, estimate):
    target = clean * np.dot(estimate, clean) / np.dot(clean, clean)
    return 10 * np.log10(np.sum(target**2) / np.sum((estimate - target) ** 2))


def test_every_bundle_is_intact_and_every_precision_loads():
    found = catalogue()
    assert found.problems == ()
    for bundle in found.bundles:
        for precision in bundle.manifest.files:
            load_model(bundle, precision)
    assert all(method.available for method in methods() if method.family != "rival")


@pytest.mark.parametrize("name", METHODS)
def test_blocks_do_not_matter(mixture, name):
    noisy = mixture.noisy[:40_000]
    denoiser = make_denoiser(name)
    whole = in_blocks(denoiser, noisy, 16_000)
    for size in BLOCK_SIZES:
        np.testing.assert_allclose(in_blocks(denoiser, noisy, size), whole, atol=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_noise_goes_and_speech_stays(mixture, name):
    denoised = denoise(mixture.noisy, make_denoiser(name))
    assert denoised.shape == mixture.noisy.shape
    assert si_sdr_db(mixture.clean, denoised) > si_sdr_db(mixture.clean, mixture.noisy) + 3
    correlation = np.corrcoef(denoised, mixture.clean)[0, 1]
    assert correlation > np.corrcoef(mixture.noisy, mixture.clean)[0, 1]


def test_the_output_is_aligned_to_the_sample(mixture):
    denoised = denoise(mixture.noisy, make_denoiser("ddae"))
    lags = range(-40, 41)
    match = [np.dot(np.roll(denoised, lag), mixture.clean) for lag in lags]
    assert lags[int(np.argmax(match))] == 0


def test_silence_stays_silent():
    out = denoise(np.zeros(32_000, np.float32), make_denoiser("adaptive"))
    assert np.abs(out).max() < 1e-4


def test_levels_from_whisper_to_clipping_are_handled(mixture):
    denoiser = make_denoiser("adaptive")
    for gain in (1e-3, 0.03, 3.0):
        out = denoise(np.clip(mixture.noisy * gain, -1, 1), denoiser)
        assert np.isfinite(out).all()
        assert rms_db(out) < rms_db(mixture.noisy * gain) + 1


def test_adaptive_hears_the_vehicle(vehicle_noise, mixture):
    denoiser = AdaptiveDenoiser()
    denoise(np.concatenate((mixture.noise, mixture.noise)), denoiser)
    assert denoiser.current_class is NoiseClass.VEHICLE
    said = denoiser.posteriors()
    assert np.diff([posterior.time_samples for posterior in said]).max() <= 8_000


def test_a_forced_change_of_class_makes_no_step(mixture):
    """Around the change the output moves no faster than it does for either class alone."""
    changes = (NoiseClass.VEHICLE, NoiseClass.HUMAN)
    alone = [in_blocks(AdaptiveDenoiser(force_class=forced), mixture.noisy, 480) for forced in changes]
    denoiser = AdaptiveDenoiser(force_class=changes[0])
    change_at = 20_160
    before = in_blocks(denoiser, mixture.noisy[:change_at], 480)
    denoiser.force_class = changes[1]
    rest = mixture.noisy[change_at:]
    after = [denoiser.process(rest[i : i + 480]) for i in range(0, len(rest), 480)]
    switched = np.concatenate((before, *after))
    around = slice(change_at, change_at + 6_000)
    limit = np.abs(np.diff(alone))[:, around].max()
    assert np.abs(np.diff(switched))[around].max() <= 1.1 * limit
