"""The Wiener filter with a decision-directed a priori SNR.

P. Scalart and J. Vieira Filho, "Speech enhancement based on a priori signal to noise estimation",
ICASSP 1996.
"""

import numpy as np
from numpy.typing import NDArray

from workbench.denoisers.decision_directed import DecisionDirectedDenoiser


def wiener_gain(prior_snr: NDArray[np.float64], posterior_snr: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gain that estimates the complex spectrum with the least mean-square error."""
    return prior_snr / (1 + prior_snr)


class WienerDenoiser(DecisionDirectedDenoiser):
    """Scale each bin by its Wiener gain; see `DecisionDirectedDenoiser`."""

    def __init__(self) -> None:
        super().__init__("wiener", wiener_gain)
