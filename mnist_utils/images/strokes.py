"""The most prominent strokes in a map of ink that could be a digit."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from mnist_utils.images.ink import Ink
from mnist_utils.images.lines import without_lines
from mnist_utils.images.objects import beside_pen, inside_frame
from mnist_utils.images.pairs import side_by_side
from mnist_utils.images.parts import AROUND, MOST_PARTS, Part, find_parts, slimness, thickness

LEAST_CONTRAST = 0.025  # of ink and paper, where the paper is perfectly even
NOISES = 8  # how many times the ground's noise strokes must stand out, as they do on paper
RIVAL = 0.15  # of the digit's weight in another mark of its height: a thin 1 beside a thick 8
SAME_PEN = 2.5  # how many times thicker or thinner another mark by the same pen may be


@dataclass(frozen=True)
class Found:
    """The strokes of a digit in a picture.

    Attributes:
        ink: the Ink map that they were found in.
        mask: bool (rows, columns), the strokes.
        box: (first row, first column, last row + 1, last column + 1).
        peak: the strokes' typical strength.
        share: their part of all that looks like strokes, 0 to 1.
        rival: whether there is another digit-like mark of similar size, or the strokes themselves
            are two such marks, side by side.
    """

    ink: Ink
    mask: np.ndarray
    box: tuple[int, int, int, int]
    peak: float
    share: float
    rival: bool

    @property
    def length(self) -> float:
        """Return about half the strokes' length, times their strength."""
        return float(self.mask.sum()) * self.peak / self.thickness

    @property
    def size(self) -> int:
        """Return the box's longer side."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])

    @cached_property
    def thickness(self) -> float:
        """Return the largest distance of ink from paper."""
        return thickness(self.mask)

    @property
    def slimness(self) -> float:
        """Return 1 for strokes of a usual width, less for broad areas, such as paper in the sun."""
        return slimness(self.size, self.thickness)


def find_strokes(ink: Ink | None, noises: float = NOISES) -> Found | None:
    """Return the most prominent strokes that could be a digit, or None.

    What is stronger but cannot be one (a dot, a table's edge, a line across the picture) is put
    aside, and the next strongest is looked at. A digit stands out by so many times the noise.
    """
    if ink is None:
        return None
    left = ink.strength.copy()
    best, best_weight = None, 0.0
    for _ in range(6):
        peak = float(left.max())
        if peak < max(LEAST_CONTRAST, 0.75 * noises * ink.noise):
            break
        typical = float(np.quantile(left[left > 0.4 * peak], 0.95))  # crossings are stronger
        mask = left > 0.4 * typical
        labels, parts = find_parts(mask, ink.strength)
        if any(part.across for part in parts):
            labels, parts = find_parts(without_lines(mask), ink.strength)
        if len(parts) > MOST_PARTS:
            break
        seed = max(parts, key=lambda part: part.weight, default=None)
        if seed:
            labels, seed, parts = beside_pen(labels, seed, parts)
            labels, seed, parts = inside_frame(labels, seed, parts)
        if seed and seed.weight > best_weight:
            best, best_weight = (labels, seed, parts), seed.weight
            if seed.likely:
                break
        left[_grow(mask, left > 0.1 * peak)] = 0
    found = best and _assemble(ink, *best)
    return found if found and found.peak >= noises * ink.noise else None


def _grow(mask: np.ndarray, weaker: np.ndarray) -> np.ndarray:
    """Return all weaker ink that hangs together with the mask's, such as its soft edges."""
    labels, count = ndimage.label(weaker, AROUND)
    touched = np.zeros(count + 1, bool)
    touched[labels[mask]] = True
    return ndimage.binary_dilation(touched[labels] & (labels > 0), AROUND, 2)


def _assemble(ink: Ink, labels: np.ndarray, seed: Part, parts: list[Part]) -> Found:
    """Add to the strongest piece what lies near it: the bar of a 5, gaps of a dry pen."""
    mask = labels == seed.number
    reach = 0.18 * seed.side
    strange = [part.number for part in parts if part.side > seed.side
               and (part.weight == 0 or (part.across and not seed.across))]  # fmt: skip
    for _ in range(3):
        distance = ndimage.distance_transform_edt(~mask)
        near = np.setdiff1d(labels[distance <= reach], [0, *strange])
        grown = np.isin(labels, near)
        if grown.sum() == mask.sum():
            break
        mask = grown
    sizes = ndimage.sum_labels(mask, labels, near)
    mask = np.isin(labels, near[sizes >= 0.03 * sizes.sum()])
    box = box_of(mask)
    peak = float(np.quantile(ink.strength[mask], 0.8))
    others = [part for part in parts if not mask[part.where][part.mask].any()]
    chosen = sum(part.weight for part in parts if part not in others)
    rival = any(part.likely and part.weight > RIVAL * chosen and part.height > 0.6 * (box[2] - box[0])
                and 1 / SAME_PEN < part.thickness / seed.thickness < SAME_PEN
                and part.strength > 0.6 * peak for part in others)  # fmt: skip
    share = chosen / (chosen + sum(part.weight for part in others if not part.across))
    return Found(ink, mask, box, peak, share, rival or side_by_side(mask))


def box_of(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return first row, first column, last row + 1 and last column + 1 of a mask's pixels."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
