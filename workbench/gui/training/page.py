"""The training page: it lays out jobs and what they do, and connects them with the controller."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.corpora.catalogue import Entry
from workbench.gui.messages import Notifier
from workbench.gui.shared.named_actions import NamedActions
from workbench.gui.theme import ThemeManager, role
from workbench.gui.training import closing
from workbench.gui.training.controller import Start, TrainingController
from workbench.gui.training.data_view import DataView
from workbench.gui.training.form_dialog import FormDialog
from workbench.gui.training.job_view import JobView
from workbench.gui.training.jobs_list import JobsList
from workbench.gui.training.style import style_sheet
from workbench.training.forms import TITLES, form_for
from workbench.training.jobs import Job, State, slug
from workbench.training.processes import install_command

SIDE_PX, NARROW_SIDE_PX = 264, 196
NARROW_PX = 900
FIRST_COMMANDS = ("scan", "train-ddae", "train-nc")
STEPS = (
    ("scan", "Say where your recordings are", "Folders of speech and of noise, in any of the usual layouts."),
    ("train-ddae", "Train a denoiser", "Mixes speech and noise on the fly; hear it learn."),
    ("train-nc", "Train a classifier", "Learns to tell the four classes of noise apart."),
)
WELCOME, JOB, CATALOGUE = range(3)


class TrainingPage(QWidget):
    """Jobs on the left, the chosen one on the right.

    Parameters
    ----------
    controller : TrainingController
        Does the work.
    theme : ThemeManager
        Colours, fonts, spacing.
    notifier : Notifier
        Where problems go.
    """

    title = "Training"
    icon_name = "training"

    def __init__(self, controller: TrainingController, theme: ThemeManager, notifier: Notifier) -> None:
        super().__init__()
        self.controller = controller
        self._theme = theme
        self._notifier = notifier
        self.list = JobsList(theme)
        self.view = JobView(theme, controller.listener)
        self.data = DataView(theme, controller.listener)
        self.buttons: dict[str, QPushButton] = {}
        self.more_button = QPushButton("Other commands…")
        self._stack = QStackedWidget()
        self._missing = QFrame()
        self._missing_text = QLabel()
        self._catalogue_title = role(QLabel(), "title")
        self._asked_for: Path | None = None
        self.actions_by_name = NamedActions(self)
        self._make_actions()
        self._lay_out()
        self._connect()
        theme.changed.connect(self._restyle)
        self._restyle()

    # --- what the window asks of a page ----------------------------------------------------------------

    def fill_file_menu(self, menu: QMenu) -> None:
        """Add what the page opens to the window's File menu."""
        menu.addAction(self.actions_by_name["catalogue"])

    def fill_view_menu(self, menu: QMenu) -> None:
        """Leave the menu as it is."""

    def menus(self) -> list[QMenu]:
        """Return the page's own menu: every command."""
        menu = QMenu("&Train", self)
        for command in TITLES:
            menu.addAction(self.actions_by_name[command])
        return [menu]

    def start(self) -> None:
        """Find the jobs, and say what is missing."""
        self.controller.start()
        problem = self.controller.problem()
        self._missing.setVisible(bool(problem))
        self._missing_text.setText(problem)
        self._refresh()
        jobs = self.controller.jobs
        if jobs:
            unfinished = self.controller.unfinished
            self.list.choose((unfinished or jobs[::-1])[0].name)

    def may_close(self) -> bool:
        """Ask what happens to jobs that run or wait."""
        unfinished = self.controller.unfinished
        if not unfinished:
            return True
        choice = closing.ask(self, unfinished)
        running = [job for job in unfinished if job.state is State.RUNNING]
        if choice is closing.Choice.STOP:
            for job in running:
                self.controller.stop(job)
        elif choice is closing.Choice.CANCEL:
            for job in running:
                self.controller.cancel(job)
        return choice is not closing.Choice.STAY

    def close_page(self) -> None:
        """Stop looking after the jobs; those that run go on."""
        self.controller.close()

    # --- intents ---------------------------------------------------------------------------------------

    def ask_for(self, command: str, start: Start | None = None) -> None:
        """Show the form of a command, and put what is asked for into the queue."""
        self.controller.start()
        start = start or self.controller.start_of(command)
        dialog = FormDialog(
            form_for(command),
            start.title,
            start.values,
            start.follow,
            self._theme,
            suggestions=self.controller.catalogues(),
            is_busy=bool(self.controller.unfinished),
            parent=self,
        )
        if dialog.exec() == QDialog.DialogCode.Accepted:
            request = dialog.request
            self.controller.submit(command, request.title, request.values, make_model=request.make_model)
        dialog.deleteLater()

    def choose_catalogue(self) -> None:
        """Ask for a catalogue to look at."""
        name, _ = QFileDialog.getOpenFileName(self, "Open a catalogue", "", "Catalogues (*.csv)")
        if name:
            self.open_catalogue(Path(name))

    def open_catalogue(self, path: Path) -> None:
        """Show a catalogue by itself."""
        self.controller.start()
        self._asked_for = path
        self.controller.open_catalogue(path)

    # --- inside ----------------------------------------------------------------------------------------

    def _make_actions(self) -> None:
        for command, title in TITLES.items():
            self.actions_by_name.add(command, f"{title}…", partial(self.ask_for, command))
        self.actions_by_name.add("catalogue", "Open a &catalogue…", self.choose_catalogue)

    def _lay_out(self) -> None:
        px = self._theme.px
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(6))
        for command in FIRST_COMMANDS:
            button = QPushButton(f"{TITLES[command]}…")
            button.setToolTip(form_for(command).description)
            button.clicked.connect(partial(self.ask_for, command))
            self.buttons[command] = button
            column.addWidget(button)
        menu = QMenu(self.more_button)
        for command in TITLES:
            if command not in FIRST_COMMANDS:
                menu.addAction(self.actions_by_name[command])
        menu.addSeparator()
        menu.addAction(self.actions_by_name["catalogue"])
        self.more_button.setMenu(menu)
        column.addWidget(self.more_button)
        column.addSpacing(px(8))
        column.addWidget(role(QLabel("RUNS"), "heading"))
        column.addWidget(self.list, 1)
        self._side = side
        self._stack.addWidget(self._welcome())
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._catalogue_page())
        right = QVBoxLayout()
        right.setSpacing(px(8))
        right.addWidget(self._missing_frame())
        right.addWidget(self._stack, 1)
        self._row = QHBoxLayout(self)
        self._row.addWidget(side)
        self._row.addLayout(right, 1)

    def _welcome(self) -> QWidget:
        px = self._theme.px
        page = QWidget()
        box = QVBoxLayout(page)
        box.setSpacing(px(6))
        box.addStretch(2)
        box.addWidget(role(QLabel("Train on your own recordings"), "title"))
        about = role(
            QLabel(
                "What you train here is found in the studio and the sweep as soon as it is done. "
                "Every step is also a command that can be copied to a bigger machine."
            ),
            "muted",
        )
        about.setWordWrap(True)
        box.addWidget(about)
        box.addSpacing(px(12))
        for number, (command, title, text) in enumerate(STEPS, start=1):
            row = QHBoxLayout()
            row.setSpacing(px(14))
            mark = role(QLabel(str(number)), "title")
            mark.setFixedWidth(px(22))
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addWidget(role(QLabel(title), "value"))
            more = role(QLabel(text), "muted")
            more.setWordWrap(True)
            words.addWidget(more)
            button = QPushButton(f"{TITLES[command]}…")
            button.clicked.connect(partial(self.ask_for, command))
            row.addWidget(mark)
            row.addLayout(words, 1)
            row.addWidget(button)
            box.addLayout(row)
            box.addSpacing(px(8))
        box.addStretch(3)
        outside = QWidget()
        across = QHBoxLayout(outside)
        across.addStretch(1)
        across.addWidget(page, 6)
        across.addStretch(1)
        return outside

    def _catalogue_page(self) -> QWidget:
        page = QWidget()
        box = QVBoxLayout(page)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._catalogue_title)
        box.addWidget(self.data, 1)
        return page

    def _missing_frame(self) -> QFrame:
        px = self._theme.px
        self._missing.setObjectName("problem")
        self._missing_text.setWordWrap(True)
        self._missing_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        copy = QPushButton("Copy the command")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(install_command()))
        row = QHBoxLayout(self._missing)
        row.setContentsMargins(px(12), px(8), px(8), px(8))
        row.addWidget(self._missing_text, 1)
        row.addWidget(copy)
        self._missing.hide()
        return self._missing

    def _connect(self) -> None:
        controller, view = self.controller, self.view
        controller.jobs_changed.connect(self._refresh)
        controller.job_added.connect(self.list.choose)
        controller.catalogue_loaded.connect(self._show_catalogue)
        self.list.chosen.connect(self._choose)
        self.list.clicked.connect(lambda _: self._show_job())
        view.stop_requested.connect(controller.stop)
        view.cancel_requested.connect(controller.cancel)
        view.go_on_requested.connect(controller.go_on)
        view.model_requested.connect(lambda job: self.ask_for("export", controller.start_of("export", job)))
        view.again_requested.connect(lambda job: self.ask_for(job.command, controller.again(job)))
        view.copy_requested.connect(self._copy)
        view.folder_requested.connect(self._export_folder)
        view.show_requested.connect(self._show_files)
        view.remove_requested.connect(self._remove)
        view.studio_requested.connect(controller.show_studio)
        view.data_requested.connect(controller.open_catalogue)
        view.tabs.currentChanged.connect(lambda _: self._refresh())

    def _choose(self, name: str) -> None:
        self.controller.listener.stop()
        self.controller.shown = name
        self.controller.tick()
        self._show_job()

    def _refresh(self) -> None:
        queue = self.controller.queue
        if queue is None:
            return
        self.list.set_jobs(queue.jobs, queue)
        if queue.job(self.controller.shown) is None:
            if self._stack.currentIndex() == JOB:
                self._stack.setCurrentIndex(WELCOME)
        elif self._stack.currentIndex() != CATALOGUE:
            self._show_job()

    def _show_job(self) -> None:
        queue = self.controller.queue
        job = None if queue is None else queue.job(self.controller.shown)
        if queue is not None and job is not None:
            self._stack.setCurrentIndex(JOB)
            self.view.show_job(job, queue.watch(job))

    def _show_catalogue(self, path: Path, entries: list[Entry]) -> None:
        if path == self._asked_for:
            self._asked_for = None
            self._catalogue_title.setText(path.name)
            self._catalogue_title.setToolTip(str(path))
            self.data.show_entries(path, entries)
            self._stack.setCurrentIndex(CATALOGUE)
        else:
            self.view.data.show_entries(path, entries)

    def _copy(self, job: Job) -> None:
        line = self.controller.command_line(job)
        if line:
            QGuiApplication.clipboard().setText(line)
            self._notifier.info("The command is in the clipboard.")

    def _export_folder(self, job: Job) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Folder to make", str(Path.home() / f"job-{slug(job.title)}"), "Folders (*)"
        )
        if name:
            self.controller.write_job_folder(job, Path(name))

    def _show_files(self, job: Job) -> None:
        folder = job.run if job.run is not None and job.run.is_dir() else job.folder
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _remove(self, job: Job) -> None:
        what = "its checkpoints and examples are" if job.is_training else "what it said is"
        answer = QMessageBox.question(
            self, "Delete", f"Delete “{job.title}”? {what.capitalize()} lost; models made of it stay."
        )
        if answer == QMessageBox.StandardButton.Yes:
            self.controller.remove(job)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave more room to the job in a small window."""
        super().resizeEvent(event)
        self._fit_side()

    def _fit_side(self) -> None:
        narrow = self.width() < self._theme.px(NARROW_PX)
        self._side.setFixedWidth(self._theme.px(NARROW_SIDE_PX if narrow else SIDE_PX))

    def _restyle(self) -> None:
        px = self._theme.px
        self.setStyleSheet(style_sheet(self._theme))
        self._row.setContentsMargins(px(12), px(8), px(12), px(12))
        self._row.setSpacing(px(14))
        self._fit_side()
