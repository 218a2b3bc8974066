"""Quantised models of the bundled networks, calibrated on a few real mixtures."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_quantizer", reason="quantising needs ai-edge-quantizer")

from ai_edge_litert import schema_py_generated as schema

from train_cli import quantise
from train_cli.__main__ import main
from train_cli.frames import frames_of
from train_cli.litert_model import read_model
from train_cli.quantise import calibration_frames, tensor_ranges
from train_cli.verify import demo_mixture
from workbench.bundles.check import Bundle, check_bundle
from workbench.bundles.runtime import STATE_PREFIX, StatefulModel
from workbench.bundles.store import default_bundle
from workbench.bundles.write import CARD_NAME
from workbench.errors import WorkbenchError

LEAST_DB = {
    "ddae": {"float": 200.0, "dynamic": 15.0, "int8": 12.0, "int16x8": 20.0},
    "nc": {"float": 200.0, "dynamic": 15.0, "int8": 10.0, "int16x8": 20.0},
}


@pytest.mark.parametrize("kind", ["ddae", "nc"])
def test_each_precision_comes_near_float_over_a_whole_signal(quantised: dict[str, Bundle], kind: str) -> None:
    bundle = quantised[kind]
    assert next(iter(bundle.manifest.files)) == bundle.precision == "float"
    noise_class, noisy = demo_mixture()
    frames = frames_of(bundle, noisy, noise_class)
    made = {}
    for precision in LEAST_DB[kind]:
        model = StatefulModel(bundle, precision)
        name = next(iter(model.output_shapes))
        made[precision] = np.stack([model.step(**frame)[name] for frame in frames])
    for precision, least_db in LEAST_DB[kind].items():
        error = np.mean(np.square(made[precision] - made["float"])) + 1e-30
        ratio_db = 10 * np.log10(np.mean(np.square(made["float"])) / error)
        assert ratio_db > least_db, (precision, ratio_db)


@pytest.mark.parametrize("kind", ["ddae", "nc"])
def test_quantised_models_are_small(quantised: dict[str, Bundle], kind: str) -> None:
    n_bytes = {precision: file.n_bytes for precision, file in quantised[kind].manifest.files.items()}
    assert all(n_bytes[precision] < 0.4 * n_bytes["float"] for precision in ("dynamic", "int8", "int16x8"))


def test_the_card_and_the_rest_of_the_manifest_stay(quantised: dict[str, Bundle]) -> None:
    before, after = default_bundle("ddae"), quantised["ddae"]
    assert (after.folder / CARD_NAME).read_bytes() == (before.folder / CARD_NAME).read_bytes()
    assert after.manifest.training == before.manifest.training
    assert after.manifest.figures == before.manifest.figures


def test_ranges_hold_every_peak_and_a_state_has_one_range(tiny_corpus: Path) -> None:
    bundle = default_bundle("nc")
    frames = calibration_frames(bundle, tiny_corpus, 4, 1)
    ranges = tensor_ranges(bundle.model_path("float").read_bytes(), frames)
    low, high = ranges["serving_default_features:0"]
    assert low.min() == min(0.0, *(float(frame["features"].min()) for frame in frames))
    assert high.max() == max(0.0, *(float(frame["features"].max()) for frame in frames))
    states = [name for name in frames[0] if name.startswith(STATE_PREFIX)]
    assert states
    for name in states:
        assert any(np.any(frame[name]) for frame in frames)
        low, high = ranges[f"serving_default_{name}:0"]
        assert low.min() <= min(float(frame[name].min()) for frame in frames)
        assert high.max() >= max(float(frame[name].max()) for frame in frames)


@pytest.mark.parametrize("precision", ["int8", "int16x8"])
def test_weights_have_a_scale_for_each_channel_of_a_convolution(
    quantised: dict[str, Bundle], precision: str
) -> None:
    before = read_model(quantised["nc"].model_path("float").read_bytes())
    after = read_model(quantised["nc"].model_path(precision).read_bytes())
    weights = {
        each.name: np.frombuffer(before.buffers[each.buffer].data, np.float32).reshape(each.shape)
        for each in before.subgraphs[0].tensors
        if before.buffers[each.buffer].data is not None and each.type == schema.TensorType.FLOAT32
    }
    scales = {each.name: each.quantization.scale for each in after.subgraphs[0].tensors if each.quantization}
    found = {name: each for name, each in weights.items() if each.ndim in (2, 4)}
    for name, each in found.items():
        # Depthwise convolutions have their channels last, others first.
        channels = each if each.shape[0] > 1 else np.moveaxis(each, -1, 0)
        largest = np.abs(channels).max(axis=(1, 2, 3)) if each.ndim == 4 else np.abs(each).max()
        # Each uses all its bits: the largest weight is the largest step.
        np.testing.assert_allclose(scales[name], np.atleast_1d(largest) / 127, rtol=1e-4)
    assert {each.ndim for each in found.values()} == {2, 4}


def crash(*_: object) -> None:
    os.abort()


def test_a_conversion_that_dies_is_one_sentence(tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = default_bundle("nc")
    monkeypatch.setattr(quantise, "calibration_frames", lambda *_: [])
    with pytest.raises(WorkbenchError, match="nc-standard cannot be made int8: the conversion failed"):
        quantise.quantised_models(bundle, tiny_corpus, ["int8"], 4, 1)
    monkeypatch.setattr(quantise, "_convert", crash)
    with pytest.raises(WorkbenchError, match="nc-standard cannot be made int8: the conversion failed"):
        quantise.quantised_models(bundle, tiny_corpus, ["int8"], 4, 1)


def test_a_precision_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quantise", "nc-standard", "--precisions", "int7"]) == 2
    assert "did you mean int8?" in capsys.readouterr().err


def test_without_a_float_model_there_is_nothing_to_quantise(
    quantised: dict[str, Bundle], tmp_path: Path, capsys: pytest.CaptureFixture[str], tiny_corpus: Path
) -> None:
    folder = tmp_path / "coarse"
    shutil.copytree(quantised["nc"].folder, folder)
    manifest = folder / "bundle.toml"
    text = manifest.read_text()
    start = text.index("[files.float]")
    manifest.write_text(text[:start] + text[text.index("[files.", start + 1) :])
    assert check_bundle(folder).manifest.files.keys() == {"dynamic", "int8", "int16x8"}
    assert main(["quantise", str(folder), "--data", str(tiny_corpus)]) == 2
    assert "has no float model" in capsys.readouterr().err
