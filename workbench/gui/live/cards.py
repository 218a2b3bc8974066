"""The panel of controls: microphone, output, and the noise that is added."""

import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QToolButton

from workbench.audio.devices import Device
from workbench.engine.live_status import SILENT, LiveStatus
from workbench.engine.scene import SNR_RANGE_DB
from workbench.gui.live.controller import DEMO_VOICE
from workbench.gui.live.level_meter import LevelMeter
from workbench.gui.shared.card import Card
from workbench.gui.shared.combo_box import narrow_combo_box
from workbench.gui.shared.named_slider import NamedSlider
from workbench.gui.shared.signed_text import signed
from workbench.gui.theme import ThemeManager, role

OPEN_NOISE = "open"
QUIET_PEAK = 10 ** (-66 / 20)
CLIPPING_PEAK = 0.99
_QUIET_AFTER_S = 3.0


def _fill(combo: QComboBox, entries: Sequence[tuple[str, str]], other: tuple[str, str], chosen: str) -> None:
    """List devices (text, name) and, below a line, one more; a chosen one that is gone stays, and says so."""
    with QSignalBlocker(combo):
        combo.clear()
        for text, name in entries:
            combo.addItem(text, name)
        if chosen not in ("", other[1], *(name for _, name in entries)):
            combo.addItem(f"{chosen} (not connected)", chosen)
        combo.insertSeparator(combo.count())
        combo.addItem(*other)
        combo.setCurrentIndex(combo.findData(chosen))
        combo.setToolTip(combo.currentText())


def _system_text(what: str, devices: Sequence[Device], default: Device | None) -> str:
    if not devices:
        return f"No {what} found"
    return f"{default.name} (the system's)" if default is not None else f"The system's {what}"


class MicrophoneCard(Card):
    """Which microphone, how loud it comes in, and what is wrong with that."""

    chosen = Signal(str)
    gain_changed = Signal(float)
    refresh_requested = Signal()

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__("MICROPHONE", theme)
        self.refresh_button = QToolButton()
        self.refresh_button.setProperty("flat", True)
        self.refresh_button.setProperty("tight", True)
        self.refresh_button.setToolTip("Look for devices again, after plugging one in (F5)")
        self.refresh_button.setAccessibleName("Look for devices again")
        self.refresh_button.clicked.connect(self.refresh_requested)
        theme.bind_icon(self.refresh_button, "refresh")
        self.head.addWidget(self.refresh_button)
        self.devices = narrow_combo_box("Microphone")
        self.devices.activated.connect(lambda index: self.chosen.emit(str(self.devices.itemData(index))))
        self.meter = LevelMeter("Microphone level", theme)
        self.hint = role(QLabel(), "small")
        self.hint.setWordWrap(True)
        self.gain = NamedSlider(
            "Gain",
            "Gain of the microphone, before everything else.",
            -20,
            40,
            0,
            lambda value: f"{signed(value)} dB",
        )
        self.gain.value_changed.connect(lambda value: self.gain_changed.emit(float(value)))
        for widget in (self.devices, self.meter, self.hint, self.gain):
            self.body.addWidget(widget)
        self._quiet_since_s: float | None = None
        self.show_status(None, 0.0)

    def set_devices(self, devices: Sequence[Device], chosen: str) -> None:
        """List microphones; `chosen` is a label, "" for the system's, or `DEMO_VOICE`."""
        default = next((device for device in devices if device.is_default_input), None)
        entries = [(_system_text("microphone", devices, default), "")]
        entries += [(device.label, device.label) for device in devices]
        _fill(self.devices, entries, ("Demo voice (a recording)", DEMO_VOICE), chosen)

    def show_status(self, status: LiveStatus | None, gain_db: float) -> None:
        """Show level and advice; None while nothing runs."""
        if status is None:
            self._quiet_since_s = None
            self.meter.set_peak(None)
            self._advise("The level shows once it runs.", "small")
            return
        self.meter.set_peak(status.input_peak * 10 ** (gain_db / 20))
        now_s = time.monotonic()
        if status.input_peak > QUIET_PEAK or not status.input_name:
            self._quiet_since_s = None
        elif self._quiet_since_s is None:
            self._quiet_since_s = now_s
        if self._quiet_since_s is not None and now_s - self._quiet_since_s > _QUIET_AFTER_S:
            self._advise("No sound comes in: is the microphone muted, or is it another one?", "alarm")
        elif status.input_peak >= CLIPPING_PEAK:
            self._advise("Too loud, it clips: turn the microphone down in the system.", "alarm")
        elif status.speech_level_db is None:
            self._advise("Say something: no speech was heard yet.", "small")
        else:
            self._advise(f"Speech at {status.speech_level_db:.0f} dB".replace("-", "−"), "small")

    def _advise(self, text: str, name: str) -> None:
        if text != self.hint.text():
            role(self.hint, name).setText(text)
            self.hint.style().polish(self.hint)


class OutputCard(Card):
    """Where the sound goes, and how loud."""

    chosen = Signal(str)
    gain_changed = Signal(float)
    mute_toggled = Signal(bool)
    match_toggled = Signal(bool)

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__("OUTPUT", theme)
        self.devices = narrow_combo_box("Output device")
        self.devices.activated.connect(lambda index: self.chosen.emit(str(self.devices.itemData(index))))
        self.mute_button = QToolButton()
        self.mute_button.setCheckable(True)
        self.mute_button.setToolTip("Play nothing, or go on (0)")
        self.mute_button.setAccessibleName("Mute")
        self.mute_button.clicked.connect(self.mute_toggled)
        theme.bind_icon(self.mute_button, "muted")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.devices, 1)
        row.addWidget(self.mute_button)
        self.meter = LevelMeter("Output level", theme)
        self.volume = NamedSlider(
            "Volume", "Gain of what is played.", -40, 20, 0, lambda value: f"{signed(value)} dB"
        )
        self.volume.value_changed.connect(lambda value: self.gain_changed.emit(float(value)))
        self.match_box = QCheckBox("Match loudness")
        self.match_box.setToolTip(
            "Make clean, mixed and denoised equally loud for the ear (ITU-R BS.1770),\n"
            "so that the louder one does not seem the better one (M). Recordings are not changed."
        )
        self.match_box.clicked.connect(self.match_toggled)
        self.body.addLayout(row)
        for widget in (self.meter, self.volume, self.match_box):
            self.body.addWidget(widget)

    def set_devices(self, devices: Sequence[Device], chosen: str) -> None:
        """List outputs; `chosen` is a label, "" for the system's, or `SILENT`."""
        default = next((device for device in devices if device.is_default_output), None)
        entries = [(_system_text("output", devices, default), "")]
        entries += [(device.label, device.label) for device in devices]
        _fill(self.devices, entries, ("No sound, only pictures", SILENT), chosen)

    def show_status(self, status: LiveStatus | None) -> None:
        """Show the level."""
        self.meter.set_peak(None if status is None else status.output_peak)


class NoiseCard(Card):
    """Which noise is added to the microphone, and how loud."""

    noise_chosen = Signal(object)
    open_requested = Signal()
    snr_changed = Signal(float)

    def __init__(self, demos: dict[str, Path], theme: ThemeManager) -> None:
        super().__init__("ADDED NOISE", theme)
        self._demos = demos
        self._path: Path | None = None
        self.noises = narrow_combo_box("Added noise")
        self.noises.setToolTip(
            "A noise from a file that is added to the microphone; the microphone then is the clean signal.\n"
            "You can also drop a file on the page."
        )
        self.noises.activated.connect(self._activated)
        low, high = (int(edge) for edge in SNR_RANGE_DB)
        self.snr = NamedSlider(
            "Speech over noise",
            "Signal-to-noise ratio: running active speech level (ITU-T P.56) over the level of the noise.\n"
            "The noise follows how loudly you speak ([ and ] move it by 1 dB).",
            low,
            high,
            0,
            lambda value: f"{signed(value)} dB",
        )
        self.snr.value_changed.connect(lambda value: self.snr_changed.emit(float(value)))
        self.body.addWidget(self.noises)
        self.body.addWidget(self.snr)

    def show_noise(self, path: Path | None, snr_db: float) -> None:
        """Show settings without telling them on."""
        if self.noises.count() == 0 or path != self._path:
            self._path = path
            self._list()
        self.snr.set_value(round(snr_db))
        self.snr.setVisible(path is not None)

    def _list(self) -> None:
        with QSignalBlocker(self.noises):
            self.noises.clear()
            self.noises.addItem("None, the microphone alone", None)
            for name, path in self._demos.items():
                self.noises.addItem(name.replace("_", " ").capitalize(), str(path))
            if self._path is not None and self._path not in self._demos.values():
                self.noises.addItem(self._path.name, str(self._path))
            self.noises.insertSeparator(self.noises.count())
            self.noises.addItem("Open a file…", OPEN_NOISE)
            self._show_current()

    def _show_current(self) -> None:
        index = 0 if self._path is None else self.noises.findData(str(self._path))
        self.noises.setCurrentIndex(index)

    def _activated(self, index: int) -> None:
        data = self.noises.itemData(index)
        self._show_current()
        if data == OPEN_NOISE:
            self.open_requested.emit()
        else:
            self.noise_chosen.emit(None if data is None else Path(data))
