"""Packages are made by the test and "downloaded" by a script in place of apt-get."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from train_cli.__main__ import main
from train_cli.data import kind_of
from train_cli.gather import TABLE, read_table
from workbench.audio import files
from workbench.corpora.catalogue import read_catalogue

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")

_TABLE = """
[[recordings]]
package = "some-voices"
files = "usr/share/voices/{pattern}"
speaker = "anna"
licence = "CC0"
except = ["two"]
"""

_NOISE = """
[[recordings]]
package = "some-voices"
files = ["usr/share/noises/*.wav", "usr/share/noises/far/*.wav"]
noise_class = "vehicle"
kind = "siren"
licence = "CC0"
except = ["other"]
most_s = 1.5
"""


_OTHER = """
[[recordings]]
package = ["some-voices"]
files = "usr/**/*.wav"
noise_class = "other"
licence = "as licences/PACKAGE.txt says"
except = ["*ising", "broken"]
"""


@pytest.fixture
def table(tmp_path):
    def write(pattern: str) -> Path:
        path = tmp_path / "table.toml"
        path.write_text(_TABLE.format(pattern=pattern))
        return path

    return write


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make a package with three recordings, one of them damaged, and the script that fetches it."""
    root = tmp_path / "package"
    folder = root / "usr" / "share" / "voices"
    (folder / "far").mkdir(parents=True)
    tone = (0.3 * np.sin(np.arange(22_050) * 0.1)).astype(np.float32)
    for name in ("one", "two", "far/one"):
        files.write(folder / f"{name}.wav", tone, sample_rate_hz=22_050)
    (folder / "broken.wav").write_bytes(b"RIFF, but no more")
    (root / "usr" / "share" / "doc" / "some-voices").mkdir(parents=True)
    (root / "usr" / "share" / "doc" / "some-voices" / "copyright").write_text("Do what you like.\n")
    (root / "DEBIAN").mkdir()
    control = "Package: some-voices\nVersion: 1\nArchitecture: all\nMaintainer: none\nDescription: voices\n"
    (root / "DEBIAN" / "control").write_text(control)
    archive = tmp_path / "some-voices_1_all.deb"
    subprocess.run(["dpkg-deb", "-b", root, archive], check=True, capture_output=True)
    script = tmp_path / "bin" / "apt-get"
    script.parent.mkdir()
    script.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n'
        f'[ "$3" = some-voices ] && cp {archive} . || {{ echo "E: Unable to locate $3" >&2; exit 100; }}\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


@pytest.fixture
def noises(package):
    """Add noises to the package: one rises for 3 s, others are very short, very quiet, or not wanted."""
    folder = package / "package" / "usr" / "share" / "noises"
    (folder / "far").mkdir(parents=True)
    rising = np.linspace(0, 0.9, 48_000, dtype=np.float32) * np.sign(np.sin(np.arange(48_000) * 0.1))
    files.write(folder / "rising.wav", rising.astype(np.float32))
    files.write(folder / "far" / "steady.wav", np.full(16_000, 0.5, np.float32))
    files.write(folder / "other.wav", np.full(16_000, 0.5, np.float32))
    files.write(folder / "short.wav", np.full(8_000, 0.5, np.float32))
    files.write(folder / "quiet.wav", np.full(16_000, 0.0005, np.float32))
    archive = package / "some-voices_1_all.deb"
    subprocess.run(["dpkg-deb", "-b", package / "package", archive], check=True, capture_output=True)


def test_speech_of_a_package_becomes_a_folder_that_scan_reads(package, table, tmp_path, capfd):
    arguments = [f"--output={tmp_path / 'more'}", f"--table={table('**/*.wav')}"]
    assert main(["gather", *arguments]) == 0
    found = sorted(path.name for path in (tmp_path / "more" / "speech" / "train" / "anna").iterdir())
    assert found == ["voices-far-one.flac", "voices-one.flac"]
    signal = files.read(tmp_path / "more" / "speech" / "train" / "anna" / "voices-one.flac")
    assert len(signal) == 22_050
    assert np.abs(signal).max() == pytest.approx(0.3, abs=0.01)
    assert "broken.wav is left out" in " ".join(capfd.readouterr().err.split())
    assert "anna | some-voices" in (tmp_path / "more" / "SOURCES.md").read_text()
    assert main(["gather", *arguments]) == 0
    assert len((tmp_path / "calls").read_text().splitlines()) == 1, "what is there is not fetched again"
    catalogue = tmp_path / "catalogue.csv"
    assert main(["scan", "--data", str(tmp_path / "more"), f"--output={catalogue}"]) == 0
    assert "anna" in catalogue.read_text()


def test_noise_of_a_package_goes_to_its_class_and_is_named_by_its_kind(noises, tmp_path, capfd):
    table = tmp_path / "table.toml"
    table.write_text(_TABLE.format(pattern="*.wav") + _NOISE)
    output = tmp_path / "more"
    assert main(["gather", f"--output={output}", f"--table={table}"]) == 0
    found = sorted((output / "noise" / "train" / "vehicle").iterdir())
    assert [path.name for path in found] == [
        "siren__some-voices-far-steady.flac",
        "siren__some-voices-noises-rising.flac",
    ]
    assert [kind_of(path) for path in found] == ["siren", "siren"]
    assert len(files.read(found[0])) == 16_000
    middle = files.read(found[1])
    assert len(middle) == 24_000
    assert np.abs(middle[[0, -1]]) == pytest.approx([0.225, 0.675], abs=0.001)
    told = " ".join(capfd.readouterr().err.split())
    assert "short.wav is left out: it is shorter than 0.8 s." in told
    assert "quiet.wav is left out: it is all but silent." in told
    assert (output / "speech" / "train" / "anna" / "voices-one.flac").exists()
    sources = (output / "SOURCES.md").read_text()
    assert "anna | some-voices" in sources
    assert "vehicle, siren | some-voices | `usr/share/noises/far/*.wav` | CC0" in sources
    catalogue = tmp_path / "catalogue.csv"
    assert main(["scan", "--data", str(output), f"--output={catalogue}"]) == 0
    assert "vehicle" in catalogue.read_text()


def sources(output: Path) -> str:
    return (output / "SOURCES.md").read_text()


def test_sounds_of_no_class_are_kept_apart(noises, tmp_path, capfd):
    table = tmp_path / "table.toml"
    table.write_text(_OTHER + _NOISE)
    output = tmp_path / "more"
    assert main(["gather", f"--output={output}", f"--table={table}", "--kind", "other", "noise"]) == 0
    found = sorted((output / "noise" / "train" / "other").iterdir())
    assert [path.name for path in found] == [
        "some-voices__usr-share-noises-far-steady.flac",
        "some-voices__usr-share-noises-other.flac",
        "some-voices__usr-share-voices-far-one.flac",
        "some-voices__usr-share-voices-one.flac",
        "some-voices__usr-share-voices-two.flac",
    ]
    assert {kind_of(path) for path in found} == {"some-voices"}
    assert "| other | some-voices | `usr/**/*.wav` | as licences/some-voices.txt says |" in sources(output)
    assert (output / "licences" / "some-voices.txt").read_text() == "Do what you like.\n"
    catalogue = tmp_path / "catalogue.csv"
    capfd.readouterr()
    assert main(["scan", "--data", str(output), f"--output={catalogue}"]) == 0
    used = {row.path.name: row.noise_class for row in read_catalogue(catalogue) if row.use}
    # Three of the five are the same sound.
    assert used == {
        "siren__some-voices-far-steady.flac": "vehicle",
        "siren__some-voices-noises-rising.flac": "vehicle",
        "some-voices__usr-share-voices-far-one.flac": "other",
    }


def test_an_empty_recording_is_left_out(package, table, tmp_path, capfd):
    empty = package / "package" / "usr" / "share" / "voices" / "nothing.wav"
    soundfile.write(empty, np.zeros(0, np.float32), 16_000)
    archive = package / "some-voices_1_all.deb"
    subprocess.run(["dpkg-deb", "-b", package / "package", archive], check=True, capture_output=True)
    assert main(["gather", f"--output={tmp_path / 'more'}", f"--table={table('*.wav')}"]) == 0
    assert "nothing.wav is left out" in " ".join(capfd.readouterr().err.split())


def test_speech_and_noise_can_be_fetched_one_after_the_other(noises, tmp_path):
    table = tmp_path / "table.toml"
    table.write_text(_TABLE.format(pattern="*.wav") + _NOISE)
    output = tmp_path / "more"
    arguments = ["gather", f"--output={output}", f"--table={table}", "--kind"]
    assert main([*arguments, "speech"]) == 0
    assert not (output / "noise").exists()
    assert "vehicle" not in (output / "SOURCES.md").read_text()
    assert main([*arguments, "noise"]) == 0
    assert (output / "noise" / "train" / "vehicle").is_dir()
    sources = (output / "SOURCES.md").read_text()
    assert "anna" in sources
    assert "vehicle" in sources


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_TABLE.format(pattern="*.mp3"), "holds none of the files"),
        (_TABLE.format(pattern="*.wav").replace("some-voices", "others"), "Unable to locate others"),
        ("[[recordings]]\npackage = 'x'\n", "lacks 'files'"),
        (
            "[[recordings]]\npackage = 'x'\nfiles = '*'\nlicence = 'CC0'\n",
            "either the speaker or the noise_class",
        ),
        (_NOISE + "speaker = 'anna'\n", "either the speaker or the noise_class"),
        (_NOISE.replace("vehicle", "vehicles"), "'vehicles'; it must be one of human, tv_radio, vehicle"),
        (_NOISE.replace("kind =", "sort ="), "lacks 'kind'"),
        ("recordings", "cannot be read"),
    ],
)
def test_what_a_user_can_get_wrong_is_a_sentence(package, tmp_path, capfd, content, said):
    path = tmp_path / "own.toml"
    path.write_text(content)
    assert main(["gather", f"--output={tmp_path / 'more'}", f"--table={path}"]) == 2
    told = capfd.readouterr().err.strip().splitlines()
    assert said in " ".join(told)
    assert "Traceback" not in " ".join(told)


def test_our_table_leaves_out_what_the_demo_scenes_are_made_of():
    sources = (TABLE.parent.parent / "assets" / "SOURCES.md").read_text()
    table = read_table(TABLE)
    for line in sources.splitlines():
        package = next((r.package for r in table if f" {r.package} " in line), None)
        if package:
            left_out = frozenset().union(*(r.left_out for r in table if r.package == package))
            assert any(f"/{name}." in line for name in left_out), line
