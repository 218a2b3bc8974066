"""What lies over the pictures: what to do before anything is heard, and questions that must be answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workbench.gui.theme import ThemeManager, role


@dataclass(frozen=True)
class Choice:
    """A button: its text and what it does."""

    text: str
    run: Callable[[], object]


class Curtain(QFrame):
    """A card in the middle of another widget with a title, a text and buttons; the first is the usual one.

    Parameters
    ----------
    parent : QWidget
        What it lies over.
    theme : ThemeManager
        Sizes.
    """

    def __init__(self, parent: QWidget, theme: ThemeManager) -> None:
        super().__init__(parent)
        self.setObjectName("curtain")
        self._theme = theme
        self._title = role(QLabel(), "title")
        self._text = role(QLabel(), "muted")
        for label in (self._title, self._text):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons: list[QPushButton] = []
        self._row = QHBoxLayout()
        self._box = QVBoxLayout(self)
        self._box.addWidget(self._title)
        self._box.addWidget(self._text)
        self._box.addLayout(self._row)
        parent.installEventFilter(self)
        theme.changed.connect(self._place)
        self.hide()

    @property
    def title(self) -> str:
        """What it says, empty while it is away."""
        return "" if self.isHidden() else self._title.text()

    def ask(self, title: str, text: str, choices: Sequence[Choice] = (), *, focused: bool = False) -> None:
        """Appear; `focused` puts the keyboard on the first button."""
        self._title.setText(title)
        self._text.setText(text)
        for old in self.buttons:
            self._row.removeWidget(old)
            old.deleteLater()
        while self._row.count():
            self._row.takeAt(0)
        self.buttons = [QPushButton(choice.text) for choice in choices]
        for number, (button, choice) in enumerate(zip(self.buttons, choices, strict=True)):
            button.setDefault(number == 0)
            button.setAutoDefault(True)
            button.clicked.connect(lambda _=False, run=choice.run: run())
            self._row.addWidget(button)
            # A widget takes the focus only once it is there.
            button.show()
        self._row.addStretch(1)
        self.show()
        self.raise_()
        QTimer.singleShot(0, self, self._place)
        if focused and self.buttons:
            self.buttons[0].setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Take the room that the text needs, which is known once it has its font."""
        super().showEvent(event)
        QTimer.singleShot(0, self, self._place)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        parent, px = self.parentWidget(), self._theme.px
        self._box.setContentsMargins(px(22), px(16), px(22), px(18))
        self._box.setSpacing(px(8))
        self._row.setSpacing(px(8))
        if parent is None or self.isHidden():
            return
        width = min(px(470), parent.width() - px(24))
        margins = self._box.contentsMargins()
        room = width - margins.left() - margins.right()
        height = sum(label.heightForWidth(room) for label in (self._title, self._text))
        height += margins.top() + margins.bottom()
        if self.buttons:
            height += self._row.sizeHint().height() + 2 * self._box.spacing()
        height = min(height + self._box.spacing(), parent.height())
        self.setGeometry((parent.width() - width) // 2, (parent.height() - height) // 2, width, height)
