from collections import Counter
from itertools import pairwise

import pytest

from workbench.listening.order import screens_for, shuffled, williams_row, williams_rows
from workbench.listening.prepared import PreparedTest
from workbench.listening.screens import BreakScreen, TrialScreen


def trials(prepared: PreparedTest, index: int, block: str, *, training: bool = False) -> list[TrialScreen]:
    return [
        screen
        for screen in screens_for(prepared, index)
        if isinstance(screen, TrialScreen) and screen.block == block and screen.is_training == training
    ]


@pytest.mark.parametrize("n", range(1, 10))
def test_a_williams_design_balances_places_and_neighbours(n: int) -> None:
    rows = [williams_row(n, row) for row in range(williams_rows(n))]
    assert all(sorted(row) == list(range(n)) for row in rows)
    places = Counter((place, item) for row in rows for place, item in enumerate(row))
    assert set(places.values()) == {len(rows) // n}
    if n > 1:
        neighbours = Counter(pair for row in rows for pair in pairwise(row))
        assert len(neighbours) == n * (n - 1)
        assert len(set(neighbours.values())) == 1


def test_shuffling_follows_from_the_seeds_alone() -> None:
    assert shuffled("abcdef", 1, "x") == shuffled("abcdef", 1, "x")
    assert shuffled("abcdef", 1, "x") != shuffled("abcdef", 2, "x")
    assert sorted(shuffled("abcdef", 1)) == list("abcdef")


def test_the_same_listener_gets_the_same_screens(prepared: PreparedTest) -> None:
    assert screens_for(prepared, 5) == screens_for(prepared, 5)
    assert screens_for(prepared, 5) != screens_for(prepared, 6)
    assert len({screen.id for screen in screens_for(prepared, 5)}) == len(screens_for(prepared, 5))


def test_all_listeners_together_get_each_trial_equally_often(prepared: PreparedTest) -> None:
    for block in prepared.blocks:
        drawn = Counter(
            frozenset(each.id for each in trial.stimuli)
            for index in range(len(block.pool))
            for trial in trials(prepared, index, block.name)
        )
        assert len(drawn) == len(block.pool)
        assert set(drawn.values()) == {block.n_trials}


def test_each_sound_stands_at_each_place_equally_often_over_listeners(prepared: PreparedTest) -> None:
    for name in ("prefer", "compare", "grade"):
        places: Counter[tuple[str, str]] = Counter()
        for index in range(80):
            for trial in trials(prepared, index, name):
                places.update((each.id, each.label) for each in trial.stimuli if each.label != "Reference")
        counts = [places[stimulus, label] for stimulus, label in places]
        assert max(counts) - min(counts) <= 1 + max(counts) // 8, name


def test_within_a_listener_each_condition_is_a_and_b_equally_often(prepared: PreparedTest, key) -> None:
    for index in range(6):
        first = [key.stimuli[trial.stimuli[0].id].condition for trial in trials(prepared, index, "prefer")]
        assert Counter(first) == {"noisy": 2, "log_mmse": 2}


def test_x_is_each_of_both_equally_often(prepared: PreparedTest) -> None:
    for index in range(6):
        is_a = [
            {each.label: each.id for each in trial.stimuli}["X"] == trial.stimuli[0].id
            for trial in trials(prepared, index, "match")
        ]
        assert sum(is_a) == 2
    orders = {
        tuple(t.stimuli[2].id == t.stimuli[0].id for t in trials(prepared, i, "match")) for i in range(12)
    }
    assert len(orders) > 2


def test_practice_is_with_sounds_that_do_not_come_in_the_block(prepared: PreparedTest) -> None:
    for index in range(6):
        practised = {each.id for t in trials(prepared, index, "prefer", training=True) for each in t.stimuli}
        judged = {each.id for trial in trials(prepared, index, "prefer") for each in trial.stimuli}
        assert practised
        assert not practised & judged


def test_breaks_come_between_trials_and_not_after_the_last(prepared: PreparedTest) -> None:
    screens = screens_for(prepared, 0)
    places = [number for number, screen in enumerate(screens) if isinstance(screen, BreakScreen)]
    assert len(places) == 1
    before, after = screens[places[0] - 1], screens[places[0] + 1]
    assert isinstance(before, TrialScreen)
    assert isinstance(after, TrialScreen)
    assert (before.number, after.number) == (2, 3)


def test_half_of_the_listeners_rate_the_background_first(prepared: PreparedTest) -> None:
    first = [trials(prepared, index, "rate")[0].scales[0].name for index in range(4)]
    assert first == ["sig", "bak", "sig", "bak"]
