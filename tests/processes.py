"""Looking at processes where Linux lists them."""

import time
from collections.abc import Iterable
from pathlib import Path

import pytest

needs_proc = pytest.mark.skipif(
    not Path("/proc").is_dir(), reason="looks for processes where Linux lists them"
)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def end_within(pids: Iterable[int], seconds: float) -> bool:
    """Whether all processes end in time."""
    deadline_s = time.monotonic() + seconds
    waiting = list(pids)
    while waiting and time.monotonic() < deadline_s:
        time.sleep(0.05)
        waiting = [pid for pid in waiting if _is_alive(pid)]
    return not waiting


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
