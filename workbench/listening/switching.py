"""Sounds of a trial, one of them heard: switching keeps the position to the sample and does not click."""

from collections.abc import Sequence

import numpy as np

from workbench.audio.files import read
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.engine.glide import Glide
from workbench.engine.graph import GraphBlock
from workbench.errors import WorkbenchError
from workbench.listening.screens import LevelScreen, TrialScreen

FADE_SAMPLES = SAMPLE_RATE * 15 // 1000
"""Length of a switch, of a change of level, and of the way in and out at both ends."""
SWITCH_QUEUE_SAMPLES = SAMPLE_RATE * 40 // 1000
"""How far ahead a player should run: a switch is heard after this and the device's own latency."""


class StimulusSource:
    """Sounds of equal length, as a source for `workbench.engine.player.Player`.

    A switch is a raised-cosine cross-fade from the next sample on, a change of level the same. Beginning and
    end rise and fall likewise, so that a loop has no seam to be heard. Every setting may be changed by
    another thread while it plays.

    Parameters
    ----------
    signals : sequence of numpy.ndarray
        float32, each of shape (n_samples,).
    gain_db : float
        Level that the listener has set.
    loop : bool
        Whether to start again at the end.

    Raises
    ------
    WorkbenchError
        There are none, or they differ in length.
    """

    def __init__(self, signals: Sequence[Signal], *, gain_db: float = 0.0, loop: bool = False) -> None:
        if not signals or not len(signals[0]) or len({len(signal) for signal in signals}) > 1:
            raise WorkbenchError("The sounds of a trial differ in length; prepare the test again.")
        self._signals = np.stack(signals)
        self.gain_db = gain_db
        self.selected = 0
        self._glide = Glide(self._weights(), FADE_SAMPLES)
        self._position = 0
        self._loop = (0, self.duration_samples) if loop else None
        self._was_heard = np.zeros(self._signals.shape, bool)

    @property
    def duration_samples(self) -> int:
        """Length of the sounds."""
        return int(self._signals.shape[1])

    @property
    def position_samples(self) -> int:
        """Position of the next block's first sample."""
        return self._position

    @property
    def loop(self) -> tuple[int, int] | None:
        """Start and end in samples of the part that is repeated; None for no loop."""
        return self._loop

    @loop.setter
    def loop(self, region: tuple[int, int] | None) -> None:
        if region is not None:
            start, end = (min(max(0, int(edge)), self.duration_samples) for edge in region)
            if end - start < 2 * FADE_SAMPLES:
                raise WorkbenchError("A loop must be at least 0.03 s long; drag a wider region.")
            region = (start, end)
        self._loop = region

    @property
    def heard(self) -> list[float]:
        """Share of each sound that was played, 0 to 1."""
        return [float(share) for share in self._was_heard.mean(axis=1)]

    def select(self, index: int) -> None:
        """Go over to another sound, at the position where this one is."""
        if not 0 <= index < len(self._signals):
            raise IndexError(index)
        self.selected = index

    def seek(self, position_samples: int, *, cut: bool = False) -> None:
        """Go on from a position; the output that a player feeds fades what was heard before."""
        self._position = min(max(0, int(position_samples)), self.duration_samples)

    def process(self, n_samples: int) -> GraphBlock:
        """Return the next samples; fewer before a loop's seam, none after the end.

        Parameters
        ----------
        n_samples : int
            The most to return.

        Returns
        -------
        GraphBlock
            All its signals are what is heard.
        """
        start, end = self._loop or (0, self.duration_samples)
        if self._loop and not start <= self._position < end:
            self._position = start
        place = np.arange(self._position, min(self._position + n_samples, end))
        index = self.selected
        self._glide.to(self._weights())
        heard = (self._signals[:, place] * self._glide.take(len(place))).sum(axis=0)
        # Half a sample inwards, so that the first and the last sample are not lost altogether.
        inwards = np.clip((np.minimum(place - start, end - 1 - place) + 0.5) / FADE_SAMPLES, 0, 1)
        heard *= (0.5 - 0.5 * np.cos(np.pi * inwards)).astype(np.float32)
        self._was_heard[index, place] = True
        block = GraphBlock(self._position, None, heard, heard, [], heard)
        self._position += len(place)
        return block

    def _weights(self) -> list[float]:
        gain = 10 ** (self.gain_db / 20)
        return [gain * (place == self.selected) for place in range(len(self._signals))]


def load_stimuli(screen: TrialScreen | LevelScreen) -> list[Signal]:
    """Read the sounds of a screen, in the order in which it shows them.

    Raises
    ------
    WorkbenchError
        A sound is missing or damaged.
    """
    stimuli = screen.stimuli if isinstance(screen, TrialScreen) else (screen.stimulus,)
    return [read(stimulus.path) for stimulus in stimuli]
