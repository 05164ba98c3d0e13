import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from mnist_utils.evaluation import accuracy_interval, mean_interval


@given(st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_solves_its_equation(counts):
    correct, total = counts
    low, high = accuracy_interval(correct, total)
    share, z = correct / total, 1.959963984540054
    assert 0 <= low <= share <= high <= 1
    for bound in (low, high):  # Wilson (1927): |share - p| = z sqrt(p (1 - p) / n)
        assert abs(share - bound) == pytest.approx(
            z * np.sqrt(bound * (1 - bound) / total), abs=1e-6
        )


def test_published_example():
    """98.29% and 98.38% of 10,000 images, as worked out by hand."""
    assert accuracy_interval(9_829, 10_000) == pytest.approx((0.9802, 0.9853), abs=5e-5)
    assert accuracy_interval(9_838, 10_000) == pytest.approx((0.9811, 0.9861), abs=5e-5)


@pytest.mark.parametrize("arguments", [(1, 0), (-1, 10), (11, 10), (1, 10, 1.0), (1, 10, 0)])
def test_impossible_counts(arguments):
    with pytest.raises(ValueError, match=r"need 0 <= correct|confidence must"):
        accuracy_interval(*arguments)


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=9).filter(lambda v: np.std(v) > 1e-3))
def test_mean_interval_agrees_with_scipys_t_test(values):
    interval = ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_interval(values) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("values", [[], [1.0], [1.0, float("nan")], [[1.0, 2.0]]])
def test_too_few_or_broken_values(values):
    with pytest.raises(ValueError, match="at least two finite numbers"):
        mean_interval(values)
