from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QTextTable
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from tests.bundles.tiny import write_tiny_ddae, write_tiny_original, write_tiny_original_nc
from workbench.bundles.store import chosen_default, default_bundle, find_bundles, get_bundle
from workbench.gui.app import Application
from workbench.gui.models.name_dialog import NameDialog
from workbench.gui.theme import ThemeMode

LEFT = Qt.MouseButton.LeftButton


def names(application: Application) -> list[str]:
    return [entry.name for entry in application.models_page.list.entries()]


def choose(application: Application, qtbot: Any, name: str) -> None:
    """Click on a bundle in the list."""
    listed = application.models_page.list
    rows = range(listed.count())
    row = next(r for r in rows if (e := listed.item(r).data(Qt.ItemDataRole.UserRole)) and e.name == name)
    place = listed.visualItemRect(listed.item(row)).center()
    qtbot.mouseClick(listed.viewport(), LEFT, pos=place)
    assert listed.current().name == name


def message(application: Application) -> str:
    current = application.window.messages.current
    return current.text if current else ""


def undo(application: Application, qtbot: Any) -> None:
    assert application.window.messages.action_button.text() == "Undo"
    qtbot.mouseClick(application.window.messages.action_button, LEFT)


def drop(application: Application, path: Path) -> None:
    page, data = application.models_page, QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    action, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(300, 300), action, data, LEFT, none)
    QApplication.sendEvent(page, enter)
    if not enter.isAccepted():
        return
    assert page.drop_hint.isVisible()
    QApplication.sendEvent(page, QDropEvent(QPointF(300, 300), action, data, LEFT, none))
    assert not page.drop_hint.isVisible()


def name_it(monkeypatch: pytest.MonkeyPatch, name: str) -> list[NameDialog]:
    """Type a name into the dialog that will ask, and press its button."""
    asked: list[NameDialog] = []

    def answer(dialog: NameDialog) -> int:
        asked.append(dialog)
        dialog.field.selectAll()
        QTest.keyClicks(dialog.field, name)
        QTest.mouseClick(dialog.accept_button, LEFT)
        return dialog.result()

    monkeypatch.setattr(NameDialog, "exec", answer)
    return asked


def test_all_bundles_are_listed_with_what_they_are(models: Application) -> None:
    entries = {entry.name: entry for entry in models.models_page.list.entries()}
    names = [
        *(bundle.name for bundle in find_bundles("ddae")),
        *(bundle.name for bundle in find_bundles("nc")),
    ]
    assert list(entries) == names
    assert {"ddae-standard", "mine", "nc-standard"} <= set(names)
    standard = entries["ddae-standard"]
    assert standard.is_default
    assert not standard.is_users
    assert entries["mine"].is_users
    assert "84.3 MMAC/s" in standard.numbers
    assert "31.9 ms" in standard.numbers
    current = models.models_page.list.currentItem().text()
    assert current.startswith("Standard denoiser, ddae-standard, bundled, default")


def test_properties_and_card_of_what_is_chosen(models: Application, qtbot: Any) -> None:
    details = models.models_page.details
    text = details.properties.toPlainText()
    for part in ("Denoiser, the default", "31.9 ms", "84.3 MMAC/s", "non-commercial research", "train_cli"):
        assert part in text
    card = details.cards[0].document()
    assert "Standard denoiser" in card.toPlainText()
    tables = [frame for frame in card.rootFrame().childFrames() if isinstance(frame, QTextTable)]
    assert tables[0].cellAt(0, 0).firstCursorPosition().block().text() == "Kind"
    assert not details.cards[1].isVisibleTo(details)
    choose(models, qtbot, "mine")
    assert details.title.text() == "My denoiser"
    assert details.cards[0].toPlainText() == "Tiny"
    assert "STOI 0.700 → 0.800 (24 mixtures)" in details.properties.toPlainText()


def test_only_what_can_be_done_is_offered(models: Application, qtbot: Any) -> None:
    page = models.models_page
    assert {name: b.isEnabled() for name, b in page.buttons.items()} == {
        "import": True,
        "export": True,
        "rename": False,
        "delete": False,
    }
    assert not page.actions_by_name["default"].isEnabled()
    choose(models, qtbot, "mine")
    assert all(button.isEnabled() for button in page.buttons.values())
    assert page.details.default_button.isVisible()
    choose(models, qtbot, "nc-standard")
    assert not page.actions_by_name["studio_alone"].isEnabled()


def test_curves_and_tables_of_one_and_of_two(models: Application, qtbot: Any) -> None:
    page, details = models.models_page, models.models_page.details
    choose(models, qtbot, "mine")
    page.actions_by_name["Figures"].trigger()
    assert details.metric_combo.isVisible()
    assert {name: curve.points for name, curve in details.curves.curves.items()} == {
        "noisy": ((-5.0, 1.1), (5.0, 1.5)),
        "My denoiser": ((-5.0, 1.3), (5.0, 2.0)),
    }
    assert "1.10 → 1.30" in details.figures.toPlainText()
    details.other.activated.emit(details.other.findData("ddae-standard"))
    assert list(details.curves.curves) == ["noisy", "mine", "noisy, ddae-standard", "ddae-standard"]
    assert "By SNR: PESQ" in details.figures.toPlainText()
    bundled = get_bundle("ddae-standard").manifest.figures["By SNR"]["-5 dB"]["pesq_wb denoised"]
    assert f"{bundled - 1.3:+.2f}".replace("-", "−") in details.figures.toPlainText()
    details.metric_combo.setCurrentIndex(details.metric_combo.findData("stoi"))
    details.metric_combo.activated.emit(details.metric_combo.currentIndex())
    assert details.curves.curves["mine"].points == ((-5.0, 0.7), (5.0, 0.9))
    properties = details.properties.toPlainText()
    assert "84.3 MMAC/s" in properties
    assert "0.2 MMAC/s" in properties
    page.actions_by_name["Card"].trigger()
    assert details.cards[1].isVisible()
    assert not details.metric_combo.isVisible()
    choose(models, qtbot, "nc-standard")
    assert len(details.shown) == 1, "a classifier is not compared with a denoiser"


@pytest.mark.parametrize("name", ["mine", "ddae-standard"])
def test_the_same_scene_is_heard_in_the_studio(models: Application, qtbot: Any, name: str) -> None:
    page, method = models.models_page, {"mine": "adaptive@mine"}.get(name, "adaptive")
    before = models.controller.scene
    page.compare_with("mine")
    button = page.details.studio_buttons[name == "mine"]
    assert button.text() == f"Hear {name}"
    loaded = models.controller.loaded
    qtbot.mouseClick(button, LEFT)
    qtbot.waitUntil(lambda: models.controller.loaded is not loaded, timeout=20_000)
    assert models.controller.scene.method == method
    assert models.controller.scene.speech_path == before.speech_path
    assert models.page.isVisible()
    qtbot.waitUntil(lambda: models.controller._graph is not None, timeout=20_000)
    assert models.controller._graph.method == method
    assert models.page.denoise_card.method.currentData() == method


def test_the_original_is_heard_in_the_studio_and_never_the_default(
    models: Application, qtbot: Any, users: Path
) -> None:
    page, studio, method = models.models_page, models.controller, "original@older"
    for each in ("old", "older"):
        write_tiny_original(users, each)
    write_tiny_original_nc(users)
    models.hub.bundles_changed.emit()
    qtbot.waitUntil(lambda: {"old", "older", "old-nc"} <= set(names(models)), timeout=20_000)
    choose(models, qtbot, "older")
    assert not page.details.default_button.isVisible()
    assert not page.actions_by_name["default"].isEnabled()
    assert not page.actions_by_name["studio_alone"].isEnabled()
    qtbot.mouseClick(page.details.studio_buttons[0], LEFT)
    qtbot.waitUntil(lambda: studio.scene.method == method, timeout=20_000)
    qtbot.waitUntil(lambda: studio._graph is not None and studio._graph.method == method, timeout=20_000)
    assert models.page.denoise_card.method.currentData() == method


def test_a_file_is_imported_and_appears_everywhere(
    models: Application, qtbot: Any, monkeypatch: pytest.MonkeyPatch, exported: Path
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(exported)], ""))
    qtbot.mouseClick(models.models_page.buttons["import"], LEFT)
    qtbot.waitUntil(lambda: "sent" in names(models), timeout=10_000)
    assert models.models_page.list.current().name == "sent"
    assert "Imported Sent by a friend" in message(models)
    combo = models.page.denoise_card.method
    assert combo.findData("adaptive@sent") >= 0, "the studio offers it at once"


def test_a_dropped_file_whose_name_is_taken_asks_for_another(
    models: Application, qtbot: Any, monkeypatch: pytest.MonkeyPatch, exported: Path, users: Path
) -> None:
    write_tiny_ddae(users, "sent")
    asked = name_it(monkeypatch, "friend")
    drop(models, exported)
    qtbot.waitUntil(lambda: "friend" in names(models), timeout=10_000)
    assert len(asked) == 1
    assert get_bundle("friend").manifest.title == "Sent by a friend"


def test_files_that_are_no_models_are_told_and_others_not_taken(
    models: Application, qtbot: Any, tmp_path: Path, exported: Path
) -> None:
    before = find_bundles()
    bad = tmp_path / "bad.zip"
    bad.write_bytes(exported.read_bytes()[:-50])
    drop(models, bad)
    qtbot.waitUntil(lambda: "bad.zip is not a model bundle" in message(models), timeout=10_000)
    text = tmp_path / "text.txt"
    text.write_text("")
    drop(models, text)
    QApplication.sendEvent(models.models_page, QDragLeaveEvent())
    assert not models.models_page.drop_hint.isVisible()
    assert find_bundles() == before


def test_export_by_dialog_and_by_dragging_out(
    models: Application, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    target = tmp_path / "out.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    choose(models, qtbot, "mine")
    with qtbot.waitSignal(models.models_page.controller.exported, timeout=10_000):
        QTest.keyClick(models.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dragged: list[list[QUrl]] = []
    monkeypatch.setattr(
        "workbench.gui.models.bundle_list.QDrag.exec", lambda drag, _: dragged.append(drag.mimeData().urls())
    )
    models.models_page.list.startDrag(Qt.DropAction.CopyAction)
    assert Path(dragged[0][0].toLocalFile()).read_bytes() == target.read_bytes()


def test_rename_says_what_is_wrong_while_typing(
    models: Application, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = NameDialog("Rename", "Another name", "mine", "Rename")
    qtbot.addWidget(dialog)
    assert not dialog.accept_button.isEnabled()
    for name, problem in (("My Model", "cannot be"), ("nc-standard", "already"), ("street", "")):
        dialog.field.setText(name)
        assert problem in dialog.problem.text()
        assert bool(dialog.problem.text()) == bool(problem)
        assert dialog.accept_button.isEnabled() == (not problem)
    name_it(monkeypatch, "street")
    choose(models, qtbot, "mine")
    QTest.keyClick(models.models_page.list, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: "street" in names(models), timeout=10_000)
    assert models.models_page.list.current().name == "street"
    assert "mine" not in names(models)


def test_delete_and_undo_and_restore_from_the_menu(models: Application, qtbot: Any) -> None:
    page = models.models_page
    choose(models, qtbot, "mine")
    QTest.keyClick(page.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: "mine" not in names(models), timeout=10_000)
    assert page.list.current() is not None
    undo(models, qtbot)
    qtbot.waitUntil(lambda: "mine" in names(models), timeout=10_000)
    assert page.list.current().name == "mine"
    qtbot.mouseClick(page.buttons["delete"], LEFT)
    qtbot.waitUntil(lambda: "mine" not in names(models), timeout=10_000)
    page.fill_restore_menu()
    (action,) = page.restore_menu.actions()
    assert action.text() == "mine"
    action.trigger()
    qtbot.waitUntil(lambda: "mine" in names(models), timeout=10_000)
    page.fill_restore_menu()
    assert [(a.text(), a.isEnabled()) for a in page.restore_menu.actions()] == [
        ("Nothing was deleted", False)
    ]


def test_the_trash_is_emptied_after_a_question(
    models: Application, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, answers = models.models_page, [QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Yes]
    page.choose_empty_trash()
    assert message(models) == "The trash is empty."
    choose(models, qtbot, "mine")
    page.actions_by_name["delete"].trigger()
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    page.choose_empty_trash()
    assert len(page.controller.deleted()) == 1
    page.choose_empty_trash()
    assert page.controller.deleted() == []


def test_the_default_is_chosen_and_taken_back(models: Application, qtbot: Any) -> None:
    page, studio = models.models_page, models.controller
    qtbot.waitUntil(lambda: studio._graph is not None, timeout=20_000)
    graph = studio._graph
    choose(models, qtbot, "mine")
    qtbot.mouseClick(page.details.default_button, LEFT)
    qtbot.waitUntil(lambda: page.controller.find("mine").is_default, timeout=10_000)
    assert default_bundle("ddae").name == "mine"
    qtbot.waitUntil(lambda: studio._graph not in (None, graph), timeout=20_000)
    combo = models.page.denoise_card.method
    assert combo.findData("adaptive@mine") < 0, "the plain name runs it now"
    assert combo.findData("adaptive@ddae-standard") >= 0
    undo(models, qtbot)
    assert chosen_default("ddae") is None
    qtbot.waitUntil(lambda: page.controller.find("ddae-standard").is_default, timeout=10_000)


def test_a_model_that_the_studio_runs_may_become_the_default_or_go(models: Application, qtbot: Any) -> None:
    page, studio = models.models_page, models.controller
    qtbot.waitUntil(lambda: studio._graph is not None, timeout=20_000)
    studio.set_method("adaptive@mine")
    page.controller.set_default(get_bundle("mine"))
    assert studio.scene.method == "adaptive"
    studio.set_method("adaptive@ddae-standard")
    page.controller.delete(page.controller.find("mine"))
    assert studio.scene.method == "adaptive"
    qtbot.waitUntil(lambda: studio._graph is not None, timeout=20_000)
    assert studio._graph.method == "adaptive"


def test_speed_is_measured_shown_and_remembered(models: Application, qtbot: Any) -> None:
    page, details = models.models_page, models.models_page.details
    choose(models, qtbot, "mine")
    assert "not measured yet" in details.properties.toPlainText()
    with qtbot.waitSignal(page.controller.speeds_changed, timeout=20_000):
        qtbot.mouseClick(details.measure_button, LEFT)
        assert details.measure_button.text() == "Stop"
        assert details.progress.isVisible()
    assert "ms per 16 ms hop" in details.properties.toPlainText()
    assert details.measure_button.text() == "Measure speed"
    assert not details.progress.isVisible()
    speeds = page.controller.speeds(get_bundle("mine"))
    assert speeds["float"].real_time_factor < 1
    assert (
        type(page.controller)(
            models.settings, models.notifier, models.hub, lambda: models.controller.scene
        ).speeds(get_bundle("mine"))
        == speeds
    )


def test_measuring_can_be_stopped(models: Application, qtbot: Any) -> None:
    details = models.models_page.details
    qtbot.mouseClick(details.measure_button, LEFT)
    qtbot.mouseClick(details.measure_button, LEFT)
    assert details.measure_button.text() == "Measure speed"
    assert not models.models_page.controller._speed_job.is_running


def test_damaged_bundles_are_listed_with_what_is_wrong_and_can_be_deleted(
    models: Application, qtbot: Any, users: Path
) -> None:
    write_tiny_ddae(users, "bad").model_path().write_bytes(b"?")
    (users / "worse").mkdir()
    (users / "worse" / "bundle.toml").write_bytes(b"\xff")
    models.hub.bundles_changed.emit()
    qtbot.waitUntil(lambda: "worse" in names(models), timeout=10_000)
    choose(models, qtbot, "bad")
    details = models.models_page.details
    assert "bytes long as its manifest says" in details.problem.text()
    assert not models.models_page.buttons["export"].isEnabled()
    qtbot.mouseClick(details.delete_button, LEFT)
    qtbot.waitUntil(lambda: "bad" not in names(models), timeout=10_000)
    undo(models, qtbot)
    qtbot.waitUntil(lambda: "bad" in names(models), timeout=10_000)


@pytest.mark.parametrize("tab", ["Figures", "Card"])
def test_long_pages_are_shown_from_their_beginning(models: Application, qtbot: Any, tab: str) -> None:
    page = models.models_page
    models.window.resize(1000, 640)
    choose(models, qtbot, "nc-standard")
    page.actions_by_name[tab].trigger()
    browser = page.details.figures if tab == "Figures" else page.details.cards[0]
    qtbot.waitUntil(lambda: browser.isVisible() and browser.verticalScrollBar().maximum() > 0)
    models.window.resize(1000, 600)
    qtbot.wait(50)
    assert browser.verticalScrollBar().value() == 0
    assert browser.horizontalScrollBar().value() == 0


def test_a_bundle_that_changes_on_disk_is_read_again(models: Application, qtbot: Any, users: Path) -> None:
    choose(models, qtbot, "mine")
    write_tiny_ddae(users, "mine", title="Trained longer")
    write_tiny_ddae(users, "new")
    models.hub.bundles_changed.emit()
    qtbot.waitUntil(lambda: "new" in names(models), timeout=10_000)
    assert models.models_page.details.title.text() == "Trained longer"
    assert "Nothing was measured" not in models.models_page.details.figures.toPlainText()


def test_cards_fetch_nothing_and_run_no_html(models: Application, qtbot: Any, users: Path) -> None:
    card = "# Hi\n\n![spy](http://127.0.0.1:9/x.png) <b>bold</b> [file](file:///etc/passwd)\n"
    (users / "mine" / "CARD.md").write_text(card)
    models.hub.bundles_changed.emit()
    browser = models.models_page.details.cards[0]
    choose(models, qtbot, "mine")
    qtbot.waitUntil(lambda: "bold" in browser.toPlainText(), timeout=10_000)
    assert "<b>" in browser.toPlainText(), "HTML stays text"
    assert not browser.loadResource(2, QUrl("http://127.0.0.1:9/x.png")).size()
    browser.anchorClicked.emit(QUrl("file:///etc/passwd"))
    assert "Hi" in browser.toPlainText()
    for mode in (ThemeMode.DARK, ThemeMode.LIGHT):
        models.window.set_theme_mode(mode)
        assert "Hi" in browser.toPlainText()


def test_everything_is_reached_by_tab(models: Application, qtbot: Any) -> None:
    choose(models, qtbot, "mine")
    page, reached = models.models_page, set()
    for _ in range(40):
        QTest.keyClick(QApplication.focusWidget() or models.window, Qt.Key.Key_Tab)
        reached.add(QApplication.focusWidget())
    details = page.details
    wanted = [
        *page.buttons.values(),
        details.studio_buttons[0],
        details.default_button,
        details.measure_button,
        details.other,
        details.properties,
    ]
    assert not [widget for widget in wanted if widget not in reached]
