"""What the pictures of a scene are drawn from: its three signals, their spectrograms, the noise classes."""

from collections.abc import Sequence

import numpy as np

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.engine.graph import GraphBlock
from workbench.engine.render import RenderedScene
from workbench.engine.scene import LoadedScene
from workbench.evaluation.spectrogram import DisplaySpec, spectrogram_db
from workbench.gui.shared.posterior_track import PosteriorTrack
from workbench.gui.shared.spectrogram_strip import SpectrogramStrip

CHUNK_COLUMNS = 4000


class Picture:
    """The state of a scene's pictures, filled offline and overwritten by what is played.

    Parameters
    ----------
    n_samples : int
        Length of the scene.
    has_clean : bool
        Whether there is a clean signal to show.
    """

    def __init__(self, n_samples: int, *, has_clean: bool) -> None:
        self.spec = DisplaySpec()
        self.duration_s = n_samples / SAMPLE_RATE
        self.first_s = 0.0
        self.column_s = self.spec.hop_samples / SAMPLE_RATE
        n_columns = 1 + n_samples // self.spec.hop_samples
        names = ("clean", "mixed", "denoised") if has_clean else ("mixed", "denoised")
        self.signals: dict[str, Signal] = {name: np.zeros(n_samples, np.float32) for name in names}
        self.strips = {name: SpectrogramStrip(n_columns, self.spec.n_bins) for name in names}
        self.track = PosteriorTrack(self.duration_s)
        self._next_live: int | None = None

    @classmethod
    def of_loaded(cls, loaded: LoadedScene) -> "Picture":
        """Draw a scene at its SNR, so that there is something to see before anything has been denoised."""
        picture = cls(loaded.duration_samples, has_clean=loaded.clean is not None)
        picture.mix(loaded, loaded.scene.snr_db)
        return picture

    @classmethod
    def of_rendered(cls, rendered: RenderedScene) -> "Picture":
        """Draw a rendered scene."""
        picture = cls(len(rendered.mixed), has_clean=rendered.clean is not None)
        if rendered.clean is not None:
            picture._put("clean", 0, rendered.clean)
        picture._put("mixed", 0, rendered.mixed)
        picture._put("denoised", 0, rendered.denoised)
        picture.track.write(rendered.posteriors)
        picture.track.finish()
        return picture

    def mix(self, loaded: LoadedScene, snr_db: float) -> None:
        """Show clean and mixed at an SNR; what was denoised before stays until it is rendered anew."""
        gains = np.repeat(
            np.array(loaded.gains(snr_db), np.float32)[:, None], loaded.duration_samples, axis=1
        )
        clean, mixed = loaded.source(0, loaded.duration_samples, gains)
        if clean is not None:
            self._put("clean", 0, clean)
        self._put("mixed", 0, mixed)

    def take_over(self, other: "Picture", from_samples: int) -> None:
        """Take over another picture of the same scene from a position on; before it, this one stays."""
        column = -(-from_samples // self.spec.hop_samples)
        for name, signal in other.signals.items():
            self.signals[name][from_samples:] = signal[from_samples:]
            self.strips[name].take_over(other.strips[name], column)
        self.track.take_over(other.track, from_samples / SAMPLE_RATE)

    def jump(self) -> None:
        """Say that the next live block need not follow the last one."""
        self._next_live = None
        self.track.jump()

    def add_live(self, blocks: Sequence[GraphBlock]) -> None:
        """Put in place what the player has made."""
        run: list[GraphBlock] = []
        for block in blocks:
            if run and block.position_samples != run[-1].position_samples + run[-1].n_samples:
                self._add_run(run)
                run = []
            run.append(block)
        if run:
            self._add_run(run)

    def _add_run(self, run: Sequence[GraphBlock]) -> None:
        position = run[0].position_samples
        if position != self._next_live:
            self.track.jump()
        self._next_live = run[-1].position_samples + run[-1].n_samples
        if "clean" in self.signals:
            self._put("clean", position, np.concatenate([b.clean for b in run if b.clean is not None]))
        self._put("mixed", position, np.concatenate([b.mixed for b in run]))
        self._put("denoised", position, np.concatenate([b.denoised for b in run]))
        self.track.write([posterior for block in run for posterior in block.posteriors])

    def _put(self, name: str, position: int, samples: Signal) -> None:
        """Write samples, and draw the columns that they complete."""
        signal, hop = self.signals[name], self.spec.hop_samples
        end = min(position + len(samples), len(signal))
        if end <= position:
            return
        signal[position:end] = samples[: end - position]
        reach = self.spec.window_samples // 2
        first = max(0, -(-(position - reach) // hop))
        # Columns whose window lies in what is there by now; at the very end those that look past it, too.
        last = self.strips[name].n_columns if end == len(signal) else max(first, 1 + (end - reach) // hop)
        for start in range(first, last, CHUNK_COLUMNS):
            stop = min(last, start + CHUNK_COLUMNS)
            low, high = start * hop - reach, (stop - 1) * hop + reach
            part = signal[max(0, low) : min(len(signal), high)]
            part = np.pad(part, (max(0, -low), max(0, high - len(signal))))
            self.strips[name].write(start, spectrogram_db(part, self.spec)[: stop - start])
