"""Starting the application: what the command `workbench` does."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from workbench.audio.playback import Output, open_output
from workbench.engine.scene import Scene
from workbench.gui.hub import Hub
from workbench.gui.listening.controller import ListeningController
from workbench.gui.listening.page import ListeningPage
from workbench.gui.live.controller import LiveController
from workbench.gui.live.page import LivePage
from workbench.gui.main_window import MainWindow, Page
from workbench.gui.messages import Notifier, logger, start_log
from workbench.gui.models.controller import ModelsController
from workbench.gui.models.page import ModelsPage
from workbench.gui.settings import Settings, user_settings
from workbench.gui.studio.controller import StudioController
from workbench.gui.studio.page import StudioPage
from workbench.gui.sweep.controller import SweepController
from workbench.gui.sweep.page import SweepPage
from workbench.gui.theme import ICONS, ThemeManager, ThemeMode
from workbench.gui.training.controller import TrainingController
from workbench.gui.training.page import TrainingPage
from workbench.gui.workers import ComputeProcess, wait_for_all
from workbench.resources import APP_NAME


class Application:
    """The window and everything behind it; `close` takes all of it down again.

    Parameters
    ----------
    app : QApplication
        Qt's application.
    store : QSettings
        Where settings are kept.
    scene : Scene, optional
        What to open instead of the scene of last time.
    make_output : callable
        Opens the sound output.
    compute : ComputeProcess, optional
        Where scores are computed.
    """

    def __init__(
        self,
        app: QApplication,
        store: QSettings,
        scene: Scene | None = None,
        *,
        make_output: Callable[[], Output] = open_output,
        compute: ComputeProcess | None = None,
    ) -> None:
        self.settings = Settings(store)
        self.notifier = Notifier()
        mode = self.settings.get("window/theme", ThemeMode.SYSTEM.value)
        self.theme = ThemeManager(
            app,
            ThemeMode(mode) if mode in list(ThemeMode) else ThemeMode.SYSTEM,
            self.settings.get("window/scale", 1.0),
        )
        self.compute = compute or ComputeProcess()
        self.controller = StudioController(self.settings, self.notifier, self.compute, make_output)
        self.page = StudioPage(self.controller, self.settings, self.theme, self.notifier)
        self.hub = Hub()
        live = LiveController(self.settings, self.notifier, self.hub)
        self.live_page = LivePage(live, self.settings, self.theme, self.notifier)
        sweep = SweepController(self.settings, self.notifier, self.compute, self.hub)
        self.sweep_page = SweepPage(sweep, self.settings, self.theme, self.notifier)
        listening = ListeningController(self.settings, self.notifier, self.compute)
        self.listening_page = ListeningPage(listening, self.settings, self.theme, self.notifier)
        training = TrainingController(self.settings, self.notifier, self.hub, make_output)
        self.training_page = TrainingPage(training, self.theme, self.notifier)
        models = ModelsController(self.settings, self.notifier, self.hub, lambda: self.controller.scene)
        self.models_page = ModelsPage(models, self.settings, self.theme, self.notifier)
        pages: list[Page] = [
            self.page,
            self.live_page,
            self.sweep_page,
            self.listening_page,
            self.training_page,
            self.models_page,
        ]
        self.window = MainWindow(pages, self.settings, self.theme, self.notifier)
        self.hub.page_requested.connect(self.window.show_page_titled)
        self.hub.scene_requested.connect(self._open_in_studio)
        self.hub.bundles_changed.connect(self.controller.refresh_methods)
        self.hub.bundles_changed.connect(live.refresh_methods)
        live.sound_wanted.connect(self.controller.release_output)
        self.hub.bundles_changed.connect(listening.refresh_methods)
        listening.sound_wanted.connect(self.controller.release_output)
        listening.sound_wanted.connect(live.stop)
        self.controller.playing_changed.connect(live.give_way)
        self.controller.open_at_start(scene)

    def _open_in_studio(self, scene: Scene) -> None:
        self.window.show_page_titled(self.page.title)
        self.controller.open_scene(scene)

    def close(self) -> None:
        """Close the window, stop all work and let go of Qt's objects."""
        self.window.close()
        try:
            wait_for_all()
        except RuntimeError:
            logger.warning("work in the background did not stop in time")
        self.compute.close()
        self.theme.release()
        self.window.deleteLater()


def run_app(
    scene: Scene | None = None, *, exit_after_first_paint: bool = False, screenshot: Path | None = None
) -> int:
    """Open the window and return when it is closed.

    Parameters
    ----------
    scene : Scene, optional
        What to open instead of the scene of last time, or of the demo.
    exit_after_first_paint : bool
        Quit at once, to measure how long starting takes.
    screenshot : pathlib.Path, optional
        Write a picture of the window there once the scene has been denoised and scored, and quit.

    Returns
    -------
    int
        Exit status.
    """
    QApplication.setApplicationName(APP_NAME)
    QApplication.setApplicationDisplayName("Denoise Workbench")
    QApplication.setDesktopFileName(APP_NAME)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setWindowIcon(QIcon(str(ICONS / "app.svg")))
    start_log()
    # Ctrl+C in the terminal ends the program although Qt's loop runs no Python.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    application = Application(app, user_settings(), scene)
    application.notifier.install()
    window = application.window
    if exit_after_first_paint:
        window.painted.connect(lambda: QTimer.singleShot(0, app.quit))
    if screenshot is not None:
        application.controller.scored.connect(
            lambda: QTimer.singleShot(500, window, lambda: _save_and_quit(window, screenshot))
        )
    window.show()
    status = app.exec()
    application.notifier.uninstall()
    application.close()
    return status


def _save_and_quit(window: MainWindow, path: Path) -> None:
    window.grab().save(str(path))
    QApplication.quit()
