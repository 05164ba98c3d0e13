"""Intervals and the bootstrap, against statsmodels, SciPy and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp
from statsmodels.api import OLS
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from mnist_utils.evaluation import (
    accuracy,
    accuracy_interval,
    bootstrap_interval,
    mean_interval,
    prediction_interval,
    seed_spread,
)

RUNS = st.lists(st.floats(-10, 10), min_size=2, max_size=9).filter(lambda v: np.std(v) > 1e-3)
CONFIDENCE = st.sampled_from([0.8, 0.95, 0.99])


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
    with pytest.raises(ValueError, match=r"need whole numbers|confidence must"):
        accuracy_interval(*arguments)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1), CONFIDENCE)
def test_accuracy_counts_and_agrees_with_statsmodels(pairs, confidence):
    labels, predictions = np.transpose(pairs)
    found = accuracy(labels, predictions, confidence)
    assert found.correct == sum(a == b for a, b in pairs)
    assert found.share == found.correct / found.total
    expected = proportion_confint(found.correct, len(pairs), alpha=1 - confidence, method="wilson")
    assert found.interval == pytest.approx(expected, abs=1e-9)


def test_accuracy_in_words():
    labels = np.repeat([3, 8], [99, 1])
    text = str(accuracy(labels, np.full(100, 3)))
    assert text == "99.00% (95% interval 94.55% to 99.82%; 99 of 100 images)"


@pytest.mark.parametrize(("labels", "predictions", "message"), [
    ([1, 2], [1], "predictions must have 2 entries, got 1"),
    ([1, 10], [1, 2], "labels must be 0 to 9, got 1 to 10"),
    ([1, -1], [1, 2], "labels must be 0 to 9"),
    ([1.0, 2.0], [1, 2], "labels must be integers"),
    ([], [], "n at least 1"),
    ([1, 2], [[0.1, 0.9], [0.5, 0.5]], r"take probabilities\.argmax"),
])  # fmt: skip
def test_wrong_digits_are_refused(labels, predictions, message):
    with pytest.raises(ValueError, match=message):
        accuracy(labels, predictions)


@given(RUNS, CONFIDENCE)
def test_mean_interval_agrees_with_scipys_t_test(values, confidence):
    interval = ttest_1samp(values, 0).confidence_interval(confidence)
    assert mean_interval(values, confidence) == pytest.approx((interval.low, interval.high))


@given(RUNS, CONFIDENCE)
def test_prediction_interval_agrees_with_statsmodels(values, confidence):
    """The interval of a new observation of a regression on nothing but a constant."""
    fitted = OLS(values, np.ones(len(values))).fit()
    (expected,) = fitted.get_prediction([1]).conf_int(obs=True, alpha=1 - confidence)
    found = prediction_interval(values, confidence)
    assert found == pytest.approx(tuple(expected), rel=1e-6, abs=1e-6)
    low, high = mean_interval(values, confidence)
    assert found[0] < low <= high < found[1]


def test_prediction_interval_holds_a_new_run_as_often_as_it_says():
    runs = np.random.default_rng(0).normal(size=(2_000, 6))
    held = [low <= new <= high for *old, new in runs for low, high in [prediction_interval(old)]]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)  # three standard errors


def test_seed_spread():
    spread = seed_spread([0.98, 0.99, 0.985])
    assert (spread.seeds, spread.mean, spread.sd) == (3, pytest.approx(0.985), pytest.approx(0.005))
    assert spread.interval == mean_interval([0.98, 0.99, 0.985])
    assert spread.prediction == prediction_interval([0.98, 0.99, 0.985])


@pytest.mark.parametrize("function", [mean_interval, prediction_interval, seed_spread])
@pytest.mark.parametrize("values", [[], [1.0], [1.0, float("nan")], [[1.0, 2.0]]])
def test_too_few_or_broken_values(function, values):
    with pytest.raises(ValueError, match="at least two finite numbers"):
        function(values)


def test_bootstrap_agrees_with_the_normal_interval_of_a_mean():
    values = np.random.default_rng(0).normal(size=400)
    expected = DescrStatsW(values).zconfint_mean(0.1)
    assert bootstrap_interval(np.mean, values, confidence=0.9) == pytest.approx(expected, abs=0.01)


def test_bootstrap_draws_the_same_images_from_every_array():
    labels = np.arange(50)

    def mismatches(some, others):
        return float((2 * some != others).sum())

    assert bootstrap_interval(mismatches, labels, 2 * labels, resamples=100) == (0, 0)


def test_bootstrap_depends_on_nothing_but_its_seed():
    values = np.random.default_rng(0).normal(size=(60, 10))
    settings = {"resamples": 150}
    first = bootstrap_interval(np.mean, values, seed=3, **settings)
    assert first == bootstrap_interval(np.mean, values, seed=3, **settings)
    assert first != bootstrap_interval(np.mean, values, seed=4, **settings)


@pytest.mark.parametrize(("metric", "arrays", "options", "message"), [
    (np.mean, [], {}, "same number of images"),
    (np.mean, [[1]], {}, "at least 2"),
    (np.mean, [[1, 2], [1, 2, 3]], {}, r"got shapes \[\(2,\), \(3,\)\]"),
    (np.mean, [[1, 2]], {"resamples": 10}, "resamples must be at least 100, got 10"),
    (np.mean, [[1, 2]], {"confidence": 95}, "confidence must lie between 0 and 1, got 95"),
    (lambda values: float("nan"), [[1, 2]], {}, "metric must return one finite number, got nan"),
    (lambda values: values, [[1, 2]], {}, "metric must return one finite number"),
])  # fmt: skip
def test_wrong_use_of_the_bootstrap(metric, arrays, options, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(metric, *arrays, **options)
