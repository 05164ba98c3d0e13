"""Choosing by a score and judging by others, held to brute force and to drawn models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_utils.peeking import choose_and_judge, expected_luck


def by_hand(right, parts, seed):
    """The same by loops, one image at a time."""
    order = np.random.default_rng(seed).permutation(right.shape[1])
    found = []
    for part in np.array_split(order, parts):
        others = [image for image in range(right.shape[1]) if image not in set(part)]
        here = [np.mean([row[image] for image in part]) for row in right]
        there = [np.mean([row[image] for image in others]) for row in right]
        best = here.index(max(here))
        found.append([here[best] - np.mean(here), there[best] - np.mean(there)])
    return np.transpose(found)


@given(st.integers(1, 6), st.integers(2, 25), st.integers(2, 5), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_choice_is_that_of_plain_loops(candidates, images, parts, seed):
    parts = min(parts, images)
    right = np.random.default_rng(seed).random((candidates, images)) < 0.7
    peek = choose_and_judge(right, parts=parts, seed=seed)
    np.testing.assert_allclose([peek.promised, peek.honest], by_hand(right, parts, seed))
    np.testing.assert_allclose(peek.inflation, peek.promised - peek.honest)
    assert (peek.promised >= -1e-12).all()  # but for rounding


def test_one_candidate_or_equal_ones_promise_nothing():
    one = np.random.default_rng(0).random((1, 100)) < 0.9
    for right in (one, np.repeat(one, 5, axis=0)):
        np.testing.assert_allclose(choose_and_judge(right).inflation, 0, atol=1e-12)


def test_a_candidate_that_is_really_better_is_honest_gain():
    rng = np.random.default_rng(0)
    right = rng.random((4, 20_000)) < np.array([[0.5], [0.5], [0.9], [0.5]])
    peek = choose_and_judge(right)
    np.testing.assert_allclose(peek.honest, 0.3, atol=0.02)
    assert abs(peek.inflation.mean()) < 0.01


def test_independent_candidates_are_inflated_by_the_expected_luck():
    rng = np.random.default_rng(0)
    found = [choose_and_judge(rng.random((8, 2_000)) < 0.95).inflation.mean() for _ in range(60)]
    assert np.mean(found) == pytest.approx(expected_luck(0.95, 200, 8), rel=0.05)


@pytest.mark.parametrize(("accuracy", "images", "looks"), [(0.9, 50, 3), (0.99, 400, 10)])
def test_luck_is_that_of_drawn_models(accuracy, images, looks):
    drawn = np.random.default_rng(0).binomial(images, accuracy, (200_000, looks)).max(axis=1)
    assert expected_luck(accuracy, images, looks) == pytest.approx(
        drawn.mean() / images - accuracy, abs=2e-4
    )


def test_luck_of_one_look_and_of_certainty_is_none():
    assert expected_luck(0.98, 1_000, 1) == pytest.approx(0, abs=1e-9)
    assert expected_luck(1.0, 1_000, 50) == 0
    assert expected_luck(0.0, 1_000, 50) == 0


def test_wrong_input_is_named():
    right = np.ones((2, 10), bool)
    for bad in (right[0], right.astype(int), right[:0]):
        with pytest.raises(ValueError, match="right must be bool"):
            choose_and_judge(bad)
    for parts in (1, 11):
        with pytest.raises(ValueError, match="parts must be 2 to 10"):
            choose_and_judge(right, parts=parts)
    for bad in ((1.1, 10, 1), (0.5, 0, 1), (0.5, 10, 0)):
        with pytest.raises(ValueError, match="accuracy of 0 to 1"):
            expected_luck(*bad)
