"""A ring buffer between one thread that makes sound and the device callback that takes it."""

import numpy as np

from workbench.dsp import Signal


class RingBuffer:
    """Samples on their way from one producer thread to one consumer thread, without a lock.

    Each side changes only its own count, after it has moved the samples, and only reads the other's; so a
    count that is a moment old errs on the safe side. Every sample is stored twice, `capacity` apart, so that
    any stretch that is ready to be read lies in one piece.

    Parameters
    ----------
    capacity : int
        Samples that fit.

    Attributes
    ----------
    n_written, n_read : int
        Absolute index of the next sample to be written and to be read, since the buffer was made.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1 sample, not {capacity}")
        self.capacity = capacity
        self.n_written = 0
        self.n_read = 0
        self._twice: Signal = np.zeros(2 * capacity, np.float32)

    @property
    def available(self) -> int:
        """Samples that can be read now."""
        return self.n_written - self.n_read

    @property
    def free(self) -> int:
        """Samples that can be written now."""
        return self.capacity - self.available

    def write(self, block: Signal) -> int:
        """Append as much of a block as fits; only the producer calls this.

        Parameters
        ----------
        block : numpy.ndarray
            float32, shape (n_samples,).

        Returns
        -------
        int
            Number of samples taken from the beginning of `block`.
        """
        n = min(len(block), self.free)
        start = self.n_written % self.capacity
        n_before_end = min(n, self.capacity - start)
        for first in (0, self.capacity):
            self._twice[first + start : first + start + n_before_end] = block[:n_before_end]
            self._twice[first : first + n - n_before_end] = block[n_before_end:n]
        self.n_written += n
        return n

    def read_into(self, out: Signal) -> int:
        """Move samples to the beginning of `out`; only the consumer calls this. Allocates no memory.

        Parameters
        ----------
        out : numpy.ndarray
            float32, shape (n_samples,); what is not filled is left as it was.

        Returns
        -------
        int
            Number of samples read: fewer than ``len(out)`` where no more are available.
        """
        n = min(len(out), self.available)
        start = self.n_read % self.capacity
        out[:n] = self._twice[start : start + n]
        self.n_read += n
        return n

    def skip_to(self, index: int) -> None:
        """Discard everything before the absolute `index`, at most what is written; for the consumer."""
        self.n_read = max(self.n_read, min(index, self.n_written))
