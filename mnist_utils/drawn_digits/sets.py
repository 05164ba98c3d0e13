"""Sets of files of digits: some to choose by, others set aside for one last reading.

The sets set aside differ from the others in the styles of writing, the surroundings, the light,
the fonts, the writers and the random numbers.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mnist_utils.drawn_digits import scenes
from mnist_utils.drawn_digits.files import (
    Sample,
    flat_file,
    photo_file,
    plain_file,
    transparent_file,
)
from mnist_utils.drawn_digits.strokes import Hand, draw_strokes, trace


def drawn(rng, digit: int, *, family: str) -> Sample:
    """A drawing program's file: any size from 28 pixels, any place, many file formats."""
    side = int(28 * 2 ** rng.uniform(0, 4.5))
    size = (side, int(side * rng.uniform(0.8, 1.25)))
    height = min(size) * rng.uniform(0.35, 0.95)
    width = max(height * rng.uniform(0.03, 0.16), 1.0)
    mask = _write(rng, digit, size, height, width, family=family, spare=0)
    if rng.random() < 0.25:
        return transparent_file(mask, rng, digit)
    picture = scenes.screen(mask, rng)
    return flat_file(picture, rng, digit)


def photographed(rng, digit: int, *, scene: str, family: str, longest: tuple[int, int]) -> Sample:
    """A photo as JPEG, some turned by EXIF alone."""
    side = int(np.exp(rng.uniform(*np.log(longest))))
    size = (side, int(side * 0.75)) if rng.random() < 0.5 else (int(side * 0.75), side)
    height = min(size) * rng.uniform(0.12, 0.7)
    pen = rng.uniform(0.02, 0.12) if scene not in ("paper", "desk") else rng.uniform(0.015, 0.08)
    width = max(height * pen, side / 700, 1.2)
    mask = _write(rng, digit, size, height, width, family=family, spare=0.06)
    extra = {"spacing": height * rng.uniform(0.4, 1.3)} if scene in ("notebook", "desk") else {}
    picture = getattr(scenes, scene)(mask, rng, **extra)
    return photo_file(picture, rng, digit)


def printed(rng, digit: int, *, fonts: tuple[str, ...]) -> Sample:
    """A font's digit, slanted, turned and stretched, on a screen or on paper."""
    size = (int(28 * 2 ** rng.uniform(1, 4)),) * 2
    font = ImageFont.truetype(_font_folder() / fonts[rng.integers(len(fonts))], size[0] * 4 // 5)
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
    from scipy.ndimage import distance_transform_edt

    half = max(height * rng.uniform(0.012, 0.05), 0.9)
    mask = np.clip(half + 0.5 - distance_transform_edt(~page), 0, 1).astype(np.float32)
    extra = {"spacing": height * rng.uniform(0.4, 1.3)} if scene in ("notebook", "desk") else {}
    return photo_file(getattr(scenes, scene)(mask, rng, **extra), rng, digit)


_SANS = ("DejaVuSans.ttf", "DejaVuSans-Oblique.ttf", "DejaVuSansMono.ttf", "DejaVuSerif.ttf",
         "DejaVuSans-Bold.ttf")  # fmt: skip
_OTHER = ("STIXGeneral.ttf", "STIXGeneralItalic.ttf", "cmr10.ttf", "cmss10.ttf", "cmtt10.ttf",
          "STIXGeneralBol.ttf")  # fmt: skip


def _sources() -> dict[str, dict]:
    first, second = _writers(slice(0, 900)), _writers(slice(900, None))
    return {
        "tuning": {
            "drawn": partial(drawn, family="first"),
            "paper": partial(photographed, scene="paper", family="first", longest=(400, 2000)),
            "notebook": partial(photographed, scene="notebook", family="first",
                                longest=(400, 1600)),
            "fonts": partial(printed, fonts=_SANS),
            "8x8": partial(tiny, **first),
            "rewritten": partial(rewritten, scene="notebook", **_mnist(slice(0, 2500))),
        },
        "held back": {
            "drawn": partial(drawn, family="second"),
            "desk": partial(photographed, scene="desk", family="second", longest=(700, 4000)),
            "whiteboard": partial(photographed, scene="whiteboard", family="second",
                                  longest=(400, 2500)),
            "blackboard": partial(photographed, scene="blackboard", family="second",
                                  longest=(400, 2500)),
            "fonts": partial(printed, fonts=_OTHER),
            "8x8": partial(tiny, **second),
            "rewritten": partial(rewritten, scene="desk", **_mnist(slice(2500, 5000))),
        },
    }  # fmt: skip


def set_names(purpose: str) -> list[str]:
    """Return the names of the sets of a purpose: "tuning" or "held back"."""
    return list(_sources()[purpose])


def make_set(purpose: str, name: str, count: int, *, seed: int = 0) -> Iterator[Sample]:
    """Make a set's samples one by one, each digit in turn; the same arguments give the same files.

    Args:
        purpose: "tuning" or "held back".
        name: one of `set_names(purpose)`.
        count: how many.
        seed: other seeds give other samples of the same kind.

    Raises:
        ValueError: if there is no such set.
    """
    sources = _sources()
    if name not in sources.get(purpose, ()):
        raise ValueError(f"no set {name!r} for {purpose!r}; there are "
                         f"{ {key: list(value) for key, value in sources.items()} }")  # fmt: skip
    for index in range(count):
        key = [seed, index, list(sources).index(purpose), *name.encode()]
        yield sources[purpose][name](np.random.default_rng(key), index % 10)


def _writers(part: slice) -> dict:
    from sklearn.datasets import load_digits

    digits = load_digits()  # in the order of the writers, so the halves have different ones
    return {"images": digits.images[part], "labels": digits.target[part]}


def _mnist(part: slice) -> dict:
    from mnist_utils.data import load_mnist

    images, labels = load_mnist().validation
    return {"images": images[part], "labels": labels[part]}


def _font_folder() -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def _write(rng, digit, size, height, width, *, family, spare) -> np.ndarray:
    """Trace a digit somewhere on a canvas, leaving free a share of each side where it can."""
    strokes = draw_strokes(digit, rng, family=family, hand=Hand(turn=rng.uniform(0, 15)))
    spread = np.ptp(np.concatenate(strokes), axis=0)[::-1]
    fits = (np.array(size) * (1 - 2 * spare) - width) / spread
    height = min(height, *fits)
    room = np.array(size) * (1 - 2 * spare) - spread * height - width
    centre = np.array(size) / 2 + rng.uniform(-0.5, 0.5, 2) * np.maximum(room, 0)
    return trace(strokes, size, height, width, rng, centre=centre)
