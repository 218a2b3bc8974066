"""The real window on a screen that is not there, with settings of its own and a silent clock for sound."""

import gc
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench import resources
from workbench.audio.playback import ClockOutput
from workbench.engine.scene import Scene
from workbench.gui.app import Application
from workbench.gui.workers import ComputeProcess

PATIENCE_MS = 20_000
SILENCE = "Playback is silent: PortAudio is not installed; install it with “apt install libportaudio2”."


class ComputeHere(ComputeProcess):
    """Computes in the worker's own thread: quicker to start than a process."""

    def call(self, function: Callable[..., Any], *args: Any) -> Generator[None, None, Any]:
        yield
        return function(*args)


@pytest.fixture(autouse=True)
def _no_qt_warnings(qtlog: Any) -> Iterator[None]:
    yield
    bad = [record for record in qtlog.records if record.type.name in ("QtWarningMsg", "QtCriticalMsg")]
    # The offscreen platform cannot pass size hints on, and says so.
    bad = [record for record in bad if "propagateSizeHints" not in record.message]
    assert not bad, [record.message for record in bad]


@pytest.fixture(autouse=True)
def _no_dangling_threads() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    # Qt's pool shows its threads to Python as dummies until they die of boredom.
    after = {t for t in threading.enumerate() if not isinstance(t, threading._DummyThread)}
    assert not after - before


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for longer than five seconds: a machine that runs other tests beside takes its time."""
    usual = QtBot.waitUntil

    def wait_until(qtbot: QtBot, is_so: Callable[[], Any], *, timeout: int = PATIENCE_MS) -> None:
        usual(qtbot, is_so, timeout=timeout)

    monkeypatch.setattr(QtBot, "waitUntil", wait_until)


@pytest.fixture(autouse=True)
def _models_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever runs the tests may have models; no test sees or changes them."""
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path / "home" / "models")


@pytest.fixture
def store(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def open_application(
    qapp: QApplication, store: QSettings, qtbot: Any
) -> Iterator[Callable[..., Application]]:
    """Open the application; what it started is taken down at the end."""
    opened: list[Application] = []

    def open_it(scene: Scene | None = None, *, wait: bool = True, **options: Any) -> Application:
        options = {"make_output": lambda: ClockOutput(SILENCE), "compute": ComputeHere()} | options
        application = Application(qapp, store, scene, **options)
        opened.append(application)
        application.window.resize(1280, 800)
        application.window.show()
        qtbot.waitExposed(application.window)
        if wait:
            qtbot.waitUntil(lambda: application.controller.rendered is not None, timeout=20_000)
            qtbot.waitUntil(lambda: application.controller._graph is not None, timeout=20_000)
        return application

    yield open_it
    for application in opened:
        if shiboken6.isValid(application.window):
            close(application)


@pytest.fixture
def studio(open_application: Callable[..., Application]) -> Application:
    """Return the application with the demo scene, denoised and ready to play."""
    return open_application()


def close(application: Application) -> None:
    """Close an application, and let Qt delete it now."""
    application.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
    gc.collect()
