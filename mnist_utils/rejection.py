"""Knowing when not to answer: how sure a network is, what is left after refusing, and a threshold.

A confidence is one number an image; the larger, the surer. An image is accepted where it is at
least the threshold. Nothing here imports TensorFlow.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mnist_utils.evaluation.inputs import check_confidence, check_probabilities
from mnist_utils.evaluation.intervals import accuracy_interval


@dataclass(frozen=True)
class Acceptance:
    """What a threshold does to some images.

    Attributes:
        accepted: images that are answered.
        total: images in all.
        errors: wrong answers among the accepted.
        coverage: accepted / total.
        risk: errors / accepted; nan where nothing is accepted.
        risk_interval: Wilson's 95% interval of the risk; nan where nothing is accepted.
    """

    accepted: int
    total: int
    errors: int

    @property
    def coverage(self) -> float:
        return self.accepted / self.total

    @property
    def risk(self) -> float:
        return self.errors / self.accepted if self.accepted else float("nan")

    @property
    def risk_interval(self) -> tuple[float, float]:
        if not self.accepted:
            return float("nan"), float("nan")
        return accuracy_interval(self.errors, self.accepted)


def largest_probability(probabilities: np.ndarray) -> np.ndarray:
    """Return each image's largest probability, float64 (n,), from probabilities (n, classes).

    (Hendrycks and Gimpel, A Baseline for Detecting Misclassified and Out-of-Distribution Examples,
    2017, arXiv 1610.02136.)
    """
    return check_probabilities(probabilities).max(axis=1)


def energy(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return each image's energy, -T·log Σ exp(logit / T), float64 (n,); its negative is a confidence.

    It is low where some logit is large. Softmax cares for the differences of the logits only; the
    energy keeps how large they are. (Liu, Wang, Owens and Li, Energy-based Out-of-distribution
    Detection, 2020, arXiv 2010.03759.)

    Args:
        logits: (n, classes), finite.
        temperature: T, above 0.

    Raises:
        ValueError: if the logits are no such array, or the temperature is not above 0.
    """
    from scipy.special import logsumexp

    logits = np.asarray(logits, dtype=float)
    if logits.ndim != 2 or 0 in logits.shape or not np.isfinite(logits).all():
        raise ValueError(f"logits must be finite numbers (n, classes), got shape {logits.shape}")
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature must be a finite number above 0, got {temperature}")
    return -temperature * logsumexp(logits / temperature, axis=1)


def accept(right: np.ndarray, confidence: np.ndarray, threshold: float) -> Acceptance:
    """Return what is left if images below the threshold are refused.

    Args:
        right: bool (n,), whether the answer is right.
        confidence: float (n,), in the same order.
        threshold: the least confidence that is accepted; inf refuses everything.

    Raises:
        ValueError: if the arrays are not such.
    """
    right, confidence = _check(right, confidence)
    if np.isnan(threshold):
        raise ValueError("threshold must be a number, got nan")
    kept = confidence >= threshold
    return Acceptance(int(kept.sum()), len(kept), int((kept & ~right).sum()))


def risk_coverage(right: np.ndarray, confidence: np.ndarray) -> pd.DataFrame:
    """Return the error among the accepted images for every possible threshold.

    (El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017, arXiv 1705.08500.) Images of the same
    confidence are accepted together.

    Args:
        right: bool (n,), whether the answer is right.
        confidence: float (n,), in the same order.

    Returns:
        One row a threshold, the strictest first. Columns: threshold; accepted, how many images;
        errors, of these; coverage, accepted / n; risk, errors / accepted.

    Raises:
        ValueError: if the arrays are not such.
    """
    right, confidence = _check(right, confidence)
    order = np.argsort(-confidence, kind="stable")
    last = np.append(np.diff(confidence[order]) < 0, True)  # of images of the same confidence
    accepted = np.arange(1, len(order) + 1)[last]
    errors = np.cumsum(~right[order])[last]
    return pd.DataFrame({"threshold": confidence[order][last], "accepted": accepted,
                         "errors": errors, "coverage": accepted / len(order),
                         "risk": errors / accepted})  # fmt: skip


def choose_threshold(right: np.ndarray, confidence: np.ndarray, target: float) -> float:
    """Return the most generous threshold whose error on these images is at most the target.

    What it promises is what it was chosen for: on other images the error will be above the target
    about as often as below it, or oftener. `promise_threshold` leaves room for luck.

    Args:
        right, confidence: of validation images, as for `risk_coverage`.
        target: the error wanted among the accepted, 0 to 1.

    Returns:
        The threshold; inf, which refuses everything, where none keeps the target.

    Raises:
        ValueError: if the arrays are not such, or the target is out of range.
    """
    if not 0 <= target < 1:
        raise ValueError(f"target must be 0 to below 1, got {target!r}")
    curve = risk_coverage(right, confidence)
    kept = curve.threshold[curve.risk <= target]
    return float(kept.iloc[-1]) if len(kept) else float("inf")


def promise_threshold(
    right: np.ndarray,
    confidence: np.ndarray,
    target: float,
    *,
    sure: float = 0.95,
    step: float = 0.01,
) -> float:
    """Return the most generous threshold whose error is at most the target, and be sure of it.

    Thresholds are tried from a strict one to generous ones, at fixed shares of the images, until
    one fails: until the exact upper bound (Clopper and Pearson 1934, one-sided) of its error
    exceeds the target. The first is at as many images as would be enough without an error. As the
    order is fixed beforehand and the first failure ends it, no correction for many looks is
    needed (fixed-sequence testing: Angelopoulos and others, Learn then Test, 2021, arXiv
    2110.01052). The promise holds for images drawn like these, and for no others.

    Args:
        right, confidence: of validation images, as for `risk_coverage`.
        target: the error wanted among the accepted, above 0, below 1.
        sure: how often such a promise is kept, at least; between 0 and 1.
        step: between the shares of images that are tried.

    Returns:
        The threshold; inf, which refuses everything, where none can be promised.

    Raises:
        ValueError: if the arrays are not such, or a number is out of range.
    """
    from scipy.stats import binomtest

    check_confidence(sure, "sure")
    if not 0 < target < 1:
        raise ValueError(f"target must lie between 0 and 1, got {target!r}")
    if not 0 < step <= 1:
        raise ValueError(f"step must be above 0, at most 1, got {step!r}")
    curve = risk_coverage(right, confidence)
    total, chosen = len(np.asarray(right)), float("inf")
    enough = np.log(1 - sure) / np.log(1 - target)  # images, if there is no error among them
    if enough > total:
        return chosen
    for share in np.arange(enough / total, 1 + step, step):
        images = min(np.ceil(share * total), total)
        row = curve.iloc[np.searchsorted(curve.accepted, images)]  # its equals come along
        test = binomtest(int(row.errors), int(row.accepted), alternative="less")
        if test.proportion_ci(sure, method="exact").high > target:
            break
        chosen = float(row.threshold)
    return chosen


def _check(right, confidence) -> tuple[np.ndarray, np.ndarray]:
    right, confidence = np.asarray(right), np.asarray(confidence, dtype=float)
    if right.dtype != bool or right.ndim != 1 or len(right) == 0:
        raise ValueError(f"right must be bool (n,), n at least 1, got {right.dtype} {right.shape}")
    if confidence.shape != right.shape or np.isnan(confidence).any():
        raise ValueError(f"confidence must be numbers of shape {right.shape}, as right, "
                         f"got shape {confidence.shape}, {np.isnan(confidence).sum()} nan")  # fmt: skip
    return right, confidence
