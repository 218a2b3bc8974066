"""How a place to drop files on looks while they are dragged over a page."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from workbench.gui.theme import ThemeManager


def veiled_painter(widget: QWidget, theme: ThemeManager) -> QPainter:
    """Return a painter of a widget over a page, with the page veiled."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    veil = theme.color("window")
    veil.setAlphaF(0.88)
    painter.fillRect(widget.rect(), veil)
    return painter


def draw_field(
    painter: QPainter, field: QRectF, title: str, detail: str, theme: ThemeManager, *, is_over: bool
) -> None:
    """Draw a field with what happens to files dropped there; `is_over`: the pointer is there."""
    painter.setBrush(theme.color("accent_soft" if is_over else "surface"))
    pen = QPen(theme.color("accent" if is_over else "strong_border"), 2)
    pen.setStyle(Qt.PenStyle.SolidLine if is_over else Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.drawRoundedRect(field, 10, 10)
    middle = field.center().y()
    painter.setPen(theme.color("text"))
    painter.setFont(theme.font(18, bold=True))
    line = painter.fontMetrics().height()
    above = QRectF(field.left(), middle - line, field.width(), line)
    painter.drawText(above, Qt.AlignmentFlag.AlignCenter, title)
    painter.setPen(theme.color("muted"))
    painter.setFont(theme.font())
    below = QRectF(field.left(), middle + 4, field.width(), line)
    painter.drawText(below, Qt.AlignmentFlag.AlignCenter, detail)
