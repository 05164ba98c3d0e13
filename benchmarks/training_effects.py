"""The sweeps that notebook 05 shows and has no time to run: about 4 minutes on 2 cores.

    python benchmarks/training_effects.py

The experiment is the notebook's own: its code cells up to the one that defines `train_small` are
read from the notebook and executed, so that what is stored and what is run live can't drift apart.
Writes mnist_utils/measured/training_effects.json, one row a setting and seed.
"""

import json
import time
from importlib.metadata import version
from pathlib import Path

from runs import LIBRARIES, describe_machine

from mnist_utils.startup import keras
from mnist_utils.sweeps import sweep

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "05_training.ipynb"
STORED = ROOT / "mnist_utils" / "measured" / "training_effects.json"
RATES = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0]
SEEDS = [100, 101, 102]  # the notebook compares on others: what is chosen here is not judged here

CYCLE = {"schedule": "one_cycle"}
CHOICES = {
    "sgd": {"optimizer": "sgd", **CYCLE},
    "momentum": {"optimizer": "momentum", **CYCLE},
    "rmsprop": {"optimizer": "rmsprop", **CYCLE},
    "adam": CYCLE,
    "adam, constant rate": {},
    "adam, normalised": {"normalise": True, **CYCLE},
    "adam, smoothed": {"label_smoothing": 0.1, **CYCLE},
}
CURVES = {
    "A": {"learning_rate": 1e-3, "examples": 500},
    "B": {"learning_rate": 1e-5, "examples": 5_000},
    "C": {"learning_rate": 0.05, "examples": 5_000},
    "D": {"learning_rate": 1e-3, "examples": 500, "leak": True},
}


def main() -> None:
    lesson = read_lesson()
    train_small = lesson["train_small"]
    start = time.perf_counter()
    batch = sweep(train_small, {"batch_size": [16, 64, 256, 1024, 4096],
                                "learning_rate": [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0],
                                "optimizer": ["momentum"]}, seeds=[0, 1, 2])  # fmt: skip
    settings = {"choice": list(CHOICES), "learning_rate": RATES}
    choices = sweep(Choice(train_small), settings, seeds=SEEDS)
    curves = {name: learning_curve(lesson, **setting) for name, setting in CURVES.items()}
    about = {
        "command": "python benchmarks/training_effects.py",
        "machine": describe_machine(),
        "libraries": {library: version(library) for library in LIBRARIES},
        "seconds": round(time.perf_counter() - start),
        "settings": {name: lesson[name] for name in ("EXAMPLES", "EPOCHS")},
        "choices": CHOICES,
        "curves": curves,
        "rows": [{"table": "batch", **row} for row in batch.to_dict("records")]
        + [{"table": "choices", **row} for row in choices.to_dict("records")],
    }
    STORED.write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    print(f"{len(about['rows'])} rows in {about['seconds']} s -> {STORED.relative_to(ROOT)}")


def read_lesson() -> dict:
    """Execute the notebook's code cells until train_small is defined, and return all names."""
    names = {"__name__": "__main__"}
    for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code" and "setup" not in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), names)
            if "train_small" in names:
                return names
    raise RuntimeError(f"{NOTEBOOK} defines no train_small")


class Choice:
    """train_small by the name of a choice, so that the table has one column for it."""

    def __init__(self, train_small):
        self.train_small = train_small

    def __call__(self, seed, choice, **setting):
        return self.train_small(seed, **CHOICES[choice], **setting)


def learning_curve(lesson: dict, learning_rate: float, examples: int, leak: bool = False) -> dict:
    """Train for 30 epochs and return the losses; with a leak, validate on training images."""
    keras.utils.set_random_seed(0)
    model, train = lesson["build_small"](), lesson["few"].take(examples)
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy")
    watched = train.take(examples // 2) if leak else lesson["validation"].take(1_000)
    history = model.fit(
        *train, validation_data=watched, epochs=30, batch_size=50, verbose=0
    ).history
    return {"training": history["loss"], "validation": history["val_loss"]}


if __name__ == "__main__":
    main()
