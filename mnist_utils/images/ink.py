"""How much darker (or lighter) than the paper around it each place is."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from mnist_utils.images.reading import NoDigitFound

LONGEST, SHORTEST = 900, 240  # pixels of a picture's longer side while the digit is looked for
WINDOW = 1 / 3  # of the picture's shorter side: ink is narrower than that
TWO_TONES = 0.3  # the largest share of the variance within the tones of a two-tone picture
SURELY_TWO_TONES = 0.05


@dataclass(frozen=True)
class Ink:
    """A map of ink, and how it came about.

    Attributes:
        strength: float32 (rows, columns); 0 paper, towards 1 black ink on white.
        ground: float32 (rows, columns, 3), the paper's colour at each place, 0-1.
        dark: whether the ink is darker than the paper.
        noise: the paper's standard deviation, in the unit of strength.
        axis: float (3,), the direction between the two colours of a two-tone picture; else None.
        certain: whether the picture has two tones and no more, so that there is no doubt.
    """

    strength: np.ndarray
    ground: np.ndarray
    dark: bool
    noise: float
    axis: np.ndarray | None = None
    certain: bool = False

    def measure(self, picture: np.ndarray, ground: np.ndarray) -> np.ndarray:
        """Measure another picture's ink, such as an enlarged part's, in the same way."""
        return ink_strength(picture, ground, dark=self.dark, axis=self.axis)


def resize(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize float32 (rows, columns) or (rows, columns, 3) by Pillow, without aliasing."""
    if picture.ndim == 3:
        return np.stack([resize(picture[..., k], size) for k in range(3)], axis=2)
    shrinks = size[0] < picture.shape[0]
    way = Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC
    return np.clip(np.asarray(Image.fromarray(picture).resize(size[::-1], way)), 0, 1)


def working_size(picture: np.ndarray, most: int = LONGEST) -> np.ndarray:
    """Return the picture with its longer side between SHORTEST and most pixels."""
    longest = max(picture.shape[:2])
    zoom = min(most / longest, max(SHORTEST / longest, 1.0))
    if zoom == 1:
        return picture
    return resize(picture, tuple(max(round(side * zoom), 1) for side in picture.shape[:2]))


def check_contrast(picture: np.ndarray) -> None:
    """Raise NoDigitFound for a picture of one colour."""
    if float(np.ptp(picture, axis=(0, 1)).max()) < 0.02:
        raise NoDigitFound("no digit found: the picture is blank")


def local_ink(picture: np.ndarray, *, dark: bool, window: int | None = None) -> Ink:
    """Measure ink against the paper near by: the closing of the picture by a square.

    A closing fills what is dark and narrower than the square, and leaves the rest as it is, the
    edges of a shadow or of a table too. Beyond the picture's edge the paper is supposed to go on.

    Args:
        picture: float32 (rows, columns, 3), 0-1.
        dark: whether the ink is darker than the paper.
        window: the square's side in pixels; else WINDOW of the picture's shorter side.
    """
    smooth = _smooth(picture)
    side = window or max(int(WINDOW * min(picture.shape[:2])), 3)
    beyond = side // 2 + 1
    padded = np.pad(smooth if dark else 1 - smooth, ((beyond,) * 2, (beyond,) * 2, (0, 0)), "edge")
    closed = ndimage.grey_closing(padded, (side, side, 1))[beyond:-beyond, beyond:-beyond]
    return _compare(smooth, closed if dark else 1 - closed, dark)


def global_ink(picture: np.ndarray, *, dark: bool, sure: bool = False) -> Ink | None:
    """Measure ink against one colour for all paper; None unless the picture has two tones.

    For drawings and scans, in which ink may run along the picture's edge. Otsu's threshold
    separates the tones, along the direction in which the colours differ most.

    Args:
        picture: float32 (rows, columns, 3), 0-1.
        dark: whether the ink is darker than the paper.
        sure: whether to take it that the picture has two tones.
    """
    from skimage.filters import threshold_otsu

    smooth = _smooth(picture)
    axis = _main_axis(smooth)
    level = smooth @ axis
    light = level > threshold_otsu(level)
    within = sum(level[part].var() * part.mean() for part in (light, ~light)) / level.var()
    paper = light if dark else ~light
    if not sure and (within > TWO_TONES or not 0.3 < paper.mean() < 1):
        return None
    ground = np.median(smooth[paper], axis=0).astype(np.float32)
    ground = np.broadcast_to(ground, picture.shape)
    return _compare(smooth, ground, dark, axis, paper, within < SURELY_TWO_TONES)


def ink_strength(
    picture: np.ndarray, ground: np.ndarray, *, dark: bool, axis: np.ndarray | None = None
) -> np.ndarray:
    """Return how much a picture differs from its paper; below 0 in the other direction.

    Along an axis of colours, where one is given. Else half the mean over red, green and blue and
    half the strongest of them; for dark ink as a share of the paper's light, so that a shadow
    makes no difference.
    """
    differences = ground - picture if dark else picture - ground
    if axis is not None:
        return (differences @ axis / np.sqrt(3)).astype(np.float32)
    if dark:
        bright = max(float(np.quantile(ground, 0.95)), 0.05)
        differences = differences / np.maximum(ground, 0.4 * bright)
    return ((differences.mean(axis=2) + differences.max(axis=2)) / 2).astype(np.float32)


def _smooth(picture: np.ndarray) -> np.ndarray:
    return ndimage.gaussian_filter(picture, (0.8, 0.8, 0))


def _main_axis(picture: np.ndarray) -> np.ndarray:
    """Return the direction, float32 (3,), in which the colours differ most, towards the light."""
    colours = picture[::2, ::2].reshape(-1, 3)
    _, directions = np.linalg.eigh(np.cov(colours, rowvar=False))
    axis = directions[:, -1].astype(np.float32)
    return -axis if axis.sum() < 0 else axis


def _compare(smooth, ground, dark, axis=None, paper=None, certain=False) -> Ink:
    """Noise is measured on the paper, or on everything, most of which should be paper."""
    strength = ink_strength(smooth, ground, dark=dark, axis=axis)
    some = strength[::3, ::3] if paper is None else strength[paper][::5]
    usual = float(np.median(some))
    noise = 1.48 * float(np.median(np.abs(some - usual)))
    return Ink(np.maximum(strength - usual, 0), ground, dark, noise, axis, certain)
