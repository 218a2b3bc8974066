import numpy as np
import pytest

from tests.denoisers.conftest import BLOCK_SIZES, in_blocks
from workbench.classifier.posterior import NoiseClass
from workbench.denoisers.bypass import BypassDenoiser
from workbench.denoisers.ddae import DdaeDenoiser
from workbench.denoisers.protocol import Denoiser, denoise
from workbench.denoisers.strength import RAMP_SAMPLES, StrengthControl
from workbench.errors import WorkbenchError


class Mute:
    """Attenuates everything without end."""

    name, latency_samples = "mute", 300

    def reset(self):
        pass

    def process(self, block):
        return np.zeros_like(block)


def level_db(signal, reference):
    return 10 * np.log10(np.mean(signal**2) / np.mean(reference**2))


@pytest.mark.parametrize("limit_db", [0, 6, 12, 40])
def test_noise_is_attenuated_by_the_limit(noise, limit_db):
    out = denoise(noise, StrengthControl(Mute(), attenuation_limit_db=limit_db))
    assert level_db(out, noise) == pytest.approx(-limit_db, abs=1e-3)
    np.testing.assert_allclose(out, noise * 10 ** (-limit_db / 20), atol=1e-7)


def test_without_settings_it_is_the_denoiser(tiny, noise):
    np.testing.assert_array_equal(
        denoise(noise, StrengthControl(DdaeDenoiser(tiny))), denoise(noise, DdaeDenoiser(tiny))
    )


def test_dry_is_the_delayed_input(tiny, noise):
    control = StrengthControl(DdaeDenoiser(tiny, NoiseClass.HUMAN), wet=0)
    assert isinstance(control, Denoiser)
    assert (control.name, control.latency_samples) == ("ddae-human", 511)
    np.testing.assert_array_equal(denoise(noise, control), noise)


def test_half_wet_is_the_mean(tiny, noise):
    wet = denoise(noise, DdaeDenoiser(tiny))
    np.testing.assert_allclose(
        denoise(noise, StrengthControl(DdaeDenoiser(tiny), wet=0.5)), (wet + noise) / 2, atol=1e-7
    )


def test_limit_and_wet_together(noise):
    out = denoise(noise, StrengthControl(Mute(), attenuation_limit_db=20, wet=0.5))
    np.testing.assert_allclose(out, noise * (0.5 * 0.1 + 0.5), atol=1e-7)


@pytest.mark.parametrize("size", BLOCK_SIZES)
def test_blocks_do_not_matter(tiny, noise, size):
    control = StrengthControl(DdaeDenoiser(tiny), attenuation_limit_db=10, wet=0.8)
    np.testing.assert_allclose(
        in_blocks(control, noise, size), in_blocks(control, noise, len(noise)), atol=1e-6
    )


@pytest.mark.parametrize("size", [1, 37, 480])
def test_settings_change_in_a_ramp(size):
    """The gain of a constant moves in equal small steps, whatever the block size."""
    control = StrengthControl(Mute())
    ones = np.ones(size, np.float32)
    for _ in range(2_000 // size):
        control.process(ones)
    control.wet = 0.0
    out = np.concatenate([control.process(ones) for _ in range(-(-RAMP_SAMPLES // size))])
    np.testing.assert_allclose(out[:RAMP_SAMPLES], np.arange(1, RAMP_SAMPLES + 1) / RAMP_SAMPLES, atol=1e-6)
    assert (out[RAMP_SAMPLES:] == 1).all()


def test_a_change_within_a_ramp_does_not_jump():
    control = StrengthControl(Mute())
    control.process(np.ones(1_000, np.float32))
    out = []
    for wet, limit_db in ((0.0, None), (1.0, None), (0.3, 6.0), (1.0, 0.0)):
        control.wet, control.attenuation_limit_db = wet, limit_db
        out.append(control.process(np.ones(100, np.float32)))
    steps = np.abs(np.diff(np.concatenate(out)))
    assert steps.max() <= 1.001 / RAMP_SAMPLES


def test_settings_made_before_the_first_block_hold_at_once():
    mute = StrengthControl(Mute())
    mute.wet = 0.0
    assert (mute.process(np.ones(1_000, np.float32))[300:] == 1).all()
    mute.reset()
    mute.wet = 1.0
    assert not mute.process(np.ones(1_000, np.float32)).any()


@pytest.mark.parametrize("limit_db", [-1, float("nan")])
def test_impossible_limits_are_refused(limit_db):
    control = StrengthControl(BypassDenoiser(), attenuation_limit_db=6)
    with pytest.raises(WorkbenchError, match="at least 0 dB"):
        control.attenuation_limit_db = limit_db
    assert control.attenuation_limit_db == 6


@pytest.mark.parametrize("wet", [-0.1, 1.1, float("nan")])
def test_impossible_shares_are_refused(wet):
    with pytest.raises(WorkbenchError, match="from 0 to 1"):
        StrengthControl(BypassDenoiser(), wet=wet)
