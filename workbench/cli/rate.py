"""Rate recordings without a clean reference with DNSMOS, as they are and denoised.

A recording is a sound file, or a take of `workbench live`. DNSMOS says on a scale
from 1 to 5 how listeners would rate the speech, the background, and both together.
"""

import argparse
from pathlib import Path

from workbench.cli.terminal import print_json, print_table, progress_bar
from workbench.errors import WorkbenchError

EXAMPLES = """\
  workbench rate "takes/take 2026-03-01 10-00-00"
  workbench rate ward.wav street.wav --method adaptive wiener --format json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("recordings", nargs="+", type=Path, metavar="RECORDING")
    parser.add_argument("--method", nargs="+", metavar="NAME", help="default: the one of the workbench")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")


def run(options: argparse.Namespace) -> int:
    """Print the ratings on standard output."""
    from workbench.denoisers.registry import DEFAULT_METHOD
    from workbench.evaluation.metrics import find_metric, format_value
    from workbench.evaluation.unreferenced import UNREFERENCED_METRICS, rate

    metrics = [find_metric(name) for name in UNREFERENCED_METRICS]
    for metric in metrics:
        if metric.how_to_install:
            raise WorkbenchError(metric.how_to_install)
    paths = [_sound(path) for path in options.recordings]
    methods = list(dict.fromkeys(options.method or [DEFAULT_METHOD]))
    ratings = []
    with progress_bar() as bar:
        task = bar.add_task("rating", total=len(paths) * (1 + len(methods)))
        for rating in rate(paths, methods):
            ratings.append(rating)
            bar.advance(task)
    if options.format == "json":
        print_json(
            [
                {
                    "recording": rating.recording,
                    "method": rating.method,
                    **{name: score.value for name, score in rating.scores.items()},
                }
                for rating in ratings
            ]
        )
        return 0
    columns = [metric.title for metric in metrics]
    print_table(
        ("recording", "method", *columns),
        [
            (
                rating.recording,
                rating.method,
                *(
                    "–" if score.value is None else format_value(metric, score.value)
                    for metric, score in zip(metrics, rating.scores.values(), strict=True)
                ),
            )
            for rating in ratings
        ],
        numbers=columns,
    )
    return 0


def _sound(path: Path) -> Path:
    """Return the sound file of a recording."""
    from workbench.engine.recording import read_take

    if path.is_dir():
        return read_take(path).folder / "mixed.wav"
    if not path.is_file():
        raise WorkbenchError(f"There is no file {path}.")
    return path
