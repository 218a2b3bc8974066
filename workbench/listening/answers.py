"""What listeners answered, read from their session files and still blind; bringing computers together."""

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.listening.order import screens_for
from workbench.listening.prepared import PreparedTest, open_prepared
from workbench.listening.session import SESSION_SUFFIX, is_finished, read_session


@dataclass(frozen=True)
class SessionAnswers:
    """A session as it was answered.

    Attributes
    ----------
    session, listener : str
    index : int
    begun : str
        Time in UTC.
    is_finished : bool
    entries : tuple of dict
        One for each screen: "screen", "kind", "at", "values"; of trials also "block", "training" and
        "stimuli" (blind name by label), where known "heard" and "seconds".
    """

    session: str
    listener: str
    index: int
    begun: str
    is_finished: bool
    entries: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Merged:
    """How many sessions were new, went on from ones that were there, or were there already."""

    n_added: int
    n_continued: int
    n_known: int


def read_sessions(prepared: PreparedTest, others: Iterable[Path] = ()) -> list[SessionAnswers]:
    """Read all sessions of a test.

    Parameters
    ----------
    prepared : PreparedTest
    others : iterable of pathlib.Path
        Folders with further sessions: copies of the test on other computers, or of their sessions alone. Of a
        session that is in several places the longest is taken.

    Raises
    ------
    WorkbenchError
        A session is damaged or belongs to another test.
    """
    found: dict[str, SessionAnswers] = {}
    for folder in (prepared.folder, *others):
        for path in session_files(folder):
            if (content := read_session(path)) is None:
                continue
            header, entries = content
            if header["test"] != prepared.digest:
                raise WorkbenchError(f"{path} belongs to another test; take it out of the folder.")
            screens = screens_for(prepared, header["index"])
            answers = SessionAnswers(
                session=header["session"],
                listener=header["listener"],
                index=header["index"],
                begun=header["begun"],
                is_finished=is_finished(screens, len(entries)),
                entries=tuple(entries),
            )
            known = found.get(answers.session)
            if known is None or len(known.entries) < len(answers.entries):
                found[answers.session] = answers
    return sorted(found.values(), key=lambda each: (each.begun, each.session))


def session_files(folder: Path) -> list[Path]:
    """Return the session files of a prepared test or of a folder that holds nothing but sessions."""
    inner = folder / "sessions"
    return sorted((inner if inner.is_dir() else folder).glob(f"*{SESSION_SUFFIX}"))


def merge(folder: Path, others: Iterable[Path]) -> Merged:
    """Copy the sessions of other computers into a prepared test; doing so again changes nothing.

    Parameters
    ----------
    folder : pathlib.Path
        A prepared test.
    others : iterable of pathlib.Path
        Copies of it, or folders of sessions.

    Raises
    ------
    WorkbenchError
        A session is damaged, belongs to another test, or went on differently in two places; nothing of that
        folder is copied then.
    """
    prepared = open_prepared(folder)
    n_added = n_continued = n_known = 0
    for other in others:
        files = session_files(other)
        if not files:
            raise WorkbenchError(f"There are no sessions in {other}; choose a copy of the test.")
        read_sessions(prepared, [other])
        for path in files:
            target = prepared.sessions_folder / path.name
            here, there = (each.read_bytes() if each.exists() else b"" for each in (target, path))
            if here.startswith(there):
                n_known += 1
                continue
            if not there.startswith(here):
                raise WorkbenchError(f"{path} and {target} went on differently; keep one of them.")
            _replace(target, there)
            if here:
                n_continued += 1
            else:
                n_added += 1
    return Merged(n_added, n_continued, n_known)


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".workbench-{secrets.token_hex(6)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise WorkbenchError(f"{path} cannot be written ({error.strerror}).") from error
