"""The demo material: complete, documented, small, and fit to be mixed."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.evaluation.conftest import SceneEntry
from workbench.audio.files import read
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.level import active_speech_level, rms_db
from workbench.resources import assets_dir

AUDIO = sorted(path for path in assets_dir().rglob("*") if path.suffix in (".flac", ".ogg", ".opus", ".wav"))
SOURCE_ROW = re.compile(r"^\| `([^`]+)` \|(.+)\|$", re.MULTILINE)


@pytest.fixture(scope="module")
def rows(assets: Path) -> dict[str, list[str]]:
    found = SOURCE_ROW.findall((assets / "SOURCES.md").read_text(encoding="utf-8"))
    return {name: [cell.strip() for cell in rest.split(" | ")] for name, rest in found}


def test_every_recording_has_source_author_and_licence(assets: Path, rows: dict[str, list[str]]) -> None:
    assert sorted(rows) == sorted(path.relative_to(assets).as_posix() for path in AUDIO)
    for name, cells in rows.items():
        assert len(cells) == 5, name
        assert all(cells), name
        assert re.match(r"(CC BY(-SA)? [34]\.0|CC0|Public domain|MIT|BSD-like)\b", cells[4]), (name, cells[4])


@pytest.mark.parametrize(
    ("licence", "file"), [("CC BY 3.0", "CC-BY-3.0.txt"), ("CC BY-SA 3.0", "CC-BY-SA-3.0.txt")]
)
def test_licence_texts_are_there(assets: Path, rows: dict[str, list[str]], licence: str, file: str) -> None:
    assert any(cells[4] == licence for cells in rows.values())
    text = (assets / "LICENSES" / file).read_text(encoding="utf-8")
    assert "Attribution" in text
    assert len(text) > 10_000


def test_licences_named_by_file_are_there(assets: Path, rows: dict[str, list[str]]) -> None:
    named = re.findall(r"`(LICENSES/[^`]+)`", " ".join(cells[4] for cells in rows.values()))
    assert named
    for name in named:
        assert (assets / name).stat().st_size > 500


def test_size(assets: Path) -> None:
    assert sum(path.stat().st_size for path in assets.rglob("*") if path.is_file()) < 8_000_000


@pytest.mark.parametrize("path", AUDIO, ids=lambda path: path.stem)
def test_recording_is_sound(path: Path) -> None:
    info = soundfile.info(path)
    assert (info.samplerate, info.channels) == (SAMPLE_RATE, 1)
    signal = read(path)
    assert len(signal) == info.frames
    assert 5 <= info.duration <= 30
    level = active_speech_level(signal).active_level_db if "speech" in path.parts else rms_db(signal)
    assert -35 <= level <= -15
    # A run of equal samples at the peak is what clipping leaves.
    at_peak = np.abs(signal) >= np.abs(signal).max() - 1 / 32768
    assert not (at_peak[:-2] & at_peak[1:-1] & at_peak[2:]).any()
    assert np.abs(signal).max() < 0.95
    # Not mostly silence: the median tenth of a second lies within 30 dB of the level.
    tenths = signal[: len(signal) // 1600 * 1600].reshape(-1, 1600)
    assert 20 * np.log10(np.median(np.sqrt(np.mean(np.square(tenths), axis=1)))) > level - 30


def test_speech_and_noise_differ_by_people_and_class(assets: Path) -> None:
    people = {path.stem.rsplit("_", 1)[0] for path in (assets / "speech").iterdir()}
    assert len(people) >= 4
    kinds = {path.name for path in (assets / "noise").iterdir()}
    assert kinds == {str(kind) for kind in CLASSES if kind is not NoiseClass.NO_NOISE}


def test_scenes(assets: Path, scenes: list[SceneEntry]) -> None:
    assert len({scene.id for scene in scenes}) == len(scenes) >= 5
    assert {scene.noise_class for scene in scenes} == {
        str(kind) for kind in CLASSES if kind is not NoiseClass.NO_NOISE
    }
    for scene in scenes:
        assert scene.title
        assert -10 <= scene.snr_db <= 15
        assert scene.noise.startswith(f"noise/{scene.noise_class}/")
        speech, noise = soundfile.info(assets / scene.speech), soundfile.info(assets / scene.noise)
        assert noise.duration >= speech.duration, scene.id
