from itertools import pairwise

import numpy as np
import pytest

from workbench.classifier.decision import ClassDecision
from workbench.classifier.posterior import CLASSES, ClassPosterior, NoiseClass

HOP = 4_000


def posterior(step, **probabilities):
    vector = np.asarray([probabilities.get(c, 0.0) for c in CLASSES], np.float32)
    return ClassPosterior((step + 1) * HOP, vector / vector.sum())


def run(decision, posteriors):
    return [decision.update(p) for p in posteriors]


def test_the_first_posterior_decides():
    decision = ClassDecision()
    assert decision.current is None
    assert decision.update(posterior(0, vehicle=0.4, human=0.3, household=0.3)) is NoiseClass.VEHICLE
    assert decision.current is NoiseClass.VEHICLE


def test_one_odd_posterior_changes_nothing():
    heard = [posterior(i, vehicle=1) for i in range(8)]
    heard[4] = posterior(4, human=1)
    assert set(run(ClassDecision(), heard)) == {NoiseClass.VEHICLE}


def test_a_lasting_change_is_followed_within_two_seconds():
    heard = [posterior(i, vehicle=0.9, human=0.1) for i in range(8)]
    heard += [posterior(i, vehicle=0.1, human=0.9) for i in range(8, 24)]
    decided = run(ClassDecision(), heard)
    assert decided[-1] is NoiseClass.HUMAN
    first = decided.index(NoiseClass.HUMAN)
    assert 1 <= first - 8 <= 8
    assert set(decided[first:]) == {NoiseClass.HUMAN}


def test_a_lead_below_the_margin_is_not_enough():
    heard = [posterior(0, vehicle=0.6, human=0.4)]
    heard += [posterior(i, vehicle=0.46, human=0.54) for i in range(1, 40)]
    assert set(run(ClassDecision(margin=0.15), heard)) == {NoiseClass.VEHICLE}
    assert run(ClassDecision(margin=0.05), heard)[-1] is NoiseClass.HUMAN


def test_flicker_between_two_classes_does_not_reach_the_decision():
    heard = [posterior(0, human=1)]
    swings = {"human": 0.8, "tv_radio": 0.2}, {"human": 0.2, "tv_radio": 0.8}
    heard += [posterior(i, **swings[i % 2]) for i in range(1, 60)]
    decided = run(ClassDecision(), heard)
    changes = sum(a is not b for a, b in pairwise(decided))
    assert changes == 0


def test_the_hold_counts_from_when_the_challenger_took_the_lead():
    heard = [posterior(0, vehicle=1)]
    heard += [posterior(i, human=1) for i in range(1, 12)]
    times = []
    for hold_s in (0.0, 0.5, 1.0):
        decided = run(ClassDecision(smoothing_s=0.01, hold_s=hold_s), heard)
        times.append(decided.index(NoiseClass.HUMAN))
    assert times == [1, 3, 5]


@pytest.mark.parametrize("hop", [1_600, 4_000, 8_000])
def test_it_depends_on_time_and_not_on_the_number_of_posteriors(hop):
    vector_of = {c: np.asarray([c is k for k in CLASSES], np.float32) for c in CLASSES}
    decision = ClassDecision()
    for time in range(hop, 64_001, hop):
        heard = NoiseClass.VEHICLE if time <= 24_000 else NoiseClass.HOUSEHOLD
        if decision.update(ClassPosterior(time, vector_of[heard])) is NoiseClass.HOUSEHOLD:
            break
    assert 0.25 <= (time - 24_000) / 16_000 <= 0.5


def test_reset_forgets():
    decision = ClassDecision()
    run(decision, [posterior(i, vehicle=1) for i in range(20)])
    decision.reset()
    assert decision.current is None
    assert decision.update(posterior(0, human=0.5, vehicle=0.4)) is NoiseClass.HUMAN


def test_the_posterior_is_left_as_it_was():
    given = posterior(0, vehicle=1)
    decision = ClassDecision()
    decision.update(given)
    decision.update(posterior(1, human=1))
    assert given.best is NoiseClass.VEHICLE
    assert given.probabilities[CLASSES.index(NoiseClass.VEHICLE)] == 1
