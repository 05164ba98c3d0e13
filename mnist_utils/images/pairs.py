"""Whether strokes that lie close together are one digit or two of them, side by side."""

import numpy as np

SLANTS = (-0.15, 0.0, 0.15, 0.3, 0.45)  # of the gap between two digits, columns a row
BESIDE = 0.72  # how much of the whole height both sides share; the strokes of a 4 up to 0.7
LEAST_INK = 0.12  # of the side with less of it; more than a sliver beside the digit


def side_by_side(mask: np.ndarray) -> bool:
    """Return whether a gap from top to bottom divides strokes into two marks of like height.

    The bar of a 5 and the two strokes of a 4 may be apart as well, but then one of them is lower,
    or ends much higher, than the other.

    Args:
        mask: bool (rows, columns), the strokes.
    """
    rows, columns = np.nonzero(mask)
    least = BESIDE * (rows.max() - rows.min() + 1)
    for slant in SLANTS:
        places = np.round(columns + slant * rows).astype(int)
        places -= places.min()
        counts = np.bincount(places)
        inked = (counts > 0) | (np.roll(counts, 1) > 0)  # a thin slanted line has gaps of 1 itself
        for end in np.flatnonzero(inked[:-1] & ~inked[1:]):
            left = places <= end
            ink = min(left.mean(), 1 - left.mean())
            top = max(rows[left].min(), rows[~left].min())
            bottom = min(rows[left].max(), rows[~left].max())
            if ink >= LEAST_INK and bottom - top + 1 >= least:
                return True
    return False
