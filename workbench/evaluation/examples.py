"""Hearing what a sweep measured: any of its mixtures, exactly, and what each method made of it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from workbench.audio.files import write
from workbench.dsp import Signal
from workbench.errors import WorkbenchError
from workbench.evaluation.plan import NOISY, SweepPlan, Trial
from workbench.evaluation.trials import denoised_by, trial_mixture


def find_trial(plan: SweepPlan, key: str) -> Trial:
    """Return a trial of a plan by its key, or by the beginning of it that tells it from the others.

    Raises
    ------
    WorkbenchError
        There is none, or several, or the recordings of the plan are not here.
    """
    found = [trial for trial in plan.trials() if trial.key.startswith(key)]
    if len(found) != 1:
        problem = "several trials" if found else "no trial"
        raise WorkbenchError(f"There is {problem} '{key}' in this sweep; take one of `results.csv`.")
    return found[0]


def trial_signals(trial: Trial, methods: Iterable[str]) -> Iterator[tuple[str, Signal]]:
    """Yield "clean", "noise" and "mixed" as they are in the mixture, then what each method made of it.

    Raises
    ------
    WorkbenchError
        A recording or a method is not here.
    """
    mixture, _ = trial_mixture(trial)
    yield "clean", mixture.clean
    yield "noise", mixture.noise
    yield "mixed", mixture.noisy
    for method in methods:
        if method != NOISY:
            yield method, denoised_by(method, mixture)


def write_trial(trial: Trial, methods: Iterable[str], folder: Path) -> list[Path]:
    """Write the signals of a trial as WAV.

    ``workbench --speech clean.wav --noise noise.wav --snr-db X`` with the SNR of the trial opens the same
    mixture in the studio.

    Parameters
    ----------
    trial : Trial
    methods : iterable of str
    folder : pathlib.Path
        Made if it is not there; existing files are replaced.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    WorkbenchError
        A recording or a method is not here, or a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, signal in trial_signals(trial, methods):
        written.append(folder / f"{name}.wav")
        write(written[-1], signal)
    return written
