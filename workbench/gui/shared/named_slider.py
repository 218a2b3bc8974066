"""A slider that says what it sets, and to what."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from workbench.gui.theme import role


class NamedSlider(QWidget):
    """A slider with its name on the left and its value on the right above it; double click resets it.

    Parameters
    ----------
    name, tip : str
        What it is, and what it does.
    low, high, normal : int
        Range and value after a double click.
    text : callable
        Turns a value into what is shown.
    """

    value_changed = Signal(int)

    def __init__(
        self, name: str, tip: str, low: int, high: int, normal: int, text: Callable[[int], str]
    ) -> None:
        super().__init__()
        self._text = text
        self._normal = normal
        self.slider = _ResettingSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(low, high)
        self.slider.setPageStep(max(1, (high - low) // 5))
        self.slider.setToolTip(f"{tip}\nDouble click for the normal setting.")
        self.slider.setAccessibleName(name)
        self.slider.reset.connect(lambda: self.slider.setValue(self._normal))
        self.value_label = role(QLabel(), "value")
        self.value_label.setToolTip(tip)
        title = QLabel(name)
        title.setToolTip(tip)
        top = QHBoxLayout()
        top.addWidget(title)
        top.addStretch(1)
        top.addWidget(self.value_label)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(1)
        box.addLayout(top)
        box.addWidget(self.slider)
        self.slider.valueChanged.connect(self._changed)
        self.slider.setValue(normal)
        self.value_label.setText(text(self.slider.value()))

    def set_value(self, value: int) -> None:
        """Show a value without telling it on."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(value)
        self.value_label.setText(self._text(self.slider.value()))

    def _changed(self, value: int) -> None:
        self.value_label.setText(self._text(value))
        self.value_changed.emit(value)


class _ResettingSlider(QSlider):
    reset = Signal()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset.emit()
