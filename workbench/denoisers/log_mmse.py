"""The estimator of the log spectral amplitude with the least mean-square error (log-MMSE, LSA).

Y. Ephraim and D. Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude
estimator", IEEE Trans. Acoustics, Speech and Signal Processing 33 (2), 1985.
"""

import numpy as np
from numpy.typing import NDArray

from workbench.denoisers.decision_directed import DecisionDirectedDenoiser

# Abramowitz and Stegun, Handbook of Mathematical Functions, 5.1.53 (error below 2e-7) and 5.1.56 (the error
# of x exp(x) E1(x) is below 2e-8), highest power first.
_BELOW_1 = (0.00107857, -0.00976004, 0.05519968, -0.24991055, 0.99999193, -0.57721566)
_ABOVE_1_NUMERATOR = (1.0, 8.5733287401, 18.0590169730, 8.6347608925, 0.2677737343)
_ABOVE_1_DENOMINATOR = (1.0, 9.5733223454, 25.6329561486, 21.0996530827, 3.9584969228)

_MIN_EXPONENT = 1e-10
_MAX_EXPONENT = 40.0


def exponential_integral(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the exponential integral E1, of any shape, for positive arguments; the error is below 3e-7."""
    small = np.minimum(x, 1.0)
    large = np.maximum(x, 1.0)
    below = np.polyval(_BELOW_1, small) - np.log(small)
    above = np.exp(-large) / large * np.polyval(_ABOVE_1_NUMERATOR, large)
    return np.where(x <= 1.0, below, above / np.polyval(_ABOVE_1_DENOMINATOR, large))


# Read off a table in a quarter of the time; between its points, 0.3 % apart, the error is below 1e-6.
_EXPONENTS = np.geomspace(_MIN_EXPONENT, _MAX_EXPONENT, 8192)
_ABOVE_WIENER = np.exp(0.5 * exponential_integral(_EXPONENTS))


def log_mmse_gain(prior_snr: NDArray[np.float64], posterior_snr: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gain on the spectral amplitude."""
    wiener = prior_snr / (1 + prior_snr)
    return wiener * np.interp(wiener * posterior_snr, _EXPONENTS, _ABOVE_WIENER)


class LogMmseDenoiser(DecisionDirectedDenoiser):
    """Scale each bin by its log-MMSE gain; see `DecisionDirectedDenoiser`."""

    def __init__(self) -> None:
        super().__init__("log_mmse", log_mmse_gain)
