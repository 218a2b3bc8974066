"""A listener who is not there: answers by known preferences, to test an analysis or the size of a test."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from workbench.listening.design import CLEAN, REFERENCE
from workbench.listening.prepared import Key
from workbench.listening.screens import (
    NO_DIFFERENCE,
    LevelScreen,
    QuestionScreen,
    Screen,
    TextScreen,
    TrialScreen,
    Value,
)
from workbench.listening.session import Session

SIMULATED = "simulated-"
"""What the codes of simulated listeners begin with."""
LEVEL_DB = -12.0
_KNOWN_QUALITY = {CLEAN: 5.0, REFERENCE: 5.0, "anchor_3500": 2.0, "anchor_7000": 4.0}


@dataclass
class SimulatedListener:
    """Judges each sound by the quality of its condition plus chance (Thurstone, Psychol. Rev. 34, 1927).

    Parameters
    ----------
    quality : mapping, optional
        Quality of each condition on the scale of P.835 and MUSHRA, 1 (bad) to 5 (excellent); for those not
        named 3, for the anchors 2 and 4, for clean speech 5. Without any, all answers are drawn at random.
    spread : float
        Standard deviation of a single judgement on that scale; the hidden reference is always recognised.
    seed : int
    """

    quality: Mapping[str, float] | None = None
    spread: float = 0.5
    seed: int = 0
    _rng: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)

    def values(self, screen: Screen, key: Key) -> dict[str, Value]:
        """Return an answer to a screen."""
        if isinstance(screen, TextScreen):
            return {"agreed": True} if screen.kind == "consent" else {}
        if isinstance(screen, LevelScreen):
            return {"gain_db": LEVEL_DB}
        if isinstance(screen, QuestionScreen):
            return {
                question.name: self._drawn(question.options) if question.options else None
                for question in screen.questions
                if question.type == "choice" or not question.required
            } | {
                question.name: question.low if question.type == "number" else "–"
                for question in screen.questions
                if question.required and question.type != "choice"
            }
        return self._rated(screen, key) if isinstance(screen, TrialScreen) else {}

    def _drawn(self, options: tuple[str, ...]) -> str:
        return options[int(self._rng.integers(len(options)))]

    def _rated(self, screen: TrialScreen, key: Key) -> dict[str, Value]:
        if self.quality is None:
            return {
                scale.name: (
                    scale.options[int(self._rng.integers(len(scale.options)))][0]
                    if scale.options
                    else int(self._rng.integers(scale.low, scale.high + 1))
                )
                for scale in screen.scales
            }
        if screen.test == "abx":
            return {"x": self._matched(screen, key)}
        felt = {each.label: self._felt(key.stimuli[each.id].condition) for each in screen.stimuli}
        if screen.test == "ab":
            gain = felt["A"] - felt["B"]
            options = [value for value, _ in screen.scales[0].options]
            if NO_DIFFERENCE in options and abs(gain) < self.spread / 2:
                return {"preference": NO_DIFFERENCE}
            return {"preference": "A" if gain > 0 else "B"}
        if screen.test == "ccr":
            return {"comparison": _whole(felt["B"] - felt["A"], -3, 3)}
        if screen.test == "p835":
            spread = self.spread * self._rng.standard_normal(len(screen.scales))
            return {
                scale.name: _whole(felt["A"] + float(more), 1, 5)
                for scale, more in zip(screen.scales, spread, strict=True)
            }
        return {scale.name: _whole(25 * (felt[scale.stimulus] - 1), 0, 100) for scale in screen.scales}

    def _felt(self, condition: str) -> float:
        quality = {**_KNOWN_QUALITY, **(self.quality or {})}.get(condition, 3.0)
        return quality + self.spread * float(self._rng.standard_normal()) * (condition != REFERENCE)

    def _matched(self, screen: TrialScreen, key: Key) -> str:
        """Say to which of A and B X seems to be nearer; X is heard with an error of its own."""
        felt = [self._felt(key.stimuli[each.id].condition) for each in screen.stimuli]
        near_a, near_b = abs(felt[2] - felt[0]), abs(felt[2] - felt[1])
        return "A" if near_a < near_b else "B"


def _whole(value: float, low: int, high: int) -> int:
    return int(np.clip(round(value), low, high))


def simulate_session(session: Session, key: Key, listener: SimulatedListener) -> None:
    """Answer a session from where it is to its end.

    Raises
    ------
    WorkbenchError
        An answer cannot be saved.
    """
    while session.screen is not None:
        screen = session.screen
        heard = {each.label: 1.0 for each in screen.stimuli} if isinstance(screen, TrialScreen) else None
        session.answer(listener.values(screen, key), heard=heard)
