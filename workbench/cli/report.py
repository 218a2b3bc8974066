"""Make tables, figures and an HTML report of a sweep, or write the sounds of one of its mixtures.

Without -o, the tables go to standard output.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.sweep import print_sweep
from workbench.cli.terminal import note, print_table, progress_bar
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.evaluation.tables import Sweep

EXAMPLES = """\
  workbench report demo.sweep                       the tables
  workbench report demo.sweep --format md           for a README
  workbench report demo.sweep -o report/            everything, with report.html
  workbench report demo.sweep -o figures/ --format pdf
  workbench report demo.sweep --worst 10            where a method does most harm
  workbench report demo.sweep --trial 3fa9 -o mixture/    its sounds, as WAV"""

TEXTS = ("table", "md", "tex", "csv", "json")
TABLES = ("csv", "md", "tex", "json", "parquet")
PICTURES = ("png", "svg", "pdf")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("store", type=Path, metavar="STORE", help="what `workbench sweep` made")
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="write files there")
    parser.add_argument(
        "--format",
        nargs="+",
        choices=("table", *TABLES, "html", *PICTURES),
        metavar="FORMAT",
        help=f"table (default without -o), {', '.join((*TABLES, 'html', *PICTURES))} "
        "(default with -o: all but parquet and pdf)",
    )
    parser.add_argument("--per-class", action="store_true", help="also a table for each class of noise")
    parser.add_argument("--no-sounds", action="store_true", help="no examples to listen to in report.html")
    parser.add_argument("--theme", choices=("light", "dark"), default="light", help="of the pictures")
    parser.add_argument("--worst", type=int, metavar="N", help="list the mixtures on which methods do harm")
    parser.add_argument("--metric", metavar="NAME", help="the metric for --worst (default: the plan's first)")
    parser.add_argument("--trial", metavar="MIXTURE", help="write the sounds of this mixture into FOLDER")


def run(options: argparse.Namespace) -> int:
    """Print or write what is asked for."""
    from workbench.evaluation.tables import read_sweep

    sweep = read_sweep(options.store)
    if not sweep.is_finished:
        n_done, n_planned = len(sweep.results), sweep.n_planned
        note(f"workbench: the sweep is not finished: {n_done} of {n_planned} results are there")
    if options.trial is not None:
        return _write_trial(sweep, options)
    if options.worst is not None:
        return _print_worst(sweep, options)
    if options.output is None:
        return _print(sweep, options)
    return _write(sweep, options)


def _print(sweep: "Sweep", options: argparse.Namespace) -> int:
    from workbench.evaluation.tables import cells_csv, latex, markdown, to_json

    formats = options.format or ["table"]
    if len(formats) > 1 or formats[0] not in TEXTS:
        raise WorkbenchError(f"Standard output takes one of {', '.join(TEXTS)}; for others give -o FOLDER.")
    if formats[0] == "table":
        print_sweep(sweep, per_class=options.per_class)
        return 0
    texts = {
        "md": lambda: markdown(sweep, per_class=options.per_class),
        "tex": lambda: latex(sweep, per_class=options.per_class),
        "csv": lambda: cells_csv(sweep),
        "json": lambda: to_json(sweep),
    }
    sys.stdout.write(texts[formats[0]]())
    return 0


def _write(sweep: "Sweep", options: argparse.Namespace) -> int:
    from workbench.evaluation.publication import DEFAULT_FORMATS, publish

    formats = options.format or DEFAULT_FORMATS
    if "table" in formats:
        raise WorkbenchError("The format 'table' is for standard output; leave out -o, or choose md.")
    with progress_bar() as bar:
        bar.add_task("writing", total=None)
        files = publish(sweep, options.output, formats, theme=options.theme, sounds=not options.no_sounds)
        written = [str(path) for path in files]
    note(f"workbench: wrote {', '.join(written)}")
    return 0


def _print_worst(sweep: "Sweep", options: argparse.Namespace) -> int:
    from workbench.evaluation.metrics import find_metric, format_value
    from workbench.evaluation.statistics import worst_cases
    from workbench.evaluation.tables import class_title, snr_title

    name = options.metric or sweep.plan.metrics[0]
    metric = find_metric(name)
    if name not in sweep.plan.metrics:
        raise WorkbenchError(f"The sweep has no {name}; choose one of {', '.join(sweep.plan.metrics)}.")
    print_table(
        ("mixture", "method", "speech", "noise", "class", "SNR", "noisy", "denoised"),
        [
            (
                *(case.result.trial, case.result.method, case.result.speech, case.result.noise),
                *(class_title(case.result.noise_class), snr_title(case.result.snr_db)),
                *(format_value(metric, case.noisy), format_value(metric, case.result.value or 0.0)),
            )
            for case in worst_cases(sweep.results, name, n=options.worst)
        ],
        numbers=("SNR", "noisy", "denoised"),
    )
    return 0


def _write_trial(sweep: "Sweep", options: argparse.Namespace) -> int:
    from workbench.evaluation.examples import find_trial, write_trial

    if options.output is None:
        raise WorkbenchError("Say with -o into which folder to write the sounds.")
    trial = find_trial(sweep.plan, options.trial)
    written = write_trial(trial, sweep.plan.all_methods, options.output)
    clean, noise = options.output / "clean.wav", options.output / "noise.wav"
    note(f"workbench: wrote {', '.join(str(path) for path in written)}")
    note(
        "workbench: open the mixture with: "
        f"workbench --speech {clean} --noise {noise} --snr-db {trial.snr_db:g}"
    )
    return 0
