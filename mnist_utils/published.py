"""The published projects' recipes, trained the way their texts and code say, faults included.

Each is what a student would run: `compile` and `fit` with their settings, the same split, the
test set as validation where they use it so. The networks are those of mnist_utils.models; what
is put right stands in mnist_utils.corrected.
"""

import time

import numpy as np

from mnist_utils import models
from mnist_utils.data import PACKAGED, Split
from mnist_utils.data.readers import read_npz
from mnist_utils.recipes import PUBLISHED_RECIPES
from mnist_utils.startup import keras
from mnist_utils.training import deciding_callbacks

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


def train_published(
    name: str, seed: int, epochs: int | None = None, *, examples: int | None = None
) -> dict:
    """Train a published recipe as published and read the test set.

    Args:
        name: a key of SPLITS.
        seed: the published projects set none, or one.
        epochs: fewer than published, for an estimate; None for the published number.
        examples: so many images of each split, for a trial; None for all.

    Returns:
        seconds (building, tracing and validation included), epoch_seconds, epochs, history,
        parameters, and test: accuracy, loss and errors. For cnn_small also test_unscaled: the
        same for test pixels 0-255, which its code leaves so while it divides the training pixels.
    """
    arrays = read_npz(PACKAGED)
    test = Split(arrays["x_test"], arrays["y_test"]).take(examples)
    chosen, held = SPLITS[name]
    train = Split(arrays["x_train"][chosen], arrays["y_train"][chosen]).take(examples)
    validation = test
    if held is not None:
        validation = Split(arrays["x_train"][held], arrays["y_train"][held]).take(examples)
    start_afresh(seed)
    if name == "cnn_deep":
        train = Split(freeze_augmentation(train.images), train.labels)
    started = time.perf_counter()
    model = keras_convnet() if name == "keras_convnet" else models.build(name)
    result = fit_published(name, model, train, validation, epochs, [], started)
    result["test"] = read(model, test)
    if name == "cnn_small":
        result["test_unscaled"] = read(model, Split(test.images * 255.0, test.labels))
    return result


def score(probabilities: np.ndarray, labels: np.ndarray) -> dict:
    """Return accuracy, loss, and the digit taken for each image that is classified wrongly."""
    answers = probabilities.argmax(1)
    wrong = np.flatnonzero(answers != labels)
    likelihood = probabilities[np.arange(len(labels)), labels]
    return {
        "accuracy": 1 - len(wrong) / len(labels),
        "loss": float(-np.log(np.maximum(likelihood, 1e-7)).mean()),
        "errors": {int(index): int(answers[index]) for index in wrong},
    }


def freeze_augmentation(images: np.ndarray) -> np.ndarray:
    """Turn, zoom and shift each image once, before training, as Deep_Learing_model's code does.

    Its layers are RandomRotation(0.1), RandomZoom(0.1) and RandomTranslation(0.1, 0.1): Keras
    counts the first in full turns, so that it turns by up to 36 degrees.
    """
    drawn = keras.Sequential(augmentation_layers(turns=0.1))
    parts = np.array_split(images, max(1, len(images) // 1_000))
    return np.concatenate([np.asarray(drawn(part, training=True)) for part in parts])


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


class Clock(keras.callbacks.Callback):
    """Notes how long each epoch took, validation included."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self._begun = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(round(time.perf_counter() - self._begun, 3))


def start_afresh(seed: int) -> None:
    """Forget all networks and seed everything."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)


def fit_published(name: str, model: keras.Model, train: Split, validation: Split,
                  epochs: int | None, callbacks: list, started: float) -> dict:  # fmt: skip
    """Compile and train a network with a published recipe's settings, and say how it went."""
    recipe, clock = PUBLISHED_RECIPES.get(name), Clock()
    model.compile(
        optimizer=keras.optimizers.Adam(recipe.learning_rate if recipe else 1e-3),
        loss="sparse_categorical_crossentropy", metrics=["accuracy"],
    )  # fmt: skip
    history = model.fit(
        *train, validation_data=validation, verbose=0,
        batch_size=recipe.batch_size if recipe else 128,
        epochs=EPOCHS[name] if epochs is None else epochs,
        callbacks=[*callbacks, *(deciding_callbacks(recipe) if recipe else []), clock],
    ).history  # fmt: skip
    return {
        "seconds": time.perf_counter() - started,
        "epoch_seconds": clock.seconds, "epochs": len(clock.seconds),
        "history": {key: [float(value) for value in values] for key, values in history.items()},
        "parameters": model.count_params(),
    }  # fmt: skip


def augmentation_layers(turns: float, **outside) -> list[keras.layers.Layer]:
    """Return Deep_Learing_model's layers; turns are full ones, outside goes to each layer."""
    return [
        layers.Reshape((28, 28, 1)), layers.RandomRotation(turns, **outside),
        layers.RandomZoom(0.1, **outside), layers.RandomTranslation(0.1, 0.1, **outside),
        layers.Reshape((28, 28)),
    ]  # fmt: skip


def read(model: keras.Model, split: Split) -> dict:
    """Return accuracy, loss and errors on a split."""
    return score(model.predict(split.images, batch_size=500, verbose=0), split.labels)
