"""Time of one live frame: new columns for three panels, the noise classes, playhead, and the repaint.

30 frames per second leave 33 ms for each; the sound needs time as well.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication

from workbench.audio.playback import ClockOutput
from workbench.engine.graph import GraphBlock, LiveGraph
from workbench.gui.app import Application
from workbench.gui.studio.controller import TICK_MS

BLOCK_SAMPLES = 16 * TICK_MS


@pytest.fixture
def application(qapp: QApplication, tmp_path: Path) -> Iterator[Application]:
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    application = Application(qapp, store, make_output=lambda: ClockOutput("silent"))
    yield application
    application.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()


def live_frames(application: Application, qtbot: Any) -> Iterator[GraphBlock]:
    application.window.show()
    qtbot.waitExposed(application.window)
    loaded = application.controller.loaded
    assert loaded is not None
    graph = LiveGraph(loaded)
    graph.loop = (0, loaded.duration_samples)
    while True:
        block = graph.process(BLOCK_SAMPLES)
        if block.n_samples:
            yield block


def frame(application: Application, block: GraphBlock) -> None:
    controller = application.controller
    assert controller.picture is not None
    controller.picture.add_live([block])
    controller.picture_changed.emit()
    controller.position_changed.emit(block.position_samples / 16_000)
    QApplication.processEvents()


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scrolling", [False, True], ids=["sweeping", "scrolling"])
def test_live_frame(
    benchmark: Any, application: Application, qtbot: Any, size: tuple[int, int], scrolling: bool
) -> None:
    application.window.resize(*size)
    blocks = live_frames(application, qtbot)
    for _ in range(3):
        frame(application, next(blocks))
    application.controller.playing = scrolling
    # Zoomed in, so that the picture moves under the playhead with each frame.
    application.page.view.show(0.0, 3.0)
    benchmark.pedantic(
        lambda block: frame(application, block),
        setup=lambda: ((next(blocks),), {}),
        rounds=120,
    )
    application.controller.playing = False
