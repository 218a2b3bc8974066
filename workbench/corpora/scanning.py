"""Scanning of collections: find every file, decode it once, draw the splits that are missing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from workbench.corpora.catalogue import Entry
from workbench.corpora.inspection import Rules, inspect
from workbench.corpora.layouts import Found, find_files
from workbench.corpora.splits import OTHER_SOUNDS, SplitShares, assign_splits, find_leaks
from workbench.errors import WorkbenchError

_COPY = "the same sound as"


@dataclass
class Scan:
    """What a scan found.

    Attributes
    ----------
    entries : list of Entry
        All files, used or not, sorted by path, other sounds last.
    notes : list of str
        What a user should know, one sentence each.
    leaks : list of str
        Speakers and recordings that are in more than one split.
    n_kept : int
        Files that had not changed since the last scan.
    """

    entries: list[Entry]
    notes: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    n_kept: int = 0

    @property
    def used(self) -> list[Entry]:
        """Files that will be used."""
        return [entry for entry in self.entries if entry.use]

    @property
    def left_out(self) -> list[Entry]:
        """Files that will not be used."""
        return [entry for entry in self.entries if not entry.use]


class Scanner:
    """Scans folders; files that a known catalogue lists and that have not changed are not decoded again.

    Parameters
    ----------
    roots : sequence of Path
        Folders.
    known : iterable of Entry
        A former scan. Rows of unchanged files are kept as they are, with what was edited in them.
    rules : Rules
    shares : SplitShares
    class_table : Path, optional
        See `find_files`.
    workers : int
        Threads that decode.

    Raises
    ------
    WorkbenchError
        A folder is missing or holds no sound files.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        known: Iterable[Entry] = (),
        *,
        rules: Rules | None = None,
        shares: SplitShares | None = None,
        class_table: Path | None = None,
        workers: int = 2,
    ) -> None:
        self._rules = rules or Rules()
        self._shares = shares or SplitShares()
        self._workers = workers
        self._notes: list[str] = []
        found: dict[Path, Found] = {}
        for root in roots:
            finds = find_files(root, class_table)
            if not finds.files:
                raise WorkbenchError(f"{root} holds no sound files; name a folder of speech or noise.")
            self._notes += finds.notes
            found |= {each.path.resolve(): each for each in finds.files}
        before = {entry.path.resolve(): entry for entry in known}
        gone = [path for path in before if path not in found]
        if gone:
            self._notes.append(
                f"{len(gone)} files of the former catalogue are missing in these folders and were taken out: "
                f"{_names(gone)}."
            )
        self.entries = {path: before[path] for path in found if _unchanged(path, before)}
        """Rows of files that are done, by path."""
        self._n_kept = len(self.entries)
        self._to_do = [found[path] for path in sorted(found) if path not in self.entries]

    def inspect(self) -> Iterator[tuple[int, int]]:
        """Decode what is new; yields the number of files done and of all that are to be decoded."""
        pool = ThreadPoolExecutor(self._workers)
        try:
            for done, entry in enumerate(pool.map(self._inspect, self._to_do), start=1):
                self.entries[entry.path.resolve()] = entry
                yield done, len(self._to_do)
        finally:
            # Who interrupts a scan does not wait for the files that are left.
            pool.shutdown(cancel_futures=True)

    def finish(self) -> Scan:
        """Leave out copies, draw the splits that are missing, look for leaks."""
        # Of a noise that is also among other sounds, the one whose class is known is kept.
        by_path = sorted(
            self.entries.values(), key=lambda entry: (entry.noise_class == OTHER_SOUNDS, str(entry.path))
        )
        entries, copies = _without_copies([_reconsidered(entry) for entry in by_path])
        used = [entry for entry in entries if entry.use]
        leaks = find_leaks(used)
        splits, notes = assign_splits(used, self._shares)
        split_of = {entry.path: split for entry, split in zip(used, splits, strict=True)}
        entries = [replace(entry, split=split_of.get(entry.path, entry.split)) for entry in entries]
        return Scan(entries, [*self._notes, *notes], [*leaks, *copies], self._n_kept)

    def _inspect(self, found: Found) -> Entry:
        seen = inspect(found.path, found.kind, self._rules)
        status = found.path.stat() if found.path.exists() else None
        # What the place says counts first; what is in the file is told beside it.
        problems = [found.problem, *seen.problems] if found.problem else list(seen.problems)
        if found.problem and not seen.rate_hz:
            problems = [found.problem]
        return Entry(
            path=found.path,
            kind=found.kind,
            noise_class=found.noise_class,
            speaker=found.speaker,
            recording=found.recording,
            split=found.split,
            use=seen.usable and not found.problem,
            seconds=seen.seconds,
            rate_hz=seen.rate_hz,
            channels=seen.channels,
            problems="; ".join(problems),
            n_bytes=status.st_size if status else 0,
            modified_ns=status.st_mtime_ns if status else 0,
            content=seen.content,
        )


def _unchanged(path: Path, before: Mapping[Path, Entry]) -> bool:
    entry, status = before.get(path), path.stat()
    return entry is not None and (entry.n_bytes, entry.modified_ns) == (status.st_size, status.st_mtime_ns)


def _reconsidered(entry: Entry) -> Entry:
    """Let a copy of an earlier scan take part again: what it was a copy of may be gone."""
    return replace(entry, use=True, problems="") if entry.problems.startswith(_COPY) else entry


def _without_copies(entries: Sequence[Entry]) -> tuple[list[Entry], list[str]]:
    """Leave out all but the first of equal files; copies in two splits are leaks."""
    first: dict[str, Entry] = {}
    kept, leaks = [], []
    for entry in entries:
        original = first.setdefault(entry.content, entry) if entry.use and entry.content else entry
        if original is not entry and original.split != entry.split and original.split and entry.split:
            leaks.append(
                f"{original.path.name} in {original.split} and {entry.path.name} in {entry.split} "
                "are the same recording"
            )
        elif original is not entry:
            entry = replace(entry, use=False, problems=f"{_COPY} {original.path.name}")
        kept.append(entry)
    return kept, leaks


def _names(paths: Sequence[Path], most: int = 3) -> str:
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(path.name for path in paths[:most]) + more


def why_left_out(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Group what is not used by the reason, the most frequent first.

    Numbers and names within a reason are left aside: "too short: 0.20 s" and "too short: 0.31 s" are one.
    """
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        reason = entry.problems.split(";")[0] or "set to no by hand"
        if reason.startswith(_COPY):
            reason = f"{_COPY} another"
        groups[reason if "(closest" in reason else reason.split(":")[0].split(" of ")[0]].append(entry)
    counts = Counter({reason: len(found) for reason, found in groups.items()})
    return {reason: groups[reason] for reason, _ in counts.most_common()}
