"""What a user does on the sweep page, with real clicks, keys and sweeps."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog

from tests.gui.conftest import close
from tests.gui.sweep.conftest import GAP, made_up_sweep, open_store, quick_plan, show_plan
from workbench.evaluation.metrics import find_metric
from workbench.evaluation.plan import read_plan
from workbench.evaluation.runner import run_sweep
from workbench.evaluation.statistics import ALL
from workbench.evaluation.store import SweepStore
from workbench.evaluation.tables import read_sweep, results_csv
from workbench.evaluation.trials import trial_mixture
from workbench.gui.app import Application
from workbench.gui.sweep.export_dialog import SweepExportDialog
from workbench.gui.sweep.page import GAPS, MIXTURES
from workbench.gui.theme import ThemeMode

OpenPage = Callable[[], Application]
RUN_MS = 90_000


def table_texts(application: Application) -> list[list[str]]:
    return application.sweep_page.results.table.results.rows_as_text()


def wait_for_end(application: Application, qtbot: Any) -> None:
    controller = application.sweep_page.controller
    qtbot.waitUntil(lambda: not controller.run.is_running, timeout=RUN_MS)
    qtbot.waitUntil(lambda: not controller._read_job.is_running, timeout=20_000)
    qtbot.waitUntil(lambda: controller.cost.cost is not None, timeout=20_000)


def test_empty_page_says_what_to_do_and_what_it_takes(open_sweep_page: OpenPage) -> None:
    page = open_sweep_page().sweep_page
    assert page.right.currentIndex() == 0
    assert page.empty_start.isVisible()
    assert "to measure, about" in page.run_bar.text.toolTip()
    assert page.run_bar.start_button.isEnabled()
    assert not page.run_bar.export_button.isEnabled()


def test_start_fills_the_table_and_ends_like_the_command_line(
    open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any
) -> None:
    application = open_sweep_page()
    page, plan = application.sweep_page, quick_plan()
    show_plan(application, plan, qtbot)
    seen: list[int] = []
    page.controller.sweep_changed.connect(lambda sweep: seen.append(len(sweep.results)))
    qtbot.mouseClick(page.run_bar.start_button, Qt.MouseButton.LeftButton)
    assert page.run_bar.stop_button.isVisible()
    assert not page.form._inner.isEnabled()
    wait_for_end(application, qtbot)
    assert page.controller.store_path is not None
    with closing(run_sweep(plan, tmp_path / "other.sweep", n_workers=1)) as events:
        list(events)
    assert results_csv(read_sweep(page.controller.store_path)) == results_csv(
        read_sweep(tmp_path / "other.sweep")
    )
    assert seen[0] < seen[-1] == 8 * 2 * 2, "the table fills while it measures"
    assert table_texts(application)[0] == ["Method", "−5 dB", "5 dB", "All"]
    assert all("±" in text for row in table_texts(application)[1:] for text in row[1:])
    assert "measured" in page.run_bar.text.toolTip()
    assert not page.run_bar.start_button.isEnabled()
    assert page.run_bar.export_button.isEnabled()
    assert page.results.curves.points(ALL, "wiener")[0].cell.snr_db == -5.0


def test_pause_stop_and_resume_measure_nothing_twice(
    open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any
) -> None:
    application = open_sweep_page()
    page, controller = application.sweep_page, application.sweep_page.controller
    plan = quick_plan(snrs_db=tuple(map(float, range(-10, 11))))
    show_plan(application, plan, qtbot)
    QTest.keyClick(application.window, Qt.Key.Key_F5)
    qtbot.waitUntil(
        lambda: controller.run.progress is not None and controller.run.progress.n_done > 0, timeout=RUN_MS
    )
    qtbot.mouseClick(page.run_bar.pause_button, Qt.MouseButton.LeftButton)
    assert controller.run.phase == "paused"
    qtbot.wait(700)
    assert controller.run.progress is not None
    held_at = controller.run.progress.n_done
    qtbot.wait(500)
    assert controller.run.progress.n_done == held_at < controller.run.progress.n_total
    qtbot.mouseClick(page.run_bar.pause_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: controller.run.progress.n_done > held_at, timeout=RUN_MS)
    qtbot.mouseClick(page.run_bar.stop_button, Qt.MouseButton.LeftButton)
    wait_for_end(application, qtbot)
    assert controller.store_path is not None
    n_kept = len(read_sweep(controller.store_path, significance=False).results)
    assert held_at < n_kept
    assert page.run_bar.start_button.text() == "Resume"
    assert controller.cost.cost is not None
    assert controller.cost.cost.n_results == 2 * 2 * 21 * 2 * 2 - n_kept
    qtbot.mouseClick(page.run_bar.start_button, Qt.MouseButton.LeftButton)
    wait_for_end(application, qtbot)
    assert controller.sweep is not None
    assert controller.sweep.is_finished


def test_closing_in_mid_sweep_loses_nothing(open_sweep_page: OpenPage, store: QSettings, qtbot: Any) -> None:
    application = open_sweep_page()
    controller = application.sweep_page.controller
    show_plan(application, quick_plan(snrs_db=tuple(map(float, range(-10, 11)))), qtbot)
    controller.begin()
    qtbot.waitUntil(
        lambda: controller.run.progress is not None and controller.run.progress.n_done > 10, timeout=RUN_MS
    )
    path, n_done = controller.store_path, controller.run.progress.n_done
    close(application)
    assert path is not None
    with SweepStore(path) as kept, kept.running():
        assert len(kept.results()) >= n_done
    again = open_sweep_page()
    qtbot.waitUntil(lambda: again.sweep_page.controller.sweep is not None, timeout=20_000)
    qtbot.waitUntil(lambda: again.sweep_page.controller.cost.cost is not None, timeout=20_000)
    assert again.sweep_page.controller.store_path == path
    assert again.sweep_page.run_bar.start_button.text() == "Resume"


def test_more_methods_measure_only_what_is_new(open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any) -> None:
    application = open_sweep_page()
    page = application.sweep_page
    plan = quick_plan(max_speech=1)
    open_store(application, made_up_sweep(tmp_path / "a.sweep", plan), qtbot)
    page.form.methods.item("log_mmse").setCheckState(0, Qt.CheckState.Checked)
    qtbot.waitUntil(lambda: page.controller.cost.cost is not None, timeout=20_000)
    assert page.controller.cost.cost is not None
    assert page.controller.cost.cost.n_results == 4 * 2
    assert page.run_bar.start_button.text() == "Resume"


def test_incomplete_plan_shows_its_problem_and_cannot_be_started(
    open_sweep_page: OpenPage, qtbot: Any
) -> None:
    page = open_sweep_page().sweep_page
    page.form.mixtures.snr_edit.selectAll()
    QTest.keyClicks(page.form.mixtures.snr_edit, "loud")
    assert "SNRs" in page.run_bar.text.toolTip()
    assert not page.run_bar.start_button.isEnabled()
    page.form.mixtures.snr_edit.selectAll()
    QTest.keyClicks(page.form.mixtures.snr_edit, "0 to 10")
    qtbot.waitUntil(page.run_bar.start_button.isEnabled, timeout=20_000)


def test_missing_folder_is_told_before_the_start(
    open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any
) -> None:
    page = open_sweep_page().sweep_page
    page.form.mixtures.speech.add(str(tmp_path / "nowhere"))
    qtbot.waitUntil(lambda: "no file or folder" in page.run_bar.text.toolTip(), timeout=20_000)
    assert not page.run_bar.start_button.isEnabled()


def test_double_click_lists_a_cell_and_return_opens_the_very_mixture_in_the_studio(
    open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any
) -> None:
    application = open_sweep_page()
    page, plan = application.sweep_page, quick_plan()
    open_store(application, made_up_sweep(tmp_path / "a.sweep", plan), qtbot)
    table = page.results.table
    index = table.results.index(1, 0)
    table.scrollTo(index)
    pos = table.visualRect(index).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=pos)
    qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=pos)
    assert page.tabs.currentIndex() == MIXTURES
    mixtures = page.mixtures.table.mixtures
    qtbot.waitUntil(lambda: mixtures.rowCount() == 4, timeout=20_000)
    rows = [mixtures.row(mixtures.index(place, 0)) for place in range(4)]
    assert {(row.method, row.snr_db) for row in rows} == {("wiener", -5.0)}
    page.mixtures.table.setCurrentIndex(mixtures.index(2, 0))
    with qtbot.waitSignal(application.hub.scene_requested, timeout=20_000) as asked:
        QTest.keyClick(page.mixtures.table, Qt.Key.Key_Return)
    trial = next(trial for trial in plan.trials() if trial.key == rows[2].trial)
    mixture, offset_samples = trial_mixture(trial)
    assert asked.args[0].noise_offset_samples == offset_samples
    assert asked.args[0].method == "wiener"
    studio = application.controller
    qtbot.waitUntil(lambda: studio.scene == asked.args[0] and studio.rendered is not None, timeout=20_000)
    assert application.page.isVisible()
    np.testing.assert_array_equal(studio.rendered.mixed, mixture.noisy)


def test_worst_cases_come_first(open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any) -> None:
    application = open_sweep_page()
    page = application.sweep_page
    open_store(application, made_up_sweep(tmp_path / "a.sweep", quick_plan()), qtbot)
    page.actions_by_name["worst"].trigger()
    mixtures = page.mixtures.table.mixtures
    qtbot.waitUntil(lambda: mixtures.rowCount() == 16, timeout=20_000)
    losses = [mixtures.row(mixtures.index(place, 0)).loss for place in range(8)]
    assert losses == sorted(losses, reverse=True)
    assert page.mixtures.table.horizontalHeader().sortIndicatorOrder() == Qt.SortOrder.AscendingOrder


def test_filter_of_the_list(open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any) -> None:
    application = open_sweep_page()
    page = application.sweep_page
    open_store(application, made_up_sweep(tmp_path / "a.sweep", quick_plan()), qtbot)
    page.actions_by_name["mixtures"].trigger()
    mixtures = page.mixtures.table.mixtures
    qtbot.waitUntil(lambda: mixtures.rowCount() == 16, timeout=20_000)
    QTest.keyClicks(page.mixtures.text, "traffic")
    qtbot.waitUntil(lambda: mixtures.rowCount() == 8)
    assert page.mixtures.count.text() == "8 of 16 results"
    page.class_combo.setCurrentIndex(page.class_combo.findData("human"))
    page.class_combo.activated.emit(page.class_combo.currentIndex())
    assert mixtures.rowCount() == 0


def test_gaps_are_counted_explained_and_tried_again(
    open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any
) -> None:
    application = open_sweep_page()
    page = application.sweep_page
    path = made_up_sweep(tmp_path / "a.sweep", quick_plan(), gap_of="lsd")
    open_store(application, path, qtbot)
    assert page.tabs.tabText(GAPS) == "Gaps (1)"
    page.actions_by_name["gaps"].trigger()
    item = page.gaps.tree.topLevelItem(0)
    assert item is not None
    assert [item.text(column) for column in range(4)] == ["Wiener", find_metric("lsd").title, "1", GAP]
    qtbot.mouseClick(page.gaps.list_button, Qt.MouseButton.LeftButton)
    mixtures = page.mixtures.table.mixtures
    qtbot.waitUntil(lambda: mixtures.rowCount() == 1, timeout=20_000)
    assert page.metric_combo.currentData() == "lsd"
    page.actions_by_name["gaps"].trigger()
    qtbot.mouseClick(page.gaps.retry_button, Qt.MouseButton.LeftButton)
    wait_for_end(application, qtbot)
    assert page.tabs.tabText(GAPS) == "Gaps"
    assert not [row for row in read_sweep(path).results if row.gap]


def test_metric_class_gain_and_panels(open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any) -> None:
    application = open_sweep_page()
    page = application.sweep_page
    open_store(application, made_up_sweep(tmp_path / "a.sweep", quick_plan()), qtbot)
    before = table_texts(application)
    qtbot.mouseClick(page.gain_button, Qt.MouseButton.LeftButton)
    assert table_texts(application)[2][1].startswith("+")
    qtbot.mouseClick(page.gain_button, Qt.MouseButton.LeftButton)
    assert table_texts(application) == before
    QTest.keyClick(page.metric_combo, Qt.Key.Key_Down)
    assert page.metric_combo.currentData() == "lsd"
    assert table_texts(application) != before
    QTest.keyClick(application.window, Qt.Key.Key_F7)
    assert list(page.results.curves.panels) == [ALL, "human", "vehicle"]
    item = page.results.curves.legend.item(1)
    n_before = len(page.results.curves.panels[ALL].items)
    item.setCheckState(Qt.CheckState.Unchecked)
    assert len(page.results.curves.panels[ALL].items) < n_before


def test_ctrl_c_copies_the_table(open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any) -> None:
    application = open_sweep_page()
    open_store(application, made_up_sweep(tmp_path / "a.sweep", quick_plan()), qtbot)
    table = application.sweep_page.results.table
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["Method", "Noisy", "Wiener"]
    assert "<table>" in QGuiApplication.clipboard().mimeData().html()


def test_return_on_a_cell_lists_its_mixtures(open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any) -> None:
    application = open_sweep_page()
    page = application.sweep_page
    open_store(application, made_up_sweep(tmp_path / "a.sweep", quick_plan()), qtbot)
    page.results.table.setFocus()
    page.results.table.setCurrentIndex(page.results.table.results.index(0, 0))
    QTest.keyClick(page.results.table, Qt.Key.Key_Down)
    QTest.keyClick(page.results.table, Qt.Key.Key_Right)
    QTest.keyClick(page.results.table, Qt.Key.Key_Return)
    assert (page.mixtures.method.currentData(), page.mixtures.snr.currentData()) == ("wiener", 5.0)


def test_export_writes_what_is_chosen(
    open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_sweep_page()
    page = application.sweep_page
    open_store(application, made_up_sweep(tmp_path / "a.sweep", quick_plan()), qtbot)
    wanted = {"csv", "md", "tex", "json", "html", "svg"}

    def answer(dialog: SweepExportDialog) -> int:
        assert dialog.folder_edit.text() == str(tmp_path / "a")
        for kind, box in dialog.boxes.items():
            box.setChecked(kind in wanted)
        dialog.sounds.setChecked(False)
        dialog.folder_edit.setText(str(tmp_path / "out"))
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(SweepExportDialog, "exec", answer)
    with qtbot.waitSignal(page.controller.written, timeout=60_000):
        qtbot.mouseClick(page.run_bar.export_button, Qt.MouseButton.LeftButton)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("results.csv", "summary.csv", "tables.md", "tables.tex", "sweep.json", "report.html"),
        *("si_sdr.svg", "lsd.svg"),
    }
    sweep = read_sweep(tmp_path / "a.sweep")
    assert (tmp_path / "out" / "results.csv").read_text("utf-8") == results_csv(sweep)


def test_export_dialog_wants_a_kind_and_a_folder(open_sweep_page: OpenPage, tmp_path: Path) -> None:
    from workbench.gui.sweep.export_dialog import usual_request

    dialog = SweepExportDialog(usual_request(tmp_path / "new"), open_sweep_page().sweep_page)
    assert dialog.export_button.isEnabled()
    for box in dialog.boxes.values():
        box.setChecked(False)
    assert not dialog.export_button.isEnabled()
    dialog.deleteLater()


def test_plan_file_is_saved_and_opened(
    open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_sweep_page()
    page, plan = application.sweep_page, quick_plan(seed=3)
    show_plan(application, plan, qtbot)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "my"), ""))
    page.actions_by_name["save"].trigger()
    assert read_plan(tmp_path / "my.toml").digest == plan.digest
    page.controller.new_sweep()
    assert page.form.plan().seed == 0
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(tmp_path / "my.toml"), ""))
    page.actions_by_name["open"].trigger()
    qtbot.waitUntil(lambda: page.form.plan().digest == plan.digest, timeout=20_000)
    assert page.controller.store_path == tmp_path / "my.sweep"


def test_earlier_sweeps_are_in_the_menu(open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any) -> None:
    application = open_sweep_page()
    page = application.sweep_page
    for name in ("first", "second"):
        open_store(application, made_up_sweep(tmp_path / f"{name}.sweep", quick_plan(title=name)), qtbot)
    page.fill_open_menu()
    listed = [action.text() for action in page.run_bar.open_menu.actions()]
    assert listed[-2:] == ["second", "first"]
    page.run_bar.open_menu.actions()[-1].trigger()
    qtbot.waitUntil(lambda: page.controller.store_path == tmp_path / "first.sweep", timeout=20_000)
    assert page.form.title_edit.text() == "first"


def test_a_file_that_is_no_sweep_is_refused_with_a_message(
    open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any
) -> None:
    application = open_sweep_page()
    (tmp_path / "a.sweep").write_text("nonsense = [")
    application.sweep_page.controller.open(tmp_path / "a.sweep")
    messages = application.window.messages
    qtbot.waitUntil(lambda: messages.current is not None and messages.current.level == "error")
    assert "TOML" in messages.current.text


def test_results_go_to_the_file_that_is_chosen(
    open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_sweep_page().sweep_page
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "mine"), ""))
    page.form.store_button.click()
    assert page.controller.store_path == tmp_path / "mine.sweep"
    assert "mine.sweep" in page.form.store_label.toolTip()


def test_sounds_of_a_mixture_are_written(
    open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_sweep_page()
    page = application.sweep_page
    open_store(application, made_up_sweep(tmp_path / "a.sweep", quick_plan(max_speech=1)), qtbot)
    page.show_worst()
    mixtures = page.mixtures.table.mixtures
    qtbot.waitUntil(lambda: mixtures.rowCount() > 0, timeout=20_000)
    page.mixtures.table.setCurrentIndex(mixtures.index(0, 0))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    with qtbot.waitSignal(page.controller.written, timeout=20_000) as written:
        qtbot.mouseClick(page.mixtures.sounds_button, Qt.MouseButton.LeftButton)
    names = {path.name for path in written.args[0]}
    assert names == {"clean.wav", "noise.wav", "mixed.wav", "wiener.wav"}


@pytest.mark.parametrize("size", [(1280, 800), (900, 560)], ids=["usual", "smallest"])
@pytest.mark.parametrize("mode", [ThemeMode.LIGHT, ThemeMode.DARK])
def test_everything_fits(
    open_sweep_page: OpenPage, tmp_path: Path, qtbot: Any, size: tuple[int, int], mode: ThemeMode
) -> None:
    application = open_sweep_page()
    page = application.sweep_page
    application.window.set_theme_mode(mode)
    application.window.resize(*size)
    open_store(application, made_up_sweep(tmp_path / "a.sweep", quick_plan()), qtbot)
    assert (application.window.width(), application.window.height()) == size
    inside = page.rect()
    for widget in (page.run_bar.export_button, page.panels_button, page.results.curves, page.tabs):
        corners = (widget.rect().topLeft(), widget.rect().bottomRight())
        assert all(inside.contains(widget.mapTo(page, corner)) for corner in corners)
    last = page.tabs.tabRect(page.tabs.count() - 1)
    assert page.tabs.rect().contains(last), "all tabs are to be seen"
    form = page.form
    assert form._inner.width() <= form.viewport().width()
