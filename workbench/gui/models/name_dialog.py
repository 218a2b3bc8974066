"""Asking for the name of a bundle; what is wrong with one is said while it is typed."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.bundles.library import name_problem
from workbench.gui.theme import role


class NameDialog(QDialog):
    """A field for a name, and a line below that says what is wrong with it.

    Parameters
    ----------
    title, text : str
        What the name is for.
    name : str
        What the field shows first.
    accept_text : str
        What the button says.
    parent : QWidget, optional
        Window to stand above.
    """

    def __init__(
        self, title: str, text: str, name: str, accept_text: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        label = QLabel(text)
        label.setWordWrap(True)
        self._first = name
        self.field = QLineEdit(name)
        self.field.setAccessibleName("Name")
        self.field.selectAll()
        self.problem = role(QLabel(), "error")
        self.problem.setWordWrap(True)
        # Room for two lines, so that nothing jumps.
        self.problem.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.accept_button = buttons.addButton(accept_text, QDialogButtonBox.ButtonRole.AcceptRole)
        self.accept_button.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 18, 20, 16)
        box.setSpacing(10)
        for widget in (label, self.field, self.problem, buttons):
            box.addWidget(widget)
        self.setMinimumWidth(420)
        self.field.textChanged.connect(lambda _: self._check())
        self._check()

    @property
    def name(self) -> str:
        """What was typed."""
        return self.field.text().strip()

    def _check(self) -> None:
        # The name that a bundle has already is no mistake, but no change either.
        problem = name_problem(self.name) if self.name else ""
        is_unchanged = self.name == self._first and bool(problem)
        self.problem.setText("" if is_unchanged else problem)
        self.accept_button.setEnabled(bool(self.name) and not problem)
