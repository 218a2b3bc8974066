"""The argument parser, put together from one module per command."""

import argparse
import difflib
from importlib import import_module
from pathlib import Path

import workbench
from workbench.errors import WorkbenchError

COMMANDS = {
    "open": "open the application (also without any command)",
    "denoise": "denoise files or whole folders",
    "mix": "mix speech with noise at one or more SNRs",
    "classify": "say what kind of noise is in a file, every half second",
    "live": "denoise what the microphone hears, now",
    "render": "draw the three spectrograms of a scene and write its sounds, without a screen",
    "rate": "rate recordings without a clean reference, as they are and denoised",
    "sweep": "measure methods over SNRs and classes of noise, all cores, resumable",
    "report": "make tables, figures and an HTML report of a sweep",
    "listen": "blind listening tests: make, check, run, analyse, merge",
    "methods": "list the denoising methods",
    "models": "manage trained models: import, export, rename, delete, default, speed",
    "scenes": "list the demo scenes",
    "devices": "list the sound devices",
    "doctor": "check what is installed, what is missing and how to get it",
}

_DESCRIPTION = """\
Classify the noise around a hearing-aid listener and remove it while keeping the voice.
Without a command, `workbench` opens the application with its demo scene."""

_EPILOG = """\
examples:
  workbench                                    open the application
  workbench noisy.wav                          open it with a recording
  workbench denoise recordings/ -o cleaned/    denoise a folder
  workbench render --scene fan -o figures/     a figure, without a screen
  workbench denoise --help                     a command's options and examples

exit codes:
  0 done, 1 some items failed, 2 wrong usage or unusable input,
  70 a defect (the log has it), 130 interrupted"""


def with_command(arguments: list[str]) -> list[str]:
    """Put ``open`` before arguments that name no command.

    Raises
    ------
    WorkbenchError
        If the first is a word that is neither a command nor a file.
    """
    first = arguments[0] if arguments else ""
    if first in {*COMMANDS, "-h", "--help", "--version"}:
        return arguments
    if first.isidentifier() and not Path(first).exists():
        near = difflib.get_close_matches(first, COMMANDS, n=1)
        hint = f"did you mean `workbench {near[0]}`?" if near else f"the commands are {', '.join(COMMANDS)}."
        raise WorkbenchError(f"'{first}' is neither a command nor a file; {hint}")
    return ["open", *arguments]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; ``parse_args`` leaves the command's function in the attribute ``run``."""
    parser = argparse.ArgumentParser(
        prog="workbench",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"workbench {workbench.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        module = import_module(f"workbench.cli.{name}")
        command = commands.add_parser(
            name,
            help=summary,
            description=module.__doc__,
            epilog=f"examples:\n{module.EXAMPLES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser
