"""Gathers recorded speech from Debian packages, as more to train on."""

import shutil
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np

from train_cli.events import Reporter
from train_cli.options import GatherOptions
from workbench.audio import files
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError

TABLE = Path(__file__).with_name("gather_packages.toml")
_TOOLS = {"apt-get": "apt", "dpkg-deb": "dpkg", "ffmpeg": "ffmpeg"}
_SOURCES = "SOURCES.md"
_G722 = ".g722"


@dataclass(frozen=True)
class Recordings:
    """Recordings of one speaker in a package; see the table."""

    package: str
    files: str
    speaker: str
    licence: str
    left_out: frozenset[str]

    def find(self, unpacked: Path) -> list[Path]:
        """Return the files that are wanted, below the folder in which the package was unpacked."""
        return sorted(path for path in unpacked.glob(self.files) if path.stem not in self.left_out)

    def name_of(self, path: Path, unpacked: Path) -> str:
        """Name a recording by its place in the package, from the last folder that the pattern spells out."""
        spelt_out = takewhile(lambda part: "*" not in part, Path(self.files).parts[:-1])
        return "-".join(path.relative_to(unpacked).with_suffix("").parts[len(list(spelt_out)) - 1 :])


def gather(options: GatherOptions, reporter: Reporter) -> None:
    """Fetch packages, and write what they hold to ``OUTPUT/speech/train/<speaker>`` as FLAC.

    A package whose recordings are all there is not fetched again; a recording that cannot be decoded is named
    and left out.

    Raises
    ------
    WorkbenchError
        The table or a tool is missing, or a package cannot be had.
    """
    reporter.started("gather", asdict(options))
    table = read_table(options.table or TABLE)
    has_g722 = any(recordings.files.endswith(_G722) for recordings in table)
    for tool, package in _TOOLS.items():
        if shutil.which(tool) is None and (tool != "ffmpeg" or has_g722):
            raise WorkbenchError(
                f"'gather' needs {tool}, which is not installed; on Debian or Ubuntu run: "
                f"apt install {package}"
            )
    packages = list(dict.fromkeys(recordings.package for recordings in table))
    begin_s = time.monotonic()
    for done, package in enumerate(packages):
        record = options.output / f"{package}.done"
        if not record.exists():
            wanted = [recordings for recordings in table if recordings.package == package]
            n_files = _gather_package(package, wanted, options.output, reporter)
            record.write_text(f"{n_files}\n")
            reporter.note(f"{package}: {n_files} recordings")
        elapsed_s = time.monotonic() - begin_s
        reporter.progress(done + 1, len(packages), elapsed_s / (done + 1) * (len(packages) - done - 1))
    (options.output / _SOURCES).write_text(_sources(table), encoding="utf-8")
    reporter.artifact("recordings", str(options.output))
    reporter.finished(f"Give {options.output} to 'train_cli scan --data' beside your own recordings.")


def read_table(path: Path) -> list[Recordings]:
    """Read which recordings of which packages are wanted.

    Raises
    ------
    WorkbenchError
        The file cannot be read, or an entry lacks something.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["recordings"]
        return [
            Recordings(
                entry["package"],
                entry["files"],
                entry["speaker"],
                entry["licence"],
                frozenset(entry.get("except", ())),
            )
            for entry in entries
        ]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorkbenchError(f"The table {path} cannot be read: {error}.") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise WorkbenchError(
            f"The table {path} lacks {error} in one of its [[recordings]]; compare it with {TABLE}."
        ) from None


def _gather_package(package: str, wanted: Sequence[Recordings], output: Path, reporter: Reporter) -> int:
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".unpacking-") as folder:
        _call(["apt-get", "download", "-q", package], Path(folder), f"Package {package} cannot be fetched")
        archive = next(Path(folder).glob("*.deb"))
        unpacked = Path(folder) / "files"
        _call(["dpkg-deb", "-x", archive.name, "files"], Path(folder), f"{archive.name} cannot be unpacked")
        n_files = 0
        for source, target in _targets(wanted, unpacked, output):
            try:
                signal = _decode(source)
            except WorkbenchError as error:
                reporter.warning(f"{source.relative_to(unpacked)} is left out: {error}")
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            files.write(target, signal, subtype="PCM_16")
            n_files += 1
    if not n_files:
        raise WorkbenchError(
            f"Package {package} holds none of the files that the table names; mend their pattern."
        )
    return n_files


def _targets(wanted: Sequence[Recordings], unpacked: Path, output: Path) -> Iterator[tuple[Path, Path]]:
    for recordings in wanted:
        folder = output / "speech" / "train" / recordings.speaker
        for source in recordings.find(unpacked):
            yield source, folder / f"{recordings.name_of(source, unpacked)}.flac"


def _decode(source: Path) -> Signal:
    if source.suffix != _G722:
        return files.read(source)
    # G.722 has no header, and libsndfile does not know it.
    form = ["-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "f32le", "-"]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-f", "g722", "-i", source.name, *form]
    return np.frombuffer(_call(command, source.parent, f"{source.name} cannot be decoded"), np.float32)


def _call(command: Sequence[str], folder: Path, what_failed: str) -> bytes:
    found = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    if found.returncode:
        said = found.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise WorkbenchError(
            f"{what_failed} ({said[-1].rstrip('.')}); mend that, then run the same command again to go on."
        )
    return found.stdout


def _sources(table: Sequence[Recordings]) -> str:
    rows = [f"| {r.speaker} | {r.package} | `{r.files}` | {r.licence} |" for r in table]
    head = "| Speaker | Debian package | Files | Licence |\n|---|---|---|---|\n"
    return f"# Where these recordings come from\n\n{head}" + "\n".join(rows) + "\n"
