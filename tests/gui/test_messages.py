"""Problems reach the message bar from wherever they come."""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import WorkbenchError
from workbench.gui.app import Application
from workbench.gui.messages import Message, start_log
from workbench.gui.workers import Job


@pytest.fixture
def hooked(studio: Application) -> Iterator[Application]:
    before = sys.excepthook, threading.excepthook
    studio.notifier.install()
    yield studio
    studio.notifier.uninstall()
    assert (sys.excepthook, threading.excepthook) == before


def test_uncaught_exception_is_shown_with_the_way_to_the_log(hooked: Application) -> None:
    error = ValueError("a defect of ours")
    sys.excepthook(ValueError, error, None)
    message = hooked.window.messages.current
    assert message.level == "error"
    assert "a defect of ours" in message.text
    assert message.action == "Open the log"


def test_uncaught_exception_of_a_thread_is_shown(hooked: Application, qtbot: Any) -> None:
    def fail() -> None:
        raise WorkbenchError("Plug it in and press Play again.")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: hooked.window.messages.current.text == "Plug it in and press Play again.")


def test_bar_shows_the_newest_and_then_what_is_still_open(studio: Application) -> None:
    bar = studio.window.messages
    while bar.current is not None:
        bar.dismiss()
    bar.show_message(Message("first", "warning"))
    bar.show_message(Message("second", "error"))
    bar.show_message(Message("second", "error"))
    assert bar.label.text() == "second"
    bar.dismiss()
    assert bar.label.text() == "first"
    bar.withdraw("first")
    assert bar.isHidden()


def test_log_file_keeps_the_traceback(tmp_path: Path, studio: Application) -> None:
    handler = start_log(tmp_path / "deep" / "workbench.log")
    assert handler is not None
    try:
        try:
            raise KeyError("lost")
        except KeyError as error:
            studio.notifier.failure(error)
    finally:
        logging.getLogger("workbench").removeHandler(handler)
        handler.close()
    text = (tmp_path / "deep" / "workbench.log").read_text()
    assert "Traceback" in text
    assert "lost" in text


def test_job_delivers_only_the_last_work_and_every_kind_of_failure(qtbot: Any) -> None:
    job, seen = Job(), []
    gate = threading.Event()

    def slow() -> str:
        gate.wait(5)
        return "old"

    job.start(slow, done=seen.append)
    job.start(lambda: "new", done=seen.append)
    gate.set()
    qtbot.waitUntil(lambda: bool(seen))
    qtbot.wait(50)
    assert seen == ["new"]

    def broken() -> None:
        raise RuntimeError("superqt would swallow this")

    failures: list[Exception] = []
    job.start(broken, failed=failures.append)
    qtbot.waitUntil(lambda: bool(failures))
    assert "swallow" in str(failures[0])
    assert not job.is_running


def test_an_offer_outlives_a_warning_and_an_error_but_not_the_next_news(studio: Application) -> None:
    bar = studio.window.messages
    while bar.current is not None:
        bar.dismiss()
    bar.show_message(Message("Playback is silent", "warning"))
    bar.show_message(Message("Deleted", "info", "Undo"))
    assert bar.action_button.text() == "Undo"
    bar.show_message(Message("No disk", "warning"))
    assert bar.label.text() == "Deleted"
    bar.show_message(Message("Broken", "error"))
    assert bar.label.text() == "Broken"
    bar.dismiss()
    assert bar.action_button.text() == "Undo"
    bar.show_message(Message("Saved", "info"))
    bar.dismiss()
    assert bar.label.text() == "No disk"
    bar.dismiss()
    assert bar.label.text() == "Playback is silent"
