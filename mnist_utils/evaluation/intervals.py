"""Intervals: for an accuracy, for a mean over seeds, for one new run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_utils.evaluation.inputs import (
    check_confidence,
    check_counts,
    check_digits,
    check_values,
)


@dataclass(frozen=True)
class Accuracy:
    """A share of images classified correctly, with its interval.

    Attributes:
        share: correct / total, 0 to 1.
        interval: Wilson's interval (low, high), fractions.
        correct: images classified correctly.
        total: images in all.
        confidence: the interval's coverage.
    """

    share: float
    interval: tuple[float, float]
    correct: int
    total: int
    confidence: float = 0.95

    def __str__(self) -> str:
        low, high = self.interval
        return (f"{self.share:.2%} ({self.confidence:.0%} interval {low:.2%} to {high:.2%}; "
                f"{self.correct:,} of {self.total:,} images)")  # fmt: skip


@dataclass(frozen=True)
class SeedSpread:
    """What several runs of one recipe say, in the unit of their values.

    Attributes:
        seeds: how many runs.
        mean: their mean.
        sd: their standard deviation, with n - 1: how far one run typically lies from the mean.
        interval: where the mean of endlessly many runs lies; it shrinks with more seeds.
        prediction: where one new run will lie; it does not shrink below about 2 sd either way.
        confidence: both intervals' coverage.
    """

    seeds: int
    mean: float
    sd: float
    interval: tuple[float, float]
    prediction: tuple[float, float]
    confidence: float = 0.95


def accuracy(labels: np.ndarray, predictions: np.ndarray, confidence: float = 0.95) -> Accuracy:
    """Return the share of predictions that equal the labels, with Wilson's interval.

    Args:
        labels: true digits, integer (n,), 0-9.
        predictions: predicted digits, integer (n,), 0-9.
        confidence: the interval's coverage, between 0 and 1.

    Raises:
        ValueError: if the arrays are not such digits or differ in length, or the confidence is out
            of range.
    """
    labels = check_digits("labels", labels)
    predictions = check_digits("predictions", predictions, length=len(labels))
    correct, total = int((labels == predictions).sum()), len(labels)
    interval = accuracy_interval(correct, total, confidence)
    return Accuracy(correct / total, interval, correct, total, confidence)


def accuracy_interval(correct: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval for a proportion, by SciPy.

    It describes chance in the draw of images, for one trained model; a retrained model varies
    besides.

    Args:
        correct: images classified correctly, 0 to total.
        total: images in all, at least 1.
        confidence: the interval's coverage, between 0 and 1.

    Returns:
        (low, high), fractions between 0 and 1.

    Raises:
        ValueError: if a count is not whole, or a count or the confidence is out of range.
    """
    from scipy.stats import binomtest

    check_counts(correct, total)
    check_confidence(confidence)
    bounds = binomtest(int(correct), int(total)).proportion_ci(confidence, method="wilson")
    return float(bounds.low), float(bounds.high)


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Return Student's t interval for the mean of independent runs, such as one value a seed.

    Args:
        values: at least two finite numbers.
        confidence: the interval's coverage, between 0 and 1.

    Returns:
        (low, high) around the mean, in the unit of the values.

    Raises:
        ValueError: if there are fewer than two values, one is not finite, or the confidence is out
            of range.
    """
    values = check_values("values", values)
    return _student_interval(values, np.sqrt(1 / len(values)), confidence)


def prediction_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Return where one new run like the given ones will lie: mean ± t·sd·√(1 + 1/n).

    The 1 stands for the new run's own spread, the 1/n for not knowing the mean exactly; t is
    Student's with n - 1 degrees of freedom. It supposes that runs are spread normally. (Hahn
    and Meeker, Statistical Intervals, 1991, section 4.7.)

    Args:
        values: at least two finite numbers, one a run.
        confidence: the share of such intervals that hold their new run, between 0 and 1.

    Returns:
        (low, high) around the mean, in the unit of the values.

    Raises:
        ValueError: if there are fewer than two values, one is not finite, or the confidence is out
            of range.
    """
    values = check_values("values", values)
    return _student_interval(values, np.sqrt(1 + 1 / len(values)), confidence)


def seed_spread(values: Sequence[float], confidence: float = 0.95) -> SeedSpread:
    """Return mean, standard deviation and both intervals of one value a seed.

    Args and errors as for `mean_interval`.
    """
    interval = mean_interval(values, confidence)
    prediction = prediction_interval(values, confidence)
    mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
    return SeedSpread(len(values), mean, sd, interval, prediction, confidence)


def _student_interval(values, factor: float, confidence: float) -> tuple[float, float]:
    from scipy.stats import t

    check_confidence(confidence)
    half = t.ppf((1 + confidence) / 2, len(values) - 1) * values.std(ddof=1) * factor
    return float(values.mean() - half), float(values.mean() + half)
