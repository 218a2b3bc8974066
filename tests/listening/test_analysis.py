"""Simulated listeners with known preferences give the results that those imply; random ones give chance."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from workbench.errors import WorkbenchError
from workbench.evaluation.statistics import ALL
from workbench.listening.analysis import analyse, block_result, post_screening, unblinded
from workbench.listening.answers import SessionAnswers
from workbench.listening.design import Block
from workbench.listening.figures import block_figure
from workbench.listening.order import screens_for
from workbench.listening.prepared import Key, PreparedTest
from workbench.listening.report import html_report, write_figures
from workbench.listening.results import Analysis, BlockResult, Rating, ResultRow
from workbench.listening.screens import Screen
from workbench.listening.session import entry_of, open_session
from workbench.listening.simulate import SimulatedListener, simulate_session
from workbench.listening.tables import (
    comparisons_csv,
    latex,
    listeners_csv,
    ratings_csv,
    result_tables,
    results_csv,
    write_tables,
)

_SCREENS: dict[str, dict[int, tuple[Screen, ...]]] = {}
KNOWN = {"log_mmse": 4.2, "noisy": 2.4}


@pytest.fixture(scope="module")
def analysis(prepared_once: Path, tmp_path_factory: pytest.TempPathFactory, key: Key) -> Analysis:
    """Twelve listeners who like the denoised sounds better."""
    import shutil

    folder = tmp_path_factory.mktemp("answered") / "test"
    shutil.copytree(prepared_once, folder)
    for number in range(12):
        session = open_session(folder, f"L{number:02d}")
        simulate_session(session, key, SimulatedListener(KNOWN, spread=0.4, seed=number))
    open_session(folder, "late").answer({})
    return analyse(folder)


def together(result: BlockResult, measure: str = "") -> list[ResultRow]:
    return [
        row
        for row in result.rows
        if row.noise_class == ALL and row.snr_db is None and measure in ("", row.measure)
    ]


def block(analysis: Analysis, name: str) -> BlockResult:
    return next(result for result in analysis.blocks if result.block.name == name)


def simulated(
    prepared: PreparedTest, key: Key, n_listeners: int, seed: int, quality: Mapping[str, float] | None
) -> list[Rating]:
    """Return the ratings of listeners without writing any session."""
    ratings = []
    screens = _SCREENS.setdefault(prepared.digest, {})
    for index in range(n_listeners):
        listener = SimulatedListener(quality, seed=1000 * seed + index)
        if index not in screens:
            screens[index] = screens_for(prepared, index)
        entries = tuple(entry_of(screen, listener.values(screen, key)) for screen in screens[index])
        session = SessionAnswers(f"{seed}-{index}", f"L{index}", index, "", True, entries)
        ratings += list(unblinded(session, key))
    return ratings


def test_a_known_preference_comes_out(analysis: Analysis) -> None:
    (prefer,), (match,), (compare,) = (
        together(block(analysis, name)) for name in ("prefer", "match", "compare")
    )
    assert (prefer.condition, prefer.against) == ("log_mmse", "noisy")
    assert prefer.estimate > 0.9
    assert prefer.p_value is not None
    assert prefer.p_value < 1e-6
    assert prefer.p_listeners is not None
    assert prefer.p_listeners < 0.01
    assert match.estimate > 0.8
    assert match.p_value is not None
    assert match.p_value < 1e-4
    assert compare.estimate == pytest.approx(KNOWN["log_mmse"] - KNOWN["noisy"], abs=0.3)
    assert compare.low is not None
    assert compare.low > 1


def test_known_qualities_come_out(analysis: Analysis) -> None:
    for measure in ("sig", "bak", "ovrl"):
        found = {row.condition: row.estimate for row in together(block(analysis, "rate"), measure)}
        assert found == pytest.approx(KNOWN, abs=0.35)
    medians = {row.condition: row.estimate for row in together(block(analysis, "grade"))}
    expected = {name: 25 * (quality - 1) for name, quality in KNOWN.items()}
    expected |= {"reference": 100, "anchor_3500": 25, "anchor_7000": 75}
    assert medians == pytest.approx(expected, abs=8)
    for name in ("rate", "grade"):
        for each in block(analysis, name).comparisons:
            assert (each.first, each.second) == ("noisy", "log_mmse")
            if each.noise_class == ALL and each.snr_db is None:
                assert each.difference < 0
                assert each.p_corrected is not None
                assert each.p_corrected < 0.01


def test_the_other_preference_comes_out_the_other_way(prepared: PreparedTest, key: Key) -> None:
    ratings = simulated(prepared, key, 8, 1, {"log_mmse": 2.4, "noisy": 4.2})
    results = {
        each.name: block_result(each, [rating for rating in ratings if rating.block == each.name])
        for each in key.test.blocks
    }
    assert together(results["prefer"])[0].estimate < 0.1
    assert together(results["match"])[0].estimate > 0.8
    assert together(results["compare"])[0].estimate < -1
    assert all(each.difference > 0 for each in results["rate"].comparisons)


def randomised(row: ResultRow, rng: np.random.Generator) -> float:
    """Spread the p-value of a count over the steps that counts have, so that chance makes it uniform."""
    n = row.n_ratings - row.n_ties
    k = round(row.estimate * n)
    assert row.p_value == pytest.approx(stats.binomtest(k, n).pvalue)
    mass = stats.binom.pmf(k, n, 0.5) * (1 if 2 * k == n else 2)
    return row.p_value - rng.random() * float(mass)


def test_random_listeners_give_p_values_as_chance_has_them(prepared: PreparedTest, key: Key) -> None:
    rng = np.random.default_rng(0)
    found: dict[str, list[float]] = {"prefer": [], "compare": [], "rate": [], "grade": []}
    n_correct = n_answers = 0
    for seed in range(150):
        # As one cell: the others would be the same again.
        ratings = [
            replace(rating, noise_class="vehicle", snr_db=5.0)
            for rating in simulated(prepared, key, 8, seed, None)
        ]
        results = {
            name: block_result(key.block(name), [each for each in ratings if each.block == name])
            for name in (*found, "match")
        }
        found["prefer"].append(randomised(together(results["prefer"])[0], rng))
        found["compare"].append(together(results["compare"])[0].p_value or 0.0)
        for name in ("rate", "grade"):
            comparison = results[name].comparisons[0]
            assert (comparison.noise_class, comparison.snr_db) == (ALL, None)
            found[name].append(comparison.p_value or 0.0)
        match = together(results["match"])[0]
        n_correct += round(match.estimate * match.n_ratings)
        n_answers += match.n_ratings
    for name, p_values in found.items():
        assert stats.kstest(p_values, "uniform").pvalue > 0.001, name
        assert np.mean(np.array(p_values) < 0.05) < 0.11, name
    assert stats.binomtest(n_correct, n_answers).pvalue > 0.001


def made(values: Mapping[str, list[list[float]]], measure: str, against: str = "") -> list[Rating]:
    """Return ratings from the values of each listener by condition."""
    number = count()
    return [
        Rating(
            f"s{who}", f"L{who:02d}", "block", f"{next(number):03d}", measure, condition, against,
            f"mixture {item}", "speech", "noise", "vehicle", 5.0, value, "A", None,
        )
        for condition, listeners in values.items()
        for who, given in enumerate(listeners)
        for item, value in enumerate(given)
    ]  # fmt: skip


def test_comparison_scores_are_a_t_test_of_listener_means() -> None:
    rng = np.random.default_rng(1)
    values = [[float(each) for each in rng.integers(-3, 4, rng.integers(2, 6))] for _ in range(9)]
    pair = Block("block", "ccr", pairs=(("a", "b"),))
    (row,) = block_result(pair, made({"a": values}, "comparison", "b")).rows
    means = [np.mean(each) for each in values]
    expected = stats.ttest_1samp(means, 0)
    assert row.p_value == pytest.approx(expected.pvalue)
    assert (row.low, row.high) == pytest.approx(tuple(expected.confidence_interval()))
    assert (row.n_listeners, row.n_ratings) == (9, sum(map(len, values)))
    (by_bootstrap,) = block_result(pair, made({"a": values}, "comparison", "b"), "bootstrap").rows
    reference = stats.bootstrap(
        (means,), np.mean, n_resamples=20_000, method="percentile", random_state=np.random.default_rng(0)
    )
    assert (by_bootstrap.low, by_bootstrap.high) == pytest.approx(reference.confidence_interval, abs=0.06)


def test_ratings_are_compared_with_paired_tests_and_holm() -> None:
    rng = np.random.default_rng(2)
    values = {
        name: [[float(v)] for v in rng.uniform(40 + 9 * k, 60 + 9 * k, 11)] for k, name in enumerate("abc")
    }
    columns = {name: np.array(given)[:, 0] for name, given in values.items()}
    graded = block_result(Block("block", "mushra", methods=tuple("abc")), made(values, "quality")).comparisons
    rated = block_result(Block("block", "p835", methods=tuple("abc")), made(values, "ovrl")).comparisons
    raw = []
    for mushra, p835 in zip(graded, rated, strict=True):
        first, second = columns[mushra.first], columns[mushra.second]
        assert mushra.p_value == pytest.approx(stats.wilcoxon(first, second).pvalue)
        assert p835.p_value == pytest.approx(stats.ttest_rel(first, second).pvalue)
        assert mushra.difference == pytest.approx(np.median(first - second))
        raw.append(mushra.p_value)
    ordered = np.sort(raw) * [3, 2, 1]
    stepped = np.minimum(np.maximum.accumulate(ordered), 1)
    assert sorted(each.p_corrected or 0 for each in graded) == pytest.approx(list(stepped))


def test_a_listener_who_answers_often_counts_once() -> None:
    """Ten listeners of whom one answers a hundred times: the mean is that of the ten."""
    values = [[3.0] * 100, *[[-1.0]] * 9]
    pair = Block("block", "ccr", pairs=(("a", "b"),))
    (row,) = block_result(pair, made({"a": values}, "comparison", "b")).rows
    assert row.estimate == pytest.approx(-0.6)
    (ab,) = block_result(
        Block("block", "ab", pairs=(("a", "b"),)),
        made({"a": [[1.0] * 100, *[[-1.0]] * 9]}, "preference", "b"),
    ).rows
    assert ab.p_value is not None
    assert ab.p_value < 0.001
    assert ab.p_listeners == pytest.approx(stats.binomtest(1, 10).pvalue)


def test_ties_are_counted_and_left_out() -> None:
    values = [[1.0, 1.0, 0.0], [1.0, 0.0, -1.0]]
    (row,) = block_result(
        Block("block", "ab", pairs=(("a", "b"),)), made({"a": values}, "preference", "b")
    ).rows
    assert (row.n_ratings, row.n_ties, row.estimate) == (6, 2, 0.75)
    assert row.p_value == pytest.approx(stats.binomtest(3, 4).pvalue)


def test_medians_and_quartiles_of_all_ratings() -> None:
    rng = np.random.default_rng(3)
    values = [list(map(float, rng.integers(0, 101, 4))) for _ in range(7)]
    result = block_result(Block("block", "mushra", methods=("a",)), made({"a": values}, "quality"))
    everything = np.ravel(values)
    assert result.rows[0].estimate == np.median(everything)
    assert result.rows[0].quartiles == tuple(np.quantile(everything, [0.25, 0.75]))
    assert result.rows[0].low is not None
    assert result.rows[0].low <= np.median(everything) <= (result.rows[0].high or 0)


@pytest.mark.parametrize(
    ("reference", "anchor", "excluded"),
    [
        # 1 of 8 items (12.5 %) is allowed, 2 of 8 (25 %) are not.
        ([[100.0] * 7 + [50.0]], [[60.0] * 8], False),
        ([[100.0] * 6 + [50.0] * 2], [[60.0] * 8], True),
        ([[90.0] * 8], [[60.0] * 8], False),
        ([[100.0] * 8], [[95.0] + [60.0] * 7], False),
        ([[100.0] * 8], [[95.0] * 2 + [60.0] * 6], True),
    ],
)
def test_post_screening(reference: list[list[float]], anchor: list[list[float]], excluded: bool) -> None:
    good = 9
    ratings = made(
        {"reference": reference + [[100.0] * 8] * good, "anchor_7000": anchor + [[60.0] * 8] * good},
        "quality",
    )
    assert list(post_screening(ratings)) == (["L00"] if excluded else [])


def test_an_anchor_that_many_find_good_counts_against_nobody() -> None:
    ratings = made(
        {"reference": [[100.0] * 4] * 10, "anchor_7000": [[95.0, 50, 50, 50]] * 3 + [[50.0] * 4] * 7},
        "quality",
    )
    assert post_screening(ratings) == {}
    ratings = made(
        {"reference": [[100.0] * 4] * 10, "anchor_7000": [[95.0, 50, 50, 50]] * 2 + [[50.0] * 4] * 8},
        "quality",
    )
    assert sorted(post_screening(ratings)) == ["L00", "L01"]


def test_who_did_not_finish_does_not_count(analysis: Analysis) -> None:
    assert [(each.listener, each.why) for each in analysis.exclusions] == [("late", "did not finish")]
    assert {rating.listener for rating in analysis.ratings} == {f"L{number:02d}" for number in range(12)}


def test_practice_does_not_count(analysis: Analysis) -> None:
    chosen = [rating for rating in analysis.ratings if rating.block == "prefer"]
    assert len(chosen) == 12 * 4


def test_results_are_there_for_each_class_and_snr(analysis: Analysis) -> None:
    cells = {(row.noise_class, row.snr_db) for row in block(analysis, "prefer").rows}
    assert cells == {(noise, snr) for noise in (ALL, "vehicle", "household") for snr in (None, 0.0, 5.0)}
    assert (
        sum(
            row.n_ratings
            for row in block(analysis, "prefer").rows
            if row.noise_class != ALL and row.snr_db is not None
        )
        == 12 * 4
    )


def test_nobody_has_finished_is_said(folder: Path) -> None:
    with pytest.raises(WorkbenchError, match="Nobody has finished"):
        analyse(folder)
    open_session(folder, "L01").answer({})
    with pytest.raises(WorkbenchError, match="unfinished ones count"):
        analyse(folder)


def test_people_push_simulated_listeners_aside(folder: Path, key: Key) -> None:
    simulate_session(open_session(folder, "simulated-000"), key, SimulatedListener())
    assert {rating.listener for rating in analyse(folder).ratings} == {"simulated-000"}
    simulate_session(open_session(folder, "L01"), key, SimulatedListener())
    found = analyse(folder)
    assert {rating.listener for rating in found.ratings} == {"L01"}
    assert ("simulated-000", "is simulated") in [(each.listener, each.why) for each in found.exclusions]


def test_a_key_of_another_test_turns_nothing(folder: Path) -> None:
    path = folder / "key" / "key.json"
    path.write_text(path.read_text("utf-8").replace('"digest": "', '"digest": "0'), "utf-8")
    with pytest.raises(WorkbenchError, match="does not belong"):
        analyse(folder)


@pytest.mark.parametrize("make", [ratings_csv, results_csv, comparisons_csv, listeners_csv])
def test_tables_for_machines_have_as_many_cells_in_each_row(
    analysis: Analysis, make: Callable[[Analysis], str]
) -> None:
    rows = list(csv.reader(io.StringIO(make(analysis))))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}


def test_free_text_can_be_left_out(analysis: Analysis, tmp_path: Path) -> None:
    assert "remarks" in listeners_csv(analysis).splitlines()[0]
    assert "remarks" not in listeners_csv(analysis, free_text=False)
    written = write_tables(analysis, tmp_path, free_text=False)
    assert [path.name for path in written] == sorted(
        (path.name for path in tmp_path.iterdir()), key=[path.name for path in written].index
    )


def test_latex_escapes_and_balances(analysis: Analysis) -> None:
    text = latex(analysis)
    assert text.count("\\begin{table}") == text.count("\\end{table}") == 7
    assert "log_mmse" not in text
    assert "_" not in text
    for line in text.splitlines():
        assert line.count("{") == line.count("}")


def test_tables_for_people_have_a_cell_for_each_column(analysis: Analysis) -> None:
    for result in analysis.blocks:
        for table in result_tables(result):
            assert {len(row) for row in table.rows} == {len(table.columns)}


def test_the_report_stands_alone_and_says_everything(analysis: Analysis) -> None:
    text = html_report(analysis)
    assert "Log-MMSE" in text
    assert "did not finish" in text
    assert text.count("<img") == 5
    assert 'src="http' not in text
    assert "left out here" in text


def test_figures_are_drawn_for_each_kind(analysis: Analysis, tmp_path: Path) -> None:
    written = write_figures(analysis, tmp_path, (".svg",))
    assert [path.name for path in written] == [
        "1-prefer.svg", "2-match.svg", "3-compare.svg", "4-rate.svg", "5-grade.svg"
    ]  # fmt: skip
    figure = block_figure(block(analysis, "grade"), theme="dark")
    labels = [each.get_text() for each in figure.axes[0].get_xticklabels()]
    assert labels[0] == "Hidden\nreference"
