"""Live sound for many minutes in the window, beside a sweep: are there dropouts, does memory grow?

    python -m tests.soak_live --minutes 10

A microphone of a private PulseAudio server hears speech, the adaptive method works on it with noise from a
file, and what is played goes to a silent sink: the real PortAudio at both ends, the application's own window
with its Live page. Meanwhile the window is resized, its menus open and a slider moves all the time, and a
sweep keeps a core busy. The result is printed as JSON; 1 is returned where it is not as it should be.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
WARM_UP_S = 75.0
"""After this the last minute is full, and memory has to be flat."""

MAX_GROWTH_MB_PER_MINUTE = 0.5
MIN_FRAMES_PER_SECOND = 30.0
SIZES = ((1280, 800), (1000, 640), (1600, 900), (900, 560))
_RESTLESS_MS = 500


def main() -> int:
    """Run in this process with ``--inside`` a sound server, otherwise start one around it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--latency-ms", type=float, help="to ask of the devices (default: their lowest)")
    parser.add_argument("--idle", action="store_true", help="without the sweep")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    return soak(options) if options.inside else _around(sys.argv[1:], options.minutes)


def _around(arguments: list[str], minutes: float) -> int:
    from tests.pulse import private_pulse
    from workbench.audio import files
    from workbench.resources import assets_dir

    speech = np.concatenate([files.read(path) for path in sorted((assets_dir() / "speech").iterdir())])
    n_turns = 2 + int(minutes * 60 * 16_000 / len(speech))
    with (
        tempfile.TemporaryDirectory() as folder,
        private_pulse(Path(folder)) as pulse,
        pulse.speaking(np.tile(speech, n_turns)),
        # Another listener holds the silent sink to short steps; by itself it takes two seconds at once.
        pulse.hearing(),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "tests.soak_live", "--inside", *arguments],
            env={"QT_QPA_PLATFORM": "offscreen", **pulse.environment},
            cwd=REPOSITORY,
        )
    return done.returncode


def soak(options: argparse.Namespace) -> int:
    """Run, print what was measured, and return 0 where it is as it should be."""
    with (
        tempfile.TemporaryDirectory() as folder,
        nullcontext() if options.idle else _sweep(Path(folder)),
    ):
        return _soak(options, Path(folder))


def _soak(options: argparse.Namespace, folder: Path) -> int:
    from PySide6.QtCore import QSettings, QTimer
    from PySide6.QtWidgets import QApplication

    from workbench.audio.playback import ClockOutput
    from workbench.gui.app import Application
    from workbench.gui.live.controller import State

    qapp = QApplication([])
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    store.setValue("live/folder", str(folder / "takes"))
    application = Application(qapp, store, make_output=lambda: ClockOutput("The studio is silent."))
    application.window.show()
    application.window.show_page_titled("Live")
    controller = application.live_page.controller
    _wait(lambda: controller.devices.is_known)
    controller.set_noise(controller.demo_noises["fan"])
    if options.latency_ms is not None:
        controller.settings = replace(controller.settings, device_latency_s=options.latency_ms / 1000)
    controller.headphones_asked.connect(lambda _: controller.answer_headphones(True))
    controller.start()
    _wait(lambda: controller.state is State.RUNNING)
    session = controller._session
    assert session is not None
    restless = _Restless(application)
    began_s = time.monotonic()
    memory: list[tuple[float, float]] = []
    early: dict[str, int] = {}

    def measure() -> None:
        seconds = time.monotonic() - began_s
        memory.append((seconds, _memory_mb()))
        if seconds < WARM_UP_S:
            early.update(asdict(session.status().counts))
        if seconds >= 60 * options.minutes or not session.running:
            qapp.quit()

    watch = QTimer()
    watch.timeout.connect(measure)
    watch.start(1000)
    qapp.exec()
    status, seconds = session.status(), time.monotonic() - began_s
    watch.stop()
    restless.stop()
    late = np.array([entry for entry in memory if entry[0] > min(WARM_UP_S, seconds / 2)])
    growth = 60 * float(np.polyfit(late[:, 0], late[:, 1], 1)[0]) if len(late) > 5 else 0.0
    result = {
        "minutes": round(seconds / 60, 2),
        "heard_s": round(status.position_s, 1),
        "frames_per_second": round(restless.n_frames / seconds, 1),
        "in_the_first_minute": early,
        "in_all": asdict(status.counts),
        "load": round(status.load, 3),
        "processing_p99_ms": round(session.processing_p99_ms, 2),
        "latency_ms": round(status.latency.total_ms, 1),
        "memory_mb": round(memory[-1][1], 1),
        "memory_growth_mb_per_minute": round(growth, 3),
        "load_average": os.getloadavg()[0],
    }
    application.close()
    print(json.dumps(result, indent=2))
    is_long = seconds > 2 * WARM_UP_S
    held = (
        status.running
        and not status.counts.input_overflows
        and (not is_long or growth < MAX_GROWTH_MB_PER_MINUTE)
        and restless.n_frames / seconds >= MIN_FRAMES_PER_SECOND * (0.99 if is_long else 0.8)
    )
    return 0 if held else 1


class _Restless:
    """A user who cannot sit still, and a count of the frames that are shown meanwhile."""

    def __init__(self, application: Any) -> None:
        from PySide6.QtCore import QTimer

        self.n_frames = 0
        self._turn = 0
        self._window = application.window
        self._page = application.live_page
        self._page.controller.ticked.connect(self._count)
        self._timer = QTimer()
        self._timer.timeout.connect(self._act)
        self._timer.start(_RESTLESS_MS)

    def stop(self) -> None:
        self._timer.stop()
        self._page.controller.ticked.disconnect(self._count)

    def _count(self, _: object) -> None:
        self.n_frames += 1
        # What the timer alone would leave to idle moments.
        self._page.trio.repaint()

    def _act(self) -> None:
        self._turn += 1
        menus = [action.menu() for action in self._window.menuBar().actions()]
        for menu in menus:
            menu.close()
        if self._turn % 2:
            menus[self._turn % len(menus)].popup(self._window.pos())
        self._window.resize(*SIZES[self._turn % len(SIZES)])
        self._page.noise.snr.slider.setValue(self._turn % 20 - 10)


@contextmanager
def _sweep(folder: Path) -> Iterator[None]:
    """Keep a core busy with a sweep that has enough to do."""
    command = [sys.executable, "-m", "workbench", "sweep", "--demo", "--repetitions", "100", "--workers", "1"]
    with (folder / "sweep.log").open("w") as log:
        running = subprocess.Popen(
            [*command, "-o", str(folder / "demo.sweep")], stdout=log, stderr=log, process_group=0
        )
    try:
        yield
        assert running.poll() is None, (folder / "sweep.log").read_text()
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def _wait(is_so: Any, timeout_s: float = 60.0) -> None:
    from PySide6.QtWidgets import QApplication

    end_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end_s, "the window did not get there in time"
        QApplication.processEvents()
        time.sleep(0.01)


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    sys.exit(main())
