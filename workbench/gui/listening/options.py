"""Answers to choose from: large buttons of which one is on, each with the key that chooses it."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QLabel, QRadioButton, QVBoxLayout, QWidget

from workbench.gui.listening.look import TEXT_PX, Look
from workbench.gui.theme import role
from workbench.listening.screens import Scale

_WRAP = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_WIDEST_PX = 420
_ACROSS = 3
"""So many answers stand beside each other; more stand below each other."""


class OptionButton(QRadioButton):
    """An answer.

    Parameters
    ----------
    text : str
        The answer.
    key : str
        What is typed to choose it, empty for none.
    name : str
        For screen readers.
    look : Look
        Colours and sizes.
    """

    def __init__(self, text: str, key: str, name: str, look: Look) -> None:
        super().__init__(text)
        self._look = look
        self._key = key
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # Styles leave room around what they draw themselves; all of this is drawn here.
        self.setAttribute(Qt.WidgetAttribute.WA_LayoutUsesWidgetRect)
        policy = self.sizePolicy()
        policy.setHorizontalPolicy(policy.Policy.Preferred)
        policy.setVerticalPolicy(policy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        look.changed.connect(self.updateGeometry)

    def hitButton(self, pos: QPoint) -> bool:
        """Take clicks anywhere on it."""
        return self.rect().contains(pos)

    def hasHeightForWidth(self) -> bool:
        """Long texts go over several lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height that the text needs."""
        room = max(width - self._left - self._look.px(14), self._look.px(40))
        text = QFontMetrics(self._font).boundingRect(QRect(0, 0, room, 10_000), int(_WRAP), self.text())
        return max(text.height() + self._look.px(18), self._look.px(46))

    def sizeHint(self) -> QSize:
        """Return a size at which short texts stay on one line."""
        text = QFontMetrics(self._font).horizontalAdvance(self.text()) + 4
        width = self._left + min(text, self._look.px(_WIDEST_PX)) + self._look.px(14)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Return the least size: the longest word on a line of its own."""
        metrics = QFontMetrics(self._font)
        word = max((metrics.horizontalAdvance(each) for each in self.text().split()), default=0) + 4
        return QSize(self._left + word + self._look.px(14), self._look.px(46))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose the answer before or after with the arrows, however the answers are laid out."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        answers = self.group().buttons()
        chosen = answers[(answers.index(self) + step) % len(answers)]
        chosen.setFocus(Qt.FocusReason.TabFocusReason)
        chosen.setChecked(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw frame, key and text."""
        look = self._look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_on, has_focus = self.isChecked(), self.hasFocus()
        width = 3 if has_focus else 2 if is_on else look.line_px
        edge = "text" if has_focus and is_on else "accent" if has_focus or is_on else "strong_border"
        painter.setPen(QPen(look.color(edge), width))
        painter.setBrush(look.color("accent" if is_on else "hover" if self.underMouse() else "raised"))
        inset = width / 2 + 0.5
        frame = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(frame, look.px(8), look.px(8))
        ink = look.color("on_accent" if is_on else "text")
        if self._key:
            chip = QRectF(look.px(10), 0, self._chip, look.px(26))
            chip.moveTop((self.height() - chip.height()) / 2)
            painter.setPen(QPen(ink if is_on else look.color("strong_border"), look.line_px))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(chip, look.px(5), look.px(5))
            painter.setPen(ink if is_on else look.color("muted"))
            painter.setFont(look.font(15, bold=True))
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, self._key)
        painter.setPen(ink)
        painter.setFont(self._font)
        room = self.rect().adjusted(self._left, 0, -look.px(10), 0)
        painter.drawText(room, int(_WRAP), self.text())
        painter.end()

    @property
    def _font(self) -> QFont:
        return self._look.font(TEXT_PX, bold=False)

    @property
    def _chip(self) -> int:
        """Width of the frame around the key."""
        metrics = QFontMetrics(self._look.font(15, bold=True))
        return max(metrics.horizontalAdvance(self._key) + self._look.px(12), self._look.px(26))

    @property
    def _left(self) -> int:
        return self._look.px(10) + self._chip + self._look.px(10) if self._key else self._look.px(16)


class OptionGroup(QWidget):
    """A question with its answers.

    Parameters
    ----------
    title : str
        The question; may be empty.
    options : sequence of (value, text, key)
        The answers.
    look : Look
        Colours and sizes.
    """

    chosen = Signal()

    def __init__(self, title: str, options: list[tuple[str | int, str, str]], look: Look) -> None:
        super().__init__()
        self.title = role(QLabel(title), "question")
        self.title.setWordWrap(True)
        self.title.setVisible(bool(title))
        self.buttons: dict[str | int, OptionButton] = {}
        # A group of its own, so that arrows stay within it.
        self._group = QButtonGroup(self)
        across = len(options) <= _ACROSS
        direction = QBoxLayout.Direction.LeftToRight if across else QBoxLayout.Direction.TopToBottom
        self._row = QBoxLayout(direction)
        look.space(self._row, 8)
        for value, text, key in options:
            button = OptionButton(text, key, f"{title}: {text}" if title else text, look)
            button.toggled.connect(self._toggled)
            self.buttons[value] = button
            self._group.addButton(button)
            self._row.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        look.space(column, 6)
        column.addWidget(self.title)
        column.addLayout(self._row)
        column.addStretch(1)

    @property
    def value(self) -> str | int | None:
        """The answer; None while there is none."""
        return next((value for value, button in self.buttons.items() if button.isChecked()), None)

    @property
    def has_focus(self) -> bool:
        """Whether the keyboard is at one of its answers."""
        return any(button.hasFocus() for button in self.buttons.values())

    def choose(self, value: str | int) -> bool:
        """Choose an answer; return whether there is such a one."""
        if value in self.buttons:
            self.buttons[value].setChecked(True)
        return value in self.buttons

    def set_active(self, active: bool) -> None:
        """Mark the group as the one that typed answers go to."""
        role(self.title, "active" if active else "question")
        self.title.style().polish(self.title)

    def _toggled(self, checked: bool) -> None:
        if checked:
            # Tab goes to the answer that is chosen alone; arrows go to the others.
            for button in self.buttons.values():
                policy = Qt.FocusPolicy.TabFocus if button.isChecked() else Qt.FocusPolicy.NoFocus
                button.setFocusPolicy(policy)
            self.chosen.emit()


def scale_options(scale: Scale) -> list[tuple[str | int, str, str]]:
    """Return the answers of a scale with their keys: numbers are typed, words counted."""
    return [
        (value, label, str(value).replace("-", "−") if isinstance(value, int) else str(place))
        for place, (value, label) in enumerate(scale.options, 1)
    ]


class ScaleRow(QWidget):
    """Scales beside each other, or below each other where there is no room.

    Parameters
    ----------
    scales : tuple of Scale
        All with answers to choose from.
    look : Look
        Colours and sizes.
    """

    chosen = Signal()
    active_changed = Signal(object)

    def __init__(self, scales: tuple[Scale, ...], look: Look) -> None:
        super().__init__()
        self._look = look
        self.groups = {scale.name: OptionGroup(scale.title, scale_options(scale), look) for scale in scales}
        self._is_negative = False
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        look.space(self._row, 20)
        for group in self.groups.values():
            self._row.addWidget(group, 1)
            group.chosen.connect(self._chosen)
        look.changed.connect(self._arrange)
        self._mark()

    def values(self) -> dict[str, str | int | None]:
        """Return the answers so far."""
        return {name: group.value for name, group in self.groups.items()}

    def take_key(self, event: QKeyEvent) -> bool:
        """Take an answer that is typed: its number, with a minus before it where it has one."""
        if event.key() == Qt.Key.Key_Minus:
            self._is_negative = True
            return True
        text = event.text()
        if len(text) != 1 or text not in "0123456789":
            return False
        sign, self._is_negative = (-1 if self._is_negative else 1), False
        group = self._active()
        values = list(group.buttons)
        if isinstance(values[0], int):
            return group.choose(sign * int(text))
        place = int(text) - 1
        return 0 <= place < len(values) and group.choose(values[place])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the scales anew."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        wanted = sum(
            max(button.minimumSizeHint().width() for button in group.buttons.values())
            for group in self.groups.values()
        )
        is_narrow = wanted + self._row.spacing() * (len(self.groups) - 1) > self.width()
        direction = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        if self._row.direction() != direction:
            self._row.setDirection(direction)

    def _active(self) -> OptionGroup:
        """Return where typed answers go: where the keyboard is, else what is not answered."""
        groups = list(self.groups.values())
        unanswered = (group for group in groups if group.value is None)
        return next((group for group in groups if group.has_focus), next(unanswered, groups[-1]))

    def _chosen(self) -> None:
        self._mark()
        self.chosen.emit()

    def _mark(self) -> None:
        unanswered = [group for group in self.groups.values() if group.value is None]
        for group in self.groups.values():
            group.set_active(len(self.groups) > 1 and unanswered[:1] == [group])
        if unanswered:
            self.active_changed.emit(unanswered[0])
