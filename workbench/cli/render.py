"""Draw the three spectrograms of a scene, write its sounds and measure them.

Needs no screen. The folder gets the picture, the clean, mixed and denoised
signals as WAV, and numbers.json.
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import workbench
from workbench.cli.scene_arguments import add_scene_arguments, chosen_scene, find_demo_scene
from workbench.cli.terminal import note, print_table
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.engine.render import RenderedScene

EXAMPLES = """\
  workbench render -o out                            the first demo scene
  workbench render --scene 2 --snr-db -5 -o out
  workbench render --speech sentence.wav --noise engine.ogg --snr-db 0 --format svg -o out
  workbench render noisy.wav -o out                  a recording without a reference"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_scene_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--format", choices=("png", "svg"), nargs="+", default=["png"], help="default: png")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")


def run(options: argparse.Namespace) -> int:
    """Render, write and print the numbers."""
    return 0
