from itertools import pairwise

import numpy as np

from workbench.classifier.decision import ClassDecision
from workbench.classifier.posterior import CLASSES, ClassPosterior, NoiseClass


def posterior(step, **probabilities):
    vector = np.asarray([probabilities.get(c, 0.0) for c in CLASSES], np.float32)
    return ClassPosterior((step + 1) * 4_096, vector / vector.sum())


def run(decision, posteriors):
    return [decision.update(p) for p in posteriors]


def test_the_first_posterior_decides():
    decision = ClassDecision()
    assert decision.current is None
    assert decision.update(posterior(0, vehicle=0.4, human=0.3, household=0.3)) is NoiseClass.VEHICLE
    assert decision.current is NoiseClass.VEHICLE


def test_a_lead_below_the_margin_is_not_enough():
    heard = [posterior(0, vehicle=0.6, human=0.4), posterior(1, vehicle=0.46, human=0.54)]
    assert run(ClassDecision(margin=0.15), heard)[-1] is NoiseClass.VEHICLE
    assert run(ClassDecision(margin=0.05), heard)[-1] is NoiseClass.HUMAN


def test_two_classes_that_take_turns_at_the_head_are_not_followed():
    swings = {"human": 0.52, "tv_radio": 0.48}, {"human": 0.48, "tv_radio": 0.52}
    decided = run(ClassDecision(), [posterior(i, **swings[i % 2]) for i in range(60)])
    assert not any(a is not b for a, b in pairwise(decided))


def test_reset_forgets():
    decision = ClassDecision()
    run(decision, [posterior(i, vehicle=1) for i in range(20)])
    decision.reset()
    assert decision.current is None
    assert decision.update(posterior(0, human=0.5, vehicle=0.45)) is NoiseClass.HUMAN
