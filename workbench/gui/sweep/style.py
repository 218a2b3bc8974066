"""How the page's tables, tabs and fields look; the rest comes from the window's style sheet."""

from functools import cache

from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from workbench.evaluation.palette import method_style
from workbench.gui.shared.style_rules import (
    check_list_rules,
    header_sorting_rules,
    horizontal_scroll_bar_rules,
    number_rules,
    splitter_rules,
    tab_rules,
    table_rules,
)
from workbench.gui.theme import ThemeManager

PEN_STYLES = {
    "-": Qt.PenStyle.SolidLine,
    "--": Qt.PenStyle.DashLine,
    ":": Qt.PenStyle.DotLine,
    "-.": Qt.PenStyle.DashDotLine,
}
SYMBOLS = {"o": "o", "s": "s", "D": "d", "^": "t1", "v": "t", "P": "+", "X": "x", "x": "x"}
"""The palette's line styles and markers, which are matplotlib's, in Qt and pyqtgraph."""


def style_sheet(manager: ThemeManager) -> str:
    """Return the style sheet of the page in the theme in force."""
    t = manager.theme
    return f"""
    {table_rules(manager)}
    {header_sorting_rules(manager)}
    {check_list_rules(manager, "QTreeView", "QListView")}
    {number_rules(manager)}
    {tab_rules(manager)}
    {splitter_rules(manager)}
    {horizontal_scroll_bar_rules(manager)}
    QTableView::item:focus {{ border: 1px solid {t.accent}; }}
    QTableView QTableCornerButton::section {{ background: {t.surface}; border: none; }}
    QHeaderView::section:vertical {{ border: none; color: {t.text}; font-weight: normal; }}
    """


@cache
def method_swatch(place: int, *, dark: bool) -> QIcon:
    """Return a piece of a method's curve, by its place in the plan."""
    how = method_style(place, dark=dark)
    colour = QColor(how["color"])
    # As wide as an icon of a header may be.
    width, height, ratio = 16, 16, 3
    pixmap = QPixmap(width * ratio, height * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 2, PEN_STYLES[how["linestyle"]]))
    painter.drawLine(1, height // 2, width - 1, height // 2)
    painter.setPen(QPen(colour, 1.4))
    painter.setBrush(colour)
    painter.translate(width / 2, height / 2)
    _draw_marker(painter, how["marker"])
    painter.end()
    return QIcon(pixmap)


def _draw_marker(painter: QPainter, marker: str) -> None:
    painter.scale(7.0, 7.0)
    painter.setPen(QPen(painter.pen().color(), 0.15))
    painter.drawPath(Symbols[SYMBOLS[marker]])
