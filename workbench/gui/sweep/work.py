"""What the page does off the window's thread; each is what the command line does as well."""

import threading
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QThreadPool

from workbench.corpora.recordings import find_recordings, select
from workbench.engine.scene import Scene
from workbench.errors import WorkbenchError
from workbench.evaluation.examples import find_trial, write_trial
from workbench.evaluation.plan import NOISY, SweepPlan, read_plan
from workbench.evaluation.publication import publish
from workbench.evaluation.runner import SweepProgress, run_sweep
from workbench.evaluation.store import STORE_SUFFIX, SweepStore
from workbench.evaluation.tables import Sweep, read_sweep
from workbench.evaluation.trials import trial_mixture
from workbench.gui.sweep.mixtures import MixtureRow

_PAUSE_S = 0.05
_SQLITE = b"SQLite format 3\x00"


class Gate:
    """How the window holds a sweep up, or ends it after the mixtures under way."""

    def __init__(self) -> None:
        self.is_paused = False
        self._stopped = threading.Event()

    @property
    def is_stopped(self) -> bool:
        """Whether the sweep is to end."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End the sweep; what was measured is kept."""
        self._stopped.set()


@dataclass(frozen=True)
class SweepRequest:
    """A sweep to run.

    Attributes
    ----------
    plan : SweepPlan
    store_path : pathlib.Path
    retry_gaps : bool
        Whether what has no value is tried again.
    """

    plan: SweepPlan
    store_path: Path
    retry_gaps: bool = False


def measure_steps(request: SweepRequest, gate: Gate) -> Generator[SweepProgress | None, None, None]:
    """Run a sweep; yields what it yields, and None while it is held up."""
    pool = QThreadPool.globalInstance()
    # This thread waits for other processes nearly all the time and must not keep others from the pool.
    pool.releaseThread()
    try:
        if request.retry_gaps:
            with SweepStore(request.store_path) as store:
                store.forget_gaps()
        with closing(run_sweep(request.plan, request.store_path)) as events:
            for progress in events:
                yield progress
                while gate.is_paused and not gate.is_stopped:
                    time.sleep(_PAUSE_S)
                    yield None
                if gate.is_stopped:
                    return
    finally:
        pool.reserveThread()


@dataclass(frozen=True)
class Opened:
    """A plan, where its results are kept, and what is there already."""

    plan: SweepPlan
    store_path: Path
    sweep: Sweep | None


def open_sweep(path: Path) -> Opened:
    """Open an earlier sweep, or a plan file with the results beside it, if there are any.

    Raises
    ------
    WorkbenchError
        It is neither.
    """
    try:
        with path.open("rb") as file:
            is_database = file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be read; choose a plan file or an earlier sweep.") from error
    if is_database:
        sweep = read_sweep(path, significance=False)
        return Opened(sweep.plan, path, sweep)
    plan, store_path = read_plan(path), path.with_suffix(STORE_SUFFIX)
    return Opened(
        plan, store_path, read_sweep(store_path, significance=False) if store_path.is_file() else None
    )


def read_results(store_path: Path, significance: bool) -> tuple[Sweep, float]:
    """Read and summarise a store; return how many seconds that took, too."""
    begun_s = time.monotonic()
    sweep = read_sweep(store_path, significance=significance)
    return sweep, time.monotonic() - begun_s


def write_plan(plan: SweepPlan, path: Path) -> Path:
    """Write a plan file.

    Raises
    ------
    WorkbenchError
        It cannot be written.
    """
    try:
        path.write_text(plan.moved_to(path.resolve().parent).to_toml(), encoding="utf-8")
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
    return path


def mixture_scene(plan: SweepPlan, row: MixtureRow) -> Scene:
    """Return the scene that is a mixture of a sweep, sample for sample.

    Raises
    ------
    WorkbenchError
        A recording is not here any more, or is another one.
    """
    trial = find_trial(plan, row.trial)
    _, offset_samples = trial_mixture(trial)
    return Scene(
        speech_path=trial.speech.path.resolve(),
        noise_path=trial.noise.path.resolve(),
        snr_db=trial.snr_db,
        method="bypass" if row.method == NOISY else row.method,
        title=f"{Path(trial.speech.name).name} in {Path(trial.noise.name).name}",
        noise_offset_samples=offset_samples,
    )


def write_sounds(plan: SweepPlan, trial: str, folder: Path) -> list[Path]:
    """Write the sounds of a mixture into a folder named after it."""
    return write_trial(find_trial(plan, trial), plan.all_methods, folder / trial)


@dataclass(frozen=True)
class PublishRequest:
    """What to write of a sweep, and where."""

    folder: Path
    formats: tuple[str, ...]
    theme: Literal["light", "dark"] = "light"
    sounds: bool = True


def publish_store(store_path: Path, request: PublishRequest) -> list[Path]:
    """Write tables, figures and report; for another process: drawing would hold up the window."""
    sweep = read_sweep(store_path)
    return list(publish(sweep, request.folder, request.formats, theme=request.theme, sounds=request.sounds))


def fill_from_corpus(plan: SweepPlan, data: Path) -> SweepPlan:
    """Return a plan with the speech and the noise of a corpus or a catalogue that are kept for tests.

    Raises
    ------
    WorkbenchError
        There is no such corpus, or no speech or noise in its test split.
    """
    recordings = find_recordings(data)
    speech = tuple(str(each.path.resolve()) for each in select(recordings, "speech", "test"))
    noise: dict[str, tuple[str, ...]] = {}
    for each in select(recordings, "noise", "test"):
        noise[each.group] = (*noise.get(each.group, ()), str(each.path.resolve()))
    if not speech and not noise:
        raise WorkbenchError(f"{data} has no speech and no noise in its test split; choose folders instead.")
    return replace(plan, speech=speech or plan.speech, noise=tuple(noise.items()) or plan.noise)
