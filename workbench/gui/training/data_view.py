"""What a scan found: amounts by class and split, every file with what is wrong, to be seen and heard."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.classifier.posterior import NoiseClass
from workbench.corpora.catalogue import Entry
from workbench.corpora.scanning import why_left_out
from workbench.corpora.splits import OTHER_SOUNDS, SPLITS
from workbench.gui.shared.combo_box import narrow_combo_box
from workbench.gui.theme import ThemeManager, role
from workbench.gui.training.listener import Listener
from workbench.gui.training.sound_view import SoundView
from workbench.gui.training.texts import duration_text

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
ALL, USED, LEFT_OUT, REMARKED = "All files", "Used", "Not used", "With a remark"


def class_text(entry: Entry) -> str:
    """Return what a recording is of."""
    if entry.kind == "speech":
        return "Speech"
    if entry.noise_class == OTHER_SOUNDS:
        return "Other sounds"
    known = entry.noise_class in list(NoiseClass)
    return NoiseClass(entry.noise_class).label if known else entry.noise_class or "Noise of no known class"


_COLUMNS: tuple[tuple[str, Callable[[Entry], str], Callable[[Entry], object]], ...] = (
    ("File", lambda e: e.path.name, lambda e: e.path.name.lower()),
    ("Class", class_text, class_text),
    ("Speaker or recording", lambda e: e.source, lambda e: e.source.lower()),
    ("Split", lambda e: e.split, lambda e: e.split),
    ("Length", lambda e: f"{e.seconds:.1f} s" if e.rate_hz else "–", lambda e: e.seconds),
    ("Rate", lambda e: f"{e.rate_hz / 1000:g} kHz" if e.rate_hz else "–", lambda e: e.rate_hz),
    ("Problems", lambda e: e.problems or ("" if e.use else "set to no by hand"), lambda e: e.problems),
)


class FilesModel(QAbstractTableModel):
    """The files of a catalogue, filtered and sorted."""

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._all: list[Entry] = []
        self.entries: list[Entry] = []
        self._order = (1, Qt.SortOrder.AscendingOrder)

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show the files of a catalogue."""
        self._all = list(entries)

    def filter(self, group: str, split: str, what: str, text: str) -> None:
        """Show the files of a class, a split, a use, with a text in name, speaker or problem."""
        text = text.strip().lower()

        def wanted(entry: Entry) -> bool:
            use = {ALL: True, USED: entry.use, LEFT_OUT: not entry.use}.get(
                what, entry.use and entry.problems
            )
            return bool(
                use
                and group in ("", class_text(entry))
                and split in ("", entry.split)
                and (not text or text in f"{entry.path}\n{entry.source}\n{entry.problems}".lower())
            )

        self.beginResetModel()
        self.entries = [entry for entry in self._all if wanted(entry)]
        self._sort()
        self.endResetModel()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of files."""
        return len(self.entries)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of columns."""
        return len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> object:
        """Return a column's title."""
        shown = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return _COLUMNS[section][0] if shown else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell shows."""
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[index.column()][1](entry)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{entry.path}\n{entry.problems}".strip()
        if role == Qt.ItemDataRole.ForegroundRole and not entry.use:
            return self._theme.color("error" if index.column() == len(_COLUMNS) - 1 else "muted")
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        self._order = column, order
        self.beginResetModel()
        self._sort()
        self.endResetModel()

    def _sort(self) -> None:
        column, order = self._order
        key = _COLUMNS[column][2]
        self.entries.sort(key=key, reverse=order == Qt.SortOrder.DescendingOrder)  # type: ignore[arg-type]


class AmountsModel(QAbstractTableModel):
    """Amounts by class: files and time of each split, and how many speakers or recordings."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, ...]] = []

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Count what is used."""
        self.beginResetModel()
        used = [entry for entry in entries if entry.use]
        groups = sorted({class_text(entry) for entry in used}, key=lambda name: (name != "Speech", name))
        self._rows = []
        for group in groups:
            here = [entry for entry in used if class_text(entry) == group]
            cells = [_amount([entry for entry in here if entry.split == split]) for split in SPLITS]
            sources = len({entry.source for entry in here})
            self._rows.append(
                (group, *cells, f"{sources} {'speakers' if group == 'Speech' else 'recordings'}")
            )
        self.endResetModel()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of classes."""
        return len(self._rows)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of columns."""
        return len(SPLITS) + 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> object:
        """Return a column's title."""
        titles = ("Class", *SPLITS, "From")
        shown = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return titles[section] if shown else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell shows."""
        return self._rows[index.row()][index.column()] if role == Qt.ItemDataRole.DisplayRole else None


def _amount(entries: Sequence[Entry]) -> str:
    if not entries:
        return "none"
    return f"{len(entries)} files, {duration_text(sum(entry.seconds for entry in entries))}"


class DataView(QWidget):
    """A catalogue: amounts above, files below, the chosen file beside them."""

    def __init__(self, theme: ThemeManager, listener: Listener) -> None:
        super().__init__()
        self._theme = theme
        self.path: Path | None = None
        self._amounts, self.files = AmountsModel(), FilesModel(theme)
        self.amounts_table, self.files_table = QTableView(), QTableView()
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.sound = SoundView(theme, listener)
        self.group, self.split, self.use = (narrow_combo_box(name) for name in ("Class", "Split", "Use"))
        self.search = QLineEdit()
        self.edit_button = QPushButton("Edit…")
        self._count = role(QLabel(), "small")
        self._lay_out()

    def show_entries(self, path: Path, entries: Sequence[Entry]) -> None:
        """Show a catalogue's files."""
        self.path = path
        self._amounts.set_entries(entries)
        self.files.set_entries(entries)
        used = [entry for entry in entries if entry.use]
        seconds = sum(entry.seconds for entry in used)
        reasons = ", ".join(
            f"{len(found)} {why}" for why, found in why_left_out(e for e in entries if not e.use).items()
        )
        left_out = f" Not used: {reasons}." if reasons else ""
        self.summary.setText(
            f"{len(used)} of {len(entries)} files are used, {duration_text(seconds)} in all.{left_out}"
        )
        for combo, first, names in (
            (self.group, "All classes", sorted({class_text(entry) for entry in entries})),
            (self.split, "All splits", [s for s in SPLITS if any(e.split == s for e in entries)]),
        ):
            combo.blockSignals(True)
            combo.clear()
            combo.addItem(first, "")
            for name in names:
                combo.addItem(name, name)
            combo.blockSignals(False)
        self._filter()
        self._fit()
        self.sound.show_file(None, "Choose a file to see and hear it")

    def _lay_out(self) -> None:
        px = self._theme.px
        for table, model in ((self.amounts_table, self._amounts), (self.files_table, self.files)):
            table.setModel(model)
            table.verticalHeader().hide()
            table.verticalHeader().setDefaultSectionSize(px(24))
            table.setShowGrid(False)
            table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
            table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
            table.horizontalHeader().setHighlightSections(False)
            table.horizontalHeader().setDefaultAlignment(
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            )
            table.setWordWrap(False)
        self.amounts_table.setAccessibleName("Amounts by class and split")
        self.amounts_table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.amounts_table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.amounts_table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.files_table.setAccessibleName("Files")
        self.files_table.setAlternatingRowColors(True)
        self.files_table.setSortingEnabled(True)
        self.files_table.horizontalHeader().setStretchLastSection(True)
        self.files_table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
        for column, width in enumerate((190, 120, 140, 60, 64, 64)):
            self.files_table.setColumnWidth(column, px(width))
        self.files_table.selectionModel().currentRowChanged.connect(self._chosen)
        self.files.modelReset.connect(self._restore_selection)
        self.use.addItems((ALL, USED, LEFT_OUT, REMARKED))
        self.search.setPlaceholderText("Find a name, speaker or problem")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Find")
        for combo in (self.group, self.split, self.use):
            combo.currentIndexChanged.connect(self._filter)
        self.search.textChanged.connect(self._filter)
        self.edit_button.setAutoDefault(False)
        self.edit_button.setToolTip(
            "Open the catalogue, a CSV file: set “use” to no, correct a class, move a speaker"
        )
        self.edit_button.clicked.connect(self._edit)
        row = QHBoxLayout()
        row.setSpacing(px(6))
        for widget in (self.group, self.split, self.use):
            row.addWidget(widget)
        row.addWidget(self.search, 1)
        row.addWidget(self._count)
        row.addWidget(self.edit_button)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.files_table)
        splitter.addWidget(self.sound)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([px(560), px(330)])
        splitter.setChildrenCollapsible(False)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, px(6), 0, 0)
        box.setSpacing(px(8))
        box.addWidget(self.summary)
        box.addWidget(self.amounts_table)
        box.addLayout(row)
        box.addWidget(splitter, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the files their room in a small window."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        table = self.amounts_table
        rows = self._amounts.rowCount() * table.verticalHeader().defaultSectionSize()
        whole = rows + table.horizontalHeader().sizeHint().height() + self._theme.px(4)
        table.setFixedHeight(min(whole, max(round(0.3 * self.height()), self._theme.px(80))))

    def _filter(self) -> None:
        self.files.filter(
            str(self.group.currentData() or ""),
            str(self.split.currentData() or ""),
            self.use.currentText(),
            self.search.text(),
        )
        self._count.setText(f"{self.files.rowCount()} files")

    def _restore_selection(self) -> None:
        path = self.sound.path
        row = next((row for row, entry in enumerate(self.files.entries) if entry.path == path), -1)
        if row >= 0:
            self.files_table.selectRow(row)

    def _chosen(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        entry = self.files.entries[index.row()]
        about = f"{class_text(entry)}, {entry.split or 'no split'}, {entry.source}"
        self.sound.show_file(entry.path, entry.path.name, about)

    def _edit(self) -> None:
        if self.path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.path)))
