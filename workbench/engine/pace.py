"""Keeping the queue before an output short and never dry, although two devices run on two clocks."""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from workbench.audio.streams import Sink
from workbench.dsp import SAMPLE_RATE, Signal

MARGIN_SAMPLES = SAMPLE_RATE * 4 // 1000
MAX_MARGIN_SAMPLES = SAMPLE_RATE * 60 // 1000
"""What the queue holds when it is lowest: little at first, twice as much after each underrun."""

WINDOW_SAMPLES = 2 * SAMPLE_RATE
"""How long the lowest level is looked for before anything is done about it."""

FAR_SAMPLES = SAMPLE_RATE // 10
"""A delay that has grown by so much (after a machine stood still) is cut at once instead of bit by bit."""

SETTLING_SAMPLES = SAMPLE_RATE // 2

_FADE_SAMPLES = 48
_SHORTEST_SPLICE = 16


class Pace:
    """Writes blocks to a sink and holds the delay between them.

    The lowest level of the queue over 2 s tells how much delay is to spare. Clocks that differ by
    100 millionths move it by 0.1 ms in each second; it is brought back by leaving out, or repeating, 1 to
    5 ms of sound where it resembles itself, cross-faded (as WSOLA does). After an underrun the margin grows,
    up to 60 ms; it never grows because of a backlog.

    Parameters
    ----------
    sink : Sink
        Where to.
    input_burst : callable
        Returns how many samples come in at once.

    Attributes
    ----------
    skipped_samples : int
        Sound left out or repeated since the beginning.
    underruns : int
        Breaks since the beginning; those of the first half second, in which the delay settles, do not count.
    wait_samples : float
        Mean time that a sample waits in the queue.
    """

    def __init__(self, sink: Sink, input_burst: Callable[[], int] = lambda: 0) -> None:
        self.sink = sink
        self.skipped_samples = 0
        self.underruns = 0
        self.wait_samples = 0.0
        self._input_burst = input_burst
        self._margin = MARGIN_SAMPLES
        self._seen_underruns = sink.underruns
        self._n_written = 0
        self._primed = False
        self._begin_window()

    def _begin_window(self) -> None:
        self._lowest = 1 << 30
        self._n_in_window = 0

    def note_level(self) -> None:
        """Look at the queue just before a burst of blocks is written: it is lowest then."""
        queued = self.sink.queued_samples
        self._lowest = min(self._lowest, queued)
        self.wait_samples += 0.05 * (queued - self.wait_samples)

    def write(self, block: Signal) -> None:
        """Write a block, float32, shape (n_samples,), and mend the delay where that is due."""
        if self.sink.underruns != self._seen_underruns:
            if self._n_written > SETTLING_SAMPLES:
                self.underruns += self.sink.underruns - self._seen_underruns
            self._seen_underruns = self.sink.underruns
            self._margin = min(self._margin * 2, MAX_MARGIN_SAMPLES)
            self._primed = False
        if self.sink.queued_samples > self._goal + FAR_SAMPLES:
            self.skipped_samples += self.sink.queued_samples
            self.sink.flush()
            self._primed = False
        if not self._primed:
            self._prime()
        elif self._n_in_window >= WINDOW_SAMPLES:
            spare = self._lowest - self._margin
            block = self._mended(block, spare)
            self._begin_window()
        self.sink.write(block)
        self._n_written += len(block)
        self._n_in_window += len(block)

    @property
    def _goal(self) -> int:
        """What the queue holds at its highest, as far as that is known."""
        return self._margin + self.sink.burst_samples + self._input_burst()

    def _prime(self) -> None:
        self.sink.write(np.zeros(max(0, self._goal - self.sink.queued_samples), np.float32))
        self._primed = True
        self._begin_window()

    def _mended(self, block: Signal, spare: int) -> Signal:
        longest = len(block) - _FADE_SAMPLES
        if spare > _SHORTEST_SPLICE:
            n_samples = min(spare, longest)
        elif spare < -self._margin // 2:
            n_samples = min(self._margin, longest)
        else:
            return block
        if n_samples < _SHORTEST_SPLICE:
            return block
        mended = splice(block, n_samples, leave_out=spare > 0)
        self.skipped_samples += abs(len(mended) - len(block))
        return mended


def splice(block: Signal, most_samples: int, *, leave_out: bool) -> Signal:
    """Shorten or lengthen a block where it resembles itself, with a cross-fade of 3 ms.

    Parameters
    ----------
    block : numpy.ndarray
        float32, shape (n_samples,), at least ``most_samples`` + 48 long. Its first sample and its last stay.
    most_samples : int
        The most to leave out or to repeat, at least 16; the length with the least difference is taken.
    leave_out : bool
        Otherwise a part is repeated.

    Returns
    -------
    numpy.ndarray
        float32, shorter or longer.
    """
    head = block[:_FADE_SAMPLES]
    later = sliding_window_view(block, _FADE_SAMPLES)[_SHORTEST_SPLICE : most_samples + 1]
    n = _SHORTEST_SPLICE + int(np.square(later - head).sum(axis=1).argmin())
    weight = ((np.arange(_FADE_SAMPLES) + 0.5) / _FADE_SAMPLES).astype(np.float32)
    there = block[n : n + _FADE_SAMPLES]
    if leave_out:
        return np.concatenate((head * (1 - weight) + there * weight, block[n + _FADE_SAMPLES :]))
    return np.concatenate((block[:n], there * (1 - weight) + head * weight, block[_FADE_SAMPLES:]))
