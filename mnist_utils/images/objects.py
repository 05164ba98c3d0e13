"""What is drawn or lies around the digit and is taken for its strokes: a frame, or the pen."""

import numpy as np
from scipy import ndimage

from mnist_utils.images.parts import Part

THINNER = 3  # how many times thinner than the pen what it wrote is, at least
FRAME_GAP = 0.05  # of a frame's longer side: how wide open its corners may be

Marks = tuple[np.ndarray, Part, list[Part]]


def beside_pen(labels: np.ndarray, seed: Part, parts: list[Part]) -> Marks:
    """Go from a pen that lies on the paper to what was written with it, if it is a pen.

    Args:
        labels: int (rows, columns), the pieces' numbers.
        seed: the piece that is thought to be the digit.
        parts: all larger pieces.

    Returns:
        The same three, without the pen and with what it wrote as the seed.
    """
    thin = [part for part in parts if part.thickness < seed.thickness / THINNER
            and part.weight > 0.15 * seed.weight and part.side > 0.2 * seed.side
            and not part.across]  # fmt: skip
    pen = thin and seed.is_rod()
    return _leave_out(labels, seed, parts, thin) if pen else (labels, seed, parts)


def inside_frame(labels: np.ndarray, seed: Part, parts: list[Part]) -> Marks:
    """Go from a box or circle that was drawn around a digit to the digit; else as `beside_pen`."""
    from skimage.morphology import convex_hull_image

    reach = int(FRAME_GAP * seed.side / 2) + 1
    if seed.likely:
        lines = ndimage.distance_transform_edt(~np.pad(seed.mask, reach)) <= reach
        filled = ndimage.binary_fill_holes(lines)[reach:-reach, reach:-reach]
    else:  # cut off by the picture's edge
        filled = convex_hull_image(seed.mask)
    holes = filled & ~seed.mask
    within = [part for part in parts if part is not seed and part.side > 0.3 * seed.side
              and part.weight > 0.1 * seed.weight and _covers(holes, seed, part)]  # fmt: skip
    return _leave_out(labels, seed, parts, within) if within else (labels, seed, parts)


def _leave_out(labels: np.ndarray, seed: Part, parts: list[Part], instead: list[Part]) -> Marks:
    others = [part for part in parts if part is not seed]
    return (np.where(labels == seed.number, 0, labels),
            max(instead, key=lambda part: part.weight), others)  # fmt: skip


def _covers(holes: np.ndarray, outer: Part, inner: Part) -> bool:
    """Return whether all of a piece lies in the holes of another, bool like its mask."""
    place = []
    for around, part in zip(outer.where, inner.where, strict=True):
        if part.start < around.start or part.stop > around.stop:
            return False
        place.append(slice(part.start - around.start, part.stop - around.start))
    return bool(holes[tuple(place)][inner.mask].all())
