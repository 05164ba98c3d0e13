"""The shadow of a finger or a pen that falls across the strokes, and is as narrow as ink may be."""

import numpy as np

from mnist_utils.images.ink import Ink
from mnist_utils.images.parts import thickness

BROAD = 2.2  # how many times wider than the strokes a shadow is, at least
LEAST_SHADOW = 0.1  # of the mask


def window_below_shadow(ink: Ink, mask: np.ndarray) -> int | None:
    """Return the window for `local_ink` that takes strokes for ink but not a shadow across them.

    Ink in a shadow, and beside it, is darker than the shadow and narrower: where a mark has two
    levels of strength (told apart by Otsu's threshold), and the weaker is much broader, it is
    taken for both.

    Args:
        ink: where the mask was found.
        mask: bool (rows, columns), strokes, perhaps with a shadow.

    Returns:
        The side of the window in pixels; None if there is no such shadow.
    """
    from skimage.filters import threshold_otsu

    inside = ink.strength[mask]
    if not ink.dark or np.ptp(inside) == 0:
        return None
    strong = mask & (ink.strength > threshold_otsu(inside))
    weak = mask & ~strong
    half = thickness(strong)
    if thickness(weak) < BROAD * half or weak.sum() < LEAST_SHADOW * mask.sum():
        return None
    return int(4 * half) + 3
