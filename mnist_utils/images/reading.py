"""From a file, whatever it holds, to a picture: upright, opaque, RGB, of a bounded size."""

import io
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 60_000_000
MOST_PIXELS = 50_000_000
MOST_JPEG_PIXELS = 170_000_000  # more, as it can be decoded at a fraction of its size
MOST_SIDE = 4_000  # pixels; a larger picture is reduced
MOST_ASPECT = 40
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "ICO", "AVIF")


class ImageError(ValueError):
    """A file that is not a picture that can be used; the message says why."""


class NoDigitFound(ValueError):
    """A picture without anything that could be one digit; the message says what there was."""


class NothingStandsOut(NoDigitFound):
    """A picture in which nothing stands out enough from its ground."""


def open_picture(source, *, turn: bool = True) -> np.ndarray:
    """Read a picture.

    The orientation that a camera wrote into the file (EXIF) is applied; transparent pictures get
    a ground that their strokes differ from; 16-bit, floating-point, palette, 1-bit and CMYK
    pictures become RGB. Of several frames the first counts.

    Args:
        source: a path, a file's bytes, a binary file, a PIL.Image.Image, or an array: (rows,
            columns), or with 1, 2, 3 or 4 channels (grey, grey and alpha, RGB, RGBA); uint8 0-255,
            uint16 0-65535, bool, or float 0-1 or 0-255.
        turn: whether to turn the picture as its EXIF data says.

    Returns:
        float32 array (rows, columns, 3), 0-1.

    Raises:
        ImageError: if it is no picture, damaged, empty, too large, or of a kind not known.
        NoDigitFound: if nothing in it can be seen, since all is transparent.
        OSError: if the file can't be opened.
    """
    if isinstance(source, np.ndarray):
        levels = _from_array(source)
    else:
        picture = source if isinstance(source, Image.Image) else _decode(*_read(source))
        levels = _levels(_upright(picture) if turn else picture)
    times = -(-max(levels.shape) // MOST_SIDE)
    if times > 1:
        levels = np.asarray(Image.fromarray(levels).reduce(times))
    return _opaque(levels)


def _read(source) -> tuple[bytes, str]:
    if isinstance(source, bytes | bytearray | memoryview):
        content, name = bytes(source), "the picture"
    elif isinstance(source, str | os.PathLike):
        path, name = Path(source), str(source)
        if path.is_dir():
            raise ImageError(f"{name} is a folder; give a picture's file")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    elif hasattr(source, "read"):
        content, name = source.read(MOST_BYTES + 1), "the picture"
    else:
        raise ImageError("source must be a path, bytes, a binary file, a PIL image or an array, "
                         f"got {type(source).__name__}")  # fmt: skip
    if not isinstance(content, bytes):
        raise ImageError(f"{name} must be opened in binary mode")
    if not content:
        raise ImageError(f"{name} is empty")
    if len(content) > MOST_BYTES:
        raise ImageError(f"{name} is larger than {MOST_BYTES // 1_000_000} MB")
    return content, name


def _decode(content: bytes, name: str) -> Image.Image:
    """Decode with Pillow, after a look at the size that the header promises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own warning of large pictures, and EXIF's
            Image.init()
            known = [kind for kind in FORMATS if kind in Image.OPEN]
            picture = Image.open(io.BytesIO(content), formats=known)
            jpeg = picture.format in ("JPEG", "MPO")
            _check_size(picture.size, name, MOST_JPEG_PIXELS if jpeg else MOST_PIXELS)
            share = MOST_SIDE / max(picture.size)
            if picture.width * picture.height > MOST_PIXELS:
                share = min(share, 0.5)  # nothing between half and whole can be had from Pillow
            if jpeg and share < 1:
                picture.draft(None, tuple(int(share * side) for side in picture.size))
            picture.load()
            return picture
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"{name} is not a picture that can be read{_hint(content)}") from None
    except Image.DecompressionBombError:
        raise ImageError(f"{name} has too many pixels; at most {MOST_PIXELS:,} are read") from None
    except Exception as error:  # a damaged file can raise anything
        raise ImageError(f"{name} is damaged: {error}") from error


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # what damaged EXIF data makes its reader raise; the picture is fine
        return picture


def _hint(content: bytes) -> str:
    start = content[:512].lstrip()
    if content[4:8] == b"ftyp":
        return "; it seems to be HEIC or a film: save it as JPEG or PNG"
    if start.startswith((b"<svg", b"<?xml")):
        return "; it seems to be SVG: export it as PNG"
    if start.startswith(b"%PDF"):
        return "; it is a PDF: export the page as PNG"
    return f"; known are {', '.join(FORMATS)}"


def _check_size(size: tuple[int, int], name: str, most: int | None = None) -> None:
    most = MOST_PIXELS if most is None else most
    if min(size) < 1:
        raise ImageError(f"{name} has no pixels")
    if size[0] * size[1] > most:
        raise ImageError(f"{name} has {size[0]:,} × {size[1]:,} pixels; "
                         f"at most {most:,} are read")  # fmt: skip
    if max(size) > MOST_ASPECT * min(size):
        raise ImageError(f"{name} is a strip of {size[0]:,} × {size[1]:,} pixels, too narrow to "
                         "hold a digit")  # fmt: skip


def _levels(picture: Image.Image) -> np.ndarray:
    """Return uint8 (rows, columns, 3 or 4) of a Pillow image of any mode."""
    _check_size(picture.size, "the picture")
    if picture.mode.startswith("I") or picture.mode == "F":
        return _from_array(np.asarray(picture))
    transparent = "transparency" in picture.info or picture.mode in (
        "RGBA",
        "LA",
        "PA",
        "La",
        "RGBa",
    )
    if picture.mode == "P" and not transparent:
        transparent = picture.palette is not None and picture.palette.mode == "RGBA"
    return np.asarray(picture.convert("RGBA" if transparent else "RGB"))


def _from_array(array: np.ndarray) -> np.ndarray:
    """Return uint8 (rows, columns, 3 or 4) of grey, RGB or RGBA values in any usual range."""
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4):
        raise ImageError("an array must have shape (rows, columns) or (rows, columns, 1 to 4), "
                         f"got {array.shape}")  # fmt: skip
    _check_size(array.shape[1::-1], "the array")
    if not np.isrealobj(array) or not (
        np.issubdtype(array.dtype, np.number) or array.dtype == bool
    ):
        raise ImageError(f"an array must hold real numbers, got {array.dtype}")
    with np.errstate(over="ignore"):  # what float32 can't hold becomes infinite, and is refused
        values = array.astype(np.float32)
    if not np.isfinite(values).all():
        raise ImageError("the picture's values must be finite")
    low, high = float(values.min()), float(values.max())
    if array.dtype == bool or (np.issubdtype(array.dtype, np.floating) and high <= 1):
        most = 1.0
    else:
        most = 255.0 if high <= 255 and array.dtype != np.uint16 else max(high, 65535.0)
    values = np.clip((values - min(low, 0)) / (most - min(low, 0)), 0, 1)
    if values.shape[2] <= 2:  # grey, perhaps with alpha
        values = np.concatenate([values[..., :1]] * 3 + [values[..., 1:]], axis=2)
    return np.round(values * 255).astype(np.uint8)


def _opaque(levels: np.ndarray) -> np.ndarray:
    """Lay a transparent picture on white or black, whichever its strokes differ from more."""
    picture = levels[..., :3].astype(np.float32) / 255
    if levels.shape[2] == 3 or levels[..., 3].min() == 255:
        return picture
    alpha = levels[..., 3:].astype(np.float32) / 255
    shown = float(alpha.mean())
    if shown < 1e-6:
        raise NoDigitFound("no digit found: the picture is fully transparent")
    if shown > 0.6:  # a photo with soft corners, say: go on with its own colour
        ground = np.median(picture[alpha[..., 0] > 0.5], axis=0)
    else:
        ground = float((picture * alpha).sum() / (3 * alpha.sum())) < 0.5
    return picture * alpha + (1 - alpha) * ground
