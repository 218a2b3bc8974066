"""HASPI and HASQI: intelligibility and quality for a listener with an audiogram.

Kates & Arehart, Speech Communication 131 (2021) and JAES 62 (2014), computed by ``pyclarity``.
"""

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError
from workbench.evaluation.randomness import fixed_global_randomness

FREQUENCIES_HZ = (250, 500, 1000, 2000, 4000, 6000)
"""Where the six thresholds of an audiogram are measured."""

STANDARD_AUDIOGRAMS: dict[str, tuple[float, ...]] = {
    "NH": (0, 0, 0, 0, 0, 0),
    "N1": (10, 10, 10, 15, 30, 40),
    "N2": (20, 20, 25, 35, 45, 50),
    "N3": (35, 35, 40, 50, 60, 65),
    "N4": (55, 55, 55, 65, 75, 80),
    "N5": (65, 70, 75, 80, 80, 80),
    "N6": (75, 80, 85, 90, 100, 100),
    "N7": (90, 95, 105, 105, 105, 105),
    "S1": (10, 10, 10, 15, 55, 70),
    "S2": (20, 20, 25, 55, 85, 95),
    "S3": (30, 35, 60, 75, 80, 85),
}
"""Thresholds in dB HL: normal hearing, and the standard audiograms of Bisgaard et al. (2010)."""

DEFAULT_AUDIOGRAM = "N3"
SPEECH_LEVEL_DB_SPL = 65.0
_NAL_R_TAPS = 140

Thresholds = tuple[float, ...]


def parse_audiogram(text: str) -> Thresholds:
    """Return the thresholds in dB HL at `FREQUENCIES_HZ` of a standard audiogram, or six numbers with commas.

    Raises
    ------
    WorkbenchError
        It is neither, or a threshold is not between −10 and 120 dB HL.
    """
    if text in STANDARD_AUDIOGRAMS:
        return STANDARD_AUDIOGRAMS[text]
    try:
        thresholds = tuple(float(part) for part in text.split(","))
    except ValueError:
        thresholds = ()
    if len(thresholds) != len(FREQUENCIES_HZ) or not all(-10 <= level <= 120 for level in thresholds):
        raise WorkbenchError(
            f"'{text}' is no audiogram; give one of {', '.join(STANDARD_AUDIOGRAMS)}, or six thresholds in "
            f"dB HL at {', '.join(str(hz) for hz in FREQUENCIES_HZ)} Hz, such as 35,35,40,50,60,65."
        )
    return thresholds


def hearing_index(
    clean: Signal, processed: Signal, index: Literal["haspi", "hasqi"], thresholds_db_hl: Thresholds
) -> float:
    """Return HASPI version 2 or HASQI version 2.

    The clean speech is presented at 65 dB SPL, the processed signal with the same gain and then with the
    listener's NAL-R amplification, as in a hearing aid. The noise of the ear model is seeded.

    Parameters
    ----------
    clean, processed : numpy.ndarray
        float32, shape (n_samples,), aligned.
    index : str
        "haspi" (intelligibility) or "hasqi" (quality).
    thresholds_db_hl : tuple of float
        At `FREQUENCIES_HZ`.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ImportError
        ``pyclarity`` is not installed.
    """
    from clarity.utils.audiogram import Audiogram

    reference = clean.astype(np.float64)
    level_db_spl = SPEECH_LEVEL_DB_SPL - 20 * np.log10(np.sqrt(np.square(reference).mean()))
    audiogram = Audiogram(np.array(thresholds_db_hl), np.array(FREQUENCIES_HZ))
    amplified = np.convolve(processed.astype(np.float64), _nal_r(thresholds_db_hl))
    aligned = amplified[_NAL_R_TAPS // 2 :][: len(reference)]
    arguments: tuple[Any, ...] = (reference, SAMPLE_RATE, aligned, SAMPLE_RATE, audiogram)
    with fixed_global_randomness():
        if index == "haspi":
            from clarity.evaluator.haspi import haspi_v2

            return float(haspi_v2(*arguments, level1=level_db_spl)[0])
        from clarity.evaluator.hasqi import hasqi_v2

        return float(hasqi_v2(*arguments, level1=level_db_spl)[0])


@lru_cache(maxsize=8)
def _nal_r(thresholds_db_hl: Thresholds) -> NDArray[np.float64]:
    from clarity.enhancer.nalr import NALR
    from clarity.utils.audiogram import Audiogram

    audiogram = Audiogram(np.array(thresholds_db_hl), np.array(FREQUENCIES_HZ))
    taps: NDArray[np.float64] = NALR(_NAL_R_TAPS, SAMPLE_RATE).build(audiogram)[0]
    return taps
