"""MNIST, and other digit-like data of the same shape, as three named splits."""

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnist_utils.data.readers import DataError, read_idx_folder, read_image_folder, read_npz
from mnist_utils.data.sums import PUBLISHED_SUMS

__all__ = ["DataError", "MnistData", "Split", "load_mnist", "load_once"]

PACKAGED = Path(__file__).with_name("mnist.npz")


class Split(NamedTuple):
    """Images and their labels, in the same order.

    Attributes:
        images: uint8 array (n, 28, 28); 0 is background, 255 is full ink.
        labels: uint8 array (n,); the digits 0-9.
    """

    images: np.ndarray
    labels: np.ndarray

    def take(self, examples: int | None) -> "Split":
        """Return the first `examples` of the split, or all of it for None.

        Raises:
            ValueError: if there are not that many, or fewer than one is asked for.
        """
        if examples is None:
            return self
        if not 1 <= examples <= len(self.labels):
            raise ValueError(
                f"examples must be between 1 and {len(self.labels):,}, the size of this split; "
                f"got {examples!r}"
            )
        return Split(self.images[:examples], self.labels[:examples])


class MnistData:
    """The three splits of a data set; `test` says so when it is first read.

    Attributes:
        train: Split for fitting.
        validation: Split for every choice.
        test: Split for one final reading.
        checksum: SHA-256 over all arrays and the split, as a hexadecimal string.
    """

    def __init__(self, train: Split, validation: Split, test: Split, checksum: str):
        self.train = train
        self.validation = validation
        self.checksum = checksum
        self._test = test
        self._test_was_read = False

    @property
    def test(self) -> Split:
        """The test split. Its first reading is announced, once, where it happens."""
        if not self._test_was_read:
            self._test_was_read = True
            from mnist_utils.results import announce_test_reading

            announce_test_reading()
        return self._test

    def with_train(self, train: Split) -> "MnistData":
        """Return the same data with another training split, whose labels may be probabilities.

        Args:
            train: images (n, 28, 28) and labels (n,), digits; or (n, 10), the probability of each
                digit, such as another network's, for distillation.

        Raises:
            ValueError: if images and labels are not of such shapes.
        """
        n = len(train.labels)
        if train.images.shape != (n, 28, 28) or train.labels.shape not in ((n,), (n, 10)):
            raise ValueError("train must hold images (n, 28, 28) and labels (n,) or (n, 10), got "
                             f"{train.images.shape} and {train.labels.shape}")  # fmt: skip
        checksum = hashlib.sha256(self.checksum.encode())
        for array in train:
            checksum.update(np.ascontiguousarray(array))
        return MnistData(train, self.validation, self._test, checksum.hexdigest())

    def __repr__(self) -> str:
        sizes = (f"{len(s.labels):,}" for s in (self.train, self.validation, self._test))
        return "MnistData(train={}, validation={}, test={})".format(*sizes)


def load_mnist(
    path: str | os.PathLike | None = None, *, validation_examples: int = 5_000, seed: int = 0
) -> MnistData:
    """Load MNIST, or other data of the same shape, and set a validation split aside.

    Args:
        path: None for the MNIST that ships with the package (checksums verified). Otherwise
            an `.npz` file with the arrays x_train, y_train, x_test and y_test; a folder of the
            four IDX files, gzipped or not; or a folder of 28×28 images by class
            (train/0/….png and test/0/….png).
        validation_examples: how many training images to set aside for validation; drawn at
            random, each class in proportion. 0 is allowed only where nothing is validated.
        seed: seed of that draw. The order of the training images is shuffled by the same seed.

    Returns:
        MnistData with the splits train, validation and test.

    Raises:
        DataError: if the data is missing, damaged, altered or not of the expected form; the
            message says what, where and what was expected. A DataError is a ValueError.
        ValueError: if validation_examples does not leave at least one training image per class,
            or seed is not an integer of 0 to 2**32 - 1.
    """
    _check_integer("validation_examples", validation_examples, 0)
    _check_integer("seed", seed, 2**32)
    try:
        arrays = _read_packaged() if path is None else _read(Path(path).expanduser())
    except DataError:
        raise
    except (OSError, RuntimeError, TypeError, ValueError) as error:  # RuntimeError: ~nobody
        raise DataError(f"{path!r} can't be read ({error}); expected the name of an .npz file or a "
                        "folder") from error  # fmt: skip
    train, validation = _split(arrays["x_train"], arrays["y_train"], validation_examples, seed)
    checksum = hashlib.sha256(f"{validation_examples} {seed}".encode())
    for key in sorted(arrays):
        checksum.update(np.ascontiguousarray(arrays[key]))
    test = Split(arrays["x_test"], arrays["y_test"])
    return MnistData(train, validation, test, checksum.hexdigest())


@cache
def load_once() -> MnistData:
    """Return `load_mnist()`, read once a process: for experiments that one process carries out often.

    An experiment that calls this in place of using a notebook's data has nothing large to send.
    """
    return load_mnist()


def _read(path: Path) -> dict[str, np.ndarray]:
    if path.is_file():
        return read_npz(path)
    if not path.is_dir():
        raise DataError(f"{path}: no such file or folder; expected an .npz file, a folder of IDX "
                        "files or a folder of images by class")  # fmt: skip
    holds_idx = any("ubyte" in file.name for file in path.iterdir())
    return read_idx_folder(path) if holds_idx else read_image_folder(path)


def _read_packaged() -> dict[str, np.ndarray]:
    try:
        arrays = read_npz(PACKAGED)
    except DataError as error:
        raise DataError(f"{error}; reinstall the package") from error
    for key, expected in PUBLISHED_SUMS.items():
        if hashlib.sha256(arrays[key]).hexdigest() != expected:
            raise DataError(f"{PACKAGED}: {key} does not have its published SHA-256 sum "
                            f"{expected[:12]}…; reinstall the package")  # fmt: skip
    return arrays


def _check_integer(name: str, value, limit: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ValueError(f"{name} must be an integer, got {value!r:.80}")
    if limit and not 0 <= value < limit:
        raise ValueError(f"{name} must be between 0 and {limit - 1:,}, got {value!r}")


def _split(images, labels, validation_examples: int, seed: int) -> tuple[Split, Split]:
    classes = len(np.unique(labels))
    if validation_examples == 0:
        order = np.random.default_rng(seed).permutation(len(labels))
        return Split(images[order], labels[order]), Split(images[:0], labels[:0])
    if not classes <= validation_examples <= len(labels) - classes:
        raise ValueError(
            f"validation_examples must be 0, or between {classes} and {len(labels) - classes:,} "
            f"(at least one image of each class on either side), got {validation_examples!r}"
        )
    from sklearn.model_selection import train_test_split  # imported here: it takes half a second

    try:
        kept, held = train_test_split(
            np.arange(len(labels)),
            test_size=validation_examples,
            stratify=labels,
            random_state=seed,
        )
    except ValueError as error:
        raise DataError(f"the training labels can't be split by class: {error}") from error
    return Split(images[kept], labels[kept]), Split(images[held], labels[held])
