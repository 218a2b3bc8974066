"""Between the live page and the core: it takes intents, runs the session and hands out plain data."""

import shutil
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QFile, QObject, Qt, QTimer, Signal

from workbench.audio.devices import Device, list_devices
from workbench.audio.streams import looks_like_headphones
from workbench.denoisers.registry import DEFAULT_METHOD, MethodInfo, methods, split_precision
from workbench.engine.live import LiveSession
from workbench.engine.live_status import SILENT, LiveSettings
from workbench.engine.monitor import MONITOR_CHOICES, MonitorChoice
from workbench.engine.recording import find_takes, read_take, take_scene
from workbench.engine.round_trip import RoundTrip, measure_round_trip
from workbench.engine.scene import SNR_RANGE_DB, demo_scenes
from workbench.errors import WorkbenchError
from workbench.gui.hub import Hub
from workbench.gui.live.live_picture import LivePicture
from workbench.gui.messages import Notifier
from workbench.gui.settings import Settings
from workbench.gui.workers import Job

TICK_MS = 25
DEMO_VOICE = "demo voice"
"""In place of a microphone's name: a recording, so that the page works without one."""

CAREFUL_DB = -20.0
"""Volume at which loudspeakers start."""


class State(Enum):
    """What the page does."""

    IDLE = auto()
    STARTING = auto()
    RUNNING = auto()
    STOPPING = auto()
    MEASURING = auto()


@dataclass(frozen=True)
class Devices:
    """What there is to hear and to play with.

    Attributes
    ----------
    inputs, outputs : tuple of Device
    problem : str
        Why there are none, where PortAudio itself is missing; empty otherwise.
    is_known : bool
        Whether they have been looked for.
    """

    inputs: tuple[Device, ...] = ()
    outputs: tuple[Device, ...] = ()
    problem: str = ""
    is_known: bool = True


@dataclass(frozen=True)
class TakeLine:
    """A take in the list."""

    folder: Path
    title: str
    detail: str


class LiveController(QObject):
    """Runs a live session: everything that may wait is done in one thread, one thing after the other.

    Parameters
    ----------
    settings : Settings
        What is kept between starts.
    notifier : Notifier
        Where problems go.
    hub : Hub
        How takes get to the studio.
    find_devices : callable
        Lists the sound devices.

    Signals
    -------
    sound_wanted
        Live sound is about to start: others should fall silent and let go of their devices.
    headphones_asked : str
        An output that may be a loudspeaker is about to be used; `answer_headphones` goes on.
    """

    state_changed = Signal(object)
    devices_changed = Signal(object)
    settings_changed = Signal(object)
    methods_changed = Signal(object)
    monitor_changed = Signal(str)
    muted_changed = Signal(bool)
    picture_opened = Signal(object)
    ticked = Signal(object)
    recording_changed = Signal(bool)
    takes_changed = Signal(object)
    round_trip_changed = Signal(object)
    headphones_asked = Signal(str)
    sound_wanted = Signal()

    def __init__(
        self,
        settings: Settings,
        notifier: Notifier,
        hub: Hub,
        find_devices: Callable[[], list[Device]] = list_devices,
    ) -> None:
        super().__init__()
        self._store = settings
        self._notifier = notifier
        self._hub = hub
        self._find_devices = find_devices
        self.state = State.IDLE
        self.devices = Devices(is_known=False)
        self.muted = False
        self.round_trip: RoundTrip | None = None
        self.picture = LivePicture()
        self.demo_noises = {scene.noise_path.stem: scene.noise_path for scene in _demos() if scene.noise_path}
        self.settings = self._remembered()
        self._session: LiveSession | None = None
        self._methods: list[MethodInfo] = []
        self._careful_with = ""
        self._is_recording = self._is_closing = False
        # Held by whoever works with the session in a thread; `close` waits for that.
        self._lock = threading.Lock()
        self._waiting: deque[Callable[[], None]] = deque()
        self._job, self._takes_job, self._take_job = Job(), Job(), Job()
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)

    # --- life ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Look for devices, methods and takes."""
        self.refresh_methods()
        self.monitor_changed.emit(self.settings.monitor)
        self._do(self._list_devices, done=self._devices_found)
        self.refresh_takes()

    def refresh_methods(self) -> None:
        """List the methods anew."""
        self._methods = methods()
        self.methods_changed.emit(self._methods)
        available = [method.name for method in self._methods if method.available]
        if split_precision(self.settings.method)[0] not in available:
            self.set_method(available[0])
        self._changed()

    def toggle(self) -> None:
        """Start or stop."""
        if self.state is State.IDLE:
            self.start()
        elif self.state is State.RUNNING:
            self.stop()

    def start(self) -> None:
        """Start, after a question where the output may be a loudspeaker."""
        if self.state is State.IDLE:
            self._set_state(State.STARTING)
            self.sound_wanted.emit()
            self._do(self._list_devices, done=self._start_or_ask)

    def _start_or_ask(self, devices: Devices) -> None:
        self._devices_found(devices)
        doubtful = self._doubtful_output()
        if doubtful is None:
            self._start()
        else:
            self._set_state(State.IDLE)
            self.headphones_asked.emit(doubtful)

    def answer_headphones(self, are_headphones: bool) -> None:
        """Go on: with an output that only one person hears, or carefully with a loudspeaker."""
        doubtful = self._doubtful_output()
        if doubtful is not None and are_headphones:
            self._store.set("live/headphones", [*self._known_headphones, doubtful])
        elif doubtful is not None:
            self._careful_with = doubtful
            self.set_output_gain(min(self.settings.output_gain_db, CAREFUL_DB))
        if self.state is State.RUNNING:
            self.set_muted(False)
        else:
            self._start()

    def stop(self) -> None:
        """Stop, and finish the recording."""
        if self.state is State.RUNNING:
            self._set_state(State.STOPPING)
            self._do(self._stop_session, done=self._stopped)

    def give_way(self, playing: bool) -> None:
        """Stop because something else plays."""
        if playing and self.state is State.RUNNING:
            self.stop()
            self._notifier.info("Live sound was stopped, because something else is played.")

    def close(self) -> None:
        """Stop everything, and remember."""
        self._remember()
        self._timer.stop()
        self._is_closing = True
        self._waiting.clear()
        for job in (self._job, self._takes_job, self._take_job):
            job.cancel()
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None

    # --- settings --------------------------------------------------------------------------------------

    def set_input(self, name: str) -> None:
        """Take another microphone, the system's ("") or the demo voice."""
        files = self.settings.input_file is not None, name == DEMO_VOICE
        before = self.settings
        self.settings = _with_input(before, name)
        if self.state is State.RUNNING and any(files):
            # A file takes the place of a microphone only at the beginning.
            self._set_state(State.STOPPING)
            self._do(self._stop_session, done=self._restart)
        elif self.state is State.RUNNING:
            self._change("set_input", self.settings.input, before)
        self._changed()

    def set_output(self, name: str) -> None:
        """Play elsewhere: on the system's output (""), on none (`SILENT`), or on the one named."""
        before = self.settings
        self.settings = replace(before, output=name or None)
        self._changed()
        if self.state is not State.RUNNING:
            return
        doubtful = self._doubtful_output()
        if doubtful is not None:
            self.set_muted(True)
            self.headphones_asked.emit(doubtful)
        self._change("set_output", self.settings.output, before)

    def use_system_devices(self) -> None:
        """Take the system's microphone and output, where those chosen are gone."""
        self.set_input("")
        self.set_output("")

    def set_noise(self, path: Path | None) -> None:
        """Add another noise, or none."""
        before = self.settings
        self.settings = replace(before, noise_path=path)
        if path is None and before.monitor == "clean":
            self.set_monitor("mixed")
        self._change("set_noise", path, before)
        self._changed()

    def set_method(self, name: str) -> None:
        """Denoise with another method; it is loaded in the background and faded over to."""
        before = self.settings
        self.settings = replace(before, method=name)
        self._change("method", name, before)
        self._changed()

    def set_snr(self, snr_db: float) -> None:
        """Add the noise at another SNR."""
        low, high = SNR_RANGE_DB
        self._set(snr_db=min(max(snr_db, low), high))

    def set_limit(self, limit_db: float | None) -> None:
        """Limit the attenuation; None for no limit."""
        self._set(attenuation_limit_db=limit_db)

    def set_wet(self, wet: float) -> None:
        """Set the share of the denoised signal, 0 to 1."""
        self._set(wet=wet)

    def set_input_gain(self, gain_db: float) -> None:
        """Set the gain of the microphone."""
        self._set(input_gain_db=gain_db)

    def set_output_gain(self, gain_db: float) -> None:
        """Set the volume."""
        self._set(output_gain_db=gain_db)

    def set_matched(self, matched: bool) -> None:
        """Make the three signals equally loud for the ear, or not."""
        self._set(loudness_matched=matched)

    def set_monitor(self, name: MonitorChoice) -> None:
        """Choose what is heard."""
        if name == "clean" and not self.has_clean:
            self._notifier.info("There is no clean signal to listen to: add a noise from a file first.")
        else:
            self._set(monitor=name)
        self.monitor_changed.emit(self.settings.monitor)

    def set_muted(self, muted: bool) -> None:
        """Play nothing, or go on."""
        self.muted = muted
        if self._session is not None:
            self._session.muted = muted
        self.muted_changed.emit(muted)

    @property
    def has_clean(self) -> bool:
        """Whether there is a clean signal: the microphone, where noise is added."""
        session = self._session
        if session is not None and self.state is State.RUNNING:
            return session.has_clean
        return self.settings.noise_path is not None

    @property
    def input_name(self) -> str:
        """The microphone chosen, as `set_input` takes it."""
        return DEMO_VOICE if self.settings.input_file is not None else self.settings.input or ""

    @property
    def has_input(self) -> bool:
        """Whether there is anything to hear, as far as that is known."""
        known = self.devices.is_known
        return not known or bool(self.devices.inputs) or self.settings.input_file is not None

    @property
    def is_output_trusted(self) -> bool:
        """Whether the output is headphones, or the user has been asked about it, so that no more is said."""
        output = self._output()
        if output is None or looks_like_headphones(output):
            return True
        return output.label in (*self._known_headphones, self._careful_with)

    # --- devices ---------------------------------------------------------------------------------------

    def look_for_devices(self) -> None:
        """List the devices, those plugged in meanwhile included; running sound breaks off for a moment."""
        if self.state is State.IDLE:
            self.sound_wanted.emit()
        self._do(self._list_devices, done=self._devices_found)

    def measure(self) -> None:
        """Measure the delay from the output back to the input; running sound pauses meanwhile."""
        if self.state not in (State.IDLE, State.RUNNING):
            return
        was_running = self.state is State.RUNNING
        self.sound_wanted.emit()
        self._set_state(State.MEASURING)

        def measured(result: RoundTrip | None) -> None:
            self._recorded(None)
            if result is not None:
                self.round_trip = result
                self.round_trip_changed.emit(result)
            self._set_state(State.IDLE)
            if was_running:
                self._start()

        def failed(error: Exception) -> None:
            self._notifier.failure(error)
            measured(None)

        self._do(self._measure, self.settings, done=measured, failed=failed)

    # --- recordings ------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """Where takes are kept."""
        usual = Path(platformdirs.user_documents_dir()) / "Denoise Workbench" / "Takes"
        return Path(self._store.get("live/folder", str(usual)))

    def set_folder(self, folder: Path) -> None:
        """Keep takes elsewhere from now on."""
        self._store.set("live/folder", str(folder))
        self.refresh_takes()

    def toggle_recording(self) -> None:
        """Begin or finish a take."""
        if self.state is State.RUNNING:
            self._do(self._toggle_recording, self.folder, done=self._recorded)

    def keep_last(self) -> None:
        """Keep the last minute as a take."""
        if self._session is None:
            self._notifier.info("Nothing has been heard yet that could be kept: start first.")
        else:
            self._do(self._keep_last, self.folder, done=self._kept)

    def refresh_takes(self) -> None:
        """Look for takes again."""
        recording = None if self._session is None else self._session.recording
        self._takes_job.start(
            _take_lines, self.folder, recording, done=self.takes_changed.emit, failed=self._notifier.failure
        )

    def open_take(self, folder: Path) -> None:
        """Open a take in the studio."""
        self._take_job.start(
            take_scene, folder, done=self._hub.scene_requested.emit, failed=self._notifier.failure
        )

    def delete_take(self, folder: Path) -> bool:
        """Put a take into the system's bin; returns whether that could be done."""
        if not QFile.moveToTrash(str(folder)):
            return False
        self._notifier.info(f"“{folder.name}” was moved to the bin.")
        self.refresh_takes()
        return True

    def delete_take_for_good(self, folder: Path) -> None:
        """Delete a take where there is no bin."""
        try:
            shutil.rmtree(folder)
        except OSError as error:
            self._notifier.failure(WorkbenchError(f"“{folder}” cannot be deleted: {error.strerror}."))
        self.refresh_takes()

    # --- inside ----------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Take over what the session has made since the last time."""
        session = self._session
        if session is None or self.state is not State.RUNNING:
            return
        self.picture.add(session.poll())
        status = session.status()
        self.ticked.emit(status)
        if status.recorded_s is None and self._is_recording:
            self._recorded(None)
        if not status.running:
            self.stop()
            self._notifier.failure(
                WorkbenchError(status.message or "Live sound has stopped; start it again.")
            )

    @property
    def latency_ms(self) -> float:
        """Latency of the chosen method."""
        name = split_precision(self.settings.method)[0]
        return next((method.latency_ms for method in self._methods if method.name == name), 0.0)

    @property
    def _known_headphones(self) -> list[str]:
        return [name for name in self._store.get("live/headphones", []) if isinstance(name, str)]

    def _output(self) -> Device | None:
        """Return the device that will play, None for none."""
        if self.settings.output == SILENT or self.settings.input_file is not None:
            return None
        outputs = self.devices.outputs
        if self.settings.output is None:
            return next((d for d in outputs if d.is_default_output), outputs[0] if outputs else None)
        return next((device for device in outputs if device.label == self.settings.output), None)

    def _doubtful_output(self) -> str | None:
        """Return the output where it may be a loudspeaker that nobody has been asked about."""
        output = self._output()
        return None if output is None or self.is_output_trusted else output.label

    def _set(self, **values: Any) -> None:
        self.settings = replace(self.settings, **values)
        session = self._session
        if session is not None:
            for name, value in values.items():
                setattr(session, name, value)
        self._changed()

    def _changed(self) -> None:
        self.settings_changed.emit(self.settings)

    def _change(self, what: str, value: object, before: LiveSettings) -> None:
        """Do in the background what may take its time or fail; then everything is as before."""
        if self._session is None or self.state is not State.RUNNING:
            return

        def failed(error: Exception) -> None:
            self._notifier.failure(error)
            fields = {"set_input": "input", "set_output": "output", "set_noise": "noise_path"}
            field = fields.get(what, what)
            self.settings = replace(self.settings, **{field: getattr(before, field)})
            self._changed()

        self._do(self._apply, what, value, done=lambda _: self._changed(), failed=failed)

    def _set_state(self, state: State) -> None:
        self.state = state
        if state is State.RUNNING:
            self._timer.start()
        else:
            self._timer.stop()
        self.state_changed.emit(state)

    def _start(self) -> None:
        self.sound_wanted.emit()
        self._set_state(State.STARTING)
        self._do(self._start_session, done=self._started, failed=self._start_failed)

    def _started(self, session: LiveSession) -> None:
        self._session = session
        # What was changed meanwhile.
        now = self.settings
        session.snr_db, session.wet = now.snr_db, now.wet
        session.attenuation_limit_db, session.loudness_matched = (
            now.attenuation_limit_db,
            now.loudness_matched,
        )
        session.input_gain_db, session.output_gain_db = now.input_gain_db, now.output_gain_db
        session.monitor = now.monitor if session.has_clean or now.monitor != "clean" else "mixed"
        session.muted = self.muted
        self.picture = LivePicture()
        self.picture_opened.emit(self.picture)
        self._set_state(State.RUNNING)

    def _start_failed(self, error: Exception) -> None:
        self._notifier.failure(error)
        self._set_state(State.IDLE)

    def _stopped(self, _: object = None) -> None:
        self._recorded(None)
        self._set_state(State.IDLE)

    def _restart(self, _: object) -> None:
        self._stopped()
        self.start()

    def _devices_found(self, devices: Devices) -> None:
        self.devices = devices
        self.devices_changed.emit(devices)

    def _recorded(self, folder: Path | None) -> None:
        """Show that a take has begun, or is over."""
        if self._is_recording != (folder is not None):
            self._is_recording = folder is not None
            self.recording_changed.emit(self._is_recording)
            self.refresh_takes()

    def _kept(self, folder: Path) -> None:
        self.refresh_takes()
        self._notifier.info(
            f"What you just heard is kept as “{folder.name}”.",
            "Open in studio",
            lambda: self.open_take(folder),
        )

    # --- the queue of what may wait --------------------------------------------------------------------

    def _do(
        self,
        work: Callable[..., Any],
        *args: Any,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Run work in a thread, after what was asked for before."""

        def then(receiver: Callable[[Any], None] | None) -> Callable[[Any], None]:
            def receive(value: Any) -> None:
                if receiver is not None:
                    receiver(value)
                self._next()

            return receive

        self._waiting.append(
            lambda: self._job.start(
                self._guarded, work, *args, done=then(done), failed=then(failed or self._notifier.failure)
            )
        )
        self._next()

    def _next(self) -> None:
        if self._waiting and not self._job.is_running:
            self._waiting.popleft()()

    # --- in the thread ---------------------------------------------------------------------------------

    def _guarded(self, work: Callable[..., Any], *args: Any) -> Any:
        with self._lock:
            return None if self._is_closing else work(*args)

    def _start_session(self) -> LiveSession:
        before, self._session = self._session, None
        if before is not None:
            before.close()
        session = LiveSession(self.settings)
        session.start()
        # At once, so that closing the window stops it.
        self._session = session
        return session

    def _stop_session(self) -> None:
        if self._session is not None:
            self._session.stop()

    def _apply(self, what: str, value: object) -> None:
        session = self._session
        if session is not None and session.running:
            if what.startswith("set_"):
                getattr(session, what)(value)
            else:
                setattr(session, what, value)

    def _list_devices(self) -> Devices:
        session = self._session
        try:
            found = session.rescan() if session is not None and session.running else self._find_devices()
        except WorkbenchError as error:
            return Devices(problem=str(error))
        return Devices(
            tuple(device for device in found if device.max_input_channels),
            tuple(device for device in found if device.max_output_channels),
        )

    def _measure(self, settings: LiveSettings) -> RoundTrip:
        if settings.input_file is not None or settings.output == SILENT:
            raise WorkbenchError(
                "The round trip needs a microphone and an output that are connected: choose both first."
            )
        self._stop_session()
        return measure_round_trip(settings.input, settings.output)

    def _toggle_recording(self, folder: Path) -> Path | None:
        session = self._session
        if session is None or session.stop_recording() is not None:
            return None
        return session.start_recording(folder)

    def _keep_last(self, folder: Path) -> Path:
        assert self._session is not None
        return self._session.keep_last(folder)

    # --- between starts --------------------------------------------------------------------------------

    def _remembered(self) -> LiveSettings:
        get = self._store.get
        noise, monitor = get("live/noise", ""), get("live/monitor", "denoised")
        noise_path = Path(noise) if noise and Path(noise).is_file() else None
        limit_db = get("live/limit_db", 0.0)
        settings = LiveSettings(
            output=get("live/output", "") or None,
            noise_path=noise_path,
            snr_db=get("live/snr_db", 5.0),
            method=get("live/method", DEFAULT_METHOD),
            attenuation_limit_db=limit_db if limit_db > 0 else None,
            wet=get("live/wet", 1.0),
            monitor=monitor
            if monitor in MONITOR_CHOICES and (noise_path or monitor != "clean")
            else "denoised",
            loudness_matched=get("live/matched", True),
            input_gain_db=get("live/input_gain_db", 0.0),
            output_gain_db=get("live/output_gain_db", 0.0),
        )
        return _with_input(settings, get("live/input", ""))

    def _remember(self) -> None:
        now = self.settings
        values = {
            "input": self.input_name,
            "output": now.output or "",
            "noise": "" if now.noise_path is None else str(now.noise_path),
            "snr_db": float(now.snr_db),
            "method": now.method,
            "limit_db": float(now.attenuation_limit_db or 0.0),
            "wet": float(now.wet),
            "monitor": now.monitor,
            "matched": now.loudness_matched,
            "input_gain_db": float(now.input_gain_db),
            "output_gain_db": float(now.output_gain_db),
        }
        for name, value in values.items():
            self._store.set(f"live/{name}", value)


def _demos() -> list[Any]:
    try:
        return demo_scenes()
    except WorkbenchError:
        return []


def _with_input(settings: LiveSettings, name: str) -> LiveSettings:
    demos = _demos()
    if name == DEMO_VOICE and demos:
        return replace(settings, input=None, input_file=demos[0].speech_path)
    return replace(settings, input=name if name and name != DEMO_VOICE else None, input_file=None)


def _take_lines(folder: Path, recording: Path | None) -> list[TakeLine]:
    lines = []
    for take in find_takes(folder):
        if take == recording:
            lines.append(TakeLine(take, _take_title(take), "being recorded"))
            continue
        try:
            read = read_take(take)
        except WorkbenchError:
            continue
        minutes, seconds = divmod(round(read.duration_s), 60)
        detail = f"{minutes}:{seconds:02d}"
        if read.has_clean:
            detail += ", clean"
        if not read.finished:
            detail += ", broken off"
        lines.append(TakeLine(take, _take_title(take), detail))
    return lines


def _take_title(folder: Path) -> str:
    """Return "22 Nov 16:26:01" for a folder that the core named by the time, else its name."""
    stamp, _, number = folder.name.removeprefix("take ").partition(" (")
    try:
        when = datetime.strptime(stamp, "%Y-%m-%d %H-%M-%S")
    except ValueError:
        return folder.name
    return f"{when.day} {when:%b %H:%M:%S}" + (f" ({number}" if number else "")
