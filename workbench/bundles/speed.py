"""How fast a bundle's model runs on this machine."""

import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from workbench.bundles.check import Bundle
from workbench.bundles.manifest import Manifest, log_mel_features, slice_features, spectral_features
from workbench.bundles.slices import load_model
from workbench.dsp import SAMPLE_RATE

_WARM_UP = 20
_REPORT_EVERY = 20


@dataclass(frozen=True)
class Speed:
    """What a model took for one step of its network, on one thread.

    Attributes
    ----------
    precision : str
        Which of the bundle's files ran.
    hop_ms : float
        Sound that one step is for, in ms.
    median_ms, p99_ms : float
        Time for a step: the median, and what 99 of 100 steps do not exceed.
    real_time_factor : float
        Mean time for a step over `hop_ms`; below 1 is faster than real time.
    n_steps : int
        Steps measured.
    """

    precision: str
    hop_ms: float
    median_ms: float
    p99_ms: float
    real_time_factor: float
    n_steps: int


def hop_samples(manifest: Manifest) -> int:
    """Return the samples of sound that one step of a bundle's network is for, at 16 kHz."""
    if manifest.kind == "nc":
        features = log_mel_features(manifest)
        return features.hop_samples * features.chunk_frames
    if manifest.works_on_slices:
        return slice_features(manifest).slice_samples
    return spectral_features(manifest).step_samples


def speed_steps(
    bundle: Bundle, precision: str | None = None, *, n_steps: int = 4000, at_most_s: float = 3.0
) -> Generator[float, None, Speed]:
    """Measure a model step by step; the last value is the result.

    Parameters
    ----------
    bundle : Bundle
        Whose model.
    precision : str, optional
        Which of its files; its default when None.
    n_steps : int
        Steps to measure, after a warm-up.
    at_most_s : float
        Time after which fewer steps (but at least 100) have to do, in s.

    Yields
    ------
    float
        Share done, 0 to 1.

    Returns
    -------
    Speed
        What was measured.

    Raises
    ------
    WorkbenchError
        If the model cannot be loaded.
    """
    model = load_model(bundle, precision)
    rng = np.random.default_rng(0)
    # Noise of the size of real features: with zeros, states could become denormal numbers, which are slow.
    inputs = {
        name: rng.normal(0, 0.3, (_REPORT_EVERY, *shape)).astype(np.float32)
        for name, shape in model.input_shapes.items()
    }
    took_s: list[float] = []
    begun_s = time.perf_counter()
    for number in range(-_WARM_UP, n_steps):
        step = {name: values[number % _REPORT_EVERY] for name, values in inputs.items()}
        before_s = time.perf_counter()
        model.step(**step)
        after_s = time.perf_counter()
        if number >= 0:
            took_s.append(after_s - before_s)
        if number % _REPORT_EVERY == 0:
            share = max((number + 1) / n_steps, (after_s - begun_s) / at_most_s)
            if after_s - begun_s > at_most_s and len(took_s) >= 100:
                break
            yield min(max(share, 0.0), 1.0)
    took_ms = 1000 * np.asarray(took_s)
    hop_ms = 1000 * hop_samples(bundle.manifest) / SAMPLE_RATE
    return Speed(
        precision or bundle.precision,
        hop_ms,
        float(np.median(took_ms)),
        float(np.percentile(took_ms, 99)),
        float(np.mean(took_ms)) / hop_ms,
        len(took_s),
    )
