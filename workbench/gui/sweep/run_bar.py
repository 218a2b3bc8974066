"""The strip above the page: start, pause and stop, and how far a sweep is."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.evaluation.runner import SweepCost, SweepProgress, default_workers
from workbench.evaluation.tables import Sweep
from workbench.gui.shared.elided_label import ElidedLabel
from workbench.gui.sweep.controller import CostState, RunState
from workbench.gui.theme import ThemeManager, role


class RunBar(QWidget):
    """Buttons and one line of text; it shows what it is told and emits what is pressed.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    """

    start_requested = Signal()
    pause_requested = Signal()
    stop_requested = Signal()
    export_requested = Signal()
    plan_toggled = Signal(bool)

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._run = RunState()
        self._cost = CostState()
        self._sweep: Sweep | None = None
        self._busy = ""
        self._pause_icon = ""
        self.plan_button = QToolButton()
        self.plan_button.setText("Plan")
        self.plan_button.setCheckable(True)
        self.plan_button.setChecked(True)
        self.plan_button.setToolTip("Show or hide the plan (F4)")
        self.plan_button.toggled.connect(self.plan_toggled)
        self.open_button = QToolButton()
        self.open_button.setText("Open")
        self.open_button.setToolTip("Open an earlier sweep or a plan, or begin a new one")
        self.open_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.open_menu = QMenu(self.open_button)
        self.open_button.setMenu(self.open_menu)
        self.start_button = QPushButton("Start")
        self.start_button.setDefault(True)
        self.start_button.clicked.connect(self.start_requested)
        self.pause_button, self.stop_button = QToolButton(), QToolButton()
        self.pause_button.setAccessibleName("Pause")
        self.pause_button.clicked.connect(self.pause_requested)
        self.stop_button.setAccessibleName("Stop")
        self.stop_button.setToolTip(
            "Stop (Shift+F5); what was measured is kept, and Resume goes on from there"
        )
        self.stop_button.clicked.connect(self.stop_requested)
        self.export_button = QPushButton("Export…")
        self.export_button.setToolTip("Write tables, figures or the report (Ctrl+E)")
        self.export_button.clicked.connect(self.export_requested)
        self.text = ElidedLabel()
        self.text.setAccessibleName("State of the sweep")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        theme.bind_icon(self.stop_button, "stop")
        middle = QVBoxLayout()
        middle.setSpacing(4)
        middle.addStretch(1)
        middle.addWidget(self.text)
        middle.addWidget(self.bar)
        middle.addStretch(1)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.plan_button, self.open_button):
            self._row.addWidget(widget)
        self._row.addLayout(middle, 1)
        for button in (self.pause_button, self.stop_button, self.start_button, self.export_button):
            self._row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._show()

    def show_run(self, run: RunState) -> None:
        """Show what the runner does."""
        self._run = run
        self._show()

    def show_cost(self, cost: CostState) -> None:
        """Show what the plan will take."""
        self._cost = cost
        self._show()

    def show_sweep(self, sweep: Sweep | None) -> None:
        """Show what is there."""
        self._sweep = sweep
        self._show()

    def show_busy(self, text: str) -> None:
        """Show other work, such as an export; empty for none."""
        self._busy = text
        self._show()

    # --- inside ----------------------------------------------------------------------------------------

    def _show(self) -> None:
        running, phase = self._run.is_running, self._run.phase
        progress = self._run.progress
        cost = self._cost.cost
        has_results = self._sweep is not None and bool(self._sweep.results)
        has_begun = cost is not None and has_results and cost.n_results > 0
        self.start_button.setVisible(not running)
        self.start_button.setText("Resume" if has_begun else "Start")
        self.start_button.setEnabled(not self._cost.problem and (cost is None or cost.n_results > 0))
        self.start_button.setToolTip("Measure what is missing (F5)")
        self.pause_button.setVisible(running)
        self.stop_button.setVisible(running)
        self.pause_button.setEnabled(phase in ("measuring", "paused"))
        self.stop_button.setEnabled(phase != "stopping")
        self._show_pause(phase == "paused")
        self.export_button.setEnabled(has_results)
        self.open_button.setEnabled(not running)
        text, is_problem = self._words()
        self.text.set_text(text)
        self.text.setToolTip(text if cost is None else f"{text}\n{duration_text(cost.sound_s)} of sound")
        role(self.text, "error" if is_problem else "" if running else "muted")
        self.text.style().polish(self.text)
        self.bar.setVisible(running)
        if progress is not None and progress.n_total:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * progress.n_done / progress.n_total))
        else:
            self.bar.setRange(0, 0)

    def _show_pause(self, is_paused: bool) -> None:
        # Drawing an icon takes a while, and this is told several times a second.
        name = "play" if is_paused else "pause"
        if name != self._pause_icon:
            self._pause_icon = name
            self._theme.bind_icon(self.pause_button, name)
            self.pause_button.setToolTip("Go on (F6)" if is_paused else "Pause (F6)")

    def _words(self) -> tuple[str, bool]:
        """Return the line of text, and whether it tells of a problem."""
        match self._run.phase:
            case "preparing":
                return "Looking at the recordings…", False
            case "stopping":
                return "Stopping…", False
            case "measuring" | "paused":
                assert self._run.progress is not None
                return progress_text(self._run.progress, paused=self._run.phase == "paused"), False
        if self._busy:
            return self._busy, False
        if self._cost.problem:
            return self._cost.problem, True
        if self._cost.cost is None:
            return "Working out what it takes…", False
        return cost_text(self._cost.cost), False

    def _restyle(self) -> None:
        px = self._theme.px
        self._row.setSpacing(px(6))
        self.bar.setFixedHeight(px(4))
        self.setFixedHeight(px(38))


def cost_text(cost: SweepCost) -> str:
    """Return what a sweep will take, in words."""
    if not cost.n_results:
        return "Everything in this plan is measured."
    return (
        f"{cost.n_results:,} results of {cost.n_trials:,} mixtures to measure, "
        f"about {duration_text(cost.estimated_s)} on {default_workers()} cores"
    )


def progress_text(progress: SweepProgress, *, paused: bool) -> str:
    """Return how far a sweep is, in words."""
    gaps = f", {progress.n_gaps:,} gaps" if progress.n_gaps else ""
    left = "paused" if paused else f"about {duration_text(progress.left_s)} left"
    return f"{progress.n_done:,} of {progress.n_total:,} results{gaps}, {left}"


def duration_text(seconds: float) -> str:
    """Return a duration in words, roughly."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
