"""The noise classifier's answers laid out over a scene."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from workbench.classifier.posterior import CLASSES, ClassPosterior
from workbench.dsp import SAMPLE_RATE

CELL_S = 1 / 16
REACH_S = 0.5
"""How far back a posterior speaks for, where none stands nearer before it."""


class PosteriorTrack:
    """Probabilities of the classes over a scene, in cells of 1/16 s; NaN where nothing is known yet.

    Parameters
    ----------
    duration_s : float
        Length of the scene.

    Attributes
    ----------
    probabilities : numpy.ndarray
        float32, shape (n_cells, n_classes).
    first_s : float
        Where in the picture the first cell begins.
    """

    def __init__(self, duration_s: float) -> None:
        n_cells = max(1, int(np.ceil(duration_s / CELL_S)))
        self.probabilities: NDArray[np.float32] = np.full((n_cells, len(CLASSES)), np.nan, np.float32)
        self.first_s = 0.0
        self._last_s: float | None = None

    def write(self, posteriors: Iterable[ClassPosterior]) -> None:
        """Put posteriors in place, each over the stretch from the one before it."""
        for posterior in posteriors:
            end_s = posterior.time_samples / SAMPLE_RATE
            since = self._last_s
            start_s = since if since is not None and 0 < end_s - since <= REACH_S else end_s - REACH_S
            self._last_s = end_s
            first = max(0, int(np.floor(start_s / CELL_S + 0.5)))
            last = int(np.floor(end_s / CELL_S + 0.5))
            if last > first:
                self.probabilities[first:last] = posterior.probabilities

    def finish(self) -> None:
        """Let the last posterior speak for the scene's last, incomplete stretch."""
        known = np.flatnonzero(~np.isnan(self.probabilities[:, 0]))
        if len(known):
            self.probabilities[known[-1] :] = self.probabilities[known[-1]]

    def jump(self) -> None:
        """Say that the next posterior does not follow the last one written."""
        self._last_s = None

    def take_over(self, other: "PosteriorTrack", from_s: float) -> None:
        """Take over another track of the same scene from a time on."""
        cell = int(np.ceil(from_s / CELL_S))
        self.probabilities[cell:] = other.probabilities[cell:]

    @property
    def is_known(self) -> bool:
        """Whether anything is known."""
        return not bool(np.isnan(self.probabilities).all())

    def at(self, time_s: float) -> NDArray[np.float32] | None:
        """Return the probabilities at a time, None where they are not known."""
        cell = min(max(0, int((time_s - self.first_s) / CELL_S)), len(self.probabilities) - 1)
        found = self.probabilities[cell]
        return None if np.isnan(found[0]) else found
