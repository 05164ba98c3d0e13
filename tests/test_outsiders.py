"""Framing, outsiders and the digits of other writers."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_utils import outsiders, small_digits
from mnist_utils.checks import verdict
from mnist_utils.framing import frame
from mnist_utils.preprocessing import bounding_boxes, centre_of_mass


def test_frame_does_what_exercise_2_1_asks_for():
    assert verdict("2.1", frame) == "correct"


@given(arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60)),
              elements=st.sampled_from([0, 0, 0, 200, 255])))  # fmt: skip
def test_framed_ink_fills_its_box_and_stays_inside(image):
    assume(image.any())
    framed = frame(image)
    assert framed.shape == (28, 28)
    assert framed.dtype == np.uint8
    row, column, height, width = bounding_boxes(framed[None])[0]
    assert 1 <= max(height, width) <= 20
    distance = np.abs(centre_of_mass(framed[None])[0] - 14)
    at_edge = min(row, column, 28 - row - height, 28 - column - width) == 0
    assert distance.max() <= 0.51 or at_edge


def test_mnists_own_digits_are_framed_already(data):
    images = data.train.images[:200]
    framed = np.array([frame(image) for image in images])
    assert np.abs(framed.astype(int) - images).mean() < 1.5  # of 255


@pytest.mark.parametrize(
    "image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9)), np.zeros(9, np.uint8)]
)
def test_frame_names_what_it_cannot_use(image):
    with pytest.raises(ValueError, match="image"):
        frame(image)


def test_noise_and_inversion(data):
    drawn = outsiders.make_noise(50, seed=3)
    assert drawn.shape == (50, 28, 28)
    assert drawn.mean() == pytest.approx(127.5, abs=2)
    assert np.array_equal(drawn, outsiders.make_noise(50, seed=3))
    images = data.train.images[:5]
    assert np.array_equal(outsiders.invert(outsiders.invert(images)), images)
    assert np.array_equal(outsiders.invert(images).astype(int) + images, np.full(images.shape, 255))


def test_scrambling_moves_whole_tiles(data):
    images = data.train.images[:20]
    mixed = outsiders.scramble(images, seed=1)
    assert mixed.dtype == images.dtype
    assert not np.array_equal(mixed, images)

    def tiles(image):
        return sorted(image[r : r + 4, c : c + 4].tobytes()
                      for r in range(0, 28, 4) for c in range(0, 28, 4))  # fmt: skip

    for before, after in zip(images, mixed, strict=True):
        assert tiles(before) == tiles(after)


def test_printed_characters_are_framed_seeded_and_of_all_kinds():
    images, which = outsiders.print_text("AB7", 90, seed=2)
    again, _ = outsiders.print_text("AB7", 90, seed=2)
    assert np.array_equal(images, again)
    assert images.shape == (90, 28, 28)
    assert set(which) == {0, 1, 2}
    boxes = bounding_boxes(images)
    assert (boxes[:, 2:].max(axis=1) >= 19).all()
    # The same character in other fonts looks more alike than another character does.
    flat = images.reshape(90, -1) / 255
    apart = ((flat[:, None] - flat[None]) ** 2).mean(axis=2)
    same = which[:, None] == which[None]
    assert apart[same].mean() < apart[~same].mean()
    with pytest.raises(ValueError, match="at least one character"):
        outsiders.print_text("", 3)


def test_fashion_mnist_is_found_where_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(outsiders, "FASHION_FOLDERS", (str(tmp_path / "nowhere"),))
    monkeypatch.delenv("FASHION_MNIST", raising=False)
    assert outsiders.find_fashion() is None
    monkeypatch.setenv("FASHION_MNIST", str(tmp_path))
    assert outsiders.find_fashion() is None
    (tmp_path / "train-images-idx3-ubyte.gz").touch()
    assert outsiders.find_fashion() == tmp_path


def test_other_writers_are_scikit_learns_digits_in_mnists_form():
    counts, labels = small_digits.load_small_digits()
    split = small_digits.other_writers()
    assert split.images.shape == (1797, 28, 28)
    assert split.images.dtype == split.labels.dtype == np.uint8
    assert np.array_equal(split.labels, labels)
    assert set(labels) == set(range(10))
    boxes = bounding_boxes(split.images)
    assert (boxes[:, 2:].max(axis=1) >= 19).all()
    assert np.abs(centre_of_mass(split.images) - 14).max() < 1.5
    # Brought back to 8 by 8, they are much like the counts that they came from.
    back = small_digits.reduce(split.images)
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(counts, back, strict=True)]
    assert np.median(alike) > 0.8


def test_reducing_counts_the_ink_of_32_by_32():
    image = np.zeros((2, 28, 28), np.uint8)
    image[0, 4:24, 10:15] = 255  # 20 by 5 becomes 32 by 8, in columns 12 to 20
    image[1, 4:24, 4:24] = 255
    counts = small_digits.reduce(image)
    assert counts.dtype == np.uint8
    assert (counts[0][:, 3:5] == 16).all()
    assert counts[0].sum() == 32 * 8
    assert (counts[1] == 16).all()
    with pytest.raises(ValueError, match="blank"):
        small_digits.reduce(np.zeros((1, 28, 28), np.uint8))
    with pytest.raises(ValueError, match="must be uint8"):
        small_digits.reduce(image.astype(float))


def test_stretching_keeps_squares():
    counts = np.zeros((1, 8, 8), np.uint8)
    counts[0, 0, 7] = 16
    image = small_digits.stretch(counts)
    assert image.shape == (1, 28, 28)
    assert bounding_boxes(image)[0].tolist() == [0, 24, 3, 4]  # 3.5 each; the middles decide
    assert image.max() == 255


@pytest.mark.parametrize(
    "counts", [np.zeros((8, 8)), np.full((1, 8, 8), 17), np.full((1, 8, 8), -1)]
)
@pytest.mark.parametrize("function", [small_digits.enlarge, small_digits.stretch])
def test_counts_that_are_none_are_named(function, counts):
    with pytest.raises(ValueError, match="counts must"):
        function(counts)


def test_enlarging_a_blank_is_an_error():
    with pytest.raises(ValueError, match="blank"):
        small_digits.enlarge(np.zeros((1, 8, 8)))
