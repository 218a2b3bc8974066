"""What a live run is told at its start, and what it tells while it runs."""

from dataclasses import dataclass
from pathlib import Path

from workbench.denoisers.registry import DEFAULT_METHOD
from workbench.engine.latency import LatencyBudget
from workbench.engine.monitor import MonitorChoice

SILENT = "none"
"""In place of an output's name: nothing is played."""


@dataclass(frozen=True)
class LiveSettings:
    """How a live run begins.

    Attributes
    ----------
    input, output : str or None
        Devices as `find_input` and `find_output` take them; the system's when None; `SILENT` for no output.
    input_file : pathlib.Path or None
        A file that is heard in real time in place of the microphone.
    noise_path : pathlib.Path or None
        Noise to add; the microphone then is the clean signal.
    snr_db : float
        Running active speech level over the noise, dB.
    method, attenuation_limit_db, wet
        As in `Scene`.
    monitor : str
        "clean" (only with a noise), "mixed" or "denoised".
    loudness_matched : bool
        Whether the three are made equally loud.
    input_gain_db, output_gain_db : float
        Gain of the microphone and of what is played.
    device_latency_s : float or None
        Asked of the devices; their lowest when None.
    """

    input: str | None = None
    output: str | None = None
    input_file: Path | None = None
    noise_path: Path | None = None
    snr_db: float = 0.0
    method: str = DEFAULT_METHOD
    attenuation_limit_db: float | None = None
    wet: float = 1.0
    monitor: MonitorChoice = "denoised"
    loudness_matched: bool = True
    input_gain_db: float = 0.0
    output_gain_db: float = 0.0
    device_latency_s: float | None = None


@dataclass(frozen=True)
class LiveCounts:
    """What went wrong with the sound since the session started.

    Attributes
    ----------
    input_overflows, output_underruns : int
        How often sound was lost because nobody fetched it, and broke off because nothing was there to play:
        our doing, or that of a machine too busy.
    device_xruns : int
        How often a device lost sound or broke off by itself, because it was served too late.
    overloads : int
        How often the denoiser was bypassed since it was too slow.
    skipped_samples : int
        Sound left out or repeated to hold the delay.
    """

    input_overflows: int = 0
    output_underruns: int = 0
    device_xruns: int = 0
    overloads: int = 0
    skipped_samples: int = 0


@dataclass(frozen=True)
class LiveStatus:
    """How a live run is doing; cheap enough to be asked for every frame.

    Attributes
    ----------
    running : bool
    bypassed : bool
        Whether the mixed signal is passed on undenoised, because of an overload.
    message : str or None
        What the user should know now, one sentence.
    warning : str or None
        What the user should beware of: loudspeakers near a microphone, howling.
    latency : LatencyBudget
    load : float
        Processing time over real time; 1 is the most.
    counts : LiveCounts
    has_clean : bool
        Whether the clean signal is known.
    speech_level_db : float or None
        Running active speech level; None before anybody spoke.
    input_peak, output_peak : float
        Peaks of the last moments, falling slowly; 1 is full scale.
    input_name, output_name : str
        Devices in use; empty where there is none.
    position_s : float
        Time since the start.
    recorded_s : float or None
        Length of the recording; None while there is none.
    """

    running: bool
    bypassed: bool
    message: str | None
    warning: str | None
    latency: LatencyBudget
    load: float
    counts: LiveCounts
    has_clean: bool
    speech_level_db: float | None
    input_peak: float
    output_peak: float
    input_name: str
    output_name: str
    position_s: float
    recorded_s: float | None
