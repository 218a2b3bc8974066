"""A user without models or jobs of their own, and dialogs that are filled in by clicks and keys."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from workbench import resources
from workbench.gui.app import Application
from workbench.gui.training import closing
from workbench.gui.training.form_dialog import FormDialog
from workbench.training import processes


@pytest.fixture(autouse=True)
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path / "user" / "models")
    monkeypatch.setattr(closing, "ask", lambda *_: closing.Choice.CANCEL)
    yield tmp_path / "user"
    for process in processes._started.values():
        process.kill()
        process.wait()
    processes._started.clear()


@pytest.fixture
def window(open_application: Callable[..., Application]) -> Application:
    """Return the application with the training page in front."""
    application = open_application(wait=False)
    application.window.show_page_titled("Training")
    return application


@pytest.fixture
def fill_in(qtbot: Any) -> Callable[..., None]:
    """Click what opens a dialog, fill it in and press its button."""

    def run(button: Any, values: dict[str, str | bool], *, title: str = "") -> None:
        def act() -> None:
            dialog = QApplication.activeModalWidget()
            assert isinstance(dialog, FormDialog)
            for name, value in values.items():
                editor = dialog.editors[name]
                if editor.box is not None:
                    editor.box.setChecked(bool(value))
                elif editor.lines is not None:
                    editor.lines.setPlainText(str(value))
                elif editor.line is not None:
                    editor.line.selectAll()
                    qtbot.keyClicks(editor.line, str(value))
            if title:
                dialog.title_edit.setText(title)
            problems = dialog.form.problems(dialog.request.values)
            if not dialog.start_button.isEnabled():
                dialog.reject()
            assert not problems
            qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)

        QTimer.singleShot(50, act)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    return run


@pytest.fixture(scope="session")
def little_corpus(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a few real recordings of each class and split, and one that is damaged."""
    root = tmp_path_factory.mktemp("corpus")
    for split in ("train", "dev"):
        for speaker in sorted((shared_data / "speech" / split).iterdir())[:3]:
            shutil.copytree(speaker, root / "speech" / split / speaker.name)
        for folder in sorted((shared_data / "noise" / split).iterdir()):
            target = root / "noise" / split / folder.name
            target.mkdir(parents=True)
            for recording in sorted(folder.iterdir(), key=lambda path: path.stat().st_size)[:2]:
                shutil.copy(recording, target)
    (root / "noise" / "train" / "vehicle" / "damaged.wav").write_bytes(b"RIFF and nothing more")
    return root
