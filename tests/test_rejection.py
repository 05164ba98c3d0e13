"""Rejection: against a plain loop, scikit-learn, SciPy and simulations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import binom

from mnist_utils import rejection
from mnist_utils.evaluation import accuracy_interval

CASES = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=40)


def unpack(case):
    right, confidence = zip(*case, strict=True)
    return np.array(right), np.array(confidence) / 6


@given(CASES)
def test_curve_is_what_a_loop_over_thresholds_gives(case):
    right, confidence = unpack(case)
    curve = rejection.risk_coverage(right, confidence)
    assert curve.threshold.tolist() == sorted(set(confidence), reverse=True)
    for row in curve.itertuples():
        kept = confidence >= row.threshold
        assert row.accepted == kept.sum()
        assert row.errors == (~right[kept]).sum()
        assert row.coverage == pytest.approx(kept.mean())
        assert row.risk == pytest.approx((~right[kept]).mean())
        found = rejection.accept(right, confidence, row.threshold)
        assert (found.accepted, found.errors) == (row.accepted, row.errors)
        assert found.coverage == pytest.approx(row.coverage)
        assert found.risk_interval == accuracy_interval(row.errors, row.accepted)


@given(CASES, st.sampled_from([0.0, 0.1, 0.25, 0.5]))
def test_chosen_threshold_keeps_the_target_and_no_lower_one_does(case, target):
    right, confidence = unpack(case)
    threshold = rejection.choose_threshold(right, confidence, target)
    kept = [t for t in set(confidence) if (~right[confidence >= t]).mean() <= target]
    assert threshold == min(kept, default=np.inf)
    chosen = rejection.accept(right, confidence, threshold)
    assert chosen.accepted == 0 or chosen.risk <= target


def test_refusing_everything_has_no_risk_and_says_so():
    found = rejection.accept(np.array([True, False]), np.array([0.2, 0.9]), np.inf)
    assert found.coverage == 0
    assert np.isnan([found.risk, *found.risk_interval]).all()


def test_promised_threshold_without_an_error_accepts_all():
    confidence = np.linspace(0, 1, 4000)
    threshold = rejection.promise_threshold(np.ones(4000, bool), confidence, 0.001)
    assert threshold == 0
    few = rejection.promise_threshold(np.ones(2900, bool), confidence[:2900], 0.001)
    assert few == np.inf  # 0.999**2900 is more than 5%: a risk of 0.1% might well show no error


def test_promised_threshold_ends_before_the_first_failure():
    right = np.ones(5000, bool)
    right[[1500, 1501, 1502]] = False  # the 3,498th to 3,500th by confidence
    confidence = np.linspace(0, 1, 5000)
    threshold = rejection.promise_threshold(right, confidence, 0.001, step=0.01)
    accepted = (confidence >= threshold).sum()
    assert accepted <= 3497
    assert accepted > 3497 - 51  # one step of 1%
    assert binom.cdf(0, accepted, 0.001) <= 0.05 < binom.cdf(3, accepted + 51, 0.001)


def test_promise_is_kept_about_as_often_as_said_and_a_hope_is_not():
    rng, kept, hoped = np.random.default_rng(0), [], []
    target, grid = 0.02, np.linspace(0, 1, 4001)
    error = 0.2 * (1 - grid) ** 2  # true error at each confidence
    for _ in range(400):
        confidence = rng.random(600)
        right = rng.random(600) >= 0.2 * (1 - confidence) ** 2
        for found, function in ((kept, rejection.promise_threshold),
                                (hoped, rejection.choose_threshold)):  # fmt: skip
            threshold = function(right, confidence, target)
            found.append(threshold == np.inf or error[grid >= threshold].mean() <= target)
    assert np.mean(kept) > 0.93  # 95%, less the luck of 400 draws
    assert np.mean(hoped) < 0.6


def test_scores():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(50, 10)) * 5
    probabilities = np.exp(logits - logsumexp(logits, axis=1, keepdims=True))
    assert np.allclose(rejection.largest_probability(probabilities), probabilities.max(axis=1))
    assert np.allclose(rejection.energy(logits), -np.log(np.exp(logits).sum(axis=1)))
    assert np.allclose(rejection.energy(logits, 2.0), -2 * np.log(np.exp(logits / 2).sum(axis=1)))
    # Adding to every logit leaves the probabilities, but not the energy.
    assert np.allclose(rejection.energy(logits + 3), rejection.energy(logits) - 3)
    assert rejection.energy(np.full((1, 10), 1e4)) == pytest.approx(-1e4 - np.log(10))
    # Cold, it is the largest logit.
    assert np.allclose(rejection.energy(logits, 1e-3), -logits.max(axis=1), atol=1e-2)


RIGHT, SURE = np.array([True, False, True]), np.array([0.3, 0.2, 0.9])


@pytest.mark.parametrize(("call", "message"), [
    (lambda: rejection.risk_coverage(RIGHT.astype(int), SURE), "right must be bool"),
    (lambda: rejection.risk_coverage(RIGHT[:0], SURE[:0]), "n at least 1"),
    (lambda: rejection.risk_coverage(RIGHT, SURE[:2]), "confidence must be numbers"),
    (lambda: rejection.risk_coverage(RIGHT, SURE * np.nan), "3 nan"),
    (lambda: rejection.accept(RIGHT, SURE, np.nan), "threshold must be a number"),
    (lambda: rejection.choose_threshold(RIGHT, SURE, 1.0), "target must be 0 to below 1"),
    (lambda: rejection.promise_threshold(RIGHT, SURE, 0.0), "target must lie between"),
    (lambda: rejection.promise_threshold(RIGHT, SURE, 0.1, sure=95), "sure must lie"),
    (lambda: rejection.promise_threshold(RIGHT, SURE, 0.1, step=0), "step must be above 0"),
    (lambda: rejection.energy(np.zeros(10)), "logits must be finite"),
    (lambda: rejection.energy(np.zeros((2, 10)), 0), "temperature must be"),
    (lambda: rejection.largest_probability(np.full((2, 10), 0.3)), "sum to 1"),
])  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
