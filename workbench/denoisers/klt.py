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

VECTOR_SAMPLES = 64
"""Length of the vectors that are transformed: 4 ms."""

_HOP = VECTOR_SAMPLES // 2
_VECTOR_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(VECTOR_SAMPLES) / VECTOR_SAMPLES)).astype(
    np.float32
)
_LAGS = np.abs(np.subtract.outer(np.arange(VECTOR_SAMPLES), np.arange(VECTOR_SAMPLES)))
_WINDOW = CLASSICAL_SPEC.window_samples
# Room before and after the window for vectors that reach over its ends, and for an acyclic autocorrelation.
_SPEC = StftSpec(_WINDOW, CLASSICAL_SPEC.hop_samples, CLASSICAL_SPEC.window, fft_samples=_WINDOW * 5 // 4)
_N_VECTORS = -(-(_WINDOW + _HOP) // _HOP)
_PADDED = (_N_VECTORS + 1) * _HOP
_MAX_GAIN_TRADE = 5.0


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
        frames = np.fft.irfft(spectra, _SPEC.transform_samples)[:, :_WINDOW]
        powers = np.square(spectra.real, dtype=np.float64) + np.square(spectra.imag, dtype=np.float64)
        for frame, power in zip(frames, powers, strict=True):
            frame[:] = _filtered(frame, _enhancing_matrix(power, self._noise.update(power)))
        return np.fft.rfft(frames, _SPEC.transform_samples).astype(np.complex64, copy=False)


def _enhancing_matrix(
    noisy_power: NDArray[np.float64], noise_power: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the matrix, shape (VECTOR_SAMPLES, VECTOR_SAMPLES), that makes speech from noisy vectors."""
    speech_covariance, noise_covariance = (
        np.fft.irfft(power, _SPEC.transform_samples)[_LAGS]
        for power in (noisy_power - noise_power, noise_power)
    )
    energies, axes = np.linalg.eigh(speech_covariance)
    speech = np.maximum(energies, 0)
    noise = np.einsum("ij,ij->j", axes, noise_covariance @ axes)
    noise = np.maximum(noise, 1e-6 * noise_covariance[0, 0])
    snr_db = 10 * np.log10(max(speech.sum() / noise.sum(), 1e-3))
    trade = np.clip(4.2 - snr_db / 6.25, 1, _MAX_GAIN_TRADE)
    gains = speech / (speech + trade * noise)
    return (axes * gains) @ axes.T


def _filtered(frame: Signal, matrix: NDArray[np.float64]) -> Signal:
    """Apply a matrix to overlapping vectors of a frame and add them up with a Hann window."""
    padded = np.zeros(_PADDED, np.float32)
    padded[_HOP : _HOP + len(frame)] = frame
    vectors = sliding_window_view(padded, VECTOR_SAMPLES)[::_HOP]
    changed = (vectors @ matrix.astype(np.float32)) * _VECTOR_WINDOW
    summed = np.zeros((len(changed) + 1, _HOP), np.float32)
    summed[:-1] += changed[:, :_HOP]
    summed[1:] += changed[:, _HOP:]
    return summed.reshape(-1)[_HOP : _HOP + len(frame)]
