import numpy as np
import pytest
from scipy.signal import lfilter

from workbench.audio.files import read
from workbench.denoisers.protocol import denoise
from workbench.denoisers.spectral_gate import SpectralGateDenoiser
from workbench.dsp.mixing import mix
from workbench.resources import assets_dir


def test_it_is_noisereduce_but_for_the_mean_of_the_past(monkeypatch):
    nonstationary = pytest.importorskip("noisereduce.spectralgate.nonstationary")
    noisereduce = pytest.importorskip("noisereduce")

    def filtered_once(b, a, magnitudes, axis, padtype):
        first = magnitudes[..., :1]
        return lfilter(b, a, magnitudes, axis=axis, zi=(1 - b[0]) * first)[0]

    monkeypatch.setattr(nonstationary, "filtfilt", filtered_once)
    speech = read(assets_dir() / "speech/en_woman_hold.flac")[:64_000]
    noisy = mix(speech, read(assets_dir() / "noise/household/fan.flac"), 5.0).noisy
    package = noisereduce.reduce_noise(
        noisy.astype(float), 16_000, stationary=False, use_tqdm=False, padding=0, chunk_size=64_000
    )
    ours = denoise(noisy, SpectralGateDenoiser())
    # The package starts its frames elsewhere, which the mean forgets with its time constant.
    inside = slice(48_000, 60_000)
    error = ours[inside] - package[inside]
    assert np.sum(error**2) < 1e-3 * np.sum(package[inside] ** 2)
