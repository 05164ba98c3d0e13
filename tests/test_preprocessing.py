import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from mnist_utils import preprocessing as pre
from mnist_utils.data import PACKAGED


def test_constants_are_those_of_the_training_pixels():
    pixels = np.load(PACKAGED)["x_train"].astype(np.float64)
    assert pixels.mean() == pytest.approx(pre.PIXEL_MEAN, abs=1e-5)
    assert pixels.std() == pytest.approx(pre.PIXEL_STD, abs=1e-5)


def test_centre_of_mass_agrees_with_scipy(data):
    images = data.train.images[:50]
    expected = [ndimage.center_of_mass(image) for image in images]
    np.testing.assert_allclose(pre.centre_of_mass(images), expected)
    assert np.isnan(pre.centre_of_mass(np.zeros((1, 28, 28)))).all()


def test_bounding_boxes_agree_with_scipy(data):
    images = data.train.images[:50]
    for image, (row, column, height, width) in zip(images, pre.bounding_boxes(images), strict=True):
        rows, columns = ndimage.find_objects((image > 0).astype(int))[0]
        assert (row, column) == (rows.start, columns.start)
        assert (height, width) == (rows.stop - rows.start, columns.stop - columns.start)
    assert pre.bounding_boxes(np.zeros((1, 28, 28)))[0].tolist() == [0, 0, 0, 0]


@given(st.integers(-30, 30), st.integers(-30, 30))
def test_shift_moves_ink_and_fills_with_background(rows, columns):
    images = np.arange(1, 785, dtype=np.uint16).reshape(1, 28, 28)
    expected = ndimage.shift(images[0], (rows, columns), order=0, mode="constant", cval=0)
    moved = pre.shift(images, rows, columns)
    assert moved.dtype == images.dtype
    np.testing.assert_array_equal(moved[0], expected)


def test_shuffled_pixels_keep_every_value_and_one_order(data):
    images = data.train.images[:20]
    shuffled = pre.shuffle_pixels(images, seed=3)
    assert (np.sort(shuffled.reshape(20, -1)) == np.sort(images.reshape(20, -1))).all()
    positions = pre.shuffle_pixels(np.arange(784).reshape(1, 28, 28), seed=3).ravel()
    assert (images.reshape(20, -1)[:, positions] == shuffled.reshape(20, -1)).all()
    assert (shuffled != pre.shuffle_pixels(images, seed=4)).any()


def test_one_hot():
    assert pre.one_hot(np.array([0, 2]), 3).tolist() == [[1, 0, 0], [0, 0, 1]]
    for labels in ([10], [-1], [0.5], [[1]]):
        with pytest.raises(ValueError, match="labels must be"):
            pre.one_hot(np.array(labels))


@pytest.mark.parametrize("images", [np.zeros((28, 28)), np.zeros((2, 28, 28, 1)), None, [[1]]])
@pytest.mark.parametrize(
    "function", [pre.centre_of_mass, pre.bounding_boxes, pre.shift, pre.shuffle_pixels]
)
def test_other_shapes_are_refused(function, images):
    with pytest.raises(ValueError, match=r"images must have shape \(n, 28, 28\)"):
        function(images)
