"""Readers for the file formats in which MNIST-shaped data comes; nothing is ever unpickled."""

import gzip
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mnist_utils.archives import LARGEST as LARGEST_FILE
from mnist_utils.archives import read_archive

KEYS = ("x_train", "y_train", "x_test", "y_test")
IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".tif", ".tiff", ".webp"}
IMAGE_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")  # whatever a file's name is
LARGEST_IMAGE = 2**20  # bytes of a file that holds 28×28 pixels


class DataError(ValueError):
    """The data is missing, damaged, altered or not of the expected form."""


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Read the four arrays of an .npz file; see `check_arrays` for what they must be."""
    if not path.is_file():
        raise DataError(f"{path}: no such file; expected an .npz with the arrays {', '.join(KEYS)}")
    try:
        arrays = read_archive(path, KEYS, largest=LARGEST_FILE)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: {error}; expected {', '.join(KEYS)}. Truncated, altered, or not an .npz "
            "of plain arrays?"
        ) from error
    return check_arrays(arrays, str(path))


def read_idx_folder(folder: Path) -> dict[str, np.ndarray]:
    """Read MNIST's four original IDX files (LeCun's format), gzipped or not, from a folder."""
    arrays = {}
    for key, name in IDX_FILES.items():
        spellings = [name, name.replace("-idx", ".idx")]
        candidates = [folder / f"{s}{end}" for s in spellings for end in ("", ".gz")]
        found = next((file for file in candidates if file.is_file()), None)
        if found is None:
            raise DataError(f"{folder}: no {name} or {name}.gz; expected the four files "
                            f"{', '.join(IDX_FILES.values())}")  # fmt: skip
        arrays[key] = parse_idx(_read_bytes(found), where=str(found))
    return check_arrays(arrays, str(folder))


def _read_bytes(file: Path) -> bytes:
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{file}: truncated or altered ({error}); expected an IDX file") from error
    if len(content) > LARGEST_FILE:
        raise DataError(f"{file}: unpacks to more than {LARGEST_FILE:,} bytes, the most accepted")
    return content


def parse_idx(content: bytes, *, where: str) -> np.ndarray:
    """Return the uint8 array of an IDX file's bytes.

    The format: two zero bytes, the type (8 for unsigned byte), the number of dimensions, each
    dimension as a big-endian 32-bit integer, then the data (https://yann.lecun.com/exdb/mnist/).
    """
    if len(content) < 4 or content[:3] != b"\x00\x00\x08" or not 1 <= content[3] <= 4:
        raise DataError(f"{where}: starts with {content[:4].hex(' ') or 'nothing'}; expected the "
                        "header of an unsigned-byte IDX file, 00 00 08 and 01 to 04")  # fmt: skip
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise DataError(f"{where}: ends inside its header of {header} bytes")
    shape = struct.unpack(f">{content[3]}I", content[4:header])
    expected = header + int(np.prod(shape, dtype=object))
    if len(content) != expected:
        raise DataError(
            f"{where}: {len(content):,} bytes; expected {expected:,} for its shape {shape}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape).copy()


def read_image_folder(folder: Path) -> dict[str, np.ndarray]:
    """Read train/CLASS/IMAGE and test/CLASS/IMAGE.

    Folders that are all named by a digit give that digit; others are numbered from 0 in the order
    of their names. Hidden files and folders, such as Jupyter's .ipynb_checkpoints, are left out.

    Raises:
        DataError: if the folders are not such, or a file is no image of 28 by 28 grey pixels.
    """
    names = [sorted(_visible((folder / part).glob("*/"))) for part in ("train", "test")]
    if not names[0] or not names[1]:
        raise DataError(f"{folder}: expected the folders train/CLASS and test/CLASS with images, "
                        "or the four IDX files")  # fmt: skip
    if names[0] != names[1]:
        raise DataError(f"{folder}: train has the classes {names[0]}, test has {names[1]}; "
                        "expected the same")  # fmt: skip
    if len(names[0]) > 10:
        raise DataError(f"{folder}: {len(names[0])} classes; expected at most 10")
    digits = all(name in set("0123456789") for name in names[0])
    labels = {name: int(name) if digits else number for number, name in enumerate(names[0])}
    arrays = {}
    for part in ("train", "test"):
        for name in labels:
            _check_inside(folder / part / name, folder)
        files = [
            (folder / part / name / image, label)
            for name, label in labels.items()
            for image in sorted(_visible((folder / part / name).iterdir()))
            if Path(image).suffix.lower() in IMAGE_SUFFIXES
        ]
        if not files:
            raise DataError(f"{folder / part}: no images; expected files such as {part}/0/0001.png")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow: what is wrong is an error here
            arrays[f"x_{part}"] = np.stack([_read_image(file, folder) for file, _ in files])
        arrays[f"y_{part}"] = np.array([label for _, label in files], np.uint8)
    return check_arrays(arrays, str(folder))


def _visible(paths: Iterator[Path]) -> Iterator[str]:
    return (path.name for path in paths if not path.name.startswith("."))


def _check_inside(path: Path, folder: Path) -> None:
    """Raise DataError if links lead out of the folder, as they can in an unpacked archive."""
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DataError(
            f"{path}: a link that leads out of {folder}; put the images themselves there"
        )


def _read_image(file: Path, folder: Path) -> np.ndarray:
    from PIL import Image

    if file.is_symlink():
        _check_inside(file, folder)
    if not file.is_file():
        raise DataError(f"{file}: not a file; expected an image of 28×28 pixels")
    if file.stat().st_size > LARGEST_IMAGE:
        raise DataError(f"{file}: {file.stat().st_size:,} bytes; an image of 28×28 pixels has at "
                        f"most {LARGEST_IMAGE:,}")  # fmt: skip
    try:
        with Image.open(file, formats=IMAGE_FORMATS) as image:
            if image.size != (28, 28):
                raise DataError(f"{file}: {image.size[0]}×{image.size[1]} pixels; expected 28×28")
            pixels = np.asarray(image.convert("L"))
    except DataError:
        raise
    except Exception as error:  # whatever a damaged image makes Pillow raise
        raise DataError(f"{file}: not a readable image ({error}); expected {', '.join(IMAGE_FORMATS)} "
                        "of 28×28 pixels") from error  # fmt: skip
    if pixels.shape != (28, 28) or pixels.dtype != np.uint8:
        form = f"{pixels.dtype} {pixels.shape}"
        raise DataError(f"{file}: decodes to {form}; expected uint8 (28, 28)")
    return pixels


def check_arrays(arrays: dict[str, np.ndarray], where: str) -> dict[str, np.ndarray]:
    """Return the arrays if they have MNIST's form, labels as uint8.

    Images must be uint8 (n, 28, 28) with n at least 1, labels integers 0-9 (n,).
    """
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
            raise DataError(f"{where}: x_{part} is {images.dtype} {images.shape}; "
                            "expected uint8 (n, 28, 28)")  # fmt: skip
        if len(images) == 0:
            raise DataError(f"{where}: x_{part} holds no images; expected at least one")
        if not np.issubdtype(labels.dtype, np.integer) or labels.shape != (len(images),):
            raise DataError(f"{where}: y_{part} is {labels.dtype} {labels.shape}; "
                            f"expected integers ({len(images)},), one for each image")  # fmt: skip
        if labels.min() < 0 or labels.max() > 9:
            raise DataError(f"{where}: y_{part} holds labels from {labels.min()} to "
                            f"{labels.max()}; expected 0 to 9")  # fmt: skip
        arrays[f"y_{part}"] = labels.astype(np.uint8)
    return arrays
