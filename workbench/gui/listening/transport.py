"""The sounds of a trial as large buttons, with play, position and repeat below them."""

from functools import partial

from PySide6.QtCore import QObject, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from workbench.gui.listening.deck import Deck, seconds
from workbench.gui.listening.look import Look
from workbench.gui.listening.timeline import Timeline
from workbench.gui.theme import role
from workbench.listening.screens import Stimulus


class StimulusButton(QPushButton):
    """A sound to listen to; a bar below its name fills while it is heard.

    Parameters
    ----------
    label : str
        Its name on the screen.
    must_hear : float
        Share that has to be heard, 0 for none.
    look : Look
        Colours and sizes.
    """

    def __init__(self, label: str, must_hear: float, look: Look, *, compact: bool = False) -> None:
        super().__init__(label)
        self._look = look
        self._must_hear = must_hear
        self._is_compact = compact
        self._is_playing = False
        self._heard = 0.0
        self.setCheckable(True)
        self.setAutoExclusive(False)
        self.setAccessibleName(f"Listen to {label}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look.changed.connect(self.updateGeometry)
        self._describe()

    def show_state(self, *, is_selected: bool, is_playing: bool, heard: float) -> None:
        """Show whether it is the one, whether it sounds, and how much of it was heard."""
        state = is_playing and is_selected, heard
        if self.isChecked() != is_selected:
            self.setChecked(is_selected)
        if state != (self._is_playing, self._heard):
            self._is_playing, self._heard = state
            self._describe()
            self.update()

    def sizeHint(self) -> QSize:
        """Return a size that is easy to hit."""
        text = QFontMetrics(self._font).horizontalAdvance(self.text())
        if self._is_compact:
            return QSize(text + self._look.px(22), self._look.px(52))
        return QSize(max(text + self._look.px(48), self._look.px(120)), self._look.px(76))

    def minimumSizeHint(self) -> QSize:
        """Return the least size."""
        text = QFontMetrics(self._font).horizontalAdvance(self.text())
        return QSize(text + self._look.px(14), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw frame, name and how much was heard."""
        look = self._look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_on, has_focus = self.isChecked(), self.hasFocus()
        width = 3 if has_focus or is_on else look.line_px
        edge = "text" if has_focus and is_on else "accent" if has_focus or is_on else "strong_border"
        painter.setPen(QPen(look.color(edge), width))
        ground = "accent_soft" if is_on else "hover" if self.underMouse() else "raised"
        painter.setBrush(look.color(ground))
        inset = width / 2 + 0.5
        frame = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(frame, look.px(10), look.px(10))
        painter.setPen(look.color("text" if self.isEnabled() else "muted"))
        painter.setFont(self._font)
        above = frame.adjusted(0, 0, 0, -look.px(12 if self._must_hear else 0))
        painter.drawText(above, Qt.AlignmentFlag.AlignCenter, self.text())
        if self._is_playing:
            self._draw_waves(painter, frame)
        if self._must_hear:
            self._draw_heard(painter, frame)
        painter.end()

    @property
    def _font(self) -> QFont:
        return self._look.font(20 if self._is_compact or len(self.text()) > 2 else 26, bold=True)

    @property
    def _is_heard(self) -> bool:
        return self._heard >= self._must_hear

    def _draw_heard(self, painter: QPainter, frame: QRectF) -> None:
        look = self._look
        bar = QRectF(0, 0, min(frame.width() - look.px(20), look.px(90)), look.px(5))
        bar.moveCenter(frame.center())
        bar.moveTop(frame.bottom() - look.px(13))
        painter.setPen(QPen(look.color("strong_border"), look.line_px))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)
        share = min(self._heard / self._must_hear, 1.0)
        if share > 0:
            bar.setWidth(max(bar.width() * share, bar.height()))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("accent" if share >= 1 else "muted"))
            painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)

    def _draw_waves(self, painter: QPainter, frame: QRectF) -> None:
        """Mark what sounds, not by colour alone."""
        look = self._look
        painter.setPen(QPen(look.color("accent"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        side = look.px(7 if self._is_compact else 10)
        for number in (1, 2):
            radius = side * number / 2
            arc = QRectF(-radius, -radius, 2 * radius, 2 * radius)
            arc.translate(frame.right() - look.px(11 if self._is_compact else 22), frame.top() + look.px(14))
            painter.drawArc(arc, -50 * 16, 100 * 16)

    def _describe(self) -> None:
        said = "heard" if self._is_heard else f"{100 * self._heard / self._must_hear:.0f} percent heard"
        parts = ["playing"] if self._is_playing else []
        parts += [said] if self._must_hear else []
        self.setAccessibleDescription(", ".join(parts))


class StimulusBar(QWidget):
    """The buttons of a trial's sounds; they switch what the deck plays.

    Parameters
    ----------
    stimuli : tuple of Stimulus
        In the order of the deck.
    must_hear : float
        Share of each that has to be heard.
    deck : Deck
        Plays them.
    look : Look
        Colours and sizes.
    """

    def __init__(self, stimuli: tuple[Stimulus, ...], must_hear: float, deck: Deck, look: Look) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        look.space(row, 14)
        row.addStretch(1)
        self.buttons = [StimulusButton(each.label, must_hear, look) for each in stimuli]
        for button in self.buttons:
            row.addWidget(button)
        row.addStretch(1)
        self._switch = StimulusSwitch(self.buttons, deck, self)


class StimulusSwitch(QObject):
    """Lets buttons switch a deck's sounds, and shows its state on them, for as long as their owner lives.

    Parameters
    ----------
    buttons : list of StimulusButton
        In the order of the deck.
    deck : Deck
        Plays the sounds.
    owner : QWidget
        On which the buttons stand.
    """

    def __init__(self, buttons: list[StimulusButton], deck: Deck, owner: QWidget) -> None:
        super().__init__(owner)
        self._buttons = buttons
        self._deck = deck
        for place, button in enumerate(buttons):
            button.clicked.connect(partial(self._select, place))
        deck.changed.connect(self._show)
        deck.heard_changed.connect(self._show)
        self._show()

    def _select(self, place: int) -> None:
        self._deck.select(place)
        self._show()

    def _show(self) -> None:
        deck = self._deck
        heard = deck.heard or [0.0] * len(self._buttons)
        for place, button in enumerate(self._buttons):
            button.setEnabled(deck.is_ready)
            button.show_state(
                is_selected=deck.is_ready and place == deck.selected,
                is_playing=deck.is_playing,
                # While the screen changes, the deck may hold another number of sounds.
                heard=heard[place] if place < len(heard) else 0.0,
            )


class TransportBar(QWidget):
    """Play and pause, the position, and what is repeated.

    Parameters
    ----------
    deck : Deck
        What plays.
    look : Look
        Colours and sizes.
    """

    def __init__(self, deck: Deck, look: Look) -> None:
        super().__init__()
        self._deck = deck
        self.play_button = _button("Play", "Play or pause (Space)")
        self.loop_button = _button("Repeat", "Repeat the sound, or the part chosen (L)")
        self.loop_button.setCheckable(True)
        self.whole_button = _button("Whole sound", "Repeat the whole sound again (Backspace)")
        self.timeline = Timeline(look)
        self.time_label = role(QLabel(), "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        look.space(row, 10)
        row.addWidget(self.play_button)
        row.addWidget(self.timeline, 1)
        for widget in (self.time_label, self.whole_button, self.loop_button):
            row.addWidget(widget)
        self.play_button.clicked.connect(deck.toggle)
        self.loop_button.clicked.connect(self.toggle_loop)
        self.whole_button.clicked.connect(self.repeat_whole)
        self.timeline.seek_requested.connect(deck.seek)
        self.timeline.loop_requested.connect(lambda first, last: deck.set_loop((first, last)))
        deck.changed.connect(self._show)
        deck.moved.connect(self._show_position)
        self._show()

    def toggle_loop(self) -> None:
        """Repeat the whole sound, or do not repeat."""
        self._deck.set_loop(None if self._deck.loop else (0, self._deck.duration_samples))
        self._show()

    def repeat_whole(self) -> None:
        """Repeat the whole sound and not a part of it."""
        if self._deck.loop is not None:
            self._deck.set_loop((0, self._deck.duration_samples))

    def begin_region(self) -> None:
        """Repeat from here on."""
        end = self._deck.loop[1] if self._deck.loop else self._deck.duration_samples
        self._deck.set_loop((self._deck.position_samples, end))

    def end_region(self) -> None:
        """Repeat up to here."""
        start = self._deck.loop[0] if self._deck.loop else 0
        self._deck.set_loop((start, self._deck.position_samples))

    def _show(self) -> None:
        deck = self._deck
        for widget in (self.play_button, self.loop_button, self.timeline):
            widget.setEnabled(deck.is_ready)
        text = "Pause" if deck.is_playing else "Play"
        if self.play_button.text() != text:
            self.play_button.setText(text)
            self.play_button.setAccessibleName(text)
        self.loop_button.setChecked(deck.loop is not None)
        self.whole_button.setVisible(deck.loop not in (None, (0, deck.duration_samples)))
        self._show_position()

    def _show_position(self) -> None:
        deck = self._deck
        position, total = deck.position_samples, deck.duration_samples
        self.timeline.show_position(position, total, deck.loop)
        self.time_label.setText(f"{seconds(position):.1f} / {seconds(total):.1f} s")


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("small", True)
    button.setAccessibleName(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
