"""The form and the plan that it makes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog

from tests.gui.sweep.conftest import quick_plan
from workbench.denoisers.registry import MethodInfo, methods
from workbench.errors import WorkbenchError
from workbench.evaluation.plan import SweepPlan, demo_plan
from workbench.gui.settings import Settings
from workbench.gui.sweep.plan_form import PlanForm
from workbench.gui.sweep.work import fill_from_corpus
from workbench.gui.theme import ThemeManager

COMMAND = "pip install 'denoise-workbench[rivals]'"
ABSENT = MethodInfo(
    "rare", "Rare", "A rare one.", 0.0, False, f"Rare is not installed; get it with: {COMMAND}", "rival"
)


@pytest.fixture
def form(qapp: QApplication, store: QSettings, qtbot: Any) -> Iterator[PlanForm]:
    theme = ThemeManager(qapp)
    form = PlanForm(theme, Settings(store))
    qtbot.addWidget(form)
    form.set_methods([*methods(), ABSENT])
    form.set_plan(demo_plan())
    form.resize(300, 900)
    form.show()
    yield form
    theme.release()


@pytest.mark.parametrize(
    "plan",
    [
        demo_plan(),
        quick_plan(),
        SweepPlan(
            speech=("/a/b.wav", "demo"),
            noise=(("my own", ("x", "y/z.wav")), ("human", ("demo",))),
            snrs_db=(10.0, -2.5),
            repetitions=4,
            methods=("log_mmse", "adaptive", "gone@away"),
            metrics=("stoi", "haspi@N2", "pesq_wb"),
            seed=7,
            max_speech=12,
            title="Mine",
            folder=Path("/somewhere"),
        ),
    ],
    ids=["demo", "quick", "own"],
)
def test_a_plan_that_is_shown_is_the_plan_that_is_made(form: PlanForm, plan: SweepPlan) -> None:
    form.set_plan(plan)
    made = form.plan()
    assert made.digest == plan.digest
    assert made.to_toml() == plan.to_toml()
    assert made.folder == plan.folder


def test_each_change_makes_another_plan(form: PlanForm, qtbot: Any) -> None:
    before = form.plan()
    with qtbot.waitSignal(form.edited):
        form.mixtures.snr_edit.selectAll()
        QTest.keyClicks(form.mixtures.snr_edit, "-10 to 0")
    form.repetitions.setValue(3)
    form.metrics.item("lsd").setCheckState(0, Qt.CheckState.Checked)
    form.mixtures.noise.rows["vehicle"].box.click()
    made = form.plan()
    assert made.snrs_db == (-10.0, -5.0, 0.0)
    assert made.repetitions == 3
    assert "lsd" in made.metrics
    assert "vehicle" not in dict(made.noise)
    assert made.digest != before.digest


def test_what_is_not_installed_is_grey_says_how_and_copies_the_command(form: PlanForm) -> None:
    item = form.methods.item("rare")
    assert "not installed" in item.text(0)
    assert item.data(0, Qt.ItemDataRole.CheckStateRole) is None
    assert COMMAND in item.toolTip(0)
    assert item.foreground(0).color() != form.methods.item("wiener").foreground(0).color()
    form.methods.tree.setCurrentItem(item)
    assert COMMAND in form.methods.about.text()
    QTest.keyClick(form.methods.tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == COMMAND


def test_box_of_a_family_takes_all_of_it_but_what_is_missing(form: PlanForm) -> None:
    form.set_plan(quick_plan(methods=()))
    family = form.methods.item("wiener").parent()
    QTest.mouseClick(
        form.methods.tree.viewport(),
        Qt.MouseButton.LeftButton,
        pos=form.methods.tree.visualItemRect(family).topLeft() + _box_of(form),
    )
    chosen = set(form.plan().methods)
    assert chosen == {m.name for m in methods() if m.family == "classical" and m.available}
    form.methods.item("wiener").setCheckState(0, Qt.CheckState.Unchecked)
    assert family.checkState(0) == Qt.CheckState.PartiallyChecked
    form.methods.item("rare").parent().setCheckState(0, Qt.CheckState.Checked)
    assert "rare" not in form.plan().methods


def _box_of(form: PlanForm) -> Any:
    from PySide6.QtCore import QPoint

    return QPoint(10, form.methods.tree.visualItemRect(form.methods.item("wiener")).height() // 2)


def test_space_checks_the_entry_under_the_cursor(form: PlanForm) -> None:
    form.set_plan(quick_plan(methods=()))
    form.methods.tree.setCurrentItem(form.methods.item("log_mmse"))
    QTest.keyClick(form.methods.tree, Qt.Key.Key_Space)
    assert form.plan().methods == ("log_mmse",)


@pytest.mark.parametrize("what", ["speech", "noise", "class", "metrics", "snrs"])
def test_an_incomplete_plan_says_what_is_missing(form: PlanForm, what: str) -> None:
    if what == "speech":
        form.mixtures.speech.remove("demo")
    elif what == "noise":
        for row in form.mixtures.noise.rows.values():
            row.box.setChecked(False)
    elif what == "class":
        form.mixtures.noise.rows["human"].remove("demo")
        form.mixtures.noise.rows["human"].box.setChecked(True)
    elif what == "metrics":
        for name in form.plan().metrics:
            form.metrics.item(name).setCheckState(0, Qt.CheckState.Unchecked)
    else:
        form.mixtures.snr_edit.setText("loud")
    with pytest.raises(WorkbenchError):
        form.plan()


def test_own_recordings_replace_the_demo_ones(
    form: PlanForm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    form.mixtures.speech.fill_menu()
    form.mixtures.speech.menu.actions()[0].trigger()
    assert form.plan().speech == (str(tmp_path),)
    form.mixtures.speech.fill_menu()
    next(a for a in form.mixtures.speech.menu.actions() if a.text() == "Add the demo recordings").trigger()
    assert form.plan().speech == (str(tmp_path), "demo")


def test_a_class_of_ones_own(form: PlanForm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("trains", True))
    form.add_class_button.click()
    form.mixtures.noise.rows["trains"].add(str(tmp_path))
    assert dict(form.plan().noise)["trains"] == (str(tmp_path),)


def test_a_corpus_fills_in_what_it_keeps_for_tests(shared_data: Path) -> None:
    plan = fill_from_corpus(quick_plan(), shared_data)
    assert len(plan.noise) == 4
    assert all("test" in path for _, paths in plan.noise for path in paths)
    assert len(replace(plan, snrs_db=(0.0,), max_speech=1).trials()) == 4
