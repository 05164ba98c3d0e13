"""Where in a picture the digit is: the strokes that belong together, and nothing else."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
from scipy import ndimage

from mnist_utils.images.ink import check_contrast, global_ink, local_ink, working_size
from mnist_utils.images.parts import AROUND
from mnist_utils.images.reading import NoDigitFound, NothingStandsOut
from mnist_utils.images.shadows import window_below_shadow
from mnist_utils.images.sheet import on_sheet_alone
from mnist_utils.images.strokes import NOISES, Found, box_of, find_strokes

LEAST_SHARE = 0.2  # of the strokes in all that looks like strokes
ON_SHEET = 0.9  # of the strokes that are found when what is beyond a sheet is left out
ROUGH_LONGEST = 300  # pixels of the longer side at the second look: roughness is averaged out
ROUGH_NOISES = 5  # instead of NOISES, then


def find_digit(
    picture: np.ndarray,
    *,
    tones: tuple[bool, ...] = (True, False),
    near_by: bool = True,
    noises: float = NOISES,
) -> Found:
    """Find the strokes of the digit, dark or light, in a picture of a working size.

    Args:
        picture: float32 (rows, columns, 3), 0-1, as `ink.working_size` returns it.
        tones: which ink to look for; True for dark, False for light.
        near_by: whether to compare with the paper near by; else with one colour for all paper.
        noises: how many times the ground's noise the strokes must stand out.

    Raises:
        NothingStandsOut: if nothing stands out so much that could be a digit.
        NoDigitFound: if much does, or more than one digit.
    """
    sheet = on_sheet_alone(picture) if near_by else None
    if sheet is not None:
        with suppress(NoDigitFound):  # then it is no sheet, or its ink is light
            found = _find(sheet, tones=(True,), noises=noises)
            on_sheet = (sheet == picture).all(axis=2)[found.mask].mean()
            if on_sheet > ON_SHEET:  # else a light digit was taken for a sheet
                return found
    return _find(picture, tones=tones, near_by=near_by, noises=noises)


def look_twice(
    picture: np.ndarray, *, tones: tuple[bool, ...] = (True, False), near_by: bool = True
) -> tuple[np.ndarray, Found]:
    """Find the digit in a picture of any size; on cloth, a wall or a pavement at the second look.

    Where nothing stands out as strokes do from paper, the ground may be rough: then a smaller
    picture is looked at, and strokes need stand out less.

    Returns:
        The picture in the working size, float32 (rows, columns, 3), and the strokes found in it.

    Raises:
        NoDigitFound: as `find_digit`.
    """
    working = working_size(picture)
    check_contrast(working)
    try:
        return working, find_digit(working, tones=tones, near_by=near_by)
    except NothingStandsOut:
        if not near_by:
            raise
        working = working_size(picture, ROUGH_LONGEST)
        return working, find_digit(working, tones=tones, noises=ROUGH_NOISES)


def _find(
    picture: np.ndarray, *, tones: tuple[bool, ...], near_by: bool = True, noises: float
) -> Found:
    candidates = []
    for dark in tones:
        whole = global_ink(picture, dark=dark, sure=not near_by)
        local = None
        if near_by and not (whole and whole.certain):
            local = local_ink(picture, dark=dark)
        beside = _out_of_shadow(find_strokes(local, noises), picture, noises)
        found = _choose(beside, find_strokes(whole, noises), picture)
        if found:
            weight = found.length * found.slimness * _prominence(found, picture)
            candidates.append((weight, found))
    if not candidates:
        raise NothingStandsOut("no digit found: nothing in the picture stands out like a pen's "
                               "strokes")  # fmt: skip
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
    return replace(found, mask=mask, box=box_of(mask))


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


def _out_of_shadow(found: Found | None, picture: np.ndarray, noises: float) -> Found | None:
    """Look again, against nearer paper, where a finger's shadow seems to be part of the strokes."""
    window = found and window_below_shadow(found.ink, found.mask)
    if not window:
        return found
    return find_strokes(local_ink(picture, dark=found.ink.dark, window=window), noises) or found


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
