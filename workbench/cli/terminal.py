"""Tables on standard output; progress and notes on standard error."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

_UNLIMITED_WIDTH = 10_000


def note(message: str) -> None:
    """Say something on standard error."""
    print(message, file=sys.stderr, flush=True)


def print_json(data: Any) -> None:
    """Print data as JSON on standard output."""
    print(json.dumps(data, indent=2, ensure_ascii=False))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[str] = ()
) -> None:
    """Print a table on standard output.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : iterable of sequence of str
        Cells, as many as `columns`.
    numbers : sequence of str
        Headings of the columns to set flush right.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # A pipe gets lines as long as they are: nothing there is wrapped or cut.
    is_terminal = sys.stdout.isatty()
    console = Console(highlight=False, width=None if is_terminal else _UNLIMITED_WIDTH)
    table = Table(box=box.SIMPLE_HEAD if is_terminal else None, show_edge=False, pad_edge=False)
    for column in columns:
        is_number = column in numbers
        table.add_column(column, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        print(line.rstrip())


@contextmanager
def progress_bar() -> Iterator["Progress"]:
    """Show a bar with an estimate of the time left on standard error while it is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        yield bar
