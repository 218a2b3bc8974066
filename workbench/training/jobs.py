"""Jobs on disk: one folder each, with ``job.json``, the events, and the error output of the process.

The folders are all there is: whoever opens the workbench again finds every job as it stands.
"""

import json
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from train_cli.options import OPTIONS, CommandOptions
from workbench import resources
from workbench.errors import WorkbenchError
from workbench.training.forms import Value, arguments, form_for
from workbench.training.processes import Identity

JOB_NAME, EVENTS_NAME, LOG_NAME, STOP_NAME = "job.json", "events.jsonl", "log.txt", "stop"
FORMAT = 1
TRAININGS = ("train-ddae", "train-nc")


class State(StrEnum):
    """How a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Asked(StrEnum):
    """What the user asked of a running job."""

    NOTHING = ""
    STOP = "stop"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Job:
    """One command to run, or that was run.

    Attributes
    ----------
    folder : Path
        Its name identifies the job.
    command, title : str
    values : dict
        The form as it was filled in.
    state : State
    asked : Asked
    asked_s, created_s, begun_s, ended_s : float
        Seconds since 1970; 0 for not yet.
    identity : Identity or None
        Its process.
    exit_code : int or None
    problem : str
        What went wrong.
    then_export : dict or None
        Form of the export that is to follow a training.
    after : str
        The job that this one followed.
    """

    folder: Path
    command: str
    title: str
    values: Mapping[str, Value]
    state: State = State.WAITING
    asked: Asked = Asked.NOTHING
    asked_s: float = 0.0
    created_s: float = 0.0
    begun_s: float = 0.0
    ended_s: float = 0.0
    identity: Identity | None = None
    exit_code: int | None = None
    problem: str = ""
    then_export: Mapping[str, Value] | None = None
    after: str = ""

    @property
    def name(self) -> str:
        """What identifies it."""
        return self.folder.name

    @property
    def is_training(self) -> bool:
        """Whether it can be stopped so that the best so far is kept, and goes on later."""
        return self.command in TRAININGS

    @property
    def is_over(self) -> bool:
        """Whether it neither runs nor waits."""
        return self.state not in (State.WAITING, State.RUNNING)

    @property
    def run(self) -> Path | None:
        """The run's folder of a training."""
        return Path(str(self.values["run"])) if self.is_training else None

    def options(self) -> CommandOptions:
        """Return the command's options.

        Raises
        ------
        WorkbenchError
            A value is not valid (any more).
        """
        form = form_for(self.command)
        return form.read(form.defaults() | dict(self.values))

    def arguments(self) -> list[str]:
        """Return the command line, without the program and with ``--events``."""
        return arguments(self.command, self.options())

    def writes_to(self) -> list[Path]:
        """Return the folders that may grow, the job's own last."""
        places = [
            Path(str(self.values[field.name])).parent
            for field in form_for(self.command).fields
            if field.pick in ("new folder", "new file") and self.values.get(field.name)
        ]
        return [*places, self.folder]


class JobStore:
    """The folder of all jobs.

    Parameters
    ----------
    root : Path
        Need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._read: dict[Path, tuple[tuple[int, int], Job | None]] = {}

    def jobs(self) -> list[Job]:
        """Return all jobs that can be read, in the order in which they were made."""
        found = []
        for path in sorted(self.root.glob(f"*/{JOB_NAME}")):
            try:
                status = path.stat()
            except OSError:
                continue
            stamp = status.st_mtime_ns, status.st_size
            if self._read.get(path, (None, None))[0] != stamp:
                self._read[path] = stamp, _read_job(path)
            job = self._read[path][1]
            if job is not None:
                found.append(job)
        return found

    def make(
        self,
        command: str,
        title: str,
        values: Mapping[str, Value],
        then_export: Mapping[str, Value] | None = None,
        after: str = "",
    ) -> Job:
        """Make a waiting job.

        Raises
        ------
        WorkbenchError
            A value is not valid, or the folder cannot be written.
        """
        now_s = time.time()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now_s))
        folder = free_path(self.root / f"{stamp}-{command}")
        job = Job(folder, command, title, dict(values), created_s=now_s, then_export=then_export, after=after)
        job.options()
        self.save(job)
        return job

    def save(self, job: Job) -> None:
        """Write a job, whole or not at all.

        Raises
        ------
        WorkbenchError
            It cannot be written.
        """
        content: dict[str, Any] = {"format": FORMAT, **asdict(job)}
        del content["folder"]
        path = job.folder / JOB_NAME
        try:
            job.folder.mkdir(parents=True, exist_ok=True)
            scratch = path.with_suffix(".new")
            scratch.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
            scratch.replace(path)
        except OSError as error:
            raise WorkbenchError(f"The job cannot be written to {job.folder}: {error.strerror}.") from None

    def pretend(self, job: Job) -> None:
        """Remember a job that could not be written, until what is on disk changes."""
        path = job.folder / JOB_NAME
        if path in self._read:
            self._read[path] = self._read[path][0], job

    def remove(self, job: Job) -> None:
        """Delete a job's folder and, of a training, what the run has written.

        Raises
        ------
        WorkbenchError
            Something cannot be deleted.
        """
        for folder in (job.run, job.folder):
            if folder is not None and folder.is_dir() and (folder == job.folder or is_run(folder)):
                try:
                    shutil.rmtree(folder)
                except OSError as error:
                    raise WorkbenchError(f"{folder} cannot be deleted: {error.strerror}.") from None


def is_run(folder: Path) -> bool:
    """Return whether a folder is a training run's."""
    return (folder / "run.json").is_file()


def _read_job(path: Path) -> Job | None:
    try:
        content = json.loads(path.read_text("utf-8"))
        if content.pop("format") != FORMAT or content["command"] not in OPTIONS:
            return None
        identity = content.pop("identity")
        job = Job(path.parent, **content)
        return replace(
            job,
            state=State(job.state),
            asked=Asked(job.asked),
            identity=None if identity is None else Identity(**identity),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def training_dir() -> Path:
    """Return the folder of the user's jobs, runs and catalogues; it need not exist yet."""
    return resources.user_models_dir().parent / "training"


def slug(title: str) -> str:
    """Return a title as a name for files: "My DDAE (2)" gives "my-ddae-2"."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "model"


def free_path(path: Path) -> Path:
    """Return a path, with a number behind it if it is taken."""
    number = 2
    free = path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free
