"""Ways of writing that MNIST's American writers hardly had: a 1 with a flag, a 7 with a bar."""

import numpy as np

SHARES = {1: 0.4, 7: 0.3}  # of the ones that get a flag, and of the sevens that get a bar
FEET = 0.4  # of the ones with a flag, those that stand on a line


def add_habits(images: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw flags (some with a foot) on some of the ones, and bars through some of the sevens.

    The new strokes are straight and as wide as the digit's own. Nothing is moved: the digit's
    centre of mass no longer lies exactly in the middle.

    Args:
        images: (n, 28, 28), 0-255, ink light on 0.
        labels: digits, integer (n,).
        rng: decides which images are changed, and how.

    Returns:
        A changed copy, of the same dtype.

    Raises:
        ValueError: if there is not one label, a digit, for each image.
    """
    images, labels = np.array(images), np.asarray(labels)
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise ValueError("need images (n, 28, 28) and labels (n,), one digit an image, got "
                         f"{images.shape} and {labels.shape}")  # fmt: skip
    for digit, change in ((1, _flag), (7, _bar)):
        chosen = np.flatnonzero((labels == digit) & (rng.random(len(labels)) < SHARES[digit]))
        chosen = chosen[(images[chosen] > 128).any(axis=(1, 2))]
        if len(chosen):
            drawn = change(_Measures(images[chosen]), rng)
            images[chosen] = np.maximum(images[chosen], drawn.astype(images.dtype))
    return images


class _Measures:
    """Where the ink of images (n, 28, 28) is: rows and columns, each float (n,), in pixels."""

    def __init__(self, images: np.ndarray):
        ink = images / 255.0
        rows = (images > 128).any(axis=2)
        self.top = rows.argmax(axis=1).astype(float)
        self.bottom = 27.0 - rows[:, ::-1].argmax(axis=1)
        self.height = self.bottom - self.top + 1
        self.ink = ink
        self.half_width = np.clip(ink.sum((1, 2)) / (2 * self.height), 0.8, 2.5)

    def column(self, row: np.ndarray) -> np.ndarray:
        """Return the mean column of the ink in the two rows nearest to each image's row."""
        near = np.clip(2 - np.abs(np.arange(28) - row[:, None]), 0, 1)[:, :, None] * self.ink
        columns = near.sum(axis=1) + 1e-6
        return columns @ np.arange(28) / columns.sum(axis=1)


def _flag(ones: _Measures, rng: np.random.Generator) -> np.ndarray:
    """A stroke from the top down to the left; often a line under the foot."""
    count = len(ones.top)
    row, column = ones.top + 0.5, ones.column(ones.top + 0.5)
    angle = np.deg2rad(rng.uniform(20, 65, count))
    length = ones.height * rng.uniform(0.2, 0.45, count)
    drawn = _segment((row, column), (row + length * np.sin(angle), column - length * np.cos(angle)),
                     ones.half_width * rng.uniform(0.7, 1, count))  # fmt: skip
    row, column = ones.bottom - 0.5, ones.column(ones.bottom - 0.5)
    reach = ones.height * rng.uniform(0.12, 0.35, (2, count))
    slope = rng.uniform(-0.15, 0.15, count)
    foot = _segment((row + slope * reach[0], column - reach[0]),
                    (row - slope * reach[1], column + reach[1]), 0.8 * ones.half_width)  # fmt: skip
    stands = rng.random(count) < FEET
    return np.maximum(drawn, foot * stands[:, None, None])


def _bar(sevens: _Measures, rng: np.random.Generator) -> np.ndarray:
    """A short stroke across the stem, about half way down."""
    count = len(sevens.top)
    row = sevens.top + sevens.height * rng.uniform(0.42, 0.62, count)
    column = sevens.column(row) + rng.uniform(-1, 1, count)
    reach = sevens.height * rng.uniform(0.13, 0.3, count)
    rise = reach * rng.uniform(-0.1, 0.4, count)
    width = np.minimum(sevens.half_width, 1.5)  # the stem alone is thinner than this average
    return _segment((row + rise, column - reach), (row - rise, column + reach), 0.8 * width)


def _segment(start, end, half_width: np.ndarray) -> np.ndarray:
    """Draw one line with round ends in each image, 0-255; (rows (n,), columns (n,)) each end."""
    rows, columns = np.mgrid[:28, :28][:, None]
    (row, column), (down, right) = (
        [part[:, None, None] for part in point]
        for point in (start, (end[0] - start[0], end[1] - start[1]))
    )
    along = (rows - row) * down + (columns - column) * right
    share = np.clip(along / np.maximum(down**2 + right**2, 1e-9), 0, 1)
    distance = np.hypot(rows - row - share * down, columns - column - share * right)
    return 255 * np.clip(half_width[:, None, None] + 0.5 - distance, 0, 1)
