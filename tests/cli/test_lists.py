import json
from dataclasses import asdict

from workbench.audio.devices import Device
from workbench.denoisers.registry import methods
from workbench.engine.scene import demo_scenes


def test_methods_are_listed(run):
    outcome = run("methods")
    assert outcome.status == 0
    assert all(method.name in outcome.out for method in methods())
    assert [entry["name"] for entry in json.loads(run("methods", "--format", "json").out)] == [
        method.name for method in methods()
    ]


def test_scenes_are_listed_with_ids_that_can_be_used(run):
    outcome = run("scenes")
    assert outcome.status == 0
    listed = json.loads(run("scenes", "--format", "json").out)
    assert [entry["title"] for entry in listed] == [scene.title for scene in demo_scenes()]
    ids = [entry["id"] for entry in listed]
    assert len(set(ids)) == len(ids)
    assert all(scene_id in outcome.out for scene_id in ids)


def test_devices_without_portaudio_says_what_to_install(run, monkeypatch):
    monkeypatch.setattr("workbench.audio.devices.portaudio_problem", lambda: "PortAudio is missing.")
    outcome = run("devices")
    assert outcome.status == 2
    assert outcome.err == "workbench: PortAudio is missing.\n"


def test_devices_without_any_device(run, monkeypatch):
    monkeypatch.setattr("workbench.audio.devices.portaudio_problem", lambda: None)
    monkeypatch.setattr("workbench.audio.devices.list_devices", list)
    outcome = run("devices")
    assert (outcome.status, outcome.out) == (0, "")
    assert "no sound device" in outcome.err


def test_devices_are_listed(run, monkeypatch):
    device = Device(3, "Headphones", "ALSA", 0, 2, 48_000, False, True)
    monkeypatch.setattr("workbench.audio.devices.portaudio_problem", lambda: None)
    monkeypatch.setattr("workbench.audio.devices.list_devices", lambda: [device])
    outcome = run("devices")
    assert outcome.status == 0
    assert "Headphones (ALSA)" in outcome.out
    assert "output" in outcome.out.splitlines()[-1]
    assert json.loads(run("devices", "--format", "json").out) == [asdict(device)]
