"""What ``bundle.toml`` says about a trained model, read strictly."""

import datetime
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from workbench.bundles.toml_table import TomlTable, invalid
from workbench.errors import WorkbenchError

FORMAT = 1
"""Version of the manifest's layout; readers refuse any other."""

MANIFEST_NAME = "bundle.toml"
KINDS = ("nc", "ddae")
PRECISIONS = ("float", "int8", "int16x8", "dynamic")

SLICES, WINDOWS = "slices", "windows"
"""The ``transform`` in ``[features]`` of the original system's denoiser and classifier; ours name none."""

Figures: TypeAlias = Mapping[str, "float | Figures"]
"""Results by name, nested to any depth: ``{"0 dB": {"pesq_wb": 1.7}}``."""

_MAX_MANIFEST_BYTES = 1_000_000
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class BundleFile:
    """One model file of a bundle.

    Attributes
    ----------
    path : str
        Relative to the bundle's folder, with ``/`` between parts.
    sha256 : str
        64 lower-case hexadecimal digits.
    n_bytes : int
        Size of the file; the key in the manifest is ``bytes``.
    """

    path: str
    sha256: str
    n_bytes: int


@dataclass(frozen=True)
class Training:
    """How a bundle was made.

    Attributes
    ----------
    data : str
        The recordings that it was trained on.
    licence : str
        What those recordings' licences allow.
    command : str
        The ``train_cli`` command line.
    seed : int
        Seed of the run.
    hours_heard : float
        Hours of mixtures that the model was shown.
    """

    data: str
    licence: str
    command: str
    seed: int
    hours_heard: float


@dataclass(frozen=True)
class Manifest:
    """Everything that a bundle says about itself.

    Attributes
    ----------
    kind : str
        ``"nc"`` (noise classifier) or ``"ddae"`` (denoiser).
    name : str
        Identifier: lower-case letters, digits, ``.``, ``_`` and ``-``.
    version, title, description : str
        For people.
    created : datetime.date
        Day of export.
    classes : tuple of str
        Noise classes in the order of the posterior or of the condition.
    features : mapping of str to str, int or float
        What the model expects at its input; `SpectralFeatures` reads it for a DDAE, `SliceFeatures` for that
        of the original system, `LogMelFeatures` for an NC.
    latency_samples : int
        Delay from input to output at 16 kHz.
    training : Training
        How it was made.
    figures : Figures
        What it reached, as plain numbers.
    files : mapping of str to BundleFile
        Model files by precision (`PRECISIONS`); `workbench.bundles.write.write_bundle` fills it in.
    default_precision : str, optional
        Precision to run unless another is asked for; the first of `files` when None.
    default : bool
        Whether the bundle is used where none is named.
    """

    kind: str
    name: str
    version: str
    title: str
    description: str
    created: datetime.date
    classes: tuple[str, ...]
    features: Mapping[str, str | int | float]
    latency_samples: int
    training: Training
    figures: Figures = field(default_factory=dict)
    files: Mapping[str, BundleFile] = field(default_factory=dict)
    default_precision: str | None = None
    default: bool = False

    @property
    def is_original(self) -> bool:
        """Whether it is of the original system: a baseline that is never the default and runs by itself."""
        return self.features.get("transform") in (SLICES, WINDOWS)

    @property
    def works_on_slices(self) -> bool:
        """Whether it is a denoiser of the original system, which needs whole slices of the spectrum."""
        return self.kind == "ddae" and self.is_original


@dataclass(frozen=True)
class SpectralFeatures:
    """The ``[features]`` of a DDAE bundle: a power-compressed complex spectrum.

    Attributes
    ----------
    window : str
        Name of the analysis and synthesis window, as `workbench.dsp.stft.StftSpec` knows it.
    window_samples, hop_samples : int
        Frame length and hop at 16 kHz.
    compression : float
        Exponent of the magnitude, above 0 and at most 1.
    first_bin, n_bins : int
        The bins that the model sees; the others are silenced.
    synthesis_samples : int
        Length of the synthesis window; 0 for that of the analysis window.
    frames_per_mask : int
        The model sees the first of every so many frames, and its mask serves for all of them.
    """

    window: str
    window_samples: int
    hop_samples: int
    compression: float
    first_bin: int
    n_bins: int
    synthesis_samples: int = 0
    frames_per_mask: int = 1

    @property
    def step_samples(self) -> int:
        """Samples from one step of the model to the next."""
        return self.hop_samples * self.frames_per_mask


def spectral_features(manifest: Manifest) -> SpectralFeatures:
    """Read the features of a DDAE bundle.

    Raises
    ------
    WorkbenchError
        If a value is missing, of the wrong type or impossible.
    """
    table = TomlTable(dict(manifest.features), f"[features] of bundle {manifest.name!r}")
    features = SpectralFeatures(
        window=table.take("window", str),
        window_samples=table.take("window_samples", int),
        hop_samples=table.take("hop_samples", int),
        compression=table.take("compression", float),
        first_bin=table.take("first_bin", int),
        n_bins=table.take("n_bins", int),
        synthesis_samples=table.take("synthesis_samples", int, 0),
        frames_per_mask=table.take("frames_per_mask", int, 1),
    )
    table.finish()
    _check_frames(features, table)
    if not 0 < features.compression <= 1:
        raise table.error("compression must be above 0 and at most 1")
    if not 1 <= features.frames_per_mask <= 1000:
        raise table.error("frames_per_mask must be from 1 to 1000")
    n_all = features.window_samples // 2 + 1
    if features.first_bin < 0 or features.n_bins < 1 or features.first_bin + features.n_bins > n_all:
        raise table.error(f"first_bin and n_bins must stay within the {n_all} bins of the window")
    return features


@dataclass(frozen=True)
class SliceFeatures:
    """The ``[features]`` of the original system's DDAE, ``transform = "slices"``: slices of a spectrum in dB.

    Attributes
    ----------
    window : str
        Name of the analysis and synthesis window, as `workbench.dsp.stft.StftSpec` knows it.
    window_samples, hop_samples : int
        Frame length and hop at 16 kHz.
    slice_frames : int
        Frames that are denoised at once.
    """

    window: str
    window_samples: int
    hop_samples: int
    slice_frames: int

    @property
    def n_bins(self) -> int:
        """Bins of a slice."""
        return self.window_samples // 2 + 1

    @property
    def slice_samples(self) -> int:
        """Samples from slice to slice."""
        return self.slice_frames * self.hop_samples

    @property
    def latency_samples(self) -> int:
        """Delay: a slice must be complete, and the last frame of the one before overlaps it."""
        return self.slice_samples - 1 + self.window_samples - self.hop_samples


def slice_features(manifest: Manifest) -> SliceFeatures:
    """Read the features of a DDAE bundle of the original system.

    Raises
    ------
    WorkbenchError
        If a value is missing, of the wrong type or impossible.
    """
    table = TomlTable(dict(manifest.features), f"[features] of bundle {manifest.name!r}")
    if table.take("transform", str) != SLICES:
        raise table.error(f"transform of a denoiser must be {SLICES!r}, where it is given")
    features = SliceFeatures(
        window=table.take("window", str),
        window_samples=table.take("window_samples", int),
        hop_samples=table.take("hop_samples", int),
        slice_frames=table.take("slice_frames", int),
    )
    table.finish()
    _check_frames(features, table)
    if not 1 <= features.slice_frames <= 10_000:
        raise table.error("slice_frames must be from 1 to 10000")
    return features


def _check_frames(features: SpectralFeatures | SliceFeatures, table: TomlTable) -> None:
    if not (0 < features.hop_samples <= features.window_samples <= 1 << 16):
        raise table.error("hop_samples must be at least 1 and window_samples no smaller than that")


@dataclass(frozen=True)
class LogMelFeatures:
    """The ``[features]`` of an NC bundle: chunks of log-mel frames, as `workbench.dsp.mel.LogMelSpec`.

    With ``transform = "windows"`` it is that of the original system, which judges each chunk by itself.

    Attributes
    ----------
    n_bands : int
        Mel bands.
    low_hz, high_hz : float
        Their range.
    window_samples, hop_samples, fft_samples : int
        The transform below them, at 16 kHz.
    log_offset : float
        Added before the logarithm.
    chunk_frames : int
        Frames that the model sees in one step.
    """

    n_bands: int
    low_hz: float
    high_hz: float
    window_samples: int
    hop_samples: int
    fft_samples: int
    log_offset: float
    chunk_frames: int


def log_mel_features(manifest: Manifest) -> LogMelFeatures:
    """Read the features of an NC bundle.

    Raises
    ------
    WorkbenchError
        If a value is missing, of the wrong type or impossible.
    """
    table = TomlTable(dict(manifest.features), f"[features] of bundle {manifest.name!r}")
    if table.take("transform", str, WINDOWS) != WINDOWS:
        raise table.error(f"transform of a classifier must be {WINDOWS!r}, where it is given")
    features = LogMelFeatures(
        n_bands=table.take("n_bands", int),
        low_hz=table.take("low_hz", float),
        high_hz=table.take("high_hz", float),
        window_samples=table.take("window_samples", int),
        hop_samples=table.take("hop_samples", int),
        fft_samples=table.take("fft_samples", int),
        log_offset=table.take("log_offset", float),
        chunk_frames=table.take("chunk_frames", int),
    )
    table.finish()
    if not 1 <= features.chunk_frames <= 10_000:
        raise table.error("chunk_frames must be from 1 to 10000")
    return features


def read_manifest(folder: Path) -> Manifest:
    """Read ``bundle.toml`` of a bundle.

    Parameters
    ----------
    folder : pathlib.Path
        The bundle's folder.

    Returns
    -------
    Manifest
        Complete and of the right types; the files that it names are not looked at.

    Raises
    ------
    WorkbenchError
        If the manifest is missing, unreadable, of another format or breaks its rules.
    """
    path = folder / MANIFEST_NAME
    try:
        if path.stat().st_size > _MAX_MANIFEST_BYTES:
            raise WorkbenchError(f"{path} is too large for a bundle's manifest; get the bundle again.")
        with path.open("rb") as file:
            content = tomllib.load(file)
    except (FileNotFoundError, NotADirectoryError):
        raise WorkbenchError(
            f"{folder} is not a model bundle because it has no {MANIFEST_NAME}; choose a bundle's folder."
        ) from None
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be read ({error.strerror}); check its permissions.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WorkbenchError(f"{path} is not valid TOML ({error}); get the bundle again.") from None
    return _manifest(TomlTable(content, str(path)))


def _manifest(table: TomlTable) -> Manifest:
    version = table.take("format", int)
    if version != FORMAT:
        raise WorkbenchError(
            f"{table.where} has format {version}, but this version of the workbench reads format {FORMAT}; "
            "export the bundle again or use the version that made it."
        )
    training = table.table("training")
    manifest = Manifest(
        kind=table.take("kind", str),
        name=table.take("name", str),
        version=table.take("version", str),
        title=table.take("title", str),
        description=table.take("description", str),
        created=table.take("created", datetime.date),
        classes=tuple(table.take("classes", list)),
        features=table.take("features", dict),
        latency_samples=table.take("latency_samples", int),
        training=Training(
            data=training.take("data", str),
            licence=training.take("licence", str),
            command=training.take("command", str),
            seed=training.take("seed", int),
            hours_heard=training.take("hours_heard", float),
        ),
        figures=table.take("figures", dict, {}),
        files=_files(table.table("files")),
        default_precision=table.take("default_precision", str, None),
        default=table.take("default", bool, False),
    )
    training.finish()
    table.finish()
    check_values(manifest, table.where)
    return manifest


def _files(table: TomlTable) -> Mapping[str, BundleFile]:
    files = {}
    for precision in table.names():
        entry = table.table(precision)
        files[precision] = BundleFile(
            path=entry.take("path", str), sha256=entry.take("sha256", str), n_bytes=entry.take("bytes", int)
        )
        entry.finish()
    return files


def is_name(text: str) -> bool:
    """Return whether a bundle may have this name."""
    return _NAME.fullmatch(text) is not None


def check_values(manifest: Manifest, where: str) -> None:
    """Check the values of a manifest whose types are right.

    Parameters
    ----------
    manifest : Manifest
        As read or as about to be written.
    where : str
        What to call it in the message.

    Raises
    ------
    WorkbenchError
        If a value breaks a rule.
    """

    def demand(holds: bool, rule: str) -> None:
        if not holds:
            raise invalid(where, rule)

    demand(manifest.kind in KINDS, f"kind must be one of {', '.join(KINDS)}, not {manifest.kind!r}")
    demand(
        is_name(manifest.name),
        f"name must be up to 64 lower-case letters, digits, '.', '_' and '-', not {manifest.name!r}",
    )
    classes = manifest.classes
    demand(
        bool(classes)
        and all(isinstance(c, str) and c for c in classes)
        and len(set(classes)) == len(classes),
        "classes must be a list of different names",
    )
    demand(
        all(isinstance(value, str | int | float) for value in manifest.features.values()),
        "features must be texts and numbers",
    )
    demand(manifest.latency_samples >= 0, "latency_samples must not be negative")
    demand(_are_figures(manifest.figures), "figures must be numbers or tables of numbers")
    demand(
        not (manifest.default and manifest.is_original),
        "a model of the original system must not be the default",
    )
    demand(bool(manifest.files), "files must name at least one model file")
    for precision, file in manifest.files.items():
        demand(
            precision in PRECISIONS,
            f"files must be named by precision ({', '.join(PRECISIONS)}), not {precision!r}",
        )
        demand(
            _SHA256.fullmatch(file.sha256) is not None,
            f"sha256 of {file.path!r} must be 64 lower-case hexadecimal digits",
        )
        demand(file.n_bytes > 0, f"bytes of {file.path!r} must be above 0")
    demand(
        manifest.default_precision is None or manifest.default_precision in manifest.files,
        f"default_precision must be one of its files, not {manifest.default_precision!r}",
    )


def _are_figures(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _are_figures(item) for key, item in value.items())
    return isinstance(value, int | float) and not isinstance(value, bool)
