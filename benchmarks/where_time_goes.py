"""What share of the processor's speed the recipes reach, and where the rest of the time goes.

    python benchmarks/where_time_goes.py

For each recipe: a training step with everything; the time before the first step; then each layer
alone at its real size, forward and back as far as training goes back. Speeds are set against this
machine's float32 matrix product, measured before and after.
"""

import time

import numpy as np
import tensorflow as tf
from runs import matrix_multiply_speed, write_report

from mnist_utils.costs import multiply_adds
from mnist_utils.data import load_mnist
from mnist_utils.recipes import BEST_RECIPE, FAST_RECIPES, PUBLISHED_RECIPES
from mnist_utils.startup import keras
from mnist_utils.training import Batches, compile_recipe

RECIPES = {
    "dense_baseline": PUBLISHED_RECIPES["dense_baseline"],
    "cnn_small": PUBLISHED_RECIPES["cnn_small"],
    **FAST_RECIPES,
    "best, one network": BEST_RECIPE.recipe,
}
STEPS = 60


def main() -> None:
    train = load_mnist().train
    rows = [measure(name, recipe, train) for name, recipe in RECIPES.items()]
    about = {"command": "python benchmarks/where_time_goes.py", "rows": rows}
    write_report("where_time_goes", about, as_table(rows))


def measure(name: str, recipe, train) -> dict:
    """Time the recipe's tracing, its steps and its layers; speeds count 2 x 3 operations for each
    multiply-add: forward, and back to the weights and to the inputs."""
    keras.backend.clear_session()
    before = matrix_multiply_speed()
    start = time.perf_counter()
    model, trained = compile_recipe(recipe, len(train.labels))
    batches = Batches(train, recipe)
    images, targets = batches[0]
    trained.train_on_batch(images, targets)
    tracing = time.perf_counter() - start
    seconds = []
    for index in range(STEPS):
        images, targets = batches[index % len(batches)]
        if len(images) != recipe.batch_size:
            continue
        start = time.perf_counter()
        trained.train_on_batch(images, targets)
        seconds.append(time.perf_counter() - start)
    step = float(np.median(seconds))
    operations = 6 * multiply_adds(model) * recipe.batch_size
    layers = time_layers(model, recipe.batch_size)
    peak = (before + matrix_multiply_speed()) / 2
    return {
        "recipe": name, "batch_size": recipe.batch_size, "seconds_before_first_step": tracing,
        "milliseconds_a_step": 1_000 * step, "multiply_adds": multiply_adds(model),
        "gflops": operations / step / 1e9, "share_of_peak": operations / step / 1e9 / peak,
        "peak_gflops": peak, "layers": layers,
    }  # fmt: skip


def time_layers(model: keras.Model, batch_size: int, repeats: int = 15) -> list[dict]:
    """Time each layer alone, forward and back to its weights, and to its input where that leads on
    to earlier weights."""
    rows, weights_before = [], False
    for layer in model.layers:
        values = tf.random.normal((batch_size, *layer.input.shape[1:]))
        wanted = [weight.value for weight in layer.trainable_weights]

        @tf.function
        def forward_and_back(values, layer=layer, wanted=wanted, back=weights_before):
            sources = [values, *wanted] if back else wanted
            with tf.GradientTape() as tape:
                tape.watch(values)
                result = layer(values, training=True)
                loss = tf.reduce_sum(result * result)
            return tape.gradient(loss, sources) if sources else result

        seconds = []
        for _ in range(repeats + 1):
            start = time.perf_counter()
            forward_and_back(values)
            seconds.append(time.perf_counter() - start)
        rows.append({"layer": layer.name, "kind": type(layer).__name__,
                     "milliseconds": round(1_000 * float(np.median(seconds[1:])), 3)})  # fmt: skip
        weights_before = weights_before or bool(wanted)
    return rows


def as_table(rows: list[dict]) -> str:
    kinds = {"convolution": ("Conv2D",), "dense": ("Dense",),
             "normalisation": ("BatchNormalization",), "pooling": ("MaxPooling2D",)}  # fmt: skip
    lines = [
        "| recipe | batch | ms a step | GFLOP/s | of the matrix product's "
        f"| layers alone, ms: {' | '.join(kinds)} | others | s before the first step |",
        "|" + "---|" * (7 + len(kinds)),
    ]
    for row in rows:
        spent = dict.fromkeys([*kinds, "others"], 0.0)
        for layer in row["layers"]:
            kind = next((name for name, types in kinds.items() if layer["kind"] in types), "others")
            spent[kind] += layer["milliseconds"]
        lines.append(
            f"| {row['recipe']} | {row['batch_size']} | {row['milliseconds_a_step']:.1f} "
            f"| {row['gflops']:.0f} | {row['share_of_peak']:.0%} of {row['peak_gflops']:.0f} | "
            + " | ".join(f"{value:.1f}" for value in spent.values())
            + f" | {row['seconds_before_first_step']:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
