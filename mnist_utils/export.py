"""Networks as files for other programs: Keras, LiteRT and ONNX, each held against the original."""

import hashlib
import io
import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd

from mnist_utils.evaluation import accuracy
from mnist_utils.evaluation.inputs import ask, check_digits
from mnist_utils.exported import SUMS, load, read_sums
from mnist_utils.preprocessing import check_images
from mnist_utils.startup import keras, quiet_stderr

FORMATS = {
    "keras": ".keras",
    "litert_float32": "_float32.tflite",
    "litert_float16": "_float16.tflite",
    "litert_int8": "_int8.tflite",
    "onnx": ".onnx",
}

# How far a format's probabilities may lie from the original's: rounding, and no more.
TOLERANCES = {"keras": 1e-5, "litert_float32": 1e-3, "litert_float16": 0.05, "litert_int8": 0.3,
              "onnx": 1e-3}  # fmt: skip


def export(
    model: keras.Model,
    folder: str | os.PathLike,
    samples: np.ndarray,
    *,
    name: str = "digits",
    formats: Iterable[str] = tuple(FORMATS),
    overwrite: bool = False,
) -> dict[str, Path]:
    """Write a network in several formats, and try each file before it is put in place.

    Args:
        model: a built keras.Model from images (n, 28, 28), pixels 0-255, to probabilities (n, 10).
        folder: where the files go; made if need be.
        samples: array (n, 28, 28), at least 100 training images: they show the converter to int8
            which values occur in the network, and each file must answer them like the model.
        name: the start of the files' names, such as digits_int8.tflite.
        formats: names in FORMATS.
        overwrite: whether files of these names may be replaced.

    Returns:
        The files by format. Beside them stands SHA256SUMS, which `exported.load` heeds.

    Raises:
        ValueError: if a format, the name or the samples are not such, or a file answers otherwise
            than the model by more than rounding explains.
        FileExistsError: if a file is there and overwrite is False; nothing is written then.
        ModuleNotFoundError: if a package that a format needs is not installed.
    """
    check_images(samples)
    formats = list(formats)
    if len(samples) < 100:
        raise ValueError(f"samples must be at least 100 images, got {len(samples)}")
    if unknown := [form for form in formats if form not in FORMATS]:
        raise ValueError(f"formats must be among {', '.join(FORMATS)}, got {', '.join(unknown)}")
    if not name or Path(name).name != name or name.startswith("."):
        raise ValueError(f"name must be the start of a file's name, got {name!r}")
    folder = Path(folder)
    files = {form: folder / f"{name}{FORMATS[form]}" for form in formats}
    if not overwrite and (there := [file.name for file in files.values() if file.exists()]):
        raise FileExistsError(f"{', '.join(there)} in {folder} would be replaced; "
                              "allow it by overwrite=True, or give another name")  # fmt: skip
    model(samples[:1])  # a loaded one that was never called can't be exported
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder) as unfinished:
        written = {form: Path(unfinished) / file.name for form, file in files.items()}
        for form, file in written.items():
            _write(model, form, file, samples)
            _check(model, form, file, samples[:200])
        sums = read_sums(folder) | {file.name: _sum(file) for file in written.values()}
        listed = Path(unfinished) / SUMS
        listed.write_text("".join(f"{sums[key]}  {key}\n" for key in sorted(sums)), "utf-8")
        (folder / SUMS).unlink(missing_ok=True)  # no old sum may stand beside a new file
        for form, file in written.items():
            os.replace(file, files[form])
        os.replace(listed, folder / SUMS)
    return files


def compare(
    model: keras.Model, files: Mapping[str, Path], images: np.ndarray, labels: np.ndarray
) -> pd.DataFrame:
    """Hold exported files against the network that they were made of, image by image.

    Args:
        model: that network.
        files: by format, as `export` returns them.
        images: array (n, 28, 28), pixels 0-255, of a split.
        labels: their digits, integer (n,).

    Returns:
        One row a format, after a row "in memory" for the model itself. Columns: kilobytes (1,000
        bytes; nan in memory); agreement, the share of images that get the model's digit; largest,
        the largest difference from one of its probabilities; accuracy with its 95% interval low
        to high.

    Raises:
        ValueError: if images or labels are not such, or a file can't be used.
    """
    check_images(images)
    labels = check_digits("labels", labels, length=len(images))
    expected = ask(model, images)
    rows = {"in memory": _row(expected, expected, labels) | {"kilobytes": np.nan}}
    for form, file in files.items():
        row = _row(ask(load(file), images), expected, labels)
        rows[form] = {"kilobytes": Path(file).stat().st_size / 1_000} | row
    columns = ["kilobytes", "agreement", "largest", "accuracy", "low", "high"]
    return pd.DataFrame.from_dict(rows, orient="index")[columns].rename_axis("format")


def _row(answers: np.ndarray, expected: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    result = accuracy(labels, answers.argmax(axis=1))
    low, high = result.interval
    return {"agreement": float((answers.argmax(axis=1) == expected.argmax(axis=1)).mean()),
            "largest": float(np.abs(answers - expected).max()),
            "accuracy": result.share, "low": low, "high": high}  # fmt: skip


def _write(model: keras.Model, form: str, file: Path, samples: np.ndarray) -> None:
    if form == "keras":
        bare = model.from_config(model.get_config())  # not compiled: without optimiser's state
        bare.set_weights(model.get_weights())
        bare.save(file)
    elif form == "onnx":
        with quiet_stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions and statistics; the file is tried out
            model.export(file, format="onnx", verbose=False)
    else:
        with quiet_stderr(), redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file.write_bytes(_convert(model, form, samples))


def _convert(model: keras.Model, form: str, samples: np.ndarray) -> bytes:
    """Return the network as a LiteRT file, float32 in and out whatever is in between."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if form != "litert_float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if form == "litert_float16":
        converter.target_spec.supported_types = [tf.float16]
    if form == "litert_int8":
        chosen = samples[np.linspace(0, len(samples) - 1, min(len(samples), 500)).astype(int)]
        converter.representative_dataset = lambda: (
            [image[None].astype(np.float32)] for image in chosen
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return converter.convert()


def _check(model: keras.Model, form: str, file: Path, samples: np.ndarray) -> None:
    gaps = np.abs(ask(load(file), samples) - ask(model, samples)).max(axis=1)
    far = float(np.quantile(gaps, 0.95))  # int8 may be far off on a digit that is a near tie
    if not far <= TOLERANCES[form]:
        raise ValueError(f"the exported {form} does not answer like the model: on 5% of the "
                         f"samples a probability is off by more than {far:.2g}")  # fmt: skip


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
