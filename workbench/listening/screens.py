"""What a listener sees, screen by screen, and what is still missing on it before the next.

Nothing here says what a sound is: stimuli are a label, a blind number and a file of that name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeAlias

from workbench.listening.design import Question, TestKind, TextKind

Value: TypeAlias = str | int | float | bool | None
Values: TypeAlias = Mapping[str, Value]

REFERENCE_LABEL = "Reference"
NO_DIFFERENCE = "none"
LEVEL_RANGE_DB = (-40.0, 0.0)
"""Gain that the level screen offers; 0 plays the stimuli as they are."""

MUSHRA_BANDS = ("Bad", "Poor", "Fair", "Good", "Excellent")


@dataclass(frozen=True)
class Stimulus:
    """A sound as it is offered.

    Attributes
    ----------
    label : str
        "A", "B", "X", "1", "2"... or "Reference".
    id : str
        Blind name.
    path : pathlib.Path
        Its file.
    """

    label: str
    id: str
    path: Path


@dataclass(frozen=True)
class Scale:
    """One thing to be rated.

    Attributes
    ----------
    name : str
        Key of the answer.
    title : str
        What is asked; may be empty where the instruction says it all.
    options : tuple of (value, label)
        To choose one of, in the order shown; empty for a slider.
    low, high : int
        Ends of a slider.
    bands : tuple of str
        Names of equal parts of a slider, from `low` on.
    stimulus : str
        Label of the stimulus that is rated; empty where it is the trial as a whole.
    """

    name: str
    title: str = ""
    options: tuple[tuple[str | int, str], ...] = ()
    low: int = 0
    high: int = 0
    bands: tuple[str, ...] = ()
    stimulus: str = ""


@dataclass(frozen=True)
class TextScreen:
    """A page to read; consent is given with ``{"agreed": True}``, the others with ``{}``."""

    id: str
    kind: TextKind
    title: str
    text: str
    agree: str = ""


@dataclass(frozen=True)
class LevelScreen:
    """The level; answered with ``{"gain_db": ...}`` within `LEVEL_RANGE_DB`."""

    kind: ClassVar[str] = "level"
    id: str
    title: str
    text: str
    stimulus: Stimulus


@dataclass(frozen=True)
class TrialScreen:
    """A trial; answered with a value for the name of each scale.

    Attributes
    ----------
    id : str
    title, text : str
        Heading and instruction.
    block : str
        Name of the block.
    test : str
        Kind of test.
    is_training : bool
    number, n_trials : int
        Which of how many in this part, counted from 1.
    stimuli : tuple of Stimulus
        In the order shown; a reference comes first.
    scales : tuple of Scale
    must_hear : float
        Share of each stimulus that has to be heard.
    loop : bool
    """

    kind: ClassVar[str] = "trial"
    id: str
    title: str
    text: str
    block: str
    test: TestKind
    is_training: bool
    number: int
    n_trials: int
    stimuli: tuple[Stimulus, ...]
    scales: tuple[Scale, ...]
    must_hear: float
    loop: bool


@dataclass(frozen=True)
class BreakScreen:
    """A break, as long as the listener likes; answered with ``{}``."""

    kind: ClassVar[str] = "break"
    id: str
    title: str = "Time for a break"
    text: str = "Rest your ears for a minute, then go on."


@dataclass(frozen=True)
class QuestionScreen:
    """A questionnaire; answered with a value for the name of each question, None where none is required."""

    kind: ClassVar[str] = "questionnaire"
    id: str
    title: str
    text: str
    questions: tuple[Question, ...]


Screen: TypeAlias = TextScreen | LevelScreen | TrialScreen | BreakScreen | QuestionScreen

_CCR = (
    (3, "Much better"),
    (2, "Better"),
    (1, "Slightly better"),
    (0, "About the same"),
    (-1, "Slightly worse"),
    (-2, "Worse"),
    (-3, "Much worse"),
)
_P835 = {
    "sig": (
        "The voice is",
        (
            (5, "Not distorted"),
            (4, "Slightly distorted"),
            (3, "Somewhat distorted"),
            (2, "Fairly distorted"),
            (1, "Very distorted"),
        ),
    ),
    "bak": (
        "The background is",
        (
            (5, "Not noticeable"),
            (4, "Slightly noticeable"),
            (3, "Noticeable but not intrusive"),
            (2, "Somewhat intrusive"),
            (1, "Very intrusive"),
        ),
    ),
    "ovrl": (
        "The whole is",
        ((5, "Excellent"), (4, "Good"), (3, "Fair"), (2, "Poor"), (1, "Bad")),
    ),
}
P835_SCALES = tuple(_P835)


def scales_for(
    test: TestKind, labels: tuple[str, ...], *, allow_no_difference: bool = False, bak_first: bool = False
) -> tuple[Scale, ...]:
    """Return what is rated in a trial.

    Parameters
    ----------
    test : str
    labels : tuple of str
        Of the stimuli, without the reference.
    allow_no_difference : bool
        For AB.
    bak_first : bool
        Whether the background is asked for before the voice; P.835 has half of the listeners do so.
    """
    if test == "ab":
        middle = ((NO_DIFFERENCE, "No difference"),) if allow_no_difference else ()
        return (Scale("preference", "I prefer", (("A", "A"), *middle, ("B", "B"))),)
    if test == "abx":
        return (Scale("x", "X is", (("A", "A"), ("B", "B"))),)
    if test == "ccr":
        return (Scale("comparison", "Compared with A, B is", _CCR),)
    if test == "p835":
        names = ("bak", "sig", "ovrl") if bak_first else ("sig", "bak", "ovrl")
        return tuple(Scale(name, *_P835[name]) for name in names)
    return tuple(Scale(label, low=0, high=100, bands=MUSHRA_BANDS, stimulus=label) for label in labels)


def missing(screen: Screen, values: Values, heard: Mapping[str, float] | None = None) -> list[str]:
    """Return what has to be done before the next screen, one sentence each; nothing if it is complete.

    Parameters
    ----------
    screen : Screen
    values : mapping
        The answer so far; see the screen's class.
    heard : mapping, optional
        Share of each stimulus that was heard, by label; None leaves this unchecked.
    """
    if isinstance(screen, TextScreen):
        is_open = screen.kind == "consent" and bool(screen.agree) and values.get("agreed") is not True
        return ["Tick that you agree."] if is_open else []
    if isinstance(screen, LevelScreen):
        gain_db = values.get("gain_db")
        return [] if _is_number(gain_db, *LEVEL_RANGE_DB) else ["Set the level."]
    if isinstance(screen, TrialScreen):
        return _unheard(screen, heard) + [
            f"Rate {scale.stimulus}." if scale.stimulus else "Choose an answer" + _about(screen, scale)
            for scale in screen.scales
            if not _is_on_scale(scale, values.get(scale.name))
        ]
    if isinstance(screen, QuestionScreen):
        wrong = [
            question for question in screen.questions if not _is_answer(question, values.get(question.name))
        ]
        return [f"Answer “{question.text}”." for question in wrong]
    return []


def _about(screen: TrialScreen, scale: Scale) -> str:
    return "." if len(screen.scales) == 1 else f" for “{scale.title}”."


def _unheard(screen: TrialScreen, heard: Mapping[str, float] | None) -> list[str]:
    if heard is None:
        return []
    labels = [each.label for each in screen.stimuli if heard.get(each.label, 0.0) < screen.must_hear]
    return [f"Listen to {label}." for label in labels]


def _is_on_scale(scale: Scale, value: Value) -> bool:
    if scale.options:
        return any(value == option and type(value) is type(option) for option, _ in scale.options)
    return isinstance(value, int) and _is_number(value, scale.low, scale.high)


def _is_answer(question: Question, value: Value) -> bool:
    if value is None or value == "":
        return not question.required
    if question.type == "choice":
        return value in question.options
    if question.type == "number":
        return _is_number(value, question.low, question.high)
    return isinstance(value, str)


def _is_number(value: Value, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
