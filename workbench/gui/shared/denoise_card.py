"""The controls of denoising: method, precision, attenuation limit, dry / wet."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout

from workbench.denoisers.registry import MethodInfo, split_precision
from workbench.gui.shared.card import Card
from workbench.gui.shared.combo_box import narrow_combo_box
from workbench.gui.shared.named_slider import NamedSlider
from workbench.gui.theme import ThemeManager

LIMIT_STEPS_DB = tuple(range(3, 41))
NO_LIMIT = len(LIMIT_STEPS_DB)
PRECISION_TEXTS = {
    "float": ("Float", "The network as it was trained."),
    "int8": ("int8", "Weights and activations of 8 bits, as on a microcontroller."),
    "int16x8": ("16x8", "Activations of 16 bits, weights of 8 bits, as on a microcontroller."),
    "dynamic": ("Dynamic", "Weights of 8 bits, activations quantised as they come."),
}


class DenoiseCard(Card):
    """Which method, and how strongly."""

    method_changed = Signal(str)
    limit_changed = Signal(object)
    wet_changed = Signal(float)

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__("DENOISE", theme)
        self.method = narrow_combo_box("Denoising method")
        self.method.activated.connect(self._method_activated)
        self.precision = narrow_combo_box("Precision")
        self.precision.setMinimumContentsLength(5)
        self.precision.activated.connect(self._precision_activated)
        self._precisions: dict[str, tuple[str, ...]] = {}
        row = QHBoxLayout()
        row.setSpacing(theme.px(5))
        row.addWidget(self.method, 1)
        row.addWidget(self.precision)
        self.limit = NamedSlider(
            "Attenuation limit",
            "The most that the denoiser may turn noise down.\n"
            "A limit leaves some of the surroundings, and hides artefacts.",
            0,
            NO_LIMIT,
            NO_LIMIT,
            lambda value: "Off" if value == NO_LIMIT else f"{LIMIT_STEPS_DB[value]} dB",
        )
        self.limit.value_changed.connect(
            lambda value: self.limit_changed.emit(None if value == NO_LIMIT else float(LIMIT_STEPS_DB[value]))
        )
        self.wet = NamedSlider(
            "Dry / wet",
            "Share of the denoised signal in what comes out; the rest is the mixed signal.",
            0,
            100,
            100,
            lambda value: f"{value} %",
        )
        self.wet.slider.setPageStep(10)
        self.wet.value_changed.connect(lambda value: self.wet_changed.emit(value / 100))
        self.body.addLayout(row)
        self.body.addWidget(self.limit)
        self.body.addWidget(self.wet)

    def set_methods(self, methods: Sequence[MethodInfo]) -> None:
        """List the methods; those that cannot be had are there, but not to choose."""
        model = QStandardItemModel(self.method)
        for method in methods:
            item = QStandardItem(method.title if method.available else f"{method.title} (not installed)")
            item.setData(method.name, Qt.ItemDataRole.UserRole)
            tip = f"{method.description}\nLatency {round(method.latency_ms, 1):g} ms"
            if not method.available:
                item.setEnabled(False)
                tip = f"{method.description}\nNot available: {method.how_to_install}"
            item.setToolTip(tip)
            model.appendRow(item)
        self._precisions = {method.name: method.precisions for method in methods}
        with QSignalBlocker(self.method):
            self.method.setModel(model)
            for row in range(len(methods) - 1, 0, -1):
                if methods[row].family != methods[row - 1].family:
                    self.method.insertSeparator(row)

    def show_settings(self, method: str, limit_db: float | None, wet: float) -> None:
        """Show settings without telling them on."""
        bare, precision = split_precision(method)
        self._show_precisions(bare, precision)
        with QSignalBlocker(self.method):
            index = self.method.findData(bare)
            self.method.setCurrentIndex(index)
            self.method.setToolTip(str(self.method.itemData(index, Qt.ItemDataRole.ToolTipRole) or ""))
        nearest = NO_LIMIT
        if limit_db is not None:
            limit = limit_db
            nearest = min(range(NO_LIMIT), key=lambda step: abs(LIMIT_STEPS_DB[step] - limit))
        self.limit.set_value(nearest)
        self.wet.set_value(round(wet * 100))

    def method_text(self) -> str:
        """Return what is chosen, as users read it."""
        usual = self.precision.currentIndex() <= 0
        return self.method.currentText() + ("" if usual else f", {self.precision.currentText()}")

    def _method_activated(self, index: int) -> None:
        self.method.setToolTip(str(self.method.itemData(index, Qt.ItemDataRole.ToolTipRole) or ""))
        wanted = self.precision.currentData() if not self.precision.isHidden() else None
        self._tell(str(self.method.itemData(index)), wanted)

    def _precision_activated(self, index: int) -> None:
        self._tell(str(self.method.currentData()), self.precision.itemData(index))

    def _tell(self, method: str, precision: str | None) -> None:
        """Ask for a method in a precision, where it has it; its usual one has no suffix."""
        held = self._precisions.get(method, ())
        suffix = f":{precision}" if precision in held[1:] else ""
        self.method_changed.emit(method + suffix)

    def _show_precisions(self, method: str, precision: str | None) -> None:
        """Show the choice of a method's precisions, if it has one."""
        held = self._precisions.get(method, ())
        self.precision.setVisible(len(held) > 1)
        with QSignalBlocker(self.precision):
            self.precision.clear()
            for each in held:
                title, tip = PRECISION_TEXTS[each]
                self.precision.addItem(title, each)
                self.precision.setItemData(self.precision.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
            chosen = max(0, self.precision.findData(precision))
            self.precision.setCurrentIndex(chosen)
            self.precision.setToolTip(str(self.precision.itemData(chosen, Qt.ItemDataRole.ToolTipRole) or ""))
