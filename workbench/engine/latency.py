"""How long sound takes from the microphone to the ear, and of what that is made."""

from dataclasses import dataclass
from typing import Literal

GOOD_MS = 10.0
"""What a hearing aid may take in all before its wearer's own voice sounds hollow."""

FAIR_MS = 20.0

Grade = Literal["good", "fair", "poor"]


@dataclass(frozen=True)
class LatencyBudget:
    """The delay of a live run in ms.

    Attributes
    ----------
    algorithmic_ms : float
        What the method itself delays the sound by, on any machine.
    buffers_ms : float
        Converters, drivers, queues and resampling.
    processing_ms : float
        Time that a block is worked on, measured.
    """

    algorithmic_ms: float = 0.0
    buffers_ms: float = 0.0
    processing_ms: float = 0.0

    @property
    def total_ms(self) -> float:
        """All of it."""
        return self.algorithmic_ms + self.buffers_ms + self.processing_ms

    @property
    def grade(self) -> Grade:
        """Return "good" to 10 ms, "fair" to 20 ms, "poor" beyond."""
        return "good" if self.total_ms <= GOOD_MS else "fair" if self.total_ms <= FAIR_MS else "poor"
