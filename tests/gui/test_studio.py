"""What a user does in the studio, with real clicks and keys."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QSlider

from tests.gui.conftest import SILENCE, close
from workbench.audio import files
from workbench.audio.playback import ClockOutput
from workbench.engine.scene import Scene, demo_scenes
from workbench.gui.app import Application
from workbench.gui.studio.export_dialog import ExportDialog
from workbench.gui.theme import ThemeMode


def press(application: Application, key: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget() or application.window, key, modifier)


def point_in_panel(application: Application, name: str, time_s: float, hz: float = 2000.0) -> QPoint:
    trio = application.page.trio
    at = trio.panels[name].mapViewToScene(QPointF(time_s, hz))
    return trio._canvas.mapFromScene(at)


def drop(application: Application, zone: str, *paths: Path) -> None:
    """Drag files over the window and drop them on one of the fields that appear."""
    page = application.page
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions, button, none = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(page, QDragEnterEvent(QPoint(50, 50), actions, data, button, none))
    assert page.drop_zones.isVisible()
    place = page.drop_zones.zone(zone).center()
    over = QDragEnterEvent(place.toPoint(), actions, data, button, none)
    QApplication.sendEvent(page.drop_zones, over)
    QApplication.sendEvent(page.drop_zones, QDropEvent(place, actions, data, button, none))
    assert not page.drop_zones.isVisible()


def test_demo_scene_is_in_the_window_at_the_first_paint(
    open_application: Callable[..., Application],
) -> None:
    application = open_application(wait=False)
    first = demo_scenes()[0]
    assert application.controller.scene.speech_path == first.speech_path
    assert application.page.scene_card.demos.currentText() == first.title
    assert application.page.mix_card.snr.slider.value() == round(first.snr_db)
    picture = application.controller.picture
    assert picture is not None
    for name in ("clean", "mixed"):
        assert np.ptp(picture.strips[name].cells) > 50
        assert application.page.trio.panels[name].image.image is not None


def test_denoised_panel_and_classes_appear_and_denoised_is_quieter(studio: Application, qtbot: Any) -> None:
    picture = studio.controller.picture
    assert picture is not None
    mixed, denoised = (picture.strips[name].cells.astype(float).mean() for name in ("mixed", "denoised"))
    assert denoised < mixed
    assert picture.track.at(picture.duration_s / 2) is not None
    assert studio.page.classes.bars.accessibleDescription()


def test_space_plays_and_pauses_and_the_picture_moves_with_the_sound(studio: Application, qtbot: Any) -> None:
    page = studio.page
    press(studio, Qt.Key.Key_Space)
    assert studio.controller.playing
    qtbot.waitUntil(lambda: studio.controller.position_s > 0.3)
    qtbot.waitUntil(lambda: page.trio.panels["denoised"].playhead.value() > 0.3)
    assert page.transport.overview._position_s == page.trio.panels["clean"].playhead.value()
    press(studio, Qt.Key.Key_Space)
    assert not studio.controller.playing
    qtbot.wait(150)
    stopped_at = studio.controller.position_s
    qtbot.wait(100)
    assert studio.controller.position_s == pytest.approx(stopped_at, abs=0.01)


def test_play_button_plays_by_click(studio: Application, qtbot: Any) -> None:
    qtbot.mouseClick(studio.page.transport.play_button, Qt.MouseButton.LeftButton)
    assert studio.controller.playing
    qtbot.mouseClick(studio.page.transport.play_button, Qt.MouseButton.LeftButton)
    assert not studio.controller.playing


def test_playback_follows_the_playhead_when_zoomed_in(studio: Application, qtbot: Any) -> None:
    studio.page.view.show(0.0, 0.5)
    press(studio, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: studio.page.view.time_s[0] > 0.2)
    start, stop = studio.page.view.time_s
    assert start <= studio.controller.position_s <= stop
    assert stop - start == pytest.approx(0.5)


def test_keys_1_2_3_and_the_buttons_switch_what_is_heard(studio: Application, qtbot: Any) -> None:
    press(studio, Qt.Key.Key_Space)
    for key, name in ((Qt.Key.Key_1, "clean"), (Qt.Key.Key_3, "denoised"), (Qt.Key.Key_2, "mixed")):
        press(studio, key)
        assert studio.controller._player.graph.monitor == name
        assert [n for n, b in studio.page.trio.buttons.items() if b.isChecked()] == [name]
    qtbot.mouseClick(studio.page.trio.buttons["denoised"], Qt.MouseButton.LeftButton)
    assert studio.controller._player.graph.monitor == "denoised"
    assert studio.controller.playing


def test_snr_slider_acts_on_the_live_graph_at_once_and_on_the_picture(
    studio: Application, qtbot: Any
) -> None:
    slider = studio.page.mix_card.snr.slider
    press(studio, Qt.Key.Key_Space)
    slider.setFocus()
    before = slider.value()
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert slider.value() == before - 1
    assert studio.controller._player.graph.snr_db == before - 1
    assert studio.page.mix_card.snr.value_label.text().endswith("dB")
    press(studio, Qt.Key.Key_Space)
    assert not studio.controller.playing, "Space plays and pauses also while a slider has the focus"


def test_lower_snr_shows_more_noise_when_paused(studio: Application, qtbot: Any) -> None:
    picture = studio.controller.picture
    before = picture.strips["mixed"].cells.astype(float).mean()
    old = studio.controller.rendered
    press(studio, Qt.Key.Key_BracketLeft)
    for _ in range(8):
        press(studio, Qt.Key.Key_BracketLeft)
    assert picture.strips["mixed"].cells.astype(float).mean() > before
    qtbot.waitUntil(lambda: studio.controller.rendered is not old, timeout=20_000)
    assert studio.controller.rendered.mixture.snr_db == studio.controller.scene.snr_db


def test_live_columns_change_the_picture_while_it_plays(studio: Application, qtbot: Any) -> None:
    picture = studio.controller.picture
    columns = slice(30, 60)
    before = picture.strips["mixed"].cells[columns].copy()
    studio.controller._render_job.cancel()
    press(studio, Qt.Key.Key_Space)
    studio.controller._player.graph.snr_db = -10
    qtbot.waitUntil(lambda: studio.controller.position_s > 1.0)
    assert not np.array_equal(picture.strips["mixed"].cells[columns], before)


def test_click_seeks_and_the_playheads_agree(studio: Application, qtbot: Any) -> None:
    viewport = studio.page.trio._canvas.viewport()
    spot = point_in_panel(studio, "mixed", 1.0)
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=spot)
    assert studio.controller.position_s == pytest.approx(1.0, abs=0.03)
    for panel in studio.page.trio.panels.values():
        assert panel.playhead.value() == pytest.approx(1.0, abs=0.03)


def drag(viewport: Any, start: QPoint, stop: QPoint, modifier: Any) -> None:
    """Drag with the left button held, which `QTest.mouseMove` alone does not do."""
    left, kind = Qt.MouseButton.LeftButton, QEvent.Type.MouseMove
    QTest.mousePress(viewport, left, modifier, start)
    for share in (0.3, 0.7, 1.0):
        place = (start + (stop - start) * share).toPointF()
        everywhere = QPointF(viewport.mapToGlobal(place))
        QApplication.sendEvent(viewport, QMouseEvent(kind, place, everywhere, left, left, modifier))
    QTest.mouseRelease(viewport, left, modifier, stop)


def test_shift_drag_loops_and_playing_stays_inside(studio: Application, qtbot: Any) -> None:
    viewport = studio.page.trio._canvas.viewport()
    start, stop = point_in_panel(studio, "clean", 0.8), point_in_panel(studio, "clean", 1.2)
    drag(viewport, start, stop, Qt.KeyboardModifier.ShiftModifier)
    assert studio.controller.loop_s == pytest.approx((0.8, 1.2), abs=0.05)
    assert studio.page.transport.loop_button.isChecked()
    press(studio, Qt.Key.Key_Space)
    seen: list[float] = []
    studio.controller.position_changed.connect(seen.append)
    qtbot.wait(900)
    inside = studio.controller.loop_s
    assert min(seen[5:]) >= inside[0] - 0.02
    assert max(seen[5:]) <= inside[1] + 0.02
    assert any(b < a - 0.2 for a, b in itertools.pairwise(seen[5:])), "it came round"
    press(studio, Qt.Key.Key_L)
    assert studio.controller.loop_s is None
    assert studio.controller._player.graph.loop is None


def test_drag_pans_and_wheel_zooms_all_panels_together(studio: Application, qtbot: Any) -> None:
    view = studio.page.view
    view.show(0.5, 1.5)
    viewport = studio.page.trio._canvas.viewport()
    drag(
        viewport,
        point_in_panel(studio, "mixed", 1.0),
        point_in_panel(studio, "mixed", 0.8),
        Qt.KeyboardModifier.NoModifier,
    )
    assert view.time_s[0] == pytest.approx(0.7, abs=0.05)
    for panel in studio.page.trio.panels.values():
        assert panel.viewRange()[0] == pytest.approx(view.time_s, abs=1e-6)
    press(studio, Qt.Key.Key_Up)
    assert view.span_s < 0.8
    press(studio, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert view.band_hz == pytest.approx((0.0, 5600.0))
    press(studio, Qt.Key.Key_A)
    assert view.time_s == (0.0, view.duration_s)
    assert view.band_hz == (0.0, 8000.0)


def test_good_file_dropped_as_noise_is_mixed_in(studio: Application, qtbot: Any, tmp_path: Path) -> None:
    path = tmp_path / "hum.wav"
    files.write(path, (0.1 * np.sin(np.arange(32_000) * 0.05)).astype(np.float32))
    old = studio.controller.loaded
    drop(studio, "noise", path)
    qtbot.waitUntil(lambda: studio.controller.loaded is not old, timeout=10_000)
    assert studio.controller.scene.noise_path == path
    assert studio.page.scene_card.noise.name.toolTip() == str(path)
    assert studio.settings.recent_files() == [path]
    studio.page.fill_recent_menu()
    assert studio.page.recent_menu.actions()[0].text() == "hum.wav"


def test_bad_file_gives_a_message_and_keeps_the_scene(
    studio: Application, qtbot: Any, tmp_path: Path
) -> None:
    path = tmp_path / "not-audio.wav"
    path.write_bytes(b"this is not a sound file")
    old = studio.controller.loaded
    drop(studio, "speech", path)
    qtbot.waitUntil(lambda: studio.window.messages.current.level == "error", timeout=10_000)
    message = studio.window.messages.current
    assert "not-audio.wav" in message.text
    assert studio.window.messages.isVisible()
    assert studio.controller.loaded is old
    qtbot.mouseClick(studio.window.messages.close_button, Qt.MouseButton.LeftButton)
    assert studio.window.messages.current is None or studio.window.messages.current.text != message.text


def test_recording_shows_two_panels_and_says_why_there_are_no_scores(
    studio: Application, qtbot: Any, tmp_path: Path
) -> None:
    path = tmp_path / "noisy.wav"
    files.write(path, np.random.default_rng(1).normal(0, 0.05, 24_000).astype(np.float32))
    reasons: list[str] = []
    studio.controller.scores_changed.connect(lambda _, reason: reasons.append(reason))
    drop(studio, "recording", path)
    qtbot.waitUntil(lambda: any("reference" in reason for reason in reasons), timeout=20_000)
    assert "reference" in reasons[-1]
    assert not studio.page.trio.buttons["clean"].isVisible()
    assert not studio.page.mix_card.isVisible()
    press(studio, Qt.Key.Key_1)
    assert studio.controller.monitor != "clean"


def test_method_menu_explains_what_cannot_be_had(studio: Application) -> None:
    combo = studio.page.denoise_card.method
    rows = [row for row in range(combo.count()) if combo.itemText(row)]
    assert len(rows) < combo.count(), "families of methods are set apart"
    for row in rows:
        tip = combo.itemData(row, Qt.ItemDataRole.ToolTipRole)
        assert tip
        enabled = combo.model().item(row).isEnabled()
        assert enabled == ("Not available" not in tip)


def test_strength_and_method_reach_the_graph_while_playing(studio: Application, qtbot: Any) -> None:
    press(studio, Qt.Key.Key_Space)
    graph = studio.controller._player.graph
    studio.page.denoise_card.limit.slider.setValue(9)
    studio.page.denoise_card.wet.slider.setValue(40)
    assert graph.attenuation_limit_db == 12.0
    assert graph.wet == pytest.approx(0.4)
    combo = studio.page.denoise_card.method
    combo.activated.emit(combo.findData("bypass"))
    qtbot.waitUntil(lambda: graph.method == "bypass", timeout=10_000)
    assert studio.controller.playing


def test_scores_arrive_for_mixed_and_denoised(studio: Application, qtbot: Any) -> None:
    found: list[Any] = []
    studio.controller.scores_changed.connect(lambda lines, _: found.append(lines))
    qtbot.waitUntil(
        lambda: bool(found) and all(line.denoised is not None or line.gap for line in found[-1]),
        timeout=60_000,
    )
    by_title = {line.title: line for line in found[-1]}
    assert all(line.meaning for line in by_title.values())
    assert any(line.mixed is not None for line in by_title.values())


def test_export_writes_sounds_picture_and_numbers(
    studio: Application, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"

    def fill_in(dialog: ExportDialog) -> int:
        dialog.folder_edit.setText(str(folder))
        dialog.name_edit.setText("demo")
        for box in dialog.boxes.values():
            box.setChecked(True)
        assert dialog.export_button.isEnabled()
        dialog.accept()
        return dialog.result()

    monkeypatch.setattr(ExportDialog, "exec", fill_in)
    with qtbot.waitSignal(studio.controller.exported, timeout=60_000):
        press(studio, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    names = {path.name for path in folder.iterdir()}
    sounds = {f"demo-{name}.wav" for name in ("clean", "mixed", "denoised")}
    assert names == sounds | {"demo.png", "demo.svg", "demo-numbers.csv", "demo-numbers.json"}
    lengths = {len(files.read(folder / name)) for name in sounds}
    assert lengths == {studio.controller.loaded.duration_samples}
    assert (folder / "demo.png").read_bytes().startswith(b"\x89PNG")
    assert "pesq" in (folder / "demo-numbers.csv").read_text()
    assert "7 files" in studio.window.messages.current.text


def test_export_dialog_refuses_nothing_and_warns_of_replacing(qtbot: Any, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"")
    dialog = ExportDialog(tmp_path, "x", ("png",), has_clean=True)
    qtbot.addWidget(dialog)
    assert dialog.export_button.isEnabled()
    assert "x.png" in dialog._note.text()
    dialog.boxes["png"].setChecked(False)
    assert not dialog.export_button.isEnabled()


def test_without_a_sound_card_the_bar_says_so(studio: Application) -> None:
    assert SILENCE in [message.text for message in studio.window.messages._messages]
    assert "Silent" in studio.page.transport.output_button.text()


def test_theme_switch_changes_every_colour(studio: Application, qapp: QApplication) -> None:
    studio.window.theme_actions[ThemeMode.DARK].trigger()
    dark = studio.window.grab().toImage().pixelColor(5, 300)
    studio.window.theme_actions[ThemeMode.LIGHT].trigger()
    light = studio.window.grab().toImage().pixelColor(5, 300)
    assert dark.lightness() < 60 < 200 < light.lightness()
    assert qapp.palette().window().color() == light


def test_theme_follows_the_system_while_it_runs(
    studio: Application, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dark in (True, False):
        monkeypatch.setattr("workbench.gui.theme.system_is_dark", lambda dark=dark: dark)
        scheme = Qt.ColorScheme.Dark if dark else Qt.ColorScheme.Light
        qapp.styleHints().colorSchemeChanged.emit(scheme)
        assert studio.theme.theme.is_dark is dark
        assert (qapp.palette().window().color().lightness() < 60) is dark


def test_text_size_keys(studio: Application, qapp: QApplication) -> None:
    normal = qapp.font().pixelSize()
    press(studio, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert qapp.font().pixelSize() > normal
    press(studio, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert qapp.font().pixelSize() == normal


def test_question_mark_lists_the_keys(studio: Application, qtbot: Any) -> None:
    press(studio, Qt.Key.Key_Question, Qt.KeyboardModifier.ShiftModifier)
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    texts = [label.text() for label in dialog.findChildren(type(studio.page.transport._position))]
    assert "Space" in texts
    assert "Play or pause" in texts
    dialog.close()


def test_settings_come_back_at_the_next_start(
    open_application: Callable[..., Application], qtbot: Any
) -> None:
    first = open_application()
    first.controller.set_snr(7)
    first.controller.set_monitor("denoised")
    first.controller.set_matched(False)
    first.window.theme_actions[ThemeMode.DARK].trigger()
    first.page.trio.colour_bar.set_levels(-80, -20)
    first.page.set_colour_map("viridis")
    close(first)
    second = open_application(wait=False)
    assert second.controller.scene.snr_db == 7
    assert second.page.mix_card.snr.slider.value() == 7
    assert second.page.trio.buttons["denoised"].isChecked()
    assert not second.page.transport.match_box.isChecked()
    assert second.theme.mode is ThemeMode.DARK
    assert second.page.trio.colour_bar.levels_db == (-80, -20)
    assert second.page.colour_actions["viridis"].isChecked()


def test_everything_can_be_reached_with_tab(studio: Application) -> None:
    reached = set()
    studio.page.setFocus()
    for _ in range(60):
        QTest.keyClick(QApplication.focusWidget() or studio.window, Qt.Key.Key_Tab)
        reached.add(QApplication.focusWidget())
    page = studio.page
    wanted = [
        *page.trio.buttons.values(),
        page.trio.colour_bar,
        page.transport.play_button,
        page.transport.match_box,
        page.scene_card.demos,
        page.mix_card.snr.slider,
        page.denoise_card.method,
        page.denoise_card.limit.slider,
        page.denoise_card.wet.slider,
    ]
    assert not [widget for widget in wanted if widget not in reached]
    for slider in page.findChildren(QSlider):
        assert slider.accessibleName()
        assert slider.toolTip()


def test_scene_given_at_start_is_opened(open_application: Callable[..., Application]) -> None:
    scene = demo_scenes()[-1]
    application = open_application(Scene(recording_path=scene.noise_path), wait=False)
    assert application.controller.scene.recording_path == scene.noise_path
    assert application.controller.loaded.clean is None


def test_open_dialog_opens_speech(studio: Application, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = demo_scenes()[2].speech_path
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    old = studio.controller.loaded
    press(studio, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: studio.controller.loaded is not old, timeout=10_000)
    assert studio.controller.scene.speech_path == path
    assert studio.page.scene_card.demos.currentText() == "Your speech and noise"
    assert studio.page.scene_card.speech.name.toolTip() == str(path)


def test_demo_combobox_opens_another_scene_while_it_plays(studio: Application, qtbot: Any) -> None:
    press(studio, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: studio.controller.position_s > 0.2)
    demos = studio.page.scene_card.demos
    demos.activated.emit(2)
    qtbot.waitUntil(lambda: studio.controller.demo == 2, timeout=10_000)
    assert not studio.controller.playing
    press(studio, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: studio.controller.playing, timeout=20_000)
    assert studio.controller._player.graph.loaded.scene.speech_path == demo_scenes()[2].speech_path
    qtbot.waitUntil(lambda: studio.controller.position_s > 0.1)
    assert demos.currentText() == demo_scenes()[2].title


@pytest.mark.parametrize("n_samples", [160, 800, 6000])
def test_very_short_recordings_simply_work(
    open_application: Callable[..., Application], qtbot: Any, tmp_path: Path, n_samples: int
) -> None:
    path = tmp_path / "short.wav"
    files.write(path, np.random.default_rng(2).normal(0, 0.05, n_samples).astype(np.float32))
    application = open_application(Scene(recording_path=path))
    press(application, Qt.Key.Key_Space)
    press(application, Qt.Key.Key_L)
    press(application, Qt.Key.Key_Right)
    qtbot.wait(100)
    assert application.window.messages.current is None or (
        application.window.messages.current.level != "error"
    )


def test_sound_device_that_is_back_is_used_at_the_next_play(
    open_application: Callable[..., Application], qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ClockOutput("")
    found.message, found.is_silent = None, False
    outputs = [ClockOutput(SILENCE), found]
    application = open_application(make_output=lambda: outputs.pop(0))
    monkeypatch.setattr("workbench.gui.studio.controller.REOPEN_AFTER_S", 0.0)
    application.controller.seek(1.0)
    press(application, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: application.controller.playing, timeout=10_000)
    assert application.controller._output is found
    assert application.controller.position_s == pytest.approx(1.0, abs=0.3)
    assert SILENCE not in [message.text for message in application.window.messages._messages]


def test_loudness_match_box_reaches_the_graph(studio: Application, qtbot: Any) -> None:
    before = studio.controller._graph.loudness_matched
    press(studio, Qt.Key.Key_M)
    assert studio.controller._graph.loudness_matched is not before
    assert studio.page.transport.match_box.isChecked() is not before
    qtbot.mouseClick(studio.page.transport.match_box, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert studio.controller._graph.loudness_matched is before


def test_colour_bar_handles_and_keys_move_the_scale_of_all_panels(studio: Application, qtbot: Any) -> None:
    bar = studio.page.trio.colour_bar
    before = studio.page.trio.panels["clean"].image.lut.copy()
    bar.setFocus()
    QTest.keyClick(bar, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert bar.levels_db == (-95.0, -24.0)
    y = round(bar.y_of(-95.0))
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(14, y))
    QTest.mouseMove(bar, QPoint(14, y - 60))
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(14, y - 60))
    assert bar.levels_db[0] > -90
    tables = [panel.image.lut for panel in studio.page.trio.panels.values()]
    assert not np.array_equal(tables[0], before)
    assert all(np.array_equal(table, tables[0]) for table in tables)
    QTest.mouseDClick(bar, Qt.MouseButton.LeftButton)
    assert bar.levels_db == (-95.0, -25.0)
