"""A corpus small enough to train on in a test."""

import shutil
from pathlib import Path

import pytest


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
