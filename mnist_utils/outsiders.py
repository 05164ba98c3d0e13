"""Images that a digit reader should not answer, or was not made for; all uint8 (n, 28, 28), 0-255."""

import os
from pathlib import Path

import numpy as np

from mnist_utils.framing import frame
from mnist_utils.preprocessing import check_images

# The letters that nobody would take for a digit, in print.
LETTERS = "AEFHKMNPRUVWXacdefhkmnprtuvwxy"
# Where other programs leave Fashion-MNIST: Debian's package dataset-fashion-mnist, and Keras.
FASHION_FOLDERS = ("/usr/share/datasets/fashion-mnist", "~/.keras/datasets/fashion-mnist")


def make_noise(count: int, *, seed: int = 0) -> np.ndarray:
    """Return images of which every pixel is drawn at random, all of 0-255 equally likely."""
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28), np.uint8)


def invert(images: np.ndarray) -> np.ndarray:
    """Return white ink on black paper for black on white, and the reverse."""
    check_images(images)
    return (255 - images).astype(np.uint8)


def scramble(images: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return each image with its 49 tiles of 4 by 4 pixels in an order of its own.

    Ink, grey levels and short strokes are as before; what they form is gone.
    """
    check_images(images)
    tiles = images.reshape(-1, 7, 4, 7, 4).swapaxes(2, 3).reshape(-1, 49, 4, 4)
    order = np.random.default_rng(seed).permuted(np.tile(np.arange(49), (len(tiles), 1)), axis=1)
    mixed = tiles[np.arange(len(tiles))[:, None], order]
    return mixed.reshape(-1, 7, 7, 4, 4).swapaxes(2, 3).reshape(images.shape)


def print_text(characters: str, count: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Print characters in the fonts that Matplotlib ships, in MNIST's form.

    Each is drawn large in one of the DejaVu fonts, turned by up to 10 degrees either way, so that
    no two are quite alike, and framed as MNIST's digits are.

    Args:
        characters: what to draw from, such as LETTERS or "0123456789".
        count: how many images; characters and fonts are drawn at random.
        seed: of the draws.

    Returns:
        (images, which): uint8 (count, 28, 28), and int (count,), the index in `characters`.

    Raises:
        ValueError: if there is no character, or one of them leaves no ink.
    """
    from PIL import Image, ImageDraw, ImageFont

    if not characters:
        raise ValueError("characters must name at least one character")
    rng = np.random.default_rng(seed)
    fonts = [ImageFont.truetype(str(file), 60) for file in _font_files()]
    which = rng.integers(0, len(characters), count)
    chosen, angles = rng.integers(0, len(fonts), count), rng.uniform(-10, 10, count)
    images = np.zeros((count, 28, 28), np.uint8)
    for number in range(count):
        sheet = Image.new("L", (120, 120))
        pen = ImageDraw.Draw(sheet)
        pen.text((60, 60), characters[which[number]], 255, fonts[chosen[number]], anchor="mm")
        turned = sheet.rotate(angles[number], Image.Resampling.BILINEAR)
        images[number] = frame(np.asarray(turned))
    return images, which


def find_fashion() -> Path | None:
    """Return the folder in which this machine has Fashion-MNIST, or None.

    Looked for where the environment variable FASHION_MNIST points, then in FASHION_FOLDERS;
    `load_mnist` reads what is found. (Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747.)
    """
    named = os.environ.get("FASHION_MNIST")
    for folder in ([named] if named else []) + list(FASHION_FOLDERS):
        folder = Path(folder).expanduser()
        if any(folder.glob("train-images*")):
            return folder
    return None


def _font_files() -> list[Path]:
    from matplotlib import get_data_path

    files = sorted(Path(get_data_path(), "fonts", "ttf").glob("DejaVu*.ttf"))
    return [file for file in files if "Display" not in file.name]
