"""The panel of controls: what is mixed, and how it is denoised."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QMouseEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QStyledItemDelegate,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.denoisers.registry import MethodInfo, split_precision
from workbench.engine.scene import SNR_RANGE_DB, Scene
from workbench.gui.theme import ThemeManager, role

LIMIT_STEPS_DB = tuple(range(3, 41))
OPEN_RECORDING = -1
NO_LIMIT = len(LIMIT_STEPS_DB)
PRECISION_TEXTS = {
    "float": ("Float", "The network as it was trained."),
    "int8": ("int8", "Weights and activations of 8 bits, as on a microcontroller."),
    "int16x8": ("16x8", "Activations of 16 bits, weights of 8 bits, as on a microcontroller."),
    "dynamic": ("Dynamic", "Weights of 8 bits, activations quantised as they come."),
}


class Card(QFrame):
    """A titled group of controls."""

    def __init__(self, title: str, theme: ThemeManager) -> None:
        super().__init__()
        self.setObjectName("card")
        self._theme = theme
        self.body = QVBoxLayout(self)
        self.head = QHBoxLayout()
        self.head.addWidget(role(QLabel(title), "heading"))
        self.head.addStretch(1)
        self.body.addLayout(self.head)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        px = self._theme.px
        self.body.setContentsMargins(px(12), px(6), px(12), px(8))
        self.body.setSpacing(px(5))


def combo_box(name: str) -> QComboBox:
    """Return a combo box that may be narrow, with a list that the style sheet can draw."""
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setMinimumContentsLength(8)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setItemDelegate(QStyledItemDelegate(combo))
    combo.setMaxVisibleItems(20)
    return combo


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


class FileRow(QWidget):
    """A source of sound: what it is, the file, a button to choose another."""

    open_requested = Signal()

    def __init__(self, kind: str, icon_name: str, tip: str, theme: ThemeManager) -> None:
        super().__init__()
        self._kind = kind
        self._mark = QToolButton()
        self._mark.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._mark.setProperty("flat", True)
        self._mark.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.bind_icon(self._mark, icon_name, "muted")
        self.name = ElidedLabel()
        self.open_button = QToolButton()
        self.open_button.setProperty("flat", True)
        self.open_button.setToolTip(tip)
        self.open_button.setAccessibleName(tip.split(" (")[0])
        self.open_button.clicked.connect(self.open_requested)
        theme.bind_icon(self.open_button, "folder")
        self._mark.setProperty("tight", True)
        self.open_button.setProperty("tight", True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._mark)
        row.addWidget(self.name, 1)
        row.addWidget(self.open_button)

    def set_path(self, path: Path | None) -> None:
        """Show a file."""
        self.name.set_text(f"No {self._kind} chosen" if path is None else path.name)
        self.name.setToolTip("" if path is None else str(path))
        role(self.name, "muted" if path is None else "")
        self.name.style().polish(self.name)


class ElidedLabel(QLabel):
    """A label that shortens its text in the middle to fit."""

    def __init__(self) -> None:
        super().__init__()
        self._full = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_text(self, text: str) -> None:
        """Set the whole text."""
        self._full = text
        self._fit()

    def resizeEvent(self, event: object) -> None:
        """Fit the text again."""
        self._fit()

    def _fit(self) -> None:
        elided = self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideMiddle, self.width())
        self.setText(elided)


class SceneCard(Card):
    """Which sounds: a demo scene, speech and noise of the user's, or one noisy recording."""

    demo_chosen = Signal(int)
    speech_requested = Signal()
    noise_requested = Signal()
    recording_requested = Signal()

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__("SCENE", theme)
        self.demos = combo_box("Scene")
        self.demos.setToolTip("Scenes that come with the workbench")
        self._shown = 0
        self.demos.activated.connect(self._demo_activated)
        self.speech = FileRow("speech", "speech", "Open clean speech (Ctrl+O)", theme)
        self.noise = FileRow("noise", "noise", "Open a noise (Ctrl+Shift+O)", theme)
        self.recording = FileRow("recording", "noise", "Open a noisy recording (Ctrl+R)", theme)
        self.speech.open_requested.connect(self.speech_requested)
        self.noise.open_requested.connect(self.noise_requested)
        self.recording.open_requested.connect(self.recording_requested)
        for widget in (self.demos, self.speech, self.noise, self.recording):
            self.body.addWidget(widget)

    def set_demos(self, titles: Sequence[str]) -> None:
        """List the demo scenes."""
        with QSignalBlocker(self.demos):
            self.demos.clear()
            for number, title in enumerate(titles):
                self.demos.addItem(title, number)
            self.demos.insertSeparator(self.demos.count())
            self.demos.addItem("Open a noisy recording…", OPEN_RECORDING)

    def show_scene(self, scene: Scene, demo: int | None) -> None:
        """Show a scene's files, and which demo it is (None: the user's own)."""
        is_recording = scene.recording_path is not None
        self.speech.setVisible(not is_recording)
        self.noise.setVisible(not is_recording)
        self.recording.setVisible(is_recording)
        self.speech.set_path(scene.speech_path)
        self.noise.set_path(scene.noise_path)
        self.recording.set_path(scene.recording_path)
        with QSignalBlocker(self.demos):
            if demo is None:
                self.demos.insertItem(0, "Your recording" if is_recording else "Your speech and noise", None)
                self.demos.setCurrentIndex(0)
            else:
                self.demos.setCurrentIndex(self.demos.findData(demo))
            self._shown = self.demos.currentIndex()

    def _demo_activated(self, index: int) -> None:
        number = self.demos.itemData(index)
        self.demos.setCurrentIndex(self._shown)
        if number == OPEN_RECORDING:
            self.recording_requested.emit()
        elif number is not None:
            self.demo_chosen.emit(int(number))


class MixCard(Card):
    """How loud the noise is."""

    snr_changed = Signal(float)

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__("MIX", theme)
        low, high = (int(edge) for edge in SNR_RANGE_DB)
        self.snr = NamedSlider(
            "Speech over noise",
            "Signal-to-noise ratio: active speech level (ITU-T P.56) over noise level.\n"
            "Heard and seen at once, also while playing ([ and ] move it by 1 dB).",
            low,
            high,
            0,
            lambda value: f"{signed(value)} dB",
        )
        self.snr.value_changed.connect(lambda value: self.snr_changed.emit(float(value)))
        self.body.addWidget(self.snr)


class DenoiseCard(Card):
    """Which method, and how strongly."""

    method_changed = Signal(str)
    limit_changed = Signal(object)
    wet_changed = Signal(float)

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__("DENOISE", theme)
        self.method = combo_box("Denoising method")
        self.method.activated.connect(self._method_activated)
        self.precision = combo_box("Precision")
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


def signed(value: float) -> str:
    """Return a whole number with its sign: "+3", "0", "−5"."""
    return "0" if value == 0 else f"+{value:g}" if value > 0 else f"−{-value:g}"
