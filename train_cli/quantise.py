"""Quantised models of a bundle: dynamic-range, full int8, and int16 activations with int8 weights (16x8).

They are made from the bundle's float model, one step with states in and out, by `ai-edge-quantizer`. Ranges
are the smallest and largest values on real mixtures with the states that they lead to: clipping the rare
peaks, as averaged ranges do, costs ten times as much (0.03 PESQ) as the coarser steps do.
"""

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train_cli.events import Reporter
from train_cli.frames import Frame, frames_of, frames_with_states, real_mixtures
from train_cli.litert_model import read_model, write_model
from train_cli.options import QuantiseOptions
from workbench.bundles.check import Bundle
from workbench.bundles.runtime import STATE_PREFIX, StatefulModel
from workbench.bundles.store import find_bundle
from workbench.bundles.write import CARD_NAME, write_bundle
from workbench.errors import WorkbenchError
from workbench.lifeline import end_with_parent

_FRAMES = 1000
"""Steps to calibrate with: more changes no range by much."""
_INT16_HEADROOM = 1.5
"""An int16 has bits to spare for peaks that calibration did not hear."""
_SIGNATURE = "serving_default"

Range = tuple[NDArray[np.float32], NDArray[np.float32]]


def quantise(options: QuantiseOptions, reporter: Reporter) -> None:
    """Add quantised models to a bundle.

    Raises
    ------
    WorkbenchError
        The bundle has no float model, the data cannot be used, or a conversion fails.
    """
    reporter.started("quantise", asdict(options))
    bundle = add_quantised(options)
    reporter.table(
        bundle.name, {name: {"kB": file.n_bytes / 1000} for name, file in bundle.manifest.files.items()}
    )
    reporter.artifact("bundle", str(bundle.folder))


def add_quantised(options: QuantiseOptions) -> Bundle:
    """Add quantised models to a bundle; returns it as it is then.

    Raises
    ------
    WorkbenchError
        The bundle has no float model, the data cannot be used, or a conversion fails.
    """
    bundle = find_bundle(options.name)
    made = quantised_models(bundle, options.data, options.precisions, options.mixtures, options.seed)
    kept = {precision: bundle.model_path(precision).read_bytes() for precision in bundle.manifest.files}
    card = bundle.folder / CARD_NAME
    text = card.read_text(encoding="utf-8") if card.is_file() else f"# {bundle.manifest.title}\n"
    return write_bundle(bundle.folder, bundle.manifest, {**kept, **made}, text)


def quantised_models(
    bundle: Bundle, data: Path, precisions: Sequence[str], n_mixtures: int, seed: int
) -> dict[str, bytes]:
    """Return a bundle's models in other precisions; each is converted in a process of its own.

    Parameters
    ----------
    bundle : Bundle
        With a float model.
    data : Path
        Recordings; those of the split "train" are mixed.
    precisions : sequence of str
        Of "dynamic", "int8" and "int16x8".
    n_mixtures, seed : int
        How many mixtures to calibrate with, and which.

    Raises
    ------
    WorkbenchError
        The bundle has no float model, the data cannot be used, or a conversion fails.
    """
    float_model = bundle.model_path("float").read_bytes()
    if bundle.manifest.works_on_slices and set(precisions) != {"dynamic"}:
        raise WorkbenchError(
            f"{bundle.name} is of the original system, whose denoisers can only be made dynamic; add "
            "--precisions dynamic."
        )
    is_calibrated = set(precisions) != {"dynamic"}
    frames = calibration_frames(bundle, data, n_mixtures, seed) if is_calibrated else []
    return {precision: convert_apart(bundle.name, float_model, precision, frames) for precision in precisions}


def convert_apart(name: str, float_model: bytes, precision: str, frames: list[Frame]) -> bytes:
    """Quantise a float model in a process of its own; "dynamic" needs no frames to calibrate with.

    Raises
    ------
    WorkbenchError
        The conversion fails.
    """
    # The quantiser runs native code on a graph that it rewrites; a crash there must not be ours.
    with ProcessPoolExecutor(1, get_context("spawn"), end_with_parent) as pool:
        try:
            return pool.submit(_convert, float_model, frames, precision).result()
        except Exception as error:  # whatever the quantiser meets, or its death
            raise WorkbenchError(
                f"{name} cannot be made {precision}: the conversion failed ({error})."
            ) from None


def calibration_frames(bundle: Bundle, data: Path, n_mixtures: int, seed: int) -> list[Frame]:
    """Draw steps of the float model on real mixtures, states included, spread over all of them."""
    model = StatefulModel(bundle, "float")
    frames = [
        frame
        for noise_class, _, noisy in real_mixtures(data, "train", n_mixtures, seed)
        for frame in frames_with_states(model, frames_of(bundle, noisy, noise_class))
    ]
    chosen = np.random.default_rng(seed).permutation(len(frames))[:_FRAMES]
    return [frames[index] for index in sorted(chosen)]


def _convert(float_model: bytes, frames: list[Frame], precision: str) -> bytes:
    """Quantise a float model (in a process of its own, whose terminal is silenced)."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    from ai_edge_quantizer import recipe
    from ai_edge_quantizer.quantizer import Quantizer

    if precision == "dynamic":
        # Nothing outside has a scale, so its signatures are sound.
        return bytes(Quantizer(float_model, recipe.dynamic_wi8_afp32()).quantize().quantized_model)
    headroom = _INT16_HEADROOM if precision == "int16x8" else 1.0
    statistics: Any = {
        name: {"min": low * headroom, "max": high * headroom}
        for name, (low, high) in tensor_ranges(float_model, frames).items()
    }
    made = Quantizer(float_model, _static_recipe(precision)).quantize(statistics).quantized_model
    return _with_sound_signature(float_model, bytes(made))


def _static_recipe(precision: str) -> Any:
    """Say how weights are quantised: convolutions by channel, matrix products as a whole.

    A channel's scale and offset take 24 bytes of flash, and in a matrix product 12 of RAM, too. Convolutions
    need them (7 dB of the classifier's posterior), matrix products of 80 to 1024 channels do without.
    """
    from ai_edge_quantizer.qtyping import QuantGranularity, TFLOperationName
    from ai_edge_quantizer.recipe_manager import RecipeManager

    manager = RecipeManager()
    bits = 16 if precision == "int16x8" else 8
    for operation, granularity in (
        (TFLOperationName.ALL_SUPPORTED, QuantGranularity.TENSORWISE),
        (TFLOperationName.CONV_2D, QuantGranularity.CHANNELWISE),
        (TFLOperationName.DEPTHWISE_CONV_2D, QuantGranularity.CHANNELWISE),
    ):
        manager.add_static_config(".*", operation, bits, 8, granularity)
    return manager.get_quantization_recipe()


def tensor_ranges(float_model: bytes, frames: list[Frame]) -> dict[str, Range]:
    """Return the smallest and largest value of what a model computes; a state's are alike in and out."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "for debugging only": it needs memory, which is what we want.
        interpreter = Interpreter(
            model_content=float_model,
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
    interpreter.allocate_tensors()
    # The interpreter does not run while a signature's runner is held.
    inputs = interpreter.get_signature_runner(_SIGNATURE).get_input_details()
    outputs = interpreter.get_signature_runner(_SIGNATURE).get_output_details()
    # Of weights the quantiser finds the ranges itself, a channel's own where it is to.
    model = read_model(float_model)
    weights = {
        each.name for each in model.subgraphs[0].tensors if model.buffers[each.buffer].data is not None
    }
    details = [
        each
        for each in interpreter.get_tensor_details()
        if each["dtype"] == np.float32 and each["name"].encode() not in weights
    ]
    ranges: dict[str, Range] = {}
    for frame in frames:
        for name, detail in inputs.items():
            interpreter.set_tensor(detail["index"], frame[name])
        interpreter.invoke()
        for detail in details:
            seen = _range(interpreter.get_tensor(detail["index"]))
            ranges[detail["name"]] = _union(seen, ranges.get(detail["name"], seen))
    for name in inputs:
        if name.startswith(STATE_PREFIX):
            ends = inputs[name]["name"], outputs[name]["name"]
            ranges.update(dict.fromkeys(ends, _union(*(ranges[end] for end in ends))))
    return ranges


def _range(values: NDArray[np.float32]) -> Range:
    return values.min(initial=0, keepdims=True), values.max(initial=0, keepdims=True)


def _union(one: Range, other: Range) -> Range:
    return np.minimum(one[0], other[0]), np.maximum(one[1], other[1])


def _with_sound_signature(float_model: bytes, quantised: bytes) -> bytes:
    """Name the outputs anew: the quantiser leaves out those that it gave a scale of their own."""
    before, after = read_model(float_model), read_model(quantised)
    place = {tensor: i for i, tensor in enumerate(before.subgraphs[0].outputs)}
    for old, new in zip(before.signatureDefs[0].outputs, after.signatureDefs[0].outputs, strict=True):
        new.tensorIndex = after.subgraphs[0].outputs[place[old.tensorIndex]]
    return write_model(after)
