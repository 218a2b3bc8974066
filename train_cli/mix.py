"""Writes a dataset of mixtures with a manifest, and makes the mixtures of a manifest again."""

import csv
import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import workbench
from train_cli.events import Reporter
from train_cli.options import MixOptions
from train_cli.trials import Trial, draw_trials, read_trial
from workbench.audio import files
from workbench.dsp import Signal
from workbench.dsp.mixing import Mixture, mix
from workbench.errors import WorkbenchError

MANIFEST_NAME, SETTINGS_NAME = "manifest.csv", "settings.json"
SIGNALS = ("clean", "noise", "noisy")
_TRIES = 8
_STRIDE = 0.618


@dataclass(frozen=True)
class Row:
    """One mixture of a manifest: what it takes to make it again, and how to know that it is the same.

    Paths are given from the manifest's folder. ``*_content`` are fingerprints of the sources (BLAKE2b of
    their bytes), ``*_sha256`` those of the three files.
    """

    name: str
    noise_class: str
    speaker: str
    recording: str
    snr_db: float
    measured_snr_db: float
    noise_offset_samples: int
    n_samples: int
    clean_gain: float
    noise_gain: float
    speech_path: str
    noise_path: str
    speech_content: str
    noise_content: str
    format: str
    clean_sha256: str
    noise_sha256: str
    noisy_sha256: str


_NUMBERS: dict[str, Any] = {each.name: each.type for each in fields(Row) if each.type in (int, float)}


def mix_files(options: MixOptions, reporter: Reporter) -> None:
    """Fill a folder with mixtures, or make those of a manifest again.

    Files are ``clean/NAME.wav``, ``noise/NAME.wav`` and ``noisy/NAME.wav``, which is the sum of the others.
    A run that was stopped goes on with the mixtures that are missing.

    Raises
    ------
    WorkbenchError
        The data or the manifest cannot be used, the folder holds other mixtures, or mixtures that were made
        again are not the same.
    """
    reporter.started("mix", asdict(options))
    if options.again is not None:
        _again(options.again, options.output, reporter)
        return
    _record_settings(options)
    manifest = options.output / MANIFEST_NAME
    known = {row.name: row for row in read_manifest(manifest)} if manifest.exists() else {}
    trials = list(draw_trials(options.data, options.split, options.snr_db, options.per_cell, options.seed))
    kept = [known[trial.name] for trial in trials if _is_made(trial, known, options.output)]
    # A row that was cut off when the last run was killed is dropped here.
    _write_manifest(manifest, kept)
    done = {row.name for row in kept}
    rows = list(kept)
    start_s = time.monotonic()
    to_do = [trial for trial in trials if trial.name not in done]
    for count, trial in enumerate(to_do, start=1):
        row = _make(trial, options)
        if row is None:
            reporter.warning(f"{trial.name} is left out: {trial.speech} or {trial.noise} is silent.")
            continue
        _append(manifest, row)
        rows.append(row)
        elapsed_s = time.monotonic() - start_s
        reporter.progress(len(kept) + count, len(trials), elapsed_s / count * (len(to_do) - count))
    reporter.table("Mixtures", _by_snr(rows))
    reporter.artifact("manifest", str(manifest))
    reporter.finished(f"{len(rows)} mixtures are in {options.output}; {len(kept)} were there already.")


def read_manifest(path: Path) -> list[Row]:
    """Read a manifest; a last row that was cut off is left aside.

    Raises
    ------
    WorkbenchError
        The file is missing or is no manifest.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != tuple(each.name for each in fields(Row)):
                raise WorkbenchError(f"{path} is no manifest of mixtures; name one made by 'train_cli mix'.")
            rows = list(reader)
    except OSError as error:
        raise WorkbenchError(f"The manifest {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise WorkbenchError(
            f"{path} is no manifest of mixtures; name one made by 'train_cli mix'."
        ) from None
    whole = [row for row in rows if len(row["noisy_sha256"] or "") == 64]
    try:
        return [_row(row) for row in whole]
    except (TypeError, ValueError) as error:
        raise WorkbenchError(f"{path} has a row that cannot be understood ({error}).") from None


def _row(values: dict[str, str]) -> Row:
    typed: dict[str, Any] = {name: _NUMBERS.get(name, str)(value) for name, value in values.items()}
    return Row(**typed)


def _record_settings(options: MixOptions) -> None:
    """Write down what the folder holds; refuse to mix other options into it."""
    settings: dict[str, Any] = {
        "data": os.path.abspath(options.data),
        "split": options.split,
        "snr_db": list(options.snr_db),
        "per_cell": options.per_cell,
        "seed": options.seed,
        "format": options.format,
    }
    path = options.output / SETTINGS_NAME
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        if path.exists():
            known = json.loads(path.read_text("utf-8"))
            for name, value in settings.items():
                if known.get(name) != value:
                    raise WorkbenchError(
                        f"{options.output} was made with --{name.replace('_', '-')} {known.get(name)}; "
                        "use the same, or another --output."
                    )
            return
        written = {**settings, "workbench_version": workbench.__version__}
        path.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise WorkbenchError(f"{options.output} cannot be written: {error.strerror}.") from None
    except ValueError:
        raise WorkbenchError(f"{path} is damaged; choose another --output.") from None


def _is_made(trial: Trial, known: dict[str, Row], output: Path) -> bool:
    row = known.get(trial.name)
    if row is None:
        return False
    if (row.speech_path, row.noise_path) != (_relative(trial.speech, output), _relative(trial.noise, output)):
        raise WorkbenchError(
            f"{output} was made of other recordings than {trial.noise} and {trial.speech}; choose another "
            "--output."
        )
    return all(_file(output, what, row.name, row.format).exists() for what in SIGNALS)


def _make(trial: Trial, options: MixOptions) -> Row | None:
    """Mix and write one trial; None if its noise is silent wherever one begins."""
    clean, noise, offset_samples = read_trial(trial)
    mixture, offset_samples = _mix_where_it_sounds(clean, noise, trial.snr_db, offset_samples)
    if mixture is None:
        return None
    hashes = _write(mixture, options.output, trial.name, options.format)
    return Row(
        name=trial.name,
        noise_class=trial.noise_class,
        speaker=trial.speaker,
        recording=trial.recording,
        snr_db=trial.snr_db,
        measured_snr_db=round(mixture.measured_snr_db, 4),
        noise_offset_samples=offset_samples,
        n_samples=len(clean),
        clean_gain=mixture.clean_gain,
        noise_gain=mixture.noise_gain,
        speech_path=_relative(trial.speech, options.output),
        noise_path=_relative(trial.noise, options.output),
        speech_content=_content(trial.speech),
        noise_content=_content(trial.noise),
        format=options.format,
        **{f"{what}_sha256": hashes[what] for what in SIGNALS},
    )


def _mix_where_it_sounds(
    clean: Signal, noise: Signal, snr_db: float, offset_samples: int
) -> tuple[Mixture | None, int]:
    """Mix; where the noise pauses for the length of the speech, begin elsewhere, the same with each run."""
    spare = max(len(noise) - len(clean), 1)
    for attempt in range(_TRIES):
        begin = (offset_samples + round(attempt * _STRIDE * spare)) % spare if attempt else offset_samples
        with suppress(WorkbenchError):
            return mix(clean, noise, snr_db, offset_samples=begin), begin
    return None, 0


def _write(mixture: Mixture, folder: Path, name: str, suffix: str) -> dict[str, str]:
    hashes = {}
    for what in SIGNALS:
        path = _file(folder, what, name, suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, getattr(mixture, what))
        hashes[what] = hashlib.sha256(path.read_bytes()).hexdigest()
    return hashes


def _again(manifest: Path, output: Path, reporter: Reporter) -> None:
    rows = read_manifest(manifest)
    if output.resolve() == manifest.parent.resolve():
        raise WorkbenchError(f"{output} holds the mixtures to compare with; choose another --output.")
    start_s = time.monotonic()
    changed, different = [], []
    for done, row in enumerate(rows, start=1):
        speech, noise = manifest.parent / row.speech_path, manifest.parent / row.noise_path
        if (_content(speech), _content(noise)) != (row.speech_content, row.noise_content):
            changed.append(row.name)
            continue
        offset_samples = row.noise_offset_samples
        mixture = mix(files.read(speech), files.read(noise), row.snr_db, offset_samples=offset_samples)
        hashes = _write(mixture, output, row.name, row.format)
        if any(hashes[what] != getattr(row, f"{what}_sha256") for what in SIGNALS):
            different.append(row.name)
        elapsed_s = time.monotonic() - start_s
        reporter.progress(done, len(rows), elapsed_s / done * (len(rows) - done))
    if changed:
        raise WorkbenchError(
            f"{len(changed)} of {len(rows)} mixtures cannot be made again because their recordings have "
            f"changed, the first is {changed[0]}; use the recordings of {manifest}."
        )
    if different:
        raise WorkbenchError(
            f"{len(different)} of {len(rows)} mixtures in {output} differ from {manifest}, the first is "
            f"{different[0]}; use the version of the workbench that is in {SETTINGS_NAME} beside it."
        )
    reporter.finished(f"All {len(rows)} mixtures were made again in {output}, the same byte for byte.")


def _by_snr(rows: Iterable[Row]) -> dict[str, dict[str, float | str]]:
    by_snr: dict[float, list[Row]] = {}
    for row in rows:
        by_snr.setdefault(row.snr_db, []).append(row)
    return {
        f"{snr_db:g} dB": {
            "mixtures": len(found),
            "measured, mean": sum(row.measured_snr_db for row in found) / len(found),
            "speakers": len({row.speaker for row in found}),
            "recordings": len({row.recording for row in found}),
        }
        for snr_db, found in sorted(by_snr.items())
    }


def _write_manifest(path: Path, rows: Sequence[Row]) -> None:
    scratch = path.with_suffix(".tmp")
    with scratch.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([each.name for each in fields(Row)])
        writer.writerows(asdict(row).values() for row in rows)
    scratch.replace(path)


def _append(path: Path, row: Row) -> None:
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(asdict(row).values())


def _file(folder: Path, what: str, name: str, suffix: str) -> Path:
    return folder / what / f"{name}.{suffix}"


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive of Windows
        return path.resolve().as_posix()


def _content(path: Path) -> str:
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
    except OSError as error:
        raise WorkbenchError(f"The recording {path} cannot be read: {error.strerror}.") from None
