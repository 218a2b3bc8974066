"""What the pictures of a live run are drawn from: the last half minute of its signals and noise classes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workbench.classifier.posterior import ClassPosterior
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.engine.graph import GraphBlock
from workbench.engine.monitor import MONITOR_CHOICES
from workbench.evaluation.spectrogram import DisplaySpec, StreamingSpectrogram
from workbench.gui.live.live_range import KEPT_S
from workbench.gui.shared.posterior_track import CELL_S, PosteriorTrack
from workbench.gui.shared.spectrogram_strip import LOWEST_DB, STEPS_PER_DB

STALE_S = 1.0
_SPARE_S = 4.0


class Waterfall:
    """The last columns of a spectrogram that never ends, one byte per cell as in `SpectrogramStrip`.

    Attributes
    ----------
    n_written : int
        Columns since the beginning; the last of them is now.
    column_s : float
        Time between two columns.
    """

    def __init__(self) -> None:
        spec = DisplaySpec()
        self.n_written = 0
        self.column_s = spec.hop_samples / SAMPLE_RATE
        self._spectrogram = StreamingSpectrogram(spec)
        self._cells: NDArray[np.uint8] = np.zeros((round(KEPT_S / self.column_s), spec.n_bins), np.uint8)

    @property
    def n_bins(self) -> int:
        """Number of frequency bins."""
        return self._cells.shape[1]

    @property
    def n_columns(self) -> int:
        """Number of columns kept."""
        return len(self._cells)

    def add(self, samples: Signal) -> None:
        """Take in what follows, float32, shape (n_samples,)."""
        columns_db = self._spectrogram.process(samples)[-self.n_columns :]
        scaled = np.clip((columns_db - LOWEST_DB) * STEPS_PER_DB + 0.5, 0, 255)
        places = np.arange(self.n_written, self.n_written + len(scaled)) % self.n_columns
        self._cells[places] = scaled
        self.n_written += len(scaled)

    def columns(self, first: int, stop: int) -> NDArray[np.uint8]:
        """Return columns by their number since the beginning, uint8, shape (stop - first, n_bins)."""
        found: NDArray[np.uint8] = self._cells[np.arange(first, stop) % self.n_columns]
        return found

    def cell_at(self, time_s: float, share_of_band: float) -> int | None:
        """Return the cell at a time before now (negative, s) and a place in the band, 0 to 1."""
        column = self.n_written - 1 + round(time_s / self.column_s)
        row = round(share_of_band * (self.n_bins - 1))
        if not (
            max(0, self.n_written - self.n_columns) <= column < self.n_written and 0 <= row < self.n_bins
        ):
            return None
        return int(self._cells[column % self.n_columns, row])


class SlidingTrack(PosteriorTrack):
    """The noise classes of the last half minute; now is at 0 s."""

    def __init__(self) -> None:
        super().__init__(KEPT_S + _SPARE_S)
        self._latest: ClassPosterior | None = None
        self._now_s = 0.0
        self._n_gone_cells = 0

    def add(self, blocks: Sequence[GraphBlock]) -> None:
        """Take in what follows."""
        now_s = (blocks[-1].position_samples + blocks[-1].n_samples) / SAMPLE_RATE
        n_over = int(np.ceil(now_s / CELL_S)) - self._n_gone_cells - len(self.probabilities)
        if n_over > 0:
            self._forget(min(n_over + round(_SPARE_S / 2 / CELL_S), len(self.probabilities)))
        gone_samples = round(self._n_gone_cells * CELL_S * SAMPLE_RATE)
        found = [posterior for block in blocks for posterior in block.posteriors]
        self.write(replace(one, time_samples=one.time_samples - gone_samples) for one in found)
        if found:
            self._latest = found[-1]
        self._now_s = now_s
        if self._last_s is not None and (latest := self.latest) is not None:
            # Until the next one the last one speaks for what has been heard since.
            first, stop = (round(s / CELL_S) for s in (self._last_s, now_s - self._n_gone_cells * CELL_S))
            self.probabilities[first:stop] = latest
        self.first_s = self._n_gone_cells * CELL_S - now_s

    @property
    def latest(self) -> NDArray[np.float32] | None:
        """The newest probabilities, shape (n_classes,); None where the classifier rests."""
        if self._latest is None or self._now_s - self._latest.time_samples / SAMPLE_RATE > STALE_S:
            return None
        return self._latest.probabilities

    def _forget(self, n_cells: int) -> None:
        self.probabilities[:-n_cells] = self.probabilities[n_cells:]
        self.probabilities[-n_cells:] = np.nan
        self._n_gone_cells += n_cells
        if self._last_s is not None:
            self._last_s -= n_cells * CELL_S


class LivePicture:
    """The pictures of one run."""

    def __init__(self) -> None:
        self.waterfalls: dict[str, Waterfall] = {name: Waterfall() for name in MONITOR_CHOICES}
        self.track = SlidingTrack()

    def add(self, blocks: Sequence[GraphBlock]) -> None:
        """Take in what has been made since the last time; silence where there is no clean signal."""
        if not blocks:
            return
        clean = [np.zeros_like(block.mixed) if block.clean is None else block.clean for block in blocks]
        self.waterfalls["clean"].add(np.concatenate(clean))
        self.waterfalls["mixed"].add(np.concatenate([block.mixed for block in blocks]))
        self.waterfalls["denoised"].add(np.concatenate([block.denoised for block in blocks]))
        self.track.add(blocks)
