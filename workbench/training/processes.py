"""The process of a job: started on its own, so that it outlives the window, and found again by who it is."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from workbench.background import step_back
from workbench.errors import WorkbenchError

_START_TOLERANCE_S = 1.5
_started: "dict[int, subprocess.Popen[bytes]]" = {}
"""Processes that this one started: only their parent learns of their exit codes."""


@dataclass(frozen=True)
class Identity:
    """Which process it is: numbers are given out again, but not with the same time of start.

    Attributes
    ----------
    pid : int
    started_s : float
        Since 1970.
    """

    pid: int
    started_s: float


def missing_piece() -> str:
    """Say what training lacks, with the command that installs it; empty if it can run."""
    missing = [name for name in ("train_cli", "tensorflow", "tomli_w") if find_spec(name) is None]
    if not missing:
        return ""
    what = {"train_cli": "its command line", "tensorflow": "TensorFlow", "tomli_w": "tomli-w"}[missing[0]]
    return f"Training needs {what}, which is not installed; install it with “{install_command()}”."


def install_command() -> str:
    """Return the command that installs what training needs into this Python."""
    return f'{sys.executable} -m pip install "denoise-workbench[train]"'


def start(arguments: Sequence[str], folder: Path, output: Path, log: Path) -> Identity:
    """Start ``train_cli`` in a session of its own.

    Parameters
    ----------
    arguments : sequence of str
        Its command line, without the program.
    folder : Path
        To run in.
    output, log : Path
        Files that its events and its error output are added to.

    Returns
    -------
    Identity

    Raises
    ------
    WorkbenchError
        It cannot be started.
    """
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": _search_path()}
    apart: dict[str, object] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        apart = {"creationflags": flags | subprocess.BELOW_NORMAL_PRIORITY_CLASS}
    try:
        with output.open("ab") as out, log.open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "train_cli", *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env=environment,
                **apart,  # type: ignore[call-overload]
            )
    except OSError as error:
        raise WorkbenchError(f"The job in {folder} cannot be started: {error.strerror}.") from None
    _started[process.pid] = process
    step_back(process.pid)
    with suppress(psutil.Error):
        return Identity(process.pid, psutil.Process(process.pid).create_time())
    return Identity(process.pid, 0.0)


def is_alive(identity: Identity) -> bool:
    """Return whether that very process still runs."""
    mine = _started.get(identity.pid)
    # Of a child, the first thread may be gone while others still end and nobody knows its exit code yet.
    return _find(identity) is not None if mine is None else mine.poll() is None


def exit_code(identity: Identity) -> int | None:
    """Return how it ended (minus the signal's number if it was killed); None where nobody knows."""
    mine = _started.get(identity.pid)
    return None if mine is None else mine.poll()


def interrupt(identity: Identity) -> None:
    """Ask it to end; on Windows, where that cannot be asked, end it."""
    process = _find(identity)
    if process is not None:
        with suppress(psutil.Error):
            if sys.platform == "win32":
                kill(identity)
            else:
                process.send_signal(signal.SIGINT)


def kill(identity: Identity) -> None:
    """End it and its helping processes at once."""
    process = _find(identity)
    if process is None:
        return
    with suppress(psutil.Error):
        helpers = process.children(recursive=True)
        process.kill()
        for helper in helpers:
            with suppress(psutil.Error):
                helper.kill()


def _find(identity: Identity) -> psutil.Process | None:
    try:
        process = psutil.Process(identity.pid)
        same = abs(process.create_time() - identity.started_s) < _START_TOLERANCE_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def _search_path() -> str:
    """Let a checkout that is not installed find itself from another folder."""
    here = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join([here, inherited] if inherited else [here])
