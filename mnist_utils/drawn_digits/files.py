"""Drawn digits as files of many kinds: formats, modes, compression, orientation, transparency."""

import io
from dataclasses import dataclass, field

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Sample:
    """One file and what it shows.

    Attributes:
        content: the file's bytes.
        suffix: of its name, such as ".png".
        digit: 0-9.
    """

    content: bytes = field(repr=False)
    suffix: str
    digit: int


def plain_file(picture: np.ndarray, digit: int) -> Sample:
    """Store a picture (rows, columns, 3), 0-1, as PNG."""
    return _save(_levels(picture), ".png", digit)


def flat_file(picture: np.ndarray, rng: np.random.Generator, digit: int) -> Sample:
    """Store a drawing with a palette, in 1 bit, 16 bits, CMYK, or another usual way."""
    levels = _levels(picture)
    kind = rng.integers(9)
    if kind == 0:
        return _save(levels.quantize(32), ".png", digit)
    if kind == 1:
        return _save(levels.convert("1", dither=Image.Dither.NONE), ".png", digit)
    if kind == 2:
        grey = (picture.mean(2) * 65535).astype(np.uint16)
        return _save(Image.fromarray(grey), ".png", digit)
    if kind == 3:
        return _save(levels.convert("CMYK"), ".jpg", digit)
    if kind == 4:
        return _save(levels.convert("RGBA"), ".webp", digit)
    return _save(levels, (".png", ".bmp", ".gif", ".jpg")[kind - 5], digit)


def transparent_file(mask: np.ndarray, rng: np.random.Generator, digit: int) -> Sample:
    """Store ink (rows, columns), 0-1, as strokes of one grey on nothing."""
    grey = rng.choice([0, 0, 255, 60])
    alpha = (mask * 255).astype(np.uint8)
    kind = ("RGBA", "LA")[rng.integers(2)]
    layers = [np.full_like(alpha, grey)] * (len(kind) - 1)
    merged = Image.merge(kind, [Image.fromarray(layer) for layer in (*layers, alpha)])
    return _save(merged, ".png", digit)


def photo_file(picture: np.ndarray, rng: np.random.Generator, digit: int) -> Sample:
    """Store a photo as JPEG; a quarter lie on their side, and EXIF says so."""
    levels, quality = _levels(picture), int(rng.uniform(40, 95))
    if rng.random() < 0.75:
        return _save(levels, ".jpg", digit, quality=quality)
    tag, undo = ((3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90),
                 (8, Image.Transpose.ROTATE_270))[rng.integers(3)]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = tag  # the orientation, by which viewers turn it back
    return _save(levels.transpose(undo), ".jpg", digit, quality=quality, exif=exif)


def _levels(picture: np.ndarray) -> Image.Image:
    return Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))


def _save(picture, suffix, digit, **options) -> Sample:
    file = io.BytesIO()
    kind = {".jpg": "JPEG"}.get(suffix, suffix[1:].upper())
    picture.save(file, kind, **options)
    return Sample(file.getvalue(), suffix, digit)
