"""Lists the speech and noise of folders in a catalogue, and reports what cannot be used and why."""

import os
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from train_cli.events import Reporter
from train_cli.options import SPLITS, ScanOptions
from workbench.corpora.catalogue import Entry, read_catalogue, write_catalogue
from workbench.corpora.inspection import Rules
from workbench.corpora.recordings import refuse_leaks
from workbench.corpora.scanning import Scan, Scanner, why_left_out
from workbench.corpora.splits import SplitShares
from workbench.errors import WorkbenchError

_SAVE_EVERY_S = 20.0
_EXAMPLES = 3


def scan(options: ScanOptions, reporter: Reporter) -> None:
    """Make or renew a catalogue.

    A scan that is stopped goes on where it stood: what is decoded is kept beside the catalogue meanwhile.

    Raises
    ------
    WorkbenchError
        A folder is missing or holds nothing that can be used, the splits share a speaker or a recording, or
        the catalogue cannot be written.
    """
    reporter.started("scan", asdict(options))
    partial = options.output.with_name(f"{options.output.name}.partial")
    scanner = Scanner(
        options.data,
        _known(options, partial),
        rules=Rules(options.min_seconds, options.min_rate, options.silence_db),
        shares=SplitShares(options.dev_share, options.test_share, options.seed),
        class_table=options.class_table,
        workers=options.workers or os.cpu_count() or 1,
    )
    start_s = saved_s = time.monotonic()
    try:
        for done, n_files in scanner.inspect():
            now_s = time.monotonic()
            reporter.progress(done, n_files, (now_s - start_s) / done * (n_files - done))
            if now_s - saved_s > _SAVE_EVERY_S:
                write_catalogue(partial, scanner.entries.values())
                saved_s = now_s
    except KeyboardInterrupt:
        write_catalogue(partial, scanner.entries.values())
        raise
    found = scanner.finish()
    write_catalogue(options.output, found.entries)
    partial.unlink(missing_ok=True)
    _report(found, options, reporter)
    reporter.artifact("catalogue", str(options.output))
    refuse_leaks(found.leaks, options.output)
    if not found.used:
        raise WorkbenchError(f"None of the {len(found.entries)} files can be used; see the reasons above.")
    n_used, n_all = len(found.used), len(found.entries)
    reporter.finished(f"{n_used} of {n_all} files are used; edit {options.output} to change what is.")


def _known(options: ScanOptions, partial: Path) -> list[Entry]:
    if options.fresh:
        return []
    known = read_catalogue(partial, finished=False) if partial.exists() else []
    return [*known, *(read_catalogue(options.output) if options.output.exists() else [])]


def _report(found: Scan, options: ScanOptions, reporter: Reporter) -> None:
    if found.used:
        reporter.table("Used", _by_class(found.used))
    speech = [entry for entry in found.used if entry.kind == "speech"]
    if speech:
        reporter.table("Speakers", _by_speaker(speech))
    reasons: dict[str, dict[str, float | str]] = {
        why: {"files": len(entries), "such as": _some(entries)}
        for why, entries in why_left_out(found.left_out).items()
    }
    if reasons:
        reporter.table("Not used", reasons)
    remarked = [entry for entry in found.used if entry.problems]
    if remarked:
        reporter.note(f"{len(remarked)} files are used with a remark (column 'problems'): {_some(remarked)}.")
    if found.n_kept:
        reporter.note(
            f"{found.n_kept} unchanged files were kept as {options.output} had them; --fresh scans them anew."
        )
    for note in found.notes:
        reporter.note(note)
    for entry in found.left_out:
        reporter.detail("left_out", path=str(entry.path), why=entry.problems)


def _by_class(entries: Iterable[Entry]) -> dict[str, dict[str, float | str]]:
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.noise_class or entry.kind].append(entry)
    rows: dict[str, dict[str, float | str]] = {}
    for name in sorted(groups, key=lambda name: (name != "speech", name)):
        row: dict[str, float | str] = {}
        for split in SPLITS:
            here = [entry for entry in groups[name] if entry.split == split]
            row[f"{split} files"] = len(here)
            row[f"{split} h"] = sum(entry.seconds for entry in here) / 3600
        rows[name] = {**row, "speakers or recordings": len({entry.source for entry in groups[name]})}
    return rows


def _by_speaker(entries: Iterable[Entry]) -> dict[str, dict[str, float | str]]:
    seconds: dict[str, dict[str, float]] = {split: defaultdict(float) for split in SPLITS}
    for entry in entries:
        seconds[entry.split][entry.speaker] += entry.seconds
    return {
        split: {
            "speakers": len(by_speaker),
            "least s": min(by_speaker.values(), default=0.0),
            "most s": max(by_speaker.values(), default=0.0),
        }
        for split, by_speaker in seconds.items()
    }


def _some(entries: list[Entry]) -> str:
    names = ", ".join(f"{entry.path.parent.name}/{entry.path.name}" for entry in entries[:_EXAMPLES])
    return names + (", ..." if len(entries) > _EXAMPLES else "")
