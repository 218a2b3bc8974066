"""Short-time Fourier transform and its inverse: offline, streaming, and block by block with a fixed delay.

There is one implementation: the offline functions run the streaming classes over the whole signal.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from workbench.dsp import Signal, Spectra
from workbench.errors import WorkbenchError

WindowName: TypeAlias = Literal["hamming", "hann", "sqrt_hann", "blackman", "rectangular"]

Transform: TypeAlias = Callable[[Spectra, int], Spectra]
"""``transform(spectra, first_frame_index) -> spectra`` of the same shape."""

# Where the squared windows sum to little, rounding errors grow by the inverse of that sum's root; at this
# ratio of least to greatest sum, float32 still reconstructs to 1e-6.
_MIN_COVERAGE = 0.01


@dataclass(frozen=True)
class StftSpec:
    """A short-time Fourier transform that reconstructs perfectly.

    The synthesis window is the canonical dual of the analysis window, the window over the sum of its squared
    shifts (Gröchenig, Foundations of Time-Frequency Analysis, 2001, ch. 5), so any hop will do that leaves
    no sample uncovered. Of all windows that reconstruct, it changes least when spectra are modified: it gives
    the least-squares estimate of Griffin and Lim (1984).

    With `synthesis_samples` the signal is rebuilt from the end of each frame alone, so that the delay is that
    of a short window and the frequency resolution nearly that of a long one: the analysis window rises slowly
    and falls fast, and the product of both windows is a short one at the end of the frame that rises and
    falls as a Hann window where frames overlap (Mauler & Martin, EUSIPCO 2007; Wood & Rouat, Interspeech
    2019).

    Attributes
    ----------
    window_samples : int
        Length of the window.
    hop_samples : int
        Distance between frames; need not divide the window.
    window : str
        "hamming", "hann", "sqrt_hann", "blackman" or "rectangular"; the periodic variants.
    fft_samples : int, optional
        Length of the transform; frames are padded with zeros up to it. `window_samples` if not given.
    synthesis_samples : int, optional
        Length of the synthesis window, more than a hop and at most two; `window` is "sqrt_hann" then.
        `window_samples` if not given.

    Raises
    ------
    WorkbenchError
        This window and hop cannot reconstruct a signal, or the numbers make no sense.
    """

    window_samples: int = 256
    hop_samples: int = 128
    window: WindowName = "hamming"
    fft_samples: int | None = None
    synthesis_samples: int | None = None

    def __post_init__(self) -> None:
        if self.window not in get_args(WindowName):
            raise WorkbenchError(
                f"There is no window named {self.window!r}; choose one of {', '.join(get_args(WindowName))}."
            )
        if self.window_samples < 2 or not 1 <= self.hop_samples <= self.window_samples:
            raise WorkbenchError(
                f"A window of {self.window_samples} samples with a hop of {self.hop_samples} cannot "
                "reconstruct a signal; choose at least 2 samples and a hop from 1 to the window length."
            )
        if self.transform_samples < self.window_samples:
            raise WorkbenchError(
                f"A transform of {self.transform_samples} samples cannot hold a window of "
                f"{self.window_samples}; choose a transform at least as long as the window."
            )
        if self.synthesis_samples is not None and (
            self.window != "sqrt_hann"
            or not self.hop_samples < self.synthesis_samples <= min(2 * self.hop_samples, self.window_samples)
        ):
            raise WorkbenchError(
                f"A synthesis window of {self.synthesis_samples} samples does not fit; choose more than the "
                "hop, at most twice the hop and no more than the sqrt_hann window."
            )
        coverage = _coverage(self)
        if coverage.min() < _MIN_COVERAGE * coverage.max():
            raise WorkbenchError(
                f"A {self.window} window of {self.window_samples} samples with a hop of {self.hop_samples} "
                "loses part of the signal; choose a shorter hop."
            )

    @property
    def transform_samples(self) -> int:
        """Length of the transform in samples, zero padding included."""
        return self.window_samples if self.fft_samples is None else self.fft_samples

    @property
    def n_bins(self) -> int:
        """Number of frequency bins, 0 Hz to the highest."""
        return self.transform_samples // 2 + 1

    @property
    def overlap_samples(self) -> int:
        """How far the signal rebuilt from the frames reaches before the input."""
        return (self.synthesis_samples or self.window_samples) - self.hop_samples

    @property
    def latency_samples(self) -> int:
        """Delay of `FrameProcessor`: the least that works for blocks of single samples."""
        return self.overlap_samples + self.hop_samples - 1

    def analysis_window(self) -> NDArray[np.float32]:
        """Window before the transform: float32, shape (window_samples,), read-only."""
        return _windows(self)[0]

    def synthesis_window(self) -> NDArray[np.float32]:
        """Window for the end of each frame after the inverse transform: float32, read-only.

        Shape (window_samples,), or (synthesis_samples,) where that is given.
        """
        return _windows(self)[1]


def _prototype(name: WindowName, n_samples: int) -> NDArray[np.float64]:
    phase = 2 * np.pi * np.arange(n_samples) / n_samples
    match name:
        case "hamming":
            return 0.54 - 0.46 * np.cos(phase)
        case "hann":
            return 0.5 - 0.5 * np.cos(phase)
        case "sqrt_hann":
            return np.sin(phase / 2)
        case "blackman":
            return 0.42 - 0.5 * np.cos(phase) + 0.08 * np.cos(2 * phase)
        case "rectangular":
            return np.ones(n_samples)


def _prototypes(spec: StftSpec) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Analysis window, and the synthesis window but for its normalisation."""
    if spec.synthesis_samples is None:
        window = _prototype(spec.window, spec.window_samples)
        return window, window
    overlap = spec.overlap_samples
    rise = spec.window_samples - overlap
    slow, fast = _prototype("sqrt_hann", 2 * rise), _prototype("sqrt_hann", 2 * overlap)
    analysis = np.concatenate((slow[:rise], fast[overlap:]))
    product = np.ones(spec.synthesis_samples)
    product[:overlap], product[-overlap:] = fast[:overlap] ** 2, fast[overlap:] ** 2
    return analysis, product / analysis[-spec.synthesis_samples :]


def _coverage(spec: StftSpec) -> NDArray[np.float64]:
    """Sum of the windows' product over each of the ``hop_samples`` positions."""
    analysis, synthesis = _prototypes(spec)
    n_shifts = math.ceil(len(synthesis) / spec.hop_samples)
    products = np.zeros(n_shifts * spec.hop_samples)
    products[: len(synthesis)] = analysis[-len(synthesis) :] * synthesis
    return products.reshape(n_shifts, spec.hop_samples).sum(axis=0)


@lru_cache(maxsize=32)
def _windows(spec: StftSpec) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    analysis, synthesis = _prototypes(spec)
    synthesis = synthesis / np.resize(_coverage(spec), len(synthesis))
    windows = analysis.astype(np.float32), synthesis.astype(np.float32)
    for window in windows:
        window.flags.writeable = False
    return windows


REFERENCE_SPEC = StftSpec()
"""The reference setting: 16 ms Hamming window, 8 ms hop."""


class StreamingStft:
    """Transform a signal that comes in blocks.

    Frame ``k`` covers the samples ``k*hop - (window-hop)`` to ``k*hop + hop - 1`` (zeros before the start)
    and comes out as soon as the last of them has come in.

    Parameters
    ----------
    spec : StftSpec
        Window, hop and length of the transform.
    """

    def __init__(self, spec: StftSpec = REFERENCE_SPEC) -> None:
        self.spec = spec
        self._window = spec.analysis_window()
        self._pending = np.zeros(spec.window_samples, np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget all signal history."""
        self._pending.fill(0)
        self._n_pending = self.spec.window_samples - self.spec.hop_samples

    def process(self, block: Signal) -> Spectra:
        """Take in the next block.

        Parameters
        ----------
        block : numpy.ndarray
            float32, shape (n_samples,), of any length.

        Returns
        -------
        numpy.ndarray
            complex64, shape (n_frames, n_bins): the frames that became complete, often none.
        """
        n_known = self._n_pending + len(block)
        window_samples, hop = self.spec.window_samples, self.spec.hop_samples
        if n_known < window_samples:
            self._pending[self._n_pending : n_known] = block
            self._n_pending = n_known
            return np.empty((0, self.spec.n_bins), np.complex64)
        known = np.empty(n_known, np.float32)
        known[: self._n_pending] = self._pending[: self._n_pending]
        known[self._n_pending :] = block
        n_frames = (n_known - window_samples) // hop + 1
        # Overlapping view; as_strided and sliding_window_view take longer than the transform of a frame.
        frames: NDArray[np.float32] = np.ndarray(
            (n_frames, window_samples), np.float32, known, strides=(hop * known.itemsize, known.itemsize)
        )
        self._n_pending = n_known - n_frames * hop
        self._pending[: self._n_pending] = known[n_frames * hop :]
        return np.fft.rfft(frames * self._window, self.spec.transform_samples).astype(
            np.complex64, copy=False
        )


class StreamingIstft:
    """Turn spectra back into a signal, frame by frame.

    Each frame makes the next ``hop`` samples final. The signal starts `StftSpec.overlap_samples` before the
    input.

    Parameters
    ----------
    spec : StftSpec
        That of the `StreamingStft` that made the spectra.
    """

    def __init__(self, spec: StftSpec = REFERENCE_SPEC) -> None:
        self.spec = spec
        self._window = spec.synthesis_window()
        self._tail = np.zeros(spec.overlap_samples, np.float32)

    def reset(self) -> None:
        """Forget all earlier frames."""
        self._tail.fill(0)

    def process(self, spectra: Spectra) -> Signal:
        """Take in the next frames.

        Parameters
        ----------
        spectra : numpy.ndarray
            complex64, shape (n_frames, n_bins).

        Returns
        -------
        numpy.ndarray
            float32, shape (n_frames * hop_samples,).
        """
        n_frames, hop, n_window = len(spectra), self.spec.hop_samples, len(self._window)
        if n_frames == 0:
            return np.empty(0, np.float32)
        last = self.spec.window_samples
        frames = np.fft.irfft(spectra, self.spec.transform_samples)[:, last - n_window : last]
        frames *= self._window
        n_shifts = math.ceil(n_window / hop)
        sums = np.zeros((n_frames + n_shifts - 1, hop), np.float32)
        for shift in range(n_shifts):
            part = frames[:, shift * hop : (shift + 1) * hop]
            sums[shift : shift + n_frames, : part.shape[1]] += part
        signal = sums.reshape(-1)
        signal[: len(self._tail)] += self._tail
        n_final = n_frames * hop
        self._tail[:] = signal[n_final : n_final + len(self._tail)]
        return signal[:n_final]


class FrameProcessor:
    """Change the spectra of a signal that comes in blocks of any size.

    Parameters
    ----------
    spec : StftSpec
        Window, hop and length of the transform.
    transform : callable
        ``transform(spectra, first_frame_index) -> spectra``, called at most once for each block with all the
        frames (complex64, shape (n_frames, n_bins)) that became complete in it; it may change and return the
        array that it was given. Frames count from 0 after a reset.
    """

    def __init__(self, spec: StftSpec, transform: Transform) -> None:
        self.spec = spec
        self.latency_samples = spec.latency_samples
        self._transform = transform
        self._stft = StreamingStft(spec)
        self._istft = StreamingIstft(spec)
        # Samples that are final but not yet due; with the least delay there are at most hop - 1.
        self._ready = np.zeros(spec.hop_samples - 1, np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget all signal history; what `transform` remembers is its owner's to reset."""
        self._stft.reset()
        self._istft.reset()
        self._ready.fill(0)
        self._first_ready = 0
        self._n_frames = 0

    def process(self, block: Signal) -> Signal:
        """Process the next block.

        Parameters
        ----------
        block : numpy.ndarray
            float32, shape (n_samples,), of any length.

        Returns
        -------
        numpy.ndarray
            float32, shape (n_samples,), delayed by `latency_samples`; its own memory.
        """
        n_samples = len(block)
        ready = self._ready[self._first_ready :]
        spectra = self._stft.process(block)
        if not len(spectra):
            self._first_ready += n_samples
            return ready[:n_samples].copy()
        changed = self._transform(spectra, self._n_frames)
        self._n_frames += len(spectra)
        signal = np.concatenate((ready, self._istft.process(changed)))
        n_left = len(signal) - n_samples
        self._first_ready = len(self._ready) - n_left
        self._ready[self._first_ready :] = signal[n_samples:]
        return signal[:n_samples]


def n_frames_covering(n_samples: int, spec: StftSpec = REFERENCE_SPEC) -> int:
    """Count the frames that are needed to rebuild a signal of `n_samples`: as many as `stft` gives."""
    return -(-(n_samples + spec.overlap_samples) // spec.hop_samples) if n_samples else 0


def stft(signal: Signal, spec: StftSpec = REFERENCE_SPEC) -> Spectra:
    """Transform a whole signal.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,).
    spec : StftSpec
        Window, hop and length of the transform.

    Returns
    -------
    numpy.ndarray
        complex64, shape (n_frames, n_bins): the frames of `StreamingStft`, and after these the last ones that
        reach beyond the end (zeros there), so that `istft` can rebuild every sample.
    """
    missing = n_frames_covering(len(signal), spec) * spec.hop_samples - len(signal)
    return StreamingStft(spec).process(np.concatenate((signal, np.zeros(missing, np.float32))))


def istft(spectra: Spectra, spec: StftSpec, n_samples: int) -> Signal:
    """Turn the spectra of `stft` back into a signal.

    Parameters
    ----------
    spectra : numpy.ndarray
        complex64, shape (n_frames, n_bins).
    spec : StftSpec
        That of the transform.
    n_samples : int
        Length of the signal; what the frames do not reach is zero.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_samples,).
    """
    lead = spec.overlap_samples
    signal = StreamingIstft(spec).process(spectra)[lead : lead + n_samples]
    return np.concatenate((signal, np.zeros(n_samples - len(signal), np.float32)))
