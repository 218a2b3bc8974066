"""The original system as a method: its classifier picks one of four denoisers, a slice of a second at a time.

The networks see slices of 126 frames in dB below the slice's maximum, and estimate the noise residual, noisy
minus clean dB; what is left of the magnitude goes back to a signal with the noisy phase. The original loses
each slice's level there, and in the end brings its whole output to -30 dBFS, which a stream cannot. Here the
maximum of each slice is put back instead: the output has the level of the input, and where slices differ in
loudness, this is kinder to the original than what it did.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from workbench.bundles.check import Bundle
from workbench.bundles.manifest import slice_features
from workbench.bundles.slices import SliceModel
from workbench.bundles.store import original_bundle
from workbench.classifier.posterior import NOISES, ClassPosterior, NoiseClass
from workbench.classifier.streaming import NoiseClassifier
from workbench.denoisers.ddae import spec_of
from workbench.denoisers.framing import FramedDenoiser
from workbench.dsp import Signal
from workbench.dsp.stft import StreamingIstft, StreamingStft
from workbench.errors import WorkbenchError

LOWEST_DB = -80.0
"""What lies further below a slice's maximum is set to this."""
SMALLEST = 1e-5
"""Magnitude that stands for all smaller ones."""
INPUT_OFFSET_DB, INPUT_SCALE_DB = 46.0, 50.0
"""The networks see ``(noisy dB + offset) / scale``."""
RESIDUAL_OFFSET_DB, RESIDUAL_SCALE_DB = 6.0, 82.0
"""What they give is ``(residual dB - offset) / scale``."""

# Where nobody asks for posteriors, the oldest are dropped after some minutes.
_MAX_SAID = 1024


class OriginalDenoiser(FramedDenoiser):
    """Denoise with the original system's network for one class of noise.

    Parameters
    ----------
    bundle : Bundle, optional
        A denoiser of the original system; the first that is installed when None.
    condition : NoiseClass
        Class of the noise, one of `NOISES`.
    precision : str, optional
        Which of the bundle's files to run; its default when None.
    name : str, optional
        Identifier; "original-" and the class when None.

    Raises
    ------
    WorkbenchError
        If there is no bundle, or it cannot be used.
    """

    def __init__(
        self,
        bundle: Bundle | None = None,
        condition: NoiseClass = NoiseClass.HUMAN,
        *,
        precision: str | None = None,
        name: str | None = None,
    ) -> None:
        bundle = bundle or original_bundle("ddae")
        if not bundle.manifest.works_on_slices or bundle.manifest.classes != NOISES:
            raise WorkbenchError(
                f"Bundle {bundle.name!r} is not a denoiser of the original system; choose one that is."
            )
        features = slice_features(bundle.manifest)
        spec = spec_of(features.window, features.window_samples, features.hop_samples)
        self.condition = condition
        self._model = SliceModel(bundle, precision)
        self._stft, self._istft = StreamingStft(spec), StreamingIstft(spec)
        super().__init__(name or f"original-{condition}", features.slice_samples, spec.overlap_samples)

    def step(self, frame: Signal) -> Signal:
        """Denoise the next slice; see `FramedDenoiser.step`."""
        self.listen(frame)
        spectra = self._stft.process(frame)
        magnitude = np.abs(spectra)
        level_db = 20 * np.log10(np.maximum(magnitude, SMALLEST))
        highest_db = level_db.max()
        noisy_db = np.maximum(level_db - highest_db, LOWEST_DB)
        scaled = (noisy_db + INPUT_OFFSET_DB) / INPUT_SCALE_DB
        residual = self._model.step(scaled.T, self.condition)["residual"].T
        clean_db = highest_db + noisy_db - (residual * RESIDUAL_SCALE_DB + RESIDUAL_OFFSET_DB)
        gain: NDArray[np.float32] = 10 ** (clean_db / 20) / np.maximum(magnitude, np.float32(1e-12))
        return self._istft.process(spectra * gain)

    def listen(self, frame: Signal) -> None:
        """Choose the class for a slice before it is denoised: here it stays."""

    def restart(self) -> None:
        """Forget all slices."""
        self._stft.reset()
        self._istft.reset()


class AdaptiveOriginalDenoiser(OriginalDenoiser):
    """Denoise each slice with the network of the class that the original classifier hears.

    As in the original, the class is the one whose window scores have the highest sum: over all windows so
    far, those of the slice included.

    Parameters
    ----------
    nc_bundle, ddae_bundle : Bundle, optional
        Classifier and denoiser of the original system; the first that are installed when None.
    precision, nc_precision : str, optional
        Which files of the DDAE's and of the NC's bundle to run; their defaults when None.
    name : str
        Identifier.

    Attributes
    ----------
    condition : NoiseClass
        Class of the latest slice.

    Raises
    ------
    WorkbenchError
        If a bundle is missing or cannot be used.
    """

    def __init__(
        self,
        nc_bundle: Bundle | None = None,
        ddae_bundle: Bundle | None = None,
        *,
        precision: str | None = None,
        nc_precision: str | None = None,
        name: str = "original",
    ) -> None:
        super().__init__(ddae_bundle, precision=precision, name=name)
        self._classifier = NoiseClassifier(nc_bundle or original_bundle("nc"), nc_precision)
        self._scores: NDArray[np.float32] = np.zeros(len(NOISES), np.float32)
        self._said: deque[ClassPosterior] = deque(maxlen=_MAX_SAID)

    def posteriors(self) -> list[ClassPosterior]:
        """Return what the classifier said since the last call."""
        said = list(self._said)
        self._said.clear()
        return said

    def listen(self, frame: Signal) -> None:
        """Add the scores of a slice's windows and choose the class with the most."""
        for posterior in self._classifier.process(frame):
            self._said.append(posterior)
            self._scores += posterior.probabilities[: len(NOISES)]
        self.condition = NOISES[int(np.argmax(self._scores))]

    def restart(self) -> None:
        """Forget all slices and scores."""
        super().restart()
        self._classifier.reset()
        self._scores.fill(0)
        self._said.clear()
