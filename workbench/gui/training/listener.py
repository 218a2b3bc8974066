"""Hearing any file of the page: one plays at a time."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from workbench.audio.files import read
from workbench.audio.playback import Output
from workbench.dsp import SAMPLE_RATE
from workbench.dsp import Signal as Samples
from workbench.engine.graph import GraphBlock
from workbench.engine.player import Player
from workbench.errors import WorkbenchError
from workbench.evaluation.spectrogram import DisplaySpec, spectrogram_db
from workbench.gui.messages import Notifier
from workbench.gui.workers import Job

TICK_MS = 33
MAX_SECONDS = 60.0
"""Longer files are heard and seen up to here."""
MAX_COLUMNS = 2000
MAX_SOUNDS = 24


class Sound:
    """A file's samples, and its spectrogram in dB: (n_columns, n_bins)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples: Samples = read(path, max_seconds=MAX_SECONDS)
        columns = spectrogram_db(self.samples, DisplaySpec())
        # No more columns than a wide screen has; the loudest of those that share one.
        group = -(-len(columns) // MAX_COLUMNS)
        self.spectrogram_db = np.maximum.reduceat(columns, np.arange(0, len(columns), group), axis=0)

    @property
    def duration_s(self) -> float:
        """Length."""
        return len(self.samples) / SAMPLE_RATE


class _Samples:
    """A signal as what a player plays: see `workbench.engine.player.Source`."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self.loop: tuple[int, int] | None = None
        self.position_samples = 0

    @property
    def duration_samples(self) -> int:
        return len(self._samples)

    def seek(self, position_samples: int, *, cut: bool = False) -> None:
        self.position_samples = min(max(position_samples, 0), self.duration_samples)

    def process(self, n_samples: int) -> GraphBlock:
        start = self.position_samples
        block = self._samples[start : start + n_samples]
        self.position_samples = start + len(block)
        return GraphBlock(start, None, block, block, [], block)


class Listener(QObject):
    """Loads files and plays them.

    Parameters
    ----------
    make_output : callable
        Opens the sound output, when something is played for the first time.
    notifier : Notifier
        Where problems go.

    Signals
    -------
    loaded : Sound
    playing_changed : Path or None
        What is heard now.
    position_changed : float
        In s.
    """

    loaded = Signal(object)
    playing_changed = Signal(object)
    position_changed = Signal(float)

    def __init__(self, make_output: Callable[[], Output], notifier: Notifier) -> None:
        super().__init__()
        self._make_output = make_output
        self._notifier = notifier
        self._read_work, self._open_work = Job(), Job()
        self._player: Player[_Samples] | None = None
        self._sounds: dict[Path, Sound] = {}
        self._waiting: dict[Path, None] = {}
        self._to_play: Path | None = None
        self.playing: Path | None = None
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)

    def load(self, path: Path, *, play: bool = False) -> None:
        """Read a file in the background and show it; play it if asked."""
        if play:
            self._to_play = path
        known = self._sounds.get(path)
        if known is not None:
            self._arrived(known)
        else:
            self._waiting[path] = None
            self._read_next()

    def toggle(self, path: Path) -> None:
        """Play a file from its start, or be quiet if it is what plays."""
        if self.playing == path:
            self.stop()
        else:
            self.load(path, play=True)

    def seek(self, position_s: float) -> None:
        """Go on from another place."""
        if self._player is not None and self.playing is not None:
            self._player.seek(round(position_s * SAMPLE_RATE))

    def stop(self) -> None:
        """Be quiet."""
        self._to_play = None
        if self._player is not None and self._player.playing:
            self._player.pause()
        self._timer.stop()
        if self.playing is not None:
            self.playing = None
            self.playing_changed.emit(None)

    def forget(self) -> None:
        """Read files anew when they are next asked for: they may have been written again."""
        self._sounds.clear()

    def close(self) -> None:
        """Stop and let the output go."""
        self.stop()
        self._waiting.clear()
        self._read_work.cancel()
        self._open_work.cancel()
        if self._player is not None:
            self._player.close()
            self._player = None

    def _read_next(self) -> None:
        """Read one file after the other, since several are shown beside each other."""
        if not self._read_work.is_running and self._waiting:
            path = next(iter(self._waiting))
            del self._waiting[path]
            self._read_work.start(Sound, path, done=self._read, failed=self._not_read)

    def _read(self, sound: Sound) -> None:
        if len(self._sounds) >= MAX_SOUNDS:
            self._sounds.clear()
        self._sounds[sound.path] = sound
        self._read_next()
        self._arrived(sound)

    def _not_read(self, error: Exception) -> None:
        self._read_next()
        self._notifier.failure(error)

    def _arrived(self, sound: Sound) -> None:
        self.loaded.emit(sound)
        if sound.path == self._to_play:
            self._to_play = None
            self._play_loaded(sound)

    def _play_loaded(self, sound: Sound) -> None:
        """Play, once there is an output: opening a device takes its time."""
        if self._player is not None and not self._player.failure:
            self._play(sound, self._player)
            return

        def opened(output: Output) -> None:
            if self._player is not None:
                self._player.close()
            self._player = Player(_Samples(sound.samples), output)
            if output.message:
                self._notifier.warn(output.message)
            self._play(sound, self._player)

        self._open_work.start(self._make_output, done=opened, failed=self._notifier.failure)

    def _play(self, sound: Sound, player: "Player[_Samples]") -> None:
        player.pause()
        player.graph = _Samples(sound.samples)
        player.seek(0)
        player.play()
        self.playing = sound.path
        self.playing_changed.emit(sound.path)
        self._timer.start()

    def _tick(self) -> None:
        player = self._player
        if player is None:
            return
        player.poll()
        self.position_changed.emit(player.position_samples / SAMPLE_RATE)
        if not player.playing:
            if player.failure:
                self._notifier.failure(WorkbenchError(player.failure))
            self.stop()
