"""What appears over the page while a model is dragged onto it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget

from workbench.gui.shared.drop_field import draw_field, veiled_painter
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
        painter = veiled_painter(self, self._theme)
        gap = self._theme.px(18)
        field = QRectF(self.rect()).adjusted(gap, gap, -gap, -gap)
        detail = "it is checked before it is added to your own"
        draw_field(painter, field, "Import a model", detail, self._theme, is_over=True)
