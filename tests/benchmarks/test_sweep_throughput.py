"""Throughput of a sweep: against PESQ and STOI alone on the same cores, and against a plain loop.

``pytest tests/benchmarks/test_sweep_throughput.py --benchmark-only -s`` prints both. The aim is at most 1.15
times the time of PESQ and STOI alone.
"""

import resource
import time
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path

import numpy as np
import pytest
from pesq import pesq
from pystoi import stoi

from workbench.background import step_back
from workbench.bundles.store import find_bundles
from workbench.denoisers.protocol import denoise
from workbench.denoisers.registry import make_denoiser, methods
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.evaluation.plan import NOISY, SweepPlan, demo_plan
from workbench.evaluation.runner import default_workers, run_sweep
from workbench.evaluation.statistics import summarise
from workbench.evaluation.store import Result
from workbench.evaluation.trials import trial_mixture

pytestmark = pytest.mark.skipif(
    not (find_bundles("ddae") and find_bundles("nc")), reason="needs the bundles in models/"
)
WANTED = ("adaptive", "ddae", "wiener", "log_mmse", "klt")


def _pesq_and_stoi(pair: tuple[Signal, Signal]) -> None:
    clean, processed = pair
    pesq(SAMPLE_RATE, clean, processed, "wb")
    stoi(clean, processed, SAMPLE_RATE)


def _sweep_s(plan: SweepPlan, store: Path) -> float:
    """Time of a sweep whose processes have loaded everything, as those of the pool have."""
    n_warm = 2 * default_workers() * len(plan.all_methods) * len(plan.metrics)
    begin_s, n_begin = 0.0, 0
    for progress in run_sweep(plan, store):
        if progress.n_done >= n_warm and not begin_s:
            begin_s, n_begin = time.perf_counter(), progress.n_done
    return (time.perf_counter() - begin_s) * progress.n_total / (progress.n_total - n_begin)


def _used_by_children_s() -> float:
    """Processor time of the processes that have ended: what else runs on the machine does not blur it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_throughput(benchmark, tmp_path):
    there = {method.name for method in methods() if method.available}
    plan = demo_plan(
        methods=tuple(name for name in WANTED if name in there),
        metrics=("pesq_wb", "stoi"),
        snrs_db=(0.0, 10.0),
        max_speech=6,
    )
    plan = replace(plan, title="benchmark")
    pairs = []
    begin_s = time.perf_counter()
    denoisers = {name: make_denoiser(name) for name in plan.methods}
    for trial in plan.trials():
        mixture, _ = trial_mixture(trial)
        for name in plan.all_methods:
            denoised = mixture.noisy if name == NOISY else denoise(mixture.noisy, denoisers[name])
            pairs.append((mixture.clean, denoised))
            _pesq_and_stoi(pairs[-1])
    loop_s = time.perf_counter() - begin_s

    n_workers = default_workers()
    used_s = _used_by_children_s()
    # As nice as the processes of the sweep, which counts where something else runs.
    with Pool(n_workers, step_back, context=get_context("spawn")) as pool:
        pool.map(_pesq_and_stoi, pairs[: 2 * n_workers], chunksize=1)
        begin_s = time.perf_counter()
        pool.map(_pesq_and_stoi, pairs, chunksize=1)
        alone_s = time.perf_counter() - begin_s
        pool.close()
        pool.join()
    alone_used_s = _used_by_children_s() - used_s

    sweep_s = benchmark.pedantic(_sweep_s, (plan, tmp_path / "a.sweep"), rounds=1)
    sweep_used_s = _used_by_children_s() - used_s - alone_used_s
    benchmark.extra_info |= {
        "methods": " ".join(plan.all_methods),
        "n_signals": len(pairs),
        "n_workers": n_workers,
        "sweep_s": round(sweep_s, 1),
        "pesq_and_stoi_alone_s": round(alone_s, 1),
        "plain_loop_s": round(loop_s, 1),
        "times_pesq_and_stoi": round(sweep_s / alone_s, 2),
        "times_pesq_and_stoi_in_processor_time": round(sweep_used_s / alone_used_s, 2),
        "times_faster_than_loop": round(loop_s / sweep_s, 2),
    }
    print("", *(f"{name}: {value}" for name, value in benchmark.extra_info.items()), sep="\n")


def test_summary_of_ten_thousand_rows(benchmark):
    """The aim is half a second, significance included."""
    rng = np.random.default_rng(0)
    plan = SweepPlan(methods=("a", "b", "c", "d", "e"), metrics=("pesq_wb", "stoi", "estoi", "si_sdr", "lsd"))
    results = [
        Result(f"{i}", f"{i}", f"{i}", "n", name, snr_db, 0, 0, method, metric, float(rng.normal()), None)
        for i in range(14)
        for name, _ in plan.noise
        for snr_db in plan.snrs_db
        for method in plan.all_methods
        for metric in plan.metrics
    ]
    assert len(results) > 10_000
    benchmark.pedantic(summarise, (results, plan), rounds=3, warmup_rounds=1)
