"""How good a processed signal is: a registry of metrics, and scores that explain where they are missing.

A metric that cannot be computed gives a `Score` without a value and with the reason, never an exception, a
zero or a NaN, so that a table can count its gaps.
"""

import contextlib
import math
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.level import active_speech_level
from workbench.errors import WorkbenchError
from workbench.evaluation.distortion import log_spectral_distance_db, segmental_snr_db
from workbench.evaluation.dnsmos import Scale, dnsmos
from workbench.evaluation.hearing import DEFAULT_AUDIOGRAM, hearing_index, parse_audiogram
from workbench.evaluation.randomness import fixed_global_randomness

Compute = Callable[[Signal, Signal], float]

# P.862 aligns utterances of at least this length; the package refuses anything shorter.
_SHORTEST_PESQ_S = 0.25
# The package has room for 50 utterances and crashes the process beyond that; an utterance and the pause after
# it take at least 0.4 s. P.862 is meant for 8 to 20 s anyway.
_LONGEST_PESQ_S = 20
_SHORTEST_STOI_S = 0.4
# What pystoi returns, with a warning, where fewer than 30 frames are left after it removed silent ones.
_STOI_TOO_SHORT = 1e-5
_STOI_RATE_HZ = 10_000
_SHORTEST_FRAME_S = 0.032


@dataclass(frozen=True)
class Score:
    """The value of one metric for one signal.

    Attributes
    ----------
    value : float or None
        Finite; None where the metric cannot be computed.
    gap : str or None
        Why there is no value, as a sentence; None if there is one.
    """

    value: float | None
    gap: str | None = None


@dataclass(frozen=True)
class Metric:
    """A metric as tables, tooltips and figures show it.

    Attributes
    ----------
    name : str
        Key in `METRICS`.
    title : str
        Name for people.
    unit : str
        Unit, empty for a plain number.
    low, high : float
        Range; for a metric without bounds the range in which signals usually lie.
    higher_is_better : bool
        Direction; without meaning where `target` is set.
    needs_reference : bool
        Whether the clean signal is needed.
    paper : str
        Paper or standard that defines it.
    variant : str
        Which of its variants this is.
    explanation : str
        What it means in plain language.
    compute : callable
        ``compute(clean, processed) -> value`` for two valid signals; use `score`, which explains failures.
    decimals : int
        Digits after the point that are worth showing.
    target : float or None
        The best value, where best is neither high nor low.
    package : str or None
        Package that an optional metric needs.
    extra : str or None
        Our optional extra that brings it.
    cost : float
        Rough computing time in seconds of one core per second of sound.
    """

    name: str
    title: str
    unit: str
    low: float
    high: float
    higher_is_better: bool
    needs_reference: bool
    paper: str
    variant: str
    explanation: str
    compute: Compute
    decimals: int = 2
    target: float | None = None
    package: str | None = None
    extra: str | None = None
    cost: float = 0.002

    @property
    def how_to_install(self) -> str | None:
        """What is missing and how to get it, one sentence; None where the metric can be computed."""
        if self.package is None or find_spec(self.package) is not None:
            return None
        return f"{self.title} is not installed; get it with: pip install 'denoise-workbench[{self.extra}]'"


class _Gap(Exception):
    """Why a metric has no value."""


def find_metric(name: str) -> Metric:
    """Return a metric by name, of `METRICS` or `OPTIONAL_METRICS`.

    ``haspi`` and ``hasqi`` take an audiogram after an ``@``: ``haspi@N2``, ``hasqi@35,35,40,50,60,65``; see
    `workbench.evaluation.hearing`.

    Raises
    ------
    WorkbenchError
        There is no metric of this name.
    """
    known = METRICS | OPTIONAL_METRICS
    base, at, audiogram = name.partition("@")
    if at and base in ("haspi", "hasqi"):
        return replace(_hearing_metric(base, audiogram), name=name)
    if name not in known:
        raise WorkbenchError(f"There is no metric named {name!r}; choose from {', '.join(known)}.")
    return known[name]


def score(metric: Metric | str, clean: Signal | None, processed: Signal) -> Score:
    """Compute one metric.

    Parameters
    ----------
    metric : Metric or str
        A metric or its name; see `find_metric`.
    clean : numpy.ndarray or None
        float32, shape (n_samples,), at `SAMPLE_RATE`; None where there is no reference.
    processed : numpy.ndarray
        The same, aligned with `clean`: undo a method's latency first (STOI and SI-SDR do not).

    Returns
    -------
    Score
        Without a value, and with the reason, if the metric cannot be computed for these signals.

    Raises
    ------
    WorkbenchError
        There is no metric of this name.
    """
    if isinstance(metric, str):
        metric = find_metric(metric)
    if metric.how_to_install:
        return Score(None, metric.how_to_install)
    try:
        _check(clean if metric.needs_reference else processed, processed)
        with warnings.catch_warnings():
            # The packages warn of what is turned into gaps here.
            warnings.simplefilter("ignore")
            value = float(metric.compute(processed if clean is None else clean, processed))
    except _Gap as gap:
        return Score(None, str(gap))
    except ImportError as error:
        return Score(None, f"{metric.title} needs the package {error.name}, which is not installed.")
    except Exception as error:
        # A third-party metric must not end a sweep: whatever it raises is a gap with its own words.
        return Score(None, f"{metric.title} could not be computed ({_words(error)}).")
    if not math.isfinite(value):
        return Score(None, f"{metric.title} has no finite value for these signals.")
    return Score(value)


def score_all(clean: Signal, processed: Signal, metrics: Iterable[str] | None = None) -> dict[str, Score]:
    """Compute several metrics.

    Parameters
    ----------
    clean, processed : numpy.ndarray
        As for `score`.
    metrics : iterable of str, optional
        Names; all of `METRICS` if not given.

    Returns
    -------
    dict of str to Score
        In the order of `metrics`.

    Raises
    ------
    WorkbenchError
        There is no metric of some name.
    """
    return {name: score(name, clean, processed) for name in (METRICS if metrics is None else metrics)}


def format_value(metric: Metric, value: float) -> str:
    """Return a value as text with its unit, such as "12.3 dB"."""
    # A negative zero would show as "-0.0".
    text = f"{round(value, metric.decimals) + 0.0:.{metric.decimals}f}".replace("-", "−")
    return f"{text} {metric.unit}".rstrip()


def _words(error: Exception) -> str:
    """Return the words of an error; some packages give bytes."""
    words = error.args[0] if error.args else ""
    text = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    return text.strip() or type(error).__name__


def _check(clean: Signal | None, processed: Signal) -> None:
    if clean is None:
        raise _Gap("This metric compares with clean speech, and there is no clean reference.")
    if clean.ndim != 1 or clean.shape != processed.shape:
        raise _Gap(
            f"The clean signal has {clean.size} samples and the processed one {processed.size}; "
            "they must be mono and equally long."
        )
    if not clean.size:
        raise _Gap("The signals are empty.")
    for signal, name in ((clean, "clean"), (processed, "processed")):
        if not np.isfinite(signal).all():
            raise _Gap(f"The {name} signal has samples that are not numbers or infinite.")
        if not signal.any():
            raise _Gap(f"The {name} signal is silent.")


def _pesq(clean: Signal, processed: Signal, band: Literal["wb", "nb"]) -> float:
    if len(clean) < _SHORTEST_PESQ_S * SAMPLE_RATE:
        raise _Gap(f"PESQ needs at least {_SHORTEST_PESQ_S} s; these signals last {_seconds(clean)}.")
    from pesq import NoUtterancesError, pesq

    n_parts = math.ceil(len(clean) / (_LONGEST_PESQ_S * SAMPLE_RATE))
    values = []
    for reference, degraded in zip(
        np.array_split(clean, n_parts), np.array_split(processed, n_parts), strict=True
    ):
        # Where the processed part alone is silent, the package says so, and the whole has no score.
        if reference.any():
            with contextlib.suppress(NoUtterancesError):
                values.append(float(pesq(SAMPLE_RATE, reference, degraded, band)))
    if not values:
        raise _Gap("PESQ finds no speech in the clean signal.")
    return sum(values) / len(values)


def _stoi(clean: Signal, processed: Signal, *, extended: bool = False) -> float:
    too_short = _Gap(
        f"STOI needs at least {_SHORTEST_STOI_S} s of speech, pauses not counted; "
        f"these signals last {_seconds(clean)}."
    )
    if len(clean) < _SHORTEST_STOI_S * SAMPLE_RATE:
        raise too_short
    from pystoi import stoi

    # The extended measure adds random numbers of 1e-16 against divisions by zero.
    with fixed_global_randomness():
        value = float(stoi(_for_stoi(clean), _for_stoi(processed), _STOI_RATE_HZ, extended=extended))
    if value == _STOI_TOO_SHORT:
        raise too_short
    return value


def _for_stoi(signal: Signal) -> NDArray[np.float64]:
    return _resampled_for_stoi(signal.astype(np.float64).tobytes())


@lru_cache(maxsize=3)
def _resampled_for_stoi(samples: bytes) -> NDArray[np.float64]:
    """Bring a signal to the rate of STOI, as pystoi does, once for both of its measures and all methods."""
    from pystoi.utils import resample_oct

    resampled: NDArray[np.float64] = resample_oct(np.frombuffer(samples), _STOI_RATE_HZ, SAMPLE_RATE)
    resampled.flags.writeable = False
    return resampled


def _framewise(compute: Compute, clean: Signal, processed: Signal) -> float:
    if len(clean) < _SHORTEST_FRAME_S * SAMPLE_RATE:
        raise _Gap(f"It needs at least {_SHORTEST_FRAME_S} s; these signals last {_seconds(clean)}.")
    return compute(clean, processed)


def _si_sdr(clean: Signal, processed: Signal) -> float:
    reference = clean.astype(np.float64)
    estimate = processed.astype(np.float64)
    # Offsets are inaudible and would count as signal or distortion.
    reference -= reference.mean()
    estimate -= estimate.mean()
    power = float(np.einsum("i,i->", reference, reference))
    if power == 0.0:
        raise _Gap("The clean signal is silent but for an offset.")
    target = reference * (float(np.einsum("i,i->", estimate, reference)) / power)
    target_power = float(np.einsum("i,i->", target, target))
    rest = estimate - target
    rest_power = float(np.einsum("i,i->", rest, rest))
    # Within the rounding of float32 samples the two are the same signal, or have nothing in common.
    if rest_power <= 1e-14 * target_power:
        raise _Gap("SI-SDR is infinite: the processed signal is the clean one, but for its level.")
    if target_power <= 1e-14 * rest_power:
        raise _Gap("SI-SDR is infinitely low: nothing of the clean signal is in the processed one.")
    return 10 * math.log10(target_power / rest_power)


def _level_change(clean: Signal, processed: Signal) -> float:
    return active_speech_level(processed).active_level_db - active_speech_level(clean).active_level_db


def _seconds(signal: Signal) -> str:
    return f"{len(signal) / SAMPLE_RATE:.2f} s"


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="pesq_wb",
            title="PESQ",
            unit="MOS",
            low=1.0,
            high=4.64,
            higher_is_better=True,
            needs_reference=True,
            paper="ITU-T P.862.2 (2007)",
            variant="wide band, P.862.2 without Corrigendum 2",
            explanation=(
                "Predicts how listeners would rate the speech quality, noise and distortion together. "
                "Below 1.5 is bad, 2 poor, 3 fair, 4 good; a gain of 0.2 is audible. "
                "Signals over 20 s are scored in equal parts, and the mean is taken."
            ),
            compute=lambda clean, processed: _pesq(clean, processed, "wb"),
            cost=0.02,
        ),
        Metric(
            name="pesq_nb",
            title="PESQ narrow band",
            unit="MOS",
            low=1.0,
            high=4.55,
            higher_is_better=True,
            needs_reference=True,
            paper="ITU-T P.862 (2001) with the mapping of P.862.1 (2003)",
            variant="narrow band, P.862 with P.862.1, at 16 kHz",
            explanation=(
                "Predicts the speech quality as heard over a telephone (300 to 3400 Hz); for comparison with "
                "tables that give narrow-band PESQ. Higher than wide-band PESQ for the same signal."
            ),
            compute=lambda clean, processed: _pesq(clean, processed, "nb"),
            cost=0.02,
        ),
        Metric(
            name="stoi",
            title="STOI",
            unit="",
            low=0.0,
            high=1.0,
            higher_is_better=True,
            needs_reference=True,
            paper="Taal, Hendriks, Heusdens & Jensen, IEEE TASLP 19 (2011)",
            variant="original",
            explanation=(
                "Predicts how much of the speech can be understood. "
                "Below 0.6 much is lost, above 0.75 most is understood, 0.9 is easy listening."
            ),
            compute=_stoi,
            decimals=3,
            cost=0.015,
        ),
        Metric(
            name="estoi",
            title="ESTOI",
            unit="",
            low=0.0,
            high=1.0,
            higher_is_better=True,
            needs_reference=True,
            paper="Jensen & Taal, IEEE/ACM TASLP 24 (2016)",
            variant="extended STOI",
            explanation=(
                "Predicts how much of the speech can be understood, also in noise that comes and goes, "
                "such as other voices. Lower than STOI for the same signal: below 0.4 much is lost, "
                "0.8 is good."
            ),
            compute=lambda clean, processed: _stoi(clean, processed, extended=True),
            decimals=3,
            cost=0.02,
        ),
        Metric(
            name="si_sdr",
            title="SI-SDR",
            unit="dB",
            low=-20.0,
            high=30.0,
            higher_is_better=True,
            needs_reference=True,
            paper="Le Roux, Wisdom, Erdogan & Hershey, ICASSP 2019",
            variant="scale-invariant, mean removed",
            explanation=(
                "How far the speech stands above everything that is not the clean speech, noise and "
                "distortion alike, whatever the level. At 0 dB both are equally strong; 10 dB is "
                "clearly cleaner, 20 dB nearly clean."
            ),
            compute=_si_sdr,
            decimals=1,
        ),
        Metric(
            name="seg_snr",
            title="Segmental SNR",
            unit="dB",
            low=-10.0,
            high=35.0,
            higher_is_better=True,
            needs_reference=True,
            paper="Hansen & Pellom, ICSLP 1998",
            variant="30 ms frames, each limited to -10 to 35 dB",
            explanation=(
                "How far the speech stands above the difference from the clean signal, frame by frame, so "
                "that soft sounds count as much as loud ones. A change of level counts as a difference."
            ),
            compute=lambda clean, processed: _framewise(segmental_snr_db, clean, processed),
            decimals=1,
        ),
        Metric(
            name="lsd",
            title="Log-spectral distance",
            unit="dB",
            low=0.0,
            high=20.0,
            higher_is_better=False,
            needs_reference=True,
            paper="Gray & Markel, IEEE TASSP 24 (1976)",
            variant="32 ms frames, floor 50 dB under the peak of the clean spectrum",
            explanation=(
                "How far the spectrum is from the clean one, over time and frequency. 0 is the same; 1 dB is "
                "hardly audible; noise and holes in the speech both raise it. A change of level counts, too."
            ),
            compute=lambda clean, processed: _framewise(log_spectral_distance_db, clean, processed),
            decimals=1,
        ),
        Metric(
            name="level_change",
            title="Level change",
            unit="dB",
            low=-20.0,
            high=20.0,
            higher_is_better=True,
            needs_reference=True,
            paper="ITU-T P.56 (2011), method B",
            variant="active speech level of the processed minus that of the clean signal",
            explanation=(
                "How much louder or softer the speech has become, what noise is left included: PESQ and STOI "
                "do not hear it. 0 dB is best; below −3 dB the speech is audibly too soft."
            ),
            compute=_level_change,
            decimals=1,
            target=0.0,
        ),
    )
}
"""The metrics that are always there by name, in the order in which tables show them."""


def _dnsmos_metric(name: str, scale: Scale, what: str, explanation: str) -> Metric:
    return Metric(
        name=name,
        title=f"DNSMOS {what}",
        unit="MOS",
        low=1.0,
        high=5.0,
        higher_is_better=True,
        needs_reference=False,
        paper="Reddy, Gopal & Cutler, ICASSP 2022 (ITU-T P.835)",
        variant="DNSMOS P.835, not personalised, models of speechmos",
        explanation=f"{explanation} Needs no clean reference, so it also works on real recordings.",
        compute=lambda _, processed: dnsmos(processed, scale),
        package="speechmos",
        extra="dnsmos",
        cost=0.03,
    )


def _hearing_metric(index: str, audiogram: str) -> Metric:
    thresholds = parse_audiogram(audiogram)
    is_haspi = index == "haspi"
    title = "HASPI" if is_haspi else "HASQI"
    predicted = (
        "how much a listener with this hearing loss understands"
        if is_haspi
        else "how good a listener with this hearing loss finds the sound"
    )
    return Metric(
        name=index,
        title=title if audiogram == DEFAULT_AUDIOGRAM else f"{title} {audiogram}",
        unit="",
        low=0.0,
        high=1.0,
        higher_is_better=True,
        needs_reference=True,
        paper=(
            "Kates & Arehart, Speech Communication 131 (2021)"
            if is_haspi
            else "Kates & Arehart, JAES 62 (2014)"
        ),
        variant=f"version 2, audiogram {audiogram}, NAL-R, clean speech at 65 dB SPL",
        explanation=(
            f"Predicts {predicted}, wearing a linear hearing aid. 0 is the worst, 1 the best. "
            "The model of the ear is slow to compute."
        ),
        compute=lambda clean, processed: hearing_index(
            clean, processed, "haspi" if is_haspi else "hasqi", thresholds
        ),
        decimals=3,
        package="clarity",
        extra="hearing",
        cost=1.0,
    )


OPTIONAL_METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _dnsmos_metric("dnsmos_sig", "sig_mos", "speech", "Predicts how natural listeners find the speech."),
        _dnsmos_metric(
            "dnsmos_bak", "bak_mos", "background", "Predicts how little the background disturbs listeners."
        ),
        _dnsmos_metric("dnsmos_ovrl", "ovrl_mos", "overall", "Predicts how listeners rate the whole."),
        _hearing_metric("haspi", DEFAULT_AUDIOGRAM),
        _hearing_metric("hasqi", DEFAULT_AUDIOGRAM),
    )
}
"""Metrics of optional extras; `Metric.how_to_install` says which one is missing."""
