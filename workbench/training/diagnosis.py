"""What went wrong with a job, as one sentence."""

import re
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from workbench.training.history import History

LAST_LINES = 12
_LITTLE_ROOM_BYTES = 5_000_000
_FULL = re.compile(r"no space left|disk quota exceeded|file too large|disk is full", re.IGNORECASE)
_MEMORY = re.compile(
    r"MemoryError|ResourceExhausted|out of memory|\bOOM\b|unable to allocate|bad_alloc", re.IGNORECASE
)
_RESUME = "choose “Go on” to continue from the last validation"


def what_went_wrong(
    history: History, log_lines: Sequence[str], exit_code: int | None, folders: Sequence[Path]
) -> str:
    """Say why a process ended before its work was done.

    Parameters
    ----------
    history : History
        What it said.
    log_lines : sequence of str
        The end of its error output.
    exit_code : int or None
        None where nobody knows.
    folders : sequence of Path
        Where it writes.

    Returns
    -------
    str
        One sentence, with what to do.
    """
    log = "\n".join(log_lines[-60:])
    if _FULL.search(log) or _FULL.search(history.failure) or (not history.failure and _is_full(folders)):
        place = next((folder for folder in folders if _has_little_room(folder)), folders[0])
        return f"The disk is full, so {place} could not be written: make room, then {_RESUME}."
    if history.failure:
        return history.failure
    if _MEMORY.search(log):
        return f"The memory is full: close other programs or choose fewer examples per step, then {_RESUME}."
    if exit_code is not None and -exit_code == getattr(signal, "SIGKILL", 9):
        return (
            f"The process was killed, as the system does when the memory is full: {_RESUME}, with fewer "
            "examples per step if it happens again."
        )
    if exit_code is not None and exit_code < 0:
        return f"The process crashed ({_signal_name(-exit_code)}): {_RESUME}."
    raised = next((line for line in reversed(log_lines) if re.match(r"^[\w.]+(Error|Exception)\b", line)), "")
    if raised:
        return f"The process crashed ({raised[:160].rstrip('.')}): {_RESUME}."
    if exit_code:
        return f"The process ended with the exit code {exit_code}: {_RESUME}."
    return (
        f"The process ended without a word, as when it is killed or the computer is switched off: {_RESUME}."
    )


def _is_full(folders: Sequence[Path]) -> bool:
    return any(_has_little_room(folder) for folder in folders)


def _has_little_room(folder: Path) -> bool:
    existing = next((each for each in (folder, *folder.parents) if each.exists()), None)
    return existing is not None and shutil.disk_usage(existing).free < _LITTLE_ROOM_BYTES


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
