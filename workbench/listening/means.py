"""Intervals and tests of means and medians over listeners."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.evaluation.statistics import CONFIDENCE

N_RESAMPLES = 2000
_SEED = 0


def t_interval(means: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Return the 95 % confidence interval of a mean after Student; none for fewer than two values."""
    from scipy.stats import t

    if len(means) < 2:
        return None, None
    half = float(t.ppf((1 + CONFIDENCE) / 2, len(means) - 1) * means.std(ddof=1) / np.sqrt(len(means)))
    return float(means.mean()) - half, float(means.mean()) + half


def t_test(differences: NDArray[np.float64]) -> float | None:
    """Return the two-sided p-value of Student's t-test of a mean against 0; None for fewer than two values.

    Where all values are the same there is no spread to judge by: 1 if they are 0, else 0.
    """
    from scipy.stats import t

    if len(differences) < 2:
        return None
    spread = differences.std(ddof=1)
    if spread == 0:
        return float(differences[0] == 0)
    statistic = abs(differences.mean()) / (spread / np.sqrt(len(differences)))
    return float(2 * t.sf(statistic, len(differences) - 1))


def bootstrap(
    groups: Sequence[NDArray[np.float64]], statistic: Literal["mean", "median"]
) -> tuple[float | None, float | None]:
    """Percentile bootstrap that draws listeners with all their ratings; seeded."""
    if len(groups) < 2:
        return None, None
    padded = np.full((len(groups), max(map(len, groups))), np.nan)
    for row, values in zip(padded, groups, strict=True):
        row[: len(values)] = values
    places = np.random.default_rng(_SEED).integers(len(groups), size=(N_RESAMPLES, len(groups)))
    drawn = padded[places].reshape(N_RESAMPLES, -1)
    is_whole = not np.isnan(padded).any()
    if statistic == "mean":
        found = drawn.mean(axis=1) if is_whole else np.nanmean(drawn, axis=1)
    else:
        found = np.median(drawn, axis=1) if is_whole else np.nanmedian(drawn, axis=1)
    low, high = np.quantile(found, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
