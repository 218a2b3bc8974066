"""Helping processes that end when the program that started them is killed."""

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """Let this process end as soon as the one that started it is gone, however that ended.

    To be called first in a process of `multiprocessing` (as a pool's ``initializer``): a pool's processes
    wait for work for ever when their program is killed.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
