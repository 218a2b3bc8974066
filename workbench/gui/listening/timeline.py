"""Where in the sound one is, and which part of it is repeated."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider

from workbench.dsp import SAMPLE_RATE
from workbench.gui.listening.look import Look

STEP_MS = 500
_DRAG_PX = 6


class Timeline(QSlider):
    """The position on a line; a click goes there, a drag chooses what is repeated.

    Its value is the position in ms, for screen readers.

    Parameters
    ----------
    look : Look
        Colours and sizes.
    """

    seek_requested = Signal(int)
    loop_requested = Signal(int, int)

    def __init__(self, look: Look) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._look = look
        self._n_samples = 0
        self._loop: tuple[int, int] | None = None
        self._pressed_x: float | None = None
        self._drag: tuple[int, int] | None = None
        self.setAccessibleName("Position")
        self.setAccessibleDescription("Left and right arrows move by half a second")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumWidth(80)
        look.changed.connect(self.updateGeometry)

    def show_position(self, position: int, n_samples: int, loop: tuple[int, int] | None) -> None:
        """Show a position and what is repeated, in samples."""
        self._n_samples, self._loop = n_samples, loop
        self.setRange(0, _ms(n_samples))
        self.setValue(_ms(position))
        self.update()

    def sizeHint(self) -> QSize:
        """Return a size that is easy to hit."""
        return QSize(self._look.px(300), self._look.px(36))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back and on by half a second, or to the start."""
        steps = {Qt.Key.Key_Left: -STEP_MS, Qt.Key.Key_Right: STEP_MS}
        if event.key() in steps:
            wanted = min(max(0, self.value() + steps[Qt.Key(event.key())]), self.maximum())
            self.seek_requested.emit(wanted * SAMPLE_RATE // 1000)
        else:
            event.ignore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        self._pressed_x = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Choose a part to repeat."""
        if self._pressed_x is not None and abs(event.position().x() - self._pressed_x) > _DRAG_PX:
            first, last = sorted((self._sample(self._pressed_x), self._sample(event.position().x())))
            self._drag = first, last
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go there, or repeat what was chosen."""
        drag, self._drag = self._drag, None
        if drag is not None:
            self.loop_requested.emit(*drag)
        elif self._pressed_x is not None:
            self.seek_requested.emit(self._sample(self._pressed_x))
        self._pressed_x = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line, what is repeated, and the position."""
        look = self._look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right = self._ends
        middle, thick = self.height() / 2, look.px(6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("strong_border" if look.line_px == 1 else "border"))
        painter.drawRoundedRect(QRectF(left, middle - 1, right - left, 3), 1, 1)
        region = self._drag or self._loop
        if region is not None and self._n_samples and region != (0, self._n_samples):
            first, last = (self._x(edge) for edge in region)
            painter.setBrush(look.color("accent_soft"))
            painter.setPen(QPen(look.color("accent"), look.line_px))
            painter.drawRect(QRectF(first, middle - look.px(11), max(last - first, 2), look.px(22)))
            painter.setPen(Qt.PenStyle.NoPen)
        x = self._x(self.value() * SAMPLE_RATE // 1000)
        painter.setBrush(look.color("accent"))
        painter.drawRoundedRect(QRectF(x - thick / 2, middle - look.px(12), thick, look.px(24)), 3, 3)
        if self.hasFocus():
            painter.setPen(QPen(look.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()

    @property
    def _ends(self) -> tuple[float, float]:
        return self._look.px(8), self.width() - self._look.px(8)

    def _x(self, sample: int) -> float:
        left, right = self._ends
        return left + (right - left) * sample / max(self._n_samples, 1)

    def _sample(self, x: float) -> int:
        left, right = self._ends
        return round(min(max((x - left) / max(right - left, 1), 0), 1) * self._n_samples)


def _ms(samples: int) -> int:
    return samples * 1000 // SAMPLE_RATE
