"""Play, pause, seek, loop: the strip at the foot of the page."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.audio.devices import Device
from workbench.gui.shared.view_range import ViewRange
from workbench.gui.studio.overview import Overview
from workbench.gui.theme import ThemeManager, role


class Transport(QFrame):
    """Buttons, clock, the whole scene in small, and where the sound goes."""

    play_toggled = Signal()
    start_requested = Signal()
    loop_toggled = Signal(bool)
    follow_toggled = Signal(bool)
    match_toggled = Signal(bool)
    seek_requested = Signal(float)
    volume_changed = Signal(float)
    outputs_requested = Signal()
    output_chosen = Signal(str)

    def __init__(self, view: ViewRange, theme: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._theme = theme
        self.start_button = self._button("start", "Back to the start (Home)")
        self.start_button.clicked.connect(self.start_requested)
        self.play_button = QToolButton()
        self.play_button.setObjectName("play")
        self.play_button.clicked.connect(self.play_toggled)
        self.loop_button = self._button(
            "loop", "Loop (L). Drag with Shift in a picture to choose what is repeated"
        )
        self.loop_button.setCheckable(True)
        self.loop_button.clicked.connect(self.loop_toggled)
        self.follow_button = self._button("follow", "Keep the playhead in the picture (F)")
        self.follow_button.setCheckable(True)
        self.follow_button.clicked.connect(self.follow_toggled)
        self.fit_button = self._button("fit", "Show the whole scene (A)")
        self.fit_button.clicked.connect(view.show_all)
        self._position = role(QLabel("0:00.0"), "title")
        self._duration = role(QLabel(), "muted")
        self.overview = Overview(view, theme)
        self.overview.seek_requested.connect(self.seek_requested)
        self.match_box = QCheckBox("Match loudness")
        self.match_box.setToolTip(
            "Make clean, mixed and denoised equally loud for the ear (ITU-R BS.1770),\n"
            "so that the louder one does not seem the better one (M). The exported files are not changed."
        )
        self.match_box.clicked.connect(self.match_toggled)
        self.output_button = QToolButton()
        self.output_button.setProperty("flat", True)
        self.output_button.setProperty("tight", True)
        self.output_button.setAccessibleName("Sound device")
        self.output_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.output_menu = QMenu(self.output_button)
        self.output_menu.aboutToShow.connect(self.outputs_requested)
        self.output_button.setMenu(self.output_menu)
        self.volume = QSlider(Qt.Orientation.Horizontal)
        self.volume.setRange(0, 100)
        self.volume.setPageStep(10)
        self.volume.setAccessibleName("Volume")
        self.volume.valueChanged.connect(self._turn)
        clock = QHBoxLayout()
        clock.setSpacing(6)
        clock.addWidget(self._position, 0, Qt.AlignmentFlag.AlignBaseline)
        clock.addWidget(self._duration, 0, Qt.AlignmentFlag.AlignBaseline)
        ear = QVBoxLayout()
        ear.setSpacing(0)
        ear.addWidget(self.match_box)
        ear.addWidget(self.output_button)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.start_button)
        self._row.addWidget(self.play_button)
        self._row.addLayout(clock)
        self._row.addWidget(self.overview, 1)
        self._row.addWidget(self.loop_button)
        self._row.addWidget(self.follow_button)
        self._row.addWidget(self.fit_button)
        self._row.addWidget(self.volume)
        self._row.addLayout(ear)
        self.set_playing(False)
        self.set_volume(1.0)
        self.set_outputs([], "")
        theme.changed.connect(self._restyle)
        self._restyle()

    def set_playing(self, playing: bool) -> None:
        """Show whether it plays."""
        self._theme.bind_icon(self.play_button, "pause" if playing else "play", "on_accent")
        text = "Pause" if playing else "Play"
        self.play_button.setToolTip(f"{text} (Space)")
        self.play_button.setAccessibleName(text)

    def set_times(self, position_s: float, duration_s: float) -> None:
        """Show the clock."""
        self._position.setText(clock_text(position_s))
        self._duration.setText(f"/ {clock_text(duration_s)}")

    def set_output(self, text: str, tip: str) -> None:
        """Show where the sound goes."""
        metrics = QFontMetrics(self._theme.font(11))
        self.output_button.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, self._theme.px(150)))
        self.output_button.setToolTip(f"{tip}\nClick to play on another device")

    def set_volume(self, volume: float) -> None:
        """Show the volume, 0 to 1; the slider goes by its root, as the ear does."""
        with QSignalBlocker(self.volume):
            self.volume.setValue(round(100 * volume**0.5))
        self.volume.setToolTip(f"Volume {self.volume.value()} %")

    def set_outputs(self, devices: Sequence[Device], chosen: str) -> None:
        """List the devices that can play; `chosen` is a label, or "" for the system's."""
        self.output_menu.clear()
        names = {"The system's device": ""} | {device.label: device.label for device in devices}
        if chosen and chosen not in names:
            names[f"{chosen} (not connected)"] = chosen
        for text, name in names.items():
            action = self.output_menu.addAction(text, partial(self.output_chosen.emit, name))
            action.setCheckable(True)
            action.setChecked(name == chosen)

    def _turn(self, value: int) -> None:
        self.volume.setToolTip(f"Volume {value} %")
        self.volume_changed.emit((value / 100) ** 2)

    def _button(self, icon_name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("flat", True)
        button.setToolTip(tip)
        button.setAccessibleName(tip.split(" (")[0])
        self._theme.bind_icon(button, icon_name)
        return button

    def _restyle(self) -> None:
        px = self._theme.px
        self._row.setContentsMargins(px(12), px(8), px(14), px(8))
        self._row.setSpacing(px(8))
        self.volume.setFixedWidth(px(76))
        self.output_button.setFont(self._theme.font(11))
        self.play_button.setFixedSize(px(40), px(40))
        self._position.setFont(self._theme.font(17, bold=True))
        self._position.setFixedWidth(
            QFontMetrics(self._theme.font(17, bold=True)).horizontalAdvance("00:00.0")
        )
        self._position.setAlignment(Qt.AlignmentFlag.AlignRight)


def clock_text(seconds: float) -> str:
    """Return minutes, seconds and tenths: "1:02.5"."""
    tenths = int(max(seconds, 0.0) * 10 + 1e-6)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"
