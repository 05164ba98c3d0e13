"""Digits of the project's own making, to try the reader on: skeletons of strokes, pens, scenes.

`make_set("tuning", name, count)` gives files to choose by; `"held back"` those for a last look.
"""

from mnist_utils.drawn_digits.files import Sample
from mnist_utils.drawn_digits.sets import make_set, set_names
from mnist_utils.drawn_digits.strokes import Hand, draw_strokes, trace

__all__ = ["Hand", "Sample", "draw_strokes", "make_set", "set_names", "trace"]
