"""RandomWarp against SciPy's interpolation, and every range in its own unit."""

import keras
import numpy as np
import pytest
from scipy import ndimage
from scipy.ndimage import map_coordinates

from mnist_utils.augmentation import AUGMENTATIONS, RandomThickness, RandomWarp
from mnist_utils.preprocessing import centre_of_mass

STILL = {"rotation": 0, "shift": 0, "zoom": 0, "shear": 0, "elastic": 0}


def warped(images, seed=0, **ranges):
    layer = RandomWarp(**{**STILL, **ranges}, seed=seed, images_per_warp=1)
    return np.asarray(layer(images, training=True))


def bar(length=16):
    """An upright bar in the middle, whose turn, size and place can be measured."""
    image = np.zeros((28, 28), np.float32)
    image[14 - length // 2 : 14 + length // 2, 13:15] = 255
    return image


def moments(images):
    """Return each image's ink, and the spread of its ink along and across, and between."""
    centre = centre_of_mass(images)
    rows, columns = np.mgrid[:28, :28]
    ink = images.sum((1, 2))
    r = rows - centre[:, 0, None, None]
    c = columns - centre[:, 1, None, None]
    return ink, *((images * part).sum((1, 2)) / ink for part in (r * r, c * c, r * c))


def test_no_range_changes_nothing(data):
    images = data.train.images[:5].astype("float32")
    np.testing.assert_allclose(warped(images), images, atol=1e-3)


@pytest.mark.parametrize("images_per_warp", [1, 4])
def test_agrees_with_scipy_interpolation(data, images_per_warp):
    images = data.train.images[:6].astype("float32")
    ranges = {"rotation": 20, "shift": 6, "zoom": 0.2, "shear": 0.2, "elastic": 1,
              "images_per_warp": images_per_warp, "seed": 3}  # fmt: skip
    places = np.stack(RandomWarp(**ranges)._places(-(-6 // images_per_warp)))
    expected = [
        map_coordinates(image, places[:, number // images_per_warp], order=1, mode="constant")
        for number, image in enumerate(images)
    ]
    found = np.asarray(RandomWarp(**ranges)(images, training=True)).reshape(6, 784)
    inside = np.all((places >= 0) & (places <= 27), axis=0).repeat(images_per_warp, axis=0)[:6]
    assert 0.5 < inside.mean() < 1
    np.testing.assert_allclose(found[inside], np.array(expected)[inside], atol=0.05)


def test_what_moves_in_is_zero():
    images = np.full((20, 28, 28), 100.0, "float32")
    found = warped(images, shift=10)
    assert found.min() == 0
    assert found.max() == pytest.approx(100, rel=1e-4)
    lost = (found < 1e-3).mean(axis=(1, 2))
    assert lost.max() > 0.3


def test_rotation_is_in_degrees():
    images = np.stack([bar()] * 400)
    _, along, across, between = moments(warped(images, rotation=30))
    angles = np.rad2deg(np.arctan2(2 * between, along - across) / 2)
    assert 27 < np.abs(angles).max() < 31
    assert np.std(angles) == pytest.approx(30 / np.sqrt(3), rel=0.15)


def test_shift_is_in_pixels():
    images = np.stack([bar()] * 400)
    moved = centre_of_mass(warped(images, shift=3)) - 13.5
    assert 2.8 < np.abs(moved).max() <= 3.001
    assert np.std(moved, axis=0) == pytest.approx([3 / np.sqrt(3)] * 2, rel=0.15)


def test_zoom_and_shear_are_shares():
    images = np.stack([bar()] * 400)
    _, still, *_ = moments(images[:1])
    _, along, *_ = moments(warped(images, zoom=0.2))
    sizes = np.sqrt(along / still)
    assert 1.15 < sizes.max() < 1.25
    assert 0.78 < sizes.min() < 0.87
    _, _, across, between = moments(warped(images.transpose(0, 2, 1), shear=0.3))
    assert 0.25 < np.abs(between / across).max() < 0.35


def test_elastic_is_the_standard_deviation_in_pixels():
    layer = RandomWarp(**{**STILL, "elastic": 0.8}, seed=1)
    places = np.stack(layer._places(60))
    displaced = places - np.mgrid[:28, :28].reshape(2, 1, 784)
    for displacement in displaced:
        assert displacement.std() == pytest.approx(0.8, rel=0.15)
        assert abs(displacement.mean()) < 0.1


def test_neighbours_share_a_warp_and_any_number_of_images_fits():
    images = np.stack([bar()] * 70)
    layer = RandomWarp(images_per_warp=32, seed=0)
    drawn = np.asarray(layer(images, training=True))
    assert drawn.shape == (70, 28, 28)
    same = (drawn[1:] == drawn[:-1]).all((1, 2))
    assert np.flatnonzero(~same).tolist() == [31, 63]
    assert (np.asarray(layer(images, training=True)) != drawn).any()


def test_nothing_happens_outside_training(data):
    images = data.train.images[:3]
    for name, make in AUGMENTATIONS.items():
        layers = keras.Sequential([keras.Input((28, 28)), *make()])
        assert (np.asarray(layers(images, training=False)) == images).all(), name
        assert (np.asarray(layers(images, training=True)) != images).any(), name


def test_ranges_are_checked_and_kept():
    for name, value in [("rotation", -1), ("elastic", float("nan")), ("images_per_warp", 0)]:
        with pytest.raises(ValueError, match=f"{name} must be at least"):
            RandomWarp(**{name: value})
    layer = RandomWarp(rotation=5, elastic=0.3, seed=4)
    again = RandomWarp.from_config(layer.get_config())
    assert again.ranges == layer.ranges
    assert again.seed == 4


def test_keras_layers_stay_within_their_units():
    keras.utils.set_random_seed(0)
    layers = keras.Sequential([keras.Input((28, 28)), *AUGMENTATIONS["keras"]()])
    dot = np.zeros((500, 28, 28), np.float32)
    dot[:, 13:15, 13:15] = 255
    moved = np.asarray(layers(dot, training=True))
    distance = np.abs(centre_of_mass(moved) - 13.5)
    assert 1.0 < distance.max() < 3.5  # two pixels of shift, and a little by zoom and rotation
    assert (np.asarray(layers(dot, training=False)) == dot).all()


def test_random_thickness_stays_between_the_thinner_and_the_thicker_image(data):
    images = data.train.images[:64].astype("float32")
    largest = ndimage.maximum_filter(images, (1, 3, 3), mode="constant", cval=-np.inf)
    least = ndimage.minimum_filter(images, (1, 3, 3), mode="constant", cval=np.inf)
    drawn = np.asarray(RandomThickness(0.5, 1.0, seed=0)(images, training=True))
    assert (drawn <= images + 1.0 * (largest - images) + 1e-2).all()
    assert (drawn >= images - 0.5 * (images - least) - 1e-2).all()
    change = drawn.sum((1, 2)) / images.sum((1, 2))
    assert change.min() < 0.85
    assert change.max() > 1.3
    np.testing.assert_array_equal(RandomThickness()(images, training=False), images)
    for shares in ({"thinner": 1.5}, {"thicker": -0.1}):
        with pytest.raises(ValueError, match="must be 0 to 1"):
            RandomThickness(**shares)
