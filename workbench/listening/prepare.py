"""Making the sounds of a test, once: mixed, denoised, equally loud, under names that say nothing."""

import hashlib
import math
import os
import secrets
import shutil
from collections import defaultdict
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from workbench.audio.files import write
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.loudness import integrated_loudness_db
from workbench.dsp.mixing import PEAK_LIMIT, Mixture
from workbench.errors import WorkbenchError
from workbench.evaluation.plan import NOISY, Trial
from workbench.evaluation.trials import denoised_by, trial_mixture
from workbench.evaluation.versions import method_identity
from workbench.listening.design import ANCHORS_HZ, CLEAN, REFERENCE, Block, ListeningTest
from workbench.listening.order import shuffled, williams_row
from workbench.listening.prepared import (
    DESIGN_FILE,
    KEY_FILE,
    KEY_FOLDER,
    SESSIONS_FOLDER,
    STIMULI_FOLDER,
    TEST_FILE,
    Key,
    KeyEntry,
    PoolTrial,
    PreparedBlock,
    PreparedPage,
    PreparedTest,
    StoredStimulus,
)
from workbench.listening.validate import check_test, has_reference, trials_of

_SUBTYPE = "PCM_24"
_STOP_BAND_DB = 60.0


@dataclass(frozen=True)
class PrepareProgress:
    """How far the preparation is: `done` of `total` sounds."""

    done: int
    total: int


@dataclass(frozen=True)
class _Entry:
    """A trial before its sounds have names."""

    mixture: Trial
    conditions: tuple[str, ...]


def prepare_steps(test: ListeningTest, folder: Path) -> Generator[PrepareProgress, None, PreparedTest]:
    """Prepare a test step by step.

    Parameters
    ----------
    test : ListeningTest
    folder : pathlib.Path
        Made; if it is there already, it has to be empty. It appears when everything is done.

    Yields
    ------
    PrepareProgress
        Closing the generator cancels and leaves nothing behind.

    Returns
    -------
    PreparedTest
        As the generator's return value.

    Raises
    ------
    WorkbenchError
        The test is not valid, a sound would clip or is silent, or the folder cannot be written.
    """
    errors = [finding for finding in check_test(test) if finding.severity == "error"]
    if errors:
        more = f" (and {len(errors) - 1} more; see `workbench listen check`)" if len(errors) > 1 else ""
        raise WorkbenchError(f"{errors[0].where}: {errors[0].message}{more}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkbenchError(f"{folder} exists already; a test is prepared into a new folder.")
    making = folder.resolve().with_name(f".workbench-{secrets.token_hex(6)}.part")
    try:
        (making / STIMULI_FOLDER).mkdir(parents=True)
        prepared = yield from _prepare(test, making)
        if folder.exists():
            folder.rmdir()
        making.rename(folder.resolve())
    except OSError as error:
        raise WorkbenchError(f"{folder} cannot be written ({error.strerror}); choose another.") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return replace(prepared, folder=folder)


def pool_of(block: Block, trials: Iterable[Trial], seed: int) -> list[_Entry]:
    """Return the trials of a block in the order in which listeners take them from it.

    Any stretch holds groups of conditions, and then classes and SNRs, as equally often as can be; within the
    trials each condition stands at each place equally often.
    """
    cells: dict[tuple[str, float], list[Trial]] = defaultdict(list)
    for trial in shuffled(trials_of(block, trials), seed, block.name):
        cells[trial.noise_class, trial.snr_db].append(trial)
    names = {group: shuffled(group, seed, block.name, *group) for group in block.groups}
    count = dict.fromkeys(block.groups, 0)
    pool = []
    for turn in range(block.repeats * max(map(len, cells.values()), default=0)):
        groups = shuffled(block.groups, seed, block.name, "groups", turn)
        places = shuffled(cells, seed, block.name, "cells", turn)
        for step in range(len(places)):
            for number, group in enumerate(groups):
                cell = cells[places[(step + number) % len(places)]]
                if turn < len(cell) * block.repeats:
                    order = williams_row(len(group), count[group])
                    count[group] += 1
                    conditions = tuple(names[group][place] for place in order)
                    pool.append(_Entry(cell[turn % len(cell)], conditions))
    return pool


def low_pass(signal: Signal, cutoff_hz: float) -> Signal:
    """Return what passes below a frequency, without delay: the anchors of BS.1534-3.

    Flat within 0.1 dB up to the cut-off, 25 dB down an octave's seventh above it (3.5 to 4 kHz) and 50 dB
    soon after, as the Recommendation asks for; the band ends at 8 kHz here in any case.

    Parameters
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,).
    cutoff_hz : float
        End of the pass band, Hz.
    """
    from scipy.signal import fftconvolve, firwin, kaiserord

    width_hz = min(cutoff_hz / 7, 0.9 * (SAMPLE_RATE / 2 - cutoff_hz))
    n_taps, beta = kaiserord(_STOP_BAND_DB, width_hz / (SAMPLE_RATE / 2))
    taps = firwin(n_taps | 1, cutoff_hz + width_hz / 2, window=("kaiser", beta), fs=SAMPLE_RATE)
    passed: Signal = fftconvolve(signal, taps, mode="same").astype(np.float32)
    return passed


def _prepare(test: ListeningTest, folder: Path) -> Generator[PrepareProgress, None, PreparedTest]:
    trials = test.plan.trials()
    pools = {block.name: pool_of(block, trials, test.seed) for block in test.blocks}
    wanted: dict[Trial, dict[str, None]] = {}
    for block in test.blocks:
        for entry in pools[block.name]:
            conditions = wanted.setdefault(entry.mixture, {})
            conditions |= dict.fromkeys([*entry.conditions, *([CLEAN] if has_reference(block) else [])])
    level_trial = min(wanted, key=lambda trial: trial.key)
    wanted[level_trial][CLEAN] = None
    total = sum(map(len, wanted.values()))
    names: dict[tuple[str, str], str] = {}
    stimuli: dict[str, StoredStimulus] = {}
    entries: dict[str, KeyEntry] = {}
    highest_db = -math.inf
    for trial, conditions in wanted.items():
        mixture, _ = trial_mixture(trial)
        for condition in conditions:
            name = secrets.token_hex(6)
            signal = _signal(condition, mixture)
            loudness = integrated_loudness_db(signal)
            if not math.isfinite(loudness):
                raise WorkbenchError(
                    f"{condition} leaves nothing to hear of {trial.speech.name} in {trial.noise.name} "
                    f"at {trial.snr_db:g} dB; leave the method or the SNR out."
                )
            gain_db = test.loudness_lufs - loudness
            matched = signal * np.float32(10 ** (gain_db / 20))
            highest_db = max(highest_db, 20 * math.log10(float(np.abs(matched).max()) / PEAK_LIMIT))
            path = folder / STIMULI_FOLDER / f"{name}.wav"
            write(path, matched, subtype=_SUBTYPE)
            names[trial.key, condition] = name
            stimuli[name] = StoredStimulus(hashlib.sha256(path.read_bytes()).hexdigest(), len(matched))
            entries[name] = KeyEntry(
                condition,
                trial.key,
                trial.speech.name,
                trial.noise.name,
                trial.noise_class,
                trial.snr_db,
                round(loudness, 3),
                round(gain_db, 3),
            )
            yield PrepareProgress(len(stimuli), total)
    if highest_db > 0:
        lower = math.floor(test.loudness_lufs - highest_db)
        raise WorkbenchError(
            f"At {test.loudness_lufs:g} LUFS the loudest sound would clip by {highest_db:.1f} dB; "
            f"set loudness_lufs to {lower} or less."
        )
    prepared = PreparedTest(
        folder,
        test.title,
        test.seed,
        test.loudness_lufs,
        names[level_trial.key, CLEAN],
        tuple(
            _prepared_block(page, pools[page.name], names) if isinstance(page, Block) else page
            for page in test.pages
        ),
        stimuli,
    )
    key = Key(
        prepared.digest, test, entries, {method: method_identity(method) for method in test.plan.methods}
    )
    _write(prepared, key, folder)
    return prepared


def _signal(condition: str, mixture: Mixture) -> Signal:
    if condition in (CLEAN, REFERENCE):
        return mixture.clean
    if condition in ANCHORS_HZ:
        return low_pass(mixture.clean, ANCHORS_HZ[condition])
    return mixture.noisy if condition == NOISY else denoised_by(condition, mixture)


def _prepared_block(block: Block, pool: list[_Entry], names: dict[tuple[str, str], str]) -> PreparedPage:
    return PreparedBlock(
        name=block.name,
        test=block.test,
        title=block.title,
        text=block.instruction,
        n_trials=min(block.n_trials or len(pool), len(pool)),
        allow_no_difference=block.allow_no_difference,
        must_hear=block.must_hear,
        loop=block.loop,
        break_after=block.break_after,
        pool=tuple(
            PoolTrial(
                tuple(names[entry.mixture.key, condition] for condition in entry.conditions),
                names[entry.mixture.key, CLEAN] if has_reference(block) else None,
            )
            for entry in pool
        ),
    )


def _write(prepared: PreparedTest, key: Key, folder: Path) -> None:
    (folder / SESSIONS_FOLDER).mkdir()
    (folder / KEY_FOLDER).mkdir()
    (folder / TEST_FILE).write_text(prepared.to_json(), encoding="utf-8", newline="\n")
    (folder / KEY_FOLDER / KEY_FILE).write_text(key.to_json(), encoding="utf-8", newline="\n")
    design = key.test.moved_to(folder / KEY_FOLDER).to_toml()
    (folder / KEY_FOLDER / DESIGN_FILE).write_text(design, encoding="utf-8", newline="\n")
    # The order in which the sounds were made must not show in the times of their files.
    for path in (folder / STIMULI_FOLDER).iterdir():
        os.utime(path, (0, 0))
