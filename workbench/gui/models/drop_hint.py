"""What appears over the page while a model is dragged onto it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from workbench.gui.theme import ThemeManager


class DropHint(QWidget):
    """A veil with one field; the page beneath takes the drop."""

    def __init__(self, theme: ThemeManager, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def offer(self) -> None:
        """Appear over the whole parent."""
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw veil and field."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = self._theme.color("window")
        veil.setAlphaF(0.88)
        painter.fillRect(self.rect(), veil)
        gap = self._theme.px(18)
        field = QRectF(self.rect()).adjusted(gap, gap, -gap, -gap)
        painter.setBrush(self._theme.color("accent_soft"))
        painter.setPen(QPen(self._theme.color("accent"), 2))
        painter.drawRoundedRect(field, 10, 10)
        painter.setPen(self._theme.color("text"))
        painter.setFont(self._theme.font(18, bold=True))
        line = painter.fontMetrics().height()
        middle = field.center().y()
        title = QRectF(field.left(), middle - line, field.width(), line)
        painter.drawText(title, Qt.AlignmentFlag.AlignCenter, "Import a model")
        painter.setPen(self._theme.color("muted"))
        painter.setFont(self._theme.font())
        detail = QRectF(field.left(), middle + 4, field.width(), line)
        text = "it is checked before it is added to your own"
        painter.drawText(detail, Qt.AlignmentFlag.AlignCenter, text)
