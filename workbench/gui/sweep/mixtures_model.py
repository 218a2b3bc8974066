"""The list of mixtures as a table that sorts and filters ten thousand rows at once."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from workbench.evaluation.metrics import Metric
from workbench.evaluation.tables import class_title, snr_title
from workbench.gui.sweep.mixtures import MixtureFilter, MixtureRow
from workbench.gui.sweep.titles import titles_of
from workbench.gui.theme import ThemeManager

COLUMNS = ("Speech", "Noise", "Class", "SNR", "Rep.", "Method", "Noisy", "Value", "Gain")
SPEECH, NOISE, CLASS, SNR, REPETITION, METHOD, NOISY_VALUE, VALUE, GAIN = range(len(COLUMNS))
_NUMBERS = {SNR, REPETITION, NOISY_VALUE, VALUE, GAIN}
_TIPS = {
    REPETITION: "Repetition: mixtures of the same sentence, class and SNR",
    NOISY_VALUE: "Of the noisy signal",
    VALUE: "Of what the method made of it",
    GAIN: "Value less that of the noisy signal; sorted by how much better or worse it is",
}
_FIELDS = ("speech", "noise", "noise_class", "snr_db", "repetition", "method", "noisy", "value")
Index = QModelIndex | QPersistentModelIndex
_TOP = QModelIndex()


class MixturesModel(QAbstractTableModel):
    """Rows that pass a filter, in an order.

    It sorts and filters itself, in one pass over plain tuples; a proxy would ask back for each comparison.

    Parameters
    ----------
    theme : ThemeManager
        Colours.
    """

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._rows: Sequence[MixtureRow] = ()
        self._shown: list[MixtureRow] = []
        self._metric: Metric | None = None
        self._titles: dict[str, str] = {}
        self._filter = MixtureFilter()
        self._column, self._order = -1, Qt.SortOrder.AscendingOrder

    def set_rows(self, rows: Sequence[MixtureRow], metric: Metric) -> None:
        """Show other rows, through the same filter and in the same order."""
        self._rows, self._metric = rows, metric
        self._titles = titles_of(tuple(sorted({row.method for row in rows})))
        self._refresh()

    def set_filter(self, wanted: MixtureFilter) -> None:
        """List the rows that pass."""
        self._filter = wanted
        self._refresh()

    def row(self, index: Index) -> MixtureRow:
        """Return the row at a place in the list."""
        return self._shown[index.row()]

    def find(self, trial: str, method: str) -> QModelIndex:
        """Return where a mixture stands in the list; an invalid index if it is not listed."""
        for place, row in enumerate(self._shown):
            if row.trial == trial and row.method == method:
                return self.index(place, 0)
        return QModelIndex()

    @property
    def n_all(self) -> int:
        """Number of rows, listed or not."""
        return len(self._rows)

    # --- what Qt asks for ------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _TOP) -> int:
        """Return the number of rows that pass."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _TOP) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return a heading."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._metric.title if section == VALUE and self._metric else COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(section)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS.get(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell shows."""
        row, column = self._shown[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column)
        if role == Qt.ItemDataRole.ForegroundRole:
            if row.gap and column == VALUE:
                return self._theme.color("warning")
            if column == GAIN and row.loss:
                return self._theme.color("error" if row.loss > 0 else "accent")
        if role == Qt.ItemDataRole.ToolTipRole:
            about = row.gap or "Double click opens this mixture with this method in the studio."
            where = f"{row.noise} ({class_title(row.noise_class)})"
            return f"{row.speech} in {where}, mixture {row.trial}\n{about}"
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; rows without a value come last."""
        self._column, self._order = column, order
        self._refresh()

    # --- inside ----------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        self.beginResetModel()
        shown = [row for row in self._rows if self._filter.takes(row)]
        if self._column >= 0:
            key = self._key()
            known = [row for row in shown if key(row) is not None]
            known.sort(key=key, reverse=self._order == Qt.SortOrder.DescendingOrder)
            shown = known + [row for row in shown if key(row) is None]
        self._shown = shown
        self.endResetModel()

    def _key(self) -> Callable[[MixtureRow], Any]:
        if self._column == METHOD:
            return lambda row: self._titles[row.method]
        if self._column == GAIN:
            return lambda row: None if row.loss is None else -row.loss
        return attrgetter(_FIELDS[self._column])

    def _text(self, row: MixtureRow, column: int) -> str:
        if column == VALUE and row.gap:
            return "gap"
        texts = (row.speech, row.noise, "", "", str(row.repetition + 1), self._titles[row.method])
        if column == CLASS:
            return class_title(row.noise_class)
        if column == SNR:
            return snr_title(row.snr_db)
        if column < len(texts):
            return texts[column]
        value = (row.noisy, row.value, row.gain)[column - NOISY_VALUE]
        if value is None or self._metric is None:
            return "–"
        sign = "+" if column == GAIN else ""
        return f"{round(value, self._metric.decimals) + 0.0:{sign}.{self._metric.decimals}f}".replace(
            "-", "−"
        )


def _side(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)
