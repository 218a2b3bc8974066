"""What to do with jobs when the window closes."""

from collections.abc import Sequence
from enum import Enum, auto

from PySide6.QtWidgets import QMessageBox, QWidget

from workbench.training.jobs import Job, State


class Choice(Enum):
    """What the user wants to happen to what runs."""

    GO_ON = auto()
    STOP = auto()
    CANCEL = auto()
    STAY = auto()


def ask(parent: QWidget, unfinished: Sequence[Job]) -> Choice:
    """Ask what happens to jobs that run or wait."""
    running = [job for job in unfinished if job.state is State.RUNNING]
    n_waiting = len(unfinished) - len(running)
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Close the workbench")
    if running:
        box.setText(f"“{running[0].title}” is running.")
        more = "It can go on without the window, and is found again at the next start."
    else:
        box.setText(f"{n_waiting} jobs wait." if n_waiting > 1 else "A job waits.")
        more = ""
    if n_waiting:
        more += " What waits begins when the workbench is open again."
    box.setInformativeText(more.strip())
    answers = {
        box.addButton("Let it go on" if running else "Close", QMessageBox.ButtonRole.AcceptRole): Choice.GO_ON
    }
    if running and running[0].is_training:
        stop = box.addButton("Stop and keep the best so far", QMessageBox.ButtonRole.ActionRole)
        answers[stop] = Choice.STOP
    if running:
        answers[box.addButton("Cancel it", QMessageBox.ButtonRole.DestructiveRole)] = Choice.CANCEL
    stay = box.addButton("Do not close", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(next(iter(answers)))
    box.setEscapeButton(stay)
    box.exec()
    choice = next(
        (answer for button, answer in answers.items() if button is box.clickedButton()), Choice.STAY
    )
    box.deleteLater()
    return choice
