"""The bootstrap: an interval for any metric, by drawing the images again."""

from collections.abc import Callable

import numpy as np

from mnist_utils.evaluation.inputs import check_confidence


def bootstrap_interval(
    metric: Callable[..., float],
    *arrays: np.ndarray,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of any metric over images, by SciPy.

    Images are drawn anew with replacement, the same ones from every array, and the metric is
    worked out on each draw. (Efron and Tibshirani, An Introduction to the Bootstrap, 1993.)

    Args:
        metric: takes the arrays in the order given and returns one finite number.
        arrays: at least one; all (n, …) with the same n, at least 2, such as labels (n,) and
            probabilities (n, 10).
        confidence: the interval's coverage, between 0 and 1.
        resamples: how many draws, at least 100.
        seed: seed of the draws.

    Returns:
        (low, high), in the metric's unit.

    Raises:
        ValueError: if the arrays differ in length, resamples or the confidence is out of range,
            or the metric returns what is not a finite number.
    """
    from scipy.stats import bootstrap

    arrays = [np.asarray(array) for array in arrays]
    lengths = {len(array) if array.ndim else 0 for array in arrays}
    if len(lengths) != 1 or min(lengths) < 2:
        raise ValueError("arrays must all have the same number of images, at least 2, "
                         f"got shapes {[array.shape for array in arrays]}")  # fmt: skip
    if resamples < 100:
        raise ValueError(f"resamples must be at least 100, got {resamples}")
    check_confidence(confidence)

    def value(images):
        found = metric(*(array[images] for array in arrays))
        if np.ndim(found) or not np.isfinite(found):
            raise ValueError(f"metric must return one finite number, got {found!r}")
        return found

    bounds = bootstrap(
        (np.arange(lengths.pop()),), value, vectorized=False, n_resamples=resamples, batch=100,
        confidence_level=confidence, method="percentile", rng=seed,
    ).confidence_interval  # fmt: skip
    return float(bounds.low), float(bounds.high)
