"""Levels in dB re full scale: RMS, and the active speech level of ITU-T P.56 (method B)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError

MARGIN_DB = 15.9
"""Difference between active level and activity threshold, P.56 table 1."""
HANGOVER_S = 0.2
"""Time for which activity goes on after the envelope fell below a threshold, P.56 table 1."""
TIME_CONSTANT_S = 0.03
"""Time constant of both smoothing stages of the envelope, P.56 table 1."""

_N_THRESHOLDS = 24
_CHUNK_BLOCKS = 64
# exp(BLOCK / (rate * time constant)) must stay small beside what float64 resolves; 4096 gives exp(8.5).
_BLOCK_SAMPLES = 4096


@dataclass(frozen=True)
class SpeechLevel:
    """What the speech voltmeter of ITU-T P.56 shows.

    Attributes
    ----------
    active_level_db : float
        Mean power over the time in which speech is present, dB re full scale (a square wave of
        amplitude 1 has 0 dB, a sine -3.01 dB); ``-inf`` for silence.
    rms_level_db : float
        Mean power over the whole signal ("long-term level"), dB re full scale; ``-inf`` for silence.
    activity : float
        Share of the time in which speech is present, 0 to 1.
    threshold_db : float
        Envelope level above which a sample counts as speech, dB re full scale; ``-inf`` for silence.
    """

    active_level_db: float
    rms_level_db: float
    activity: float
    threshold_db: float


SILENCE = SpeechLevel(-math.inf, -math.inf, 0.0, -math.inf)
"""The level of an empty or all-zero signal."""


def rms_db(signal: Signal) -> float:
    """RMS level over the whole signal.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,).

    Returns
    -------
    float
        dB re full scale; ``-inf`` for an empty or all-zero signal.

    Raises
    ------
    WorkbenchError
        The signal has samples that are not finite.
    """
    return _power_db(_energy(signal), len(signal))


def active_speech_level(signal: Signal) -> SpeechLevel:
    """Measure the active speech level by method B of ITU-T P.56 (12/2011).

    The envelope (two exponential averages of the rectified signal, 30 ms each) is compared with thresholds
    that double from one to the next; each counts the samples at or above it, with a hangover of 0.2 s. The
    active level is interpolated, in dB, where the level over the counted time is 15.9 dB above the threshold.

    The standard's thresholds are for 16-bit samples, 2**-15 to 2**-1 of full scale. Here 24 thresholds on the
    same grid of powers of two end at the peak of the signal, so that float signals of any level are measured,
    and those within 16 bits as the standard says.

    In a signal too short or too impulsive for the envelope to come within 15.9 dB of the level (some 10 ms of
    speech, a click) there is no such point; its level is that at the lowest threshold: practically the mean
    power over the time for which it sounds, hangover included.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,), at `SAMPLE_RATE`. Memory beside it is bounded.

    Returns
    -------
    SpeechLevel
        `SILENCE` for an empty or all-zero signal.

    Raises
    ------
    WorkbenchError
        The signal has samples that are not finite.
    """
    energy = _energy(signal)
    if energy == 0.0:
        return SILENCE
    top = math.frexp(max(float(signal.max()), -float(signal.min())))[1] - 1
    exponents = np.arange(top - _N_THRESHOLDS + 1, top + 1)
    counts = _active_samples(signal, exponents)
    reached = counts > 0
    threshold_db = 20 * math.log10(2) * exponents[reached]
    level_db = 10 * np.log10(energy / counts[reached])

    excess_db = level_db - threshold_db - MARGIN_DB
    # Zero if no threshold, or already the lowest, is within the margin.
    upper = int(np.argmax(excess_db <= 0))
    if upper == 0:
        active_db, active_threshold_db = float(level_db[0]), float(threshold_db[0])
    else:
        share = excess_db[upper - 1] / (excess_db[upper - 1] - excess_db[upper])
        active_db = float(level_db[upper - 1] + share * (level_db[upper] - level_db[upper - 1]))
        active_threshold_db = active_db - MARGIN_DB
    rms_level_db = _power_db(energy, len(signal))
    activity = min(1.0, 10 ** ((rms_level_db - active_db) / 10))
    return SpeechLevel(active_db, rms_level_db, activity, active_threshold_db)


def _power_db(energy: float, n_samples: int) -> float:
    return 10 * math.log10(energy / n_samples) if energy > 0.0 else -math.inf


def _energy(signal: Signal) -> float:
    # Not a BLAS dot product: its threads cost more than they save, most of all beside a busy core.
    energy = float(np.einsum("i,i->", signal, signal, dtype=np.float64, casting="safe"))
    # Squares of finite float32 numbers cannot overflow float64, so this sees every NaN and infinity.
    if not math.isfinite(energy):
        raise WorkbenchError("The signal has samples that are not numbers or infinite; repair or replace it.")
    return energy


def _active_samples(signal: Signal, exponents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the samples at or above each threshold ``2**exponent``, hangover included."""
    hangover = round(HANGOVER_S * SAMPLE_RATE)
    # The envelope is smooth, so its binary exponent (all that a comparison with powers of two needs) comes in
    # long runs, and everything after this loop is quick.
    starts: list[NDArray[np.int64]] = []
    values: list[NDArray[np.int64]] = []
    n_samples = 0
    for envelope in _envelope(signal):
        exponent = (envelope.view(np.int64) >> 52) - 1023
        changes = np.concatenate(([0], np.flatnonzero(exponent[1:] != exponent[:-1]) + 1))
        starts.append(changes + n_samples)
        values.append(exponent[changes])
        n_samples += len(envelope)
    bounds = np.append(np.concatenate(starts), n_samples)
    runs = np.concatenate(values)
    counts = np.zeros(len(exponents), np.int64)
    for j, threshold in enumerate(exponents):
        above = np.concatenate(([False], runs >= threshold, [False]))
        edges = bounds[np.flatnonzero(above[1:] != above[:-1])]
        rises, falls = edges[::2], edges[1::2]
        pauses = np.append(rises[1:], n_samples) - falls if len(falls) else falls
        counts[j] = np.sum(falls - rises) + np.sum(np.minimum(pauses, hangover))
    return counts


def _envelope(signal: Signal) -> Iterator[NDArray[np.float64]]:
    """Smooth the rectified signal twice; chunk by chunk."""
    state = np.zeros(2)
    whole = len(signal) - len(signal) % _BLOCK_SAMPLES
    chunk_samples = _CHUNK_BLOCKS * _BLOCK_SAMPLES
    for start in range(0, whole, chunk_samples):
        rows = signal[start : min(start + chunk_samples, whole)].reshape(-1, _BLOCK_SAMPLES)
        yield _smooth(_smooth(np.abs(rows, dtype=np.float64), state, 0), state, 1).ravel()
    if whole < len(signal):
        rest = signal[whole:].reshape(1, -1)
        yield _smooth(_smooth(np.abs(rest, dtype=np.float64), state, 0), state, 1).ravel()


def _smooth(rows: NDArray[np.float64], state: NDArray[np.float64], stage: int) -> NDArray[np.float64]:
    """Run ``y[n] = g y[n-1] + (1 - g) x[n]`` over the concatenated rows, in place.

    Within a row the recursion is a cumulative sum of ``x[n] g**-n``, which NumPy does at once.
    """
    g = math.exp(-1 / (SAMPLE_RATE * TIME_CONSTANT_S))
    decay = g ** np.arange(1, rows.shape[1] + 1)
    rows *= (1 - g) / decay
    np.cumsum(rows, axis=1, out=rows)
    for row in rows:
        row += state[stage]
        row *= decay
        state[stage] = row[-1]
    return rows
