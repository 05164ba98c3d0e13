"""Reading .npz archives that may be damaged, or made to do harm: no pickle, and bounded memory."""

import math
import os
import zipfile
from collections.abc import Sequence

import numpy as np

LARGEST = 2**30  # bytes of one array, unpacked; MNIST's largest is 47 MB
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_archive(
    path: str | os.PathLike, names: Sequence[str] | None = None, *, largest: int = LARGEST
) -> dict[str, np.ndarray]:
    """Return arrays of an .npz file by name.

    numpy.load checks neither for two members of one name nor what a member would unpack to, and
    gives the bytes of a member that is not an array.

    Args:
        path: the file.
        names: the arrays wanted, without ".npy"; None for all.
        largest: bytes to which one array may unpack.

    Raises:
        OSError: if the file is missing or can't be opened.
        ValueError: if it is truncated or altered, holds anything but plain arrays, lacks a name or
            would unpack to more than is accepted; nothing is ever unpickled.
    """
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                sizes = _member_sizes(archive)
                missing = [name for name in names or () if name not in sizes]
                if missing:
                    raise ValueError(f"holds no {', '.join(missing)}")
                wanted = list(sizes if names is None else names)
                for name in wanted:
                    if sizes[name] > largest:
                        raise ValueError(f"{name} would unpack to {sizes[name]:,} bytes; "
                                         f"at most {largest:,} are accepted")  # fmt: skip
                return {name: _read_member(archive, name) for name in wanted}
        except ValueError:
            raise
        except Exception as error:  # whatever a damaged archive makes zipfile or NumPy raise
            raise ValueError(f"{type(error).__name__}: {error}") from error


def _member_sizes(archive: zipfile.ZipFile) -> dict[str, int]:
    sizes = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name in sizes or name == member.filename:
            raise ValueError(f"{member.filename!r} is twice in it, or not an array")
        sizes[name] = member.file_size
    return sizes


def _read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as stream:
        read_header = HEADERS.get(np.lib.format.read_magic(stream))
        if read_header is None:
            raise ValueError(f"{name} is in a version of NumPy's format for structured arrays")
        shape, _, dtype = read_header(stream)
        announced, held = (
            math.prod(shape) * dtype.itemsize,
            archive.getinfo(f"{name}.npy").file_size - stream.tell(),
        )
        if dtype.hasobject or announced != held:  # before any memory is taken for it
            raise ValueError(f"{name} is to be {dtype} {shape} and holds {held:,} bytes")
        stream.seek(0)
        array = np.lib.format.read_array(stream, allow_pickle=False)
        stream.read(1)  # nothing is left, but only at the end is the member's checksum verified
        return array
