"""Running a sweep: a generator of events that can be stopped at any moment and goes on where it was.

Pause by not asking for the next event, cancel by closing the generator, resume by running the same plan into
the same store. A plan with more methods, metrics, SNRs or recordings measures only what is new. Where only
metrics are new, the mixture is made and denoised again: that takes a small part of the time that the metrics
take, and keeping every denoised signal would make a store of gigabytes out of one of megabytes.
"""

import os
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.denoisers.registry import MethodInfo, make_denoiser, methods
from workbench.errors import MissingPieceError
from workbench.evaluation.cluster import run_on_cluster
from workbench.evaluation.metrics import find_metric
from workbench.evaluation.plan import NOISY, SweepPlan, Trial
from workbench.evaluation.processes import Found, run_in_processes
from workbench.evaluation.store import SweepStore
from workbench.evaluation.trials import Job, Row

_DENOISING_COST = 0.01
_START_S = 3.0
# From so many results on, the time left follows from the time taken rather than from the estimate.
_TRUSTED = 20


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is.

    Attributes
    ----------
    rows : tuple of Row
        The results that are new since the last event; they are in the store.
    n_done, n_total : int
        Results that the store has of the plan, and those that it will have.
    n_gaps : int
        Results without a value that came in this run.
    elapsed_s : float
        Time of this run, pauses not counted.
    left_s : float
        Estimate of the time left.
    """

    rows: tuple[Row, ...]
    n_done: int
    n_total: int
    n_gaps: int
    elapsed_s: float
    left_s: float


@dataclass(frozen=True)
class SweepCost:
    """What a sweep will take, before it begins.

    Attributes
    ----------
    n_trials, n_results : int
        Mixtures, and results that are still missing.
    sound_s : float
        Seconds of sound to mix.
    estimated_s : float
        Rough time it will take.
    """

    n_trials: int
    n_results: int
    sound_s: float
    estimated_s: float


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def estimate(plan: SweepPlan, store_path: Path | None = None, *, n_workers: int | None = None) -> SweepCost:
    """Estimate what a sweep will take, less what a store has already.

    Raises
    ------
    WorkbenchError
        Recordings of the plan are missing, or the store is not one.
    """
    trials = plan.trials()
    if store_path is not None and store_path.is_file():
        with SweepStore(store_path) as store:
            jobs = store.missing(plan, trials)
    else:
        jobs = [Job(trial, tuple((method, plan.metrics) for method in plan.all_methods)) for trial in trials]
    return _cost(jobs, n_workers or default_workers())


def run_sweep(
    plan: SweepPlan,
    store_path: Path,
    *,
    n_workers: int | None = None,
    dask_address: str | None = None,
) -> Generator[SweepProgress, None, None]:
    """Run a sweep, or what is missing of it.

    Parameters
    ----------
    plan : SweepPlan
    store_path : pathlib.Path
        The store; made if it is not there.
    n_workers : int, optional
        Processes; as many as there are cores if not given.
    dask_address : str, optional
        Run on the Dask cluster there instead, such as ``tcp://host:8786``.

    Yields
    ------
    SweepProgress
        One at once, then several a second. Closing the generator cancels: what was measured is kept.

    Raises
    ------
    WorkbenchError
        A recording, method or metric is missing, a method has changed since the store was made, the store
        cannot be used, or another run is on it.
    """
    check_installed(plan)
    trials = plan.trials()
    store_path.parent.mkdir(parents=True, exist_ok=True)
    with SweepStore(store_path, create=True) as store, store.running():
        store.begin(plan, trials)
        jobs = store.missing(plan, trials)
        n_workers = n_workers or default_workers()
        meter = _Meter(plan, trials, jobs, n_workers)
        yield meter.progress([])

        fresh: list[Row] = []

        def deliver(found: list[Found]) -> None:
            store.add(found)
            fresh.extend(each for each in found if isinstance(each, Row))

        if dask_address is not None:
            steps = run_on_cluster(jobs, dask_address, deliver)
        else:
            steps = run_in_processes(jobs, n_workers, deliver)
        try:
            meter.go_on()
            for _ in steps:
                progress = meter.progress(fresh)
                fresh.clear()
                yield progress
                meter.go_on()
        finally:
            steps.close()


def check_installed(plan: SweepPlan) -> None:
    """Refuse a plan whose methods or metrics cannot be had here.

    Raises
    ------
    WorkbenchError
        Says what is missing and how to get it.
    """
    for metric in plan.metrics:
        if how_to_install := find_metric(metric).how_to_install:
            raise MissingPieceError(how_to_install)
    listed: dict[str, MethodInfo] = {method.name: method for method in methods()}
    for method in plan.all_methods:
        if method == NOISY:
            continue
        if method not in listed:
            make_denoiser(method)
        elif (how_to_install := listed[method].how_to_install) is not None:
            raise MissingPieceError(how_to_install)


class _Meter:
    """Counts results and estimates the time left."""

    def __init__(self, plan: SweepPlan, trials: Sequence[Trial], jobs: Sequence[Job], n_workers: int) -> None:
        self._n_total = len(trials) * len(plan.all_methods) * len(plan.metrics)
        cost = _cost(jobs, n_workers)
        self._n_done = self._n_total - cost.n_results
        self._estimated_s = cost.estimated_s
        self._seconds = {job.trial.key: job.trial.speech.duration_s for job in jobs}
        self._costs = {metric: find_metric(metric).cost for metric in plan.metrics}
        self._work_left = sum(
            self._work(job.trial.key, metric)
            for job in jobs
            for _, metrics in job.wanted
            for metric in metrics
        )
        self._work_done = 0.0
        self._n_measured = self._n_gaps = 0
        self._elapsed_s = 0.0
        self._since_s = time.monotonic()

    def go_on(self) -> None:
        self._since_s = time.monotonic()

    def progress(self, rows: Sequence[Row]) -> SweepProgress:
        self._elapsed_s += time.monotonic() - self._since_s
        for row in rows:
            work = self._work(row.trial, row.metric)
            self._work_left -= work
            self._work_done += work
        self._n_measured += len(rows)
        self._n_gaps += sum(row.gap is not None for row in rows)
        if self._n_measured >= _TRUSTED:
            left_s = self._elapsed_s * self._work_left / self._work_done
        else:
            left_s = self._estimated_s - self._elapsed_s
        n_done = self._n_done + self._n_measured
        is_over = n_done >= self._n_total
        return SweepProgress(
            *(tuple(rows), n_done, self._n_total, self._n_gaps, self._elapsed_s),
            left_s=0.0 if is_over else max(left_s, 1.0),
        )

    def _work(self, trial: str, metric: str) -> float:
        return self._seconds[trial] * self._costs[metric]


def _cost(jobs: Sequence[Job], n_workers: int) -> SweepCost:
    n_results = sum(len(metrics) for job in jobs for _, metrics in job.wanted)
    sound_s = sum(job.trial.speech.duration_s for job in jobs)
    work_s = sum(
        job.trial.speech.duration_s
        * (_DENOISING_COST * (method != NOISY) + sum(find_metric(metric).cost for metric in metrics))
        for job in jobs
        for method, metrics in job.wanted
    )
    return SweepCost(len(jobs), n_results, sound_s, _START_S + work_s / n_workers if jobs else 0.0)
