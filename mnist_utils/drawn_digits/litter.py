"""What lies on a desk beside a digit: a coin, a cup's ring, a clip, printed words.

`litter` is a scene as in `scenes`; it draws one of the four. Made after `company`, for a look with
the reader as it was then.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mnist_utils.drawn_digits.borrowed import font_folder
from mnist_utils.drawn_digits.camera import add_camera, add_slope, flat, mix, outline, smooth_noise
from mnist_utils.drawn_digits.scenes import PENS

METALS = ((0.72, 0.55, 0.35), (0.75, 0.75, 0.74), (0.85, 0.72, 0.4))
WORDS = ("Question", "Answer", "Score", "Page", "Total", "Room")


def litter(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one of the scenes of this module."""
    picture = flat(mask, rng.uniform(0.75, 0.95) * np.array([1, 0.98, rng.uniform(0.88, 1)]))
    picture = picture * (1 + 0.01 * smooth_noise(mask.shape, rng, 0.01))[..., None]
    picture = mix(picture, mask, PENS[rng.integers(len(PENS))])
    picture = (coin, ring, clip, words)[rng.integers(4)](picture, mask, rng)
    return add_camera(picture * add_slope(mask.shape, rng, 0.3), rng, harsh=1.2)


def coin(picture: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A round piece of metal, with a rim and a shadow."""
    half = rng.uniform(0.06, 0.14) * max(mask.shape)
    middle = _free_place(mask, rng, half)
    for reach, by, colour in ((half, 0.15 * half, None), (half, 0, METALS[rng.integers(3)]),
                              (0.85 * half, 0, METALS[rng.integers(3)])):  # fmt: skip
        disc = outline(mask.shape, "ellipse", [middle + by - reach, middle + by + reach], soft=1)
        if colour is None:
            picture = picture * (1 - 0.4 * disc)[..., None]
        else:
            picture = mix(picture, disc, colour)
    return picture


def ring(picture: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What a cup left: a brown ring, uneven, perhaps across the digit."""
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]]
    row, column = rng.uniform(0, 1, 2) * mask.shape
    half = rng.uniform(0.2, 0.35) * max(mask.shape)
    away = (np.hypot(rows - row, columns - column) - half) / (0.04 * half)
    strength = np.exp(-(away**2)) * np.clip(0.6 + 0.4 * smooth_noise(mask.shape, rng, 0.2), 0, 1)
    return picture * (1 - rng.uniform(0.15, 0.4) * strength[..., None] * np.array([0.6, 0.8, 1]))


def clip(picture: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A paper clip of wire, lying about."""
    size = rng.uniform(0.08, 0.14) * max(mask.shape)
    shape = np.array([(-1, 0.35), (0.9, 0.35), (0.9, -0.35), (-0.7, -0.35), (-0.7, 0.2), (0.6, 0.2),
                      (0.6, -0.15), (-0.3, -0.15)])  # fmt: skip
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    points = _free_place(mask, rng, size) + size * shape @ turn
    width = max(round(0.09 * size), 1)
    wire = outline(mask.shape, "line", points, soft=0.7, width=width, joint="curve")
    shade = outline(mask.shape, "line", points + 0.1 * size, soft=2, width=width, joint="curve")
    picture = picture * (1 - 0.3 * shade)[..., None]
    return mix(
        picture, wire, ((0.6, 0.6, 0.62), (0.75, 0.15, 0.15), (0.15, 0.3, 0.6))[rng.integers(3)]
    )


def words(picture: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A printed line of words above or below the digit."""
    rows = np.flatnonzero(mask.any(axis=1))
    size = max(int(rng.uniform(0.02, 0.045) * max(mask.shape)), 6)
    page = Image.new("L", mask.shape[::-1])
    font = ImageFont.truetype(font_folder() / "DejaVuSerif.ttf", size)
    below = mask.shape[0] - rows[-1] > rows[0]
    top = rows[-1] + 1.5 * size if below else rows[0] - 3 * size
    text = " ".join(rng.choice(WORDS, 3)) + ":"
    ImageDraw.Draw(page).text((0.1 * mask.shape[1], top), text, fill=255, font=font)
    return mix(picture, np.asarray(page, np.float32) / 255, (0.1, 0.1, 0.1))


def _free_place(mask: np.ndarray, rng: np.random.Generator, reach: float) -> np.ndarray:
    """Return a point (x, y) that far from all ink, or one in a corner."""
    inked = np.argwhere(mask > 0)[::7, ::-1]
    for _ in range(50):
        point = rng.uniform(0.05, 0.95, 2) * mask.shape[::-1]
        if np.hypot(*(inked - point).T).min() > 1.2 * reach:
            return point
    return np.array([0.0, 0.0])
