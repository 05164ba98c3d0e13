"""From a style to a mask: one person's way of writing it, and the pen's trace."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw
from scipy.interpolate import make_interp_spline

from mnist_utils.drawn_digits.styles import STYLES


@dataclass(frozen=True)
class Hand:
    """How far a writer strays from the style; the defaults are an everyday hand.

    Attributes:
        wobble: standard deviation of each point, in heights of the digit.
        slant: largest slant either way, 0.2 for one in five.
        turn: largest rotation either way, in degrees.
        stretch: largest change of the ratio of width to height, 0.2 for 20%.
    """

    wobble: float = 0.02
    slant: float = 0.25
    turn: float = 8.0
    stretch: float = 0.25


USUAL = Hand()


def draw_strokes(
    digit: int, rng: np.random.Generator, *, family: str = "first", hand: Hand = USUAL
) -> list[np.ndarray]:
    """Write a digit once.

    Args:
        digit: 0-9.
        rng: decides the style and the hand's deviations.
        family: "first", "second" or "third"; they share no style.
        hand: how far to stray from the style.

    Returns:
        One float array (k, 2) a stroke: x and y of closely spaced points, the digit about one
        high and centred on 0.

    Raises:
        ValueError: if there is no such digit or family.
    """
    if family not in STYLES or digit not in STYLES[family]:
        raise ValueError(f"need a digit 0-9 and a family of {tuple(STYLES)}, got {digit}, {family}")
    styles = STYLES[family][digit]
    style = styles[rng.integers(len(styles))]
    corners = {point: rng.normal(0, hand.wobble, 2) for stroke in style for point in stroke}
    strokes = [_curve([np.add(point, corners[point]) for point in stroke]) for stroke in style]
    slant, turn = rng.uniform(-0.4, 1) * hand.slant, np.deg2rad(rng.uniform(-1, 1) * hand.turn)
    width = np.exp(rng.uniform(-1, 1) * hand.stretch)
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[width, -slant], [0, 1]])
    phase, waves = rng.uniform(0, 2 * np.pi, (2, 2)), rng.normal(0, hand.wobble / 2, (2, 2))
    turned = []
    for stroke in strokes:
        bent = stroke - [0.36, 0.5]
        bent = bent + waves[0] * np.sin(5 * bent[:, ::-1] + phase[0])
        turned.append(bent @ matrix.T)
    everything = np.concatenate(turned)
    low, high = everything.min(axis=0), everything.max(axis=0)
    return [(stroke - (low + high) / 2) / (high - low)[1] for stroke in turned]


def _curve(points: list[np.ndarray]) -> np.ndarray:
    """Run a curve through the points; where a point stands twice, it has a corner."""
    pieces, piece = [], [points[0]]
    for before, point in pairwise(points):
        if np.array_equal(before, point):
            pieces.append(piece)
            piece = [point]
        else:
            piece.append(point)
    pieces = [np.array(piece) for piece in [*pieces, piece] if len(piece) > 1]
    return np.concatenate([_smooth(piece) for piece in pieces])


def _smooth(points: np.ndarray) -> np.ndarray:
    steps = np.sqrt(np.linalg.norm(np.diff(points, axis=0), axis=1))  # centripetal: no loops
    place = np.concatenate([[0], np.cumsum(steps + 1e-6)])
    spline = make_interp_spline(place, points, k=min(3, len(points) - 1))
    return spline(np.linspace(0, place[-1], 30 * len(points)))


def trace(
    strokes: list[np.ndarray],
    size: tuple[int, int],
    height: float,
    width: float,
    rng: np.random.Generator,
    *,
    centre: tuple[float, float] | None = None,
    pressure: float = 0.25,
) -> np.ndarray:
    """Draw strokes with a round pen.

    Args:
        strokes: as `draw_strokes` returns them.
        size: of the canvas, rows and columns.
        height: of the digit in pixels, between the middles of its highest and lowest line.
        width: of the pen in pixels.
        rng: decides how the pressure varies.
        centre: the digit's row and column; None for the canvas's middle.
        pressure: how much the pen's width varies, 0 to 1.

    Returns:
        float32 array of that size, 0 for no ink to 1 for ink, with soft edges.
    """
    zoom = 4 if max(size) <= 400 else 2 if max(size) <= 1500 else 1
    rows, columns = size
    middle = np.array(centre if centre is not None else (rows / 2, columns / 2))[::-1]
    canvas = Image.new("L", (columns * zoom, rows * zoom))
    pen = ImageDraw.Draw(canvas)
    phase = rng.uniform(0, 2 * np.pi)
    for stroke in strokes:
        places = (stroke * height + middle) * zoom
        swing = np.sin(np.linspace(0, 4, len(places)) + phase)
        radii = np.maximum(width * zoom / 2 * (1 + pressure * swing), 0.5)
        for (x, y), (next_x, next_y), radius in zip(places, places[1:], radii, strict=False):
            pen.line([x, y, next_x, next_y], fill=255, width=max(round(2 * radius), 1))
            if radius > 1:
                pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    canvas = canvas.resize((columns, rows), Image.Resampling.BOX)
    return np.asarray(canvas, np.float32) / 255
