"""Which class to act on: posteriors, made steady."""

import math

import numpy as np
from numpy.typing import NDArray

from workbench.classifier.posterior import CLASSES, ClassPosterior, NoiseClass
from workbench.dsp import SAMPLE_RATE


class ClassDecision:
    """Hysteresis over posteriors: a class stays until another one leads clearly and for long enough.

    Depends on the posteriors and their times alone. The first posterior decides at once. The values were
    chosen for a quick reaction at no more changes in a steady scene (docs/experiments.md).

    Parameters
    ----------
    smoothing_s : float
        Time constant of the running mean over the posteriors, in seconds.
    margin : float
        Probability by which another class must lead in that mean.
    hold_s : float
        How long it must have led, in seconds.

    Attributes
    ----------
    current : NoiseClass or None
        The decision; None before the first posterior.
    """

    def __init__(self, smoothing_s: float = 0.3, margin: float = 0.25, hold_s: float = 0.0) -> None:
        self._smoothing_samples = smoothing_s * SAMPLE_RATE
        self._margin = margin
        self._hold_samples = round(hold_s * SAMPLE_RATE)
        self.reset()

    def reset(self) -> None:
        """Forget all posteriors."""
        self.current: NoiseClass | None = None
        self._mean: NDArray[np.float32] = np.zeros(len(CLASSES), np.float32)
        self._time_samples = 0
        self._challenger: NoiseClass | None = None
        self._leads_since = 0

    def update(self, posterior: ClassPosterior) -> NoiseClass:
        """Take in the next posterior, later than those before, and return the class to act on."""
        time = posterior.time_samples
        if self.current is None:
            self._mean = posterior.probabilities.astype(np.float32)
            self._time_samples = time
            self.current = posterior.best
            return self.current
        weight = 1 - math.exp(-(time - self._time_samples) / self._smoothing_samples)
        self._mean += np.float32(weight) * (posterior.probabilities - self._mean)
        self._time_samples = time
        leader = CLASSES[int(np.argmax(self._mean))]
        lead = self._mean[CLASSES.index(leader)] - self._mean[CLASSES.index(self.current)]
        if lead < self._margin:
            self._challenger = None
        elif leader is not self._challenger:
            self._challenger, self._leads_since = leader, time
        if self._challenger is not None and time - self._leads_since >= self._hold_samples:
            self.current, self._challenger = leader, None
        return self.current
