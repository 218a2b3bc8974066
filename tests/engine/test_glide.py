import numpy as np
import pytest

from workbench.engine.glide import Glide


def test_a_glide_ends_at_its_target_whatever_the_blocks():
    whole = Glide([0.0, 1.0], 240)
    whole.to([1.0, 0.25])
    expected = whole.take(300)
    cut = Glide([0.0, 1.0], 240)
    cut.to([1.0, 0.25])
    pieces = np.concatenate([cut.take(n) for n in (1, 0, 37, 100, 162)], axis=1)

    np.testing.assert_array_equal(pieces, expected)
    np.testing.assert_array_equal(expected[:, 239:], np.repeat([[1.0], [0.25]], 61, axis=1))
    assert np.all(np.diff(expected[0]) >= 0)
    assert expected[0, 119] == pytest.approx(0.5)


def test_a_new_target_in_mid_flight_starts_from_where_the_values_are():
    glide = Glide([0.0], 100)
    glide.to([1.0])
    before = glide.take(50)[0]
    glide.to([0.0])
    after = glide.take(150)[0]

    assert abs(after[0] - before[-1]) < 0.001
    assert after[99] == 0
    assert glide.remaining_samples == 0


def test_the_same_target_again_changes_nothing():
    glide = Glide([0.0], 100)
    glide.to([1.0])
    glide.take(30)
    glide.to([1.0])

    assert glide.remaining_samples == 70
