"""The list of bundles: three lines each, in groups, and to be dragged out as files."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import (
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSignalBlocker,
    QSize,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import QDrag, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from workbench.bundles.check import Bundle
from workbench.gui.models.entries import Entry
from workbench.gui.theme import ThemeManager

_ENTRY = Qt.ItemDataRole.UserRole
_GROUPS = {"ddae": "DENOISERS", "nc": "NOISE CLASSIFIERS", "": "CANNOT BE USED"}


class BundleList(QListWidget):
    """Denoisers, classifiers, and what is refused.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    write_file : callable
        Writes a bundle to a file that can be dropped elsewhere; None if it cannot.
    """

    chosen = Signal(object)

    def __init__(self, theme: ThemeManager, write_file: Callable[[Bundle], Path | None]) -> None:
        super().__init__()
        self._theme = theme
        self._write_file = write_file
        self.setAccessibleName("Models")
        self.setItemDelegate(_EntryDelegate(theme, self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragEnabled(True)
        self.setMouseTracking(True)
        self.currentItemChanged.connect(lambda *_: self.chosen.emit(self.current()))
        theme.changed.connect(self.scheduleDelayedItemsLayout)

    def current(self) -> Entry | None:
        """Return the entry under the cursor."""
        item = self.currentItem()
        return None if item is None else item.data(_ENTRY)

    def entries(self) -> list[Entry]:
        """Return what is listed, from top to bottom."""
        found = (self.item(row).data(_ENTRY) for row in range(self.count()))
        return [entry for entry in found if entry is not None]

    def set_entries(self, entries: Sequence[Entry], prefer: str = "") -> None:
        """List entries; the cursor goes to the name preferred, or stays on its bundle or near its place.

        At first it is on a default.
        """
        before, row_before = self.current(), self.currentRow()
        wanted = prefer or (before.name if before is not None else "")
        with QSignalBlocker(self):
            self.clear()
            group = None
            for entry in entries:
                if entry.kind != group:
                    group = entry.kind
                    QListWidgetItem(_GROUPS[group], self).setFlags(Qt.ItemFlag.NoItemFlags)
                item = QListWidgetItem(_spoken(entry), self)
                item.setData(_ENTRY, entry)
                item.setToolTip(f"{entry.problem or entry.name}\n{entry.folder}")
            rows = [row for row in range(self.count()) if self.item(row).data(_ENTRY) is not None]
            same = [row for row in rows if self.item(row).data(_ENTRY).name == wanted]
            if row_before >= 0:
                near = sorted(rows, key=lambda row: abs(row - row_before))
            else:
                near = sorted(rows, key=lambda row: not self.item(row).data(_ENTRY).is_default)
            self.setCurrentRow((same or near or [-1])[0])
        self.chosen.emit(self.current())

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Drag the bundle out as a file."""
        entry = self.current()
        if entry is None or entry.bundle is None:
            return
        path = self._write_file(entry.bundle)
        if path is None:
            return
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)


def _spoken(entry: Entry) -> str:
    if entry.bundle is None:
        return f"{entry.title}, {entry.whose}, cannot be used: {entry.problem}"
    default = ", default" if entry.is_default else ""
    return f"{entry.title}, {entry.name}, {entry.whose}{default}, {entry.numbers}"


class _EntryDelegate(QStyledItemDelegate):
    """Draws title, name and numbers of an entry, and the headings between the groups."""

    def __init__(self, theme: ThemeManager, parent: QListWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the height of a heading, or of an entry."""
        px = self._theme.px
        return QSize(px(120), px(28) if index.data(_ENTRY) is None else px(64))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one row."""
        theme, px = self._theme, self._theme.px
        entry: Entry | None = index.data(_ENTRY)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = QRectF(option.rect)
        state = option.state
        if entry is None:
            painter.setFont(theme.font(11, bold=True))
            painter.setPen(theme.color("muted"))
            place = row.adjusted(px(8), 0, 0, -px(4))
            painter.drawText(place, Qt.AlignmentFlag.AlignBottom, str(index.data()))
            painter.restore()
            return
        field = row.adjusted(px(2), px(1), -px(2), -px(1))
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        if is_chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_soft" if is_chosen else "hover"))
            painter.drawRoundedRect(field, px(6), px(6))
        if state & QStyle.StateFlag.State_HasFocus and is_chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme.color("accent"))
            painter.drawRoundedRect(field.adjusted(0.5, 0.5, -0.5, -0.5), px(6), px(6))
        inner = field.adjusted(px(8), px(5), -px(8), -px(5))
        line = inner.height() / 3
        first = QRectF(inner.left(), inner.top(), inner.width(), line)
        if entry.is_default:
            painter.setFont(theme.font(11, bold=True))
            painter.setPen(theme.color("accent"))
            painter.drawText(first, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "default")
            first.setWidth(first.width() - painter.fontMetrics().horizontalAdvance("default") - px(8))
        self._line(painter, first, entry.title, 13, "text", bold=True)
        second, third = first.translated(0, line), first.translated(0, 2 * line)
        second.setWidth(inner.width())
        third.setWidth(inner.width())
        if entry.bundle is None:
            self._line(painter, second, entry.whose, 11.5, "muted")
            self._line(painter, third, entry.short_problem, 11.5, "error")
        else:
            self._line(painter, second, f"{entry.name} · {entry.whose}", 11.5, "muted")
            self._line(painter, third, entry.numbers, 11.5, "muted")
        painter.restore()

    def _line(
        self, painter: QPainter, place: QRectF, text: str, size: float, colour: str, *, bold: bool = False
    ) -> None:
        painter.setFont(self._theme.font(size, bold=bold))
        painter.setPen(self._theme.color(colour))
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, elided)
