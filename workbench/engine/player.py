"""Playing a live graph: a thread that keeps an output fed, and what the window asks of it."""

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

import numpy as np

from workbench.audio.playback import Output
from workbench.dsp import SAMPLE_RATE
from workbench.engine.glide import Glide
from workbench.engine.graph import GraphBlock
from workbench.errors import WorkbenchError

BLOCK_SAMPLES = 256
QUEUE_SAMPLES = SAMPLE_RATE * 90 // 1000
MAX_QUEUE_SAMPLES = SAMPLE_RATE * 220 // 1000
"""How far ahead of the output the graph runs: short enough for a slider at first, and half as long again
after each underrun, on a machine that is too busy for that."""

VOLUME_GLIDE_SAMPLES = SAMPLE_RATE * 20 // 1000

_KEPT_BLOCKS = 2048
_LOAD_SMOOTHING = 0.05

log = logging.getLogger(__name__)


class Source(Protocol):
    """What a player plays: a `workbench.engine.graph.LiveGraph`, or anything else that makes such blocks."""

    @property
    def duration_samples(self) -> int:
        """Length of what there is."""

    @property
    def position_samples(self) -> int:
        """Where the next block begins."""

    @property
    def loop(self) -> tuple[int, int] | None:
        """The part that is repeated."""

    @loop.setter
    def loop(self, region: tuple[int, int] | None) -> None: ...

    def seek(self, position_samples: int, *, cut: bool = False) -> None:
        """Go to a position; `cut` says that what was played before is faded out elsewhere."""

    def process(self, n_samples: int) -> GraphBlock:
        """Return the next samples, fewer where there is a jump ahead, and none at the end."""


SourceT = TypeVar("SourceT", bound=Source)


class Player(Generic[SourceT]):
    """Feeds an output from a graph in a thread of its own; nothing here blocks the caller for long.

    What is changed on the graph is heard after the queue of 90 ms (more on a busy machine); play, pause and
    seek are heard at once.

    Parameters
    ----------
    graph : Source
        What is played; another may take its place at any time.
    output : Output
        Where to; the player starts, stops and closes it.
    queue_samples : int
        How far ahead of the output the graph runs at first.

    Attributes
    ----------
    failure : str
        Why playback stopped by itself, one sentence; empty if it did not. `play` tries again; where the
        output has died, a new player on a new output is better.
    load : float
        Processing time over real time, smoothed; 1 is the most that can be kept up.
    volume : float
        Gain of what is played, 1 at first; changes glide.
    """

    def __init__(self, graph: SourceT, output: Output, *, queue_samples: int = QUEUE_SAMPLES) -> None:
        self.failure = ""
        self.load = 0.0
        self.volume = 1.0
        self._volume = Glide([1.0], VOLUME_GLIDE_SAMPLES)
        self._graph = self._current = graph
        self._output = output
        self._was_silent = output.is_silent
        self._playing = False
        self._closing = False
        self._running = False
        self._queue_samples = queue_samples
        self._n_underruns = output.underruns
        self._target: int | None = None
        self._end: int | None = None
        self._made: deque[GraphBlock] = deque(maxlen=_KEPT_BLOCKS)
        # Where in the output's count which stretch of the scene begins, and how long it is.
        self._marks: deque[tuple[int, int, int]] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="player", daemon=True)
        self._thread.start()

    @property
    def graph(self) -> SourceT:
        """What is played. Another graph is heard at once; whether it plays or pauses stays as it is."""
        return self._graph

    @graph.setter
    def graph(self, graph: SourceT) -> None:
        with self._lock:
            self._graph = graph
            self._target = None
        self._wake.set()

    @property
    def playing(self) -> bool:
        """Whether sound is made; false again once the scene has been heard to its end, or on failure."""
        return self._playing

    def play(self) -> None:
        """Go on from `position_samples`; from the start if that is the end."""
        if self._playing:
            return
        if self.loop is None and self.position_samples >= self._graph.duration_samples:
            self.seek(0)
        self.failure = ""
        self._playing = True
        self._wake.set()

    def pause(self) -> None:
        """Fall silent; `play` goes on from there."""
        self._playing = False
        self._wake.set()

    def seek(self, position_samples: int) -> None:
        """Go to a scene position, cut to the scene's ends, playing or not."""
        with self._lock:
            self._target = min(max(0, int(position_samples)), self._graph.duration_samples)
        self._wake.set()

    @property
    def loop(self) -> tuple[int, int] | None:
        """The part that is repeated, in samples; see `LiveGraph.loop`. What is heard goes there at once."""
        return self._graph.loop

    @loop.setter
    def loop(self, region: tuple[int, int] | None) -> None:
        self._graph.loop = region
        loop = self._graph.loop
        if loop is not None and not loop[0] <= self.position_samples < loop[1]:
            self.seek(loop[0])

    @property
    def position_samples(self) -> int:
        """Scene position that is heard now; where playing will go on when nothing is heard."""
        with self._lock:
            if self._target is not None:
                return self._target
            heard = self._output.played_samples
            if self._current is self._graph:
                for start, position, n_samples in self._marks:
                    if start <= heard < start + n_samples:
                        return position + heard - start
            return self._graph.position_samples

    @property
    def underruns(self) -> int:
        """How often the output ran out of sound."""
        return self._output.underruns

    def poll(self) -> list[GraphBlock]:
        """Return the blocks made since the last call, oldest first; those of 30 s are kept at the most."""
        blocks: list[GraphBlock] = []
        while self._made and self._current is self._graph:
            blocks.append(self._made.popleft())
        return blocks

    def close(self) -> None:
        """Fall silent and close the output; the player cannot be used again."""
        self._closing = True
        self._wake.set()
        self._thread.join()
        self._output.close()

    def _run(self) -> None:
        while not self._closing:
            try:
                busy = self._step()
            except WorkbenchError as error:
                busy = self._fail(str(error))
            except Exception as error:
                log.exception("Playback stopped")
                busy = self._fail(
                    f"Playback stopped because of an internal error ({error}); press Play again."
                )
            if not busy:
                self._wake.wait(BLOCK_SAMPLES / 2 / SAMPLE_RATE if self._playing else None)
                self._wake.clear()

    def _step(self) -> bool:
        """Do the next thing that is due; return whether there may be more to do at once."""
        self._follow()
        if not self._playing:
            self._stop()
            return False
        if self._output.is_silent and not self._was_silent:
            raise WorkbenchError(self._output.message or "The sound device has stopped; choose another one.")
        if self._output.underruns != self._n_underruns:
            self._n_underruns = self._output.underruns
            self._queue_samples = min(self._queue_samples * 3 // 2, MAX_QUEUE_SAMPLES)
        if min(self._output.free_samples, self._queue_samples - self._output.queued_samples) < BLOCK_SAMPLES:
            if not self._running:
                self._output.start()
                self._running = True
            return False
        began_s = time.perf_counter()
        block = self._current.process(BLOCK_SAMPLES)
        taken_s = time.perf_counter() - began_s
        if block.n_samples:
            self._end = None
            self._put(block)
            self.load += _LOAD_SMOOTHING * (taken_s * SAMPLE_RATE / block.n_samples - self.load)
            return True
        # The scene is over when its last sample has been heard; silence follows it, so that nothing runs dry.
        if self._end is None:
            self._end = self._output.written_samples
        if self._output.played_samples < self._end:
            self._output.write(np.zeros(BLOCK_SAMPLES, np.float32))
            return True
        self._playing = False
        self._stop()
        self._output.flush()
        return False

    def _follow(self) -> None:
        """Go where the user wants to be: another graph, another place."""
        with self._lock:
            moved = self._current is not self._graph
            if moved:
                self._current = self._graph
                self._made.clear()
            if self._target is not None:
                self._current.seek(self._target, cut=True)
                self._target = None
                moved = True
            if moved:
                self._output.flush()
                self._marks.clear()
                self._end = None

    def _put(self, block: GraphBlock) -> None:
        start = self._output.written_samples
        self._volume.to([self.volume])
        self._output.write(block.monitor * self._volume.take(block.n_samples)[0])
        played = self._output.played_samples
        with self._lock:
            while self._marks and self._marks[0][0] + self._marks[0][2] <= played:
                self._marks.popleft()
            self._marks.append((start, block.position_samples, block.n_samples))
        self._made.append(block)

    def _stop(self) -> None:
        if self._running:
            self._running = False
            self._output.stop()

    def _fail(self, why: str) -> bool:
        self.failure = why
        self._playing = False
        # It may be what has failed.
        with suppress(Exception):
            self._stop()
        return False
