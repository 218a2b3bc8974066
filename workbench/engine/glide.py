"""Values that move smoothly, sample by sample, whatever the block size."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class Glide:
    """A vector of gains that goes to new values along a raised cosine.

    A new target in mid-flight starts a new glide from where the values are, so nothing ever jumps.

    Parameters
    ----------
    values : sequence of float
        Where to start, shape (n_values,).
    n_samples : int
        Length of every glide.
    """

    def __init__(self, values: Sequence[float], n_samples: int) -> None:
        self._shape = (0.5 - 0.5 * np.cos(np.pi * np.arange(1, n_samples + 1) / n_samples)).astype(np.float32)
        self._from = self._to = np.asarray(values, np.float32)
        self._done = n_samples

    @property
    def remaining_samples(self) -> int:
        """Samples until the target is reached; 0 at rest."""
        return len(self._shape) - self._done

    def to(self, values: Sequence[float]) -> None:
        """Glide to `values` from the next sample on."""
        target = np.asarray(values, np.float32)
        if not np.array_equal(target, self._to):
            self._from, self._to, self._done = self.values, target, 0

    def take(self, n_samples: int) -> NDArray[np.float32]:
        """Return the next values, float32, shape (n_values, n_samples)."""
        if self.remaining_samples == 0:
            return np.broadcast_to(self._to[:, None], (len(self._to), n_samples))
        steps = np.minimum(np.arange(self._done, self._done + n_samples), len(self._shape) - 1)
        self._done = min(self._done + n_samples, len(self._shape))
        # Weighted rather than added up, so that the last value is the target to the bit.
        rise = self._shape[steps]
        return self._from[:, None] * (1 - rise) + self._to[:, None] * rise

    @property
    def values(self) -> NDArray[np.float32]:
        """Values of the sample taken last, float32, shape (n_values,)."""
        if self._done == 0:
            return self._from
        rise = self._shape[self._done - 1]
        return self._from * (1 - rise) + self._to * rise
