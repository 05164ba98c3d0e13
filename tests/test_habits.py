"""Flags on ones and bars through sevens: on the digits that they belong to, where they belong."""

import numpy as np
import pytest

from mnist_utils import augmentation, habits
from mnist_utils.habits import add_habits
from mnist_utils.recipes import OWN_DIGITS_RECIPE, Recipe
from mnist_utils.training import Batches


def changed(before, after):
    return (before != after).any(axis=(1, 2))


def test_only_some_ones_and_sevens_are_changed_and_only_gain_ink(data):
    images, labels = data.train.take(4000)
    kept = images.copy()
    drawn = add_habits(images, labels, np.random.default_rng(0))
    np.testing.assert_array_equal(images, kept)
    assert drawn.dtype == images.dtype
    assert (drawn >= images).all()
    other = changed(images, drawn)
    assert not other[~np.isin(labels, list(habits.SHARES))].any()
    for digit, share in habits.SHARES.items():
        assert other[labels == digit].mean() == pytest.approx(share, abs=0.07)
    again = add_habits(images, labels, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, again)
    assert (add_habits(images, labels, np.random.default_rng(1)) != drawn).any()


def test_a_flag_goes_down_to_the_left_from_the_top_and_a_foot_lies_at_the_bottom(monkeypatch):
    monkeypatch.setattr(habits, "SHARES", {1: 1.0, 7: 1.0})
    stem = np.zeros((200, 28, 28), np.uint8)
    stem[:, 4:24, 13:15] = 255
    flagged = add_habits(stem, np.ones(200, int), np.random.default_rng(0))
    new = (flagged > 128) & (stem == 0)
    assert new[:, 4:16, :13].any(axis=(1, 2)).mean() > 0.95
    assert not new[:, :18, 16:].any()  # nothing to the right but the foot
    feet = new[:, 20:, 16:].any(axis=(1, 2)).mean()
    assert feet == pytest.approx(habits.FEET, abs=0.12)
    monkeypatch.setattr(habits, "FEET", 0)
    assert not add_habits(stem, np.ones(200, int), np.random.default_rng(0))[:, 20:, 16:].any()
    barred = add_habits(stem, np.full(200, 7), np.random.default_rng(0))
    new = (barred > 128) & (stem == 0)
    assert new[:, :, 16:].any(axis=(1, 2)).mean() > 0.8
    assert not new[:, :9].any()
    assert not new[:, 20:].any()


def test_blank_images_and_wrong_labels():
    blank = np.zeros((3, 28, 28), np.uint8)
    labels = np.array([1, 7, 1])
    np.testing.assert_array_equal(add_habits(blank, labels, np.random.default_rng(0)), blank)
    for wrong in (labels[:2], np.zeros((3, 10))):
        with pytest.raises(ValueError, match="one digit an image"):
            add_habits(blank, wrong, np.random.default_rng(0))


def test_training_draws_habits_anew_each_epoch_where_the_recipe_says_so(data):
    assert OWN_DIGITS_RECIPE.augment in augmentation.WITH_HABITS
    assert set(augmentation.WITH_HABITS) <= set(augmentation.AUGMENTATIONS)
    train = data.train.take(1000)
    batches = Batches(train, OWN_DIGITS_RECIPE)
    first = batches.images
    assert changed(first, train.images).any()
    batches.on_epoch_end()
    assert (batches.images != first).any()
    again = Batches(train, OWN_DIGITS_RECIPE, epoch=1)
    np.testing.assert_array_equal(again.images, batches.images)
    assert Batches(train, Recipe("dense_fast", augment="mild")).images is train.images
    soft = train._replace(labels=np.eye(10)[train.labels])
    np.testing.assert_array_equal(Batches(soft, OWN_DIGITS_RECIPE).images, first)
