"""Model folders of the tests' own."""

from pathlib import Path

import pytest

from workbench import resources


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in place of that of the bundles that ship."""
    monkeypatch.setattr(resources, "bundled_models_dir", lambda: tmp_path / "shipped")
    return tmp_path / "shipped"


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped: Path) -> Path:
    """Return the folder in place of that of the user's bundles."""
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path / "user")
    return tmp_path / "user"
