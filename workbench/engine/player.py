"""Playing a live graph: a thread that keeps an output fed, and what the window asks of it."""

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from workbench.dsp import SAMPLE_RATE
from workbench.engine.glide import Glide
from workbench.engine.graph import GraphBlock, LiveGraph
from workbench.errors import WorkbenchError

BLOCK_SAMPLES = 256
QUEUE_SAMPLES = SAMPLE_RATE * 90 // 1000
"""How far ahead of the ear the graph runs: short enough for a slider, long enough for a seek's warm-up."""

PAUSE_FADE_SAMPLES = SAMPLE_RATE * 10 // 1000
_KEPT_BLOCKS = 2048
_LOAD_SMOOTHING = 0.05

if TYPE_CHECKING:
    from workbench.audio.playback import Output

log = logging.getLogger(__name__)


class Player:
    """Feeds an output from a graph in a thread of its own; nothing here blocks the caller.

    Parameters
    ----------
    graph : LiveGraph
        What is played; may be replaced at any time.
    output : Output
        Where to; the player starts, stops and closes it.

    Attributes
    ----------
    failure : str
        Why playback stopped by itself, one sentence; empty if it did not.
    load : float
        Processing time over real time, smoothed; 1 is the most that can be kept up.
    """

    def __init__(self, graph: LiveGraph, output: "Output") -> None:
        self.failure = ""
        self.load = 0.0
        self._graph = self._current = graph
        self._output = output
        self._playing = False
        self._closing = False
        self._running = False
        self._written = 0
        self._fade = Glide([0.0], PAUSE_FADE_SAMPLES)
        self._made: deque[GraphBlock] = deque(maxlen=_KEPT_BLOCKS)
        self._marks: deque[tuple[int, int, int]] = deque()
        self._marks_lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def graph(self) -> LiveGraph:
        """What is played; another graph is faded over to."""
        return self._graph

    @graph.setter
    def graph(self, graph: LiveGraph) -> None:
        self._graph = graph
        self._wake.set()

    @property
    def playing(self) -> bool:
        """Whether sound is made; false again once the scene has ended or playback has failed."""
        return self._playing

    def play(self) -> None:
        """Go on from where the graph is; from the start (of the loop) if it has ended."""
        if self._playing or self._closing:
            return
        if self._graph.ended:
            self._graph.seek(0)
        self.failure = ""
        self._playing = True
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="player", daemon=True)
            self._thread.start()
        self._wake.set()

    def pause(self) -> None:
        """Fade out and stop; `play` goes on from there."""
        self._playing = False
        self._wake.set()

    def seek(self, position_samples: int) -> None:
        """Go to a scene position, playing or not."""
        self._graph.seek(position_samples)
        self._wake.set()

    @property
    def loop(self) -> tuple[int, int] | None:
        """The part that is repeated, as in `LiveGraph.loop`."""
        return self._graph.loop

    @loop.setter
    def loop(self, region: tuple[int, int] | None) -> None:
        self._graph.loop = region

    @property
    def position_samples(self) -> int:
        """Scene position that is heard now; where playing will go on when nothing is heard."""
        heard = self._output.played_samples
        with self._marks_lock:
            for start, position, n_samples in reversed(self._marks):
                if start <= heard < start + n_samples:
                    return position + heard - start
        return self._graph.position_samples

    @property
    def underruns(self) -> int:
        """How often the output ran out of samples."""
        return self._output.underruns

    def poll(self) -> list[GraphBlock]:
        """Return the blocks made since the last call, oldest first; those of 30 s are kept at the most."""
        blocks = []
        while self._made:
            blocks.append(self._made.popleft())
        return blocks

    def close(self) -> None:
        """Stop at once and close the output; the player cannot be used again."""
        self._playing = False
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self._output.close()

    def _run(self) -> None:
        try:
            while not self._closing:
                if not self._step():
                    self._rest()
        except WorkbenchError as error:
            self._fail(str(error))
        except Exception as error:
            log.exception("Playback stopped")
            self._fail(f"Playback stopped because of an internal error ({error}); press play to try again.")

    def _step(self) -> bool:
        """Make one block if there is room and reason for it."""
        graph = self._current
        audible = self._playing and graph is self._graph
        if not audible and self._fade.values[0] == 0:
            self._current = self._graph
            return graph is not self._graph
        room = min(self._output.free_samples, QUEUE_SAMPLES - self._queued)
        if room < BLOCK_SAMPLES:
            return False
        if not self._running:
            self._output.start()
            self._running = True
        self._fade.to([1.0 if audible else 0.0])
        n_samples = BLOCK_SAMPLES if audible else min(BLOCK_SAMPLES, self._fade.remaining_samples)
        began = time.perf_counter()
        block = graph.process(n_samples)
        taken = time.perf_counter() - began
        if block.n_samples == 0:
            self._fade = Glide([0.0], PAUSE_FADE_SAMPLES)
            self._playing = False
            return True
        self._put(block)
        self.load += _LOAD_SMOOTHING * (taken * SAMPLE_RATE / block.n_samples - self.load)
        return True

    @property
    def _queued(self) -> int:
        return self._written - self._output.played_samples

    def _put(self, block: GraphBlock) -> None:
        played = self._output.played_samples
        with self._marks_lock:
            while self._marks and self._marks[0][0] + self._marks[0][2] <= played:
                self._marks.popleft()
            self._marks.append((self._written, block.position_samples, block.n_samples))
        self._output.write(block.monitor * self._fade.take(block.n_samples)[0])
        self._written += block.n_samples
        self._made.append(block)

    def _rest(self) -> None:
        """Wait until the output has room; with nothing to play, let it run dry and then stop it."""
        if self._playing or self._queued > 0:
            self._wake.wait(BLOCK_SAMPLES / 2 / SAMPLE_RATE)
        else:
            if self._running:
                self._output.stop()
                self._running = False
            self._wake.wait()
        self._wake.clear()

    def _fail(self, why: str) -> None:
        self.failure = why
        self._playing = False
        self._running = False
        self._fade = Glide([0.0], PAUSE_FADE_SAMPLES)
