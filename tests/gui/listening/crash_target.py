"""A program that takes a session on the real screen, to be killed: it says on standard output where it is."""

import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.gui.listening.driver import answer, fast_output
from workbench.gui.listening.run import run_session
from workbench.gui.listening.window import ListenerWindow
from workbench.gui.settings import Settings
from workbench.listening.prepared import read_key
from workbench.listening.simulate import SimulatedListener


class Waiter:
    """Waits as pytest-qt does."""

    @staticmethod
    def waitUntil(condition: Any, timeout: int = 60_000) -> None:
        until = time.monotonic() + timeout / 1000
        while not condition():
            assert time.monotonic() < until
            QTest.qWait(10)


def main() -> None:
    folder, settings, n_answers = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    key = read_key(folder)

    def take_part() -> None:
        window = next(each for each in QApplication.topLevelWidgets() if isinstance(each, ListenerWindow))
        assert QTest.qWaitForWindowExposed(window)
        for _ in range(n_answers):
            screen = window.session.screen
            assert screen is not None
            values = dict(SimulatedListener(seed=window.session.progress[0]).values(screen, key))
            answer(Waiter, window, values)
        shown = window.session.screen
        assert shown is not None
        order = ",".join(each.id for each in window.session.screens)
        print(f"at {shown.id} {order}", flush=True)

    def guarded() -> None:
        try:
            take_part()
        except BaseException:
            traceback.print_exc()
            os._exit(1)

    QTimer.singleShot(0, guarded)
    run_session(
        folder,
        "L01",
        windowed=True,
        make_output=fast_output,
        settings=Settings(QSettings(settings, QSettings.Format.IniFormat)),
    )


if __name__ == "__main__":
    main()
