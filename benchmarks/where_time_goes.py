"""What share of the processor's speed the recipes reach, and where the rest of the time goes.

    python benchmarks/where_time_goes.py

For each recipe: one step forward and back with everything; then without batch normalisation and
without augmentation; then each layer alone, forward and back, at its real sizes; and the time
before the first step. Speeds are set against this machine's float32 matrix product.
"""

import json
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from runs import describe_machine, matrix_multiply_speed

from mnist_utils.costs import multiply_adds
from mnist_utils.data import load_mnist
from mnist_utils.recipes import FAST_RECIPES, PUBLISHED_RECIPES
from mnist_utils.startup import keras
from mnist_utils.training import Batches, compile_recipe

MEASURED = Path(__file__).parents[1] / "mnist_utils" / "measured"
RECIPES = {
    "dense_baseline": PUBLISHED_RECIPES["dense_baseline"],
    "cnn_small": PUBLISHED_RECIPES["cnn_small"],
    **FAST_RECIPES,
}
STEPS = 60


def main() -> None:
    train = load_mnist().train
    peak = matrix_multiply_speed()
    rows = []
    for name, recipe in RECIPES.items():
        rows.append(measure(name, recipe, train, peak))
        print(json.dumps({key: value for key, value in rows[-1].items() if key != "layers"}))
        for layer in rows[-1]["layers"]:
            print("    ", layer)
    about = {"command": "python benchmarks/where_time_goes.py", "machine": describe_machine(),
             "peak_gflops": peak, "rows": rows}  # fmt: skip
    MEASURED.mkdir(exist_ok=True)
    (MEASURED / "where_time_goes.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def measure(name: str, recipe, train, peak: float) -> dict:
    """Time the recipe's tracing, its steps and its layers; speeds count 2 x 3 operations for each
    multiply-add: forward, and back to the weights and to the inputs."""
    keras.backend.clear_session()
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
    return {
        "recipe": name, "batch_size": recipe.batch_size, "seconds_before_first_step": tracing,
        "milliseconds_a_step": 1_000 * step, "multiply_adds": multiply_adds(model),
        "gflops": operations / step / 1e9, "share_of_peak": operations / step / 1e9 / peak,
        "milliseconds_in_layers": sum(layer["milliseconds"] for layer in layers),
        "layers": layers,
    }  # fmt: skip


def time_layers(model: keras.Model, batch_size: int, repeats: int = 15) -> list[dict]:
    """Time each layer alone, forward and back to its weights and its input."""
    rows = []
    for layer in model.layers:
        shape = (batch_size, *layer.input.shape[1:])
        values = tf.random.normal(shape)

        @tf.function
        def forward_and_back(values, layer=layer):
            with tf.GradientTape() as tape:
                tape.watch(values)
                result = layer(values, training=True)
                loss = tf.reduce_sum(result * result)
            sources = [values, *(weight.value for weight in layer.trainable_weights)]
            return tape.gradient(loss, sources)

        seconds = []
        for _ in range(repeats + 1):
            start = time.perf_counter()
            forward_and_back(values)
            seconds.append(time.perf_counter() - start)
        rows.append({"layer": layer.name, "kind": type(layer).__name__,
                     "milliseconds": round(1_000 * float(np.median(seconds[1:])), 3)})  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
