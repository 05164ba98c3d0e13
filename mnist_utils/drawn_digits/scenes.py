"""What is around the ink: screens, paper, whiteboards, blackboards, and the light and camera.

A scene takes a mask (rows, columns), 0 for no ink to 1 for ink, and returns a picture, float32
(rows, columns, 3), 0-1. Each draws its colours, lines, light and noise from the generator given.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from mnist_utils.drawn_digits.camera import add_camera, add_slope, flat, mix, smooth_noise

PENS = ((0.08, 0.08, 0.1), (0.1, 0.15, 0.45), (0.2, 0.2, 0.22), (0.05, 0.1, 0.3), (0.6, 0.1, 0.1))
MARKERS = ((0.1, 0.1, 0.12), (0.1, 0.2, 0.6), (0.75, 0.12, 0.12), (0.05, 0.45, 0.2))


def screen(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A drawing program: two flat colours that differ well, either one the digit's."""
    dark = rng.random() < 0.5
    light, ink = rng.uniform(0.75, 1, 3), rng.uniform(0, 0.35, 3)
    if rng.random() < 0.5:
        light, ink = np.ones(3), np.zeros(3)
    ground, ink = (ink, light) if dark else (light, ink)
    return mix(flat(mask, ground), mask, ink)


def paper(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Plain paper under uneven light: a slope of brightness, a little grain."""
    ground = flat(mask, rng.uniform(0.7, 0.95) * _tint(rng)) + _grain(mask.shape, rng, 0.02)
    picture = mix(ground, mask * _dryness(mask.shape, rng, 0.3), PENS[rng.integers(len(PENS))])
    return add_camera(picture * add_slope(mask.shape, rng, 0.25), rng)


def notebook(mask: np.ndarray, rng: np.random.Generator, *, spacing: float) -> np.ndarray:
    """Ruled or squared paper, often with a shadow's soft edge and now and then a table's corner."""
    ground = flat(mask, rng.uniform(0.75, 0.95) * _tint(rng)) + _grain(mask.shape, rng, 0.02)
    lines = _rules(mask.shape, rng, spacing, squared=rng.random() < 0.5)
    ground = mix(ground, rng.uniform(0.2, 0.6) * lines, (0.35, 0.5, 0.75))
    picture = mix(ground, mask * _dryness(mask.shape, rng, 0.3), PENS[rng.integers(len(PENS))])
    if rng.random() < 0.6:
        picture *= _shadow(mask.shape, rng, depth=(0.15, 0.4), soft=0.06)
    if rng.random() < 0.35:
        picture = _table(picture, mask, rng, sides=1)
    return add_camera(picture * add_slope(mask.shape, rng, 0.2), rng)


def desk(mask: np.ndarray, rng: np.random.Generator, *, spacing: float) -> np.ndarray:
    """A photo by lamp light: warm, a strong shadow, the table on up to two sides, feint lines."""
    warm = np.array([1, rng.uniform(0.85, 0.97), rng.uniform(0.65, 0.9)])
    ground = flat(mask, rng.uniform(0.65, 0.95) * warm) + _grain(mask.shape, rng, 0.03)
    kind = rng.integers(4)  # plain, ruled with a margin, squared, dotted
    if kind:
        lines = _rules(mask.shape, rng, spacing, squared=kind >= 2, dotted=kind == 3)
        colour = ((0.45, 0.45, 0.5), (0.4, 0.55, 0.8), (0.5, 0.7, 0.6))[rng.integers(3)]
        ground = mix(ground, rng.uniform(0.3, 0.7) * lines, colour)
    if kind == 1:
        ground = mix(ground, 0.7 * _margin(mask.shape, rng, spacing), (0.85, 0.35, 0.4))
    pencil = rng.random() < 0.25
    ink = (0.35, 0.35, 0.37) if pencil else PENS[rng.integers(len(PENS))]
    dry = _dryness(mask.shape, rng, 0.6 if pencil else 0.2)
    picture = mix(ground, mask * dry, ink)
    picture *= _shadow(mask.shape, rng, depth=(0.2, 0.5), soft=rng.uniform(0.01, 0.08))
    if rng.random() < 0.5:
        picture = _table(picture, mask, rng, sides=1 + int(rng.random() < 0.4))
    return add_camera(picture * add_slope(mask.shape, rng, 0.35), rng, harsh=1.4)


def whiteboard(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A marker on a shiny grey board with the lamp's reflection and wiped-off writing."""
    ground = flat(mask, rng.uniform(0.6, 0.85) * np.array([0.97, 1, rng.uniform(1, 1.06)]))
    smear = np.clip(smooth_noise(mask.shape, rng, 0.12), 0, 2) * rng.uniform(0, 0.05)
    picture = mix(ground - smear[..., None], 0.95 * mask * _dryness(mask.shape, rng, 0.25),
                   MARKERS[rng.integers(len(MARKERS))])  # fmt: skip
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]] / max(mask.shape)
    row, column = rng.uniform(0, 1, 2)
    glare = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / rng.uniform(0.01, 0.1))
    picture += (rng.uniform(0, 0.35) * glare)[..., None]
    return add_camera(picture * add_slope(mask.shape, rng, 0.2), rng)


def blackboard(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Chalk with gaps on a dark, dusty board."""
    dark = ((0.12, 0.2, 0.16), (0.13, 0.13, 0.14), (0.1, 0.14, 0.24))[rng.integers(3)]
    dust = np.clip(smooth_noise(mask.shape, rng, 0.15), 0, 2) * rng.uniform(0, 0.06)
    ground = flat(mask, dark) + dust[..., None] + _grain(mask.shape, rng, 0.03)
    picture = mix(ground, mask * _dryness(mask.shape, rng, 0.7), (0.88, 0.88, 0.82))
    return add_camera(picture * add_slope(mask.shape, rng, 0.4), rng)


def _tint(rng) -> np.ndarray:
    return np.array([1, rng.uniform(0.94, 1), rng.uniform(0.84, 1.02)])


def _grain(shape, rng, strength: float) -> np.ndarray:
    """Fibres of paper: smooth noise at three scales."""
    parts = [smooth_noise(shape, rng, max(scale, 2 / max(shape))) for scale in (0.004, 0.02, 0.3)]
    return (rng.uniform(0.2, 1) * strength / 2 * sum(parts))[..., None]


def _dryness(shape, rng, most: float) -> np.ndarray:
    """How much ink sticks to each place: 1, less where the pen runs dry."""
    dry = np.clip(smooth_noise(shape, rng, max(0.01, 2 / max(shape))), 0, 1.5)
    return np.clip(1 - rng.uniform(0, most) * dry, 0.05, 1)


def _polygon(shape, corners) -> np.ndarray:
    canvas = Image.new("L", shape[::-1])
    ImageDraw.Draw(canvas).polygon([tuple(corner) for corner in corners], fill=255)
    return np.asarray(canvas, np.float32) / 255


def _half_plane(shape, rng, reach: tuple[float, float]) -> np.ndarray:
    """One side of the picture, up to a slanted line: 1 there, 0 elsewhere."""
    rows, columns = shape
    near, far = rng.uniform(*reach, 2)
    turned = rng.integers(4)
    corners = np.array([(-0.1, -0.1), (near, -0.1), (far, 1.1), (-0.1, 1.1)])
    if turned >= 2:
        corners[:, 0] = 1 - corners[:, 0]
    if turned % 2:
        corners = corners[:, ::-1]
    return _polygon(shape, corners * [columns, rows])


def _shadow(shape, rng, *, depth: tuple[float, float], soft: float) -> np.ndarray:
    """A shadow that comes in from one side, as a factor of the light."""
    small = [max(side // max(1, max(shape) // 300), 2) for side in shape]
    edge = ndimage.gaussian_filter(_half_plane(small, rng, (0.2, 0.7)), soft * max(small))
    edge = Image.fromarray(edge).resize(shape[::-1], Image.Resampling.BICUBIC)
    return (1 - rng.uniform(*depth) * np.asarray(edge))[..., None]


def _table(picture, mask, rng, *, sides: int) -> np.ndarray:
    """Let the table show at some sides, where it hides no ink."""
    for _ in range(sides):
        edge = _half_plane(mask.shape, rng, (-0.05, 0.22))
        if (edge * mask).sum() > 0:
            continue
        colour = ((0.35, 0.22, 0.12), (0.15, 0.14, 0.14), (0.55, 0.4, 0.25))[rng.integers(3)]
        wood = flat(mask, colour) * (1 + 0.15 * smooth_noise(mask.shape, rng, 0.03)[..., None])
        edge = ndimage.gaussian_filter(edge, 0.002 * max(mask.shape))[..., None]
        picture = picture * (1 - edge) + edge * wood
    return picture


def _rules(shape, rng, spacing: float, *, squared: bool, dotted: bool = False) -> np.ndarray:
    """Feint lines, a little turned; spacing in pixels."""
    turn = np.deg2rad(rng.uniform(-5, 5))
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    across = rows * np.cos(turn) + columns * np.sin(turn) + rng.uniform(0, spacing)
    along = columns * np.cos(turn) - rows * np.sin(turn) + rng.uniform(0, spacing)
    half = max(spacing * rng.uniform(0.01, 0.025), 0.35)
    level, upright = (
        np.clip(half + 0.5 - np.abs((place + spacing / 2) % spacing - spacing / 2), 0, 1)
        for place in (across, along)
    )
    if dotted:
        return level * upright
    return np.maximum(level, upright) if squared else level


def _margin(shape, rng, spacing: float) -> np.ndarray:
    """The upright line at the left of a ruled page."""
    lean = rng.uniform(-0.05, 0.05) * np.arange(shape[0])[:, None]
    place = np.arange(shape[1]) - rng.uniform(0.05, 0.2) * shape[1] + lean
    return np.clip(max(0.02 * spacing, 0.5) + 0.5 - np.abs(place), 0, 1)
