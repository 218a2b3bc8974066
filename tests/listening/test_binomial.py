"""Exact statistics against scipy and against worked examples that were published."""

import numpy as np
import pytest
from scipy import stats

from workbench.listening.binomial import (
    answers_needed,
    binomial_interval,
    binomial_p_value,
    binomial_power,
)
from workbench.listening.means import t_interval, t_test

# Student, The probable error of a mean, Biometrika 6 (1908): hours of sleep gained with two drugs.
SLEEP_1 = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
SLEEP_2 = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def test_the_interval_of_conovers_plants() -> None:
    """Conover, Practical Nonparametric Statistics (1971), p. 97: 682 of 925; limits as R prints them."""
    assert binomial_interval(682, 925) == pytest.approx((0.7076683, 0.7654066), abs=1e-7)


@pytest.mark.parametrize(("n", "least"), [(10, 9), (16, 12), (20, 15), (25, 18), (50, 32)])
def test_the_least_correct_answers_of_abx_tables(n: int, least: int) -> None:
    """Least numbers for 5 %, one-sided, as in every table of the forced-choice test (ISO 4120, p = 1/2)."""
    assert binomial_p_value(least, n, "greater") < 0.05 <= binomial_p_value(least - 1, n, "greater")


def test_twelve_of_sixteen() -> None:
    assert binomial_p_value(12, 16, "greater") == pytest.approx(0.0384, abs=5e-5)
    assert binomial_p_value(12, 16) == pytest.approx(0.0768, abs=5e-5)


def test_students_sleep() -> None:
    difference = SLEEP_1 - SLEEP_2
    assert t_test(difference) == pytest.approx(0.002833, abs=5e-7)
    assert t_interval(difference) == pytest.approx((-2.4598858, -0.7001142), abs=1e-7)
    assert t_test(difference) == pytest.approx(stats.ttest_rel(SLEEP_1, SLEEP_2).pvalue)


def test_too_few_values_have_no_interval_and_equal_ones_no_doubt() -> None:
    assert t_interval(np.array([1.0])) == (None, None)
    assert t_test(np.array([1.0])) is None
    assert t_test(np.zeros(4)) == 1.0
    assert t_test(np.ones(4)) == 0.0


def test_nothing_counted_says_nothing() -> None:
    assert binomial_p_value(0, 0) == 1.0
    assert binomial_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
@pytest.mark.parametrize(("n", "share"), [(5, 0.9), (16, 0.75), (40, 0.6), (41, 0.5), (100, 0.3)])
def test_power_is_the_chance_of_a_significant_count(n: int, share: float, alternative: str) -> None:
    counted = sum(
        stats.binom.pmf(k, n, share)
        for k in range(n + 1)
        if stats.binomtest(k, n, 0.5, alternative=alternative).pvalue <= 0.05 * (1 + 1e-12)
    )
    assert binomial_power(n, share, alternative) == pytest.approx(counted)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("share", "alternative"), [(0.7, "two-sided"), (0.3, "two-sided"), (0.75, "greater")]
)
def test_from_the_number_needed_on_the_power_stays(share: float, alternative: str) -> None:
    n = answers_needed(share, 0.8, alternative)  # type: ignore[arg-type]
    assert n is not None
    assert binomial_power(n - 1, share, alternative) < 0.8  # type: ignore[arg-type]
    assert all(binomial_power(more, share, alternative) >= 0.8 for more in range(n, n + 60))  # type: ignore[arg-type]


def test_what_is_chance_cannot_be_shown() -> None:
    assert answers_needed(0.5) is None
    assert answers_needed(0.4, alternative="greater") is None
    assert answers_needed(0.501) is None
    assert answers_needed(1.0) == 6
