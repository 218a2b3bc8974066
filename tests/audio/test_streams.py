import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from workbench.audio import devices, files, streams
from workbench.audio.devices import Device
from workbench.audio.streams import (
    FileMicrophone,
    InputStream,
    OutputStream,
    find_input,
    find_output,
    looks_like_headphones,
)
from workbench.errors import WorkbenchError


class PortAudioError(Exception):
    """What sounddevice raises."""


class FakeStream:
    latency = 0.01

    def __init__(self, module: "FakeSounddevice", **options: Any) -> None:
        if options["samplerate"] not in module.rates_hz:
            raise PortAudioError("Invalid sample rate")
        self.options, self.module, self.running = options, module, False

    def start(self) -> None:
        if self.module.refuses_to_start:
            raise PortAudioError("Device unavailable")
        self.running = True

    def abort(self, ignore_errors: bool = True) -> None:
        self.running = False

    def close(self, ignore_errors: bool = True) -> None:
        self.running = False

    def call(self, block: np.ndarray, **flags: bool) -> np.ndarray:
        status = SimpleNamespace(**{"input_overflow": False, "output_underflow": False, **flags})
        self.options["callback"](block, len(block), None, status)
        return block


class FakeSounddevice:
    PortAudioError = PortAudioError

    def __init__(self) -> None:
        self.rates_hz = {16_000, 48_000}
        self.refuses_to_start = False
        self.default = SimpleNamespace(device=(0, 1))
        self.names = [("Built-in microphone", 1, 0), ("Built-in output", 0, 2), ("USB headset", 1, 2)]

    def _terminate(self) -> None:
        pass

    def _initialize(self) -> None:
        pass

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": "ALSA", "default_input_device": 0, "default_output_device": 1}]

    def query_devices(self) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "hostapi": 0,
                "max_input_channels": n_in,
                "max_output_channels": n_out,
                "default_samplerate": 48_000.0,
            }
            for name, n_in, n_out in self.names
        ]

    def InputStream(self, **options: Any) -> FakeStream:
        return FakeStream(self, **options)

    OutputStream = InputStream


@pytest.fixture
def sounddevice(monkeypatch: pytest.MonkeyPatch) -> FakeSounddevice:
    fake = FakeSounddevice()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)  # type: ignore[arg-type]
    monkeypatch.setattr(devices, "_was_listed", False)
    return fake


# Finding a device


def test_devices_are_found_by_label_name_part_and_index(sounddevice: FakeSounddevice) -> None:
    assert find_input().name == "Built-in microphone"
    assert find_output().name == "Built-in output"
    for wanted in ("USB headset (ALSA)", "USB headset", "headset", "2", 2):
        assert find_input(wanted).name == find_output(wanted).name == "USB headset"


def test_a_device_that_is_not_there_or_not_meant_clearly(sounddevice: FakeSounddevice) -> None:
    with pytest.raises(WorkbenchError, match=r"“Bose” was not found: .*“Built-in microphone \(ALSA\)”"):
        find_input("Bose")
    sounddevice.names.append(("USB camera", 1, 0))
    with pytest.raises(WorkbenchError, match="several devices"):
        find_input("usb")
    # An output is no microphone.
    with pytest.raises(WorkbenchError, match="not found"):
        find_input("Built-in output")


def test_no_microphone_is_one_sentence(sounddevice: FakeSounddevice) -> None:
    sounddevice.names = [("Built-in output", 0, 2)]
    with pytest.raises(WorkbenchError, match="No microphone was found: connect one"):
        find_input()


@pytest.mark.parametrize(
    ("name", "private"),
    [
        ("USB headset", True),
        ("Headphones (Realtek Audio)", True),
        ("AirPods Pro", True),
        ("Kopfhörer", True),
        ("Speakers (Realtek Audio)", False),
        ("default", False),
        ("HDMI 0", False),
    ],
)
def test_headphones_are_told_by_their_name(name: str, private: bool) -> None:
    assert looks_like_headphones(Device(0, name, "ALSA", 0, 2, 48_000, False, False)) is private


# Input


def test_what_comes_in_is_read(sounddevice: FakeSounddevice) -> None:
    source = InputStream(find_input())
    source.start()
    assert source._stream.options["latency"] == "low"
    signal = np.arange(300, dtype=np.float32)
    source._stream.call(signal[:200, None].copy())
    source._stream.call(signal[200:, None].copy(), input_overflow=True)
    assert source.available_samples == 300
    np.testing.assert_array_equal(source.read(), signal)
    assert len(source.read()) == 0
    assert (source.overflows, source.device_xruns, source.burst_samples) == (0, 1, 200)
    source._stream.call(np.zeros((20_000, 1), np.float32))
    assert source.overflows == 1
    assert source.message is None
    assert source._stream in devices.open_streams
    source.close()
    assert source._stream not in devices.open_streams


def test_a_device_at_another_rate_is_resampled(sounddevice: FakeSounddevice) -> None:
    sounddevice.rates_hz = {48_000}
    source, sink = InputStream(find_input()), OutputStream(find_output())
    assert source.describe() == "Built-in microphone (ALSA), 48000 Hz, 12 ms"
    tone = np.sin(2 * np.pi * 500 * np.arange(4800) / 48_000).astype(np.float32)
    source._stream.call(tone[:, None].copy())
    came = source.read()
    assert abs(len(came) - 1568) <= 2
    np.testing.assert_allclose(came[100:], tone[::3][100 : len(came)], atol=1e-3)
    sink.write(came)
    assert abs(sink.queued_samples - (len(came) - 32)) <= 2
    played = sink._stream.call(np.empty((3000, 2), np.float32))
    np.testing.assert_allclose(played[500:, 1], tone[500:3000], atol=1e-3)
    source.close()
    sink.close()


def test_a_refusal_says_what_to_do(sounddevice: FakeSounddevice) -> None:
    sounddevice.rates_hz = set()
    with pytest.raises(WorkbenchError, match="allow the microphone in the privacy settings"):
        InputStream(find_input())
    sounddevice.rates_hz = {16_000}
    sounddevice.refuses_to_start = True
    sink = OutputStream(find_output())
    with pytest.raises(WorkbenchError, match="close other programs"):
        sink.start()
    sink.close()


# Output


def test_what_is_written_is_played_and_a_dry_queue_is_counted(sounddevice: FakeSounddevice) -> None:
    sink = OutputStream(find_output("headset"))
    assert sink.is_private
    sink.start()
    sink.write(np.ones(1000, np.float32))
    assert sink.queued_samples == 1000
    played = sink._stream.call(np.empty((600, 2), np.float32))
    assert (played[100:] == 1).all()
    assert sink.underruns == 0
    sink._stream.call(np.empty((600, 2), np.float32), output_underflow=True)
    assert (sink.underruns, sink.device_xruns, sink.queued_samples) == (1, 1, 0)
    sink.write(np.ones(500, np.float32))
    sink.flush()
    assert sink.queued_samples == 0
    sink.close()


@pytest.mark.parametrize("way", ["ended", "silent"])
def test_a_device_that_dies_says_so(
    sounddevice: FakeSounddevice, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    sink = OutputStream(find_output())
    sink.start()
    assert sink.message is None
    if way == "ended":
        sink._stream.options["finished_callback"]()
    else:
        later_s = time.monotonic() + streams.CALLBACK_TIMEOUT_S + 0.1
        monkeypatch.setattr(streams, "time", SimpleNamespace(monotonic=lambda: later_s))
    assert (
        sink.message == "“Built-in output” has stopped: check that it is connected, or choose another device."
    )
    sink.close()
    assert sink.message is None


# A file in place of a microphone


def test_a_file_is_heard_in_real_time_over_and_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signal = np.random.default_rng(0).uniform(-0.5, 0.5, 4000).astype(np.float32)
    files.write(tmp_path / "speech.wav", signal, subtype="FLOAT")
    now = SimpleNamespace(s=50.0)
    monkeypatch.setattr(streams, "time", SimpleNamespace(monotonic=lambda: now.s))
    microphone = FileMicrophone(tmp_path / "speech.wav")
    assert microphone.available_samples == 0
    microphone.start()
    now.s += 0.2
    first = microphone.read()
    now.s += 0.3
    np.testing.assert_array_equal(np.concatenate((first, microphone.read())), np.tile(signal, 2))
    assert microphone.overflows == 0
    now.s += 25
    assert len(microphone.read()) == 160_000  # whoever does not listen misses something
    assert microphone.overflows == 1
    microphone.close()
