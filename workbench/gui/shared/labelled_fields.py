"""Numbers to set, and fields in rows with their names on the left."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QSpinBox, QWidget


def spin_box(low: int, high: int, name: str) -> QSpinBox:
    """Return a field for a whole number, which is told on when it has been typed to the end."""
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setAccessibleName(name)
    spin.setKeyboardTracking(False)
    return spin


def labelled(*rows: tuple[str, QWidget]) -> QGridLayout:
    """Return rows of a name and its field: lines of text fill the row, all else stands on the right."""
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    for place, (text, widget) in enumerate(rows):
        label = QLabel(text)
        label.setBuddy(widget)
        label.setToolTip(widget.toolTip())
        grid.addWidget(label, place, 0)
        if isinstance(widget, QLineEdit):
            grid.addWidget(widget, place, 1)
        else:
            grid.addWidget(widget, place, 1, Qt.AlignmentFlag.AlignRight)
    return grid
