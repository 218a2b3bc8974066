"""What came out of a test: the one place where the key is turned and conditions get their names back.

Ratings of one listener are not independent, so means are taken per listener first, and listeners are what
intervals and tests are about (ITU-T P.800, P.835). AB and ABX are counted (exact binomial test); where each
listener answers several times, the sign test over listeners stands beside it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.evaluation.statistics import ALL, holm, wilcoxon_p_values
from workbench.listening.answers import SessionAnswers, read_sessions
from workbench.listening.binomial import Alternative, binomial_interval, binomial_p_value
from workbench.listening.design import PAIRED, REFERENCE, Block, TestKind
from workbench.listening.means import bootstrap, t_interval, t_test
from workbench.listening.prepared import Key, open_prepared, read_key
from workbench.listening.results import (
    Analysis,
    BlockResult,
    Comparison,
    Exclusion,
    Interval,
    Rating,
    ResultRow,
    measures_of,
)
from workbench.listening.screens import NO_DIFFERENCE, P835_SCALES
from workbench.listening.simulate import SIMULATED

HIDDEN_REFERENCE_LEAST = 90
MID_ANCHOR_MOST = 90
SCREENED_SHARE = 0.15
TRANSPARENT_SHARE = 0.25
"""BS.1534-3, 4.1.2: who rates the hidden reference below 90, or the mid-range anchor above 90, in more than
15 % of the items is left out; items whose anchor more than 25 % of the listeners rate above 90 do not count
against anybody."""
_MID_ANCHOR = "anchor_7000"


def analyse(
    folder: Path,
    *,
    others: Iterable[Path] = (),
    key_folder: Path | None = None,
    interval: Interval = "t",
    unfinished: bool = False,
    screening: bool = True,
) -> Analysis:
    """Analyse a test.

    Parameters
    ----------
    folder : pathlib.Path
        The prepared test.
    others : iterable of pathlib.Path
        Folders with sessions of other computers.
    key_folder : pathlib.Path, optional
        Where the key is, if not in the test's folder.
    interval : str
        "t" or "bootstrap", for means over listeners.
    unfinished : bool
        Whether sessions that were broken off count.
    screening : bool
        Whether MUSHRA listeners are screened as BS.1534-3 says.

    Raises
    ------
    WorkbenchError
        There is no key, no session to count, or one does not belong to this test.
    """
    prepared = open_prepared(folder)
    key = read_key(key_folder or folder)
    if key.digest != prepared.digest:
        raise WorkbenchError(f"The key does not belong to {folder}; take that of the same test.")
    sessions = read_sessions(prepared, others)
    people = [session for session in sessions if not session.listener.startswith(SIMULATED)]
    counted = [session for session in people or sessions if unfinished or session.is_finished]
    if not counted:
        more = " (unfinished ones count if you say so)" if sessions else ""
        raise WorkbenchError(f"Nobody has finished {folder} yet{more}; run some sessions first.")
    exclusions = [
        Exclusion(session.listener, "", "did not finish" if session in people else "is simulated")
        for session in sessions
        if session not in counted
    ]
    ratings = [rating for session in counted for rating in unblinded(session, key)]
    blocks = []
    for block in key.test.blocks:
        chosen = [rating for rating in ratings if rating.block == block.name]
        if block.test == "mushra" and screening:
            screened = post_screening(chosen)
            exclusions += [Exclusion(name, block.name, why) for name, why in screened.items()]
            chosen = [rating for rating in chosen if rating.listener not in screened]
        if chosen:
            blocks.append(block_result(block, chosen, interval))
    return Analysis(
        prepared, key, interval, tuple(sessions), tuple(ratings), tuple(exclusions), tuple(blocks)
    )


def unblinded(session: SessionAnswers, key: Key) -> Iterator[Rating]:
    """Yield the ratings of a session with the names of their conditions, practice left out."""
    for entry in session.entries:
        if entry["kind"] != "trial" or entry["training"]:
            continue
        block = key.block(entry["block"])
        conditions = {label: key.stimuli[name].condition for label, name in entry["stimuli"].items()}
        for measure, condition, against, value, label in _values(block, entry, conditions):
            about = key.stimuli[entry["stimuli"][label]]
            yield Rating(
                session.session,
                session.listener,
                block.name,
                entry["screen"],
                measure,
                condition,
                against,
                about.mixture,
                about.speech,
                about.noise,
                about.noise_class,
                about.snr_db,
                value,
                label,
                entry.get("seconds"),
            )


def _values(
    block: Block, entry: dict[str, Any], conditions: dict[str, str]
) -> Iterator[tuple[str, str, str, float, str]]:
    """Yield measure, condition, what it is compared with, value and label of an answer."""
    values = entry["values"]
    if block.test == "p835":
        for scale in P835_SCALES:
            yield scale, conditions["A"], "", float(values[scale]), "A"
    elif block.test == "mushra":
        for label, value in values.items():
            yield "quality", conditions[label], "", float(value), label
    else:
        first, second = conditions["A"], conditions["B"]
        turned = (first, second) not in block.groups
        pair, label = ((second, first), "B") if turned else ((first, second), "A")
        if block.test == "abx":
            is_correct = entry["stimuli"]["X"] == entry["stimuli"][values["x"]]
            yield "correct", *pair, float(is_correct), label
        elif block.test == "ab":
            chosen = values["preference"]
            yield (
                "preference",
                *pair,
                0.0 if chosen == NO_DIFFERENCE else 1.0 if chosen == label else -1.0,
                label,
            )
        else:
            # The answer says how B is compared with A.
            yield "comparison", *pair, float(values["comparison"]) * (1 if turned else -1), label


def post_screening(ratings: Sequence[Rating]) -> dict[str, str]:
    """Return the listeners of a MUSHRA block whose ratings are left out, and why (BS.1534-3, 4.1.2).

    Parameters
    ----------
    ratings : sequence of Rating
        Of one block.
    """
    anchor_high: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    reference_low: dict[str, list[bool]] = defaultdict(list)
    for rating in ratings:
        if rating.condition == REFERENCE:
            reference_low[rating.listener].append(rating.value < HIDDEN_REFERENCE_LEAST)
        elif rating.condition == _MID_ANCHOR:
            anchor_high[rating.mixture][rating.listener].append(rating.value > MID_ANCHOR_MOST)
    transparent = {
        mixture
        for mixture, by_listener in anchor_high.items()
        if np.mean([any(high) for high in by_listener.values()]) > TRANSPARENT_SHARE
    }
    judged: dict[str, list[bool]] = defaultdict(list)
    for mixture, by_listener in anchor_high.items():
        for listener, high in by_listener.items():
            judged[listener] += [each and mixture not in transparent for each in high]
    found = {}
    for listener, low in reference_low.items():
        if np.mean(low) > SCREENED_SHARE:
            found[listener] = (
                f"rated the hidden reference below {HIDDEN_REFERENCE_LEAST} in {sum(low)} of {len(low)} items"
            )
        elif np.mean(judged[listener] or [False]) > SCREENED_SHARE:
            found[listener] = (
                f"rated the 7 kHz anchor above {MID_ANCHOR_MOST} in {sum(judged[listener])} "
                f"of {len(judged[listener])} items"
            )
    return found


def block_result(block: Block, ratings: Sequence[Rating], interval: Interval = "t") -> BlockResult:
    """Return what the ratings of a block say, cell by cell.

    Parameters
    ----------
    block : Block
    ratings : sequence of Rating
        Of this block, one or more.
    interval : str
        "t" or "bootstrap".
    """
    rows, comparisons = [], []
    for noise_class, snr_db in _cells(ratings):
        inside = [
            rating
            for rating in ratings
            if noise_class in (ALL, rating.noise_class) and snr_db in (None, rating.snr_db)
        ]
        for measure in measures_of(block.test):
            by_condition: dict[tuple[str, str], list[Rating]] = defaultdict(list)
            for rating in inside:
                if rating.measure == measure:
                    by_condition[rating.condition, rating.against].append(rating)
            wanted = block.groups if block.test in PAIRED else [(name, "") for name in block.conditions]
            for condition, against in wanted:
                if chosen := by_condition.get((condition, against)):
                    row = _row(block.test, chosen, interval)
                    rows.append(replace(row, noise_class=noise_class, snr_db=snr_db))
            if block.test not in PAIRED:
                comparisons += [
                    replace(found, noise_class=noise_class, snr_db=snr_db)
                    for found in _compared(block.test, measure, block.methods, by_condition)
                ]
    return BlockResult(
        block,
        len({rating.listener for rating in ratings}),
        tuple(ratings),
        tuple(_corrected(rows)),
        tuple(_corrected(comparisons)),
    )


def _cells(ratings: Sequence[Rating]) -> list[tuple[str, float | None]]:
    """Return everything together, each class, each SNR, each of both; what there is only one of not apart."""
    classes = sorted({rating.noise_class for rating in ratings})
    snrs = sorted({rating.snr_db for rating in ratings})
    return list(product([ALL, *(classes * (len(classes) > 1))], [None, *(snrs * (len(snrs) > 1))]))


def _row(test: TestKind, ratings: Sequence[Rating], interval: Interval) -> ResultRow:
    first = ratings[0]
    by_listener = _by_listener(ratings)
    row = ResultRow(
        measure=first.measure,
        condition=first.condition,
        against=first.against,
        noise_class=ALL,
        snr_db=None,
        n_listeners=len(by_listener),
        n_ratings=len(ratings),
        n_ties=0,
        estimate=0.0,
        low=None,
        high=None,
        quartiles=None,
        p_value=None,
        p_corrected=None,
        p_listeners=None,
    )
    values = np.array([rating.value for rating in ratings])
    if test in ("ab", "abx"):
        return _counted(test, row, values, by_listener)
    if test == "mushra":
        low, high = bootstrap(list(by_listener.values()), "median")
        quartiles = np.quantile(values, [0.25, 0.75])
        return replace(
            row,
            estimate=float(np.median(values)),
            low=low,
            high=high,
            quartiles=(float(quartiles[0]), float(quartiles[1])),
        )
    means = np.array([each.mean() for each in by_listener.values()])
    low, high = t_interval(means) if interval == "t" else bootstrap([mean[None] for mean in means], "mean")
    p_value = t_test(means) if test == "ccr" else None
    return replace(row, estimate=float(means.mean()), low=low, high=high, p_value=p_value)


def _counted(
    test: TestKind, row: ResultRow, values: NDArray[np.float64], by_listener: dict[str, NDArray[np.float64]]
) -> ResultRow:
    alternative: Alternative = "two-sided" if test == "ab" else "greater"
    # Sign of what is for the condition: 1, -1, and 0 where there is no difference.
    signs = {name: each if test == "ab" else 2 * each - 1 for name, each in by_listener.items()}
    leanings = np.sign([each.sum() for each in signs.values()])
    k, n_ties = int((values > 0).sum()), int((values == 0).sum()) if test == "ab" else 0
    n = len(values) - n_ties
    low, high = binomial_interval(k, n)
    return replace(
        row,
        n_ties=n_ties,
        estimate=k / n if n else 0.5,
        low=low,
        high=high,
        p_value=binomial_p_value(k, n, alternative),
        p_listeners=(
            binomial_p_value(int((leanings > 0).sum()), int((leanings != 0).sum()), alternative)
            if len(by_listener) > 1
            else None
        ),
    )


def _compared(
    test: TestKind,
    measure: str,
    conditions: Sequence[str],
    by_condition: dict[tuple[str, str], list[Rating]],
) -> Iterator[Comparison]:
    centre = np.median if test == "mushra" else np.mean
    levels = {
        name: {
            listener: float(centre(values))
            for listener, values in _by_listener(by_condition.get((name, ""), [])).items()
        }
        for name in conditions
    }
    for first, second in combinations(conditions, 2):
        both = sorted(levels[first].keys() & levels[second].keys())
        if not both:
            continue
        differences = np.array([levels[first][each] - levels[second][each] for each in both])
        p_value = (
            _none_if_nan(float(wilcoxon_p_values(differences[:, None])[0]))
            if test == "mushra"
            else t_test(differences)
        )
        yield Comparison(
            measure=measure,
            first=first,
            second=second,
            noise_class=ALL,
            snr_db=None,
            n_listeners=len(both),
            difference=float(centre(differences)),
            p_value=p_value,
            p_corrected=None,
        )


def _none_if_nan(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _by_listener(ratings: Iterable[Rating]) -> dict[str, NDArray[np.float64]]:
    values: dict[str, list[float]] = defaultdict(list)
    for rating in ratings:
        values[rating.listener].append(rating.value)
    return {listener: np.array(each) for listener, each in sorted(values.items())}


def _corrected(found: Sequence[Any]) -> list[Any]:
    """Correct p-values after Holm within each measure and kind of cell."""
    families: dict[tuple[str, bool, bool], list[int]] = defaultdict(list)
    for place, each in enumerate(found):
        families[each.measure, each.noise_class == ALL, each.snr_db is None].append(place)
    corrected = list(found)
    for places in families.values():
        raw = np.array([np.nan if (p := found[place].p_value) is None else p for place in places])
        for place, p_value in zip(places, holm(raw), strict=True):
            corrected[place] = replace(found[place], p_corrected=_none_if_nan(float(p_value)))
    return corrected
