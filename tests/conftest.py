"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

REPOSITORY = Path(__file__).resolve().parent.parent
BY_THE_CLOCK = ("audio", "cli", "engine", "gui")
"""Rooms whose tests play through devices and wait for windows, in real time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try tests by the clock once more: a busy machine does not always keep time. The summary counts it."""
    for item in items:
        if item.path.relative_to(REPOSITORY / "tests").parts[0] in BY_THE_CLOCK:
            item.add_marker(pytest.mark.flaky(reruns=1, reruns_delay=2))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings beside the checkout; tests that need it skip where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the recordings in ../shared/data")
    return folder


@pytest.fixture(scope="session")
def timit_sphere(shared_data: Path) -> Path:
    """Return a TIMIT sentence in its original NIST SPHERE file."""
    return next(
        path
        for path in sorted((shared_data / "speech" / "timit").rglob("*.[wW][aA][vV]"))
        if path.read_bytes()[:7] == b"NIST_1A"
    )


@pytest.fixture(scope="session")
def vehicle_noise(shared_data: Path) -> Path:
    """Return a recording of a vehicle from the test split."""
    return sorted((shared_data / "noise" / "test" / "vehicle").glob("engine_idling*.ogg"))[0]
