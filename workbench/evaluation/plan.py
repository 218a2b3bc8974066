"""What a sweep measures: a small file that a person can read, and the trials that follow from it.

Which noise a sentence gets, and where in it the mixture begins, is drawn from the seed and the content of the
recordings, never from an order: the same plan gives the same mixtures on any machine, and another method,
metric, SNR or recording leaves the other mixtures as they are.
"""

import hashlib
import json
import math
import os
import tomllib
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

from workbench.audio.files import info, is_audio_name
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.denoisers.registry import methods
from workbench.errors import WorkbenchError
from workbench.evaluation.metrics import find_metric
from workbench.resources import assets_dir

DEMO = "demo"
"""In place of a path: the recordings that come with the workbench."""
NOISY = "noisy"
"""The mixture as it is, as a method; every sweep measures it, for all others are compared with it."""
DEFAULT_SNRS_DB = (-10.0, -5.0, 0.0, 5.0, 10.0, 15.0)
DEFAULT_METRICS = ("pesq_wb", "stoi", "estoi", "si_sdr", "level_change")
NOISE_CLASSES = tuple(str(noise) for noise in CLASSES if noise is not NoiseClass.NO_NOISE)

NoiseSet = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Recording:
    """A file of speech or noise.

    Attributes
    ----------
    key : str
        First 16 digits of the SHA-256 of the file: what identifies it on any machine.
    name : str
        For people: where it stands in the set it was taken from.
    path : pathlib.Path
        Where it is here.
    duration_s : float
        What its header says.
    """

    key: str
    name: str
    path: Path = field(compare=False)
    duration_s: float = field(compare=False)


@dataclass(frozen=True)
class Trial:
    """One mixture, to be denoised by each method.

    Attributes
    ----------
    key : str
        Identifies the mixture on any machine, 16 hexadecimal digits.
    speech, noise : Recording
        What is mixed.
    noise_class : str
        Class of the noise.
    snr_db : float
        Active speech level over noise level.
    repetition : int
        Counted from 0; each draws another noise and another place in it.
    position : float
        Where in the noise the mixture begins, 0 to 1, as a share of where it can begin.
    """

    key: str
    speech: Recording
    noise: Recording
    noise_class: str
    snr_db: float
    repetition: int
    position: float


@dataclass(frozen=True)
class SweepPlan:
    """Which speech in which noise at which SNRs is denoised by which methods and measured how.

    Attributes
    ----------
    speech : tuple of str
        Files and folders (searched for sound files at any depth, as TIMIT has them), or `DEMO`.
    noise : tuple of (str, tuple of str)
        For each class of noise its files and folders, or `DEMO`.
    snrs_db : tuple of float
    repetitions : int
        Mixtures per sentence, class and SNR.
    methods : tuple of str
        Names of the registry of denoisers; `NOISY` is always measured and need not be named.
    metrics : tuple of str
        Names; see `workbench.evaluation.metrics.find_metric`.
    seed : int
    max_speech : int or None
        Take only so many recordings of speech, drawn with the seed; None for all.
    title : str
        Not part of what the plan measures.
    folder : pathlib.Path
        Where relative paths begin; not part of what the plan measures.
    """

    speech: tuple[str, ...] = (DEMO,)
    noise: NoiseSet = tuple((name, (DEMO,)) for name in NOISE_CLASSES)
    snrs_db: tuple[float, ...] = DEFAULT_SNRS_DB
    repetitions: int = 1
    methods: tuple[str, ...] = ()
    metrics: tuple[str, ...] = DEFAULT_METRICS
    seed: int = 0
    max_speech: int | None = None
    title: str = field(default="", compare=False)
    folder: Path = field(default=Path(), compare=False)

    def __post_init__(self) -> None:
        required = {"speech": self.speech, "noise": self.noise, "snrs_db": self.snrs_db}
        for name, entries in {**required, "metrics": self.metrics}.items():
            if not entries:
                raise WorkbenchError(f"The plan has no {name}; name at least one.")
        if not all(name and paths for name, paths in self.noise):
            raise WorkbenchError("Each class of noise needs a name and at least one file or folder.")
        for snr_db in self.snrs_db:
            if not (math.isfinite(snr_db) and abs(snr_db) <= 60):
                raise WorkbenchError(f"An SNR of {snr_db} dB cannot be measured; choose −60 to 60 dB.")
        if self.repetitions < 1 or (self.max_speech is not None and self.max_speech < 1):
            raise WorkbenchError("repetitions and max_speech must be 1 or more.")
        for metric in self.metrics:
            find_metric(metric)
        for name, values in (
            ("SNR", self.snrs_db),
            ("method", self.methods),
            ("metric", self.metrics),
            ("class of noise", tuple(name for name, _ in self.noise)),
        ):
            if len(set(values)) < len(values):
                raise WorkbenchError(f"The plan names a {name} twice; name each once.")

    @property
    def all_methods(self) -> tuple[str, ...]:
        """The methods with `NOISY` before them."""
        return (NOISY, *(name for name in self.methods if name != NOISY))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the plan measures, whatever the order of its lists; 16 hexadecimal digits."""
        content = {
            "speech": sorted(self.speech),
            "noise": sorted((name, sorted(paths)) for name, paths in self.noise),
            "snrs_db": sorted(map(float, self.snrs_db)),
            "repetitions": self.repetitions,
            "methods": sorted(self.all_methods),
            "metrics": sorted(self.metrics),
            "seed": self.seed,
            "max_speech": self.max_speech,
        }
        return _digest(content)

    def to_toml(self) -> str:
        """Return the plan as the text of a plan file."""
        lines = []
        if self.title:
            lines.append(f"title = {_toml(self.title)}")
        lines += [
            f"speech = {_toml(self.speech)}",
            f"snrs_db = {_toml(self.snrs_db)}",
            f"repetitions = {self.repetitions}",
            f"methods = {_toml(self.methods)}",
            f"metrics = {_toml(self.metrics)}",
            f"seed = {self.seed}",
        ]
        if self.max_speech is not None:
            lines.append(f"max_speech = {self.max_speech}")
        lines += ["", "[noise]", *(f"{_toml_key(name)} = {_toml(paths)}" for name, paths in self.noise)]
        return "\n".join(lines) + "\n"

    @classmethod
    def from_toml(cls, text: str, folder: Path = Path()) -> Self:
        """Read the text of a plan file; what it leaves out has the default.

        Raises
        ------
        WorkbenchError
            It is not a plan, or asks for something that cannot be measured.
        """
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise WorkbenchError(f"The plan is not valid TOML: {error}.") from error
        unknown = values.keys() - {each.name for each in fields(cls)} | ({"folder"} & values.keys())
        if unknown:
            raise WorkbenchError(f"The plan has an unknown entry '{min(unknown)}'; remove or correct it.")
        try:
            for name in ("speech", "methods", "metrics"):
                if name in values:
                    values[name] = _texts(values[name])
            if "snrs_db" in values:
                values["snrs_db"] = tuple(float(snr_db) for snr_db in values["snrs_db"])
            if "noise" in values:
                values["noise"] = tuple((name, _texts(paths)) for name, paths in values["noise"].items())
            for name in ("repetitions", "seed", "max_speech"):
                if not isinstance(values.get(name, 0), int):
                    raise TypeError(f"{name} must be a whole number")
            return cls(**values, folder=folder)
        except (TypeError, ValueError, AttributeError) as error:
            raise WorkbenchError(f"The plan cannot be read: {error}.") from error

    def moved_to(self, folder: Path) -> Self:
        """Return the same plan with its relative paths beginning in another folder."""

        def moved(paths: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(
                path
                if path == DEMO or Path(path).is_absolute()
                else os.path.relpath(self.folder.resolve() / path, folder.resolve())
                for path in paths
            )

        noise = tuple((name, moved(paths)) for name, paths in self.noise)
        return replace(self, speech=moved(self.speech), noise=noise, folder=folder)

    def trials(self) -> list[Trial]:
        """Find the recordings and draw the mixtures, in an order that fills all cells of a table alike.

        Raises
        ------
        WorkbenchError
            A file or folder is missing or holds no sound files.
        """
        return sorted(self._trials(), key=lambda trial: trial.key)

    def _trials(self) -> list[Trial]:
        speech = _recordings(self.speech, self.folder, assets_dir() / "speech")
        speech.sort(key=lambda each: _digest([self.seed, "speech", each.key]))
        drawn = []
        for noise_class, sources in self.noise:
            noises = _recordings(sources, self.folder, assets_dir() / "noise" / noise_class)
            for spoken in speech[: self.max_speech]:
                for repetition in range(self.repetitions):
                    seeds = [self.seed, noise_class, spoken.key, repetition]
                    # The highest draw wins: another recording changes only the mixtures that it wins.
                    noise = max(noises, key=lambda each: _digest([*seeds, each.key]))
                    position = int(_digest([*seeds, noise.key, "position"]), 16) / 16**_DIGITS
                    for snr_db in self.snrs_db:
                        key = _digest([*seeds, noise.key, float(snr_db)])
                        drawn.append(
                            Trial(key, spoken, noise, noise_class, float(snr_db), repetition, position)
                        )
        return drawn


def demo_plan(**changes: Any) -> SweepPlan:
    """Return the default sweep: the demo recordings with all methods that are installed."""
    plan = SweepPlan(methods=default_methods(), title="Demo recordings")
    return replace(plan, **changes)


def default_methods() -> tuple[str, ...]:
    """Return the methods that a sweep compares unless told otherwise: those installed that need no choice."""
    return tuple(
        method.name
        for method in methods()
        if method.available and method.name != "bypass" and not method.name.startswith(("ddae-", "original-"))
    )


def read_plan(path: Path) -> SweepPlan:
    """Read a plan file; its relative paths begin in its folder.

    Raises
    ------
    WorkbenchError
        It cannot be read or is not a plan.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkbenchError(f"The plan {path} cannot be read; choose another file.") from error
    return SweepPlan.from_toml(text, path.resolve().parent)


_DIGITS = 16


def _digest(content: Any) -> str:
    """Return the same 64 bits for the same content everywhere."""
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _recordings(sources: tuple[str, ...], folder: Path, demo_folder: Path) -> list[Recording]:
    found: dict[str, Recording] = {}
    for source in sources:
        root = demo_folder if source == DEMO else folder / source
        if root.is_file():
            paths = [(root.stem, root)]
        elif root.is_dir():
            paths = [
                (path.relative_to(root).with_suffix("").as_posix(), path)
                for path in sorted(root.rglob("*"))
                if is_audio_name(path) and path.is_file() and not path.name.startswith(".")
            ]
        elif source == DEMO:
            raise WorkbenchError(
                f"There are no demo recordings for '{demo_folder.name}'; name files or folders."
            )
        else:
            raise WorkbenchError(f"There is no file or folder {root}; correct the plan.")
        if not paths:
            raise WorkbenchError(f"{root} holds no sound files; correct the plan.")
        for name, path in paths:
            stat = path.stat()
            recording = _recording(name, path, stat.st_mtime_ns, stat.st_size)
            found.setdefault(recording.key, recording)
    return list(found.values())


@lru_cache(maxsize=100_000)
def _recording(name: str, path: Path, mtime_ns: int, size: int) -> Recording:
    return Recording(content_key(path), name, path, info(path).duration_s)


def content_key(path: str | os.PathLike[str]) -> str:
    """Return the first 16 digits of the SHA-256 of a file.

    Raises
    ------
    WorkbenchError
        It cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGITS]
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be read ({error.strerror}); correct the plan.") from error


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"{values!r} should be a list of texts")
    return tuple(values)


def _toml(value: str | tuple[Any, ...]) -> str:
    """Write what TOML and JSON write alike."""
    if isinstance(value, tuple):
        return f"[{', '.join(f'{each:.15g}' if isinstance(each, float) else _toml(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _toml_key(name: str) -> str:
    return name if name.isascii() and name.isidentifier() else _toml(name)
