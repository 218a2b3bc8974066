"""The real page over the real live core, with microphones and outputs that the test holds in its hand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication

from workbench.audio.devices import Device
from workbench.audio.playback import ClockOutput
from workbench.audio.streams import FileMicrophone, looks_like_headphones
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.engine.scene import demo_scenes
from workbench.errors import MissingPieceError, WorkbenchError
from workbench.gui.hub import Hub
from workbench.gui.live.controller import LiveController, State
from workbench.gui.live.page import LivePage
from workbench.gui.main_window import MainWindow
from workbench.gui.messages import Notifier
from workbench.gui.settings import Settings
from workbench.gui.theme import ThemeManager, ThemeMode
from workbench.gui.workers import wait_for_all

LONG_MS = 60_000
"""The tests share the machine with others."""


def device(index: int, name: str, inputs: int, outputs: int, *, default: bool = False) -> Device:
    return Device(
        index, name, "Test", inputs, outputs, 48_000, default and inputs > 0, default and outputs > 0
    )


HEADSET_MICROPHONE = device(0, "Headset microphone", 1, 0, default=True)
OTHER_MICROPHONE = device(1, "Desk microphone", 2, 0)
HEADPHONES = device(2, "Headphones", 0, 2, default=True)
SPEAKERS = device(3, "Built-in speakers", 0, 2)


class FakeMicrophone(FileMicrophone):
    """Hears a voice, in real time, until it is pulled out."""

    def __init__(self, device: Device) -> None:
        scene = demo_scenes()[0]
        assert scene.speech_path is not None
        super().__init__(scene.speech_path)
        self.name = device.name
        self.message: str | None = None  # type: ignore[assignment]


class FakeOutput:
    """A clock that uses up what is written."""

    latency_s = 0.01
    device_xruns = 0
    burst_samples = 128

    def __init__(self, device: Device) -> None:
        self.name = device.name
        self.message: str | None = None
        self.is_private = looks_like_headphones(device)
        self.peak = 0.0
        self._clock = ClockOutput("")

    def start(self) -> None:
        self._clock.start()

    def write(self, block: Signal) -> None:
        self.peak = float(np.max(np.abs(block), initial=0.0))
        self._clock.write(block)

    def flush(self) -> None:
        self._clock.flush()

    def close(self) -> None:
        self._clock.close()

    @property
    def queued_samples(self) -> int:
        return self._clock.queued_samples

    @property
    def underruns(self) -> int:
        return self._clock.underruns


@dataclass
class Rig:
    """The sound devices of the test's machine."""

    devices: list[Device]
    refused: set[str] = field(default_factory=set)
    missing: str = ""
    microphones: list[FakeMicrophone] = field(default_factory=list)
    outputs: list[FakeOutput] = field(default_factory=list)

    def list(self) -> list[Device]:
        if self.missing:
            raise MissingPieceError(self.missing)
        return self.devices

    def open_microphone(self, device: Device, latency_s: float | None = None) -> FakeMicrophone:
        self._check(device)
        self.microphones.append(FakeMicrophone(device))
        return self.microphones[-1]

    def open_output(self, device: Device, latency_s: float | None = None) -> FakeOutput:
        self._check(device)
        self.outputs.append(FakeOutput(device))
        return self.outputs[-1]

    def _check(self, device: Device) -> None:
        if device.name in self.refused:
            raise WorkbenchError(f"“{device.name}” cannot be opened: close other programs that use it.")


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    rig = Rig([HEADSET_MICROPHONE, OTHER_MICROPHONE, HEADPHONES, SPEAKERS])
    monkeypatch.setattr("workbench.audio.streams.list_devices", rig.list)
    monkeypatch.setattr("workbench.engine.live.list_devices", rig.list)
    monkeypatch.setattr("workbench.engine.live.InputStream", rig.open_microphone)
    monkeypatch.setattr("workbench.engine.live.OutputStream", rig.open_output)
    return rig


@dataclass
class Live:
    """A window with the live page alone."""

    window: MainWindow
    page: LivePage
    controller: LiveController
    hub: Hub
    theme: ThemeManager

    @property
    def session(self) -> Any:
        assert self.controller._session is not None
        return self.controller._session

    def close(self) -> None:
        self.window.close()
        wait_for_all(LONG_MS)
        self.theme.release()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


@pytest.fixture
def open_live(
    qapp: QApplication, store: QSettings, qtbot: Any, tmp_path: Path, rig: Rig
) -> Iterator[Callable[..., Live]]:
    """Open the page, with settings by name; what it started is taken down at the end."""
    opened: list[Live] = []

    def open_it(size: tuple[int, int] = (1280, 800), **kept: Any) -> Live:
        settings = Settings(store)
        for name, value in {"folder": str(tmp_path / "takes"), **kept}.items():
            settings.set(f"live/{name}", value)
        notifier, hub, theme = Notifier(), Hub(), ThemeManager(qapp, ThemeMode.DARK)
        controller = LiveController(settings, notifier, hub, rig.list)
        page = LivePage(controller, settings, theme, notifier)
        live = Live(MainWindow([page], settings, theme, notifier), page, controller, hub, theme)
        opened.append(live)
        live.window.resize(*size)
        live.window.show()
        qtbot.waitExposed(live.window)
        qtbot.waitUntil(lambda: controller.devices.is_known, timeout=LONG_MS)
        return live

    yield open_it
    for live in opened:
        if not live.window._is_closed:
            live.close()


@pytest.fixture
def live(open_live: Callable[..., Live]) -> Live:
    return open_live()


@pytest.fixture
def running(live: Live, qtbot: Any) -> Live:
    """Return the page with sound running through headphones."""
    live.controller.start()
    wait_running(live, qtbot)
    return live


def wait_running(live: Live, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: live.controller.state is State.RUNNING, timeout=LONG_MS)
    qtbot.waitUntil(lambda: live.session.status().position_s > 0.2, timeout=LONG_MS)


def heard_s(live: Live) -> float:
    return float(live.controller.picture.waterfalls["mixed"].n_written * 128 / SAMPLE_RATE)
