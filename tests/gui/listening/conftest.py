"""A short test with every kind of block, and the real screen with a clock that runs fast for sound."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication

from tests.gui.listening.driver import fast_output
from tests.listening.conftest import ALL_KINDS, prepare
from workbench.gui.listening.window import ListenerWindow
from workbench.gui.settings import Settings
from workbench.gui.theme import ThemeManager
from workbench.listening.design import Block
from workbench.listening.prepared import Key, read_key
from workbench.listening.session import open_session

HEAR = 0.05
N_TRIALS = {"rate": 4, "grade": 1}
SHORT = replace(
    ALL_KINDS,
    seed=5,
    max_speech=1,
    pages=tuple(
        replace(page, must_hear=HEAR, n_trials=N_TRIALS.get(page.name)) if isinstance(page, Block) else page
        for page in ALL_KINDS.pages
    ),
)


@pytest.fixture(scope="session")
def prepared_short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the prepared test; nobody writes to it."""
    folder = tmp_path_factory.mktemp("screens") / "prepared"
    prepare(SHORT, folder)
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
