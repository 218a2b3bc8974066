"""Packages are made by the test and "downloaded" by a script in place of apt-get."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from train_cli.__main__ import main
from train_cli.gather import TABLE, read_table
from workbench.audio import files

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")

_TABLE = """
[[recordings]]
package = "some-voices"
files = "usr/share/voices/{pattern}"
speaker = "anna"
licence = "CC0"
except = ["two"]
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


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_TABLE.format(pattern="*.mp3"), "holds none of the files"),
        (_TABLE.format(pattern="*.wav").replace("some-voices", "others"), "Unable to locate others"),
        ("[[recordings]]\npackage = 'x'\n", "lacks 'files'"),
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
        package = next((r.package for r in table if r.package in line and "`speech/" in line), None)
        if package:
            left_out = frozenset().union(*(r.left_out for r in table if r.package == package))
            assert any(f"/{name}." in line for name in left_out), line
