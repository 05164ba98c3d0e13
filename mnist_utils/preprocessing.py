"""Preparing images: scaling constants, where MNIST's recipe puts the ink, shifting, shuffling pixels."""

import numpy as np

# Of all 60,000 training images, those set aside for validation included; pixels 0-255.
PIXEL_MEAN = 33.318421
PIXEL_STD = 78.567490


def check_images(images: np.ndarray) -> None:
    """Raise ValueError unless images is an array (n, 28, 28) of real numbers."""
    shape = getattr(images, "shape", None)
    if shape is None or len(shape) != 3 or shape[1:] != (28, 28):
        raise ValueError(
            f"images must have shape (n, 28, 28), got {shape or type(images).__name__}"
        )
    if isinstance(images, np.ndarray) and images.dtype.kind not in "buif":
        raise ValueError(f"images must be real numbers, got {images.dtype}")


def one_hot(labels: np.ndarray, classes: int = 10) -> np.ndarray:
    """Return float32 (n, classes), 1 at each label and 0 elsewhere.

    Raises:
        ValueError: if a label is not an integer between 0 and classes - 1.
    """
    try:
        labels = np.asarray(labels)
    except Exception as error:  # NumPy has no one error for what can't be an array
        raise ValueError(f"labels must be integers (n,), got {type(labels).__name__}") from error
    if not np.issubdtype(labels.dtype, np.integer) or labels.ndim != 1:
        raise ValueError(f"labels must be integers (n,), got {labels.dtype} {labels.shape}")
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"labels must be 0 to {classes - 1}, got {labels.min()} to {labels.max()}")
    return np.eye(classes, dtype=np.float32)[labels]


def centre_of_mass(images: np.ndarray) -> np.ndarray:
    """Return float64 (n, 2): the ink's mean row and column, 0 for the first pixel's centre.

    A blank image has none and gets nan.
    """
    check_images(images)
    images = np.asarray(images, np.float64)
    ink = images.sum((1, 2))
    position = np.arange(28.0)
    moments = np.stack([images.sum(2) @ position, images.sum(1) @ position], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return moments / ink[:, None]


def bounding_boxes(images: np.ndarray) -> np.ndarray:
    """Return int (n, 4): first row, first column, height and width of each image's ink.

    Ink is any pixel above 0. A blank image has height and width 0.
    """
    check_images(images)
    ink = np.asarray(images) > 0
    boxes = np.zeros((len(ink), 4), int)
    for axis in (0, 1):
        used = ink.any(axis=2 - axis)  # (n, 28): rows with ink, then columns with ink
        first, last = used.argmax(1), 27 - used[:, ::-1].argmax(1)
        boxes[:, axis] = first
        boxes[:, axis + 2] = np.where(used.any(1), last - first + 1, 0)
    return boxes


def shift(images: np.ndarray, rows: int = 0, columns: int = 0) -> np.ndarray:
    """Move images down by rows and right by columns (whole pixels), filling with 0.

    Ink that leaves the frame is lost. Returns an array of the same shape and dtype.
    """
    check_images(images)
    images = np.asarray(images)
    moved = np.zeros_like(images)
    height, width = 28 - abs(rows), 28 - abs(columns)
    if height > 0 and width > 0:
        source = images[:, max(-rows, 0) :, max(-columns, 0) :][:, :height, :width]
        moved[:, max(rows, 0) :, max(columns, 0) :][:, :height, :width] = source
    return moved


def shuffle_pixels(images: np.ndarray, seed: int = 0) -> np.ndarray:
    """Reorder the 784 pixels by one random permutation, the same for every image.

    Nothing is lost: the permutation can be undone. Returns the same shape and dtype.
    """
    check_images(images)
    order = np.random.default_rng(seed).permutation(28 * 28)
    return np.asarray(images).reshape(len(images), -1)[:, order].reshape(-1, 28, 28)
