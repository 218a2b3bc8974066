"""A user's folders of a test, and jobs that need no TensorFlow."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from workbench import resources
from workbench.audio.files import write
from workbench.training.forms import form_for
from workbench.training.jobs import JobStore, training_dir
from workbench.training.queue import JobQueue


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobQueue:
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path / "user" / "models")
    return JobQueue(JobStore(training_dir() / "jobs"))


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Return a folder with a little speech and noise, as far as a scan can tell."""
    rng = np.random.default_rng(0)
    root = tmp_path / "recordings"
    for place in ("speech/train/ann", "speech/dev/bob", "noise/train/vehicle", "noise/dev/vehicle"):
        (root / place).mkdir(parents=True)
        for number in range(2):
            write(root / place / f"{number}.wav", rng.normal(0, 0.1, 16_000).astype(np.float32))
    write(root / "noise/train/vehicle/short.wav", np.ones(100, np.float32) * 0.1)
    return root


@pytest.fixture
def scan_values(recordings: Path, tmp_path: Path) -> dict[str, str | bool]:
    made = {"data": str(recordings), "output": str(tmp_path / "catalogue.csv")}
    return form_for("scan").defaults() | made


@pytest.fixture
def until() -> Callable[..., None]:
    """Tick a queue until something holds."""

    def run(queue: JobQueue, holds: Callable[[], bool], seconds: float = 240) -> None:
        deadline_s = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline_s, [(job.name, job.state, job.problem) for job in queue.jobs]
            queue.tick()
            time.sleep(0.05)

    return run
