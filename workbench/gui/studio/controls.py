"""The panel of controls: which sounds are mixed, and how."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from workbench.engine.scene import SNR_RANGE_DB, Scene
from workbench.gui.shared.card import Card
from workbench.gui.shared.combo_box import narrow_combo_box
from workbench.gui.shared.elided_label import ElidedLabel
from workbench.gui.shared.named_slider import NamedSlider
from workbench.gui.shared.signed_text import signed
from workbench.gui.theme import ThemeManager, role

OPEN_RECORDING = -1


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


class SceneCard(Card):
    """Which sounds: a demo scene, speech and noise of the user's, or one noisy recording."""

    demo_chosen = Signal(int)
    speech_requested = Signal()
    noise_requested = Signal()
    recording_requested = Signal()

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__("SCENE", theme)
        self.demos = narrow_combo_box("Scene")
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
