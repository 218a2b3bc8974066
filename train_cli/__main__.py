"""The ``train_cli`` command: trains, measures and exports the workbench's models."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from train_cli.commands import build_parser, run_command
from train_cli.events import Reporter
from workbench.errors import WorkbenchError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (0 done, 2 unusable input, 130 interrupted)."""
    namespace = build_parser().parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with Reporter(as_json=getattr(namespace, "events", False)) as reporter:
        code = _run(namespace, reporter)
        # Who reads the events may be gone, and the disk that they are written to full.
        with suppress(OSError):
            reporter.ended(code)
    return code


def _run(namespace: argparse.Namespace, reporter: Reporter) -> int:
    try:
        run_command(namespace, reporter)
    except WorkbenchError as error:
        message = str(error)
    except MemoryError:
        message = "The memory is full; close other programs, or choose fewer or shorter examples per step."
    except OSError as error:
        # A full disk or a folder that may not be written: nothing that a traceback would explain.
        if error.strerror is None:
            raise
        message = f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    except KeyboardInterrupt:
        with suppress(OSError):
            reporter.failed("Interrupted; run the same command again to go on.")
        return 130
    else:
        return 0
    with suppress(OSError):
        reporter.failed(message)
    sys.stderr.write(f"train_cli: {message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
