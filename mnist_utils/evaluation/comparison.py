"""Is one better than the other? Paired comparisons, on the same images or the same seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_utils.evaluation.inputs import check_confidence, check_digits, check_values


@dataclass(frozen=True)
class ModelComparison:
    """Two trained models on the same images; only images on which they differ can tell.

    Attributes:
        both_right, both_wrong: images on which the models are alike.
        only_first, only_second: images that only the one model classifies correctly.
        difference: the first's accuracy minus the second's, -1 to 1.
        interval: of the difference, (low, high).
        p_value: of McNemar's exact test: how often chance alone would split the discordant
            images so unevenly, if both models were equally good.
        confidence: the interval's coverage.
    """

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    difference: float
    interval: tuple[float, float]
    p_value: float
    confidence: float = 0.95

    @property
    def total(self) -> int:
        """Images in all."""
        return self.both_right + self.only_first + self.only_second + self.both_wrong

    def __str__(self) -> str:
        low, high = (100 * bound for bound in self.interval)
        return (f"of {self.total:,} images, only the first is right on {self.only_first:,} and "
                f"only the second on {self.only_second:,}: difference "
                f"{100 * self.difference:+.2f} points ({self.confidence:.0%} interval "
                f"{low:+.2f} to {high:+.2f}; exact McNemar p = {self.p_value:.2g})")  # fmt: skip


@dataclass(frozen=True)
class RecipeComparison:
    """Two recipes, each trained with the same seeds.

    Attributes:
        seeds: how many pairs of runs; few seeds leave a wide interval.
        difference: mean of the first's value minus the second's, in their unit.
        sd: the differences' standard deviation over seeds, with seeds - 1.
        interval: Student's t interval of the mean difference, (low, high).
        p_value: of the paired t test; nan where all differences are equal, so that there is no
            spread to judge by.
        confidence: the interval's coverage.
    """

    seeds: int
    difference: float
    sd: float
    interval: tuple[float, float]
    p_value: float
    confidence: float = 0.95

    def __str__(self) -> str:
        low, high = self.interval
        return (f"over {self.seeds} seeds, the first minus the second is {self.difference:+.4g} "
                f"({self.confidence:.0%} interval {low:+.4g} to {high:+.4g}; "
                f"paired t test p = {self.p_value:.2g})")  # fmt: skip


def compare_models(
    labels: np.ndarray, first: np.ndarray, second: np.ndarray, confidence: float = 0.95
) -> ModelComparison:
    """Compare two trained models' predictions of the same images.

    The test is McNemar's (1947) in its exact form: SciPy's binomial test of the discordant
    images. The interval is Bonett and Price's (2012, J. Educ. Behav. Stat. 37, 479-488): the
    normal interval for the mean of the images' differences (1, 0 or -1), as if two more images
    had been seen, one for each model; it stays honest where few or no images are discordant.
    Near p = 0.05 test and interval may disagree. Both speak of these two trained models; for
    the recipes behind them use `compare_recipes`.

    Args:
        labels: true digits, integer (n,), 0-9.
        first: the first model's predicted digits, integer (n,), of the same images.
        second: the second's.
        confidence: the interval's coverage, between 0 and 1.

    Raises:
        ValueError: if an array is not such digits, the lengths differ, or the confidence is out
            of range.
    """
    from scipy.stats import binomtest, norm

    check_confidence(confidence)
    labels = check_digits("labels", labels)
    right = check_digits("first", first, length=len(labels)) == labels
    also = check_digits("second", second, length=len(labels)) == labels
    only_first, only_second = int((right & ~also).sum()), int((also & ~right).sum())
    discordant = only_first + only_second
    p_value = binomtest(only_first, discordant).pvalue if discordant else 1.0
    differences = np.append(right.astype(float) - also, [1, -1])
    bounds = norm.interval(
        confidence, differences.mean(), differences.std() / np.sqrt(len(differences))
    )
    low, high = np.clip(bounds, -1, 1)
    return ModelComparison(
        int((right & also).sum()), only_first, only_second, int((~right & ~also).sum()),
        (only_first - only_second) / len(labels), (float(low), float(high)), float(p_value),
        confidence,
    )  # fmt: skip


def compare_recipes(
    first: Sequence[float], second: Sequence[float], confidence: float = 0.95
) -> RecipeComparison:
    """Compare two recipes trained with the same seeds, by SciPy's paired t test.

    Args:
        first: the first recipe's results, such as accuracies, one a seed; at least two.
        second: the second's, in the same order of seeds.
        confidence: the interval's coverage, between 0 and 1.

    Raises:
        ValueError: if the lengths differ, there are fewer than two seeds, a value is not finite,
            or the confidence is out of range.
    """
    from scipy.stats import ttest_rel

    check_confidence(confidence)
    first, second = check_values("first", first), check_values("second", second)
    if len(first) != len(second):
        raise ValueError("first and second must have one value for each of the same seeds, "
                         f"got {len(first)} and {len(second)}")  # fmt: skip
    differences = first - second
    mean, sd = float(differences.mean()), float(differences.std(ddof=1))
    if np.ptp(differences) < 1e-12 * max(1.0, abs(mean)):
        return RecipeComparison(len(first), mean, 0.0, (mean, mean), float("nan"), confidence)
    test = ttest_rel(first, second)
    bounds = test.confidence_interval(confidence)
    interval = float(bounds.low), float(bounds.high)
    return RecipeComparison(len(first), mean, sd, interval, float(test.pvalue), confidence)
