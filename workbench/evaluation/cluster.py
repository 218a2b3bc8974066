"""Measuring trials on a Dask cluster that is running already, given by its address.

Its workers need the workbench and the recordings, at the same paths (a shared folder).
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from workbench.errors import MissingPieceError, WorkbenchError
from workbench.evaluation.processes import HEARTBEAT_S, Found
from workbench.evaluation.trials import Doing, Job, Row, measure

_CONNECT_S = 10
_AHEAD = 2


def run_on_cluster(
    jobs: Sequence[Job], address: str, deliver: Callable[[list[Found]], object]
) -> Generator[None, None, None]:
    """Measure jobs; as `workbench.evaluation.processes.run_in_processes`, on the cluster at `address`.

    At most two trials per thread of the cluster are given out at a time, so that others can use it, too, and
    so that it comes to rest while nobody asks for the next item.

    Raises
    ------
    WorkbenchError
        ``distributed`` is not installed, or there is no scheduler at the address.
    """
    try:
        from distributed import Client, wait
    except ImportError as error:
        raise MissingPieceError(
            "Dask is not installed; get it with: pip install 'denoise-workbench[dask]'"
        ) from error
    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise WorkbenchError(
            f"There is no Dask scheduler at {address} ({error}); start one with `dask scheduler`."
        ) from error
    running: dict[Any, Job] = {}
    to_come = iter(jobs)
    try:
        while True:
            room = max(_AHEAD * sum(client.nthreads().values()), 1) - len(running)
            for job in islice(to_come, max(room, 0)):
                future = client.submit(measured, job, key=f"trial-{job.trial.key}", pure=False, retries=1)
                running[future] = job
            if not running:
                return
            with client.as_current(), suppress(TimeoutError):
                wait(list(running), timeout=HEARTBEAT_S, return_when="FIRST_COMPLETED")
            done = [future for future in running if future.done()]
            deliver([each for future in done for each in _found(future, running.pop(future))])
            yield
    finally:
        client.cancel(list(running))
        client.close()


def measured(job: Job) -> list[Found]:
    """Measure a trial; this runs on the cluster."""
    return [each for each in measure(job) if not isinstance(each, Doing)]


def _found(future: Any, job: Job) -> list[Found]:
    if future.status == "finished":
        found: list[Found] = future.result()
        return found
    error = future.exception()
    reason = f"The cluster could not measure it ({type(error).__name__}: {' '.join(str(error).split())})."
    return [
        Row(job.trial.key, method, metric, None, reason)
        for method, metrics in job.wanted
        for metric in metrics
    ]
