"""A listening test as its author writes it: a TOML file of pages, with the material that they are about.

The material is that of a sweep (`workbench.evaluation.plan`): the same recordings, classes, SNRs and seed
give the same mixtures here and there, so that what listeners say can be held against what metrics say.
"""

import json
import tomllib
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeAlias, get_args, get_origin, get_type_hints

from workbench.errors import WorkbenchError
from workbench.evaluation.plan import DEMO, NOISE_CLASSES, NOISY, NoiseSet, SweepPlan
from workbench.resources import assets_dir

TestKind = Literal["ab", "abx", "ccr", "p835", "mushra"]
TEST_KINDS: tuple[TestKind, ...] = get_args(TestKind)
TEST_TITLES: dict[TestKind, str] = {
    "ab": "AB preference",
    "abx": "ABX",
    "ccr": "CCR (ITU-T P.800)",
    "p835": "ITU-T P.835",
    "mushra": "MUSHRA (ITU-R BS.1534-3)",
}
PAIRED: tuple[TestKind, ...] = ("ab", "abx", "ccr")
"""Kinds whose trials compare two methods."""

CLEAN = "clean"
"""The speech without noise, as a method."""
REFERENCE = "reference"
"""The hidden reference of MUSHRA."""
ANCHORS_HZ = {"anchor_3500": 3500.0, "anchor_7000": 7000.0}
"""The low and the mid-range anchor of MUSHRA: the reference through a low-pass filter."""

TextKind = Literal["welcome", "consent", "text", "thanks"]
QuestionType = Literal["choice", "number", "text"]

_INSTRUCTIONS: dict[TestKind, str] = {
    "ab": "Listen to A and B as often as you like. Which one do you prefer?",
    "abx": "X is the same as A or the same as B. Which one is it?",
    "ccr": "Listen to A, then to B. How good is B compared with A?",
    "p835": "Listen, then rate the voice, the background and the whole.",
    "mushra": "Rate each sound against the reference. One of them is the reference itself: rate it 100.",
}


@dataclass(frozen=True)
class TextPage:
    """A page to read.

    Attributes
    ----------
    kind : str
        "welcome", "consent", "text" or "thanks".
    title, text : str
        An empty line in the text begins a paragraph.
    agree : str
        On a page of consent what is ticked; without it nobody goes on.
    """

    kind: TextKind
    title: str = ""
    text: str = ""
    agree: str = ""


@dataclass(frozen=True)
class LevelPage:
    """The page on which the listener sets a comfortable level, which then stays."""

    kind: ClassVar[str] = "level"
    title: str = "Set the level"
    text: str = "Set the level so that the voice is comfortably loud. It then stays as it is."


@dataclass(frozen=True)
class TrainingPage:
    """Trials to get used to a block; what is answered here is kept, and left out of the analysis.

    Attributes
    ----------
    block : str
        Name of the block, which may come later.
    n_trials : int
        How many; trials that the listener does not get in the block itself, as far as there are any.
    title, text : str
        Shown before the first.
    """

    kind: ClassVar[str] = "training"
    block: str
    n_trials: int = 2
    title: str = "Practice"
    text: str = "The first sounds are for practice. Take your time."


@dataclass(frozen=True)
class Block:
    """Trials of one kind, in an order of its own for each listener.

    Attributes
    ----------
    name : str
        Listeners' answers carry it, so it names no method.
    test : str
        "ab", "abx", "ccr", "p835" or "mushra".
    methods : tuple of str
        Names of the registry, `NOISY` or `CLEAN`. MUSHRA adds hidden reference and anchors by itself.
    pairs : tuple of (str, str)
        In AB, ABX and CCR what is compared, all pairs of `methods` if empty. The result is about the first:
        how often it is preferred, how much better it is.
    snrs_db, classes : tuple
        Part of the material that is used, all of it if empty.
    n_trials : int or None
        So many are drawn for each listener, balanced over conditions and listeners; None for all.
    repeats : int
        How often the same trial comes, 1 or more.
    allow_no_difference : bool
        Whether AB offers "No difference".
    reference : bool
        Whether the clean speech is there to be compared with (always so in MUSHRA).
    must_hear : float
        Share of each sound that has to be heard before it can be rated, 0 to 1.
    loop : bool
        Whether sounds start again at their end by themselves.
    break_after : int
        Trials between two breaks, 0 for none.
    title, text : str
        Heading and instruction; the instruction has a default for each kind.
    """

    kind: ClassVar[str] = "block"
    name: str
    test: TestKind
    methods: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    snrs_db: tuple[float, ...] = ()
    classes: tuple[str, ...] = ()
    n_trials: int | None = None
    repeats: int = 1
    allow_no_difference: bool = False
    reference: bool = False
    must_hear: float = 0.5
    loop: bool = True
    break_after: int = 20
    title: str = ""
    text: str = ""

    @property
    def instruction(self) -> str:
        """What listeners are asked to do."""
        return self.text or _INSTRUCTIONS[self.test]

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The conditions that a trial puts side by side, one tuple for each kind of trial."""
        if self.test in PAIRED:
            return self.pairs or tuple(combinations(self.methods, 2))
        if self.test == "p835":
            return tuple((method,) for method in self.methods)
        return ((REFERENCE, *ANCHORS_HZ, *self.methods),)

    @property
    def conditions(self) -> tuple[str, ...]:
        """All conditions, each once."""
        return tuple(dict.fromkeys(condition for group in self.groups for condition in group))


@dataclass(frozen=True)
class Question:
    """Something that is asked.

    Attributes
    ----------
    name : str
        Column of the answers.
    text : str
        What listeners read.
    type : str
        "choice" of `options`, "number" between `low` and `high`, or "text" in the listener's own words, which
        an export can leave out.
    options : tuple of str
    low, high : float
    required : bool
    """

    name: str
    text: str
    type: QuestionType = "text"
    options: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 120.0
    required: bool = False


@dataclass(frozen=True)
class QuestionPage:
    """A questionnaire."""

    kind: ClassVar[str] = "questionnaire"
    title: str = "About you"
    text: str = ""
    questions: tuple[Question, ...] = ()


Page: TypeAlias = TextPage | LevelPage | TrainingPage | Block | QuestionPage

_PAGES: dict[str, type[Page]] = {
    **dict.fromkeys(get_args(TextKind), TextPage),
    **{page.kind: page for page in (LevelPage, TrainingPage, Block, QuestionPage)},
}


@dataclass(frozen=True)
class ListeningTest:
    """A listening test.

    Attributes
    ----------
    title : str
        Listeners see it, so it names no method.
    seed : int
        Draws mixtures, trials and orders.
    loudness_lufs : float
        All sounds are brought to this loudness (ITU-R BS.1770).
    speech, noise, snrs_db, max_speech
        As in `workbench.evaluation.plan.SweepPlan`.
    pages : tuple of Page
        In the order in which listeners see them.
    folder : pathlib.Path
        Where relative paths begin; not part of the test.
    """

    title: str = "Listening test"
    seed: int = 0
    loudness_lufs: float = -26.0
    speech: tuple[str, ...] = (DEMO,)
    noise: NoiseSet = tuple((name, (DEMO,)) for name in NOISE_CLASSES)
    snrs_db: tuple[float, ...] = (0.0, 5.0)
    max_speech: int | None = None
    pages: tuple[Page, ...] = ()
    folder: Path = field(default=Path(), compare=False)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks of trials."""
        return tuple(page for page in self.pages if isinstance(page, Block))

    @cached_property
    def plan(self) -> SweepPlan:
        """The sweep with the same mixtures."""
        used = {condition for block in self.blocks for condition in block.conditions}
        methods = tuple(sorted(used - {NOISY, CLEAN, REFERENCE, *ANCHORS_HZ}))
        return SweepPlan(
            speech=self.speech,
            noise=self.noise,
            snrs_db=self.snrs_db,
            methods=methods,
            seed=self.seed,
            max_speech=self.max_speech,
            title=self.title,
            folder=self.folder,
        )

    def moved_to(self, folder: Path) -> Self:
        """Return the same test with its relative paths beginning in another folder."""
        plan = self.plan.moved_to(folder)
        return replace(self, speech=plan.speech, noise=plan.noise, folder=folder)

    def to_toml(self) -> str:
        """Return the test as the text of a test file."""
        lines = [f"{name} = {_toml(getattr(self, name))}" for name in ("title", "seed", "loudness_lufs")]
        lines += [f"speech = {_toml(self.speech)}", f"snrs_db = {_toml(self.snrs_db)}"]
        if self.max_speech is not None:
            lines.append(f"max_speech = {self.max_speech}")
        lines += ["", "[noise]", *(f"{_toml(name)} = {_toml(paths)}" for name, paths in self.noise)]
        for page in self.pages:
            lines += ["", "[[page]]", f"kind = {_toml(page.kind)}", *_entries(page, {"kind", "questions"})]
            for question in page.questions if isinstance(page, QuestionPage) else ():
                lines += ["", "[[page.question]]", *_entries(question, set())]
        return "\n".join(lines) + "\n"

    @classmethod
    def from_toml(cls, text: str, folder: Path = Path()) -> Self:
        """Read the text of a test file; what it leaves out has the default.

        Raises
        ------
        WorkbenchError
            It is not a test. Whether the test is a valid one, `workbench.listening.validate` says.
        """
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise WorkbenchError(f"The test is not valid TOML: {error}.") from error
        try:
            pages = tuple(_page(entry) for entry in values.pop("page", []))
            if "noise" in values:
                values["noise"] = tuple(dict(values["noise"]).items())
            return cls(**_converted(cls, values, "the test"), pages=pages, folder=folder)
        except (TypeError, ValueError, AttributeError) as error:
            raise WorkbenchError(f"The test cannot be read: {error}.") from error


def read_test(path: Path) -> ListeningTest:
    """Read a test file; its relative paths begin in its folder.

    Raises
    ------
    WorkbenchError
        It cannot be read or is not a test.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkbenchError(f"The test {path} cannot be read; choose another file.") from error
    return ListeningTest.from_toml(text, path.resolve().parent)


def example_path() -> Path:
    """Return the file of the test that comes with the workbench: the demo recordings, about five minutes."""
    return assets_dir() / "listening" / "example.toml"


def example_test() -> ListeningTest:
    """Return the test that comes with the workbench."""
    return read_test(example_path())


def _page(entry: Any) -> Page:
    values = dict(entry)
    kind = values.get("kind")
    if kind not in _PAGES:
        raise ValueError(f"a page is of the kind {kind!r}; choose one of {', '.join(_PAGES)}")
    page, what = _PAGES[kind], f"a page of the kind “{kind}”"
    if page is not TextPage:
        values.pop("kind")
    if page is not QuestionPage:
        return page(**_converted(page, values, what))
    questions = values.pop("question", [])
    return QuestionPage(
        **_converted(page, values, what),
        questions=tuple(Question(**_converted(Question, dict(each), "a question")) for each in questions),
    )


_MADE_APART = {"pages", "questions", "folder"}


def _converted(kind: type[Any], values: dict[str, Any], what: str) -> dict[str, Any]:
    """Return the arguments of a dataclass from what TOML holds."""
    known = {each.name: each for each in fields(kind) if each.name not in _MADE_APART}
    if unknown := values.keys() - known.keys():
        raise ValueError(f"{what} has an unknown entry “{min(unknown)}”; remove or correct it")
    for name, each in known.items():
        if name not in values and each.default is MISSING:
            raise ValueError(f"{what} has no “{name}”; add it")
    hints = get_type_hints(kind)
    converted = {}
    for name, value in values.items():
        try:
            converted[name] = _convert(hints[name], value)
        except ValueError as error:
            raise ValueError(f"“{name}” of {what} {error}") from error
    return converted


def _convert(hint: Any, value: Any) -> Any:
    """Return what TOML holds as the type that is wanted."""
    choices = get_args(hint)
    if get_origin(hint) is Literal:
        if value not in choices:
            raise ValueError(f"is {value!r}; choose one of {', '.join(choices)}")
        return value
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError("must be a list")
        if choices[-1] is Ellipsis:
            return tuple(_convert(choices[0], each) for each in value)
        if len(value) != len(choices):
            raise ValueError(f"holds {value!r}; it must be {len(choices)} entries")
        return tuple(_convert(choice, each) for choice, each in zip(choices, value, strict=True))
    if choices:
        return _convert(choices[0], value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is float and is_number:
        return float(value)
    if type(value) is not hint:
        raise ValueError(f"holds {value!r}; it must be {_SAID[hint]}")
    return value


_SAID = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}


def _entries(page: Page | Question, left_out: set[str]) -> list[str]:
    """Lines of everything that differs from its default."""
    return [
        f"{each.name} = {_toml(getattr(page, each.name))}"
        for each in fields(page)
        if each.name not in left_out and getattr(page, each.name) != each.default
    ]


def _toml(value: Any) -> str:
    """Write what TOML and JSON write alike, and texts of several lines so that they can be read."""
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    if isinstance(value, str) and "\n" in value:
        escaped = value.replace("\\", "\\\\").replace('"""', '""\\"')
        return f'"""\n{escaped}"""'
    return json.dumps(value, ensure_ascii=False)
