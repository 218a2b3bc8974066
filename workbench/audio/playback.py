"""Playing a signal: through a sound device, or silently on a clock where there is none.

Both kinds of `Output` count every sample that is written to them, from 0 on and through stops and flushes. A
player remembers which place of its scene it wrote at which count; `played_samples` then tells what is heard.
"""

import sys
import threading
import time
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from workbench.audio.devices import (
    Device,
    list_devices,
    load_sounddevice,
    open_streams,
    portaudio_lock,
    portaudio_problem,
)
from workbench.audio.feed import Feed
from workbench.audio.resample import StreamingResampler
from workbench.audio.urgency import urgent
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError

QUEUE_S = 0.25
"""Sound that an output holds ready by default: enough for a Python thread that is kept waiting."""

DEVICE_LATENCY_S = 0.05
"""Asked of the device: PortAudio's lowest setting underflows where painting competes for Python's lock."""

_CALLBACK_TIMEOUT_S = 2.0
_STOP_TIMEOUT_S = 0.3


@runtime_checkable
class Output(Protocol):
    """Where a player sends its sound, in blocks at `SAMPLE_RATE`, float32, nominal range −1 to 1.

    `write` and `flush` belong to one thread, `start`, `stop` and `close` to one thread, perhaps the same; the
    properties may be read from any. Starting, stopping and flushing fade over 5 ms by themselves. An output
    is made stopped.
    """

    def describe(self) -> str:
        """Return the device, its rate and its latency in a few words."""

    def start(self) -> None:
        """Take samples from the queue from now on; fill it first, so that sound comes at once.

        Raises
        ------
        WorkbenchError
            If the device does not start; another output should be opened.
        """

    def stop(self) -> None:
        """Fall silent and keep what is queued for the next `start`. Takes about the latency."""

    def close(self) -> None:
        """Stop and release the device; the output cannot be used again."""

    def write(self, block: Signal) -> int:
        """Queue as much of a block as fits, without waiting, and return how many samples that was."""

    def flush(self) -> None:
        """Discard what is queued, as for a seek.

        What was discarded counts as played: `played_samples` moves on to `written_samples`, stays there until
        what is written next is heard, and never goes back. The old sound fades out within the latency.
        """

    @property
    def free_samples(self) -> int:
        """Samples that `write` would take now."""

    @property
    def written_samples(self) -> int:
        """Samples that `write` has taken since the output was made: the count of the next one."""

    @property
    def queued_samples(self) -> int:
        """Samples written that the device has not fetched yet."""

    @property
    def played_samples(self) -> int:
        """The count of the sample that is heard now, the latency of the device allowed for."""

    @property
    def latency_samples(self) -> int:
        """Time between the device's fetching of a sample and its being heard."""

    @property
    def underruns(self) -> int:
        """How often sound broke off since nothing was queued, or the device was served too late."""

    @property
    def is_silent(self) -> bool:
        """Whether nothing can be heard: there is no device, or it has died."""

    @property
    def message(self) -> str | None:
        """One sentence for the user where something is not as wished, with what to do about it."""


def open_output(preferred: str | None = None, *, queue_s: float = QUEUE_S) -> Output:
    """Open a sound device, or a silent clock where that cannot be.

    Parameters
    ----------
    preferred : str, optional
        A `Device.label` or name; without it, or where it is gone, the system's default.
    queue_s : float
        Length of the queue in s.

    Returns
    -------
    Output
        Its `message` says so where it is not the preferred device, or silent.
    """
    with portaudio_lock:
        problem = portaudio_problem()
        if problem is not None:
            return ClockOutput(f"Playback is silent: {problem}", queue_s=queue_s)
        devices = [device for device in list_devices() if device.max_output_channels > 0]
        wished = [device for device in devices if preferred in (device.label, device.name)]
        others = [device for device in devices if device.is_default_output and device not in wished]
        reason = "no sound device was found; connect headphones or loudspeakers"
        for device in wished + others:
            notice = None
            if preferred is not None and device not in wished:
                notice = (
                    f"“{preferred}” cannot be used, so “{device.name}” plays: connect it or choose another."
                )
            try:
                return DeviceOutput(device, queue_s=queue_s, notice=notice)
            except WorkbenchError as error:
                reason = str(error).rstrip(".")
        return ClockOutput(f"Playback is silent: {reason}, then press Play again.", queue_s=queue_s)


class DeviceOutput:
    """An `Output` that plays through PortAudio.

    The device runs at `SAMPLE_RATE` if it takes that, otherwise at its own rate; the resampling then happens
    in `write`. Its callback only runs `Feed.fill`. PortAudio does not tell when a device is unplugged: a
    stream that ended by itself, or has not called for 2 s, counts as dead (`is_silent`, `message`).

    Parameters
    ----------
    device : Device
        One of `list_devices`.
    queue_s : float
        Length of the queue in s.
    notice : str, optional
        What `message` says as long as the device lives.

    Raises
    ------
    WorkbenchError
        If the device cannot be opened.
    """

    def __init__(self, device: Device, *, queue_s: float = QUEUE_S, notice: str | None = None) -> None:
        self._sounddevice = load_sounddevice()
        self._device = device
        self._notice = notice
        self._stream: Any = self._open(queue_s)
        self._delay_s = float(self._stream.latency)
        self._pending: Signal = np.zeros(0, np.float32)
        self._n_written = 0
        self._n_played = 0
        # Count of samples written, and of those handed to the device, at the last flush.
        self._origin = (0, 0)
        # Count of samples that the device had fetched before its last block, and when that block is heard.
        self._heard = (0, 0.0)
        self._underflows = 0
        self._last_call_s = 0.0
        self._is_running = False
        self._has_ended = False

    def _open(self, queue_s: float) -> Any:
        error: Exception | None = None
        with portaudio_lock:
            for rate_hz in dict.fromkeys((SAMPLE_RATE, self._device.default_sample_rate_hz)):
                # What the callback needs has to be there before there is a stream.
                self._rate_hz = rate_hz
                self._feed = Feed(round(queue_s * rate_hz), rate_hz)
                self._resampler = StreamingResampler(SAMPLE_RATE, rate_hz, quality="HQ")
                try:
                    stream = self._sounddevice.OutputStream(
                        samplerate=rate_hz,
                        blocksize=0,
                        device=self._device.index,
                        # Both, since a single one would be heard on the left alone on some systems.
                        channels=min(2, self._device.max_output_channels),
                        dtype="float32",
                        latency=DEVICE_LATENCY_S,
                        extra_settings=self._extra_settings(),
                        callback=urgent(self._callback),
                        finished_callback=self._finished,
                    )
                except (self._sounddevice.PortAudioError, ValueError) as failure:
                    error = failure
                else:
                    open_streams.add(stream)
                    return stream
        raise WorkbenchError(
            f"“{self._device.name}” cannot be opened ({error}): close other programs that use it."
        ) from error

    def _extra_settings(self) -> Any:
        if sys.platform == "win32" and "WASAPI" in self._device.host_api:
            return self._sounddevice.WasapiSettings(auto_convert=True)
        return None

    def _callback(self, out: NDArray[np.float32], n_frames: int, times: Any, status: Any) -> None:
        now_s = time.monotonic()
        delay_s = times.outputBufferDacTime - times.currentTime
        # Some drivers leave these times at zero or at nonsense.
        if not 0 < delay_s < 1:
            delay_s = self._delay_s
        n_fetched = self._feed.ring.n_read
        self._feed.fill(out)
        # Silence has no count: while the queue is dry, what was fetched before goes on to be heard.
        if self._feed.ring.n_read > n_fetched:
            self._heard = (n_fetched, now_s + delay_s)
        if status.output_underflow:
            self._underflows += 1
        self._last_call_s = now_s

    def _finished(self) -> None:
        self._has_ended = True

    def describe(self) -> str:
        """Return the device, its rate and its latency in a few words."""
        return f"{self._device.label}, {self._rate_hz} Hz, {1000 * self._delay_s:.0f} ms"

    def start(self) -> None:
        """Play from now on; see `Output.start`."""
        if self._is_running and not self.is_silent:
            return
        with portaudio_lock:
            self._stream.abort(ignore_errors=True)
            self._feed.settle()
            try:
                self._has_ended = False
                self._feed.playing = True
                self._last_call_s = time.monotonic()
                self._is_running = True
                self._stream.start()
            except self._sounddevice.PortAudioError as error:
                self._has_ended = True
                raise WorkbenchError(self._death()) from error

    def stop(self) -> None:
        """Fade out and halt the device; see `Output.stop`."""
        if not self._is_running:
            return
        self._feed.playing = False
        give_up_s = time.monotonic() + _STOP_TIMEOUT_S
        while not self._feed.is_faded_out and not self.is_silent and time.monotonic() < give_up_s:
            time.sleep(0.002)
        # The end of the fade is on its way to the ear. Waiting here and then aborting takes bounded time;
        # PortAudio's own way to drain a stream can hang on a device that was unplugged.
        time.sleep(min(self._delay_s, _STOP_TIMEOUT_S))
        with portaudio_lock:
            self._stream.abort(ignore_errors=True)
            self._is_running = False
            self._feed.settle()

    def close(self) -> None:
        """Stop and release the device."""
        self.stop()
        with portaudio_lock:
            self._stream.close(ignore_errors=True)
            open_streams.discard(self._stream)

    def write(self, block: Signal) -> int:
        """Queue as much of a block as fits, without waiting, and return how many samples that was."""
        # The resampler gives in bursts: what does not fit waits here and goes first.
        self._pending = self._pending[self._feed.ring.write(self._pending) :]
        n = min(len(block), self.free_samples)
        if n > 0:
            ready = self._resampler.process(block[:n])
            self._pending = ready[self._feed.ring.write(ready) :].copy()
            self._n_written += n
        return n

    def flush(self) -> None:
        """Discard what is queued; see `Output.flush`."""
        self._pending = self._pending[:0]
        self._resampler.reset()
        self._origin = (self._n_written, self._feed.ring.n_written)
        self._feed.flush()
        if not self._is_running:
            self._feed.settle()

    def _count(self, n_device: int) -> int:
        """Turn the device's count of samples into that of the samples written."""
        n_written, n_device_origin = self._origin
        return n_written + max(0, n_device - n_device_origin) * SAMPLE_RATE // self._rate_hz

    @property
    def free_samples(self) -> int:
        """Samples that `write` would take now."""
        return 0 if len(self._pending) else self._feed.ring.free * SAMPLE_RATE // self._rate_hz

    @property
    def written_samples(self) -> int:
        """Samples that `write` has taken since the output was made."""
        return self._n_written

    @property
    def queued_samples(self) -> int:
        """Samples written that the device has not fetched yet."""
        return self._n_written - self._count(self._feed.ring.n_read)

    @property
    def played_samples(self) -> int:
        """The count of the sample that is heard now; see `Output.played_samples`."""
        n_fetched = self._feed.ring.n_read
        if self._is_running:
            n_heard, at_s = self._heard
            n_fetched = min(n_fetched, n_heard + round((time.monotonic() - at_s) * self._rate_hz))
        self._n_played = max(self._n_played, self._count(n_fetched))
        return self._n_played

    @property
    def latency_samples(self) -> int:
        """Time between the device's fetching of a sample and its being heard."""
        return round(self._delay_s * SAMPLE_RATE)

    @property
    def underruns(self) -> int:
        """How often sound broke off, counted by us and by the device."""
        return self._feed.underruns + self._underflows

    @property
    def is_silent(self) -> bool:
        """Whether the device has died; another output should then be opened."""
        late = time.monotonic() - self._last_call_s > _CALLBACK_TIMEOUT_S
        return self._is_running and (self._has_ended or late)

    @property
    def message(self) -> str | None:
        """One sentence where the device has died or is not the one that was wished for."""
        return self._death() if self.is_silent else self._notice

    def _death(self) -> str:
        return (
            f"“{self._device.name}” has stopped playing: check that it is connected, then press Play again."
        )


class ClockOutput:
    """An `Output` that is silent and uses up what is written at the pace of real time.

    There is no thread behind it: what has been played follows from the time, whenever somebody asks.

    Parameters
    ----------
    message : str
        Why there is no sound, and what to do about it.
    queue_s : float
        Length of the queue in s.
    """

    latency_samples = 0
    is_silent = True

    def __init__(self, message: str, *, queue_s: float = QUEUE_S) -> None:
        self.message = message
        self._capacity = round(queue_s * SAMPLE_RATE)
        self._lock = threading.Lock()
        self._n_written = 0
        self._underruns = 0
        # Samples played, and at which time; None while stopped.
        self._n_played = 0.0
        self._at_s: float | None = None

    def _advance(self) -> int:
        """Bring the count of samples played up to now."""
        with self._lock:
            if self._at_s is not None:
                now_s = time.monotonic()
                due = self._n_played + (now_s - self._at_s) * SAMPLE_RATE
                if due > self._n_written and self._n_played < self._n_written:
                    self._underruns += 1
                self._n_played = min(due, self._n_written)
                self._at_s = now_s
            return int(self._n_played)

    def describe(self) -> str:
        """Return that there is no device."""
        return "silent, no sound device"

    def start(self) -> None:
        """Let the clock run."""
        self._advance()
        if self._at_s is None:
            self._at_s = time.monotonic()

    def stop(self) -> None:
        """Halt the clock."""
        self._advance()
        self._at_s = None

    def close(self) -> None:
        """Halt the clock for good."""
        self.stop()

    def write(self, block: Signal) -> int:
        """Queue as much of a block as fits and return how many samples that was."""
        n = min(len(block), self.free_samples)
        self._n_written += n
        return n

    def flush(self) -> None:
        """Discard what is queued; see `Output.flush`."""
        self._advance()
        with self._lock:
            self._n_played = self._n_written

    @property
    def free_samples(self) -> int:
        """Samples that `write` would take now."""
        return self._capacity - self.queued_samples

    @property
    def written_samples(self) -> int:
        """Samples that `write` has taken since the output was made."""
        return self._n_written

    @property
    def queued_samples(self) -> int:
        """Samples written that the clock has not used up yet."""
        return self._n_written - self._advance()

    @property
    def played_samples(self) -> int:
        """The count of the sample that would be heard now."""
        return self._advance()

    @property
    def underruns(self) -> int:
        """How often the clock ran past what was written."""
        self._advance()
        return self._underruns
