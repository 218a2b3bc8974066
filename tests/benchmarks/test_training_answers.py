"""How soon the window answers while a training runs: the longest answer has to stay below 100 ms.

Processes that do nothing but count keep every core busy beside the training.
"""

import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from workbench import resources
from workbench.audio.playback import ClockOutput
from workbench.gui.app import Application
from workbench.gui.training import closing
from workbench.training.forms import form_for

pytest.importorskip("tensorflow")

TINY = {"steps": "1000000", "epoch_steps": "20", "batch": "2", "validation_mixtures": "4", "xla": False}


def count() -> None:
    while True:
        pass


@pytest.fixture
def busy_machine() -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    counting = [context.Process(target=count, daemon=True) for _ in range(os.cpu_count() or 1)]
    for process in counting:
        process.start()
    yield
    for process in counting:
        process.kill()
        process.join()


@pytest.fixture
def application(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path / "user" / "models")
    monkeypatch.setattr(closing, "ask", lambda *_: closing.Choice.CANCEL)
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    application = Application(qapp, store, make_output=lambda: ClockOutput("silent"))
    application.window.show()
    yield application
    application.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()


@pytest.mark.usefixtures("busy_machine")
def test_answer_while_a_training_runs(
    benchmark: Any, application: Application, qtbot: Any, shared_data: Path, tmp_path: Path
) -> None:
    """A key changes the tab, and the page is drawn, with whatever the training has said meanwhile."""
    qtbot.waitUntil(lambda: application.controller.rendered is not None, timeout=120_000)
    application.window.show_page_titled("Training")
    page = application.training_page
    values = form_for("train-ddae").defaults() | TINY | {"data": str(shared_data), "seconds": "1"}
    page.controller.submit("train-ddae", "Busy", values | {"run": str(tmp_path / "run")})
    qtbot.waitUntil(lambda: bool(page.view.curves.panels), timeout=300_000)
    bar = page.view.tabs.tabBar()
    bar.setFocus()

    own_s: list[float] = []

    def answer() -> None:
        began_s = time.thread_time()
        key = Qt.Key.Key_Left if page.view.tabs.currentIndex() else Qt.Key.Key_Right
        QTest.keyClick(bar, key)
        QApplication.processEvents()
        own_s.append(time.thread_time() - began_s)

    for _ in range(2):
        answer()
        qtbot.wait(2000)
    benchmark.pedantic(answer, setup=lambda: qtbot.wait(50), rounds=400)
    benchmark.extra_info["longest_ms"] = 1000 * benchmark.stats.stats.max
    # What the window itself takes; the rest is waiting for a processor.
    benchmark.extra_info["longest_own_ms"] = 1000 * max(own_s[2:])
    benchmark.extra_info["within_100_ms"] = sum(each < 0.1 for each in benchmark.stats.stats.data) / 400
    assert page.controller.unfinished, "the training ran throughout"
