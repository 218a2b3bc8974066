import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.sweeps import run, small_plan, write_recordings
from workbench.errors import WorkbenchError
from workbench.evaluation import processes
from workbench.evaluation.plan import SweepPlan
from workbench.evaluation.runner import estimate, run_sweep
from workbench.evaluation.store import SweepStore
from workbench.evaluation.tables import read_sweep, results_csv
from workbench.evaluation.trials import Doing, Job, Mixed, Row, measure


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    write_recordings(folder)
    return folder


@pytest.fixture(scope="session")
def finished(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep that ran in one go."""
    store = tmp_path_factory.mktemp("finished") / "small.sweep"
    run(small_plan(folder), store)
    return store


def _table(store: Path) -> str:
    return results_csv(read_sweep(store))


def _plan_file(plan: SweepPlan, path: Path) -> Path:
    path.write_text(plan.moved_to(path.parent).to_toml())
    return path


def test_events_count_what_the_store_then_has(folder: Path, tmp_path: Path) -> None:
    plan = small_plan(folder)
    events = run(plan, tmp_path / "a.sweep", n_workers=2)
    first, last = events[0], events[-1]
    n_results = 8 * 2 * 2
    assert (first.n_done, first.n_total, first.rows) == (0, n_results, ())
    assert (last.n_done, last.n_total, last.n_gaps, last.left_s) == (n_results, n_results, 0, 0.0)
    assert sum(len(event.rows) for event in events) == n_results
    assert all(event.left_s > 0 for event in events[:-1])
    with SweepStore(tmp_path / "a.sweep") as store:
        assert {(r.trial, r.method, r.metric, r.value, r.gap) for r in store.results()} == {
            tuple(row) for event in events for row in event.rows
        }


def test_two_processes_find_what_one_finds(folder: Path, finished: Path, tmp_path: Path) -> None:
    run(small_plan(folder), tmp_path / "two.sweep", n_workers=2)
    assert _table(tmp_path / "two.sweep") == _table(finished)


def test_a_finished_sweep_measures_nothing_again(folder: Path, finished: Path, tmp_path: Path) -> None:
    before = finished.read_bytes()
    events = run(small_plan(folder), finished)
    assert not any(event.rows for event in events)
    assert events[0].n_done == events[0].n_total
    assert estimate(small_plan(folder), finished).n_results == 0
    assert len(before) == len(finished.read_bytes())


def test_only_what_is_new_is_measured(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "grows.sweep"
    plan = small_plan(folder)
    run(plan, store)
    grown = replace(plan, metrics=("lsd", "si_sdr", "seg_snr"), snrs_db=(-5.0, 5.0, 0.0))
    assert estimate(grown, store).n_results == 8 * 2 + 4 * 2 * 3
    rows = [row for event in run(grown, store) for row in event.rows]
    assert len(rows) == 8 * 2 + 4 * 2 * 3
    whole = tmp_path / "whole.sweep"
    run(grown, whole)
    assert _table(store) == _table(whole)
    run(plan, store)
    run(plan, tmp_path / "plain.sweep")
    assert _table(store) == _table(tmp_path / "plain.sweep")


def test_closing_keeps_what_was_measured_and_goes_on_from_there(
    folder: Path, finished: Path, tmp_path: Path
) -> None:
    store, plan = tmp_path / "a.sweep", small_plan(folder)
    with closing(run_sweep(plan, store, n_workers=1)) as events:
        for event in events:
            if event.n_done:
                break
    with SweepStore(store) as opened:
        n_kept = len(opened.results())
    assert n_kept >= event.n_done
    events = run(plan, store)
    assert events[0].n_done == n_kept
    assert _table(store) == _table(finished)


def test_pausing_comes_to_rest(folder: Path, tmp_path: Path) -> None:
    plan = small_plan(folder, repetitions=50)
    with closing(run_sweep(plan, tmp_path / "a.sweep", n_workers=1)) as events:
        for event in events:
            if event.n_done:
                break
        time.sleep(1.0)
        after = next(events)
        assert after.elapsed_s - event.elapsed_s < 0.9
        # At most what its process was at is found meanwhile.
        assert after.n_done - event.n_done <= 4
        assert any(event.n_done > after.n_done for event in events)


def test_kills_at_any_moment_change_nothing(folder: Path, tmp_path: Path) -> None:
    """Kills -9 at random moments, then the rest: the table is that of an unbroken run."""
    plan = small_plan(folder, metrics=("pesq_wb", "si_sdr"), repetitions=6)
    store, unbroken = tmp_path / "killed.sweep", tmp_path / "unbroken.sweep"
    run(plan, unbroken)
    plan_file = _plan_file(plan, tmp_path / "plan.toml")
    command = [sys.executable, "-m", "workbench", "sweep", str(plan_file), "-o", str(store), "--workers", "1"]
    rng = np.random.default_rng(0)
    counts = [0]
    for _ in range(5):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and _count(store) == counts[-1]:
                time.sleep(0.02)
            time.sleep(rng.uniform(0.0, 0.2))
            process.send_signal(signal.SIGKILL)
        counts.append(_count(store))
    assert counts == sorted(counts)
    assert len({count for count in counts if 0 < count < len(read_sweep(unbroken).results)}) >= 3
    run(plan, store)
    assert _table(store) == _table(unbroken)


def _count(store: Path) -> int:
    """Count the results of a store that may be half made."""
    if not store.is_file():
        return 0
    with closing(sqlite3.connect(store, timeout=30)) as database:
        try:
            return database.execute("SELECT count(*) FROM results").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def test_workers_end_with_their_sweep(folder: Path, tmp_path: Path) -> None:
    code = textwrap.dedent(f"""
        import multiprocessing, pathlib, sys
        from tests.evaluation.sweeps import small_plan
        from workbench.evaluation.runner import run_sweep
        if __name__ == "__main__":
            plan = small_plan(pathlib.Path({str(folder)!r}), repetitions=50)
            for event in run_sweep(plan, pathlib.Path({str(tmp_path / "a.sweep")!r}), n_workers=1):
                if event.n_done:
                    print(multiprocessing.active_children()[0].pid, flush=True)
    """)
    script = tmp_path / "script.py"
    script.write_text(code)
    here = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(here)},
    ) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.kill()
    for _ in range(100):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{worker}/stat").exists() and " Z " in Path(f"/proc/{worker}/stat").read_text():
            return
        time.sleep(0.1)
    pytest.fail("The worker lives on.")


def test_one_run_at_a_time(folder: Path, tmp_path: Path) -> None:
    plan, store = small_plan(folder), tmp_path / "a.sweep"
    with closing(run_sweep(plan, store, n_workers=1)) as events:
        next(events)
        with pytest.raises(WorkbenchError, match="Another run"):
            next(run_sweep(plan, store, n_workers=1))
    run(plan, store)


def test_what_cannot_be_measured_is_an_explained_gap(tmp_path: Path) -> None:
    write_recordings(tmp_path, n_speech=1, seconds=0.2)
    (damaged,) = (tmp_path / "speech").iterdir()
    plan = small_plan(tmp_path, metrics=("pesq_wb", "si_sdr"), methods=())
    events = run(plan, tmp_path / "a.sweep")
    assert events[-1].n_gaps == 4
    sweep = read_sweep(tmp_path / "a.sweep")
    assert len(sweep.results) == sweep.n_planned == 8
    gaps = {row.gap for row in sweep.results if row.metric == "pesq_wb"}
    assert gaps == {"PESQ needs at least 0.25 s; these signals last 0.20 s."}
    assert {cell.n_gaps for cell in sweep.cells if cell.metric == "si_sdr"} == {0}
    # A file that is gone when its turn comes is a gap, too; tried again once it is there.
    trial = plan.trials()[0]
    content = damaged.read_bytes()
    damaged.unlink()
    rows = [each for each in measure(Job(trial, (("noisy", ("si_sdr",)),))) if isinstance(each, Row)]
    assert rows[0].value is None
    assert "cannot be read" in (rows[0].gap or "")
    damaged.write_bytes(content)
    with SweepStore(tmp_path / "a.sweep") as store:
        assert store.forget_gaps() == 4
        assert len(store.missing(plan, plan.trials())) == 4


def test_a_changed_method_is_refused(
    folder: Path, finished: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = tmp_path / "a.sweep"
    store.write_bytes(finished.read_bytes())
    monkeypatch.setattr("workbench.evaluation.store.method_identity", lambda method: "another")
    with pytest.raises(WorkbenchError, match="has changed since"):
        run(small_plan(folder), store)


def test_methods_and_metrics_that_are_not_there_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="magic"):
        run(small_plan(folder, methods=("magic",)), tmp_path / "a.sweep")
    assert not (tmp_path / "a.sweep").exists()


def test_other_files_are_not_taken_for_sweeps(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sweep"
    other.write_text("no database, but text that is long enough to be taken for something" * 20)
    with pytest.raises(WorkbenchError, match="cannot be opened"):
        run(small_plan(folder), other)
    with pytest.raises(WorkbenchError, match="There is no sweep"):
        SweepStore(tmp_path / "nowhere.sweep")


def _dying(job: Job):
    """Measure, but die at one metric of one speech in one noise."""
    for said in measure(job):
        yield said
        if said == Doing("bypass", "seg_snr") and _is_deadly(job.trial.snr_db, job.trial.noise_class):
            os.kill(os.getpid(), signal.SIGSEGV)


def _is_deadly(snr_db: float, noise_class: str) -> bool:
    return snr_db > 0 and noise_class == "vehicle"


def _work_dying(connection) -> None:
    processes.measure = _dying
    processes._work(connection)


def test_a_worker_that_dies_costs_one_result(
    folder: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_work", _work_dying)
    run(small_plan(folder), tmp_path / "a.sweep")
    found, unbroken = (
        {row[:1] + row[8:10]: row for row in read_sweep(path).results}
        for path in (tmp_path / "a.sweep", finished)
    )
    assert found.keys() == unbroken.keys()
    for key, row in found.items():
        if row.method == "bypass" and row.metric == "seg_snr" and _is_deadly(row.snr_db, row.noise_class):
            assert row.gap == "The process ended while computing seg_snr, 2 times (SIGSEGV)."
        else:
            assert row == unbroken[key]


def test_a_trial_is_mixed_once_and_each_method_denoises_once(folder: Path) -> None:
    trial = small_plan(folder).trials()[0]
    said = list(measure(Job(trial, (("noisy", ("si_sdr", "lsd")), ("bypass", ("si_sdr", "lsd"))))))
    assert sum(isinstance(each, Mixed) for each in said) == 1
    assert [each for each in said if isinstance(each, Doing) and each.metric is None] == [
        Doing("noisy", None),
        Doing("bypass", None),
    ]
    values = {(each.method, each.metric): each.value for each in said if isinstance(each, Row)}
    assert values["noisy", "si_sdr"] == values["bypass", "si_sdr"] == pytest.approx(trial.snr_db, abs=4)
