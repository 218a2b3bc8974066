"""One listener taking a test: which screen is next, and answers that are on disk before it appears.

A session is a file of its own with a name that no other computer gives, one line of JSON for each answer.
Lines are only ever added, each written through to the disk; a line that a crash cut short was never answered.
"""

import json
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import workbench
from workbench.errors import WorkbenchError
from workbench.listening.order import screens_for
from workbench.listening.prepared import PreparedTest, open_prepared
from workbench.listening.screens import LevelScreen, Screen, TextScreen, TrialScreen, Values, missing

FORMAT = 1
SESSION_SUFFIX = ".jsonl"
_LISTENER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that look alike


@dataclass(frozen=True)
class SessionInfo:
    """What a session file says of itself."""

    path: Path
    id: str
    listener: str
    index: int
    test: str
    begun: str
    n_done: int
    n_screens: int
    is_finished: bool


class Session:
    """A listener's way through a test.

    Made by `open_session`, or by `preview`, which writes nothing.

    Attributes
    ----------
    prepared : PreparedTest
    id : str
        Unique among all computers.
    listener : str
        Pseudonym.
    index : int
        Number of the listener, which the orders follow from.
    screens : tuple of Screen
        All of them, in this listener's order.
    """

    def __init__(
        self,
        prepared: PreparedTest,
        listener: str,
        index: int,
        *,
        identity: str,
        path: Path | None = None,
        answered: list[dict[str, Any]] | None = None,
    ) -> None:
        self.prepared = prepared
        self.id = identity
        self.listener = listener
        self.index = index
        self.screens = screens_for(prepared, index)
        self._path = path
        self._size = path.stat().st_size if path is not None else 0
        self._n_done = 0
        self._gain_db = 0.0
        for entry in answered or []:
            screen = self.screen
            if screen is None or entry["screen"] != screen.id:
                raise WorkbenchError(f"The session {identity} does not go with this test; begin a new one.")
            self._go_on(screen, entry["values"])

    @property
    def screen(self) -> Screen | None:
        """What is to be shown now; None after the last."""
        return self.screens[self._n_done] if self._n_done < len(self.screens) else None

    @property
    def progress(self) -> tuple[int, int]:
        """Screens done, and screens in all."""
        return self._n_done, len(self.screens)

    @property
    def is_finished(self) -> bool:
        """Whether all was answered; what is left may be thanks."""
        return is_finished(self.screens, self._n_done)

    @property
    def gain_db(self) -> float:
        """Level that the listener set, to be applied to all sounds; 0 before."""
        return self._gain_db

    def missing(self, values: Values, heard: Mapping[str, float] | None = None) -> list[str]:
        """Return what has to be done on the present screen before the next; see `screens.missing`."""
        return [] if self.screen is None else missing(self.screen, values, heard)

    def answer(
        self, values: Values, *, heard: Mapping[str, float] | None = None, seconds: float | None = None
    ) -> Screen | None:
        """Answer the present screen; the answer is on the disk when this returns.

        Parameters
        ----------
        values : mapping
            As the screen's class says.
        heard : mapping, optional
            Share of each stimulus that was heard, by label.
        seconds : float, optional
            Time that it took.

        Returns
        -------
        Screen or None
            The next one.

        Raises
        ------
        WorkbenchError
            Something is missing, or the answer could not be saved; the screen then stays.
        """
        screen = self.screen
        if screen is None:
            raise WorkbenchError("The test is over; there is nothing to answer.")
        if lacking := missing(screen, values, heard):
            raise WorkbenchError(lacking[0])
        entry = entry_of(screen, values, heard=heard, seconds=seconds)
        if self._path is not None:
            self._size = _append(self._path, entry, self._size)
        self._go_on(screen, values)
        return self.screen

    def _go_on(self, screen: Screen, values: Values) -> None:
        self._n_done += 1
        if isinstance(screen, LevelScreen):
            self._gain_db = float(values["gain_db"] or 0.0)


def entry_of(
    screen: Screen,
    values: Values,
    *,
    heard: Mapping[str, float] | None = None,
    seconds: float | None = None,
) -> dict[str, Any]:
    """Return what is kept of an answer: one line of a session file."""
    entry: dict[str, Any] = {"screen": screen.id, "kind": screen.kind, "at": _now(), "values": dict(values)}
    if isinstance(screen, TrialScreen):
        entry |= {
            "block": screen.block,
            "training": screen.is_training,
            "stimuli": {each.label: each.id for each in screen.stimuli},
        }
    if heard is not None:
        entry["heard"] = {label: round(share, 3) for label, share in heard.items()}
    if seconds is not None:
        entry["seconds"] = round(seconds, 2)
    return entry


def is_finished(screens: tuple[Screen, ...], n_done: int) -> bool:
    """Return whether nothing but thanks is left."""
    return all(isinstance(each, TextScreen) and each.kind == "thanks" for each in screens[n_done:])


def open_session(
    folder: Path, listener: str | None = None, *, index: int | None = None, again: bool = False
) -> Session:
    """Begin a session, or go on with the one that this listener has not finished.

    Parameters
    ----------
    folder : pathlib.Path
        A prepared test.
    listener : str, optional
        Pseudonym: letters, digits, hyphens; a new one is made if none is given. Not a name.
    index : int, optional
        Number of the listener, from 0 on; the next one here if not given. Where several computers are used,
        numbers that differ keep the orders balanced.
    again : bool
        Whether a listener who has finished begins anew.

    Raises
    ------
    WorkbenchError
        There is no such test, the pseudonym is none, or the listener has finished.
    """
    prepared = open_prepared(folder)
    if listener is None:
        listener = new_listener_id()
    elif not _LISTENER.fullmatch(listener):
        raise WorkbenchError(
            "A listener's code has up to 32 letters, digits and hyphens, such as L07; do not use a name."
        )
    earlier = [
        each for each in list_sessions(folder) if each.listener == listener and each.test == prepared.digest
    ]
    for found in earlier:
        if not found.is_finished:
            return _resume(prepared, found.path)
    if earlier and not again:
        raise WorkbenchError(f"{listener} has finished this test; choose another code.")
    if index is None:
        index = len(list_sessions(folder))
    elif index < 0:
        raise WorkbenchError("The number of a listener is 0 or more.")
    return _begin(prepared, listener, index)


def preview(folder: Path, index: int = 0) -> Session:
    """Return a session that writes nothing, to try a test out.

    Raises
    ------
    WorkbenchError
        There is no such test.
    """
    return Session(open_prepared(folder), "preview", index, identity="preview")


def new_listener_id() -> str:
    """Return a pseudonym that nobody else has, six letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(6))


def list_sessions(folder: Path) -> list[SessionInfo]:
    """Return the sessions of a prepared test, the oldest first.

    Raises
    ------
    WorkbenchError
        There is no such test, or a session is damaged.
    """
    prepared = open_prepared(folder)
    found = []
    for path in sorted(prepared.sessions_folder.glob(f"*{SESSION_SUFFIX}")):
        if (content := read_session(path)) is None:
            continue
        header, answered = content
        screens = screens_for(prepared, header["index"]) if header["test"] == prepared.digest else ()
        found.append(
            SessionInfo(
                path=path,
                id=header["session"],
                listener=header["listener"],
                index=header["index"],
                test=header["test"],
                begun=header["begun"],
                n_done=len(answered),
                n_screens=header["screens"],
                is_finished=bool(screens) and is_finished(screens, len(answered)),
            )
        )
    return sorted(found, key=lambda each: (each.begun, each.id))


def read_session(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """Read what was answered in a session, without what a crash cut short.

    Returns
    -------
    header : dict
    answered : list of dict
        Or None where not even the header was written.

    Raises
    ------
    WorkbenchError
        The file cannot be read, is damaged, or no session.
    """
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
        entries = [json.loads(line) for line in lines]
        if not entries:
            return None
        header, *answered = entries
        if header["format"] != FORMAT:
            raise WorkbenchError(f"{path} is from another version of the workbench; update it.")
        for each in answered:
            _ = each["screen"], each["values"]
        return {name: header[name] for name in _HEADER}, answered
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise WorkbenchError(f"{path} is damaged or no session; restore it from a copy.") from error


_HEADER = ("session", "listener", "index", "test", "begun", "screens")


def _begin(prepared: PreparedTest, listener: str, index: int) -> Session:
    identity = f"{listener}-{secrets.token_hex(6)}"
    path = prepared.sessions_folder / f"{identity}{SESSION_SUFFIX}"
    header = {
        "format": FORMAT,
        "session": identity,
        "listener": listener,
        "index": index,
        "test": prepared.digest,
        "begun": _now(),
        "screens": len(screens_for(prepared, index)),
        "version": workbench.__version__,
    }
    try:
        prepared.sessions_folder.mkdir(exist_ok=True)
        path.open("xb").close()
        _sync_folder(prepared.sessions_folder)
    except OSError as error:
        raise WorkbenchError(
            f"{prepared.sessions_folder} cannot be written ({error.strerror}); make it writable."
        ) from error
    _append(path, header, 0)
    return Session(prepared, listener, index, identity=identity, path=path)


def _resume(prepared: PreparedTest, path: Path) -> Session:
    content = read_session(path)
    if content is None:
        raise WorkbenchError(f"{path} is empty; remove it.")
    header, answered = content
    whole = path.read_bytes().rfind(b"\n") + 1
    with suppress(OSError):
        os.truncate(path, whole)
    return Session(
        prepared,
        header["listener"],
        header["index"],
        identity=header["session"],
        path=path,
        answered=answered,
    )


def _append(path: Path, entry: dict[str, Any], size: int) -> int:
    """Add a line, through to the disk; return the new size of the file.

    Raises
    ------
    WorkbenchError
        It could not be saved, or somebody else has written to the file; nothing was added.
    """
    line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
    try:
        with path.open("r+b", buffering=0) as file:
            if file.seek(0, os.SEEK_END) != size:
                raise WorkbenchError("This session is open in another window; close one of them.")
            try:
                written = file.write(line)
                if written != len(line):
                    raise OSError(0, "the disk is full")
                _sync(file.fileno())
            except OSError:
                with suppress(OSError):
                    file.truncate(size)
                raise
    except OSError as error:
        raise WorkbenchError(f"The answer could not be saved ({error.strerror}); try again.") from error
    return size + len(line)


def _sync(descriptor: int) -> None:
    """Have the disk keep what was written; macOS has a command of its own for that."""
    try:
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # type: ignore[attr-defined, unused-ignore]
    except (ImportError, AttributeError, OSError):
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Have the disk keep the name of a new file, where the system knows how."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
