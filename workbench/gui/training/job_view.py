"""One job: how it stands, what can be done with it, and what it says."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.theme import ThemeManager, role
from workbench.gui.training.console import Console
from workbench.gui.training.curves import CurvesView
from workbench.gui.training.data_view import DataView
from workbench.gui.training.examples_view import ExamplesView
from workbench.gui.training.listener import Listener
from workbench.gui.training.tables_view import TablesView
from workbench.gui.training.texts import best_text, duration_text, kind_text, state_text
from workbench.training.forms import TITLES
from workbench.training.jobs import Asked, Job, State
from workbench.training.queue import Watch

CURVES, EXAMPLES, DATA, RESULTS, CONSOLE = range(5)


class JobView(QWidget):
    """Shows a job and tells what the user wants done with it.

    Signals
    -------
    stop_requested, cancel_requested, go_on_requested, model_requested, again_requested : Job
    copy_requested, folder_requested, show_requested, remove_requested : Job
    studio_requested
    data_requested : Path
        A catalogue is to be read.
    """

    stop_requested = Signal(object)
    cancel_requested = Signal(object)
    go_on_requested = Signal(object)
    model_requested = Signal(object)
    again_requested = Signal(object)
    copy_requested = Signal(object)
    folder_requested = Signal(object)
    show_requested = Signal(object)
    remove_requested = Signal(object)
    studio_requested = Signal()
    data_requested = Signal(object)

    def __init__(self, theme: ThemeManager, listener: Listener) -> None:
        super().__init__()
        self._theme = theme
        self.job: Job | None = None
        self.tabs = QTabWidget()
        self._catalogue: Path | None = None
        self.title = role(QLabel(), "title")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.state = role(QLabel(), "muted")
        self.state.setWordWrap(True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 1000)
        self.stop_button = self._button("Stop and keep the best so far", self.stop_requested)
        self.stop_button.setToolTip("End with a last validation; the best weights so far become the model")
        self.cancel_button = self._button("Cancel", self.cancel_requested)
        self.cancel_button.setToolTip(
            "End at once and make no model; what was validated stays, to go on later"
        )
        self.cancel_button.setProperty("danger", True)
        self.go_on_button = self._button("Go on", self.go_on_requested)
        self.model_button = self._button("Make a model…", self.model_requested)
        self.model_button.setToolTip("Make a model of the best weights of this run")
        self.studio_button = QPushButton("Open the studio")
        self.studio_button.clicked.connect(self.studio_requested)
        self.more_button = QPushButton()
        self.more_button.setText("More")
        self.more_button.setToolTip("Command, job folder, files")
        self.problem = QFrame()
        self.problem.setObjectName("problem")
        self.problem_text = QLabel()
        self.problem_text.setWordWrap(True)
        self.problem_text.setTextFormat(Qt.TextFormat.PlainText)
        self.problem_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.lines_button = QPushButton("Last lines")
        self.lines_button.clicked.connect(lambda: self.tabs.setCurrentIndex(CONSOLE))
        self.outcome = role(QLabel(), "muted")
        self.outcome.setWordWrap(True)
        self.curves, self.examples = CurvesView(theme), ExamplesView(theme, listener)
        self.data, self.results, self.console = DataView(theme, listener), TablesView(theme), Console(theme)
        for title, widget in (
            ("Curves", self.curves),
            ("Examples", self.examples),
            ("Data", self.data),
            ("Results", self.results),
            ("Console", self.console),
        ):
            self.tabs.addTab(widget, title)
        self._lay_out()
        self._fill_menu()

    def show_job(self, job: Job, watch: Watch) -> None:
        """Show how a job stands, and what it says."""
        is_other = self.job is None or self.job.name != job.name
        self.job = job
        history = watch.history
        self.title.setText(job.title)
        self.state.setText(self._state(job, watch))
        self.progress.setVisible(job.state is State.RUNNING)
        self.progress.setRange(0, 1000 if history.steps else 0)
        self.progress.setValue(round(1000 * history.share))
        self._show_buttons(job, watch)
        self.problem.setVisible(bool(job.problem))
        self.problem_text.setText(job.problem)
        told = history.outcome or (history.warnings[-1] if history.warnings else "")
        self.outcome.setText(told)
        # The data view says the same of a scan.
        self.outcome.setVisible(bool(told) and not job.problem and job.command != "scan")
        self._show_tabs(job, watch, choose=is_other)
        # Only what is seen is drawn.
        shown = self.tabs.currentIndex()
        if shown == CURVES:
            self.curves.show_history(history)
        elif shown == EXAMPLES:
            self.examples.show_history(history, is_over=job.is_over)
        elif shown == RESULTS:
            self.results.show_tables(history.tables)
        elif shown == CONSOLE:
            self.console.show_watch(watch)

    def _show_tabs(self, job: Job, watch: Watch, *, choose: bool) -> None:
        history = watch.history
        catalogue = history.artifacts.get("catalogue") if job.is_over else None
        visible = {
            CURVES: job.is_training,
            EXAMPLES: job.is_training,
            DATA: catalogue is not None,
            RESULTS: bool(history.tables) and job.command != "scan",
            CONSOLE: True,
        }
        came = [tab for tab, is_visible in visible.items() if is_visible and not self.tabs.isTabVisible(tab)]
        for tab, is_visible in visible.items():
            self.tabs.setTabVisible(tab, is_visible)
        if choose:
            self.tabs.setCurrentIndex(next(tab for tab, is_visible in visible.items() if is_visible))
        elif came and not job.is_training:
            self.tabs.setCurrentIndex(came[0])
        if catalogue is not None and (choose or catalogue != self._catalogue or DATA in came):
            self._catalogue = catalogue
            self.data_requested.emit(catalogue)

    def _show_buttons(self, job: Job, watch: Watch) -> None:
        running = job.state is State.RUNNING
        self.stop_button.setVisible(running and job.is_training)
        self.stop_button.setEnabled(job.asked is Asked.NOTHING)
        self.cancel_button.setVisible(not job.is_over)
        self.cancel_button.setEnabled(job.asked is not Asked.CANCEL)
        self.cancel_button.setText("Cancel" if running else "Take out of the queue")
        stopped = job.state is State.DONE and job.is_training and job.asked is Asked.STOP
        self.go_on_button.setVisible(job.state in (State.FAILED, State.CANCELLED) or stopped)
        self.go_on_button.setText("Go on" if job.is_training else "Try again")
        self.go_on_button.setToolTip(
            "From the last validation" if job.is_training else "Run the same command again"
        )
        self.model_button.setVisible(job.is_training and job.is_over and watch.history.best_step is not None)
        self.studio_button.setVisible(job.command == "export" and job.state is State.DONE)
        self.remove_action.setEnabled(job.is_over)

    def _state(self, job: Job, watch: Watch) -> str:
        history = watch.history
        parts = [TITLES.get(job.command, kind_text(job)), state_text(job, history)]
        if job.state is State.RUNNING and history.steps and job.is_training:
            parts.insert(1, f"step {history.step:,} of {history.steps:,}")
        if job.is_over and job.begun_s:
            parts.append(f"took {duration_text(job.ended_s - job.begun_s)}")
        if job.is_training and history.best_step is not None:
            parts.append(best_text(history))
        return "  ·  ".join(parts)

    def _button(self, text: str, intent: object) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(lambda: intent.emit(self.job))  # type: ignore[attr-defined]
        return button

    def _fill_menu(self) -> None:
        menu = QMenu(self.more_button)
        menu.addAction("Copy the command", lambda: self.copy_requested.emit(self.job))
        menu.addAction("Export the job as a folder…", lambda: self.folder_requested.emit(self.job))
        menu.addAction("Do it again with changes…", lambda: self.again_requested.emit(self.job))
        menu.addAction("Show the files", lambda: self.show_requested.emit(self.job))
        menu.addSeparator()
        self.remove_action = menu.addAction("Delete…", lambda: self.remove_requested.emit(self.job))
        self.more_button.setMenu(menu)

    def _lay_out(self) -> None:
        px = self._theme.px
        names = QVBoxLayout()
        names.setSpacing(px(2))
        names.addWidget(self.title)
        names.addWidget(self.state)
        head = QHBoxLayout()
        head.setSpacing(px(6))
        head.addLayout(names, 1)
        for button in (
            self.go_on_button,
            self.model_button,
            self.studio_button,
            self.stop_button,
            self.cancel_button,
            self.more_button,
        ):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        inside = QHBoxLayout(self.problem)
        inside.setContentsMargins(px(12), px(8), px(8), px(8))
        inside.addWidget(self.problem_text, 1)
        inside.addWidget(self.lines_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px(8))
        box.addLayout(head)
        box.addWidget(self.progress)
        box.addWidget(self.problem)
        box.addWidget(self.outcome)
        box.addWidget(self.tabs, 1)
