"""Change of sampling rate for live sound: 2 ms late, where soxr hands a stream out 20 to 80 ms late."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from workbench.dsp import Signal

_REACH = 32
_CUT_OFF = 0.96
_KAISER_BETA = 7.0


class LiveResampler:
    """Resample a mono stream with a short windowed-sinc filter of linear phase.

    The filter reaches 32 samples of the lower rate to either side (2 ms at 16 kHz): it passes what lies
    below 0.9 of the lower Nyquist frequency and takes away 60 dB from 1.1 of it on. An output sample is
    handed out as soon as the input that it needs is there, however the stream is cut into blocks.

    Parameters
    ----------
    from_hz, to_hz : int
        Sampling rates in Hz.

    Attributes
    ----------
    delay_s : float
        Time that the filter waits for what comes after a sample; 0 for equal rates.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        common = math.gcd(from_hz, to_hz)
        self._step, self._n_phases = from_hz // common, to_hz // common
        # Width of the filter in samples of the input.
        stretch = max(1.0, from_hz / to_hz)
        self._reach = math.ceil(_REACH * stretch)
        self.delay_s = 0.0 if from_hz == to_hz else self._reach / from_hz
        offsets = np.arange(-self._reach, self._reach + 2)
        times = (offsets - np.arange(self._n_phases)[:, None] / self._n_phases) / stretch
        inside = np.clip(1 - (times / _REACH) ** 2, 0, None)
        window = np.where(inside > 0, np.i0(_KAISER_BETA * np.sqrt(inside)), 0)
        taps = np.sinc(_CUT_OFF * times) * window
        # Each phase by itself, so that a constant stays one.
        self._taps = (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)
        self._known: Signal = np.zeros(self._reach, np.float32)
        self._first = -self._reach
        self._next = 0

    def process(self, block: Signal) -> Signal:
        """Resample the next block.

        Parameters
        ----------
        block : numpy.ndarray
            float32, shape (n_samples,), of any length.

        Returns
        -------
        numpy.ndarray
            float32, shape (n,): what is ready; output sample ``k`` belongs to input time ``k * from / to``.
        """
        if self._step == self._n_phases:
            return block
        known = np.concatenate((self._known, block))
        # Output k needs the input up to floor(k * step / phases) + reach + 1.
        last_base = self._first + len(known) - self._reach - 2
        end = max(self._next, ((last_base + 1) * self._n_phases - 1) // self._step + 1)
        bases, phases = np.divmod(np.arange(self._next, end) * self._step, self._n_phases)
        starts = bases - self._reach - self._first
        out = np.zeros(0, np.float32)
        if len(starts):
            windows = sliding_window_view(known, self._taps.shape[1])[starts]
            out = np.einsum("ij,ij->i", windows, self._taps[phases])
        self._next = end
        done = max(0, min(end * self._step // self._n_phases - self._reach - self._first, len(known)))
        self._known = known[done:].copy()
        self._first += done
        return out
