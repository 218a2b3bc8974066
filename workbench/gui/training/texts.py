"""How jobs, times and amounts are put into words."""

import time

from workbench.training.forms import TITLES
from workbench.training.history import History
from workbench.training.jobs import Asked, Job, State

FIGURES = {
    "loss": "Loss",
    "pesq_wb": "PESQ",
    "stoi": "STOI",
    "si_sdr": "SI-SDR",
    "accuracy_mixed": "Accuracy in mixtures",
    "accuracy_alone": "Accuracy on noise alone",
}
"""What the figures of a training are called, in the order in which they are drawn."""

WHAT = {
    "scan": "Scan",
    "train-ddae": "Denoiser",
    "train-nc": "Classifier",
    "export": "Model",
    "evaluate": "Measurement",
    "quantise": "Smaller model",
    "mix": "Mixtures",
    "gather": "Recordings",
    "recipe": "Recipe",
}


def duration_text(seconds: float) -> str:
    """Return a length of time in at most two units: "40 s", "12 min", "3 h 20 min"."""
    if seconds < 60:
        return f"{max(round(seconds), 0)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest and hours < 24 else f"{hours} h"


def best_text(history: History) -> str:
    """Return the figures of the validation whose weights are kept; empty before the first."""
    best = history.best_step
    if best is None:
        return ""
    figures = []
    for name, title in FIGURES.items():
        steps, values = history.validations.get(name, ([], []))
        if name != "loss" and best in steps:
            figures.append(f"{title} {values[steps.index(best)]:.3g}")
    return f"best at step {best:,}: {', '.join(figures)}".replace(" -", " −")


def kind_text(job: Job) -> str:
    """Return what kind of job it is, in a word."""
    return WHAT.get(job.command, TITLES.get(job.command, job.command))


def state_text(job: Job, history: History) -> str:
    """Return how a job stands, in a few words."""
    if job.state is State.WAITING:
        return "Waiting"
    if job.state is State.RUNNING:
        if job.asked is Asked.CANCEL:
            return "Cancelling…"
        if job.asked is Asked.STOP:
            return "Stopping, the best is kept…"
        if not history.steps:
            return "Starting…"
        if history.step >= history.steps:
            return "Finishing…"
        left = history.remaining_s
        return f"{history.share:.0%}" + ("" if left is None else f", {duration_text(left)} left")
    if job.state is State.DONE and job.asked is Asked.STOP:
        return "Stopped, the best is kept"
    when = time.strftime(
        "%H:%M" if time.time() - job.ended_s < 43_200 else "%d %b", time.localtime(job.ended_s)
    )
    return {State.DONE: "Done", State.FAILED: "Failed", State.CANCELLED: "Cancelled"}[job.state] + f" {when}"
