"""The training page: forms, problems, closing, and finding runs again."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from tests.gui.conftest import close
from tests.processes import needs_proc
from workbench.audio.files import write
from workbench.gui.app import Application
from workbench.gui.training import closing
from workbench.gui.training.closing import ask as real_ask
from workbench.gui.training.console import Console
from workbench.gui.training.form_dialog import FormDialog
from workbench.gui.training.sound_view import SoundView
from workbench.gui.training.texts import best_text, duration_text
from workbench.training import processes
from workbench.training.forms import form_for
from workbench.training.history import History
from workbench.training.jobs import Job, State

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def noises(tmp_path: Path) -> Path:
    import numpy as np

    root = tmp_path / "noises"
    for number in range(6):
        path = root / "vehicle" / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, np.random.default_rng(number).normal(0, 0.1, 16_000).astype(np.float32))
    return root


def form(application: Application, command: str, job: Job | None = None) -> FormDialog:
    page = application.training_page
    start = page.controller.start_of(command, job)
    return FormDialog(
        form_for(command), start.title, start.values, start.follow, application.theme, parent=page
    )


def only(application: Application) -> Job:
    (job,) = application.training_page.controller.jobs
    return job


def scan(application: Application, folder: Path, title: str = "Noises") -> None:
    page = application.training_page
    values = form_for("scan").defaults() | page.controller.start_of("scan").values | {"data": str(folder)}
    values["output"] = page.controller.start_of("scan").follow["output"].value(title)
    page.controller.submit("scan", title, values)


def test_every_command_has_its_form(window: Application, qtbot: Any) -> None:
    for command, action in window.training_page.actions_by_name.items():
        if command == "catalogue":
            continue
        seen: list[str] = []

        def look(seen: list[str] = seen) -> None:
            dialog = QApplication.activeModalWidget()
            assert isinstance(dialog, FormDialog)
            seen.append(dialog.form.command)
            dialog.reject()

        QTimer.singleShot(20, look)
        action.trigger()
        assert seen == [command]


def test_what_is_wrong_is_marked_where_it_stands(window: Application, qtbot: Any, tmp_path: Path) -> None:
    dialog = form(window, "train-ddae")
    dialog.show()
    assert not dialog.start_button.isEnabled(), "there is no data yet"
    assert not dialog.editors["data"].line.property("invalid"), "nobody has done anything wrong yet"
    dialog.editors["data"].line.setText(str(tmp_path))
    assert dialog.start_button.isEnabled()
    steps = dialog.editors["steps"].line
    steps.selectAll()
    qtbot.keyClicks(steps, "many")
    assert steps.property("invalid")
    assert dialog.notes["steps"].text() == "Steps: 'many' is not a whole number."
    assert not dialog.start_button.isEnabled()
    assert dialog.command_line.text() == ""
    steps.selectAll()
    qtbot.keyClicks(steps, "30")
    assert not steps.property("invalid")
    assert "--steps=30" in dialog.command_line.text()
    assert not dialog.advanced_button.isChecked()
    dialog.editors["learning_rate"].line.setText("7")
    assert "choose a value from" in dialog.notes["learning_rate"].text()
    assert dialog.advanced_button.isChecked(), "what is wrong is unfolded"
    dialog.close()


def test_presets_fill_in_and_show_which_one_it_is(window: Application, qtbot: Any) -> None:
    dialog = form(window, "train-nc")
    dialog.show()
    assert dialog.presets["standard"].isChecked()
    qtbot.mouseClick(dialog.presets["quick look"], LEFT)
    assert dialog.editors["steps"].value == "300"
    assert [name for name, button in dialog.presets.items() if button.isChecked()] == ["quick look"]
    dialog.editors["steps"].line.setText("301")
    assert not any(button.isChecked() for button in dialog.presets.values())
    dialog.close()


def test_folders_follow_the_name_until_they_are_edited(window: Application, user_folder: Path) -> None:
    dialog = form(window, "train-nc")
    dialog.title_edit.setText("Street & Tram")
    assert dialog.editors["run"].value == str(user_folder / "training" / "runs" / "street-tram")
    dialog.editors["run"].line.setText("/elsewhere")
    dialog.title_edit.setText("Other")
    assert dialog.editors["run"].value == "/elsewhere"
    dialog.close()


def test_a_command_is_copied_and_a_job_folder_exported(
    window: Application, qtbot: Any, noises: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(window, noises)
    view = window.training_page.view
    actions = {action.text(): action for action in view.more_button.menu().actions()}
    actions["Copy the command"].trigger()
    assert QGuiApplication.clipboard().text().startswith("train_cli scan --data=")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "job"), ""))
    actions["Export the job as a folder…"].trigger()
    qtbot.waitUntil(lambda: (tmp_path / "job" / "README.md").is_file())
    qtbot.waitUntil(lambda: only(window).is_over, timeout=60_000)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    actions["Delete…"].trigger()
    qtbot.waitUntil(lambda: not window.training_page.controller.jobs)


@needs_proc
def test_a_killed_process_is_a_sentence_with_a_way_on(window: Application, qtbot: Any, noises: Path) -> None:
    scan(window, noises)
    page = window.training_page
    os.kill(only(window).identity.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: only(window).state is State.FAILED, timeout=20_000)
    message = window.window.messages.current
    assert message.level == "error"
    assert "was killed" in message.text
    assert page.view.problem.isVisible()
    assert "was killed" in page.view.problem_text.text()
    qtbot.mouseClick(page.view.lines_button, LEFT)
    assert isinstance(page.view.tabs.currentWidget(), Console)
    qtbot.mouseClick(page.view.go_on_button, LEFT)
    qtbot.waitUntil(lambda: only(window).state is State.DONE, timeout=60_000)
    assert not page.view.problem.isVisible()


def test_jobs_queue_and_can_be_taken_out(window: Application, qtbot: Any, noises: Path) -> None:
    scan(window, noises, "first")
    scan(window, noises, "second")
    page = window.training_page
    assert [job.state for job in page.controller.jobs] == [State.RUNNING, State.WAITING]
    assert page.view.cancel_button.text() == "Take out of the queue"
    qtbot.mouseClick(page.view.cancel_button, LEFT)
    assert page.controller.jobs[1].state is State.CANCELLED
    page.list.choose(page.controller.jobs[0].name)
    assert page.view.cancel_button.text() == "Cancel"
    qtbot.mouseClick(page.view.cancel_button, LEFT)
    qtbot.waitUntil(lambda: page.controller.jobs[0].is_over, timeout=30_000)
    assert page.controller.jobs[0].state in (State.CANCELLED, State.DONE)


@pytest.mark.parametrize("choice", [closing.Choice.STAY, closing.Choice.GO_ON])
def test_closing_asks_and_a_run_goes_on(
    window: Application,
    qtbot: Any,
    noises: Path,
    open_application: Callable[..., Application],
    monkeypatch: pytest.MonkeyPatch,
    choice: closing.Choice,
) -> None:
    asked: list[list[Job]] = []
    monkeypatch.setattr(closing, "ask", lambda _, jobs: (asked.append(jobs), choice)[1])
    scan(window, noises)
    name = only(window).name
    window.window.close()
    assert [job.name for job in asked[0]] == [name]
    assert window.window.isVisible() == (choice is closing.Choice.STAY)
    monkeypatch.setattr(closing, "ask", lambda *_: closing.Choice.GO_ON)
    if choice is closing.Choice.STAY:
        return
    close(window)
    again = open_application(wait=False)
    again.window.show_page_titled("Training")
    assert only(again).name == name
    qtbot.waitUntil(lambda: only(again).is_over, timeout=60_000)
    assert only(again).state is State.DONE


@pytest.mark.parametrize(
    ("label", "choice"),
    [
        ("Let it go on", closing.Choice.GO_ON),
        ("Stop and keep the best so far", closing.Choice.STOP),
        ("Cancel it", closing.Choice.CANCEL),
        ("Do not close", closing.Choice.STAY),
    ],
)
def test_the_question_has_four_answers(
    window: Application, qtbot: Any, tmp_path: Path, label: str, choice: closing.Choice
) -> None:
    job = Job(tmp_path / "job", "train-nc", "My classifier", {"run": "run"}, State.RUNNING)

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert "My classifier" in box.text()
        button = next(button for button in box.buttons() if button.text() == label)
        qtbot.mouseClick(button, LEFT)

    QTimer.singleShot(50, press)
    assert real_ask(window.window, [job]) is choice


def test_only_one_window_looks_after_the_queue(
    window: Application, open_application: Callable[..., Application], qtbot: Any, noises: Path
) -> None:
    scan(window, noises)
    other = open_application(wait=False)
    other.window.show_page_titled("Training")
    page = other.training_page
    assert not page.controller._owns_queue()
    qtbot.waitUntil(lambda: only(other).is_over, timeout=60_000)
    assert only(other).state is State.DONE


def test_what_is_missing_is_named_with_the_command(
    open_application: Callable[..., Application], monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    real = processes.find_spec
    monkeypatch.setattr(processes, "find_spec", lambda name: None if name == "tensorflow" else real(name))
    application = open_application(wait=False)
    application.window.show_page_titled("Training")
    page = application.training_page
    assert page._missing.isVisible()
    assert "pip install" in page._missing_text.text()


def test_times_and_figures_in_words() -> None:
    assert [duration_text(s) for s in (0.2, 59, 61, 3599, 3600, 4000, 90_000)] == [
        *("0 s", "59 s", "1 min", "1 h", "1 h", "1 h 7 min", "25 h")
    ]
    history = History()
    history.add([{"event": "epoch", "step": 1000, "quality": 2.0, "pesq_wb": 1.5, "si_sdr": -3.0}])
    assert best_text(history) == "best at step 1,000: PESQ 1.5, SI-SDR −3"


def test_several_sounds_at_once_are_all_shown(window: Application, qtbot: Any, noises: Path) -> None:
    listener = window.training_page.controller.listener
    views = [SoundView(window.theme, listener) for _ in range(3)]
    for number, view in enumerate(views):
        qtbot.addWidget(view)
        view.show_file(noises / "vehicle" / f"{number}.wav", str(number))
    qtbot.waitUntil(lambda: all(view.image.image is not None for view in views), timeout=30_000)
    qtbot.mouseClick(views[0].play_button, LEFT)
    qtbot.waitUntil(lambda: listener.playing == views[0].path, timeout=30_000)
    qtbot.mouseClick(views[1].play_button, LEFT)
    qtbot.waitUntil(lambda: listener.playing == views[1].path, timeout=30_000)
    qtbot.waitUntil(lambda: listener.playing is None, timeout=30_000)


def test_a_sound_that_is_gone_is_a_sentence(window: Application, qtbot: Any, tmp_path: Path) -> None:
    listener = window.training_page.controller.listener
    listener.load(tmp_path / "gone.wav", play=True)
    qtbot.waitUntil(lambda: window.window.messages.current is not None, timeout=30_000)
    qtbot.waitUntil(lambda: "gone.wav" in window.window.messages.current.text, timeout=30_000)
