"""Carrying out a recipe: `fit` trains a new network, and can go on after an interruption."""

import os
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mnist_utils import augmentation, models
from mnist_utils.checkpoints import Checkpoint
from mnist_utils.data import MnistData, Split
from mnist_utils.habits import add_habits
from mnist_utils.progress import ProgressLine, someone_watches
from mnist_utils.recipes import PUBLISHED_RECIPES, Recipe
from mnist_utils.startup import keras

__all__ = ["PUBLISHED_RECIPES", "Batches", "OneCycle", "Recipe", "Trained", "fit"]


class Trained(NamedTuple):
    """A trained model and its history.

    Attributes:
        model: the keras.Model, compiled for evaluation.
        history: one list a quantity (loss, accuracy, val_loss, val_accuracy), one value an epoch,
            and "seconds", a list of one: the training time, building and tracing included.
    """

    model: keras.Model
    history: dict[str, list[float]]


def fit(
    recipe: Recipe,
    data: MnistData,
    *,
    watch: bool = True,
    checkpoint: str | os.PathLike | None = None,
    keep_checkpoint: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: str | int = "auto",
) -> Trained:
    """Train a new model by the recipe on data.train.

    On one machine's CPU and with the same number of threads, the same recipe gives the same
    weights, bit for bit, interrupted or not. With another number, convolutions add up in another
    order, and the network becomes a somewhat different one.

    Args:
        recipe: what to train, and how.
        data: the splits; the test split is not touched. Training labels may be probabilities
            (n, 10) in place of digits, such as another network's, for distillation.
        watch: evaluate data.validation after every epoch; it takes time and changes nothing,
            unless the recipe has early stopping or reduction on a plateau, which need it.
        checkpoint: a file (.npz) that is written after every epoch. If it is there at the start,
            and from the same recipe and data, training goes on where it stopped.
        keep_checkpoint: leave that file where it is at the end, for a caller who has yet to store
            the result; otherwise it is removed.
        callbacks: more of them, for watching; they must leave weights and random numbers alone.
        verbose: "auto" shows one line of progress where a person watches; 0 shows nothing.

    Returns:
        Trained: the model, without any augmentation layers and compiled for `evaluate` on
        integer labels (cross-entropy and accuracy), and the history.

    Raises:
        ValueError: if the recipe asks for more images than there are, or for a validation set
            where there is none, or if the checkpoint belongs to another recipe or other data, or
            its name does not end in .npz.
    """
    start = time.perf_counter()
    train = data.train.take(recipe.train_examples)
    decides = bool(recipe.early_stopping or recipe.reduce_on_plateau)
    if decides and not len(data.validation.labels):
        raise ValueError("this recipe decides by the validation images, but data has none")
    watched = data.validation if (watch or decides) and len(data.validation.labels) else None
    soft = train.labels.ndim == 2
    model, trained = compile_recipe(recipe, len(train.labels), soft=soft)
    deciding = deciding_callbacks(recipe)
    keeper = checkpoint and Checkpoint(
        checkpoint, {"recipe": repr(recipe), "data": data.checksum}, deciding)  # fmt: skip
    done = keeper.restore(trained) if keeper else 0
    callbacks = [*deciding, *([keeper] if keeper else []), *callbacks]
    if someone_watches() if verbose == "auto" else verbose:
        callbacks = [*callbacks, ProgressLine(recipe.model)]
    history = trained.fit(
        Batches(train, recipe, epoch=done),
        validation_data=watched and (watched.images, _targets(watched.labels, recipe, soft)),
        epochs=done if keeper and keeper.stopped else recipe.epochs,
        initial_epoch=done, shuffle=False, callbacks=callbacks, verbose=0,
    ).history  # fmt: skip
    seconds = time.perf_counter() - start
    if keeper:
        seconds += keeper.earlier_seconds
        history = keeper.history
        if not keep_checkpoint:
            keeper.remove()
    compile_for_evaluation(model)
    history = {name: [float(value) for value in values] for name, values in history.items()}
    return Trained(model, history | {"seconds": [seconds]})


class Batches(keras.utils.PyDataset):
    """Training images and targets in an order that only the recipe's seed and the epoch decide."""

    def __init__(self, train: Split, recipe: Recipe, epoch: int = 0):
        super().__init__()
        self.images, self.targets = train.images, _targets(train.labels, recipe)
        self.train, self.size, self.seed = train, recipe.batch_size, recipe.seed
        self.habits = recipe.augment in augmentation.WITH_HABITS
        self.epoch = epoch
        self._shuffle()

    def __len__(self) -> int:
        return -(-len(self.images) // self.size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self.order[index * self.size : (index + 1) * self.size]
        return self.images[chosen], self.targets[chosen]

    def on_epoch_end(self):
        self.epoch += 1
        self._shuffle()

    def _shuffle(self):
        rng = np.random.default_rng([self.seed, self.epoch])
        self.order = rng.permutation(len(self.images))
        if self.habits:
            self.images = add_habits(self.train.images, _digits(self.train.labels), rng)


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


def compile_recipe(
    recipe: Recipe, examples: int, *, soft: bool = False
) -> tuple[keras.Model, keras.Model]:
    """Seed everything, build the recipe's model and compile it for training on so many images.

    With soft, the labels are to be probabilities (n, 10) even where nothing is smoothed.

    Returns:
        (the model, what is trained): the same model, or one with augmentation layers before it.
    """
    keras.utils.set_random_seed(recipe.seed)
    scaling = {} if recipe.scaling == "default" else {"scaling": recipe.scaling}
    model = trained = models.build(recipe.model, **scaling)
    if recipe.augment:
        drawn_anew = augmentation.AUGMENTATIONS[recipe.augment]()
        trained = keras.Sequential([keras.Input((28, 28)), *drawn_anew, model])
    steps = recipe.epochs * -(-examples // recipe.batch_size)
    if recipe.label_smoothing or soft:
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    else:
        loss = "sparse_categorical_crossentropy"
    trained.compile(optimizer=_optimizer(recipe, steps), loss=loss, metrics=["accuracy"],
                    steps_per_execution=recipe.steps_per_execution)  # fmt: skip
    # Make every variable now: one that appears while TensorFlow traces costs a second tracing.
    trained.optimizer.build(trained.trainable_variables)
    trained.compute_metrics(None, _targets(np.zeros(1, int), recipe, soft), np.full((1, 10), 0.1))
    trained.reset_metrics()
    return model, trained


def _targets(labels, recipe: Recipe, soft: bool = False):
    if labels.ndim == 1 and (recipe.label_smoothing or soft):
        return keras.utils.to_categorical(labels, 10)
    return labels


def _digits(labels) -> np.ndarray:
    return labels if labels.ndim == 1 else labels.argmax(axis=1)


def _optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    rate = recipe.learning_rate
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    elif recipe.schedule == "one_cycle":
        rate = OneCycle(rate, steps)
    averaging = {}
    if recipe.weight_averaging:
        averaging = {"use_ema": True, "ema_momentum": recipe.weight_averaging}
    beta_1, beta_2 = recipe.betas
    return {
        "adam": lambda: keras.optimizers.Adam(rate, beta_1=beta_1, beta_2=beta_2, **averaging),
        "sgd": lambda: keras.optimizers.SGD(rate, **averaging),
        "momentum": lambda: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, **averaging),
        "rmsprop": lambda: keras.optimizers.RMSprop(rate, **averaging),
    }[recipe.optimizer]()


def deciding_callbacks(recipe: Recipe) -> list[keras.callbacks.Callback]:
    """Return Keras's callbacks for what a recipe decides by validation images while it trains."""
    chosen = []
    if recipe.early_stopping:
        chosen.append(keras.callbacks.EarlyStopping(
            "val_accuracy", patience=recipe.early_stopping, restore_best_weights=True))  # fmt: skip
    if recipe.reduce_on_plateau:
        chosen.append(keras.callbacks.ReduceLROnPlateau(
            "val_loss", factor=0.5, patience=recipe.reduce_on_plateau, min_lr=1e-4))  # fmt: skip
    return chosen
