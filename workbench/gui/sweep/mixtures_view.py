"""The list of mixtures, with what narrows it down and what can be done with one of them."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.evaluation.metrics import find_metric
from workbench.evaluation.plan import SweepPlan
from workbench.evaluation.statistics import ALL
from workbench.evaluation.tables import class_title, snr_title
from workbench.gui.shared.combo_box import narrow_combo_box
from workbench.gui.sweep.mixtures import MixtureFilter, MixtureRow
from workbench.gui.sweep.mixtures_model import CLASS, GAIN, METHOD, REPETITION, SNR, MixturesModel
from workbench.gui.sweep.titles import titles_of
from workbench.gui.theme import ThemeManager, role

FILTER_DELAY_MS = 120
NARROW_PX = 560


class MixturesTable(QTableView):
    """The list; Return opens the mixture under the cursor."""

    chosen = Signal(object)

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self.mixtures = MixturesModel(theme)
        self.setModel(self.mixtures)
        self.setAccessibleName("Mixtures")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSortingEnabled(True)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        # As wide as what is on show, not as the widest of all rows: that would ask for each of them.
        header.setResizeContentsPrecision(0)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.doubleClicked.connect(lambda index: self.chosen.emit(self.mixtures.row(index)))
        theme.changed.connect(self._restyle)
        self._restyle()

    def current(self) -> MixtureRow | None:
        """Return the row under the cursor."""
        index = self.currentIndex()
        return self.mixtures.row(index) if index.isValid() else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the row under the cursor."""
        row = self.current()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row is not None:
            self.chosen.emit(row)
        else:
            super().keyPressEvent(event)

    def fit(self) -> None:
        """Make the columns as wide as what is on show; the names share the rest."""
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.resizeColumnsToContents()
        self.setColumnWidth(CLASS, min(self.columnWidth(CLASS), self._theme.px(150)))
        for column in range(2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)

    def _restyle(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self._theme.px(24))
        self.horizontalHeader().setMinimumSectionSize(self._theme.px(44))


class MixturesView(QWidget):
    """Filters above, the list, and what to do with one below.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    """

    open_requested = Signal(object)
    sounds_requested = Signal(object)
    class_changed = Signal(str)

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._noise_class = ALL
        self._has_repetitions = False
        self.table = MixturesTable(theme)
        self.method, self.snr = _combo("Method"), _combo("SNR")
        self.text = QLineEdit()
        self.text.setPlaceholderText("Find speech, noise or mixture")
        self.text.setAccessibleName("Find speech, noise or mixture")
        self.text.setClearButtonEnabled(False)
        self.only_gaps = QCheckBox("Gaps")
        self.only_gaps.setToolTip("List only what has no value, with the reason as its tooltip")
        self.worst = QPushButton("Worst first")
        self.worst.setToolTip("Where methods lose most against the noisy signal, of all methods and SNRs")
        self.count = role(QLabel(), "muted")
        self.open_button = QPushButton("Open in the studio")
        self.open_button.setToolTip(
            "Hear and see this very mixture with this method (Return, or a double click)"
        )
        self.sounds_button = QPushButton("Write sounds…")
        self.sounds_button.setToolTip("Write clean, noise, mixed and what each method made of it as WAV")
        filters, below = QHBoxLayout(), QHBoxLayout()
        for widget in (self.method, self.snr, self.text, self.only_gaps, self.worst):
            filters.addWidget(widget, 1 if widget is self.text else 0)
        below.addWidget(self.count)
        below.addStretch(1)
        below.addWidget(self.sounds_button)
        below.addWidget(self.open_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(filters)
        box.addWidget(self.table, 1)
        box.addLayout(below)
        self._delay = QTimer(self, singleShot=True, interval=FILTER_DELAY_MS)
        self._delay.timeout.connect(self.apply_filter)
        self.text.textEdited.connect(lambda _: self._delay.start())
        for combo in (self.method, self.snr):
            combo.activated.connect(lambda _: self.apply_filter())
        self.only_gaps.toggled.connect(lambda _: self.apply_filter())
        self.worst.clicked.connect(self.show_worst)
        self.table.chosen.connect(self.open_requested)
        self.open_button.clicked.connect(lambda: self._with_current(self.open_requested))
        self.sounds_button.clicked.connect(lambda: self._with_current(self.sounds_requested))
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_state())
        self._show_state()

    def set_plan(self, plan: SweepPlan) -> None:
        """Offer the methods and SNRs of a plan; what was chosen stays if it is among them."""
        titles = titles_of(plan.all_methods)
        self._has_repetitions = plan.repetitions > 1
        _fill(self.method, "All methods", [(titles[name], name) for name in plan.all_methods])
        _fill(self.snr, "All SNRs", [(snr_title(snr_db), snr_db) for snr_db in sorted(plan.snrs_db)])

    def set_class(self, noise_class: str) -> None:
        """List the mixtures of one class, or of all."""
        self._noise_class = noise_class
        self.apply_filter()

    def set_rows(self, rows: Sequence[MixtureRow], metric: str) -> None:
        """Show other results; the cursor stays on its mixture."""
        current = self.table.current()
        is_first = not self.table.mixtures.n_all
        self.table.mixtures.set_rows(rows, find_metric(metric))
        self._go_back_to(current)
        if is_first and rows:
            self.table.fit()
        self._show_state()

    def show_cell(self, method: str, snr_db: float | None) -> None:
        """List the mixtures of a method at an SNR, or at all."""
        self.method.setCurrentIndex(max(self.method.findData(method), 0))
        self.snr.setCurrentIndex(max(self.snr.findData(snr_db), 0))
        self._clear_rest()
        self.apply_filter()

    def show_worst(self) -> None:
        """List all mixtures, those first where a method does most harm."""
        self.method.setCurrentIndex(0)
        self.snr.setCurrentIndex(0)
        self._clear_rest()
        self.table.sortByColumn(GAIN, Qt.SortOrder.AscendingOrder)
        self.apply_filter()
        self.table.scrollToTop()

    def show_gaps(self) -> None:
        """List all results without a value."""
        self.show_worst()
        self.only_gaps.setChecked(True)

    def apply_filter(self) -> None:
        """List what the fields ask for."""
        current = self.table.current()
        wanted = MixtureFilter(
            self.method.currentData(),
            self._noise_class,
            self.snr.currentData(),
            self.text.text().strip().casefold(),
            self.only_gaps.isChecked(),
        )
        self.table.mixtures.set_filter(wanted)
        self._hide_columns()
        self._go_back_to(current)
        self._show_state()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the names of speech and noise their room."""
        super().resizeEvent(event)
        self._hide_columns()

    def _hide_columns(self) -> None:
        """Hide the columns that say the same in each row, and where it is narrow the class (see tooltips)."""
        is_narrow = self.width() < self._theme.px(NARROW_PX)
        for column, is_hidden in (
            (CLASS, self._noise_class != ALL or is_narrow),
            (SNR, self.snr.currentData() is not None),
            (METHOD, self.method.currentData() is not None),
            (REPETITION, not self._has_repetitions),
        ):
            self.table.setColumnHidden(column, is_hidden)

    def _go_back_to(self, current: MixtureRow | None) -> None:
        if current is not None:
            index = self.table.mixtures.find(current.trial, current.method)
            if index.isValid():
                self.table.setCurrentIndex(index)

    def _clear_rest(self) -> None:
        with QSignalBlocker(self.only_gaps):
            self.only_gaps.setChecked(False)
        self.text.clear()

    def _with_current(self, signal: object) -> None:
        row = self.table.current()
        if row is not None:
            signal.emit(row)  # type: ignore[attr-defined]

    def _show_state(self) -> None:
        n_shown, n_all = self.table.mixtures.rowCount(), self.table.mixtures.n_all
        where = "" if self._noise_class == ALL else f", {class_title(self._noise_class)}"
        self.count.setText(f"{n_shown:,} of {n_all:,} results{where}")
        for button in (self.open_button, self.sounds_button):
            button.setEnabled(self.table.current() is not None)


def _combo(name: str) -> QComboBox:
    combo = narrow_combo_box(name, 7)
    combo.setMaxVisibleItems(24)
    return combo


def _fill(combo: QComboBox, everything: str, entries: Sequence[tuple[str, object]]) -> None:
    chosen = combo.currentData()
    with QSignalBlocker(combo):
        combo.clear()
        combo.addItem(everything, None)
        for title, value in entries:
            combo.addItem(title, value)
        combo.setCurrentIndex(max(combo.findData(chosen) if chosen is not None else 0, 0))
