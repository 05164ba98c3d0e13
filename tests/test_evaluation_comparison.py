"""Paired comparisons of models and of recipes, against statsmodels, SciPy and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.weightstats import DescrStatsW

from mnist_utils.evaluation import compare_models, compare_recipes, mean_interval

RUNS = st.lists(st.floats(-10, 10), min_size=2, max_size=9).filter(lambda v: np.std(v) > 1e-3)


def three_columns(both_right, only_first, only_second, both_wrong):
    """Return labels and two models' predictions with these counts, in a shuffled order."""
    counts = [both_right, only_first, only_second, both_wrong]
    right = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], counts, axis=0)
    right = np.random.default_rng(0).permutation(right)
    labels = np.arange(len(right)) % 10
    return labels, *((labels + 1 - column) % 10 for column in right.T)


COUNTS = st.tuples(*[st.integers(0, 40)] * 4).filter(lambda counts: sum(counts) > 0)


@given(COUNTS)
def test_mcnemar_agrees_with_statsmodels(counts):
    both_right, only_first, only_second, both_wrong = counts
    found = compare_models(*three_columns(*counts))
    assert (found.both_right, found.only_first, found.only_second, found.both_wrong) == counts
    assert found.total == sum(counts)
    assert found.difference == pytest.approx((only_first - only_second) / sum(counts))
    table = [[both_right, only_first], [only_second, both_wrong]]
    assert found.p_value == pytest.approx(mcnemar(table, exact=True).pvalue)


@given(COUNTS)
def test_interval_of_the_difference(counts):
    """Holds the difference, turns with the models, and is wider than nothing."""
    labels, first, second = three_columns(*counts)
    found, turned = compare_models(labels, first, second), compare_models(labels, second, first)
    low, high = found.interval
    assert -1 <= low <= found.difference <= high <= 1
    assert low < high
    assert turned.interval == pytest.approx((-high, -low))
    assert turned.p_value == pytest.approx(found.p_value)


def test_interval_of_the_difference_agrees_with_statsmodels_for_many_images():
    labels, first, second = three_columns(9_000, 400, 300, 300)
    differences = (first == labels).astype(float) - (second == labels)
    expected = DescrStatsW(differences).zconfint_mean(0.05)
    assert compare_models(labels, first, second).interval == pytest.approx(expected, abs=2e-5)


def test_interval_of_the_difference_covers_what_it_says():
    """Two models that differ on 2% of 1,000 images: the true difference is 1 point."""
    rng, held = np.random.default_rng(1), 0
    for counts in rng.multinomial(1_000, [0.97, 0.015, 0.005, 0.01], size=500):
        low, high = compare_models(*three_columns(*counts)).interval
        held += low <= 0.01 <= high
    assert held / 500 == pytest.approx(0.95, abs=0.03)


def test_comparison_of_models_in_words():
    text = str(compare_models(*three_columns(980, 12, 4, 4)))
    assert text.startswith("of 1,000 images, only the first is right on 12 and only the second on "
                           "4: difference +0.80 points (95% interval")  # fmt: skip
    assert text.endswith("exact McNemar p = 0.077)")


@given(RUNS, st.randoms())
def test_paired_t_test_is_scipys(differences, random):
    second = np.array([random.uniform(0.9, 1) for _ in differences])
    first = second + differences
    found = compare_recipes(first, second)
    expected = ttest_rel(first, second)
    assert found.seeds == len(differences)
    assert found.difference == pytest.approx(np.mean(differences))
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.interval == pytest.approx(mean_interval(first - second))
    assert f"over {len(differences)} seeds" in str(found)


def test_equal_differences_give_no_p_value():
    found = compare_recipes([0.98, 0.99], [0.97, 0.98])
    assert np.isnan(found.p_value)
    assert found.interval == (found.difference, found.difference)


def test_recipes_need_the_same_seeds():
    with pytest.raises(ValueError, match="one value for each of the same seeds, got 3 and 2"):
        compare_recipes([1, 2, 3], [1, 2])
