"""The noise classes: how probable each is now, and how it was over the scene, in five shared rows."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from workbench.classifier.posterior import CLASSES
from workbench.evaluation.palette import class_colour
from workbench.gui.shared.posterior_track import CELL_S, PosteriorTrack
from workbench.gui.shared.scene_plot import SceneViewBox
from workbench.gui.shared.unit_axis import UnitAxis
from workbench.gui.shared.view_range import ViewRange
from workbench.gui.theme import ThemeManager

AXIS_PX = 20
BARS_PX = 262
MAX_BARS_PX = 360
ROW_FILL = 0.84


class ClassBars(QWidget):
    """One bar for each class, as long as the class is probable now."""

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._now: NDArray[np.float32] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Noise class now")
        self.setToolTip(
            "How probable each kind of noise is at the playhead,\n"
            "as the noise classifier hears it in the mixed signal."
        )
        theme.changed.connect(self._restyle)
        self._restyle()

    def set_now(self, probabilities: NDArray[np.float32] | None) -> None:
        """Show probabilities, shape (5,); None while they are not known."""
        self._now = probabilities
        if probabilities is not None:
            best = CLASSES[int(np.argmax(probabilities))]
            self.setAccessibleDescription(f"{best.label}, {np.max(probabilities):.0%}")
        self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(self._theme.px(BARS_PX), self._theme.px(20) * len(CLASSES) + self._theme.px(AXIS_PX))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw names, bars and percentages."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        px = self._theme.px
        row = (self.height() - px(AXIS_PX)) / len(CLASSES)
        best = -1 if self._now is None else int(np.argmax(self._now))
        number_width = px(38)
        metrics = QFontMetrics(self._theme.font(12, bold=True))
        bar_left = max(metrics.horizontalAdvance(one.label) for one in CLASSES) + px(12)
        bar_right = self.width() - number_width - px(2)
        height = min(px(8), row * 0.6)
        for index, noise_class in enumerate(CLASSES):
            y = index * row
            chosen = index == best
            painter.setFont(self._theme.font(12, bold=chosen))
            painter.setPen(self._theme.color("text" if chosen else "muted"))
            painter.drawText(QRectF(0, y, bar_left, row), Qt.AlignmentFlag.AlignVCenter, noise_class.label)
            track = QRectF(bar_left, y + (row - height) / 2, bar_right - bar_left, height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("border"))
            painter.drawRoundedRect(track, height / 2, height / 2)
            if self._now is None:
                continue
            share = float(self._now[index])
            painter.setBrush(QColor(class_colour(noise_class, dark=self._theme.theme.is_dark)))
            painter.save()
            painter.setClipRect(QRectF(track.left(), track.top(), track.width() * share, height))
            painter.drawRoundedRect(track, height / 2, height / 2)
            painter.restore()
            painter.setPen(self._theme.color("text" if chosen else "muted"))
            painter.drawText(
                QRectF(bar_right, y, number_width, row),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                f"{share:.0%}",
            )

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


class PosteriorView(QWidget):
    """Bars of the class probabilities now, and beside each its course over the visible stretch."""

    seek_requested = Signal(float)
    loop_requested = Signal(float, float)

    def __init__(self, view: ViewRange, theme: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._view = view
        self._track: PosteriorTrack | None = None
        self._row_px = 19.0
        self.bars = ClassBars(theme)
        self._plot = SceneViewBox(view, theme, shows_frequency=False)
        self._plot.seek_requested.connect(self.seek_requested)
        self._plot.loop_dragged.connect(self.loop_requested)
        self._plot.hovered.connect(self._explain)
        axis = UnitAxis("bottom", "s", theme)
        self._canvas = pg.GraphicsLayoutWidget()
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas.setFrameShape(self._canvas.Shape.NoFrame)
        layout = self._canvas.ci.layout
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._canvas.addItem(self._plot, 0, 0)
        self._canvas.addItem(axis, 1, 0)
        axis.linkToView(self._plot)
        self._curves = []
        self._baselines = []
        for row in range(len(CLASSES)):
            bottom = (len(CLASSES) - 1 - row) / len(CLASSES)
            curve = pg.PlotCurveItem([0, 1], [bottom], stepMode="center", fillLevel=bottom)
            line = pg.InfiniteLine(bottom, angle=0)
            line.setZValue(-5)
            self._plot.addItem(curve, ignoreBounds=True)
            self._plot.addItem(line, ignoreBounds=True)
            self._curves.append(curve)
            self._baselines.append(line)
        self._box = QHBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.addWidget(self.bars)
        self._box.addWidget(self._canvas, 1)
        view.changed.connect(self.refresh)
        theme.changed.connect(self._restyle)
        self._restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the bars a share of the width."""
        super().resizeEvent(event)
        self.bars.setFixedWidth(
            min(max(self.width() * 3 // 10, self._theme.px(BARS_PX)), self._theme.px(MAX_BARS_PX))
        )

    def set_row_height(self, pixels: float) -> None:
        """Set the height of a class's row, in pixels at the normal font scale."""
        self._row_px = pixels
        self.setFixedHeight(self._theme.px(pixels) * len(CLASSES) + self._theme.px(AXIS_PX))

    def set_track(self, track: PosteriorTrack | None) -> None:
        """Show a scene's posteriors; call `refresh` when they have changed."""
        self._track = track
        self.refresh()

    def set_playhead(self, position_s: float) -> None:
        """Move the playhead, and the bars to what is known there."""
        self._plot.set_playhead(position_s)
        self.bars.set_now(None if self._track is None else self._track.at(position_s))

    def set_loop(self, loop_s: tuple[float, float] | None) -> None:
        """Show the looped stretch."""
        self._plot.set_loop(loop_s)

    def refresh(self) -> None:
        """Draw the visible part anew."""
        if self._track is None:
            for curve in self._curves:
                curve.hide()
            return
        start_s, stop_s = (time_s - self._track.first_s for time_s in self._view.time_s)
        first = max(0, int(start_s / CELL_S))
        part = np.nan_to_num(self._track.probabilities[first : int(np.ceil(stop_s / CELL_S)) + 1])
        group = max(1, -(-len(part) // 1500))
        part = part[: len(part) // group * group].reshape(-1, group, len(CLASSES)).mean(axis=1)
        edges = self._track.first_s + (first + np.arange(len(part) + 1) * group) * CELL_S
        for row, curve in enumerate(self._curves):
            bottom = (len(CLASSES) - 1 - row) / len(CLASSES)
            curve.show()
            curve.setData(edges, bottom + part[:, row] * ROW_FILL / len(CLASSES))

    def _explain(self, place: QPointF | None) -> None:
        found = None if place is None or self._track is None else self._track.at(place.x())
        if place is None or found is None:
            self._canvas.setToolTip("Course of the noise classes over the scene")
            return
        order = np.argsort(found)[::-1]
        lines = [f"{CLASSES[i].label}: {found[i]:.0%}" for i in order if found[i] >= 0.01]
        self._canvas.setToolTip("\n".join([f"At {place.x():.2f} s", *lines]))

    def _restyle(self) -> None:
        self._canvas.setBackground(self._theme.color("window"))
        self._box.setSpacing(self._theme.px(12))
        self.set_row_height(self._row_px)
        self._plot.setBorder(pg.mkPen(self._theme.color("border")))
        self._plot.setBackgroundColor(self._theme.color("surface"))
        for noise_class, curve, line in zip(CLASSES, self._curves, self._baselines, strict=True):
            colour = QColor(class_colour(noise_class, dark=self._theme.theme.is_dark))
            curve.setPen(pg.mkPen(colour, width=self._theme.scale))
            fill = QColor(colour)
            fill.setAlphaF(0.45)
            curve.setBrush(fill)
            line.setPen(pg.mkPen(self._theme.color("border")))
