"""A training run's folder: the record of its options and its learning curve."""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from train_cli.data import MixingOptions
from train_cli.options import TrainingOptions
from workbench.errors import WorkbenchError

CURVE_NAME, RUN_NAME = "curve.csv", "run.json"
STOP_NAME = "stop"
"""A file of this name in a run's folder asks the training to end with the best weights so far."""


def open_run(command: str, options: TrainingOptions, mixing: MixingOptions, fixed: tuple[str, ...]) -> None:
    """Record the options of a new run; refuse to go on with a run of another kind.

    Parameters
    ----------
    command : str
        Name of the training command.
    options, mixing
        As given by the user.
    fixed : tuple of str
        Options that cannot change when a run is resumed.

    Raises
    ------
    WorkbenchError
        The run's folder belongs to another training.
    """
    path = options.run / RUN_NAME
    record = {"command": command, "options": asdict(options), "mixing": asdict(mixing)}
    if path.exists():
        known = read_run(options.run)
        if known["command"] != command:
            raise WorkbenchError(f"{options.run} belongs to {known['command']}; choose another --run folder.")
        for name in (*fixed, "batch", "seed", "seconds"):
            # Runs of earlier versions lack options that have come since: they had the default.
            trained = known["options"].get(name, getattr(type(options), name, None))
            if trained != getattr(options, name):
                raise WorkbenchError(
                    f"{options.run} was trained with --{name.replace('_', '-')} {trained}; use the same, "
                    "or another --run folder."
                )
    try:
        options.run.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: a full disk must not cost the run.
        scratch = path.with_name(f".{RUN_NAME}.new")
        scratch.write_text(json.dumps(record, indent=2, default=str) + "\n")
        scratch.replace(path)
    except OSError as error:
        raise WorkbenchError(f"The run cannot be written to {options.run}: {error.strerror}.") from None


def read_run(run: Path) -> dict[str, Any]:
    """Read what `open_run` recorded.

    Raises
    ------
    WorkbenchError
        The folder is no training run.
    """
    try:
        record: dict[str, Any] = json.loads((run / RUN_NAME).read_text())
    except (OSError, ValueError):
        raise WorkbenchError(f"{run} is no training run; name the folder given to --run.") from None
    return record


def read_curve(run: Path) -> list[dict[str, float]]:
    """Read the learning curve: one row per validation; one that a full disk cut off is left aside."""
    path = run / CURVE_NAME
    if not path.exists():
        return []
    with path.open(newline="") as file:
        whole = (line for line in file if line.endswith("\n"))
        rows = [row for row in csv.DictReader(whole) if None not in (*row, *row.values())]
    return [{name: float(value) for name, value in row.items()} for row in rows]


def append_curve(run: Path, row: dict[str, float]) -> None:
    """Add a validation to the learning curve."""
    path = run / CURVE_NAME
    with path.open("a+b") as file:
        is_new = not file.tell()
        if not is_new:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(row), lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow({name: f"{value:.6g}" for name, value in row.items()})
        file.write(text.getvalue().encode())


def stop_requested(run: Path) -> bool:
    """Return whether a run is asked to end with the best weights so far."""
    return (run / STOP_NAME).exists()


def forget_stop(run: Path) -> None:
    """Take the request back, once it is obeyed."""
    (run / STOP_NAME).unlink(missing_ok=True)


def validations_since_best(curve: Sequence[Mapping[str, float]]) -> int:
    """Return how many validations in a row, up to the last, were no better than the best before them."""
    qualities = [row["quality"] for row in curve]
    return len(qualities) - 1 - qualities.index(max(qualities)) if qualities else 0
