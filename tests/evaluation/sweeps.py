"""A sweep small enough to run in a test."""

from pathlib import Path

import numpy as np

from workbench.audio.files import write
from workbench.evaluation.plan import SweepPlan
from workbench.evaluation.runner import SweepProgress, run_sweep


def write_recordings(folder: Path, *, n_speech: int = 2, seconds: float = 1.0) -> None:
    """Write bursts as speech and noise of two classes, the same each time."""
    for name in ("speech", "vehicle", "human"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for index in range(n_speech):
        write(folder / "speech" / f"s{index}.wav", _bursts(index, seconds))
    for index, noise_class in enumerate(("vehicle", "human")):
        for take in range(2):
            write(folder / noise_class / f"n{take}.wav", _noise(10 * index + take, 1.7 * seconds))


def small_plan(folder: Path, **changes: object) -> SweepPlan:
    """Return a plan over `write_recordings`."""
    values: dict = {
        "speech": ("speech",),
        "noise": (("vehicle", ("vehicle",)), ("human", ("human",))),
        "snrs_db": (-5.0, 5.0),
        "methods": ("bypass",),
        "metrics": ("si_sdr", "seg_snr"),
        "folder": folder,
    }
    return SweepPlan(**(values | changes))


def run(plan: SweepPlan, store: Path, **options: object) -> list[SweepProgress]:
    """Run a sweep in one process to its end."""
    return list(run_sweep(plan, store, **({"n_workers": 1} | options)))


def _bursts(seed: int, seconds: float) -> np.ndarray:
    time_s = np.arange(round(16_000 * seconds)) / 16_000
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(len(time_s)) * (np.sin(9 * time_s) > 0)).astype(np.float32)


def _noise(seed: int, seconds: float) -> np.ndarray:
    rng = np.random.default_rng([1, seed])
    return (0.05 * rng.standard_normal(round(16_000 * seconds))).astype(np.float32)
