"""Digits that others made, as new files: fonts', scikit-learn's 8×8 and MNIST's own shapes."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt

from mnist_utils.drawn_digits import scenes
from mnist_utils.drawn_digits.files import Sample, flat_file, photo_file, plain_file


def printed(rng, digit: int, *, fonts: tuple[str, ...]) -> Sample:
    """A font's digit, slanted, turned and stretched, on a screen or on paper."""
    size = (int(28 * 2 ** rng.uniform(1, 4)),) * 2
    font = ImageFont.truetype(font_folder() / fonts[rng.integers(len(fonts))], size[0] * 4 // 5)
    glyph = Image.new("L", (3 * size[0], 3 * size[0]))
    ImageDraw.Draw(glyph).text((size[0], size[0]), str(digit), fill=255, font=font)
    glyph = glyph.crop(glyph.getbbox())
    height = size[0] * rng.uniform(0.4, 0.8)
    width = height * glyph.width / glyph.height * np.exp(rng.uniform(-0.2, 0.2))
    glyph = glyph.resize((max(int(width), 1), int(height)), Image.Resampling.LANCZOS)
    page = Image.new("L", size)
    page.paste(glyph, ((size[0] - glyph.width) // 2, (size[0] - glyph.height) // 2))
    slant = rng.uniform(-0.15, 0.3)
    page = page.transform(size, Image.Transform.AFFINE, (1, slant, -slant * size[0] / 2, 0, 1, 0),
                          Image.Resampling.BICUBIC)  # fmt: skip
    page = page.rotate(rng.uniform(-12, 12), Image.Resampling.BICUBIC)
    mask = np.asarray(page, np.float32) / 255
    if rng.random() < 0.5:
        return flat_file(scenes.screen(mask, rng), rng, digit)
    return photo_file(scenes.paper(mask, rng), rng, digit)


def tiny(rng, digit: int, *, images: np.ndarray, labels: np.ndarray) -> Sample:
    """One of scikit-learn's 8×8 digits as a file, enlarged or not, dark on light or the reverse."""
    chosen = rng.choice(np.flatnonzero(labels == digit))
    page = Image.fromarray(np.clip(images[chosen] / 16, 0, 1).astype(np.float32))
    if rng.random() < 0.3:
        return plain_file(scenes.screen(np.asarray(page), rng), digit)
    side = int(rng.uniform(16, 300))
    page = page.resize((side, side), Image.Resampling.BICUBIC)
    return flat_file(scenes.screen(np.clip(np.asarray(page), 0, 1), rng), rng, digit)


def rewritten(rng, digit: int, *, images: np.ndarray, labels: np.ndarray, scene: str) -> Sample:
    """An MNIST digit's shape, traced anew by a pen of another width, in a photo."""
    from skimage.morphology import skeletonize

    chosen = rng.choice(np.flatnonzero(labels == digit))
    side = int(rng.uniform(300, 1200))
    height = int(side * rng.uniform(0.2, 0.6))
    large = Image.fromarray(images[chosen]).resize((height, height), Image.Resampling.BICUBIC)
    line = skeletonize(np.asarray(large) > 110)
    page = np.zeros((side, int(side * 0.8)), bool)
    top, left = (int(rng.uniform(0.05, 0.95) * (room - height)) for room in page.shape)
    page[top : top + height, left : left + height] = line
    half = max(height * rng.uniform(0.012, 0.05), 0.9)
    mask = np.clip(half + 0.5 - distance_transform_edt(~page), 0, 1).astype(np.float32)
    extra = {"spacing": height * rng.uniform(0.4, 1.3)} if scene in ("notebook", "desk") else {}
    return photo_file(getattr(scenes, scene)(mask, rng, **extra), rng, digit)


def font_folder() -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"
