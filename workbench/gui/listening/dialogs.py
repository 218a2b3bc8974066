"""What is asked before a session and before an export."""

from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.theme import role
from workbench.listening.session import new_listener_id


class RunDialog(QDialog):
    """Who listens: a code that says nothing about the person, and a number that balances the orders.

    Parameters
    ----------
    next_index : int
        Number that is taken here unless another is chosen.
    """

    def __init__(self, next_index: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Run a session")
        self.code_edit = QLineEdit(new_listener_id())
        self.code_edit.setAccessibleName("Code of the listener")
        self.code_edit.textChanged.connect(self._refresh)
        self.index_spin = QSpinBox()
        self.index_spin.setRange(0, 1_000_000)
        self.index_spin.setValue(next_index)
        self.index_spin.setAccessibleName("Number of the listener")
        form = QFormLayout()
        form.addRow("Code", self.code_edit)
        form.addRow("Number", self.index_spin)
        note = role(
            QLabel(
                "The code stands for the listener, so do not use a name. With the same code an unfinished "
                "session goes on where it was. Give each computer numbers of its own where several are used."
            ),
            "muted",
        )
        note.setWordWrap(True)
        note.setMinimumWidth(380)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start_button = buttons.addButton("Begin", QDialogButtonBox.ButtonRole.AcceptRole)
        self.start_button.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 20, 24, 16)
        box.setSpacing(12)
        box.addLayout(form)
        box.addWidget(note)
        box.addWidget(buttons)

    @property
    def listener(self) -> str:
        """The code."""
        return self.code_edit.text().strip()

    @property
    def index(self) -> int:
        """The number."""
        return self.index_spin.value()

    def _refresh(self) -> None:
        self.start_button.setEnabled(bool(self.listener))


class ResultsExportDialog(QDialog):
    """Where to write results, and whether with what listeners wrote."""

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export the results")
        self.folder_edit = QLineEdit(str(folder))
        self.folder_edit.setMinimumWidth(380)
        self.folder_edit.setAccessibleName("Folder")
        self.folder_edit.textChanged.connect(self._refresh)
        browse = QPushButton("Choose…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        where = QHBoxLayout()
        where.addWidget(self.folder_edit, 1)
        where.addWidget(browse)
        self.free_text_box = QCheckBox("With what listeners wrote in their own words")
        self.free_text_box.setToolTip("It may tell who somebody is; read it before you publish it.")
        note = role(
            QLabel(
                "Writes report.html, results.tex, the tables as CSV (results, comparisons, ratings, "
                "listeners), and a figure of each block as PNG and PDF. Files of the same names are replaced."
            ),
            "muted",
        )
        note.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export_button = buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self.export_button.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 20, 24, 16)
        box.setSpacing(12)
        box.addLayout(where)
        box.addWidget(self.free_text_box)
        box.addWidget(note)
        box.addWidget(buttons)

    @property
    def folder(self) -> Path:
        """Where to."""
        return Path(self.folder_edit.text().strip()).expanduser()

    @property
    def free_text(self) -> bool:
        """Whether with what listeners wrote."""
        return self.free_text_box.isChecked()

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder to export to", self.folder_edit.text())
        if chosen:
            self.folder_edit.setText(chosen)

    def _refresh(self) -> None:
        self.export_button.setEnabled(bool(self.folder_edit.text().strip()))
