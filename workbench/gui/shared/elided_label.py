"""A label for names of files and other texts that may be longer than their place."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy


class ElidedLabel(QLabel):
    """A label that shortens its text in the middle to fit."""

    def __init__(self) -> None:
        super().__init__()
        self._full = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_text(self, text: str) -> None:
        """Set the whole text."""
        self._full = text
        self._fit()

    def resizeEvent(self, event: object) -> None:
        """Fit the text again."""
        self._fit()

    def _fit(self) -> None:
        elided = self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideMiddle, self.width())
        self.setText(elided)
