"""An axis of time or frequency for pictures."""

import numpy as np
import pyqtgraph as pg

from workbench.gui.theme import ThemeManager


class UnitAxis(pg.AxisItem):
    """An axis whose ticks carry their unit, so that it needs no title.

    Parameters
    ----------
    side : str
        "left" or "bottom".
    unit : str
        Shown after each number.
    factor : float
        Multiplies values before they are shown.
    """

    def __init__(self, side: str, unit: str, theme: ThemeManager, factor: float = 1.0) -> None:
        super().__init__(side, showValues=True)
        self._unit = unit
        self._factor = factor
        self._theme = theme
        self.enableAutoSIPrefix(False)
        theme.changed.connect(self.restyle)
        self.restyle()

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """Return one level of ticks, as dense as their texts allow."""
        room = self._theme.px(56 if self.orientation == "bottom" else 46)
        least = (maxVal - minVal) * room / max(size, 1.0)
        power = 10.0 ** np.floor(np.log10(max(least, 1e-9)))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
        return [(float(step), 0.0)]

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Return the ticks, without one whose text would be cut off at the top."""
        top = maxVal - (maxVal - minVal) * self._theme.px(7) / max(size, 1.0)
        levels = super().tickValues(minVal, maxVal, size)
        if self.orientation == "bottom":
            return levels
        return [(spacing, [value for value in values if value <= top]) for spacing, values in levels]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return "1.5 s" for each tick."""
        step = spacing * self._factor
        digits = 0 if step >= 1 else 1 if step >= 0.1 else 2 if step >= 0.01 else 3
        texts = [f"{value * self._factor:.{digits}f} {self._unit}" for value in values]
        return [text.replace("-", "−") for text in texts]

    def restyle(self) -> None:
        """Take colours and font from the theme."""
        self.setPen(pg.mkPen(None))
        self.setTickPen(pg.mkPen(self._theme.color("strong_border")))
        self.setTextPen(pg.mkPen(self._theme.color("muted")))
        self.setTickFont(self._theme.font(10.5))
        self.setStyle(tickLength=self._theme.px(3), tickTextOffset=self._theme.px(3))
        if self.orientation == "left":
            self.setWidth(self._theme.px(48))
        else:
            self.setHeight(self._theme.px(20))
