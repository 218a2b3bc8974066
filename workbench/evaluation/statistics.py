"""What the results of a sweep say: means, their uncertainty, and what a method gains over the noisy signal.

The unit is the utterance: what is measured of one recording of speech, over repetitions and over all classes
or SNRs that a cell takes together, is averaged first: mixtures of the same speech are not independent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from workbench.evaluation.metrics import Metric, find_metric
from workbench.evaluation.plan import NOISY, SweepPlan
from workbench.evaluation.store import Result

ALL = "all"
"""The class of cells that take all classes of noise together."""
N_RESAMPLES = 2000
CONFIDENCE = 0.95
_SEED = 0
_LARGEST_EXACT = 50

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """One cell of the table: a method and a metric in one class of noise at one SNR.

    Attributes
    ----------
    noise_class : str
        `ALL` for all classes together.
    snr_db : float or None
        None for all SNRs together.
    method, metric : str
    n_utterances : int
        Recordings of speech with at least one value.
    n_gaps : int
        Mixtures without a value.
    mean, sd : float or None
        Over the utterances; `sd` needs two.
    low, high : float or None
        95 % confidence interval of the mean: percentile bootstrap over utterances, seeded.
    gain, gain_low, gain_high : float or None
        Mean of the value less that of the noisy signal of the same mixture, with its confidence interval;
        None for the noisy signal itself.
    p_value : float or None
        Wilcoxon signed-rank test of the gain over utterances, two-sided, corrected after Holm for all cells
        of this metric of the same kind (single cells; SNRs over all classes; classes over all SNRs; all).
    """

    noise_class: str
    snr_db: float | None
    method: str
    metric: str
    n_utterances: int
    n_gaps: int
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    p_value: float | None


@dataclass(frozen=True)
class WorstCase:
    """A mixture on which a method did badly.

    Attributes
    ----------
    result : Result
        Of the method.
    noisy : float
        Value of the noisy signal.
    loss : float
        How much worse than the noisy signal the denoised one is, positive if it is worse.
    """

    result: Result
    noisy: float
    loss: float


def summarise(results: Sequence[Result], plan: SweepPlan, *, significance: bool = True) -> list[Cell]:
    """Summarise results cell by cell.

    Parameters
    ----------
    results : sequence of Result
        Of a store; the sweep need not be finished.
    plan : SweepPlan
    significance : bool
        Whether to test; without, it is quick enough to do while a sweep runs.

    Returns
    -------
    list of Cell
        By class (`ALL` last), SNR (all together last), method and metric; cells without any result are left
        out.
    """
    if not results:
        return []
    values, gaps = _arrays(results, plan)
    noisy = values[:, :, :, :, :1]
    # Axes: group, utterance, method, metric.
    means, gains = _by_group(values), _by_group(values - noisy)
    n_gaps = _sums_by_group(gaps)
    columns = means.shape[0], *means.shape[2:]
    flat_means, flat_gains = (np.moveaxis(each, 1, 0).reshape(each.shape[1], -1) for each in (means, gains))
    counts = np.isfinite(flat_means).sum(0)
    intervals, gain_intervals = bootstrap_intervals(flat_means), bootstrap_intervals(flat_gains)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre, gain = _nanmean(flat_means, 0), _nanmean(flat_gains, 0)
        sd = np.sqrt(np.nansum((flat_means - centre) ** 2, 0) / np.where(counts > 1, counts - 1, np.nan))
    groups = list(product([*(name for name, _ in plan.noise), ALL], [*sorted(plan.snrs_db), None]))
    p_values = np.full(columns, np.nan)
    if significance:
        p_values = _corrected(wilcoxon_p_values(flat_gains).reshape(columns), groups)
    cells = []
    for index, (group, method, metric) in enumerate(
        product(range(columns[0]), range(columns[1]), range(columns[2]))
    ):
        if not counts[index] and not n_gaps[group, method, metric]:
            continue
        is_noisy = plan.all_methods[method] == NOISY
        cells.append(
            Cell(
                *groups[group],
                plan.all_methods[method],
                plan.metrics[metric],
                int(counts[index]),
                int(n_gaps[group, method, metric]),
                *(_number(each) for each in (centre[index], sd[index], *intervals[:, index])),
                *(
                    None if is_noisy else _number(each)
                    for each in (gain[index], *gain_intervals[:, index], p_values[group, method, metric])
                ),
            )
        )
    return cells


def bootstrap_intervals(samples: Values) -> Values:
    """Return 95 % confidence intervals of the means of columns, by the percentile bootstrap.

    Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; seeded.

    Parameters
    ----------
    samples : numpy.ndarray
        float64, shape (n_samples, n_columns), NaN where there is none.

    Returns
    -------
    numpy.ndarray
        float64, shape (2, n_columns): lower and upper end, NaN where there are fewer than two samples.
    """
    intervals = np.full((2, samples.shape[1]), np.nan)
    tails = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    for mask, columns in _by_pattern(np.isfinite(samples)):
        n = int(mask.sum())
        if n < 2:
            continue
        drawn = np.random.default_rng(_SEED).multinomial(n, np.full(n, 1 / n), N_RESAMPLES) / n
        means = drawn @ samples[np.ix_(mask, columns)]
        intervals[:, columns] = np.quantile(means, tails, axis=0)
    return intervals


def wilcoxon_p_values(differences: Values) -> Values:
    """Return two-sided p-values of the Wilcoxon signed-rank test of columns, not corrected.

    Parameters
    ----------
    differences : numpy.ndarray
        float64, shape (n_pairs, n_columns), NaN where there is none.

    Returns
    -------
    numpy.ndarray
        float64, shape (n_columns,); 1 where all differences are zero, NaN where there are fewer than two.
    """
    from scipy.stats import wilcoxon

    p_values = np.full(differences.shape[1], np.nan)
    for mask, columns in _by_pattern(np.isfinite(differences)):
        if mask.sum() < 2:
            continue
        pairs = differences[np.ix_(mask, columns)]
        is_zero = (pairs == 0).all(0)
        p_values[columns[is_zero]] = 1.0
        magnitudes = np.sort(np.abs(pairs), axis=0)
        is_exact = (np.diff(magnitudes, axis=0) > 0).all(0) & (magnitudes[0] > 0)
        is_exact &= len(pairs) <= _LARGEST_EXACT
        if is_exact.any():
            p_values[columns[is_exact]] = wilcoxon(pairs[:, is_exact], axis=0, method="exact").pvalue
        rest = ~is_exact & ~is_zero
        if rest.any():
            p_values[columns[rest]] = wilcoxon(pairs[:, rest], axis=0, method="approx").pvalue
    return p_values


def holm(p_values: Values) -> Values:
    """Return p-values corrected for their number (Holm, Scand. J. Stat. 6, 1979); NaN stays NaN.

    Parameters
    ----------
    p_values : numpy.ndarray
        float64, any shape.
    """
    corrected = np.full(p_values.shape, np.nan)
    tested = np.isfinite(p_values)
    sorted_places = np.argsort(p_values[tested], kind="stable")
    factors = np.arange(tested.sum(), 0, -1)
    stepped = np.maximum.accumulate(p_values[tested][sorted_places] * factors)
    placed = np.empty(len(stepped))
    placed[sorted_places] = np.minimum(stepped, 1.0)
    corrected[tested] = placed
    return corrected


def worst_cases(results: Sequence[Result], metric: str, *, n: int = 10) -> list[WorstCase]:
    """Return the mixtures on which a method loses most against the noisy signal, the worst first.

    Parameters
    ----------
    results : sequence of Result
    metric : str
        By which to judge.
    n : int
        How many.
    """
    about = find_metric(metric)
    chosen = [row for row in results if row.metric == metric and row.value is not None]
    noisy = {row.trial: row.value for row in chosen if row.method == NOISY}
    cases = [
        WorstCase(row, base, _badness(about, row.value) - _badness(about, base))
        for row in chosen
        if row.method != NOISY and row.value is not None and (base := noisy.get(row.trial)) is not None
    ]
    return sorted(cases, key=lambda case: -case.loss)[:n]


def _badness(metric: Metric, value: float) -> float:
    if metric.target is not None:
        return abs(value - metric.target)
    return -value if metric.higher_is_better else value


def _arrays(results: Sequence[Result], plan: SweepPlan) -> tuple[Values, NDArray[np.int64]]:
    """Values (NaN where none) and gaps by class, SNR, utterance, repetition, method and metric."""
    utterances = sorted({row.speech_key for row in results})
    axes: list[dict[object, int]] = [
        {key: place for place, key in enumerate(keys)}
        for keys in (
            [name for name, _ in plan.noise],
            sorted(plan.snrs_db),
            utterances,
            range(plan.repetitions),
            plan.all_methods,
            plan.metrics,
        )
    ]
    classes, snrs, speech, repetitions, methods, metrics = axes
    shape = tuple(len(axis) for axis in axes)
    values, gaps = np.full(shape, np.nan), np.zeros(shape, np.int64)
    for row in results:
        place = (
            *(classes[row.noise_class], snrs[row.snr_db], speech[row.speech_key]),
            *(repetitions[row.repetition], methods[row.method], metrics[row.metric]),
        )
        if row.value is None:
            gaps[place] = 1
        else:
            values[place] = row.value
    return values, gaps


def _by_group(values: Values) -> Values:
    """Means per utterance of each cell, of each kind of pooling; shape (group, utterance, method, metric)."""
    per_cell = np.concatenate(
        [_nanmean(values, 3), _nanmean(np.moveaxis(values, 0, 3).reshape(1, *_joined(values)), 3)]
    )
    over_snrs = np.concatenate(
        [_nanmean(per_cell[:-1], 1), _nanmean(values, (0, 1, 3))[None]],
    )
    grouped = np.concatenate([per_cell, over_snrs[:, None]], axis=1)
    return grouped.reshape(-1, *grouped.shape[2:])


def _joined(values: Values) -> tuple[int, ...]:
    n_classes, n_snrs, n_utterances, n_repetitions, n_methods, n_metrics = values.shape
    return n_snrs, n_utterances, n_classes * n_repetitions, n_methods, n_metrics


def _sums_by_group(gaps: NDArray[np.int64]) -> NDArray[np.int64]:
    per_cell = gaps.sum((2, 3))
    per_cell = np.concatenate([per_cell, per_cell.sum(0, keepdims=True)])
    grouped = np.concatenate([per_cell, per_cell.sum(1, keepdims=True)], axis=1)
    return grouped.reshape(-1, *grouped.shape[2:])


def _nanmean(values: Values, axis: int | tuple[int, ...]) -> Values:
    present = np.isfinite(values)
    counts = present.sum(axis)
    with np.errstate(invalid="ignore"):
        means: Values = np.where(present, values, 0.0).sum(axis) / np.where(counts, counts, np.nan)
    return means


def _corrected(p_values: Values, groups: Sequence[tuple[str, float | None]]) -> Values:
    kinds = np.array([2 * (noise_class == ALL) + (snr_db is None) for noise_class, snr_db in groups])
    corrected = np.full(p_values.shape, np.nan)
    for kind, metric in product(range(4), range(p_values.shape[2])):
        chosen = kinds == kind
        # The noisy signal comes first and is not compared with itself.
        corrected[chosen, 1:, metric] = holm(p_values[chosen, 1:, metric])
    return corrected


def _by_pattern(present: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.intp]]]:
    """Yield the columns that have values at the same places together."""
    patterns, members = np.unique(present, axis=1, return_inverse=True)
    for place, mask in enumerate(patterns.T):
        yield mask, np.flatnonzero(members.reshape(-1) == place)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
