"""A metric against the SNR: a curve per method with the band of its confidence interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from workbench.evaluation.metrics import find_metric, format_value
from workbench.evaluation.palette import method_style
from workbench.evaluation.statistics import Cell
from workbench.evaluation.tables import Sweep, class_title, snr_title
from workbench.gui.sweep.results_model import GAIN
from workbench.gui.sweep.style import PEN_STYLES, SYMBOLS, method_swatch
from workbench.gui.sweep.titles import titles_of
from workbench.gui.theme import ThemeManager

MAX_COLUMNS = 3
LEGEND_FROM_PX = 540
"""Narrower views have no legend."""
_BAND_OPACITY = 0.16


@dataclass(frozen=True)
class Point:
    """A point of a curve: what it stands at, and between what."""

    cell: Cell
    value: float
    low: float | None
    high: float | None


class _Axis(pg.AxisItem):
    """An axis with plain numbers."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.enableAutoSIPrefix(False)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [text.replace("-", "−") for text in super().tickStrings(values, scale, spacing)]


class CurvesView(QWidget):
    """Curves in one panel, or in one per class of noise, with a legend that hides and shows them.

    Parameters
    ----------
    theme : ThemeManager
        Colours and fonts.
    """

    point_chosen = Signal(object)

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[Sweep, str, tuple[str, ...], str] | None = None
        self._hidden: set[str] = set()
        self.panels: dict[str, pg.PlotItem] = {}
        self.canvas = pg.GraphicsLayoutWidget()
        self.canvas.setAntialiasing(True)
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.canvas.setAccessibleName("Curves of the metric against the SNR")
        self.legend = QListWidget()
        self.legend.setAccessibleName("Methods shown in the curves")
        self.legend.setToolTip("Space or a click on a box hides a method's curve, or shows it again.")
        self.legend.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.legend.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.legend.itemChanged.connect(self._legend_changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.canvas, 1)
        row.addWidget(self.legend)
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_sweep(self, sweep: Sweep, metric: str, classes: tuple[str, ...], what: str) -> None:
        """Draw a metric, or what is gained in it, in a panel per class."""
        before = self._shown
        self._shown = (sweep, metric, classes, what)
        if before is None or before[0].plan.all_methods != sweep.plan.all_methods:
            self._fill_legend(sweep)
        if before is None or before[1:] != self._shown[1:] or before[0].plan != sweep.plan:
            self._make_panels()
        self._draw()

    def clear(self) -> None:
        """Show nothing."""
        self._shown = None
        self.canvas.clear()
        self.panels = {}
        self.legend.clear()

    def points(self, noise_class: str, method: str) -> list[Point]:
        """Return the points of a curve, from the lowest SNR up."""
        assert self._shown is not None
        sweep, metric, _, what = self._shown
        cells = sweep.find_cells(metric, noise_class)
        found = (cells.get((method, snr_db)) for snr_db in sorted(sweep.plan.snrs_db))
        points = []
        for cell in found:
            if cell is None:
                continue
            value, low, high = (
                (cell.gain, cell.gain_low, cell.gain_high)
                if what == GAIN
                else (cell.mean, cell.low, cell.high)
            )
            if value is not None:
                points.append(Point(cell, value, low, high))
        return points

    # --- inside ----------------------------------------------------------------------------------------

    def _fill_legend(self, sweep: Sweep) -> None:
        titles = titles_of(sweep.plan.all_methods)
        self._hidden &= set(sweep.plan.all_methods)
        with QSignalBlocker(self.legend):
            self.legend.clear()
            for place, method in enumerate(sweep.plan.all_methods):
                item = QListWidgetItem(titles[method], self.legend)
                item.setIcon(method_swatch(place, dark=self._theme.theme.is_dark))
                item.setData(Qt.ItemDataRole.UserRole, method)
                shown = method not in self._hidden
                item.setCheckState(Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked)
                item.setToolTip(titles[method])

    def _legend_changed(self, item: QListWidgetItem) -> None:
        method = str(item.data(Qt.ItemDataRole.UserRole))
        if item.checkState() == Qt.CheckState.Checked:
            self._hidden.discard(method)
        else:
            self._hidden.add(method)
        self._draw()

    def _make_panels(self) -> None:
        assert self._shown is not None
        sweep, metric, classes, what = self._shown
        about = find_metric(metric)
        unit = f" ({about.unit})" if about.unit else ""
        self.canvas.clear()
        self.panels = {}
        for place, noise_class in enumerate(classes):
            axes = {side: _Axis(side) for side in ("left", "bottom")}
            panel = self.canvas.addPlot(*divmod(place, MAX_COLUMNS), axisItems=axes)
            panel.setMenuEnabled(False)
            panel.setMouseEnabled(False, False)
            panel.hideButtons()
            panel.setPreferredSize(100, 100)
            panel.showGrid(x=False, y=True, alpha=0.15)
            ticks = [(snr_db, f"{snr_db:g}".replace("-", "−")) for snr_db in sorted(sweep.plan.snrs_db)]
            panel.getAxis("bottom").setTicks([ticks])
            panel.setLabel("bottom", "SNR (dB)")
            if place % MAX_COLUMNS == 0:
                panel.setLabel("left", f"Gain in {about.title}{unit}" if what == GAIN else about.title + unit)
            if self.panels:
                first = next(iter(self.panels.values()))
                panel.setXLink(first)
                panel.setYLink(first)
            self.panels[noise_class] = panel
        for column in range(min(len(classes), MAX_COLUMNS)):
            self.canvas.ci.layout.setColumnStretchFactor(column, 1)
        self._restyle_panels()

    def _draw(self) -> None:
        if self._shown is None:
            return
        sweep, metric, _, what = self._shown
        edges: list[float] = []
        for noise_class, panel in self.panels.items():
            panel.clear()
            if what == GAIN:
                panel.addItem(pg.InfiniteLine(0.0, angle=0, pen=pg.mkPen(self._theme.color("strong_border"))))
            for place, method in enumerate(sweep.plan.all_methods):
                if method not in self._hidden:
                    points = self.points(noise_class, method)
                    self._add_curve(panel, points, place, metric)
                    edges += [edge for p in points for edge in (p.value, p.low, p.high) if edge is not None]
        if edges:
            low, high = min(edges), max(edges)
            margin = 0.05 * (high - low) or 0.5
            snrs = sorted(sweep.plan.snrs_db)
            side = 0.04 * (snrs[-1] - snrs[0]) or 1.0
            for panel in self.panels.values():
                panel.setRange(
                    xRange=(snrs[0] - side, snrs[-1] + side),
                    yRange=(low - margin, high + margin),
                    padding=0.0,
                    disableAutoRange=True,
                )

    def _add_curve(self, panel: pg.PlotItem, points: Sequence[Point], place: int, metric: str) -> None:
        assert self._shown is not None
        how = method_style(place, dark=self._theme.theme.is_dark)
        colour = QColor(how["color"])
        banded = [point for point in points if point.low is not None and point.high is not None]
        if len(banded) > 1:
            soft = QColor(colour)
            soft.setAlphaF(_BAND_OPACITY)
            snrs = [point.cell.snr_db for point in banded]
            ends = [
                pg.PlotCurveItem(snrs, [p.low for p in banded]),
                pg.PlotCurveItem(snrs, [p.high for p in banded]),
            ]
            band = pg.FillBetweenItem(*ends, brush=soft)
            band.setZValue(-10)
            panel.addItem(band)
        snrs = [point.cell.snr_db for point in points]
        values = [point.value for point in points]
        pen = pg.mkPen(colour, width=self._theme.px(2), style=PEN_STYLES[how["linestyle"]])
        panel.addItem(pg.PlotCurveItem(snrs, values, pen=pen, antialias=True))
        about, titles = find_metric(metric), titles_of(self._shown[0].plan.all_methods)

        def tip(x: float, y: float, data: Point) -> str:
            cell = data.cell
            ends = "" if data.low is None or data.high is None else f" ({data.low:.3g} to {data.high:.3g})"
            return f"{titles[cell.method]}, {snr_title(cell.snr_db)}: {format_value(about, data.value)}{ends}"

        marks = pg.ScatterPlotItem(
            snrs,
            values,
            data=points,
            symbol=SYMBOLS[how["marker"]],
            size=self._theme.px(8),
            pen=pg.mkPen(colour),
            brush=pg.mkBrush(colour),
            hoverable=True,
            hoverSize=self._theme.px(12),
            tip=tip,
        )
        marks.sigClicked.connect(lambda _, clicked, __: self.point_chosen.emit(clicked[0].data().cell))
        panel.addItem(marks)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the curves all of a narrow view: the table's rows have the same marks as the legend."""
        super().resizeEvent(event)
        self.legend.setVisible(self.width() > self._theme.px(LEGEND_FROM_PX))

    def _restyle(self) -> None:
        self.canvas.setBackground(self._theme.color("surface"))
        self.legend.setFixedWidth(self._theme.px(168))
        if self._shown is not None:
            self._fill_legend(self._shown[0])
            self._restyle_panels()
            self._draw()

    def _restyle_panels(self) -> None:
        muted, text = self._theme.color("muted"), self._theme.color("text")
        for noise_class, panel in self.panels.items():
            panel.setTitle(class_title(noise_class), color=text, size=f"{self._theme.px(12)}px")
            for side in ("left", "bottom"):
                axis = panel.getAxis(side)
                axis.setPen(self._theme.color("strong_border"))
                axis.setTextPen(muted)
                axis.setStyle(tickFont=self._theme.font(11))
                axis.label.setFont(self._theme.font(11))
            panel.getAxis("left").setWidth(self._theme.px(50))
