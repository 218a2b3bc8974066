"""What a device callback does: take samples from a ring buffer and never let the sound click."""

import numpy as np
from numpy.typing import NDArray

from workbench.audio.ring import RingBuffer

FADE_S = 0.005
"""Length of the linear fades at start, stop, flush and where the queue runs dry."""


class Feed:
    """The consumer's end of a `RingBuffer`, with fades in place of jumps.

    `fill` runs in the device's thread: it takes no lock, allocates no array and returns at once. The other
    methods belong to the thread that plays; they leave a wish that the next `fill` meets.

    Parameters
    ----------
    capacity : int
        Samples that can be queued.
    sample_rate_hz : int
        Rate of the device.

    Attributes
    ----------
    playing : bool
        Whether `fill` takes samples. Changes are faded.
    underruns : int
        How often the queue ran dry in the midst of sound.
    """

    def __init__(self, capacity: int, sample_rate_hz: int) -> None:
        self.ring = RingBuffer(capacity)
        self.playing = False
        self.underruns = 0
        self._flush_to = 0
        n_fade = max(1, round(FADE_S * sample_rate_hz))
        self._rise = np.linspace(0, 1, n_fade, endpoint=False, dtype=np.float32)
        self._fall = self._rise[::-1].copy()
        self._level = 0  # of len(self._rise), which is full loudness

    @property
    def queued(self) -> int:
        """Samples that are waiting to be played: those that a flush will discard do not count."""
        return self.ring.n_written - max(self.ring.n_read, self._flush_to)

    @property
    def is_faded_out(self) -> bool:
        """Whether silence has been reached, so that the device can stop without a click."""
        return self._level == 0

    def flush(self) -> None:
        """Discard what is queued now; the next `fill` fades out first, and then in to what comes later."""
        self._flush_to = self.ring.n_written

    def settle(self) -> None:
        """Do at once what a flush left to `fill`; only while the device is stopped."""
        self._level = 0
        self.ring.skip_to(self._flush_to)

    def fill(self, out: NDArray[np.float32]) -> None:
        """Fill the next block of the device with sound, or with silence where there is none.

        Parameters
        ----------
        out : numpy.ndarray
            float32, shape (n_samples, n_channels): every channel gets the same.
        """
        mono = out[:, 0]
        n_done = 0
        if not self.playing or self.ring.n_read < self._flush_to:
            n_done = self._fade_out(mono[: self._level])
            if self._level == 0:
                self.ring.skip_to(self._flush_to)
        if self.playing and self.ring.n_read >= self._flush_to:
            n_done += self._take(mono[n_done:])
        mono[n_done:] = 0
        out[:, 1:] = out[:, :1]

    def _fade_out(self, out: NDArray[np.float32]) -> int:
        n = self.ring.read_into(out)
        first = len(self._fall) - self._level
        out[:n] *= self._fall[first : first + n]
        # With nothing left to fade, silence is all there is.
        self._level = self._level - n if n == len(out) else 0
        return n

    def _take(self, out: NDArray[np.float32]) -> int:
        n = self.ring.read_into(out)
        n_rising = min(n, len(self._rise) - self._level)
        out[:n_rising] *= self._rise[self._level : self._level + n_rising]
        self._level += n_rising
        if n < len(out) and self._level > 0:
            n_falling = min(n, len(self._fall))
            out[n - n_falling : n] *= self._fall[len(self._fall) - n_falling :]
            self._level = 0
            self.underruns += 1
        return n
