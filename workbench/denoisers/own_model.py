"""A LiteRT or ONNX model that the user added, fed as its ``denoiser.toml`` says. See docs/own-models.md."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from workbench.denoisers.framing import FramedDenoiser, RateBridge
from workbench.denoisers.model_runner import ModelRunner, first_line, load_model
from workbench.denoisers.own_model_file import COMPLEX_KINDS, FILE_NAME, OwnModelFile, read_own_model
from workbench.dsp import Signal
from workbench.dsp.stft import StftSpec, StreamingIstft, StreamingStft
from workbench.errors import WorkbenchError

_POWER_FLOOR = np.float32(1e-12)
_Step: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class OwnModelDenoiser(FramedDenoiser):
    """Denoise with a model of the user's.

    Parameters
    ----------
    folder : Path
        The folder of ``denoiser.toml``.

    Raises
    ------
    WorkbenchError
        If the file breaks a rule, or the model cannot be loaded or is not what the file says.
    """

    def __init__(self, folder: Path) -> None:
        file = read_own_model(folder)
        super().__init__(f"model@{file.name}", file.frame_samples, file.inner_delay_samples)
        self._bridge = RateBridge(file.ratio) if file.ratio > 1 else None
        runner = load_model(file.model_path, file.states)
        self._way: _Spectral | _Waveform = (
            _Spectral(file, file.stft, runner) if file.stft else _Waveform(file, runner)
        )

    def restart(self) -> None:
        """Forget all frames."""
        if self._bridge:
            self._bridge.reset()
        self._way.reset()

    def step(self, frame: Signal) -> Signal:
        """Denoise a frame."""
        if self._bridge is None:
            return self._way.step(frame)
        return self._bridge.down(self._way.step(self._bridge.up(frame)))


class _Spectral:
    """The way through a model that sees one spectrum in each step."""

    def __init__(self, file: OwnModelFile, spec: StftSpec, runner: ModelRunner) -> None:
        sizes = [(2 if port.kind in COMPLEX_KINDS else 1) * spec.n_bins for port in (file.input, file.output)]
        self._run = _checked(file, runner, *sizes)
        self._input, self._output = file.input, file.output
        self._runner = runner
        self._stft = StreamingStft(spec)
        self._istft = StreamingIstft(spec)

    def reset(self) -> None:
        self._runner.reset()
        self._stft.reset()
        self._istft.reset()

    def step(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        spectra = self._stft.process(frame)
        spectra[0] = self._enhanced(spectra[0])
        return self._istft.process(spectra)

    def _enhanced(self, spectrum: NDArray[np.complex64]) -> NDArray[np.complex64]:
        found = self._run(self._features(spectrum))
        if self._output.kind in COMPLEX_KINDS:
            pairs = found.reshape(-1, 2) if self._output.layout == "pairs" else found.reshape(2, -1).T
            values = np.ascontiguousarray(pairs).view(np.complex64)[:, 0]
            return values if self._output.kind == "complex" else values * spectrum
        if self._output.kind == "magnitude":
            phase = np.exp(1j * np.angle(spectrum)).astype(np.complex64)
            return found * phase
        return found * spectrum

    def _features(self, spectrum: NDArray[np.complex64]) -> NDArray[np.float32]:
        if self._input.kind in COMPLEX_KINDS:
            pairs = np.stack((spectrum.real, spectrum.imag), axis=-1)
            return pairs if self._input.layout == "pairs" else pairs.T
        if self._input.kind == "magnitude":
            return np.abs(spectrum)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        return np.log10(np.maximum(power, _POWER_FLOOR))


class _Waveform:
    """The way through a model that sees the last samples in each step."""

    def __init__(self, file: OwnModelFile, runner: ModelRunner) -> None:
        n_out = file.hop_samples if file.output.kind == "hop" else file.window_samples
        self._run = _checked(file, runner, file.window_samples, n_out)
        self._runner = runner
        self._hop = file.hop_samples
        self._heard = np.zeros(file.window_samples, np.float32)
        self._sum = np.zeros(n_out, np.float32)

    def reset(self) -> None:
        self._runner.reset()
        self._heard = np.zeros_like(self._heard)
        self._sum = np.zeros_like(self._sum)

    def step(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        self._heard = np.concatenate((self._heard[self._hop :], frame))
        moved = np.concatenate((self._sum[self._hop :], np.zeros(self._hop, np.float32)))
        self._sum = moved + self._run(self._heard)
        return self._sum[: self._hop]


def _checked(file: OwnModelFile, runner: ModelRunner, n_in: int, n_out: int) -> _Step:
    """Return one step of the model over flat values, after a look at its tensors and a step on zeros."""
    states_in = {state.input for state in file.states}
    states_out = {state.output for state in file.states}
    name_in, name_out = file.input.tensor, file.output.tensor

    def demand(holds: bool, problem: str) -> None:
        if not holds:
            raise WorkbenchError(f"{file.model_path.parent / FILE_NAME} does not fit the model: {problem}.")

    for side, name, names in (
        ("input", name_in, runner.inputs.keys() - states_in),
        ("output", name_out, runner.outputs.keys() - states_out),
    ):
        demand(name in names, f"it has no {side} {name!r} but {', '.join(map(repr, sorted(names)))}")
    unfed = ", ".join(map(repr, sorted(runner.inputs.keys() - states_in - {name_in})))
    demand(not unfed, f"{unfed} is neither the input nor the input of a [[state]]")
    shape = [max(size, 1) for size in runner.inputs[name_in]]
    demand(
        math.prod(shape) == n_in, f"{name_in!r} is of shape {tuple(shape)}, and {n_in} values are expected"
    )

    def step(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return runner.step({name_in: values.reshape(shape)})[name_out].reshape(-1)

    try:
        found = runner.step({name_in: np.zeros(shape, np.float32)})[name_out]
    except Exception as error:  # Neither runtime has a class of its own for what may go wrong in a model.
        demand(False, f"a step fails ({first_line(error)})")
    demand(found.size == n_out, f"{name_out!r} is of shape {found.shape}, and {n_out} values are expected")
    runner.reset()
    return step
