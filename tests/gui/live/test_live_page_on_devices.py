"""The window with live sound through the real PortAudio: a busy user, and devices that are pulled away."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.pulse import Pulse, needs_pulse, private_pulse
from workbench.audio import files
from workbench.engine.recording import find_takes, read_take
from workbench.resources import assets_dir

REPOSITORY = Path(__file__).resolve().parents[3]

pytestmark = needs_pulse

# sounddevice looks for devices when it is imported, so the environment has to be right beforehand.
USER = """
import json
import os
import sys
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.pulse import Pulse
from workbench.gui.hub import Hub
from workbench.gui.live.controller import LiveController, State
from workbench.gui.live.page import LivePage
from workbench.gui.main_window import MainWindow
from workbench.gui.messages import Notifier
from workbench.gui.settings import Settings
from workbench.gui.theme import ThemeManager
from workbench.gui.workers import wait_for_all

folder = Path(sys.argv[1])
pulse = Pulse(folder, dict(os.environ))
app = QApplication([])
settings = Settings(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
settings.set("live/folder", str(folder / "takes"))
notifier, theme = Notifier(), ThemeManager(app)
controller = LiveController(settings, notifier, Hub())
page = LivePage(controller, settings, theme, notifier)
window = MainWindow([page], settings, theme, notifier)
window.resize(1280, 800)
window.show()


def until(condition, seconds=60):
    give_up_s = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up_s:
            sys.exit(f"waited in vain: {window.messages.label.text()} {page.notice.text}")
        QTest.qWait(20)


until(lambda: controller.devices.is_known)
controller.set_noise(controller.demo_noises["fan"])
QTest.keyClick(page, Qt.Key.Key_Space)
until(lambda: page.curtain.title == "Are these headphones?" or controller.state is State.RUNNING)
if controller.state is not State.RUNNING:
    QTest.mouseClick(page.curtain.buttons[0], Qt.MouseButton.LeftButton)
until(lambda: controller.state is State.RUNNING)
session = controller._session
until(lambda: session.status().position_s > 1)
QTest.keyClick(page, Qt.Key.Key_R)
until(lambda: session.recording is not None)
menus = [action.menu() for action in window.menuBar().actions()]
for turn in range(20):
    window.resize((1280, 1000, 900)[turn % 3], (800, 640, 560)[turn % 3])
    menus[turn % len(menus)].popup(window.pos())
    QTest.qWait(100)
    menus[turn % len(menus)].close()
pulse.unload("source_name=mic", "sink_name=voice", "sink_name=out")
until(lambda: "has stopped" in page.notice.text)
said = page.notice.text
pulse.load_sink("out")
pulse.load_sink("voice")
pulse.load_microphone()
until(lambda: session.status().output_name and session.status().input_name)
at_s = session.status().recorded_s
until(lambda: session.status().recorded_s > at_s + 1)
late = session.status()
QTest.keyClick(page, Qt.Key.Key_Space)
until(lambda: controller.state is State.IDLE)
until(lambda: page.takes.list.count() == 1)
print(json.dumps({
    "columns": controller.picture.waterfalls["denoised"].n_written,
    "position_s": late.position_s,
    "said": said,
    "take": page.takes.list.item(0).text(),
}))
window.close()
wait_for_all(60000)
theme.release()
"""


@pytest.fixture
def pulse(tmp_path: Path) -> Iterator[Pulse]:
    with private_pulse(tmp_path) as server:
        yield server


def test_a_busy_window_and_devices_that_are_pulled_away(tmp_path: Path, pulse: Pulse) -> None:
    speech = np.tile(files.read(sorted((assets_dir() / "speech").iterdir())[0]), 20)
    with pulse.speaking(speech):
        user = subprocess.run(
            [sys.executable, "-B", "-c", USER, str(tmp_path)],
            env={"QT_QPA_PLATFORM": "offscreen", **pulse.environment},
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert user.returncode == 0, user.stderr
    seen = json.loads(user.stdout)
    # That nothing breaks off is for a machine with time to spare: tests/benchmarks/test_live_page.py.
    assert "has stopped" in seen["said"]
    # 125 columns in a second: what was heard was drawn.
    assert seen["columns"] > 100 * (seen["position_s"] - 2)
    take = read_take(find_takes(tmp_path / "takes")[0])
    assert take.finished
    assert take.has_clean
    events = [event["event"] for event in take.events]
    for end in ("input", "output"):
        assert events.index(f"{end} lost") < events.index(end)
    mixed = files.read(take.folder / "mixed.wav")
    assert np.abs(mixed).max() > 0.01
