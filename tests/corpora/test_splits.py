from collections import Counter

import pytest

from workbench.corpora.catalogue import Entry
from workbench.corpora.splits import SplitShares, assign_splits, find_leaks


def _noise(recording, split="", noise_class="vehicle"):
    return Entry(f"{recording}.wav", "noise", noise_class, "", recording, split)


def _speech(speaker, split="", recording="a"):
    return Entry(f"{speaker}.wav", "speech", "", speaker, recording, split)


def test_splits_are_drawn_by_speaker_in_the_shares_asked_for():
    items = [_speech(f"s{i}", recording=str(r)) for i in range(50) for r in range(3)]
    splits, notes = assign_splits(items, SplitShares(dev=0.2, test=0.1))
    assert Counter(splits) == {"train": 105, "dev": 30, "test": 15}
    assert len({(item.speaker, split) for item, split in zip(items, splits, strict=True)}) == 50
    assert notes == ["Speakers without a split were shared out with seed 1: 35 train, 10 dev, 5 test."]


def test_the_seed_decides_and_the_order_does_not():
    items = [_noise(f"r{i}") for i in range(30)]
    splits, _ = assign_splits(items, SplitShares())
    backwards, _ = assign_splits(items[::-1], SplitShares())
    other, _ = assign_splits(items, SplitShares(seed=2))
    assert splits == backwards[::-1]
    assert splits != other


@pytest.mark.parametrize(
    ("n", "expected"), [(1, ["train"]), (2, ["dev", "train"]), (3, ["dev", "test", "train"])]
)
def test_few_recordings_go_where_they_are_needed_most(n, expected):
    splits, _ = assign_splits([_noise(f"r{i}") for i in range(n)], SplitShares())
    assert sorted(splits) == expected


def test_what_comes_with_splits_keeps_them_but_lends_a_dev_part():
    items = [_speech(f"s{i}", "train") for i in range(20)] + [_speech("t", "test")]
    splits, notes = assign_splits(items, SplitShares())
    assert Counter(splits) == {"train": 18, "dev": 2, "test": 1}
    assert len(notes) == 1
    complete = [*items, _speech("d", "dev")]
    assert assign_splits(complete, SplitShares()) == ([item.split for item in complete], [])


def test_other_sounds_are_for_training():
    splits, _ = assign_splits([_noise(f"r{i}", noise_class="other") for i in range(30)], SplitShares())
    assert set(splits) == {"train"}
    splits, _ = assign_splits([_noise("a", "train", "other"), _noise("b", "train", "other")], SplitShares())
    assert set(splits) == {"train"}


def test_a_new_recording_of_a_known_source_joins_it():
    items = [_noise("a", "test"), _noise("a"), _noise("b", "train"), _noise("c", "dev")]
    assert assign_splits(items, SplitShares())[0] == ["test", "test", "train", "dev"]


def test_leaks_are_named():
    items = [_speech("x", "train"), _speech("x", "test"), _noise("r", "dev"), _noise("r", "train")]
    assert find_leaks(items) == ["recording r is in train and dev", "speaker x is in train and test"]
    assert not find_leaks([_speech("x", "train"), _speech("y", "test"), _noise("x", "dev")])
