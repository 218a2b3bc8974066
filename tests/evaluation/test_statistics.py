import numpy as np
import pytest
from scipy.stats import bootstrap, wilcoxon

from workbench.evaluation.plan import SweepPlan
from workbench.evaluation.statistics import (
    ALL,
    Cell,
    bootstrap_intervals,
    holm,
    summarise,
    wilcoxon_p_values,
    worst_cases,
)
from workbench.evaluation.store import Result

PLAN = SweepPlan(
    noise=(("vehicle", ("demo",)), ("human", ("demo",))),
    snrs_db=(5.0, 0.0),
    repetitions=2,
    methods=("a", "b"),
    metrics=("stoi", "lsd"),
)


def _results(n_speech: int = 8, gap_every: int = 10**9) -> list[Result]:
    rng = np.random.default_rng(0)
    results = []
    for index in range(n_speech):
        for noise_class, _ in PLAN.noise:
            for snr_db in PLAN.snrs_db:
                for repetition in range(PLAN.repetitions):
                    for method in PLAN.all_methods:
                        for metric in PLAN.metrics:
                            is_gap = len(results) % gap_every == gap_every - 1
                            value = float(rng.normal() + (method == "b"))
                            results.append(
                                Result(
                                    f"{index}/{noise_class}/{snr_db}/{repetition}",
                                    *(
                                        f"key{index}",
                                        f"speech{index}",
                                        "noise",
                                        noise_class,
                                        snr_db,
                                        repetition,
                                        0,
                                    ),
                                    *(method, metric, None if is_gap else value, "why" if is_gap else None),
                                )
                            )
    return results


def _cell(cells: list[Cell], *where: object) -> Cell:
    (found,) = (cell for cell in cells if (cell.noise_class, cell.snr_db, cell.method, cell.metric) == where)
    return found


def _per_utterance(results: list[Result], method: str, metric: str, **where: object) -> np.ndarray:
    chosen: dict[str, list[float]] = {}
    for row in results:
        fits = all(getattr(row, name) == value for name, value in where.items())
        if fits and row.method == method and row.metric == metric and row.value is not None:
            chosen.setdefault(row.speech_key, []).append(row.value)
    return np.array([np.mean(chosen[key]) for key in sorted(chosen)])


@pytest.mark.parametrize(
    ("noise_class", "snr_db", "where"),
    [
        ("human", 0.0, {"noise_class": "human", "snr_db": 0.0}),
        ("human", None, {"noise_class": "human"}),
        (ALL, 5.0, {"snr_db": 5.0}),
        (ALL, None, {}),
    ],
)
def test_a_cell_is_what_one_computes_by_hand(noise_class: str, snr_db: float | None, where: dict) -> None:
    results = _results()
    cell = _cell(summarise(results, PLAN), noise_class, snr_db, "b", "stoi")
    values = _per_utterance(results, "b", "stoi", **where)
    gains = values - _per_utterance(results, "noisy", "stoi", **where)
    assert cell.n_utterances == 8
    assert cell.mean == pytest.approx(values.mean())
    assert cell.sd == pytest.approx(values.std(ddof=1))
    assert cell.gain == pytest.approx(gains.mean())
    assert cell.low is not None
    assert cell.high is not None
    assert cell.low < cell.mean < cell.high


def test_significance_is_corrected_over_the_cells_of_a_kind() -> None:
    results = _results()
    cells = summarise(results, PLAN)
    where = [
        (noise_class, snr_db, method)
        for noise_class in ("vehicle", "human")
        for snr_db in PLAN.snrs_db
        for method in ("a", "b")
    ]
    raw = []
    for noise_class, snr_db, method in where:
        chosen = {"noise_class": noise_class, "snr_db": snr_db}
        difference = _per_utterance(results, method, "stoi", **chosen)
        difference = difference - _per_utterance(results, "noisy", "stoi", **chosen)
        raw.append(wilcoxon(difference).pvalue)
    found = [_cell(cells, *each, "stoi").p_value for each in where]
    assert found == pytest.approx(list(holm(np.array(raw))))
    assert _cell(cells, "human", 0.0, "noisy", "stoi").p_value is None


def test_holm_on_a_known_example() -> None:
    corrected = holm(np.array([0.01, 0.04, np.nan, 0.03, 0.005]))
    np.testing.assert_allclose(corrected, [0.03, 0.06, np.nan, 0.06, 0.02])


def test_bootstrap_agrees_with_scipy() -> None:
    rng = np.random.default_rng(1)
    samples = rng.gamma(2.0, size=(20, 3))
    ours = bootstrap_intervals(samples)
    for column in range(3):
        theirs = bootstrap(
            (samples[:, column],), np.mean, n_resamples=9999, method="percentile", rng=2
        ).confidence_interval
        np.testing.assert_allclose(ours[:, column], theirs, atol=0.06)
    np.testing.assert_array_equal(ours, bootstrap_intervals(samples))
    assert np.isnan(bootstrap_intervals(np.ones((1, 2)))).all()


def test_bootstrap_covers_the_mean_about_95_times_in_100() -> None:
    samples = np.random.default_rng(3).normal(size=(30, 600))
    low, high = bootstrap_intervals(samples)
    assert 0.90 < np.mean((low < 0) & (high > 0)) < 0.98


def test_wilcoxon_of_columns_with_ties_zeros_and_holes() -> None:
    columns = np.array(
        [
            [0.1, 0.2, -0.1, 0.4, 0.5, 0.6],
            [0.1, 0.1, -0.1, 0.0, 0.5, 0.6],
            [0.0] * 6,
            [0.3, np.nan, 0.2, np.nan, -0.1, 0.7],
            [np.nan] * 5 + [1.0],
        ]
    ).T
    found = wilcoxon_p_values(columns)
    assert found[0] == pytest.approx(wilcoxon(columns[:, 0], method="approx").pvalue)
    assert found[1] == pytest.approx(wilcoxon(columns[:, 1], method="approx").pvalue)
    assert found[2] == 1.0
    assert found[3] == pytest.approx(wilcoxon([0.3, 0.2, -0.1, 0.7], method="exact").pvalue)
    assert np.isnan(found[4])


def test_gaps_are_counted_and_left_out() -> None:
    results = _results(gap_every=7)
    cells = summarise(results, PLAN)
    n_gaps = sum(row.value is None for row in results)
    assert n_gaps > 10
    assert sum(cell.n_gaps for cell in cells if cell.noise_class == ALL and cell.snr_db is None) == n_gaps
    for method in PLAN.all_methods:
        values = _per_utterance(results, method, "lsd", noise_class="human", snr_db=0.0)
        assert _cell(cells, "human", 0.0, method, "lsd").mean == pytest.approx(values.mean())


def test_an_unfinished_sweep_and_one_utterance_have_what_they_can() -> None:
    assert summarise([], PLAN) == []
    first = _results(n_speech=1)[:3]
    cells = summarise(first, PLAN)
    cell = _cell(cells, "vehicle", 5.0, "noisy", "stoi")
    assert (cell.n_utterances, cell.sd, cell.low, cell.p_value) == (1, None, None, None)
    assert cell.mean == first[0].value


def test_worst_cases_know_the_direction() -> None:
    results = _results()
    for metric, sign in (("stoi", -1), ("lsd", 1)):
        cases = worst_cases(results, metric, n=5)
        assert len(cases) == 5
        assert [case.loss for case in cases] == sorted((case.loss for case in cases), reverse=True)
        worst = cases[0]
        assert worst.result.value is not None
        assert worst.loss == pytest.approx(sign * (worst.result.value - worst.noisy))
