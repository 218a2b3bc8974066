import json
import shutil
from importlib import metadata

import pytest

from workbench import resources
from workbench.cli import doctor, screen


def findings(run) -> tuple[int, dict[str, dict[str, str]]]:
    outcome = run("doctor", "--format", "json")
    return outcome.status, {entry["name"]: entry for entry in json.loads(outcome.out)}


def test_all_that_is_needed_is_here(run):
    status, found = findings(run)
    assert status == 0, [entry for entry in found.values() if entry["verdict"] == "missing"]
    assert found["numpy"]["detail"] == metadata.version("numpy")
    assert "intact" in next(entry["detail"] for name, entry in found.items() if name.startswith("model "))


def test_table_says_where_the_log_is(run):
    outcome = run("doctor")
    assert outcome.status == 0
    assert str(resources.log_path()) in outcome.out


def test_a_missing_library_fails_and_says_how_to_get_it(run, monkeypatch):
    real = metadata.version

    def version(name: str) -> str:
        if name == "librosa":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor.metadata, "version", version)
    status, found = findings(run)
    assert status == 1
    assert found["librosa"]["verdict"] == "missing"
    assert found["librosa"]["remedy"].startswith('pip install "librosa')


def test_a_damaged_model_fails(run, monkeypatch, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(resources.bundled_models_dir(), models)
    damaged = next(models.rglob("*.tflite"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    monkeypatch.setattr(resources, "bundled_models_dir", lambda: models)
    status, found = findings(run)
    assert status == 1
    assert any(entry["verdict"] == "missing" and "model" in name for name, entry in found.items())


def test_no_portaudio_is_a_limit_not_a_failure(run, monkeypatch):
    sentence = "PortAudio is not installed: install it with “sudo apt install libportaudio2”."
    monkeypatch.setattr("workbench.audio.devices.portaudio_problem", lambda: sentence)
    status, found = findings(run)
    assert status == 0
    assert found["PortAudio"]["verdict"] == "limited"
    assert "libportaudio2" in found["PortAudio"]["remedy"]


@pytest.mark.skipif(not screen.sys.platform.startswith("linux"), reason="other systems always have a screen")
def test_no_screen_is_said_instead_of_an_abort(run, monkeypatch):
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    outcome = run()
    assert outcome.status == 2
    assert "workbench render" in outcome.err


def test_a_missing_qt_library_names_the_packages(run, monkeypatch):
    def refuse(name: str) -> None:
        raise ImportError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(screen.importlib, "import_module", refuse)
    monkeypatch.setattr(screen.sys, "platform", "linux")
    problem = screen.qt_library_problem()
    assert problem is not None
    assert "libEGL.so.1" in problem
    assert "libegl1" in problem
