"""Which listener gets which trials in which order: the same for the same test and index on any machine.

Orders are Williams designs: over the listeners each trial comes at each place equally often, and after each
other trial equally often (E. J. Williams, Aust. J. Sci. Res. A 2, 1949). Whatever is random is drawn from
hashes of the seed, which are the same everywhere and in every version.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from math import gcd
from typing import Any, TypeVar

from workbench.listening.design import LevelPage, QuestionPage, TextPage, TrainingPage
from workbench.listening.prepared import PoolTrial, PreparedBlock, PreparedTest
from workbench.listening.screens import (
    REFERENCE_LABEL,
    BreakScreen,
    LevelScreen,
    QuestionScreen,
    Screen,
    Stimulus,
    TextScreen,
    TrialScreen,
    scales_for,
)

T = TypeVar("T")


def williams_rows(n: int) -> int:
    """Return how many rows the Williams design of `n` has: `n`, or twice that where `n` is odd."""
    return n if n % 2 == 0 or n == 1 else 2 * n


def williams_row(n: int, row: int) -> tuple[int, ...]:
    """Return a row of the Williams design of `n`: the numbers 0 to n − 1 in an order.

    Parameters
    ----------
    n : int
        1 or more.
    row : int
        0 or more; rows repeat after `williams_rows`.
    """
    turn, shift = divmod(row % williams_rows(n), n)
    # 0, 1, n-1, 2, n-2, ...: the steps between neighbours are all different.
    zigzag = ((place + 1) // 2 if place % 2 else -(place // 2) for place in range(n))
    order = tuple((each + shift) % n for each in zigzag)
    return order[::-1] if turn else order


def shuffled(items: Iterable[T], *seeds: Any) -> list[T]:
    """Return items in an order that follows from the seeds alone."""
    ranked = [(_hash(*seeds, place), item) for place, item in enumerate(items)]
    return [item for _, item in sorted(ranked, key=lambda each: each[0])]


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def screens_for(prepared: PreparedTest, index: int) -> tuple[Screen, ...]:
    """Return all that a listener sees.

    Parameters
    ----------
    prepared : PreparedTest
    index : int
        Number of the listener, from 0 on; the orders are balanced over successive numbers.
    """
    blocks = {block.name: block for block in prepared.blocks}
    screens: list[Screen] = []
    for number, page in enumerate(prepared.pages, 1):
        identity = f"{number:02d}"
        if isinstance(page, TextPage):
            screens.append(TextScreen(identity, page.kind, page.title, page.text, page.agree))
        elif isinstance(page, LevelPage):
            stimulus = _stimulus(prepared, "Level", prepared.level_stimulus)
            screens.append(LevelScreen(identity, page.title, page.text, stimulus))
        elif isinstance(page, QuestionPage):
            screens.append(QuestionScreen(identity, page.title, page.text, page.questions))
        elif isinstance(page, TrainingPage):
            screens.append(TextScreen(identity, "text", page.title, page.text))
            block = blocks[page.block]
            _, spare = _drawn(block, index)
            trials = (spare * page.n_trials)[: page.n_trials]
            screens += _trials(prepared, block, trials, index, identity, is_training=True)
        else:
            trials, _ = _drawn(page, index)
            ordered = [trials[place] for place in williams_row(len(trials), index // _period(page))]
            screens += _with_breaks(_trials(prepared, page, ordered, index, identity), page.break_after)
    return tuple(screens)


def _period(block: PreparedBlock) -> int:
    """Return after how many listeners the draw of trials begins again."""
    return len(block.pool) // gcd(len(block.pool), block.n_trials)


def _drawn(block: PreparedBlock, index: int) -> tuple[list[PoolTrial], list[PoolTrial]]:
    """Trials of a listener, and others for practice (the same ones where there are no others).

    Listeners take turns through the pool, so that each trial is drawn equally often.
    """
    start = index * block.n_trials % len(block.pool)
    turned = [*block.pool[start:], *block.pool[:start]]
    drawn = turned[: block.n_trials]
    return drawn, turned[block.n_trials :] or drawn


def _trials(
    prepared: PreparedTest,
    block: PreparedBlock,
    trials: Sequence[PoolTrial],
    index: int,
    page: str,
    *,
    is_training: bool = False,
) -> list[TrialScreen]:
    turn = index // _period(block)
    # The second term keeps the order of sounds from going hand in hand with the order of trials.
    row = turn + turn // williams_rows(block.n_trials)
    is_a = shuffled((place % 2 == 0 for place in range(len(trials))), prepared.seed, page, index)
    screens = []
    for number, (trial, x_is_a) in enumerate(zip(trials, is_a, strict=True), 1):
        order = [trial.stimuli[place] for place in williams_row(len(trial.stimuli), row)]
        offered = list(zip(_labels(block, len(order)), order, strict=True))
        labels = tuple(label for label, _ in offered)
        if block.test == "abx":
            offered.append(("X", order[0 if x_is_a else 1]))
        if trial.reference is not None:
            offered.insert(0, (REFERENCE_LABEL, trial.reference))
        screens.append(
            TrialScreen(
                id=f"{page}-{number:03d}",
                title=block.title,
                text=block.text,
                block=block.name,
                test=block.test,
                is_training=is_training,
                number=number,
                n_trials=len(trials),
                stimuli=tuple(_stimulus(prepared, *each) for each in offered),
                scales=scales_for(
                    block.test,
                    labels,
                    allow_no_difference=block.allow_no_difference,
                    bak_first=index % 2 == 1,
                ),
                must_hear=block.must_hear,
                loop=block.loop,
            )
        )
    return screens


def _labels(block: PreparedBlock, n: int) -> list[str]:
    return [str(place) for place in range(1, n + 1)] if block.test == "mushra" else list("AB"[:n])


def _with_breaks(trials: Sequence[TrialScreen], break_after: int) -> Iterator[Screen]:
    for trial in trials:
        yield trial
        if break_after and trial.number % break_after == 0 and trial.number < trial.n_trials:
            yield BreakScreen(f"{trial.id}-break")


def _stimulus(prepared: PreparedTest, label: str, name: str) -> Stimulus:
    return Stimulus(label, name, prepared.stimulus_path(name))
