"""Recordings of speech and noise for training and measuring, from a folder or a catalogue."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from workbench.audio.files import info
from workbench.corpora.catalogue import Entry, read_catalogue
from workbench.corpora.layouts import Found, find_files
from workbench.corpora.splits import SplitShares, assign_splits, find_leaks
from workbench.dsp import SAMPLE_RATE
from workbench.errors import WorkbenchError


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
    source : str
        Name of the source recording.
    """

    path: Path
    kind: Literal["speech", "noise"]
    split: str
    group: str
    source: str


def find_recordings(data: Path) -> list[Recording]:
    """Find all recordings that can be used, sorted by path.

    Parameters
    ----------
    data : Path
        A catalogue made by ``train_cli scan``, or a folder in one of the layouts of
        `workbench.corpora.layouts`. A folder's files are not decoded here: `scan` finds what is damaged.

    Returns
    -------
    list of Recording

    Raises
    ------
    WorkbenchError
        There is no such folder or catalogue, it holds no recordings, or two splits share a speaker or a
        source recording.
    """
    items: Sequence[Entry | Found]
    if data.is_file():
        items = [entry for entry in read_catalogue(data) if entry.use]
        splits = [item.split for item in items]
    else:
        items = [found for found in find_files(data).files if not found.problem]
        splits, _ = assign_splits(items, SplitShares())
    if not items:
        raise WorkbenchError(
            f"{data} holds no recordings as speech/<split>/<speaker>/* or noise/<split>/<class>/*; add some."
        )
    refuse_leaks(find_leaks(items), data)
    recordings = [
        Recording(
            item.path,
            cast(Literal["speech", "noise"], item.kind),
            split,
            item.speaker or item.noise_class,
            item.recording,
        )
        for item, split in zip(items, splits, strict=True)
    ]
    return sorted(recordings, key=lambda recording: str(recording.path))


def select(
    recordings: Iterable[Recording], kind: str, split: str, group: str | None = None
) -> list[Recording]:
    """Return the recordings of one kind and split, and of one group if given."""
    return [
        r for r in recordings if r.kind == kind and r.split == split and (group is None or r.group == group)
    ]


def doubts_about(data: Path) -> list[str]:
    """Say what a training on a folder should know: files that are not used, and files of a low sampling rate.

    Only places and headers are looked at; a catalogue has been scanned and gives no doubts.

    Returns
    -------
    list of str
        One sentence each.
    """
    if not data.is_dir():
        return []
    found = find_files(data).files
    unplaced = [each for each in found if each.problem]
    low = []
    for each in found:
        # What cannot be opened is refused, with its name, by who reads it.
        with suppress(WorkbenchError):
            if not each.problem and info(each.path).sample_rate_hz < SAMPLE_RATE:
                low.append(each)
    advice = "'train_cli scan' lists all and makes a catalogue of the good ones."
    doubts = []
    if unplaced:
        first = unplaced[0]
        doubts.append(f"{len(unplaced)} files are not used, such as {first.path} ({first.problem}); {advice}")
    if low:
        what = f"{len(low)} files are sampled at less than {SAMPLE_RATE} Hz"
        doubts.append(f"{what}, such as {low[0].path}; {advice}")
    return doubts


def refuse_leaks(leaks: Sequence[str], data: Path) -> None:
    """Refuse splits that share a speaker or a source recording.

    Parameters
    ----------
    leaks : sequence of str
        As `find_leaks` names them.
    data : Path
        The folder or catalogue.

    Raises
    ------
    WorkbenchError
        Names up to three of them.
    """
    if leaks:
        more = f", and {len(leaks) - 3} more" if len(leaks) > 3 else ""
        how = (
            "edit its columns 'split', 'speaker' or 'recording', or set 'use' to no"
            if data.suffix.lower() == ".csv"
            else "move each into one split, or make a catalogue with 'train_cli scan' and edit it"
        )
        raise WorkbenchError(
            f"The splits of {data} share what they must not: {'; '.join(leaks[:3])}{more}; {how}."
        )
