"""A metric over the SNR, from the figures of one bundle or of two."""

from collections.abc import Sequence
from html import escape

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.bundles.figures import Curve, snr_curves
from workbench.evaluation.palette import method_style
from workbench.gui.models.documents import metric_title
from workbench.gui.models.entries import Entry
from workbench.gui.theme import ThemeManager

_SYMBOLS = {"o": "o", "s": "s", "D": "d", "^": "t1", "v": "t", "P": "+", "X": "x", "x": "x"}
_MARKS = {"o": "●", "s": "■", "D": "◆", "^": "▲", "v": "▼", "P": "✚", "X": "✖", "x": "✕"}
"""The palette's markers in pyqtgraph, and in text."""

_LINES = {
    "-": Qt.PenStyle.SolidLine,
    "--": Qt.PenStyle.DashLine,
    ":": Qt.PenStyle.DotLine,
    "-.": Qt.PenStyle.DashDotLine,
}


class CurvesView(QWidget):
    """Curves below their legend; what several bundles share, such as the noisy signal, is drawn once.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    """

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[Sequence[Entry], str] | None = None
        self.curves: dict[str, Curve] = {}
        self.legend = QLabel()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        self.plot = pg.PlotWidget()
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setAccessibleName("Curves over the SNR")
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.showGrid(x=False, y=True, alpha=0.15)
        self.plot.getAxis("left").enableAutoSIPrefix(False)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.legend)
        box.addWidget(self.plot, 1)
        theme.changed.connect(self._draw)

    def show_entries(self, entries: Sequence[Entry], metric: str) -> None:
        """Draw a metric of one bundle, or of two."""
        self._shown = entries, metric
        self._draw()

    def _draw(self) -> None:
        theme = self._theme
        self.plot.setBackground(theme.color("surface"))
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(theme.color("strong_border"))
            axis.setTextPen(theme.color("muted"))
            axis.setStyle(tickFont=theme.font(11))
            axis.label.setFont(theme.font(11))
        self.plot.clear()
        if self._shown is None:
            return
        entries, metric = self._shown
        self.curves = _named_curves(entries, metric)
        self.plot.setLabel("bottom", "SNR (dB)")
        self.plot.setLabel("left", metric_title(metric))
        snrs = sorted({snr_db for curve in self.curves.values() for snr_db, _ in curve.points})
        ticks = [(snr_db, f"{snr_db:g}".replace("-", "−")) for snr_db in snrs]
        self.plot.getAxis("bottom").setTicks([ticks])
        place, legend = 0, []
        for name, curve in self.curves.items():
            is_noisy = curve.series == "noisy"
            place += not is_noisy
            legend.append(self._add(name, curve, 0 if is_noisy else place))
        self.legend.setText("&nbsp;&nbsp;&nbsp; ".join(legend))
        values = [value for curve in self.curves.values() for _, value in curve.points]
        if values:
            low, high = min(values), max(values)
            margin = 0.04 * (snrs[-1] - snrs[0]) or 1.0
            self.plot.setRange(
                xRange=(snrs[0] - margin, snrs[-1] + margin),
                yRange=(low - 0.06 * (high - low or 1.0), high + 0.06 * (high - low or 1.0)),
                padding=0.0,
                disableAutoRange=True,
            )

    def _add(self, name: str, curve: Curve, place: int) -> str:
        """Draw a curve and return its entry in the legend."""
        how = method_style(place, dark=self._theme.theme.is_dark)
        colour = QColor(how["color"])

        def tip(x: float, y: float, data: object) -> str:
            return f"{name}, {x:g} dB: {y:.3g}"

        drawn = self.plot.plot(
            [snr_db for snr_db, _ in curve.points],
            [value for _, value in curve.points],
            antialias=True,
            pen=pg.mkPen(colour, width=self._theme.px(2), style=_LINES[how["linestyle"]]),
            symbol=_SYMBOLS[how["marker"]],
            symbolSize=self._theme.px(8),
            symbolPen=pg.mkPen(colour),
            symbolBrush=pg.mkBrush(colour),
        )
        drawn.scatter.opts.update(hoverable=True, tip=tip)
        mark = f"<span style='color: {how['color']}'>{_MARKS[how['marker']]}</span>"
        return f"{mark}&nbsp;{escape(name).replace(' ', '&nbsp;')}"


def _named_curves(entries: Sequence[Entry], metric: str) -> dict[str, Curve]:
    """Return the curves of a metric by the name that the legend gives them."""
    named: dict[str, Curve] = {}
    for entry in entries:
        if entry.bundle is None:
            continue
        found = [curve for curve in snr_curves(entry.bundle.manifest) if curve.metric == metric]
        several = len({curve.table for curve in found}) > 1
        for curve in found:
            where = f", {curve.table}" if several else ""
            if curve.series == "noisy":
                same = any(other.points == curve.points for other in named.values())
                name = f"noisy{where}" if not named else f"noisy, {entry.name}{where}"
                if same:
                    continue
            else:
                name = f"{entry.title if len(entries) == 1 else entry.name}{where}"
            named[name] = curve
    return named
