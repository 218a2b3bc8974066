"""Running a bundle's model with LiteRT: one step at a time, its state kept in between."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.bundles.check import Bundle
from workbench.bundles.manifest import Manifest, log_mel_features, spectral_features
from workbench.errors import MissingPieceError, WorkbenchError

STATE_PREFIX = "state_"
_SIGNATURE = "serving_default"
_Shapes: TypeAlias = dict[str, tuple[int, ...]]


class StatefulModel:
    """One LiteRT interpreter on one thread; tensors named ``state_*`` are fed back from step to step.

    Values go in and come out as float32 whatever the precision of the file. Two models share nothing; one
    model must not be stepped from two threads at once.

    Parameters
    ----------
    bundle : Bundle
        A checked bundle.
    precision : str, optional
        Which of its files to run; its default when None.

    Attributes
    ----------
    input_shapes, output_shapes : dict of str to tuple of int
        Shapes by name, states left out.

    Raises
    ------
    WorkbenchError
        If the model cannot be loaded or its inputs and outputs are not those of the bundle's kind.
    """

    def __init__(self, bundle: Bundle, precision: str | None = None) -> None:
        path = bundle.model_path(precision)
        with loading(path):
            self._interpreter = open_interpreter(path)
            self._interpreter.allocate_tensors()
            signature = self._interpreter.get_signature_runner(_SIGNATURE)
            inputs = self._ports(signature.get_input_details())
            outputs = self._ports(signature.get_output_details())
        self._inputs = {name: port for name, port in inputs.items() if not name.startswith(STATE_PREFIX)}
        self._outputs = {name: port for name, port in outputs.items() if not name.startswith(STATE_PREFIX)}
        self.input_shapes = {name: port.shape for name, port in self._inputs.items()}
        self.output_shapes = {name: port.shape for name, port in self._outputs.items()}
        states_in = {name: port for name, port in inputs.items() if name.startswith(STATE_PREFIX)}
        states_out = {name: port for name, port in outputs.items() if name.startswith(STATE_PREFIX)}
        flaw = _state_flaw(states_in, states_out) or self._flaw(bundle, bool(states_in))
        if flaw:
            raise WorkbenchError(
                f"{path} is not a model of kind {bundle.manifest.kind!r}: {flaw}; export the bundle again."
            )
        self._states = {name: (states_in[name], states_out[name]) for name in states_in}
        self._invoke: Callable[[], None] = self._interpreter.invoke
        self.reset()

    def reset(self) -> None:
        """Set every state to zero, as if newly made."""
        for state_in, _ in self._states.values():
            state_in.write(np.zeros(state_in.shape, np.float32))

    def states(self) -> dict[str, NDArray[np.float32]]:
        """Return what the next step will remember: float32 copies by name."""
        return {name: state_in.read() for name, (state_in, _) in self._states.items()}

    def step(self, **inputs: ArrayLike) -> dict[str, NDArray[np.float32]]:
        """Run the model once and carry its state over.

        Parameters
        ----------
        **inputs : array_like
            One for each of `input_shapes`, of as many elements (a leading axis of 1 may be left out).

        Returns
        -------
        dict of str to numpy.ndarray
            float32 copies, of `output_shapes`.
        """
        for name, port in self._inputs.items():
            port.write(inputs[name])
        self._invoke()
        for state_in, state_out in self._states.values():
            state_in.take(state_out)
        return {name: port.read() for name, port in self._outputs.items()}

    def _ports(self, details: Mapping[str, Mapping[str, Any]]) -> dict[str, "_Port"]:
        return {
            name: _Port(self._interpreter.tensor(detail["index"]), detail) for name, detail in details.items()
        }

    def _flaw(self, bundle: Bundle, has_state: bool) -> str | None:
        """Say what is wrong with the signature for the bundle's kind; None when nothing is."""
        inputs, outputs = _signature_shapes(bundle.manifest)
        if self.input_shapes != inputs:
            return f"its inputs are {self.input_shapes} and not {inputs}"
        if self.output_shapes != outputs:
            return f"its outputs are {self.output_shapes} and not {outputs}"
        if bundle.manifest.kind == "ddae" and not has_state:
            return "it has no state"
        return None


def _signature_shapes(manifest: Manifest) -> tuple[_Shapes, _Shapes]:
    """Return the inputs and outputs, states left out, that a model of this kind has."""
    n_classes = len(manifest.classes)
    if manifest.kind == "nc":
        chunk = log_mel_features(manifest)
        return {"features": (1, chunk.chunk_frames, chunk.n_bands, 1)}, {"probabilities": (1, n_classes)}
    n_bins = spectral_features(manifest).n_bins
    return {"features": (1, n_bins, 3), "condition": (1, n_classes)}, {"mask": (1, n_bins, 2)}


class _Port:
    """One input or output tensor, as floats."""

    def __init__(self, view: Callable[[], NDArray[Any]], detail: Mapping[str, Any]) -> None:
        # The interpreter may move its buffers, so a view is taken anew each time and never kept.
        self._view = view
        self.shape = tuple(int(size) for size in detail["shape"])
        self.dtype = np.dtype(detail["dtype"])
        self.scale, self.zero_point = detail["quantization"]
        self._is_float = self.dtype == np.float32
        if not self._is_float:
            if self.dtype not in (np.int8, np.int16) or not self.scale:
                raise ValueError(f"tensor {detail['name']} is {self.dtype}, which is not supported")
            self._limits = np.iinfo(self.dtype)

    def write(self, values: ArrayLike) -> None:
        values = np.asarray(values, np.float32).reshape(self.shape)
        if not self._is_float:
            steps = np.rint(values / self.scale) + self.zero_point
            values = np.clip(steps, self._limits.min, self._limits.max)
        self._view()[...] = values

    def read(self) -> NDArray[np.float32]:
        if self._is_float:
            return self._view().copy()
        return (self._view().astype(np.float32) - self.zero_point) * np.float32(self.scale)

    def take(self, other: "_Port") -> None:
        """Copy another tensor's value, without rounding where both are quantised alike."""
        if (self.scale, self.zero_point, self.dtype) == (other.scale, other.zero_point, other.dtype):
            self._view()[...] = other._view()
        else:
            self.write(other.read())


def _state_flaw(inputs: Mapping[str, _Port], outputs: Mapping[str, _Port]) -> str | None:
    if inputs.keys() != outputs.keys():
        odd = sorted(inputs.keys() ^ outputs.keys())[0]
        return f"{odd!r} is not both an input and an output"
    for name, port in inputs.items():
        if port.shape != outputs[name].shape:
            return f"{name!r} goes in as {port.shape} and comes out as {outputs[name].shape}"
    return None


def open_interpreter(path: Path) -> Any:
    """Return a LiteRT interpreter of a model file, on one thread.

    Raises
    ------
    MissingPieceError
        LiteRT cannot be loaded here.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except (ImportError, OSError) as error:
        raise MissingPieceError(
            f"LiteRT, which runs the models, cannot be loaded ({error}); run: pip install ai-edge-litert"
        ) from None
    return Interpreter(model_content=path.read_bytes(), num_threads=1)


@contextmanager
def loading(path: Path) -> Iterator[None]:
    """Say in one sentence what LiteRT cannot do with a model file, and keep its greeting off the terminal.

    Raises
    ------
    WorkbenchError
        Instead of what LiteRT raises.
    """
    try:
        with quiet_native_log():
            yield
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise WorkbenchError(f"{path} cannot be run by LiteRT ({reason}); export the bundle again.") from None


_log_lock = threading.Lock()


@contextmanager
def quiet_native_log() -> Iterator[None]:
    """Keep LiteRT's greeting off the terminal; it has no switch for it, and errors come as exceptions too."""
    with _log_lock:
        try:
            terminal = os.dup(2)
        except OSError:  # A windowed program has no standard error.
            yield
            return
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
