"""Training, development and test splits: drawn where a collection has none, and checked for leaks."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

SPLITS = ("train", "dev", "test")
OTHER_SOUNDS = "other"
"""The class of sounds of no class, all for training: a classifier can learn what a teacher says of them."""


class Splittable(Protocol):
    """What a split is decided by."""

    @property
    def kind(self) -> str:
        """Return "speech" or "noise"."""

    @property
    def noise_class(self) -> str:
        """Return the noise class, empty for speech."""

    @property
    def source(self) -> str:
        """Return what must not be in two splits: a speaker, or a source recording of noise."""

    @property
    def split(self) -> str:
        """Return the split, empty if it is still to be drawn."""


@dataclass(frozen=True)
class SplitShares:
    """How speakers and recordings are shared out; what is not `dev` or `test` is `train`.

    Attributes
    ----------
    dev, test : float
        Share of the speakers, and of the recordings of each class.
    seed : int
        Another seed draws others.
    """

    dev: float = 0.1
    test: float = 0.1
    seed: int = 1


def assign_splits(items: Sequence[Splittable], shares: SplitShares) -> tuple[list[str], list[str]]:
    """Find a split for everything that has none.

    Whole speakers and whole source recordings are drawn, for speech and for each class of noise by itself;
    the same names and seed give the same splits. Where a collection comes with training and test parts only
    (as TIMIT and AudioSet do), `dev` is taken from its training part.

    Parameters
    ----------
    items : sequence of Splittable
    shares : SplitShares

    Returns
    -------
    splits : list of str
        The split of each item; those that come with one keep it.
    notes : list of str
        One sentence for each kind or class whose splits were drawn.
    """
    groups: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for item in items:
        groups[item.kind, item.noise_class][item.source].add(item.split)
    fixed: dict[tuple[str, str, str], str] = {}
    drawn: dict[tuple[str, str, str], str] = {}
    notes = []
    for (kind, noise_class), sources in sorted(groups.items()):
        # A source that has a split in some of its files has it in all.
        known = {source: min(found - {""}) for source, found in sources.items() if found - {""}}
        new = _draw(known, sources, shares if noise_class != OTHER_SOUNDS else SplitShares(0.0, 0.0))
        fixed |= {(kind, noise_class, source): split for source, split in known.items()}
        drawn |= {(kind, noise_class, source): split for source, split in new.items()}
        if new:
            counts = ", ".join(f"{list(new.values()).count(split)} {split}" for split in SPLITS)
            what = "Speakers" if kind == "speech" else f"Recordings of {noise_class}"
            notes.append(f"{what} without a split were shared out with seed {shares.seed}: {counts}.")
    keys = [(item.kind, item.noise_class, item.source) for item in items]
    splits = [drawn.get(key) or item.split or fixed[key] for key, item in zip(keys, items, strict=True)]
    return splits, notes


def _draw(fixed: dict[str, str], sources: Iterable[str], shares: SplitShares) -> dict[str, str]:
    """Draw the sources that have no split; take `dev` from `train` if it would stay empty."""
    names = sorted(sources, key=lambda name: hashlib.blake2b(f"{shares.seed}:{name}".encode()).digest())
    free = [name for name in names if name not in fixed]
    n = len(names)
    wanted = {"dev": _count(shares.dev, n, 2), "test": _count(shares.test, n, 3)}
    drawn: dict[str, str] = {}
    for split, count in wanted.items():
        missing = max(count - list(fixed.values()).count(split), 0)
        for name in free[:missing]:
            drawn[name] = split
        free = free[missing:]
    drawn.update(dict.fromkeys(free, "train"))
    if "dev" not in {*fixed.values(), *drawn.values()}:
        training = [name for name in names if fixed.get(name) == "train"]
        drawn.update(dict.fromkeys(training[: _count(shares.dev, len(training), 2)], "dev"))
    return drawn


def _count(share: float, n: int, least: int) -> int:
    """Return the sources of a split: its share, and one at least as soon as there are `least` in all."""
    return max(round(share * n), int(n >= least)) if share > 0 else 0


def find_leaks(items: Iterable[Splittable]) -> list[str]:
    """Name every speaker and every source recording that is in more than one split.

    Returns
    -------
    list of str
        Such as "speaker FVMH0 is in train and test"; empty if all is well.
    """
    splits: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in items:
        what = "speaker" if item.kind == "speech" else "recording"
        if item.split:
            splits[what, item.source].add(item.split)
    return [
        f"{what} {source} is in {' and '.join(sorted(found, key=SPLITS.index))}"
        for (what, source), found in sorted(splits.items())
        if len(found) > 1
    ]
