"""From a photo or scan of one digit to an image like MNIST's, step by step.

`prepare(file)` follows the recipe by which NIST's forms became MNIST: ink on an even ground, the
digit in a box of 20×20 pixels with its shape kept, its centre of mass in the middle of 28×28.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from mnist_utils.images import placing
from mnist_utils.images.finding import keep_everything, look_twice
from mnist_utils.images.reading import ImageError, NoDigitFound, open_picture

__all__ = ["SKIPPABLE", "ImageError", "NoDigitFound", "Prepared", "open_picture", "prepare"]

# What `prepare` can leave out, to see what it is good for.
SKIPPABLE = {
    "orientation": "turn the picture as its EXIF data says",
    "tone": "find out whether the ink is dark or light; else it is taken for dark",
    "ground": "compare each place with the paper near by; else with one colour for all paper",
    "selection": "keep the strokes that belong together; else everything that is dark enough",
    "width": "bring thin and very thick strokes to the width of MNIST's",
    "box": "cut out the digit and fit it into 20×20; else the whole picture is squeezed into 28×28",
    "centre": "put the centre of mass in the middle; else the middle of the box",
}


@dataclass(frozen=True)
class Prepared:
    """An MNIST-like image and what led to it.

    Attributes:
        image: uint8 (28, 28), 0 background to 255 ink.
        steps: the picture after each step, by name, in order; float32, 0-1. "picture" (rows,
            columns, 3), of at most 900 pixels a side; of the same size "ink", how much darker (or
            lighter) than the paper each place is, and "selection", the digit's part of it; cut
            out and enlarged "strokes", "width" with the strokes' width normalised, and "box", the
            longer side 160. A picture in MNIST's form already has "picture" and "ink" alone.
        dark: whether the ink was darker than its ground.
        box: where the digit is in the picture: first row, first column, and the row and column
            after the last, as shares of its height and width.
        width: of the strokes before normalisation, in pixels of the image.
    """

    image: np.ndarray
    steps: dict[str, np.ndarray]
    dark: bool
    box: tuple[float, float, float, float]
    width: float


def prepare(source, *, without: Collection[str] = ()) -> Prepared:
    """Make an MNIST-like image of the one digit in a picture.

    Args:
        source: as for `open_picture`: a path, bytes, a file, a PIL image or an array.
        without: steps to leave out, of `SKIPPABLE`.

    Raises:
        ImageError: if the source is no picture that can be used.
        NoDigitFound: if there is nothing in it that could be a digit, or more than one.
        OSError: if the file can't be opened.
        ValueError: if there is no such step.
    """
    if not set(without) <= set(SKIPPABLE):
        raise ValueError(f"without must name steps of {', '.join(SKIPPABLE)}, got {without!r}")
    picture = open_picture(source, turn="orientation" not in without)
    ready = None if without else already_prepared(picture)
    if ready is not None:
        return ready
    tones = (True,) if "tone" in without else (True, False)
    working, found = look_twice(picture, tones=tones, near_by="ground" not in without)
    if "selection" in without:
        found = keep_everything(found)
    selection = found.ink.strength * found.mask
    strokes = placing.to_strokes(*placing.enlarge(picture, working, found))
    if not strokes.any():
        raise NoDigitFound("no digit found: its strokes are too faint to follow")
    fitted = placing.fit_box(strokes)
    width = placing.stroke_width(fitted > 0.5) / placing.FINE
    widened = fitted > 0.5 if "width" in without else placing.normalise_width(fitted > 0.5)
    boxed = placing.fit_box(widened)
    if "box" in without:
        image = placing.squeeze(selection / found.peak)
    else:
        image = placing.place(boxed, centre="centre" not in without)
    steps = {"picture": working, "ink": found.ink.strength, "selection": selection,
             "strokes": strokes.astype(np.float32), "width": widened.astype(np.float32),
             "box": boxed}  # fmt: skip
    rows, columns = working.shape[:2]
    top, left, bottom, right = found.box
    box = (top / rows, left / columns, bottom / rows, right / columns)
    return Prepared(image, steps, found.ink.dark, box, width)


def already_prepared(picture: np.ndarray) -> Prepared | None:
    """Return a 28×28 picture as it is, or inverted, if it has MNIST's form already; else None.

    MNIST's form: grey, an even ground, the ink within 20×20 pixels and its centre of mass within
    a pixel of row and column 14.
    """
    if picture.shape[:2] != (28, 28) or np.ptp(picture, axis=2).max() > 0.02:
        return None
    for dark, image in ((False, picture[..., 0]), (True, 1 - picture[..., 0])):
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        if not len(rows) or np.ptp(rows) > 19 or np.ptp(columns) > 19 or (image == 0).mean() < 0.4:
            continue
        weights = image.sum(axis=1) @ np.arange(28), image.sum(axis=0) @ np.arange(28)
        if max(abs(weight / image.sum() - placing.MIDDLE) for weight in weights) > 1:
            continue
        box = (rows[0] / 28, columns[0] / 28, (rows[-1] + 1) / 28, (columns[-1] + 1) / 28)
        width = placing.stroke_width(np.kron(image > 0.5, np.ones((8, 8), bool))) / 8
        levels = np.round(image * 255).astype(np.uint8)
        return Prepared(levels, {"picture": picture, "ink": image}, dark, box, width)
    return None
