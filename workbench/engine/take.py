"""One uninterrupted run through a scene: source, gains, denoiser, and everything aligned.

The live graph never rewinds a running denoiser. A seek, a loop's seam or another method starts a new take,
warmed up on what comes before it, and the ear is cross-faded from the old take to the new one.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workbench.classifier.posterior import ClassPosterior
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.engine.chain import Chain
from workbench.engine.glide import Glide
from workbench.engine.scene import LoadedScene

PREROLL_SAMPLES = SAMPLE_RATE * 3 // 4
PREROLL_GRID_SAMPLES = 3840
"""Warm-up starts on this grid, a multiple of the hops of the methods (256, 240, 160) and of the bundled
classifier: their frames then fall where they would have fallen from the scene's start. A shifted frame grid
alone changes a denoised signal by some -15 dB."""

GAIN_GLIDE_SAMPLES = SAMPLE_RATE * 30 // 1000


@dataclass(frozen=True, eq=False)
class Stretch:
    """Aligned signals of one stretch of a scene, each float32 of shape (n_samples,).

    Attributes
    ----------
    clean : numpy.ndarray or None
        Speech at the level it has in the mixture; None without a reference.
    mixed, denoised : numpy.ndarray
        What the listener is exposed to, and what is left of it.
    posteriors : list of ClassPosterior
        What the classifier found out meanwhile; times are scene positions.
    """

    clean: Signal | None
    mixed: Signal
    denoised: Signal
    posteriors: list[ClassPosterior]


class Take:
    """Runs a chain over a scene from `position_samples` on.

    Parameters
    ----------
    loaded : LoadedScene
        Source; beyond its end there is silence.
    chain : Chain
        Reset here; one take at a time may use it.
    position_samples : int
        Scene position of the first aligned sample.
    gains : tuple of float
        Gains of clean and noise from the first sample on.
    """

    def __init__(
        self, loaded: LoadedScene, chain: Chain, position_samples: int, gains: tuple[float, float]
    ) -> None:
        self.chain = chain
        self.position_samples = position_samples
        self._loaded = loaded
        self._gains = Glide(gains, GAIN_GLIDE_SAMPLES)
        warm_up_from = max(0, position_samples - PREROLL_SAMPLES)
        self._fed = self._origin = warm_up_from - warm_up_from % PREROLL_GRID_SAMPLES
        # Mixed signal, and the clean one before it if there is one, that the denoiser has not yet answered.
        self._ahead = np.zeros((1 if loaded.clean is None else 2, 0), np.float32)
        self._found: list[ClassPosterior] = []
        chain.reset()

    @property
    def behind_samples(self) -> int:
        """What is still to be fed before the first aligned sample can come out."""
        return max(0, self.position_samples + self.chain.latency_samples - self._fed)

    def warm_up(self, n_samples: int) -> None:
        """Do a part of the warm-up, at most what is left of it; `render` does what is missing."""
        n_samples = min(n_samples, self.behind_samples)
        if n_samples == 0:
            return
        n_past = min(max(0, self.position_samples - self._fed), n_samples)
        dry, _, found = self._feed(n_samples)
        self._ahead = np.concatenate([self._ahead, dry[:, n_past:]], axis=1)
        self._found += [one for one in found if one.time_samples > self.position_samples]

    def set_gains(self, gains: tuple[float, float]) -> None:
        """Glide to other gains, from the next sample on that is fed to the denoiser."""
        self._gains.to(gains)

    def render(self, n_samples: int) -> Stretch:
        """Return the next `n_samples` of the scene."""
        self.warm_up(self.behind_samples)
        dry, denoised, found = self._feed(n_samples)
        dry = np.concatenate([self._ahead, dry], axis=1)
        dry, self._ahead = dry[:, :n_samples], dry[:, n_samples:]
        found, self._found = self._found + found, []
        self.position_samples += n_samples
        return Stretch(dry[0] if len(dry) == 2 else None, dry[-1], denoised, found)

    def _feed(self, n_samples: int) -> tuple[NDArray[np.float32], Signal, list[ClassPosterior]]:
        clean, mixed = self._loaded.source(self._fed, n_samples, self._gains.take(n_samples))
        denoised, found = self.chain.process(mixed)
        self._fed += n_samples
        end = self._loaded.duration_samples
        placed = (replace(one, time_samples=one.time_samples + self._origin) for one in found)
        dry = np.stack([mixed] if clean is None else [clean, mixed])
        return dry, denoised, [one for one in placed if one.time_samples <= end]
