import dataclasses
import math
import tomllib

import pytest

from tests.bundles.tiny import ddae_manifest
from workbench.bundles.manifest import BundleFile, read_manifest, spectral_features
from workbench.bundles.write import manifest_toml
from workbench.errors import WorkbenchError

FILES = {"float": BundleFile("model_float.tflite", "0" * 64, 10)}
COMPLETE = dataclasses.replace(ddae_manifest(), files=FILES, default_precision="float", default=True)


def read(folder, text):
    (folder / "bundle.toml").write_text(text, encoding="utf-8")
    return read_manifest(folder)


def test_what_is_written_is_read(tmp_path):
    assert read(tmp_path, manifest_toml(COMPLETE)) == COMPLETE


@pytest.mark.parametrize("text", ["a\nb\tc", 'say "hi" \\ there', "\x00\x1f\x7f", "🎧 naïve", ""])
def test_any_text_survives(tmp_path, text):
    manifest = dataclasses.replace(COMPLETE, description=text, figures={text: {"deep": {"er": -1e-9}}})
    back = read(tmp_path, manifest_toml(manifest))
    assert back.description == text
    assert back.figures == {text: {"deep": {"er": -1e-9}}}


def test_infinite_figures_survive(tmp_path):
    manifest = dataclasses.replace(COMPLETE, figures={"best": math.inf, "none": math.nan})
    figures = read(tmp_path, manifest_toml(manifest)).figures
    assert figures["best"] == math.inf
    assert math.isnan(figures["none"])


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("format = 1", "format = 2", r"has format 2, but this version .* reads format 1"),
        ("format = 1", 'format = "1"', "format must be a whole number"),
        ("format = 1\n", "", "format is missing"),
        ('kind = "ddae"', 'kind = "vae"', "kind must be one of nc, ddae, not 'vae'"),
        ('name = "tiny"', 'name = "../tiny"', "name must be up to 64 lower-case letters"),
        ('version = "1"\n', "", "version is missing"),
        ('version = "1"', "version = 1", "version must be a text"),
        ("default = true", "default = 1", "default must be true or false"),
        ("default = true", "defualt = true", "'defualt' is not a known key"),
        ("created = 2025-01-31", 'created = "today"', "created must be a date"),
        ("created = 2025-01-31", "created = 2025-01-31T10:00:00", "created must be a date"),
        ('"tv_radio"', '"human"', "classes must be a list of different names"),
        ('"tv_radio"', "3", "classes must be a list of different names"),
        ("latency_samples = 511", "latency_samples = -1", "latency_samples must not be negative"),
        ("latency_samples = 511", "latency_samples = true", "latency_samples must be a whole number"),
        ("seed = 7", "seed = 7.5", "seed must be a whole number"),
        ("hours_heard = 0.5", 'hours_heard = "many"', "hours_heard must be a number"),
        ('licence = "MIT"\n', "", r"\[training\] in .* licence is missing"),
        ("stoi = 0.75", 'stoi = "good"', "figures must be numbers"),
        ("bytes = 10", "bytes = 0", "bytes of 'model_float.tflite' must be above 0"),
        ('sha256 = "0000', 'sha256 = "xyz0', "must be 64 lower-case hexadecimal digits"),
        ("[files.float]", "[files.float99]", "files must be named by precision"),
        ('default_precision = "float"', 'default_precision = "int8"', "default_precision must be one of"),
        ("window_samples = 512", "window_samples = [512]", "features must be texts and numbers"),
        ("format = 1", "format = ", "is not valid TOML"),
        ("[features]", "[features", "is not valid TOML"),
    ],
)
def test_every_flaw_has_its_sentence(tmp_path, old, new, sentence):
    text = manifest_toml(COMPLETE)
    assert old in text
    with pytest.raises(WorkbenchError, match=sentence):
        read(tmp_path, text.replace(old, new))


def test_no_files_are_refused(tmp_path):
    with pytest.raises(WorkbenchError, match="at least one model file"):
        read(tmp_path, manifest_toml(dataclasses.replace(COMPLETE, files={}, default_precision=None)))


def test_a_folder_without_manifest_is_no_bundle(tmp_path):
    with pytest.raises(WorkbenchError, match=r"is not a model bundle because it has no bundle\.toml"):
        read_manifest(tmp_path / "nowhere")


def test_bytes_that_are_not_text_are_refused(tmp_path):
    (tmp_path / "bundle.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WorkbenchError, match="is not valid TOML"):
        read_manifest(tmp_path)


def test_a_huge_manifest_is_not_read(tmp_path):
    with pytest.raises(WorkbenchError, match="too large"):
        read(tmp_path, "# " + "x" * 2_000_000)


def test_the_text_is_toml_with_plain_keys():
    content = tomllib.loads(manifest_toml(COMPLETE))
    assert content["files"]["float"] == {"path": "model_float.tflite", "sha256": "0" * 64, "bytes": 10}
    assert content["figures"]["pesq_wb"] == {"0 dB": 1.5, "-5 dB": 1}
    assert content["training"]["hours_heard"] == 0.5


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"hop_samples": 0}, "hop_samples must be at least 1"),
        ({"hop_samples": 513}, "hop_samples must be at least 1"),
        ({"compression": 0.0}, "compression must be above 0"),
        ({"compression": 1.5}, "compression must be above 0"),
        ({"n_bins": 257}, "within the 257 bins"),
        ({"first_bin": -1}, "within the 257 bins"),
        ({"n_bins": 256.0}, "n_bins must be a whole number"),
        ({"frames_per_mask": 0}, "frames_per_mask must be from 1"),
    ],
)
def test_impossible_features_are_refused(change, sentence):
    with pytest.raises(WorkbenchError, match=sentence):
        spectral_features(ddae_manifest(**change))


def test_features_of_a_denoiser():
    features = spectral_features(ddae_manifest(window_samples=128, hop_samples=64, n_bins=64))
    assert (features.window_samples, features.hop_samples, features.n_bins) == (128, 64, 64)
    assert features.compression == 0.3
    assert features.step_samples == 64
    assert spectral_features(ddae_manifest(hop_samples=80, frames_per_mask=3)).step_samples == 240
