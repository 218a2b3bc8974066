import dataclasses
import re

import numpy as np
import pytest

from tests.bundles.test_check import edit
from tests.bundles.test_speed_and_work import measure
from tests.bundles.tiny import (
    LOG_MEL,
    NOISES,
    RESIDUALS_DB,
    ddae_manifest,
    slice_manifest,
    slice_model,
    write_tiny_ddae,
    write_tiny_original,
    write_tiny_original_nc,
)
from workbench import resources
from workbench.bundles import store
from workbench.bundles.check import check_bundle
from workbench.bundles.manifest import log_mel_features, slice_features
from workbench.bundles.slices import SliceModel
from workbench.bundles.speed import hop_samples
from workbench.bundles.write import write_bundle
from workbench.errors import WorkbenchError


@pytest.fixture
def slices():
    return np.random.default_rng(0).normal(0, 0.5, (129, 126)).astype(np.float32)


def test_each_class_has_its_network(tmp_path, slices):
    bundle = write_tiny_original(tmp_path)
    assert bundle.manifest.works_on_slices
    model = SliceModel(bundle)
    assert model.input_shapes == {"features": (129, 126)}
    for noise_class, residual_db in RESIDUALS_DB.items():
        residual = model.step(slices, noise_class)["residual"]
        np.testing.assert_allclose(82 * residual + 6, residual_db, atol=1e-5)


def test_the_state_runs_over_the_bins_and_begins_anew_with_each_slice(tmp_path, slices):
    model = SliceModel(write_tiny_original(tmp_path, memory=1.0))
    mean, expected = np.zeros(126), []
    for values in slices:
        mean = 0.5 * mean + 0.5 * values
        expected.append(mean + (RESIDUALS_DB["human"] - 6) / 82)
    for _ in range(2):
        np.testing.assert_allclose(model.step(slices)["residual"], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (slice_model(keys=NOISES[:3]), "cannot be run by LiteRT .*household"),
        (slice_model(slice_frames=100), r"'features' and 'residual' are not both \(1, 126\)"),
    ],
)
def test_other_signatures_are_refused(tmp_path, model, sentence):
    with pytest.raises(WorkbenchError, match=sentence):
        write_bundle(tmp_path / "old", slice_manifest(), {"float": model}, "")
    assert not (tmp_path / "old").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"transform": "windows"}, "transform of a denoiser must be 'slices'"),
        ({"hop_samples": 0}, "hop_samples must be at least 1"),
        ({"slice_frames": 0}, "slice_frames must be from 1 to 10000"),
        ({"slice_frames": 126.0}, "slice_frames must be a whole number"),
    ],
)
def test_impossible_features_are_refused(change, sentence):
    with pytest.raises(WorkbenchError, match=sentence):
        slice_features(slice_manifest(**change))


def test_a_classifier_has_no_slices():
    manifest = ddae_manifest(kind="nc", features={"transform": "slices", **LOG_MEL})
    with pytest.raises(WorkbenchError, match="transform of a classifier must be 'windows'"):
        log_mel_features(manifest)


@pytest.mark.parametrize(
    ("pattern", "replacement", "sentence"),
    [
        (
            "latency_samples = 16255",
            "latency_samples = 255",
            "latency of 255 samples where its window makes 16255",
        ),
        ("slice_frames = 126", "slice_frames = 63", "latency of 16255 samples where its window makes 8191"),
        ("slice_frames = 126", "slice_frames = 126\ncompression = 0.3", "'compression' is not a known key"),
        ("default = false", "default = true", "must not be the default"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(tmp_path, pattern, replacement, sentence):
    bundle = write_tiny_original(tmp_path)
    edit(bundle, re.escape(pattern), replacement)
    with pytest.raises(WorkbenchError, match=sentence):
        check_bundle(bundle.folder)


def test_the_original_is_never_the_default(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "bundled_models_dir", lambda: tmp_path / "shipped")
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path / "user")
    for kind, recipe in (("ddae", "original-gru"), ("nc", "original-nc")):
        with pytest.raises(
            WorkbenchError, match=f"not installed; 'train_cli recipe {recipe} --run' makes it"
        ):
            store.original_bundle(kind)
    old = write_tiny_original(tmp_path / "shipped", "a-old")
    old_nc = write_tiny_original_nc(tmp_path / "shipped", "a-nc")
    assert store.original_bundle("ddae") == old
    assert store.original_bundle("nc") == old_nc
    assert not store.is_default(old)
    for kind in ("ddae", "nc"):
        with pytest.raises(WorkbenchError, match=f"No {kind} bundle is installed"):
            store.default_bundle(kind)
    ours = write_tiny_ddae(tmp_path / "shipped", "ours")
    assert store.default_bundle("ddae") == ours
    assert store.is_default(ours)
    with pytest.raises(WorkbenchError, match="a-old is of the original system and cannot be the default"):
        store.choose_default("ddae", "a-old")


def test_its_step_is_a_slice(tmp_path):
    bundle = write_tiny_original(tmp_path)
    assert hop_samples(bundle.manifest) == 16_128
    speed, _ = measure(bundle, n_steps=100)
    assert (speed.precision, speed.hop_ms) == ("dynamic", 1008.0)


def test_a_manifest_survives_writing(tmp_path):
    bundle = write_tiny_original(tmp_path)
    again = check_bundle(bundle.folder)
    assert again.manifest == bundle.manifest
    assert dataclasses.replace(again.manifest, features={}).works_on_slices is False
