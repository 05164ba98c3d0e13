"""What the published projects' claims name and no training tells: counts, sizes, memory, latency.

Each function takes the name of a published recipe, or None where it is about the data, and returns
a list of numbers: counts, bytes or seconds.
"""

import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mnist_utils import models
from mnist_utils.data import PACKAGED
from mnist_utils.data.readers import read_npz
from mnist_utils.recipes import PUBLISHED_RECIPES
from mnist_utils.startup import keras


def count_images(_=None) -> list[int]:
    """Return how many training and test images there are."""
    arrays = read_npz(PACKAGED)
    return [len(arrays["y_train"]), len(arrays["y_test"])]


def count_classes(_=None) -> list[int]:
    """Return how many training images each digit has."""
    return np.bincount(read_npz(PACKAGED)["y_train"], minlength=10).tolist()


def weigh_data(_=None) -> list[int]:
    """Return the size in bytes of the file with the data."""
    return [PACKAGED.stat().st_size]


def count_parameters(recipe: str) -> list[int]:
    """Return the network's number of parameters."""
    return [models.build(recipe).count_params()]


def count_layer_parameters(recipe: str) -> list[int]:
    """Return each layer's number of parameters, but for ours that scale and reshape the pixels."""
    return [layer.count_params() for layer in _listed_layers(recipe)]


def list_layer_shapes(recipe: str) -> list[int]:
    """Return the output shapes of those layers, one after another, without the batch's size."""
    return [size for layer in _listed_layers(recipe) for size in layer.output.shape[1:]]


def count_layers(recipe: str) -> list[int]:
    """Return the number of layers, but for ours that scale and reshape the pixels."""
    return [len(_listed_layers(recipe))]


def count_steps(recipe: str) -> list[int]:
    """Return the steps of an epoch over all training images."""
    return [math.ceil(60_000 / PUBLISHED_RECIPES[recipe].batch_size)]


def weigh_model_file(recipe: str) -> list[int]:
    """Return the size in bytes of the .h5 file of the trained network, optimiser included."""
    model = models.build(recipe)
    model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.h5"
        with _without_warnings():
            model.save(file)
        return [file.stat().st_size]


def time_prediction(recipe: str, repeats: int = 30) -> list[float]:
    """Return the median seconds that `model.predict` takes for one image, after a first one."""
    model, image = models.build(recipe), np.zeros((1, 28, 28), "float32")
    seconds = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        model.predict(image, verbose=0)
        seconds.append(time.perf_counter() - start)
    return [float(np.median(seconds[1:]))]


def measure_memory(recipe: str) -> list[int]:
    """Return the most bytes that a process of its own takes to train the network for an epoch.

    Raises:
        OSError: on other systems than Linux, which keeps the count that this reads.
    """
    code = ("import sys; from mnist_utils.published import train_published; "
            f"train_published({recipe!r}, 0, 1); "
            "print(next(line.split()[1] for line in open('/proc/self/status') "
            "if line.startswith('VmHWM')))")  # fmt: skip
    if not Path("/proc/self/status").exists():
        raise OSError("the most memory that a process took is read from /proc, on Linux only")
    return [int(subprocess.check_output([sys.executable, "-c", code]).split()[-1]) * 1024]


QUANTITIES = {
    "images": count_images, "class sizes": count_classes, "file bytes": weigh_data,
    "parameters": count_parameters, "layer parameters": count_layer_parameters,
    "layer shapes": list_layer_shapes, "layers": count_layers, "steps an epoch": count_steps,
    "model file bytes": weigh_model_file, "latency": time_prediction, "memory": measure_memory,
}  # fmt: skip


def _listed_layers(recipe: str) -> list[keras.layers.Layer]:
    ours = (keras.layers.Rescaling, keras.layers.Reshape)
    return [layer for layer in models.build(recipe).layers if not isinstance(layer, ours)]


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keras logs that .h5 is a format of the past, which is known and meant here."""
    from absl import logging

    level = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(level)
