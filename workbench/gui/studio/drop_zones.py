"""What appears while a file is dragged over the window: where to drop it for which use."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from workbench.gui.theme import ThemeManager

ZONES = (
    ("speech", "Clean speech", "replaces the speech of this scene"),
    ("noise", "Noise", "replaces the noise of this scene"),
    ("recording", "Noisy recording", "opens it alone, without a reference"),
)


def local_files(data: QMimeData) -> list[Path]:
    """Return the local files of a drag."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


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
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = self._theme.color("window")
        veil.setAlphaF(0.88)
        painter.fillRect(self.rect(), veil)
        for index, (_, title, detail) in enumerate(ZONES):
            field, over = self._field(index), index == self._over
            painter.setBrush(self._theme.color("accent_soft" if over else "surface"))
            pen = QPen(self._theme.color("accent" if over else "strong_border"), 2)
            pen.setStyle(Qt.PenStyle.SolidLine if over else Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawRoundedRect(field, 10, 10)
            middle = field.center().y()
            painter.setPen(self._theme.color("text"))
            painter.setFont(self._theme.font(18, bold=True))
            line = painter.fontMetrics().height()
            painter.drawText(
                QRectF(field.left(), middle - line, field.width(), line), Qt.AlignmentFlag.AlignCenter, title
            )
            painter.setPen(self._theme.color("muted"))
            painter.setFont(self._theme.font())
            painter.drawText(
                QRectF(field.left(), middle + 4, field.width(), line), Qt.AlignmentFlag.AlignCenter, detail
            )

    def _field(self, index: int) -> QRectF:
        gap = self._theme.px(18)
        width = (self.width() - 4 * gap) / 3
        return QRectF(gap + index * (width + gap), gap, width, self.height() - 2 * gap)

    def _field_at(self, place: QPoint) -> int:
        return next((i for i in range(len(ZONES)) if self._field(i).contains(place.toPointF())), -1)
