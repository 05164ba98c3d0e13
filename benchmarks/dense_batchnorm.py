"""What keeps dense_batchnorm at 97% where dense_baseline, a plainer network, gets 98.4%.

Each variant changes what it says in the published recipe. All are compared on validation images,
9,000 drawn anew for each seed and the same for every variant; the test set is not read.
"""

import numpy as np
from runs import run_once

from mnist_utils import published
from mnist_utils.claims import describe
from mnist_utils.data import load_mnist
from mnist_utils.models import scaling_layers
from mnist_utils.startup import keras

layers = keras.layers

VARIANTS = {
    "published": {},
    "slope-0.01": {"slope": 0.01},
    "slope-0": {"slope": 0.0},  # ReLU
    "momentum-0.9": {"momentum": 0.9},
    "no-normalisation": {"momentum": None},
    "no-normalisation-slope-0": {"momentum": None, "slope": 0.0},
    "falling-rate": {"falling": True},
    "dropout-everywhere": {"dropouts": (0.2, 0.2, 0.2)},
    "slope-0-dropout-falling": {"slope": 0.0, "dropouts": (0.2, 0.2, 0.2), "falling": True},
}


def build(
    slope: float = 0.3, momentum: float | None = 0.99, dropouts: tuple = (0.0, 0.2, 0.1)
) -> keras.Model:
    """Return the network as published, but for its arguments; no momentum, no normalisation."""
    body = []
    for units, dropout in zip((512, 256, 128), dropouts, strict=True):
        body.append(layers.Dense(units))
        if momentum is not None:
            body.append(layers.BatchNormalization(momentum=momentum))
        body.append(layers.LeakyReLU(slope))
        if dropout:
            body.append(layers.Dropout(dropout))
    start = [keras.Input((28, 28)), *scaling_layers("unit"), layers.Flatten()]
    return keras.Sequential([*start, *body, layers.Dense(10, activation="softmax")])


def diagnose(variant: str, seed: int, epochs: int = 12, examples: int | None = None) -> dict:
    """Return the run of a variant: its history, validation images included."""

    def train() -> dict:
        data = load_mnist(validation_examples=9_000, seed=seed)
        training, validation = data.train.take(examples), data.validation.take(examples)
        settings = dict(VARIANTS[variant])
        steps = epochs * -(-len(training.labels) // 128)
        falling = settings.pop("falling", False)
        published.start_afresh(seed)
        model = build(**settings)
        rate = keras.optimizers.schedules.CosineDecay(1e-3, steps) if falling else 1e-3
        model.compile(
            keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        history = model.fit(*training, validation_data=validation, batch_size=128, epochs=epochs,
                            verbose=0).history  # fmt: skip
        return {"history": {key: [float(v) for v in values] for key, values in history.items()}}

    purpose = {**VARIANTS[variant], "epochs": epochs, "examples": examples}
    return run_once("diagnosis", f"dense_batchnorm-{variant}", seed, purpose, train)


def summarise(runs: list[dict]) -> list[dict]:
    """Return a row a variant: validation accuracy after the last and in the best epoch, by seed."""
    rows = []
    for variant in VARIANTS:
        histories = {run["seed"]: run["history"] for run in runs
                     if run["name"] == f"dense_batchnorm-{variant}"}  # fmt: skip
        seeds = sorted(histories)
        if not seeds:
            continue
        accuracies = [histories[seed]["val_accuracy"] for seed in seeds]
        rows.append({
            "variant": variant, "changes": VARIANTS[variant], "seeds": seeds,
            "last": [values[-1] for values in accuracies],
            "best": [max(values) for values in accuracies],
            "wobble": [float(np.std(values[-6:], ddof=1)) for values in accuracies],
            "training": [histories[seed]["accuracy"][-1] for seed in seeds],
        })  # fmt: skip
    return rows


def as_table(rows: list[dict]) -> str:
    lines = ["| variant | last epoch | against as published | best epoch | sd over the last six epochs "
             "| training accuracy | runs |", "|---|---|---|---|---|---|---|"]  # fmt: skip
    first = dict(zip(rows[0]["seeds"], rows[0]["last"], strict=True))
    for row in rows:
        last = dict(zip(row["seeds"], row["last"], strict=True))
        gaps = [last[seed] - first[seed] for seed in last if seed in first]
        gap = describe(gaps, "+0.00%") if row is not rows[0] and gaps else ""
        cells = [describe(row[key], "0.00%").partition(" (n")[0] for key in ("last", "best")]
        lines.append(f"| {row['variant']} | {cells[0]} | {gap.partition(' (n')[0]} | {cells[1]} "
                     f"| {np.mean(row['wobble']):.2%} | {np.mean(row['training']):.2%} "
                     f"| {len(row['seeds'])} |")  # fmt: skip
    return "\n".join(lines)
