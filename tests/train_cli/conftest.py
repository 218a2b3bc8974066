"""A corpus small enough to train on in a test."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from workbench.bundles.check import Bundle, check_bundle
from workbench.bundles.store import default_bundle


@pytest.fixture(scope="session")
def tiny_corpus(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a few real recordings of each split and class."""
    root = tmp_path_factory.mktemp("corpus")
    for split in ("train", "dev"):
        for speaker in sorted((shared_data / "speech" / split).iterdir())[:4]:
            shutil.copytree(speaker, root / "speech" / split / speaker.name)
    for split in ("train", "dev", "test"):
        for folder in sorted((shared_data / "noise" / split).iterdir()):
            target = root / "noise" / split / folder.name
            target.mkdir(parents=True)
            for recording in sorted(folder.iterdir())[:2]:
                shutil.copy(recording, target)
    speaker = shared_data / "speech" / "timit" / "TIMIT" / "TEST" / "DR1" / "FVMH0"
    shutil.copytree(speaker, root / "speech" / "timit" / "TIMIT" / "TEST" / "DR1" / "FVMH0")
    return root


@pytest.fixture(scope="session")
def quantised(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bundle]:
    """Return the default bundles in all precisions, calibrated on a few mixtures."""
    pytest.importorskip("ai_edge_quantizer", reason="quantising needs ai-edge-quantizer")
    from train_cli.options import QUANTISED, QuantiseOptions
    from train_cli.quantise import add_quantised

    made = {}
    for kind in ("ddae", "nc"):
        folder = tmp_path_factory.mktemp("quantised") / kind
        shutil.copytree(default_bundle(kind).folder, folder)
        missing = tuple(each for each in QUANTISED if each not in check_bundle(folder).manifest.files)
        made[kind] = add_quantised(QuantiseOptions(str(folder), tiny_corpus, missing, mixtures=8))
    return made


def pretend(windows: np.ndarray) -> np.ndarray:
    """Hear the same features in the same sound, whatever its level."""
    from train_cli.teacher import N_FEATURES

    spectra = np.abs(np.fft.rfft(windows))[:, 1 : 7 * N_FEATURES + 1].reshape(-1, N_FEATURES, 7).sum(axis=-1)
    return (spectra / spectra.sum(axis=-1, keepdims=True) * N_FEATURES).astype(np.float32)


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a simple function be the teacher, in this process."""
    lessons = pytest.importorskip("train_cli.lessons")
    monkeypatch.setattr(lessons, "open_teacher", lambda: pretend)
    monkeypatch.setattr(
        lessons,
        "ProcessPoolExecutor",
        lambda _, mp_context, initializer, initargs: ThreadPoolExecutor(
            1, initializer=initializer, initargs=initargs
        ),
    )
    monkeypatch.setattr(lessons, "_PART_SCENES", 8)
