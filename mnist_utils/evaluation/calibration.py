"""Does 90% sure mean right nine times in ten? Probability scores, reliability, temperature.

Throughout, labels are integers (n,), 0 to classes - 1, and probabilities (n, classes) are at
least 0 with rows that sum to 1; anything else is a ValueError.
"""

import numpy as np
import pandas as pd

from mnist_utils.evaluation.inputs import check_labelled, check_probabilities
from mnist_utils.evaluation.intervals import accuracy_interval


def negative_log_likelihood(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean of -log(probability of the true class), in nats; 0 is perfect.

    Cross-entropy is the same. By scikit-learn's log_loss, which takes a probability below 2.2e-16
    for that; Keras's own loss cuts at 1e-7 already, so `model.evaluate` may give a little less.
    """
    from sklearn.metrics import log_loss

    labels, probabilities = check_labelled(labels, probabilities)
    return float(log_loss(labels, probabilities, labels=range(probabilities.shape[1])))


def brier_score(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return Brier's score: the squared error of the probabilities, summed over the classes.

    The mean over images of Σ (probability - 1 for the true class, else 0)², as Brier defined it
    (1950): from 0, perfect, to 2, certain and always wrong. A tenth for each of ten classes
    gives 0.9. Some libraries halve it, or divide it by the number of classes.
    """
    labels, probabilities = check_labelled(labels, probabilities)
    truth = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def reliability_curve(
    labels: np.ndarray, probabilities: np.ndarray, *, bins: int = 10, confidence: float = 0.95
) -> pd.DataFrame:
    """Return how often the model is right, by how sure it is.

    Bins have equal mass: images are sorted by their largest probability and cut at its quantiles,
    as scikit-learn's calibration_curve(strategy="quantile") does. Images with the same
    probability stay together, so that bins may be uneven or fewer than asked for.

    Args:
        labels: true classes, integer (n,).
        probabilities: (n, classes).
        bins: how many, at least 1.
        confidence: the intervals' coverage, between 0 and 1.

    Returns:
        One row a bin, the least sure first. Columns: images; probability, the mean largest
        probability; accuracy, the share that is right; low and high, Wilson's interval for it.

    Raises:
        ValueError: if the arrays are not such, or bins or the confidence is out of range.
    """
    labels, probabilities = check_labelled(labels, probabilities)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    sure = probabilities.max(axis=1)
    cuts = np.quantile(sure, np.arange(1, bins) / bins)
    right = probabilities.argmax(axis=1) == labels
    frame = pd.DataFrame({"probability": sure, "right": right})
    groups = frame.groupby(np.searchsorted(cuts, sure))
    curve = groups.agg(images=("right", "size"), correct=("right", "sum"),
                       probability=("probability", "mean"), accuracy=("right", "mean"))  # fmt: skip
    bounds = [accuracy_interval(row.correct, row.images, confidence) for row in curve.itertuples()]
    curve["low"], curve["high"] = np.transpose(bounds)
    return curve.drop(columns="correct").reset_index(drop=True)


def expected_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, *, bins: int = 10
) -> float:
    """Return the mean distance between probability and accuracy over `reliability_curve`'s bins.

    Weighted by the bins' images; from 0 to 1. (Naeini, Cooper and Hauskrecht 2015; with equal-mass
    bins after Nguyen and O'Connor 2015.) Chance alone makes it positive for a perfectly
    calibrated model too, the more so the more bins, so read it beside NLL and Brier's score.
    """
    curve = reliability_curve(labels, probabilities, bins=bins)
    gaps = (curve.accuracy - curve.probability).abs()
    return float(np.average(gaps, weights=curve.images))


def calibration_scores(
    labels: np.ndarray, probabilities: np.ndarray, *, bins: int = 10
) -> dict[str, float]:
    """Return "nll", "brier" and "ece" (equal-mass bins) of the same predictions, by name."""
    return {
        "nll": negative_log_likelihood(labels, probabilities),
        "brier": brier_score(labels, probabilities),
        "ece": expected_calibration_error(labels, probabilities, bins=bins),
    }


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the temperature that gives the least negative log-likelihood; use validation data.

    Above 1 the model was too sure, below 1 not sure enough. (Guo, Pleiss, Sun and Weinberger
    2017, arXiv 1706.04599.) Found by SciPy's minimize_scalar on a logarithmic scale, on which
    there is one minimum.

    Args:
        labels: true classes of validation images, integer (n,).
        probabilities: (n, classes), the model's for the same images.

    Raises:
        ValueError: besides wrong shapes, if the best temperature does not lie between 0.05 and
            20, as for a model without a mistake or one that is no better than chance.
    """
    from scipy.optimize import minimize_scalar

    labels, probabilities = check_labelled(labels, probabilities)
    least, most = np.log(0.05), np.log(20)

    def loss(log_temperature):
        scaled = apply_temperature(probabilities, np.exp(log_temperature))
        return negative_log_likelihood(labels, scaled)

    found = minimize_scalar(loss, bounds=(least, most), method="bounded").x
    faultless = (probabilities.argmax(axis=1) == labels).all()  # the colder the better, for ever
    if faultless or min(found - least, most - found) < 1e-3:
        raise ValueError("no temperature between 0.05 and 20 is best for these predictions; give "
                         "validation images on which the model is better than chance but makes "
                         "mistakes")  # fmt: skip
    return float(np.exp(found))


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return the probabilities at a temperature: each to the power 1/temperature, rows summing to 1.

    The same as dividing the logits by the temperature before the softmax. The order of the
    classes, and so the accuracy, stays as it was.

    Args:
        probabilities: (n, classes).
        temperature: above 0; 1 changes nothing, more makes less sure.

    Returns:
        float64 (n, classes).

    Raises:
        ValueError: if the temperature is not a finite number above 0, or probabilities are none.
    """
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature must be a finite number above 0, got {temperature}")
    probabilities = check_probabilities(probabilities)
    scaled = (probabilities / probabilities.max(axis=1, keepdims=True)) ** (1 / temperature)
    return scaled / scaled.sum(axis=1, keepdims=True)
