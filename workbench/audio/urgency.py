"""Threads that have a few milliseconds: the system is asked to run them ahead of everything else.

Windows and macOS do that for a sound card's thread by themselves. Linux does it for those who may ask: a user
with a limit for ``rtprio`` (the group "audio" on most studio systems), or a service with CAP_SYS_NICE.
"""

import os
import threading
from collections.abc import Callable
from typing import Any

CALLBACK_PRIORITY = 6
DENOISER_PRIORITY = 5
"""Both low among real-time priorities: the sound server's own threads come first."""


def run_ahead(priority: int) -> bool:
    """Ask for real-time scheduling of the calling thread.

    Parameters
    ----------
    priority : int
        Among threads of this kind; 1 is the least urgent.

    Returns
    -------
    bool
        Whether the system agreed; otherwise nothing has changed.
    """
    try:
        policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except (AttributeError, OSError):
        return False
    return True


def urgent(callback: Callable[..., None]) -> Callable[..., None]:
    """Return a device's callback that asks for urgency once in each thread that calls it."""
    known = 0

    def call(*args: Any) -> None:
        nonlocal known
        thread = threading.get_native_id()
        if thread != known:
            known = thread
            run_ahead(CALLBACK_PRIORITY)
        callback(*args)

    return call
