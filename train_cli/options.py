"""The options of every training command, one dataclass each.

The command line's parser and the application's dialogs are both made from these, so this module imports
nothing heavy. Field metadata: ``help``, ``positional``, and where it applies ``unit``, ``low``, ``high`` and
``choices``.
"""

import difflib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError

SPLITS = ("train", "dev", "test")
NOISE_CLASSES = ("human", "tv_radio", "vehicle", "household")


def option(
    default: Any,
    help_text: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    positional: bool = False,
) -> Any:
    """Declare one option: a dataclass field with what parser and dialog need."""
    metadata = {"help": help_text, "unit": unit, "low": low, "high": high}
    return field(default=default, metadata={**metadata, "choices": choices, "positional": positional})


_DATA_HELP = "folder of speech and noise, or a catalogue made by 'scan'"
_EVENTS_HELP = "write JSON Lines to standard output instead of a progress bar"
_RUN_HELP = "folder of this run: checkpoints, learning curve; resumed if it exists"


@dataclass(frozen=True)
class CommandOptions:
    """What all commands share."""

    def check(self) -> None:
        """Refuse values outside their range.

        Raises
        ------
        WorkbenchError
            Names the option and its range.
        """
        for each in fields(self):
            given, low, high = getattr(self, each.name), each.metadata["low"], each.metadata["high"]
            name = "--" + each.name.replace("_", "-")
            for value in given if isinstance(given, tuple) else (given,):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    above_low, below_high = low is None or value >= low, high is None or value <= high
                    if not (above_low and below_high):
                        raise WorkbenchError(f"{name} is {value}; choose a value from {low} to {high}.")
                choices = each.metadata["choices"]
                if choices and value not in choices:
                    near = difflib.get_close_matches(str(value), choices, n=1)
                    hint = f" (did you mean {near[0]}?)" if near else ""
                    raise WorkbenchError(f"{name} is {value!r}{hint}; choose one of {', '.join(choices)}.")


@dataclass(frozen=True)
class TrainingOptions(CommandOptions):
    """What both trainings share."""

    data: Path = option(Path("../shared/data"), _DATA_HELP)
    run: Path = option(Path("runs/run"), _RUN_HELP)
    steps: int = option(12_000, "training steps in all", low=1, high=10_000_000)
    epoch_steps: int = option(500, "steps between validations", low=1, high=1_000_000)
    batch: int = option(8, "examples per step", low=1, high=1024)
    seconds: float = option(3.0, "length of an example", unit="s", low=0.6, high=60.0)
    learning_rate: float = option(1.5e-3, "highest learning rate", low=1e-7, high=1.0)
    warmup_steps: int = option(200, "steps over which the learning rate rises", low=0, high=1_000_000)
    max_minutes: float = option(0.0, "stop after this time, 0 for no limit", unit="min", low=0.0, high=1e6)
    seed: int = option(1, "seed of the weights and of every mixture", low=0, high=2**31 - 1)
    xla: bool = option(True, "compile the training step: slower to start, faster to run")
    events: bool = option(False, _EVENTS_HELP)


@dataclass(frozen=True)
class TrainDdaeOptions(TrainingOptions):
    """Train a denoising autoencoder; mixes on the fly, validates by PESQ and STOI, resumes after a kill."""

    run: Path = option(Path("runs/ddae"), _RUN_HELP)
    architecture: str = option(
        "band-gru",
        "band-gru, or the original system's original-fc or original-gru",
        choices=("band-gru", "original-fc", "original-gru"),
    )
    noise_class: str = option(
        "all", "train on one class of noise alone, as the original does", choices=("all", *NOISE_CLASSES)
    )
    window: int = option(512, "length of the analysis window", unit="samples", low=32, high=4096)
    hop: int = option(256, "distance between frames", unit="samples", low=16, high=2048)
    validation_mixtures: int = option(48, "mixtures per validation", low=4, high=10_000)


@dataclass(frozen=True)
class TrainNcOptions(TrainingOptions):
    """Train a noise classifier; mixes on the fly, validates by accuracy, resumes after a kill."""

    run: Path = option(Path("runs/nc"), _RUN_HELP)
    architecture: str = option(
        "chunk-net", "chunk-net, or the original system's original-nc", choices=("chunk-net", "original-nc")
    )
    steps: int = option(6_000, "training steps in all", low=1, high=10_000_000)
    batch: int = option(16, "examples per step", low=1, high=1024)
    seconds: float = option(4.096, "length of an example", unit="s", low=0.6, high=60.0)
    validation_mixtures: int = option(192, "mixtures per validation", low=4, high=100_000)


@dataclass(frozen=True)
class ScanOptions(CommandOptions):
    """List the speech and noise of folders in a catalogue, and say what cannot be used and why."""

    data: tuple[Path, ...] = option((Path("../shared/data"),), "folders: TIMIT, AudioSet, or plain ones")
    output: Path = option(Path("catalogue.csv"), "the catalogue; unchanged files of an earlier one are kept")
    fresh: bool = option(False, "scan all files anew and forget what was edited in an earlier catalogue")
    dev_share: float = option(0.1, "share of 'dev' where a collection has none", low=0.0, high=0.5)
    test_share: float = option(0.1, "share of 'test' where a collection has no splits", low=0.0, high=0.5)
    seed: int = option(1, "seed of the splits that are drawn", low=0, high=2**31 - 1)
    min_seconds: float = option(0.5, "leave out shorter files", unit="s", low=0.0, high=3600.0)
    min_rate: int = option(16_000, "leave out files sampled at less", unit="Hz", low=1_000, high=192_000)
    silence_db: float = option(-70.0, "leave out files below this level", unit="dB", low=-200.0, high=0.0)
    class_table: Path | None = option(None, "TOML table of AudioSet labels for each class, instead of ours")
    workers: int = option(0, "threads, 0 for one per core", low=0, high=1024)
    events: bool = option(False, _EVENTS_HELP)


@dataclass(frozen=True)
class MixOptions(CommandOptions):
    """Write clean, noise and noisy files at given SNRs, with a manifest to make each again exactly."""

    data: Path = option(Path("../shared/data"), _DATA_HELP)
    output: Path = option(Path("mixtures"), "folder to fill; what is there already is not made again")
    again: Path | None = option(None, "make the mixtures of this manifest.csv again and compare them")
    split: str = option("test", "split to draw from", choices=SPLITS)
    snr_db: tuple[float, ...] = option(
        (-10.0, -5.0, 0.0, 5.0, 10.0, 15.0), "one or more SNRs", unit="dB", low=-60.0, high=60.0
    )
    per_cell: int = option(12, "mixtures per class and SNR", low=1, high=100_000)
    seed: int = option(
        7, "seed of the mixtures; 7 draws those that 'evaluate' measures", low=0, high=2**31 - 1
    )
    format: str = option("wav", "wav or flac", choices=("wav", "flac"))
    events: bool = option(False, _EVENTS_HELP)


@dataclass(frozen=True)
class EvaluateOptions(CommandOptions):
    """Measure a bundle on a test split, by class and SNR, and print the table of its card."""

    bundle: Path = option(Path("models/ddae-standard"), "folder of the bundle, or run of an original network")
    data: Path = option(Path("../shared/data"), _DATA_HELP)
    split: str = option("test", "split to measure on: dev or test", choices=SPLITS)
    per_cell: int = option(12, "mixtures per class and SNR", low=1, high=10_000)
    seed: int = option(7, "seed of the mixtures", low=0, high=2**31 - 1)
    workers: int = option(0, "processes, 0 for one per core", low=0, high=1024)
    output: Path | None = option(None, "also write the figures to this JSON file")


@dataclass(frozen=True)
class RecipeOptions(CommandOptions):
    """Print or run the commands that make a bundled model, from raw folders to a bundle."""

    name: str = option("", "a bundle, such as nc-standard, or an original-* network", positional=True)
    run: bool = option(False, "run the commands; what was done before is not done again")
    data: Path = option(Path("../shared/data"), "folder of speech and noise")
    small: bool = option(False, "a few minutes instead of hours: all steps on little data, for a check")
    work: Path = option(Path("runs/recipes"), "folder for catalogue, run, figures and bundle")
    events: bool = option(False, _EVENTS_HELP)


@dataclass(frozen=True)
class ExportOptions(CommandOptions):
    """Make a bundle from a run: LiteRT model, manifest and card."""

    run: Path = option(Path("runs/ddae"), "folder of the run")
    output: Path = option(Path("models/my-model"), "folder of the bundle to make")
    title: str = option("", "name that users see")
    description: str = option("", "one sentence about the model")
    licence: str = option("as the training recordings' licences say", "what the weights may be used for")
    notes: Path | None = option(None, "Markdown file for the card: training data, licences, limits")
    default: bool = option(False, "make it the method's default bundle")
    figures: Path | None = option(None, "JSON file of figures made by 'train_cli evaluate --output'")
