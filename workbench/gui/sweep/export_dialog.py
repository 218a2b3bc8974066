"""Asks what to write of a sweep, and where."""

from pathlib import Path
from typing import Literal

from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from workbench.evaluation.publication import DEFAULT_FORMATS
from workbench.gui.sweep.work import PublishRequest
from workbench.gui.theme import role

KINDS = (
    ("csv", "CSV", "Two tables: a row per mixture, method and metric, and a row per cell"),
    ("parquet", "Parquet", "A row per mixture, method and metric, values unrounded"),
    ("md", "Markdown", "The tables for a README"),
    ("tex", "LaTeX", "The tables for a paper, with booktabs"),
    ("json", "JSON", "Everything: plan, versions, summary, results, gaps"),
    ("html", "HTML report", "One file with tables, curves, failures, versions"),
    ("png", "PNG", "The curves of each metric, as pictures"),
    ("svg", "SVG", "The same, to edit or to print at any size"),
    ("pdf", "PDF", "The same, for LaTeX"),
)


class SweepExportDialog(QDialog):
    """What to write, how, and into which folder."""

    def __init__(self, request: PublishRequest, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export the sweep")
        self.boxes: dict[str, QCheckBox] = {}
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 20, 24, 16)
        box.setSpacing(8)
        box.addWidget(role(QLabel("WHAT"), "heading"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, (kind, title, about) in enumerate(KINDS):
            check = QCheckBox(title)
            check.setChecked(kind in request.formats)
            check.setToolTip(about)
            check.toggled.connect(self._refresh)
            self.boxes[kind] = check
            grid.addWidget(check, row, 0)
            grid.addWidget(role(QLabel(about), "muted"), row, 1)
        box.addLayout(grid)
        box.addWidget(role(QLabel("HOW"), "heading"))
        self.sounds = QCheckBox("Examples to listen to in the report")
        self.sounds.setToolTip("One mixture per class of noise, with what each method makes of it")
        self.sounds.setChecked(request.sounds)
        self.dark, light = QRadioButton("dark"), QRadioButton("light")
        self._themes = QButtonGroup(self)
        self._themes.addButton(light)
        self._themes.addButton(self.dark)
        (self.dark if request.theme == "dark" else light).setChecked(True)
        how = QHBoxLayout()
        how.addWidget(self.sounds)
        how.addStretch(1)
        for widget in (QLabel("Figures:"), light, self.dark):
            how.addWidget(widget)
        box.addLayout(how)
        box.addWidget(role(QLabel("WHERE"), "heading"))
        self.folder_edit = QLineEdit(str(request.folder))
        self.folder_edit.setMinimumWidth(360)
        self.folder_edit.setAccessibleName("Folder")
        self.folder_edit.textChanged.connect(self._refresh)
        browse = QPushButton("Choose…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        where = QHBoxLayout()
        where.addWidget(self.folder_edit, 1)
        where.addWidget(browse)
        box.addLayout(where)
        self._note = role(QLabel(), "muted")
        self._note.setWordWrap(True)
        box.addWidget(self._note)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export_button = buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.button(QDialogButtonBox.StandardButton.Cancel).setAutoDefault(False)
        self.export_button.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        box.addStretch(1)
        box.addWidget(buttons)
        self._refresh()

    @property
    def request(self) -> PublishRequest:
        """What was asked for."""
        formats = tuple(kind for kind, check in self.boxes.items() if check.isChecked())
        theme: Literal["light", "dark"] = "dark" if self.dark.isChecked() else "light"
        folder = Path(self.folder_edit.text().strip()).expanduser()
        return PublishRequest(folder, formats, theme, self.sounds.isChecked())

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder to export to", self.folder_edit.text())
        if chosen:
            self.folder_edit.setText(chosen)

    def _refresh(self) -> None:
        request = self.request
        self.sounds.setEnabled("html" in request.formats)
        valid = bool(request.formats and self.folder_edit.text().strip())
        self.export_button.setEnabled(valid)
        if not valid:
            self._note.setText("Choose at least one kind of file, and a folder.")
        elif request.folder.is_dir() and any(request.folder.iterdir()):
            self._note.setText("The folder is not empty; files of the same names are replaced.")
        else:
            self._note.setText("")


def usual_request(folder: Path) -> PublishRequest:
    """Return what is offered the first time."""
    return PublishRequest(folder, DEFAULT_FORMATS)
