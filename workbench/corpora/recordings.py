"""Recordings of speech and noise, and the folder layouts in which they are found.

Layouts read below one root folder::

    speech/<split>/<speaker>/*      speech by split and speaker
    speech/timit/TIMIT/...          TIMIT as it comes: TRAIN|TEST/DR1..8/<speaker>/*
    noise/<split>/<class>/*         noise by split and class; one file per source recording

A split is "train", "dev" or "test". TIMIT's own TEST part is read as "test", its TRAIN part as "train".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbench.audio.files import is_audio_name
from workbench.errors import WorkbenchError

SPLITS = ("train", "dev", "test")
NOISE_FOLDERS = ("human", "tv_radio", "vehicle", "household")


@dataclass(frozen=True)
class Recording:
    """One file of speech or noise.

    Attributes
    ----------
    path : Path
    kind : str
        "speech" or "noise".
    split : str
        "train", "dev" or "test".
    group : str
        Speaker, or noise class.
    """

    path: Path
    kind: Literal["speech", "noise"]
    split: str
    group: str


def find_recordings(root: Path) -> list[Recording]:
    """Find all recordings below a folder, sorted by path.

    Parameters
    ----------
    root : Path
        Folder with ``speech`` and ``noise`` in it.

    Returns
    -------
    list of Recording

    Raises
    ------
    WorkbenchError
        The folder is missing, holds no recordings, or has one speaker in two splits.
    """
    if not root.is_dir():
        raise WorkbenchError(f"There is no folder {root}; name the one that holds 'speech' and 'noise'.")
    found = sorted([*_speech(root / "speech"), *_noise(root / "noise")], key=lambda r: str(r.path))
    if not found:
        raise WorkbenchError(
            f"{root} holds no recordings as speech/<split>/<speaker>/* or noise/<split>/<class>/*; add some."
        )
    _refuse_shared_speakers(found)
    return found


def select(
    recordings: Iterable[Recording], kind: str, split: str, group: str | None = None
) -> list[Recording]:
    """Return the recordings of one kind and split, and of one group if given."""
    return [
        r for r in recordings if r.kind == kind and r.split == split and (group is None or r.group == group)
    ]


def _speech(folder: Path) -> Iterator[Recording]:
    for split in SPLITS:
        for speaker in _folders(folder / split):
            yield from (Recording(path, "speech", split, speaker.name) for path in _audio(speaker))
    for part, split in (("TRAIN", "train"), ("TEST", "test")):
        for dialect in _folders(folder / "timit" / "TIMIT" / part):
            for speaker in _folders(dialect):
                yield from (Recording(path, "speech", split, speaker.name) for path in _audio(speaker))


def _noise(folder: Path) -> Iterator[Recording]:
    for split in SPLITS:
        for name in NOISE_FOLDERS:
            yield from (Recording(path, "noise", split, name) for path in _audio(folder / split / name))


def _folders(folder: Path) -> list[Path]:
    return sorted(child for child in folder.iterdir() if child.is_dir()) if folder.is_dir() else []


def _audio(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and is_audio_name(path))


def _refuse_shared_speakers(recordings: Iterable[Recording]) -> None:
    split_of: dict[str, str] = {}
    for recording in recordings:
        if recording.kind == "speech":
            known = split_of.setdefault(recording.group, recording.split)
            if known != recording.split:
                raise WorkbenchError(
                    f"Speaker {recording.group} is in the splits {known} and {recording.split}; "
                    "keep each speaker in one of them."
                )
