"""What the drawing page shows of a reading: a headline, two pictures, and the numbers as JSON."""

from html import escape

import numpy as np
from PIL import Image

BLACK, VERMILION = (0, 0, 0), (213, 94, 0)
SIDE = 280  # pixels, of the pictures that are shown
EMPTY = "Draw a digit, or give a picture of one."


def draw_seen(image: np.ndarray) -> Image.Image:
    """Return a MNIST-like image (28, 28) as dark ink on white, each pixel 10x10."""
    return Image.fromarray(255 - image).resize((SIDE, SIDE), Image.Resampling.NEAREST)


def draw_heat(image: np.ndarray, values: np.ndarray) -> Image.Image:
    """Return the ink in grey, coloured the more, the larger the map's value above 0 is there."""
    ink = image / 255
    heat = np.maximum(values, 0)
    heat = heat / heat.max() if heat.max() > 1e-6 else np.zeros_like(heat)
    paper = np.full((28, 28, 3), 255.0) - 0.75 * ink[..., None] * (255 - np.array(BLACK))
    mixed = paper + 0.8 * heat[..., None] * (np.array(VERMILION) - paper)
    picture = Image.fromarray(mixed.round().astype(np.uint8))
    return picture.resize((SIDE, SIDE), Image.Resampling.NEAREST)


def as_json(reading) -> dict:
    """Return a reading as plain numbers and lists: as `predict --json`, and all probabilities."""
    chances = None if reading.probabilities is None else [float(c) for c in reading.probabilities]
    return {"digit": reading.digit, "rejected": reading.rejected, "reason": reading.reason,
            "top3": [[digit, float(chance)] for digit, chance in reading.top],
            "probabilities": chances}  # fmt: skip


def say(reading) -> str:
    """Return the headline for a reading of a picture in which there was something to read."""
    digit, chance = reading.top[0]
    if reading.rejected:
        return headline("?", f"{sentence(reading.reason)} Perhaps {digit}.")
    return headline(str(digit), f"{percent(chance)} sure")


def percent(chance: float, digits: int = 0) -> str:
    """Return a probability as text; one that would round to 100% is not certain, and says so."""
    text = f"{chance:.{digits}%}"
    return text if float(text[:-1]) < 100 else f"over {100 - 10.0**-digits:.{digits}f}%"


def sentence(text: str) -> str:
    """Return a reason as a sentence: a capital letter first, a full stop last."""
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."


def headline(big: str, small: str) -> str:
    """Return HTML of a large answer and a line below it, both escaped."""
    return f'<span class="big">{escape(big)}</span><span class="small">{escape(small)}</span>'


def blank() -> tuple:
    """Return what the page shows as long as there is no picture."""
    return headline("", EMPTY), None, None, None, None
