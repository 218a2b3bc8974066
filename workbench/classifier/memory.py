"""What was heard of a scene so far, gathered into one posterior."""

import math

import numpy as np
from numpy.typing import NDArray

from workbench.classifier.posterior import CLASSES
from workbench.dsp import SAMPLE_RATE

LEAST_PROBABILITY = 0.01
"""A posterior excludes no class by more than this: the network may be wrong about what it has not learned."""


class SceneMemory:
    """Gathers posteriors for as long as a scene lasts, and begins anew when another one takes its place.

    A scene lasts longer than a posterior looks back. Bayes' filter over the classes (a hidden Markov model's
    forward probabilities, Rabiner 1989) joins what one posterior after the other says. They overlap in what
    they heard, so `evidence_s` of them count as one. A running mean over `quick_s` notices changes: once
    another class leads clearly in it, it replaces what was gathered. The values were chosen on `dev`
    recordings, for no slower a reaction than without (docs/experiments.md).

    Parameters
    ----------
    evidence_s : float
        Posteriors of so many seconds count as one observation.
    forget_s : float
        Time constant with which what was gathered goes back to "any class".
    quick_s : float
        Time constant of the running mean.
    lead : float
        Probability by which another class must lead in that mean.
    """

    def __init__(
        self, evidence_s: float = 1.28, forget_s: float = 2.4, quick_s: float = 0.3, lead: float = 0.25
    ) -> None:
        self._evidence_samples = evidence_s * SAMPLE_RATE
        self._forget_samples = forget_s * SAMPLE_RATE
        self._quick_samples = quick_s * SAMPLE_RATE
        self._lead = lead
        self.reset()

    def reset(self) -> None:
        """Forget all that was heard."""
        self._time_samples: int | None = None
        self._gathered = np.full(len(CLASSES), 1 / len(CLASSES), np.float32)
        self._quick = self._gathered.copy()

    def update(self, probabilities: NDArray[np.float32], time_samples: int) -> NDArray[np.float32]:
        """Take in what the network says.

        Parameters
        ----------
        probabilities : numpy.ndarray
            float32, shape (5,), in the order of `CLASSES`, sums to 1.
        time_samples : int
            When, later than before.

        Returns
        -------
        numpy.ndarray
            Probability of each class in the scene so far; float32, shape (5,), sums to 1.
        """
        if self._time_samples is None:
            self._gathered, self._quick = probabilities.copy(), probabilities.copy()
        else:
            elapsed = time_samples - self._time_samples
            kept = np.float32(math.exp(-elapsed / self._forget_samples))
            expected = kept * self._gathered + (1 - kept) / len(CLASSES)
            gathered = expected * np.maximum(probabilities, LEAST_PROBABILITY) ** np.float32(
                elapsed / self._evidence_samples
            )
            self._gathered = gathered / gathered.sum()
            weight = np.float32(1 - math.exp(-elapsed / self._quick_samples))
            self._quick = self._quick + weight * (probabilities - self._quick)
            if self._quick.max() - self._quick[np.argmax(self._gathered)] >= self._lead:
                self._gathered = self._quick.copy()
        self._time_samples = time_samples
        return self._gathered.copy()
