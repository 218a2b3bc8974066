"""The live page: the time of a frame, and whether a busy window makes the sound break off.

30 frames per second leave 33 ms for each; the sound needs time as well, and Python runs one thread at a time.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication

from workbench.audio import files
from workbench.engine.live import LiveSession as Session
from workbench.engine.live_status import SILENT, LiveCounts, LiveSettings, LiveStatus
from workbench.engine.scene import demo_scenes
from workbench.gui.hub import Hub
from workbench.gui.live.controller import DEMO_VOICE, TICK_MS, LiveController, State
from workbench.gui.live.page import LivePage
from workbench.gui.main_window import MainWindow
from workbench.gui.messages import Notifier
from workbench.gui.settings import Settings
from workbench.gui.theme import ThemeManager
from workbench.gui.workers import wait_for_all

SECONDS = 10.0
SIZES = ((1280, 800), (1000, 640), (1600, 900), (900, 560))


@pytest.fixture
def window(qapp: QApplication, tmp_path: Path, qtbot: Any) -> Iterator[MainWindow]:
    settings = Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    for name, value in {"input": DEMO_VOICE, "output": SILENT, "folder": str(tmp_path / "takes")}.items():
        settings.set(f"live/{name}", value)
    notifier, theme = Notifier(), ThemeManager(qapp)
    controller = LiveController(settings, notifier, Hub(), list)
    controller.set_noise(controller.demo_noises["fan"])
    window = MainWindow([LivePage(controller, settings, theme, notifier)], settings, theme, notifier)
    window.show()
    qtbot.waitExposed(window)
    qtbot.waitUntil(lambda: controller.devices.is_known, timeout=60_000)
    yield window
    window.close()
    wait_for_all(60_000)
    theme.release()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def live_page(window: MainWindow) -> LivePage:
    page = window._pages[0]
    assert isinstance(page, LivePage)
    return page


def frames(page: LivePage) -> Callable[[], None]:
    """Return what draws a frame of new sound, with everything that the page shows of it."""
    session = Session(LiveSettings(noise_path=page.controller.demo_noises["fan"]))
    step = 16 * TICK_MS
    speech_path = demo_scenes()[0].speech_path
    assert speech_path is not None
    speech = files.read(speech_path)
    blocks = [session.graph.process(speech[i : i + step]) for i in range(0, len(speech) - step, step)]
    status: LiveStatus = replace(session.status(), load=0.1, input_peak=0.3, output_peak=0.2)
    place = 0

    def frame() -> None:
        nonlocal place
        picture, block = page.controller.picture, blocks[place % len(blocks)]
        picture.add([replace(block, position_samples=place * step)])
        place += 1
        page.controller.ticked.emit(replace(status, position_s=place * TICK_MS / 1000))
        QApplication.processEvents()

    return frame


@pytest.mark.parametrize(
    "size", [(900, 560), (1280, 800), (1920, 1080)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_live_frame(benchmark: Any, window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    page = live_page(window)
    page.curtain.hide()
    frame = frames(page)
    for _ in range(20):
        frame()
    benchmark.pedantic(frame, rounds=200)


def test_busy_window(benchmark: Any, window: MainWindow, qtbot: Any) -> None:
    """Ten seconds of live sound while the window is resized, its menus open and its sliders move."""
    page = live_page(window)
    controller = page.controller
    controller.start()
    qtbot.waitUntil(lambda: controller.state is State.RUNNING, timeout=60_000)
    qtbot.wait(1000)
    n_frames = 0

    def count(status: LiveStatus) -> None:
        nonlocal n_frames
        n_frames += 1

    controller.ticked.connect(count)
    session = controller._session
    assert session is not None
    before, began_s, heard_s = session.status().counts, time.monotonic(), session.status().position_s

    def be_busy() -> None:
        menus = [action.menu() for action in window.menuBar().actions()]
        turn = 0
        while time.monotonic() - began_s < SECONDS:
            window.resize(*SIZES[turn % len(SIZES)])
            menu = menus[turn % len(menus)]
            menu.popup(window.pos())  # type: ignore[attr-defined]
            page.noise.snr.slider.setValue(turn % 20 - 10)
            qtbot.wait(150)
            menu.close()  # type: ignore[attr-defined]
            turn += 1

    benchmark.pedantic(be_busy, rounds=1)
    seconds, status = time.monotonic() - began_s, session.status()
    benchmark.extra_info.update(
        frames_per_second=round(n_frames / seconds, 1),
        heard_s=round(status.position_s - heard_s, 2),
        of_s=round(seconds, 2),
        lost=_since(before, status.counts),
        processing_p99_ms=round(session.processing_p99_ms, 2),
    )
    print(benchmark.extra_info)


def _since(before: LiveCounts, now: LiveCounts) -> dict[str, int]:
    names = ("input_overflows", "output_underruns", "overloads", "skipped_samples")
    return {name: getattr(now, name) - getattr(before, name) for name in names}
