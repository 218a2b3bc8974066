"""One widget for each kind of screen: it shows the screen, takes keys, and tells the answer so far."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.listening.deck import Deck
from workbench.gui.listening.look import Look
from workbench.gui.listening.options import OptionGroup, ScaleRow
from workbench.gui.listening.sliders import RatingBoard
from workbench.gui.listening.transport import StimulusBar, TransportBar
from workbench.gui.theme import role
from workbench.listening.design import Question
from workbench.listening.screens import (
    LEVEL_RANGE_DB,
    LevelScreen,
    QuestionScreen,
    Screen,
    TextScreen,
    TrialScreen,
    Value,
)

FIRST_LEVEL_DB = -20
"""Where the level page begins: quiet, since nobody knows yet how loud the system is."""
_REMARKS_LINES = 4


class ScreenView(QWidget):
    """What all screens have: a title and a text, and the answer so far.

    Parameters
    ----------
    title, text : str
        What is read; an empty line in the text begins a paragraph.
    look : Look
        Colours and sizes.
    """

    changed = Signal()
    focused = Signal(object)
    keys = "Enter goes on"
    """What the keyboard does, for the foot of the screen."""
    is_tall = False
    """Whether it takes all the height there is."""

    def __init__(self, title: str, text: str, look: Look) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        look.space(self.body, 14)
        if title:
            heading = role(QLabel(title), "title")
            heading.setWordWrap(True)
            self.body.addWidget(heading)
        for paragraph in filter(None, (part.strip() for part in text.split("\n\n"))):
            label = QLabel(" ".join(paragraph.split()))
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            self.body.addWidget(label)

    def values(self) -> dict[str, Value]:
        """Return the answer so far."""
        return {}

    def problem(self) -> str:
        """Return what else is to be done before the next screen, in one sentence; empty for nothing."""
        return ""

    def take_key(self, event: QKeyEvent) -> bool:
        """Take a key that no focused widget wanted; return whether it meant something."""
        return False

    def focus_first(self) -> None:
        """Let the keyboard begin at the right place."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take keys before the page scrolls with them."""
        if not self.take_key(event):
            event.ignore()


class TextView(ScreenView):
    """A page to read, with something to tick where consent is asked for."""

    def __init__(self, screen: TextScreen, look: Look) -> None:
        super().__init__(screen.title, screen.text, look)
        self.agree: QCheckBox | None = None
        if screen.kind == "consent" and screen.agree:
            self.agree = QCheckBox(screen.agree)
            self.agree.toggled.connect(self.changed)
            self.body.addWidget(self.agree)
            self.keys = "Space ticks the box · Enter goes on"

    def values(self) -> dict[str, Value]:
        """Return whether consent was given, where it is asked for."""
        return {} if self.agree is None else {"agreed": self.agree.isChecked()}

    def focus_first(self) -> None:
        """Begin at the box to tick."""
        (self.agree or self).setFocus(Qt.FocusReason.TabFocusReason)


class LevelView(ScreenView):
    """A sound to be made comfortably loud."""

    keys = "Space plays and pauses · ← → change the level · Enter goes on"

    def __init__(self, screen: LevelScreen, deck: Deck, look: Look) -> None:
        super().__init__(screen.title, screen.text, look)
        self._deck = deck
        self.transport = TransportBar(deck, look)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(LEVEL_RANGE_DB[0]), round(LEVEL_RANGE_DB[1]))
        self.slider.setPageStep(3)
        self.slider.setValue(FIRST_LEVEL_DB)
        self.slider.setAccessibleName("Level")
        self.slider.valueChanged.connect(self._set_level)
        self._label = role(QLabel(), "value")
        row = QHBoxLayout()
        look.space(row, 12)
        for widget, stretch in ((QLabel("Softer"), 0), (self.slider, 1), (QLabel("Louder"), 0)):
            row.addWidget(widget, stretch)
        self.body.addSpacing(look.px(10))
        self.body.addWidget(self.transport)
        self.body.addLayout(row)
        self.body.addWidget(self._label, 0, Qt.AlignmentFlag.AlignHCenter)
        deck.heard_changed.connect(self.changed)
        self._set_level(FIRST_LEVEL_DB)

    def values(self) -> dict[str, Value]:
        """Return the level."""
        return {"gain_db": float(self.slider.value())}

    def problem(self) -> str:
        """Ask for the sound to be heard, since a level cannot be set without."""
        return "" if any(self._deck.heard) else "Play the sound to set the level."

    def take_key(self, event: QKeyEvent) -> bool:
        """Play and pause."""
        if event.key() == Qt.Key.Key_Space:
            self._deck.toggle()
            return True
        return False

    def focus_first(self) -> None:
        """Begin at the level."""
        self.slider.setFocus(Qt.FocusReason.TabFocusReason)

    def _set_level(self, gain_db: int) -> None:
        self._deck.set_gain(gain_db)
        self._label.setText(f"{gain_db} dB".replace("-", "−"))


class TrialView(ScreenView):
    """Sounds to listen to, and what is asked about them."""

    def __init__(self, screen: TrialScreen, deck: Deck, look: Look) -> None:
        super().__init__(screen.title, screen.text, look)
        self._deck = deck
        self._screen = screen
        self._places = {_key_of(each.label): place for place, each in enumerate(screen.stimuli)}
        self.transport = TransportBar(deck, look)
        self.board: RatingBoard | None = None
        self.scales: ScaleRow | None = None
        if screen.scales[0].options:
            self.stimuli = StimulusBar(screen.stimuli, screen.must_hear, deck, look)
            self.buttons = self.stimuli.buttons
            self.scales = ScaleRow(screen.scales, look)
            self.scales.chosen.connect(self.changed)
            self.scales.active_changed.connect(self.focused)
            self.body.addWidget(self.stimuli)
            self.body.addWidget(self.transport)
            self.body.addWidget(self.scales)
        else:
            self.is_tall = True
            self.board = RatingBoard(screen, deck, look)
            self.board.rated.connect(self.changed)
            self.buttons = self.board.buttons
            self.body.addWidget(self.board, 1)
            self.body.addWidget(self.transport)
        self.keys = self._keys()
        deck.heard_changed.connect(self.changed)
        deck.changed.connect(self.changed)

    def values(self) -> dict[str, Value]:
        """Return the ratings so far."""
        ratings = self.board.values() if self.board is not None else {}
        chosen = self.scales.values() if self.scales is not None else {}
        return {**ratings, **chosen}

    def take_key(self, event: QKeyEvent) -> bool:
        """Listen, answer, go to and fro in the sound."""
        if event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier):
            return False
        deck, transport = self._deck, self.transport
        acts = {
            Qt.Key.Key_Space: deck.toggle,
            Qt.Key.Key_Home: lambda: deck.seek(deck.loop[0] if deck.loop else 0),
            Qt.Key.Key_L: transport.toggle_loop,
            Qt.Key.Key_Backspace: transport.repeat_whole,
            Qt.Key.Key_BracketLeft: transport.begin_region,
            Qt.Key.Key_BracketRight: transport.end_region,
        }
        if self.board is not None:
            acts[Qt.Key.Key_Left] = lambda: self._listen((deck.selected - 1) % len(self.buttons))
            acts[Qt.Key.Key_Right] = lambda: self._listen((deck.selected + 1) % len(self.buttons))
        key = Qt.Key(event.key())
        if key in acts:
            acts[key]()
            return True
        place = self._places.get(event.text().upper())
        if place is not None:
            self._listen(place)
            return True
        return self.scales is not None and self.scales.take_key(event)

    def _listen(self, place: int) -> None:
        if self.board is not None:
            self.board.select(place)
        else:
            self._deck.select(place)

    def _keys(self) -> str:
        if self.board is not None:
            labels = [label for label in self._places if label != "R"]
            return (
                f"R and {labels[0]}–{labels[-1]} listen, ← → to the next · ↑ ↓ rate, Page keys by 10 · "
                "Space plays and pauses · Enter goes on"
            )
        listen = ", ".join(self._places)
        numbers = [value for value, _ in self._screen.scales[0].options if isinstance(value, int)]
        count = len(self._screen.scales[0].options)
        answer = f"type {max(numbers)} to {min(numbers)}".replace("-", "−") if numbers else f"1–{count}"
        return f"{listen} listen · {answer} to answer · Space plays and pauses · Enter goes on"


def _key_of(label: str) -> str:
    """Return the key of a sound: its letter or digit, 0 for the tenth."""
    return "0" if label == "10" else label[0].upper() if not label.isdigit() else label


class QuestionView(ScreenView):
    """A questionnaire."""

    keys = "Tab to the next question · arrows choose · Enter goes on"

    def __init__(self, screen: QuestionScreen, look: Look) -> None:
        super().__init__(screen.title, screen.text, look)
        self.fields: dict[str, OptionGroup | QLineEdit | QPlainTextEdit] = {}
        for question in screen.questions:
            text = question.text if question.required else f"{question.text} (optional)"
            label = role(QLabel(text), "question")
            label.setWordWrap(True)
            field = self._field(question, look)
            self.fields[question.name] = field
            self.body.addSpacing(look.px(6))
            self.body.addWidget(label)
            self.body.addWidget(field)
        self._types = {question.name: question.type for question in screen.questions}

    def values(self) -> dict[str, Value]:
        """Return the answers so far, None where there is none."""
        return {name: self._value(name) for name in self.fields}

    def focus_first(self) -> None:
        """Begin at the first question."""
        first = next(iter(self.fields.values()), self)
        target = next(iter(first.buttons.values())) if isinstance(first, OptionGroup) else first
        target.setFocus(Qt.FocusReason.TabFocusReason)

    def _value(self, name: str) -> Value:
        field = self.fields[name]
        if isinstance(field, OptionGroup):
            return field.value
        text = (field.text() if isinstance(field, QLineEdit) else field.toPlainText()).strip()
        if not text:
            return None
        if self._types[name] != "number":
            return text
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return text

    def _field(self, question: Question, look: Look) -> OptionGroup | QLineEdit | QPlainTextEdit:
        if question.type == "choice":
            group = OptionGroup("", [(option, option, "") for option in question.options], look)
            for option, button in zip(question.options, group.buttons.values(), strict=True):
                button.setAccessibleName(f"{question.text} {option}")
            group.chosen.connect(self.changed)
            return group
        field: QLineEdit | QPlainTextEdit
        if question.type == "number":
            field = QLineEdit()
            field.setPlaceholderText(f"{question.low:g} to {question.high:g}")
            field.setMaximumWidth(look.px(200))
            field.setInputMethodHints(Qt.InputMethodHint.ImhFormattedNumbersOnly)
        else:
            field = QPlainTextEdit()
            field.setTabChangesFocus(True)
            field.setFixedHeight(field.fontMetrics().lineSpacing() * 2 * _REMARKS_LINES)
        field.setAccessibleName(question.text)
        field.textChanged.connect(self.changed)
        return field


def view_for(screen: Screen, deck: Deck, look: Look) -> ScreenView:
    """Return the widget that shows a screen."""
    if isinstance(screen, TextScreen):
        return TextView(screen, look)
    if isinstance(screen, LevelScreen):
        return LevelView(screen, deck, look)
    if isinstance(screen, TrialScreen):
        return TrialView(screen, deck, look)
    if isinstance(screen, QuestionScreen):
        return QuestionView(screen, look)
    return ScreenView(screen.title, screen.text, look)
