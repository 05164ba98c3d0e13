"""Any answer gets a verdict, and whatever evaluation and preprocessing are given, a result or ValueError."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from series import NOTEBOOKS

from mnist_utils import evaluation, preprocessing
from mnist_utils.checks import exercises, verdict
from mnist_utils.evaluation import inputs

NUMBERS = [n for path in sorted(NOTEBOOKS.glob("*.ipynb")) for n in exercises(path.name[:2])]
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)
SCALARS = st.none() | st.booleans() | st.integers(-5, 100) | st.integers() | st.floats() | st.text() \
    | st.binary() | st.complex_numbers() | st.sampled_from([int, print, object(), ..., {1}, 1 << 70])  # fmt: skip
ARRAYS = hnp.arrays(hnp.scalar_dtypes(), SHAPES) | hnp.arrays(object, SHAPES, elements=SCALARS)
KEYS = st.sampled_from(["A", "B", "C", "D", "train", "validation", "test", 0, 1]) | st.text()


class Strange:
    """Raises at almost whatever is done with it."""

    def __len__(self):
        raise RuntimeError("strange")

    __iter__ = __array__ = __float__ = __int__ = __getitem__ = __call__ = __len__


class WithoutText(Exception):
    def __str__(self):
        raise ValueError("no text")


def leave(*arguments, **words):
    raise SystemExit(3)


def fail(*arguments, **words):
    raise WithoutText


def first(*arguments, **words):
    return arguments[0] if arguments else None


def spoil(*arguments, **words):
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            argument[...] = 0
    return arguments


VALUES = st.recursive(
    SCALARS | ARRAYS | st.sampled_from([leave, fail, first, spoil, Strange()]),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner)
    | st.dictionaries(KEYS, inner, max_size=4) | inner.map(lambda value: lambda *a, **k: value),
    max_leaves=6,
)  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
@given(answer=VALUES)
def test_any_answer_gets_a_verdict(number, answer):
    text = verdict(number, answer)
    assert text in ("not attempted yet", "correct") or text.startswith("not yet. ")


@given(number=st.text() | st.floats() | st.integers() | st.just("9" * 5000 + ".1"))
def test_any_number_gets_a_verdict(number):
    assert isinstance(verdict(number, 1), str)


@given(value=VALUES, other=VALUES)
def test_evaluation_refuses_in_one_way(value, other):
    for call in (
        lambda: inputs.check_digits("digits", value),
        lambda: inputs.check_probabilities(value),
        lambda: inputs.check_values("values", value),
        lambda: inputs.check_labelled(value, other),
        lambda: evaluation.accuracy(value, other),
        lambda: evaluation.accuracy_interval(value, other),
    ):
        with contextlib.suppress(ValueError):
            call()


FULL = SCALARS.map(lambda value: np.full((2, 28, 28), None, object) if value is None
                   else np.full((2, 28, 28), value))  # fmt: skip


@given(value=VALUES | FULL)
def test_preprocessing_refuses_in_one_way(value):
    for call in (preprocessing.check_images, preprocessing.one_hot, preprocessing.centre_of_mass,
                 preprocessing.bounding_boxes, preprocessing.shuffle_pixels, preprocessing.shift):  # fmt: skip
        with contextlib.suppress(ValueError):
            call(value)
