"""Small collections made of real recordings."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from workbench.audio import files


@pytest.fixture
def sentence(timit_sphere):
    """Return a sentence of TIMIT as a signal."""
    return files.read(timit_sphere)


@pytest.fixture
def write(tmp_path, sentence):
    """Write a stretch of real speech, another one for each file, and return its path."""
    written = []

    def write(name: str, gain: float = 1.0, rate_hz: int = 16_000, seconds: float = 1.0) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        written.append(path)
        stretch = np.roll(sentence, 997 * len(written))[: round(seconds * 16_000)]
        files.write(path, stretch * np.float32(gain), sample_rate_hz=rate_hz, subtype="PCM_16")
        return path

    return write


ONTOLOGY = [
    ("/m/0dgw9r", "Human sounds", ["/m/09l8g"]),
    ("/m/09l8g", "Human voice", ["/m/09x0r"]),
    ("/m/09x0r", "Speech", ["/m/0brhx"]),
    ("/m/0brhx", "Speech synthesizer", []),
    ("/m/04rlf", "Music", []),
    ("/t/dd00123", "Channel, environment and background", ["/m/07bm98"]),
    ("/m/07bm98", "Sound reproduction", ["/m/07c52"]),
    ("/m/07c52", "Television", []),
    ("/m/07yv9", "Vehicle", ["/m/0k4j"]),
    ("/m/0k4j", "Car", []),
    ("/t/dd00071", "Domestic sounds, home sounds", ["/m/0d31p"]),
    ("/m/0d31p", "Vacuum cleaner", []),
    ("/m/0jbk", "Animal", []),
]
"""A part of the published ontology."""

BALANCED = """\
# Segments csv created Sun Mar  5 10:54:31 2017
# num_ytids=7, num_segs=7, num_unique_labels=8, num_positive_labels=11
# YTID, start_seconds, end_seconds, positive_labels
--4gqARaEJE, 0.000, 10.000, "/m/0k4j"
-0RWZT-miFs, 420.000, 430.000, "/m/07yv9,/m/0k4j"
-0SdAVK79lg, 30.000, 40.000, "/m/09x0r,/m/07c52,/m/04rlf"
-1LrH01Ei1w, 10.000, 20.000, "/m/09x0r,/m/0k4j"
-2PDE7hUArE, 30.000, 40.000, "/m/0jbk"
-3z5mFRgbxc, 30.000, 40.000, "/m/0brhx,/m/0k4j"
-absent_0_1, 30.000, 40.000, "/m/0k4j"
"""
EVAL = """\
# Segments csv created Sun Mar  5 10:54:25 2017
# num_ytids=1, num_segs=1, num_unique_labels=1, num_positive_labels=1
# YTID, start_seconds, end_seconds, positive_labels
-4gqARaEJ_e, 0.000, 10.000, "/m/0d31p"
"""
CLIPS = (
    *("--4gqARaEJE_0.000", "Y-0RWZT-miFs", "-0SdAVK79lg_30", "-1LrH01Ei1w_10000_20000", "-2PDE7hUArE"),
    *("-3z5mFRgbxc_30", "-4gqARaEJ_e", "unlisted"),
)


@pytest.fixture
def audioset(tmp_path, write):
    """Return a folder as AudioSet is downloaded: lists, ontology, clips named by YouTube id."""
    for name in CLIPS:
        write(f"audioset/clips/{name}.wav")
    root = tmp_path / "audioset"
    (root / "balanced_train_segments.csv").write_text(BALANCED)
    (root / "eval_segments.csv").write_text(EVAL)
    nodes = [{"id": label, "name": name, "child_ids": children} for label, name, children in ONTOLOGY]
    (root / "ontology.json").write_text(json.dumps(nodes))
    return root


@pytest.fixture
def timit(tmp_path, shared_data):
    """Return four speakers of TIMIT in its layout, the first as the LDC names and packs its files."""
    source = shared_data / "speech" / "timit" / "TIMIT" / "TEST"
    root = tmp_path / "timit"
    speakers = sorted(path for dialect in source.iterdir() for path in dialect.iterdir() if path.is_dir())
    sphere = next(path for path in speakers if any(file.suffix == ".WAV" for file in path.iterdir()))
    others = [path for path in speakers if path != sphere][:3]
    for part, speaker in zip(("TRAIN", "train", "train", "TEST"), (sphere, *others), strict=True):
        name = speaker.name if part.isupper() else speaker.name.lower()
        shutil.copytree(speaker, root / part / speaker.parent.name / name)
    return root
