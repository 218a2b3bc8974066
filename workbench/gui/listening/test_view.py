"""A prepared test: what it is, its sessions, and what can be done with it."""

from collections.abc import Callable

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.listening.new_view import findings_html
from workbench.gui.listening.work import OpenedTest
from workbench.gui.theme import ThemeManager, role
from workbench.listening.design import TEST_TITLES
from workbench.listening.session import SessionInfo
from workbench.listening.validate import Finding

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_COLUMNS = ("Listener", "Number", "Begun", "State")


class SessionsModel(QAbstractTableModel):
    """Sessions, one a row."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: tuple[SessionInfo, ...] = ()

    def set_sessions(self, sessions: tuple[SessionInfo, ...]) -> None:
        """Show these, the newest first."""
        self.beginResetModel()
        self.sessions = sessions[::-1]
        self.endResetModel()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of sessions."""
        return 0 if parent.isValid() else len(self.sessions)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of columns."""
        return len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> object:
        """Return a column's title."""
        shown = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return _COLUMNS[section] if shown else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell shows."""
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        session = self.sessions[index.row()]
        state = "Finished" if session.is_finished else f"{session.n_done} of {session.n_screens} pages"
        begun = session.begun[:16].replace("T", " ")
        return (session.listener, str(session.index), begun, state)[index.column()]


class TestView(QWidget):
    """What a test is, buttons, and its sessions; no method is named here.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    """

    run_requested = Signal()
    resume_requested = Signal(str)
    preview_requested = Signal()
    merge_requested = Signal()
    check_requested = Signal()
    folder_requested = Signal()

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._findings: tuple[Finding, ...] | None = None
        self.about = QLabel()
        self.about.setWordWrap(True)
        self.run_button = _button("Run a session…", "Begin with a new listener", self.run_requested.emit)
        self.run_button.setDefault(True)
        self.resume_button = _button(
            "Go on", "Go on with the session chosen below, where it broke off", self._resume
        )
        self.preview_button = _button(
            "Preview", "Take the test as a listener; nothing is kept", self.preview_requested.emit
        )
        self.check_button = _button(
            "Check", "Check every sound: unchanged, equally long, equally loud", self.check_requested.emit
        )
        self.merge_button = _button(
            "Merge…", "Bring in the sessions of another computer", self.merge_requested.emit
        )
        self.folder_button = _button("Open the folder", "Show its files", self.folder_requested.emit)
        self.findings = QTextBrowser()
        self.findings.setAccessibleName("What the check says")
        self.findings.hide()
        self.model = SessionsModel()
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName("Sessions")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setAlternatingRowColors(True)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._refresh())
        self.table.doubleClicked.connect(lambda _: self._resume())
        self.empty = role(
            QLabel("Nobody has listened yet. Run a session here, or copy the folder to another computer."),
            "muted",
        )
        self.empty.setWordWrap(True)
        first, second = QHBoxLayout(), QHBoxLayout()
        for button in (self.run_button, self.resume_button, self.preview_button):
            first.addWidget(button)
        first.addStretch(1)
        for button in (self.check_button, self.merge_button, self.folder_button):
            second.addWidget(button)
        second.addStretch(1)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.addWidget(self.about)
        self._box.addLayout(first)
        self._box.addLayout(second)
        self._box.addWidget(self.findings)
        self._box.addWidget(self.empty)
        self._box.addWidget(self.table, 1)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._refresh()

    @property
    def chosen(self) -> SessionInfo | None:
        """The session under the cursor."""
        rows = self.table.selectionModel().selectedRows()
        return self.model.sessions[rows[0].row()] if rows else None

    def show_test(self, test: OpenedTest) -> None:
        """Show a test and its sessions."""
        kinds = ", ".join(f"{block.n_trials} trials of {TEST_TITLES[block.test]}" for block in test.blocks)
        finished = f"{test.n_finished} of {len(test.sessions)} sessions finished"
        self.about.setText(
            f"{kinds} for each listener. {test.n_stimuli} sounds at {test.loudness_lufs:g} LUFS. {finished}."
        )
        self.model.set_sessions(test.sessions)
        self.empty.setVisible(not test.sessions)
        self.table.setVisible(bool(test.sessions))
        self._refresh()

    def show_findings(self, findings: tuple[Finding, ...] | None) -> None:
        """Show what the check says; None hides it."""
        self._findings = findings
        self.findings.setVisible(findings is not None)
        if findings is not None:
            said = findings_html(findings, self._theme)
            self.findings.setHtml(said if findings else "<p>All sounds are as they were made.</p>")
            self.findings.setFixedHeight(self._theme.px(140 if findings else 44))

    def set_busy(self, busy: bool) -> None:
        """Let a session begin, or not while there is one."""
        self.run_button.setEnabled(not busy)
        self.preview_button.setEnabled(not busy)
        self._refresh(busy=busy)

    def _resume(self) -> None:
        chosen = self.chosen
        if chosen is not None and not chosen.is_finished and self.run_button.isEnabled():
            self.resume_requested.emit(chosen.listener)

    def _refresh(self, *, busy: bool = False) -> None:
        chosen = self.chosen
        self.resume_button.setEnabled(chosen is not None and not chosen.is_finished and not busy)

    def _restyle(self) -> None:
        self._box.setSpacing(self._theme.px(8))
        self.table.verticalHeader().setDefaultSectionSize(self._theme.px(28))
        self.show_findings(self._findings)


def _button(text: str, tip: str, act: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.clicked.connect(lambda _=False: act())
    return button
