import dataclasses

import numpy as np
import pytest

from tests.bundles.tiny import ddae_manifest, ddae_model, write_tiny_ddae
from workbench.bundles.check import check_bundle
from workbench.bundles.write import write_bundle
from workbench.errors import WorkbenchError


def test_a_bundle_is_complete(tmp_path):
    files = {"int8": ddae_model(int8=True), "float": ddae_model()}
    bundle = write_bundle(tmp_path / "deep" / "er", ddae_manifest("two"), files, "# Card\nüber\n")
    assert sorted(path.name for path in bundle.folder.iterdir()) == [
        "CARD.md",
        "bundle.toml",
        "model_float.tflite",
        "model_int8.tflite",
    ]
    assert (bundle.folder / "CARD.md").read_text(encoding="utf-8") == "# Card\nüber\n"
    assert bundle.model_path("float").read_bytes() == files["float"]
    assert bundle.precision == "int8"
    assert check_bundle(bundle.folder) == bundle


def test_a_bundle_is_replaced_as_a_whole(tmp_path):
    old = write_bundle(
        tmp_path / "x", ddae_manifest(), {"float": ddae_model(), "int8": ddae_model(int8=True)}, "old"
    )
    new = write_bundle(tmp_path / "x", ddae_manifest(version="2"), {"float": ddae_model()}, "new")
    assert old.folder == new.folder
    assert not (new.folder / "model_int8.tflite").exists()
    assert check_bundle(new.folder).manifest.version == "2"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize(
    ("changes", "model", "sentence"),
    [
        ({}, b"\0\0\0\0TFL3", "cannot be run by LiteRT"),
        ({}, b"no model", "is not a LiteRT model"),
        ({}, ddae_model(n_bins=100), "is not a model of kind 'ddae'"),
        ({"latency_samples": 1}, ddae_model(), "latency"),
        ({"figures": {"pesq": "good"}}, ddae_model(), "The manifest is not valid: figures"),
        ({"kind": "gan"}, ddae_model(), "kind must be"),
    ],
)
def test_what_cannot_be_used_is_not_written(tmp_path, changes, model, sentence):
    before = write_tiny_ddae(tmp_path, "x")
    with pytest.raises(WorkbenchError, match=sentence):
        write_bundle(before.folder, ddae_manifest(**changes), {"float": model}, "")
    assert check_bundle(before.folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_other_folders_are_not_overwritten(tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(WorkbenchError, match="holds something that is not a bundle"):
        write_bundle(tmp_path, ddae_manifest(), {"float": ddae_model()}, "")
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_a_place_that_cannot_be_written_has_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbenchError, match="cannot be written to"):
        write_bundle(tmp_path / "file" / "x", ddae_manifest(), {"float": ddae_model()}, "")


def test_numpy_figures_are_written_as_numbers(tmp_path):
    manifest = dataclasses.replace(ddae_manifest(), figures={"stoi": np.float64(0.5)})
    bundle = write_bundle(tmp_path / "x", manifest, {"float": ddae_model()}, "")
    assert "stoi = 0.5\n" in (bundle.folder / "bundle.toml").read_text()
