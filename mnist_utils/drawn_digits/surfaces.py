"""Further things that people write on: forms, wrapping paper, pavements, misted glass.

Scenes as in `scenes`, made after the reader had been tried on those, for its last look.
"""

import numpy as np
from scipy import ndimage

from mnist_utils.drawn_digits.camera import add_camera, add_slope, flat, mix, smooth_noise
from mnist_utils.drawn_digits.scenes import MARKERS, PENS


def form(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A scanned form: the digit in a printed field of light colour, slightly turned, hard edges."""
    ground = flat(mask, rng.uniform(0.93, 1.0, 3))
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height = np.ptp(rows) + 1
    gap = height * rng.uniform(0.2, 0.4, 4)
    top, bottom = rows[0] - gap[0], rows[-1] + gap[1]
    left, right = columns[0] - gap[2], columns[-1] + gap[3]
    line = max(height * rng.uniform(0.008, 0.02), 0.7)
    row, column = np.mgrid[: mask.shape[0], : mask.shape[1]]
    inside = (row > top) & (row < bottom) & (column > left) & (column < right)
    frame = np.clip(line + 0.5 - np.abs(ndimage.distance_transform_edt(inside)), 0, 1) * inside
    colour = ((0.95, 0.6, 0.5), (0.6, 0.8, 0.65), (0.62, 0.75, 0.92))[rng.integers(3)]
    picture = mix(ground, frame, colour)
    ink = PENS[rng.integers(len(PENS))]
    picture = mix(picture, np.clip(3 * mask - 1, 0, 1), ink)
    return np.clip(picture + rng.normal(0, 0.008, mask.shape)[..., None], 0, 1)


def wrapping(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brown wrapping paper or a coloured note, by felt pen, dark towards the picture's corners."""
    grounds = ((0.68, 0.52, 0.36), (0.6, 0.47, 0.33), (0.97, 0.9, 0.45), (0.95, 0.65, 0.72),
               (0.62, 0.85, 0.68))  # fmt: skip
    chosen = rng.integers(len(grounds))
    fibres = smooth_noise(mask.shape, rng, max(0.006, 2 / max(mask.shape)))
    ground = flat(mask, grounds[chosen]) * (1 + 0.03 * (chosen < 2) * fibres)[..., None]
    ink = MARKERS[rng.integers(2)]
    picture = mix(ground, 0.92 * mask, ink)
    rows, columns = np.mgrid[-1 : 1 : mask.shape[0] * 1j, -1 : 1 : mask.shape[1] * 1j]
    corners = 1 - rng.uniform(0.1, 0.5) * (rows**2 + columns**2) / 2
    return add_camera(picture * corners[..., None] * add_slope(mask.shape, rng, 0.2), rng,
                      harsh=1.5)  # fmt: skip


def pavement(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Coloured chalk on rough grey stone: much of it falls between the grains."""
    stone = rng.uniform(0.25, 0.42)
    grain = smooth_noise(mask.shape, rng, max(0.006, 2 / max(mask.shape)))
    ground = flat(mask, (stone, stone, stone * rng.uniform(0.95, 1.05)))
    ground = ground * (1 + 0.12 * grain + 0.1 * smooth_noise(mask.shape, rng, 0.2))[..., None]
    chalk = ((0.95, 0.95, 0.92), (0.95, 0.85, 0.5), (0.95, 0.7, 0.75), (0.7, 0.85, 0.95))
    covered = np.clip(1.1 + 0.35 * grain - rng.uniform(0, 0.4), 0.1, 1)
    picture = mix(ground, mask * covered, chalk[rng.integers(4)])
    return add_camera(picture * add_slope(mask.shape, rng, 0.3), rng, harsh=1.3)


def glass(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A finger's stroke on a misted window: blurred lights behind, drawn soft and dark."""
    lights = sum(np.clip(smooth_noise(mask.shape, rng, scale), -1, 2) for scale in (0.2, 0.5))
    mist = flat(mask, rng.uniform(0.6, 0.8, 3)) * (1 + 0.05 * lights)[..., None]
    behind = flat(mask, rng.uniform(0.1, 0.3, 3)) * (1 + 0.2 * lights)[..., None]
    soft = ndimage.gaussian_filter(mask, 0.004 * max(mask.shape))[..., None]
    return add_camera(mist * (1 - soft) + behind * soft, rng, harsh=1.2)
