"""Which class to act on."""

import numpy as np

from workbench.classifier.posterior import CLASSES, ClassPosterior, NoiseClass


class ClassDecision:
    """Hysteresis over posteriors: a class stays until another one leads clearly.

    The first posterior decides at once. It does not smooth: the classifier's posteriors already tell of the
    scene so far (`workbench.classifier.memory`).

    Parameters
    ----------
    margin : float
        Probability by which another class must lead.

    Attributes
    ----------
    current : NoiseClass or None
        The decision; None before the first posterior.
    """

    def __init__(self, margin: float = 0.1) -> None:
        self._margin = margin
        self.reset()

    def reset(self) -> None:
        """Forget all posteriors."""
        self.current: NoiseClass | None = None

    def update(self, posterior: ClassPosterior) -> NoiseClass:
        """Take in the next posterior, later than those before, and return the class to act on."""
        if self.current is None:
            self.current = posterior.best
        leader = posterior.best
        lead = (
            posterior.probabilities[CLASSES.index(leader)]
            - posterior.probabilities[CLASSES.index(self.current)]
        )
        if lead >= np.float32(self._margin):
            self.current = leader
        return self.current
