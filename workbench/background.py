"""Long work lets the window, its sound and whatever else the user does go first, and keeps its memory."""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

import psutil

NICENESS = 10
_KEPT_BYTES = 256 * 2**20
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def step_back(pid: int | None = None) -> None:
    """Lower the priority of a process, and of those that it starts afterwards.

    Parameters
    ----------
    pid : int, optional
        A process of this user; the calling one when None. One that is gone is left in peace.
    """
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else NICENESS)
        # Linux shares processors between the groups of a desktop first, where a process that was started
        # apart has one of its own: without this, niceness counts within that group only.
        with suppress(OSError, AttributeError):
            if os.getsid(process.pid) == process.pid:
                Path(f"/proc/{process.pid}/autogroup").write_text(str(NICENESS))


def keep_memory() -> None:
    """Let this process use freed memory again, up to 256 MB of it, rather than hand it back at once.

    The GNU C library gives large arrays back to the system as soon as they are freed and asks for them anew a
    moment later. The page faults that follow are a third of the time that STOI takes. Does nothing elsewhere.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            library.mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)
            library.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
