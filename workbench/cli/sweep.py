"""Measure methods over SNRs and classes of noise, and keep the results in a file.

Stop it whenever you like: the same command goes on where it was, and one with
more methods, metrics or SNRs measures only what is new.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.numbers import parse_snr_db
from workbench.cli.terminal import note, print_table, progress_bar
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.evaluation.plan import SweepPlan
    from workbench.evaluation.runner import SweepCost, SweepProgress
    from workbench.evaluation.tables import Sweep

EXAMPLES = """\
  workbench sweep --demo                             the demo recordings, into demo.sweep
  workbench sweep demo.sweep --metrics pesq_wb stoi lsd    the same with another metric
  workbench sweep --speech TIMIT/TEST --max-speech 50 --noise vehicle=cars/ -o timit.sweep
  workbench sweep --demo --write-plan plan.toml      the plan as a file, to change and run
  workbench sweep plan.toml --dask tcp://host:8786   on a Dask cluster
  workbench report demo.sweep -o report/             tables, figures and an HTML report of it"""

_SAY_EVERY_S = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "plan", nargs="?", type=Path, metavar="PLAN", help="a plan file, or an earlier sweep to go on with"
    )
    parser.add_argument("--demo", action="store_true", help="sweep the demo recordings")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="STORE",
        help="file of the results (default: PLAN.sweep)",
    )
    group = parser.add_argument_group("plan")
    group.add_argument(
        "--speech", nargs="+", metavar="PATH", help="clean speech: files, folders (TIMIT too), or 'demo'"
    )
    group.add_argument(
        "--noise", nargs="+", metavar="CLASS=PATH", help="noise of a class: a file, a folder, or 'demo'"
    )
    group.add_argument(
        "--snr-db", nargs="+", type=parse_snr_db, metavar="DB", help="default: -10 -5 0 5 10 15"
    )
    group.add_argument("--repetitions", type=int, metavar="N", help="mixtures per sentence, class and SNR")
    group.add_argument("--max-speech", type=int, metavar="N", help="draw so many recordings of speech")
    group.add_argument("--methods", nargs="+", metavar="NAME", help="see `workbench methods`")
    group.add_argument(
        "--metrics", nargs="+", metavar="NAME", help="PESQ, STOI and others, see docs/sweeps.md"
    )
    group.add_argument("--seed", type=int, metavar="N", help="draws noises and offsets (default: 0)")
    group.add_argument("--write-plan", type=Path, metavar="FILE", help="write the plan and measure nothing")
    group = parser.add_argument_group("run")
    group.add_argument("--estimate", action="store_true", help="say what it will take and measure nothing")
    group.add_argument("--workers", type=int, metavar="N", help="processes (default: one per core)")
    group.add_argument("--dask", metavar="ADDRESS", help="run on the Dask cluster there, as tcp://host:8786")
    group.add_argument("--retry-gaps", action="store_true", help="try again what has no value so far")


def run(options: argparse.Namespace) -> int:
    """Run the sweep with a progress bar, then print its table."""
    from workbench.evaluation.runner import estimate, run_sweep
    from workbench.evaluation.store import SweepStore

    plan, store = _chosen(options)
    if options.workers is not None and options.workers < 1:
        raise WorkbenchError("--workers must be 1 or more.")
    if options.write_plan is not None:
        _write_plan(plan, options.write_plan)
        return 0
    if options.retry_gaps and store.is_file():
        with SweepStore(store) as opened:
            opened.forget_gaps()
    cost = estimate(plan, store, n_workers=options.workers)
    note(f"workbench: {_describe(cost)}")
    if options.estimate:
        return 0
    events = run_sweep(plan, store, n_workers=options.workers, dask_address=options.dask)
    try:
        with progress_bar() as bar:
            task = None
            said_s = time.monotonic()
            for progress in events:
                if task is None:
                    task = bar.add_task("measuring", total=progress.n_total, completed=progress.n_done)
                bar.update(task, completed=progress.n_done)
                if bar.disable and time.monotonic() - said_s > _SAY_EVERY_S:
                    note(f"workbench: {_so_far(progress)}")
                    said_s = time.monotonic()
    except KeyboardInterrupt:
        note(f"workbench: {store} has what was measured; the same command goes on from there.")
        raise
    finally:
        events.close()
    return _finish(store)


def _chosen(options: argparse.Namespace) -> "tuple[SweepPlan, Path]":
    """Return the plan that the options ask for, and its store."""
    from workbench.evaluation.plan import SweepPlan, default_methods, demo_plan, read_plan
    from workbench.evaluation.store import STORE_SUFFIX, SweepStore

    if (options.plan is not None) + options.demo > 1:
        raise WorkbenchError("Choose one: a plan, or --demo.")
    store = options.output
    if options.plan is not None and _is_database(options.plan):
        with SweepStore(options.plan) as opened:
            plan = opened.plan
        store = store or options.plan
    elif options.plan is not None:
        plan = read_plan(options.plan)
        store = store or options.plan.with_suffix(STORE_SUFFIX)
    elif options.demo:
        plan, store = demo_plan(), store or Path(f"demo{STORE_SUFFIX}")
    elif options.speech is not None:
        plan = SweepPlan(methods=default_methods())
    else:
        raise WorkbenchError("Say what to sweep: a plan file, --demo, or --speech with --noise.")
    if store is None and options.write_plan is None and not options.estimate:
        raise WorkbenchError("Say with -o where to keep the results, such as -o my.sweep.")
    changes = _changes(options)
    if changes:
        plan = replace(plan.moved_to(Path.cwd()), **changes)
    return plan, store or Path()


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(15) == b"SQLite format 3"
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be read; choose a plan file or an earlier sweep.") from error


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "repetitions": options.repetitions,
        "seed": options.seed,
        "max_speech": options.max_speech,
    }
    lists = {"speech": options.speech, "snrs_db": options.snr_db}
    lists |= {"methods": options.methods, "metrics": options.metrics}
    changes |= {name: None if values is None else tuple(values) for name, values in lists.items()}
    if options.noise is not None:
        noise: dict[str, tuple[str, ...]] = {}
        for text in options.noise:
            name, equals, path = text.partition("=")
            if not (name and equals and path):
                raise WorkbenchError(f"--noise takes CLASS=PATH, such as vehicle=cars/, not '{text}'.")
            noise[name] = (*noise.get(name, ()), path)
        changes["noise"] = tuple(noise.items())
    return {name: value for name, value in changes.items() if value is not None}


def _write_plan(plan: "SweepPlan", path: Path) -> None:
    if path.exists():
        raise WorkbenchError(f"{path} exists already; choose another file.")
    text = plan.moved_to(path.resolve().parent).to_toml()
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be written ({error.strerror}); choose another.") from error
    note(f"workbench: wrote {path}; run it with: workbench sweep {path}")


def _describe(cost: "SweepCost") -> str:
    if not cost.n_results:
        return "everything is measured already"
    return (
        f"{cost.n_results} results of {cost.n_trials} mixtures ({cost.sound_s / 60:.1f} min of sound) "
        f"to measure, about {_duration(cost.estimated_s)}"
    )


def _so_far(progress: "SweepProgress") -> str:
    return f"{progress.n_done} of {progress.n_total} results, about {_duration(progress.left_s)} left"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _finish(store: Path) -> int:
    from workbench.evaluation.store import count_gaps
    from workbench.evaluation.tables import read_sweep

    sweep = read_sweep(store)
    print_sweep(sweep)
    gaps = count_gaps(sweep.results)
    for (method, metric, reason), count in sorted(gaps.items()):
        note(f"workbench: {count} times no {metric} of {method}: {reason}")
    note(f"workbench: wrote {store}; tables, figures and a report: workbench report {store} -o FOLDER")
    return 1 if gaps else 0


def print_sweep(sweep: "Sweep", *, per_class: bool = False) -> None:
    """Print the tables of a sweep on standard output."""
    from workbench.evaluation.tables import published_tables

    for table in published_tables(sweep, per_class=per_class):
        print(f"\n{table.title}\n")
        rows = [
            (title, *(entry.mean.replace("-", "−") + "*" * entry.is_significant for entry in entries))
            for title, entries in table.rows
        ]
        print_table(table.columns, rows, numbers=table.columns[1:])
        print(f"\n{table.note}")
