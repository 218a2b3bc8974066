"""The tables that a command gives, such as a measurement's figures."""

from collections.abc import Mapping
from html import escape
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from workbench.evaluation.metrics import METRICS, find_metric
from workbench.gui.theme import ThemeManager


class TablesView(QWidget):
    """Named tables, one below the other; text can be selected and copied."""

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._tables: Mapping[str, Mapping[str, Mapping[str, Any]]] = {}
        self.browser = QTextBrowser()
        self.browser.setAccessibleName("Results")
        self.browser.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.browser.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, theme.px(6), 0, 0)
        box.addWidget(self.browser)
        theme.changed.connect(self._draw)

    def show_tables(self, tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """Show these."""
        if tables != self._tables:
            self._tables = dict(tables)
            self._draw()

    def _draw(self) -> None:
        muted = self._theme.color("muted").name()
        parts = []
        for name, rows in self._tables.items():
            columns = list(next(iter(rows.values()), {}))
            head = "".join(f"<th align='right' style='color:{muted}'>{_title(c)}</th>" for c in columns)
            body = "".join(
                f"<tr><td>{_shown(row)}</td>"
                + "".join(f"<td align='right'>{_shown(cells.get(column, ''))}</td>" for column in columns)
                + "</tr>"
                for row, cells in rows.items()
            )
            parts.append(
                f"<h3>{_shown(name)}</h3><table cellpadding='5' cellspacing='0'>"
                f"<tr><th></th>{head}</tr>{body}</table>"
            )
        self.browser.setHtml("".join(parts))


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.{3 if abs(value) < 1 else 2}f}".replace("-", "−")
    text = escape(str(value).replace("_", " "))
    return f"−{text[1:]}" if text.startswith("-") else text


def _title(column: str) -> str:
    """Return a column's title: "pesq_wb denoised" is PESQ, denoised."""
    name, _, what = column.partition(" ")
    known = name in METRICS
    return _shown(f"{find_metric(name).title} {what}" if known else column)
