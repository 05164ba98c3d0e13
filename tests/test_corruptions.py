"""Corruptions: form, seeds and severities by properties, each kind against an independent way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy import ndimage

from mnist_utils import corruptions
from mnist_utils.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from mnist_utils.preprocessing import bounding_boxes, centre_of_mass, shift

NAMES = st.sampled_from(list(CORRUPTIONS))
IMAGES = arrays(np.uint8, st.tuples(st.integers(1, 4), st.just(28), st.just(28)))


@pytest.fixture(scope="module")
def digits(data):
    return data.train.images[:300]


@settings(max_examples=60)
@given(IMAGES, NAMES, st.sampled_from(SEVERITIES), st.integers(0, 9))
def test_form_and_input_are_kept_and_seeds_repeat(images, name, severity, seed):
    before = images.copy()
    damaged = corrupt(images, name, severity, seed=seed)
    assert damaged.dtype == np.uint8
    assert damaged.shape == images.shape
    assert np.array_equal(images, before)
    assert np.array_equal(corrupt(images, name, severity, seed=seed), damaged)
    assert np.array_equal(corrupt(images[:1], name, severity, seed=seed), damaged[:1])


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_severity_does_more_than_the_one_before(name, digits):
    distance = [np.abs(corrupt(digits, name, severity).astype(float) - digits).mean()
                for severity in (0, *SEVERITIES)]  # fmt: skip
    assert distance[0] == 0
    assert (np.diff(distance) > 0).all()


@pytest.mark.parametrize("name", ["noise", "occlusion", "shear", "rotation", "translation"])
def test_random_kinds_differ_by_seed_and_the_others_do_not(name, digits):
    assert not np.array_equal(corrupt(digits, name, 3), corrupt(digits, name, 3, seed=1))
    fixed = set(CORRUPTIONS) - {"noise", "occlusion", "shear", "rotation", "translation"}
    for other in fixed:
        assert np.array_equal(corrupt(digits, other, 3), corrupt(digits, other, 3, seed=1))


@pytest.mark.parametrize("name", sorted(set(CORRUPTIONS) - {"noise", "brightness"}))
def test_blank_paper_stays_blank(name):
    blank = np.zeros((3, 28, 28), np.uint8)
    assert not corrupt(blank, name, 5).any()


def test_noise_has_its_standard_deviation():
    grey = np.full((40, 28, 28), 128, np.uint8)
    assert corrupt(grey, "noise", 1).astype(float).std() == pytest.approx(25, rel=0.02)


def test_blur_keeps_the_ink_and_spreads_it_by_its_radius():
    dot = np.zeros((1, 28, 28))
    dot[0, 14, 14] = 1e4
    blurred = corruptions.blur(dot, 1.4, None)
    assert blurred.sum() == pytest.approx(1e4, rel=1e-3)
    offsets = np.arange(28) - 14
    assert (blurred.sum((0, 2)) * offsets**2).sum() / 1e4 == pytest.approx(1.4**2, rel=0.02)


def test_brightness_and_contrast_are_straight_lines(digits):
    lifted = corrupt(digits, "brightness", 2)
    assert np.array_equal(lifted, np.minimum(digits.astype(int) + 60, 255))
    pale = corrupt(digits, "contrast", 2).astype(float)
    assert np.allclose(pale.mean((1, 2)), digits.mean((1, 2)), atol=0.51)  # rounded
    assert np.allclose(pale.std((1, 2)), 0.4 * digits.std((1, 2)), atol=0.5)


def test_occlusion_is_one_blank_square_among_the_ink():
    full = np.full((200, 28, 28), 255, np.uint8)
    for severity, side in zip(SEVERITIES, CORRUPTIONS["occlusion"].amounts, strict=True):
        boxes = bounding_boxes(255 - corrupt(full, "occlusion", severity))
        assert (boxes[:, 2:] == side).all()
        assert boxes[:, :2].min() == 4
        assert (boxes[:, :2] + side).max() == 24
        assert ((255 - corrupt(full, "occlusion", severity)) > 0).sum() == 200 * side**2


def test_rotation_turns_by_the_angle_either_way(digits):
    by_scipy = [ndimage.rotate(digits.astype(float), sign * 30, axes=(1, 2), reshape=False, order=1,
                               mode="grid-constant") for sign in (1, -1)]  # fmt: skip
    turned = corrupt(digits, "rotation", 3).astype(float)
    errors = np.array([np.abs(turned - other).max((1, 2)) for other in by_scipy])
    assert errors.min(axis=0).max() < 0.51  # rounded
    assert 100 < (errors[0] < errors[1]).sum() < 200  # about half of them each way


def test_shear_slants_rows_and_leaves_their_ink(digits):
    middle = np.zeros((100, 28, 28), np.uint8)
    middle[:, 4:24, 14] = 200
    slanted = corrupt(middle, "shear", 2).astype(float)
    assert np.allclose(slanted.sum(2), middle.sum(2), atol=1)
    columns = slanted @ np.arange(28) / np.maximum(slanted.sum(2), 1)  # (n, 28)
    slopes = (columns[:, 20] - columns[:, 8]) / 12
    assert np.allclose(np.abs(slopes), 0.4, atol=0.01)
    assert 30 < (slopes > 0).sum() < 70


def test_translation_goes_its_distance_in_all_directions():
    dot = np.zeros((400, 28, 28), np.uint8)
    dot[:, 13:15, 13:15] = 255
    moved = centre_of_mass(corrupt(dot, "translation", 4)) - 13.5
    assert np.allclose(np.hypot(*moved.T), 4, atol=0.05)
    assert np.abs(moved.mean(axis=0)).max() < 0.5


def test_look_up_by_whole_pixels_is_a_shift(digits):
    moves = np.array([[2.0] * len(digits), [-3.0] * len(digits)])
    moved = corruptions._look_up(digits.astype(float), [[1.0, 0.0], [0.0, 1.0]], moves)
    assert np.allclose(moved, shift(digits, 2, -3))


@pytest.mark.parametrize("side", [14, 10, 7, 6])
def test_resizing_by_area_takes_means(side, digits):
    small = corruptions.resize_by_area(digits[:20], side)
    # The integral over a rectangle, from the summed-area table and straight lines in it.
    table = np.zeros((20, 29, 29))
    table[:, 1:, 1:] = digits[:20].cumsum(1, dtype=float).cumsum(2)
    corners = np.linspace(0, 28, side + 1)
    grid = np.meshgrid(corners, corners, indexing="ij")
    area = np.array([ndimage.map_coordinates(one, grid, order=1, mode="nearest") for one in table])
    expected = np.diff(np.diff(area, axis=1), axis=2) * (side / 28) ** 2
    assert np.allclose(small, expected, atol=1e-6)
    if 28 % side == 0:
        pillow = Image.fromarray(digits[0].astype(np.float32))
        assert np.allclose(small[0], pillow.resize((side, side), Image.Resampling.BOX), atol=0.01)


def test_strokes_grow_and_shrink_by_whole_and_half_pixels():
    bar = np.zeros((1, 28, 28), np.uint8)
    bar[:, 10:16, 5:23] = 200
    width = {name: [corrupt(bar, name, s)[0, :, 14].sum() / 200 for s in SEVERITIES]
             for name in ("thick", "thin")}  # fmt: skip
    assert width["thick"] == pytest.approx([7, 8, 9, 10, 11])
    assert width["thin"] == pytest.approx([5.6, 5.2, 4.8, 4.4, 4.0])
    dot = np.zeros((1, 28, 28), np.uint8)
    dot[0, 14, 14] = 255
    octagon = corrupt(dot, "thick", 4)[0, 12:17, 12:17] > 0  # two pixels on each side
    assert octagon.sum() == 21  # five by five without its corners
    assert not octagon[[0, 0, 4, 4], [0, 4, 0, 4]].any()


@pytest.mark.parametrize(("arguments", "message"), [
    ((np.zeros((2, 28, 28)), "noise", 1), "must be uint8"),
    ((np.zeros((28, 28), np.uint8), "noise", 1), "must have shape"),
    ((np.zeros((2, 28, 28), np.uint8), "rain", 1), "no corruption named 'rain'"),
    ((np.zeros((2, 28, 28), np.uint8), "noise", 6), "severity must be 0 to 5"),
])  # fmt: skip
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        corrupt(*arguments)


def test_dealing_gives_every_fifth_image_the_same_severity(digits):
    dealt = corruptions.deal(digits[:23], "rotation", seed=7)
    for severity in SEVERITIES:
        part = digits[severity - 1 : 23 : 5]
        alone = corrupt(part, "rotation", severity, seed=7 + severity)
        assert np.array_equal(dealt[severity - 1 :: 5], alone)
    assert corruptions.deal(digits[:2], "noise").shape == (2, 28, 28)


def test_no_images_are_no_error():
    assert corrupt(np.zeros((0, 28, 28), np.uint8), "rotation", 2).shape == (0, 28, 28)
