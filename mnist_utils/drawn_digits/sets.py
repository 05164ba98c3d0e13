"""Sets of files of digits: some to choose by, others set aside for one last reading.

The sets set aside differ from the others in the styles of writing, the surroundings, the light,
the fonts, the writers and the random numbers. Those of `NEW` were made after the first look at
the others, and differ from these in the same ways.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from mnist_utils.drawn_digits import camera, company, litter, scenes, surfaces, textures
from mnist_utils.drawn_digits.borrowed import printed, rewritten, tiny
from mnist_utils.drawn_digits.files import Sample, flat_file, photo_file, transparent_file
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


def photographed(
    rng, digit: int, *, scene: str, family: str, longest: tuple[int, int], tilt: float = 0
) -> Sample:
    """A photo as JPEG, some turned by EXIF alone, or taken from aside."""
    side = int(np.exp(rng.uniform(*np.log(longest))))
    size = (side, int(side * 0.75)) if rng.random() < 0.5 else (int(side * 0.75), side)
    height = min(size) * rng.uniform(0.12, 0.7)
    pen = rng.uniform(0.02, 0.12) if scene not in ("paper", "desk") else rng.uniform(0.015, 0.08)
    width = max(height * pen, side / 700, 1.2)
    mask = _write(rng, digit, size, height, width, family=family, spare=0.06 + tilt)
    extra = {"spacing": height * rng.uniform(0.4, 1.3)} if scene in ("notebook", "desk") else {}
    modules = (scenes, surfaces, company, litter, textures)
    module = next(module for module in modules if hasattr(module, scene))
    picture = getattr(module, scene)(mask, rng, **extra)
    if tilt:
        picture = camera.tilt(picture, rng, tilt)
    return photo_file(picture, rng, digit)


NEW = ("tilted", "form", "wrapping", "pavement", "glass", "litter")  # among the sets held back

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
            "tilted": partial(photographed, scene="notebook", family="first",
                              longest=(400, 1600), tilt=0.15),
            "company": partial(photographed, scene="company", family="first",
                               longest=(400, 1600)),
            "rough": partial(photographed, scene="rough", family="first", longest=(500, 1600)),
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
            "tilted": partial(photographed, scene="desk", family="third", longest=(600, 2500),
                              tilt=0.18),
            **{scene: partial(photographed, scene=scene, family="third", longest=(500, 2000),
                              tilt=tilt)
               for scene, tilt in (("form", 0), ("wrapping", 0.12), ("pavement", 0.12),
                                   ("glass", 0), ("litter", 0))},
        },
    }  # fmt: skip


def set_names(purpose: str) -> list[str]:
    """Return the names of the sets of a purpose: "tuning" or "held back".

    Raises:
        ValueError: if there is no such purpose.
    """
    sources = _sources()
    if purpose not in sources:
        raise ValueError(f"purpose must be one of {', '.join(sources)}, got {purpose!r}")
    return list(sources[purpose])


def make_set(
    purpose: str, name: str, count: int, *, seed: int = 0, first: int = 0
) -> Iterator[Sample]:
    """Make a set's samples one by one, each digit in turn; the same arguments give the same files.

    Args:
        purpose: "tuning" or "held back".
        name: one of `set_names(purpose)`.
        count: how many.
        seed: other seeds give other samples of the same kind.
        first: how many samples to leave out at the start.

    Raises:
        ValueError: if there is no such set.
    """
    sources = _sources()
    if name not in sources.get(purpose, ()):
        raise ValueError(f"no set {name!r} for {purpose!r}; there are "
                         f"{ {key: list(value) for key, value in sources.items()} }")  # fmt: skip
    start = [list(sources).index(purpose), *name.encode()]
    return (sources[purpose][name](np.random.default_rng([seed, index, *start]), index % 10)
            for index in range(first, first + count))  # fmt: skip


def _writers(part: slice) -> dict:
    from sklearn.datasets import load_digits

    digits = load_digits()  # in the order of the writers, so the halves have different ones
    return {"images": digits.images[part], "labels": digits.target[part]}


def _mnist(part: slice) -> dict:
    from mnist_utils.data import load_mnist

    images, labels = load_mnist().validation
    return {"images": images[part], "labels": labels[part]}


def _write(rng, digit, size, height, width, *, family, spare) -> np.ndarray:
    """Trace a digit somewhere on a canvas, leaving free a share of each side where it can."""
    strokes = draw_strokes(digit, rng, family=family, hand=Hand(turn=rng.uniform(0, 15)))
    spread = np.ptp(np.concatenate(strokes), axis=0)[::-1]
    fits = (np.array(size) * (1 - 2 * spare) - width) / spread
    height = min(height, *fits)
    room = np.array(size) * (1 - 2 * spare) - spread * height - width
    centre = np.array(size) / 2 + rng.uniform(-0.5, 0.5, 2) * np.maximum(room, 0)
    return trace(strokes, size, height, width, rng, centre=centre)
