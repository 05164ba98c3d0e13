"""Where in a picture the digit is: the strokes that belong together, and nothing else."""

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from mnist_utils.images.ink import Ink, global_ink, local_ink
from mnist_utils.images.lines import without_lines
from mnist_utils.images.objects import beside_pen, inside_frame
from mnist_utils.images.pairs import side_by_side
from mnist_utils.images.parts import AROUND, MOST_PARTS, Part, find_parts, slimness, thickness
from mnist_utils.images.reading import NoDigitFound
from mnist_utils.images.shadows import window_below_shadow
from mnist_utils.images.sheet import on_sheet_alone

LEAST_CONTRAST = 0.025  # of ink and paper, where the paper is perfectly even
NOISES = 8  # how many times the paper's noise strokes must stand out
LEAST_SHARE = 0.2  # of the strokes in all that looks like strokes
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

    @property
    def thickness(self) -> float:
        """Return the largest distance of ink from paper."""
        return thickness(self.mask)

    @property
    def slimness(self) -> float:
        """Return 1 for strokes of a usual width, less for broad areas, such as paper in the sun."""
        return slimness(self.size, self.thickness)


def find_digit(
    picture: np.ndarray, *, tones: tuple[bool, ...] = (True, False), near_by: bool = True
) -> Found:
    """Find the strokes of the digit, dark or light, in a picture of a working size.

    Args:
        picture: float32 (rows, columns, 3), 0-1, as `ink.working_size` returns it.
        tones: which ink to look for; True for dark, False for light.
        near_by: whether to compare with the paper near by; else with one colour for all paper.

    Raises:
        NoDigitFound: if nothing stands out, or nothing of it could be a digit.
    """
    sheet = on_sheet_alone(picture) if near_by else None
    if sheet is not None:
        with suppress(NoDigitFound):  # then it is no sheet, or its ink is light
            return _find(sheet, tones=(True,))
    return _find(picture, tones=tones, near_by=near_by)


def _find(picture: np.ndarray, *, tones: tuple[bool, ...], near_by: bool = True) -> Found:
    candidates = []
    for dark in tones:
        whole = global_ink(picture, dark=dark, sure=not near_by)
        local = None
        if near_by and not (whole and whole.certain):
            local = local_ink(picture, dark=dark)
        found = _choose(_out_of_shadow(find_strokes(local), picture), find_strokes(whole), picture)
        if found:
            weight = found.length * found.slimness * _prominence(found, picture)
            candidates.append((weight, found))
    if not candidates:
        raise NoDigitFound("no digit found: nothing in the picture stands out like a pen's strokes")
    weight, best = max(candidates, key=lambda candidate: candidate[0])
    if weight == 0 or best.share < LEAST_SHARE:
        raise NoDigitFound("no digit found: there are marks all over the picture, none of which "
                           "stands out; crop it to the digit")  # fmt: skip
    if best.rival:
        raise NoDigitFound("no single digit found: there are marks of similar size; crop the "
                           "picture to one of them")  # fmt: skip
    return best


def keep_everything(found: Found) -> Found:
    """Return all ink of at least the strength of the digit's weaker parts, not its own alone."""
    mask = found.ink.strength > 0.4 * found.peak
    return replace(found, mask=mask, box=_box(mask))


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _prominence(found: Found, picture: np.ndarray) -> float:
    """Compare the strokes with what lies around their box: 0 if they look the same, 1 if not.

    The holes and bays of dark strokes look like light strokes on dark paper, but are of the same
    colour as what lies around.
    """
    rows, columns = (slice(found.box[k], found.box[k + 2]) for k in (0, 1))
    wide = max(rows.stop - rows.start, columns.stop - columns.start) // 6 + 2
    ring = np.zeros(picture.shape[:2], bool)
    ring[max(rows.start - wide, 0) : rows.stop + wide,
         max(columns.start - wide, 0) : columns.stop + wide] = True  # fmt: skip
    ring[rows, columns] = False
    if not ring.any():
        ring = ~found.mask
    around = np.median(picture[ring], axis=0)
    inside = np.median(picture[found.mask], axis=0)
    difference = float(found.ink.measure(inside[None, None], around[None, None])[0, 0])
    return min(difference / found.peak, 1.0) if difference > 0.3 * found.peak else 0.0


def _out_of_shadow(found: Found | None, picture: np.ndarray) -> Found | None:
    """Look again, against nearer paper, where a finger's shadow seems to be part of the strokes."""
    window = found and window_below_shadow(found.ink, found.mask)
    if not window:
        return found
    return find_strokes(local_ink(picture, dark=found.ink.dark, window=window)) or found


def _choose(local: Found | None, whole: Found | None, picture: np.ndarray) -> Found | None:
    """Take the two-tone reading if it has all of the local one and a little more.

    It then sees strokes along the picture's edge that the local one takes for paper. Much more,
    or thicker strokes, are a shadow.
    """
    if local is None or whole is None:
        return local or whole
    inside = (local.mask & ndimage.binary_dilation(whole.mask, AROUND, 2)).sum()
    if inside < 0.8 * local.mask.sum() or whole.mask.sum() < 1.1 * local.mask.sum():
        return local
    if whole.size > 1.6 * local.size or whole.thickness > 1.6 * local.thickness:
        return local
    return whole if _prominence(whole, picture) >= 0.5 * _prominence(local, picture) else local


def find_strokes(ink: Ink | None) -> Found | None:
    """Return the most prominent strokes that could be a digit, or None.

    What is stronger but cannot be one (a dot, a table's edge, a line across the picture) is put
    aside, and the next strongest is looked at.
    """
    if ink is None:
        return None
    left = ink.strength.copy()
    best, best_weight = None, 0.0
    for _ in range(6):
        peak = float(left.max())
        if peak < max(LEAST_CONTRAST, 0.75 * NOISES * ink.noise):
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
    return found if found and found.peak >= NOISES * ink.noise else None


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
        nearest = ndimage.minimum(distance, labels, np.arange(1, labels.max() + 1))
        near = np.setdiff1d(np.flatnonzero(nearest <= reach) + 1, strange)
        grown = np.isin(labels, near)
        if grown.sum() == mask.sum():
            break
        mask = grown
    sizes = ndimage.sum_labels(mask, labels, near)
    mask = np.isin(labels, near[sizes >= 0.03 * sizes.sum()])
    box = _box(mask)
    peak = float(np.quantile(ink.strength[mask], 0.8))
    others = [part for part in parts if not mask[part.where][part.mask].any()]
    chosen = sum(part.weight for part in parts if part not in others)
    rival = any(part.likely and part.weight > RIVAL * chosen and part.height > 0.6 * (box[2] - box[0])
                and 1 / SAME_PEN < part.thickness / seed.thickness < SAME_PEN
                and part.strength > 0.6 * peak for part in others)  # fmt: skip
    share = chosen / (chosen + sum(part.weight for part in others if not part.across))
    return Found(ink, mask, box, peak, share, rival or side_by_side(mask))
