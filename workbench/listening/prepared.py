"""A prepared test on disk: what listeners need, blind, and the key to it in a folder of its own."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from workbench.errors import WorkbenchError
from workbench.listening.design import (
    Block,
    LevelPage,
    ListeningTest,
    Question,
    QuestionPage,
    TestKind,
    TextPage,
    TrainingPage,
)

FORMAT = 1
TEST_FILE = "test.json"
STIMULI_FOLDER = "stimuli"
SESSIONS_FOLDER = "sessions"
KEY_FOLDER = "key"
"""Holds all that names a condition; computers on which listeners sit do not need it."""
KEY_FILE = "key.json"
DESIGN_FILE = "test.toml"


@dataclass(frozen=True)
class PoolTrial:
    """A trial that a listener may get: blind names of its stimuli and of the reference, if one is offered."""

    stimuli: tuple[str, ...]
    reference: str | None = None


@dataclass(frozen=True)
class PreparedBlock:
    """A block as a listener's computer knows it; see `workbench.listening.design.Block`."""

    kind: ClassVar[str] = "block"
    name: str
    test: TestKind
    title: str
    text: str
    n_trials: int
    allow_no_difference: bool
    must_hear: float
    loop: bool
    break_after: int
    pool: tuple[PoolTrial, ...]


PreparedPage: TypeAlias = TextPage | LevelPage | TrainingPage | PreparedBlock | QuestionPage


@dataclass(frozen=True)
class StoredStimulus:
    """What a stimulus file has to be."""

    sha256: str
    n_samples: int


@dataclass(frozen=True)
class PreparedTest:
    """A test that can be listened to.

    Attributes
    ----------
    folder : pathlib.Path
    title : str
    seed : int
    loudness_lufs : float
    level_stimulus : str
        Blind name of what the level is set with.
    pages : tuple of PreparedPage
    stimuli : dict
        `StoredStimulus` by blind name.
    """

    folder: Path
    title: str
    seed: int
    loudness_lufs: float
    level_stimulus: str
    pages: tuple[PreparedPage, ...]
    stimuli: dict[str, StoredStimulus]

    @property
    def blocks(self) -> tuple[PreparedBlock, ...]:
        """The blocks of trials."""
        return tuple(page for page in self.pages if isinstance(page, PreparedBlock))

    @property
    def sessions_folder(self) -> Path:
        """Where sessions are kept."""
        return self.folder / SESSIONS_FOLDER

    def stimulus_path(self, stimulus: str) -> Path:
        """Return the file of a stimulus."""
        return self.folder / STIMULI_FOLDER / f"{stimulus}.wav"

    @cached_property
    def digest(self) -> str:
        """What tells this test from any other, 16 hexadecimal digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """Return the text of `TEST_FILE`."""
        pages = [{"kind": page.kind, **asdict(page)} for page in self.pages]
        about = {name: getattr(self, name) for name in ("title", "seed", "loudness_lufs", "level_stimulus")}
        stimuli = {name: asdict(each) for name, each in sorted(self.stimuli.items())}
        content = {"format": FORMAT, **about, "pages": pages, "stimuli": stimuli}
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class KeyEntry:
    """What a stimulus is.

    Attributes
    ----------
    condition : str
        A method, "noisy", "clean", or the "reference" or an anchor of MUSHRA.
    mixture : str
        Key of the mixture, the same as in a sweep.
    speech, noise, noise_class : str
    snr_db : float
    loudness_lufs : float
        Before the loudness was matched.
    gain_db : float
        What matching applied.
    """

    condition: str
    mixture: str
    speech: str
    noise: str
    noise_class: str
    snr_db: float
    loudness_lufs: float
    gain_db: float


@dataclass(frozen=True)
class Key:
    """What is what.

    Attributes
    ----------
    digest : str
        Of the prepared test.
    test : ListeningTest
        As its author wrote it.
    stimuli : dict
        `KeyEntry` by blind name.
    methods : dict
        Versions of methods and hashes of models by name.
    """

    digest: str
    test: ListeningTest
    stimuli: dict[str, KeyEntry]
    methods: dict[str, str]

    def block(self, name: str) -> Block:
        """Return a block of the test by its name."""
        return next(block for block in self.test.blocks if block.name == name)

    def to_json(self) -> str:
        """Return the text of `KEY_FILE`."""
        stimuli = {name: asdict(each) for name, each in sorted(self.stimuli.items())}
        content = {"format": FORMAT, "digest": self.digest, "methods": self.methods, "stimuli": stimuli}
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def open_prepared(folder: Path) -> PreparedTest:
    """Read a prepared test; its stimuli are checked by `workbench.listening.validate.check_prepared`.

    Raises
    ------
    WorkbenchError
        The folder holds none, or a damaged one.
    """
    content = _json(folder / TEST_FILE, f"{folder} is not a prepared listening test; `workbench listen make`")
    try:
        return PreparedTest(
            folder=folder,
            title=content["title"],
            seed=content["seed"],
            loudness_lufs=content["loudness_lufs"],
            level_stimulus=content["level_stimulus"],
            pages=tuple(_page(dict(page)) for page in content["pages"]),
            stimuli={name: StoredStimulus(**each) for name, each in content["stimuli"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WorkbenchError(f"{folder / TEST_FILE} is damaged; prepare the test again.") from error


def read_key(folder: Path) -> Key:
    """Read the key of a prepared test.

    Parameters
    ----------
    folder : pathlib.Path
        The prepared test, or its key folder wherever it is kept.

    Raises
    ------
    WorkbenchError
        There is none, or a damaged one.
    """
    place = folder if (folder / KEY_FILE).is_file() else folder / KEY_FOLDER
    content = _json(place / KEY_FILE, f"There is no key in {place}; put the folder “{KEY_FOLDER}” back")
    try:
        return Key(
            content["digest"],
            ListeningTest.from_toml((place / DESIGN_FILE).read_text("utf-8"), place),
            {name: KeyEntry(**each) for name, each in content["stimuli"].items()},
            content["methods"],
        )
    except (OSError, KeyError, TypeError, AttributeError) as error:
        raise WorkbenchError(f"The key in {place} is damaged; take it from a copy of the test.") from error


def _json(path: Path, absent: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
        version = content["format"]
    except OSError as error:
        raise WorkbenchError(f"{absent} ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise WorkbenchError(f"{path} is damaged; prepare the test again.") from error
    if version != FORMAT:
        raise WorkbenchError(f"{path} is from another version of the workbench; update it.")
    return dict(content)


def _page(values: dict[str, Any]) -> PreparedPage:
    kind = values["kind"]
    if kind not in ("welcome", "consent", "text", "thanks"):
        del values["kind"]
    if kind == "block":
        pool = [PoolTrial(tuple(each["stimuli"]), each["reference"]) for each in values.pop("pool")]
        return PreparedBlock(**values, pool=tuple(pool))
    if kind == "questionnaire":
        questions = [
            Question(**{**each, "options": tuple(each["options"])}) for each in values.pop("questions")
        ]
        return QuestionPage(**values, questions=tuple(questions))
    if kind == "level":
        return LevelPage(**values)
    return TrainingPage(**values) if kind == "training" else TextPage(**values)
