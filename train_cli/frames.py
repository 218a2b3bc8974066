"""What the network of a bundle is fed, frame by frame: features, conditions, and its states as they run.

The quantisation calibrates with these frames, the verification compares kernels on them, and the test vectors
for microcontrollers are made of them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train_cli.trials import SNRS_DB, draw_trials, read_trial
from workbench.bundles.check import Bundle
from workbench.bundles.manifest import log_mel_features, spectral_features
from workbench.bundles.runtime import StatefulModel
from workbench.classifier.posterior import NoiseClass
from workbench.classifier.streaming import log_mel_spec
from workbench.denoisers.ddae import MaskModel, condition_vector
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.mel import log_mel
from workbench.dsp.mixing import mix
from workbench.dsp.stft import StreamingStft

Frame = dict[str, NDArray[np.float32]]
"""Inputs of one step by name, of the shapes that the model has."""

_LONGEST_SAMPLES = 4 * SAMPLE_RATE


def frames_of(bundle: Bundle, noisy: Signal, noise_class: NoiseClass | None = None) -> list[Frame]:
    """Return the inputs of each step over a signal, states left out.

    The condition of a DDAE glides from "unknown" to the class, as that of the adaptive method does.
    """
    if bundle.manifest.kind == "nc":
        n_frames = log_mel_features(bundle.manifest).chunk_frames
        mel = log_mel(noisy, log_mel_spec(bundle))
        chunks = mel[: len(mel) // n_frames * n_frames].reshape(-1, 1, n_frames, mel.shape[1], 1)
        return [{"features": chunk} for chunk in chunks]
    model = MaskModel(bundle, "float" if "float" in bundle.manifest.files else None)
    seen = StreamingStft(model.spec).process(noisy)[:: spectral_features(bundle.manifest).frames_per_mask]
    features = model.features(seen)[:, None]
    shares = np.clip(np.linspace(-1, 2, len(features), dtype=np.float32), 0, 1)[:, None, None]
    conditions = shares * condition_vector(noise_class)
    return [{"features": f, "condition": c} for f, c in zip(features, conditions, strict=True)]


def frames_with_states(model: StatefulModel, frames: list[Frame]) -> Iterator[Frame]:
    """Run a model over frames from its beginning; yield what goes into each step, states included."""
    model.reset()
    for frame in frames:
        yield frame | model.states()
        model.step(**frame)


def real_mixtures(
    data: Path, split: str, n_mixtures: int, seed: int
) -> Iterator[tuple[NoiseClass, Signal, Signal]]:
    """Draw mixtures of all classes and SNRs, at most 4 s long: class, clean and noisy.

    Raises
    ------
    WorkbenchError
        The data cannot be used, or lacks speech or a class in this split.
    """
    per_cell = -(-n_mixtures // (4 * len(SNRS_DB)))
    trials = list(draw_trials(data, split, SNRS_DB, per_cell, seed))
    for index in np.random.default_rng(seed).permutation(len(trials))[:n_mixtures]:
        trial = trials[index]
        clean, noise, offset_samples = read_trial(trial)
        mixture = mix(clean, noise, trial.snr_db, offset_samples=offset_samples)
        yield trial.noise_class, mixture.clean[:_LONGEST_SAMPLES], mixture.noisy[:_LONGEST_SAMPLES]
