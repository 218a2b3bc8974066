"""What happens to sounds on their way to the microphone: rooms, loudspeakers, colour, level.

Each function draws nothing by itself: parameters come in, so that a mixture can be made again exactly.
"""

from io import BytesIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from workbench.dsp import SAMPLE_RATE, Signal


def room_response(rng: np.random.Generator, t60_s: float, direct_to_reverberant_db: float) -> Signal:
    """Draw a room impulse response: a direct path and an exponentially decaying diffuse tail.

    The statistical model of late reverberation by Polack (1988); no early reflections are modelled.

    Parameters
    ----------
    rng : numpy.random.Generator
    t60_s : float
        Time in which the tail decays by 60 dB.
    direct_to_reverberant_db : float

    Returns
    -------
    numpy.ndarray
        float32, shape (n_samples,), the direct path at sample 0 with gain 1.
    """
    n_samples = int(min(t60_s, 0.8) * SAMPLE_RATE)
    time_s = np.arange(n_samples) / SAMPLE_RATE
    tail = rng.standard_normal(n_samples) * 10 ** (-3 * time_s / t60_s)
    tail[: int(0.002 * SAMPLE_RATE)] = 0.0
    tail *= 10 ** (-direct_to_reverberant_db / 20) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return tail.astype(np.float32)


def convolve(signal: Signal, response: Signal) -> Signal:
    """Convolve by FFT and keep the length of the signal."""
    size = 1 << int(np.ceil(np.log2(len(signal) + len(response))))
    spectrum = np.fft.rfft(signal, size) * np.fft.rfft(response, size)
    return np.fft.irfft(spectrum, size)[: len(signal)].astype(np.float32)


def colour(signal: Signal, gains_db: NDArray[np.float64]) -> Signal:
    """Filter with gains that are interpolated between knots spaced evenly on the mel scale, 0 to 8 kHz."""
    knots_hz = 700 * (np.exp(np.linspace(0, np.log(1 + 8000 / 700), len(gains_db))) - 1)
    spectrum = np.fft.rfft(signal)
    bins_hz = np.linspace(0, SAMPLE_RATE / 2, len(spectrum))
    # Single precision halves the time that this takes.
    nepers = np.interp(bins_hz, knots_hz, gains_db * (np.log(10) / 20)).astype(np.float32)
    return np.fft.irfft(spectrum * np.exp(nepers), len(signal)).astype(np.float32, copy=False)


def loudspeaker(signal: Signal, low_hz: float, high_hz: float, drive: float) -> Signal:
    """Play through a small loudspeaker: band limits of 12 dB per octave or so, and soft saturation.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,).
    low_hz, high_hz : float
        Corner frequencies.
    drive : float
        Peak level before ``tanh``; 0.5 is almost linear, 3 distorts clearly.
    """
    spectrum = np.fft.rfft(signal)
    bins_hz = np.linspace(0, SAMPLE_RATE / 2, len(spectrum)) + 1e-3
    response = 1 / (np.sqrt(1 + (low_hz / bins_hz) ** 4) * np.sqrt(1 + (bins_hz / high_hz) ** 4))
    limited = np.fft.irfft(spectrum * response.astype(np.float32), len(signal))
    peak = np.max(np.abs(limited)) + 1e-9
    return (np.tanh(limited * (drive / peak)) * (peak / drive)).astype(np.float32)


def codec(signal: Signal, compression: float) -> Signal:
    """Code as MP3 and decode, as broadcasts and recordings are.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,).
    compression : float
        0 for about 50 kbit/s, 0.9 for about 24.
    """
    coded = BytesIO()
    soundfile.write(
        coded, signal, SAMPLE_RATE, format="MP3", subtype="MPEG_LAYER_III", compression_level=compression
    )
    coded.seek(0)
    decoded = soundfile.read(coded, dtype="float32")[0][: len(signal)]
    return np.pad(decoded, (0, len(signal) - len(decoded)))


def band_limit(signal: Signal, high_hz: float) -> Signal:
    """Take away everything above a frequency, with a slope of a sixth of it."""
    spectrum = np.fft.rfft(signal)
    bins_hz = np.linspace(0, SAMPLE_RATE / 2, len(spectrum))
    gain = np.clip((high_hz * 7 / 6 - bins_hz) / (high_hz / 6), 0.0, 1.0)
    return np.fft.irfft(spectrum * gain.astype(np.float32), len(signal)).astype(np.float32, copy=False)


def clip(signal: Signal, limit: float) -> Signal:
    """Overload the input: everything beyond this share of the peak is cut off."""
    peak = float(np.max(np.abs(signal))) * limit
    return np.clip(signal, -peak, peak)
