"""Recipes: everything that determines a training run, the published projects' and ours."""

from dataclasses import dataclass, replace

from mnist_utils import augmentation, models

OPTIMIZERS = ("adam", "sgd", "momentum", "rmsprop")
SCHEDULES = ("constant", "cosine", "one_cycle")


def _check_count(field: str, value) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{field} must be an integer of at least 1, got {value!r}")


@dataclass(frozen=True)
class Recipe:
    """All that a training run depends on besides the data.

    Attributes:
        model: a name in `models.BUILDERS`.
        epochs: passes over the training images, at least 1.
        batch_size: images a step, at least 1.
        optimizer: "adam", "sgd", "momentum" (SGD with Nesterov momentum 0.9) or "rmsprop".
        learning_rate: its step size, above 0; the peak of a schedule that is not constant.
        betas: Adam's two decay rates, each 0 to below 1; other optimisers ignore them.
        schedule: "constant"; "cosine" from the rate to 0; or "one_cycle", linearly up to the rate
            over the first quarter of all steps, then linearly down to 0.
        augment: None, or a name in `augmentation.AUGMENTATIONS`: every training image is drawn
            anew each time it is used. Those of `augmentation.WITH_HABITS` also give some ones a
            flag and some sevens a bar.
        label_smoothing: 0 to below 1; the share of each label spread over all ten classes.
        weight_averaging: 0 for none; else the decay, below 1, of an exponential moving average of
            the weights over the steps, which takes the weights' place at the end.
        early_stopping: None, or after how many epochs without a better validation accuracy to
            stop and go back to the best epoch's weights.
        reduce_on_plateau: None, or after how many epochs without a lower validation loss to halve
            the learning rate, down to 1e-4; only with a constant schedule.
        scaling: "default" for the model's own; else "unit", "standard" or None.
        steps_per_execution: steps that TensorFlow carries out between two looks at Python; more
            is faster and changes nothing else.
        train_examples: how many of the training images to use; None for all.
        seed: seed of the weights, the order of the images, dropout and augmentation.
    """

    model: str
    epochs: int = 5
    batch_size: int = 128
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    schedule: str = "constant"
    augment: str | None = None
    label_smoothing: float = 0.0
    weight_averaging: float = 0.0
    early_stopping: int | None = None
    reduce_on_plateau: int | None = None
    scaling: str | None = "default"
    steps_per_execution: int = 1
    train_examples: int | None = None
    seed: int = 0

    def __post_init__(self):
        allowed = {
            "model": tuple(models.BUILDERS), "optimizer": OPTIMIZERS, "schedule": SCHEDULES,
            "augment": (None, *augmentation.AUGMENTATIONS),
            "scaling": ("default", *models.SCALINGS),
        }  # fmt: skip
        for field, values in allowed.items():
            if getattr(self, field) not in values:
                raise ValueError(f"{field} must be one of {values}, got {getattr(self, field)!r}")
        for field in ("epochs", "batch_size", "steps_per_execution"):
            _check_count(field, getattr(self, field))
        for field in ("early_stopping", "reduce_on_plateau"):
            if getattr(self, field) is not None:
                _check_count(field, getattr(self, field))
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be above 0, got {self.learning_rate!r}")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas must be two numbers, 0 to below 1, got {self.betas!r}")
        for field in ("label_smoothing", "weight_averaging"):
            if not 0 <= getattr(self, field) < 1:
                raise ValueError(f"{field} must be 0 to below 1, got {getattr(self, field)!r}")
        if self.reduce_on_plateau and self.schedule != "constant":
            raise ValueError(
                f"reduce_on_plateau must be None with a schedule of its own, got {self.schedule!r}"
            )
        if self.early_stopping and self.weight_averaging:  # it goes back to weights as they were
            raise ValueError("weight_averaging must be 0 with early_stopping, got "
                             f"{self.weight_averaging!r}")  # fmt: skip

    def with_seed(self, seed: int) -> "Recipe":
        """Return the same recipe with another seed."""
        return replace(self, seed=seed)


@dataclass(frozen=True)
class Ensemble:
    """Several networks of one recipe, whose probabilities are averaged by `predict_ensemble`.

    Attributes:
        recipe: of every member; the members differ by their seeds.
        members: how many networks, at least 1.
        pixels: test-time shifts, as `ensembles.predict_shifted` takes them; 0 for none.
    """

    recipe: Recipe
    members: int = 1
    pixels: int = 0

    def __post_init__(self):
        _check_count("members", self.members)
        if isinstance(self.pixels, bool) or not isinstance(self.pixels, int) or self.pixels < 0:
            raise ValueError(f"pixels must be an integer of at least 0, got {self.pixels!r}")

    def recipes(self, seed: int = 0) -> list[Recipe]:
        """Return the members' recipes; two ensembles of different seeds share no member's seed."""
        return [self.recipe.with_seed(seed * self.members + k) for k in range(self.members)]


# The five published projects' training, as published; their data splits are in published.SPLITS.
PUBLISHED_RECIPES = {
    "dense_baseline": Recipe("dense_baseline", epochs=20, batch_size=128),
    "dense_deeper": Recipe("dense_deeper", epochs=25, batch_size=128, learning_rate=5e-4),
    "dense_batchnorm": Recipe("dense_batchnorm", epochs=12, batch_size=128),
    "cnn_small": Recipe("cnn_small", epochs=5, batch_size=32),
    "cnn_two_conv": Recipe("cnn_two_conv", epochs=10, batch_size=32),
    "cnn_deep": Recipe(
        "cnn_deep", epochs=50, batch_size=128, early_stopping=10, reduce_on_plateau=5
    ),
}

# Ours, each named after the test accuracy it aims at, chosen on validation images alone.
_ONE_CYCLE = {"schedule": "one_cycle", "learning_rate": 0.015}
FAST_RECIPES = {
    "dense_98_3": Recipe("dense_fast", epochs=2, batch_size=256, betas=(0.8, 0.95),
                         label_smoothing=0.05, steps_per_execution=16, **_ONE_CYCLE),
    "cnn_99_0": Recipe("cnn_fast", epochs=1, batch_size=128, betas=(0.8, 0.95),
                       label_smoothing=0.05, steps_per_execution=8, **_ONE_CYCLE),
    "cnn_99_4": Recipe("cnn_medium", epochs=4, batch_size=256, betas=(0.85, 0.98), augment="mild",
                       label_smoothing=0.1, steps_per_execution=16, **_ONE_CYCLE),
    "cnn_99_5": Recipe("cnn_medium", epochs=6, batch_size=256, betas=(0.85, 0.98), augment="mild",
                       label_smoothing=0.1, steps_per_execution=16, **_ONE_CYCLE),
}  # fmt: skip

# The best that five minutes on two cores buy.
BEST_RECIPE = Ensemble(
    Recipe("cnn_wide", epochs=8, batch_size=256, betas=(0.85, 0.98), augment="elastic",
           label_smoothing=0.1, steps_per_execution=16, **_ONE_CYCLE),
    members=3, pixels=1,
)  # fmt: skip

# The best that ten minutes buy: as many of the same networks as they hold.
TEN_MINUTE_RECIPE = replace(BEST_RECIPE, members=7)

# For digits that people write or photograph themselves; see benchmarks/own_digits.py.
OWN_DIGITS_RECIPE = replace(FAST_RECIPES["cnn_99_4"], epochs=5, augment="foreign")
