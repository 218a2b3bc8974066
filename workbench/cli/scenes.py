"""List the demo scenes that come with the workbench."""

import argparse
import json

from workbench.cli.terminal import print_json, print_table

EXAMPLES = """\
  workbench scenes
  workbench --scene fan              open one
  workbench render --scene 2 -o out  draw it without a screen"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")


def run(options: argparse.Namespace) -> int:
    """Print the scenes on standard output."""
    from workbench.engine.scene import demo_scenes_by_id

    scenes = demo_scenes_by_id()
    if options.format == "json":
        print_json([{"id": name, **json.loads(scene.to_json())} for name, scene in scenes.items()])
        return 0
    print_table(
        ("", "id", "scene", "SNR"),
        [
            (str(number), name, scene.title, f"{scene.snr_db:g} dB")
            for number, (name, scene) in enumerate(scenes.items(), 1)
        ],
        numbers=("", "SNR"),
    )
    return 0
