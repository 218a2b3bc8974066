"""What is wrong with a sound file: decoded once, from its first sample to its last."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.audio import files
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.level import rms_db
from workbench.errors import WorkbenchError

_PLATEAU_SAMPLES = 3
_NEAR_PEAK = 0.999
_LOUD_PEAK = 0.9


@dataclass(frozen=True)
class Rules:
    """What a file must be to be used.

    Attributes
    ----------
    min_seconds : float
        Shorter files are left out.
    min_rate_hz : int
        Files of a lower sampling rate are left out: they lack the upper bands.
    silence_db : float
        Files whose RMS level is lower, in dB re full scale, are taken for silent.
    max_clipped : float
        Speech with a greater share of clipped samples is left out, for it is what a denoiser learns to give
        back; noise is used, and the clipping noted.
    """

    min_seconds: float = 0.5
    min_rate_hz: int = SAMPLE_RATE
    silence_db: float = -70.0
    max_clipped: float = 1e-3


@dataclass(frozen=True)
class Inspection:
    """What a file is.

    Attributes
    ----------
    seconds : float
    rate_hz, channels : int
        0 where the file cannot be read.
    usable : bool
    problems : tuple of str
        A few words each; those of a usable file are remarks.
    content : str
        Fingerprint of the bytes: equal for copies.
    """

    seconds: float
    rate_hz: int
    channels: int
    usable: bool
    problems: tuple[str, ...]
    content: str


def inspect(path: Path, kind: str, rules: Rules) -> Inspection:
    """Decode a file and judge it.

    Parameters
    ----------
    path : Path
    kind : str
        "speech" or "noise".
    rules : Rules

    Returns
    -------
    Inspection
        Never an error: whatever is wrong with the file is among its problems.
    """
    try:
        content = hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
        info = files.info(path)
        signal = files.read(path)
    except OSError as error:
        return Inspection(0.0, 0, 0, False, (f"cannot be read: {error.strerror}",), "")
    except WorkbenchError as error:
        return Inspection(0.0, 0, 0, False, (_plainly(error, path),), "")
    faults = []
    if info.sample_rate_hz < rules.min_rate_hz:
        faults.append(f"sampled at {info.sample_rate_hz} Hz, below {rules.min_rate_hz} Hz")
    if info.duration_s < rules.min_seconds:
        faults.append(f"too short: {info.duration_s:.2f} s, below {rules.min_seconds:g} s")
    if rms_db(signal) < rules.silence_db:
        faults.append(f"silent: below {rules.silence_db:g} dB")
    share = clipped_share(signal)
    remarks = [f"clipped: {share:.1%} of the samples"] if share > rules.max_clipped else []
    usable = not faults and not (remarks and kind == "speech")
    return Inspection(
        round(info.duration_s, 3),
        info.sample_rate_hz,
        info.n_channels,
        usable,
        (*faults, *remarks),
        content,
    )


def clipped_share(signal: Signal) -> float:
    """Estimate the share of clipped samples: runs of three or more at the highest level, if that is high.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,). In files of another rate than 16 kHz resampling blurs the runs; what it
        leaves above full scale is counted instead.
    """
    magnitude = np.abs(signal)
    peak = float(magnitude.max(initial=0.0))
    if peak < _LOUD_PEAK:
        return 0.0
    high = magnitude >= _NEAR_PEAK * min(peak, 1.0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], high.astype(np.int8), [0]])))
    lengths = edges[1::2] - edges[::2]
    return float(lengths[lengths >= _PLATEAU_SAMPLES].sum() / len(signal))


def _plainly(error: WorkbenchError, path: Path) -> str:
    """Say what `files` says without the path, which stands beside it."""
    text = str(error).removeprefix(f"“{path}” ").split(": ")[0]
    return " ".join(text.removeprefix("is ").split())
