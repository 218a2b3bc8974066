"""A session in a program of its own: what `workbench listen run` opens."""

import signal
import sys
from pathlib import Path

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from workbench.audio.playback import open_output
from workbench.gui.listening.deck import MakeOutput
from workbench.gui.listening.window import ListenerWindow
from workbench.gui.messages import start_log
from workbench.gui.settings import Settings, user_settings
from workbench.gui.theme import ICONS, ThemeManager
from workbench.gui.workers import wait_for_all
from workbench.listening.session import open_session
from workbench.resources import APP_NAME


def run_session(
    folder: Path,
    listener: str | None = None,
    *,
    windowed: bool = False,
    make_output: MakeOutput = open_output,
    settings: Settings | None = None,
) -> int:
    """Open the listener's screen, and return when it is closed.

    Parameters
    ----------
    folder : pathlib.Path
        A prepared test.
    listener : str, optional
        Pseudonym; a session that this listener has not finished goes on where it was.
    windowed : bool
        A window in place of the full screen.
    make_output : callable
        Opens a sound device.
    settings : Settings, optional
        Of this computer.

    Returns
    -------
    int
        Exit status: 0 also where the listener stopped before the end.

    Raises
    ------
    WorkbenchError
        There is no such test, the pseudonym is none, or the listener has finished.
    """
    session = open_session(folder, listener)
    QApplication.setApplicationName(APP_NAME)
    QApplication.setApplicationDisplayName("Listening test")
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setWindowIcon(QIcon(str(ICONS / "app.svg")))
    start_log()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    theme = ThemeManager(app)
    window = ListenerWindow(session, settings or Settings(user_settings()), make_output=make_output)
    if windowed:
        window.resize(1280, 800)
        window.show()
    else:
        window.showFullScreen()
    status = app.exec()
    wait_for_all()
    theme.release()
    window.deleteLater()
    return status
