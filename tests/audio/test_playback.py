import builtins
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from workbench.audio import devices, playback
from workbench.audio.devices import Device, list_devices, portaudio_problem
from workbench.audio.playback import ClockOutput, DeviceOutput, Output, open_output
from workbench.audio.resample import resample
from workbench.errors import MissingPieceError, WorkbenchError


class Clock:
    """A time that passes only when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 100.0
        self.on_sleep: Callable[[], object] = lambda: None
        monkeypatch.setattr(playback, "time", SimpleNamespace(monotonic=lambda: self.now_s, sleep=self.sleep))

    def sleep(self, seconds: float) -> None:
        self.on_sleep()
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class PortAudioError(Exception):
    """What sounddevice raises."""


class FakeStream:
    latency = 0.05

    def __init__(self, module: "FakeSounddevice", **options: Any) -> None:
        if options["samplerate"] not in module.rates_hz:
            raise PortAudioError("Invalid sample rate")
        self.options = options
        self.module = module
        self.running = False

    def start(self) -> None:
        if self.module.refuses_to_start:
            raise PortAudioError("Device unavailable")
        self.running = True

    def abort(self, ignore_errors: bool = True) -> None:
        self.running = False

    def close(self, ignore_errors: bool = True) -> None:
        self.running = False

    def fetch(self, n_samples: int) -> np.ndarray:
        """Call back for a block, as the device does while it runs."""
        out = np.empty((n_samples, self.options["channels"]), np.float32)
        times = SimpleNamespace(currentTime=5.0, outputBufferDacTime=5.05)
        self.options["callback"](out, n_samples, times, SimpleNamespace(output_underflow=False))
        return out[:, 0]


class FakeSounddevice:
    PortAudioError = PortAudioError

    def __init__(self) -> None:
        self.rates_hz = {16_000, 48_000}
        self.names = ["HDMI", "Headphones"]
        self.refuses_to_start = False
        self.n_scans = 0
        self.default = SimpleNamespace(device=(-1, 1))
        self.stream: FakeStream | None = None

    def _terminate(self) -> None:
        self.n_scans += 1

    def _initialize(self) -> None:
        pass

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": "ALSA", "default_input_device": -1, "default_output_device": 1}]

    def query_devices(self) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "hostapi": 0,
                "max_input_channels": 0,
                "max_output_channels": 2,
                "default_samplerate": 48_000.0,
            }
            for name in self.names
        ]

    def OutputStream(self, **options: Any) -> FakeStream:
        self.stream = FakeStream(self, **options)
        return self.stream


@pytest.fixture
def sounddevice(monkeypatch: pytest.MonkeyPatch) -> FakeSounddevice:
    fake = FakeSounddevice()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)  # type: ignore[arg-type]
    monkeypatch.setattr(devices, "_was_listed", False)
    monkeypatch.setattr(devices, "open_streams", set())
    monkeypatch.setattr(playback, "open_streams", devices.open_streams)
    return fake


def without(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let importing sounddevice fail."""
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    real_import = builtins.__import__

    def fail(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "sounddevice":
            raise error
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", fail)


# Devices


def test_missing_portaudio_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, OSError("PortAudio library not found"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert "sudo apt install libportaudio2" in (portaudio_problem() or "")
    with pytest.raises(MissingPieceError, match="libportaudio2"):
        list_devices()
    output = open_output()
    assert isinstance(output, ClockOutput)
    assert output.is_silent
    assert "libportaudio2" in output.message


def test_missing_sounddevice_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, ModuleNotFoundError("No module named 'sounddevice'"))
    assert "pip install sounddevice" in (portaudio_problem() or "")


def test_devices_are_listed_with_the_default(sounddevice: FakeSounddevice) -> None:
    assert portaudio_problem() is None
    first, second = list_devices()
    assert first == Device(0, "HDMI", "ALSA", 0, 2, 48_000, False, False)
    assert second.is_default_output
    assert second.label == "Headphones (ALSA)"


def test_devices_are_looked_for_again_unless_one_is_open(sounddevice: FakeSounddevice) -> None:
    list_devices()
    assert sounddevice.n_scans == 0  # importing it was the first look
    output = open_output()
    assert sounddevice.n_scans == 1
    list_devices()
    assert sounddevice.n_scans == 1
    output.close()
    list_devices()
    assert sounddevice.n_scans == 2


def test_real_machine_answers_with_a_list_or_a_sentence() -> None:
    problem = portaudio_problem()
    if problem is None:
        assert all(isinstance(device, Device) for device in list_devices())
    else:
        assert "install" in problem


# Choice of an output


def test_default_device_is_opened(sounddevice: FakeSounddevice) -> None:
    output = open_output()
    assert isinstance(output, DeviceOutput)
    assert isinstance(output, Output)
    assert sounddevice.stream is not None
    assert sounddevice.stream.options["device"] == 1
    assert sounddevice.stream.options["samplerate"] == 16_000
    assert output.describe() == "Headphones (ALSA), 16000 Hz, 50 ms"
    assert output.message is None
    assert not output.is_silent
    output.close()


@pytest.mark.parametrize("preferred", ["HDMI", "HDMI (ALSA)"])
def test_preferred_device_is_opened(sounddevice: FakeSounddevice, preferred: str) -> None:
    output = open_output(preferred)
    assert output.describe().startswith("HDMI")
    assert output.message is None


def test_preferred_device_that_is_gone(sounddevice: FakeSounddevice) -> None:
    output = open_output("USB headset")
    assert output.describe().startswith("Headphones")
    assert "“USB headset” cannot be used" in (output.message or "")
    assert not output.is_silent


def test_no_device(sounddevice: FakeSounddevice) -> None:
    sounddevice.names = []
    output = open_output()
    assert output.is_silent
    assert "connect headphones or loudspeakers, then press Play again." in (output.message or "")


def test_device_that_opens_at_no_rate(sounddevice: FakeSounddevice) -> None:
    sounddevice.rates_hz = set()
    output = open_output()
    assert output.is_silent
    assert "“Headphones” cannot be opened (Invalid sample rate)" in (output.message or "")


# Playing on a device


def test_sound_reaches_the_device_with_its_count(sounddevice: FakeSounddevice, clock: Clock) -> None:
    output = open_output()
    stream = sounddevice.stream
    assert stream is not None
    signal = np.random.default_rng(0).uniform(-0.5, 0.5, 6000).astype(np.float32)
    assert output.write(signal) == 4000  # 0.25 s
    assert output.free_samples == 0
    output.start()
    first = stream.fetch(1000)
    np.testing.assert_array_equal(first[80:], signal[80:1000])
    assert output.queued_samples == 3000
    assert output.played_samples == 0
    assert output.latency_samples == 800
    clock.advance(0.05)
    assert output.played_samples == 0
    clock.advance(0.025)
    assert output.played_samples == 400
    clock.advance(1)
    assert output.played_samples == 1000  # no more than was fetched
    assert output.write(signal[4000:]) == 1000
    assert output.written_samples == 5000
    assert output.underruns == 0
    output.close()
    assert not stream.running


def test_stop_halts_the_device_and_keeps_the_queue(sounddevice: FakeSounddevice, clock: Clock) -> None:
    output = open_output()
    stream = sounddevice.stream
    assert stream is not None
    output.write(np.ones(4000, np.float32))
    output.start()
    stream.fetch(1000)
    clock.on_sleep = lambda: stream.fetch(64)
    output.stop()
    assert not stream.running
    assert output.queued_samples == 4000 - 1080  # the fade
    assert output.played_samples == 1080
    assert not output.is_silent
    output.start()
    assert stream.running
    assert stream.fetch(200)[-1] == 1


def test_flush_moves_the_count_on_and_never_back(sounddevice: FakeSounddevice, clock: Clock) -> None:
    output = open_output()
    stream = sounddevice.stream
    assert stream is not None
    output.write(np.ones(4000, np.float32))
    output.start()
    stream.fetch(1000)
    clock.advance(0.06)
    before = output.played_samples
    output.flush()
    assert before < output.played_samples == output.written_samples == 4000
    stream.fetch(160)
    assert output.write(-np.ones(4000, np.float32)) == 4000
    counts = []
    for _ in range(20):
        heard = stream.fetch(160)
        clock.advance(0.01)
        counts.append(output.played_samples)
    assert heard[-1] == -1
    assert counts == sorted(counts)
    assert counts[0] == 4000
    # Ten milliseconds per call, less the latency of fifty.
    assert counts[-1] == 4000 + 20 * 160 - 800


def test_flush_while_stopped_frees_the_queue_at_once(sounddevice: FakeSounddevice) -> None:
    output = open_output()
    output.write(np.ones(4000, np.float32))
    output.flush()
    assert output.free_samples == 4000
    assert output.queued_samples == 0


def test_device_at_another_rate_gets_resampled_sound(sounddevice: FakeSounddevice, clock: Clock) -> None:
    sounddevice.rates_hz = {48_000}
    output = open_output()
    stream = sounddevice.stream
    assert stream is not None
    assert "48000 Hz" in output.describe()
    signal = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000).astype(np.float32) / 2
    output.start()
    heard, n_sent = [], 0
    for _ in range(100):
        n_sent += output.write(signal[n_sent : n_sent + 500])
        if n_sent > 3000:
            heard.append(stream.fetch(300))
        assert 0 <= output.queued_samples <= 4000 + 0.1 * 16_000
        assert output.written_samples == n_sent
    got = np.concatenate(heard)
    expected = resample(signal, 16_000, 48_000)[: len(got)]
    np.testing.assert_allclose(got[240:], expected[240:], atol=1e-4)
    assert output.underruns == 0
    clock.advance(10)
    assert output.played_samples == len(got) // 3
    output.flush()
    assert output.played_samples == n_sent


def test_dead_device_is_noticed(sounddevice: FakeSounddevice, clock: Clock) -> None:
    output = open_output()
    stream = sounddevice.stream
    assert stream is not None
    output.start()
    stream.fetch(100)
    assert output.message is None
    clock.advance(2.5)
    assert output.is_silent
    assert "“Headphones” has stopped playing" in (output.message or "")
    output.stop()
    assert not output.is_silent
    output.start()
    stream.fetch(100)
    assert output.message is None
    stream.options["finished_callback"]()
    assert "has stopped playing" in (output.message or "")
    output.close()


def test_device_that_does_not_start(sounddevice: FakeSounddevice) -> None:
    output = open_output()
    sounddevice.refuses_to_start = True
    with pytest.raises(WorkbenchError, match="has stopped playing"):
        output.start()
    assert output.is_silent


def test_the_last_samples_are_heard_while_silence_follows(sounddevice: FakeSounddevice, clock: Clock) -> None:
    output = open_output()
    stream = sounddevice.stream
    assert stream is not None
    output.write(np.ones(1000, np.float32))
    output.start()
    for _ in range(20):
        stream.fetch(160)
        clock.advance(0.01)
    assert output.played_samples == 1000


def test_running_dry_is_counted(sounddevice: FakeSounddevice) -> None:
    output = open_output()
    stream = sounddevice.stream
    assert stream is not None
    output.write(np.ones(1000, np.float32))
    output.start()
    stream.fetch(900)
    assert output.underruns == 0
    stream.fetch(900)
    stream.fetch(900)
    assert output.underruns == 1
    output.close()


# Playing on a clock


def test_clock_keeps_real_time(clock: Clock) -> None:
    output: Output = ClockOutput("No sound.", queue_s=0.5)
    assert isinstance(output, Output)
    assert output.write(np.zeros(10_000, np.float32)) == 8000
    clock.advance(1)
    assert output.played_samples == 0
    output.start()
    clock.advance(0.25)
    assert output.played_samples == 4000
    assert output.queued_samples == output.free_samples == 4000
    output.stop()
    clock.advance(5)
    output.start()
    clock.advance(0.125)
    assert output.played_samples == 6000
    output.flush()
    assert output.played_samples == output.written_samples == 8000
    assert output.underruns == 0
    output.close()
    assert "silent" in output.describe()


def test_clock_waits_for_sound_and_counts_the_gap(clock: Clock) -> None:
    output = ClockOutput("No sound.")
    output.start()
    clock.advance(3)
    assert output.played_samples == 0
    assert output.underruns == 0
    output.write(np.zeros(1600, np.float32))
    clock.advance(0.3)
    assert output.played_samples == 1600
    assert output.underruns == 1
    output.write(np.zeros(1600, np.float32))
    clock.advance(0.0625)
    assert output.played_samples == 2600
    assert output.underruns == 1


def test_clock_runs_on_real_time() -> None:
    output = ClockOutput("No sound.")
    output.write(np.zeros(4000, np.float32))
    output.start()
    before_s = time.monotonic()
    while output.played_samples < 800 and time.monotonic() < before_s + 5:
        time.sleep(0.005)
    assert time.monotonic() - before_s >= 0.049
    assert output.played_samples >= 800
