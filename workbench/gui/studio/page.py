"""The studio page: it lays out the widgets and connects them with the controller."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QAction,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workbench.audio.files import AUDIO_SUFFIXES
from workbench.engine.monitor import MONITOR_CHOICES
from workbench.engine.scene import Scene
from workbench.evaluation.spectrogram import DEFAULT_LEVELS_DB
from workbench.gui.keys import BY_NAME, FocusedKeys, sequences
from workbench.gui.messages import Notifier
from workbench.gui.settings import Settings
from workbench.gui.shared.colour_map import COLOUR_MAPS
from workbench.gui.shared.denoise_card import DenoiseCard
from workbench.gui.shared.dropped_files import local_files
from workbench.gui.shared.named_actions import NamedActions
from workbench.gui.shared.posterior_view import PosteriorView
from workbench.gui.shared.signed_text import signed
from workbench.gui.shared.spectrogram_panel import SIGNALS, Hover, SpectrogramTrio
from workbench.gui.shared.view_range import ViewRange
from workbench.gui.studio.controller import Progress, StudioController
from workbench.gui.studio.controls import MixCard, SceneCard
from workbench.gui.studio.drop_zones import DropZones
from workbench.gui.studio.export_dialog import ExportDialog
from workbench.gui.studio.overview_export import OVERVIEWS
from workbench.gui.studio.scores_view import ScoresCard
from workbench.gui.studio.transport import Transport
from workbench.gui.theme import ThemeManager, role

SKIP_S = 0.5
KEY_ZOOM = 0.7
SIDE_PX = 286


class StudioPage(QWidget):
    """Three spectrograms, noise classes, controls and transport.

    Parameters
    ----------
    controller : StudioController
        Does the work.
    settings : Settings
        What is kept between starts.
    theme : ThemeManager
        Colours, fonts, spacing.
    notifier : Notifier
        Where problems go.
    """

    title = "Studio"
    icon_name = "studio"

    def __init__(
        self, controller: StudioController, settings: Settings, theme: ThemeManager, notifier: Notifier
    ) -> None:
        super().__init__()
        self.controller = controller
        self._settings = settings
        self._theme = theme
        self._notifier = notifier
        self.view = ViewRange(self)
        self.trio = SpectrogramTrio(self.view, theme)
        self.classes = PosteriorView(self.view, theme)
        self.transport = Transport(self.view, theme)
        self.scene_card = SceneCard(theme)
        self.mix_card = MixCard(theme)
        self.denoise_card = DenoiseCard(theme)
        self.scores_card = ScoresCard(theme)
        self.drop_zones = DropZones(theme, self)
        self._following = bool(settings.get("studio/follow", True))
        self.actions_by_name = NamedActions(self)
        self.colour_actions: dict[str, QAction] = {}
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._lay_out()
        self._connect()
        self._make_actions()
        self._restore()
        self._focused_keys = FocusedKeys(self)
        theme.changed.connect(self._restyle)
        self._restyle()

    # --- what the window asks of a page ----------------------------------------------------------------

    def fill_file_menu(self, menu: QMenu) -> None:
        """Add what the page opens and writes to the window's File menu."""
        self._demo_menu = menu.addMenu("Demo scene")
        self._demo_menu.aboutToShow.connect(self._fill_demo_menu)
        for name in ("open_speech", "open_noise", "open_recording"):
            menu.addAction(self.actions_by_name[name])
        self.recent_menu = menu.addMenu("Recent files")
        self.recent_menu.aboutToShow.connect(self.fill_recent_menu)
        menu.addSeparator()
        menu.addAction(self.actions_by_name["export"])
        for kind, text in OVERVIEWS.items():
            menu.addAction(text, partial(self.choose_overview, kind))

    def fill_view_menu(self, menu: QMenu) -> None:
        """Add how the page looks to the window's View menu."""
        for name in ("all", "zoom_in", "zoom_out", "band_in", "band_out", "follow"):
            menu.addAction(self.actions_by_name[name])
        colours = menu.addMenu("Colour map")
        for name, action in self.colour_actions.items():
            colours.addAction(action)
            action.setData(name)
        menu.addAction("Normal colour scale", lambda: self.trio.colour_bar.set_levels(*DEFAULT_LEVELS_DB))

    def menus(self) -> list[QMenu]:
        """Return the page's own menus."""
        menu = QMenu("&Sound", self)
        for name in ("play", "start", "back", "forward", "loop"):
            menu.addAction(self.actions_by_name[name])
        menu.addSeparator()
        for name in (*SIGNALS, "match"):
            menu.addAction(self.actions_by_name[name])
        menu.addSeparator()
        for name in ("snr_down", "snr_up"):
            menu.addAction(self.actions_by_name[name])
        return [menu]

    def start(self) -> None:
        """Begin the work that had to wait for the first paint."""
        self.controller.start()

    def may_close(self) -> bool:
        """Nothing of the studio is lost by closing."""
        return True

    def close_page(self) -> None:
        """Stop and remember."""
        self._settings.set("studio/follow", self._following)
        self._settings.set("studio/levels_db", list(self.trio.colour_bar.levels_db))
        self.controller.close()

    # --- layout ----------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._progress_text = role(QLabel(), "muted")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setRange(0, 100)
        self._readout = role(QLabel(), "muted")
        self._classes_title = role(QLabel("NOISE CLASS"), "heading")
        self._status = QHBoxLayout()
        self._status.addWidget(self._classes_title)
        self._status.addStretch(1)
        self._status.addWidget(self._readout)
        self._status.addWidget(self._progress_text)
        self._status.addWidget(self._progress)
        left = QVBoxLayout()
        left.addWidget(self.trio, 1)
        left.addLayout(self._status)
        left.addWidget(self.classes)
        self._left = left
        side = QWidget()
        self._side = QVBoxLayout(side)
        self._side.setContentsMargins(0, 0, 0, 0)
        for card in (self.scene_card, self.mix_card, self.denoise_card, self.scores_card):
            self._side.addWidget(card)
        self._side.addStretch(1)
        self._side_scroll = QScrollArea()
        self._side_scroll.setWidget(side)
        self._side_scroll.setWidgetResizable(True)
        self._side_scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._side_scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._side_scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._grid = QGridLayout(self)
        self._grid.addLayout(left, 0, 0)
        self._grid.addWidget(self._side_scroll, 0, 1)
        self._grid.addWidget(self.transport, 1, 0, 1, 2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setRowStretch(0, 1)

    def _connect(self) -> None:
        controller = self.controller
        controller.scene_opened.connect(self._show_scene)
        controller.settings_changed.connect(self._show_settings)
        controller.methods_changed.connect(self.denoise_card.set_methods)
        controller.picture_changed.connect(self.trio.refresh)
        controller.picture_changed.connect(self.classes.refresh)
        controller.peaks_changed.connect(self.transport.overview.set_peaks)
        controller.position_changed.connect(self._show_position)
        controller.playing_changed.connect(self._show_playing)
        controller.monitor_changed.connect(self._show_monitor)
        controller.matched_changed.connect(self._show_matched)
        controller.loop_changed.connect(self._show_loop)
        controller.scores_changed.connect(self.scores_card.show_lines)
        controller.progress_changed.connect(self._show_progress)
        controller.output_changed.connect(self.transport.set_output)
        controller.outputs_changed.connect(self.transport.set_outputs)
        controller.volume_changed.connect(self.transport.set_volume)
        controller.rendered_changed.connect(self._explain_classes)
        controller.exported.connect(self._tell_exported)
        self.trio.seek_requested.connect(controller.seek)
        self.trio.loop_requested.connect(lambda start, stop: controller.set_loop((start, stop)))
        self.trio.monitor_requested.connect(controller.set_monitor)
        self.trio.hovered.connect(self._show_hover)
        self.classes.seek_requested.connect(controller.seek)
        self.classes.loop_requested.connect(lambda start, stop: controller.set_loop((start, stop)))
        self.transport.play_toggled.connect(controller.toggle_play)
        self.transport.start_requested.connect(self._to_start)
        self.transport.loop_toggled.connect(self._set_looping)
        self.transport.follow_toggled.connect(self._set_following)
        self.transport.match_toggled.connect(controller.set_matched)
        self.transport.seek_requested.connect(self._seek_and_reveal)
        self.transport.volume_changed.connect(controller.set_volume)
        self.transport.outputs_requested.connect(controller.find_outputs)
        self.transport.output_chosen.connect(controller.set_output)
        self.scene_card.demo_chosen.connect(controller.open_demo)
        self.scene_card.speech_requested.connect(self.choose_speech)
        self.scene_card.noise_requested.connect(self.choose_noise)
        self.scene_card.recording_requested.connect(self.choose_recording)
        self.mix_card.snr_changed.connect(controller.set_snr)
        self.denoise_card.method_changed.connect(controller.set_method)
        self.denoise_card.limit_changed.connect(controller.set_limit)
        self.denoise_card.wet_changed.connect(controller.set_wet)
        self.drop_zones.dropped.connect(self._take_drop)

    def _make_actions(self) -> None:
        controller = self.controller
        self._action("play", controller.toggle_play)
        for choice in MONITOR_CHOICES:
            self._action(choice, partial(controller.set_monitor, choice), checkable=True)
        self._action("match", lambda: controller.set_matched(not controller.matched), checkable=True)
        self._action("back", lambda: self._skip(-SKIP_S))
        self._action("forward", lambda: self._skip(SKIP_S))
        self._action("start", self._to_start)
        self._action("loop", lambda: self._set_looping(controller.loop_s is None), checkable=True)
        self._action("snr_down", lambda: controller.set_snr(controller.scene.snr_db - 1))
        self._action("snr_up", lambda: controller.set_snr(controller.scene.snr_db + 1))
        self._action("open_speech", self.choose_speech, "Open &speech…")
        self._action("open_noise", self.choose_noise, "Open &noise…")
        self._action("open_recording", self.choose_recording, "Open noisy &recording…")
        self._action("export", self.choose_export, "&Export…")
        self._action("follow", lambda: self._set_following(not self._following), checkable=True)
        self._action("all", self.view.show_all)
        self._action("zoom_in", lambda: self._zoom(KEY_ZOOM))
        self._action("zoom_out", lambda: self._zoom(1 / KEY_ZOOM))
        self._action("band_in", lambda: self.view.zoom_band(KEY_ZOOM, self.view.band_hz[0]))
        self._action("band_out", lambda: self.view.zoom_band(1 / KEY_ZOOM, self.view.band_hz[0]))
        for name in COLOUR_MAPS:
            action = QAction(name.capitalize(), self, checkable=True)
            action.triggered.connect(lambda _=False, name=name: self.set_colour_map(name))
            self.colour_actions[name] = action

    def _action(
        self, name: str, run: Callable[[], object], text: str | None = None, *, checkable: bool = False
    ) -> None:
        action = self.actions_by_name.add(name, text or BY_NAME[name].text, run, *sequences(name))
        action.setCheckable(checkable)

    def _restore(self) -> None:
        self._set_following(self._following)
        levels = self._settings.get("studio/levels_db", list(DEFAULT_LEVELS_DB))
        if len(levels) == 2 and all(isinstance(level, int | float) for level in levels):
            self.trio.colour_bar.set_levels(float(levels[0]), float(levels[1]))
        self.set_colour_map(self._settings.get("studio/colour_map", COLOUR_MAPS[0]))

    def _restyle(self) -> None:
        px = self._theme.px
        self._grid.setContentsMargins(px(12), px(8), px(12), px(12))
        self._grid.setHorizontalSpacing(px(10))
        self._grid.setVerticalSpacing(px(8))
        self._left.setSpacing(px(6))
        self._side.setSpacing(px(6))
        self._status.setSpacing(px(10))
        self._side_scroll.setFixedWidth(px(SIDE_PX))
        self._progress.setFixedWidth(px(90))
        self._readout.setFont(self._theme.font(11.5))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the noise classes more room on a large screen."""
        super().resizeEvent(event)
        self.classes.set_row_height(min(max(self.height() / self._theme.scale / 40, 19.0), 30.0))

    # --- intents ---------------------------------------------------------------------------------------

    def choose_speech(self) -> None:
        """Ask for clean speech."""
        self._choose("Open clean speech", self.controller.open_speech)

    def choose_noise(self) -> None:
        """Ask for a noise."""
        self._choose("Open a noise", self.controller.open_noise)

    def choose_recording(self) -> None:
        """Ask for a noisy recording."""
        self._choose("Open a noisy recording", self.controller.open_recording)

    def choose_export(self) -> None:
        """Ask what to export, and where."""
        if self.controller.loaded is None:
            self._notifier.warn("There is nothing to export yet; open speech and noise first.")
            return
        folder = Path(self._settings.get("export/folder", str(Path.home())))
        name = self._settings.get("export/name", "scene")
        kinds = tuple(self._settings.get("export/kinds", ["wav", "png", "csv"]))
        has_clean = self.controller.loaded.clean is not None
        dialog = ExportDialog(folder, name, kinds, has_clean=has_clean, parent=self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            request = replace(dialog.request, levels_db=self.trio.colour_bar.levels_db)
            self._settings.set("export/folder", str(request.folder))
            self._settings.set("export/name", request.name)
            self._settings.set("export/kinds", list(request.kinds))
            self.controller.export(request)
        dialog.deleteLater()

    def choose_overview(self, kind: str) -> None:
        """Ask where to write one of the two overview figures of the scene."""
        if self.controller.loaded is None:
            self._notifier.warn("There is nothing to draw yet; open speech and noise first.")
            return
        folder = Path(self._settings.get("export/folder", str(Path.home())))
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            OVERVIEWS[kind].rstrip("…"),
            str(folder / f"{kind}.png"),
            "Pictures (*.png *.svg *.pdf)",
        )
        if chosen:
            path = Path(chosen)
            self._settings.set("export/folder", str(path.parent))
            self.controller.write_overview(kind, path if path.suffix else path.with_suffix(".png"))

    def set_colour_map(self, name: str) -> None:
        """Draw the spectrograms with another colour map."""
        name = name if name in COLOUR_MAPS else COLOUR_MAPS[0]
        self.trio.set_colour_map(name)
        self._settings.set("studio/colour_map", name)
        for other, action in self.colour_actions.items():
            action.setChecked(other == name)

    def _choose(self, title: str, take: Callable[[Path], None]) -> None:
        folder = self._settings.get("open/folder", str(Path.home()))
        patterns = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(AUDIO_SUFFIXES))
        chosen, _ = QFileDialog.getOpenFileName(
            self, title, folder, f"Sound files ({patterns});;All files (*)"
        )
        if chosen:
            self._settings.set("open/folder", str(Path(chosen).parent))
            take(Path(chosen))

    def _to_start(self) -> None:
        loop = self.controller.loop_s
        self._seek_and_reveal(0.0 if loop is None else loop[0])

    def _seek_and_reveal(self, position_s: float) -> None:
        self.controller.seek(position_s)
        self.view.reveal(min(max(position_s, 0.0), self.view.duration_s))

    def _skip(self, by_s: float) -> None:
        self._seek_and_reveal(self.controller.position_s + by_s)

    def _set_looping(self, looping: bool) -> None:
        self.controller.set_loop(self.view.time_s if looping else None)

    def _set_following(self, following: bool) -> None:
        self._following = following
        self.transport.follow_button.setChecked(following)
        if "follow" in self.actions_by_name:
            self.actions_by_name["follow"].setChecked(following)

    def _zoom(self, factor: float) -> None:
        position = self.controller.position_s
        inside = self.view.time_s[0] <= position <= self.view.time_s[1]
        self.view.zoom_time(factor, position if inside else sum(self.view.time_s) / 2)

    def _take_drop(self, use: str, paths: list[Path]) -> None:
        take = {
            "speech": self.controller.open_speech,
            "noise": self.controller.open_noise,
            "recording": self.controller.open_recording,
        }
        take[use](paths[0])
        if len(paths) > 1:
            self._notifier.info(f"Only {paths[0].name} was opened; drop one file at a time.")

    # --- showing ---------------------------------------------------------------------------------------

    def _show_scene(self, scene: Scene, demo: int | None) -> None:
        picture = self.controller.picture
        assert picture is not None
        self.scene_card.set_demos([demo.title for demo in self.controller.demos])
        self.scene_card.show_scene(scene, demo)
        self.mix_card.setVisible(scene.has_reference)
        self.trio.buttons["clean"].setEnabled("clean" in picture.strips)
        self.actions_by_name["clean"].setEnabled("clean" in picture.strips)
        self._readout.clear()
        self.view.open_scene(picture.duration_s)
        self.trio.set_strips(picture.strips, picture.column_s, picture.first_s)
        self.classes.set_track(picture.track)

    def _show_settings(self, scene: Scene) -> None:
        self.mix_card.snr.set_value(round(scene.snr_db))
        self.denoise_card.show_settings(scene.method, scene.attenuation_limit_db, scene.wet)
        recording = scene.recording_path is not None
        self.trio.buttons["clean"].set_detail("reference")
        self.trio.buttons["mixed"].set_detail(
            "the recording" if recording else f"{signed(round(scene.snr_db))} dB SNR"
        )
        method = self.denoise_card.method_text()
        self.trio.buttons["denoised"].set_detail(method)

    def _show_position(self, position_s: float) -> None:
        if self.controller.playing and self._following:
            self.view.follow(position_s)
        self.trio.set_playhead(position_s)
        self.classes.set_playhead(position_s)
        self.transport.overview.set_playhead(position_s)
        self.transport.set_times(position_s, self.controller.duration_s)

    def _show_playing(self, playing: bool) -> None:
        self.transport.set_playing(playing)
        self.actions_by_name["play"].setText("Pause" if playing else "Play")

    def _show_monitor(self, name: str) -> None:
        self.trio.set_heard(name)
        for other in SIGNALS:
            self.actions_by_name[other].setChecked(other == name)

    def _show_matched(self, matched: bool) -> None:
        with QSignalBlocker(self.transport.match_box):
            self.transport.match_box.setChecked(matched)
        self.actions_by_name["match"].setChecked(matched)

    def _show_loop(self, loop_s: tuple[float, float] | None) -> None:
        self.trio.set_loop(loop_s)
        self.classes.set_loop(loop_s)
        self.transport.overview.set_loop(loop_s)
        self.transport.loop_button.setChecked(loop_s is not None)
        self.actions_by_name["loop"].setChecked(loop_s is not None)

    def _show_progress(self, progress: Progress) -> None:
        self._progress_text.setText(progress.text)
        self._progress.setValue(round(100 * progress.share))
        self._progress.setVisible(bool(progress.text))

    def _show_hover(self, hover: Hover | None) -> None:
        if hover is None:
            self._readout.clear()
            return
        levels = "   ".join(f"{name} −{-level:.0f}" for name, level in hover.levels_db.items())
        self._readout.setText(f"{hover.time_s:.2f} s   {hover.frequency_hz / 1000:.2f} kHz   {levels} dB")

    def _explain_classes(self) -> None:
        picture = self.controller.picture
        known = picture is not None and picture.track.is_known
        self._classes_title.setText("NOISE CLASS" if known else "NOISE CLASS: NOT KNOWN")
        self._classes_title.setToolTip(
            "" if known else "The scene is too short to tell, or no noise classifier is installed."
        )

    def _tell_exported(self, paths: list[Path]) -> None:
        folder = paths[0].parent
        number = "1 file" if len(paths) == 1 else f"{len(paths)} files"
        self._notifier.info(
            f"Exported {number} to {folder}.",
            "Open the folder",
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))),
        )

    # --- menus and drops -------------------------------------------------------------------------------

    def fill_recent_menu(self) -> None:
        """List the recent files, each with what it can be opened as."""
        self.recent_menu.clear()
        recent = self._settings.recent_files()
        for path in recent:
            menu = self.recent_menu.addMenu(path.name)
            menu.setToolTip(str(path))
            menu.addAction("as speech", partial(self.controller.open_speech, path))
            menu.addAction("as noise", partial(self.controller.open_noise, path))
            menu.addAction("as noisy recording", partial(self.controller.open_recording, path))
        if recent:
            self.recent_menu.addSeparator()
            self.recent_menu.addAction("Clear the list", self._settings.clear_recent)
        else:
            self.recent_menu.addAction("None yet").setEnabled(False)

    def _fill_demo_menu(self) -> None:
        self._demo_menu.clear()
        for number, demo in enumerate(self.controller.demos):
            self._demo_menu.addAction(demo.title, partial(self.controller.open_demo, number))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Offer where to drop files."""
        if local_files(event.mimeData()):
            event.acceptProposedAction()
            self.drop_zones.offer()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take the offer back if the drag does not go on over the fields."""
        QTimer.singleShot(100, self.drop_zones, self.drop_zones.withdraw_unless_entered)

    def dropEvent(self, event: QDropEvent) -> None:
        """Pass on a drop that came before the fields were entered."""
        self.drop_zones.dropEvent(event)
