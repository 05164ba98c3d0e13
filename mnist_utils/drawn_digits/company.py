"""What else photos of digits show: the pen, a frame around the digit, a shadow, the one who holds it.

`company` is a scene as in `scenes`; it draws one of the four.
"""

import numpy as np
from PIL import Image, ImageFilter

from mnist_utils.drawn_digits.camera import add_camera, add_slope, flat, mix, outline, smooth_noise
from mnist_utils.drawn_digits.scenes import MARKERS, PENS, paper

SKIN = ((0.8, 0.6, 0.48), (0.55, 0.38, 0.28), (0.9, 0.72, 0.62))
THINGS = (*MARKERS, (0.95, 0.8, 0.15), (0.85, 0.85, 0.82), (0.4, 0.25, 0.15))
BESIDE = 1.15  # picture sides: where the middle of a pen is put that would cover the digit


def company(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one of the scenes of this module."""
    return (pen, frame, shadow, held_up)[rng.integers(4)](mask, rng)


def pen(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Plain paper on which the pen lies, with its shadow, several times as thick as its line."""
    picture = paper(mask, rng)
    long = rng.uniform(0.4, 0.9) * max(mask.shape)
    half = long * rng.uniform(0.02, 0.035)
    body = np.array([(0, 0), (0.1, 1), (1, 1), (1, -1), (0.1, -1)]) * [long, half]
    for _ in range(30):
        angle = rng.uniform(0, 2 * np.pi)
        turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
        corners = (body - [long / 2, 0]) @ turn + rng.uniform(0, 1, 2) * mask.shape[::-1]
        if not (outline(mask.shape, "polygon", corners, soft=half) * mask).any():
            break
    else:
        corners = corners + BESIDE * np.array(mask.shape[::-1])
    beneath = outline(mask.shape, "polygon", corners + half * rng.uniform(-1, 1, 2), soft=half / 2)
    picture = picture * (1 - rng.uniform(0.1, 0.35) * beneath)[..., None]
    pen_ = outline(mask.shape, "polygon", corners, soft=0.7)
    return mix(picture, pen_, THINGS[rng.integers(len(THINGS))])


def frame(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Plain paper; the digit in a box with open corners, or a circle, drawn by the same pen."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    middle = np.array([columns.mean(), rows.mean()])
    longer = max(np.ptp(rows), np.ptp(columns))
    half = longer * rng.uniform(0.75, 1.1)
    wobble = longer * 0.02
    if rng.random() < 0.5:
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * half
        points = middle + corners + rng.normal(0, wobble, corners.shape)
    else:
        angles = np.linspace(0, 2 * np.pi * rng.uniform(0.99, 1.05), 60) + rng.uniform(0, 6)
        radii = 1.15 * half * (1 + 0.03 * np.sin(2 * angles + rng.uniform(0, 6)))
        points = middle + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    width = max(round(longer * rng.uniform(0.015, 0.05)), 1)
    line = outline(mask.shape, "line", points, soft=0.6, width=width, joint="curve")
    return paper(np.maximum(mask, line), rng)


def shadow(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Plain paper with the shadow of a hand, one finger of it across the digit."""
    rows, columns = np.nonzero(mask > 0.5)
    tip = rng.integers(len(rows))
    longer = max(np.ptp(rows), np.ptp(columns))
    thick = longer * rng.uniform(0.25, 0.4)
    start = np.array([columns[tip], rows[tip]]) - [0, rng.uniform(0.1, 0.5) * longer]
    end = start + longer * np.array([rng.uniform(-0.4, 0.4), rng.uniform(1.5, 2)])
    finger = outline(mask.shape, "line", [start, end], soft=0, width=round(thick))
    for point in (start, end):
        round_ = [point - thick / 2, point + thick / 2]
        finger = np.maximum(finger, outline(mask.shape, "ellipse", round_, soft=0))
    palm = outline(mask.shape, "ellipse", [end - longer * 0.6, end + 1.3 * longer], soft=0)
    soft = Image.fromarray((255 * np.maximum(finger, palm)).astype(np.uint8))
    soft = soft.filter(ImageFilter.GaussianBlur(float(longer * rng.uniform(0.01, 0.05))))
    dark = rng.uniform(0.2, 0.5) * np.asarray(soft, np.float32)[..., None] / 255
    return paper(mask, rng) * (1 - dark)


def held_up(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sheet held before a camera: a room behind it, a head beside it, a finger on its edge."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    longer = max(np.ptp(rows), np.ptp(columns))
    low = np.array([columns[0], rows[0]]) - longer * rng.uniform(0.2, 0.5, 2)
    high = np.array([columns[-1], rows[-1]]) + longer * rng.uniform(0.2, 0.5, 2)
    corners = np.array([low, (high[0], low[1]), high, (low[0], high[1])])
    corners += longer * rng.uniform(-0.04, 0.04, corners.shape)
    room = flat(mask, rng.uniform(0.2, 0.55, 3))
    room = room * (1 + 0.2 * smooth_noise(mask.shape, rng, 0.1))[..., None]
    skin = SKIN[rng.integers(len(SKIN))]
    head = np.array([low[0] if low[0] > mask.shape[1] - high[0] else mask.shape[1], low[1]])
    size = longer * np.array([0.9, 1.3])
    for part, colour in ((size, rng.uniform(0.05, 0.3, 3)), (size * 0.85, skin)):
        room = mix(room, outline(mask.shape, "ellipse", [head - part, head], soft=2), colour)
    sheet = outline(mask.shape, "polygon", corners, soft=0.7)[..., None]
    picture = room * (1 - sheet) + sheet * mix(flat(mask, rng.uniform(0.75, 0.95, 3)), mask,
                                               PENS[rng.integers(len(PENS))])  # fmt: skip
    place = corners[2 + rng.integers(2)] - longer * np.array([0.1, 0.05])
    thumb = outline(mask.shape, "ellipse", [place, place + longer * np.array([0.2, 0.3])], soft=1)
    picture = mix(picture, thumb * (mask == 0), skin)
    return add_camera(picture * add_slope(mask.shape, rng, 0.2), rng, harsh=1.3)
