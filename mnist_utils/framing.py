"""MNIST's own form: the ink in a box of 20 pixels, its centre of mass at 14."""

import numpy as np

from mnist_utils.preprocessing import bounding_boxes, centre_of_mass


def frame(image: np.ndarray) -> np.ndarray:
    """Bring a drawing of any size into the form in which MNIST's digits are.

    As NIST's digits were treated (LeCun and others 1998): cut to the ink, shrink or enlarge with
    the aspect kept until the longer side is 20 pixels, with smooth edges, and put the centre of
    mass at row and column 14. Where the box would then cross the edge, it is moved back.

    Args:
        image: uint8 (height, width), 0 for paper; whatever is above 0 is ink.

    Returns:
        uint8 (28, 28).

    Raises:
        ValueError: if the image is no such array, blank, or has hardly any ink for its size.
    """
    from PIL import Image

    image = np.asarray(image)
    if image.ndim != 2 or image.dtype != np.uint8:
        raise ValueError(f"image must be uint8 (height, width), got {image.dtype} {image.shape}")
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    if not len(rows):
        raise ValueError("image is blank; it has no ink to frame")
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(20 * side / max(ink.shape))) for side in ink.shape)
    smooth = Image.Resampling.BILINEAR  # Pillow takes the mean of all that a new pixel covers
    framed = np.zeros((1, 28, 28), np.uint8)
    framed[0, :height, :width] = Image.fromarray(ink).resize((width, height), smooth)
    if not framed.any():  # a few faint dots on a large sheet
        raise ValueError("image has too little ink; nothing is left of it in 20 pixels")
    row, column = np.round(14 - centre_of_mass(framed)[0]).astype(int)
    first_row, first_column, height, width = bounding_boxes(framed)[0]
    row = np.clip(row, -first_row, 28 - first_row - height)
    column = np.clip(column, -first_column, 28 - first_column - width)
    return np.roll(framed[0], (row, column), axis=(0, 1))
