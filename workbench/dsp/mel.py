"""Log-mel spectra as the reference noise classifier hears them, offline and streaming, and MFCC."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.stft import StftSpec, StreamingStft
from workbench.errors import WorkbenchError

WINDOW_FRAMES = 63
"""Frames in one input of the classifier: 0.504 s."""

_CHUNK_SAMPLES = SAMPLE_RATE


@dataclass(frozen=True)
class LogMelSpec:
    """Log-mel spectra: ``log(mel + log_offset)`` of magnitude spectra, natural logarithm.

    Scale, band edges, offset and the periodic Hann window are those of VGGish (Hershey et al., CNN
    architectures for large-scale audio classification, 2017), with a window of 16 ms and a hop of 8 ms.

    Attributes
    ----------
    n_bands : int
        Number of mel bands.
    low_hz, high_hz : float
        Lower edge of the lowest and upper edge of the highest band.
    window_samples, hop_samples : int
        Length of the window and distance between frames.
    log_offset : float
        Added before the logarithm.
    fft_samples : int
        Length of the transform. The lowest of the 64 bands are 30 Hz apart: with the 62.5 Hz bins of a
        256-sample transform one of them catches no bin at all and others next to nothing; 512, zero-padded,
        is the shortest power of two that gives each a bin near its centre.

    Raises
    ------
    WorkbenchError
        The bands do not fit between 0 Hz and half the sampling rate, are too narrow for the transform, or the
        windows lose part of the signal.
    """

    n_bands: int = 64
    low_hz: float = 125.0
    high_hz: float = 7500.0
    window_samples: int = 256
    hop_samples: int = 128
    log_offset: float = 0.01
    fft_samples: int = 512

    def __post_init__(self) -> None:
        if not 0 <= self.low_hz < self.high_hz <= SAMPLE_RATE / 2:
            raise WorkbenchError(
                f"Mel bands from {self.low_hz:g} to {self.high_hz:g} Hz cannot be made; choose rising "
                f"frequencies from 0 to {SAMPLE_RATE // 2} Hz."
            )
        if self.n_bands < 1 or not self.log_offset > 0:
            raise WorkbenchError("Log-mel spectra need at least 1 band and an offset above 0.")
        if not mel_filterbank(self).any(axis=1).all():
            raise WorkbenchError(
                f"{self.n_bands} mel bands are too narrow for a transform of {self.fft_samples} samples; "
                "choose fewer bands or a longer transform."
            )
        _ = self.stft  # raises for windows that lose part of the signal

    @property
    def stft(self) -> StftSpec:
        """The transform below the bands."""
        return StftSpec(self.window_samples, self.hop_samples, "hann", self.fft_samples)


@lru_cache(maxsize=16)
def mel_filterbank(spec: LogMelSpec) -> NDArray[np.float32]:
    """Triangular filters on the HTK mel scale, with peaks of 1.

    The same as ``librosa.filters.mel(htk=True, norm=None)``, which a test holds it against. It is written out
    because the live classifier needs it and importing librosa's filters takes 2.5 s.

    Parameters
    ----------
    spec : LogMelSpec
        Bands and transform.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_bands, n_bins), read-only.
    """
    low_mel, high_mel = (2595 * np.log10(1 + hz / 700) for hz in (spec.low_hz, spec.high_hz))
    edges_hz = 700 * (10 ** (np.linspace(low_mel, high_mel, spec.n_bands + 2) / 2595) - 1)
    bins_hz = np.fft.rfftfreq(spec.fft_samples, 1 / SAMPLE_RATE)
    below, centre, above = (edges_hz[i : i + spec.n_bands, None] for i in range(3))
    rising = (bins_hz - below) / (centre - below)
    falling = (above - bins_hz) / (above - centre)
    filters = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    filters.flags.writeable = False
    return filters


REFERENCE_MEL_SPEC = LogMelSpec()
"""The reference classifier's setting."""


class StreamingLogMel:
    """Log-mel spectra of a signal that comes in blocks.

    Parameters
    ----------
    spec : LogMelSpec
        Bands and transform.
    """

    def __init__(self, spec: LogMelSpec = REFERENCE_MEL_SPEC) -> None:
        self.spec = spec
        self._stft = StreamingStft(spec.stft)
        self._filters = np.ascontiguousarray(mel_filterbank(spec).T)

    def reset(self) -> None:
        """Forget all signal history."""
        self._stft.reset()

    def process(self, block: Signal) -> NDArray[np.float32]:
        """Take in the next block.

        Parameters
        ----------
        block : numpy.ndarray
            float32, shape (n_samples,), of any length.

        Returns
        -------
        numpy.ndarray
            float32, shape (n_frames, n_bands): the frames that became complete; frame ``k`` is complete once
            ``(k + 1) * hop_samples`` samples have come in, as in `StreamingStft`.
        """
        magnitudes = np.abs(self._stft.process(block))
        # Frame by frame: one product of all is threaded by BLAS, which waits long beside a busy core, and
        # rounds differently with the number of frames.
        mel = np.matmul(magnitudes[:, None], self._filters)[:, 0]
        mel += np.float32(self.spec.log_offset)
        return np.log(mel, out=mel)


def log_mel(signal: Signal, spec: LogMelSpec = REFERENCE_MEL_SPEC) -> NDArray[np.float32]:
    """Log-mel spectra of a whole signal.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,).
    spec : LogMelSpec
        Bands and transform.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_samples // hop_samples, n_bands): exactly the frames of `StreamingLogMel`.
    """
    stream = StreamingLogMel(spec)
    starts = range(0, max(len(signal), 1), _CHUNK_SAMPLES)
    return np.concatenate([stream.process(signal[start : start + _CHUNK_SAMPLES]) for start in starts])


def mfcc(
    signal: Signal, spec: LogMelSpec = REFERENCE_MEL_SPEC, *, n_coefficients: int = 20
) -> NDArray[np.float32]:
    """Mel-frequency cepstral coefficients: the orthonormal DCT-II of `log_mel`, by librosa.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,).
    spec : LogMelSpec
        Bands and transform.
    n_coefficients : int
        How many to keep, 1 to ``spec.n_bands``.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_samples // hop_samples, n_coefficients).

    Raises
    ------
    WorkbenchError
        There are not so many coefficients.
    """
    if not 1 <= n_coefficients <= spec.n_bands:
        raise WorkbenchError(f"Choose 1 to {spec.n_bands} cepstral coefficients, not {n_coefficients}.")
    import librosa

    coefficients: NDArray[np.float32] = librosa.feature.mfcc(S=log_mel(signal, spec).T, n_mfcc=n_coefficients)
    return coefficients.T
