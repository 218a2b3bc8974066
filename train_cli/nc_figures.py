"""What a noise classifier is worth: accuracy, confusion, calibration, and how it follows a changing scene."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train_cli.runs import RUN_NAME
from train_cli.trials import SNRS_DB, Trial, read_trial
from workbench.audio.files import read
from workbench.bundles.check import check_bundle
from workbench.classifier.decision import ClassDecision
from workbench.classifier.posterior import CLASSES, NOISES, ClassPosterior, NoiseClass
from workbench.classifier.streaming import NoiseClassifier, classify
from workbench.corpora.recordings import Recording
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.level import rms_db
from workbench.dsp.mixing import fit_noise, mix

ALONE = "noise alone"
_WINDOW_SAMPLES = SAMPLE_RATE // 2
"""What is judged at once: the mean of the posteriors of half a second."""
_SCENE_SAMPLES = 6 * SAMPLE_RATE
"""How long a noise lasts before the next one begins."""
_LONG_SAMPLES, _BEGINNING_SAMPLES = 12 * SAMPLE_RATE, 3 * SAMPLE_RATE
"""A noise that stays, as most do, and what is not judged of it: a mixture lasts as long."""
_N_BINS = 10
_MIXED, _ALONE, _OF_NOISES, _OF_LONG = 0, 1, 4, 6
"""Places among what is measured of a trial: mixture, noise alone, and from where both come again."""
_CHANGE_EVERY = 4
"""One trial in so many is also heard as a scene that changes."""

Row = dict[str, float]
Figures = dict[str, dict[str, Row]]


def measure_nc(bundle: Path, precision: str | None, trial: Trial, next_trial: Trial) -> list[Row]:
    """Count what is heard in the mixture, in the noise alone, how surely, and how a change is followed.

    Parameters
    ----------
    bundle : pathlib.Path
        A bundle, or the run of the original classifier (which has no posteriors to judge).
    precision : str or None
        Which of the bundle's files to run; its default when None.
    trial : Trial
        What to listen to.
    next_trial : Trial
        Whose noise the scene changes to.

    Returns
    -------
    list of dict
        Windows heard as each class in the mixture, and in the noise alone; calibration; change; windows in
        both again, where only the four noises can be answered, and in both if they go on for long.
        Calibration and change are empty where nothing was measured.
    """
    clean, noise, offset_samples = read_trial(trial)
    mixture = mix(clean, noise, trial.snr_db, offset_samples=offset_samples)
    lasting = mix(np.resize(clean, _LONG_SAMPLES), noise, trial.snr_db, offset_samples=offset_samples)
    signals = (mixture.noisy, mixture.noise)
    long_signals = (lasting.noisy, lasting.noise)
    if (bundle / RUN_NAME).exists():
        original = _original(bundle)
        counts = [_counts([NOISES[i] for i in original(signal)], NOISES) for signal in signals]
        later = [signal[_BEGINNING_SAMPLES:] for signal in long_signals]
        long_counts = [_counts([NOISES[i] for i in original(signal)], NOISES) for signal in later]
        return [*counts, {}, {}, *counts, *long_counts]
    classifier, known = _classifier(bundle, precision)
    n_in_window = max(round(_WINDOW_SAMPLES / classifier.hop_samples), 1)
    n_before = _BEGINNING_SAMPLES // classifier.hop_samples
    posteriors = [classify(signal, classifier)[n_in_window:] for signal in signals]
    windows = [_windows(each, n_in_window) for each in posteriors]
    long_windows = [_windows(classify(each, classifier)[n_before:], n_in_window) for each in long_signals]
    return [
        *(_counts(_best(each, known), known) for each in windows),
        _calibration(posteriors[0], trial.noise_class),
        _change(bundle, precision, trial, next_trial) if trial.index % _CHANGE_EVERY == 0 else {},
        *(_counts(_best(each, NOISES), NOISES) for each in (*windows, *long_windows)),
    ]


def nc_figures(trials: Sequence[Trial], rows: Sequence[list[Row]]) -> Figures:
    """Accuracy over half seconds of the four noises; noise alone counts each trial's noise once per SNR."""

    def share_right(chosen: Sequence[int], which: int) -> float:
        hits = sum(rows[i][which][trials[i].noise_class] for i in chosen)
        return hits / max(sum(sum(rows[i][which].values()) for i in chosen), 1.0)

    everything = range(len(trials))
    knows_no_noise = any(NoiseClass.NO_NOISE in row[_MIXED] for row in rows)

    def accuracy(chosen: Sequence[int], where: int) -> Row:
        of_five = {"accuracy of five classes": share_right(chosen, where)} if knows_no_noise else {}
        return {"accuracy": share_right(chosen, _OF_NOISES + where), **of_five}

    by_snr = {
        f"{snr_db:g} dB": accuracy([i for i in everything if trials[i].snr_db == snr_db], _MIXED)
        for snr_db in SNRS_DB
    }
    confusion = {}
    for which, where in enumerate(("mixed", ALONE)):
        for truth in NOISES:
            picked = [rows[i][which] for i in everything if trials[i].noise_class is truth]
            total = max(sum(sum(row.values()) for row in picked), 1.0)
            confusion[f"{truth.label}, {where}"] = {
                heard.label: sum(row.get(heard, 0.0) for row in picked) / total for heard in CLASSES
            }
    figures = {
        "All": {
            "mixed, -10 to 15 dB": accuracy(everything, _MIXED),
            ALONE: accuracy(everything, _ALONE),
        },
        "Scenes that go on, 3 to 12 s": {
            "mixed, -10 to 15 dB": {"accuracy": share_right(everything, _OF_LONG + _MIXED)},
            ALONE: {"accuracy": share_right(everything, _OF_LONG + _ALONE)},
        },
        "By SNR": by_snr,
        "Heard as": confusion,
    }
    if any(row[2] for row in rows):
        figures["Posteriors in mixtures"] = {"all": {"expected calibration error": _calibration_error(rows)}}
    if changes := [row[3] for row in rows if row[3]]:
        figures["Changing scenes"] = {f"{len(changes)} changes": _following(changes)}
    return figures


def measure_recording(bundle: Path, precision: str | None, recording: Recording) -> list[Row]:
    """Count what is heard in a recording of noise from its start to its end, among the four noises.

    Parameters
    ----------
    bundle, precision
        As of `measure_nc`.
    recording : Recording

    Returns
    -------
    list of dict
        One: windows heard as each noise.
    """
    signal = read(recording.path)
    if (bundle / RUN_NAME).exists():
        return [_counts([NOISES[i] for i in _original(bundle)(signal)], NOISES)]
    classifier, _ = _classifier(bundle, precision)
    n_in_window = max(round(_WINDOW_SAMPLES / classifier.hop_samples), 1)
    windows = _windows(classify(signal, classifier)[n_in_window:], n_in_window)
    return [_counts(_best(windows, NOISES), NOISES)]


def recording_figures(recordings: Sequence[Recording], rows: Sequence[list[Row]]) -> Figures:
    """Accuracy by source recording, each heard alone as it is, and means over the classes.

    A source that is shorter than two windows is not judged.
    """
    found: dict[str, Row] = {}
    for noise_class in NOISES:
        hits: Counter[str] = Counter()
        windows: Counter[str] = Counter()
        for recording, (counts,) in zip(recordings, rows, strict=True):
            if recording.group == noise_class and sum(counts.values()) > 0:
                hits[recording.source] += int(counts[noise_class])
                windows[recording.source] += int(sum(counts.values()))
        if windows:
            found[f"{noise_class.label}, {len(windows)} recordings"] = {
                "accuracy of windows": hits.total() / windows.total(),
                "mean of the recordings": float(np.mean([hits[each] / windows[each] for each in windows])),
            }
    if not found:
        return {}
    means = {
        name: float(np.mean([row[name] for row in found.values()])) for name in next(iter(found.values()))
    }
    return {"By source recording, alone, from start to end": {**found, "Mean over the classes": means}}


def _windows(posteriors: Sequence[ClassPosterior], n_in_window: int) -> list[NDArray[np.float32]]:
    """Average the posteriors of each window; what is left over at the end is not judged."""
    starts = range(0, len(posteriors) - n_in_window + 1, n_in_window)
    return [np.mean([p.probabilities for p in posteriors[i : i + n_in_window]], axis=0) for i in starts]


def _best(windows: Sequence[NDArray[np.float32]], answers: Sequence[NoiseClass]) -> list[NoiseClass]:
    """Return the most probable of the first classes, which are the `answers`."""
    return [answers[int(np.argmax(window[: len(answers)]))] for window in windows]


def _counts(names: list[NoiseClass], answers: Sequence[NoiseClass]) -> Row:
    return {each: float(names.count(each)) for each in answers}


def _calibration(posteriors: list[ClassPosterior], truth: NoiseClass) -> Row:
    """Sum confidence and hits in bins of confidence."""
    row = dict.fromkeys([f"{what} {k}" for what in ("n", "sure", "hit") for k in range(_N_BINS)], 0.0)
    for posterior in posteriors:
        confidence = float(posterior.probabilities.max())
        k = min(int(confidence * _N_BINS), _N_BINS - 1)
        row[f"n {k}"] += 1
        row[f"sure {k}"] += confidence
        row[f"hit {k}"] += posterior.best is truth
    return row


def _calibration_error(rows: Sequence[list[Row]]) -> float:
    """Mean distance of confidence and accuracy over bins of equal width (Guo et al. 2017)."""

    def total(name: str) -> float:
        return sum(row[2].get(name, 0.0) for row in rows)

    windows = max(sum(total(f"n {k}") for k in range(_N_BINS)), 1.0)
    return sum(abs(total(f"sure {k}") - total(f"hit {k}")) for k in range(_N_BINS)) / windows


def _change(bundle: Path, precision: str | None, trial: Trial, next_trial: Trial) -> Row:
    """Let one noise follow another under the same voice, and watch the decision that denoising acts on."""
    clean, first, offset_samples = read_trial(trial)
    _, second, next_offset_samples = read_trial(next_trial)
    parts = [
        fit_noise(first, _SCENE_SAMPLES, offset_samples),
        fit_noise(second, _SCENE_SAMPLES, next_offset_samples),
    ]
    parts[1] *= np.float32(10 ** ((rms_db(parts[0]) - rms_db(parts[1])) / 20))
    voice = np.resize(clean, 2 * _SCENE_SAMPLES)
    noisy = mix(voice, np.concatenate(parts), trial.snr_db).noisy
    decision = ClassDecision()
    decided = [
        (p.time_samples, decision.update(p)) for p in classify(noisy, _classifier(bundle, precision)[0])
    ]
    arrived = [
        (time - _SCENE_SAMPLES) / SAMPLE_RATE
        for time, heard in decided
        if time > _SCENE_SAMPLES and heard is next_trial.noise_class
    ]
    steady = [heard for time, heard in decided if 2 * SAMPLE_RATE <= time <= _SCENE_SAMPLES]
    knew = bool(steady) and steady[-1] is trial.noise_class
    return {
        "changes": float(sum(a is not b for a, b in pairwise(steady))),
        "minutes": (_SCENE_SAMPLES - 2 * SAMPLE_RATE) / SAMPLE_RATE / 60,
        # A noise that is never recognised says nothing about how fast a change is followed.
        "reaction_s": arrived[0] if arrived and knew else np.nan,
    }


def _following(changes: list[Row]) -> Row:
    reactions_s = np.array([change["reaction_s"] for change in changes])
    reactions_s = reactions_s[~np.isnan(reactions_s)]
    return {
        "followed": len(reactions_s) / len(changes),
        "median reaction s": float(np.median(reactions_s)) if len(reactions_s) else np.nan,
        "within 1 s": float(np.mean(reactions_s <= 1.0)) if len(reactions_s) else np.nan,
        "changes per minute of a steady scene": sum(c["changes"] for c in changes)
        / sum(c["minutes"] for c in changes),
    }


@cache
def _classifier(bundle: Path, precision: str | None) -> tuple[NoiseClassifier, Sequence[NoiseClass]]:
    """Return a bundle's classifier, and the classes that it knows."""
    checked = check_bundle(bundle)
    known = NOISES if checked.manifest.is_original else CLASSES
    return NoiseClassifier(checked, precision), known


@cache
def _original(bundle: Path) -> Callable[[Signal], NDArray[np.int64]]:
    from train_cli.original import load_classifier

    return load_classifier(bundle)
