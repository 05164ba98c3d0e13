"""The published projects' recipes, trained the way their texts and code say, faults included.

Each is what a student would run: `compile` and `fit` with their settings, the same split, the
test set as validation where they use it so. The networks are those of mnist_utils.models.
"""

import time

import numpy as np
from runs import score

from mnist_utils import models
from mnist_utils.data import PACKAGED
from mnist_utils.data.readers import read_npz
from mnist_utils.recipes import PUBLISHED_RECIPES
from mnist_utils.startup import keras

layers = keras.layers

# Which rows of the 60,000 training images, in the file's order, train the network and which
# validate it; None validates on the test set.
SPLITS = {
    "dense_baseline": (slice(0, 54_000), slice(54_000, None)),  # validation_split=0.1
    "dense_deeper": (slice(0, 54_000), slice(54_000, None)),
    "dense_batchnorm": (slice(0, 51_000), slice(51_000, None)),  # validation_split=0.15
    "cnn_small": (slice(None), None),
    "cnn_two_conv": (slice(None), None),
    "cnn_deep": (slice(12_000, None), slice(0, 12_000)),
    "keras_convnet": (slice(0, 54_000), slice(54_000, None)),
}
TITLES = {
    "dense_baseline": "L36_HomeWork, base", "dense_deeper": "L36_HomeWork, improved",
    "dense_batchnorm": "MNIST Handwritten Digit Classifier",
    "cnn_small": "MNIST Handwritten Digit Classification using CNN",
    "cnn_two_conv": "MNIST-Handwritten-Digit-Classification", "cnn_deep": "Deep_Learing_model",
    "keras_convnet": "Keras examples, mnist_convnet",
}  # fmt: skip
EPOCHS = {name: recipe.epochs for name, recipe in PUBLISHED_RECIPES.items()} | {"keras_convnet": 15}
QUICK_EPOCHS = 1


def train_published(name: str, seed: int, epochs: int | None = None) -> dict:
    """Train a published recipe and read the test set.

    Args:
        name: a key of SPLITS.
        seed: the published projects set none.
        epochs: fewer than published, for an estimate; None for the published number.

    Returns:
        seconds (building, tracing and validation included), epoch_seconds, epochs, history,
        parameters, and test: accuracy, loss and errors.
    """
    arrays = read_npz(PACKAGED)
    chosen, held = SPLITS[name]
    images, labels = arrays["x_train"][chosen], arrays["y_train"][chosen]
    validation = (arrays["x_test"], arrays["y_test"])
    if held is not None:
        validation = (arrays["x_train"][held], arrays["y_train"][held])
    epochs = EPOCHS[name] if epochs is None else epochs
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    if name == "cnn_deep":
        images = freeze_augmentation(images)
    clock = Clock()
    start = time.perf_counter()
    model, batch_size, callbacks = _prepare(name)
    history = model.fit(
        images, labels, batch_size=batch_size, epochs=epochs, verbose=0,
        validation_data=validation, callbacks=[*callbacks, clock],
    ).history  # fmt: skip
    seconds = time.perf_counter() - start
    probabilities = model.predict(arrays["x_test"], batch_size=500, verbose=0)
    return {
        "seconds": seconds, "epoch_seconds": clock.seconds, "epochs": len(clock.seconds),
        "history": {key: [float(value) for value in values] for key, values in history.items()},
        "parameters": model.count_params(), "test": score(probabilities, arrays["y_test"]),
    }  # fmt: skip


def freeze_augmentation(images: np.ndarray) -> np.ndarray:
    """Turn, zoom and shift each image once, before training, as Deep_Learing_model's code does.

    Its layers are RandomRotation(0.1), RandomZoom(0.1) and RandomTranslation(0.1, 0.1): Keras
    counts the first in full turns, so that it turns by up to 36 degrees.
    """
    drawn = keras.Sequential([
        layers.Reshape((28, 28, 1)), layers.RandomRotation(0.1), layers.RandomZoom(0.1),
        layers.RandomTranslation(0.1, 0.1), layers.Reshape((28, 28)),
    ])  # fmt: skip
    parts = np.array_split(images, max(1, len(images) // 1_000))
    return np.concatenate([np.asarray(drawn(part, training=True)) for part in parts])


class Clock(keras.callbacks.Callback):
    """Notes how long each epoch took, validation included."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self._begun = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(round(time.perf_counter() - self._begun, 3))


def _prepare(name: str) -> tuple[keras.Model, int, list]:
    if name == "keras_convnet":
        model, batch_size, rate = keras_convnet(), 128, 1e-3
    else:
        recipe = PUBLISHED_RECIPES[name]
        model, batch_size, rate = models.build(name), recipe.batch_size, recipe.learning_rate
    model.compile(
        optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )  # fmt: skip
    if name != "cnn_deep":
        return model, batch_size, []
    callbacks = keras.callbacks
    return model, batch_size, [
        callbacks.EarlyStopping("val_accuracy", patience=10, restore_best_weights=True),
        callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=5, min_lr=1e-4),
    ]  # fmt: skip


def keras_convnet() -> keras.Model:
    """Conv32-Pool-Conv64-Pool-Dropout-10, 34,826 parameters: Keras's own MNIST example.

    Written anew after https://keras.io/examples/vision/mnist_convnet/, which trains it for 15
    epochs, batches of 128, and says "about 99%".
    """
    return keras.Sequential([
        keras.Input((28, 28)), layers.Rescaling(1 / 255), layers.Reshape((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Flatten(), layers.Dropout(0.5), layers.Dense(10, activation="softmax"),
    ], name="keras_convnet")  # fmt: skip
