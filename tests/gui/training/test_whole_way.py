"""From folders to a denoised signal, by clicks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from workbench.bundles.store import find_bundles
from workbench.gui.app import Application
from workbench.training.jobs import Job, State

pytest.importorskip("tensorflow")

TINY = {"steps": "100000", "epoch_steps": "1", "batch": "2", "validation_mixtures": "4", "xla": False}
PATIENCE_MS = 900_000
"""Only where the machine is busy with other things; on an idle one, all takes a minute and a half."""


def newest(application: Application, command: str) -> Job:
    jobs = application.training_page.controller.jobs
    return [job for job in jobs if job.command == command][-1]


def train(
    application: Application, qtbot: Any, fill_in: Callable[..., None], command: str, seconds: str
) -> Job:
    """Train until two validations are drawn, then stop and keep the best."""
    page = application.training_page
    fill_in(page.buttons[command], TINY | {"seconds": seconds})
    job = newest(application, command)
    figure = "pesq_wb" if command == "train-ddae" else "accuracy_mixed"

    def points() -> int:
        curve = page.view.curves.curves.get(figure)
        return 0 if curve is None or curve.xData is None else len(curve.xData)

    qtbot.waitUntil(lambda: points() >= 2, timeout=PATIENCE_MS)
    assert page.view.progress.isVisible()
    assert "left" in page.view.state.text()
    qtbot.mouseClick(page.view.stop_button, Qt.MouseButton.LeftButton)
    assert not page.view.stop_button.isEnabled()
    qtbot.waitUntil(lambda: newest(application, command).is_over, timeout=PATIENCE_MS)
    done = newest(application, command)
    assert done.name == job.name
    assert done.state is State.DONE, done.problem
    qtbot.waitUntil(lambda: newest(application, "export").is_over, timeout=PATIENCE_MS)
    assert newest(application, "export").state is State.DONE, newest(application, "export").problem
    return done


def test_folders_scan_training_model_and_studio(
    window: Application, qtbot: Any, fill_in: Callable[..., None], little_corpus: Path, user_folder: Path
) -> None:
    window.window.show_page_titled("Sweep")
    window.window.show_page_titled("Training")
    page = window.training_page
    fill_in(page.buttons["scan"], {"data": str(little_corpus)}, title="Little corpus")
    qtbot.waitUntil(lambda: newest(window, "scan").is_over, timeout=PATIENCE_MS)
    data = page.view.data
    qtbot.waitUntil(lambda: data.files.rowCount() > 0)
    assert data.files.rowCount() == 6 + 16 + 1
    assert "22 of 23 files are used" in data.summary.text()
    assert "damaged" in data.summary.text()
    data.use.setCurrentText("Not used")
    assert [entry.path.name for entry in data.files.entries] == ["damaged.wav"]
    data.use.setCurrentText("Used")
    data.files_table.selectRow(0)
    qtbot.waitUntil(lambda: data.sound.image.image is not None)
    qtbot.mouseClick(data.sound.play_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.controller.listener.playing == data.files.entries[0].path)
    qtbot.mouseClick(data.sound.play_button, Qt.MouseButton.LeftButton)
    assert page.controller.listener.playing is None

    train(window, qtbot, fill_in, "train-nc", "1.5")
    assert [bundle.folder.parent for bundle in find_bundles("nc")][-1] == user_folder / "models"

    job = train(window, qtbot, fill_in, "train-ddae", "1")
    page.list.choose(job.name)
    page.view.tabs.setCurrentWidget(page.view.examples)
    heard = page.view.examples.views["denoised"]
    qtbot.waitUntil(lambda: heard.isVisible() and heard.image.image is not None)
    assert page.view.examples.step.maximum() >= 1
    qtbot.mouseClick(heard.play_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.controller.listener.playing == heard.path)
    page.controller.listener.stop()

    page.list.choose(newest(window, "export").name)
    qtbot.mouseClick(page.view.studio_button, Qt.MouseButton.LeftButton)
    studio = window.controller
    qtbot.waitUntil(lambda: studio.rendered is not None, timeout=60_000)
    before = studio.rendered
    method = window.page.denoise_card.method
    row = method.findData("ddae@my-denoiser")
    assert row >= 0, "the model is in the studio without a restart"
    assert window.sweep_page.form.methods.item("ddae@my-denoiser") is not None, "and in the sweep"
    method.setCurrentIndex(row)
    method.activated.emit(row)
    qtbot.waitUntil(lambda: studio.rendered is not before, timeout=60_000)
    assert studio.rendered.denoised.shape == before.denoised.shape
    assert not np.allclose(studio.rendered.denoised, before.denoised, atol=1e-3)
