"""The hunt for wrong labels, and the published list that it is scored against."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_utils import label_errors, measured
from mnist_utils.recipes import Recipe


def drawn(images=3000, wrong=60, seed=0):
    """Labels of which some are wrong, and probabilities that mostly believe the true digit."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 10, images)
    logits = rng.normal(size=(images, 10)) + 6 * np.eye(10)[true] * rng.random((images, 1))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels, planted = label_errors.plant_errors(true, wrong, seed=seed)
    return true, labels, planted, chances


def test_planted_labels_are_wrong_and_the_others_untouched():
    true, labels, planted, _ = drawn()
    assert len(planted) == 60
    assert np.array_equal(np.flatnonzero(labels != true), planted)
    assert labels.dtype == np.uint8


def test_planted_labels_are_the_second_choice_where_there_is_one():
    true = np.arange(10).repeat(10)
    second = np.where(np.arange(100) % 2, true, (true + 1) % 10)  # half of them no other digit
    labels, planted = label_errors.plant_errors(true, 100, second=second)
    even = planted % 2 == 0
    assert np.array_equal(labels[planted[even]], second[planted[even]])
    assert (labels != true).all()


def test_ranking_begins_with_the_least_probable_label():
    _, labels, planted, chances = drawn()
    ranking = label_errors.rank_suspects(labels, chances)
    assert np.array_equal(np.sort(ranking), np.arange(len(labels)))
    believed = chances[np.arange(len(labels)), labels][ranking]
    assert (np.diff(believed) >= 0).all()
    assert label_errors.count_found(ranking, planted, len(ranking)) == len(planted)
    assert label_errors.count_found(ranking, planted, 300) > 30


@pytest.mark.parametrize("seed", range(3))
def test_confident_learning_is_cleanlabs(seed):
    """Off the diagonal of the confident joint; cleanlab counts the same images."""
    count = pytest.importorskip("cleanlab.count")
    _, labels, _, chances = drawn(seed=seed)
    joint, indices = count.compute_confident_joint(
        labels, chances, calibrate=False, return_indices_of_off_diagonals=True
    )
    ours = label_errors.confident_errors(labels, chances)
    assert set(ours) == set(indices)
    assert len(ours) == joint.sum() - np.trace(joint)


@settings(max_examples=20)
@given(st.integers(2, 6), st.integers(0, 99))
def test_folds_are_a_partition_with_each_digit_in_proportion(folds, seed):
    labels = np.random.default_rng(seed).permutation(np.arange(10).repeat(12))
    held = label_errors.deal_folds(labels, folds, seed)
    for fold in range(folds):
        counts = np.bincount(labels[held == fold], minlength=10)
        assert counts.min() >= 12 // folds
        assert counts.max() <= -(-12 // folds)


def test_out_of_fold_answers_stand_where_their_images_do(data):
    labels = data.train.labels[:600]
    recipe = Recipe("softmax_regression", epochs=3, batch_size=32, learning_rate=0.01)
    chances = label_errors.out_of_fold(recipe, labels, folds=3)
    assert chances.shape == (600, 10)
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert (chances.argmax(axis=1) == labels).mean() > 0.7
    again = label_errors.out_of_fold(recipe, labels, folds=3)  # from the cache
    assert np.array_equal(chances, again)
    changed = (labels + 1) % 10  # other labels are another result
    assert (
        label_errors.out_of_fold(recipe, changed, folds=3).argmax(axis=1) == changed
    ).mean() > 0.7


def test_published_list_belongs_to_this_test_set(data):
    labels = data.test.labels
    assert len(label_errors.PUBLISHED) == 15
    assert len(set(label_errors.CANDIDATES)) == 100
    for index, votes in label_errors.PUBLISHED.items():
        assert index in label_errors.CANDIDATES
        assert labels[index] == votes.label != votes.guess
        assert votes.for_label + votes.for_guess + votes.neither == 5
        assert votes.for_label < 3


def test_cleanlab_is_asked_or_missed(monkeypatch, capsys):
    _, labels, planted, chances = drawn()
    monkeypatch.setattr(label_errors, "find_spec", lambda name: None)
    assert len(label_errors.ask_cleanlab(labels, chances)) == 0
    assert "cleanlab is not installed" in capsys.readouterr().out
    monkeypatch.undo()
    pytest.importorskip("cleanlab")
    suspects = label_errors.ask_cleanlab(labels, chances)
    assert np.isin(planted, suspects).mean() > 0.3
    assert (np.diff(chances[suspects, labels[suspects]]) >= 0).all()
    assert capsys.readouterr().err == ""


def test_each_recipe_counts_the_same():
    runs = pd.DataFrame(
        {"recipe": ["b", "a", "b"], "errors": [{"0": 3, "2": 1}, {"1": 1}, {"2": 5}]}
    )
    table = label_errors.count_misses(runs, images=4)
    assert table.index.tolist() == ["a", "b"]
    assert table.to_numpy().tolist() == [[0, 1, 0, 0], [0.5, 0, 1, 0]]


def test_stored_errors_are_errors(data):
    rows = pd.DataFrame(measured.load("test_errors")["rows"])
    assert label_errors.count_misses(rows).to_numpy().max() == 1
    for errors in rows.errors:
        assert all(data.test.labels[int(index)] != digit for index, digit in errors.items())


@pytest.mark.parametrize(("call", "message"), [
    (lambda: label_errors.plant_errors(np.arange(10), 11), "count must be 0 to 10"),
    (lambda: label_errors.deal_folds(np.arange(10), 2), "as many images of each digit"),
    (lambda: label_errors.deal_folds(np.arange(10), 1), "at least 2 folds"),
    (lambda: label_errors.out_of_fold(None, np.arange(60_000) % 10, folds=2), "first images of 55,000"),
    (lambda: label_errors.confident_errors(np.arange(9), np.full((9, 10), 0.1)), "there is no 9"),
    (lambda: label_errors.count_found(np.arange(9), [1], 10), "top must be 1 to 9"),
    (lambda: label_errors.rank_suspects(np.arange(3), np.full((2, 10), 0.1)), "must have 2"),
])  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
