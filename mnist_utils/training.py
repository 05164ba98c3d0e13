"""Recipes: everything that determines a training run, and the function that carries one out."""

import time
from dataclasses import dataclass
from typing import NamedTuple

from mnist_utils import models
from mnist_utils.data import MnistData
from mnist_utils.progress import ProgressLine, someone_watches
from mnist_utils.startup import keras

layers = keras.layers

OPTIMIZERS = ("adam", "sgd", "momentum", "rmsprop")
SCHEDULES = ("constant", "cosine", "one_cycle")


@dataclass(frozen=True)
class Recipe:
    """All that a training run depends on besides the data.

    Attributes:
        model: a name in `models.BUILDERS`.
        epochs: passes over the training images, at least 1.
        batch_size: images a step, at least 1.
        optimizer: "adam", "sgd", "momentum" (SGD with Nesterov momentum 0.9) or "rmsprop".
        learning_rate: its step size, above 0; the peak of a schedule that is not constant.
        schedule: "constant"; "cosine" from the rate to 0; or "one_cycle", linearly up to the rate
            over the first quarter of all steps, then linearly down to 0.
        augment: draw every training image anew, rotated up to ±10°, shifted up to ±2 pixels and
            zoomed up to ±10%.
        label_smoothing: 0 to below 1; the share of each label spread over all ten classes.
        scaling: "default" for the model's own; else "unit", "standard" or None.
        train_examples: how many of the training images to use; None for all.
        seed: seed of the weights, the order of the images, dropout and augmentation.
    """

    model: str
    epochs: int = 5
    batch_size: int = 128
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    augment: bool = False
    label_smoothing: float = 0.0
    scaling: str | None = "default"
    train_examples: int | None = None
    seed: int = 0

    def __post_init__(self):
        allowed = {
            "model": tuple(models.BUILDERS), "optimizer": OPTIMIZERS, "schedule": SCHEDULES,
            "scaling": ("default", *models.SCALINGS),
        }  # fmt: skip
        for field, values in allowed.items():
            if getattr(self, field) not in values:
                raise ValueError(f"{field} must be one of {values}, got {getattr(self, field)!r}")
        for field in ("epochs", "batch_size"):
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{field} must be an integer of at least 1, got {value!r}")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be above 0, got {self.learning_rate!r}")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"label_smoothing must be 0 to below 1, got {self.label_smoothing!r}")


# The five published projects' training, as published.
PUBLISHED_RECIPES = {
    "dense_baseline": Recipe("dense_baseline", epochs=20, batch_size=128),
    "dense_deeper": Recipe("dense_deeper", epochs=25, batch_size=128, learning_rate=5e-4),
    "dense_batchnorm": Recipe("dense_batchnorm", epochs=12, batch_size=128),
    "cnn_small": Recipe("cnn_small", epochs=5, batch_size=32),
    "cnn_two_conv": Recipe("cnn_two_conv", epochs=10, batch_size=32),
    "cnn_deep": Recipe("cnn_deep", epochs=50, batch_size=128),
}


class Trained(NamedTuple):
    """A trained model and its history.

    Attributes:
        model: the keras.Model, compiled for evaluation.
        history: one list a quantity (loss, accuracy, val_loss, val_accuracy), one value an epoch,
            and "seconds", a list of one: the training time, tracing included.
    """

    model: keras.Model
    history: dict[str, list[float]]


def fit(recipe: Recipe, data: MnistData, *, verbose: str | int = "auto") -> Trained:
    """Train a new model by the recipe on data.train, watching data.validation.

    Args:
        recipe: what to train, and how.
        data: the splits; the test split is not touched.
        verbose: "auto" shows one line of progress where a person watches; 0 shows nothing.

    Returns:
        Trained: the model, without any augmentation layers and compiled for `evaluate` on
        integer labels (cross-entropy and accuracy), and the history.

    Raises:
        ValueError: if the recipe asks for more images than there are.
    """
    train = data.train.take(recipe.train_examples)
    keras.utils.set_random_seed(recipe.seed)
    scaling = {} if recipe.scaling == "default" else {"scaling": recipe.scaling}
    model = models.build(recipe.model, **scaling)
    steps = recipe.epochs * -(-len(train.labels) // recipe.batch_size)
    _compile(model, recipe, steps)
    trained = model
    if recipe.augment:
        trained = keras.Sequential([keras.Input((28, 28)), *augmentation_layers(), model])
        _compile(trained, recipe, steps)
    show_progress = someone_watches() if verbose == "auto" else bool(verbose)
    callbacks = [ProgressLine(recipe.model)] if show_progress else []
    validation = data.validation if len(data.validation.labels) else None
    start = time.perf_counter()
    history = trained.fit(
        train.images, _targets(train.labels, recipe), validation_data=validation and (
            validation.images, _targets(validation.labels, recipe)),
        epochs=recipe.epochs, batch_size=recipe.batch_size, callbacks=callbacks, verbose=0,
    ).history  # fmt: skip
    seconds = time.perf_counter() - start
    compile_for_evaluation(model)
    history = {name: [float(value) for value in values] for name, values in history.items()}
    return Trained(model, history | {"seconds": [seconds]})


@keras.saving.register_keras_serializable("mnist_utils")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Rise linearly to the peak over a share of all steps, then fall linearly to 0.

    After Smith and Topin, Super-Convergence (2018, arXiv 1708.07120), with straight lines.
    """

    def __init__(self, peak: float, steps: int, rise: float = 0.25):
        if not peak > 0 or steps < 1 or not 0 < rise < 1:
            raise ValueError(
                f"need peak > 0, steps >= 1 and 0 < rise < 1, got {peak}, {steps}, {rise}"
            )
        self.peak, self.steps, self.rise = peak, steps, rise

    def __call__(self, step):
        progress = (keras.ops.cast(step, "float32") + 0.5) / self.steps
        line = keras.ops.minimum(progress / self.rise, (1 - progress) / (1 - self.rise))
        return self.peak * keras.ops.maximum(line, 0.0)

    def get_config(self) -> dict:
        return {"peak": self.peak, "steps": self.steps, "rise": self.rise}


def compile_for_evaluation(model: keras.Model) -> None:
    """Make `model.evaluate` give cross-entropy and accuracy for integer labels."""
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])


def augmentation_layers() -> list[keras.layers.Layer]:
    """Return layers that turn by up to ±10°, shift by up to ±2 pixels, zoom by up to ±10%.

    Keras counts rotation in full turns and translation in image sizes; what moves in is 0.
    """
    fill = {"fill_mode": "constant", "fill_value": 0.0}
    return [
        layers.Reshape((28, 28, 1)),
        layers.RandomRotation(10 / 360, **fill),
        layers.RandomTranslation(2 / 28, 2 / 28, **fill),
        layers.RandomZoom(0.1, **fill),
        layers.Reshape((28, 28)),
    ]


def _targets(labels, recipe: Recipe):
    return keras.utils.to_categorical(labels, 10) if recipe.label_smoothing else labels


def _compile(model: keras.Model, recipe: Recipe, steps: int) -> None:
    rate = recipe.learning_rate
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    elif recipe.schedule == "one_cycle":
        rate = OneCycle(rate, steps)
    optimizer = {
        "adam": lambda: keras.optimizers.Adam(rate),
        "sgd": lambda: keras.optimizers.SGD(rate),
        "momentum": lambda: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
        "rmsprop": lambda: keras.optimizers.RMSprop(rate),
    }[recipe.optimizer]()
    if recipe.label_smoothing:
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    else:
        loss = "sparse_categorical_crossentropy"
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
