"""``denoiser.toml``: how a LiteRT or ONNX model that the user added is fed. See docs/own-models.md."""

import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from workbench import resources
from workbench.bundles.toml_table import TomlTable
from workbench.denoisers.framing import RateBridge, ratio_to
from workbench.denoisers.model_runner import SUFFIXES, StatePort
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.stft import StftSpec, WindowName
from workbench.errors import WorkbenchError

FILE_NAME = "denoiser.toml"

INPUT_KINDS = ("magnitude", "log_power", "complex")
OUTPUT_KINDS = ("gain", "complex_gain", "magnitude", "complex")
WAVEFORM_OUTPUT_KINDS = ("window", "hop")
COMPLEX_KINDS = ("complex", "complex_gain")
LAYOUTS = ("pairs", "planes")


@dataclass(frozen=True)
class Port:
    """The tensor that takes or gives a frame.

    Attributes
    ----------
    tensor : str
        Its name in the model.
    kind : str
        What it holds: one of `INPUT_KINDS` or `OUTPUT_KINDS`. Of a model that works on waveforms, the input
        is always a "window", and the output one of `WAVEFORM_OUTPUT_KINDS`.
    layout : str
        Of complex values: "pairs" (real and imaginary parts side by side) or "planes" (first all real ones).
    """

    tensor: str
    kind: str
    layout: str = "pairs"


@dataclass(frozen=True)
class OwnModelFile:
    """What ``denoiser.toml`` says.

    Attributes
    ----------
    name : str
        That of the folder.
    title, description : str
        For people.
    model_path : Path
        The model.
    sample_rate_hz : int
        Its rate, a multiple of 16 kHz; all numbers of samples below are at this rate.
    window_samples, hop_samples : int
        Length of a frame and distance between frames.
    stft : StftSpec or None
        The transform of a model that works on spectra.
    delay_samples : int
        Delay that the model itself adds.
    input, output : Port
        Its tensors.
    states : tuple of StatePort
        Tensors that are handed from step to step.
    """

    name: str
    title: str
    description: str
    model_path: Path
    sample_rate_hz: int
    window_samples: int
    hop_samples: int
    stft: StftSpec | None
    delay_samples: int
    input: Port
    output: Port
    states: tuple[StatePort, ...]

    @property
    def ratio(self) -> int:
        """The model's rate over 16 kHz."""
        return self.sample_rate_hz // SAMPLE_RATE

    @property
    def frame_samples(self) -> int:
        """Samples at 16 kHz that a step takes."""
        return self.hop_samples // self.ratio

    @property
    def inner_delay_samples(self) -> int:
        """Delay at 16 kHz beyond the wait for a step: overlapping windows, the model's own, other rates."""
        overlap_samples = 0 if self.output.kind == "hop" else self.window_samples - self.hop_samples
        at_its_rate = overlap_samples + self.delay_samples
        return at_its_rate // self.ratio + (RateBridge.delay_samples if self.ratio > 1 else 0)

    @property
    def latency_samples(self) -> int:
        """Whole delay at 16 kHz."""
        return self.frame_samples - 1 + self.inner_delay_samples

    def missing(self) -> str | None:
        """Say in one sentence what stands in the way of loading the model; None where nothing seems to."""
        if not self.model_path.is_file():
            return f"{self.model_path} is missing; put it back or mend file in {FILE_NAME}."
        if self.model_path.suffix == ".onnx" and find_spec("onnxruntime") is None:
            return f"{self.title} needs onnxruntime; run: pip install onnxruntime"
        return None


def own_model_folders() -> list[Path]:
    """Return the folders of the user's models, by name."""
    return sorted(path.parent for path in resources.user_models_dir().glob(f"*/{FILE_NAME}"))


def read_own_model(folder: Path) -> OwnModelFile:
    """Read ``denoiser.toml``; the model itself is not loaded.

    Parameters
    ----------
    folder : Path
        The model's folder.

    Returns
    -------
    OwnModelFile
        Complete and consistent.

    Raises
    ------
    WorkbenchError
        If it is missing, not TOML, or breaks a rule.
    """
    path = folder / FILE_NAME
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise WorkbenchError(
            f"{path} cannot be read ({error.strerror}); see docs/own-models.md for how to write it."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WorkbenchError(f"{path} is not valid TOML ({error}); mend it.") from None
    return _parse(TomlTable(content, str(path)), folder)


def _parse(table: TomlTable, folder: Path) -> OwnModelFile:
    if table.take("format", int) != 1:
        raise table.error("format must be 1")
    domain = _one_of(table, "domain", ("spectrum", "waveform"))
    sample_rate_hz = table.take("sample_rate_hz", int)
    ratio = ratio_to(sample_rate_hz)
    if ratio is None or ratio > 3:
        raise table.error("sample_rate_hz must be 16000, 32000 or 48000")
    window_samples = table.take("window_samples", int)
    hop_samples = table.take("hop_samples", int)
    delay_samples = table.take("delay_samples", int, 0)
    if not 0 < hop_samples <= window_samples <= 1 << 16:
        raise table.error("hop_samples must be at least 1 and window_samples no smaller than that")
    if delay_samples < 0:
        raise table.error("delay_samples must not be negative")
    if any(size % ratio for size in (window_samples, hop_samples, delay_samples)):
        raise table.error(
            f"all numbers of samples must be multiples of {ratio}, so that they are whole at 16 kHz"
        )
    stft = None
    if domain == "spectrum":
        window = cast(WindowName, table.take("window", str, "sqrt_hann"))
        stft = StftSpec(window_samples, hop_samples, window, table.take("fft_samples", int, None))
    model = OwnModelFile(
        name=folder.name,
        title=table.take("title", str, folder.name),
        description=table.take("description", str, "A model of your own."),
        model_path=folder / _file_name(table),
        sample_rate_hz=sample_rate_hz,
        window_samples=window_samples,
        hop_samples=hop_samples,
        stft=stft,
        delay_samples=delay_samples,
        input=_port(table.table("input"), INPUT_KINDS if stft else ("window",)),
        output=_port(table.table("output"), OUTPUT_KINDS if stft else WAVEFORM_OUTPUT_KINDS),
        states=tuple(_states(table)),
    )
    table.finish()
    return model


def _file_name(table: TomlTable) -> str:
    name = table.take("file", str)
    if Path(name).name != name or Path(name).suffix not in SUFFIXES:
        raise table.error(f"file must name a {' or '.join(SUFFIXES)} file in the same folder, not {name!r}")
    return name


def _port(table: TomlTable, kinds: tuple[str, ...]) -> Port:
    tensor = table.take("tensor", str)
    kind = _one_of(table, "kind", kinds)
    layout = _one_of(table, "layout", LAYOUTS, "pairs") if kind in COMPLEX_KINDS else "pairs"
    table.finish()
    return Port(tensor, kind, layout)


def _states(table: TomlTable) -> list[StatePort]:
    states = []
    for entry in table.take("state", list, []):
        if not isinstance(entry, dict):
            raise table.error("each state must be a table, [[state]]")
        state = TomlTable(entry, f"[[state]] in {table.where}")
        states.append(StatePort(state.take("input", str), state.take("output", str)))
        state.finish()
    return states


def _one_of(table: TomlTable, key: str, known: tuple[str, ...], default: str | None = None) -> str:
    value = table.take(key, str) if default is None else table.take(key, str, default)
    if value not in known:
        raise table.error(f"{key} must be one of {', '.join(known)}, not {value!r}")
    return value
