import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from workbench.audio.files import read
from workbench.dsp.mixing import Mixture, mix
from workbench.resources import assets_dir


@dataclass(frozen=True)
class SceneEntry:
    id: str
    title: str
    speech: str
    noise: str
    noise_class: str
    snr_db: float


@pytest.fixture(scope="session")
def assets() -> Path:
    return assets_dir()


@pytest.fixture(scope="session")
def scenes(assets: Path) -> list[SceneEntry]:
    return [SceneEntry(**entry) for entry in tomllib.loads((assets / "scenes.toml").read_text())["scene"]]


@pytest.fixture(scope="session")
def pair(assets: Path) -> Mixture:
    """English speech in traffic at 5 dB."""
    clean = read(assets / "speech/en_woman_hold.flac")
    return mix(clean, read(assets / "noise/vehicle/city_traffic.flac"), 5.0)
