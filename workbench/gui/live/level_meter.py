"""How loud a signal is: a bar over 60 dB with the peak that was reached last."""

import math
import time

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.live.style import grade_colour
from workbench.gui.theme import ThemeManager

LOWEST_DB = -60.0
LOUD_DB = -12.0
CLIPPING_DB = -1.0
_HOLD_S = 1.5


class LevelMeter(QWidget):
    """Green, amber from -12 dB on, red where it clips."""

    def __init__(self, name: str, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._level_db = self._held_db = -math.inf
        self._held_since_s = 0.0
        self._drawn = (-1, -1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.setToolTip(
            f"{name}: peak level in dB re full scale, with the highest of the last moments.\n"
            "Speech should reach amber now and then, and red never."
        )
        theme.changed.connect(self._restyle)
        self._restyle()

    @property
    def level_db(self) -> float:
        """What is shown."""
        return self._level_db

    def set_peak(self, peak: float | None) -> None:
        """Show a peak, 1 is full scale; None while nothing runs."""
        self._level_db = -math.inf if peak is None else 20 * math.log10(max(peak, 1e-9))
        now_s = time.monotonic()
        if peak is None or self._level_db >= self._held_db or now_s - self._held_since_s > _HOLD_S:
            self._held_db, self._held_since_s = self._level_db, now_s
        drawn = self._x(self._level_db), self._x(self._held_db)
        if drawn != self._drawn:
            self._drawn = drawn
            self.setAccessibleDescription("" if peak is None else f"{self._level_db:.0f} dB")
            self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(self._theme.px(120), self._theme.px(8))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw."""
        painter = QPainter(self)
        box = QRectF(self.rect())
        painter.fillRect(box, self._theme.color("border"))
        level_x, held_x = self._drawn
        edges = (LOWEST_DB, LOUD_DB, CLIPPING_DB, 0.0)
        for low_db, high_db, grade in zip(edges, edges[1:], ("good", "fair", "poor"), strict=False):
            left, right = self._x(low_db), min(self._x(high_db), level_x)
            if right > left:
                colour = grade_colour(grade, self._theme)  # type: ignore[arg-type]
                painter.fillRect(QRectF(left, 0, right - left, box.height()), colour)
        if held_x > 0:
            painter.setPen(QPen(self._theme.color("text"), self._theme.px(1.6)))
            painter.drawLine(held_x, 0, held_x, self.height())
        painter.setPen(QPen(self._theme.color("surface"), 1))
        for mark_db in (-48, -36, -24, -12):
            x = self._x(mark_db)
            painter.drawLine(x, 0, x, self.height())
        painter.setPen(Qt.PenStyle.NoPen)

    def _x(self, level_db: float) -> int:
        share = (max(level_db, LOWEST_DB) - LOWEST_DB) / -LOWEST_DB
        return round(min(share, 1.0) * self.width())

    def _restyle(self) -> None:
        self.setFixedHeight(self._theme.px(8))
        self.update()
