"""Mixing speech and noise at a signal-to-noise ratio: the one definition that every room uses."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.level import active_speech_level, rms_db
from workbench.errors import WorkbenchError

PEAK_LIMIT = 0.99
"""No signal of a mixture exceeds this; full scale is 1."""
SILENCE_DB = -100.0
"""What lies below (16-bit recordings reach about -96 dB) is silence and cannot be mixed."""
SEAM_S = 0.05
"""Length of the cross-fade where a short noise starts again."""

_CHUNK_SAMPLES = 1 << 16


@dataclass(frozen=True, eq=False)
class Mixture:
    """Clean speech in noise.

    The SNR is the active speech level (ITU-T P.56) of `clean` minus the RMS level of `noise` over the whole
    length, as the two appear here.

    Attributes
    ----------
    clean, noise, noisy : numpy.ndarray
        float32, shape (n_samples,); ``noisy == clean + noise`` exactly.
    snr_db : float
        The SNR asked for.
    clean_gain, noise_gain : float
        Linear gains that were applied to the originals. `clean_gain` is 1 unless the mixture would have
        exceeded `PEAK_LIMIT`: then all signals were scaled down together, which leaves the SNR as it is.
    """

    clean: Signal
    noise: Signal
    noisy: Signal
    snr_db: float
    clean_gain: float
    noise_gain: float

    @cached_property
    def measured_snr_db(self) -> float:
        """SNR in dB measured afresh on `clean` and `noise`."""
        return active_speech_level(self.clean).active_level_db - rms_db(self.noise)


def mix(
    clean: Signal,
    noise: Signal,
    snr_db: float,
    *,
    rng: np.random.Generator | None = None,
    offset_samples: int = 0,
    clean_level_db: float | None = None,
) -> Mixture:
    """Mix clean speech with noise at an SNR (see `Mixture` for its definition).

    Parameters
    ----------
    clean : numpy.ndarray
        float32, shape (n_samples,).
    noise : numpy.ndarray
        float32, shape (n_noise_samples,), shorter (it is looped) or longer (it is cut) than `clean`.
    snr_db : float
        Any finite number.
    rng : numpy.random.Generator, optional
        Draws where in the noise to begin; `offset_samples` is then not used.
    offset_samples : int
        Where in the noise to begin.
    clean_level_db : float, optional
        Active speech level of `clean` if it is known, which saves measuring it.

    Returns
    -------
    Mixture
        Never above `PEAK_LIMIT`.

    Raises
    ------
    WorkbenchError
        The speech or the stretch of noise is silent or not finite, or the SNR is not finite.
    """
    if rng is not None:
        spare = len(noise) - len(clean)
        offset_samples = int(rng.integers(spare + 1 if spare > 0 else max(len(noise), 1)))
    fitted = fit_noise(noise, len(clean), offset_samples)
    clean_gain, noise_gain = mixing_gains(clean, fitted, snr_db, clean_level_db=clean_level_db)
    scaled_clean = clean * np.float32(clean_gain)
    scaled_noise = fitted * np.float32(noise_gain)
    return Mixture(
        scaled_clean, scaled_noise, scaled_clean + scaled_noise, float(snr_db), clean_gain, noise_gain
    )


def fit_noise(noise: Signal, n_samples: int, offset_samples: int = 0) -> Signal:
    """Make a noise as long as the speech.

    Parameters
    ----------
    noise : numpy.ndarray
        float32, shape (n_noise_samples,).
    n_samples : int
        Length wanted.
    offset_samples : int
        Where in the noise to begin, 0 or more.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_samples,): a part of `noise` (not a copy) where it is long enough; otherwise the
        noise over and over, each end cross-faded into the next beginning for 50 ms, or for a quarter of a
        noise shorter than 0.2 s (with equal power, for the two are uncorrelated).

    Raises
    ------
    WorkbenchError
        The noise is empty or the offset negative.
    """
    if not len(noise):
        raise WorkbenchError("The noise is empty; choose another recording.")
    if offset_samples < 0:
        raise WorkbenchError(f"The noise cannot begin at sample {offset_samples}; choose 0 or a later one.")
    if offset_samples + n_samples <= len(noise):
        return noise[offset_samples : offset_samples + n_samples]
    n_seam = min(round(SEAM_S * SAMPLE_RATE), len(noise) // 4)
    period = len(noise) - n_seam
    fade = (np.arange(n_seam) + 0.5) * (np.pi / 2 / max(n_seam, 1))
    turn = noise[:period].copy()
    turn[:n_seam] = noise[:n_seam] * np.sin(fade) + noise[period:] * np.cos(fade)
    begin = offset_samples % period
    # Indices into one turn after another; the very first turn begins without a seam.
    fitted = np.resize(np.roll(turn, -begin), n_samples)
    if offset_samples < n_seam:
        fitted[: n_seam - offset_samples] = noise[offset_samples:n_seam][:n_samples]
    return fitted


def mixing_gains(
    clean: Signal,
    noise: Signal,
    snr_db: float,
    *,
    clean_level_db: float | None = None,
    noise_level_db: float | None = None,
) -> tuple[float, float]:
    """Gains that mix two signals of the same length at an SNR and keep the peaks within `PEAK_LIMIT`.

    With both levels given this is one pass for the peak: quick enough to follow a slider.

    Parameters
    ----------
    clean, noise : numpy.ndarray
        float32, shape (n_samples,).
    snr_db : float
        Any finite number.
    clean_level_db : float, optional
        Active speech level of `clean`; measured if not given.
    noise_level_db : float, optional
        RMS level of `noise`; measured if not given.

    Returns
    -------
    clean_gain, noise_gain : float
        Linear.

    Raises
    ------
    WorkbenchError
        A signal is silent or not finite, or the SNR is not finite.
    """
    if not math.isfinite(snr_db):
        raise WorkbenchError(f"An SNR of {snr_db} dB cannot be mixed; choose a finite number.")
    if clean_level_db is None:
        clean_level_db = active_speech_level(clean).active_level_db
    if noise_level_db is None:
        noise_level_db = rms_db(noise)
    if not clean_level_db > SILENCE_DB:
        raise WorkbenchError("The clean speech is silent, so no SNR can be set; choose another recording.")
    if not noise_level_db > SILENCE_DB:
        raise WorkbenchError(
            "The noise is silent over this stretch, so no SNR can be set; choose another recording or offset."
        )
    noise_gain_db = clean_level_db - snr_db - noise_level_db
    # The greater of the two gains is 1 at first: however extreme the SNR, nothing overflows.
    clean_gain = 10 ** (min(-noise_gain_db, 0.0) / 20)
    noise_gain = 10 ** (min(noise_gain_db, 0.0) / 20)
    peak = _peak(clean, noise, clean_gain, noise_gain)
    if not 0.0 < peak < math.inf:
        raise WorkbenchError(
            "The signals have samples that are not numbers or infinite; choose other recordings."
        )
    common_gain = min(10 ** (min(max(noise_gain_db, 0.0), 2000.0) / 20), PEAK_LIMIT / peak)
    return clean_gain * common_gain, noise_gain * common_gain


def _peak(clean: Signal, noise: Signal, clean_gain: float, noise_gain: float) -> float:
    """Highest magnitude in the scaled signals and their sum."""
    peaks = [0.0]
    for start in range(0, len(clean), _CHUNK_SAMPLES):
        clean_part = clean[start : start + _CHUNK_SAMPLES] * np.float32(clean_gain)
        noise_part = noise[start : start + _CHUNK_SAMPLES] * np.float32(noise_gain)
        peaks += [float(np.abs(part).max()) for part in (clean_part, noise_part, clean_part + noise_part)]
    return float(np.max(peaks))
