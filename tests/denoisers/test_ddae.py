import dataclasses

import numpy as np
import pytest

from tests.bundles.tiny import CLASS_GAINS, UNKNOWN_GAIN, write_tiny_ddae
from tests.denoisers.conftest import BLOCK_SIZES, in_blocks
from workbench.bundles.check import Bundle
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.denoisers.ddae import DdaeDenoiser, MaskModel
from workbench.denoisers.protocol import Denoiser, denoise
from workbench.errors import WorkbenchError

COMPRESSION = 0.3


def tone(n_samples=8_000):
    return (0.3 * np.sin(2 * np.pi * 1000 / 16_000 * np.arange(n_samples))).astype(np.float32)


@pytest.mark.parametrize(
    ("condition", "gain"), [(None, UNKNOWN_GAIN), *zip(CLASSES, CLASS_GAINS, strict=True)]
)
def test_the_mask_acts_on_the_compressed_spectrum(tiny, condition, gain):
    """A mask of ``m`` there is a gain of ``m^(1/c)`` on the signal, aligned to the sample."""
    denoised = denoise(tone(), DdaeDenoiser(tiny, condition))
    expected = gain ** (1 / COMPRESSION) * tone()
    # The network does not see the mean of a frame, which the ends of the tone have.
    np.testing.assert_allclose(denoised[512:-512], expected[512:-512], atol=2e-6)


def test_the_delay_is_the_window_less_one(tmp_path):
    for window_samples in (512, 128):
        bundle = write_tiny_ddae(
            tmp_path,
            f"w{window_samples}",
            window_samples=window_samples,
            hop_samples=window_samples // 2,
            n_bins=window_samples // 2,
        )
        denoiser = DdaeDenoiser(bundle, NoiseClass.NO_NOISE)
        assert denoiser.latency_samples == window_samples - 1 == bundle.manifest.latency_samples
        out = denoiser.process(tone())
        delayed = tone()[: -denoiser.latency_samples]
        np.testing.assert_allclose(out[2 * window_samples :], delayed[window_samples + 1 :], atol=2e-6)


def test_blocks_do_not_matter(tmp_path, noise):
    denoiser = DdaeDenoiser(write_tiny_ddae(tmp_path, memory=0.2))
    assert isinstance(denoiser, Denoiser)
    whole = in_blocks(denoiser, noise, len(noise))
    assert np.abs(whole).max() > 0.01
    for size in BLOCK_SIZES:
        np.testing.assert_allclose(in_blocks(denoiser, noise, size), whole, atol=1e-6)


def test_the_state_matters_and_reset_forgets_it(tmp_path, noise):
    denoiser = DdaeDenoiser(write_tiny_ddae(tmp_path, memory=0.2))
    first = denoiser.process(noise)
    assert np.abs(denoiser.process(noise)[1024:] - first[1024:]).max() > 1e-3
    denoiser.reset()
    np.testing.assert_array_equal(denoiser.process(noise), first)


def test_empty_blocks_and_silence(tmp_path):
    denoiser = DdaeDenoiser(write_tiny_ddae(tmp_path, memory=0.2))
    assert denoiser.process(np.zeros(0, np.float32)).shape == (0,)
    silence = denoiser.process(np.zeros(5_000, np.float32))
    assert silence.dtype == np.float32
    assert not silence.any()
    assert denoise(np.zeros(0, np.float32), denoiser).shape == (0,)


def test_broken_samples_do_not_stay(tmp_path, noise):
    denoiser = DdaeDenoiser(write_tiny_ddae(tmp_path, memory=0.2))
    denoiser.process(np.asarray([np.nan, np.inf, -np.inf], np.float32))
    out = denoiser.process(np.concatenate((noise, noise)))
    assert np.isfinite(out).all()
    assert np.abs(out[-1000:]).max() > 0.01


def test_bins_that_the_network_does_not_see_are_silenced(tmp_path):
    bundle = write_tiny_ddae(tmp_path, first_bin=64, n_bins=100)
    model = MaskModel(bundle)
    spectra = np.full((3, 257), 1 + 1j, np.complex64)
    enhanced = model.enhance(spectra, np.zeros((3, 5), np.float32))
    assert not enhanced[:, :64].any()
    assert not enhanced[:, 164:].any()
    np.testing.assert_allclose(enhanced[:, 64:164], (1 + 1j) * UNKNOWN_GAIN ** (1 / COMPRESSION), rtol=1e-4)


def test_each_frame_has_its_own_condition(tiny):
    spectra = np.ones((5, 257), np.complex64)
    enhanced = MaskModel(tiny).enhance(spectra, np.eye(5, dtype=np.float32))
    gains = np.asarray(CLASS_GAINS) ** (1 / COMPRESSION)
    np.testing.assert_allclose(enhanced[:, 10].real, gains, rtol=1e-4)


def test_a_mask_serves_until_the_next(tmp_path, noise):
    """Every third frame is seen; blocks and resets do not move which."""
    bundle = write_tiny_ddae(tmp_path, memory=0.2, frames_per_mask=3)
    conditions = np.eye(5, dtype=np.float32)[[0, 1, 2, 3, 4, 0, 1]]
    model = MaskModel(bundle)
    enhanced = model.enhance(np.ones((7, 257), np.complex64), conditions)
    assert len(np.unique(enhanced[:, 10])) == 3
    np.testing.assert_array_equal(enhanced[:, 10], enhanced[[0, 0, 0, 3, 3, 3, 6], 10])

    model.reset()
    parts = [model.enhance(np.ones((1, 257), np.complex64), row[None]) for row in conditions]
    np.testing.assert_array_equal(np.concatenate(parts), enhanced)

    denoiser = DdaeDenoiser(bundle)
    whole = in_blocks(denoiser, noise, len(noise))
    for size in BLOCK_SIZES:
        np.testing.assert_allclose(in_blocks(denoiser, noise, size), whole, atol=1e-6)


def test_names(tiny):
    assert DdaeDenoiser(tiny).name == "ddae"
    assert DdaeDenoiser(tiny, NoiseClass.TV_RADIO).name == "ddae-tv_radio"
    assert DdaeDenoiser(tiny, name="ddae@tiny").name == "ddae@tiny"


@pytest.mark.parametrize(
    "changes", [{"kind": "nc"}, {"classes": ("human", "vehicle", "tv_radio", "household", "no_noise")}]
)
def test_bundles_of_another_kind_are_refused(tiny, changes):
    foreign = Bundle(tiny.folder, dataclasses.replace(tiny.manifest, **changes))
    with pytest.raises(WorkbenchError, match="is not a denoiser for the classes human, tv_radio"):
        DdaeDenoiser(foreign)


def test_an_unknown_window_is_refused(tiny):
    features = {**tiny.manifest.features, "window": "kaiser"}
    foreign = Bundle(tiny.folder, dataclasses.replace(tiny.manifest, features=features))
    with pytest.raises(WorkbenchError, match="There is no window named 'kaiser'"):
        DdaeDenoiser(foreign)
