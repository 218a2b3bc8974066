"""The one interface that every denoising method has, and the one way to run it over a whole signal."""

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

import numpy as np

from workbench.dsp import Signal

CHUNK_SAMPLES = 16_000


@runtime_checkable
class Denoiser(Protocol):
    """A streaming, causal denoiser.

    Attributes
    ----------
    name : str
        Stable identifier, as in ``workbench methods``.
    latency_samples : int
        The output is the denoised input delayed by exactly this many samples.
    """

    name: str
    latency_samples: int

    def reset(self) -> None:
        """Forget all signal history, as if newly made."""

    def process(self, block: Signal) -> Signal:
        """Denoise the next block.

        Parameters
        ----------
        block : numpy.ndarray
            float32, shape (n_samples,), of any length, 0 included.

        Returns
        -------
        numpy.ndarray
            float32, shape (n_samples,), delayed by `latency_samples`; the first `latency_samples` samples
            after a reset are not part of the signal. How the input is cut into blocks does not change the
            output by more than 1e-5.
        """


def denoise(signal: Signal, denoiser: Denoiser) -> Signal:
    """Stream a whole signal through a denoiser and undo its latency.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,).
    denoiser : Denoiser
        Reset before use.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_samples,), aligned with `signal`.
    """
    starts = range(0, len(signal), CHUNK_SAMPLES)
    chunks = list(denoise_blocks((signal[i : i + CHUNK_SAMPLES] for i in starts), denoiser))
    return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)


def denoise_blocks(blocks: Iterable[Signal], denoiser: Denoiser) -> Iterator[Signal]:
    """Stream blocks through a denoiser, yielding aligned output of the same total length.

    Memory is bounded by the block size, so a file of any length can pass through.
    """
    denoiser.reset()
    to_drop = denoiser.latency_samples
    for block in blocks:
        out = denoiser.process(block)
        dropped = min(to_drop, len(out))
        to_drop -= dropped
        if len(out) > dropped:
            yield out[dropped:]
    flushed = denoiser.process(np.zeros(denoiser.latency_samples, np.float32))
    yield flushed[to_drop:]
