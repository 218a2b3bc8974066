"""The live page: it lays out the widgets and connects them with the controller."""

import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workbench.audio.files import AUDIO_SUFFIXES
from workbench.engine.latency import LatencyBudget
from workbench.engine.live import LOUDSPEAKER_WARNING
from workbench.engine.live_status import SILENT, LiveSettings, LiveStatus
from workbench.engine.monitor import MONITOR_CHOICES
from workbench.engine.round_trip import RoundTrip
from workbench.evaluation.spectrogram import DEFAULT_LEVELS_DB
from workbench.gui.keys import FocusedKeys
from workbench.gui.live.cards import MicrophoneCard, NoiseCard, OutputCard
from workbench.gui.live.controller import CAREFUL_DB, DEMO_VOICE, Devices, LiveController, State
from workbench.gui.live.curtain import Choice, Curtain
from workbench.gui.live.live_picture import LivePicture
from workbench.gui.live.live_range import LiveRange
from workbench.gui.live.notice import Notice
from workbench.gui.live.run_bar import RunBar
from workbench.gui.live.scrolling_panel import ScrollingPanel
from workbench.gui.live.style import style_sheet
from workbench.gui.live.takes_card import TakesCard
from workbench.gui.messages import Notifier
from workbench.gui.settings import Settings
from workbench.gui.shared.colour_map import COLOUR_MAPS
from workbench.gui.shared.denoise_card import DenoiseCard
from workbench.gui.shared.dropped_files import local_files
from workbench.gui.shared.named_actions import NamedActions
from workbench.gui.shared.posterior_view import PosteriorView
from workbench.gui.shared.signed_text import signed
from workbench.gui.shared.spectrogram_panel import Hover, SpectrogramTrio
from workbench.gui.theme import ThemeManager, role

SIDE_PX = 286
KEY_ZOOM = 0.7
WHY_NO_CLEAN = (
    "Not available: a microphone hears speech and noise together.",
    "Add a noise from a file, and what the microphone hears becomes the clean signal.",
)
NUMBERS_EVERY_S = 0.25


class LivePage(QWidget):
    """Three scrolling spectrograms, noise classes, controls, and the strip with start and delay.

    Parameters
    ----------
    controller : LiveController
        Does the work.
    settings : Settings
        What is kept between starts.
    theme : ThemeManager
        Colours, fonts, spacing.
    notifier : Notifier
        Where problems go.
    """

    title = "Live"
    icon_name = "live"

    def __init__(
        self, controller: LiveController, settings: Settings, theme: ThemeManager, notifier: Notifier
    ) -> None:
        super().__init__()
        self.controller = controller
        self._settings = settings
        self._theme = theme
        self._notifier = notifier
        self.view = LiveRange(self)
        self.trio = SpectrogramTrio(self.view, theme, ScrollingPanel)
        self.classes = PosteriorView(self.view, theme)
        self.notice = Notice(self.trio, theme)
        self.curtain = Curtain(self.trio, theme)
        self.microphone = MicrophoneCard(theme)
        self.output = OutputCard(theme)
        self.noise = NoiseCard(controller.demo_noises, theme)
        self.denoise = DenoiseCard(theme)
        self.takes = TakesCard(theme)
        self.run_bar = RunBar(theme)
        self.actions_by_name = NamedActions(self)
        self._status: LiveStatus | None = None
        self._listed: tuple[Devices, str, str] | None = None
        self._is_asking = False
        self._n_frames = 0
        self._numbers_shown_s = 0.0
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._lay_out()
        self._connect()
        self._make_actions()
        self._show_picture(controller.picture)
        self._focused_keys = FocusedKeys(self)
        theme.changed.connect(self._restyle)
        self._restyle()

    # --- what the window asks of a page ----------------------------------------------------------------

    def fill_file_menu(self, menu: QMenu) -> None:
        """Add what the page opens and writes to the window's File menu."""
        menu.addAction(self.actions_by_name["open_noise"])
        menu.addAction("Folder of recordings…", self.choose_folder)
        menu.addAction("Show the folder of recordings", lambda: self._reveal(self.controller.folder))

    def fill_view_menu(self, menu: QMenu) -> None:
        """Add how the page looks to the window's View menu."""
        for name in ("zoom_in", "zoom_out", "all"):
            menu.addAction(self.actions_by_name[name])
        menu.addAction("Normal colour scale", lambda: self.trio.colour_bar.set_levels(*DEFAULT_LEVELS_DB))

    def menus(self) -> list[QMenu]:
        """Return the page's own menus."""
        menu = QMenu("&Live", self)
        for group in (
            ("start", "record", "keep"),
            (*MONITOR_CHOICES, "match", "mute"),
            ("snr_down", "snr_up"),
            ("refresh", "measure"),
        ):
            for name in group:
                menu.addAction(self.actions_by_name[name])
            menu.addSeparator()
        return [menu]

    def start(self) -> None:
        """Look for devices when the page is first shown."""
        self.controller.begin()

    def may_close(self) -> bool:
        """Nothing is lost by closing: a recording is finished first."""
        return True

    def close_page(self) -> None:
        """Stop and remember."""
        self._settings.set("live/levels_db", list(self.trio.colour_bar.levels_db))
        self.controller.close()

    # --- layout ----------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._readout = role(QLabel(), "muted")
        heading = QHBoxLayout()
        heading.addWidget(role(QLabel("NOISE CLASS"), "heading"))
        heading.addStretch(1)
        heading.addWidget(self._readout)
        self._left = QVBoxLayout()
        self._left.addWidget(self.trio, 1)
        self._left.addLayout(heading)
        self._left.addWidget(self.classes)
        self._make_clean_hint()
        side = QWidget()
        self._side = QVBoxLayout(side)
        self._side.setContentsMargins(0, 0, 0, 0)
        for card in (self.microphone, self.output, self.noise, self.denoise, self.takes):
            self._side.addWidget(card)
        self._side.addStretch(1)
        self._side_scroll = QScrollArea()
        self._side_scroll.setWidget(side)
        self._side_scroll.setWidgetResizable(True)
        self._side_scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._side_scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._side_scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._grid = QGridLayout(self)
        self._grid.addLayout(self._left, 0, 0)
        self._grid.addWidget(self._side_scroll, 0, 1)
        self._grid.addWidget(self.run_bar, 1, 0, 1, 2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setRowStretch(0, 1)

    def _make_clean_hint(self) -> None:
        """Make what stands in the place of the clean picture where there is none."""
        self.clean_hint = QWidget(self.trio)
        text = self._clean_text = QLabel()
        text.setObjectName("onPicture")
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.add_noise_button = QPushButton("Add a noise")
        self.add_noise_button.setObjectName("onPicture")
        self.add_noise_button.clicked.connect(self._offer_noises)
        box = QVBoxLayout(self.clean_hint)
        box.addStretch(1)
        box.addWidget(text)
        box.addWidget(self.add_noise_button, 0, Qt.AlignmentFlag.AlignHCenter)
        box.addStretch(1)
        self.trio.panels["clean"].sigResized.connect(lambda *_: self._place_over())

    def _connect(self) -> None:
        controller = self.controller
        controller.state_changed.connect(self._show_state)
        controller.devices_changed.connect(self._show_devices)
        controller.settings_changed.connect(self._show_settings)
        controller.methods_changed.connect(self.denoise.set_methods)
        controller.monitor_changed.connect(self._show_monitor)
        controller.muted_changed.connect(self._show_muted)
        controller.picture_opened.connect(self._show_picture)
        controller.ticked.connect(self._show_status)
        controller.recording_changed.connect(self._show_recording)
        controller.takes_changed.connect(self._show_takes)
        controller.round_trip_changed.connect(self._show_round_trip)
        controller.headphones_asked.connect(self._ask_headphones)
        self.microphone.chosen.connect(controller.set_input)
        self.microphone.gain_changed.connect(controller.set_input_gain)
        self.microphone.refresh_requested.connect(controller.look_for_devices)
        self.output.chosen.connect(controller.set_output)
        self.output.gain_changed.connect(controller.set_output_gain)
        self.output.mute_toggled.connect(controller.set_muted)
        self.output.match_toggled.connect(controller.set_matched)
        self.noise.noise_chosen.connect(controller.set_noise)
        self.noise.open_requested.connect(self.choose_noise)
        self.noise.snr_changed.connect(controller.set_snr)
        self.denoise.method_changed.connect(controller.set_method)
        self.denoise.limit_changed.connect(controller.set_limit)
        self.denoise.wet_changed.connect(controller.set_wet)
        self.takes.open_requested.connect(controller.open_take)
        self.takes.reveal_requested.connect(self._reveal)
        self.takes.delete_requested.connect(self._delete)
        self.takes.folder_requested.connect(self.choose_folder)
        self.run_bar.toggled.connect(controller.toggle)
        self.run_bar.measure_requested.connect(controller.measure)
        self.run_bar.record_toggled.connect(controller.toggle_recording)
        self.run_bar.keep_requested.connect(controller.keep_last)
        self.trio.monitor_requested.connect(controller.set_monitor)
        self.trio.hovered.connect(self._show_hover)

    def _make_actions(self) -> None:
        add = self.actions_by_name.add
        run, view = self.controller, self.view
        add("start", "Start or stop", run.toggle, "Space")
        add("record", "Record or finish the recording", run.toggle_recording, "R")
        add("keep", "Keep what I just heard", run.keep_last, "K")
        for number, choice in enumerate(MONITOR_CHOICES, 1):
            add(choice, f"Hear the {choice} signal", partial(run.set_monitor, choice), str(number))
            self.actions_by_name[choice].setCheckable(True)
        add("match", "Match loudness", lambda: run.set_matched(not run.settings.loudness_matched), "M")
        add("mute", "Mute", lambda: run.set_muted(not run.muted), "0")
        for name in ("match", "mute"):
            self.actions_by_name[name].setCheckable(True)
        add("snr_down", "More noise (SNR down by 1 dB)", partial(self._step_snr, -1), "[", "-")
        add("snr_up", "Less noise (SNR up by 1 dB)", partial(self._step_snr, 1), "]", "+", "=")
        add("refresh", "Look for devices again", run.look_for_devices, "F5")
        add("measure", "Measure the round trip", run.measure)
        add("open_noise", "Open &noise…", self.choose_noise, "Ctrl+Shift+O")
        add("zoom_in", "Shorter stretch", lambda: view.zoom_time(KEY_ZOOM, 0.0), "Up")
        add("zoom_out", "Longer stretch", lambda: view.zoom_time(1 / KEY_ZOOM, 0.0), "Down")
        add("all", "The longest stretch", view.show_all, "A")

    def _restyle(self) -> None:
        px = self._theme.px
        self.setStyleSheet(style_sheet(self._theme))
        self._grid.setContentsMargins(px(12), px(8), px(12), px(12))
        self._grid.setHorizontalSpacing(px(10))
        self._grid.setVerticalSpacing(px(8))
        self._left.setSpacing(px(6))
        self._side.setSpacing(px(6))
        self._side_scroll.setFixedWidth(px(SIDE_PX))
        self._readout.setFont(self._theme.font(11.5))
        QTimer.singleShot(0, self, self._place_over)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the noise classes more room on a large screen."""
        super().resizeEvent(event)
        self.classes.set_row_height(min(max(self.height() / self._theme.scale / 40, 19.0), 30.0))

    def showEvent(self, event: QShowEvent) -> None:
        """Use the studio's colour map."""
        super().showEvent(event)
        self.trio.set_colour_map(self._settings.get("studio/colour_map", COLOUR_MAPS[0]))
        levels = self._settings.get("live/levels_db", list(DEFAULT_LEVELS_DB))
        if len(levels) == 2 and all(isinstance(level, int | float) for level in levels):
            self.trio.colour_bar.set_levels(float(levels[0]), float(levels[1]))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a sound file."""
        if local_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add the noise that was dropped."""
        event.acceptProposedAction()
        self.controller.set_noise(local_files(event.mimeData())[0])

    # --- intents ---------------------------------------------------------------------------------------

    def choose_noise(self) -> None:
        """Ask for a noise."""
        folder = self._settings.get("open/folder", str(Path.home()))
        patterns = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(AUDIO_SUFFIXES))
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Add a noise", folder, f"Sound files ({patterns});;All files (*)"
        )
        if chosen:
            self._settings.set("open/folder", str(Path(chosen).parent))
            self.controller.set_noise(Path(chosen))

    def choose_folder(self) -> None:
        """Ask where recordings are to be kept."""
        chosen = QFileDialog.getExistingDirectory(self, "Folder of recordings", str(self.controller.folder))
        if chosen:
            self.controller.set_folder(Path(chosen))

    def _offer_noises(self) -> None:
        self._side_scroll.ensureWidgetVisible(self.noise)
        self.noise.noises.setFocus()
        self.noise.noises.showPopup()

    def _step_snr(self, by_db: int) -> None:
        self.controller.set_snr(self.controller.settings.snr_db + by_db)

    def _reveal(self, folder: Path) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _delete(self, folder: Path) -> None:
        if self.controller.delete_take(folder):
            return
        question = f"Delete the recording “{folder.name}” for good? There is no bin to put it into."
        if QMessageBox.question(self, "Delete a recording", question) == QMessageBox.StandardButton.Yes:
            self.controller.delete_take_for_good(folder)

    def _answer_headphones(self, are_headphones: bool) -> None:
        self._is_asking = False
        self._update_curtain()
        self.setFocus()
        self.controller.answer_headphones(are_headphones)

    def _give_up(self) -> None:
        self._is_asking = False
        self._update_curtain()
        self.setFocus()
        if self.controller.state is State.RUNNING:
            self.controller.stop()
            self.controller.set_muted(False)

    # --- showing ---------------------------------------------------------------------------------------

    def _show_state(self, state: State) -> None:
        if state is not State.RUNNING:
            self._status = None
            self.microphone.show_status(None, 0.0)
            self.output.show_status(None)
            self.notice.say("", "")
        self.run_bar.show_state(state, can_start=self.controller.has_input)
        self._show_idle_latency()
        self._show_clean()
        self._update_curtain()

    def _show_devices(self, devices: Devices) -> None:
        listed = devices, self.controller.input_name, self.controller.settings.output or ""
        if listed == self._listed:
            return
        self._listed = listed
        self.microphone.set_devices(devices.inputs, listed[1])
        self.output.set_devices(devices.outputs, listed[2])
        self.run_bar.show_state(self.controller.state, can_start=self.controller.has_input)
        self._update_curtain()

    def _show_settings(self, settings: LiveSettings) -> None:
        controller = self.controller
        self._show_devices(controller.devices)
        self.microphone.gain.set_value(round(settings.input_gain_db))
        self.output.volume.set_value(round(settings.output_gain_db))
        for box in (self.output.match_box, self.actions_by_name["match"]):
            with QSignalBlocker(box):
                box.setChecked(settings.loudness_matched)
        self.noise.show_noise(settings.noise_path, settings.snr_db)
        self.denoise.show_settings(settings.method, settings.attenuation_limit_db, settings.wet)
        self.takes.set_folder(controller.folder)
        noise = settings.noise_path
        self.trio.buttons["clean"].set_detail("microphone" if controller.has_clean else "not available")
        self.trio.buttons["mixed"].set_detail(
            "microphone" if noise is None else f"{signed(round(settings.snr_db))} dB SNR"
        )
        self.trio.buttons["denoised"].set_detail(self.denoise.method_text())
        self._show_clean()
        self._show_idle_latency()

    def _show_clean(self) -> None:
        has_clean = self.controller.has_clean
        self.trio.buttons["clean"].setEnabled(has_clean)
        self.trio.buttons["clean"].set_detail("microphone" if has_clean else "not available")
        self.actions_by_name["clean"].setEnabled(has_clean)
        self.clean_hint.setVisible(not has_clean and self.curtain.isHidden())
        self._place_over()

    def _place_over(self) -> None:
        """Put what lies over the pictures in its place."""
        gap = self._theme.px(6)
        self.notice.fit(
            self.trio.place_of("clean").united(self.trio.place_of("denoised")).adjusted(gap, gap, -gap, 0)
        )
        place = self.trio.place_of("clean")
        self.clean_hint.setGeometry(place)
        is_roomy = place.width() > self._theme.px(200)
        self._clean_text.setText(" ".join(WHY_NO_CLEAN if is_roomy else WHY_NO_CLEAN[:1]))
        self.clean_hint.setToolTip("" if is_roomy else " ".join(WHY_NO_CLEAN))
        self.add_noise_button.setVisible(place.height() > self._theme.px(150))

    def _show_monitor(self, name: str) -> None:
        self.trio.set_heard(name)
        for other in MONITOR_CHOICES:
            self.actions_by_name[other].setChecked(other == name)

    def _show_muted(self, muted: bool) -> None:
        self.output.mute_button.setChecked(muted)
        self.actions_by_name["mute"].setChecked(muted)

    def _show_picture(self, picture: LivePicture) -> None:
        for name, panel in self.trio.panels.items():
            assert isinstance(panel, ScrollingPanel)
            panel.set_waterfall(picture.waterfalls[name])
        self.classes.set_track(picture.track)
        self.classes.bars.set_now(None)

    def _show_status(self, status: LiveStatus) -> None:
        self._status = status
        if not self.isVisible():
            return
        self.trio.refresh()
        self._n_frames += 1
        if self._n_frames % 2:
            # The classes change slowly, so half the frames do.
            self.classes.refresh()
            self.classes.bars.set_now(self.controller.picture.track.latest)
        self.microphone.meter.set_peak(
            status.input_peak * 10 ** (self.controller.settings.input_gain_db / 20)
        )
        self.output.show_status(status)
        now_s = time.monotonic()
        # Numbers that change with every frame cannot be read.
        if now_s - self._numbers_shown_s > NUMBERS_EVERY_S:
            self._numbers_shown_s = now_s
            self.microphone.show_status(status, self.controller.settings.input_gain_db)
            self.run_bar.show_latency(status.latency)
            self.run_bar.show_numbers(status)
            self.run_bar.show_times(status)
            self._show_notice(status)

    def _show_notice(self, status: LiveStatus) -> None:
        lost = (not status.input_name, not status.output_name and self.controller.settings.output != SILENT)
        warning = status.warning
        if self.controller.settings.input_file is not None:
            # Nothing that is played comes back.
            warning = None
        elif warning == LOUDSPEAKER_WARNING and self.controller.is_output_trusted:
            warning = None
        if any(lost) and status.message:
            self.notice.say(
                "error",
                f"{status.message} It goes on by itself as soon as the device is back.",
                [Choice("Use the system's devices", self.controller.use_system_devices)],
            )
        elif status.bypassed:
            method = self.denoise.method_text()
            self.notice.say(
                "error",
                f"Overload: this computer is too busy for “{method}” just now, so you hear the sound"
                " undenoised. The method comes back by itself; if not, close other programs or choose a"
                " quicker one.",
            )
        elif warning is not None:
            self.notice.say("warning", warning, [Choice("Mute", partial(self.controller.set_muted, True))])
        else:
            self.notice.say("info", status.message or "")

    def _show_idle_latency(self) -> None:
        if self.controller.state is not State.RUNNING:
            self.run_bar.show_latency(LatencyBudget(algorithmic_ms=self.controller.latency_ms))

    def _show_recording(self, recording: bool) -> None:
        self.run_bar.show_recording(recording)

    def _show_takes(self, takes: object) -> None:
        self.takes.set_takes(takes)  # type: ignore[arg-type]
        self.takes.set_folder(self.controller.folder)

    def _show_round_trip(self, measured: RoundTrip) -> None:
        self.run_bar.latency.set_round_trip(measured)
        self._notifier.info(
            f"The round trip through devices and buffers takes {measured.delay_ms:.1f} ms"
            f" (± {measured.spread_ms / 2:.1f} ms); the method adds {self.controller.latency_ms:.0f} ms."
        )

    def _show_hover(self, hover: Hover | None) -> None:
        if hover is None:
            self._readout.clear()
            return
        levels = "   ".join(f"{name} −{-level:.0f}" for name, level in hover.levels_db.items())
        self._readout.setText(
            f"{-hover.time_s:.2f} s ago   {hover.frequency_hz / 1000:.2f} kHz   {levels} dB"
        )

    def _ask_headphones(self, device: str) -> None:
        self._is_asking = True
        self.curtain.ask(
            "Are these headphones?",
            f"“{device}” may be a loudspeaker. What a loudspeaker plays gets back into the microphone and may"
            f" howl. With headphones that cannot happen. A loudspeaker begins softly, at {-CAREFUL_DB:.0f} dB"
            " less, and is turned down by itself when it howls.",
            [
                Choice("Headphones", partial(self._answer_headphones, True)),
                Choice("Loudspeaker, softly", partial(self._answer_headphones, False)),
                Choice("Cancel", self._give_up),
            ],
            focused=True,
        )
        self._show_clean()

    def _update_curtain(self) -> None:
        """Say what is missing, or what to do first."""
        controller = self.controller
        if self._is_asking:
            return
        demo = Choice("Use the demo voice", partial(controller.set_input, DEMO_VOICE))
        again = Choice("Look again", controller.look_for_devices)
        if controller.state is not State.IDLE:
            self.curtain.hide()
        elif controller.devices.problem and not controller.has_input:
            self.curtain.ask(
                "Sound devices cannot be used",
                f"{controller.devices.problem} Until then a recording can stand in for the microphone, and"
                " everything can be looked at without sound.",
                [demo, again],
            )
        elif not controller.has_input:
            self.curtain.ask(
                "No microphone was found",
                "Connect a headset or a microphone and look again. If it is connected, allow this program to"
                " use it in the privacy settings of the system. Until then a recording can stand in.",
                [again, demo],
            )
        elif controller.picture.waterfalls["mixed"].n_written == 0:
            self.curtain.ask(
                "Hear what the denoiser does, now",
                "Put on headphones, choose the microphone on the right, press Start (Space) and speak. Keys"
                " 1, 2 and 3 switch between clean, mixed and denoised.",
            )
        else:
            self.curtain.hide()
        self._show_clean()
