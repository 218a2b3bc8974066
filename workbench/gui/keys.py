"""The keys of the studio, in one place: the shortcuts are made from it, and the list at ``?``."""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.theme import role


@dataclass(frozen=True)
class Key:
    """A key and what it does; `name` is the intent."""

    name: str
    keys: tuple[str, ...]
    text: str


LISTENING = (
    Key("play", ("Space",), "Play or pause"),
    Key("clean", ("1",), "Hear the clean signal"),
    Key("mixed", ("2",), "Hear the mixed signal"),
    Key("denoised", ("3",), "Hear the denoised signal"),
    Key("match", ("M",), "Match loudness on or off"),
    Key("back", ("Left",), "Back by half a second"),
    Key("forward", ("Right",), "Forward by half a second"),
    Key("start", ("Home",), "To the start"),
    Key("loop", ("L",), "Loop on or off"),
)
SOUND = (
    Key("snr_down", ("[", "-"), "More noise (SNR down by 1 dB)"),
    Key("snr_up", ("]", "+", "="), "Less noise (SNR up by 1 dB)"),
    Key("open_speech", ("Ctrl+O",), "Open clean speech"),
    Key("open_noise", ("Ctrl+Shift+O",), "Open a noise"),
    Key("open_recording", ("Ctrl+R",), "Open a noisy recording"),
    Key("export", ("Ctrl+E",), "Export sounds, picture and numbers"),
)
PICTURE = (
    Key("follow", ("F",), "Follow the playhead on or off"),
    Key("all", ("A",), "Show the whole scene"),
    Key("zoom_in", ("Up",), "Zoom in on time"),
    Key("zoom_out", ("Down",), "Zoom out"),
    Key("band_in", ("Ctrl+Up",), "Zoom in on low frequencies"),
    Key("band_out", ("Ctrl+Down",), "Zoom out in frequency"),
)
WINDOW = (
    Key("larger", ("Ctrl++", "Ctrl+="), "Larger text"),
    Key("smaller", ("Ctrl+-",), "Smaller text"),
    Key("normal", ("Ctrl+0",), "Normal text size"),
    Key("full_screen", ("F11",), "Full screen on or off"),
    Key("keys", ("?", "F1", "Shift+?"), "This list"),
    Key("quit", ("Ctrl+Q",), "Quit"),
)
GROUPS = (("Listening", LISTENING), ("Sound", SOUND), ("Picture", PICTURE), ("Window", WINDOW))
MOUSE = (
    ("Click", "Go there"),
    ("Drag", "Move the picture"),
    ("Shift + drag", "Choose what is looped"),
    ("Wheel", "Zoom time; with Ctrl frequency, with Shift move along"),
    ("Double click", "Show everything"),
)
BY_NAME = {key.name: key for _, keys in GROUPS for key in keys}


def sequences(name: str) -> list[QKeySequence]:
    """Return the key sequences of an intent."""
    return [QKeySequence(key) for key in BY_NAME[name].keys]


class KeysDialog(QDialog):
    """The list of keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and mouse")
        columns = QHBoxLayout()
        columns.setSpacing(40)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column, groups in ((left, GROUPS[:2]), (right, GROUPS[2:])):
            for title, keys in groups:
                lines = [(" or ".join(_shown(k) for k in key.keys[:2]), key.text) for key in keys]
                self._add_group(column, title, lines)
            if column is right:
                self._add_group(column, "Mouse in a picture", MOUSE)
            column.setSpacing(6)
            column.addStretch(1)
            columns.addLayout(column)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 20, 24, 16)
        box.setSpacing(16)
        box.addLayout(columns)
        box.addWidget(buttons)

    def _add_group(self, column: QVBoxLayout, title: str, lines: Iterable[tuple[str, str]]) -> None:
        column.addWidget(role(QLabel(title.upper()), "heading"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(5)
        for row, (keys, text) in enumerate(lines):
            grid.addWidget(role(QLabel(keys), "key"), row, 0, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(QLabel(text), row, 1)
        grid.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance("Ctrl++ or Ctrl+=") + 40)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        column.addSpacing(12)


def _shown(key: str) -> str:
    names = {
        "Left": "←",
        "Right": "→",
        "Up": "↑",
        "Down": "↓",
        "Ctrl+Up": "Ctrl+↑",
        "Ctrl+Down": "Ctrl+↓",
        "-": "−",
        "Ctrl+-": "Ctrl+−",
    }
    return names.get(key, key)


class FocusedKeys(QObject):
    """Lets the widget that has the keyboard focus keep its own keys before the page's shortcuts.

    Space and Return press a focused button; arrows move a focused slider. Buttons take the focus by Tab
    alone, so that after a click Space still plays.
    """

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        for button in page.findChildren(QAbstractButton):
            if button.focusPolicy() != Qt.FocusPolicy.NoFocus:
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                button.installEventFilter(self)
        for widget in (*page.findChildren(QAbstractSlider), *page.findChildren(QComboBox)):
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claim the keys that a focused widget needs."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() in self._own_keys(watched) and not event.modifiers():
                event.accept()
                return True
        elif (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and isinstance(watched, QAbstractButton)
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        ):
            watched.click()
            return True
        return False

    @staticmethod
    def _own_keys(watched: QObject) -> tuple[Qt.Key, ...]:
        if isinstance(watched, QAbstractButton):
            return (Qt.Key.Key_Space,)
        arrows = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
        if isinstance(watched, QAbstractSlider):
            return (*arrows, Qt.Key.Key_Home, Qt.Key.Key_End)
        return (*arrows, Qt.Key.Key_Space, Qt.Key.Key_Home, Qt.Key.Key_End)
