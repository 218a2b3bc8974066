"""The events of a command, read from the file that it writes while it runs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Event = dict[str, Any]
CHUNK_BYTES = 200_000
"""Read at once, so that catching up with a long run never holds up whoever reads."""


class Tail:
    """Follows a text file that grows.

    Parameters
    ----------
    path : Path
        It need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._rest = b""

    def lines(self, *, at_end: bool = False) -> list[str]:
        """Return what has come since the last time, whole lines only.

        Parameters
        ----------
        at_end : bool
            Nothing will be added, so that a last line without an end counts.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                found = file.read(CHUNK_BYTES)
        except OSError:
            return []
        self._position += len(found)
        *whole, self._rest = (self._rest + found).split(b"\n")
        if at_end and not found and self._rest:
            whole.append(self._rest)
            self._rest = b""
        return [line.decode("utf-8", "replace").rstrip("\r") for line in whole]


def parse(lines: list[str]) -> Iterator[Event]:
    """Yield the events among lines; what is none (a line that a full disk cut off) is left aside."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            yield event
