"""What all scenes are made of: colours, noise, light, and the camera's place and faults."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def flat(mask, colour) -> np.ndarray:
    """Return a picture of one colour, as large as the mask."""
    return np.broadcast_to(np.asarray(colour, np.float32), (*mask.shape, 3)).copy()


def mix(ground, share, colour) -> np.ndarray:
    """Lay a colour over a picture, where and as far as share (rows, columns) says, 0 to 1."""
    share = share[..., None].astype(np.float32)
    return ground * (1 - share) + share * np.asarray(colour, np.float32)


def outline(shape: tuple[int, ...], kind: str, points, *, soft: float, **options) -> np.ndarray:
    """Draw one of Pillow's shapes, filled.

    Args:
        shape: (rows, columns) of the picture.
        kind: "polygon", "line" or "ellipse", as ImageDraw calls them.
        points: (n, 2), x and y in pixels.
        soft: standard deviation of the edge's blur in pixels.
        options: what else Pillow should know, such as a line's width.

    Returns:
        float32 (rows, columns), 0-1.
    """
    canvas = Image.new("L", shape[::-1])
    places = [tuple(map(float, point)) for point in points]
    getattr(ImageDraw.Draw(canvas), kind)(places, fill=255, **options)
    return np.asarray(canvas.filter(ImageFilter.GaussianBlur(float(soft))), np.float32) / 255


def smooth_noise(shape, rng, scale: float) -> np.ndarray:
    """Smooth noise with standard deviation about 1; scale is its grain in image sizes."""
    coarse = rng.normal(0, 1.2, [int(np.ceil(side / (scale * max(shape)))) + 3 for side in shape])
    picture = Image.fromarray(coarse.astype(np.float32))
    return np.asarray(picture.resize(shape[::-1], Image.Resampling.BICUBIC))


def add_slope(shape, rng, strength: float) -> np.ndarray:
    """Light that falls off to one side."""
    rows, columns = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    angle, amount = rng.uniform(0, 2 * np.pi), rng.uniform(0, strength)
    slope = 1 + amount * (rows * np.sin(angle) + columns * np.cos(angle)) - amount / 2
    return np.clip(slope, 0.15, 1.5)[..., None].astype(np.float32)


def tilt(picture: np.ndarray, rng: np.random.Generator, most: float) -> np.ndarray:
    """Look at a scene from aside: each corner is taken from up to `most` of a side further in."""
    rows, columns = picture.shape[:2]
    corners = np.array([(0, 0), (0, 1), (1, 1), (1, 0)])  # x, y, as Pillow wants them
    inwards = np.where(corners == 0, 1, -1) * rng.uniform(0, most, (4, 2))
    old = (corners + inwards) * [columns, rows]
    new = corners * [columns, rows]
    system = [line for (x, y), (u, v) in zip(new, old, strict=True)
              for line in ((x, y, 1, 0, 0, 0, -u * x, -u * y), (0, 0, 0, x, y, 1, -v * x, -v * y))]  # fmt: skip
    way = np.linalg.solve(np.array(system, float), old.reshape(-1))
    levels = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    turned = levels.transform(levels.size, Image.Transform.PERSPECTIVE, tuple(way),
                              Image.Resampling.BICUBIC)  # fmt: skip
    return np.asarray(turned, np.float32) / 255


def add_camera(picture, rng, *, harsh: float = 1.0) -> np.ndarray:
    """A camera's blur, noise and white balance."""
    blur = rng.uniform(0, 0.0015) * max(picture.shape) * harsh
    picture = picture * (1 + rng.normal(0, 0.02, 3))
    levels = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    picture = np.asarray(levels.filter(ImageFilter.GaussianBlur(blur)), np.float32) / 255
    noise = rng.standard_normal(picture.shape[:2], np.float32)[..., None]
    return np.clip(picture + rng.uniform(0.005, 0.03) * harsh * noise, 0, 1).astype(np.float32)
