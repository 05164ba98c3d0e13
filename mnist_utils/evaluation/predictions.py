"""Which digits are mistaken for which, and what a model says of one image."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mnist_utils.evaluation.inputs import ask, check_digits, check_probabilities

DIGITS = range(10)


@dataclass(frozen=True)
class Prediction:
    """What a model says of one image.

    Attributes:
        digit: the most probable digit.
        probability: its probability, 0 to 1.
        top: the three most probable digits with their probabilities, the first first.
        probabilities: float64 (10,), one a digit, summing to 1.
    """

    digit: int
    probability: float
    top: tuple[tuple[int, float], ...]
    probabilities: np.ndarray

    def __str__(self) -> str:
        return ", then ".join(f"{digit} ({chance:.1%})" for digit, chance in self.top)


def predict_one(model, image: np.ndarray) -> Prediction:
    """Ask a model what one image shows.

    Args:
        model: a keras.Model, or any function, from images (1, 28, 28) to probabilities (1, 10).
        image: (28, 28) or (28, 28, 1), pixels 0-255; 0 is background.

    Raises:
        ValueError: if the image has another shape or another range of pixels, such as one that
            was scaled already, or if the model does not return probabilities.
    """
    image = np.asarray(image)
    if image.shape not in ((28, 28), (28, 28, 1)):
        raise ValueError(f"image must have shape (28, 28) or (28, 28, 1), got {image.shape}")
    if not (image.min() >= 0 and image.max() <= 255):
        raise ValueError(f"pixels must be 0 to 255, got {image.min()} to {image.max()}")
    if not np.issubdtype(image.dtype, np.integer) and 0 < image.max() <= 1:
        raise ValueError(f"pixels must be 0 to 255, but the largest is {image.max():.3g}; "
                         "don't divide by 255, the models scale for themselves")  # fmt: skip
    probabilities = check_probabilities(ask(model, image.reshape(1, 28, 28)), length=1)[0]
    if len(probabilities) != 10:
        raise ValueError(f"model must return 10 probabilities an image, got {len(probabilities)}")
    order = np.argsort(-probabilities, kind="stable")[:3]
    top = tuple((int(digit), float(probabilities[digit])) for digit in order)
    return Prediction(*top[0], top, probabilities)


def classification_table(labels: np.ndarray, predictions: np.ndarray) -> pd.DataFrame:
    """Return precision, recall and F1 of each digit: scikit-learn's classification report.

    Args:
        labels: true digits, integer (n,), 0-9.
        predictions: predicted digits, integer (n,), 0-9.

    Returns:
        One row a digit ("0" to "9"), then "macro avg" (each digit counts the same) and
        "weighted avg" (each image does). Columns: precision, the share of the images called so
        that are so; recall, the share of the digit's images that are found; f1, the harmonic
        mean of the two; all 0 to 1, and 0 where there is nothing to divide by; images.

    Raises:
        ValueError: if the arrays are not such digits or differ in length.
    """
    from sklearn.metrics import classification_report

    labels, predictions = _check_both(labels, predictions)
    report = classification_report(
        labels, predictions, labels=DIGITS, output_dict=True, zero_division=0
    )
    rows = [*map(str, DIGITS), "macro avg", "weighted avg"]
    table = pd.DataFrame(report).T.loc[rows]
    table = table.rename(columns={"f1-score": "f1", "support": "images"})
    return table.astype({"images": int})


def confusion_table(labels: np.ndarray, predictions: np.ndarray) -> pd.DataFrame:
    """Return scikit-learn's confusion matrix, in images; `plotting.plot_confusion` draws it.

    Args and errors as for `classification_table`.

    Returns:
        Integers, 10 rows ("true", 0-9) by 10 columns ("predicted", 0-9).
    """
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(*_check_both(labels, predictions), labels=DIGITS)
    return pd.DataFrame(
        counts, index=pd.Index(DIGITS, name="true"), columns=pd.Index(DIGITS, name="predicted")
    )


def confused_pairs(labels: np.ndarray, predictions: np.ndarray, count: int = 10) -> pd.DataFrame:
    """Return the most frequent mistakes, the most frequent first.

    Args:
        labels: true digits, integer (n,), 0-9.
        predictions: predicted digits, integer (n,), 0-9.
        count: pairs at most; those that never happened are left out.

    Returns:
        Columns: true and predicted, the two digits; images, how often; share, of all images of
        the true digit, 0 to 1.

    Raises:
        ValueError: if the arrays are not such digits or differ in length, or count is below 1.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    counts = confusion_table(labels, predictions).to_numpy()
    errors = counts * (1 - np.eye(10, dtype=int))
    order = np.argsort(-errors, axis=None, kind="stable")[: min(count, np.count_nonzero(errors))]
    true, predicted = np.divmod(order, 10)
    images = errors[true, predicted]
    share = images / counts.sum(axis=1)[true]
    return pd.DataFrame({"true": true, "predicted": predicted, "images": images, "share": share})


def _check_both(labels, predictions) -> tuple[np.ndarray, np.ndarray]:
    labels = check_digits("labels", labels)
    return labels, check_digits("predictions", predictions, length=len(labels))
