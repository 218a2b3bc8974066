"""How good a processed signal is: a registry of metrics, and scores that explain where they are missing.

A metric that cannot be computed gives a `Score` without a value and with the reason, never an exception, a
zero or a NaN, so that a table can count its gaps.
"""

import contextlib
import math
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.level import active_speech_level
from workbench.errors import WorkbenchError

Compute = Callable[[Signal, Signal], float]

# P.862 aligns utterances of at least this length; the package refuses anything shorter.
_SHORTEST_PESQ_S = 0.25
# The package has room for 50 utterances and crashes the process beyond that; an utterance and the pause after
# it take at least 0.4 s. P.862 is meant for 8 to 20 s anyway.
_LONGEST_PESQ_S = 20
_SHORTEST_STOI_S = 0.4
# What pystoi returns, with a warning, where fewer than 30 frames are left after it removed silent ones.
_STOI_TOO_SHORT = 1e-5


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


class _Gap(Exception):
    """Why a metric has no value."""


def score(metric: Metric | str, clean: Signal, processed: Signal) -> Score:
    """Compute one metric.

    Parameters
    ----------
    metric : Metric or str
        A metric of `METRICS` or its name.
    clean, processed : numpy.ndarray
        float32, shape (n_samples,), at `SAMPLE_RATE`; aligned: undo a method's latency first (STOI and SI-SDR
        do not).

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
        if metric not in METRICS:
            raise WorkbenchError(f"There is no metric named {metric!r}; choose from {', '.join(METRICS)}.")
        metric = METRICS[metric]
    try:
        _check(clean, processed)
        with warnings.catch_warnings():
            # The packages warn of what is turned into gaps here.
            warnings.simplefilter("ignore")
            value = float(metric.compute(clean, processed))
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


def _check(clean: Signal, processed: Signal) -> None:
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


def _pesq_wb(clean: Signal, processed: Signal) -> float:
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
                values.append(float(pesq(SAMPLE_RATE, reference, degraded, "wb")))
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

    value = float(
        stoi(clean.astype(np.float64), processed.astype(np.float64), SAMPLE_RATE, extended=extended)
    )
    if value == _STOI_TOO_SHORT:
        raise too_short
    return value


def _estoi(clean: Signal, processed: Signal) -> float:
    return _stoi(clean, processed, extended=True)


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
            compute=_pesq_wb,
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
            compute=_estoi,
            decimals=3,
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
"""All metrics by name, in the order in which tables show them."""
