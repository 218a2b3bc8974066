"""List the sound devices of this machine."""

import argparse
from dataclasses import asdict

from workbench.cli.terminal import note, print_json, print_table
from workbench.errors import MissingPieceError

EXAMPLES = """\
  workbench devices
  workbench devices --format json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")


def run(options: argparse.Namespace) -> int:
    """Print the devices on standard output."""
    from workbench.audio.devices import list_devices, portaudio_problem

    if problem := portaudio_problem():
        raise MissingPieceError(problem)
    devices = list_devices()
    if options.format == "json":
        print_json([asdict(device) for device in devices])
        return 0
    if not devices:
        note("workbench: no sound device found; the application plays silently.")
        return 0
    print_table(
        ("", "device", "in", "out", "rate", "default for"),
        [
            (
                str(device.index),
                device.label,
                str(device.max_input_channels),
                str(device.max_output_channels),
                f"{device.default_sample_rate_hz} Hz",
                " and ".join(["input"] * device.is_default_input + ["output"] * device.is_default_output),
            )
            for device in devices
        ],
        numbers=("", "in", "out", "rate"),
    )
    return 0
