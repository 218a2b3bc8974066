"""Scores of many signals in several processes (this module stays light: the processes import it)."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from workbench.evaluation.metrics import score
from workbench.lifeline import end_with_parent


class Scorer:
    """A pool of processes that score processed against clean signals.

    Parameters
    ----------
    metrics : sequence of str
        Names as in `workbench.evaluation.metrics`.
    n_processes : int
    """

    def __init__(self, metrics: Sequence[str], n_processes: int = 2) -> None:
        self.metrics = tuple(metrics)
        self._pool = ProcessPoolExecutor(n_processes, get_context("spawn"), end_with_parent)

    def mean(self, clean: NDArray[np.float32], processed: NDArray[np.float32]) -> dict[str, float]:
        """Return the mean of each metric over the rows; rows that cannot be scored are left out."""
        rows = list(self._pool.map(_score_row, clean, processed, [self.metrics] * len(clean)))
        return {
            name: float(np.mean([row[i] for row in rows if row[i] is not None]))
            for i, name in enumerate(self.metrics)
        }

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)


def _score_row(
    clean: NDArray[np.float32], processed: NDArray[np.float32], metrics: Sequence[str]
) -> list[float | None]:
    return [score(name, clean, processed).value for name in metrics]
