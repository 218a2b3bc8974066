"""Tiny real LiteRT models, built without TensorFlow, and the bundles around them."""

import datetime
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from workbench.bundles.check import Bundle
from workbench.bundles.manifest import Manifest, Training
from workbench.bundles.write import write_bundle

CLASSES = ("human", "tv_radio", "vehicle", "household", "no_noise")
CLASS_GAINS = (0.2, 0.4, 0.6, 0.8, 1.0)
UNKNOWN_GAIN = 0.5


class _Graph:
    """A LiteRT model under construction; tensors are numbers, given back by each method."""

    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes, self.model.subgraphs, self.model.signatureDefs = [], [], []
        self._begin()

    def _begin(self) -> None:
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []

    def tensor(self, shape: tuple[int, ...], data: np.ndarray | None = None, kind: int = 0) -> int:
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer = list(shape), kind, 0
        tensor.name = f"t{len(self.graph.tensors)}"
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def constant(self, data: Any) -> int:
        array = np.asarray(data, np.float32)
        return self.tensor(array.shape, array)

    def op(
        self,
        name: str,
        inputs: list[int],
        shape: tuple[int, ...],
        options: Any = None,
        output: int | None = None,
    ) -> int:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
        code.version = 1
        self.model.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = inputs, [self.tensor(shape) if output is None else output]
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(
                schema.BuiltinOptions, type(options).__name__.removesuffix("T")
            )
        self.graph.operators.append(operator)
        return operator.outputs[0]

    def quantised(self, shape: tuple[int, ...], scale: float, zero_point: int) -> int:
        index = self.tensor(shape, kind=schema.TensorType.INT8)
        parameters = schema.QuantizationParametersT()
        parameters.scale, parameters.zeroPoint = [scale], [zero_point]
        self.graph.tensors[index].quantization = parameters
        return index

    def scaled_sum(self, a: int, a_gain: float, b: int, b_gain: float, shape: tuple[int, ...]) -> int:
        parts = [
            self.op("MUL", [t, self.constant(gain)], shape, schema.MulOptionsT())
            for t, gain in ((a, a_gain), (b, b_gain))
        ]
        return self.op("ADD", parts, shape, schema.AddOptionsT())

    def sign(self, key: str, inputs: dict[str, int], outputs: dict[str, int]) -> None:
        """End a signature; what comes then belongs to the next."""
        self.graph.inputs, self.graph.outputs = list(inputs.values()), list(outputs.values())
        self.model.subgraphs.append(self.graph)
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = key, len(self.model.subgraphs) - 1
        for name, tensors in (("inputs", inputs), ("outputs", outputs)):
            maps = []
            for key, index in tensors.items():
                entry = schema.TensorMapT()
                entry.name, entry.tensorIndex = key, index
                maps.append(entry)
            setattr(signature, name, maps)
        self.model.signatureDefs.append(signature)
        self._begin()

    def finish(self, inputs: dict[str, int], outputs: dict[str, int]) -> bytes:
        self.sign("serving_default", inputs, outputs)
        return self.content()

    def content(self) -> bytes:
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def ddae_model(n_bins: int = 256, memory: float = 0.0, int8: bool = False) -> bytes:
    """Make a denoiser whose mask is a gain given by the class, and `memory` times the mean spectrum so far.

    The mean of the real and imaginary parts is ``state = 0.5 state + 0.5 features``. With `int8`, all inputs
    and outputs are quantised, the state differently at both ends.
    """
    frame = (1, n_bins, 2)
    g = _Graph()
    inputs = {"features": (1, n_bins, 3), "condition": (1, 5), "state_mean": frame}
    outer = {name: g.quantised(shape, 0.02, 3) if int8 else g.tensor(shape) for name, shape in inputs.items()}
    features, condition, state = (
        g.op("DEQUANTIZE", [outer[name]], shape) if int8 else outer[name] for name, shape in inputs.items()
    )
    begin, size = (
        g.tensor((3,), np.asarray(values, np.int32), schema.TensorType.INT32) for values in ((0, 0, 0), frame)
    )
    features = g.op("SLICE", [features, begin, size], frame)
    weights = np.zeros((n_bins, 2, 5), np.float32)
    weights[:, 0] = np.asarray(CLASS_GAINS) - UNKNOWN_GAIN
    bias = np.zeros((n_bins, 2), np.float32)
    bias[:, 0] = UNKNOWN_GAIN
    gains = g.op(
        "FULLY_CONNECTED",
        [condition, g.constant(weights.reshape(-1, 5)), g.constant(bias.reshape(-1))],
        (1, 2 * n_bins),
        schema.FullyConnectedOptionsT(),
    )
    shape = g.tensor((3,), np.asarray(frame, np.int32), schema.TensorType.INT32)
    gains = g.op("RESHAPE", [gains, shape], frame)
    new_state = g.scaled_sum(state, 0.5, features, 0.5, frame)
    mask = g.scaled_sum(gains, 1.0, new_state, memory, frame)
    outputs = {"mask": mask, "state_mean": new_state}
    if int8:
        for name, scale in (("mask", 0.01), ("state_mean", 0.016)):
            options = schema.QuantizeOptionsT()
            outputs[name] = g.op("QUANTIZE", [outputs[name]], frame, options, g.quantised(frame, scale, -2))
    return g.finish(outer, outputs)


LOG_MEL = {
    "n_bands": 64,
    "low_hz": 125.0,
    "high_hz": 7500.0,
    "window_samples": 256,
    "hop_samples": 128,
    "fft_samples": 512,
    "log_offset": 0.01,
    "chunk_frames": 63,
}


def ddae_manifest(name: str = "tiny", **changes: Any) -> Manifest:
    """Describe a tiny denoiser; `changes` replace fields, and features by their own names."""
    features = {
        "window": "sqrt_hann",
        "window_samples": 512,
        "hop_samples": 256,
        "compression": 0.3,
        "first_bin": 1,
        "n_bins": 256,
    }
    known = (*features, "synthesis_samples", "frames_per_mask")
    features |= {key: changes.pop(key) for key in list(changes) if key in known}
    fields: dict[str, Any] = {
        "kind": "ddae",
        "name": name,
        "version": "1",
        "title": "Tiny denoiser",
        "description": 'Gain by class; for tests, with "quotes", \\ and ümlauts.',
        "created": datetime.date(2025, 1, 31),
        "classes": CLASSES,
        "features": features,
        "latency_samples": int(features["window_samples"]) - 1,
        "training": Training("none", "MIT", "train_cli ddae --tiny", 7, 0.5),
        "figures": {"pesq_wb": {"0 dB": 1.5, "-5 dB": 1}, "stoi": 0.75},
    }
    return Manifest(**(fields | changes))


def write_tiny_ddae(folder: Path, name: str = "tiny", memory: float = 0.0, **changes: Any) -> Bundle:
    """Write a tiny denoiser's bundle to `folder` / `name`."""
    manifest = ddae_manifest(name, **changes)
    model = ddae_model(int(manifest.features["n_bins"]), memory)
    return write_bundle(folder / name, manifest, {"float": model}, "# Tiny\n")


NOISES = CLASSES[:4]
RESIDUALS_DB = dict(zip(NOISES, (0.0, 6.0, 12.0, 20.0), strict=True))
"""What each network of a tiny original denoiser takes the noise to be."""
SLICES = {
    "transform": "slices",
    "window": "hamming",
    "window_samples": 256,
    "hop_samples": 128,
    "slice_frames": 126,
}


def slice_model(memory: float = 0.0, keys: tuple[str, ...] = NOISES, slice_frames: int = 126) -> bytes:
    """Make an original denoiser: the residual of a class, and `memory` times the mean of the bins so far."""
    g = _Graph()
    shape = (1, slice_frames)
    for key in keys:
        features, state = g.tensor(shape), g.tensor(shape)
        mean = g.scaled_sum(state, 0.5, features, 0.5, shape)
        scaled = g.constant(np.full(shape, (RESIDUALS_DB.get(key, 0.0) - 6) / 82))
        residual = g.scaled_sum(scaled, 1.0, mean, memory, shape)
        inputs = {"features": features, "state_mean": state}
        g.sign(key, inputs, {"residual": residual, "state_mean": mean})
    return g.content()


def slice_manifest(name: str = "old", **changes: Any) -> Manifest:
    """Describe a tiny original denoiser; `changes` replace fields, and features by their own names."""
    features = SLICES | {key: changes.pop(key) for key in list(changes) if key in SLICES}
    fields = {"classes": NOISES, "features": features, "latency_samples": 16_255, "title": "Old"}
    return ddae_manifest(name, **(fields | changes))


def write_tiny_original(folder: Path, name: str = "old", memory: float = 0.0, **changes: Any) -> Bundle:
    """Write a tiny original denoiser's bundle to `folder` / `name`."""
    files = {"dynamic": slice_model(memory)}
    return write_bundle(folder / name, slice_manifest(name, **changes), files, "# Old\n")


def nc_model(probabilities: tuple[float, ...]) -> bytes:
    """Make a classifier of windows that says the same of each."""
    g = _Graph()
    n_features, n_classes = 63 * 64, len(probabilities)
    features = g.tensor((1, 63, 64, 1))
    shape = g.tensor((2,), np.asarray((1, n_features), np.int32), schema.TensorType.INT32)
    row = g.op("RESHAPE", [features, shape], (1, n_features))
    weights = g.constant(np.zeros((n_classes, n_features)))
    options = schema.FullyConnectedOptionsT()
    heard = g.op("FULLY_CONNECTED", [row, weights, g.constant(probabilities)], (1, n_classes), options)
    return g.finish({"features": features}, {"probabilities": heard})


def write_tiny_original_nc(folder: Path, name: str = "old-nc", heard: str = "vehicle") -> Bundle:
    """Write the bundle of an original classifier that hears one class."""
    manifest = ddae_manifest(
        name, kind="nc", classes=NOISES, latency_samples=8_064, features={"transform": "windows", **LOG_MEL}
    )
    model = nc_model(tuple(0.7 if each == heard else 0.1 for each in NOISES))
    return write_bundle(folder / name, manifest, {"float": model}, "# Old\n")
