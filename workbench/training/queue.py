"""The queue of jobs: one runs, the others wait; all are found again after a restart."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.training import processes
from workbench.training.diagnosis import what_went_wrong
from workbench.training.events import Tail, parse
from workbench.training.forms import Value
from workbench.training.history import History
from workbench.training.jobs import EVENTS_NAME, LOG_NAME, STOP_NAME, Asked, Job, JobStore, State

CANCEL_GRACE_S = 5.0
_KEPT_LOG_LINES = 2000


class Watch:
    """What a job has said: its events, and its error output."""

    def __init__(self, job: Job) -> None:
        self._events = Tail(job.folder / EVENTS_NAME)
        self._log = Tail(job.folder / LOG_NAME)
        self.history = History()
        self.log_lines: deque[str] = deque(maxlen=_KEPT_LOG_LINES)
        self.n_log_lines = 0

    def pull(self, *, at_end: bool = False) -> bool:
        """Take in what has come since; returns whether there was anything."""
        lines, log_lines = self._events.lines(at_end=at_end), self._log.lines(at_end=at_end)
        self.history.add(parse(lines))
        self.log_lines.extend(log_lines)
        self.n_log_lines += len(log_lines)
        return bool(lines or log_lines)

    def pull_all(self) -> None:
        """Take in everything."""
        while self.pull(at_end=True):
            pass


class JobQueue:
    """Runs jobs one after the other.

    Parameters
    ----------
    store : JobStore
    """

    def __init__(self, store: JobStore) -> None:
        self.store = store
        self.jobs: list[Job] = store.jobs()
        self._watches: dict[str, Watch] = {}

    def job(self, name: str) -> Job | None:
        """Return a job by name."""
        return next((job for job in self.jobs if job.name == name), None)

    def watch(self, job: Job) -> Watch:
        """Return what a job has said."""
        return self._watches.setdefault(job.name, Watch(job))

    @property
    def running(self) -> list[Job]:
        """Jobs whose process runs, or was running when last looked at."""
        return [job for job in self.jobs if job.state is State.RUNNING]

    @property
    def waiting(self) -> list[Job]:
        """Jobs that have not begun."""
        return [job for job in self.jobs if job.state is State.WAITING]

    def add(
        self,
        command: str,
        title: str,
        values: Mapping[str, Value],
        then_export: Mapping[str, Value] | None = None,
    ) -> Job:
        """Put a job at the end of the queue.

        Raises
        ------
        WorkbenchError
            A value is not valid, or the job cannot be written.
        """
        job = self.store.make(command, title, values, then_export)
        self.jobs = self.store.jobs()
        return job

    def look(self) -> None:
        """See what is on disk, without starting or concluding anything."""
        self.jobs = self.store.jobs()
        for job in self.running:
            self.watch(job).pull()

    def tick(self) -> list[Job]:
        """Look after the jobs: call it a few times a second.

        Returns
        -------
        list of Job
            Those that have begun or ended.

        Raises
        ------
        WorkbenchError
            The next job cannot be started, or its state cannot be written; it counts as failed.
        """
        self.look()
        changed = []
        for job in self.running:
            if job.identity is not None and processes.is_alive(job.identity):
                self._hurry(job)
            else:
                changed.append(self._conclude(job, self.watch(job)))
        if self.waiting and not self.running:
            # The model of a training that is done comes before the next training.
            following = [job for job in self.waiting if job.after]
            changed.append(self._start((following or self.waiting)[0]))
        return changed

    def stop(self, job: Job) -> None:
        """Ask a training to end and to keep the best so far.

        Raises
        ------
        WorkbenchError
            The request cannot be written.
        """
        run = job.run
        assert run is not None
        try:
            run.mkdir(parents=True, exist_ok=True)
            (run / STOP_NAME).touch()
        except OSError as error:
            raise WorkbenchError(
                f"The request to stop cannot be written to {run}: {error.strerror}; cancel instead."
            ) from None
        self._save(replace(job, asked=Asked.STOP, asked_s=time.time()))

    def cancel(self, job: Job) -> None:
        """End a job, or take it out of the queue; a training can go on from its last validation."""
        if job.state is State.WAITING:
            self._save(replace(job, state=State.CANCELLED, ended_s=time.time()))
        elif job.identity is not None:
            self._save(replace(job, asked=Asked.CANCEL, asked_s=time.time()))
            processes.interrupt(job.identity)

    def go_on(self, job: Job) -> None:
        """Let a job that is over wait for its turn once more."""
        self._forget_stop(job)
        self._save(
            replace(
                job,
                state=State.WAITING,
                asked=Asked.NOTHING,
                identity=None,
                exit_code=None,
                problem="",
                ended_s=0.0,
            )
        )

    def _start(self, job: Job) -> Job:
        begun = replace(job, state=State.RUNNING, begun_s=time.time(), identity=None, problem="")
        try:
            # Written first: a job whose start was cut off is found as such, and never runs twice.
            self.store.save(begun)
            self._mark_beginning(job.folder / EVENTS_NAME)
            self._forget_stop(job)
            identity = processes.start(
                job.arguments(), job.folder, job.folder / EVENTS_NAME, job.folder / LOG_NAME
            )
            begun = replace(begun, identity=identity)
            self._save(begun)
        except WorkbenchError as error:
            if begun.identity is not None:
                processes.kill(begun.identity)
            failed = replace(begun, state=State.FAILED, problem=str(error), ended_s=time.time())
            self._save_if_possible(failed)
            raise
        return begun

    def _conclude(self, job: Job, watch: Watch) -> Job:
        watch.pull_all()
        history = watch.history
        code = None if job.identity is None else processes.exit_code(job.identity)
        code = history.exit_code if code is None else code
        ended = replace(job, exit_code=code, ended_s=time.time(), identity=None)
        if code == 0:
            ended = replace(ended, state=State.DONE)
        elif job.asked is Asked.CANCEL:
            ended = replace(ended, state=State.CANCELLED)
        elif job.identity is None:
            problem = (
                "The workbench ended while this job was being started: choose “Go on” to start it again."
            )
            ended = replace(ended, state=State.FAILED, problem=problem)
        else:
            problem = what_went_wrong(history, list(watch.log_lines), code, job.writes_to())
            ended = replace(ended, state=State.FAILED, problem=problem)
        if ended.state is State.DONE and job.then_export is not None:
            if not any(other.after == job.name for other in self.jobs):
                self.store.make("export", job.title, job.then_export, after=job.name)
            ended = replace(ended, then_export=None)
        self._save_if_possible(ended)
        return ended

    def _hurry(self, job: Job) -> None:
        if job.asked is Asked.CANCEL and time.time() - job.asked_s > CANCEL_GRACE_S and job.identity:
            processes.kill(job.identity)

    def _save(self, job: Job) -> None:
        self.store.save(job)
        self.jobs = self.store.jobs()

    def _save_if_possible(self, job: Job) -> None:
        """Write how a job ended; where the disk is full, remember it until it can be found out again."""
        try:
            self._save(job)
        except WorkbenchError:
            self.jobs = [job if other.name == job.name else other for other in self.jobs]
            self.store.pretend(job)

    @staticmethod
    def _forget_stop(job: Job) -> None:
        if job.run is not None:
            (job.run / STOP_NAME).unlink(missing_ok=True)

    @staticmethod
    def _mark_beginning(path: Path) -> None:
        """Say that another process begins, on a new line also where a kill has cut off the last one."""
        try:
            with path.open("ab") as file:
                file.write(b"\n" if file.tell() else b"")
                file.write(b'{"event": "begun"}\n')
        except OSError as error:
            raise WorkbenchError(f"The job cannot be written to {path}: {error.strerror}.") from None
