"""Between the studio page and the core: it takes intents, runs the engine and hands out plain data."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.audio.devices import Device, list_devices
from workbench.audio.playback import Output, open_output
from workbench.bundles.check import Bundle
from workbench.bundles.store import default_bundle, find_bundles
from workbench.denoisers.registry import MethodInfo, methods, split_precision
from workbench.dsp import SAMPLE_RATE
from workbench.engine.graph import LiveGraph
from workbench.engine.monitor import MonitorChoice
from workbench.engine.player import Player
from workbench.engine.render import RenderedScene, render_steps
from workbench.engine.scene import SNR_RANGE_DB, LoadedScene, Scene, demo_scenes, load_scene
from workbench.errors import WorkbenchError
from workbench.gui.messages import Notifier
from workbench.gui.settings import Settings
from workbench.gui.studio.export import ExportRequest, export_steps
from workbench.gui.studio.overview import peaks
from workbench.gui.studio.overview_export import overview_steps
from workbench.gui.studio.picture import Picture
from workbench.gui.studio.scores_view import ScoreLine
from workbench.gui.studio.scoring import blank_scores, legend, score_steps, unscored
from workbench.gui.workers import ComputeProcess, Job

TICK_MS = 16
RENDER_DELAY_MS = 150
REOPEN_AFTER_S = 3.0
MIN_LOOP_S = 0.1
_DEFAULT_DDAE, _DEFAULT_NC = "default ddae", "default nc"
LONG_S = 30.0
"""Longer scenes are not drawn anew with each step of a slider, but once it rests."""


@dataclass(frozen=True)
class Progress:
    """Background work that is under way; an empty text when there is none."""

    text: str = ""
    share: float = 0.0


class StudioController(QObject):
    """Runs one scene: loading, live graph and player, offline picture, scores, export.

    Parameters
    ----------
    settings : Settings
        What is kept between starts.
    notifier : Notifier
        Where problems go.
    compute : ComputeProcess
        Where the scores are computed.
    make_output : callable
        Opens the sound output; it is given the name of a device where one was chosen.
    """

    scene_opened = Signal(object, object)
    settings_changed = Signal(object)
    methods_changed = Signal(object)
    picture_changed = Signal()
    peaks_changed = Signal(object, object)
    position_changed = Signal(float)
    playing_changed = Signal(bool)
    monitor_changed = Signal(str)
    matched_changed = Signal(bool)
    loop_changed = Signal(object)
    scores_changed = Signal(object, str)
    progress_changed = Signal(object)
    output_changed = Signal(str, str)
    outputs_changed = Signal(object, str)
    volume_changed = Signal(float)
    engine_ready = Signal()
    rendered_changed = Signal()
    scored = Signal()
    exported = Signal(object)

    def __init__(
        self,
        settings: Settings,
        notifier: Notifier,
        compute: ComputeProcess,
        make_output: Callable[..., Output] = open_output,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._notifier = notifier
        self._compute = compute
        self._make_output = make_output
        self.scene = Scene()
        self.demos: list[Scene] = []
        self.demo: int | None = None
        self.loaded: LoadedScene | None = None
        self.picture: Picture | None = None
        self.rendered: RenderedScene | None = None
        self.monitor: MonitorChoice = "mixed"
        self.matched = bool(settings.get("studio/matched", True))
        self.volume = min(max(settings.get("studio/volume", 1.0), 0.0), 1.0)
        self.output_name: str = settings.get("studio/output", "")
        self.loop_s: tuple[float, float] | None = None
        self.playing = False
        self._models: dict[str, Bundle] = {}
        self._is_started = False
        self._play_when_ready = False
        self._output: Output | None = None
        self._is_released = False
        self._output_opened_s = 0.0
        self._output_message = ""
        self._player: Player[LiveGraph] | None = None
        self._graph: LiveGraph | None = None
        self._load_job, self._engine_job, self._method_job = Job(), Job(), Job()
        self._devices_job = Job()
        self._render_job, self._score_job, self._export_job = Job(), Job(), Job()
        self._render_timer = QTimer(self, singleShot=True, interval=RENDER_DELAY_MS)
        self._render_timer.timeout.connect(self._render)
        self._tick_timer = QTimer(self, interval=TICK_MS)
        self._tick_timer.timeout.connect(self.tick)

    # --- opening ---------------------------------------------------------------------------------------

    def open_at_start(self, scene: Scene | None) -> None:
        """Open a scene before the first paint: the one given, the one of last time, or the first demo."""
        try:
            self.demos = demo_scenes()
        except WorkbenchError as error:
            self._notifier.failure(error)
        remembered = self._remembered()
        for candidate in (scene, remembered, *self.demos[:1]):
            if candidate is None:
                continue
            try:
                self._opened(_load(candidate))
                break
            except WorkbenchError as error:
                self._notifier.failure(error)
        else:
            self.settings_changed.emit(self.scene)
        self.monitor_changed.emit(self.monitor)
        self.matched_changed.emit(self.matched)

    def start(self) -> None:
        """Begin what must not delay the first paint: methods, models, sound output, picture, scores."""
        self._is_started = True
        self._models = _models()
        self._list_methods(methods())
        self.volume_changed.emit(self.volume)
        if self.loaded is not None:
            self._prepare_engine()
            self._render()

    def refresh_methods(self) -> None:
        """List the methods anew, and load the model that runs again if it is another one now."""
        if not self._is_started:
            return
        method, models, self._models = self.scene.method, self._models, _models()
        base, _, bundle_name = method.partition("@")
        default = self._models.get(_DEFAULT_DDAE)
        if default is not None and default.name == bundle_name:
            # The default model is listed by the plain name alone.
            self.scene = replace(self.scene, method=base)
        self._list_methods(methods())
        used = (bundle_name or _DEFAULT_DDAE, _DEFAULT_NC)
        is_same = all(models.get(name) == self._models.get(name) for name in used)
        if self.loaded is not None and (self.scene.method != method or not is_same):
            self._stop_playing()
            self._graph = None
            self._prepare_engine()
            self._render()

    def open_demo(self, number: int) -> None:
        """Open a demo scene with the current method and strength."""
        demo = self.demos[number]
        self.open_scene(
            replace(
                demo,
                method=self.scene.method,
                attenuation_limit_db=self.scene.attenuation_limit_db,
                wet=self.scene.wet,
            )
        )

    def open_speech(self, path: Path) -> None:
        """Replace the speech; a recording is left."""
        self._remember_file(path)
        self.open_scene(replace(self.scene, speech_path=path, recording_path=None, title=""))

    def open_noise(self, path: Path) -> None:
        """Replace the noise; a recording is left, and then speech has to be chosen as well."""
        self._remember_file(path)
        scene = replace(self.scene, noise_path=path, noise_offset_samples=0, recording_path=None, title="")
        if scene.speech_path is None and self.demos:
            scene = replace(scene, speech_path=self.demos[0].speech_path)
        self.open_scene(scene)

    def open_recording(self, path: Path) -> None:
        """Open a noisy recording without a reference."""
        self._remember_file(path)
        self.open_scene(replace(self.scene, recording_path=path, title=""))

    def open_scene(self, scene: Scene) -> None:
        """Load a scene in the background; the present one stays until it is there, and if it fails."""
        self.progress_changed.emit(Progress("Opening…"))
        self._load_job.start(_load, scene, done=self._opened, failed=self._load_failed)

    # --- settings --------------------------------------------------------------------------------------

    def set_snr(self, snr_db: float) -> None:
        """Mix at another SNR, heard at once."""
        low, high = SNR_RANGE_DB
        self._change(snr_db=min(max(snr_db, low), high))
        if self._graph is not None:
            self._graph.snr_db = self.scene.snr_db

    def set_method(self, name: str) -> None:
        """Denoise with another method; it is loaded in the background and faded over to."""
        self._change(method=name)
        if self._graph is not None:
            self._method_job.start(_set_method, self._graph, name, failed=self._notifier.failure)

    def set_limit(self, limit_db: float | None) -> None:
        """Limit the attenuation; None for no limit."""
        self._change(attenuation_limit_db=limit_db)
        if self._graph is not None:
            self._graph.attenuation_limit_db = limit_db

    def set_wet(self, wet: float) -> None:
        """Set the share of the denoised signal, 0 to 1."""
        self._change(wet=wet)
        if self._graph is not None:
            self._graph.wet = wet

    # --- listening -------------------------------------------------------------------------------------

    def toggle_play(self) -> None:
        """Play or pause; if the engine is still being prepared, it plays as soon as it is ready."""
        if self.playing:
            self._pause()
        elif self._graph is None:
            self._play_when_ready = not self._play_when_ready and self.loaded is not None
        elif self._player is None or self._output_is_worth_reopening():
            self._engine_job.start(self._open_output, done=self._output_reopened, failed=self._engine_failed)
        else:
            self._play()

    def seek(self, position_s: float) -> None:
        """Go on from another place; a place outside the loop ends the loop."""
        if self._graph is None:
            return
        position = round(min(max(position_s, 0.0), self.duration_s) * SAMPLE_RATE)
        if self.loop_s is not None and not self.loop_s[0] <= position / SAMPLE_RATE < self.loop_s[1]:
            self.set_loop(None)
        (self._player or self._graph).seek(position)
        self.position_changed.emit(position / SAMPLE_RATE)

    def set_loop(self, loop_s: tuple[float, float] | None) -> None:
        """Repeat a part of the scene; None for no loop. A part shorter than 0.1 s is ignored."""
        if loop_s is not None:
            loop_s = max(0.0, loop_s[0]), min(self.duration_s, loop_s[1])
            if loop_s[1] - loop_s[0] < MIN_LOOP_S:
                loop_s = self.loop_s
        self.loop_s = loop_s
        self._apply_loop()
        self.loop_changed.emit(loop_s)

    def set_monitor(self, name: MonitorChoice) -> None:
        """Choose what is heard."""
        if name == "clean" and self.loaded is not None and self.loaded.clean is None:
            self._notifier.info("A noisy recording has no clean signal to listen to.")
        else:
            self.monitor = name
            if self._graph is not None:
                self._graph.monitor = name
        self.monitor_changed.emit(self.monitor)

    def set_matched(self, matched: bool) -> None:
        """Make the three signals equally loud for the ear, or not."""
        self.matched = matched
        self._settings.set("studio/matched", matched)
        if self._graph is not None:
            self._graph.loudness_matched = matched
        self.matched_changed.emit(matched)

    def set_volume(self, volume: float) -> None:
        """Play softer or as loud as it is, 0 to 1."""
        self.volume = volume
        self._settings.set("studio/volume", volume)
        if self._player is not None:
            self._player.volume = volume
        self.volume_changed.emit(volume)

    def set_output(self, name: str) -> None:
        """Play on another device, or on the system's (""), from now on."""
        was_playing = self.playing
        self.output_name = name
        self._settings.set("studio/output", name)
        self.release_output()
        if was_playing:
            self.toggle_play()
        self.find_outputs()

    def find_outputs(self) -> None:
        """List the devices that can play."""
        self._devices_job.start(
            _outputs, done=lambda found: self.outputs_changed.emit(found, self.output_name)
        )

    def release_output(self) -> None:
        """Fall silent and let go of the sound device, which somebody else needs; playing opens it again."""
        if self.playing:
            self._pause()
        position = round(self.position_s * SAMPLE_RATE)
        if self._player is not None:
            self._player.close()
            self._player = None
        elif self._output is not None:
            self._output.close()
        if self._graph is not None:
            self._graph.seek(position, cut=True)
        self._output, self._is_released = None, True
        self._tell_output()

    @property
    def position_s(self) -> float:
        """What is heard now."""
        if self._graph is None:
            return 0.0
        return (self._player or self._graph).position_samples / SAMPLE_RATE

    @property
    def duration_s(self) -> float:
        """Length of the scene."""
        return 0.0 if self.loaded is None else self.loaded.duration_samples / SAMPLE_RATE

    # --- export ----------------------------------------------------------------------------------------

    def export(self, request: ExportRequest) -> None:
        """Write the scene with its present settings to files, in the background."""
        if self.loaded is None:
            return
        self.progress_changed.emit(Progress("Exporting…"))
        loaded = replace(self.loaded, scene=self.scene)
        self._export_job.start(
            export_steps,
            loaded,
            request,
            self._compute,
            done=self._exported,
            failed=self._export_failed,
            progress=lambda share: self.progress_changed.emit(Progress("Exporting…", share)),
        )

    def write_overview(self, kind: str, path: Path) -> None:
        """Draw one of the two overview figures of the scene with its present settings, in the background."""
        if self.loaded is None:
            return
        self.progress_changed.emit(Progress("Drawing…"))
        self._export_job.start(
            overview_steps,
            replace(self.loaded, scene=self.scene),
            kind,
            path,
            self._compute,
            done=self._exported,
            failed=self._export_failed,
            progress=lambda share: self.progress_changed.emit(Progress("Drawing…", share)),
        )

    # --- end -------------------------------------------------------------------------------------------

    def remember(self) -> None:
        """Keep the scene and what is heard for the next start."""
        self._settings.set("studio/scene", self.scene.to_json())
        self._settings.set("studio/monitor", self.monitor)

    def close(self) -> None:
        """Stop everything."""
        self.remember()
        self._tick_timer.stop()
        self._render_timer.stop()
        for job in (
            self._devices_job,
            self._load_job,
            self._engine_job,
            self._method_job,
            self._render_job,
            self._score_job,
            self._export_job,
        ):
            job.cancel()
        if self._player is not None:
            self._player.close()
            self._player = self._graph = None
        elif self._output is not None:
            self._output.close()
        self._output = None

    # --- inside ----------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Take over what the player has made since the last time."""
        player, picture = self._player, self.picture
        if player is None or picture is None or self._graph is None:
            return
        blocks = player.poll()
        if blocks:
            picture.add_live(blocks)
            self.picture_changed.emit()
        self.position_changed.emit(player.position_samples / SAMPLE_RATE)
        if self.playing and not player.playing:
            self._stopped(player.failure)
        self._tell_output()
        self._show_output()

    def _opened(self, opened: tuple[LoadedScene, Picture]) -> None:
        loaded, picture = opened
        self.progress_changed.emit(Progress())
        self._stop_playing()
        self._graph = None
        self._play_when_ready = False
        self._score_job.cancel()
        self._render_job.cancel()
        self.loaded = loaded
        self.scene = loaded.scene
        self.rendered = None
        self.loop_s = None
        self.demo = self._demo_number(loaded.scene)
        self.picture = picture
        self.scene_opened.emit(loaded.scene, self.demo)
        self.settings_changed.emit(self.scene)
        self.loop_changed.emit(None)
        self.position_changed.emit(0.0)
        self._show_peaks()
        if self.monitor == "clean" and loaded.clean is None:
            self.monitor = "mixed"
        self.monitor_changed.emit(self.monitor)
        self._show_blank_scores()
        if loaded.notice:
            self._notifier.warn(loaded.notice)
        if self._is_started:
            self._prepare_engine()
            self._render()

    def _load_failed(self, error: Exception) -> None:
        self.progress_changed.emit(Progress())
        self.settings_changed.emit(self.scene)
        self._notifier.failure(error)

    def _list_methods(self, listed: Sequence[MethodInfo]) -> None:
        self.methods_changed.emit(listed)
        available = [method.name for method in listed if method.available]
        if split_precision(self.scene.method)[0] not in available:
            reason = next((m.how_to_install for m in listed if m.name == self.scene.method), None)
            self._notifier.warn(reason or f"The method {self.scene.method} is not here any more.")
            self.scene = replace(self.scene, method=available[0])
        self.settings_changed.emit(self.scene)

    def _change(self, **values: Any) -> None:
        self.scene = replace(self.scene, **values)
        self.settings_changed.emit(self.scene)
        if self.loaded is None:
            return
        if self.picture is not None and "snr_db" in values and not self.playing and not self._is_long:
            self.picture.mix(self.loaded, self.scene.snr_db)
            self.picture_changed.emit()
        # A long scene takes the processor from the sound for too long; it waits for the pause.
        if self._is_started and not (self.playing and self._is_long):
            self._render_timer.start()

    @property
    def _is_long(self) -> bool:
        return self.duration_s > LONG_S

    def _prepare_engine(self) -> None:
        assert self.loaded is not None
        loaded = replace(self.loaded, scene=self.scene)
        make_output = self._open_output if self._output is None and not self._is_released else None
        self._engine_job.start(
            _make_engine,
            loaded,
            self.monitor,
            self.matched,
            make_output,
            done=self._engine_made,
            failed=self._engine_failed,
        )

    def _engine_made(self, made: tuple[LiveGraph, Output | None]) -> None:
        graph, output = made
        # What was changed while it was made.
        graph.snr_db, graph.wet = self.scene.snr_db, self.scene.wet
        graph.attenuation_limit_db = self.scene.attenuation_limit_db
        graph.monitor, graph.loudness_matched = self.monitor, self.matched
        if output is not None:
            self._use_output(output)
        if self._player is None and self._output is not None:
            self._play_on(self._output, graph)
        elif self._player is not None:
            self._player.graph = graph
            self._player.poll()
        self._graph = graph
        if graph.method != self.scene.method:
            self.set_method(self.scene.method)
        self._apply_loop()
        self._show_output()
        self.engine_ready.emit()
        if self._play_when_ready:
            self._play_when_ready = False
            self.toggle_play()

    def _open_output(self) -> Output:
        return self._make_output(self.output_name) if self.output_name else self._make_output()

    def _play_on(self, output: Output, graph: LiveGraph) -> Player[LiveGraph]:
        self._player = Player(graph, output)
        self._player.volume = self.volume
        return self._player

    def _use_output(self, output: Output) -> None:
        self._output = output
        self._output_opened_s = time.monotonic()
        self._tell_output()

    def _output_reopened(self, output: Output) -> None:
        """Play on through the new output, or as silently as before if there still is no device."""
        assert self._graph is not None
        if output.is_silent and self._player is not None:
            output.close()
            self._output_opened_s = time.monotonic()
        else:
            # The graph itself may not have gone yet where the player was sent last.
            position = (self._player or self._graph).position_samples
            if self._player is not None:
                self._player.close()
            self._is_released = False
            self._use_output(output)
            self._play_on(output, self._graph).seek(position)
        self._play()

    def _tell_output(self) -> None:
        """Tell the output's message, once, and take back one that no longer holds."""
        message = (self._output and self._output.message) or ""
        if message != self._output_message:
            if self._output_message:
                self._notifier.withdraw(self._output_message)
            self._output_message = message
            if message:
                self._notifier.warn(message)

    def _engine_failed(self, error: Exception) -> None:
        self._play_when_ready = False
        self._notifier.failure(error)

    def _output_is_worth_reopening(self) -> bool:
        silent = self._output is not None and self._output.is_silent
        return silent and time.monotonic() - self._output_opened_s > REOPEN_AFTER_S

    def _apply_loop(self) -> None:
        if self._graph is None:
            return
        loop = self.loop_s
        (self._player or self._graph).loop = (
            None if loop is None else (round(loop[0] * SAMPLE_RATE), round(loop[1] * SAMPLE_RATE))
        )

    def _play(self) -> None:
        assert self._player is not None
        if self._is_long:
            self._render_job.cancel()
            self.progress_changed.emit(Progress())
        if self.picture is not None:
            self.picture.jump()
        self._player.play()
        self.playing = True
        self._tick_timer.start()
        self.playing_changed.emit(True)

    def _pause(self) -> None:
        assert self._player is not None
        self._player.pause()
        self._stopped("")

    def _stopped(self, failure: str) -> None:
        """Show that it is quiet, and bring the whole picture up to the present settings."""
        self.playing = False
        self.playing_changed.emit(False)
        # A little longer, for what is still on its way to the ear.
        QTimer.singleShot(200, self._tick_timer, self._rest)
        if failure:
            self._notifier.failure(WorkbenchError(failure))
        if self._is_started and self.loaded is not None:
            self._render_timer.start()

    def _rest(self) -> None:
        if not self.playing:
            self._tick_timer.stop()

    def _stop_playing(self) -> None:
        if self.playing:
            self._pause()
        if self._player is not None:
            self._player.poll()

    def _show_output(self) -> None:
        if self._output is None or self._player is None:
            return
        text = "Silent (no sound device)" if self._output.is_silent else self._output.describe()
        tip = (
            f"{self._output.message or text}\nLoad {self._player.load:.0%}, dropouts {self._player.underruns}"
        )
        self.output_changed.emit(text, tip)

    def _render(self) -> None:
        if self.loaded is None:
            return
        loaded = replace(self.loaded, scene=self.scene)
        self._score_job.cancel()
        self._show_blank_scores()
        self._render_job.start(
            _render,
            loaded,
            done=self._rendered,
            failed=self._render_failed,
            progress=lambda share: self.progress_changed.emit(Progress("Denoising…", share)),
        )

    def _rendered(self, result: tuple[RenderedScene, Picture]) -> None:
        rendered, picture = result
        self.rendered = rendered
        self.progress_changed.emit(Progress())
        if self.picture is None:
            return
        # While it plays, the picture behind the playhead shows what was heard.
        heard = self._player.graph.position_samples if self.playing and self._player is not None else 0
        self.picture.take_over(picture, heard)
        self.picture_changed.emit()
        self._show_peaks()
        self.position_changed.emit(self.position_s)
        self.rendered_changed.emit()
        reason = unscored(self.scene, rendered)
        if reason:
            self.scores_changed.emit(blank_scores(reason), reason)
            self.scored.emit()
            return
        self._score_job.start(
            score_steps,
            rendered,
            self._compute,
            progress=self._scored,
            done=self._all_scored,
            failed=self._scoring_failed,
        )

    def _scored(self, lines: Sequence[ScoreLine] | None) -> None:
        if lines is not None:
            self.scores_changed.emit(lines, legend(self.rendered))

    def _all_scored(self, lines: Sequence[ScoreLine]) -> None:
        self._scored(lines)
        self.scored.emit()

    def _scoring_failed(self, error: Exception) -> None:
        self._notifier.failure(error)
        self._all_scored(blank_scores(str(error)))

    def _render_failed(self, error: Exception) -> None:
        self.progress_changed.emit(Progress())
        self._notifier.failure(error)

    def _show_blank_scores(self) -> None:
        self.scores_changed.emit(blank_scores(""), legend())

    def _show_peaks(self) -> None:
        if self.picture is None:
            return
        mixed = self.picture.signals["mixed"]
        denoised = None if self.rendered is None else peaks(self.picture.signals["denoised"])
        self.peaks_changed.emit(peaks(mixed), denoised)

    def _exported(self, paths: list[Path]) -> None:
        self.progress_changed.emit(Progress())
        self.exported.emit(paths)

    def _export_failed(self, error: Exception) -> None:
        self.progress_changed.emit(Progress())
        self._notifier.failure(error)

    def _demo_number(self, scene: Scene) -> int | None:
        for number, demo in enumerate(self.demos):
            if demo == replace(
                scene,
                snr_db=demo.snr_db,
                method=demo.method,
                attenuation_limit_db=demo.attenuation_limit_db,
                wet=demo.wet,
                title=demo.title,
            ):
                return number
        return None

    def _remember_file(self, path: Path) -> None:
        self._settings.add_recent(path)

    def _remembered(self) -> Scene | None:
        text = self._settings.get("studio/scene", "")
        monitor = self._settings.get("studio/monitor", "mixed")
        if monitor in ("clean", "mixed", "denoised"):
            self.monitor = monitor
        try:
            scene = Scene.from_json(text) if text else None
        except WorkbenchError:
            return None
        if scene is None:
            return None
        wanted = (scene.speech_path, scene.noise_path, scene.recording_path)
        return scene if all(path is None or path.is_file() for path in wanted) and any(wanted) else None


def _models() -> dict[str, Bundle]:
    """Return the bundles by name, and the default ones."""
    found = {bundle.name: bundle for bundle in find_bundles()}
    for name in (_DEFAULT_DDAE, _DEFAULT_NC):
        with suppress(WorkbenchError):
            found[name] = default_bundle(name.partition(" ")[2])
    return found


def _outputs() -> list[Device]:
    try:
        return [device for device in list_devices() if device.max_output_channels]
    except WorkbenchError:
        return []


def _load(scene: Scene) -> tuple[LoadedScene, Picture]:
    loaded = load_scene(scene)
    return loaded, Picture.of_loaded(loaded)


def _render(loaded: LoadedScene) -> Generator[float, None, tuple[RenderedScene, Picture]]:
    rendered = yield from render_steps(loaded)
    return rendered, Picture.of_rendered(rendered)


def _make_engine(
    loaded: LoadedScene,
    monitor: MonitorChoice,
    matched: bool,
    make_output: Callable[[], Output] | None,
) -> tuple[LiveGraph, Output | None]:
    graph = LiveGraph(loaded, monitor=monitor, loudness_matched=matched)
    return graph, None if make_output is None else make_output()


def _set_method(graph: LiveGraph, name: str) -> None:
    graph.method = name
