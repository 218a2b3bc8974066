"""Work off the window's thread: one mechanism for threads, one process for what holds the interpreter.

Long work is a generator; each ``yield`` is both a progress report and a point where it can be stopped.
"""

import inspect
from collections.abc import Callable, Generator
from concurrent.futures import Executor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from workbench.errors import WorkbenchError
from workbench.lifeline import end_with_parent


class Job:
    """The one piece of work of its kind that may run: starting it anew gives up the one before.

    Results of work that was given up never arrive, also when it could not be stopped in time.
    """

    def __init__(self) -> None:
        self._current: Any = None

    @property
    def is_running(self) -> bool:
        """Whether work was started and has neither returned nor failed."""
        return self._current is not None

    def start(
        self,
        work: Callable[..., Any],
        *args: Any,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        progress: Callable[[Any], None] | None = None,
    ) -> None:
        """Run a function, or a generator function, in a thread.

        Parameters
        ----------
        work : callable
            A function, or a generator function whose yields go to `progress` and whose return goes to `done`.
        *args
            Its arguments.
        done, failed, progress : callable, optional
            Called in the window's thread with the result, the exception, each yielded value.
        """
        self.cancel()
        worker = _worker_class()(_guarded, work, *args)
        self._current = worker

        def deliver(receiver: Callable[[Any], None] | None, *, last: bool) -> Callable[[Any], None]:
            def receive(value: Any) -> None:
                if self._current is not worker:
                    return
                if last:
                    self._current = None
                chosen = failed if isinstance(value, _Failure) else receiver
                if chosen is not None:
                    chosen(value.error if isinstance(value, _Failure) else value)

            return receive

        worker.returned.connect(deliver(done, last=True))
        worker.yielded.connect(deliver(progress, last=False))
        worker.start()

    def cancel(self) -> None:
        """Give up the work under way."""
        if self._current is not None:
            self._current.quit()
            self._current = None


@dataclass(frozen=True)
class _Failure:
    error: Exception


def _guarded(work: Callable[..., Any], *args: Any) -> Generator[Any, None, Any]:
    """Run a function or generator function as steps, with failures as values.

    superqt's workers swallow a RuntimeError that is raised to them.
    """
    try:
        if inspect.isgeneratorfunction(work):
            return (yield from work(*args))
        return work(*args)
    except Exception as error:
        return _Failure(error)


@cache
def _worker_class() -> type:
    """Return the kind of worker; superqt is imported when the first one starts, after the first paint."""
    from superqt.utils import GeneratorWorker

    class Worker(GeneratorWorker):
        """A worker that leaves the warnings of the process alone.

        superqt catches them with a context manager that is not made for threads: two workers that overlap
        leave Python's warnings changed for good.
        """

        def run(self) -> None:
            self._running = True
            result = self.work()
            self._running = False
            # Work that was given up puts away what it opened now and here, not whenever it is collected.
            self._gen.close()
            # Where the program has ended meanwhile, Qt has deleted the signals and nobody listens.
            with suppress(RuntimeError):
                if not self.abort_requested:
                    self.returned.emit(result)
                self.finished.emit()
                self._finished.emit(self)

    return Worker


class ComputeProcess:
    """A second process for computations that hold the interpreter's lock (PESQ), started when first needed.

    In a thread they would stop the picture and the sound for as long as they take.
    """

    def __init__(self) -> None:
        self._executor: Executor | None = None

    def call(self, function: Callable[..., Any], *args: Any) -> Generator[None, None, Any]:
        """Run a picklable function there; yields while it waits, so that the waiting can be given up."""
        import multiprocessing
        from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor

        if self._executor is None:
            spawn = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(1, spawn, end_with_parent)
        future = self._executor.submit(function, *args)
        try:
            while True:
                try:
                    return future.result(timeout=0.05)
                except NotYet:
                    if future.done():
                        raise
                    yield
        except BrokenProcessPool as error:
            self.close()
            raise WorkbenchError(
                "The process that computes the scores has ended; change a setting to try again."
            ) from error
        finally:
            future.cancel()

    def close(self) -> None:
        """End the process; what runs there is not waited for."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None


def wait_for_all(timeout_ms: int = 5000) -> None:
    """Ask all work to stop and wait for it."""
    from superqt.utils import WorkerBase

    WorkerBase.await_workers(timeout_ms)
