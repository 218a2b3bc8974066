"""Live runs on real PortAudio devices: sound in through a microphone, denoised, heard at the output."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.pulse import Pulse, heard_signal, needs_pulse, private_pulse, share_found
from workbench.audio import files
from workbench.denoisers.protocol import denoise
from workbench.denoisers.registry import make_denoiser
from workbench.dsp import Signal
from workbench.engine.recording import find_takes, read_take, take_scene
from workbench.resources import assets_dir

REPOSITORY = Path(__file__).resolve().parents[2]
DEVICE_LATENCY = ("--latency-ms", "150")
"""More than a live run asks for: the tests share the machine with others."""

pytestmark = needs_pulse


@pytest.fixture
def pulse(tmp_path: Path) -> Iterator[Pulse]:
    with private_pulse(tmp_path) as server:
        yield server


@pytest.fixture
def speech() -> Signal:
    return files.read(sorted((assets_dir() / "speech").iterdir())[0])


def live(pulse: Pulse, *arguments: object, **options: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-B", "-m", "workbench", "live", *map(str, arguments)],
        env={**pulse.environment, **options},
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> tuple[str, str]:
    try:
        return process.communicate(timeout=60)
    finally:
        process.kill()


def wait_for(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    deadline_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.1)


def recorded_s(takes: Path) -> float:
    sounds = list(takes.glob("*/mixed.wav"))
    return sounds[0].stat().st_size / 4 / 16_000 if sounds else 0.0


def events(takes: Path, word: str) -> list[str]:
    return [event["event"] for event in read_take(find_takes(takes)[0]).events if word in event["event"]]


def test_microphone_to_ear_equals_the_offline_result(tmp_path: Path, pulse: Pulse, speech: Signal) -> None:
    with pulse.speaking(np.tile(speech, 6)), pulse.hearing() as heard_path:
        process = live(
            pulse,
            *("--record", tmp_path / "takes", "--duration", 7, "--no-loudness-match", "--format", "json"),
            *DEVICE_LATENCY,
        )
        out, err = finish(process)
    assert process.returncode == 0, err
    summary = json.loads(out)
    take = Path(summary["recording"])
    mixed, denoised = (files.read(take / f"{name}.wav") for name in ("mixed", "denoised"))
    assert len(mixed) > 4 * 16_000
    # What was spoken came in whole, and what was made of it is what is made of it offline.
    assert share_found(mixed[8000:-8000], np.tile(speech, 6), 4000, 1e-4) > 0.9
    offline = denoise(mixed, make_denoiser("adaptive"))
    latency = make_denoiser("adaptive").latency_samples
    # A machine that stands still for half a second makes the run pass sound by; up to there they are equal.
    stops_s = [event["time_s"] for event in read_take(take).events if event["event"] == "overload"]
    n_equal = min([len(mixed), *(round(16_000 * at_s) for at_s in stops_s)]) - latency
    assert n_equal > 16_000
    np.testing.assert_allclose(denoised[:n_equal], offline[:n_equal], atol=1e-5)
    # The gentle start is over after two seconds; from then on it is heard as it was recorded.
    assert share_found(denoised[3 * 16_000 :], heard_signal(heard_path), 1600, 1e-4) > 0.5
    assert summary["latency_ms"]["algorithmic_ms"] == round(1000 * latency / 16_000, 2)
    assert summary["latency_ms"]["total_ms"] > summary["latency_ms"]["algorithmic_ms"]
    assert summary["input_overflows"] == 0


def test_round_trip_through_a_loopback(pulse: Pulse) -> None:
    with pulse.hearing():
        process = live(
            pulse, "--round-trip", "--format", "json", "--latency-ms", 50, PULSE_SOURCE="out.monitor"
        )
        out, err = finish(process)
    assert process.returncode == 0, err
    measured = json.loads(out)
    assert 5 < measured["delay_ms"] < 450
    assert measured["clarity_db"] > 20


def test_round_trip_without_a_loopback_says_so(pulse: Pulse) -> None:
    with pulse.hearing(), pulse.hearing("voice.monitor"):
        process = live(pulse, "--round-trip", *DEVICE_LATENCY)
        _, err = finish(process)
    assert process.returncode == 2
    assert "did not come back" in err


def test_an_output_that_is_pulled_away_comes_back_and_the_recording_goes_on(
    tmp_path: Path, pulse: Pulse, speech: Signal
) -> None:
    # Otherwise the server would move the sound to the other sink.
    pulse.unload("source_name=mic", "sink_name=voice")
    takes, file = tmp_path / "takes", tmp_path / "speech.wav"
    files.write(file, speech, subtype="FLOAT")
    process = live(pulse, "--input-file", file, "--record", takes, *DEVICE_LATENCY)
    try:
        wait_for(lambda: recorded_s(takes) > 1.5)
        pulse.unload("sink_name=out")
        wait_for(lambda: events(takes, "output") == ["output lost"])
        # Long enough for the command to say so.
        time.sleep(3)
        pulse.load_sink("out")
        wait_for(lambda: events(takes, "output") == ["output lost", "output"])
        time.sleep(3)
    finally:
        process.send_signal(signal.SIGINT)
        out, err = finish(process)
    assert process.returncode == 0, err
    assert "has stopped" in err
    assert "is back" in err
    take = read_take(find_takes(takes)[0])
    assert take.finished
    assert str(take.folder) in out
    assert [event["event"] for event in take.events if "output" in event["event"]] == [
        "output lost",
        "output",
    ]
    mixed = files.read(take.folder / "mixed.wav")
    np.testing.assert_allclose(mixed, np.resize(speech, len(mixed)), atol=1e-6)


def test_a_microphone_that_is_pulled_away_comes_back(tmp_path: Path, pulse: Pulse, speech: Signal) -> None:
    takes = tmp_path / "takes"
    process = live(pulse, "--record", takes, *DEVICE_LATENCY)
    try:
        with pulse.speaking(np.tile(speech, 6)):
            wait_for(lambda: recorded_s(takes) > 2)
            pulse.unload("source_name=mic", "sink_name=voice", "sink_name=out")
        wait_for(lambda: events(takes, "input") == ["input lost"])
        time.sleep(3)
        at_s = recorded_s(takes)
        pulse.load_sink("out")
        pulse.load_sink("voice")
        pulse.load_microphone()
        wait_for(lambda: events(takes, "input") == ["input lost", "input"])
        wait_for(lambda: recorded_s(takes) > at_s + 1)
    finally:
        process.send_signal(signal.SIGINT)
        _, err = finish(process)
    assert process.returncode == 0, err
    assert "has stopped" in err
    assert "is back" in err
    take = read_take(find_takes(takes)[0])
    mixed = files.read(take.folder / "mixed.wav")
    assert share_found(mixed[8000:24_000], np.tile(speech, 2), 4000, 1e-4) > 0.7


def test_a_recording_survives_a_kill(tmp_path: Path, pulse: Pulse, speech: Signal) -> None:
    takes = tmp_path / "takes"
    noise = sorted((assets_dir() / "noise").rglob("*.*"))[0]
    with pulse.speaking(np.tile(speech, 6)):
        process = live(
            pulse, "--record", takes, "--noise", noise, "--snr-db", 5, "--output", "none", *DEVICE_LATENCY
        )
        wait_for(lambda: recorded_s(takes) > 3)
        os.kill(process.pid, signal.SIGKILL)
        finish(process)
    take = read_take(find_takes(takes)[0])
    assert not take.finished
    assert take.has_clean
    assert take.posteriors or events(takes, "overload")
    for name in ("mixed", "clean", "denoised"):
        sound, rate_hz = soundfile.read(take.folder / f"{name}.wav", dtype="float32")
        assert rate_hz == 16_000
        assert len(sound) >= 16_000 * 3
        assert np.abs(sound).max() > 0.01
    scene = take_scene(take.folder)
    assert scene.has_reference
