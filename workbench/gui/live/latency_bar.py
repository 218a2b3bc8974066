"""The delay from the microphone to the ear, as one bar."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.engine.latency import FAIR_MS, GOOD_MS, LatencyBudget
from workbench.engine.round_trip import RoundTrip
from workbench.gui.live.style import grade_colour
from workbench.gui.theme import ThemeManager

SHORTEST_SCALE_MS = 30.0
SCALE_STEP_MS = 10.0

_SHADES = (1.0, 0.66, 0.36)
_VERDICTS = {
    "good": "green, up to 10 ms: the wearer's own voice sounds natural",
    "fair": "amber, up to 20 ms: the own voice begins to sound hollow",
    "poor": "red, more than 20 ms: the own voice is heard as an echo",
}


class LatencyBar(QWidget):
    """Method, buffers and processing, stacked; green to 10 ms, amber to 20, red beyond."""

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._budget = LatencyBudget()
        self._is_running = False
        self._round_trip: RoundTrip | None = None
        self._shown: tuple[object, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Delay from the microphone to the ear")
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_budget(self, budget: LatencyBudget, *, running: bool) -> None:
        """Show a delay; where nothing runs, only what the method takes is known."""
        self._budget, self._is_running = budget, running
        shown = running, *(round(part, 1) for part in self._parts())
        if shown != self._shown:
            self._shown = shown
            self.setAccessibleDescription(f"{self.headline()}. {self.details()}")
            self.update()

    def set_round_trip(self, measured: RoundTrip | None) -> None:
        """Show what was measured."""
        self._round_trip = measured
        self.update()

    def headline(self) -> str:
        """Return the delay in words."""
        return f"Delay {'' if self._is_running else '≥ '}{self._budget.total_ms:.0f} ms"

    def details(self) -> str:
        """Return its parts in words."""
        method, buffers, work = self._parts()
        if not self._is_running:
            return f"method {method:.0f} ms"
        return f"method {method:.0f} + buffers {buffers:.0f} + processing {work:.1f} ms"

    def explanation(self) -> str:
        """Return what the tooltip says."""
        method, buffers, work = self._parts()
        lines = [f"{self.headline()}, from the microphone to the ear"]
        if self._is_running:
            lines.append(f"({_VERDICTS[self._budget.grade]})")
        lines.append(f"Method {method:.1f} ms: what it has to hear before it can answer, on any machine")
        if self._is_running:
            lines += [
                f"Buffers {buffers:.1f} ms: sound device, driver and queues;"
                " other devices or a USB interface can be quicker",
                f"Processing {work:.2f} ms: measured on this machine",
            ]
        if self._round_trip is not None:
            measured = self._round_trip
            lines.append(
                f"Measured round trip {measured.delay_ms:.1f} ms (± {measured.spread_ms / 2:.1f}):"
                " devices and buffers, without the method"
            )
        return "\n".join(lines)

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(self._theme.px(300), self._theme.px(44))

    def minimumSizeHint(self) -> QSize:
        """Return the smallest useful size."""
        return QSize(self._theme.px(130), self._theme.px(44))

    def event(self, event: QEvent) -> bool:
        """Show the tooltip with the numbers of this moment."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.explanation(), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text, the bar and its limits."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        px = self._theme.px
        graded = grade_colour(self._budget.grade, self._theme)
        colour = graded if self._is_running else self._theme.color("muted")
        self._draw_text(painter, colour)
        bar = QRectF(0.5, px(20), self.width() - 1, px(9))
        total_ms = self._budget.total_ms
        scale_ms = max(SHORTEST_SCALE_MS, SCALE_STEP_MS * -(-total_ms // SCALE_STEP_MS))
        self._draw_zones(painter, bar, scale_ms)
        left = bar.left()
        painter.setPen(Qt.PenStyle.NoPen)
        for part_ms, shade in zip(self._parts(), _SHADES, strict=True):
            width = part_ms / scale_ms * bar.width()
            fill = QColor(colour)
            fill.setAlphaF(shade if self._is_running else 0.8)
            painter.setBrush(fill)
            painter.drawRect(QRectF(left, bar.top(), max(0.0, width - 1.5), bar.height()))
            left += width
        self._draw_limits(painter, bar, scale_ms)

    def _parts(self) -> tuple[float, float, float]:
        budget = self._budget
        return budget.algorithmic_ms, budget.buffers_ms, budget.processing_ms

    def _draw_text(self, painter: QPainter, colour: QColor) -> None:
        px = self._theme.px
        painter.setFont(self._theme.font(13, bold=True))
        painter.setPen(colour)
        text = self.headline()
        width = painter.fontMetrics().horizontalAdvance(text)
        painter.drawText(QRectF(0, 0, width + 2, px(18)), Qt.AlignmentFlag.AlignVCenter, text)
        painter.setFont(self._theme.font(11))
        painter.setPen(self._theme.color("muted"))
        room = self.width() - width - px(14)
        texts = [self.details()]
        if self._round_trip is not None:
            texts.insert(0, f"{self.details()}   round trip {self._round_trip.delay_ms:.0f} ms")
        advance = painter.fontMetrics().horizontalAdvance
        fitting = next((text for text in texts if advance(text) <= room), "")
        right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        painter.drawText(QRectF(self.width() - room, 0, room, px(18)), right, fitting)

    def _draw_zones(self, painter: QPainter, bar: QRectF, scale_ms: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        edges = (0.0, GOOD_MS, FAIR_MS, scale_ms)
        for start_ms, stop_ms, grade in zip(edges, edges[1:], ("good", "fair", "poor"), strict=False):
            zone = grade_colour(grade, self._theme)  # type: ignore[arg-type]
            zone.setAlphaF(0.16)
            painter.setBrush(zone)
            left = bar.left() + start_ms / scale_ms * bar.width()
            right = bar.left() + stop_ms / scale_ms * bar.width()
            painter.drawRect(QRectF(left, bar.top(), right - left, bar.height()))

    def _draw_limits(self, painter: QPainter, bar: QRectF, scale_ms: float) -> None:
        px = self._theme.px
        painter.setFont(self._theme.font(10))
        line = px(13)
        for limit_ms in (GOOD_MS, FAIR_MS):
            x = bar.left() + limit_ms / scale_ms * bar.width()
            painter.setPen(QPen(self._theme.color("text"), 1))
            painter.drawLine(int(x), int(bar.top() - px(1)), int(x), int(bar.bottom() + px(2)))
            painter.setPen(self._theme.color("muted"))
            place = QRectF(x - px(30), bar.bottom() + px(1), px(60), line)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{limit_ms:.0f} ms")

    def _restyle(self) -> None:
        self.setFixedHeight(self._theme.px(44))
        self.update()
