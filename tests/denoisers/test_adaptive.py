import numpy as np
import pytest

from tests.bundles.tiny import CLASS_GAINS, write_tiny_ddae
from tests.denoisers.conftest import BLOCK_SIZES, in_blocks
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.denoisers.adaptive import GLIDE_SAMPLES
from workbench.denoisers.protocol import Denoiser, denoise

SWITCHING = {t: NoiseClass.HUMAN if t < 16_000 else NoiseClass.VEHICLE for t in range(1_000, 60_000, 1_500)}


def tone(n_samples=40_000):
    return (0.3 * np.sin(2 * np.pi * 1000 / 16_000 * np.arange(n_samples))).astype(np.float32)


def gain_of(noise_class):
    return CLASS_GAINS[CLASSES.index(noise_class)] ** (1 / 0.3)


def loudest(signal):
    return np.abs(signal).max() / 0.3


def test_the_network_is_told_the_class_that_is_heard(scripted):
    denoiser = scripted({1_000: NoiseClass.VEHICLE})
    assert isinstance(denoiser, Denoiser)
    assert denoiser.current_class is None
    out = denoise(tone(), denoiser)
    assert denoiser.current_class is NoiseClass.VEHICLE
    assert loudest(out[10_000:-1_000]) == pytest.approx(gain_of(NoiseClass.VEHICLE), rel=1e-3)


def test_a_change_of_class_is_followed(scripted):
    denoiser = scripted(SWITCHING)
    out = denoise(tone(60_000), denoiser)
    assert loudest(out[8_000:15_000]) == pytest.approx(gain_of(NoiseClass.HUMAN), rel=1e-3)
    assert loudest(out[50_000:-1_000]) == pytest.approx(gain_of(NoiseClass.VEHICLE), rel=1e-3)


def test_of_no_noise_the_network_is_told_nothing(scripted):
    """A faint noise is easily taken for none, and would be left in place."""
    quiet, unsure = scripted({1_000: NoiseClass.NO_NOISE}), scripted({})
    np.testing.assert_array_equal(denoise(tone(), quiet), denoise(tone(), unsure))
    assert quiet.current_class is NoiseClass.NO_NOISE


@pytest.mark.parametrize("size", BLOCK_SIZES)
def test_blocks_do_not_matter(scripted, tmp_path, size):
    rng = np.random.default_rng(3)
    signal = rng.normal(0, 0.1, 50_000).astype(np.float32)
    denoiser = scripted(SWITCHING, ddae_bundle=write_tiny_ddae(tmp_path, "memory", memory=0.2))
    whole = in_blocks(denoiser, signal, len(signal))
    np.testing.assert_allclose(in_blocks(denoiser, signal, size), whole, atol=1e-5)


def test_posteriors_are_given_once(scripted):
    denoiser = scripted(SWITCHING)
    denoiser.process(tone(5_000))
    assert [posterior.time_samples for posterior in denoiser.posteriors()] == [1_000, 2_500, 4_000]
    assert denoiser.posteriors() == []
    denoiser.process(tone(500))
    assert [posterior.time_samples for posterior in denoiser.posteriors()] == [5_500]
    denoiser.process(tone(5_000))
    denoiser.reset()
    assert denoiser.posteriors() == []
    assert denoiser.current_class is None


def test_a_forced_class_holds_from_the_first_frame(scripted):
    denoiser = scripted({1_000: NoiseClass.VEHICLE}, force_class=NoiseClass.NO_NOISE)
    assert denoiser.current_class is NoiseClass.NO_NOISE
    out = denoise(tone(8_000), denoiser)
    np.testing.assert_allclose(out[512:-512], tone(8_000)[512:-512], atol=2e-6)
    assert len(denoiser.posteriors()) == 1

    denoiser.force_class = NoiseClass.HUMAN
    out = denoise(tone(8_000), denoiser)
    assert loudest(out[512:-512]) == pytest.approx(gain_of(NoiseClass.HUMAN), rel=1e-3)


def test_forcing_while_running_glides_and_releasing_returns(scripted):
    denoiser = scripted({1_000: NoiseClass.HUMAN})
    denoiser.process(tone())
    denoiser.force_class = NoiseClass.NO_NOISE
    out = denoiser.process(tone())
    assert denoiser.current_class is NoiseClass.NO_NOISE
    peaks = np.abs(out).reshape(-1, 160).max(axis=1) / 0.3
    assert (np.diff(peaks) > -1e-3).all()
    half = peaks[(denoiser.latency_samples + GLIDE_SAMPLES // 2) // 160]
    assert gain_of(NoiseClass.HUMAN) < half < 1
    assert peaks[-1] == pytest.approx(1, rel=1e-3)

    denoiser.force_class = None
    out = denoiser.process(tone())
    assert loudest(out[-8_000:]) == pytest.approx(gain_of(NoiseClass.HUMAN), rel=1e-3)


def test_a_change_of_mind_in_mid_glide_does_not_jump(scripted):
    denoiser = scripted({}, force_class=NoiseClass.HUMAN)
    signal = tone(16_000)
    parts = []
    for i in range(0, len(signal), 1_600):
        denoiser.force_class = NoiseClass.NO_NOISE if (i // 1_600) % 2 else NoiseClass.HUMAN
        parts.append(denoiser.process(signal[i : i + 1_600]))
    steps = np.abs(np.diff(np.concatenate(parts)[512:]))
    assert steps.max() <= np.abs(np.diff(signal)).max() * 1.001


def test_a_change_of_class_makes_no_step(scripted):
    """The steps around the change are no larger than those of the louder of the two classes."""
    denoiser = scripted({}, force_class=NoiseClass.NO_NOISE)
    loud = in_blocks(denoiser, tone(), 480)
    denoiser.reset()
    before = denoiser.process(tone()[:20_001])
    denoiser.force_class = NoiseClass.HUMAN
    out = np.concatenate((before, denoiser.process(tone()[20_001:])))
    assert loudest(out[-4_000:]) < 0.01
    for order in (1, 2):
        largest = np.abs(np.diff(loud[1_000:], order)).max()
        assert np.abs(np.diff(out[1_000:], order)).max() <= largest * 1.001
