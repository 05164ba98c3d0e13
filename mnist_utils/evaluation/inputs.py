"""Checks of what the evaluation functions are given; each error names what was wrong."""

import numpy as np


def check_counts(correct: int, total: int) -> None:
    """Raise ValueError unless both are whole numbers, 0 <= correct <= total, total from 1 to 1e15."""
    try:
        whole = int(correct) == correct and int(total) == total
    except Exception:  # texts, arrays, nan, whatever has no int()
        whole = False
    if not whole or not 0 <= correct <= total or not 1 <= total <= 10**15:
        raise ValueError("need whole numbers with 0 <= correct <= total and total >= 1, "
                         f"got {correct!r:.80} of {total!r:.80}")  # fmt: skip


def check_confidence(confidence: float, name: str = "confidence") -> None:
    """Raise ValueError unless confidence lies strictly between 0 and 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"{name} must lie between 0 and 1, got {confidence}")


def _as_array(name: str, values, dtype=None) -> np.ndarray:
    try:
        return np.asarray(values, dtype=dtype)
    except Exception as error:  # NumPy has no one error for what can't be an array of numbers
        raise ValueError(
            f"{name} must be numbers, got {type(values).__name__} ({error})"
        ) from error


def check_values(name: str, values) -> np.ndarray:
    """Return at least two finite numbers as float64 (n,), or raise ValueError."""
    array = _as_array(name, values, float)
    if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
        raise ValueError(f"{name} must be at least two finite numbers, got {values!r}")
    return array


def check_digits(name: str, digits, *, length: int | None = None, classes: int = 10) -> np.ndarray:
    """Return integers 0 to classes - 1 as int64 (n,), n at least 1, or raise ValueError."""
    digits = _as_array(name, digits)
    if digits.ndim != 1 or len(digits) == 0 or not np.issubdtype(digits.dtype, np.integer):
        hint = "; take probabilities.argmax(axis=1)" if digits.ndim == 2 else ""
        raise ValueError(f"{name} must be integers of shape (n,), n at least 1, "
                         f"got {digits.dtype} {digits.shape}{hint}")  # fmt: skip
    if length is not None and len(digits) != length:
        raise ValueError(f"{name} must have {length:,} entries, got {len(digits):,}")
    if not 0 <= digits.min() <= digits.max() < classes:
        raise ValueError(f"{name} must be 0 to {classes - 1}, got {digits.min()} to {digits.max()}")
    return digits.astype(np.int64)


def check_probabilities(probabilities, *, length: int | None = None) -> np.ndarray:
    """Return probabilities as float64 (n, classes) whose rows sum to 1, or raise ValueError.

    Rows of float32 miss 1 by some 1e-7; they are divided by their sum. 1e-3 is too much.
    """
    given = _as_array("probabilities", probabilities, float)
    if given.ndim != 2 or 0 in given.shape:
        raise ValueError(f"probabilities must have shape (n, classes), got {given.shape}")
    if length is not None and len(given) != length:
        raise ValueError(f"probabilities must have {length:,} rows, got {len(given):,}")
    sums = given.sum(axis=1, keepdims=True)
    if not (given >= 0).all() or not np.allclose(sums, 1, rtol=0, atol=1e-3):
        raise ValueError("probabilities must be at least 0 and sum to 1 in each row; "
                         "a network's logits need a softmax first")  # fmt: skip
    return given / sums


def check_labelled(labels, probabilities) -> tuple[np.ndarray, np.ndarray]:
    """Return labels (n,) and probabilities (n, classes), checked and in step."""
    probabilities = check_probabilities(probabilities)
    rows, classes = probabilities.shape
    return check_digits("labels", labels, length=rows, classes=classes), probabilities


def ask(model, images: np.ndarray):
    """Return what a model says of images (n, 28, 28).

    Args:
        model: a keras.Model, or any function of the images.
        images: pixels 0-255.
    """
    if hasattr(model, "predict_on_batch"):
        return model.predict(images, batch_size=500, verbose=0)
    return np.asarray(model(images))
