"""One step at a time through a LiteRT or ONNX model of others, its states kept in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.bundles.runtime import quiet_native_log
from workbench.errors import MissingPieceError, WorkbenchError

SUFFIXES = (".tflite", ".onnx")
"""The kinds of model files; neither can hold anything to execute."""

_Shapes: TypeAlias = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class StatePort:
    """A state: what comes out as `output` in one step goes in as `input` in the next; zeros at first."""

    input: str
    output: str


class ModelRunner(Protocol):
    """A loaded model.

    Attributes
    ----------
    inputs, outputs : dict of str to tuple of int
        Shapes of all float32 tensors by name, states included; -1 for a size that may vary.
    """

    inputs: _Shapes
    outputs: _Shapes

    def reset(self) -> None:
        """Set all states to zero."""

    def step(self, values: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float32]]:
        """Run once; `values` and the result leave the states out."""


def load_model(path: Path, states: Sequence[StatePort] = ()) -> ModelRunner:
    """Load a model on one thread.

    Parameters
    ----------
    path : Path
        A ``.tflite`` or ``.onnx`` file with tensors of float32.
    states : sequence of StatePort
        Its states.

    Raises
    ------
    WorkbenchError
        If it is not such a file, cannot be run, or has not these states.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WorkbenchError(
            f"The model {path} cannot be read ({error.strerror}); put it back or mend its name."
        ) from None
    if path.suffix not in SUFFIXES:
        raise WorkbenchError(f"{path} is not a model file; choose one that ends in {' or '.join(SUFFIXES)}.")
    runner = OnnxRunner if path.suffix == ".onnx" else LiteRtRunner
    try:
        return runner(content, states)
    except ValueError as error:
        raise WorkbenchError(f"The model {path} cannot be run: {error}.") from None


class OnnxRunner:
    """A model in ONNX Runtime; see `ModelRunner`.

    Parameters
    ----------
    content : bytes
        The file.
    states : sequence of StatePort
        Its states.

    Raises
    ------
    MissingPieceError
        If ONNX Runtime is not installed.
    ValueError
        If the model does not load or has other tensors.
    """

    def __init__(self, content: bytes, states: Sequence[StatePort] = ()) -> None:
        try:
            import onnxruntime
        except (ImportError, OSError) as error:
            raise MissingPieceError(
                f"ONNX Runtime, which runs it, cannot be loaded ({error}); run: pip install onnxruntime"
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's errors have no base class of their own.
            raise ValueError(first_line(error)) from None
        self.inputs: _Shapes = {port.name: _onnx_shape(port) for port in self._session.get_inputs()}
        self.outputs: _Shapes = {port.name: _onnx_shape(port) for port in self._session.get_outputs()}
        _check_states(self.inputs, self.outputs, states)
        self._states = tuple(states)
        self._wanted = list(self.outputs)
        self.reset()

    def reset(self) -> None:
        """Set all states to zero."""
        shapes = ((state.input, self.inputs[state.input]) for state in self._states)
        self._kept = {name: np.zeros([max(size, 1) for size in shape], np.float32) for name, shape in shapes}

    def step(self, values: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float32]]:
        """Run once; `values` and the result leave the states out."""
        given = {name: np.asarray(value, np.float32) for name, value in values.items()}
        found = dict(zip(self._wanted, self._session.run(self._wanted, given | self._kept), strict=True))
        for state in self._states:
            self._kept[state.input] = found.pop(state.output)
        return found


class LiteRtRunner:
    """A model in LiteRT; see `ModelRunner`.

    Tensors go by their names in the model's first signature, or by their own where it has none.

    Parameters
    ----------
    content : bytes
        The file.
    states : sequence of StatePort
        Its states.

    Raises
    ------
    MissingPieceError
        If LiteRT cannot be loaded.
    ValueError
        If the model does not load or has other tensors.
    """

    def __init__(self, content: bytes, states: Sequence[StatePort] = ()) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except (ImportError, OSError) as error:
            raise MissingPieceError(
                f"LiteRT, which runs it, cannot be loaded ({error}); run: pip install ai-edge-litert"
            ) from None
        try:
            with quiet_native_log():
                self._interpreter = Interpreter(model_content=content, num_threads=1)
                self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise ValueError(first_line(error)) from None
        signatures = list(self._interpreter.get_signature_list())
        if signatures:
            signature = self._interpreter.get_signature_runner(signatures[0])
            inputs, outputs = signature.get_input_details(), signature.get_output_details()
        else:
            inputs = {detail["name"]: detail for detail in self._interpreter.get_input_details()}
            outputs = {detail["name"]: detail for detail in self._interpreter.get_output_details()}
        self.inputs: _Shapes = {name: _litert_shape(detail) for name, detail in inputs.items()}
        self.outputs: _Shapes = {name: _litert_shape(detail) for name, detail in outputs.items()}
        _check_states(self.inputs, self.outputs, states)
        # The interpreter may move its buffers, so a view is taken anew each time and never kept.
        self._inputs = {name: self._interpreter.tensor(detail["index"]) for name, detail in inputs.items()}
        self._outputs = {name: self._interpreter.tensor(detail["index"]) for name, detail in outputs.items()}
        self._states = tuple(states)
        self.reset()

    def reset(self) -> None:
        """Set all states to zero."""
        for state in self._states:
            self._inputs[state.input]()[...] = 0

    def step(self, values: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float32]]:
        """Run once; `values` and the result leave the states out."""
        for name, value in values.items():
            self._inputs[name]()[...] = value
        self._interpreter.invoke()
        found = {name: view().copy() for name, view in self._outputs.items()}
        for state in self._states:
            self._inputs[state.input]()[...] = found.pop(state.output)
        return found


def _onnx_shape(port: Any) -> tuple[int, ...]:
    if port.type != "tensor(float)":
        raise ValueError(f"{port.name!r} is {port.type}, and only float32 is supported")
    return tuple(size if isinstance(size, int) else -1 for size in port.shape)


def _litert_shape(detail: Mapping[str, Any]) -> tuple[int, ...]:
    if detail["dtype"] is not np.float32:
        kind = np.dtype(detail["dtype"])
        raise ValueError(f"{detail['name']!r} is {kind}, and only float32 is supported")
    return tuple(int(size) for size in detail["shape_signature"])


def _check_states(inputs: _Shapes, outputs: _Shapes, states: Sequence[StatePort]) -> None:
    for state in states:
        for name, known, kind in ((state.input, inputs, "input"), (state.output, outputs, "output")):
            if name not in known:
                raise ValueError(f"it has no {kind} {name!r} but {', '.join(map(repr, sorted(known)))}")


def first_line(error: Exception) -> str:
    """Return the first line of what a runtime says, to go into a sentence."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
