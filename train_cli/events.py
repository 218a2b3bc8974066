"""What a long command says while it runs: JSON Lines for programs, a progress bar for people.

One schema for all commands. Every line has ``event`` and ``time_s`` (seconds since the start) and:

- ``started``: ``command``, ``options``
- ``progress``: ``step``, ``steps``, ``remaining_s``, and whatever is measured (``loss``, ...)
- ``epoch``: ``step`` and the validation's figures
- ``artifact``: ``kind``, ``path``; the sounds of a validation (``kind`` "example") also have ``step``,
  ``number``, ``signal`` ("clean", "noisy", "denoised") and ``title``
- ``table``: ``name``, ``rows``
- ``command``: ``line`` (of ``recipe``)
- ``left_out``: ``path``, ``why`` (of ``scan``, one for each file that is not used)
- ``note``, ``warning``, ``failed``: ``message``
- ``finished``: ``message``, and ``ending`` of a training: why it ended
- ``ended``: ``code``, the exit code; always last, unless the process was killed
"""

import json
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from train_cli.tables import markdown_table


class Reporter:
    """Reports to a program (`as_json`) or to a person; use as a context manager."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._start_s = time.monotonic()
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[figures]}"),
            console=self._console,
            disable=as_json,
        )
        self._task = self._progress.add_task("", total=None, figures="", visible=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, command: str, options: dict[str, Any]) -> None:
        """Say what begins."""
        self._say("started", command=command, options=options)
        self._progress.reset(self._task, total=None, description=command, visible=True, figures="")

    def progress(self, step: int, steps: int, remaining_s: float, **figures: float) -> None:
        """Say how far it is."""
        self._say("progress", step=step, steps=steps, remaining_s=round(remaining_s, 1), **figures)
        text = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
        self._progress.update(self._task, completed=step, total=steps, figures=text)

    def epoch(self, step: int, **figures: float) -> None:
        """Say what a validation gave."""
        self._say("epoch", step=step, **figures)
        text = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
        self._print(f"step {step}: {text}")

    def artifact(self, kind: str, path: str, **details: Any) -> None:
        """Say that a file or folder was made; `details` are for programs."""
        self._say("artifact", kind=kind, path=path, **details)
        if not details:
            self._print(f"{kind}: {path}")

    def table(self, name: str, rows: Mapping[str, Mapping[str, float | str]]) -> None:
        """Show a table (on standard output)."""
        self._say("table", name=name, rows=rows)
        if not self._as_json:
            sys.stdout.write(markdown_table(name, rows) + "\n\n")

    def note(self, message: str) -> None:
        """Say how something was done."""
        self._say("note", message=message)
        self._print(message)

    def command(self, line: str) -> None:
        """Show a command line (on standard output)."""
        self._say("command", line=line)
        if not self._as_json:
            sys.stdout.write(line + "\n")

    def detail(self, event: str, **values: Any) -> None:
        """Tell programs what people find in a file or see in a table."""
        self._say(event, **values)

    def warning(self, message: str) -> None:
        """Say what a user should know."""
        self._say("warning", message=message)
        self._print(f"warning: {message}")

    def failed(self, message: str) -> None:
        """Say why it cannot go on (people read it from the command line's one line)."""
        self._say("failed", message=message)

    def finished(self, message: str, **details: Any) -> None:
        """Say that all is done; `details` are for programs."""
        self._say("finished", message=message, **details)
        self._print(message)

    def ended(self, code: int) -> None:
        """Say that nothing more will come."""
        self._say("ended", code=code)

    def _say(self, event: str, **values: Any) -> None:
        if self._as_json:
            line = {"event": event, "time_s": round(time.monotonic() - self._start_s, 3), **values}
            sys.stdout.write(json.dumps(line, default=str) + "\n")
            sys.stdout.flush()

    def _print(self, text: str) -> None:
        if not self._as_json:
            self._console.print(text, highlight=False, markup=False)
