"""Methods that take the signal in frames of their own, at 16 kHz or a multiple of it, with an exact delay."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from workbench.denoisers.finite import finite
from workbench.dsp import SAMPLE_RATE, Signal

_REACH = 32
_CUT_OFF = 0.96
_KAISER_BETA = 7.0


class FramedDenoiser(ABC):
    """A denoiser that works on whole frames; blocks of any size are gathered into them.

    Parameters
    ----------
    name : str
        Identifier.
    frame_samples : int
        Length of a frame.
    inner_delay_samples : int
        What the method itself delays the signal by, beyond the wait for a whole frame.
    """

    _pending: Signal
    _ready: Signal

    def __init__(self, name: str, frame_samples: int, inner_delay_samples: int) -> None:
        self.name = name
        self.latency_samples = frame_samples - 1 + inner_delay_samples
        self._frame_samples = frame_samples
        self._clear()

    def reset(self) -> None:
        """Forget all signal history."""
        self._clear()
        self.restart()

    def process(self, block: Signal) -> Signal:
        """Denoise the next block; see `workbench.denoisers.protocol.Denoiser.process`."""
        known = np.concatenate((self._pending, finite(block)))
        n_frames = len(known) // self._frame_samples
        frames = known[: n_frames * self._frame_samples].reshape(n_frames, self._frame_samples)
        self._pending = known[frames.size :]
        ready = np.concatenate((self._ready, *map(self.step, frames)))
        self._ready = ready[len(block) :]
        return ready[: len(block)]

    def _clear(self) -> None:
        self._pending = np.zeros(0, np.float32)
        self._ready = np.zeros(self._frame_samples - 1, np.float32)

    @abstractmethod
    def step(self, frame: Signal) -> Signal:
        """Return the next frame of output, float32, for the next of input, both shape (frame_samples,)."""

    @abstractmethod
    def restart(self) -> None:
        """Forget all frames."""


class RateBridge:
    """Carry frames at 16 kHz to a multiple of that rate and back, with linear phase and little delay.

    A windowed-sinc filter of 2 ms to either side passes all below 7.2 kHz. `workbench.audio.resample` has a
    steeper one, which makes a stream wait for 37 to 77 ms each way: more than the methods themselves take.

    Parameters
    ----------
    ratio : int
        The higher rate over 16 kHz.
    """

    delay_samples = 2 * _REACH
    """Delay of the way up and down together, at 16 kHz."""

    def __init__(self, ratio: int) -> None:
        self._ratio = ratio
        times = np.arange(-_REACH * ratio, _REACH * ratio + 1) / ratio
        taps = np.sinc(_CUT_OFF * times) * np.kaiser(len(times), _KAISER_BETA)
        self._down_taps = (taps / taps.sum()).astype(np.float32)
        phases = np.zeros((ratio, 2 * _REACH + 1), np.float32)
        for phase in range(ratio):
            # Output `phase` after input n needs the taps that lie on inputs, the newest input's first.
            used = taps[phase::ratio]
            phases[phase, -len(used) :] = (used / used.sum())[::-1]
        self._up_taps = phases.T
        self.reset()

    def reset(self) -> None:
        """Forget the signal so far."""
        self._low = np.zeros(2 * _REACH, np.float32)
        self._high = np.zeros(2 * _REACH * self._ratio, np.float32)

    def up(self, frame: Signal) -> NDArray[np.float32]:
        """Return the frame at the higher rate, shape (n_samples * ratio,)."""
        known = np.concatenate((self._low, frame))
        self._low = known[len(frame) :]
        return (sliding_window_view(known, 2 * _REACH + 1) @ self._up_taps).reshape(-1)

    def down(self, frame: NDArray[np.float32]) -> Signal:
        """Return the frame at 16 kHz, shape (n_samples / ratio,)."""
        known = np.concatenate((self._high, frame))
        self._high = known[len(frame) :]
        windows = sliding_window_view(known, len(self._down_taps))[:: self._ratio]
        return windows @ self._down_taps


def ratio_to(sample_rate_hz: int) -> int | None:
    """Return how many times 16 kHz a rate is; None where it is not a multiple."""
    ratio, rest = divmod(sample_rate_hz, SAMPLE_RATE)
    return ratio if ratio and not rest else None
