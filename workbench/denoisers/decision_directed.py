"""Methods that give each bin a gain by its signal-to-noise ratio, which is estimated decision-directed."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from workbench.denoisers.finite import finite
from workbench.denoisers.noise_power import CLASSICAL_SPEC, NoisePowerTracker
from workbench.dsp import Signal, Spectra
from workbench.dsp.stft import FrameProcessor

Gain: TypeAlias = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
"""``gain(prior_snr, posterior_snr) -> gain``, each of shape (n_bins,), SNRs as power ratios."""

_MEMORY = 0.98
_MIN_PRIOR_SNR = 10 ** (-25 / 10)
_MAX_POSTERIOR_SNR = 40.0


class DecisionDirectedDenoiser:
    """Scale each bin by a gain that is a function of the a priori and the a posteriori SNR.

    The a priori SNR is the decision-directed estimate of Ephraim and Malah (1984): 0.98 of what was taken for
    speech in the frame before, and 0.02 of what is above the noise now. Its floor of -25 dB limits what is
    removed and keeps the rest from warbling (Cappé, IEEE Trans. Speech and Audio Processing, 1994), with the
    constants of P. C. Loizou, "Speech Enhancement: Theory and Practice", 2nd ed., 2013. The noise is
    that of `NoisePowerTracker`.

    Parameters
    ----------
    name : str
        Identifier.
    gain : callable
        See `Gain`.
    """

    def __init__(self, name: str, gain: Gain) -> None:
        self.name = name
        self._gain = gain
        self._noise = NoisePowerTracker()
        self._frames = FrameProcessor(CLASSICAL_SPEC, self._enhance)
        self.latency_samples = self._frames.latency_samples
        self._speech_power = np.zeros(CLASSICAL_SPEC.n_bins)

    def reset(self) -> None:
        """Forget all signal history."""
        self._noise.reset()
        self._frames.reset()
        self._speech_power = np.zeros(CLASSICAL_SPEC.n_bins)

    def process(self, block: Signal) -> Signal:
        """Denoise the next block; see `workbench.denoisers.protocol.Denoiser.process`."""
        return self._frames.process(finite(block))

    def _enhance(self, spectra: Spectra, first_frame_index: int) -> Spectra:
        powers = np.square(spectra.real, dtype=np.float64) + np.square(spectra.imag, dtype=np.float64)
        for frame, power in zip(spectra, powers, strict=True):
            noise_power = self._noise.update(power)
            posterior_snr = np.minimum(power / noise_power, _MAX_POSTERIOR_SNR)
            now = np.maximum(posterior_snr - 1, 0)
            prior_snr = _MEMORY * self._speech_power / noise_power + (1 - _MEMORY) * now
            gain = self._gain(np.maximum(prior_snr, _MIN_PRIOR_SNR), posterior_snr)
            self._speech_power = gain * gain * power
            frame *= gain.astype(np.float32)
        return spectra
