"""Damage to images, in five degrees: what cameras, pens and careless hands do to digits.

After Hendrycks and Dietterich, Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations (2019, arXiv 1903.12261), and Mu and Gilmer, MNIST-C (2019, arXiv 1906.02337), with
amounts of our own in physical units. `corrupt` and `deal` take and return uint8 (n, 28, 28), 0-255
with 0 for paper, and leave what they are given as it is; each kind's own function computes in
float64.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from mnist_utils.preprocessing import check_images

SEVERITIES = (1, 2, 3, 4, 5)


class Corruption(NamedTuple):
    """One kind of damage.

    Attributes:
        function: takes float64 images (n, 28, 28), an amount and a random generator, and returns
            images of the same shape; what leaves 0-255 is cut off afterwards.
        amounts: one a severity, 1 to 5.
        unit: what an amount measures.
    """

    function: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
    amounts: tuple[float, ...]
    unit: str


def corrupt(images: np.ndarray, name: str, severity: int, *, seed: int = 0) -> np.ndarray:
    """Damage images in one way.

    What is random (noise, places, directions) hangs on the seed alone: it is the same at every
    severity, and the first images come out the same whatever others follow.

    Args:
        images: uint8 (n, 28, 28), pixels 0-255.
        name: one of CORRUPTIONS.
        severity: 1, mild, to 5; 0 changes nothing.
        seed: of what is random.

    Returns:
        uint8 (n, 28, 28), a new array.

    Raises:
        ValueError: if the images are no such array, or there is no such corruption or severity.
    """
    check_images(images)
    if images.dtype != np.uint8:
        raise ValueError(f"images must be uint8, pixels 0-255, got {images.dtype}")
    if name not in CORRUPTIONS:
        raise ValueError(f"no corruption named {name!r}; expected one of {', '.join(CORRUPTIONS)}")
    if severity not in (0, *SEVERITIES):
        raise ValueError(f"severity must be 0 to 5, got {severity!r}")
    if severity == 0 or len(images) == 0:
        return images.copy()
    kind = CORRUPTIONS[name]
    amount, rng = kind.amounts[severity - 1], np.random.default_rng(seed)
    damaged = kind.function(images.astype(float), amount, rng)
    return np.clip(damaged, 0, 255).round().astype(np.uint8)


def deal(images: np.ndarray, name: str, *, seed: int = 0) -> np.ndarray:
    """Damage images in one way, the severities dealt in turn: 1, 2, 3, 4, 5, 1, 2, and so on.

    So the whole is damaged in every degree at the price of one, and `images[s - 1 :: 5]` are the
    ones at severity s. Arguments, result and errors as for `corrupt`.
    """
    damaged = corrupt(images, name, 0)
    for severity in SEVERITIES:
        part = slice(severity - 1, None, len(SEVERITIES))
        damaged[part] = corrupt(images[part], name, severity, seed=seed + severity)
    return damaged


def noise(images, sd, rng):
    """Add Gaussian noise, independent in every pixel."""
    return images + sd * rng.normal(size=images.shape)


def blur(images, sd, rng):
    """Smear every point over a Gaussian of this standard deviation."""
    return ndimage.gaussian_filter(images, (0, sd, sd), mode="constant")


def brightness(images, lift, rng):
    """Add the same grey to every pixel, as a badly lit sheet does; ink stays at most 255."""
    return images + lift


def contrast(images, left, rng):
    """Draw every pixel towards its image's mean, until this share of the distance is left."""
    mean = images.mean(axis=(1, 2), keepdims=True)
    return mean + left * (images - mean)


def occlusion(images, side, rng):
    """Lay a square of blank paper somewhere on the middle 20 by 20 pixels, where the ink is."""
    corners = 4 + np.floor(rng.random((len(images), 2)) * (21 - side))
    grid = np.arange(28)
    inside = (grid >= corners[:, :, None]) & (grid < corners[:, :, None] + side)  # (n, 2, 28)
    return np.where(inside[:, 0, :, None] & inside[:, 1, None, :], 0, images)


def shear(images, slant, rng):
    """Slant to the left or to the right."""
    slants = slant * _either_way(len(images), rng)
    return _look_up(images, [[1.0, 0.0], [slants, 1.0]])


def rotation(images, degrees, rng):
    """Turn about the middle, one way or the other."""
    angles = np.deg2rad(degrees) * _either_way(len(images), rng)
    cos, sin = np.cos(angles), np.sin(angles)
    return _look_up(images, [[cos, -sin], [sin, cos]])


def translation(images, pixels, rng):
    """Move in any direction; what leaves the frame is lost."""
    angles = rng.uniform(0, 2 * np.pi, len(images))
    moves = pixels * np.stack([np.sin(angles), np.cos(angles)])
    return _look_up(images, [[1.0, 0.0], [0.0, 1.0]], moves)


def pixelate(images, side, rng):
    """Reduce to side by side pixels, each the mean of its area, and enlarge them again."""
    small = resize_by_area(images, side)
    return resize_by_area(small, 28)


def thick(images, pixels, rng):
    """Widen every stroke by so many pixels on each side."""
    return _grow(images, pixels, ndimage.grey_dilation)


def thin(images, pixels, rng):
    """Take so many pixels off every stroke on each side."""
    return _grow(images, pixels, ndimage.grey_erosion)


CORRUPTIONS = {
    "noise": Corruption(noise, (25, 50, 75, 100, 125), "standard deviation, of 255"),
    "blur": Corruption(blur, (0.6, 1.0, 1.4, 1.8, 2.2), "standard deviation in pixels"),
    "brightness": Corruption(brightness, (30, 60, 90, 120, 150), "grey added, of 255"),
    "contrast": Corruption(contrast, (0.6, 0.4, 0.25, 0.15, 0.08), "share left"),
    "occlusion": Corruption(occlusion, (4, 6, 8, 10, 12), "side of the square in pixels"),
    "shear": Corruption(shear, (0.2, 0.4, 0.6, 0.8, 1.0), "columns a row"),
    "rotation": Corruption(rotation, (10, 20, 30, 40, 50), "degrees"),
    "translation": Corruption(translation, (1, 2, 3, 4, 5), "pixels"),
    "pixelate": Corruption(pixelate, (14, 10, 8, 7, 6), "pixels left a side"),
    "thick": Corruption(thick, (0.5, 1.0, 1.5, 2.0, 2.5), "pixels added on each side"),
    "thin": Corruption(thin, (0.2, 0.4, 0.6, 0.8, 1.0), "pixels taken off each side"),
}


def resize_by_area(images: np.ndarray, side: int) -> np.ndarray:
    """Return images (n, h, h) as float64 (n, side, side), every pixel the mean of what it covers."""
    before = images.shape[1]
    # Cut every old pixel into `side` strips; `before` strips in a row make one new pixel.
    shares = np.repeat(np.eye(before), side, axis=0).reshape(side, before, before).mean(axis=1)
    return shares @ np.asarray(images, float) @ shares.T


def _either_way(count: int, rng) -> np.ndarray:
    return rng.choice([-1.0, 1.0], count)


def _look_up(images, matrix, moves=(0.0, 0.0)):
    """Return images in which each pixel shows what lies at another place of the old one.

    Args:
        images: (n, 28, 28).
        matrix: 2 by 2; each entry a number, or one an image (n,): where to look for a row and a
            column that are counted from the middle.
        moves: how far the images move down and to the right; numbers, or (n,).
    """
    place = np.arange(28) - 13.5
    rows, columns = place[:, None], place[None, :]

    def old(factors, move):
        down, right, move = (np.reshape(value, (-1, 1, 1)) for value in (*factors, move))
        return np.broadcast_to(13.5 + down * rows + right * columns - move, images.shape)

    number = np.broadcast_to(np.arange(len(images))[:, None, None], images.shape)
    places = [number, *(old(factors, move) for factors, move in zip(matrix, moves, strict=True))]
    return ndimage.map_coordinates(images, places, order=1, mode="grid-constant")


def _grow(images, pixels: float, operation):
    """Apply a grey dilation or erosion of one pixel again and again, the last one in part.

    Crosses and squares in turn make an octagon. A part of a pixel shows at an edge as a share of
    the whole pixel's change, as it does in any image whose edges are smooth.
    """
    cross, square = ndimage.generate_binary_structure(2, 1)[None], np.ones((1, 3, 3), bool)
    for step in range(int(np.ceil(pixels))):
        footprint = square if step % 2 else cross
        grown = operation(images, footprint=footprint, mode="constant")
        images = images + min(1.0, pixels - step) * (grown - images)
    return images
