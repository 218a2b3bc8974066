"""The dialog of a training command: its form, its command line, and what is wrong before anything starts."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.errors import WorkbenchError
from workbench.gui.theme import ThemeManager, role
from workbench.gui.training.fields import FieldEditor
from workbench.gui.training.style import style_sheet
from workbench.training.forms import Form, Value, arguments
from workbench.training.jobs import TRAININGS, free_path, slug

LABEL_PX, EDITOR_PX = 148, 200
NAME, NAME_HELP = "", "What this job is called here."
"""The job's own name among the fields: no option has an empty one."""


@dataclass(frozen=True)
class Follow:
    """A value that follows a job's name: a free path in a folder; without a folder, the name itself."""

    folder: Path | None = None
    suffix: str = ""

    def value(self, title: str) -> str:
        """Return the value for a name."""
        return title if self.folder is None else str(free_path(self.folder / f"{slug(title)}{self.suffix}"))


@dataclass(frozen=True)
class Request:
    """What was asked for: the form's values, the job's name, and whether a model is to be made."""

    title: str
    values: dict[str, Value]
    make_model: bool


class FormDialog(QDialog):
    """Asks for the options of one command.

    Parameters
    ----------
    form : Form
    title : str
        Name of the job, to begin with.
    values : mapping
        What differs from the form's defaults, to begin with.
    follow : mapping
        Fields whose value follows the name until they are edited: what comes before and after its slug.
    theme : ThemeManager
    suggestions : sequence of Path
        Catalogues to offer.
    is_busy : bool
        Another job runs, so this one will wait.
    """

    def __init__(
        self,
        form: Form,
        title: str,
        values: Mapping[str, Value],
        follow: Mapping[str, Follow],
        theme: ThemeManager,
        *,
        suggestions: Sequence[Path] = (),
        is_busy: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(form.title)
        self.form = form
        self._theme = theme
        theme.changed.connect(self._restyle)
        self._restyle()
        self._follow = dict(follow)
        self._touched: set[str] = set()
        self.editors: dict[str, FieldEditor] = {}
        self.notes: dict[str, QLabel] = {}
        self.presets: dict[str, QToolButton] = {}
        self.title_edit = QLineEdit(title)
        self.title_edit.setAccessibleName("Name")
        self.model_box = QCheckBox("Make a model of it when it is done, for the studio and the sweep")
        self.model_box.setChecked(True)
        self.advanced_button = QToolButton()
        self.command_line = QLineEdit()
        self._plain, self._advanced = QGridLayout(), QWidget()
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start_button = self._buttons.addButton(
            "Add to the queue" if is_busy else "Start", QDialogButtonBox.ButtonRole.AcceptRole
        )
        self._lay_out(suggestions)
        for name, value in values.items():
            self.editors[name].set_value(value)
        self._follow_title()
        self._refresh()
        self.title_edit.setFocus()
        # Without this, Qt takes no more than two thirds of the screen.
        self.resize(self.sizeHint())

    @property
    def request(self) -> Request:
        """What is filled in."""
        values = {name: editor.value for name, editor in self.editors.items()}
        is_training = self.form.command in TRAININGS
        return Request(self.title_edit.text().strip(), values, is_training and self.model_box.isChecked())

    def sizeHint(self) -> QSize:
        """Return the preferred size, which leaves something of the window to see."""
        height = super().sizeHint().height()
        screen = self.screen()
        most = screen.availableGeometry().height() - self._theme.px(90) if screen else height
        return QSize(self._theme.px(720), min(height, most))

    # --- layout ----------------------------------------------------------------------------------------

    def _lay_out(self, suggestions: Sequence[Path]) -> None:
        px = self._theme.px
        box = QVBoxLayout(self)
        box.setContentsMargins(px(24), px(20), px(24), px(16))
        box.setSpacing(px(10))
        about = role(QLabel(self.form.description), "muted")
        about.setWordWrap(True)
        box.addWidget(about)
        if self.form.presets:
            box.addLayout(self._preset_row())
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, px(8), 0)
        column.setSpacing(px(8))
        column.addLayout(self._plain)
        self._plain.addWidget(QLabel("Name"), 0, 0)
        self._plain.addWidget(self.title_edit, 0, 1)
        self._plain.addWidget(self._note(NAME, NAME_HELP), 0, 2)
        hidden = QGridLayout(self._advanced)
        hidden.setContentsMargins(0, 0, 0, 0)
        for field in self.form.fields:
            editor = self.editors[field.name] = FieldEditor(field, self._theme, suggestions)
            editor.changed.connect(lambda name=field.name: self._edited(name))
            self._add_row(hidden if field.advanced else self._plain, editor)
        if self.form.command in TRAININGS:
            self._plain.addWidget(self.model_box, self._plain.rowCount(), 1, 1, 2)
        for grid in (self._plain, hidden):
            grid.setHorizontalSpacing(px(12))
            grid.setVerticalSpacing(px(7))
            grid.setColumnMinimumWidth(0, px(LABEL_PX))
            grid.setColumnMinimumWidth(1, px(EDITOR_PX))
            grid.setColumnStretch(1, 3)
            grid.setColumnStretch(2, 2)
        if hidden.count():
            column.addWidget(self._advanced_head())
            column.addWidget(self._advanced)
        self._advanced.hide()
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumHeight(min(inside.sizeHint().height() + px(4), px(420)))
        box.addWidget(scroll, 1)
        box.addLayout(self._command_row())
        cancel = self._buttons.button(QDialogButtonBox.StandardButton.Cancel)
        cancel.setAutoDefault(False)
        self.start_button.setDefault(True)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        box.addWidget(self._buttons)
        self.title_edit.textChanged.connect(self._title_changed)

    def _preset_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(self._theme.px(6))
        group = QButtonGroup(self)
        for name in self.form.presets:
            button = QToolButton()
            button.setText(name.capitalize())
            button.setCheckable(True)
            button.setProperty("segment", True)
            button.setToolTip(self._preset_tip(name))
            button.clicked.connect(lambda _=False, name=name: self.choose_preset(name))
            group.addButton(button)
            self.presets[name] = button
            row.addWidget(button)
        group.setExclusive(False)
        row.addStretch(1)
        return row

    def _preset_tip(self, name: str) -> str:
        values = self.form.preset(name)
        return "\n".join(f"{self.form.field(each).label}: {value}" for each, value in values.items())

    def _add_row(self, grid: QGridLayout, editor: FieldEditor) -> None:
        row, field = grid.rowCount(), editor.field
        label = QLabel("" if editor.box is not None else field.label)
        label.setToolTip(field.help)
        label.setBuddy(editor)
        top = Qt.AlignmentFlag.AlignTop if editor.lines is not None else Qt.AlignmentFlag.AlignVCenter
        grid.addWidget(label, row, 0, top)
        wide = bool(field.pick)
        if wide:
            grid.addWidget(editor, row, 1, 1, 2)
            grid.addWidget(self._note(field.name, field.help), row + 1, 1, 1, 2)
        else:
            grid.addWidget(editor, row, 1)
            grid.addWidget(self._note(field.name, field.help), row, 2)

    def _note(self, name: str, text: str) -> QLabel:
        note = role(QLabel(text), "small")
        note.setWordWrap(True)
        self.notes[name] = note
        return note

    def _advanced_head(self) -> QToolButton:
        button = self.advanced_button
        button.setText("Advanced")
        button.setCheckable(True)
        button.setProperty("flat", True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setArrowType(Qt.ArrowType.RightArrow)
        button.toggled.connect(self._show_advanced)
        return button

    def _command_row(self) -> QHBoxLayout:
        self.command_line.setReadOnly(True)
        self.command_line.setAccessibleName("Command")
        self.command_line.setToolTip("The same job in a terminal, here or on another machine")
        copy = QPushButton("Copy")
        copy.setAutoDefault(False)
        copy.setToolTip("Copy the command")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.command_line.text()))
        row = QHBoxLayout()
        row.addWidget(role(QLabel("COMMAND"), "heading"))
        row.addWidget(self.command_line, 1)
        row.addWidget(copy)
        return row

    def _restyle(self) -> None:
        self.setStyleSheet(style_sheet(self._theme))

    # --- intents ---------------------------------------------------------------------------------------

    def choose_preset(self, name: str) -> None:
        """Fill in a preset's values."""
        for field, value in self.form.preset(name).items():
            self.editors[field].set_value(value)
        self._refresh()

    def _show_advanced(self, shown: bool) -> None:
        self._advanced.setVisible(shown)
        self.advanced_button.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)

    def _edited(self, name: str) -> None:
        self._follow.pop(name, None)
        self._touched.add(name)
        self._refresh()

    def _title_changed(self) -> None:
        self._follow_title()
        self._refresh()

    def _follow_title(self) -> None:
        for name, follow in self._follow.items():
            self.editors[name].set_value(follow.value(self.title_edit.text()))

    def _refresh(self) -> None:
        request = self.request
        problems = self.form.problems(request.values)
        if not request.title:
            problems[NAME] = "Name is empty; fill it in."
        for name, note in self.notes.items():
            problem = problems.get(name, "")
            if name in self.editors and name not in self._touched and not request.values[name]:
                # Nobody has done anything wrong yet.
                problem = ""
            text = problem or (NAME_HELP if name == NAME else self.form.field(name).help)
            if note.text() != text:
                note.setText(text)
                role(note, "field-error" if problem else "small")
                note.style().polish(note)
            if name in self.editors:
                self.editors[name].mark(problem)
        if any(self.form.field(name).advanced for name in problems if name != NAME):
            self.advanced_button.setChecked(True)
        self.start_button.setEnabled(not problems)
        for name, button in self.presets.items():
            preset = self.form.preset(name)
            button.setChecked(all(request.values[field] == value for field, value in preset.items()))
        self.command_line.setText("" if problems else self._command(request.values))
        self.command_line.setCursorPosition(0)

    def _command(self, values: Mapping[str, Value]) -> str:
        try:
            words = arguments(self.form.command, self.form.read(values))
        except WorkbenchError as error:
            return str(error)
        return shlex.join(["train_cli", *(word for word in words if word != "--events")])
