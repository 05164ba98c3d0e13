"""Rank correlation of models' mean errors, against SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from mnist_utils.evaluation import rank_correlation

ERRORS = arrays(bool, st.tuples(st.integers(1, 6), st.just(5)))


@given(ERRORS, ERRORS)
def test_it_is_spearmans(first, second):
    means = first.mean(axis=0), second.mean(axis=0)
    found = rank_correlation(first, second)
    if all(np.ptp(mean) for mean in means):
        assert found == pytest.approx(spearmanr(*means).statistic)
        assert rank_correlation(1 - first, second) == pytest.approx(-found)
    else:
        assert found == 0


@pytest.mark.parametrize(("shapes", "message"), [
    (((3, 4), (3, 5)), "same models"),
    (((3, 1), (3, 1)), "at least two"),
    (((3,), (3, 4)), "shape"),
    (((0, 4), (3, 4)), "shape"),
])  # fmt: skip
def test_bad_input_is_named(shapes, message):
    with pytest.raises(ValueError, match=message):
        rank_correlation(*(np.zeros(shape) for shape in shapes))
