"""A live run: microphone in, cleaned sound out, in real time, whatever the devices do.

Three threads besides those of PortAudio: one takes what the microphone brings through the graph to the
output, one looks after the devices, and one writes a recording if there is one. Nobody waits for the window:
it polls.
"""

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, astuple
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from workbench.audio.devices import Device, list_devices
from workbench.audio.streams import (
    FileMicrophone,
    Input,
    InputStream,
    OutputStream,
    Sink,
    find_input,
    find_output,
)
from workbench.audio.urgency import DENOISER_PRIORITY, run_ahead
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.engine.glide import Glide
from workbench.engine.graph import GraphBlock
from workbench.engine.howling import START_RAMP_S, HowlGuard
from workbench.engine.latency import LatencyBudget
from workbench.engine.live_status import SILENT, LiveCounts, LiveSettings, LiveStatus
from workbench.engine.microphone_graph import MicrophoneGraph, NoiseLoop
from workbench.engine.monitor import MonitorChoice
from workbench.engine.pace import Pace
from workbench.engine.recording import Recorder, TakeWriter, new_take_folder, write_take
from workbench.errors import WorkbenchError

LOUDSPEAKER_WARNING = (
    "The output may be a loudspeaker: use headphones, so that the microphone does not hear it."
)

BLOCK_SAMPLES = 128
KEPT_S = 60.0
"""Sound that is always at hand for `LiveSession.keep_last`."""

POLLED_S = 30.0
BEHIND_SAMPLES = SAMPLE_RATE // 10
"""So much sound may wait for the denoiser."""

CATCH_UP_SAMPLES = SAMPLE_RATE * 3 // 10
"""Where more waits it is worked off, or passed by undenoised if that would take longer than this."""

FIRST_REST_S = 1.0
LAST_REST_S = 32.0
"""How long the denoiser rests after an overload, at first and, doubling each time, at the most."""

CALM_S = 30.0

_TICK_S = 0.002
_TEND_S = 0.2
_RETRY_S = 1.0
_LAST_RETRY_S = 5.0
_NOTICE_S = 6.0
_SMOOTHING = 0.02
_METER_FALL = 0.97
_GLIDE_SAMPLES = SAMPLE_RATE * 20 // 1000
_SHORT_RAMP_S = 0.05
_TIMED_BLOCKS = 4096
_BREAKS_S = 5.0
_MANY_BREAKS = 4
_LATENCY_STEPS = 4

log = logging.getLogger(__name__)


def _sum(one: LiveCounts, other: LiveCounts) -> LiveCounts:
    return LiveCounts(*map(sum, zip(astuple(one), astuple(other), strict=True)))


def _counts(pace: Pace) -> LiveCounts:
    return LiveCounts(
        output_underruns=pace.underruns,
        device_xruns=pace.sink.device_xruns,
        skipped_samples=pace.skipped_samples,
    )


class LiveSession:
    """Runs live sound through a method, and keeps running whatever the devices do.

    A device that dies is opened again as soon as it is back; until then the rest goes on. A denoiser that is
    too slow is bypassed, with a message, and tried again after a rest; the delay does not grow.

    Parameters
    ----------
    settings : LiveSettings
        How to begin. The method and the noise are loaded here, the devices opened by `start`.

    Raises
    ------
    WorkbenchError
        If the method cannot be had, or the noise or the file in place of the microphone cannot be read.
    """

    def __init__(self, settings: LiveSettings | None = None) -> None:
        settings = settings or LiveSettings()
        self._settings = settings
        self.graph = MicrophoneGraph(
            method=settings.method,
            attenuation_limit_db=settings.attenuation_limit_db,
            wet=settings.wet,
            snr_db=settings.snr_db,
            noise_path=settings.noise_path,
            input_gain_db=settings.input_gain_db,
            monitor=settings.monitor,
            loudness_matched=settings.loudness_matched,
        )
        self.output_gain_db = settings.output_gain_db
        self.muted = False
        self._input_name, self._output_name = settings.input, settings.output
        self._input_file = settings.input_file
        self._input: Input | None = None
        self._pace: Pace | None = None
        self._recorder: Recorder | None = None
        self._failed_recording = ""
        # One at a time opens and closes devices.
        self._devices = threading.RLock()
        self._stopping = threading.Event()
        self._is_starting = False
        self._threads: list[threading.Thread] = []
        self._made: deque[GraphBlock] = deque(maxlen=round(POLLED_S * SAMPLE_RATE / BLOCK_SAMPLES))
        self._kept: deque[GraphBlock] = deque(maxlen=round(KEPT_S * SAMPLE_RATE / BLOCK_SAMPLES))
        self._clear()

    def _clear(self) -> None:
        """Begin to count anew."""
        self._made.clear()
        self._kept.clear()
        self._n_fed = 0
        self._load = 0.0
        self._taken_s: deque[float] = deque(maxlen=_TIMED_BLOCKS)
        self._peaks = [0.0, 0.0]
        self._overloads = 0
        self._bypassed_until_s: float | None = None
        self._resumed_s = 0.0
        self._rest_s = FIRST_REST_S
        # Of devices that have been closed.
        self._gone = LiveCounts()
        self._latency_step = 0
        self._seen_xruns = 0
        self._xruns_since_s = 0.0
        self._notice: tuple[str, float] = ("", 0.0)
        self._lost: dict[str, str] = {}
        self._failure = ""
        self._guard = HowlGuard()
        self._out_gain = Glide([0.0], _GLIDE_SAMPLES)
        self._is_beginning = True

    # Settings

    @property
    def method(self) -> str:
        """Name of the method; setting it loads in the caller's thread, raises `WorkbenchError`."""
        return self.graph.method

    @method.setter
    def method(self, name: str) -> None:
        self.graph.method = name
        self._rest_s = FIRST_REST_S
        if self._bypassed_until_s is not None:
            self._bypassed_until_s = 0.0
        self._note("method", value=name)

    @property
    def snr_db(self) -> float:
        """Running active speech level over the added noise, dB."""
        return self.graph.snr_db

    @snr_db.setter
    def snr_db(self, snr_db: float) -> None:
        self.graph.snr_db = snr_db
        self._note("snr_db", value=snr_db)

    @property
    def attenuation_limit_db(self) -> float | None:
        """The most that the denoiser attenuates, dB; None for no limit."""
        return self.graph.attenuation_limit_db

    @attenuation_limit_db.setter
    def attenuation_limit_db(self, limit_db: float | None) -> None:
        self.graph.attenuation_limit_db = limit_db
        self._note("attenuation_limit_db", value=limit_db)

    @property
    def wet(self) -> float:
        """Share of the denoised signal, 0 to 1."""
        return self.graph.wet

    @wet.setter
    def wet(self, share: float) -> None:
        self.graph.wet = share
        self._note("wet", value=share)

    @property
    def input_gain_db(self) -> float:
        """Gain of the microphone, dB."""
        return self.graph.input_gain_db

    @input_gain_db.setter
    def input_gain_db(self, gain_db: float) -> None:
        self.graph.input_gain_db = gain_db
        self._note("input_gain_db", value=gain_db)

    @property
    def monitor(self) -> MonitorChoice:
        """What goes to the ear; raises `WorkbenchError` for "clean" where there is none."""
        return self.graph.monitor

    @monitor.setter
    def monitor(self, choice: MonitorChoice) -> None:
        self.graph.monitor = choice

    @property
    def loudness_matched(self) -> bool:
        """Whether clean, mixed and denoised are made equally loud."""
        return self.graph.loudness_matched

    @loudness_matched.setter
    def loudness_matched(self, matched: bool) -> None:
        self.graph.loudness_matched = matched

    @property
    def has_clean(self) -> bool:
        """Whether the clean signal is known."""
        return self.graph.has_clean

    def set_noise(self, path: Path | None) -> None:
        """Add another noise, or none; loads in the caller's thread, raises `WorkbenchError`."""
        self.graph.noise = None if path is None else NoiseLoop(path)
        self._note("noise", value=None if path is None else str(path))

    # Devices

    def set_input(self, name: str | None) -> None:
        """Take another microphone; None for the system's.

        Raises
        ------
        WorkbenchError
            If it cannot be used; the one before goes on.
        """
        with self._devices:
            before = self._input_name, self._input_file
            self._input_name, self._input_file = name, None
            try:
                self._open_input()
            except WorkbenchError:
                self._input_name, self._input_file = before
                raise

    def set_output(self, name: str | None) -> None:
        """Play on another device; None for the system's, `SILENT` for none.

        Raises
        ------
        WorkbenchError
            If it cannot be used; the one before goes on.
        """
        with self._devices:
            before, self._output_name = self._output_name, name
            self._latency_step = 0
            try:
                self._open_output()
            except WorkbenchError:
                self._output_name = before
                raise

    def rescan(self) -> list[Device]:
        """List the devices, those plugged in meanwhile included; running sound breaks off for a moment."""
        with self._devices:
            self._close_devices()
            devices = list_devices()
            if self.running:
                for direction, opening in (("input", self._open_input), ("output", self._open_output)):
                    try:
                        opening()
                    except WorkbenchError as error:
                        # The watch over the devices goes on trying.
                        self._lost[direction] = str(error)
            return devices

    def _open_input(self) -> str:
        """Open the microphone that is wished for in place of the one before, and return its name."""
        if not self.running and not self._is_starting:
            return ""
        if self._input_file is not None:
            fresh: Input = FileMicrophone(self._input_file)
        else:
            fresh = InputStream(find_input(self._input_name), self._settings.device_latency_s)
        self._started(fresh)
        before, self._input = self._input, fresh
        self._lost.pop("input", None)
        self._note("input", value=fresh.name)
        if before is not None:
            self._retire_input(before)
        return fresh.name

    def _open_output(self) -> str:
        """Open the output that is wished for in place of the one before, and return its name."""
        if not self.running and not self._is_starting:
            return ""
        fresh: Pace | None = None
        if self._output_name != SILENT:
            sink = OutputStream(find_output(self._output_name), self._output_latency_s)
            self._started(sink)
            fresh = Pace(sink, lambda: 0 if self._input is None else self._input.burst_samples)
        self._lost.pop("output", None)
        if fresh is not None:
            is_gentle = not fresh.sink.is_private and self._latency_step == 0
            ramp_s = START_RAMP_S if is_gentle else _SHORT_RAMP_S
            self._out_gain = Glide([0.0], round(ramp_s * SAMPLE_RATE))
            self._is_beginning = True
            self._note("output", value=fresh.sink.name)
        before, self._pace = self._pace, fresh
        if before is not None:
            self._retire(before)
        return "" if fresh is None else fresh.sink.name

    @property
    def _output_latency_s(self) -> float | None:
        """What to ask of the output: its lowest, or more where that broke off again and again."""
        asked_s = self._settings.device_latency_s
        return asked_s if self._latency_step == 0 else (asked_s or 0.01) * 2**self._latency_step

    def _started(self, end: Input | Sink) -> None:
        try:
            end.start()
        except WorkbenchError:
            end.close()
            raise

    def _retire_input(self, source: Input) -> None:
        self._gone = _sum(self._gone, LiveCounts(source.overflows, device_xruns=source.device_xruns))
        source.close()

    def _retire(self, pace: Pace) -> None:
        self._gone = _sum(self._gone, _counts(pace))
        pace.sink.close()

    def _close_devices(self) -> None:
        with self._devices:
            if self._input is not None:
                self._retire_input(self._input)
                self._input = None
            if self._pace is not None:
                self._retire(self._pace)
                self._pace = None

    # Life

    @property
    def running(self) -> bool:
        """Whether sound is taken in."""
        return bool(self._threads) and not self._stopping.is_set()

    def start(self, record_into: Path | None = None) -> None:
        """Open the devices and run.

        Parameters
        ----------
        record_into : pathlib.Path, optional
            Record from the first sample on into a new take in this folder.

        Raises
        ------
        WorkbenchError
            If there is no microphone, it may not be used, the output cannot be opened, or the folder cannot
            be written.
        """
        if self.running:
            return
        self.stop()
        self._clear()
        # A method's first block takes the longest: better now than with sound waiting.
        self.graph.process(np.zeros(SAMPLE_RATE // 2, np.float32))
        self.graph.restart()
        with self._devices:
            self._is_starting = True
            try:
                self._open_output()
                self._open_input()
                if record_into is not None:
                    self._record(record_into)
            except WorkbenchError:
                self._close_devices()
                raise
            finally:
                self._is_starting = False
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._run, name="live", daemon=True),
            threading.Thread(target=self._tend, name="live devices", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Halt, close the devices and finish the recording; `start` begins anew."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._threads = []
        self._close_devices()
        self.stop_recording()

    def close(self) -> None:
        """Halt for good."""
        self.stop()

    def _run(self) -> None:
        run_ahead(DENOISER_PRIORITY)
        pending: Signal = np.zeros(0, np.float32)
        while not self._stopping.is_set():
            source, pace = self._input, self._pace
            if source is not None:
                pending = np.concatenate((pending, source.read()))
            if source is None or len(pending) < BLOCK_SAMPLES:
                time.sleep(_TICK_S)
                continue
            if pace is not None:
                pace.note_level()
            while len(pending) >= BLOCK_SAMPLES and not self._stopping.is_set():
                block, pending = pending[:BLOCK_SAMPLES], pending[BLOCK_SAMPLES:]
                try:
                    self._step(block, len(pending) + source.available_samples, pace)
                except Exception as error:
                    log.exception("Live sound stopped")
                    self._failure = (
                        f"Live sound stopped because of an internal error ({error}); start it again."
                    )
                    self._stopping.set()

    def _step(self, block: Signal, behind_samples: int, pace: Pace | None) -> None:
        began_s = time.perf_counter()
        self._relieve(behind_samples)
        self._guard.listen(block)
        made = self.graph.process(block)
        heard = self._heard(made.monitor, pace)
        if pace is not None and made.n_samples:
            pace.write(heard)
        self._made.append(made)
        self._kept.append(made)
        recorder = self._recorder
        if recorder is not None:
            recorder.put(made)
        self._n_fed += len(block)
        for which, signal in enumerate((block, heard)):
            peak = float(np.max(np.abs(signal), initial=0.0))
            self._peaks[which] = max(peak, self._peaks[which] * _METER_FALL)
        taken_s = time.perf_counter() - began_s
        self._load += _SMOOTHING * (taken_s * SAMPLE_RATE / len(block) - self._load)
        self._taken_s.append(taken_s)

    def _heard(self, monitor: Signal, pace: Pace | None) -> Signal:
        """Return what is sent to the device: after gain, gentle start and protection from howling."""
        self._out_gain.to([0.0 if self.muted else 10 ** (self.output_gain_db / 20)])
        gain = self._out_gain.take(len(monitor))[0]
        if self._is_beginning and not self._out_gain.remaining_samples and not self.muted:
            # The gentle start is over; from now on gains follow the hand.
            self._out_gain = Glide(self._out_gain.values.tolist(), _GLIDE_SAMPLES)
            self._is_beginning = False
        if pace is not None and not pace.sink.is_private:
            gain = gain * self._guard.take(len(monitor))
        heard: Signal = np.clip(monitor * gain, -1, 1)
        return heard

    def _relieve(self, behind_samples: int) -> None:
        """Rest the denoiser where it cannot keep up, and try it again after a while."""
        now_s = time.monotonic()
        if self._bypassed_until_s is None:
            # What is worked off in a second is 1 / load of sound, and another second of it comes meanwhile.
            spare = max(1 - self._load, 0)
            if behind_samples > BEHIND_SAMPLES and behind_samples * self._load > CATCH_UP_SAMPLES * spare:
                if now_s - self._resumed_s > CALM_S:
                    self._rest_s = FIRST_REST_S
                self.graph.bypassed = True
                self._overloads += 1
                self._bypassed_until_s = now_s + self._rest_s
                self._rest_s = min(2 * self._rest_s, LAST_REST_S)
                self._note("overload", rest_s=round(self._bypassed_until_s - now_s, 1))
        elif now_s >= self._bypassed_until_s and behind_samples < BEHIND_SAMPLES:
            self.graph.bypassed = False
            self._bypassed_until_s = None
            self._resumed_s = now_s
            self._load = 0.0
            self._note("recovered")

    def _tend(self) -> None:
        """Look after the devices, and after the recording."""
        retry_s, wait_s = 0.0, _RETRY_S
        while not self._stopping.wait(_TEND_S):
            with self._devices, suppress(Exception):
                self._notice_deaths()
                self._notice_breaks()
                if not self._lost:
                    retry_s, wait_s = time.monotonic() + _RETRY_S, _RETRY_S
                elif time.monotonic() >= retry_s:
                    self._revive()
                    wait_s = min(1.5 * wait_s, _LAST_RETRY_S)
                    retry_s = time.monotonic() + wait_s
            recorder = self._recorder
            if recorder is not None and recorder.failure:
                self._failed_recording = recorder.failure
                self.stop_recording()

    def _notice_deaths(self) -> None:
        source, pace = self._input, self._pace
        if source is not None and source.message is not None:
            self._lost["input"] = source.message
            self._note("input lost", value=source.name)
            self._input = None
            self._retire_input(source)
        if pace is not None and pace.sink.message is not None:
            self._lost["output"] = pace.sink.message
            self._note("output lost", value=pace.sink.name)
            self._pace = None
            self._retire(pace)

    def _notice_breaks(self) -> None:
        """Give an output that breaks off again and again a longer buffer."""
        pace, now_s = self._pace, time.monotonic()
        if pace is None or now_s - self._xruns_since_s < _BREAKS_S:
            return
        n_breaks = pace.sink.device_xruns - self._seen_xruns
        if n_breaks >= _MANY_BREAKS and self._latency_step < _LATENCY_STEPS:
            self._latency_step += 1
            self._open_output()
            self._say(f"The output broke off {n_breaks} times, so it was given a longer buffer.")
        self._xruns_since_s = now_s
        self._seen_xruns = 0 if self._pace is None else self._pace.sink.device_xruns

    def _revive(self) -> None:
        """Open lost devices again; where the output's is gone, the system's."""
        for direction, opening in (("input", self._open_input), ("output", self._open_output)):
            if direction in self._lost:
                with suppress(WorkbenchError):
                    self._say(f"“{opening()}” is back.")

    # What the window asks

    def poll(self) -> list[GraphBlock]:
        """Return the blocks made since the last call, oldest first; those of 30 s are kept at the most."""
        blocks: list[GraphBlock] = []
        while self._made:
            block = self._made.popleft()
            if block.n_samples:
                blocks.append(block)
        return blocks

    def status(self) -> LiveStatus:
        """Return how things stand."""
        source, pace, recorder = self._input, self._pace, self._recorder
        counts = _sum(self._gone, LiveCounts(overloads=self._overloads))
        if source is not None:
            counts = _sum(counts, LiveCounts(source.overflows, device_xruns=source.device_xruns))
        if pace is not None:
            counts = _sum(counts, _counts(pace))
        return LiveStatus(
            running=self.running,
            bypassed=self._bypassed_until_s is not None,
            message=self._message(),
            warning=self._warning(pace),
            latency=self._latency(source, pace),
            load=self._load,
            counts=counts,
            has_clean=self.has_clean,
            speech_level_db=self.graph.speech_level_db,
            input_peak=self._peaks[0],
            output_peak=self._peaks[1],
            input_name="" if source is None else source.name,
            output_name="" if pace is None else pace.sink.name,
            position_s=self._n_fed / SAMPLE_RATE,
            recorded_s=None if recorder is None else recorder.recorded_samples / SAMPLE_RATE,
        )

    @property
    def processing_p99_ms(self) -> float:
        """Time that the slowest in a hundred blocks of the last half minute took, ms."""
        taken_s = list(self._taken_s)
        return 1000 * float(np.percentile(taken_s, 99)) if taken_s else 0.0

    def _message(self) -> str | None:
        if self._failure:
            return self._failure
        if self._lost:
            return next(iter(self._lost.values()))
        if self._failed_recording:
            return self._failed_recording
        text, until_s = self._notice
        if time.monotonic() < until_s:
            return text
        if self._bypassed_until_s is not None:
            return (
                f"“{self.method}” is too slow for this machine just now: the sound passes undenoised, and the"
                " method is tried again in a moment; choose a quicker one if this goes on."
            )
        return None

    def _warning(self, pace: Pace | None) -> str | None:
        if pace is None or pace.sink.is_private:
            return None
        if self._guard.is_howling:
            return "Feedback: the output was turned down; use headphones or move the microphone away."
        return LOUDSPEAKER_WARNING

    def _latency(self, source: Input | None, pace: Pace | None) -> LatencyBudget:
        buffers_s = 0.0 if source is None else source.latency_s
        # A device that brings less than a block at once makes it wait for the rest.
        if source is not None:
            buffers_s += max(0, BLOCK_SAMPLES - source.burst_samples) / SAMPLE_RATE
        if pace is not None:
            buffers_s += pace.sink.latency_s + pace.wait_samples / SAMPLE_RATE
        return LatencyBudget(
            1000 * self.graph.latency_samples / SAMPLE_RATE,
            1000 * buffers_s,
            1000 * self._load * BLOCK_SAMPLES / SAMPLE_RATE,
        )

    def _say(self, text: str) -> None:
        self._notice = (text, time.monotonic() + _NOTICE_S)

    # Recordings

    @property
    def recording(self) -> Path | None:
        """Folder of the take that is being recorded."""
        return None if self._recorder is None else self._recorder.folder

    def start_recording(self, folder: Path) -> Path:
        """Record from now on into a new take in `folder`, and return the take's folder.

        Raises
        ------
        WorkbenchError
            If nothing is running, or the folder cannot be written.
        """
        if not self.running:
            raise WorkbenchError("There is nothing to record yet: start the live sound first.")
        self.stop_recording()
        return self._record(folder)

    def _record(self, folder: Path) -> Path:
        self._failed_recording = ""
        take = new_take_folder(folder)
        self._recorder = Recorder(TakeWriter(take, self._about(), has_clean=self.has_clean))
        return take

    def stop_recording(self) -> Path | None:
        """Finish the recording, if there is one, and return its folder."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return None
        recorder.close()
        if recorder.failure:
            self._failed_recording = recorder.failure
        return recorder.folder

    def keep_last(self, folder: Path, seconds: float = KEPT_S) -> Path:
        """Write what was heard last, up to a minute, as a take in `folder`, and return the take's folder.

        Raises
        ------
        WorkbenchError
            If nothing has been heard yet, or the folder cannot be written.
        """
        n_blocks = round(seconds * SAMPLE_RATE / BLOCK_SAMPLES)
        kept = list(self._kept)
        return write_take(folder, islice(kept, max(0, len(kept) - n_blocks), None), self._about())

    def _about(self) -> dict[str, Any]:
        source, pace, noise = self._input, self._pace, self.graph.noise
        status = self.status()
        return {
            "method": self.method,
            "attenuation_limit_db": self.attenuation_limit_db,
            "wet": self.wet,
            "snr_db": self.snr_db if noise is not None else None,
            "noise": None if noise is None else str(noise.path),
            "input": None if source is None else source.name,
            "output": None if pace is None else pace.sink.name,
            "input_gain_db": self.input_gain_db,
            "latency_ms": {name: round(value, 2) for name, value in asdict(status.latency).items()},
        }

    def _note(self, what: str, **values: Any) -> None:
        recorder = self._recorder
        if recorder is not None:
            recorder.note(what, max(0, self._n_fed - self.graph.latency_samples), **values)
