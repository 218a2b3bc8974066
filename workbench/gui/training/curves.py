"""The curves of a training: loss as it goes, and each figure of the validations."""

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.gui.theme import ThemeManager, role
from workbench.gui.training.texts import FIGURES
from workbench.training.history import History

SHOWN_POINTS = 600
COLUMN_PX = 250


class CurvesView(QWidget):
    """One panel for each figure, over the training steps; the best validation is marked."""

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._names: tuple[str, ...] = ()
        self._n_columns = 0
        self._drawn: dict[str, tuple[object, ...]] = {}
        self._history: History | None = None
        self.panels: dict[str, pg.PlotItem] = {}
        self.curves: dict[str, pg.PlotDataItem] = {}
        self._best: dict[str, pg.InfiniteLine] = {}
        self.canvas = pg.GraphicsLayoutWidget()
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.canvas.setAccessibleName("Curves of the training")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        self._none = role(QLabel("Curves begin with the first steps."), "muted")
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        box.addWidget(self.canvas)
        box.addWidget(self._none)
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_history(self, history: History) -> None:
        """Draw what a run has said so far."""
        self._history = history
        names = tuple(
            name for name in FIGURES if name in (history.progress if name == "loss" else history.validations)
        )
        if names != self._names:
            self._names = names
            self._make_panels()
        self.canvas.setVisible(bool(names))
        self._none.setVisible(not names)
        for name in names:
            self._draw(name, history)

    def _draw(self, name: str, history: History) -> None:
        """Draw one figure, if there is anything new: every drawing lays out the axes again."""
        steps, values = (history.progress if name == "loss" else history.validations)[name]
        best = None if name == "loss" else history.best_step
        state = (len(steps), steps[-1], values[-1], best, history.steps)
        if self._drawn.get(name) == state:
            return
        self._drawn[name] = state
        stride = -(-len(steps) // SHOWN_POINTS)
        few = len(steps) < 40
        self.curves[name].setData(
            steps[::stride], values[::stride], symbolSize=self._theme.px(5 if few else 0.1)
        )
        self._best[name].setVisible(best is not None)
        if best is not None:
            self._best[name].setValue(best)
        self.panels[name].setXRange(0, max(history.steps, steps[-1], 1), padding=0.02)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put fewer panels beside each other where there is little room."""
        super().resizeEvent(event)
        if self._history is not None and self._names and self._fitting_columns() != self._n_columns:
            self._make_panels()
            self.show_history(self._history)

    def _fitting_columns(self) -> int:
        fitting = max(1, self.width() // self._theme.px(COLUMN_PX))
        return min(fitting, 2 if len(self._names) in (2, 4) else 3)

    def _make_panels(self) -> None:
        self.canvas.clear()
        self.panels, self.curves, self._best, self._drawn = {}, {}, {}, {}
        self._n_columns = n_columns = self._fitting_columns()
        for place, name in enumerate(self._names):
            panel = self.canvas.addPlot(*divmod(place, n_columns))
            panel.setMenuEnabled(False)
            panel.setMouseEnabled(False, False)
            panel.hideButtons()
            panel.showGrid(x=False, y=True, alpha=0.15)
            self.panels[name] = panel
            self.curves[name] = panel.plot([], [], symbol="o")
            self._best[name] = pg.InfiniteLine(angle=90)
            panel.addItem(self._best[name], ignoreBounds=True)
        for column in range(len(FIGURES)):
            self.canvas.ci.layout.setColumnStretchFactor(column, int(column < n_columns))
        self._restyle()

    def _restyle(self) -> None:
        colour, font = self._theme.color, self._theme.font(11)
        self.canvas.setBackground(colour("surface"))
        for name, panel in self.panels.items():
            about = "training" if name == "loss" else "validation"
            panel.setTitle(
                f"<b>{FIGURES[name]}</b> <span style='color:{colour('muted').name()}'>{about}</span>",
                color=colour("text"),
                size=f"{self._theme.px(12)}px",
            )
            for side in ("left", "bottom"):
                axis = panel.getAxis(side)
                axis.setPen(pg.mkPen(colour("border")))
                axis.setTextPen(pg.mkPen(colour("muted")))
                axis.setStyle(tickFont=font)
            panel.getAxis("left").setWidth(self._theme.px(46))
            self.curves[name].setPen(pg.mkPen(colour("accent"), width=1.8))
            self.curves[name].setSymbolBrush(colour("accent"))
            self.curves[name].setSymbolPen(None)
            self._best[name].setPen(pg.mkPen(colour("muted"), style=Qt.PenStyle.DashLine))
