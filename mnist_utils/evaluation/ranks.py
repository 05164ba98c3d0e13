"""Do two measurements put the same models in the same order?"""

import numpy as np


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation of two measurements of the same models.

    Args:
        first: (images, models), such as 1 where a model is wrong about an image and 0 elsewhere;
            models are ranked by the mean over images.
        second: (images, models), the same models in the same order; other images will do.

    Returns:
        -1, the reverse order, to 1, the same order; 0 where one measurement ranks all models alike.

    Raises:
        ValueError: if the arrays are not such, or there are fewer than two models.
    """
    from scipy.stats import rankdata

    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    shapes = first.shape, second.shape
    if first.ndim != 2 or second.ndim != 2 or 0 in (*shapes[0], *shapes[1]):
        raise ValueError(f"both must have shape (images, models), got {shapes[0]} and {shapes[1]}")
    if first.shape[1] != second.shape[1] or first.shape[1] < 2:
        raise ValueError("both must have a column for each of the same models, at least two, "
                         f"got {shapes[0]} and {shapes[1]}")  # fmt: skip
    ranks = [rankdata(values.mean(axis=0)) for values in (first, second)]
    ranks = [rank - rank.mean() for rank in ranks]
    size = np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum())
    return float((ranks[0] * ranks[1]).sum() / size) if size else 0.0
