"""Live sound for many minutes beside a busy window: are there dropouts, does memory grow?

    python -m tests.soak_live --minutes 10

A microphone of a private PulseAudio server hears speech, the adaptive method works on it with noise from a
file, and what is played goes to a silent sink: the real PortAudio at both ends. Beside it a window draws
three scrolling spectrograms, is resized and opens its menu all the time, and another process keeps a core
busy, as a sweep would. The result is printed as JSON; 1 is returned where it is not as it should be.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
WARM_UP_S = 75.0
"""After this the last minute is full, and memory has to be flat."""

MAX_GROWTH_MB_PER_MINUTE = 0.5
MIN_FRAMES_PER_SECOND = 30.0
_TICK_MS = 25


def main() -> int:
    """Run in this process with ``--inside`` a sound server, otherwise start one around it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--latency-ms", type=float, help="to ask of the devices (default: their lowest)")
    parser.add_argument("--idle", action="store_true", help="without the process that keeps a core busy")
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
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from workbench.engine.live import LiveSession, LiveSettings
    from workbench.resources import assets_dir

    application = QApplication([])
    session = LiveSession(
        LiveSettings(
            noise_path=sorted((assets_dir() / "noise").rglob("*.flac"))[0],
            snr_db=5.0,
            device_latency_s=None if options.latency_ms is None else options.latency_ms / 1000,
        )
    )
    other = multiprocessing.get_context("spawn").Process(target=_keep_busy, daemon=True)
    if not options.idle:
        other.start()
    window = _Window(session)
    window.widget.show()
    session.start()
    began_s = time.monotonic()
    memory: list[tuple[float, float]] = []
    early: dict[str, int] = {}

    def measure() -> None:
        seconds = time.monotonic() - began_s
        memory.append((seconds, _memory_mb()))
        if seconds < WARM_UP_S:
            early.update(asdict(session.status().counts))
        if seconds >= 60 * options.minutes or not session.running:
            application.quit()

    watch = QTimer()
    watch.timeout.connect(measure)
    watch.start(1000)
    application.exec()
    status, seconds = session.status(), time.monotonic() - began_s
    session.close()
    late = np.array([entry for entry in memory if entry[0] > min(WARM_UP_S, seconds / 2)])
    growth = 60 * float(np.polyfit(late[:, 0], late[:, 1], 1)[0]) if len(late) > 5 else 0.0
    result = {
        "minutes": round(seconds / 60, 2),
        "heard_s": round(status.position_s, 1),
        "frames_per_second": round(window.n_frames / seconds, 1),
        "in_the_first_minute": early,
        "in_all": asdict(status.counts),
        "load": round(status.load, 3),
        "processing_p99_ms": round(session.processing_p99_ms, 2),
        "latency_ms": round(status.latency.total_ms, 1),
        "memory_mb": round(memory[-1][1], 1),
        "memory_growth_mb_per_minute": round(growth, 3),
        "load_average": os.getloadavg()[0],
    }
    print(json.dumps(result, indent=2))
    is_long = seconds > 2 * WARM_UP_S
    held = (
        status.running
        and not status.counts.input_overflows
        and (not is_long or growth < MAX_GROWTH_MB_PER_MINUTE)
        and window.n_frames / seconds >= MIN_FRAMES_PER_SECOND * (0.99 if is_long else 0.8)
    )
    return 0 if held else 1


class _Window:
    """Three scrolling spectrograms, fed by polling, and a user who cannot sit still."""

    def __init__(self, session: Any) -> None:
        import pyqtgraph
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QMainWindow, QMenu

        from workbench.evaluation.spectrogram import DisplaySpec, StreamingSpectrogram

        self.n_frames = 0
        self._session = session
        self.widget = QMainWindow()
        panels = pyqtgraph.GraphicsLayoutWidget()
        self.widget.setCentralWidget(panels)
        self.widget.resize(1280, 800)
        self._menu = QMenu("File", self.widget)
        for number in range(20):
            self._menu.addAction(f"Item {number}")
        self._names = ("clean", "mixed", "denoised")
        self._streams = [StreamingSpectrogram(DisplaySpec()) for _ in self._names]
        self._pictures: list[np.ndarray] = []
        self._images = []
        for row, _ in enumerate(self._names):
            image = pyqtgraph.ImageItem(axisOrder="row-major")
            panels.addPlot(row=row, col=0).addItem(image)
            self._images.append(image)
        self._timer = QTimer()
        self._timer.timeout.connect(self._frame)
        self._timer.start(_TICK_MS)

    def _frame(self) -> None:
        blocks = self._session.poll()
        self._session.status()
        for index, name in enumerate(self._names):
            if blocks:
                signal = np.concatenate([getattr(block, name) for block in blocks])
                columns = self._streams[index].process(signal)
                if len(self._pictures) <= index:
                    self._pictures.append(np.full((columns.shape[1], 1000), -90, np.float32))
                picture = self._pictures[index]
                n_new = min(len(columns), 1000)
                if n_new:
                    picture[:, :-n_new] = picture[:, n_new:].copy()
                    picture[:, -n_new:] = columns[-n_new:].T
            if len(self._pictures) > index:
                self._images[index].setImage(self._pictures[index], autoLevels=False, levels=(-90, 0))
        self.n_frames += 1
        if self.n_frames % 50 == 0:
            self.widget.resize(1100 + self.n_frames % 200, 700 + self.n_frames % 100)
        if self.n_frames % 80 == 0:
            self._menu.popup(self.widget.pos())
        if self.n_frames % 80 == 40:
            self._menu.close()
        # What the timer alone would leave to idle moments.
        self.widget.centralWidget().viewport().repaint()


def _keep_busy() -> None:
    """Keep a core busy as a sweep does, at a sweep's priority."""
    os.nice(10)
    rng = np.random.default_rng(0)
    while os.getppid() != 1:
        np.fft.rfft(rng.standard_normal(1 << 16))


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    sys.exit(main())
