"""Distances between clean and processed speech, frame by frame."""

import numpy as np
from numpy.typing import NDArray

from workbench.dsp import SAMPLE_RATE, Signal

_FRAME_SAMPLES = round(0.03 * SAMPLE_RATE)
_HOP_SAMPLES = _FRAME_SAMPLES // 4
_SNR_LIMITS_DB = (-10.0, 35.0)
_LSD_WINDOW_SAMPLES = 512
_LSD_RANGE_DB = 50.0


def segmental_snr_db(clean: Signal, processed: Signal) -> float:
    """Return the segmental SNR.

    Frames of 30 ms, three quarters overlapping, each limited to −10 to 35 dB (Hansen & Pellom, ICSLP 1998;
    Loizou, Speech Enhancement, 2nd ed. 2013, section 11.1). It does not forgive a change of level.

    Parameters
    ----------
    clean, processed : numpy.ndarray
        float32, shape (n_samples,), aligned; at least 30 ms.

    Returns
    -------
    float
        Mean over the frames, dB.

    Raises
    ------
    ValueError
        The signals are shorter than a frame.
    """
    window = np.hanning(_FRAME_SAMPLES + 2)[1:-1]
    speech = _frames(clean, _FRAME_SAMPLES, _HOP_SAMPLES) * window
    error = speech - _frames(processed, _FRAME_SAMPLES, _HOP_SAMPLES) * window
    # Digital silence counts as the lower limit, a perfect frame as the upper one.
    tiny = np.finfo(np.float64).tiny
    ratio_db = 10 * np.log10((np.square(speech).sum(1) + tiny) / (np.square(error).sum(1) + tiny))
    return float(np.clip(ratio_db, *_SNR_LIMITS_DB).mean())


def log_spectral_distance_db(clean: Signal, processed: Signal) -> float:
    """Return the log-spectral distance.

    Per frame of 32 ms (Hann window, half overlapping) the root mean square over frequency of the difference
    of the log power spectra, then the mean over the frames. Spectra are floored 50 dB under the highest value
    of the clean one, so that inaudible differences in pauses do not count (Cohen, IEEE TSAP 11, 2003).

    Parameters
    ----------
    clean, processed : numpy.ndarray
        float32, shape (n_samples,), aligned; at least 32 ms.

    Returns
    -------
    float
        0 or more, dB.

    Raises
    ------
    ValueError
        The signals are shorter than a frame.
    """
    powers = [_powers(signal) for signal in (clean, processed)]
    floor = powers[0].max() * 10 ** (-_LSD_RANGE_DB / 10)
    reference_db, processed_db = (10 * np.log10(np.maximum(power, floor)) for power in powers)
    return float(np.sqrt(np.square(reference_db - processed_db).mean(1)).mean())


def _powers(signal: Signal) -> NDArray[np.float64]:
    frames = _frames(signal, _LSD_WINDOW_SAMPLES, _LSD_WINDOW_SAMPLES // 2)
    spectra = np.fft.rfft(frames * np.hanning(_LSD_WINDOW_SAMPLES + 1)[:-1])
    return spectra.real**2 + spectra.imag**2


def _frames(signal: Signal, frame_samples: int, hop_samples: int) -> NDArray[np.float64]:
    windows = np.lib.stride_tricks.sliding_window_view(signal, frame_samples)[::hop_samples]
    return windows.astype(np.float64)
