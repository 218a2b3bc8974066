"""Gathers recorded speech, noise and other sounds from Debian packages, as more to train on."""

import shutil
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from itertools import product, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from train_cli.events import Reporter
from train_cli.options import GatherOptions
from workbench.audio import files
from workbench.classifier.posterior import NOISES
from workbench.corpora.splits import OTHER_SOUNDS
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError

TABLE = Path(__file__).with_name("gather_packages.toml")
_TOOLS = {"apt-get": "apt", "dpkg-deb": "dpkg", "ffmpeg": "ffmpeg"}
_SOURCES, _LICENCES = "SOURCES.md", "licences"
_G722 = ".g722"
_LEAST_NOISE_S = 0.8
_LEAST_NOISE_RMS = 10 ** (-60 / 20)


@dataclass(frozen=True)
class Recordings:
    """Recordings of one speaker, of one kind of noise, or of no class, in a package; see the table."""

    package: str
    files: str
    licence: str
    left_out: frozenset[str] = frozenset()
    speaker: str = ""
    noise_class: str = ""
    kind: str = ""
    most_s: float | None = None

    @property
    def what(self) -> str:
        """What they are: "speech", "noise" or "other"."""
        if self.noise_class == OTHER_SOUNDS:
            return OTHER_SOUNDS
        return "noise" if self.noise_class else "speech"

    @property
    def record_name(self) -> str:
        """Name of the file that says that those of the package are all there."""
        return f"{self.package}-{self.what}.done"

    @property
    def folder(self) -> Path:
        """Where they go below the output."""
        if self.noise_class:
            return Path("noise", "train", self.noise_class)
        return Path("speech", "train", self.speaker)

    def find(self, unpacked: Path) -> list[Path]:
        """Return the files that are wanted, below the folder in which the package was unpacked."""
        return sorted(path for path in unpacked.glob(self.files) if path.is_file() and self._is_wanted(path))

    def _is_wanted(self, path: Path) -> bool:
        return not any(fnmatch(path.stem, name) for name in self.left_out)

    def name_of(self, path: Path, unpacked: Path) -> str:
        """Name a recording by its place in the package, from the last folder that the pattern spells out.

        That of a noise has its kind and package before it, as in ``siren__some-game-sounds-police``, and that
        of another sound its package, as in ``some-game__usr-share-games-click``.
        """
        spelt_out = takewhile(lambda part: "*" not in part, Path(self.files).parts[:-1])
        place = "-".join(path.relative_to(unpacked).with_suffix("").parts[len(list(spelt_out)) - 1 :])
        if self.what == OTHER_SOUNDS:
            return f"{self.package}__{place}"
        return f"{self.kind}__{self.package}-{place}" if self.noise_class else place

    def read(self, path: Path) -> Signal:
        """Read a recording, of a long one its middle.

        Raises
        ------
        WorkbenchError
            It cannot be decoded, is empty, or is a noise too short or too quiet to be of use.
        """
        if self.most_s is None:
            signal = _decode(path)
        else:
            signal = _decode(_cut(path, self.most_s))
            n_samples = round(self.most_s * SAMPLE_RATE)
            begin = max(0, len(signal) - n_samples) // 2
            signal = signal[begin : begin + n_samples]
        if not len(signal):
            raise WorkbenchError("it is empty.")
        if self.noise_class and len(signal) < _LEAST_NOISE_S * SAMPLE_RATE:
            raise WorkbenchError(f"it is shorter than {_LEAST_NOISE_S} s.")
        if self.noise_class and np.sqrt(np.mean(np.square(signal))) < _LEAST_NOISE_RMS:
            raise WorkbenchError("it is all but silent.")
        return signal


def gather(options: GatherOptions, reporter: Reporter) -> None:
    """Fetch packages, and write what they hold as FLAC.

    Speech goes to ``OUTPUT/speech/train/<speaker>``, noise to ``OUTPUT/noise/train/<class>``, other sounds
    to ``OUTPUT/noise/train/other``. A package whose recordings are all there is not fetched again; a
    recording that cannot be decoded, or a noise that is very short or quiet, is named and left out. What a
    package says of its licences is kept in ``OUTPUT/licences``.

    Raises
    ------
    WorkbenchError
        The table or a tool is missing, or a package cannot be had.
    """
    reporter.started("gather", asdict(options))
    whole_table = read_table(options.table or TABLE)
    table = [recordings for recordings in whole_table if recordings.what in options.kind]
    has_g722 = any(recordings.files.endswith(_G722) for recordings in table)
    for tool, package in _TOOLS.items():
        if shutil.which(tool) is None and (tool != "ffmpeg" or has_g722):
            raise WorkbenchError(
                f"'gather' needs {tool}, which is not installed; on Debian or Ubuntu run: "
                f"apt install {package}"
            )
    groups: dict[str, list[Recordings]] = {}
    for recordings in table:
        groups.setdefault(recordings.record_name, []).append(recordings)
    begin_s = time.monotonic()
    for done, (name, wanted) in enumerate(groups.items(), 1):
        record = options.output / name
        if not record.exists():
            package = wanted[0].package
            n_files = _gather_package(package, wanted, options.output, reporter)
            record.write_text(f"{n_files}\n")
            reporter.note(f"{package}: {n_files} recordings")
        elapsed_s = time.monotonic() - begin_s
        reporter.progress(done, len(groups), elapsed_s / done * (len(groups) - done))
    options.output.mkdir(parents=True, exist_ok=True)
    there = [recordings for recordings in whole_table if (options.output / recordings.record_name).exists()]
    (options.output / _SOURCES).write_text(_sources(there), encoding="utf-8")
    reporter.artifact("recordings", str(options.output))
    reporter.finished(f"Give {options.output} to 'train_cli scan --data' beside your own recordings.")


def read_table(path: Path) -> list[Recordings]:
    """Read which recordings of which packages are wanted.

    Raises
    ------
    WorkbenchError
        The file cannot be read, or an entry lacks something or names a class that there is not.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["recordings"]
        return [recordings for entry in entries for recordings in _read_entry(entry, path)]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorkbenchError(f"The table {path} cannot be read: {error}.") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise WorkbenchError(
            f"The table {path} lacks {error} in one of its [[recordings]]; compare it with {TABLE}."
        ) from None


def _read_entry(entry: dict[str, Any], path: Path) -> Iterator[Recordings]:
    packages, patterns = _several(entry["package"]), _several(entry["files"])
    if ("speaker" in entry) == ("noise_class" in entry):
        raise WorkbenchError(
            f"The table {path} must say of every entry of {packages[0]} "
            "either the speaker or the noise_class."
        )
    noise_class = entry.get("noise_class", "")
    if "noise_class" in entry and noise_class not in (*NOISES, OTHER_SOUNDS):
        raise WorkbenchError(
            f"The table {path} gives {packages[0]} the noise_class {noise_class!r}; "
            f"it must be one of {', '.join(NOISES)} or {OTHER_SOUNDS}."
        )
    for package, pattern in product(packages, patterns):
        yield Recordings(
            package=package,
            files=pattern,
            licence=entry["licence"],
            left_out=frozenset(entry.get("except", ())),
            speaker=entry.get("speaker", ""),
            noise_class=noise_class,
            kind=entry["kind"] if noise_class in NOISES else "",
            most_s=entry.get("most_s"),
        )


def _several(one_or_more: str | list[str]) -> list[str]:
    return [one_or_more] if isinstance(one_or_more, str) else list(one_or_more)


def _gather_package(package: str, wanted: Sequence[Recordings], output: Path, reporter: Reporter) -> int:
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".unpacking-") as folder:
        _call(["apt-get", "download", "-q", package], Path(folder), f"Package {package} cannot be fetched")
        archive = next(Path(folder).glob("*.deb"))
        unpacked = Path(folder) / "files"
        _call(["dpkg-deb", "-x", archive.name, "files"], Path(folder), f"{archive.name} cannot be unpacked")
        terms = unpacked / "usr" / "share" / "doc" / package / "copyright"
        if terms.is_file():
            (output / _LICENCES).mkdir(exist_ok=True)
            shutil.copyfile(terms, output / _LICENCES / f"{package}.txt")
        n_files = 0
        for recordings, source in _found(wanted, unpacked):
            try:
                signal = recordings.read(source)
            except WorkbenchError as error:
                # Of other sounds all is taken, and much of it is a click.
                if recordings.what != OTHER_SOUNDS:
                    reporter.warning(f"{source.relative_to(unpacked)} is left out: {error}")
                continue
            target = output / recordings.folder / f"{recordings.name_of(source, unpacked)}.flac"
            target.parent.mkdir(parents=True, exist_ok=True)
            files.write(target, signal, subtype="PCM_16")
            n_files += 1
    if not n_files:
        raise WorkbenchError(
            f"Package {package} holds none of the files that the table names; mend their pattern."
        )
    return n_files


def _found(wanted: Sequence[Recordings], unpacked: Path) -> Iterator[tuple[Recordings, Path]]:
    for recordings in wanted:
        for source in recordings.find(unpacked):
            yield recordings, source


def _cut(source: Path, most_s: float) -> Path:
    """Put the middle of a long recording beside it: to decode all of it takes many times as long."""
    if source.suffix == _G722:
        return source
    try:
        with soundfile.SoundFile(source) as file:
            n_frames = round(most_s * file.samplerate)
            if file.frames <= n_frames:
                return source
            file.seek((file.frames - n_frames) // 2)
            middle = source.with_name(f"{source.name}.middle.wav")
            soundfile.write(middle, file.read(n_frames), file.samplerate, subtype="FLOAT")
    except soundfile.LibsndfileError as error:
        raise WorkbenchError(f"it cannot be decoded ({error.error_string}).") from None
    return middle


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
    rows = [
        f"| {r.speaker or ', '.join(filter(None, (r.noise_class, r.kind)))} "
        f"| {r.package} | `{r.files}` | {r.licence.replace('PACKAGE', r.package)} |"
        for r in table
    ]
    head = "| Speaker or noise | Debian package | Files | Licence |\n|---|---|---|---|\n"
    return f"# Where these recordings come from\n\n{head}" + "\n".join(rows) + "\n"
