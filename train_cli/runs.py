"""A training run's folder: the record of its options and its learning curve."""

import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from train_cli.data import MixingOptions
from train_cli.options import TrainingOptions
from workbench.errors import WorkbenchError

CURVE_NAME, RUN_NAME = "curve.csv", "run.json"


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
        path.write_text(json.dumps(record, indent=2, default=str) + "\n")
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
    """Read the learning curve: one row per validation."""
    path = run / CURVE_NAME
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def append_curve(run: Path, row: dict[str, float]) -> None:
    """Add a validation to the learning curve."""
    path = run / CURVE_NAME
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if is_new:
            writer.writeheader()
        writer.writerow({name: f"{value:.6g}" for name, value in row.items()})
