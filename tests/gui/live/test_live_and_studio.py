"""Only one page is heard at a time; the studio's own volume and output device."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.gui.live.conftest import LONG_MS, Rig
from workbench.audio.playback import ClockOutput
from workbench.dsp import Signal
from workbench.gui.app import Application
from workbench.gui.live.controller import DEMO_VOICE, State
from workbench.gui.settings import Settings


class Output(ClockOutput):
    """Remembers for which device it was opened, what was played, and whether it was let go."""

    is_silent = False
    message = None  # type: ignore[assignment]

    def __init__(self, name: str = "") -> None:
        super().__init__("")
        self.message = None
        self.name = name
        self.is_closed = False
        self.heard: list[Signal] = []

    def describe(self) -> str:
        return self.name or "system"

    def write(self, block: Signal) -> int:
        n = super().write(block)
        self.heard.append(block[:n])
        return n

    def close(self) -> None:
        super().close()
        self.is_closed = True


@pytest.fixture
def outputs() -> list[Output]:
    return []


@pytest.fixture
def application(
    open_application: Callable[..., Application],
    store: QSettings,
    rig: Rig,
    outputs: list[Output],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Application:
    settings = Settings(store)
    for name, value in {"input": DEMO_VOICE, "output": "none", "folder": str(tmp_path / "takes")}.items():
        settings.set(f"live/{name}", value)

    def make_output(name: str = "") -> Output:
        outputs.append(Output(name))
        return outputs[-1]

    monkeypatch.setattr("workbench.gui.live.controller.list_devices", rig.list)
    monkeypatch.setattr("workbench.gui.studio.controller.list_devices", rig.list)
    application = open_application(make_output=make_output)
    application.live_page.controller._find_devices = rig.list
    return application


def press(application: Application, key: Any) -> None:
    QTest.keyClick(QApplication.focusWidget() or application.window, key)


def test_live_sound_and_the_studio_give_way_to_each_other(
    application: Application, qtbot: Any, outputs: list[Output]
) -> None:
    live, studio = application.live_page.controller, application.controller
    press(application, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: studio.playing and studio.position_s > 0.2, timeout=LONG_MS)
    application.window.show_page_titled("Live")
    qtbot.waitUntil(lambda: live.devices.is_known, timeout=LONG_MS)
    assert studio.playing, "looking at the page does not silence the studio"
    press(application, Qt.Key.Key_Space)
    assert not studio.playing
    assert outputs[0].is_closed, "the device is free for live sound"
    position = studio.position_s
    qtbot.waitUntil(lambda: live.state is State.RUNNING, timeout=LONG_MS)
    application.window.show_page_titled("Studio")
    press(application, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: studio.playing, timeout=LONG_MS)
    qtbot.waitUntil(lambda: live.state is State.IDLE, timeout=LONG_MS)
    assert len(outputs) == 2
    qtbot.waitUntil(lambda: studio.position_s > position, timeout=LONG_MS)
    assert studio.position_s == pytest.approx(position, abs=3.0)


def test_a_take_opens_in_the_studio(application: Application, qtbot: Any) -> None:
    live = application.live_page.controller
    application.window.show_page_titled("Live")
    qtbot.waitUntil(lambda: live.devices.is_known, timeout=LONG_MS)
    live.start()
    qtbot.waitUntil(lambda: live.picture.waterfalls["mixed"].n_written > 150, timeout=LONG_MS)
    live.keep_last()
    takes = application.live_page.takes
    qtbot.waitUntil(lambda: takes.list.count() == 1, timeout=LONG_MS)
    QTest.keyClick(takes.list, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: (
            application.controller.scene.recording_path is not None
            and application.controller.scene.recording_path.name == "mixed.wav"
        ),
        timeout=LONG_MS,
    )
    assert application.page.isVisible()


def test_the_volume_turns_the_studio_down_and_is_remembered(
    application: Application, qtbot: Any, outputs: list[Output], store: QSettings
) -> None:
    transport = application.page.transport
    press(application, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: application.controller.position_s > 0.5, timeout=LONG_MS)
    loud = max(np.abs(block).max() for block in outputs[0].heard if len(block))
    transport.volume.setFocus()
    for _ in range(6):
        press(application, Qt.Key.Key_PageDown)
    assert transport.volume.value() == 40
    assert application.controller._player is not None
    assert application.controller._player.volume == pytest.approx(0.16)
    n_before = len(outputs[0].heard)
    qtbot.waitUntil(lambda: len(outputs[0].heard) > n_before + 60, timeout=LONG_MS)
    soft = max(np.abs(block).max() for block in outputs[0].heard[n_before + 10 :] if len(block))
    assert 0 < soft < 0.5 * loud
    assert Settings(store).get("studio/volume", 1.0) == pytest.approx(0.16)


def test_another_output_is_chosen_while_it_plays(
    application: Application, qtbot: Any, outputs: list[Output], store: QSettings
) -> None:
    transport, studio = application.page.transport, application.controller
    press(application, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: studio.position_s > 0.3, timeout=LONG_MS)
    transport.output_menu.aboutToShow.emit()
    qtbot.waitUntil(lambda: len(transport.output_menu.actions()) == 3, timeout=LONG_MS)
    entry = next(a for a in transport.output_menu.actions() if "Headphones" in a.text())
    position = studio.position_s
    entry.trigger()
    qtbot.waitUntil(lambda: studio.playing and len(outputs) == 2, timeout=LONG_MS)
    assert outputs[0].is_closed
    assert outputs[1].name == "Headphones (Test)"
    assert studio.position_s == pytest.approx(position, abs=3.0)
    qtbot.waitUntil(lambda: transport.output_button.text().startswith("Headphones"), timeout=LONG_MS)
    qtbot.waitUntil(
        lambda: [a.text() for a in transport.output_menu.actions() if a.isChecked()] == ["Headphones (Test)"],
        timeout=LONG_MS,
    )
    assert Settings(store).get("studio/output", "") == "Headphones (Test)"


def test_seek_and_loop_also_while_the_device_is_given_away(application: Application, qtbot: Any) -> None:
    studio = application.controller
    studio.release_output()
    studio.seek(2.0)
    assert studio.position_s == pytest.approx(2.0)
    studio.set_loop((1.5, 3.0))
    press(application, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: studio.playing and studio.position_s > 2.0, timeout=LONG_MS)
    assert studio._player is not None
    assert studio._player.loop == (24_000, 48_000)
