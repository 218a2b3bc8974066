"""List the denoising methods: what they do, their delay, how to get missing ones."""

import argparse
from dataclasses import asdict

from workbench.cli.terminal import print_json, print_table

EXAMPLES = """\
  workbench methods
  workbench methods --format json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")


def run(options: argparse.Namespace) -> int:
    """Print the methods on standard output."""
    from workbench.denoisers.registry import DEFAULT_METHOD, methods

    if options.format == "json":
        print_json([asdict(method) for method in methods()])
        return 0
    print_table(
        ("method", "title", "delay", "precisions", "what it does"),
        [
            (
                f"{method.name} (default)" if method.name == DEFAULT_METHOD else method.name,
                method.title,
                f"{round(method.latency_ms, 1):g} ms" if method.available else "-",
                " ".join(method.precisions[:1] + tuple(f":{each}" for each in method.precisions[1:])) or "-",
                method.description if method.available else method.how_to_install or "",
            )
            for method in methods()
        ],
        numbers=("delay",),
    )
    return 0
