"""A bundle's model in the real kernels of TensorFlow Lite Micro (the package ``tflite-micro``)."""

import os
import re
import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train_cli.litert_model import read_model
from workbench.bundles.runtime import STATE_PREFIX
from workbench.errors import MissingPieceError

Values = dict[str, NDArray[Any]]


class MicroModel:
    """One TFLM interpreter; values go in and come out as they are in the file, quantised or not.

    Parameters
    ----------
    content : bytes
        A LiteRT file.

    Attributes
    ----------
    inputs, outputs : dict of str to Port
        States too.

    Raises
    ------
    MissingPieceError
        The package is not installed.
    RuntimeError
        TFLM has no kernel for an operator.
    """

    def __init__(self, content: bytes) -> None:
        try:
            from tflite_micro.python.tflite_micro import runtime
        except ImportError as error:
            raise MissingPieceError(
                f"TensorFlow Lite Micro cannot be loaded ({error}); run: pip install --pre tflite-micro"
            ) from None
        graph, signature = read_model(content).subgraphs[0], read_model(content).signatureDefs[0]
        inputs = {e.name.decode(): list(graph.inputs).index(e.tensorIndex) for e in signature.inputs}
        outputs = {e.name.decode(): list(graph.outputs).index(e.tensorIndex) for e in signature.outputs}
        self._interpreter = runtime.Interpreter.from_bytes(content, arena_size=4 << 20)
        details_in, details_out = self._interpreter.get_input_details, self._interpreter.get_output_details
        self.inputs = {name: Port(index, details_in(index)) for name, index in inputs.items()}
        self.outputs = {name: Port(index, details_out(index)) for name, index in outputs.items()}

    def step(self, values: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """Run once: all inputs, states too, to all outputs, as float32."""
        for name, port in self.inputs.items():
            self._interpreter.set_input(port.quantise(values[name]), port.index)
        self._interpreter.invoke()
        return {
            name: port.dequantise(self._interpreter.get_output(port.index))
            for name, port in self.outputs.items()
        }

    def run(self, frames: list[dict[str, NDArray[np.float32]]]) -> list[dict[str, NDArray[np.float32]]]:
        """Run over frames from zero states; return the outputs of each."""
        states = {
            name: np.zeros(port.shape, np.float32)
            for name, port in self.inputs.items()
            if name.startswith(STATE_PREFIX)
        }
        made = []
        for frame in frames:
            made.append(self.step({**frame, **states}))
            states = {name: made[-1][name] for name in states}
        return made

    def arena(self) -> tuple[int, int]:
        """Return the bytes of the arena in all, and those of them that other models can use in turn."""
        with tempfile.TemporaryFile() as said:
            terminal = os.dup(2)
            os.dup2(said.fileno(), 2)
            try:
                self._interpreter.print_allocations()
            finally:
                os.dup2(terminal, 2)
                os.close(terminal)
            said.seek(0)
            text = said.read().decode(errors="replace")
        total, head = (re.search(rf"allocation {which} (\d+) bytes", text) for which in ("total", "head"))
        if not total or not head:
            raise MissingPieceError("This version of tflite-micro does not say how much memory it uses.")
        return int(total[1]), int(head[1])


class Port:
    """One input or output: its number, and how its values are stored (`scale` is 0 for floats)."""

    def __init__(self, index: int, detail: Mapping[str, Any]) -> None:
        self.index = index
        self.shape = tuple(int(size) for size in detail["shape"])
        self.dtype = np.dtype(detail["dtype"])
        parameters = detail["quantization_parameters"]
        is_quantised = self.dtype != np.float32
        self.scale = float(parameters["scales"][0]) if is_quantised else 0.0
        self.zero_point = int(parameters["zero_points"][0]) if is_quantised else 0

    def quantise(self, values: NDArray[np.float32]) -> NDArray[Any]:
        """Return floats as they are stored."""
        values = np.asarray(values, np.float32).reshape(self.shape)
        if not self.scale:
            return values
        limits = np.iinfo(self.dtype)
        steps = np.rint(values / self.scale) + self.zero_point
        return np.clip(steps, limits.min, limits.max).astype(self.dtype)

    def dequantise(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Return stored values as floats."""
        if not self.scale:
            return np.array(stored, np.float32)
        return (stored.astype(np.float32) - self.zero_point) * np.float32(self.scale)
