"""Taking the lines of ruled and squared paper out of a mask, where they are as strong as the ink."""

import numpy as np
from scipy import ndimage

LEAST_COVER = 0.75  # how much of its way through the picture a line must be inked
LEAST_LENGTH = 0.7  # of that way, as a share of the picture's height or width
TURN = 15  # degrees: how far lines may lean
_COARSE = 300  # pixels of the longer side while lines are looked for


def without_lines(mask: np.ndarray) -> np.ndarray:
    """Remove straight lines from one edge of the picture to the other; strokes that cross them stay.

    Lines are found by Hough's transform (Duda and Hart 1972), in scikit-image.

    Args:
        mask: bool (rows, columns), strokes and lines.

    Returns:
        bool (rows, columns): the mask without the lines; what is as thin as a line and runs along
        one is lost with it.
    """
    lines = _lines(mask)
    if not lines.any():
        return mask
    inside = ndimage.distance_transform_edt(mask)
    half = float(np.quantile(inside[lines & mask], 0.9)) + 0.5  # of the lines' thickness
    thick = ndimage.binary_dilation(inside > half, np.ones((3, 3)), int(half) + 1)
    kept = mask & (~lines | thick)
    reach = int(2 * half) + 2
    padded = np.pad(kept, reach)
    bridged = ndimage.binary_closing(padded, iterations=reach)[reach:-reach, reach:-reach]
    kept |= bridged & mask
    labels, count = ndimage.label(kept, np.ones((3, 3)))
    within = ndimage.mean(ndimage.binary_dilation(lines, iterations=2), labels, range(count + 1))
    return kept & (within < 0.8)[labels]  # without the crumbs that are left of lines


def _lines(mask: np.ndarray) -> np.ndarray:
    """Mark a band about each line, bool (rows, columns)."""
    from skimage.transform import hough_line

    step = max(1, int(np.ceil(max(mask.shape) / _COARSE)))
    rows, columns = (-(-side // step) for side in mask.shape)
    padded = np.pad(mask, ((0, rows * step - mask.shape[0]), (0, columns * step - mask.shape[1])))
    coarse = padded.reshape(rows, step, columns, step).any(axis=(1, 3))
    coarse = ndimage.binary_dilation(coarse)  # faint lines are broken
    leans = np.deg2rad(np.arange(-TURN, TURN + 0.1, 0.5))
    y, x = np.mgrid[:rows, :columns]
    band = np.zeros_like(coarse)
    for upright, length in ((leans, rows), (leans + np.pi / 2, columns)):
        inked, angles, places = hough_line(coarse, upright)
        whole, _, _ = hough_line(np.ones_like(coarse), upright)
        cover = np.where(whole >= LEAST_LENGTH * length, inked / np.maximum(whole, 1), 0)
        while cover.max() >= LEAST_COVER:
            place, angle = np.unravel_index(cover.argmax(), cover.shape)
            away = np.abs(x * np.cos(angles[angle]) + y * np.sin(angles[angle]) - places[place])
            band |= away <= 1.5
            near = np.abs(places - places[place]) <= 4
            cover[near] = 0  # its neighbours are the same line
    return np.kron(band, np.ones((step, step), bool))[: mask.shape[0], : mask.shape[1]]
