"""The table of results and the list of mixtures, without a window."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from tests.gui.sweep.conftest import GAP, made_up_sweep, quick_plan
from workbench.evaluation.metrics import find_metric
from workbench.evaluation.plan import NOISY
from workbench.evaluation.statistics import ALL, worst_cases
from workbench.evaluation.tables import Sweep, published_table, read_sweep
from workbench.gui.sweep.mixtures import MixtureFilter, mixture_rows
from workbench.gui.sweep.mixtures_model import GAIN, METHOD, SPEECH, VALUE, MixturesModel
from workbench.gui.sweep.results_model import GAIN as GAINS
from workbench.gui.sweep.results_model import MEAN, ResultsModel, as_html
from workbench.gui.theme import ThemeManager


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[ThemeManager]:
    theme = ThemeManager(qapp)
    yield theme
    theme.release()


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    plan = quick_plan(methods=("wiener", "log_mmse"), max_speech=7, metrics=("stoi", "lsd", "level_change"))
    return read_sweep(made_up_sweep(tmp_path_factory.mktemp("s") / "a.sweep", plan, gap_of="stoi"))


def text(model: Any, row: int, column: int) -> str:
    return str(model.index(row, column).data())


def test_results_are_the_published_table(theme: ThemeManager, sweep: Sweep) -> None:
    model = ResultsModel(theme)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for metric in sweep.plan.metrics:
        for noise_class in (ALL, "human"):
            model.show_sweep(sweep, metric, noise_class, MEAN)
            table = published_table(sweep, metric, noise_class)
            assert model.rows_as_text()[0] == list(table.columns)
            for row, (title, entries) in enumerate(table.rows):
                assert model.headerData(row, Qt.Orientation.Vertical) == title
                for column, entry in enumerate(entries):
                    assert text(model, row, column).replace("−", "-").startswith(entry.mean)
                    assert text(model, row, column).endswith("*") == entry.is_significant
                    bold = model.index(row, column).data(Qt.ItemDataRole.FontRole)
                    assert (bold is not None) == entry.is_best


def test_gains_are_those_of_the_summary(theme: ThemeManager, sweep: Sweep) -> None:
    model = ResultsModel(theme)
    model.show_sweep(sweep, "stoi", ALL, GAINS)
    cell = sweep.find_cells("stoi", ALL)["wiener", -5.0]
    assert cell.gain is not None
    assert text(model, 1, 0).startswith(f"{cell.gain:+.3f}".replace("-", "−"))
    assert text(model, 0, 0) == "–", "the noisy signal gains nothing over itself"
    assert "Wilcoxon" in model.note


def test_tooltip_counts_the_gaps(theme: ThemeManager, sweep: Sweep) -> None:
    model = ResultsModel(theme)
    model.show_sweep(sweep, "stoi", ALL, MEAN)
    tips = [str(model.index(1, column).data(Qt.ItemDataRole.ToolTipRole)) for column in range(3)]
    assert sum("Without a value" in tip for tip in tips) == 2, "its own SNR and all together"


def test_clipboard_text_is_escaped() -> None:
    assert as_html([["a<b"], ["1 & 2"]]) == (
        "<table><tr><th>a&lt;b</th></tr><tr><td>1 &amp; 2</td></tr></table>"
    )


@pytest.fixture
def mixtures(theme: ThemeManager, sweep: Sweep) -> MixturesModel:
    model = MixturesModel(theme)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_rows(mixture_rows(sweep.results, "stoi"), find_metric("stoi"))
    return model


def column_of(model: MixturesModel, column: int) -> list[str]:
    return [text(model, row, column) for row in range(model.rowCount(QModelIndex()))]


def test_each_mixture_and_method_is_listed_once(mixtures: MixturesModel, sweep: Sweep) -> None:
    n_mixtures = len({row.trial for row in sweep.results})
    assert mixtures.rowCount() == mixtures.n_all == 3 * n_mixtures
    row = mixtures.row(mixtures.index(1, 0))
    found = [r for r in sweep.results if (r.trial, r.method, r.metric) == (row.trial, row.method, "stoi")]
    assert [r.value for r in found] == [row.value]


def test_sorting_puts_gaps_last_either_way(mixtures: MixturesModel) -> None:
    for order, reverse in ((Qt.SortOrder.AscendingOrder, False), (Qt.SortOrder.DescendingOrder, True)):
        mixtures.sort(VALUE, order)
        shown = column_of(mixtures, VALUE)
        assert shown[-2:] == ["gap", "gap"]
        values = [float(value.replace("−", "-")) for value in shown[:-2]]
        assert values == sorted(values, reverse=reverse)


def test_worst_come_first_in_the_order_of_the_report(mixtures: MixturesModel, sweep: Sweep) -> None:
    mixtures.sort(GAIN, Qt.SortOrder.AscendingOrder)
    cases = worst_cases(sweep.results, "stoi", n=5)
    listed = [mixtures.row(mixtures.index(place, 0)) for place in range(5)]
    assert [(row.trial, row.method) for row in listed] == [(c.result.trial, c.result.method) for c in cases]


def test_worst_of_a_metric_where_less_is_better(theme: ThemeManager, sweep: Sweep) -> None:
    model = MixturesModel(theme)
    model.set_rows(mixture_rows(sweep.results, "lsd"), find_metric("lsd"))
    model.sort(GAIN, Qt.SortOrder.AscendingOrder)
    gains = [row.gain for row in (model.row(model.index(place, 0)) for place in range(5))]
    assert all(gain is not None for gain in gains)
    assert gains == sorted(gains, reverse=True)


def test_filters(mixtures: MixturesModel) -> None:
    n_all = mixtures.n_all
    mixtures.set_filter(MixtureFilter(method="wiener", snr_db=5.0, noise_class="human"))
    assert set(column_of(mixtures, METHOD)) == {"Wiener"}
    assert mixtures.rowCount() == n_all / 3 / 2 / 2
    mixtures.set_filter(MixtureFilter(text="woman_busy"))
    assert all("woman_busy" in speech for speech in column_of(mixtures, SPEECH))
    mixtures.set_filter(MixtureFilter(only_gaps=True))
    assert mixtures.rowCount() == 2
    assert GAP in str(mixtures.index(0, VALUE).data(Qt.ItemDataRole.ToolTipRole))
    mixtures.set_filter(MixtureFilter(text="no such thing"))
    assert mixtures.rowCount() == 0


def test_the_noisy_signal_has_no_gain(mixtures: MixturesModel) -> None:
    mixtures.set_filter(MixtureFilter(method=NOISY))
    assert set(column_of(mixtures, GAIN)) == {"–"}
