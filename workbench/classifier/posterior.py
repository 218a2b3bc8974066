"""Noise classes, and what the classifier says about them."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class NoiseClass(StrEnum):
    """The classes of noise, in the order of every posterior vector."""

    HUMAN = "human"
    TV_RADIO = "tv_radio"
    VEHICLE = "vehicle"
    HOUSEHOLD = "household"
    NO_NOISE = "no_noise"

    @property
    def label(self) -> str:
        """Name as users read it."""
        return _LABELS[self]


_LABELS = {
    NoiseClass.HUMAN: "Human sounds",
    NoiseClass.TV_RADIO: "TV / radio",
    NoiseClass.VEHICLE: "Vehicles",
    NoiseClass.HOUSEHOLD: "Household appliances",
    NoiseClass.NO_NOISE: "No noise",
}

CLASSES: tuple[NoiseClass, ...] = tuple(NoiseClass)
"""All classes in posterior order."""

NOISES: tuple[NoiseClass, ...] = CLASSES[:-1]
"""Those of noise that is there, first in every posterior; the original system knows these alone."""


@dataclass(frozen=True)
class ClassPosterior:
    """Probability of each noise class at one moment.

    Attributes
    ----------
    time_samples : int
        Input samples consumed when the posterior was known (the end of the analysed stretch).
    probabilities : numpy.ndarray
        float32, shape (5,), in the order of `CLASSES`, sums to 1.
    """

    time_samples: int
    probabilities: NDArray[np.float32]

    @property
    def best(self) -> NoiseClass:
        """The most probable class."""
        return CLASSES[int(np.argmax(self.probabilities))]
