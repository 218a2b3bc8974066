"""The whole scene in one strip: its waveforms, what is on show, the loop and the playhead."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.shared.view_range import ViewRange
from workbench.gui.theme import ThemeManager

N_PEAKS = 1200


def peaks(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest magnitude in each of `N_PEAKS` equal parts of a signal."""
    edges = np.linspace(0, len(signal), N_PEAKS + 1).astype(int)
    if len(signal) < N_PEAKS:
        return np.zeros(N_PEAKS, np.float32)
    return np.maximum.reduceat(np.abs(signal), edges[:-1]).astype(np.float32)


class Overview(QWidget):
    """Waveform of the mixed signal with the denoised one in front; click or drag to seek."""

    seek_requested = Signal(float)

    def __init__(self, view: ViewRange, theme: ThemeManager) -> None:
        super().__init__()
        self._view = view
        self._theme = theme
        self._mixed: NDArray[np.float32] | None = None
        self._denoised: NDArray[np.float32] | None = None
        self._loop: tuple[float, float] | None = None
        self._position_s = 0.0
        self._drawn: QPixmap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Whole scene")
        self.setToolTip(
            "The whole scene: mixed in gray, denoised in colour. Click or drag to seek.\n"
            "The frame is the part shown in the pictures."
        )
        view.changed.connect(self.update)
        theme.changed.connect(self._restyle)
        self._restyle()

    def set_peaks(self, mixed: NDArray[np.float32] | None, denoised: NDArray[np.float32] | None) -> None:
        """Show envelopes as `peaks` returns them."""
        self._mixed, self._denoised = mixed, denoised
        self._drawn = None
        self.update()

    def set_playhead(self, position_s: float) -> None:
        """Move the playhead."""
        self._position_s = position_s
        self.update()

    def set_loop(self, loop_s: tuple[float, float] | None) -> None:
        """Show the looped stretch."""
        self._loop = loop_s
        self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(self._theme.px(300), self._theme.px(40))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw."""
        painter = QPainter(self)
        if self._drawn is None or self._drawn.deviceIndependentSize().toSize() != self.size():
            self._drawn = self._draw_waveforms()
        painter.drawPixmap(0, 0, self._drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._loop is not None:
            fill = self._theme.color("accent")
            fill.setAlphaF(0.22)
            painter.fillRect(self._span(*self._loop), fill)
        shown = self._view.time_s
        if shown[1] - shown[0] < self._view.duration_s * 0.999:
            veil = self._theme.color("surface")
            veil.setAlphaF(0.6)
            painter.fillRect(self._span(0, shown[0]), veil)
            painter.fillRect(self._span(shown[1], self._view.duration_s), veil)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("muted"), 1))
            painter.drawRoundedRect(self._span(*shown).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(QPen(self._theme.color("text"), 1.5 * self._theme.scale))
        x = self._x(self._position_s)
        painter.drawLine(QLineF(x, 1, x, self.height() - 1))

    def _draw_waveforms(self) -> QPixmap:
        """Draw what stays the same while the playhead moves."""
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(self._theme.color("border"), 1))
        painter.setBrush(self._theme.color("window"))
        painter.drawRoundedRect(box, 5, 5)
        top = max(
            (float(p.max(initial=0.0)) for p in (self._mixed, self._denoised) if p is not None), default=0.0
        )
        if top > 0:
            self._draw_peaks(painter, self._mixed, top, self._theme.color("strong_border"))
            self._draw_peaks(painter, self._denoised, top, self._theme.color("accent"))
        painter.end()
        return pixmap

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Seek."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._seek(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Seek along."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._seek(event)

    def _seek(self, event: QMouseEvent) -> None:
        share = min(max(event.position().x() / max(1, self.width()), 0.0), 1.0)
        self.seek_requested.emit(share * self._view.duration_s)

    def _x(self, time_s: float) -> float:
        return time_s / self._view.duration_s * self.width()

    def _span(self, start_s: float, stop_s: float) -> QRectF:
        return QRectF(self._x(start_s), 0, self._x(stop_s) - self._x(start_s), self.height())

    def _draw_peaks(
        self, painter: QPainter, values: NDArray[np.float32] | None, top: float, colour: QColor
    ) -> None:
        if values is None:
            return
        width, middle = max(1, self.width()), self.height() / 2
        edges = np.linspace(0, len(values), min(width, len(values)) + 1).astype(int)[:-1]
        heights = np.sqrt(np.maximum.reduceat(values, edges) / top) * (middle - 4)
        painter.setPen(QPen(colour, 1))
        xs = (np.arange(len(heights)) + 0.5) * width / len(heights)
        painter.drawLines(
            [QLineF(x, middle - h, x, middle + h) for x, h in zip(xs.tolist(), heights.tolist(), strict=True)]
        )

    def _restyle(self) -> None:
        self.setFixedHeight(self._theme.px(40))
        self._drawn = None
        self.update()
