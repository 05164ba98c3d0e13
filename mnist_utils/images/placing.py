"""From strokes to an MNIST-like image: NIST's box of 20×20 pixels, and the centre of mass."""

import numpy as np
from PIL import Image
from scipy import ndimage

from mnist_utils.images.ink import resize
from mnist_utils.images.reading import NoDigitFound
from mnist_utils.images.strokes import Found

FINE = 8  # fine pixels to a pixel of the image, along each side
BOX = 20 * FINE
MIDDLE = 14  # the row and the column of the centre of mass, as MNIST has it
PEN = 2.4  # pixels: the width that strokes are brought to, where they are thinner or much thicker
THICK = 1.7  # how many times PEN is much thicker


def enlarge(picture: np.ndarray, working: np.ndarray, found: Found) -> tuple[np.ndarray, float]:
    """Measure the found strokes' ink anew in the full picture, at a scale that fits the box.

    Args:
        picture: float32 (rows, columns, 3), 0-1, the whole picture in full resolution.
        working: the same at the size that `found` refers to.

    Returns:
        (strength, others): float32 (rows, columns), the ink's strength in units of the strokes'
        own, 0 to about 1, other marks left out, with a margin around; the strokes' longer side is
        about BOX pixels. And how strong the other marks near by are, in the same unit.
    """
    top, left, bottom, right = found.box
    zoom = BOX / max(bottom - top, right - left)
    margin = max(round(0.15 * max(bottom - top, right - left)), 2)
    scale = np.array(picture.shape[:2]) / working.shape[:2]
    crop = (
        slice(max(top - margin, 0), bottom + margin),
        slice(max(left - margin, 0), right + margin),
    )
    full = tuple(slice(round(part.start * by), round(part.stop * by))
                 for part, by in zip(crop, scale, strict=True))  # fmt: skip
    mask = found.mask[crop]
    size = tuple(max(round(side * zoom), 8) for side in mask.shape)
    near = resize(picture[full], size)
    near = ndimage.gaussian_filter(near, (1.5, 1.5, 0))
    strength = found.ink.measure(near, resize(found.ink.ground[crop], size))
    belongs = ndimage.binary_dilation(mask, iterations=max(margin // 6, 2))
    belongs = resize(belongs.astype(np.float32), size) > 0.5
    beside = strength[~belongs] if not belongs.all() else np.zeros(1)
    strength = strength - float(np.median(beside))
    inked = strength[resize(mask.astype(np.float32), size) > 0.5]
    if not inked.size or inked.max() <= 0:
        raise NoDigitFound("no digit found: what looks like ink can't be told from its ground")
    inked = inked[inked >= 0.5 * np.quantile(inked, 0.98)]  # the mask is wider than a fine line
    peak = max(float(np.quantile(inked, 0.7)), 1e-3)
    others = (float(np.quantile(beside, 0.98)) - float(np.median(beside))) / peak
    return np.clip(strength / peak, 0, 1.5) * belongs, others


def to_strokes(strength: np.ndarray, others: float = 0.0) -> np.ndarray:
    """Return the mask, bool (rows, columns), of ink of at least half the strokes' strength.

    Where a pen runs dry, the middle line of weaker ink that continues a stroke counts too, unless
    other marks near by, such as lines on the paper, are as strong.
    """
    from skimage.filters import apply_hysteresis_threshold
    from skimage.morphology import skeletonize

    least = np.clip(1.2 * others, 0.28, 0.5)
    weak = skeletonize(apply_hysteresis_threshold(strength, least, 0.6))
    mask = (strength > 0.5) | ndimage.binary_dilation(weak, np.ones((3, 3)))
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    if count > 1:
        sizes = ndimage.sum_labels(mask, labels, np.arange(1, count + 1))
        mask = np.isin(labels, np.flatnonzero(sizes >= 0.02 * sizes.sum()) + 1)
    return mask


def stroke_width(mask: np.ndarray) -> float:
    """Return the typical width of strokes in pixels: twice the median distance from their middle."""
    from skimage.morphology import skeletonize

    inside = ndimage.distance_transform_edt(np.pad(mask, 1))
    line = skeletonize(np.pad(mask, 1))
    return 2 * float(np.median(inside[line])) - 1 if line.any() else 0.0


def normalise_width(mask: np.ndarray) -> np.ndarray:
    """Widen thin strokes to PEN, and thin those much wider, in a mask that is `BOX` fine pixels.

    Args:
        mask: bool (rows, columns); its longer side shrinks or grows with the strokes.
    """
    width, wanted = stroke_width(mask), PEN * FINE
    if width < wanted:
        grow = (wanted - width) / 2
        padded = np.pad(mask, int(grow) + 2)
        return ndimage.distance_transform_edt(~padded) <= grow
    if width > THICK * wanted:
        from skimage.morphology import skeletonize

        shrink = (width - THICK * wanted) / 2
        inside = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
        line = ndimage.distance_transform_edt(~skeletonize(mask)) <= wanted / 2
        return (inside > shrink) | (line & mask)
    return mask


def trim(mask: np.ndarray) -> np.ndarray:
    """Cut off the empty rows and columns around."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def fit_box(mask: np.ndarray) -> np.ndarray:
    """Scale strokes so that their longer side fills NIST's box, their shape kept.

    Returns:
        float32 (rows, columns), 0-1, the longer side BOX.
    """
    mask = trim(mask)
    zoom = BOX / max(mask.shape)
    size = tuple(max(round(side * zoom), 1) for side in mask.shape)
    return resize(mask.astype(np.float32), size)


def place(strokes: np.ndarray, *, centre: bool = True) -> np.ndarray:
    """Put strokes into the image, their centre of mass (or their box's centre) at row, column 14.

    Args:
        strokes: float (rows, columns) in fine pixels, 0-1.

    Returns:
        uint8 (28, 28), 0 background to 255 ink.
    """
    side = 28 * FINE
    middle = ndimage.center_of_mass(strokes) if centre else (np.array(strokes.shape) - 1) / 2
    first = [round(FINE * MIDDLE + (FINE - 1) / 2 - at) for at in middle]
    canvas = np.zeros((side, side), np.float32)
    target = tuple(slice(max(at, 0), min(at + long, side))
                   for at, long in zip(first, strokes.shape, strict=True))  # fmt: skip
    source = tuple(slice(part.start - at, part.stop - at)
                   for part, at in zip(target, first, strict=True))  # fmt: skip
    canvas[target] = strokes[source]
    small = canvas.reshape(28, FINE, 28, FINE).mean(axis=(1, 3))
    return np.round(np.clip(small, 0, 1) * 255).astype(np.uint8)


def squeeze(strength: np.ndarray) -> np.ndarray:
    """Scale a whole picture of ink to 28×28, its shape not kept: what to do without any care."""
    levels = Image.fromarray(np.round(np.clip(strength, 0, 1) * 255).astype(np.uint8))
    return np.asarray(levels.resize((28, 28), Image.Resampling.BOX))
