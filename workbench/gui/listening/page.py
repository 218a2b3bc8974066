"""The researcher's page: tests on the left, the one that is made or looked at on the right."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from workbench.audio.playback import open_output
from workbench.errors import WorkbenchError
from workbench.gui.listening.controller import ListeningController
from workbench.gui.listening.deck import MakeOutput
from workbench.gui.listening.dialogs import ResultsExportDialog, RunDialog
from workbench.gui.listening.new_view import NewTestView
from workbench.gui.listening.results_view import ResultsView
from workbench.gui.listening.style import style_sheet
from workbench.gui.listening.test_view import TestView
from workbench.gui.listening.window import ListenerWindow
from workbench.gui.listening.work import AnalysisRequest, OpenedTest, Results, TestEntry
from workbench.gui.messages import Notifier
from workbench.gui.settings import Settings
from workbench.gui.shared.elided_label import ElidedLabel
from workbench.gui.shared.named_actions import NamedActions
from workbench.gui.theme import ThemeManager, role
from workbench.listening.prepare import PrepareProgress
from workbench.listening.session import Session

LIST_PX = 220
NEW, OPENED = range(2)
SESSIONS, RESULTS = range(2)
_FOLDER = Qt.ItemDataRole.UserRole


class ListeningPage(QWidget):
    """Make, check, preview, run, analyse.

    Parameters
    ----------
    controller : ListeningController
        Does the work.
    settings : Settings
        What is kept between starts.
    theme : ThemeManager
        Colours, fonts, spacing.
    notifier : Notifier
        Where problems go.
    make_output : callable
        Opens the sound device of a session.
    windowed : bool
        A window in place of the full screen for listeners.
    """

    title = "Listening"
    icon_name = "listening"

    def __init__(
        self,
        controller: ListeningController,
        settings: Settings,
        theme: ThemeManager,
        notifier: Notifier,
        *,
        make_output: MakeOutput = open_output,
        windowed: bool = False,
    ) -> None:
        super().__init__()
        self.controller = controller
        self.listener_window: ListenerWindow | None = None
        self._settings = settings
        self._theme = theme
        self._notifier = notifier
        self._make_output = make_output
        self._windowed = windowed
        self._offers_folder = True
        self.new_view = NewTestView(theme, settings)
        self.test_view = TestView(theme)
        self.results_view = ResultsView(theme)
        self.actions_by_name = NamedActions(self)
        self._lay_out()
        self._make_actions()
        self._connect()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.show_new()

    # --- what the window asks of a page ----------------------------------------------------------------

    def fill_file_menu(self, menu: QMenu) -> None:
        """Add what the page opens and writes to the window's File menu."""
        for name in ("new", "open", "template"):
            menu.addAction(self.actions_by_name[name])
        menu.addSeparator()
        for name in ("save", "merge", "export"):
            menu.addAction(self.actions_by_name[name])

    def fill_view_menu(self, menu: QMenu) -> None:
        """Add how the page looks to the window's View menu."""
        for name in ("sessions", "results"):
            menu.addAction(self.actions_by_name[name])

    def menus(self) -> list[QMenu]:
        """Return the page's own menus."""
        menu = QMenu("&Test", self)
        for name in ("run", "preview", "check", "forget"):
            menu.addAction(self.actions_by_name[name])
        return [menu]

    def start(self) -> None:
        """Begin when the page is first looked at."""
        self.controller.start()

    def may_close(self) -> bool:
        """Keep open while somebody listens."""
        if self.listener_window is not None:
            self._notifier.warn("A session is under way; stop it first, what was answered is saved.")
            return False
        return True

    def close_page(self) -> None:
        """Stop and remember."""
        self.controller.close()

    # --- layout ----------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.list = QListWidget()
        self.list.setAccessibleName("Tests")
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.new_button, self.open_button = QPushButton("New test"), QPushButton("Open…")
        self.new_button.setToolTip("Make a test (Ctrl+N)")
        self.open_button.setToolTip("Open the folder of a prepared test (Ctrl+O)")
        self.list_note = role(QLabel("Tests that you make or open are listed here."), "small")
        self.list_note.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.addWidget(self.new_button, 1)
        buttons.addWidget(self.open_button, 1)
        self._left = QWidget()
        self._left_box = QVBoxLayout(self._left)
        self._left_box.setContentsMargins(0, 0, 0, 0)
        self._left_box.addLayout(buttons)
        self._left_box.addWidget(self.list, 1)
        self._left_box.addWidget(self.list_note)
        self.heading = ElidedLabel()
        role(self.heading, "title")
        self.busy_label = role(QLabel(), "muted")
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("Views of the test")
        self.tabs.addTab("Sessions")
        self.tabs.addTab("Results")
        self.views = QStackedWidget()
        self.views.addWidget(self.test_view)
        self.views.addWidget(self.results_view)
        opened = QWidget()
        self._opened_box = QVBoxLayout(opened)
        self._opened_box.setContentsMargins(0, 0, 0, 0)
        self._opened_box.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignLeft)
        self._opened_box.addWidget(self.views, 1)
        self.right = QStackedWidget()
        self.right.addWidget(self.new_view)
        self.right.addWidget(opened)
        head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        head.addWidget(self.busy_label)
        self._column = QVBoxLayout()
        self._column.addLayout(head)
        self._column.addWidget(self.right, 1)
        self._box = QHBoxLayout(self)
        self._box.addWidget(self._left)
        self._box.addLayout(self._column, 1)

    def _make_actions(self) -> None:
        add = self.actions_by_name.add
        run = self.controller
        add("new", "&New test", self.show_new, "Ctrl+N")
        add("open", "&Open a prepared test…", self.choose_open, "Ctrl+O")
        add("template", "Begin from a test file…", self.choose_template)
        add("save", "&Save the test file…", self.choose_save, "Ctrl+S")
        add("merge", "&Merge sessions…", self.choose_merge)
        add("export", "&Export results…", self.choose_export, "Ctrl+E")
        add("run", "Run a session…", self.choose_listener, "F5")
        add("preview", "Preview", run.begin_preview, "F6")
        add("check", "Check the sounds", run.check_folder)
        add("forget", "Take off the list", self._forget)
        add("sessions", "Sessions", lambda: self.tabs.setCurrentIndex(SESSIONS), "Ctrl+1")
        add("results", "Results", lambda: self.tabs.setCurrentIndex(RESULTS), "Ctrl+2")

    def _connect(self) -> None:
        run = self.controller
        form = self.new_view.form
        run.methods_changed.connect(form.set_methods)
        run.template_changed.connect(form.set_template)
        run.checked.connect(self.new_view.show_checked)
        run.preparing_changed.connect(self._show_preparing)
        run.tests_changed.connect(self._show_tests)
        run.test_changed.connect(self._show_test)
        run.folder_checked.connect(self.test_view.show_findings)
        run.session_opened.connect(self._open_listener)
        run.results_changed.connect(self._show_results)
        run.busy_changed.connect(self.busy_label.setText)
        run.written.connect(self._tell_written)
        form.edited.connect(self._take_design)
        form.template_requested.connect(run.load_template)
        self.new_view.folder_edit.textEdited.connect(lambda _: self._keep_folder())
        self.new_view.prepare_requested.connect(run.prepare)
        self.new_view.cancel_requested.connect(run.cancel_preparing)
        self.new_view.save_requested.connect(self.choose_save)
        self.test_view.run_requested.connect(self.choose_listener)
        self.test_view.resume_requested.connect(run.begin_session)
        self.test_view.preview_requested.connect(run.begin_preview)
        self.test_view.check_requested.connect(run.check_folder)
        self.test_view.merge_requested.connect(self.choose_merge)
        self.test_view.folder_requested.connect(self._open_folder)
        self.results_view.analyse_requested.connect(self._analyse)
        self.results_view.export_requested.connect(self.choose_export)
        self.new_button.clicked.connect(lambda _: self.show_new())
        self.open_button.clicked.connect(lambda _: self.choose_open())
        self.list.itemClicked.connect(self._choose_test)
        self.list.itemActivated.connect(self._choose_test)
        self.tabs.currentChanged.connect(self.views.setCurrentIndex)

    def _restyle(self) -> None:
        px = self._theme.px
        self.setStyleSheet(style_sheet(self._theme))
        self._box.setContentsMargins(px(12), px(8), px(12), px(12))
        self._box.setSpacing(px(12))
        for layout in (self._left_box, self._column, self._opened_box):
            layout.setSpacing(px(8))
        self._left.setFixedWidth(px(LIST_PX))

    # --- intents ---------------------------------------------------------------------------------------

    def show_new(self) -> None:
        """Show the form for a new test."""
        self.right.setCurrentIndex(NEW)
        self.list.setCurrentRow(-1)
        self.list.clearSelection()
        self._refresh()

    def choose_open(self) -> None:
        """Ask for the folder of a prepared test."""
        start = self._settings.get("listening/folder", str(Path.home()))
        chosen = QFileDialog.getExistingDirectory(self, "Folder of a prepared test", start)
        if chosen:
            self.controller.open(Path(chosen))

    def choose_template(self) -> None:
        """Ask for a test file to begin from."""
        self.show_new()
        self.new_view.form.choose_kind("file")

    def choose_save(self) -> None:
        """Ask where to write the test file."""
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Save the test file", str(Path.home() / "test.toml"), "Test files (*.toml)"
        )
        if chosen:
            path = Path(chosen)
            self.controller.save_design(path if path.suffix else path.with_suffix(".toml"))

    def choose_merge(self) -> None:
        """Ask for a copy of the test from another computer."""
        chosen = QFileDialog.getExistingDirectory(
            self, "A copy of the test, or its sessions", str(Path.home())
        )
        if chosen:
            self.controller.merge([Path(chosen)])

    def choose_listener(self) -> None:
        """Ask who listens."""
        test = self.controller.test
        if test is None or self.listener_window is not None:
            return
        dialog = RunDialog(len(test.sessions), self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.controller.begin_session(dialog.listener, dialog.index)
        dialog.deleteLater()

    def choose_export(self) -> None:
        """Ask where to write the results."""
        if self.controller.results is None:
            self._notifier.warn("There are no results on show; analyse first.")
            return
        folder = self.controller.results.request.folder
        dialog = ResultsExportDialog(folder.with_name(f"{folder.name}-results"), self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.controller.export(dialog.folder, free_text=dialog.free_text)
        dialog.deleteLater()

    # --- showing ---------------------------------------------------------------------------------------

    def _take_design(self) -> None:
        form = self.new_view.form
        try:
            test = form.test()
        except WorkbenchError as error:
            self.controller.set_problem(str(error))
            return
        self.controller.set_design(test, form.n_listeners)
        if self._offers_folder:
            self.new_view.show_folder(self.controller.free_folder(test.title))

    def _keep_folder(self) -> None:
        """Stop offering folders once one was typed."""
        self._offers_folder = False

    def _show_preparing(self, progress: PrepareProgress | None) -> None:
        self.new_view.show_progress(progress)
        self._refresh()

    def _show_tests(self, entries: list[TestEntry]) -> None:
        shown = self.controller.test.folder if self.controller.test is not None else None
        self.list.clear()
        for entry in entries:
            state = entry.problem or (
                f"{entry.n_finished} of {entry.n_sessions} finished"
                if entry.n_sessions
                else "no sessions yet"
            )
            shown_state = "cannot be opened" if entry.problem else state
            item = QListWidgetItem(f"{entry.title}\n{entry.folder.name}: {shown_state}")
            item.setData(_FOLDER, str(entry.folder))
            item.setToolTip(entry.problem or str(entry.folder))
            self.list.addItem(item)
            if entry.folder == shown and self.right.currentIndex() == OPENED:
                self.list.setCurrentItem(item)
        self.list_note.setVisible(not entries)

    def _show_test(self, test: OpenedTest) -> None:
        is_other = self.right.currentIndex() != OPENED or self.heading.toolTip() != str(test.folder)
        self.right.setCurrentIndex(OPENED)
        self.test_view.show_test(test)
        self.results_view.show_test(test)
        if is_other:
            self.test_view.show_findings(None)
            self.tabs.setCurrentIndex(SESSIONS)
        self._offers_folder = True
        self._refresh()

    def _show_results(self, results: Results | None) -> None:
        self.results_view.show_results(results)
        self._refresh()

    def _refresh(self) -> None:
        test = self.controller.test
        is_open = self.right.currentIndex() == OPENED and test is not None
        self.heading.set_text(test.title if is_open and test is not None else "A new listening test")
        self.heading.setToolTip(str(test.folder) if is_open and test is not None else "")
        is_idle = self.listener_window is None
        for name in ("run", "preview"):
            self.actions_by_name[name].setEnabled(is_open and is_idle)
        for name in ("check", "merge", "forget", "sessions", "results"):
            self.actions_by_name[name].setEnabled(is_open)
        self.actions_by_name["export"].setEnabled(is_open and self.controller.results is not None)
        self.actions_by_name["save"].setEnabled(not is_open)
        self.test_view.set_busy(not is_idle)

    def _choose_test(self, item: QListWidgetItem) -> None:
        self.controller.open(Path(item.data(_FOLDER)))

    def _forget(self) -> None:
        if self.controller.test is not None:
            self.controller.forget(self.controller.test.folder)
            self.show_new()

    def _open_folder(self) -> None:
        if self.controller.test is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.controller.test.folder)))

    def _analyse(self, request: AnalysisRequest | None) -> None:
        if request is not None:
            self.controller.analyse(request)

    def _tell_written(self, paths: list[Path]) -> None:
        folder = paths[0].parent
        what = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
        self._notifier.info(
            f"Wrote {what} to {folder}.",
            "Show",
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))),
        )

    # --- listeners -------------------------------------------------------------------------------------

    def _open_listener(self, session: Session, is_preview: bool) -> None:
        # Nothing but sessions is to be seen behind, before and after.
        self.tabs.setCurrentIndex(SESSIONS)
        window = ListenerWindow(session, self._settings, make_output=self._make_output, is_preview=is_preview)
        window.closed.connect(self._listener_closed)
        self.listener_window = window
        if self._windowed:
            window.resize(1280, 800)
            window.show()
        else:
            window.showFullScreen()
        self._refresh()

    def _listener_closed(self) -> None:
        window, self.listener_window = self.listener_window, None
        if window is not None:
            window.deleteLater()
        self.controller.reload()
        self._refresh()
