"""Reading a .keras file without trusting it: no class is made that the series does not use."""

import io
import json
import math
import tempfile
import zipfile
from pathlib import Path

import h5py
import numpy as np

LARGEST = 200 * 2**20  # bytes; the largest network of the series has 3 MB
LARGEST_CONFIG = 2**20  # bytes of config.json; the series' largest has 20 kB
LARGEST_LAYER = 2**22  # numbers that a layer makes of an image; the series' largest makes 38,000
KERAS_CLASSES = {
    "keras": {"Sequential", "DTypePolicy"},
    "keras.src.models.functional": {"Functional"},
    "keras.models": {"Sequential", "Functional"},
    "keras.layers": {
        "Activation", "Add", "AveragePooling2D", "BatchNormalization", "Concatenate", "Conv2D",
        "Cropping2D", "Dense", "DepthwiseConv2D", "Dropout", "Flatten", "GlobalAveragePooling2D",
        "InputLayer", "LeakyReLU", "MaxPooling2D", "Multiply", "Permute", "ReLU", "Rescaling",
        "Reshape", "SeparableConv2D", "Softmax", "ZeroPadding2D",
    },
    "keras.initializers": {
        "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Ones",
        "RandomNormal", "RandomUniform", "TruncatedNormal", "Zeros",
    },
    "keras.regularizers": {"L1", "L2", "L1L2"},
}  # fmt: skip


class ModelFileError(ValueError):
    """The file can't be used as a digit reader; the message says why."""


def read_keras(content: bytes, threads: int):
    """Return the model of a .keras file whose configuration names nothing but known layers.

    Args:
        content: the file's.
        threads: as other readers have it; Keras uses all.

    Raises:
        ModelFileError: if it is a file of another kind, or for other images and answers; whatever
            Keras raises for a damaged one.
    """
    from mnist_utils.startup import keras  # here, so that the other formats do without TensorFlow

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {member.filename: member.file_size for member in archive.infolist()}
        expected = {"metadata.json", "config.json", "model.weights.h5"}
        if set(members) != expected or sum(members.values()) > LARGEST:
            raise ModelFileError(f"it must hold {', '.join(sorted(expected))} and nothing else")
        if members["config.json"] > LARGEST_CONFIG:
            raise ModelFileError(f"its config.json is larger than {LARGEST_CONFIG // 2**20} MB")
        if (broken := archive.testzip()) is not None:
            raise ModelFileError(f"{broken} in it is damaged")
        config = json.loads(archive.read("config.json"))
        config.pop("compile_config", None)  # how it was trained; not looked at with compile=False
        _check_classes(config)
        _check_size(config, archive.read("model.weights.h5"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        file.write_bytes(content)
        model = keras.saving.load_model(file, compile=False, safe_mode=True)
    check_ports([(model.input_shape, np.float32)], [(model.output_shape, np.float32)])
    return model


def _check_classes(config) -> None:
    """Raise ModelFileError if a Keras configuration names a class that is not in the list."""
    if isinstance(config, list):
        for part in config:
            _check_classes(part)
    elif isinstance(config, dict):
        name, module = config.get("class_name"), config.get("module")
        plain = name is None or name == "__tuple__" or name in KERAS_CLASSES.get(module, ())
        if not plain or (name is None and module is not None):
            raise ModelFileError(f"it wants {module}.{name}, which no network of the series needs")
        for part in config.values():
            _check_classes(part)


def _check_size(config: dict, weights: bytes) -> None:
    """Raise ModelFileError if a network would need much memory, before it takes any.

    A few bytes can ask for a layer of a billion units, or declare as many weights in an HDF5 file.
    """
    from mnist_utils.startup import keras

    declared = []
    with h5py.File(io.BytesIO(weights)) as file:
        file.visititems(lambda _, part: declared.append(getattr(part, "nbytes", 0)))  # 0: a group
    if sum(declared) > LARGEST:
        raise ModelFileError(f"its weights take more than {LARGEST // 2**20} MB")
    with keras.StatelessScope(initialize_variables=False):  # weights have shapes, but no values
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    if 4 * model.count_params() > LARGEST:  # float32
        raise ModelFileError(f"its {model.count_params():,} parameters take more than "
                             f"{LARGEST // 2**20} MB")  # fmt: skip
    for layer in model.layers:
        for answer in keras.tree.flatten(layer.output):
            if math.prod(answer.shape[1:]) > LARGEST_LAYER:
                raise ModelFileError(f"its layer {layer.name} answers an image with {answer.shape} "
                                     f"numbers; at most {LARGEST_LAYER:,} are allowed")  # fmt: skip


def check_ports(sources: list, targets: list) -> None:
    """Raise ModelFileError unless the (shape, dtype) are (n, 28, 28) in and (n, 10) out."""
    found = [[tuple(shape)[1:] for shape, _ in ports] for ports in (sources, targets)]
    floats = all(dtype == np.float32 for _, dtype in [*sources, *targets])
    if found != [[(28, 28)], [(10,)]] or not floats:
        raise ModelFileError(
            "it must take float32 images (n, 28, 28) and return float32 probabilities (n, 10); "
            f"it takes {sources} and returns {targets}"
        )
