"""Measuring trials in processes of this machine, one trial at a time each.

Each process has a pipe of its own. A process whose pipe closes, because the sweep was killed, ends by itself.
One that dies (PESQ is C, a denoiser may be anything) costs one more attempt at what it was doing, then a gap.
"""

import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, TypeAlias

from workbench.background import keep_memory, step_back
from workbench.evaluation.trials import Doing, Job, Mixed, Row, measure

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

Found: TypeAlias = Row | Mixed
HEARTBEAT_S = 0.25
_ATTEMPTS = 2


@dataclass
class _Task:
    """A job with what became of it so far, and how often a process died over each step of it."""

    job: Job
    done: set[tuple[str, str]] = field(default_factory=set)
    at: Doing | None = None
    deaths: Counter[Doing | None] = field(default_factory=Counter)

    def left(self) -> Job:
        wanted = (
            (method, tuple(metric for metric in metrics if (method, metric) not in self.done))
            for method, metrics in self.job.wanted
        )
        return Job(self.job.trial, tuple((method, metrics) for method, metrics in wanted if metrics))


class _Worker:
    def __init__(self) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_work, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.task: _Task | None = None

    def begin(self, task: _Task) -> None:
        self.task = task
        with suppress(OSError):  # A process that died meanwhile is noticed when it is listened to.
            self.connection.send(task.left())

    def end(self) -> None:
        self.process.terminate()
        self.process.join()
        self.connection.close()


def run_in_processes(
    jobs: Sequence[Job], n_workers: int, deliver: Callable[[list[Found]], object]
) -> Generator[None, None, None]:
    """Measure jobs, giving `deliver` what is found as it comes, also when the generator is closed early.

    While nobody asks for the next item, processes finish their trial and wait.

    Parameters
    ----------
    jobs : sequence of Job
        In the order in which they begin.
    n_workers : int
        Number of processes.
    deliver : callable
        Gets a list of results.

    Yields
    ------
    None
        About every `HEARTBEAT_S`, whether or not there was something to deliver.
    """
    waiting = deque(_Task(job) for job in jobs)
    workers: list[_Worker] = []
    found: list[Found] = []
    delivered_s = time.monotonic()
    try:
        while True:
            _occupy(workers, waiting, n_workers)
            busy = [worker for worker in workers if worker.task]
            if not busy:
                deliver(found)
                found = []
                yield
                return
            wait([worker.connection for worker in busy], timeout=HEARTBEAT_S)
            for worker in busy:
                found += _listen(worker)
                if not worker.process.is_alive() and worker.task:
                    # What it said before it died is still in the pipe.
                    found += _listen(worker)
                    found += _mourn(worker, waiting)
                    worker.end()
                    workers.remove(worker)
            if time.monotonic() - delivered_s >= HEARTBEAT_S:
                deliver(found)
                found, delivered_s = [], time.monotonic()
                yield
    finally:
        deliver(found + [each for worker in workers for each in _listen(worker)])
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.end()


def _occupy(workers: list[_Worker], waiting: deque[_Task], n_workers: int) -> None:
    """Give each idle process a trial; start processes while there are trials for them."""
    for worker in workers:
        if worker.task is None and waiting:
            worker.begin(waiting.popleft())
    while waiting and len(workers) < n_workers:
        workers.append(_Worker())
        workers[-1].begin(waiting.popleft())


def _listen(worker: _Worker) -> list[Found]:
    """Take what a process has said."""
    found: list[Found] = []
    with suppress(EOFError, OSError):
        while worker.task and worker.connection.poll():
            said = worker.connection.recv()
            if said is None:
                worker.task = None
            elif isinstance(said, Doing):
                worker.task.at = said
            else:
                found.append(said)
                if isinstance(said, Row):
                    worker.task.done.add((said.method, said.metric))
    return found


def _mourn(worker: _Worker, waiting: deque[_Task]) -> list[Found]:
    """Put the task of a dead process back into the queue, or explain what cannot be measured."""
    task = worker.task
    if task is None:
        return []
    left, died_at = task.left(), task.at
    task.deaths[died_at] += 1
    gaps: list[Found] = []
    if task.deaths[died_at] >= _ATTEMPTS:
        reason = _last_words(worker.process.exitcode, died_at)
        gaps = [
            Row(left.trial.key, method, metric, None, reason)
            for method, metrics in left.wanted
            for metric in metrics
            if died_at is None or (method == died_at.method and died_at.metric in (None, metric))
        ]
        task.done |= {(gap.method, gap.metric) for gap in gaps if isinstance(gap, Row)}
    again = _Task(task.left(), deaths=task.deaths)
    if again.job.wanted:
        waiting.appendleft(again)
    return gaps


def _last_words(exit_code: int | None, died_at: Doing | None) -> str:
    how = f"exit code {exit_code}"
    if exit_code is not None and exit_code < 0:
        with suppress(ValueError):
            how = signal.Signals(-exit_code).name
    doing = "mixing"
    if died_at is not None:
        doing = "denoising" if died_at.metric is None else f"computing {died_at.metric}"
    return f"The process ended while {doing}, {_ATTEMPTS} times ({how})."


def _work(connection: Connection) -> None:
    """Measure what comes through the pipe, until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that reads the results.
    step_back()
    keep_memory()
    with suppress(EOFError, OSError):
        while True:
            for said in measure(connection.recv()):
                connection.send(said)
            connection.send(None)
