"""List the demo scenes that come with the workbench."""

import argparse
import json

from workbench.cli.scene_arguments import scene_id
from workbench.cli.terminal import print_json, print_table

EXAMPLES = """\
  workbench scenes
  workbench --scene 2                open the second
  workbench render --scene 2 -o out  draw it without a screen"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")


def run(options: argparse.Namespace) -> int:
    """Print the scenes on standard output."""
    from workbench.engine.scene import demo_scenes

    scenes = demo_scenes()
    if options.format == "json":
        print_json([{"id": scene_id(scene), **json.loads(scene.to_json())} for scene in scenes])
        return 0
    print_table(
        ("", "id", "scene", "SNR"),
        [
            (
                str(number),
                scene_id(scene),
                scene.title,
                f"{scene.snr_db:g} dB" if scene.has_reference else "-",
            )
            for number, scene in enumerate(scenes, 1)
        ],
        numbers=("", "SNR"),
    )
    return 0
