"""Sliders to rate several sounds side by side, with named bands behind them (ITU-R BS.1534-3)."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QSlider, QWidget

from workbench.gui.listening.deck import Deck
from workbench.gui.listening.look import Look
from workbench.gui.listening.transport import StimulusButton, StimulusSwitch
from workbench.gui.theme import role
from workbench.listening.screens import Scale, TrialScreen

PAGE_STEP = 10
_MARGIN_PX = 12
_KEYS = (
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
)


class RatingSlider(QSlider):
    """A vertical slider that has no value before it is touched.

    Parameters
    ----------
    scale : Scale
        What is rated, from where to where.
    look : Look
        Colours and sizes.
    """

    rated = Signal()

    def __init__(self, scale: Scale, look: Look) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._look = look
        self.is_rated = False
        self.setRange(scale.low, scale.high)
        self.setPageStep(PAGE_STEP)
        self.setAccessibleName(f"Rating of {scale.stimulus}")
        self.setAccessibleDescription("not rated yet")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        look.changed.connect(self.updateGeometry)

    @property
    def rating(self) -> int | None:
        """The rating; None before the first touch."""
        return self.value() if self.is_rated else None

    def rate(self, value: int) -> None:
        """Set the rating."""
        self.setValue(value)
        self.is_rated = True
        self.setAccessibleDescription("")
        self.update()
        self.rated.emit()

    def y_of(self, value: float) -> float:
        """Return where a value stands, in the slider's coordinates."""
        top, bottom = self._ends
        return bottom - (bottom - top) * (value - self.minimum()) / (self.maximum() - self.minimum())

    def sizeHint(self) -> QSize:
        """Return a size at which single points can be told apart."""
        return QSize(self._look.px(56), self._look.px(280))

    def minimumSizeHint(self) -> QSize:
        """Return the least size."""
        return QSize(self._look.px(34), self._look.px(120))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by 1, by 10, or to an end; arrows to the side are the board's."""
        if event.key() in _KEYS:
            super().keyPressEvent(event)
            self.rate(self.value())
        else:
            event.ignore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page: nobody should rate by accident."""
        event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Rate by where it is clicked."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._rate_at(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Rate while it is dragged."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._rate_at(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Nothing more: the press has rated."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw line and handle; a handle with a dashed frame is not rated yet."""
        look = self._look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top, bottom = self._ends
        middle = self.width() / 2
        painter.setPen(QPen(look.color("strong_border"), 3))
        painter.drawLine(round(middle), round(top), round(middle), round(bottom))
        y = self.y_of(self.value())
        if self.is_rated:
            painter.setPen(QPen(look.color("accent"), 3))
            painter.drawLine(round(middle), round(y), round(middle), round(bottom))
        wide, high = min(look.px(44), self.width() - 6), look.px(20)
        handle = QRectF(middle - wide / 2, y - high / 2, wide, high)
        style = Qt.PenStyle.SolidLine if self.is_rated else Qt.PenStyle.DashLine
        painter.setPen(QPen(look.color("text"), 2, style))
        painter.setBrush(look.color("accent" if self.is_rated else "window"))
        painter.drawRoundedRect(handle, look.px(5), look.px(5))
        if self.hasFocus():
            painter.setPen(QPen(look.color("accent"), 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), look.px(8), look.px(8))
        painter.end()

    @property
    def _ends(self) -> tuple[float, float]:
        margin = self._look.px(_MARGIN_PX) + 4
        return margin, self.height() - margin

    def _rate_at(self, event: QMouseEvent) -> None:
        top, bottom = self._ends
        share = min(max((bottom - event.position().y()) / (bottom - top), 0.0), 1.0)
        self.rate(round(self.minimum() + share * (self.maximum() - self.minimum())))


class RatingBoard(QWidget):
    """A slider for each sound, its button above and its value below, bands named at the side.

    Parameters
    ----------
    screen : TrialScreen
        Its first sound may be the reference, which is not rated.
    deck : Deck
        Plays the sounds.
    look : Look
        Colours and sizes.
    """

    rated = Signal()

    def __init__(self, screen: TrialScreen, deck: Deck, look: Look) -> None:
        super().__init__()
        self._look = look
        self._deck = deck
        self._scales = {scale.stimulus: scale for scale in screen.scales}
        self._bands = screen.scales[0].bands
        self.sliders: dict[str, RatingSlider] = {}
        self.buttons: list[StimulusButton] = []
        self._values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(look.px(4))
        grid.setVerticalSpacing(look.px(6))
        grid.setRowStretch(1, 1)
        column = 1
        for stimulus in screen.stimuli:
            is_rated = stimulus.label in self._scales
            button = StimulusButton(stimulus.label, screen.must_hear, look, compact=True)
            self.buttons.append(button)
            if not is_rated:
                grid.addWidget(button, 0, 0)
                continue
            grid.addWidget(button, 0, column)
            self._add_slider(grid, column, self._scales[stimulus.label])
            grid.setColumnStretch(column, 1)
            column += 1
        grid.setColumnMinimumWidth(0, self._bands_width)
        self._grid = grid
        self._switch = StimulusSwitch(self.buttons, deck, self)
        look.changed.connect(self._restyle)

    def values(self) -> dict[str, int | None]:
        """Return the ratings so far."""
        return {scale.name: self.sliders[label].rating for label, scale in self._scales.items()}

    def select(self, place: int) -> None:
        """Listen to a sound, and let the keyboard rate it."""
        if not 0 <= place < len(self.buttons) or not self._deck.is_ready:
            return
        self._deck.select(place)
        slider = self.sliders.get(self.buttons[place].text())
        (slider or self.buttons[place]).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bands behind the sliders."""
        if not self.sliders or not self._bands:
            return
        look = self._look
        slider = next(iter(self.sliders.values()))
        painter = QPainter(self)
        step = (slider.maximum() - slider.minimum()) / len(self._bands)
        edges = [
            slider.y() + slider.y_of(slider.minimum() + step * place) for place in range(len(self._bands) + 1)
        ]
        painter.setFont(look.font(16))
        for place, name in enumerate(self._bands):
            low, high = edges[place], edges[place + 1]
            room = QRectF(0, high, self._bands_width - look.px(10), low - high)
            painter.setPen(look.color("text"))
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)
        painter.setPen(QPen(look.color("border"), 1))
        for edge in edges:
            painter.drawLine(self._bands_width, round(edge), self.width(), round(edge))
        painter.end()

    @property
    def _bands_width(self) -> int:
        metrics = QFontMetrics(self._look.font(16))
        widest = max((metrics.horizontalAdvance(name) for name in self._bands), default=0)
        reference = max(
            (button.sizeHint().width() for button in self.buttons if not self._is_rated(button)), default=0
        )
        return max(widest + self._look.px(14), reference)

    def _is_rated(self, button: StimulusButton) -> bool:
        return button.text() in self._scales

    def _add_slider(self, grid: QGridLayout, column: int, scale: Scale) -> None:
        slider = RatingSlider(scale, self._look)
        value = role(QLabel("–"), "value")
        value.setAlignment(Qt.AlignmentFlag.AlignCenter)
        slider.rated.connect(self._show_values)
        self.sliders[scale.stimulus] = slider
        self._values[scale.stimulus] = value
        grid.addWidget(slider, 1, column, Qt.AlignmentFlag.AlignHCenter)
        grid.addWidget(value, 2, column)

    def _show_values(self) -> None:
        for label, slider in self.sliders.items():
            rating = slider.rating
            self._values[label].setText("–" if rating is None else str(rating))
        self.rated.emit()

    def _restyle(self) -> None:
        self._grid.setColumnMinimumWidth(0, self._bands_width)
        self.update()
