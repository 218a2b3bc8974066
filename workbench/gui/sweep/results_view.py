"""Table and curves of a sweep, one above the other."""

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.evaluation.statistics import ALL
from workbench.evaluation.tables import Sweep
from workbench.gui.sweep.curves_view import CurvesView
from workbench.gui.sweep.results_model import ResultsModel, as_html
from workbench.gui.theme import ThemeManager, role

NOTED_PX = 440
"""Lower views show no note."""


class ResultsTable(QTableView):
    """The table; a double click or Return on a cell asks for its mixtures, Ctrl+C copies the table."""

    cell_chosen = Signal(str, object)
    copied = Signal()

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self.results = ResultsModel(theme)
        self.setModel(self.results)
        self.setAccessibleName("Results: methods by SNR")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setHighlightSections(False)
        self.verticalHeader().setSectionsClickable(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionsClickable(False)
        self.results.modelReset.connect(self.fit)
        self.results.dataChanged.connect(lambda *_: self.fit())
        self.doubleClicked.connect(lambda index: self.cell_chosen.emit(*self.results.place(index)))
        theme.changed.connect(self._restyle)
        self._restyle()

    def fit(self) -> None:
        """Make the columns equally wide: as wide as the widest needs, and wider where there is room."""
        n_columns = self.results.columnCount()
        if n_columns:
            metrics = QFontMetrics(self._theme.font(bold=True))
            texts = (text for row in self.results.rows_as_text() for text in row[1:])
            needed = max(metrics.horizontalAdvance(text) for text in texts) + self._theme.px(18)
            self.horizontalHeader().setDefaultSectionSize(max(needed, self.viewport().width() // n_columns))

    def height_of_all(self) -> int:
        """Return how high the table is with all its rows."""
        rows = self.results.rowCount() * self.verticalHeader().defaultSectionSize()
        return rows + self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns."""
        super().resizeEvent(event)
        self.fit()

    def copy(self) -> None:
        """Put the whole table on the clipboard, for spreadsheets and for text."""
        rows = self.results.rows_as_text()
        if len(rows) < 2:
            return
        data = QMimeData()
        data.setText("\n".join("\t".join(row) for row in rows))
        data.setHtml(as_html(rows))
        QGuiApplication.clipboard().setMimeData(data)
        self.copied.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy, or go into a cell."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.cell_chosen.emit(*self.results.place(self.currentIndex()))
        else:
            super().keyPressEvent(event)

    def _restyle(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self._theme.px(25))
        self.results.restyle()
        self.fit()


class ResultsView(QWidget):
    """Table above, curves below, and how to read them."""

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self.table = ResultsTable(theme)
        self.curves = CurvesView(theme)
        self.note = role(QLabel(), "small")
        self.note.setWordWrap(True)
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.table, 1)
        column.addWidget(self.note)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(True)
        self.splitter.addWidget(top)
        self.splitter.addWidget(self.curves)
        self.table.results.modelReset.connect(self._share_height)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.splitter)
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_sweep(self, sweep: Sweep, metric: str, noise_class: str, what: str, *, panels: bool) -> None:
        """Show a metric in one class, or in all together; with `panels`, draw each class beside it."""
        self.table.results.show_sweep(sweep, metric, noise_class, what)
        self.note.setText(self.table.results.note)
        self.table.horizontalHeader().setToolTip(self.table.results.note)
        names = tuple(name for name, _ in sweep.plan.noise)
        classes = (ALL, *names) if panels and len(names) > 1 else (noise_class,)
        self.curves.show_sweep(sweep, metric, classes, what)

    def clear(self) -> None:
        """Show nothing."""
        self.table.results.clear()
        self.curves.clear()
        self.note.clear()

    def _share_height(self) -> None:
        """Show all of the table if that leaves the curves half of the height."""
        height = max(self.splitter.height(), 2)
        wanted = self.table.height_of_all() + self._theme.px(44)
        top = min(wanted, height // 2)
        self.splitter.setSizes([top, height - top])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the note to the tooltip of the heading where there is little room."""
        super().resizeEvent(event)
        self.note.setVisible(self.height() > self._theme.px(NOTED_PX))

    def _restyle(self) -> None:
        self.table.setMinimumHeight(self._theme.px(96))
        self.curves.setMinimumHeight(self._theme.px(130))
        self.splitter.setHandleWidth(self._theme.px(8))
