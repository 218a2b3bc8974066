"""The dB scale shared by the three spectrograms: a gradient with two handles."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from workbench.evaluation.spectrogram import DEFAULT_LEVELS_DB
from workbench.gui.shared.spectrogram_strip import HIGHEST_DB, LOWEST_DB, colour_table
from workbench.gui.theme import ThemeManager

MIN_SPAN_DB = 10.0
BAR_WIDTH = 12
LOW, HIGH, BOTH = "low", "high", "both"


class ColourBar(QWidget):
    """Shows and sets which levels the colours stand for, in dB re full scale.

    Drag a handle to move one end, the bar between them to move both, double click for the normal scale.
    With the keyboard: Up and Down move both ends, with Shift the upper, with Ctrl the lower one.
    """

    levels_changed = Signal(float, float)

    def __init__(self, theme: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._levels = DEFAULT_LEVELS_DB
        self._colours: NDArray[np.uint8] = np.zeros((256, 3), np.uint8)
        self._drag: tuple[str, float, tuple[float, float]] | None = None
        self._hover = ""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Colour scale in decibels")
        self.setToolTip(
            "Level in dB re full scale, the same for all three pictures.\n"
            "Drag a handle, or the bar itself; double click for the normal scale."
        )
        theme.changed.connect(self._restyle)
        self._restyle()

    @property
    def levels_db(self) -> tuple[float, float]:
        """Levels of the darkest and the brightest colour."""
        return self._levels

    def set_levels(self, low_db: float, high_db: float) -> None:
        """Set the scale, kept inside the range of the pictures and at least 10 dB wide."""
        high = min(max(high_db, LOWEST_DB + MIN_SPAN_DB), HIGHEST_DB)
        low = min(max(low_db, LOWEST_DB), high - MIN_SPAN_DB)
        if (low, high) != self._levels:
            self._levels = (low, high)
            self.update()
            self.levels_changed.emit(low, high)

    def set_colours(self, colours: NDArray[np.uint8]) -> None:
        """Set the colour map, uint8, shape (256, 3)."""
        self._colours = colours
        self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(self._theme.px(58), self._theme.px(120))

    def y_of(self, level_db: float) -> float:
        """Return the vertical position of a level inside the widget."""
        bar = self._bar()
        return bar.bottom() - (level_db - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB) * bar.height()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw gradient, ticks and handles."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = self._bar()
        table = colour_table(self._colours, *self._levels)[::-1]
        column = np.ascontiguousarray(table[:, None, :])
        image = QImage(column.data, 1, 256, 3, QImage.Format.Format_RGB888)
        painter.drawImage(bar, image)
        painter.setPen(QPen(self._theme.color("strong_border"), 1))
        painter.drawRect(bar)
        self._draw_ticks(painter, bar)
        for level in self._levels:
            self._draw_handle(painter, bar, level)
        if self.hasFocus():
            painter.setPen(QPen(self._theme.color("accent"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of a handle or of the bar."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = (
                self._part_at(event.position().y()),
                self._level_at(event.position().y()),
                self._levels,
            )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move what is held."""
        if self._drag is None:
            over = self._part_at(event.position().y())
            self.setCursor(Qt.CursorShape.SizeAllCursor if over == BOTH else Qt.CursorShape.SizeVerCursor)
            return
        part, origin, levels = self._drag
        self._move(part, self._level_at(event.position().y()) - origin, levels)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go back to the normal scale."""
        self._drag = None
        self.set_levels(*DEFAULT_LEVELS_DB)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Move the whole scale."""
        self._move(BOTH, 2.0 if event.angleDelta().y() > 0 else -2.0, self._levels)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the scale or one of its ends by 1 dB."""
        step = {Qt.Key.Key_Up: 1.0, Qt.Key.Key_Down: -1.0}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        modifiers = event.modifiers()
        part = BOTH
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            part = HIGH
        elif modifiers & Qt.KeyboardModifier.ControlModifier:
            part = LOW
        self._move(part, step, self._levels)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the focus is gone."""
        self.update()

    def _move(self, part: str, by_db: float, levels: tuple[float, float]) -> None:
        low, high = levels
        if part == LOW:
            self.set_levels(min(low + by_db, high - MIN_SPAN_DB), high)
        elif part == HIGH:
            self.set_levels(low, max(high + by_db, low + MIN_SPAN_DB))
        else:
            by_db = min(max(by_db, LOWEST_DB - low), HIGHEST_DB - high)
            self.set_levels(low + by_db, high + by_db)

    def _bar(self) -> QRectF:
        inset = 1
        return QRectF(self._theme.px(8), inset, self._theme.px(BAR_WIDTH), max(1, self.height() - 2 * inset))

    def _level_at(self, y: float) -> float:
        bar = self._bar()
        return LOWEST_DB + (bar.bottom() - y) / bar.height() * (HIGHEST_DB - LOWEST_DB)

    def _part_at(self, y: float) -> str:
        low_y, high_y = self.y_of(self._levels[0]), self.y_of(self._levels[1])
        near = self._theme.px(9)
        if abs(y - high_y) <= near:
            return HIGH
        return LOW if abs(y - low_y) <= near else BOTH

    def _draw_ticks(self, painter: QPainter, bar: QRectF) -> None:
        painter.setFont(self._theme.font(10.5))
        line = painter.fontMetrics().height()
        step = next(
            (s for s in (10, 20, 50) if bar.height() * s / (HIGHEST_DB - LOWEST_DB) >= line * 1.5), 100
        )
        level = HIGHEST_DB
        while level >= LOWEST_DB:
            y = self.y_of(level)
            painter.setPen(QPen(self._theme.color("strong_border"), 1))
            painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + self._theme.px(4), y))
            painter.setPen(self._theme.color("muted"))
            top = min(max(y - line / 2, 0.0), self.height() - line)
            text = QRectF(bar.right() + self._theme.px(8), top, self._theme.px(40), line)
            label = "0 dB" if level == 0 else f"−{-level:.0f}"
            painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)
            level -= step

    def _draw_handle(self, painter: QPainter, bar: QRectF, level_db: float) -> None:
        y, reach = self.y_of(level_db), self._theme.px(6)
        painter.setPen(QPen(self._theme.color("text"), 1.5))
        painter.drawLine(QPointF(bar.left(), y), QPointF(bar.right(), y))
        painter.setBrush(self._theme.color("text"))
        painter.setPen(Qt.PenStyle.NoPen)
        tip = bar.left()
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(tip, y),
                    QPointF(tip - reach, y - reach * 0.8),
                    QPointF(tip - reach, y + reach * 0.8),
                ]
            )
        )

    def _restyle(self) -> None:
        self.setFixedWidth(self._theme.px(58))
        self.update()
