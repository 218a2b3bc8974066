"""A short test with every kind of block, and the real screen with a clock that runs fast for sound."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication

from tests.gui.listening.driver import fast_output
from workbench.gui.listening.window import ListenerWindow
from workbench.gui.settings import Settings
from workbench.gui.theme import ThemeManager
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
from workbench.listening.prepared import Key, read_key
from workbench.listening.session import open_session

PAIR = (("log_mmse", "noisy"),)
HEAR = 0.05
SHORT = ListeningTest(
    title="Voices",
    seed=5,
    max_speech=1,
    snrs_db=(0.0, 5.0),
    noise=(("vehicle", ("demo",)), ("household", ("demo",))),
    pages=(
        TextPage("welcome", "Welcome", "Hello.\n\nAll the best."),
        TextPage("consent", "Taking part", "You can stop at any time.", agree="I agree."),
        LevelPage(),
        TrainingPage("prefer", 1),
        Block("prefer", "ab", pairs=PAIR, allow_no_difference=True, break_after=2, must_hear=HEAR),
        Block("match", "abx", pairs=PAIR, must_hear=HEAR),
        Block("compare", "ccr", pairs=PAIR, must_hear=HEAR),
        Block("rate", "p835", methods=("noisy", "log_mmse"), must_hear=HEAR, n_trials=4),
        Block("grade", "mushra", methods=("noisy", "log_mmse"), must_hear=HEAR, n_trials=1),
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


@pytest.fixture(scope="session")
def prepared_short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the prepared test; nobody writes to it."""
    folder = tmp_path_factory.mktemp("screens") / "prepared"
    for _ in prepare_steps(SHORT, folder):
        pass
    return folder


@pytest.fixture
def folder(prepared_short: Path, tmp_path: Path) -> Path:
    """Copy of the prepared test that may be written to."""
    return Path(shutil.copytree(prepared_short, tmp_path / "test", copy_function=shutil.copy2))


@pytest.fixture(scope="session")
def key(prepared_short: Path) -> Key:
    return read_key(prepared_short)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[ThemeManager]:
    manager = ThemeManager(qapp)
    yield manager
    manager.release()


@pytest.fixture
def open_listener(
    qtbot: Any, theme: ThemeManager, folder: Path, tmp_path: Path
) -> Iterator[Callable[..., ListenerWindow]]:
    """Open the listener's window on a session; what is still open at the end is closed."""
    opened: list[ListenerWindow] = []
    settings = Settings(QSettings(str(tmp_path / "listener.ini"), QSettings.Format.IniFormat))

    def open_it(listener: str = "L01", *, session: Any = None, **options: Any) -> ListenerWindow:
        options = {"make_output": fast_output} | options
        window = ListenerWindow(session or open_session(folder, listener), settings, **options)
        opened.append(window)
        window.resize(1280, 800)
        window.show()
        window.activateWindow()
        qtbot.waitExposed(window)
        return window

    yield open_it
    for window in opened:
        if shiboken6.isValid(window):
            close(window)


def close(window: ListenerWindow) -> None:
    """Close the window without a question, as the system does."""
    window._may_close = True
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
