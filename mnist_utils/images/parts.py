"""Connected pieces of ink, and which of them a pen could have made."""

import numpy as np
from scipy import ndimage

MOST_PARTS = 300  # pieces of ink; more is a texture
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


class Part:
    """A connected piece of ink, and whether a pen could have made it as part of a digit.

    Its weight is the sum of its ink; less where it touches the picture's edge, much less where it
    runs from one edge to the opposite one, as a line on the paper does, and 0 if it is no stroke.
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
        self.weight = 0.0
        if self._is_stroke_like(labels.shape):
            self.weight = float(strength[where][self.mask].sum())
            self.weight *= 0.05 if self.across else 0.3 if any(touches) else 1.0

    def _is_stroke_like(self, shape: tuple[int, int]) -> bool:
        if self.width > 2.5 * self.height:
            return False
        if self.area > 0.75 * self.mask.size and self.side < 1.8 * min(self.mask.shape):
            return False
        thickness = ndimage.distance_transform_edt(np.pad(self.mask, 1)).max()
        if thickness > 0.3 * self.side + 1:
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
