"""The streaming noise classifier: a bundle's network over log-mel frames, and a memory for the scene."""

import numpy as np
from numpy.typing import NDArray

from workbench.bundles.check import Bundle
from workbench.bundles.manifest import log_mel_features
from workbench.bundles.runtime import StatefulModel
from workbench.bundles.store import default_bundle
from workbench.classifier.memory import SceneMemory
from workbench.classifier.posterior import CLASSES, NOISES, ClassPosterior
from workbench.dsp import Signal
from workbench.dsp.mel import LogMelSpec, StreamingLogMel
from workbench.errors import WorkbenchError

_BLOCK_SAMPLES = 16_000


def log_mel_spec(bundle: Bundle) -> LogMelSpec:
    """Return the log-mel spectra that a classifier's network sees.

    Raises
    ------
    WorkbenchError
        The bundle's features are not those of a classifier.
    """
    features = log_mel_features(bundle.manifest)
    return LogMelSpec(
        features.n_bands,
        features.low_hz,
        features.high_hz,
        features.window_samples,
        features.hop_samples,
        features.log_offset,
        features.fft_samples,
    )


class NoiseClassifier:
    """Says which kind of noise is heard, every `hop_samples`.

    Parameters
    ----------
    bundle : Bundle, optional
        A bundle of kind "nc"; the default one when None. One of the original system never hears "no noise".
    precision : str, optional
        Which of its files to run; its default when None.

    Attributes
    ----------
    hop_samples : int
        Distance between posteriors.

    Raises
    ------
    WorkbenchError
        If there is no bundle, or it is not a classifier for the classes of this program.
    """

    def __init__(self, bundle: Bundle | None = None, precision: str | None = None) -> None:
        bundle = bundle or default_bundle("nc")
        known = NOISES if bundle.manifest.is_original else CLASSES
        if bundle.manifest.kind != "nc" or bundle.manifest.classes != known:
            raise WorkbenchError(
                f"Bundle {bundle.name!r} is not a classifier for the classes {', '.join(known)}; "
                "choose one that is."
            )
        self._chunk_frames = log_mel_features(bundle.manifest).chunk_frames
        self._log_mel = StreamingLogMel(log_mel_spec(bundle))
        self.hop_samples = self._chunk_frames * self._log_mel.spec.hop_samples
        self._model = StatefulModel(bundle, precision)
        # The original system's classifier remembers nothing.
        self._memory = None if bundle.manifest.is_original else SceneMemory()
        self.reset()

    def reset(self) -> None:
        """Forget all signal history."""
        self._log_mel.reset()
        self._model.reset()
        if self._memory is not None:
            self._memory.reset()
        self._frames: NDArray[np.float32] = np.zeros((0, self._log_mel.spec.n_bands), np.float32)
        self._time_samples = 0

    def process(self, block: Signal) -> list[ClassPosterior]:
        """Take in the next block.

        Parameters
        ----------
        block : numpy.ndarray
            float32, shape (n_samples,), of any length. Samples that are not finite count as silence.

        Returns
        -------
        list of ClassPosterior
            Those that became known, in order; how the input is cut into blocks does not change them.
        """
        heard = self._log_mel.process(np.nan_to_num(block, posinf=0.0, neginf=0.0))
        self._frames = np.concatenate([self._frames, heard])
        posteriors = []
        n_chunks = len(self._frames) // self._chunk_frames
        for chunk in self._frames[: n_chunks * self._chunk_frames].reshape(
            n_chunks, self._chunk_frames, self._log_mel.spec.n_bands
        ):
            heard_as = self._model.step(features=chunk[None, :, :, None])["probabilities"][0]
            probabilities = np.zeros(len(CLASSES), np.float32)
            probabilities[: len(heard_as)] = heard_as / heard_as.sum()
            self._time_samples += self.hop_samples
            if self._memory is not None:
                probabilities = self._memory.update(probabilities, self._time_samples)
            posteriors.append(ClassPosterior(self._time_samples, probabilities))
        self._frames = self._frames[n_chunks * self._chunk_frames :]
        return posteriors


def classify(signal: Signal, classifier: NoiseClassifier) -> list[ClassPosterior]:
    """Classify a whole signal from its beginning.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,).
    classifier : NoiseClassifier
        Reset before use.

    Returns
    -------
    list of ClassPosterior
        One every ``classifier.hop_samples``; none for a signal shorter than that.
    """
    classifier.reset()
    starts = range(0, len(signal), _BLOCK_SAMPLES)
    return [
        posterior
        for start in starts
        for posterior in classifier.process(signal[start : start + _BLOCK_SAMPLES])
    ]
