"""Change of sampling rate with soxr, whole or as a stream, with a length that does not depend on the cut."""

import numpy as np
import soxr

from workbench.dsp import Signal

QUALITY = "VHQ"
"""soxr's 28-bit setting: pass band to 0.91 of the lower Nyquist frequency, linear phase."""


def resampled_length(n_samples: int, from_hz: int, to_hz: int) -> int:
    """Return the number of samples that `n_samples` at `from_hz` become at `to_hz`, a half rounded up."""
    return (2 * n_samples * to_hz + from_hz) // (2 * from_hz)


class StreamingResampler:
    """Resample a mono stream; the output is that of `resample` on the whole signal, without a delay.

    The filter looks ahead, so the first blocks may give nothing and later ones more than their share; the
    output lags the input by up to 0.12 s until ``last=True`` hands out the rest.

    Parameters
    ----------
    from_hz, to_hz : int
        Sampling rates in Hz.
    quality : str
        A soxr recipe: `QUALITY`, or ``"HQ"`` (20 bit), which about halves the lag.
    """

    def __init__(self, from_hz: int, to_hz: int, quality: str = QUALITY) -> None:
        self.from_hz = from_hz
        self.to_hz = to_hz
        self._stream = (
            None
            if from_hz == to_hz
            else soxr.ResampleStream(from_hz, to_hz, num_channels=1, dtype="float32", quality=quality)
        )
        self.reset()

    def reset(self) -> None:
        """Forget the signal so far, as if newly made."""
        if self._stream is not None:
            self._stream.clear()
        self._n_in = 0
        self._n_out = 0

    def process(self, block: Signal, *, last: bool = False) -> Signal:
        """Resample the next block.

        Parameters
        ----------
        block : numpy.ndarray
            float32, shape (n_samples,), of any length, 0 included.
        last : bool
            Whether the signal ends with this block. The resampler is then ready for another signal.

        Returns
        -------
        numpy.ndarray
            float32, shape (n,): what is ready. Over the whole signal the lengths add up to
            ``resampled_length(n_samples, from_hz, to_hz)``.
        """
        if self._stream is None:
            return block
        out: Signal = self._stream.resample_chunk(np.ascontiguousarray(block, np.float32), last=last)
        self._n_in += len(block)
        if last:
            # soxr rounds the length in its own way: one sample more or less.
            n_left = max(0, resampled_length(self._n_in, self.from_hz, self.to_hz) - self._n_out)
            out = np.pad(out[:n_left], (0, max(0, n_left - len(out))))
            self.reset()
        else:
            self._n_out += len(out)
        return out


def resample(signal: Signal, from_hz: int, to_hz: int) -> Signal:
    """Resample a whole signal with soxr at its very high quality.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,).
    from_hz, to_hz : int
        Sampling rates in Hz.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(resampled_length(n_samples, from_hz, to_hz),)``, without a delay; `signal` itself
        where the rates are the same.
    """
    return StreamingResampler(from_hz, to_hz).process(signal, last=True)
