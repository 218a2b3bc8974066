"""What makes a test invalid, or weaker than it could be, and why: before it is prepared and after."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from workbench.audio.files import info, read
from workbench.denoisers.registry import methods
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.loudness import integrated_loudness_db
from workbench.errors import WorkbenchError
from workbench.evaluation.plan import NOISY, Trial
from workbench.listening.design import (
    ANCHORS_HZ,
    CLEAN,
    PAIRED,
    REFERENCE,
    Block,
    ListeningTest,
    QuestionPage,
    TestKind,
    TextPage,
    TrainingPage,
)
from workbench.listening.prepared import KEY_FOLDER, TEST_FILE, PreparedTest, open_prepared, read_key

LOUDNESS_RANGE_LUFS = (-45.0, -15.0)
MAX_MUSHRA_STIMULI = 12
"""With hidden reference and anchors (BS.1534-3, 5.2)."""
MAX_MUSHRA_S = 12.0
"""Of longer sounds the beginning is forgotten at the end (BS.1534-3, 5.1)."""
LONGEST_MINUTES = 30.0
"""Without a break; longer ones tire listeners (ITU-T P.800)."""
_TOLERANCE_DB = 0.1
_UNSAID = {NOISY, CLEAN, REFERENCE, *ANCHORS_HZ}

# Sounds that a listener hears in a trial, as multiples of their number, and seconds for each rating.
_LISTENS: dict[TestKind, float] = {"ab": 1.2, "abx": 1.5, "ccr": 1.2, "p835": 1.3, "mushra": 2.0}
_RATING_S = 3.0
_PAGE_S = 15.0


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a test ("error") or could be better ("warning"), and where."""

    severity: Literal["error", "warning"]
    where: str
    message: str


@dataclass(frozen=True)
class Outline:
    """What a test amounts to.

    Attributes
    ----------
    n_mixtures, n_stimuli : int
        That are prepared.
    n_trials : dict
        Trials of one listener by block.
    n_pool : dict
        Trials that they are drawn from by block.
    minutes : float
        How long a listener takes, roughly.
    """

    n_mixtures: int
    n_stimuli: int
    n_trials: dict[str, int]
    n_pool: dict[str, int]
    minutes: float


def outline(test: ListeningTest) -> Outline:
    """Say what a test amounts to.

    Raises
    ------
    WorkbenchError
        Its recordings are not there.
    """
    trials = test.plan.trials()
    used = {block.name: trials_of(block, trials) for block in test.blocks}
    sounds = {
        (trial.key, condition)
        for block in test.blocks
        for trial in used[block.name]
        for condition in (*block.conditions, *([CLEAN] if has_reference(block) else []))
    }
    n_pool = {block.name: len(used[block.name]) * len(block.groups) * block.repeats for block in test.blocks}
    n_trials = {
        block.name: min(block.n_trials or n_pool[block.name], n_pool[block.name]) for block in test.blocks
    }
    seconds = _PAGE_S * (len(test.pages) - len(test.blocks))
    for page in test.pages:
        if isinstance(page, Block):
            seconds += n_trials[page.name] * _trial_s(page, used[page.name])
        elif isinstance(page, TrainingPage) and page.block in used:
            block = next(each for each in test.blocks if each.name == page.block)
            seconds += page.n_trials * _trial_s(block, used[page.block])
    return Outline(
        len({key for key, _ in sounds}), len(sounds) + bool(sounds), n_trials, n_pool, seconds / 60
    )


def trials_of(block: Block, trials: Iterable[Trial]) -> list[Trial]:
    """Return the mixtures that a block uses, sorted by their keys."""
    return [
        trial
        for trial in sorted(trials, key=lambda each: each.key)
        if (not block.classes or trial.noise_class in block.classes)
        and (not block.snrs_db or trial.snr_db in block.snrs_db)
    ]


def has_reference(block: Block) -> bool:
    """Return whether the trials of a block offer the clean speech as a reference."""
    return block.reference or block.test == "mushra"


def _trial_s(block: Block, trials: list[Trial]) -> float:
    length_s = float(np.mean([trial.speech.duration_s for trial in trials])) if trials else 0.0
    n_sounds = len(block.groups[0]) if block.groups else 0
    n_ratings = {"p835": 3, "mushra": n_sounds}.get(block.test, 1)
    return n_sounds * length_s * _LISTENS[block.test] + n_ratings * _RATING_S


def check_test(test: ListeningTest) -> list[Finding]:
    """Check a test before it is prepared.

    Parameters
    ----------
    test : ListeningTest

    Returns
    -------
    list of Finding
        Errors first. A test with errors is not prepared.
    """
    found = [*_check_pages(test), *_check_words(test)]
    for block in test.blocks:
        found += [Finding(severity, f"Block “{block.name}”", text) for severity, text in _check_block(block)]
    if not LOUDNESS_RANGE_LUFS[0] <= test.loudness_lufs <= LOUDNESS_RANGE_LUFS[1]:
        low, high = LOUDNESS_RANGE_LUFS
        found.append(
            Finding("error", "loudness_lufs", f"{test.loudness_lufs:g} is not between {low:g} and {high:g}.")
        )
    try:
        trials = test.plan.trials()
    except WorkbenchError as error:
        found.append(Finding("error", "Material", str(error)))
    else:
        found += _check_material(test, trials)
    return sorted(found, key=lambda finding: finding.severity)


def _check_pages(test: ListeningTest) -> Iterator[Finding]:
    kinds = [page.kind for page in test.pages]
    if not test.blocks:
        yield Finding("error", "Pages", "There is no block of trials; add a page of the kind “block”.")
    for name, count in Counter(block.name for block in test.blocks).items():
        if count > 1:
            yield Finding("error", f"Block “{name}”", "Two blocks have this name; give each its own.")
    names = {block.name for block in test.blocks}
    for number, page in enumerate(test.pages, 1):
        where = f"Page {number}"
        if isinstance(page, TrainingPage):
            if page.block not in names:
                yield Finding("error", where, f"It practises for “{page.block}”, but no block has this name.")
            if page.n_trials < 1:
                yield Finding("error", where, "n_trials must be 1 or more.")
        if isinstance(page, TextPage) and page.kind == "consent" and not page.agree:
            yield Finding("warning", where, "Nothing is ticked to consent; add what with `agree`.")
        if isinstance(page, QuestionPage):
            yield from _check_questions(page, where)
    if "level" not in kinds:
        yield Finding(
            "warning",
            "Pages",
            "Listeners cannot set the level; add a page of the kind “level” before blocks.",
        )
    if "training" not in kinds:
        yield Finding("warning", "Pages", "Nobody gets to practise; add a page of the kind “training”.")
    if "thanks" in kinds[:-1]:
        yield Finding("error", "Pages", "The page “thanks” ends the test; put it last.")


def _check_questions(page: QuestionPage, where: str) -> Iterator[Finding]:
    if not page.questions:
        yield Finding("error", where, "The questionnaire asks nothing; add a question.")
    for name, count in Counter(question.name for question in page.questions).items():
        if count > 1:
            yield Finding("error", where, f"Two questions have the name “{name}”; give each its own.")
    for question in page.questions:
        if question.type == "choice" and len(question.options) < 2:
            yield Finding("error", where, f"“{question.name}” needs at least two options to choose from.")
        if question.type == "number" and not question.low < question.high:
            yield Finding("error", where, f"“{question.name}” needs a low that is less than its high.")


def _check_words(test: ListeningTest) -> Iterator[Finding]:
    texts = [("title", test.title)]
    for number, page in enumerate(test.pages, 1):
        texts += [(f"Page {number}", text) for text in (page.title, page.text)]
        if isinstance(page, Block):
            texts.append((f"Page {number}", page.name))
        if isinstance(page, QuestionPage):
            for question in page.questions:
                texts += [(f"Page {number}", text) for text in (question.text, *question.options)]
    secret = secret_words(test.plan.methods)
    for where, text in texts:
        for word in secret:
            if _says(text, word):
                yield Finding("error", where, f"Listeners would read “{word}”, which names a method.")


def secret_words(names: Iterable[str]) -> set[str]:
    """Return the words by which listeners could know a method: names and titles."""
    known = {method.name: method.title for method in methods()}
    return {word for name in names if name not in _UNSAID for word in (name, known.get(name, name))}


def _says(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None


Judged = tuple[Literal["error", "warning"], str]


def _check_block(block: Block) -> Iterator[Judged]:
    if not block.name:
        yield "error", "It has no name."
    if not 0 <= block.must_hear <= 1:
        yield "error", f"must_hear is a share from 0 to 1, not {block.must_hear:g}."
    if block.repeats < 1 or block.break_after < 0 or (block.n_trials is not None and block.n_trials < 1):
        yield "error", "repeats and n_trials must be 1 or more, break_after 0 or more."
    if block.pairs and block.test not in PAIRED:
        yield "error", "pairs go with AB, ABX and CCR; name methods."
    if block.pairs and block.methods:
        yield "error", "It has both methods and pairs; keep one of them."
    needed = 2 if block.test in PAIRED else 1
    if not block.pairs and len(block.methods) < needed:
        yield "error", f"It needs at least {needed} method{'s' * (needed > 1)}."
    if len(set(block.methods)) < len(block.methods) or len(set(map(frozenset, block.pairs))) < len(
        block.pairs
    ):
        yield "error", "It names a method or a pair twice; name each once."
    if any(first == second for first, second in block.pairs):
        yield "error", "A pair compares a method with itself."
    yield from _check_methods(block)
    if block.test == "mushra":
        n_stimuli = len(block.methods) + 1 + len(ANCHORS_HZ)
        if n_stimuli > MAX_MUSHRA_STIMULI:
            yield (
                "error",
                f"{n_stimuli} sounds in a trial are too many to compare; BS.1534-3 allows "
                f"{MAX_MUSHRA_STIMULI} with hidden reference and anchors.",
            )
        if CLEAN in block.methods:
            yield "error", "The clean speech is in each trial as the hidden reference; leave it out."
    if block.test == "abx" and block.reference:
        yield "error", "ABX has no reference beside A and B; leave reference out."
    if block.allow_no_difference and block.test != "ab":
        yield "error", "allow_no_difference goes with AB alone."


def _check_methods(block: Block) -> Iterator[Judged]:
    known = {method.name: method for method in methods()}
    for name in sorted({*block.methods, *(name for pair in block.pairs for name in pair)}):
        if name in (NOISY, CLEAN):
            continue
        if name in (REFERENCE, *ANCHORS_HZ):
            yield "error", f"“{name}” is added by itself; leave it out."
        elif name not in known:
            yield "error", f"There is no method “{name}”; see `workbench methods`."
        elif not known[name].available:
            yield "error", f"The method “{name}” is not installed: {known[name].how_to_install}."


def _check_material(test: ListeningTest, trials: list[Trial]) -> Iterator[Finding]:
    about = outline(test)
    for block in test.blocks:
        where = f"Block “{block.name}”"
        used = trials_of(block, trials)
        unknown = [name for name in block.classes if name not in dict(test.noise)]
        unknown += [f"SNR of {snr_db:g} dB" for snr_db in block.snrs_db if snr_db not in test.snrs_db]
        if unknown:
            yield Finding("error", where, f"The material has no {unknown[0]}.")
        if not used:
            yield Finding("error", where, "No mixture is left for it; widen snrs_db or classes.")
        if block.n_trials is not None and block.n_trials > about.n_pool[block.name]:
            yield Finding(
                "error",
                where,
                f"{block.n_trials} trials are asked for, there are {about.n_pool[block.name]}.",
            )
        n_groups = len(block.groups)
        if n_groups and about.n_trials[block.name] < n_groups:
            yield Finding(
                "error",
                where,
                f"{about.n_trials[block.name]} trials are too few for {n_groups} conditions: no listener "
                "would hear all of them.",
            )
        elif n_groups and about.n_trials[block.name] % n_groups:
            yield Finding(
                "warning",
                where,
                f"{about.n_trials[block.name]} trials cannot be shared out evenly among {n_groups} "
                "conditions; take a multiple.",
            )
        too_long = [trial.speech.name for trial in used if trial.speech.duration_s > MAX_MUSHRA_S]
        if block.test == "mushra" and too_long:
            yield Finding(
                "warning",
                where,
                f"{too_long[0]} is longer than {MAX_MUSHRA_S:g} s, the most that BS.1534-3 recommends.",
            )
    if about.minutes > LONGEST_MINUTES:
        yield Finding(
            "warning",
            "Length",
            f"It takes about {about.minutes:.0f} minutes; draw fewer trials with n_trials, or split it.",
        )


def check_prepared(folder: Path) -> list[Finding]:
    """Check a prepared test: all that is needed is there, unchanged, equally long and loud, and blind.

    Where the key is there, nothing beside it may name a method.

    Raises
    ------
    WorkbenchError
        The folder holds no prepared test.
    """
    prepared = open_prepared(folder)
    found = [*_check_stimuli(prepared), *_check_trials(prepared)]
    if (folder / KEY_FOLDER).is_dir():
        key = read_key(folder)
        if key.digest != prepared.digest:
            found.append(Finding("error", KEY_FOLDER, "The key belongs to another test."))
        text = (folder / TEST_FILE).read_text("utf-8")
        found += [
            Finding("error", TEST_FILE, f"It names the method “{word}”; prepare the test again.")
            for word in sorted(secret_words(key.test.plan.methods))
            if _says(text, word)
        ]
    return found


def _check_stimuli(prepared: PreparedTest) -> Iterator[Finding]:
    for name, stored in sorted(prepared.stimuli.items()):
        path = prepared.stimulus_path(name)
        try:
            content, about = path.read_bytes(), info(path)
        except (OSError, WorkbenchError):
            yield Finding("error", path.name, "The sound is missing or damaged; prepare the test again.")
            continue
        if hashlib.sha256(content).hexdigest() != stored.sha256:
            yield Finding(
                "error", path.name, "The sound was changed since it was made; prepare the test again."
            )
            continue
        if (about.sample_rate_hz, about.n_channels, about.n_samples) != (SAMPLE_RATE, 1, stored.n_samples):
            yield Finding("error", path.name, "The sound has another rate, length or number of channels.")
            continue
        loudness = integrated_loudness_db(read(path))
        if not math.isclose(loudness, prepared.loudness_lufs, abs_tol=_TOLERANCE_DB):
            yield Finding(
                "error", path.name, f"Its loudness is {loudness:.1f} and not {prepared.loudness_lufs:g} LUFS."
            )


def _check_trials(prepared: PreparedTest) -> Iterator[Finding]:
    sizes = {"ab": 2, "abx": 2, "ccr": 2, "p835": 1}
    for block in prepared.blocks:
        for trial in block.pool:
            where = f"Block “{block.name}”"
            names = [*trial.stimuli, *([trial.reference] if trial.reference else [])]
            if unknown := [name for name in names if name not in prepared.stimuli]:
                yield Finding("error", where, f"The sound {unknown[0]} of a trial is not part of the test.")
                continue
            if len({prepared.stimuli[name].n_samples for name in names}) > 1:
                yield Finding("error", where, "The sounds of a trial differ in length.")
            if block.test == "mushra" and trial.reference is None:
                yield Finding("error", where, "A trial has no reference.")
            if len(trial.stimuli) != sizes.get(block.test, len(trial.stimuli)) or not trial.stimuli:
                yield Finding("error", where, "A trial has the wrong number of sounds.")
