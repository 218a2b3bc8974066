import json

import pytest

from tests.bundles.tiny import write_tiny_ddae
from workbench import resources
from workbench.bundles.store import find_bundles


@pytest.fixture(autouse=True)
def users(tmp_path, monkeypatch):
    """Give the commands a shipped bundle and a folder of the user's own."""
    monkeypatch.setattr(resources, "bundled_models_dir", lambda: tmp_path / "shipped")
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path / "user")
    write_tiny_ddae(tmp_path / "shipped", "standard", figures={"By SNR": {"0 dB": {"stoi": 0.75}}})
    return tmp_path / "user"


def names():
    return [bundle.name for bundle in find_bundles()]


def test_a_model_goes_out_comes_back_and_serves(run, tmp_path):
    path = tmp_path / "sent.zip"
    assert run("models", "export", "standard", "-o", path).out == f"{path}\n"
    refused = run("models", "export", "standard", "-o", path)
    assert (refused.status, "add --overwrite" in refused.err) == (2, True)
    assert run("models", "export", "standard", "-o", path, "--overwrite").status == 0
    taken = run("models", "import", path)
    assert taken.status == 2
    assert "add --name standard-2" in taken.err
    imported = run("models", "import", path, "--name", "mine")
    assert "adaptive@mine" in imported.err
    assert run("models", "default", "mine").err == "the default ddae model is mine\n"
    assert "mine (default)" in run("models", "list").out
    assert run("models", "rename", "mine", "street").status == 0
    assert "street (default)" in run("models", "list").out
    assert run("models", "default", "--reset", "ddae").err == "the default ddae model is standard\n"
    assert run("models", "default").status == 2


def test_export_to_a_folder_and_by_default_beside(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("models", "export", "standard").out == "standard.zip\n"
    (tmp_path / "out").mkdir()
    run("models", "export", "standard", "-o", "out")
    assert (tmp_path / "out" / "standard.zip").read_bytes() == (tmp_path / "standard.zip").read_bytes()


def test_what_is_deleted_can_be_restored(run, users):
    write_tiny_ddae(users, "mine")
    deleted = run("models", "delete", "mine")
    assert (deleted.status, names()) == (0, ["standard"])
    assert "mine" in run("models", "restore").out
    assert run("models", "restore", "other").err.endswith("the trash holds mine.\n")
    assert run("models", "restore", "mine").status == 0
    assert names() == ["standard", "mine"]
    run("models", "delete", "mine")
    assert run("models", "delete", "--empty-trash").err == "1 deleted for good\n"
    assert "mine" not in run("models", "restore").out
    assert run("models", "delete", "standard").status == 2
    assert run("models", "delete").status == 2
    assert names() == ["standard"]


def test_damaged_models_are_told_and_deleted_by_their_folder(run, users):
    write_tiny_ddae(users, "bad").model_path().write_bytes(b"")
    listed = run("models", "list")
    assert listed.status == 1
    assert "bytes long" in listed.err
    (refused,) = json.loads(run("models", "list", "--format", "json").out)["refused"]
    assert refused["yours"]
    assert run("models", "delete", "bad").status == 0
    assert run("models", "list").status == 0


def test_what_a_model_says(run):
    shown = run("models", "show", "standard")
    assert shown.status == 0
    for text in ("Tiny denoiser", "31.9 ms", "0.2 MMAC/s", "By SNR", "0.750", "# Tiny", "MIT"):
        assert text in shown.out
    about = json.loads(run("models", "show", "standard", "--format", "json").out)
    assert about["figures"] == {"By SNR": {"0 dB": {"stoi": 0.75}}}
    assert about["card"] == "# Tiny\n"
    assert run("models", "show", "standart").err.count("did you mean standard") == 1


def test_speed_is_measured(run):
    assert "real-time factor" in run("models", "speed").out
    (speed,) = json.loads(run("models", "speed", "standard", "--format", "json").out)
    assert speed["name"] == "standard"
    assert 0 < speed["median_ms"] <= speed["p99_ms"]
    assert speed["hop_ms"] == 16
