"""The catalogue of a collection: a CSV file with one row per sound file, made by `scan`, editable by hand.

Columns: ``use`` (yes or no), ``path`` (from the catalogue's folder), ``kind`` (speech or noise), ``class``
(of noise), ``speaker`` (of speech), ``recording`` (the source recording), ``split``, ``seconds``,
``rate_hz``, ``channels``, ``problems`` (why it is not used, or remarks), and what tells whether a file has
changed since: ``bytes``, ``modified``, ``content``. Only ``path``, ``kind``, ``split``, and ``class`` or
``speaker`` must be there, so a catalogue can also be written by hand.
"""

import csv
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workbench.corpora.layouts import NOISE_CLASSES
from workbench.corpora.splits import OTHER_SOUNDS, SPLITS
from workbench.errors import WorkbenchError

COLUMNS = (
    *("use", "path", "kind", "class", "speaker", "recording", "split", "seconds", "rate_hz", "channels"),
    *("problems", "bytes", "modified", "content"),
)
_YES, _NO = ("", "yes", "y", "true", "1"), ("no", "n", "false", "0")


@dataclass(frozen=True)
class Entry:
    """One row of a catalogue.

    Attributes
    ----------
    path : Path
    kind : str
        "speech" or "noise".
    noise_class, speaker, recording, split : str
        Empty where they do not apply or are not known.
    use : bool
    seconds : float
    rate_hz, channels : int
        0 where the file could not be read.
    problems : str
        Why it is not used, or remarks, separated by semicolons.
    n_bytes, modified_ns : int
        Size and time of change when it was scanned.
    content : str
        Fingerprint of the bytes.
    """

    path: Path
    kind: str
    noise_class: str = ""
    speaker: str = ""
    recording: str = ""
    split: str = ""
    use: bool = True
    seconds: float = 0.0
    rate_hz: int = 0
    channels: int = 0
    problems: str = ""
    n_bytes: int = 0
    modified_ns: int = 0
    content: str = ""

    @property
    def source(self) -> str:
        """What must not be in two splits: the speaker, or the source recording of a noise."""
        return self.speaker or self.recording


def write_catalogue(path: Path, entries: Iterable[Entry]) -> None:
    """Write a catalogue whole or not at all.

    Raises
    ------
    WorkbenchError
        The file cannot be written.
    """
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(_row(entry, path.parent) for entry in entries)
        scratch.replace(path)
    except OSError as error:
        raise WorkbenchError(f"The catalogue {path} cannot be written: {error.strerror}.") from None
    finally:
        scratch.unlink(missing_ok=True)


def _row(entry: Entry, folder: Path) -> tuple[object, ...]:
    return (
        "yes" if entry.use else "no",
        _relative(entry.path, folder),
        entry.kind,
        entry.noise_class,
        entry.speaker,
        entry.recording,
        entry.split,
        f"{entry.seconds:g}" if entry.seconds < 1000 else f"{entry.seconds:.1f}",
        entry.rate_hz,
        entry.channels,
        entry.problems,
        entry.n_bytes,
        entry.modified_ns,
        entry.content,
    )


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive of Windows
        return path.resolve().as_posix()


def read_catalogue(path: Path, *, finished: bool = True) -> list[Entry]:
    """Read a catalogue.

    Parameters
    ----------
    path : Path
    finished : bool
        Every row that is used must have a split; a scan that was stopped has not drawn them yet.

    Returns
    -------
    list of Entry
        In the order of the rows; paths are below the catalogue's folder unless absolute.

    Raises
    ------
    WorkbenchError
        The file is missing or is no catalogue; the sentence names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in ("path", "kind", "split") if name not in (reader.fieldnames or ())]
            if missing:
                raise WorkbenchError(
                    f"{path} is no catalogue because it has no column “{missing[0]}”; make one with "
                    "'train_cli scan'."
                )
            return [
                _entry({k: (v or "").strip() for k, v in row.items() if k}, path, reader.line_num, finished)
                for row in reader
            ]
    except OSError as error:
        raise WorkbenchError(f"The catalogue {path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise WorkbenchError(
            f"{path} is no catalogue; name one made by 'train_cli scan', or a folder of recordings."
        ) from None


def _entry(row: dict[str, str], path: Path, line: int, finished: bool) -> Entry:
    def demand(holds: bool, rule: str) -> None:
        if not holds:
            raise WorkbenchError(f"{path} is not valid in line {line}: {rule}.")

    def number(name: str) -> float:
        try:
            return float(row.get(name) or 0)
        except ValueError:
            raise WorkbenchError(f"{path} is not valid in line {line}: {name} must be a number.") from None

    use, kind, split = row.get("use", "").lower(), row["kind"], row["split"]
    noise_class, speaker = row.get("class", ""), row.get("speaker", "")
    demand(use in (*_YES, *_NO), f"use must be yes or no, not “{use}”")
    demand(bool(row["path"]), "path is empty")
    demand(kind in ("speech", "noise"), f"kind must be speech or noise, not “{kind}”")
    if use in _YES:
        known = split in SPLITS or not (split or finished)
        demand(known, f"split must be {', '.join(SPLITS[:-1])} or {SPLITS[-1]}, not “{split}”")
        if kind == "noise":
            demand(
                noise_class in (*NOISE_CLASSES, OTHER_SOUNDS),
                f"class must be one of {', '.join(NOISE_CLASSES)} or {OTHER_SOUNDS}, not “{noise_class}”",
            )
        else:
            demand(bool(speaker), "speaker is empty")
    return Entry(
        path=path.parent / row["path"],
        kind=kind,
        noise_class=noise_class,
        speaker=speaker,
        recording=row.get("recording") or Path(row["path"]).stem,
        split=split,
        use=use in _YES,
        seconds=number("seconds"),
        rate_hz=int(number("rate_hz")),
        channels=int(number("channels")),
        problems=row.get("problems", ""),
        n_bytes=int(number("bytes")),
        # A float would lose nanoseconds.
        modified_ns=int(row["modified"]) if row.get("modified", "").isdigit() else 0,
        content=row.get("content", ""),
    )
