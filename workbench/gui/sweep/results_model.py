"""The table of a sweep for one metric and one class of noise: methods by SNR."""

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from workbench.evaluation.metrics import Metric, find_metric
from workbench.evaluation.plan import NOISY
from workbench.evaluation.statistics import Cell
from workbench.evaluation.tables import (
    SIGNIFICANT,
    Sweep,
    TableEntry,
    class_title,
    published_table,
    snr_title,
)
from workbench.gui.sweep.style import method_swatch
from workbench.gui.sweep.titles import titles_of
from workbench.gui.theme import ThemeManager

MEAN, GAIN = "mean", "gain"
Index = QModelIndex | QPersistentModelIndex
_TOP = QModelIndex()


class ResultsModel(QAbstractTableModel):
    """A row per method, a column per SNR, and one for all SNRs together.

    Parameters
    ----------
    theme : ThemeManager
        Colours and fonts.
    """

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._titles: list[str] = []
        self._entries: list[list[TableEntry]] = []
        self._cells: dict[tuple[str, float | None], Cell] = {}
        self._metric: Metric | None = None
        self.methods: tuple[str, ...] = ()
        self.snrs_db: tuple[float | None, ...] = ()
        self.note = ""

    def show_sweep(self, sweep: Sweep, metric: str, noise_class: str, what: str) -> None:
        """Show one table of a sweep: means, or what is gained over the noisy signal."""
        table = published_table(sweep, metric, noise_class)
        snrs_db = (*sorted(sweep.plan.snrs_db), None)
        same = self.methods == sweep.plan.all_methods and self.snrs_db == snrs_db
        if not same:
            self.beginResetModel()
        self._metric = find_metric(metric)
        self._cells = sweep.find_cells(metric, noise_class)
        self.methods, self.snrs_db = sweep.plan.all_methods, snrs_db
        titles = titles_of(self.methods)
        self._titles = [titles[method] for method in self.methods]
        self._entries = [list(entries) for _, entries in table.rows]
        self.note = table.note
        if what == GAIN:
            self._entries = self._gains()
            self.note = (
                f"{self._metric.title}: denoised less noisy, mixture by mixture, in "
                f"{class_title(noise_class).lower()}. Mean over utterances ± half of its 95 % confidence "
                f"interval; * differs from 0 (Wilcoxon, Holm-corrected, p < {SIGNIFICANT:g})."
            )
        if same:
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            self.headerDataChanged.emit(Qt.Orientation.Vertical, 0, self.rowCount() - 1)
        else:
            self.endResetModel()

    def clear(self) -> None:
        """Show nothing."""
        self.beginResetModel()
        self.methods, self.snrs_db, self._entries, self._cells, self.note = (), (), [], {}, ""
        self.endResetModel()

    def restyle(self) -> None:
        """Draw in the theme in force."""
        if self.methods:
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            self.headerDataChanged.emit(Qt.Orientation.Vertical, 0, self.rowCount() - 1)

    def place(self, index: Index) -> tuple[str, float | None]:
        """Return the method and the SNR of a cell."""
        return self.methods[index.row()], self.snrs_db[index.column()]

    def rows_as_text(self) -> list[list[str]]:
        """Return the whole table with its headings, as it is shown."""
        head = ["Method", *map(snr_title, self.snrs_db)]
        body = [
            [title, *map(_text, entries)] for title, entries in zip(self._titles, self._entries, strict=True)
        ]
        return [head, *body]

    # --- what Qt asks for ------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _TOP) -> int:
        """Return the number of methods."""
        return 0 if parent.isValid() else len(self.methods)

    def columnCount(self, parent: Index = _TOP) -> int:
        """Return the number of SNRs, and one for all together."""
        return 0 if parent.isValid() else len(self.snrs_db)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return a heading: an SNR above, a method at the side with a piece of its curve."""
        if orientation == Qt.Orientation.Vertical:
            return self._method_data(section, role)
        if role == Qt.ItemDataRole.DisplayRole:
            return snr_title(self.snrs_db[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell shows."""
        entry = self._entries[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(entry)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.FontRole and entry.is_best:
            return self._theme.font(bold=True)
        if role == Qt.ItemDataRole.ForegroundRole:
            cell = self._cells.get(self.place(index))
            if not entry.spread:
                return self._theme.color("muted")
            return self._theme.color("warning") if cell and cell.n_gaps else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._about(self.place(index))
        return None

    # --- inside ----------------------------------------------------------------------------------------

    def _method_data(self, row: int, role: int) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[row]
        if role == Qt.ItemDataRole.DecorationRole:
            return method_swatch(row, dark=self._theme.theme.is_dark)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{self._titles[row]} ({self.methods[row]})"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _gains(self) -> list[list[TableEntry]]:
        gains = []
        for method in self.methods:
            cells = (self._cells.get((method, snr_db)) for snr_db in self.snrs_db)
            gains.append([self._gain(cell) for cell in cells])
        for column in range(len(self.snrs_db)):
            best = self._best_gain(self.snrs_db[column])
            for row, method in enumerate(self.methods):
                if method == best:
                    entry = gains[row][column]
                    gains[row][column] = TableEntry(entry.mean, entry.spread, True, entry.is_significant)
        return gains

    def _gain(self, cell: Cell | None) -> TableEntry:
        if cell is None or cell.gain is None or self._metric is None:
            return TableEntry("–", "")
        decimals = self._metric.decimals
        gain = round(cell.gain, decimals) + 0.0
        spread = ""
        if cell.gain_low is not None and cell.gain_high is not None:
            spread = f"{(cell.gain_high - cell.gain_low) / 2:.{decimals}f}"
        significant = cell.p_value is not None and cell.p_value < SIGNIFICANT
        return TableEntry(f"{gain:+.{decimals}f}", spread, False, significant)

    def _best_gain(self, snr_db: float | None) -> str | None:
        """Return the method that gains most, where more or less of the metric is better."""
        if self._metric is None or self._metric.target is not None:
            return None
        sign = 1 if self._metric.higher_is_better else -1
        gains = {
            method: sign * cell.gain
            for (method, snr), cell in self._cells.items()
            if snr == snr_db and cell.gain is not None
        }
        return max(gains, key=gains.__getitem__) if gains else None

    def _about(self, place: tuple[str, float | None]) -> str:
        cell, metric = self._cells.get(place), self._metric
        if cell is None or metric is None:
            return "Nothing is measured here yet."

        def number(value: float | None) -> str:
            return "–" if value is None else f"{value:.{metric.decimals + 1}f}".replace("-", "−")

        lines = [
            ("Mean", f"{number(cell.mean)} {metric.unit}"),
            ("95 % interval", f"{number(cell.low)} to {number(cell.high)}"),
            ("Standard deviation", number(cell.sd)),
            ("Utterances", f"{cell.n_utterances}"),
        ]
        if place[0] != NOISY:
            lines += [
                (
                    "Gain over noisy",
                    f"{number(cell.gain)} ({number(cell.gain_low)} to {number(cell.gain_high)})",
                ),
                ("p (Wilcoxon, Holm)", "at the end" if cell.p_value is None else f"{cell.p_value:.2g}"),
            ]
        if cell.n_gaps:
            lines.append(("Without a value", f"{cell.n_gaps} (see Gaps)"))
        rows = "".join(
            f"<tr><td>{escape(name)}&nbsp;&nbsp;</td><td>{value}</td></tr>" for name, value in lines
        )
        return f"<table>{rows}</table>Double click lists the mixtures."


def as_html(rows: Sequence[Sequence[str]]) -> str:
    """Return a table for programs that take rich text from the clipboard; the first row is its head."""
    head, *body = rows
    lines = ["<tr>" + "".join(f"<th>{escape(text)}</th>" for text in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in body]
    return f"<table>{''.join(lines)}</table>"


def _text(entry: TableEntry) -> str:
    mean = entry.mean.replace("-", "−")
    spread = f" ± {entry.spread}" if entry.spread else ""
    return f"{mean}{spread}{'*' if entry.is_significant else ''}"
