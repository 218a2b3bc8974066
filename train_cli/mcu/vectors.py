"""Test vectors: a real signal, every intermediate of the reference implementation, and its output."""

import numpy as np
from numpy.typing import NDArray

from train_cli.mcu.arrays import c_array
from train_cli.mcu.tables import FeatureSpec
from train_cli.microkernels import MicroModel
from train_cli.verify import demo_mixture
from workbench.bundles.manifest import log_mel_features, spectral_features
from workbench.classifier.decision import ClassDecision
from workbench.classifier.memory import SceneMemory
from workbench.classifier.posterior import CLASSES, ClassPosterior
from workbench.denoisers.adaptive import ConditionGlide, class_to_tell
from workbench.denoisers.ddae import MaskModel
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.mel import log_mel
from workbench.dsp.stft import StreamingIstft, StreamingStft

_HEAD = "/* Made by `train_cli export --target mcu`; do not edit. */\n"
_FRAMES, _CHUNKS, _POSTERIORS = 12, 2, 60
_GLIDE_SAMPLES = 1000
"""How long after each decision the condition is looked at."""

Vectors = dict[str, NDArray]


def make_vectors(spec: FeatureSpec, ddae: MicroModel, nc: MicroModel) -> Vectors:
    """Return the vectors by name.

    ``input`` (samples), ``spectrum``, ``enhanced`` and ``output`` of the denoiser's first frames;
    ``features``, ``mask`` (in TFLM, the class unknown) and ``gains`` of its network's steps in them;
    ``log_mel`` and ``model_posterior`` of the classifier's first chunks; ``posteriors``, ``times``,
    ``decisions`` and ``conditions`` of a scene that changes.
    """
    chunk_frames = log_mel_features(spec.nc.manifest).chunk_frames
    n_samples = max(_CHUNKS * chunk_frames * spec.mel.hop_samples, _FRAMES * spec.stft.hop_samples)
    _, noisy = demo_mixture()
    signal = noisy[SAMPLE_RATE : SAMPLE_RATE + n_samples]

    model = MaskModel(spec.ddae)
    spectra = StreamingStft(spec.stft).process(signal[: _FRAMES * spec.stft.hop_samples])
    frames = spectral_features(spec.ddae.manifest)
    frames_per_mask, first = frames.frames_per_mask, frames.first_bin
    features = model.features(spectra[::frames_per_mask])
    unknown = np.zeros((1, len(CLASSES)), np.float32)
    steps = ddae.run([{"features": frame[None], "condition": unknown} for frame in features])
    masks = np.concatenate([step["mask"] for step in steps])
    gains = model.gains(masks)
    enhanced = spectra * np.repeat(gains, frames_per_mask, axis=0)[: len(spectra)]

    mel = log_mel(signal, spec.mel)[: _CHUNKS * chunk_frames].reshape(_CHUNKS, -1)
    chunks = mel.reshape(_CHUNKS, 1, chunk_frames, -1, 1)
    heard = nc.run([{"features": chunk} for chunk in chunks])
    chunk_samples = chunk_frames * spec.mel.hop_samples
    return {
        "input": signal,
        "spectrum": spectra.view(np.float32),
        "features": features.reshape(len(features), -1),
        "mask": masks.reshape(len(masks), -1),
        "gains": gains[:, first : first + masks.shape[1]].copy().view(np.float32),
        "enhanced": enhanced.view(np.float32),
        "output": StreamingIstft(spec.stft).process(enhanced),
        "log_mel": mel,
        "model_posterior": np.concatenate([step["probabilities"] for step in heard]),
        **_decisions(chunk_samples),
    }


def _decisions(chunk_samples: int) -> Vectors:
    """Posteriors of a scene that changes three times, and what follows from them."""
    rng = np.random.default_rng(3)
    truths = np.repeat(np.array([2, 0, 4, 3]), _POSTERIORS // 4)
    posteriors = rng.dirichlet(np.ones(len(CLASSES)), _POSTERIORS)
    posteriors = (0.55 * posteriors + 0.45 * np.eye(len(CLASSES))[truths]).astype(np.float32)
    memory, decision, glide = SceneMemory(), ClassDecision(), ConditionGlide(None)
    times = chunk_samples * np.arange(1, _POSTERIORS + 1)
    decisions, conditions = [], []
    for time, posterior in zip(times.tolist(), posteriors, strict=True):
        decided = decision.update(ClassPosterior(time, memory.update(posterior, time)))
        glide.to(class_to_tell(decided), time)
        decisions.append(CLASSES.index(decided))
        conditions.append(glide.at(np.array([time + _GLIDE_SAMPLES]))[0])
    return {
        "posteriors": posteriors,
        "times": times,
        "decisions": np.array(decisions),
        "conditions": np.stack(conditions),
    }


def vectors_header(vectors: Vectors) -> str:
    """Return ``test_vectors.h``."""
    counts = {
        "FRAMES": len(vectors["spectrum"]),
        "STEPS": len(vectors["features"]),
        "SAMPLES": len(vectors["input"]),
        "CHUNKS": len(vectors["log_mel"]),
        "POSTERIORS": len(vectors["posteriors"]),
        "GLIDE_SAMPLES": _GLIDE_SAMPLES,
    }
    defines = "".join(f"#define DW_TEST_{name} {value}\n" for name, value in counts.items())
    arrays = "".join(
        f"extern const {_c_type(values)} dw_test_{name}{''.join(f'[{n}]' for n in values.shape)};\n"
        for name, values in vectors.items()
    )
    return (
        f"{_HEAD}#ifndef TEST_VECTORS_H\n#define TEST_VECTORS_H\n\n#include <stdint.h>\n\n"
        f"{defines}\n{arrays}\n#endif\n"
    )


def vectors_source(vectors: Vectors) -> str:
    """Return ``test_vectors.c``."""
    arrays = "\n".join(
        c_array(f"const {_c_type(values)} dw_test_{name}", values) for name, values in vectors.items()
    )
    return f'{_HEAD}#include "test_vectors.h"\n\n{arrays}'


def _c_type(values: NDArray) -> str:
    return "float" if np.issubdtype(values.dtype, np.floating) else "int32_t"
