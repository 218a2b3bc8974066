"""The options of every training command, one dataclass each.

The command line's parser and the application's dialogs are both made from these, so this module imports
nothing heavy. What a field's metadata hold is said at `option`.
"""

import difflib
import types
import typing
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from workbench.errors import WorkbenchError

SPLITS = ("train", "dev", "test")
NOISE_CLASSES = ("human", "tv_radio", "vehicle", "household")
QUANTISED = ("dynamic", "int8", "int16x8")
PRESETS = ("quick look", "standard", "thorough")
Pick = Literal["", "data", "folder", "file", "new folder", "new file"]


def option(
    default: Any,
    help_text: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    positional: bool = False,
    label: str = "",
    advanced: bool = False,
    pick: Pick = "",
    quick: Any = None,
    thorough: Any = None,
) -> Any:
    """Declare one option: a dataclass field with what parser and dialog need.

    Parameters
    ----------
    default : object
        Its value where none is given; the preset "standard".
    help_text : str
        One line.
    unit : str
    low, high : float, optional
        Range of a number.
    choices : tuple of str
        The only values.
    positional : bool
        Without ``--`` on the command line.
    label : str
        What a dialog calls it; the option's name where empty.
    advanced : bool
        A dialog folds it away.
    pick : str
        What a dialog lets choose for a path: "data" is a folder or a catalogue, "new ..." need not exist yet.
    quick, thorough : object, optional
        Its value in the presets "quick look" and "thorough", where it differs from the default.
    """
    metadata = {"help": help_text, "unit": unit, "low": low, "high": high, "choices": choices}
    metadata |= {"positional": positional, "label": label, "advanced": advanced, "pick": pick}
    return field(default=default, metadata={**metadata, "quick look": quick, "thorough": thorough})


def plain_types(options: "type[CommandOptions]") -> Mapping[str, type]:
    """Return the type of each option's single value: int, float, bool, str or Path."""
    return {name: _plain(kind) for name, kind in typing.get_type_hints(options).items()}


def _plain(kind: Any) -> type:
    if isinstance(kind, types.UnionType):
        kind = next(part for part in kind.__args__ if part is not type(None))
    if typing.get_origin(kind) is tuple:
        kind = kind.__args__[0]
    plain: type = kind
    return plain


def value_of(kind: type, text: str) -> Any:
    """Read one value as it is typed.

    Raises
    ------
    ValueError
        Says what is wrong with it.
    """
    try:
        return kind(text)
    except ValueError:
        what = {int: "a whole number", float: "a number"}.get(kind, "a value")
        raise ValueError(f"{text!r} is not {what}") from None


def check_value(each: "Field[Any]", given: Any, name: str) -> None:
    """Refuse a value outside an option's range or choices.

    Parameters
    ----------
    each : Field
        The option.
    given : object
        Its value, or a tuple of values.
    name : str
        What the sentence calls the option.

    Raises
    ------
    WorkbenchError
        Names the option and its range.
    """
    low, high, choices = each.metadata["low"], each.metadata["high"], each.metadata["choices"]
    for value in given if isinstance(given, tuple) else (given,):
        if isinstance(value, int | float) and not isinstance(value, bool):
            # Written so that a value that is no number (nan) is refused too.
            above_low, below_high = low is None or value >= low, high is None or value <= high
            if not (above_low and below_high):
                raise WorkbenchError(f"{name} is {value}; choose a value from {low} to {high}.")
        if choices and value not in choices:
            near = difflib.get_close_matches(str(value), choices, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise WorkbenchError(f"{name} is {value!r}{hint}; choose one of {', '.join(choices)}.")


def flag(name: str) -> str:
    """Return an option as it is written on the command line."""
    return "--" + name.replace("_", "-")


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
            check_value(each, getattr(self, each.name), flag(each.name))


@dataclass(frozen=True)
class TrainingOptions(CommandOptions):
    """What both trainings share."""

    data: Path = option(Path("../shared/data"), _DATA_HELP, pick="data")
    run: Path = option(
        Path("runs/run"), _RUN_HELP, label="Folder of the run", pick="new folder", advanced=True
    )
    steps: int = option(12_000, "training steps in all", low=1, high=10_000_000, quick=300, thorough=60_000)
    epoch_steps: int = option(
        500,
        "steps between validations",
        label="Validate every",
        unit="steps",
        low=1,
        high=1_000_000,
        quick=100,
        thorough=1000,
    )
    patience: int = option(
        0,
        "stop when this many validations in a row were no better than the best, 0 to go on to the end",
        label="Stop early after",
        unit="validations",
        low=0,
        high=100_000,
        thorough=15,
    )
    max_minutes: float = option(
        0.0, "stop after this time, 0 for no limit", label="Time limit", unit="min", low=0.0, high=1e6
    )
    batch: int = option(8, "examples per step", label="Examples per step", low=1, high=1024, advanced=True)
    seconds: float = option(
        3.0, "length of an example", label="Length of an example", unit="s", low=0.6, high=60.0, advanced=True
    )
    learning_rate: float = option(1.5e-3, "highest learning rate", low=1e-7, high=1.0, advanced=True)
    warmup_steps: int = option(
        200,
        "steps over which the learning rate rises",
        label="Warm-up",
        unit="steps",
        low=0,
        high=1_000_000,
        advanced=True,
        quick=50,
    )
    seed: int = option(1, "seed of the weights and of every mixture", low=0, high=2**31 - 1, advanced=True)
    xla: bool = option(
        True,
        "compile the training step: slower to start, faster to run",
        label="Compile the training step",
        advanced=True,
        quick=False,
    )
    start_from: Path | None = option(
        None,
        "run of the same architecture whose best weights a new run begins with",
        label="Start from run",
        pick="folder",
        advanced=True,
    )
    examples: int = option(
        3,
        "validation examples to write as sound files at each validation",
        label="Examples to hear",
        low=0,
        high=24,
        advanced=True,
    )
    events: bool = option(False, _EVENTS_HELP)


@dataclass(frozen=True)
class TrainDdaeOptions(TrainingOptions):
    """Train a denoising autoencoder; mixes on the fly, validates by PESQ and STOI, resumes after a kill."""

    run: Path = option(
        Path("runs/ddae"), _RUN_HELP, label="Folder of the run", pick="new folder", advanced=True
    )
    architecture: str = option(
        "band-gru",
        "band-gru, or the original system's original-fc or original-gru",
        label="Network",
        choices=("band-gru", "original-fc", "original-gru"),
        advanced=True,
    )
    noise_class: str = option(
        "all",
        "train on one class of noise alone, as the original does",
        choices=("all", *NOISE_CLASSES),
        advanced=True,
    )
    window: int = option(
        512,
        "length of the analysis window",
        label="Analysis window",
        unit="samples",
        low=32,
        high=4096,
        advanced=True,
    )
    hop: int = option(
        256, "distance between frames", label="Hop", unit="samples", low=16, high=2048, advanced=True
    )
    synthesis: int = option(
        0,
        "length of the synthesis window, which makes the latency; 0 for that of the analysis window",
        label="Synthesis window",
        unit="samples",
        low=0,
        high=4096,
        advanced=True,
    )
    frames_per_mask: int = option(
        1,
        "frames that a mask serves for; the network sees the first of them, so that the hop may be short",
        label="Frames per mask",
        low=1,
        high=16,
        advanced=True,
    )
    size: str = option(
        "standard",
        "standard, or compact for hops of about 6 ms",
        label="Size of the network",
        choices=("standard", "compact"),
        advanced=True,
    )
    validation_mixtures: int = option(
        48, "mixtures per validation", low=4, high=10_000, quick=12, thorough=96, advanced=True
    )


@dataclass(frozen=True)
class TrainNcOptions(TrainingOptions):
    """Train a noise classifier; mixes on the fly, validates by accuracy, resumes after a kill."""

    run: Path = option(
        Path("runs/nc"), _RUN_HELP, label="Folder of the run", pick="new folder", advanced=True
    )
    architecture: str = option(
        "chunk-net",
        "stream-net, chunk-net, or the original system's original-nc",
        label="Network",
        choices=("chunk-net", "stream-net", "original-nc"),
        advanced=True,
    )
    steps: int = option(6_000, "training steps in all", low=1, high=10_000_000, quick=300, thorough=30_000)
    batch: int = option(16, "examples per step", label="Examples per step", low=1, high=1024, advanced=True)
    seconds: float = option(
        4.096,
        "length of an example",
        label="Length of an example",
        unit="s",
        low=0.6,
        high=60.0,
        advanced=True,
    )
    quietest_db: float = option(
        -40.0,
        "RMS level of the quietest examples, dB re full scale; the loudest are near -15 dB",
        label="Quietest examples",
        unit="dB",
        low=-80.0,
        high=-20.0,
        advanced=True,
    )
    validation_mixtures: int = option(
        192, "mixtures per validation", low=4, high=100_000, quick=64, advanced=True
    )
    teacher: str = option(
        "none",
        "large network that says what each noise is like: yamnet or none",
        label="Teacher",
        choices=("none", "yamnet"),
        advanced=True,
    )
    begin_with: str = option(
        "none",
        "weights that stream-net begins with: yamnet's first layers, or none",
        label="Begin with",
        choices=("none", "yamnet"),
        advanced=True,
    )
    scenes: int = option(
        20_000,
        "noises that are drawn once, for the teacher to hear; without a teacher each is drawn anew",
        label="Scenes for the teacher",
        low=16,
        high=1_000_000,
        advanced=True,
    )
    size: str = option(
        "standard",
        "of chunk-net: standard (110 thousand parameters), or wide (150 thousand)",
        label="Size of the network",
        choices=("standard", "wide"),
        advanced=True,
    )


@dataclass(frozen=True)
class ScanOptions(CommandOptions):
    """List the speech and noise of folders in a catalogue, and say what cannot be used and why."""

    data: tuple[Path, ...] = option(
        (Path("../shared/data"),), "folders: TIMIT, AudioSet, or plain ones", label="Folders", pick="folder"
    )
    output: Path = option(
        Path("catalogue.csv"),
        "the catalogue; unchanged files of an earlier one are kept",
        label="Catalogue",
        pick="new file",
    )
    fresh: bool = option(
        False, "scan all files anew and forget what was edited in an earlier catalogue", label="Scan all anew"
    )
    dev_share: float = option(
        0.1,
        "share of 'dev' where a collection has none",
        label="Share of dev",
        low=0.0,
        high=0.5,
        advanced=True,
    )
    test_share: float = option(
        0.1,
        "share of 'test' where a collection has no splits",
        label="Share of test",
        low=0.0,
        high=0.5,
        advanced=True,
    )
    seed: int = option(1, "seed of the splits that are drawn", low=0, high=2**31 - 1, advanced=True)
    min_seconds: float = option(
        0.5, "leave out shorter files", label="Shortest file", unit="s", low=0.0, high=3600.0, advanced=True
    )
    min_rate: int = option(
        16_000,
        "leave out files sampled at less",
        label="Lowest sampling rate",
        unit="Hz",
        low=1_000,
        high=192_000,
        advanced=True,
    )
    silence_db: float = option(
        -70.0,
        "leave out files below this level",
        label="Silence below",
        unit="dB",
        low=-200.0,
        high=0.0,
        advanced=True,
    )
    class_table: Path | None = option(
        None,
        "TOML table of AudioSet labels for each class, instead of ours",
        label="AudioSet classes",
        pick="file",
        advanced=True,
    )
    workers: int = option(0, "threads, 0 for one per core", label="Threads", low=0, high=1024, advanced=True)
    events: bool = option(False, _EVENTS_HELP)


@dataclass(frozen=True)
class GatherOptions(CommandOptions):
    """Fetch recorded speech, noise (mostly music) and other sounds from Debian packages to train on."""

    output: Path = option(Path("gathered"), "folder for the recordings", label="Folder", pick="new folder")
    kind: tuple[str, ...] = option(
        ("speech", "noise"),
        "what to fetch: speech (270 MB to download), noise (3 GB), other sounds, which only a teacher knows "
        "how to use (7 GB)",
        label="What to fetch",
        choices=("speech", "noise", "other"),
    )
    table: Path | None = option(
        None,
        "TOML table of packages and their files, instead of ours",
        label="Packages",
        pick="file",
        advanced=True,
    )
    events: bool = option(False, _EVENTS_HELP)


@dataclass(frozen=True)
class MixOptions(CommandOptions):
    """Write clean, noise and noisy files at given SNRs, with a manifest to make each again exactly."""

    data: Path = option(Path("../shared/data"), _DATA_HELP, pick="data")
    output: Path = option(
        Path("mixtures"),
        "folder to fill; what is there already is not made again",
        label="Folder to fill",
        pick="new folder",
    )
    again: Path | None = option(
        None,
        "make the mixtures of this manifest.csv again and compare them",
        label="Make again",
        pick="file",
        advanced=True,
    )
    split: str = option("test", "split to draw from", choices=SPLITS)
    snr_db: tuple[float, ...] = option(
        (-10.0, -5.0, 0.0, 5.0, 10.0, 15.0), "one or more SNRs", label="SNRs", unit="dB", low=-60.0, high=60.0
    )
    per_cell: int = option(
        12,
        "mixtures per class and SNR",
        label="Mixtures per class and SNR",
        low=1,
        high=100_000,
        quick=2,
        thorough=50,
    )
    seed: int = option(
        7,
        "seed of the mixtures; 7 draws those that 'evaluate' measures",
        low=0,
        high=2**31 - 1,
        advanced=True,
    )
    format: str = option("wav", "wav or flac", choices=("wav", "flac"))
    events: bool = option(False, _EVENTS_HELP)


@dataclass(frozen=True)
class EvaluateOptions(CommandOptions):
    """Measure a bundle on a test split, by class and SNR, and print the table of its card."""

    bundle: Path = option(
        Path("models/ddae-standard"),
        "folder of the bundle, run of an original network, or name of a method, such as rnnoise",
        label="Model",
        pick="folder",
    )
    data: Path = option(Path("../shared/data"), _DATA_HELP, pick="data")
    split: str = option("test", "split to measure on: dev or test", choices=SPLITS)
    per_cell: int = option(
        12,
        "mixtures per class and SNR",
        label="Mixtures per class and SNR",
        low=1,
        high=10_000,
        quick=2,
        thorough=40,
    )
    seed: int = option(7, "seed of the mixtures", low=0, high=2**31 - 1, advanced=True)
    workers: int = option(
        0, "processes, 0 for one per core", label="Processes", low=0, high=1024, advanced=True
    )
    precision: tuple[str, ...] = option(
        (),
        "one or more of the bundle's files, side by side, such as float int8 int16x8; otherwise its default",
        choices=("float", *QUANTISED),
        advanced=True,
    )
    output: Path | None = option(
        None, "also write the figures to this JSON file", label="Figures", pick="new file", advanced=True
    )
    card: bool = option(
        False,
        "put the figures into the bundle, in place of those that its manifest and card had",
        label="Put into the card",
        advanced=True,
    )
    events: bool = option(False, _EVENTS_HELP)


@dataclass(frozen=True)
class RecipeOptions(CommandOptions):
    """Print or run the commands that make a bundled model, from raw folders to a bundle."""

    name: str = option(
        "", "a bundle, such as nc-standard, or an original-* network", positional=True, label="Recipe"
    )
    run: bool = option(
        False, "run the commands; what was done before is not done again", label="Run the commands"
    )
    data: tuple[Path, ...] = option(
        (Path("../shared/data"),), "folders of speech and noise", label="Folders", pick="folder"
    )
    small: bool = option(
        False, "a few minutes instead of hours: all steps on little data, for a check", label="In small"
    )
    work: Path = option(
        Path("runs/recipes"),
        "folder for catalogue, run, figures and bundle",
        label="Folder to work in",
        pick="new folder",
    )
    events: bool = option(False, _EVENTS_HELP)


@dataclass(frozen=True)
class ExportOptions(CommandOptions):
    """Make a bundle from a run (LiteRT models, manifest, card), or a folder for microcontrollers."""

    target: str = option(
        "bundle", "bundle, or mcu: C code, models as arrays, test vectors", choices=("bundle", "mcu")
    )
    run: Path = option(
        Path("runs/ddae"),
        "folder of the run, or of the original's four: run-human, run-tv_radio, run-vehicle, run-household",
        label="Folder of the run",
        pick="folder",
    )
    output: Path = option(
        Path("models/my-model"),
        "folder of the bundle to make",
        label="Folder of the model",
        pick="new folder",
    )
    title: str = option("", "name that users see")
    description: str = option("", "one sentence about the model")
    licence: str = option("as the training recordings' licences say", "what the weights may be used for")
    default: bool = option(
        False, "make it the method's default bundle", label="Use it wherever no model is named"
    )
    notes: Path | None = option(
        None, "Markdown file for the card: training data, licences, limits", pick="file", advanced=True
    )
    figures: Path | None = option(
        None, "JSON file of figures made by 'train_cli evaluate --output'", pick="file", advanced=True
    )
    precisions: tuple[str, ...] = option(
        (),
        "also make these, as 'train_cli quantise' does; of an original denoiser only these, else dynamic",
        choices=("float", *QUANTISED),
        label="Quantised models",
    )
    data: Path = option(Path("../shared/data"), _DATA_HELP + ", to quantise with", pick="data", advanced=True)
    bundle: tuple[str, ...] = option(
        (),
        "for mcu: a denoiser and a classifier as NAME or NAME:PRECISION; the default ones where not given",
        advanced=True,
    )
    events: bool = option(False, _EVENTS_HELP)


_NAME_HELP = "a bundle's name, such as ddae-standard, or its folder"


@dataclass(frozen=True)
class QuantiseOptions(CommandOptions):
    """Add dynamic-range, int8 and 16x8 models to a bundle, calibrated on real mixtures."""

    name: str = option("", _NAME_HELP, positional=True, label="Model", pick="folder")
    data: Path = option(Path("../shared/data"), _DATA_HELP, pick="data")
    precisions: tuple[str, ...] = option(QUANTISED, "which ones", choices=QUANTISED)
    mixtures: int = option(48, "mixtures to calibrate with", low=4, high=10_000, advanced=True)
    seed: int = option(11, "seed of these mixtures", low=0, high=2**31 - 1, advanced=True)
    events: bool = option(False, _EVENTS_HELP)


@dataclass(frozen=True)
class VerifyOptions(CommandOptions):
    """Run a bundle in TensorFlow Lite Micro's kernels: agreement, memory, operators, estimated load."""

    name: str = option("", _NAME_HELP, positional=True, label="Model", pick="folder")
    clock_mhz: float = option(
        160.0, "clock of the processor", unit="MHz", label="Clock", low=1.0, high=2000.0
    )
    output: Path | None = option(
        None, "also write the report to this JSON file", label="Report", pick="new file", advanced=True
    )
    card: bool = option(False, "also put the report into the bundle's card", label="Put it into the card")
    events: bool = option(False, _EVENTS_HELP)


OPTIONS: Mapping[str, type[CommandOptions]] = {
    "gather": GatherOptions,
    "scan": ScanOptions,
    "mix": MixOptions,
    "train-ddae": TrainDdaeOptions,
    "train-nc": TrainNcOptions,
    "export": ExportOptions,
    "evaluate": EvaluateOptions,
    "quantise": QuantiseOptions,
    "verify": VerifyOptions,
    "recipe": RecipeOptions,
}
"""The options of every command by its name."""
