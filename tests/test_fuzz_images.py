"""Any picture at all: an MNIST-like image, or one of the two documented errors.

`make fuzz` runs the same tests with ten thousand inputs each.
"""

import io

import numpy as np
import pytest
from damage import damaged
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

pytest.importorskip("skimage", reason="scikit-image is not installed")

from PIL import Image

from mnist_utils.drawn_digits import make_set, set_names
from mnist_utils.images import (
    SKIPPABLE,
    ImageError,
    NoDigitFound,
    open_picture,
    prepare,
)

FORMS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
STEPS = st.lists(st.sampled_from(sorted(SKIPPABLE)), unique=True)


def stored(form):
    digit = next(iter(make_set("tuning", set_names("tuning")[0], 1, seed=3))).content
    picture = Image.fromarray((open_picture(digit) * 255).astype(np.uint8)).resize((60, 60))
    kept = io.BytesIO()
    picture.save(kept, form)
    return kept.getvalue()


FILES = [stored(form) for form in FORMS]


def check(source, without=()):
    try:
        prepared = prepare(source, without=without)
    except (ImageError, NoDigitFound):
        return
    assert prepared.image.shape == (28, 28)
    assert prepared.image.dtype == np.uint8
    assert prepared.image.any()
    assert all(np.isfinite(step).all() for step in prepared.steps.values())
    assert 0 <= prepared.box[0] < prepared.box[2] <= 1
    assert 0 <= prepared.box[1] < prepared.box[3] <= 1


def test_the_files_that_will_be_damaged_are_sound():
    for content in FILES:
        assert prepare(content).image.any()


@given(content=damaged(FILES), without=STEPS)
def test_damaged_picture(content, without):
    check(content, without)


@given(content=st.binary(max_size=400))
def test_any_bytes(content):
    check(content)


KINDS = st.one_of(arrays.boolean_dtypes(), arrays.integer_dtypes(), arrays.unsigned_integer_dtypes(),
                  arrays.floating_dtypes(), arrays.complex_number_dtypes(), arrays.datetime64_dtypes(),
                  arrays.unicode_string_dtypes())  # fmt: skip
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9) \
    | st.tuples(st.integers(0, 60), st.integers(0, 60)) \
    | st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4))  # fmt: skip


@given(array=arrays.arrays(KINDS, SHAPES), without=STEPS)
def test_any_array(array, without):
    check(array, without)


@st.composite
def scribbles(draw):
    """A sheet of up to 150 pixels a side with a few strokes, spots and stripes on it."""
    rows, columns = draw(st.integers(1, 150)), draw(st.integers(1, 150))
    sheet = np.full((rows, columns), draw(st.integers(0, 255)), np.uint8)
    for _ in range(draw(st.integers(0, 6))):
        top, left = draw(st.integers(0, rows - 1)), draw(st.integers(0, columns - 1))
        height, width = draw(st.integers(1, rows)), draw(st.integers(1, columns))
        sheet[top : top + height, left : left + width] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        noise = np.random.default_rng(draw(st.integers(0, 2**32))).integers(-40, 41, sheet.shape)
        sheet = np.clip(sheet + noise, 0, 255).astype(np.uint8)
    return sheet


@given(sheet=scribbles(), without=STEPS)
def test_any_scribble(sheet, without):
    check(sheet, without)
