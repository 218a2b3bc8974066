"""A form of cards, one below the other, that scrolls."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.shared.card import Card
from workbench.gui.theme import ThemeManager


class CardForm(QScrollArea):
    """A column of cards that says when the user has changed something in it.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    """

    edited = Signal()

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inner = QWidget()
        self._box = QVBoxLayout(self._inner)
        self._box.setContentsMargins(0, 0, 0, 0)

    def set_enabled(self, enabled: bool) -> None:
        """Let it be changed, or only be looked at; it scrolls all the same."""
        self._inner.setEnabled(enabled)

    def _lay_out(self, *cards: Card) -> None:
        """Show the cards; called once, when they are made."""
        for card in cards:
            self._box.addWidget(card)
        self._box.addStretch(1)
        self.setWidget(self._inner)
        self._theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self._box.setSpacing(self._theme.px(6))
