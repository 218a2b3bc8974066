"""The ``train_cli`` command: trains, measures and exports the workbench's models."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from train_cli.events import Reporter
from train_cli.options import (
    CommandOptions,
    EvaluateOptions,
    ExportOptions,
    MixOptions,
    ScanOptions,
    TrainDdaeOptions,
    TrainNcOptions,
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
    "scan": Command(ScanOptions, "train_cli.scan", "scan"),
    "mix": Command(MixOptions, "train_cli.mix", "mix_files"),
    "train-ddae": Command(TrainDdaeOptions, "train_cli.ddae", "train"),
    "train-nc": Command(TrainNcOptions, "train_cli.nc", "train"),
    "export": Command(ExportOptions, "train_cli.export", "export"),
    "evaluate": Command(EvaluateOptions, "train_cli.evaluate", "evaluate"),
}

EXAMPLES = """examples:
  train_cli scan --data ../shared/data --output catalogue.csv
  train_cli mix --data catalogue.csv --split test --snr-db -5 0 5 --output mixtures
  train_cli train-nc --data ../shared/data --run runs/nc
  train_cli train-ddae --data ../shared/data --run runs/ddae --steps 20000
  train_cli export --run runs/ddae --output models/my-ddae --title "My DDAE"
  train_cli evaluate --bundle models/my-ddae --data ../shared/data
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (0 done, 2 unusable input, 130 interrupted)."""
    namespace = build_parser().parse_args(argv)
    command = COMMANDS[namespace.command]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with Reporter(as_json=getattr(namespace, "events", False)) as reporter:
        try:
            options = options_from(namespace, command.options)
            function = getattr(_load(command.module), command.function)
            function(options, reporter)
        except WorkbenchError as error:
            message = str(error)
        except KeyboardInterrupt:
            reporter.failed("Interrupted; run the same command again to go on.")
            return 130
        else:
            return 0
        reporter.failed(message)
    sys.stderr.write(f"train_cli: {message}\n")
    return 2


def _load(module: str) -> object:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("tensorflow", "tomli_w"):
            raise WorkbenchError(
                "Training needs TensorFlow, which is not installed; install it with "
                "'pip install \"denoise-workbench[train]\"'."
            ) from error
        raise


if __name__ == "__main__":
    sys.exit(main())
