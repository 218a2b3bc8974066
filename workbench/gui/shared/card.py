"""A titled group of controls."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from workbench.gui.theme import ThemeManager, role


class Card(QFrame):
    """A titled group of controls."""

    def __init__(self, title: str, theme: ThemeManager) -> None:
        super().__init__()
        self.setObjectName("card")
        self._theme = theme
        self.body = QVBoxLayout(self)
        self.head = QHBoxLayout()
        self.head.addWidget(role(QLabel(title), "heading"))
        self.head.addStretch(1)
        self.body.addLayout(self.head)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        px = self._theme.px
        self.body.setContentsMargins(px(12), px(6), px(12), px(8))
        self.body.setSpacing(px(5))
