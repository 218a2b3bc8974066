"""Work off the window's thread: one mechanism for threads, one process for what holds the interpreter.

Long work is a generator; each ``yield`` is both a progress report and a point where it can be stopped.
"""

import multiprocessing
from collections.abc import Callable, Generator
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Any

from superqt.utils import FunctionWorker, GeneratorWorker, WorkerBase


class Job:
    """The one piece of work of its kind that may run: starting it anew gives up the one before.

    Results of work that was given up never arrive, also when it could not be stopped in time.
    """

    def __init__(self) -> None:
        self._current: WorkerBase | None = None

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
        worker = _make_worker(work, *args)
        self._current = worker

        def deliver(receiver: Callable[[Any], None] | None, *, last: bool) -> Callable[[Any], None]:
            def receive(value: Any) -> None:
                if self._current is not worker:
                    return
                if last:
                    self._current = None
                if receiver is not None:
                    receiver(value)

            return receive

        worker.returned.connect(deliver(done, last=True))
        worker.errored.connect(deliver(failed, last=True))
        if isinstance(worker, GeneratorWorker):
            worker.yielded.connect(deliver(progress, last=False))
        worker.start()

    def cancel(self) -> None:
        """Give up the work under way."""
        if self._current is not None:
            self._current.quit()
            self._current = None


def _make_worker(work: Callable[..., Any], *args: Any) -> WorkerBase:
    import inspect

    kind = GeneratorWorker if inspect.isgeneratorfunction(work) else FunctionWorker
    return kind(work, *args)


class ComputeProcess:
    """A second process for computations that hold the interpreter's lock (PESQ), started when first needed.

    In a thread they would stop the picture and the sound for as long as they take.
    """

    def __init__(self) -> None:
        self._executor: Executor | None = None

    def call(self, function: Callable[..., Any], *args: Any) -> Generator[None, None, Any]:
        """Run a picklable function there; yields while it waits, so that the waiting can be given up."""
        from concurrent.futures import TimeoutError as NotYet

        if self._executor is None:
            spawn = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(max_workers=1, mp_context=spawn)
        future = self._executor.submit(function, *args)
        try:
            while True:
                try:
                    return future.result(timeout=0.05)
                except NotYet:
                    if future.done():
                        raise
                    yield
        finally:
            future.cancel()

    def close(self) -> None:
        """End the process; what runs there is not waited for."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None


def wait_for_all(timeout_ms: int = 5000) -> None:
    """Ask all work to stop and wait for it."""
    WorkerBase.await_workers(timeout_ms)
