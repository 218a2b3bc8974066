"""The two ends of a live run: a microphone and a loudspeaker, each a stream of its own.

Input and output are opened apart, not as one duplex stream, so that any two devices go together, and that
pulling one away or choosing another leaves the other, and a recording, undisturbed. What their clocks differ
by is made up for where the two meet (`workbench.engine.pace`).

A callback only moves samples to or from a ring buffer. PortAudio does not tell when a device is unplugged: a
stream that ended by itself, or has not called for some time, counts as dead.
"""

import re
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from workbench.audio import files
from workbench.audio.devices import Device, list_devices, load_sounddevice, open_streams, portaudio_lock
from workbench.audio.feed import Feed
from workbench.audio.live_resample import LiveResampler
from workbench.audio.ring import RingBuffer
from workbench.audio.urgency import urgent
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError

RING_S = 1.0
"""Sound that waits between a callback and its thread at the most; what comes beyond is lost and counted."""

FILE_BEHIND_S = 10.0
"""The same for a file in place of a microphone."""

CALLBACK_TIMEOUT_S = 2.5
"""PulseAudio may let a stream wait for 2 s when it starts."""

_HEADPHONES = re.compile(
    r"head(phone|set)|ear(phone|bud|pod|piece)|airpods|\bbuds\b|hands.?free|kopfh|casque|auricular|cuffie",
    re.IGNORECASE,
)

Direction = Literal["input", "output"]


def looks_like_headphones(device: Device) -> bool:
    """Tell by its name whether what a device plays stays in the listener's ears.

    A guess that errs on the side of caution: a device called "Default" may be anything.
    """
    return _HEADPHONES.search(device.name) is not None


def find_input(wanted: str | int | None = None) -> Device:
    """Return the microphone that is meant.

    Parameters
    ----------
    wanted : str or int, optional
        A `Device.label`, a name, a part of one that fits a single device, or an index; the system's default
        when None.

    Raises
    ------
    WorkbenchError
        If PortAudio is missing, there is no microphone, or none or several are meant.
    """
    return _find(wanted, "input")


def find_output(wanted: str | int | None = None) -> Device:
    """Return the output device that is meant; see `find_input`."""
    return _find(wanted, "output")


def _find(wanted: str | int | None, direction: Direction) -> Device:
    what = "microphone" if direction == "input" else "output device"
    usable = [device for device in list_devices() if _channels(device, direction)]
    if not usable:
        raise WorkbenchError(f"No {what} was found: connect one and try again.")
    if wanted is None:
        default = "is_default_input" if direction == "input" else "is_default_output"
        return next((device for device in usable if getattr(device, default)), usable[0])
    text = str(wanted)
    tests: tuple[Callable[[Device], bool], ...] = (
        lambda device: text == device.label,
        lambda device: text == device.name,
        lambda device: text == str(device.index),
        lambda device: text.casefold() in device.label.casefold(),
    )
    for test in tests:
        found = [device for device in usable if test(device)]
        if len({device.label for device in found}) == 1:
            return found[0]
        if found:
            names = ", ".join(f"“{device.label}”" for device in found)
            raise WorkbenchError(f"“{text}” is the name of several devices ({names}): choose one of them.")
    names = ", ".join(f"“{device.label}”" for device in usable)
    raise WorkbenchError(f"“{text}” was not found: connect it, or choose another {what} ({names}).")


def _channels(device: Device, direction: Direction) -> int:
    return device.max_input_channels if direction == "input" else device.max_output_channels


class Input(Protocol):
    """Where live sound comes from; one thread reads."""

    @property
    def name(self) -> str:
        """What users call it."""

    @property
    def latency_s(self) -> float:
        """Age of a sample when it can be read."""

    @property
    def overflows(self) -> int:
        """How often sound was lost because nobody read."""

    @property
    def device_xruns(self) -> int:
        """How often sound was lost because the device was served too late."""

    @property
    def message(self) -> str | None:
        """One sentence once it has died; None while it lives."""

    @property
    def available_samples(self) -> int:
        """Samples that `read` would return now, more or less a few."""

    @property
    def burst_samples(self) -> int:
        """The most that comes in at once."""

    def start(self) -> None:
        """Run; raises `WorkbenchError` where that cannot be."""

    def read(self) -> Signal:
        """Return all that has come in since the last call, float32, shape (n_samples,), at `SAMPLE_RATE`."""

    def close(self) -> None:
        """Stop and release the device."""


class Sink(Protocol):
    """Where live sound goes to; one thread writes."""

    @property
    def name(self) -> str:
        """What users call it."""

    @property
    def latency_s(self) -> float:
        """Time from the device's fetching of a sample to its being heard."""

    @property
    def underruns(self) -> int:
        """How often sound broke off because nothing was queued."""

    @property
    def device_xruns(self) -> int:
        """How often sound broke off because the device was served too late."""

    @property
    def message(self) -> str | None:
        """One sentence once it has died; None while it lives."""

    @property
    def queued_samples(self) -> int:
        """Samples written that the device has not fetched yet."""

    @property
    def burst_samples(self) -> int:
        """The most that the device fetches at once."""

    @property
    def is_private(self) -> bool:
        """Whether only the listener hears it, so that it cannot howl."""

    def start(self) -> None:
        """Run; raises `WorkbenchError` where that cannot be."""

    def write(self, block: Signal) -> None:
        """Queue a block, float32, shape (n_samples,), at `SAMPLE_RATE`; what does not fit is lost."""

    def flush(self) -> None:
        """Discard what is queued, faded."""

    def close(self) -> None:
        """Stop and release the device."""


class _DeviceStream(ABC):
    """What both ends share: a PortAudio stream, the watchdog over it, and its latency."""

    _direction: Direction
    _resampler: LiveResampler

    def __init__(self, device: Device, latency_s: float | None = None) -> None:
        self.device = device
        self.burst_samples = 0
        self._sounddevice = load_sounddevice()
        self._asked_latency_s = latency_s
        self.device_xruns = 0
        self._last_call_s = 0.0
        self._is_running = False
        self._has_ended = False
        self._stream: Any = self._open()
        self._delay_s = float(self._stream.latency)

    def _open(self) -> Any:
        error: Exception | None = None
        is_input = self._direction == "input"
        kind = self._sounddevice.InputStream if is_input else self._sounddevice.OutputStream
        with portaudio_lock:
            for rate_hz in dict.fromkeys((SAMPLE_RATE, self.device.default_sample_rate_hz)):
                # What the callback needs has to be there before there is a stream.
                self.rate_hz = rate_hz
                self._prepare(rate_hz)
                try:
                    stream = kind(
                        samplerate=rate_hz,
                        blocksize=0,
                        device=self.device.index,
                        channels=1 if is_input else min(2, self.device.max_output_channels),
                        dtype="float32",
                        latency="low" if self._asked_latency_s is None else self._asked_latency_s,
                        extra_settings=self._extra_settings(),
                        callback=urgent(self._callback),
                        finished_callback=self._finished,
                    )
                except (self._sounddevice.PortAudioError, ValueError) as failure:
                    error = failure
                else:
                    open_streams.add(stream)
                    return stream
        raise self._refused(error) from error

    def _refused(self, error: Exception | None) -> WorkbenchError:
        remedy = "close other programs that use it"
        if self._direction == "input":
            remedy += ", and allow the microphone in the privacy settings of the system"
        return WorkbenchError(f"“{self.device.name}” cannot be opened ({error}): {remedy}.")

    def _extra_settings(self) -> Any:
        if sys.platform == "win32" and "WASAPI" in self.device.host_api:
            return self._sounddevice.WasapiSettings(auto_convert=True)
        return None

    @abstractmethod
    def _prepare(self, rate_hz: int) -> None:
        """Make what the callback needs at that rate."""

    @abstractmethod
    def _callback(self, block: NDArray[np.float32], n_frames: int, times: Any, status: Any) -> None:
        """Move a block, shape (n_frames, n_channels); runs in the device's thread."""

    def _finished(self) -> None:
        self._has_ended = True

    @property
    def name(self) -> str:
        """What users call the device."""
        return self.device.name

    def describe(self) -> str:
        """Return the device, its rate and its latency in a few words."""
        return f"{self.device.label}, {self.rate_hz} Hz, {1000 * self.latency_s:.0f} ms"

    def start(self) -> None:
        """Run the stream.

        Raises
        ------
        WorkbenchError
            If the device does not start.
        """
        with portaudio_lock:
            try:
                self._last_call_s = time.monotonic()
                self._is_running = True
                self._stream.start()
            except self._sounddevice.PortAudioError as error:
                self._has_ended = True
                raise self._refused(error) from error

    def close(self) -> None:
        """Stop and release the device."""
        with portaudio_lock:
            self._is_running = False
            # `abort`, since PortAudio's way to drain a stream can hang on a device that was unplugged.
            self._stream.abort(ignore_errors=True)
            self._stream.close(ignore_errors=True)
            open_streams.discard(self._stream)

    @property
    def message(self) -> str | None:
        """One sentence once the device has died; None while it lives."""
        late = time.monotonic() - self._last_call_s > CALLBACK_TIMEOUT_S
        if not self._is_running or not (self._has_ended or late):
            return None
        return f"“{self.device.name}” has stopped: check that it is connected, or choose another device."

    @property
    def latency_s(self) -> float:
        """Time between the air (or the cable) and the ring buffer, the resampler's delay included."""
        return self._delay_s + self._resampler.delay_s


class InputStream(_DeviceStream):
    """An `Input` from a device, at `SAMPLE_RATE` or else at the device's own rate, then resampled.

    Parameters
    ----------
    device : Device
        One of `list_devices`; its first channel is taken.
    latency_s : float, optional
        Asked of the device; its lowest when None.

    Raises
    ------
    WorkbenchError
        If the device cannot be opened.
    """

    _direction: Direction = "input"

    def __init__(self, device: Device, latency_s: float | None = None) -> None:
        self.overflows = 0
        super().__init__(device, latency_s)

    def _prepare(self, rate_hz: int) -> None:
        self._ring = RingBuffer(round(RING_S * rate_hz))
        self._resampler = LiveResampler(rate_hz, SAMPLE_RATE)

    def _callback(self, block: NDArray[np.float32], n_frames: int, times: Any, status: Any) -> None:
        if self._ring.write(block[:, 0]) < n_frames:
            self.overflows += 1
        if status.input_overflow:
            self.device_xruns += 1
        self.burst_samples = max(self.burst_samples, n_frames * SAMPLE_RATE // self.rate_hz)
        self._last_call_s = time.monotonic()

    @property
    def available_samples(self) -> int:
        """Samples that `read` would return now, more or less a few."""
        return self._ring.available * SAMPLE_RATE // self.rate_hz

    def read(self) -> Signal:
        """Return all that has come in since the last call, float32, shape (n_samples,)."""
        block = np.empty(self._ring.available, np.float32)
        self._ring.read_into(block)
        return self._resampler.process(block)


class OutputStream(_DeviceStream):
    """A `Sink` that plays on a device, at `SAMPLE_RATE` or, resampled, at the device's own rate.

    Parameters
    ----------
    device : Device
        One of `list_devices`.
    latency_s : float, optional
        Asked of the device; its lowest when None.

    Raises
    ------
    WorkbenchError
        If the device cannot be opened.
    """

    _direction: Direction = "output"

    def _prepare(self, rate_hz: int) -> None:
        self._feed = Feed(round(RING_S * rate_hz), rate_hz)
        self._feed.playing = True
        self._resampler = LiveResampler(SAMPLE_RATE, rate_hz)

    def _callback(self, block: NDArray[np.float32], n_frames: int, times: Any, status: Any) -> None:
        self._feed.fill(block)
        if status.output_underflow:
            self.device_xruns += 1
        self.burst_samples = max(self.burst_samples, n_frames * SAMPLE_RATE // self.rate_hz)
        self._last_call_s = time.monotonic()

    @property
    def underruns(self) -> int:
        """How often sound broke off because nothing was queued."""
        return self._feed.underruns

    @property
    def is_private(self) -> bool:
        """Whether only the listener hears it, so that it cannot howl."""
        return looks_like_headphones(self.device)

    @property
    def queued_samples(self) -> int:
        """Samples written that the device has not fetched yet."""
        return self._feed.queued * SAMPLE_RATE // self.rate_hz

    def write(self, block: Signal) -> None:
        """Queue a block; what does not fit is lost."""
        self._feed.ring.write(self._resampler.process(block))

    def flush(self) -> None:
        """Discard what is queued, faded."""
        self._feed.flush()


class FileMicrophone:
    """An `Input` that plays a file in real time, over and over: a microphone for machines without one.

    Parameters
    ----------
    path : pathlib.Path
        A sound file.

    Raises
    ------
    WorkbenchError
        If it cannot be read.
    """

    latency_s = 0.0
    message = None
    burst_samples = 0
    device_xruns = 0

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.overflows = 0
        self._signal = files.read(path)
        self._n_read = 0
        self._began_s: float | None = None

    def start(self) -> None:
        """Begin with the first sample, now."""
        self._began_s = time.monotonic()
        self._n_read = 0

    @property
    def available_samples(self) -> int:
        """Samples that `read` would return now."""
        if self._began_s is None:
            return 0
        return int((time.monotonic() - self._began_s) * SAMPLE_RATE) - self._n_read

    def read(self) -> Signal:
        """Return what the clock says has come in since the last call, float32, shape (n_samples,)."""
        n_samples = self.available_samples
        n_lost = max(0, n_samples - round(FILE_BEHIND_S * SAMPLE_RATE))
        self.overflows += n_lost > 0
        self._n_read += n_lost
        n_samples -= n_lost
        start = self._n_read % len(self._signal)
        self._n_read += n_samples
        if start + n_samples <= len(self._signal):
            return self._signal[start : start + n_samples]
        return np.resize(np.roll(self._signal, -start), n_samples)

    def close(self) -> None:
        """Stop the clock."""
        self._began_s = None
