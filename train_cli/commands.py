"""The subcommands: their options, and where the functions are that run them."""

import argparse
import importlib
from dataclasses import dataclass

from train_cli.events import Reporter
from train_cli.options import (
    CommandOptions,
    EvaluateOptions,
    ExportOptions,
    GatherOptions,
    MixOptions,
    QuantiseOptions,
    RecipeOptions,
    ScanOptions,
    TrainDdaeOptions,
    TrainNcOptions,
    VerifyOptions,
)
from train_cli.parser import add_options, options_from
from workbench.errors import WorkbenchError


@dataclass(frozen=True)
class Command:
    """One subcommand: its options, and where the function is that runs it (imported when used)."""

    options: type[CommandOptions]
    module: str
    function: str


COMMANDS = {
    "gather": Command(GatherOptions, "train_cli.gather", "gather"),
    "scan": Command(ScanOptions, "train_cli.scan", "scan"),
    "mix": Command(MixOptions, "train_cli.mix", "mix_files"),
    "train-ddae": Command(TrainDdaeOptions, "train_cli.ddae", "train"),
    "train-nc": Command(TrainNcOptions, "train_cli.nc", "train"),
    "export": Command(ExportOptions, "train_cli.targets", "export"),
    "evaluate": Command(EvaluateOptions, "train_cli.evaluate", "evaluate"),
    "quantise": Command(QuantiseOptions, "train_cli.quantise", "quantise"),
    "verify": Command(VerifyOptions, "train_cli.verify", "verify"),
    "recipe": Command(RecipeOptions, "train_cli.recipe", "recipe"),
}

EXAMPLES = """examples:
  train_cli gather --output ../gathered
  train_cli scan --data ../shared/data --output catalogue.csv
  train_cli mix --data catalogue.csv --split test --snr-db -5 0 5 --output mixtures
  train_cli train-nc --data ../shared/data --run runs/nc
  train_cli train-ddae --data ../shared/data --run runs/ddae --steps 20000
  train_cli export --run runs/ddae --output models/my-ddae --title "My DDAE"
  train_cli export --target mcu --bundle ddae-standard:int8 nc-standard:int8 --output mcu
  train_cli evaluate --bundle models/my-ddae --data ../shared/data
  train_cli quantise models/my-ddae --data ../shared/data
  train_cli verify models/my-ddae
  train_cli recipe nc-standard --run --data ../shared/data --small
"""


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of all subcommands."""
    parser = argparse.ArgumentParser(
        prog="train_cli",
        description="Train, measure and export noise classifiers and denoising autoencoders.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        text = (command.options.__doc__ or "").strip()
        add_options(commands.add_parser(name, help=text, description=text), command.options)
    return parser


def run_command(namespace: argparse.Namespace, reporter: Reporter) -> None:
    """Run what a parsed command line asks for.

    Raises
    ------
    WorkbenchError
        An option or the data cannot be used.
    """
    command = COMMANDS[namespace.command]
    options = options_from(namespace, command.options)
    getattr(_load(command.module), command.function)(options, reporter)


def _load(module: str) -> object:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("ai_edge_quantizer", "tensorflow", "tomli_w"):
            raise WorkbenchError(
                "Training needs TensorFlow, which is not installed; install it with "
                "'pip install \"denoise-workbench[train]\"'."
            ) from error
        raise
