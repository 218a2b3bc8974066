"""What appears while a file is dragged over the window: where to drop it for which use."""

from PySide6.QtCore import QPoint, QRectF, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget

from workbench.gui.shared.drop_field import draw_field, veiled_painter
from workbench.gui.shared.dropped_files import local_files
from workbench.gui.theme import ThemeManager

ZONES = (
    ("speech", "Clean speech", "replaces the speech of this scene"),
    ("noise", "Noise", "replaces the noise of this scene"),
    ("recording", "Noisy recording", "opens it alone, without a reference"),
)


class DropZones(QWidget):
    """Three fields over the page; hidden unless something is dragged."""

    dropped = Signal(str, object)

    def __init__(self, theme: ThemeManager, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._over = -1
        self._is_entered = False
        self.setAcceptDrops(True)
        self.hide()

    def offer(self) -> None:
        """Appear over the whole parent."""
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self._over, self._is_entered = -1, False
        self.show()
        self.raise_()

    def withdraw_unless_entered(self) -> None:
        """Go away if the drag has left the window without coming here."""
        if not self._is_entered:
            self.hide()

    def zone(self, name: str) -> QRectF:
        """Return the field of one use."""
        return self._field([key for key, _, _ in ZONES].index(name))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files."""
        if local_files(event.mimeData()):
            self._is_entered = True
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Mark the field under the pointer."""
        self._over = self._field_at(event.position().toPoint())
        event.acceptProposedAction()
        self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Go away."""
        self.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell which files fell where."""
        files = local_files(event.mimeData())
        field = self._field_at(event.position().toPoint())
        event.acceptProposedAction()
        self.hide()
        if files and field >= 0:
            self.dropped.emit(ZONES[field][0], files)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a veil and the fields."""
        painter = veiled_painter(self, self._theme)
        for index, (_, title, detail) in enumerate(ZONES):
            draw_field(painter, self._field(index), title, detail, self._theme, is_over=index == self._over)

    def _field(self, index: int) -> QRectF:
        gap = self._theme.px(18)
        width = (self.width() - 4 * gap) / 3
        return QRectF(gap + index * (width + gap), gap, width, self.height() - 2 * gap)

    def _field_at(self, place: QPoint) -> int:
        return next((i for i in range(len(ZONES)) if self._field(i).contains(place.toPointF())), -1)
