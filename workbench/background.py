"""Long work lets the window, its sound and whatever else the user does go first."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import psutil

NICENESS = 10


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
