"""The models page in the real window, with model folders of its own."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bundles.tiny import write_tiny_ddae
from workbench import resources
from workbench.audio import files
from workbench.bundles.archive import export_bundle
from workbench.engine.scene import demo_scenes
from workbench.gui.app import Application

FIGURES = {
    "All": {"24 mixtures": {"stoi noisy": 0.7, "stoi denoised": 0.8}},
    "By SNR": {
        "-5 dB": {"pesq_wb noisy": 1.1, "pesq_wb denoised": 1.3, "stoi noisy": 0.6, "stoi denoised": 0.7},
        "5 dB": {"pesq_wb noisy": 1.5, "pesq_wb denoised": 2.0, "stoi noisy": 0.8, "stoi denoised": 0.9},
    },
}


@pytest.fixture(autouse=True)
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for the user's bundles with one in it; those that ship are real."""
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path / "user")
    write_tiny_ddae(tmp_path / "user", "mine", title="My denoiser", figures=FIGURES)
    return tmp_path / "user"


@pytest.fixture
def models(open_application: Callable[..., Application], qtbot: Any, tmp_path: Path) -> Application:
    """Return the application on the models page, with the bundles listed and a short scene in the studio."""
    demo = demo_scenes()[0]
    short = tmp_path / "short.wav"
    files.write(short, files.read(demo.speech_path, max_seconds=1))
    application = open_application(replace(demo, speech_path=short), wait=False)
    qtbot.waitUntil(lambda: application.controller._is_started, timeout=20_000)
    application.window.show_page_titled("Models")
    qtbot.waitUntil(lambda: bool(application.models_page.list.entries()), timeout=20_000)
    return application


@pytest.fixture
def exported(tmp_path: Path, users: Path) -> Path:
    """Return an archive of a bundle named "sent"."""
    bundle = write_tiny_ddae(tmp_path / "elsewhere", "sent", title="Sent by a friend")
    path = export_bundle(bundle, tmp_path / "sent.zip")
    shutil.rmtree(tmp_path / "elsewhere")
    return path
