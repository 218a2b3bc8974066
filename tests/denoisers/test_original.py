import numpy as np
import pytest

from tests.bundles.tiny import RESIDUALS_DB, write_tiny_ddae, write_tiny_original, write_tiny_original_nc
from tests.denoisers.conftest import BLOCK_SIZES, ScriptedClassifier, in_blocks
from tests.denoisers.test_every_method import measured_delay_samples
from workbench import resources
from workbench.audio.files import read
from workbench.bundles.store import find_bundles
from workbench.classifier.posterior import CLASSES, NOISES, NoiseClass
from workbench.classifier.streaming import NoiseClassifier, classify
from workbench.denoisers import original
from workbench.denoisers.ddae import DdaeDenoiser
from workbench.denoisers.original import AdaptiveOriginalDenoiser, OriginalDenoiser
from workbench.denoisers.protocol import Denoiser, denoise
from workbench.denoisers.registry import make_denoiser, method_bundles, methods
from workbench.errors import WorkbenchError
from workbench.evaluation.plan import default_methods
from workbench.evaluation.versions import method_identity

SLICE = 126 * 128
LATENCY = SLICE + 127


@pytest.fixture
def old(tmp_path):
    return write_tiny_original(tmp_path / "shipped")


@pytest.fixture
def old_nc(tmp_path):
    return write_tiny_original_nc(tmp_path / "shipped")


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Both folders of models, without anything that really ships."""
    monkeypatch.setattr(resources, "bundled_models_dir", lambda: tmp_path / "shipped")
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path / "user")
    return tmp_path


@pytest.fixture(scope="module")
def speech():
    return read(resources.assets_dir() / "speech/en_woman_hold.flac")[:56_000]


@pytest.mark.parametrize("noise_class", NOISES)
def test_the_residual_is_taken_off_and_the_level_stays(old, speech, noise_class):
    denoised = denoise(speech, OriginalDenoiser(old, noise_class))
    expected = 10 ** (-RESIDUALS_DB[noise_class] / 20) * speech
    # What lies 80 dB below the maximum of a slice is raised to that.
    np.testing.assert_allclose(denoised, expected, atol=3e-4)


def test_the_delay_is_a_slice_and_an_overlap(old, speech):
    denoiser = OriginalDenoiser(old)
    assert isinstance(denoiser, Denoiser)
    assert denoiser.latency_samples == LATENCY == old.manifest.latency_samples
    assert measured_delay_samples(speech, in_blocks(denoiser, speech, 480)) == LATENCY


def test_blocks_do_not_matter_and_reset_forgets(tmp_path, old_nc, speech):
    bundle = write_tiny_original(tmp_path, "memory", memory=0.2)
    denoiser = AdaptiveOriginalDenoiser(old_nc, bundle)
    whole = in_blocks(denoiser, speech, len(speech))
    assert np.abs(whole).max() > 0.01
    for size in BLOCK_SIZES[1:]:
        np.testing.assert_allclose(in_blocks(denoiser, speech, size), whole, atol=1e-5)
    np.testing.assert_allclose(in_blocks(denoiser, speech[:17_000], 1), whole[:17_000], atol=1e-5)


def test_silence_and_extremes_are_handled(old, speech):
    denoiser = OriginalDenoiser(old, NoiseClass.VEHICLE)
    assert denoise(np.zeros(0, np.float32), denoiser).shape == (0,)
    assert not denoise(np.zeros(20_000, np.float32), denoiser).any()
    denoiser.process(np.array([np.nan, np.inf, -np.inf], np.float32))
    out = denoise(30 * speech, denoiser)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()


def test_the_sum_of_all_window_scores_chooses_the_network(old, old_nc, speech, monkeypatch):
    """Two windows of human sounds, four of vehicles, two of human sounds again."""
    heard = [NoiseClass.HUMAN] * 2 + [NoiseClass.VEHICLE] * 4 + [NoiseClass.HUMAN] * 2
    script = {(i + 1) * 8_064: noise_class for i, noise_class in enumerate(heard)}
    monkeypatch.setattr(original, "NoiseClassifier", lambda *_: ScriptedClassifier(script))
    denoiser = AdaptiveOriginalDenoiser(old_nc, old)
    signal = np.tile(speech, 2)
    chosen = []
    for i in range(4):
        denoiser.process(signal[i * SLICE : (i + 1) * SLICE])
        chosen.append(denoiser.condition)
    # A tie goes to the first.
    assert chosen == [NoiseClass.HUMAN, NoiseClass.HUMAN, NoiseClass.VEHICLE, NoiseClass.HUMAN]
    assert [posterior.best for posterior in denoiser.posteriors()] == heard
    assert denoiser.posteriors() == []


def test_the_classifier_hears_every_half_second_and_never_no_noise(old_nc, speech):
    posteriors = classify(speech, NoiseClassifier(old_nc))
    assert [each.time_samples for each in posteriors] == [8_064 * (i + 1) for i in range(6)]
    assert all(each.probabilities.shape == (len(CLASSES),) for each in posteriors)
    np.testing.assert_allclose(posteriors[0].probabilities, (0.1, 0.1, 0.7, 0.1, 0.0), atol=1e-6)


def test_bundles_are_not_mixed_up(tmp_path, old, old_nc):
    with pytest.raises(WorkbenchError, match="'old' is of the original system; run it as original@old"):
        DdaeDenoiser(old)
    with pytest.raises(WorkbenchError, match="'tiny' is not a denoiser of the original system"):
        OriginalDenoiser(write_tiny_ddae(tmp_path))
    with pytest.raises(WorkbenchError, match="'old' is not a classifier"):
        NoiseClassifier(old)


def test_without_bundles_the_methods_say_how_to_get_them(models, old):
    listed = {method.name: method for method in methods()}
    assert listed["original-human"].available
    assert not listed["original"].available
    assert "'train_cli recipe original-nc --run' makes it" in listed["original"].how_to_install
    with pytest.raises(WorkbenchError, match="classifier is not installed"):
        make_denoiser("original")
    assert "original" not in default_methods()


def test_the_methods_of_the_original(models, old, old_nc):
    write_tiny_original(models / "user", "older")
    listed = {method.name: method for method in methods() if method.name.startswith("original")}
    assert list(listed) == ["original", *(f"original-{noise}" for noise in NOISES), "original@older"]
    for name, method in listed.items():
        denoiser = make_denoiser(name)
        assert (denoiser.name, denoiser.latency_samples) == (name, LATENCY)
        assert method.available
        assert method.family == "reference"
        assert method.latency_ms == pytest.approx(LATENCY / 16)
        assert method.precisions == ("dynamic",)
        assert "sha256" in method_identity(name)
    assert make_denoiser("original-vehicle@older").condition is NoiseClass.VEHICLE
    assert [bundle.name for bundle in method_bundles("original:dynamic")] == ["old", "old-nc"]
    names = {method.name for method in methods()}
    assert not names & {"adaptive@old", "ddae@old", "adaptive@older", "ddae@older"}
    with pytest.raises(WorkbenchError, match="run it as original@older"):
        make_denoiser("ddae@older")


def test_a_sweep_takes_the_original_but_not_each_class(models, old, old_nc):
    assert "original" in default_methods()
    assert not any(name.startswith("original-") for name in default_methods())
    assert len(find_bundles("ddae")) == 1
