"""The editor of one option, with what is wrong marked where it stands."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.shared.combo_box import combo_box
from workbench.gui.theme import ThemeManager, role
from workbench.training.forms import FormField, Value


class FieldEditor(QWidget):
    """Edits the value of one field.

    Parameters
    ----------
    field : FormField
    theme : ThemeManager
    suggestions : sequence of Path
        Paths that a menu offers.
    """

    changed = Signal()

    def __init__(self, field: FormField, theme: ThemeManager, suggestions: Sequence[Path] = ()) -> None:
        super().__init__()
        self.field = field
        self._theme = theme
        self._suggestions = suggestions
        self.line: QLineEdit | None = None
        self.lines: QPlainTextEdit | None = None
        self.combo: QComboBox | None = None
        self.box: QCheckBox | None = None
        self.boxes: dict[str, QCheckBox] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)
        if field.kind is bool:
            self.box = QCheckBox(field.label)
            self.box.toggled.connect(self.changed)
            self._add(self.box)
        elif field.choices and field.is_many:
            for choice in field.choices:
                box = self.boxes[choice] = QCheckBox(choice)
                box.toggled.connect(self.changed)
                self._add(box)
        elif field.choices:
            self.combo = combo_box(field.label)
            self.combo.addItems(field.choices)
            self.combo.currentTextChanged.connect(self.changed)
            self._add(self.combo)
        elif field.kind is Path and field.is_many:
            self._add_paths()
        else:
            self._add_line()
        if not (field.pick or field.kind is str) or field.choices:
            self._row.addStretch(1)
        self.set_value(field.default)

    @property
    def value(self) -> Value:
        """What is filled in."""
        if self.box is not None:
            return self.box.isChecked()
        if self.combo is not None:
            return self.combo.currentText()
        if self.lines is not None:
            return self.lines.toPlainText()
        if self.boxes:
            return " ".join(choice for choice, box in self.boxes.items() if box.isChecked())
        assert self.line is not None
        return self.line.text()

    def set_value(self, value: Value) -> None:
        """Fill in without telling."""
        with QSignalBlocker(self):
            if self.box is not None:
                self.box.setChecked(bool(value))
            elif self.combo is not None:
                self.combo.setCurrentText(str(value))
            elif self.lines is not None:
                self.lines.setPlainText(str(value))
            elif self.line is not None:
                self.line.setText(str(value))
            for choice, box in self.boxes.items():
                box.setChecked(choice in str(value).split())

    def mark(self, problem: str) -> None:
        """Mark as wrong, or as right where there is no problem."""
        for widget in (self.line, self.lines, self.combo):
            if widget is not None and widget.property("invalid") != bool(problem):
                widget.setProperty("invalid", bool(problem))
                widget.style().polish(widget)

    def _add(self, widget: QWidget) -> None:
        widget.setAccessibleName(self.field.label)
        widget.setToolTip(self._tip())
        self._row.addWidget(widget, int(isinstance(widget, QLineEdit | QPlainTextEdit)))

    def _tip(self) -> str:
        field = self.field
        unit = f" {field.unit}" if field.unit else ""
        limits = f"\nFrom {field.low:,g} to {field.high:,g}{unit}." if field.low is not None else ""
        return f"{field.help}{limits}"

    def _add_line(self) -> None:
        self.line = QLineEdit()
        self.line.textChanged.connect(self.changed)
        if self.field.kind in (int, float) and not self.field.is_many:
            self.line.setMaximumWidth(self._theme.px(110))
        if self.field.is_optional:
            self.line.setPlaceholderText("none")
        self._add(self.line)
        if self.field.unit:
            self._row.addWidget(role(QLabel(self.field.unit), "muted"))
        if self.field.pick:
            self._row.addWidget(self._pick_button())

    def _add_paths(self) -> None:
        self.lines = QPlainTextEdit()
        self.lines.setProperty("field", True)
        self.lines.setTabChangesFocus(True)
        self.lines.setFixedHeight(self._theme.px(66))
        self.lines.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.lines.setPlaceholderText("One folder a line")
        self.lines.textChanged.connect(self.changed)
        self._add(self.lines)
        add = QPushButton("Add…")
        add.setAutoDefault(False)
        add.setAccessibleName("Add a folder")
        add.clicked.connect(self._add_folder)
        column = QVBoxLayout()
        column.addWidget(add)
        column.addStretch(1)
        self._row.addLayout(column)

    def _pick_button(self) -> QToolButton:
        button = QToolButton()
        button.setToolTip("Choose…")
        button.setAccessibleName(f"Choose: {self.field.label}")
        self._theme.bind_icon(button, "folder")
        if self.field.pick == "data":
            menu = QMenu(button)
            for path in self._suggestions:
                menu.addAction(str(path), partial(self._take, str(path)))
            if self._suggestions:
                menu.addSeparator()
            menu.addAction("Choose a catalogue…", self._choose_catalogue)
            menu.addAction("Choose a folder…", self._choose_folder)
            button.setMenu(menu)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        else:
            choose = {
                "folder": self._choose_folder,
                "new folder": self._choose_folder,
                "file": self._choose_file,
                "new file": self._choose_new_file,
            }[self.field.pick]
            button.clicked.connect(choose)
        return button

    def _take(self, text: str) -> None:
        if text and self.line is not None:
            self.line.setText(text)

    def _add_folder(self) -> None:
        assert self.lines is not None
        folder = QFileDialog.getExistingDirectory(self, "Add a folder of recordings")
        if folder:
            before = self.lines.toPlainText().rstrip()
            self.lines.setPlainText(f"{before}\n{folder}".strip())

    def _choose_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, self.field.label, str(self.value)))

    def _choose_file(self) -> None:
        self._take(QFileDialog.getOpenFileName(self, self.field.label, str(self.value))[0])

    def _choose_new_file(self) -> None:
        options = QFileDialog.Option.DontConfirmOverwrite
        self._take(QFileDialog.getSaveFileName(self, self.field.label, str(self.value), options=options)[0])

    def _choose_catalogue(self) -> None:
        names = "Catalogues (*.csv)"
        self._take(QFileDialog.getOpenFileName(self, "Choose a catalogue", str(self.value), names)[0])
