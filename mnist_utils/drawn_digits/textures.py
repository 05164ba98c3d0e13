"""Rough grounds: cloth, wood, plaster, gravel and tiles.

`rough` is a scene as in `scenes`; it draws one of the five.
"""

import numpy as np

from mnist_utils.drawn_digits.camera import add_camera, add_slope, flat, mix, smooth_noise


def rough(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A dark pen or light chalk on one of five grounds."""
    ground = flat(mask, rng.uniform(0.25, 0.9) * rng.uniform(0.75, 1.1, 3))
    light = ground.mean() > 0.55
    pattern = (cloth, wood, plaster, gravel, tiles)[rng.integers(5)](mask.shape, rng)
    ground = np.clip(ground + rng.uniform(0.03, 0.15) * pattern[..., None], 0, 1)
    ink = np.array((0.05, 0.05, 0.08) if light else (0.95, 0.95, 0.9))
    if rng.random() < 0.3:
        ink = np.clip(ink + rng.uniform(-0.3, 0.3, 3), 0, 1)
    gaps = np.clip(smooth_noise(mask.shape, rng, 0.01), 0, 1.5)
    picture = mix(ground, mask * (1 - 0.3 * gaps), ink)
    return add_camera(picture * add_slope(mask.shape, rng, 0.3), rng)


def cloth(shape, rng) -> np.ndarray:
    """Threads across each other; like the next four, about -1 to 1, float (rows, columns)."""
    rows, columns = _places(shape)
    threads = 2 * np.pi * rng.uniform(60, 220)
    return np.sin(threads * rows) * np.sin(threads * columns)


def wood(shape, rng) -> np.ndarray:
    """Grain in waves."""
    bent = 1.5 * smooth_noise(shape, rng, 0.08)
    return np.sin(2 * np.pi * (rng.uniform(8, 25) * _places(shape)[1] + bent))


def plaster(shape, rng) -> np.ndarray:
    """Fine and coarse unevenness."""
    return 0.7 * smooth_noise(shape, rng, 0.01) + 0.5 * smooth_noise(shape, rng, 0.04)


def gravel(shape, rng) -> np.ndarray:
    """Small stones with dark gaps."""
    return 1.3 * np.abs(smooth_noise(shape, rng, 0.012)) - 1


def tiles(shape, rng) -> np.ndarray:
    """Squares with dark joints."""
    squares = rng.uniform(2, 6)
    joint = np.zeros(shape, bool)
    for place in _places(shape):
        joint |= np.minimum(place * squares % 1, 1 - place * squares % 1) < 0.02
    return 0.4 * smooth_noise(shape, rng, 0.02) - rng.uniform(0.5, 2) * joint


def _places(shape) -> np.ndarray:
    """Return the rows and the columns of all pixels, as shares of the longer side."""
    return np.mgrid[: shape[0], : shape[1]] / max(shape)
