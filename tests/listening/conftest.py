"""A prepared test with every kind of block, on two demo sentences."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.listening.design import (
    Block,
    LevelPage,
    ListeningTest,
    Question,
    QuestionPage,
    TextPage,
    TrainingPage,
)
from workbench.listening.prepare import prepare_steps
from workbench.listening.prepared import Key, PreparedTest, open_prepared, read_key

PAIR = (("log_mmse", "noisy"),)
ALL_KINDS = ListeningTest(
    title="Voices",
    seed=3,
    max_speech=2,
    snrs_db=(0.0, 5.0),
    noise=(("vehicle", ("demo",)), ("household", ("demo",))),
    pages=(
        TextPage("welcome", "Welcome", "Hello.\n\nAll the best."),
        TextPage("consent", "Taking part", "You can stop at any time.", agree="I agree."),
        LevelPage(),
        TrainingPage("prefer", 1),
        Block("prefer", "ab", pairs=PAIR, n_trials=4, allow_no_difference=True, break_after=2),
        Block("match", "abx", pairs=PAIR, n_trials=4),
        Block("compare", "ccr", pairs=PAIR, n_trials=4),
        Block("rate", "p835", methods=("noisy", "log_mmse"), n_trials=4),
        Block("grade", "mushra", methods=("noisy", "log_mmse"), n_trials=2),
        QuestionPage(
            questions=(
                Question("age", "How old are you?", "number", low=16, high=120),
                Question("hearing", "How well do you hear?", "choice", ("Well", "Badly"), required=True),
                Question("remarks", "Anything else?"),
            )
        ),
        TextPage("thanks", "Thank you", "Good bye."),
    ),
)


def prepare(test: ListeningTest, folder: Path) -> PreparedTest:
    """Prepare a test, looking at nothing on the way."""
    for _ in prepare_steps(test, folder):
        pass
    return open_prepared(folder)


@pytest.fixture(scope="session")
def prepared_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the prepared test; nobody writes to it."""
    folder = tmp_path_factory.mktemp("listening") / "prepared"
    prepare(ALL_KINDS, folder)
    return folder


@pytest.fixture
def folder(prepared_once: Path, tmp_path: Path) -> Path:
    """Copy of the prepared test that may be written to."""
    return Path(shutil.copytree(prepared_once, tmp_path / "test", copy_function=shutil.copy2))


@pytest.fixture(scope="session")
def prepared(prepared_once: Path) -> PreparedTest:
    """Return the prepared test."""
    return open_prepared(prepared_once)


@pytest.fixture(scope="session")
def key(prepared_once: Path) -> Key:
    """Return its key."""
    return read_key(prepared_once)


def with_block(design: ListeningTest, /, **changes: object) -> ListeningTest:
    """Return a test with its first block changed."""
    first = design.blocks[0]
    changed = replace(first, **changes)  # type: ignore[arg-type]
    return replace(design, pages=tuple(changed if page is first else page for page in design.pages))
