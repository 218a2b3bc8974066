from itertools import pairwise

import numpy as np
import pytest

from workbench.classifier.memory import SceneMemory
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.classifier.streaming import NoiseClassifier, classify

HOP = 4_096


def vector(**probabilities):
    given = np.asarray([probabilities.get(c, 0.0) for c in CLASSES], np.float32)
    return given / given.sum()


def run(heard, memory=None, hop=HOP):
    memory = memory or SceneMemory()
    return [memory.update(each, (i + 1) * hop) for i, each in enumerate(heard)]


def best(gathered):
    return [CLASSES[int(each.argmax())] for each in gathered]


def test_the_first_posterior_is_taken_as_it_is():
    heard = vector(vehicle=0.4, human=0.35, household=0.25)
    np.testing.assert_allclose(run([heard])[0], heard)


def test_what_is_said_again_and_again_becomes_surer_than_any_one_posterior():
    heard = [vector(vehicle=0.4, human=0.3, household=0.3)] * 40
    gathered = run(heard)
    of_vehicle = [each[CLASSES.index(NoiseClass.VEHICLE)] for each in gathered]
    assert all(later > earlier - 1e-6 for earlier, later in pairwise(of_vehicle[:12]))
    assert 0.45 < of_vehicle[-1] < 0.9, "but never certain: a scene may change"
    for each in gathered:
        assert each.sum() == pytest.approx(1, abs=1e-5)


def test_noisy_posteriors_are_right_more_often_once_gathered():
    rng = np.random.default_rng(1)
    heard = rng.dirichlet(np.ones(len(CLASSES)), 400).astype(np.float32)
    heard = 0.8 * heard + 0.2 * vector(household=1)
    single = np.mean([each.argmax() == CLASSES.index(NoiseClass.HOUSEHOLD) for each in heard])
    gathered = np.mean([each is NoiseClass.HOUSEHOLD for each in best(run(heard))])
    assert single < 0.5
    assert gathered > single + 0.15


def test_one_odd_posterior_changes_nothing():
    heard = [vector(vehicle=0.7, human=0.3)] * 8 + [vector(human=0.6, vehicle=0.4)]
    assert set(best(run(heard))) == {NoiseClass.VEHICLE}


@pytest.mark.parametrize("hop", [1_600, 4_096, 8_000])
@pytest.mark.parametrize("before_s", [2, 30])
def test_a_clear_change_is_followed_within_a_second_however_long_the_scene_was(before_s, hop):
    n_before = round(before_s * 16_000 / hop)
    heard = [vector(vehicle=0.9, human=0.1)] * n_before + [vector(household=0.8, human=0.2)] * 40
    said = best(run(heard, hop=hop))
    assert set(said[:n_before]) == {NoiseClass.VEHICLE}
    first = said.index(NoiseClass.HOUSEHOLD)
    assert (first + 1 - n_before) * hop <= 16_000
    assert set(said[first:]) == {NoiseClass.HOUSEHOLD}


def test_a_class_that_was_excluded_can_come_back():
    heard = [vector(vehicle=1)] * 100 + [vector(human=1)] * 4
    assert best(run(heard))[-1] is NoiseClass.HUMAN


def test_reset_forgets():
    memory = SceneMemory()
    run([vector(vehicle=1)] * 20, memory)
    memory.reset()
    heard = vector(human=0.6, vehicle=0.4)
    np.testing.assert_allclose(memory.update(heard, HOP), heard)


def test_what_is_given_and_what_was_returned_stay_as_they_were():
    given = vector(vehicle=1)
    memory = SceneMemory()
    first = memory.update(given, HOP)
    second = memory.update(vector(human=1), 2 * HOP)
    third = second.copy()
    memory.update(vector(human=1), 3 * HOP)
    np.testing.assert_array_equal(given, vector(vehicle=1))
    np.testing.assert_array_equal(first, given)
    np.testing.assert_array_equal(second, third)


def test_the_classifier_gathers_and_begins_anew_with_each_signal(monkeypatch):
    rng = np.random.default_rng(0)
    noise = (0.05 * rng.standard_normal(4 * 16_000)).astype(np.float32)
    classifier = NoiseClassifier()
    once, again = (classify(noise, classifier) for _ in range(2))
    np.testing.assert_array_equal([p.probabilities for p in once], [p.probabilities for p in again])
    monkeypatch.setattr(SceneMemory, "update", lambda self, probabilities, _: probabilities)
    raw = classify(noise, NoiseClassifier())
    np.testing.assert_array_equal(
        run([p.probabilities for p in raw][:1])[0], once[0].probabilities, "the first is the network's own"
    )
    assert any(not np.array_equal(a.probabilities, b.probabilities) for a, b in zip(raw, once, strict=True))
