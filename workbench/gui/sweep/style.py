"""How the page's tables, tabs and fields look; the rest comes from the window's style sheet."""

from functools import cache

from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from workbench.evaluation.palette import method_style
from workbench.gui.theme import ICONS, ThemeManager

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
    t, s = manager.theme, manager.px
    chevron = (ICONS / "chevron-down.svg").as_posix()
    check = (ICONS / ("check-dark.svg" if t.is_dark else "check-light.svg")).as_posix()
    return f"""
    QTableView {{ background: {t.surface}; alternate-background-color: {t.window};
        border: 1px solid {t.border}; border-radius: {s(8)}px; gridline-color: {t.border};
        selection-background-color: {t.accent_soft}; selection-color: {t.text}; }}
    QTableView:focus {{ border-color: {t.accent}; }}
    QTableView::item {{ padding: 0 {s(6)}px; }}
    QTableView::item:focus {{ border: 1px solid {t.accent}; }}
    QTableView QTableCornerButton::section {{ background: {t.surface}; border: none; }}
    QHeaderView {{ background: {t.surface}; border: none; }}
    QHeaderView::section {{ background: {t.surface}; color: {t.muted}; border: none;
        border-bottom: 1px solid {t.border}; padding: {s(4)}px {s(6)}px; font-weight: 600; }}
    QHeaderView::section:vertical {{ border: none; color: {t.text}; font-weight: normal; }}
    QHeaderView::section:hover {{ color: {t.text}; }}
    QHeaderView::down-arrow {{ image: url({chevron}); width: {s(10)}px; }}
    QTreeView, QListView {{ background: transparent; border: 1px solid transparent;
        border-radius: {s(4)}px; selection-background-color: {t.accent_soft};
        selection-color: {t.text}; outline: none; }}
    QTreeView:focus, QListView:focus {{ border-color: {t.accent}; }}
    QTreeView::item {{ height: {s(22)}px; }}
    QTreeView::item:selected, QListView::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
    QTreeView::indicator, QListView::indicator {{ width: {s(14)}px; height: {s(14)}px;
        border-radius: {s(4)}px; border: 1px solid {t.strong_border}; background: {t.raised}; }}
    QTreeView::indicator:checked, QListView::indicator:checked {{ background: {t.accent};
        border-color: {t.accent}; image: url({check}); }}
    QTreeView::indicator:indeterminate {{ background: {t.accent_soft}; border-color: {t.accent}; }}
    QSpinBox {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: {s(6)}px;
        padding: {s(3)}px {s(8)}px; min-height: {s(18)}px; }}
    QSpinBox:focus {{ border-color: {t.accent}; }}
    QSpinBox::up-button, QSpinBox::down-button {{ width: 0; border: none; }}
    QTabWidget::pane {{ border: none; }}
    QTabBar::tab {{ background: transparent; color: {t.muted}; border: none;
        border-bottom: 2px solid transparent; padding: {s(5)}px {s(10)}px; margin-right: {s(2)}px; }}
    QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; }}
    QTabBar::tab:hover {{ color: {t.text}; }}
    QTabBar::tab:focus {{ background: {t.hover}; border-radius: {s(4)}px; }}
    QSplitter::handle {{ background: transparent; }}
    QSplitter::handle:hover {{ background: {t.border}; }}
    QScrollBar:horizontal {{ height: {s(10)}px; background: transparent; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {t.strong_border}; border-radius: {s(3)}px;
        margin: {s(2)}px; min-width: {s(24)}px; }}
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
