"""The strip at the foot of the page: start, delay, load, and recording."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout

from workbench.engine.latency import LatencyBudget
from workbench.engine.live_status import LiveStatus
from workbench.gui.live.controller import State
from workbench.gui.live.latency_bar import LatencyBar
from workbench.gui.theme import ThemeManager, role

HIGH_LOAD = 0.7
_WORDS = {
    State.IDLE: ("Start", "play"),
    State.STARTING: ("Starting…", "play"),
    State.RUNNING: ("Stop", "stop"),
    State.STOPPING: ("Stopping…", "stop"),
    State.MEASURING: ("Measuring…", "play"),
}


class RunBar(QFrame):
    """It shows what it is told and emits what is pressed."""

    toggled = Signal()
    measure_requested = Signal()
    record_toggled = Signal()
    keep_requested = Signal()

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self.setObjectName("card")
        self._theme = theme
        self.start_button = QPushButton()
        self.start_button.setObjectName("liveStart")
        self.start_button.clicked.connect(self.toggled)
        self.clock = role(QLabel("0:00"), "title")
        self.clock.setToolTip("Time since the start")
        self.latency = LatencyBar(theme)
        self.measure_button = QToolButton()
        self.measure_button.setAccessibleName("Measure the round trip")
        self.measure_button.setProperty("flat", True)
        theme.bind_icon(self.measure_button, "ruler")
        self.measure_button.setToolTip(
            "Measure the real delay from the output back to the input: connect the two with a cable,\n"
            "or hold the microphone to the loudspeaker. It plays five short sweeps; take headphones off."
        )
        self.measure_button.clicked.connect(self.measure_requested)
        self.load, self.breaks, self.overloads = (role(QLabel(), "small") for _ in range(3))
        self.record_button = QToolButton()
        self.record_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.record_button.clicked.connect(self.record_toggled)
        self.keep_button = QToolButton()
        self.keep_button.setText("Keep 60 s")
        self.keep_button.setToolTip(
            "Keep what I just heard (K): up to the last 60 s become a recording, without having asked for it."
        )
        self.keep_button.clicked.connect(self.keep_requested)
        numbers = QVBoxLayout()
        numbers.setSpacing(0)
        numbers.addStretch(1)
        numbers.addWidget(self.load)
        numbers.addWidget(self.breaks)
        numbers.addWidget(self.overloads)
        numbers.addStretch(1)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.start_button)
        self._row.addWidget(self.clock)
        self._row.addWidget(self.latency, 1)
        self._row.addWidget(self.measure_button)
        self._row.addLayout(numbers)
        self._row.addWidget(self.record_button)
        self._row.addWidget(self.keep_button)
        self._state = State.IDLE
        self.show_state(State.IDLE, can_start=True)
        self.show_recording(False)
        self.show_numbers(None)
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_state(self, state: State, *, can_start: bool) -> None:
        """Show what runs."""
        self._state = state
        text, icon_name = _WORDS[state]
        running = state in (State.RUNNING, State.STOPPING)
        self.start_button.setText(text)
        self.start_button.setAccessibleName(text)
        self.start_button.setToolTip(f"{text.rstrip('…')} (Space)")
        self.start_button.setEnabled(state is State.RUNNING or (state is State.IDLE and can_start))
        self.start_button.setProperty("running", running)
        self.start_button.style().polish(self.start_button)
        self._theme.bind_icon(self.start_button, icon_name, "error" if running else "on_accent")
        self.record_button.setEnabled(state is State.RUNNING)
        self.measure_button.setEnabled(state in (State.IDLE, State.RUNNING))

    def show_recording(self, recording: bool) -> None:
        """Show whether a take is being recorded."""
        self.record_button.setText(f"Stop {clock_text(0.0)}" if recording else "Record")
        self.record_button.setAccessibleName("Stop recording" if recording else "Record")
        self.record_button.setToolTip(
            "Finish the recording (R)"
            if recording
            else "Record mixed, denoised and, where it is known, clean sound with the noise classes (R)"
        )
        self.record_button.setProperty("recording", recording)
        self.record_button.style().polish(self.record_button)
        self._theme.bind_icon(self.record_button, "stop" if recording else "record", "error")

    def show_numbers(self, status: LiveStatus | None) -> None:
        """Show load, breaks and times; None before anything ran."""
        if status is None:
            self._put(self.load, "Load –")
            self._put(self.breaks, "Dropouts –")
            self.overloads.hide()
            return
        counts = status.counts
        lost = counts.input_overflows + counts.output_underruns + counts.device_xruns
        self._put(self.load, f"Load {status.load:.0%}", "alarm" if status.load > HIGH_LOAD else "small")
        self._put(self.breaks, f"Dropouts {lost}")
        self._put(self.overloads, f"Overloads {counts.overloads}", "alarm" if status.bypassed else "small")
        self.overloads.setVisible(counts.overloads > 0)
        tip = (
            f"Load {status.load:.0%}: share of the time that the processor needs for the sound\n"
            f"Dropouts {lost} since the start: {counts.input_overflows} on the way in, "
            f"{counts.output_underruns} on the way out, {counts.device_xruns} in the devices\n"
            f"Overloads {counts.overloads}: how often the method was too slow and was passed by\n"
            f"{counts.skipped_samples} samples left out or repeated to hold the delay"
        )
        if tip != self.load.toolTip():
            for label in (self.load, self.breaks, self.overloads):
                label.setToolTip(tip)

    def show_times(self, status: LiveStatus | None) -> None:
        """Show the clocks."""
        self._put(self.clock, clock_text(0.0 if status is None else status.position_s))
        if status is not None and status.recorded_s is not None:
            text = f"Stop {clock_text(status.recorded_s)}"
            if text != self.record_button.text():
                self.record_button.setText(text)

    def show_latency(self, budget: LatencyBudget) -> None:
        """Show the delay."""
        self.latency.show_budget(budget, running=self._state is State.RUNNING)

    def _put(self, label: QLabel, text: str, name: str = "") -> None:
        """Set a text only where it changes: each one costs a layout."""
        if text != label.text():
            label.setText(text)
        if name and name != label.property("role"):
            role(label, name)
            label.style().polish(label)

    def _restyle(self) -> None:
        px = self._theme.px
        self._row.setContentsMargins(px(12), px(8), px(12), px(8))
        self._row.setSpacing(px(8))
        self.start_button.setFixedHeight(px(44))
        self.start_button.setMinimumWidth(px(108))
        self.clock.setFont(self._theme.font(17, bold=True))
        self.clock.setMinimumWidth(QFontMetrics(self.clock.font()).horizontalAdvance("00:00"))
        self.clock.setAlignment(Qt.AlignmentFlag.AlignCenter)
        width = QFontMetrics(self._theme.font(11)).horizontalAdvance("Overloads 99")
        self.breaks.setMinimumWidth(width)
        record = QFontMetrics(self._theme.font()).horizontalAdvance("Stop 00:00")
        self.record_button.setMinimumWidth(record + px(42))


def clock_text(seconds: float) -> str:
    """Return minutes and seconds, and hours where there are any: "1:02", "1:00:05"."""
    minutes, seconds = divmod(int(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
