"""One trial of a sweep: mix once, denoise once per method, compute every metric that is asked for."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from workbench.audio.files import read
from workbench.denoisers.protocol import Denoiser, denoise
from workbench.denoisers.registry import make_denoiser
from workbench.dsp import Signal
from workbench.dsp.level import active_speech_level
from workbench.dsp.mixing import Mixture, mix
from workbench.errors import WorkbenchError
from workbench.evaluation.metrics import score
from workbench.evaluation.plan import NOISY, Trial, content_key

LONGEST_S = 600
"""Of longer recordings the first ten minutes are used."""


@dataclass(frozen=True)
class Job:
    """What is still to be measured of one trial.

    Attributes
    ----------
    trial : Trial
    wanted : tuple of (str, tuple of str)
        Metrics by method.
    """

    trial: Trial
    wanted: tuple[tuple[str, tuple[str, ...]], ...]


class Row(NamedTuple):
    """One result: the value of a metric, or the gap that explains why there is none."""

    trial: str
    method: str
    metric: str
    value: float | None
    gap: str | None


class Mixed(NamedTuple):
    """How a trial was mixed."""

    trial: str
    n_samples: int
    offset_samples: int
    clean_gain: float
    noise_gain: float


class Doing(NamedTuple):
    """What is begun now; `metric` is None while the method denoises."""

    method: str
    metric: str | None


def measure(job: Job) -> Iterator[Row | Mixed | Doing]:
    """Measure a trial step by step; whatever fails becomes a gap."""
    trial = job.trial
    try:
        mixture, offset_samples = trial_mixture(trial)
    except WorkbenchError as error:
        for method, metrics in job.wanted:
            yield from _gaps(trial, method, metrics, str(error))
        return
    yield Mixed(trial.key, len(mixture.noisy), offset_samples, mixture.clean_gain, mixture.noise_gain)
    for method, metrics in job.wanted:
        yield Doing(method, None)
        try:
            denoised = denoised_by(method, mixture)
        except WorkbenchError as error:
            yield from _gaps(trial, method, metrics, str(error))
            continue
        except Exception as error:
            # A method of somebody else's must not end the sweep.
            reason = f"{method} failed ({type(error).__name__}: {error})."
            yield from _gaps(trial, method, metrics, reason)
            continue
        for metric in metrics:
            yield Doing(method, metric)
            value, gap = _score(metric, mixture.clean, denoised)
            yield Row(trial.key, method, metric, value, gap)


def trial_mixture(trial: Trial) -> tuple[Mixture, int]:
    """Make the mixture of a trial, the same one each time.

    Returns
    -------
    mixture : Mixture
    offset_samples : int
        Where in the noise it begins.

    Raises
    ------
    WorkbenchError
        A recording cannot be read, is silent, or is not the one that the plan was made with.
    """
    clean, level_db = _speech(trial.speech.path, trial.speech.key)
    noise = _noise(trial.noise.path, trial.noise.key)
    spare = len(noise) - len(clean)
    offset_samples = int(trial.position * (spare + 1 if spare > 0 else len(noise)))
    mixture = mix(clean, noise, trial.snr_db, offset_samples=offset_samples, clean_level_db=level_db)
    return mixture, offset_samples


def denoised_by(method: str, mixture: Mixture) -> Signal:
    """Return what a method makes of a mixture, its latency undone.

    Raises
    ------
    WorkbenchError
        There is no such method, or it is not installed.
    """
    if method == NOISY:
        return mixture.noisy
    return denoise(mixture.noisy, _denoiser(method, threading.get_ident()))


def _score(metric: str, clean: Signal, processed: Signal) -> tuple[float | None, str | None]:
    found = score(metric, clean, processed)
    return found.value, found.gap


def _gaps(trial: Trial, method: str, metrics: tuple[str, ...], reason: str) -> Iterator[Row]:
    return (Row(trial.key, method, metric, None, reason) for metric in metrics)


@lru_cache(maxsize=64)
def _denoiser(method: str, thread: int) -> Denoiser:
    """Make a denoiser once per thread: it has a state, and a cluster's worker may run several threads."""
    return make_denoiser(method)


@lru_cache(maxsize=8)
def _speech(path: Path, key: str) -> tuple[Signal, float]:
    signal = _read(path, key)
    return signal, active_speech_level(signal).active_level_db


@lru_cache(maxsize=8)
def _noise(path: Path, key: str) -> Signal:
    return _read(path, key)


def _read(path: Path, key: str) -> Signal:
    if content_key(path) != key:
        raise WorkbenchError(f"{path} has changed since the plan was made; start the sweep again.")
    return read(path, max_seconds=LONGEST_S)
