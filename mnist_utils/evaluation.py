"""How far to trust a measured number."""

from collections.abc import Sequence

import numpy as np


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
        ValueError: if a count or the confidence is out of range.
    """
    from scipy.stats import binomtest

    if total < 1 or not 0 <= correct <= total:
        raise ValueError(f"need 0 <= correct <= total and total >= 1, got {correct} of {total}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
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
        ValueError: if there are fewer than two values, or one is not finite.
    """
    from scipy.stats import sem, t

    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"values must be at least two finite numbers, got {values!r}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    half = t.ppf((1 + confidence) / 2, len(values) - 1) * sem(values)
    return float(values.mean() - half), float(values.mean() + half)
