import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from workbench.audio import files
from workbench.engine import live, round_trip
from workbench.engine.recording import find_takes, read_take
from workbench.errors import MissingPieceError

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def speech(tmp_path, make_sound):
    return make_sound(tmp_path / "speech.wav", 3)


def test_a_file_is_denoised_live_and_recorded(run, tmp_path, speech):
    outcome = run(
        *("live", "--input-file", speech, "--output", "none", "--method", "wiener", "--duration", 2),
        *("--record", tmp_path / "takes", "--format", "json"),
    )
    assert outcome.status == 0
    summary = json.loads(outcome.out)
    assert summary["input"] == "speech.wav"
    assert summary["output"] == ""
    assert summary["method"] == "wiener"
    assert 1.5 < summary["seconds"] <= 2.2
    assert summary["latency_ms"]["total_ms"] >= summary["latency_ms"]["algorithmic_ms"] > 0
    assert "recording into" in outcome.err
    take = read_take(Path(summary["recording"]))
    assert take.finished
    mixed = files.read(take.folder / "mixed.wav")
    np.testing.assert_allclose(mixed, files.read(speech)[: len(mixed)], atol=1e-6)


def test_the_summary_can_be_read(run, speech):
    outcome = run(
        *("live", "--input-file", speech, "--output", "none", "--method", "bypass", "--duration", 1)
    )
    assert outcome.status == 0
    assert "delay" in outcome.out
    assert "99th percentile" in outcome.out
    assert "broken off on the way out 0" in outcome.out


def test_noise_is_added_at_an_snr(run, tmp_path, speech, make_sound):
    noise = make_sound(tmp_path / "noise.wav", 2)
    outcome = run(
        *("live", "--input-file", speech, "--output", "none", "--method", "bypass", "--noise", noise),
        *("--snr-db", 10, "--monitor", "clean", "--duration", 1, "--record", tmp_path, "--format", "json"),
    )
    assert outcome.status == 0
    take = read_take(Path(json.loads(outcome.out)["recording"]))
    assert take.has_clean
    assert take.about["snr_db"] == 10


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--monitor", "clean"], "needs --noise"),
        (["--input-file", "nothing.wav"], "There is no file nothing.wav"),
        (["--noise", "nothing.wav"], "There is no file nothing.wav"),
        (["--method", "magic", "--output", "none"], "magic"),
        (["--round-trip", "--output", "none"], "--round-trip needs"),
    ],
)
def test_wrong_usage_is_said(run, arguments, said):
    outcome = run("live", *arguments)
    assert outcome.status == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1


def test_no_portaudio_is_one_sentence(run, monkeypatch):
    def missing(wanted=None):
        raise MissingPieceError(
            "PortAudio is not installed: install it with “sudo apt install libportaudio2”."
        )

    monkeypatch.setattr(live, "find_output", missing)
    outcome = run("live", "--method", "bypass")
    assert outcome.status == 2
    assert outcome.err == (
        "workbench: PortAudio is not installed: install it with “sudo apt install libportaudio2”.\n"
    )


def test_the_round_trip_is_printed(run, monkeypatch):
    def measure(source, sink, *, device_latency_s):
        assert (source, sink, device_latency_s) == ("mic", None, 0.02)
        return round_trip.RoundTrip(23.4, 0.1, 55.0)

    monkeypatch.setattr(round_trip, "measure_round_trip", measure)
    outcome = run("live", "--round-trip", "--input", "mic", "--latency-ms", 20)
    assert outcome.out == "round trip 23.4 ms (spread 0.1 ms, 55 dB above the rest)\n"
    outcome = run("live", "--round-trip", "--input", "mic", "--latency-ms", 20, "--format", "json")
    assert json.loads(outcome.out) == {"delay_ms": 23.4, "spread_ms": 0.1, "clarity_db": 55.0}


def test_ctrl_c_ends_it_in_peace(tmp_path, speech):
    takes = tmp_path / "takes"
    process = subprocess.Popen(
        [
            *(sys.executable, "-B", "-m", "workbench", "live", "--input-file", str(speech)),
            *("--output", "none", "--method", "bypass", "--record", str(takes)),
        ],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        sounds = list(takes.glob("*/mixed.wav"))
        if sounds and sounds[0].stat().st_size > 40_000:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "recorded in" in out
    assert "Traceback" not in err
    assert read_take(find_takes(takes)[0]).finished
