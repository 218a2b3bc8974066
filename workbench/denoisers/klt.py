"""The signal subspace method: a Karhunen-Loève transform (KLT) of speech in coloured noise.

A. Rezayee and S. Gazor, "An adaptive KLT approach for speech enhancement", IEEE Trans. Speech and Audio
Processing 9 (2), 2001, after Y. Ephraim and H. L. Van Trees, same journal, 3 (4), 1995.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from workbench.denoisers.finite import finite
from workbench.denoisers.noise_power import CLASSICAL_SPEC, NoisePowerTracker
from workbench.dsp import Signal, Spectra
from workbench.dsp.stft import FrameProcessor, StftSpec

VECTOR_SAMPLES = 48
"""Length of the vectors that are transformed: 3 ms."""

_HOP = VECTOR_SAMPLES // 2
_VECTOR_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(VECTOR_SAMPLES) / VECTOR_SAMPLES)).astype(
    np.float32
)
_HALF = np.arange(VECTOR_SAMPLES // 2)
_NEAR_LAGS = np.abs(np.subtract.outer(_HALF, _HALF))
_FAR_LAGS = VECTOR_SAMPLES - 1 - np.add.outer(_HALF, _HALF)
_WINDOW = CLASSICAL_SPEC.window_samples
# Room before and after the window for vectors that reach over its ends, and for an acyclic autocorrelation.
_SPEC = StftSpec(_WINDOW, CLASSICAL_SPEC.hop_samples, CLASSICAL_SPEC.window, fft_samples=_WINDOW * 5 // 4)
_N_VECTORS = -(-(_WINDOW + _HOP) // _HOP)
_PADDED = (_N_VECTORS + 1) * _HOP
_MAX_GAIN_TRADE = 5.0
_MIN_NOISE_SHARE = 1e-8


class KltDenoiser:
    """Scale what is left of speech along each axis of its Karhunen-Loève transform, by its noise there.

    The axes are the eigenvectors of the covariance of speech, that is of noisy speech less noise. The energy
    of the noise along each is what its covariance says (the diagonal approximation of Rezayee and Gazor,
    which serves coloured noise without whitening), and the gain is the one that distorts speech least for a
    given energy of the noise that remains, ``speech / (speech + trade * noise)``. The `trade` falls as the
    SNR rises, from 5 at -5 dB to 1 at 20 dB (Y. Hu and P. C. Loizou, IEEE Trans. Speech and Audio
    Processing 11 (4), 2003).

    Two things differ from the paper: the transform is computed anew in each frame of
    32 ms rather than tracked, and the covariance of the noise comes from `NoisePowerTracker` rather
    than from pauses found by the greatest eigenvalue, as for the other classical methods.
    """

    def __init__(self) -> None:
        self.name = "klt"
        self._noise = NoisePowerTracker()
        self._frames = FrameProcessor(_SPEC, self._enhance)
        self.latency_samples = self._frames.latency_samples

    def reset(self) -> None:
        """Forget all signal history."""
        self._noise.reset()
        self._frames.reset()

    def process(self, block: Signal) -> Signal:
        """Denoise the next block; see `workbench.denoisers.protocol.Denoiser.process`."""
        return self._frames.process(finite(block))

    def _enhance(self, spectra: Spectra, first_frame_index: int) -> Spectra:
        frames = np.fft.irfft(spectra, _SPEC.transform_samples)[:, :_WINDOW].astype(np.float32, copy=False)
        powers = np.square(spectra.real, dtype=np.float64) + np.square(spectra.imag, dtype=np.float64)
        noise_powers = np.stack([self._noise.update(power) for power in powers])
        denoised = _filtered(frames, _enhancing_matrices(powers, noise_powers))
        return np.fft.rfft(denoised, _SPEC.transform_samples).astype(np.complex64, copy=False)


def _enhancing_matrices(
    noisy_powers: NDArray[np.float64], noise_powers: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return, for each frame, the matrix of VECTOR_SAMPLES squared that makes speech from noisy vectors."""
    speech_covariance, noise_covariance = (
        _even_and_odd(np.fft.irfft(powers, _SPEC.transform_samples))
        for powers in (noisy_powers - noise_powers, noise_powers)
    )
    energies, axes = np.linalg.eigh(speech_covariance)
    speech = np.maximum(energies, 0)
    noise = np.sum(axes * (noise_covariance @ axes), axis=-2)
    noise = np.maximum(noise, _MIN_NOISE_SHARE * noise.sum(axis=(1, 2), keepdims=True))
    snr = speech.sum(axis=(1, 2), keepdims=True) / noise.sum(axis=(1, 2), keepdims=True)
    trade = np.clip(4.2 - 10 * np.log10(np.maximum(snr, 1e-3)) / 6.25, 1, _MAX_GAIN_TRADE)
    gains = speech / (speech + trade * noise)
    even, odd = np.moveaxis((axes * gains[..., None, :]) @ np.swapaxes(axes, -1, -2) / 2, 1, 0)
    top = np.concatenate((even + odd, (even - odd)[..., ::-1]), axis=-1)
    return np.concatenate((top, top[:, ::-1, ::-1]), axis=-2).astype(np.float32)


def _even_and_odd(correlations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Toeplitz covariances in two halves, shape (n_frames, 2, VECTOR_SAMPLES / 2, VECTOR_SAMPLES / 2).

    Read backwards, a covariance is the same, so each of its eigenvectors reads the same or negated, and two
    problems of half the size give them all in less than half of the time (A. Cantoni and P. Butler,
    "Eigenvalues and eigenvectors of symmetric centrosymmetric matrices", Linear Algebra and its Applications
    13, 1976).
    """
    near, far = correlations[:, _NEAR_LAGS], correlations[:, _FAR_LAGS]
    return np.stack((near + far, near - far), axis=1)


def _filtered(frames: NDArray[np.float32], matrices: NDArray[np.float32]) -> NDArray[np.float32]:
    """Apply a matrix to the overlapping vectors of each frame and add them up with a Hann window."""
    n_frames = len(frames)
    padded = np.zeros((n_frames, _PADDED), np.float32)
    padded[:, _HOP : _HOP + _WINDOW] = frames
    vectors = sliding_window_view(padded, VECTOR_SAMPLES, axis=1)[:, ::_HOP]
    changed = (vectors @ matrices) * _VECTOR_WINDOW
    summed = np.zeros((n_frames, _PADDED // _HOP, _HOP), np.float32)
    summed[:, :-1] += changed[..., :_HOP]
    summed[:, 1:] += changed[..., _HOP:]
    return summed.reshape(n_frames, -1)[:, _HOP : _HOP + _WINDOW]
