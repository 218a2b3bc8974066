"""The two overview figures of the scene in the studio, by one click in the File menu."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog, QMenu

from workbench.gui.app import Application
from workbench.gui.studio.overview_export import OVERVIEWS


@pytest.mark.parametrize("kind", list(OVERVIEWS))
def test_figure_of_the_scene(
    studio: Application, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / kind), ""))
    menu = QMenu()
    studio.page.fill_file_menu(menu)
    with qtbot.waitSignal(studio.controller.exported, timeout=60_000) as exported:
        next(action for action in menu.actions() if action.text() == OVERVIEWS[kind]).trigger()
    assert exported.args[0] == [tmp_path / f"{kind}.png"]
    assert (tmp_path / f"{kind}.png").read_bytes()[:4] == b"\x89PNG"


def test_grid_of_a_recording_says_what_it_needs(
    studio: Application, tmp_path: Path, qtbot: Any, vehicle_noise: Path
) -> None:
    studio.controller.open_recording(vehicle_noise)
    qtbot.waitUntil(lambda: studio.controller.scene.recording_path == vehicle_noise, timeout=20_000)
    studio.controller.write_overview("grid", tmp_path / "grid.png")
    messages = studio.window.messages
    qtbot.waitUntil(lambda: messages.current is not None and "several SNRs" in messages.current.text)
    assert not (tmp_path / "grid.png").exists()
