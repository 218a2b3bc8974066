"""What could not be measured, and why."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench.evaluation.metrics import find_metric
from workbench.evaluation.store import count_gaps
from workbench.evaluation.tables import Sweep
from workbench.gui.sweep.titles import titles_of
from workbench.gui.theme import ThemeManager


class GapsView(QWidget):
    """The results without a value, counted by method, metric and reason."""

    retry_requested = Signal()
    list_requested = Signal()

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self.about = QLabel()
        self.about.setWordWrap(True)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Method", "Metric", "Results", "Reason"])
        self.tree.setAccessibleName("Results without a value")
        self.tree.setRootIsDecorated(False)
        self.tree.setWordWrap(True)
        self.tree.setAlternatingRowColors(True)
        self.list_button = QPushButton("List them")
        self.list_button.setToolTip("List the mixtures without a value of the metric on show")
        self.list_button.clicked.connect(self.list_requested)
        self.retry_button = QPushButton("Try again")
        self.retry_button.setToolTip("Measure what has no value once more, after what was missing is there")
        self.retry_button.clicked.connect(self.retry_requested)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(self.list_button)
        below.addWidget(self.retry_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.about, 0, Qt.AlignmentFlag.AlignTop)
        box.addWidget(self.tree, 1)
        box.addLayout(below)

    def show_sweep(self, sweep: Sweep | None) -> int:
        """Show the gaps of a sweep; return how many there are."""
        gaps = count_gaps(sweep.results) if sweep is not None else {}
        titles = titles_of(tuple(sorted({method for method, _, _ in gaps})))
        self.tree.clear()
        for (method, metric, reason), count in sorted(gaps.items(), key=lambda item: (-item[1], item[0])):
            item = QTreeWidgetItem(
                self.tree, [titles[method], find_metric(metric).title, f"{count:,}", reason]
            )
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(3, reason)
        header = self.tree.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        n_gaps = sum(gaps.values())
        n_results = len(sweep.results) if sweep is not None else 0
        self.about.setText(
            f"{n_gaps:,} of {n_results:,} results have no value; the means leave them out."
            if n_gaps
            else "Every result has a value."
            if n_results
            else "Nothing is measured yet."
        )
        self.tree.setVisible(bool(n_gaps))
        for button in (self.list_button, self.retry_button):
            button.setVisible(bool(n_gaps))
        return n_gaps

    def set_running(self, running: bool) -> None:
        """Offer another try only while nothing runs."""
        self.retry_button.setEnabled(not running)
