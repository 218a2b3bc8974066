"""Between the sweep page and the core: it keeps plan and store, runs, reads, opens and writes."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QObject, QTimer, Signal

from workbench.denoisers.registry import methods
from workbench.engine.scene import Scene
from workbench.errors import WorkbenchError
from workbench.evaluation.plan import SweepPlan, demo_plan
from workbench.evaluation.runner import SweepCost, SweepProgress, estimate
from workbench.evaluation.store import STORE_SUFFIX
from workbench.evaluation.tables import Sweep
from workbench.gui.hub import Hub
from workbench.gui.messages import Notifier
from workbench.gui.settings import MAX_RECENT, Settings
from workbench.gui.sweep.mixtures import MixtureRow, mixture_rows
from workbench.gui.sweep.titles import titles_of
from workbench.gui.sweep.work import (
    Gate,
    Opened,
    PublishRequest,
    SweepRequest,
    fill_from_corpus,
    measure_steps,
    mixture_scene,
    open_sweep,
    publish_store,
    read_results,
    write_plan,
    write_sounds,
)
from workbench.gui.workers import ComputeProcess, Job

ESTIMATE_DELAY_MS = 300
REFRESH_S = 1.0
SWITCH_S = 0.0005
_REST = 4.0
"""Reading a large store may take at most one part in so many of the time."""


@dataclass(frozen=True)
class RunState:
    """What the runner does.

    Attributes
    ----------
    phase : str
        "idle", "preparing", "measuring", "paused" or "stopping".
    progress : SweepProgress or None
        The newest word of it, None before the first.
    """

    phase: str = "idle"
    progress: SweepProgress | None = None

    @property
    def is_running(self) -> bool:
        """Whether there is a run."""
        return self.phase != "idle"


@dataclass(frozen=True)
class CostState:
    """What the plan will take, or what is wrong with it; neither while that is being found out."""

    cost: SweepCost | None = None
    problem: str = ""


class SweepController(QObject):
    """Runs one sweep at a time.

    Parameters
    ----------
    settings : Settings
        What is kept between starts.
    notifier : Notifier
        Where problems go.
    compute : ComputeProcess
        Where figures and reports are made.
    hub : Hub
        Through which the studio is asked to open a mixture.
    """

    methods_changed = Signal(object)
    plan_changed = Signal(object)
    store_changed = Signal(object)
    sweep_changed = Signal(object)
    mixtures_changed = Signal(object, str)
    run_changed = Signal(object)
    cost_changed = Signal(object)
    busy_changed = Signal(str)
    finished = Signal(object)
    written = Signal(object)

    def __init__(self, settings: Settings, notifier: Notifier, compute: ComputeProcess, hub: Hub) -> None:
        super().__init__()
        self._settings = settings
        self._notifier = notifier
        self._compute = compute
        self._hub = hub
        self.plan: SweepPlan | None = None
        self.store_path: Path | None = None
        self.sweep: Sweep | None = None
        self.run = RunState()
        self.cost = CostState()
        self._gate = Gate()
        self._is_started = False
        self._listed_metric = ""
        self._run_job, self._read_job, self._cost_job = Job(), Job(), Job()
        self._open_job, self._list_job, self._write_job = Job(), Job(), Job()
        self._scene_job = Job()
        self._is_stale = False
        self._cost_timer = QTimer(self, singleShot=True, interval=ESTIMATE_DELAY_MS)
        self._cost_timer.timeout.connect(self._estimate)
        self._read_timer = QTimer(self, singleShot=True)
        self._read_timer.timeout.connect(self._read_if_stale)

    # --- start and end ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Show the sweep of last time, or the default one; the first time that the page is looked at."""
        if self._is_started:
            return
        self._is_started = True
        # While a thread reads a large store, the window must not wait 5 ms for each of its many turns.
        sys.setswitchinterval(SWITCH_S)
        self.list_methods()
        self._hub.bundles_changed.connect(self.list_methods)
        last, plan = Path(self._settings.get("sweep/store", "")), self._remembered_plan()
        self._show_plan(plan or demo_plan())
        if last.is_file():
            self._open(last, plan)

    def close(self) -> None:
        """Remember, and end what runs; what was measured is in the store."""
        if self.plan is not None:
            self._settings.set("sweep/plan", self.plan.to_toml())
            self._settings.set("sweep/plan_folder", str(self.plan.folder.resolve()))
        self._settings.set("sweep/store", "" if self.store_path is None else str(self.store_path))
        self._gate.stop()
        self._cost_timer.stop()
        self._read_timer.stop()
        for job in (
            self._run_job,
            self._read_job,
            self._cost_job,
            self._open_job,
            self._list_job,
            self._write_job,
            self._scene_job,
        ):
            job.cancel()

    def list_methods(self) -> None:
        """List the methods there are now."""
        titles_of.cache_clear()
        self.methods_changed.emit(methods())

    # --- plan ------------------------------------------------------------------------------------------

    def set_plan(self, plan: SweepPlan) -> None:
        """Take the plan that the form shows."""
        self.plan = plan
        self._estimate_soon()

    def set_problem(self, problem: str) -> None:
        """Take note that the form shows no plan."""
        self.plan = None
        self._cost_job.cancel()
        self._cost_timer.stop()
        self._show_cost(CostState(problem=problem))

    def new_sweep(self) -> None:
        """Begin anew with the default plan and no results."""
        if not self._refuse_while_running():
            self._set_store(None)
            self._show_sweep(None)
            self._show_plan(demo_plan())

    def set_store(self, path: Path) -> None:
        """Keep the results in another file; what it has already is shown."""
        if self._refuse_while_running():
            return
        if path.is_file():
            self.open(path)
            return
        self._set_store(path)
        self._show_sweep(None)
        self._estimate_soon()

    def open(self, path: Path) -> None:
        """Open an earlier sweep or a plan file."""
        if not self._refuse_while_running():
            self._open(path)

    def save_plan(self, path: Path) -> None:
        """Write the plan to a file."""
        if self.plan is None:
            self._notifier.warn(f"There is no plan to save: {self.cost.problem}")
            return
        try:
            self.written.emit([write_plan(self.plan, path)])
        except WorkbenchError as error:
            self._notifier.failure(error)

    def fill_from_corpus(self, data: Path) -> None:
        """Take speech and noise from the test split of a corpus or catalogue."""
        if self.plan is None:
            self._notifier.warn(f"Complete the plan first: {self.cost.problem}")
            return
        self._begin(
            self._open_job, "Looking for recordings…", fill_from_corpus, self.plan, data, done=self._show_plan
        )

    def recent(self) -> list[Path]:
        """Return the sweeps opened last that still exist, the newest first."""
        return [path for text in self._settings.get("sweep/recent", []) if (path := Path(text)).is_file()]

    def default_folder(self) -> Path:
        """Return the folder that new sweeps are kept in."""
        usual = Path(platformdirs.user_documents_dir()) / "Denoise Workbench"
        return Path(self._settings.get("sweep/folder", str(usual)))

    # --- run -------------------------------------------------------------------------------------------

    def begin(self, *, retry_gaps: bool = False) -> None:
        """Measure what is missing."""
        if self.run.is_running:
            return
        if self.plan is None:
            self._notifier.warn(self.cost.problem)
            return
        if self.store_path is None:
            self._set_store(self._free_path(self.plan))
        assert self.store_path is not None
        self._gate = Gate()
        self._set_run(RunState("preparing"))
        self._run_job.start(
            measure_steps,
            SweepRequest(self.plan, self.store_path, retry_gaps),
            self._gate,
            progress=self._progressed,
            done=lambda _: self._ended(),
            failed=self._run_failed,
        )

    def toggle_pause(self) -> None:
        """Hold the run up, or let it go on; the processes finish the mixture they are at."""
        if self.run.phase not in ("measuring", "paused"):
            return
        self._gate.is_paused = self.run.phase == "measuring"
        self._set_run(RunState("paused" if self._gate.is_paused else "measuring", self.run.progress))

    def stop(self) -> None:
        """End the run; it can be gone on with at any time."""
        if self.run.is_running:
            self._gate.stop()
            self._set_run(RunState("stopping", self.run.progress))

    # --- results ---------------------------------------------------------------------------------------

    def list_mixtures(self, metric: str) -> None:
        """List the mixtures with a metric; empty for none, until asked again."""
        self._listed_metric = metric
        self._list_mixtures()

    def open_mixture(self, row: MixtureRow) -> None:
        """Open a mixture with its method in the studio."""
        if self.sweep is not None:
            self._begin(
                self._scene_job,
                "Finding the mixture…",
                mixture_scene,
                self.sweep.plan,
                row,
                done=self._scene_found,
            )

    def write_sounds(self, row: MixtureRow, folder: Path) -> None:
        """Write the sounds of a mixture."""
        if self.sweep is not None:
            args = (self.sweep.plan, row.trial, folder)
            self._begin(self._write_job, "Writing sounds…", write_sounds, *args, done=self.written.emit)

    def publish(self, request: PublishRequest) -> None:
        """Write tables, figures and report."""
        if self.store_path is None or self.sweep is None:
            return
        self._begin(
            self._write_job,
            "Exporting…",
            self._compute.call,
            publish_store,
            self.store_path,
            request,
            done=self.written.emit,
        )

    # --- inside: opening -------------------------------------------------------------------------------

    def _open(self, path: Path, plan: SweepPlan | None = None) -> None:
        """Open a sweep with its plan, or with one that it was about to be changed to."""

        def opened(found: Opened) -> None:
            self._opened(replace(found, plan=plan or found.plan))

        self._begin(self._open_job, f"Opening {path.name}…", open_sweep, path, done=opened)

    def _opened(self, opened: Opened) -> None:
        self._set_store(opened.store_path)
        self._show_sweep(opened.sweep)
        self._show_plan(opened.plan)
        if opened.sweep is not None:
            self._note_recent(opened.store_path)
            self._read()

    def _show_plan(self, plan: SweepPlan) -> None:
        self.plan = plan
        self.plan_changed.emit(plan)
        self._estimate_soon()

    def _remembered_plan(self) -> SweepPlan | None:
        text, folder = self._settings.get("sweep/plan", ""), self._settings.get("sweep/plan_folder", "")
        try:
            return SweepPlan.from_toml(text, Path(folder)) if text else None
        except WorkbenchError:
            return None

    def _set_store(self, path: Path | None) -> None:
        self.store_path = path
        self.store_changed.emit(path)

    def _note_recent(self, path: Path) -> None:
        others = [text for text in self._settings.get("sweep/recent", []) if text != str(path)]
        self._settings.set("sweep/recent", [str(path), *others][:MAX_RECENT])

    def _free_path(self, plan: SweepPlan) -> Path:
        """Return a file that is not there yet, named after the plan."""
        stem = "".join(char if char.isalnum() else "-" for char in plan.title.lower()).strip("-") or "sweep"
        number = 1
        while True:
            path = self.default_folder() / f"{stem}{f'-{number}' if number > 1 else ''}{STORE_SUFFIX}"
            if not path.exists():
                return path
            number += 1

    def _refuse_while_running(self) -> bool:
        if self.run.is_running:
            self._notifier.warn("A sweep is running; stop it first, what it has measured is kept.")
        return self.run.is_running

    # --- inside: running -------------------------------------------------------------------------------

    def _progressed(self, progress: SweepProgress | None) -> None:
        if progress is None:
            return
        if self.run.progress is None and self.store_path is not None:
            self._note_recent(self.store_path)
            self._settings.set("sweep/store", str(self.store_path))
        phase = "measuring" if self.run.phase == "preparing" else self.run.phase
        is_first = self.run.progress is None
        self._set_run(RunState(phase, progress))
        if is_first or progress.rows:
            self._read_soon()

    def _ended(self) -> None:
        progress, was_stopped = self.run.progress, self.run.phase == "stopping"
        self._set_run(RunState())
        self._read()
        self._estimate_soon()
        if progress is not None and not was_stopped:
            gaps = f", {progress.n_gaps} of them without a value (see Gaps)" if progress.n_gaps else ""
            self._notifier.info(f"The sweep is finished: {progress.n_total:,} results{gaps}.")
            self.finished.emit(progress)

    def _run_failed(self, error: Exception) -> None:
        self._set_run(RunState())
        if self.store_path is not None and self.store_path.is_file():
            self._read()
        self._estimate_soon()
        self._notifier.failure(error)

    def _set_run(self, run: RunState) -> None:
        self.run = run
        self.run_changed.emit(run)

    # --- inside: reading -------------------------------------------------------------------------------

    def _read_soon(self) -> None:
        self._is_stale = True
        if not self._read_job.is_running and not self._read_timer.isActive():
            self._read()

    def _read_if_stale(self) -> None:
        if self._is_stale:
            self._read()

    def _read(self) -> None:
        """Read the store; while a sweep runs without the tests of significance, which take their time."""
        self._read_timer.stop()
        self._is_stale = False
        if self.store_path is None:
            return
        self._read_job.start(
            read_results,
            self.store_path,
            not self.run.is_running,
            done=self._results_read,
            failed=self._notifier.failure,
        )

    def _results_read(self, read: tuple[Sweep, float]) -> None:
        sweep, took_s = read
        begun_s = time.monotonic()
        self._show_sweep(sweep)
        took_s += time.monotonic() - begun_s
        if self.run.is_running:
            # While the timer runs, nothing is read.
            self._read_timer.start(round(1000 * max(REFRESH_S, _REST * took_s)))

    def _show_sweep(self, sweep: Sweep | None) -> None:
        self.sweep = sweep
        self.sweep_changed.emit(sweep)
        self._list_mixtures()

    def _list_mixtures(self) -> None:
        metric = self._listed_metric
        if self.sweep is None or metric not in self.sweep.plan.metrics:
            return
        self._list_job.start(
            mixture_rows,
            self.sweep.results,
            metric,
            done=lambda rows: self.mixtures_changed.emit(rows, metric),
            failed=self._notifier.failure,
        )

    def _scene_found(self, scene: Scene) -> None:
        self._hub.scene_requested.emit(scene)

    # --- inside: costs ---------------------------------------------------------------------------------

    def _estimate_soon(self) -> None:
        self._show_cost(CostState())
        self._cost_timer.start()

    def _estimate(self) -> None:
        if self.plan is not None and not self.run.is_running:
            self._cost_job.start(
                estimate,
                self.plan,
                self.store_path,
                done=lambda cost: self._show_cost(CostState(cost)),
                failed=self._not_estimated,
            )

    def _not_estimated(self, error: Exception) -> None:
        if isinstance(error, WorkbenchError):
            self._show_cost(CostState(problem=str(error)))
        else:
            self._notifier.failure(error)

    def _show_cost(self, cost: CostState) -> None:
        self.cost = cost
        self.cost_changed.emit(cost)

    # --- inside: work ----------------------------------------------------------------------------------

    def _begin(
        self, job: Job, text: str, work: Callable[..., Any], *args: Any, done: Callable[[Any], None]
    ) -> None:
        self.busy_changed.emit(text)

        def end(receive: Callable[[Any], None]) -> Callable[[Any], None]:
            def ended(value: Any) -> None:
                self.busy_changed.emit("")
                receive(value)

            return ended

        job.start(work, *args, done=end(done), failed=end(self._notifier.failure))
