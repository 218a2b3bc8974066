"""What a clinician does on the live page, with real clicks and keys and sound in real time."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QListWidget, QMessageBox, QSlider

from tests.gui.live.conftest import LONG_MS, SPEAKERS, Live, Rig, heard_s, wait_running
from workbench.audio import files
from workbench.engine.latency import LatencyBudget
from workbench.engine.live import LOUDSPEAKER_WARNING
from workbench.engine.recording import find_takes, read_take
from workbench.engine.round_trip import RoundTrip
from workbench.errors import WorkbenchError
from workbench.gui.live.cards import OPEN_NOISE
from workbench.gui.live.controller import CAREFUL_DB, DEMO_VOICE, State


def press(key: Any, window: Any) -> None:
    QTest.keyClick(QApplication.focusWidget() or window, key)


def click(qtbot: Any, button: QAbstractButton) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def choose(combo: QComboBox, data: Any) -> None:
    """Choose an entry as a click in the list does."""
    index = combo.findData(data)
    assert index >= 0, [combo.itemText(i) for i in range(combo.count())]
    combo.setCurrentIndex(index)
    combo.activated.emit(index)


def settle(live: Live, qtbot: Any) -> None:
    """Wait until all that was asked for has been done."""
    controller = live.controller
    qtbot.waitUntil(lambda: not controller._waiting and not controller._job.is_running, timeout=LONG_MS)


def messages(live: Live) -> list[str]:
    return [message.text for message in live.window.messages._messages]


def take_texts(live: Live) -> list[str]:
    """Return what the list of takes says; one empty text where it is empty."""
    takes = live.page.takes.list
    return [takes.item(row).text() for row in range(takes.count())] or [""]


def drop(live: Live, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    how = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), *how)
    QApplication.sendEvent(live.page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(live.page, QDropEvent(QPointF(50, 50), *how))


def test_start_button_runs_pictures_meters_and_clock_and_space_stops(
    live: Live, qtbot: Any, rig: Rig
) -> None:
    page = live.page
    assert "Start" in page.curtain._text.text()
    click(qtbot, page.run_bar.start_button)
    wait_running(live, qtbot)
    assert page.run_bar.start_button.text() == "Stop"
    assert page.curtain.isHidden()
    assert rig.microphones[-1].name == "Headset microphone"
    assert rig.outputs[-1].name == "Headphones"
    qtbot.waitUntil(lambda: heard_s(live) > 1.5, timeout=LONG_MS)
    qtbot.waitUntil(lambda: page.microphone.meter.level_db > -50, timeout=LONG_MS)
    qtbot.waitUntil(lambda: page.output.meter.level_db > -60, timeout=LONG_MS)
    qtbot.waitUntil(lambda: page.run_bar.clock.text() != "0:00", timeout=LONG_MS)
    assert page.run_bar.load.text().endswith("%")
    image = page.trio.panels["mixed"].image
    newest = image._pixels[:, (image._n_drawn - 1) % image._n_slots]
    assert len(np.unique(newest)) > 5, "the newest column is not drawn"
    press(Qt.Key.Key_Space, live.window)
    qtbot.waitUntil(lambda: live.controller.state is State.IDLE, timeout=LONG_MS)
    assert page.run_bar.start_button.text() == "Start"
    assert page.microphone.meter.level_db == -np.inf


def test_without_a_microphone_the_page_says_what_to_do_and_a_recording_stands_in(
    open_live: Callable[..., Live], qtbot: Any, rig: Rig
) -> None:
    rig.devices = []
    live = open_live(size=(900, 560))
    qtbot.waitUntil(lambda: live.page.curtain.title == "No microphone was found", timeout=LONG_MS)
    assert not live.page.run_bar.start_button.isEnabled()
    choose(live.page.output.devices, "none")
    click(qtbot, live.page.curtain.buttons[1])
    assert live.controller.input_name == DEMO_VOICE
    assert live.page.microphone.devices.currentData() == DEMO_VOICE
    click(qtbot, live.page.run_bar.start_button)
    wait_running(live, qtbot)
    qtbot.waitUntil(lambda: heard_s(live) > 0.5, timeout=LONG_MS)


def test_a_headset_that_is_plugged_in_is_found_by_looking_again(
    open_live: Callable[..., Live], qtbot: Any, rig: Rig
) -> None:
    present, rig.devices = rig.devices, []
    live = open_live()
    qtbot.waitUntil(lambda: bool(live.page.curtain.buttons), timeout=LONG_MS)
    rig.devices = present
    click(qtbot, live.page.curtain.buttons[0])
    qtbot.waitUntil(live.page.run_bar.start_button.isEnabled, timeout=LONG_MS)
    assert live.page.microphone.devices.currentText().startswith("Headset microphone")


def test_where_portaudio_is_missing_the_page_says_how_to_get_it(
    open_live: Callable[..., Live], qtbot: Any, rig: Rig
) -> None:
    rig.missing = "PortAudio is not installed: install it with “sudo apt install libportaudio2”."
    live = open_live()
    qtbot.waitUntil(lambda: live.page.curtain.title == "Sound devices cannot be used", timeout=LONG_MS)
    assert rig.missing in live.page.curtain._text.text()


def test_loudspeakers_are_asked_about_before_anything_sounds(
    open_live: Callable[..., Live], qtbot: Any, rig: Rig
) -> None:
    live = open_live(output=SPEAKERS.label)
    press(Qt.Key.Key_Space, live.window)
    qtbot.waitUntil(lambda: live.page.curtain.title == "Are these headphones?", timeout=LONG_MS)
    assert not rig.outputs
    assert live.controller.state is State.IDLE
    cancel = live.page.curtain.buttons[2]
    click(qtbot, cancel)
    assert live.controller.state is State.IDLE
    assert not rig.outputs
    press(Qt.Key.Key_Space, live.window)
    qtbot.waitUntil(lambda: live.page.curtain.title == "Are these headphones?", timeout=LONG_MS)
    click(qtbot, live.page.curtain.buttons[1])
    wait_running(live, qtbot)
    assert live.session.output_gain_db == CAREFUL_DB == live.page.output.volume.slider.value()
    # A gentle start: after a moment it is far from its final loudness.
    assert live.session._out_gain.remaining_samples > 0 or live.session.status().position_s > 1.5


def test_headphones_are_remembered_and_the_keyboard_answers(
    open_live: Callable[..., Live], qtbot: Any, rig: Rig
) -> None:
    live = open_live(output=SPEAKERS.label)
    press(Qt.Key.Key_Space, live.window)
    qtbot.waitUntil(lambda: live.page.curtain.title == "Are these headphones?", timeout=LONG_MS)
    assert QApplication.focusWidget() is live.page.curtain.buttons[0]
    press(Qt.Key.Key_Return, live.window)
    wait_running(live, qtbot)
    assert live.session.output_gain_db == 0
    press(Qt.Key.Key_Space, live.window)
    qtbot.waitUntil(lambda: live.controller.state is State.IDLE, timeout=LONG_MS)
    press(Qt.Key.Key_Space, live.window)
    wait_running(live, qtbot)


def test_keys_1_2_3_switch_and_clean_comes_with_a_noise(running: Live, qtbot: Any) -> None:
    live, page = running, running.page
    assert not page.trio.buttons["clean"].isEnabled()
    assert page.clean_hint.isVisible()
    press(Qt.Key.Key_1, live.window)
    assert live.session.monitor == "denoised"
    drop(live, live.controller.demo_noises["fan"])
    qtbot.waitUntil(lambda: live.session.has_clean, timeout=LONG_MS)
    qtbot.waitUntil(page.trio.buttons["clean"].isEnabled, timeout=LONG_MS)
    assert not page.clean_hint.isVisible()
    assert page.noise.noises.currentText() == "Fan"
    for key, name in ((Qt.Key.Key_1, "clean"), (Qt.Key.Key_2, "mixed"), (Qt.Key.Key_3, "denoised")):
        press(key, live.window)
        assert live.session.monitor == name
        assert [n for n, b in page.trio.buttons.items() if b.isChecked()] == [name]
    click(qtbot, page.trio.buttons["clean"])
    assert live.session.monitor == "clean"
    # The microphone reaches the clean picture, the noise only the mixed one.
    before = live.controller.picture.waterfalls["clean"].n_written
    clean, mixed = (live.controller.picture.waterfalls[name] for name in ("clean", "mixed"))
    qtbot.waitUntil(lambda: clean.n_written > before + 250, timeout=LONG_MS)
    latest = slice(clean.n_written - 200, clean.n_written)
    levels = [w.columns(latest.start, latest.stop).astype(float).mean() for w in (clean, mixed)]
    assert 5 < levels[0] < levels[1]
    choose(page.noise.noises, None)
    qtbot.waitUntil(lambda: not live.session.has_clean, timeout=LONG_MS)
    assert live.session.monitor == "mixed"
    qtbot.waitUntil(page.clean_hint.isVisible, timeout=LONG_MS)


def test_a_noise_that_cannot_be_read_leaves_the_one_before(running: Live, qtbot: Any, tmp_path: Path) -> None:
    live = running
    choose(live.page.noise.noises, str(live.controller.demo_noises["music"]))
    settle(live, qtbot)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFFnonsense")
    drop(live, broken)
    settle(live, qtbot)
    assert "broken.wav" in messages(live)[-1]
    assert live.page.noise.noises.currentText() == "Music"
    assert live.session.graph.noise.path == live.controller.demo_noises["music"]


def test_controls_reach_the_session_at_once(running: Live, qtbot: Any) -> None:
    live, page = running, running.page
    choose(page.noise.noises, str(live.controller.demo_noises["fan"]))
    settle(live, qtbot)
    press(Qt.Key.Key_BracketRight, live.window)
    assert live.session.snr_db == 6
    page.noise.snr.slider.setValue(-3)
    page.microphone.gain.slider.setValue(12)
    page.output.volume.slider.setValue(-9)
    page.denoise.limit.slider.setValue(7)
    page.denoise.wet.slider.setValue(40)
    press(Qt.Key.Key_M, live.window)
    session = live.session
    assert (session.snr_db, session.input_gain_db, session.output_gain_db) == (-3, 12, -9)
    assert (session.attenuation_limit_db, session.wet, session.loudness_matched) == (10, 0.4, False)
    assert not page.output.match_box.isChecked()
    press(Qt.Key.Key_0, live.window)
    assert session.muted
    assert page.output.mute_button.isChecked()
    click(qtbot, page.output.mute_button)
    assert not session.muted
    choose(page.denoise.method, "bypass")
    settle(live, qtbot)
    assert session.method == "bypass"
    assert page.trio.buttons["denoised"]._detail == "Bypass"


def test_settings_are_there_at_the_next_start(open_live: Callable[..., Live], qtbot: Any) -> None:
    live = open_live()
    choose(live.page.noise.noises, str(live.controller.demo_noises["fan"]))
    live.page.noise.snr.slider.setValue(-4)
    choose(live.page.microphone.devices, "Desk microphone (Test)")
    live.page.output.volume.slider.setValue(-6)
    press(Qt.Key.Key_2, live.window)
    live.close()
    again = open_live()
    settings = again.controller.settings
    assert settings.input == "Desk microphone (Test)"
    assert (settings.snr_db, settings.output_gain_db, settings.monitor) == (-4, -6, "mixed")
    assert again.page.noise.noises.currentText() == "Fan"
    assert again.page.microphone.devices.currentData() == "Desk microphone (Test)"


def test_a_microphone_is_changed_while_it_runs_and_a_refused_one_changes_nothing(
    running: Live, qtbot: Any, rig: Rig
) -> None:
    live = running
    choose(live.page.microphone.devices, "Desk microphone (Test)")
    qtbot.waitUntil(lambda: live.session.status().input_name == "Desk microphone", timeout=LONG_MS)
    rig.refused = {"Headset microphone"}
    choose(live.page.microphone.devices, "Headset microphone (Test)")
    settle(live, qtbot)
    assert "Headset microphone" in messages(live)[-1]
    assert live.session.status().input_name == "Desk microphone"
    assert live.page.microphone.devices.currentData() == "Desk microphone (Test)"
    before = heard_s(live)
    qtbot.waitUntil(lambda: heard_s(live) > before + 0.3, timeout=LONG_MS)


def test_changing_to_loudspeakers_while_it_runs_is_silent_until_answered(
    running: Live, qtbot: Any, rig: Rig
) -> None:
    live = running
    choose(live.page.output.devices, SPEAKERS.label)
    assert live.page.curtain.title == "Are these headphones?"
    assert live.session.muted
    settle(live, qtbot)
    assert rig.outputs[-1].name == SPEAKERS.name
    click(qtbot, live.page.curtain.buttons[1])
    assert not live.session.muted
    assert live.controller.state is State.RUNNING
    assert live.page.curtain.isHidden()


def test_a_device_pulled_out_is_said_and_comes_back_and_the_recording_goes_on(
    running: Live, qtbot: Any, rig: Rig, tmp_path: Path
) -> None:
    live, page = running, running.page
    press(Qt.Key.Key_R, live.window)
    qtbot.waitUntil(lambda: live.session.recording is not None, timeout=LONG_MS)
    rig.refused = {"Headphones"}
    rig.outputs[-1].message = "“Headphones” has stopped: check that it is connected."
    qtbot.waitUntil(lambda: "has stopped" in page.notice.text, timeout=LONG_MS)
    assert page.notice.buttons[0].text() == "Use the system's devices"
    assert live.controller.state is State.RUNNING
    rig.refused = set()
    qtbot.waitUntil(lambda: len(rig.outputs) > 1, timeout=LONG_MS)
    qtbot.waitUntil(lambda: "is back" in page.notice.text, timeout=LONG_MS)
    at_s = live.session.status().recorded_s
    qtbot.waitUntil(lambda: live.session.status().recorded_s > at_s + 0.3, timeout=LONG_MS)
    click(qtbot, page.run_bar.record_button)
    folder = find_takes(tmp_path / "takes")[0]
    qtbot.waitUntil(lambda: read_take(folder).finished, timeout=LONG_MS)
    assert read_take(folder).duration_s > at_s


def test_recording_by_key_is_listed_opened_in_the_studio_and_deleted(
    running: Live, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, page = running, running.page
    choose(page.noise.noises, str(live.controller.demo_noises["fan"]))
    settle(live, qtbot)
    press(Qt.Key.Key_R, live.window)
    qtbot.waitUntil(lambda: page.run_bar.record_button.property("recording"), timeout=LONG_MS)
    early = ("Record", "Stop 0:00", "Stop 0:01")
    qtbot.waitUntil(lambda: page.run_bar.record_button.text() not in early, timeout=LONG_MS)
    qtbot.waitUntil(lambda: page.takes.list.count() == 1, timeout=LONG_MS)
    assert "being recorded" in page.takes.list.item(0).text()
    press(Qt.Key.Key_R, live.window)
    qtbot.waitUntil(lambda: "clean" in take_texts(live)[0], timeout=LONG_MS)
    assert page.run_bar.record_button.text() == "Record"
    with qtbot.waitSignal(live.hub.scene_requested, timeout=LONG_MS) as opened:
        click(qtbot, page.takes.open_button)
    scene = opened.args[0]
    assert scene.speech_path.name == "clean.wav"
    assert len(files.read(scene.speech_path)) > 16_000
    monkeypatch.setattr("workbench.gui.live.controller.QFile.moveToTrash", lambda path: False)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    page.takes.list.setFocus()
    QTest.keyClick(page.takes.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: page.takes.list.count() == 0, timeout=LONG_MS)
    assert not find_takes(tmp_path / "takes")


def test_what_was_just_heard_is_kept_also_after_stopping(running: Live, qtbot: Any, tmp_path: Path) -> None:
    live = running
    qtbot.waitUntil(lambda: heard_s(live) > 1, timeout=LONG_MS)
    press(Qt.Key.Key_K, live.window)
    qtbot.waitUntil(lambda: live.page.takes.list.count() == 1, timeout=LONG_MS)
    assert "is kept as" in messages(live)[-1]
    press(Qt.Key.Key_Space, live.window)
    qtbot.waitUntil(lambda: live.controller.state is State.IDLE, timeout=LONG_MS)
    click(qtbot, live.page.run_bar.keep_button)
    qtbot.waitUntil(lambda: live.page.takes.list.count() == 2, timeout=LONG_MS)
    assert all(read_take(take).duration_s > 0.8 for take in find_takes(tmp_path / "takes"))


def test_closing_the_window_finishes_the_recording(running: Live, qtbot: Any, tmp_path: Path) -> None:
    running.controller.toggle_recording()
    qtbot.waitUntil(lambda: running.session.recording is not None, timeout=LONG_MS)
    qtbot.waitUntil(lambda: running.session.status().recorded_s > 0.5, timeout=LONG_MS)
    running.close()
    assert read_take(find_takes(tmp_path / "takes")[0]).finished


def test_overload_feedback_and_load_are_said_plainly(running: Live, qtbot: Any) -> None:
    live, page = running, running.page
    live.controller._timer.stop()
    status = replace(live.session.status(), bypassed=False, message=None, warning=None)

    def show(**values: Any) -> None:
        page._numbers_shown_s = 0.0
        live.controller.ticked.emit(replace(status, **values))

    counts = replace(status.counts, input_overflows=2, output_underruns=3, device_xruns=4, overloads=5)
    show(bypassed=True, load=0.9, counts=counts)
    assert page.notice.text.startswith("Overload")
    assert page.run_bar.breaks.text() == "Dropouts 9"
    assert page.run_bar.overloads.text() == "Overloads 5"
    assert page.run_bar.load.property("role") == "alarm"
    show(warning="Feedback: the output was turned down.")
    assert page.notice.text.startswith("Feedback")
    click(qtbot, page.notice.buttons[0])
    assert live.session.muted
    show(warning=LOUDSPEAKER_WARNING)
    assert page.notice.isHidden(), "headphones need no warning"
    show(message="“Headphones” is back.")
    assert page.notice.text == "“Headphones” is back."
    show()
    assert page.notice.isHidden()
    show(input_peak=1.0)
    assert "clips" in page.microphone.hint.text()


@pytest.mark.parametrize(
    ("budget", "grade"),
    [
        (LatencyBudget(2, 6, 0.5), "good"),
        (LatencyBudget(8, 8, 0.5), "fair"),
        (LatencyBudget(16, 25, 0.5), "poor"),
    ],
)
def test_the_delay_is_shown_with_its_parts_and_its_colour(
    live: Live, budget: LatencyBudget, grade: str
) -> None:
    bar = live.page.run_bar.latency
    bar.show_budget(budget, running=True)
    assert bar.headline() == f"Delay {budget.total_ms:.0f} ms"
    assert f"buffers {budget.buffers_ms:.0f}" in bar.details()
    colour = {"good": "green", "fair": "amber", "poor": "red"}[grade]
    assert colour in bar.explanation()
    picture = bar.grab().toImage()
    at = picture.pixelColor(3, round(24 * picture.devicePixelRatio()))
    if grade == "good":
        assert at.green() > at.red()
    else:
        assert at.red() > at.blue() + 40
    assert (grade == "fair") == (at.red() > 180 and at.green() > 140)


def test_the_round_trip_is_measured_and_running_sound_goes_on_afterwards(
    running: Live, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, asked = running, []

    def measure(*devices: str | None) -> RoundTrip:
        asked.append((devices, live.session.running))
        return RoundTrip(36.4, 0.6, 40.0)

    monkeypatch.setattr("workbench.gui.live.controller.measure_round_trip", measure)
    click(qtbot, live.page.run_bar.measure_button)
    qtbot.waitUntil(lambda: bool(asked) and live.controller.state is State.RUNNING, timeout=LONG_MS)
    assert asked == [((None, None), False)]
    assert "36.4 ms" in messages(live)[-1]
    assert "36.4 ms" in live.page.run_bar.latency.explanation()

    def fail(*devices: str | None) -> RoundTrip:
        raise WorkbenchError("The test sound did not come back: connect a cable.")

    monkeypatch.setattr("workbench.gui.live.controller.measure_round_trip", fail)
    live.controller.measure()
    settle(live, qtbot)
    qtbot.waitUntil(lambda: live.controller.state is State.RUNNING, timeout=LONG_MS)
    assert any("did not come back" in text for text in messages(live))


def test_a_start_that_fails_says_why_and_can_be_tried_again(live: Live, qtbot: Any, rig: Rig) -> None:
    rig.refused = {"Headset microphone"}
    press(Qt.Key.Key_Space, live.window)
    qtbot.waitUntil(lambda: bool(messages(live)), timeout=LONG_MS)
    assert "Headset microphone" in messages(live)[-1]
    assert live.controller.state is State.IDLE
    rig.refused = set()
    press(Qt.Key.Key_Space, live.window)
    wait_running(live, qtbot)


def test_every_control_can_be_reached_with_the_keyboard(open_live: Callable[..., Live]) -> None:
    live = open_live(noise=str(next(iter(open_live().controller.demo_noises.values()))))
    controls = [
        widget
        for kind in (QAbstractButton, QSlider, QComboBox, QListWidget)
        for widget in live.page.findChildren(kind)
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
    ]
    assert len(controls) > 15
    nameless = [w for w in controls if not (w.accessibleName() or getattr(w, "text", lambda: "list")())]
    assert not nameless
    live.page.run_bar.start_button.setFocus()
    seen = set()
    for _ in range(80):
        QTest.keyClick(QApplication.focusWidget() or live.window, Qt.Key.Key_Tab)
        seen.add(QApplication.focusWidget())
    assert not [widget for widget in controls if widget not in seen]


def test_open_a_noise_file_from_the_list(
    live: Live, qtbot: Any, monkeypatch: pytest.MonkeyPatch, vehicle_noise: Path
) -> None:
    monkeypatch.setattr(
        "workbench.gui.live.page.QFileDialog.getOpenFileName", lambda *_: (str(vehicle_noise), "")
    )
    choose(live.page.noise.noises, OPEN_NOISE)
    assert live.controller.settings.noise_path == vehicle_noise
    assert live.page.noise.noises.currentText() == vehicle_noise.name
    assert live.page.trio.buttons["clean"].isEnabled()


def test_page_fits_a_small_window(open_live: Callable[..., Live], qtbot: Any) -> None:
    live = open_live(size=(900, 560))
    bar = live.page.run_bar
    row = [bar.start_button, bar.clock, bar.latency, bar.measure_button, bar.record_button, bar.keep_button]
    for left, right in pairwise(row):
        assert left.geometry().right() < right.geometry().left()
    assert bar.keep_button.geometry().right() <= bar.width()
    assert live.page.trio.height() > 200
