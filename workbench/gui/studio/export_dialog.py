"""The dialog that asks what to export, and where."""

from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.studio.export import KINDS, ExportRequest, target_paths
from workbench.gui.theme import role


class ExportDialog(QDialog):
    """Asks what to write, and where."""

    def __init__(
        self,
        folder: Path,
        name: str,
        kinds: tuple[str, ...],
        *,
        has_clean: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self._has_clean = has_clean
        self.boxes: dict[str, QCheckBox] = {}
        self.folder_edit = QLineEdit(str(folder))
        self.folder_edit.setMinimumWidth(340)
        self.folder_edit.setAccessibleName("Folder")
        self.name_edit = QLineEdit(name)
        self.name_edit.setAccessibleName("Name")
        browse = QPushButton("Choose…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        self._note = role(QLabel(), "muted")
        self._note.setWordWrap(True)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export_button = self._buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = self._buttons.button(QDialogButtonBox.StandardButton.Cancel)
        cancel.setAutoDefault(False)
        self.export_button.setDefault(True)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 20, 24, 16)
        box.setSpacing(10)
        box.addWidget(role(QLabel("WHAT"), "heading"))
        what = QGridLayout()
        what.setHorizontalSpacing(14)
        what.setColumnStretch(1, 1)
        for row, (kind, title, about) in enumerate(KINDS):
            check = QCheckBox(title)
            check.setChecked(kind in kinds)
            check.setToolTip(about)
            check.toggled.connect(self._refresh)
            self.boxes[kind] = check
            what.addWidget(check, row, 0)
            what.addWidget(role(QLabel(about), "muted"), row, 1)
        box.addLayout(what)
        box.addSpacing(6)
        box.addWidget(role(QLabel("WHERE"), "heading"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        for row, (text, edit) in enumerate((("Folder", self.folder_edit), ("Name", self.name_edit))):
            label = QLabel(text)
            label.setBuddy(edit)
            grid.addWidget(label, row, 0)
            grid.addWidget(edit, row, 1)
        grid.addWidget(browse, 0, 2)
        box.addLayout(grid)
        box.addWidget(self._note)
        box.addStretch(1)
        box.addWidget(self._buttons)
        self.folder_edit.textChanged.connect(self._refresh)
        self.name_edit.textChanged.connect(self._refresh)
        self._refresh()

    @property
    def request(self) -> ExportRequest:
        """What was asked for."""
        kinds = tuple(kind for kind, check in self.boxes.items() if check.isChecked())
        return ExportRequest(Path(self.folder_edit.text()).expanduser(), self.name_edit.text().strip(), kinds)

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder to export to", self.folder_edit.text())
        if chosen:
            self.folder_edit.setText(chosen)

    def _refresh(self) -> None:
        request = self.request
        valid = bool(request.kinds and request.name and self.folder_edit.text().strip())
        valid = valid and not any(mark in request.name for mark in '/\\:*?"<>|')
        self.export_button.setEnabled(valid)
        there = [path for path in target_paths(request, has_clean=self._has_clean).values() if path.exists()]
        if not valid:
            self._note.setText("Choose at least one kind of file, a folder and a name without / or \\.")
        elif there:
            files_text = "1 file that is there" if len(there) == 1 else f"{len(there)} files that are there"
            self._note.setText(f"This replaces {files_text}: {there[0].name}{' …' if len(there) > 1 else ''}")
        else:
            self._note.setText("")
