"""Exact statistics of counts: is a preference more than chance, and how many answers does it take to show."""

from typing import Literal

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
MAX_ANSWERS = 5000

Alternative = Literal["two-sided", "greater"]


def binomial_p_value(k: int, n: int, alternative: Alternative = "two-sided") -> float:
    """Return the exact probability of a count at least as extreme by chance, each of two being as likely.

    Parameters
    ----------
    k, n : int
        `k` of `n`.
    alternative : str
        "two-sided" for preferences, "greater" for correct answers.
    """
    from scipy.stats import binomtest

    return float(binomtest(k, n, 0.5, alternative=alternative).pvalue) if n else 1.0


def binomial_interval(k: int, n: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share (Clopper & Pearson, Biometrika 26, 1934)."""
    from scipy.stats import binomtest

    if not n:
        return 0.0, 1.0
    interval = binomtest(k, n).proportion_ci(CONFIDENCE, method="exact")
    return float(interval.low), float(interval.high)


def binomial_power(n: int, share: float, alternative: Alternative = "two-sided") -> float:
    """Return how likely `n` answers become significant at 5 % if the true share is `share`.

    Parameters
    ----------
    n : int
        Answers of all listeners together, those of "no difference" not counted.
    share : float
        Of answers for one side, or of correct ones; 0 to 1.
    alternative : str
        As for `binomial_p_value`.
    """
    from scipy.stats import binom

    tail = SIGNIFICANT / 2 if alternative == "two-sided" else SIGNIFICANT
    # The least count whose tail under chance is small enough.
    critical = int(binom.isf(tail, n, 0.5)) + 1
    power = float(binom.sf(critical - 1, n, share))
    if alternative == "two-sided":
        power += float(binom.cdf(n - critical, n, share))
    return power


def answers_needed(share: float, power: float = 0.8, alternative: Alternative = "two-sided") -> int | None:
    """Return the least number of answers from which on the power stays, or None where no number helps.

    The power of an exact test goes up and down with the number of answers; from this number on it does not
    fall below `power` any more (looked at up to `MAX_ANSWERS`).
    """
    if share == 0.5 or (alternative == "greater" and share < 0.5):
        return None
    import numpy as np
    from scipy.stats import binom

    n = np.arange(1, MAX_ANSWERS + 1)
    tail = SIGNIFICANT / 2 if alternative == "two-sided" else SIGNIFICANT
    critical = binom.isf(tail, n, 0.5) + 1
    powers = binom.sf(critical - 1, n, share)
    if alternative == "two-sided":
        powers = powers + binom.cdf(n - critical, n, share)
    short = np.flatnonzero(powers < power)
    if not len(short):
        return 1
    return None if short[-1] + 1 == MAX_ANSWERS else int(n[short[-1] + 1])
