"""Connected pieces of ink, and which of them a pen could have made."""

import numpy as np
from scipy import ndimage

MOST_PARTS = 300  # pieces of ink; more is a texture
SLIM = 0.12  # the largest distance of ink from paper in usual strokes, as a share of their size
LEAST_SIDE = 0.012  # a digit's longer side, as a share of the picture's
AROUND = np.ones((3, 3), bool)


def find_parts(mask: np.ndarray, strength: np.ndarray) -> tuple[np.ndarray, list["Part"]]:
    """Return the numbers of the connected pieces, int (rows, columns), and the larger pieces."""
    closed = ndimage.binary_closing(np.pad(mask, 3, mode="edge"), AROUND)
    labels, _ = ndimage.label(closed[3:-3, 3:-3], AROUND)
    least = max(4, LEAST_SIDE * max(labels.shape))
    places = [(number, where) for number, where in enumerate(ndimage.find_objects(labels), 1)
              if max(part.stop - part.start for part in where) >= least]  # fmt: skip
    return labels, [Part(*place, labels, strength) for place in places[: MOST_PARTS + 1]]


def smallest_box(mask: np.ndarray) -> tuple[float, float]:
    """Return the shorter and longer side, in pixels, of the smallest rectangle around a mask."""
    places = np.argwhere(mask & ~ndimage.binary_erosion(mask))
    turns = np.deg2rad(np.arange(90))
    along = np.ptp(places @ np.stack([np.cos(turns), np.sin(turns)]), axis=0) + 1
    aside = np.ptp(places @ np.stack([-np.sin(turns), np.cos(turns)]), axis=0) + 1
    best = int((along * aside).argmin())
    return tuple(sorted((float(along[best]), float(aside[best]))))


def thickness(mask: np.ndarray) -> float:
    """Return the largest distance of a mask's pixels, bool (rows, columns), from its outside."""
    return float(ndimage.distance_transform_edt(np.pad(mask, 1)).max())


def slimness(side: float, thick: float) -> float:
    """Return 1 for strokes of a usual width, less for broad areas, such as paper in the sun."""
    return min(1.0, SLIM * side / thick) ** 2


class Part:
    """A connected piece of ink, and whether a pen could have made it as part of a digit.

    Its weight is about half the length of its strokes, times their strength; less for broad areas,
    less where it touches the picture's edge, much less where it runs from one edge to the opposite
    one, as a line on the paper does, and 0 if it is no stroke.
    """

    def __init__(self, number: int, where: tuple[slice, slice], labels: np.ndarray, strength):
        self.number, self.where = number, where
        self.mask = labels[where] == number
        self.height, self.width = self.mask.shape
        self.area = int(self.mask.sum())
        self.side = max(self.mask.shape)
        touches = [where[0].start == 0, where[0].stop == labels.shape[0],
                   where[1].start == 0, where[1].stop == labels.shape[1]]  # fmt: skip
        self.across = (touches[0] and touches[1]) or (touches[2] and touches[3])
        self.likely = not any(touches)
        self.thickness = thickness(self.mask)
        self.strength = float(strength[where][self.mask].mean())
        self.weight = 0.0
        if self._is_stroke_like(labels.shape):
            self.weight = self.strength * self.area / self.thickness
            self.weight *= slimness(self.side, self.thickness)
            self.weight *= 0.05 if self.across else 0.3 if any(touches) else 1.0

    def is_rod(self) -> bool:
        """Return whether it is straight and solid, as a pen is that lies on the paper."""
        least, most = smallest_box(self.mask)
        return most > 5 * least and self.area > 0.75 * least * most

    def _is_stroke_like(self, shape: tuple[int, int]) -> bool:
        if self.width > 2.5 * self.height:
            return False
        if self.area > 0.75 * self.mask.size and self.side < 1.8 * min(self.mask.shape):
            return False
        if self.thickness > 0.3 * self.side + 1:
            return False
        return self._contact(shape) < 0.35

    def _contact(self, shape: tuple[int, int]) -> float:
        """Return the share of its outline that lies on the picture's edge."""
        rows, columns = self.where
        edges = [(rows.start == 0, self.mask[0]), (rows.stop == shape[0], self.mask[-1]),
                 (columns.start == 0, self.mask[:, 0]), (columns.stop == shape[1], self.mask[:, -1])]  # fmt: skip
        touching = sum(int(line.sum()) for touches, line in edges if touches)
        inner = self.mask & ndimage.binary_erosion(self.mask, border_value=0)
        return touching / max(self.area - int(inner.sum()), 1)
