"""Probability scores against scikit-learn; temperature against logits and a known answer."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from mnist_utils.evaluation import (
    accuracy_interval,
    apply_temperature,
    brier_score,
    calibration_scores,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability_curve,
)

SEEDS = st.integers(0, 2**32 - 1)


def draw(seed, n=300, temperature=1.0, scale=3.0):
    """Return labels drawn from softmax(logits), and softmax(logits / temperature)."""
    rng = np.random.default_rng(seed)
    logits = scale * rng.normal(size=(n, 10))
    truth = softmax(logits, axis=1)
    labels = (truth.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return labels, softmax(logits / temperature, axis=1)


@given(SEEDS)
def test_scores_against_their_definitions(seed):
    labels, probabilities = draw(seed)
    chosen = probabilities[np.arange(len(labels)), labels]
    nll = negative_log_likelihood(labels, probabilities)
    assert nll == pytest.approx(-np.log(chosen).mean())
    each = [brier_score_loss(labels == digit, probabilities[:, digit], pos_label=True)
            for digit in range(10)]  # fmt: skip
    assert brier_score(labels, probabilities) == pytest.approx(sum(each))


def test_ends_of_the_scores():
    labels = np.arange(10)
    perfect, guessing = np.eye(10), np.full((10, 10), 0.1)
    expected = {"nll": pytest.approx(0, abs=1e-12), "brier": 0, "ece": 0}
    assert calibration_scores(labels, perfect) == expected
    assert brier_score(labels, perfect[::-1]) == 2
    assert brier_score(labels, guessing) == pytest.approx(0.9)
    assert negative_log_likelihood(labels, guessing) == pytest.approx(np.log(10))
    assert expected_calibration_error(labels, perfect[::-1]) == 1
    assert 30 < negative_log_likelihood(labels, perfect[::-1]) < 40  # cut, not infinite


def test_probabilities_in_float32_are_taken_as_they_are():
    labels, probabilities = draw(0)
    rounded = calibration_scores(labels, probabilities.astype(np.float32))
    assert rounded == pytest.approx(calibration_scores(labels, probabilities), abs=1e-6)


@given(SEEDS, st.integers(1, 20))
@settings(max_examples=40)
def test_reliability_curve_is_scikit_learns(seed, bins):
    labels, probabilities = draw(seed)
    curve = reliability_curve(labels, probabilities, bins=bins)
    right, sure = probabilities.argmax(axis=1) == labels, probabilities.max(axis=1)
    expected = calibration_curve(right, sure, n_bins=bins, strategy="quantile")
    np.testing.assert_allclose(curve.accuracy, expected[0])
    np.testing.assert_allclose(curve.probability, expected[1])
    assert curve.images.sum() == len(labels)
    assert curve.images.max() - curve.images.min() <= 1  # equal mass
    for row in curve.itertuples():
        assert (row.low, row.high) == accuracy_interval(
            round(row.accuracy * row.images), row.images
        )


@given(SEEDS, st.integers(1, 8))
@settings(max_examples=40)
def test_ties_stay_together_whatever_the_order(seed, bins):
    """Many networks are 100% sure, in float32, of most images."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, 100)
    sure = rng.choice([0.5, 0.75, 1.0], 100, p=[0.1, 0.2, 0.7])
    probabilities = np.where(np.arange(10) == 3, sure[:, None], (1 - sure[:, None]) / 9)
    curve = reliability_curve(labels, probabilities, bins=bins)
    assert 1 <= len(curve) <= min(bins, 3)
    assert curve.images.iloc[-1] >= (sure == 1).sum()
    order = rng.permutation(100)
    again = reliability_curve(labels[order], probabilities[order], bins=bins)
    pd.testing.assert_frame_equal(curve, again)
    by_hand = sum(row.images * abs(row.accuracy - row.probability) for row in curve.itertuples())
    found = expected_calibration_error(labels, probabilities, bins=bins)
    assert found == pytest.approx(by_hand / 100)


@given(SEEDS, st.floats(0.1, 10))
def test_temperature_divides_the_logits(seed, temperature):
    logits = 3 * np.random.default_rng(seed).normal(size=(20, 10))
    probabilities = softmax(logits, axis=1)
    found = apply_temperature(probabilities, temperature)
    np.testing.assert_allclose(found, softmax(logits / temperature, axis=1), rtol=1e-6, atol=1e-12)
    assert (found.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    np.testing.assert_allclose(apply_temperature(found, 1 / temperature), probabilities, atol=1e-9)


def test_temperature_survives_extremes():
    sure = np.array([[1, 1e-30, *[0] * 8], [0.5, 0.5, *[0] * 8]])
    for temperature in (1e-3, 1.0, 1e3):
        found = apply_temperature(sure, temperature)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        assert np.isfinite(found).all()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_fitted_temperature_undoes_a_known_one(temperature):
    """Probabilities whose logits were divided by 1/T too little are mended by T."""
    labels, probabilities = draw(0, n=20_000, temperature=1 / temperature)
    assert fit_temperature(labels, probabilities) == pytest.approx(temperature, rel=0.05)


@given(SEEDS, st.floats(0.3, 3))
@settings(max_examples=40)
def test_fitted_temperature_is_the_best_of_many(seed, factor):
    labels, probabilities = draw(seed, temperature=factor)
    fitted = fit_temperature(labels, probabilities)
    least = negative_log_likelihood(labels, apply_temperature(probabilities, fitted))
    for other in (1, 0.9 * fitted, 1.1 * fitted):
        scaled = apply_temperature(probabilities, other)
        assert least <= negative_log_likelihood(labels, scaled) + 1e-9


def test_no_temperature_is_best_without_mistakes():
    labels = np.arange(10)
    with pytest.raises(ValueError, match="better than chance but makes mistakes"):
        fit_temperature(labels, 0.5 * np.eye(10) + 0.05)


@pytest.mark.parametrize("function", [
    negative_log_likelihood, brier_score, reliability_curve, expected_calibration_error,
    calibration_scores, fit_temperature,
])  # fmt: skip
@pytest.mark.parametrize(("labels", "probabilities", "message"), [
    ([1, 2], np.full((1, 10), 0.1), "labels must have 1 entries, got 2"),
    ([10], np.full((1, 10), 0.1), "labels must be 0 to 9"),
    ([0], np.full(10, 0.1), r"must have shape \(n, classes\), got \(10,\)"),
    ([0], np.arange(10.0)[None], "sum to 1 in each row"),
    ([0], np.full((1, 10), np.nan), "sum to 1 in each row"),
    ([0], [[1.5, -0.5]], "at least 0"),
])  # fmt: skip
def test_wrong_labels_or_probabilities(function, labels, probabilities, message):
    with pytest.raises(ValueError, match=message):
        function(labels, probabilities)


def test_wrong_settings():
    with pytest.raises(ValueError, match="bins must be at least 1, got 0"):
        reliability_curve([0], [[0.5, 0.5]], bins=0)
    for temperature in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="temperature must be a finite number above 0"):
            apply_temperature([[0.5, 0.5]], temperature)
