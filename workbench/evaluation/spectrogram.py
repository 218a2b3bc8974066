"""Spectrograms as people look at them, in dB re full scale: the same in the window and in figures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.dsp import Signal
from workbench.dsp.stft import StftSpec, StreamingStft, WindowName
from workbench.errors import WorkbenchError

DEFAULT_LEVELS_DB = (-95.0, -25.0)
"""Levels of the darkest and the brightest colour: from below the noise of a quiet room to loud vowels."""

# Frames transformed at once; bounds the memory for the complex spectra of a long signal.
_CHUNK_FRAMES = 1024


@dataclass(frozen=True)
class DisplaySpec:
    """How a signal becomes the columns of a spectrogram.

    Attributes
    ----------
    window_samples : int
        Length of the window; 512 (32 ms) shows the harmonics of a voice.
    hop_samples : int
        Distance between columns; divides the window.
    window : str
        As in `workbench.dsp.stft.StftSpec`.
    floor_db : float
        Lower limit of all values, dB re full scale.

    Raises
    ------
    WorkbenchError
        The hop does not divide the window, or the two make no transform.
    """

    window_samples: int = 512
    hop_samples: int = 128
    window: WindowName = "hann"
    floor_db: float = -100.0

    def __post_init__(self) -> None:
        if self.hop_samples < 1 or self.window_samples % self.hop_samples:
            raise WorkbenchError(
                f"A spectrogram with a window of {self.window_samples} samples needs a hop that divides it, "
                f"not {self.hop_samples}."
            )
        self.stft_spec  # noqa: B018 - checks the rest

    @property
    def stft_spec(self) -> StftSpec:
        """The transform behind it."""
        return StftSpec(self.window_samples, self.hop_samples, self.window)

    @property
    def n_bins(self) -> int:
        """Number of frequency bins, 0 Hz to half the sampling rate."""
        return self.stft_spec.n_bins

    def n_frames(self, n_samples: int) -> int:
        """Count the columns whose window lies in a signal of `n_samples`."""
        return max(0, (n_samples - self.window_samples) // self.hop_samples + 1)


class StreamingSpectrogram:
    """The columns of `spectrogram_db` for a signal that comes in blocks.

    Parameters
    ----------
    spec : DisplaySpec
        Window, hop and floor.
    """

    def __init__(self, spec: DisplaySpec = DisplaySpec()) -> None:
        self.spec = spec
        self._stft = StreamingStft(spec.stft_spec)
        # A sine of amplitude 1 has the magnitude sum(window) / 2 at its bin.
        self._scale = np.float32(2 / spec.stft_spec.analysis_window().sum(dtype=np.float64))
        self._tiny = np.float32(10 ** (spec.floor_db / 20 - 1))
        self.reset()

    def reset(self) -> None:
        """Forget all signal history."""
        self._stft.reset()
        # The first frames of the streaming transform look at what was before the signal.
        self._n_partial = self.spec.window_samples // self.spec.hop_samples - 1

    def process(self, block: Signal) -> NDArray[np.float32]:
        """Take in the next block.

        Parameters
        ----------
        block : numpy.ndarray
            float32, shape (n_samples,), of any length.

        Returns
        -------
        numpy.ndarray
            float32, shape (n_frames, n_bins), dB re full scale: the columns that became complete.
        """
        chunk_samples = _CHUNK_FRAMES * self.spec.hop_samples
        parts = [
            self._columns(block[start : start + chunk_samples])
            for start in range(0, max(len(block), 1), chunk_samples)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _columns(self, block: Signal) -> NDArray[np.float32]:
        spectra = self._stft.process(block)
        n_dropped = min(self._n_partial, len(spectra))
        self._n_partial -= n_dropped
        magnitudes = np.abs(spectra[n_dropped:])
        magnitudes *= self._scale
        np.maximum(magnitudes, self._tiny, out=magnitudes)
        levels_db = np.log10(magnitudes, out=magnitudes)
        levels_db *= 20
        return np.maximum(levels_db, np.float32(self.spec.floor_db), out=levels_db)


def spectrogram_db(signal: Signal, spec: DisplaySpec = DisplaySpec()) -> NDArray[np.float32]:
    """Compute a spectrogram.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,).
    spec : DisplaySpec
        Window, hop and floor.

    Returns
    -------
    numpy.ndarray
        float32, shape (``spec.n_frames(n_samples)``, n_bins), dB re full scale: a sine of amplitude 1 at the
        centre of a bin reads 0 dB. Column ``k`` covers the samples ``k * hop`` to ``k * hop + window - 1``;
        a signal shorter than a window has none.
    """
    return StreamingSpectrogram(spec).process(signal)
