"""The power of the noise, bin by bin, tracked while speech goes on: what all classical methods stand on."""

import numpy as np
from numpy.typing import NDArray

from workbench.dsp.stft import StftSpec

CLASSICAL_SPEC = StftSpec(window_samples=512, hop_samples=256, window="sqrt_hann")
"""The transform of the classical methods: 32 ms and half of that between frames, as in the paper below."""

POWER_FLOOR = 1e-10
"""Least noise power; that of noise about 120 dB below full scale in `CLASSICAL_SPEC`."""

_INITIAL_FRAMES = 5
_POWER_MEMORY = 0.8
_PRESENCE_MEMORY = 0.9
_MAX_STUCK_PRESENCE = 0.99
_SNR_IF_SPEECH = 10 ** (15 / 10)


class NoisePowerTracker:
    """Estimate the noise power by minimum mean-square error, with the probability that speech is present.

    T. Gerkmann and R. C. Hendriks, "Unbiased MMSE-based noise power estimation with low complexity and low
    tracking delay", IEEE Trans. Audio, Speech and Language Processing 20 (4), 2012, with the constants of the
    paper: an a priori SNR of 15 dB where there is speech, smoothing 0.8 and 0.9, frames every 16 ms.

    It looks at no later frame, needs no voice activity detector and follows noise that changes, which
    averaging the pauses or minimum statistics do late or not at all. The classical methods share it, so that
    they are compared by their gains alone, each at its best. The mean of the first five frames that are not
    silent starts it: recordings are expected to begin with a short pause.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the noise."""
        self._power: NDArray[np.float64] | None = None
        self._presence = np.zeros(0)
        self._n_frames = 0

    def update(self, noisy_power: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take in the next frame.

        Parameters
        ----------
        noisy_power : numpy.ndarray
            Squared magnitudes, shape (n_bins,).

        Returns
        -------
        numpy.ndarray
            The noise's power, shape (n_bins,), at least `POWER_FLOOR`; not to be changed.
        """
        if self._power is None:
            self._power = np.full_like(noisy_power, POWER_FLOOR)
            self._presence = np.full_like(noisy_power, 0.5)
        if self._n_frames < _INITIAL_FRAMES:
            if noisy_power.max() > POWER_FLOOR:
                self._n_frames += 1
                mean = self._power + (noisy_power - self._power) / self._n_frames
                self._power = np.maximum(mean, POWER_FLOOR)
            return self._power
        # Beyond an exponent of 50 the probability is 1 or the odds make no difference.
        exponent = noisy_power / self._power
        exponent *= -_SNR_IF_SPEECH / (1 + _SNR_IF_SPEECH)
        odds_against = np.exp(np.maximum(exponent, -50.0, out=exponent), out=exponent)
        odds_against *= 1 + _SNR_IF_SPEECH
        odds_against += 1
        presence = np.divide(1, odds_against, out=odds_against)
        self._presence += (1 - _PRESENCE_MEMORY) * (presence - self._presence)
        # Noise that rises for good looks like speech that never ends: this lets the estimate follow.
        if self._presence.max() > _MAX_STUCK_PRESENCE:
            stuck = self._presence > _MAX_STUCK_PRESENCE
            presence[stuck] = np.minimum(presence[stuck], _MAX_STUCK_PRESENCE)
        # What is smoothed in is noisy power in so far as speech is absent.
        absence = np.subtract(1 - _POWER_MEMORY, presence * (1 - _POWER_MEMORY), out=presence)
        self._power = np.maximum(self._power + absence * (noisy_power - self._power), POWER_FLOOR)
        return self._power
