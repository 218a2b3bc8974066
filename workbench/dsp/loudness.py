"""K-weighted loudness of ITU-R BS.1770-4, integrated over a signal or followed while it plays."""

import math

import numpy as np
from numpy.typing import NDArray

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError

ABSOLUTE_GATE_DB = -70.0
RELATIVE_GATE_DB = -10.0
GATING_BLOCK_S = 0.4
"""Length of a gating block; successive blocks overlap by three quarters."""

# Makes up for the gain of the K-weighting at 997 Hz (BS.1770-4, annex 1).
_OFFSET_DB = -0.691
_ROW_SAMPLES = 128
_CHUNK_SAMPLES = SAMPLE_RATE


def integrated_loudness_db(signal: Signal) -> float:
    """Gated loudness of a whole mono signal (BS.1770-4, annex 1).

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,), at `SAMPLE_RATE`. Memory beside it is bounded.

    Returns
    -------
    float
        LUFS (dB re full scale; a full-scale sine of 997 Hz has -3.01); ``-inf`` where nothing is louder than
        the absolute gate of -70. A signal shorter than one gating block of 0.4 s, for which the standard has
        no value, is taken as one block.

    Raises
    ------
    WorkbenchError
        The signal has samples that are not finite.
    """
    step = round(GATING_BLOCK_S * SAMPLE_RATE) // 4
    weighting = _KWeighting()
    powers = [np.zeros(0)]
    # One second is a whole number of steps, so only the last chunk has samples left over.
    for start in range(0, len(signal), _CHUNK_SAMPLES):
        chunk = signal[start : start + _CHUNK_SAMPLES]
        if not np.isfinite(chunk).all():
            raise WorkbenchError(
                "The signal has samples that are not numbers or infinite; repair or replace it."
            )
        squares = np.square(weighting.process(chunk))
        if len(signal) < 4 * step:
            powers.append(np.array([squares.mean()]))
        else:
            whole = len(squares) - len(squares) % step
            powers.append(squares[:whole].reshape(-1, step).mean(axis=1))
    blocks = np.concatenate(powers)
    if len(blocks) > 1:
        blocks = np.lib.stride_tricks.sliding_window_view(blocks, 4).mean(axis=1)
    blocks = blocks[blocks > 10 ** ((ABSOLUTE_GATE_DB - _OFFSET_DB) / 10)]
    if not len(blocks):
        return -math.inf
    return _loudness_db(float(blocks[blocks > blocks.mean() * 10 ** (RELATIVE_GATE_DB / 10)].mean()))


class StreamingLoudness:
    """Loudness of the recent past, for a signal that comes in blocks; not gated.

    The K-weighted power is averaged with an exponentially fading memory. From the first block on the average
    is over what was heard so far and not over an imagined silence before it.

    Parameters
    ----------
    time_constant_s : float
        After this time a sample counts for 1/e. By default the samples are as old in the mean as in the
        short-term window of 3 s (EBU Tech 3341).
    """

    def __init__(self, time_constant_s: float = 1.5) -> None:
        self._rate = 1 / (time_constant_s * SAMPLE_RATE)
        self._weighting = _KWeighting()
        self._fading = np.zeros(0)
        self.reset()

    def reset(self) -> None:
        """Forget all signal history."""
        self._weighting.reset()
        self._energy = 0.0
        self._weight = 0.0

    def process(self, block: Signal) -> float:
        """Take in the next block.

        Parameters
        ----------
        block : numpy.ndarray
            float32, shape (n_samples,), of any length.

        Returns
        -------
        float
            LUFS at the end of the block; ``-inf`` while all has been silence.
        """
        n_samples = len(block)
        if n_samples > len(self._fading):
            self._fading = np.exp(-self._rate * np.arange(n_samples)[::-1])
        fading = self._fading[len(self._fading) - n_samples :]
        weighted = self._weighting.process(block)
        kept = math.exp(-self._rate * n_samples)
        self._energy = self._energy * kept + float(np.square(weighted) @ fading)
        self._weight = self._weight * kept + float(fading.sum())
        return self.loudness_db

    @property
    def loudness_db(self) -> float:
        """Loudness now, in LUFS; ``-inf`` while all has been silence."""
        return _loudness_db(self._energy / self._weight) if self._weight else -math.inf


def _loudness_db(power: float) -> float:
    return _OFFSET_DB + 10 * math.log10(power) if power > 0 else -math.inf


class _KWeighting:
    """The two filters of BS.1770-4 in one, as a block recursion in NumPy.

    scipy.signal has such a filter, but importing it takes 1.4 s, and this one stands in the way of the sound.
    Rows of samples go through the numerator (a convolution) and the impulse response of one over the
    denominator (a matrix product) at once; only the last outputs are handed from row to row.
    """

    def __init__(self) -> None:
        self._numerator, denominator = k_weighting_filter(SAMPLE_RATE)
        order = len(denominator) - 1
        # Column k: what a 1 as output number k of the last `order` outputs makes ring on in the next row.
        ringing = np.concatenate((np.eye(order), np.zeros((_ROW_SAMPLES, order))))
        for n in range(order, len(ringing)):
            ringing[n] = -denominator[:0:-1] @ ringing[n - order : n]
        self._ringing = ringing[order:]
        # A 1 going in rings like a 1 that has just come out.
        response = ringing[order - 1 : -1, -1]
        lags = np.subtract.outer(np.arange(_ROW_SAMPLES), np.arange(_ROW_SAMPLES))
        self._response = np.where(lags >= 0, response[np.maximum(lags, 0)], 0.0).T
        self._inputs = np.zeros(order)
        self._outputs = np.zeros(order)

    def reset(self) -> None:
        """Forget all signal history."""
        self._inputs.fill(0)
        self._outputs.fill(0)

    def process(self, block: Signal) -> NDArray[np.float64]:
        """Filter the next block."""
        order, n_samples = len(self._inputs), len(block)
        if not n_samples:
            return np.zeros(0)
        known: NDArray[np.float64] = np.concatenate((self._inputs, block), dtype=np.float64)
        self._inputs = known[-order:]
        n_rows = -(-n_samples // _ROW_SAMPLES)
        rows = np.zeros((n_rows, _ROW_SAMPLES))
        rows.reshape(-1)[:n_samples] = np.convolve(known, self._numerator, "valid")
        rows = rows @ self._response
        padded = np.concatenate((self._outputs, rows.reshape(-1)))
        for start in range(0, n_samples, _ROW_SAMPLES):
            padded[order + start : order + start + _ROW_SAMPLES] += (
                self._ringing @ padded[start : start + order]
            )
        self._outputs = padded[n_samples : n_samples + order].copy()
        # Silence would let the recursion fade into subnormal numbers, which are slow.
        self._outputs[np.abs(self._outputs) < 1e-30] = 0.0
        return padded[order : order + n_samples]


def k_weighting_filter(sample_rate_hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """K-weighting for any sampling rate.

    BS.1770-4 tabulates its two filters for 48 kHz alone. These are the analog filters behind the table, as
    recovered by the authors of libebur128, taken to another rate by the bilinear transform; at 48 kHz they
    give the table. At 16 kHz they stay within 0.07 dB of it from 20 Hz to 7.5 kHz.

    Parameters
    ----------
    sample_rate_hz : float
        Sampling rate.

    Returns
    -------
    numerator, denominator : numpy.ndarray
        float64, shape (5,): polynomials in ``z**-1`` of the two filters in series.
    """
    # Stage 1: high shelf, the effect of the head.
    gain, q = 10 ** (3.999843853973347 / 20), 0.7071752369554196
    k = math.tan(math.pi * 1681.974450955533 / sample_rate_hz)
    middle = gain**0.4996667741545416
    shelf_b = np.array([gain + middle * k / q + k * k, 2 * (k * k - gain), gain - middle * k / q + k * k])
    shelf_a = np.array([1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])
    # Stage 2: high pass. The table's numerator is 1, -2, 1 without the factor that the bilinear transform
    # brings; the same gain is kept at every rate.
    q = 0.5003270373238773
    k, k_table = (math.tan(math.pi * 38.13547087602444 / rate) for rate in (sample_rate_hz, 48_000))
    pass_a = np.array([1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])
    pass_b = np.array([1.0, -2.0, 1.0]) * (1 + k_table / q + k_table * k_table)
    numerator, denominator = np.convolve(shelf_b, pass_b), np.convolve(shelf_a, pass_a)
    return numerator / denominator[0], denominator / denominator[0]
