"""Entry point of the ``workbench`` command, its exit codes and the one handler of everything that fails."""

import os
import sys
from collections.abc import Sequence

from workbench.cli.parser import build_parser, with_command
from workbench.cli.problems import explain, is_expected

EXIT_OK = 0
EXIT_UNUSABLE = 2
EXIT_DEFECT = 70
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the ``workbench`` command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; those of the process by default. Arguments that name no command
        open the application.

    Returns
    -------
    int
        0 done; 1 some items of a batch failed, or ``doctor`` found something missing; 2 wrong usage or
        unusable input; 70 a defect, whose traceback is in the log; 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        options = build_parser().parse_args(with_command(arguments))
        status = int(options.run(options))
        sys.stdout.flush()
    except SystemExit as stop:  # argparse leaves this way, after --help as after wrong usage
        return stop.code if isinstance(stop.code, int) else EXIT_OK
    except KeyboardInterrupt:
        print("workbench: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`head`, say) has had enough. The interpreter flushes stdout once more when it leaves.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except Exception as error:
        print(f"workbench: {explain(error)}", file=sys.stderr)
        return EXIT_UNUSABLE if is_expected(error) else EXIT_DEFECT
    return status
