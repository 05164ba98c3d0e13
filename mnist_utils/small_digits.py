"""Digits of other writers: scikit-learn's 8 by 8 images, brought into MNIST's form.

The 1,797 images are the test part of Optical Recognition of Handwritten Digits (Alpaydin and
Kaynak 1998, UCI), written by 13 people. Each was a bitmap of 32 by 32; every number, 0 to 16,
counts the inked ones among 4 by 4 of its pixels.
"""

import numpy as np
from scipy import ndimage

from mnist_utils.data import Split
from mnist_utils.framing import frame
from mnist_utils.preprocessing import bounding_boxes, check_images


def load_small_digits() -> tuple[np.ndarray, np.ndarray]:
    """Return scikit-learn's digits as they are: counts, uint8 (1797, 8, 8), 0-16, and labels."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return digits.images.astype(np.uint8), digits.target.astype(np.uint8)


def other_writers() -> Split:
    """Return scikit-learn's digits in MNIST's form: a Split of 1,797 images and labels."""
    counts, labels = load_small_digits()
    return Split(enlarge(counts), labels)


def enlarge(counts: np.ndarray) -> np.ndarray:
    """Bring 8 by 8 counts into MNIST's form.

    A smooth surface through the counts (a cubic spline) stands for the share of ink at each
    place, 64 by 64. Ink begins where it passes a quarter and is full at three quarters, about as
    sharp an edge as MNIST's. Then the image is framed as MNIST's were.

    Args:
        counts: array (n, 8, 8), 0-16, none of them blank.

    Returns:
        uint8 (n, 28, 28).

    Raises:
        ValueError: if counts is no such array, or an image has too little ink.
    """
    _check_counts(counts)
    # What a spline does to a row of 8 numbers is a matrix; it is quicker than a zoom of the stack.
    spline = ndimage.zoom(np.eye(8), (8, 1), order=3, mode="grid-constant", grid_mode=True)
    share = spline @ (np.asarray(counts) / 16) @ spline.T  # (n, 64, 64)
    ink = np.clip(2 * share - 0.5, 0, 1)
    return np.array([frame(image) for image in (255 * ink).round().astype(np.uint8)],
                    np.uint8).reshape(-1, 28, 28)  # fmt: skip


def stretch(counts: np.ndarray) -> np.ndarray:
    """Enlarge 8 by 8 counts to 28 by 28 squares of colour, and nothing else: the careless way.

    Args and errors as for `enlarge`; returns uint8 (n, 28, 28).
    """
    _check_counts(counts)
    place = (np.arange(28) + 0.5) * 8 / 28
    nearest = place.astype(int)
    grey = np.asarray(counts)[:, nearest][:, :, nearest] * (255 / 16)
    return grey.round().astype(np.uint8)


def reduce(images: np.ndarray) -> np.ndarray:
    """Do to MNIST's images what was done to the small digits: counts, uint8 (n, 8, 8), 0-16.

    The ink's box is scaled, with the aspect kept, until it is 32 pixels high or wide, put in the
    middle, and made black and white; then 4 by 4 pixels are counted.

    Args:
        images: uint8 (n, 28, 28), 0-255, none of them blank.

    Raises:
        ValueError: if the images are no such array, or one is blank.
    """
    from PIL import Image

    check_images(images)
    if images.dtype != np.uint8:
        raise ValueError(f"images must be uint8, pixels 0-255, got {images.dtype}")
    bitmaps = np.zeros((len(images), 32, 32), bool)
    for bitmap, image, box in zip(bitmaps, images, bounding_boxes(images), strict=True):
        row, column, height, width = box
        if not height:
            raise ValueError("images must all have ink; one is blank")
        ink = Image.fromarray(image[row : row + height, column : column + width])
        size = [max(1, round(32 * side / max(height, width))) for side in (height, width)]
        scaled = np.asarray(ink.resize(size[::-1], Image.Resampling.BILINEAR)) >= 128
        top, left = ((32 - side) // 2 for side in size)
        bitmap[top : top + size[0], left : left + size[1]] = scaled
    return bitmaps.reshape(-1, 8, 4, 8, 4).sum(axis=(2, 4)).astype(np.uint8)


def _check_counts(counts) -> None:
    shape = np.shape(counts)
    if len(shape) != 3 or shape[1:] != (8, 8):
        raise ValueError(f"counts must have shape (n, 8, 8), got {shape}")
    if np.size(counts) and not 0 <= np.min(counts) <= np.max(counts) <= 16:
        raise ValueError(f"counts must be 0 to 16, got {np.min(counts)} to {np.max(counts)}")
