"""Between the training page and the jobs: it takes intents, looks after the queue, and tells what changed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from workbench import resources
from workbench.audio.playback import Output, open_output
from workbench.bundles.store import find_bundles
from workbench.corpora.catalogue import Entry, read_catalogue
from workbench.errors import WorkbenchError
from workbench.gui.hub import Hub
from workbench.gui.messages import Notifier
from workbench.gui.settings import Settings
from workbench.gui.training.form_dialog import Follow
from workbench.gui.training.listener import Listener
from workbench.gui.workers import Job as Work
from workbench.training.forms import Value, form_for
from workbench.training.handover import command_line, write_job_folder
from workbench.training.jobs import TRAININGS, Job, JobStore, State, free_path, slug, training_dir
from workbench.training.processes import missing_piece
from workbench.training.queue import JobQueue

TICK_MS = 400
FIRST_LOOK_MS = 1500
MODEL_COMMANDS = ("export", "quantise", "recipe")
"""Commands that change the models on disk."""
MAX_CATALOGUES = 8

_NAMES = {
    "scan": "My recordings",
    "train-ddae": "My denoiser",
    "train-nc": "My classifier",
    "export": "My model",
    "evaluate": "Measurement",
    "quantise": "Smaller model",
    "mix": "Mixtures",
    "gather": "More speech and noise",
    "recipe": "Recipe",
}


@dataclass(frozen=True)
class Start:
    """How a form begins: the job's name, values, and what follows the name."""

    title: str
    values: dict[str, Value]
    follow: dict[str, Follow]


class TrainingController(QObject):
    """Looks after the queue of jobs.

    Parameters
    ----------
    settings : Settings
        What is kept between starts.
    notifier : Notifier
        Where problems go.
    hub : Hub
        Tells the other pages of new models.
    make_output : callable
        Opens the sound output.

    Signals
    -------
    jobs_changed
        Jobs have come, gone, or said something.
    catalogue_loaded : Path, list of Entry
    job_added : str
        Name of a job that the user has just asked for.
    """

    jobs_changed = Signal()
    catalogue_loaded = Signal(object, object)
    job_added = Signal(str)

    def __init__(
        self,
        settings: Settings,
        notifier: Notifier,
        hub: Hub,
        make_output: Callable[[], Output] = open_output,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._notifier = notifier
        self._hub = hub
        self.listener = Listener(make_output, notifier)
        self.queue: JobQueue | None = None
        self.shown = ""
        """Name of the job that is looked at."""
        self._lock: QLockFile | None = None
        self._catalogue_work, self._write_work = Work(), Work()
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self.tick)
        # What went on while the window was closed is concluded also if nobody opens the page.
        self._first = QTimer(self, singleShot=True, interval=FIRST_LOOK_MS)
        self._first.timeout.connect(self._look_for_jobs)
        self._first.start()

    # --- jobs ------------------------------------------------------------------------------------------

    @property
    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        return self.queue.jobs if self.queue is not None else []

    @property
    def unfinished(self) -> list[Job]:
        """Jobs that run or wait."""
        return [job for job in self.jobs if not job.is_over]

    def start(self) -> None:
        """Find the jobs and begin to look after them."""
        if self.queue is not None:
            return
        self.queue = JobQueue(JobStore(training_dir() / "jobs"))
        running = self.queue.running
        self._timer.start()
        self.tick()
        if running and self.queue.running:
            self._notifier.info(f"“{running[0].title}” went on while the workbench was closed.")

    def tick(self) -> None:
        """Look after the jobs."""
        queue = self.queue
        if queue is None:
            return
        before = [(job.name, job.state, job.asked) for job in queue.jobs]
        changed: list[Job] = []
        if self._owns_queue():
            try:
                changed = queue.tick()
            except WorkbenchError as error:
                self._notifier.failure(error)
        else:
            queue.look()
        news = bool(queue.running)
        shown = queue.job(self.shown)
        if shown is not None:
            news |= queue.watch(shown).pull(at_end=shown.is_over)
        for job in changed:
            self._tell(job)
        if news or changed or before != [(job.name, job.state, job.asked) for job in queue.jobs]:
            self.jobs_changed.emit()

    def submit(
        self, command: str, title: str, values: Mapping[str, Value], *, make_model: bool = False
    ) -> Job | None:
        """Put a job into the queue; returns None, and tells why, where that cannot be."""
        self.start()
        assert self.queue is not None
        try:
            then = self._export_values(title, values) if make_model else None
            job = self.queue.add(command, title, values, then)
        except WorkbenchError as error:
            self._notifier.failure(error)
            return None
        for name in ("data", "output"):
            if str(values.get(name, "")).endswith(".csv"):
                self._remember_catalogue(Path(str(values[name])))
        self.tick()
        self.job_added.emit(job.name)
        return job

    def stop(self, job: Job) -> None:
        """Ask a training to end and keep the best so far."""
        self._act(lambda queue: queue.stop(job))

    def cancel(self, job: Job) -> None:
        """End a job, or take it out of the queue."""
        self._act(lambda queue: queue.cancel(job))

    def go_on(self, job: Job) -> None:
        """Let a job that is over run again, a training from where it stood."""
        self._act(lambda queue: queue.go_on(job))

    def remove(self, job: Job) -> None:
        """Delete a job that is over, with its run."""
        assert self.queue is not None
        self._write_work.start(
            self.queue.store.remove, job, done=lambda _: self._refresh(), failed=self._notifier.failure
        )

    def write_job_folder(self, job: Job, folder: Path) -> None:
        """Write a job as a folder that runs on another machine."""
        self._write_work.start(
            write_job_folder,
            job,
            folder,
            done=lambda path: self._notifier.info(
                f"{path} holds the job, with a README that says how to run it."
            ),
            failed=self._notifier.failure,
        )

    def show_studio(self) -> None:
        """Bring the studio to the front."""
        self._hub.page_requested.emit("Studio")

    def command_line(self, job: Job) -> str:
        """Return a job's command; empty where its values are not valid any more."""
        try:
            return command_line(job)
        except WorkbenchError as error:
            self._notifier.failure(error)
            return ""

    # --- forms -----------------------------------------------------------------------------------------

    def problem(self) -> str:
        """Say what training lacks on this machine; empty if nothing."""
        return missing_piece()

    def start_of(self, command: str, job: Job | None = None) -> Start:
        """Return how the form of a command begins; for a model, of which run."""
        title = self._free_title(_NAMES.get(command, command) if job is None else job.title, job is None)
        here, models = training_dir(), resources.user_models_dir()
        catalogues = self.catalogues()
        names = {field.name for field in form_for(command).fields}
        values: dict[str, Value] = {}
        follow: dict[str, Follow] = {}
        if "data" in names:
            values["data"] = str(catalogues[0]) if catalogues and command not in ("scan", "recipe") else ""
        if command in TRAININGS:
            follow["run"] = Follow(here / "runs")
        elif command == "scan":
            follow["output"] = Follow(here / "catalogues", ".csv")
        elif command == "mix":
            follow["output"] = Follow(here / "mixtures")
        elif command == "gather":
            follow["output"] = Follow(here / "gathered")
        elif command == "export":
            follow |= {"output": Follow(models), "title": Follow()}
            values |= {"run": ""} if job is None else {name: job.values[name] for name in ("run", "data")}
        elif command == "evaluate":
            values["bundle"] = self._newest_model()
        elif command == "quantise":
            values["name"] = self._newest_model()
        elif command == "recipe":
            values |= {"run": True, "work": str(here / "recipes")}
        return Start(title, values, follow)

    def again(self, job: Job) -> Start:
        """Return a form filled in as for a job, under another name and for other folders."""
        start = self.start_of(job.command)
        values = {name: value for name, value in job.values.items() if name not in start.follow}
        return Start(self._free_title(job.title, True), {**start.values, **values}, start.follow)

    def catalogues(self) -> list[Path]:
        """Return the catalogues used last, the newest first."""
        known = [
            Path(path) for path in self._settings.get("training/catalogues", []) if isinstance(path, str)
        ]
        return [path for path in known if path.is_file()]

    # --- data ------------------------------------------------------------------------------------------

    def open_catalogue(self, path: Path) -> None:
        """Read a catalogue in the background."""

        def loaded(entries: list[Entry]) -> None:
            self._remember_catalogue(path)
            self.catalogue_loaded.emit(path, entries)

        self._catalogue_work.start(_read, path, done=loaded, failed=self._notifier.failure)

    # --- end -------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let everything go; jobs that run go on."""
        self._timer.stop()
        self._first.stop()
        self._catalogue_work.cancel()
        self._write_work.cancel()
        self.listener.close()
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    # --- inside ----------------------------------------------------------------------------------------

    def _look_for_jobs(self) -> None:
        if (training_dir() / "jobs").is_dir():
            self.start()

    def _owns_queue(self) -> bool:
        """Return whether this window looks after the queue, and no other."""
        if self._lock is None:
            # Who has no jobs leaves no files either.
            if not training_dir().is_dir():
                return False
            self._lock = QLockFile(str(training_dir() / "queue.lock"))
            self._lock.setStaleLockTime(0)
        return self._lock.isLocked() or self._lock.tryLock(0)

    def _act(self, act: Callable[[JobQueue], None]) -> None:
        assert self.queue is not None
        try:
            act(self.queue)
        except WorkbenchError as error:
            self._notifier.failure(error)
        self._refresh()

    def _refresh(self) -> None:
        self.tick()
        self.jobs_changed.emit()

    def _tell(self, job: Job) -> None:
        if job.state is State.FAILED:
            self._notifier.failure(WorkbenchError(f"“{job.title}” failed. {job.problem}"))
        if job.state is State.DONE and job.command in MODEL_COMMANDS:
            self._hub.bundles_changed.emit()
            if job.command == "export":
                self._tell_model(job)
        elif job.state is State.DONE and not job.is_training:
            self._notifier.info(f"“{job.title}” is done.")

    def _tell_model(self, job: Job) -> None:
        name = Path(str(job.values["output"])).name
        if any(bundle.name == name for bundle in find_bundles("ddae")):
            text = f"“{job.title}” is ready: choose it as the method in the studio."
            self._notifier.info(text, "Open the studio", self.show_studio)
        else:
            text = f"“{job.title}” is ready: make it the default among the models to use it in the studio."
            self._notifier.info(text, "Open the models", lambda: self._hub.page_requested.emit("Models"))

    def _export_values(self, title: str, training: Mapping[str, Value]) -> dict[str, Value]:
        output = free_path(resources.user_models_dir() / slug(title))
        made = {"run": training["run"], "data": training["data"], "output": str(output), "title": title}
        made["description"] = f"Trained here on {time.strftime('%d %B %Y')}."
        return form_for("export").defaults() | made

    def _free_title(self, title: str, must_differ: bool) -> str:
        taken = {job.title for job in self.jobs} if must_differ else set()
        stem = title.rstrip("0123456789 ") or title
        free, number = title, 2
        while free in taken:
            free, number = f"{stem} {number}", number + 1
        return free

    def _newest_model(self) -> str:
        found = list(resources.user_models_dir().glob("*/bundle.toml"))
        return str(max(found, key=lambda path: path.stat().st_mtime).parent) if found else ""

    def _remember_catalogue(self, path: Path) -> None:
        others = [known for known in self._settings.get("training/catalogues", []) if known != str(path)]
        self._settings.set("training/catalogues", [str(path), *others][:MAX_CATALOGUES])


def _read(path: Path) -> list[Entry]:
    return read_catalogue(path, finished=False)
