"""What the tests of the command line share."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile

from workbench.cli import main


class Outcome(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def log(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep defects out of the user's log."""
    path = tmp_path_factory.mktemp("log") / "logs" / "workbench.log"
    monkeypatch.setattr("workbench.cli.problems.log_path", lambda: path)
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run `workbench` in this process."""

    def run_command(*arguments: object) -> Outcome:
        status = main([str(argument) for argument in arguments])
        return Outcome(status, *capsys.readouterr())

    return run_command


@pytest.fixture
def make_sound() -> Callable[..., Path]:
    """Write a file of noise bursts, the same each time."""

    def make(path: Path, seconds: float = 1.0, rate_hz: int = 16_000, n_channels: int = 1) -> Path:
        n_samples = round(seconds * rate_hz)
        rng = np.random.default_rng(n_samples)
        envelope = 0.1 + 0.2 * np.sin(np.arange(n_samples) * 20 / rate_hz) ** 2
        path.parent.mkdir(parents=True, exist_ok=True)
        sound = envelope[:, None] * rng.uniform(-1, 1, (n_samples, n_channels))
        soundfile.write(path, sound, rate_hz, subtype="PCM_16" if path.suffix in {".wav", ".flac"} else None)
        return path

    return make
