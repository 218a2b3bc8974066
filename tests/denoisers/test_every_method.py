"""What holds for each method that is installed: its delay as measured, and that blocks do not matter."""

import numpy as np
import pytest

from tests.denoisers.conftest import BLOCK_SIZES, in_blocks
from workbench.audio.files import read
from workbench.denoisers.packaged import PACKAGED
from workbench.denoisers.protocol import Denoiser, denoise
from workbench.denoisers.registry import make_denoiser, methods
from workbench.dsp.mixing import mix
from workbench.resources import assets_dir

pytestmark = pytest.mark.usefixtures("bundled")
NAMES = ("adaptive", "ddae", *PACKAGED, "original", "bypass")
DELAY_TOLERANCE_SAMPLES = 1


@pytest.fixture
def denoiser(request):
    info = next(method for method in methods() if method.name == request.param)
    if not info.available:
        pytest.skip(info.how_to_install)
    return make_denoiser(info.name)


every_method = pytest.mark.parametrize("denoiser", NAMES, indirect=True)


@pytest.fixture(scope="module")
def noisy():
    """Four seconds of speech, 20 dB above a fan."""
    speech = read(assets_dir() / "speech/en_woman_hold.flac")[:64_000]
    return mix(speech, read(assets_dir() / "noise/household/fan.flac"), 20.0).noisy


def measured_delay_samples(signal, delayed):
    """Find where the cross-correlation is greatest, with the spectrum of speech flattened by a difference."""
    n_transform = 2 * len(signal)
    spectra = [np.fft.rfft(np.diff(x.astype(float)), n_transform) for x in (signal, delayed)]
    return int(np.argmax(np.fft.irfft(np.conj(spectra[0]) * spectra[1])[: len(signal)]))


@every_method
def test_the_delay_is_as_told(denoiser, noisy):
    assert isinstance(denoiser, Denoiser)
    delay = measured_delay_samples(noisy, in_blocks(denoiser, noisy, 480))
    assert delay == pytest.approx(denoiser.latency_samples, abs=DELAY_TOLERANCE_SAMPLES)
    info = next(method for method in methods() if method.name == denoiser.name)
    assert 1000 * denoiser.latency_samples / 16_000 == pytest.approx(info.latency_ms)


@every_method
def test_blocks_do_not_matter(denoiser, noisy):
    signal = noisy[:40_000]
    whole = in_blocks(denoiser, signal, len(signal))
    assert np.abs(whole).max() > 0.01
    for size in BLOCK_SIZES[1:]:
        np.testing.assert_allclose(in_blocks(denoiser, signal, size), whole, atol=1e-5)
    np.testing.assert_allclose(in_blocks(denoiser, signal[:9_000], 1), whole[:9_000], atol=1e-5)


@every_method
def test_a_reset_forgets(denoiser, noisy):
    first = denoiser.process(noisy[:16_000])
    denoiser.process(noisy[20_000:40_001])
    denoiser.reset()
    np.testing.assert_allclose(denoiser.process(noisy[:16_000]), first, atol=1e-6)


@every_method
def test_silence_and_extremes_are_handled(denoiser, noisy):
    assert denoise(np.zeros(0, np.float32), denoiser).shape == (0,)
    assert np.abs(denoise(np.zeros(16_000, np.float32), denoiser)).max() < 1e-3
    if denoiser.name != "bypass":
        denoiser.process(np.array([np.nan, np.inf, -np.inf], np.float32))
    out = denoise(np.clip(30 * noisy, -4, 4), denoiser)
    assert out.dtype == np.float32
    assert out.shape == noisy.shape
    assert np.isfinite(out).all()
