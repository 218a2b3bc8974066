"""What the user should know while sound runs: overload, a device that is gone, feedback."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from workbench.gui.live.curtain import Choice
from workbench.gui.theme import ThemeManager


class Notice(QFrame):
    """A strip over the pictures that is there as long as what it says holds.

    Over them, because making room would lay the page out anew, and an overload is no time for that.
    """

    def __init__(self, parent: QWidget, theme: ThemeManager) -> None:
        super().__init__(parent)
        self.setObjectName("messages")
        self._theme = theme
        self._mark = QToolButton()
        self._mark.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._mark.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.buttons: list[QPushButton] = []
        self._shown: tuple[str, str] = ("", "")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 4, 8, 4)
        self._row.addWidget(self._mark)
        self._row.addWidget(self._label, 1)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, empty while it is away."""
        return self._shown[1]

    def say(self, level: str, text: str, choices: Sequence[Choice] = ()) -> None:
        """Show a text ("info", "warning" or "error") with buttons; an empty one hides the strip."""
        if (level, text) == self._shown:
            return
        self._shown = level, text
        for old in self.buttons:
            self._row.removeWidget(old)
            old.deleteLater()
        self.buttons = [QPushButton(choice.text) for choice in choices]
        for button, choice in zip(self.buttons, choices, strict=True):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, run=choice.run: run())
            self._row.addWidget(button)
        self.setVisible(bool(text))
        if text:
            self._label.setText(text)
            self.setAccessibleName(text)
            self._theme.bind_icon(self._mark, level, "text" if level == "info" else level)
            self.setProperty("level", level)
            self.style().polish(self)
            self.raise_()
            self.fit(self.geometry())

    def fit(self, room: QRect) -> None:
        """Lie along the top of an area, as high as the text needs."""
        height = max(self._row.heightForWidth(room.width()), self._row.minimumSize().height())
        self.setGeometry(room.x(), room.y(), room.width(), height)
