"""The published recipes with their faults put right: each is trained as published but for CORRECTED."""

import time
from typing import NamedTuple

import numpy as np

from mnist_utils import models, published
from mnist_utils.data import Split, load_mnist
from mnist_utils.startup import keras


class Corrected(NamedTuple):
    """What is put right in a published recipe.

    Attributes:
        validation_examples: how many training images validate, as many as the project sets aside;
            drawn at random by the run's seed, each class in proportion. The weights of the epoch
            with the best validation accuracy are kept.
        settings: passed to the network's builder.
        live: whether images are turned, zoomed and shifted anew each time they are used.
        changes: all of it in words.
    """

    validation_examples: int
    settings: dict
    live: bool
    changes: str


_DRAWN = "validation images drawn at random, not the last {}% of the file; epoch chosen on them"
_TEST = "5,000 training images validate, not the test set; epoch chosen on them"
CORRECTED = {
    "dense_baseline": Corrected(6_000, {}, False, _DRAWN.format(10)),
    "dense_deeper": Corrected(6_000, {}, False, _DRAWN.format(10)),
    "dense_batchnorm": Corrected(9_000, {}, False, _DRAWN.format(15)),
    "cnn_small": Corrected(5_000, {}, False, _TEST),
    "cnn_two_conv": Corrected(5_000, {"scaling": "unit"}, False, _TEST + "; pixels scaled to 0-1"),
    "cnn_deep": Corrected(
        12_000, {}, True,
        "validation images drawn at random, not the first 20% of the file; augmentation drawn anew "
        "for each image and epoch, ±10 degrees as its text says, 0 outside the image",
    ),
}  # fmt: skip


def train_corrected(
    name: str, seed: int, epochs: int | None = None, *, examples: int | None = None
) -> dict:
    """Train a published recipe with what CORRECTED puts right, and read the test set.

    The test set is read after every epoch too, and decides nothing: it shows what choosing the
    epoch by it would have promised.

    Args:
        name: a key of CORRECTED.
        seed: also draws the validation images.
        epochs: fewer than published, for an estimate; None for the published number.
        examples: so many images of each split, for a trial; None for all.

    Returns:
        As published.train_published, and best_epoch (from 1), validation (accuracy and loss in
        that epoch), and test_by_epoch, the accuracies.
    """
    corrected = CORRECTED[name]
    data = load_mnist(validation_examples=corrected.validation_examples, seed=seed)
    train, validation, test = (
        split.take(examples) for split in (data.train, data.validation, data.test)
    )
    published.start_afresh(seed)
    started = time.perf_counter()
    model = models.build(name, **corrected.settings)
    if corrected.live:
        drawn = published.augmentation_layers(10 / 360, fill_mode="constant", fill_value=0.0)
        model = keras.Sequential([keras.Input((28, 28)), *drawn, model])
    reader = TestReader(test)
    keep_best = keras.callbacks.EarlyStopping(  # it stops nothing
        "val_accuracy", patience=published.EPOCHS[name], restore_best_weights=True
    )
    result = published.fit_published(
        name, model, train, validation, epochs, [reader, keep_best], started
    )
    history = result["history"]
    best = int(np.argmax(history["val_accuracy"]))
    return result | {
        "best_epoch": best + 1,
        "validation": {key: history[f"val_{key}"][best] for key in ("accuracy", "loss")},
        "test": published.read(model, test), "test_by_epoch": reader.accuracies,
    }  # fmt: skip


class TestReader(keras.callbacks.Callback):
    """Notes the test accuracy after every epoch; nothing may be decided by it."""

    __test__ = False  # not one of pytest's

    def __init__(self, test: Split):
        super().__init__()
        self.test, self.accuracies = test, []

    def on_epoch_end(self, epoch, logs=None):
        self.accuracies.append(published.read(self.model, self.test)["accuracy"])
