"""How many images a second each way of drawing training images anew gets through.

    python benchmarks/augmentation.py

Each way runs inside one compiled function on batches of 256, taking turns.
"""

import time

import numpy as np
import tensorflow as tf
from runs import matrix_multiply_speed, write_report

from mnist_utils.augmentation import RandomWarp, random_affine
from mnist_utils.data import load_mnist
from mnist_utils.startup import keras

BATCH, BATCHES, REPEATS = 256, 20, 9


def main() -> None:
    images = load_mnist().train.images[: BATCH * BATCHES].reshape(BATCHES, BATCH, 28, 28)
    ways = {
        "RandomWarp, a warp for every image": compiled([RandomWarp(images_per_warp=1)]),
        "RandomWarp, 16 images a warp": compiled([RandomWarp()]),
        "RandomWarp, 64 images a warp": compiled([RandomWarp(images_per_warp=64)]),
        "RandomWarp, 16 images a warp, elastic": compiled([RandomWarp(elastic=0.5)]),
        "Keras's rotation, translation and zoom layers": compiled(random_affine()),
        "one call of affine_transform, matrices drawn for every image": tf.function(look_up),
    }
    rates = {name: [] for name in ways}
    for repeat in range(REPEATS + 1):
        for name, draw in ways.items():
            start = time.perf_counter()
            for batch in images:
                draw(tf.constant(batch))
            if repeat:
                rates[name].append(images.size / 784 / (time.perf_counter() - start))
    about = {"command": "python benchmarks/augmentation.py", "gflops": matrix_multiply_speed(),
             "images_per_second": rates}  # fmt: skip
    slow = np.median(rates["Keras's rotation, translation and zoom layers"])
    lines = ["| way | images a second: median (range) | of Keras's layers |", "|---|---|---|"]
    lines += [
        f"| {name} | {np.median(found):,.0f} ({min(found):,.0f} to {max(found):,.0f}) "
        f"| {np.median(found) / slow:.1f} times |"
        for name, found in rates.items()
    ]
    write_report("augmentation", about, "\n".join(lines))


def compiled(layers: list[keras.layers.Layer]):
    model = keras.Sequential([keras.Input((28, 28)), *layers])
    return tf.function(lambda batch: model(batch, training=True))


def look_up(batch):
    """Rotation, zoom and shift by keras.ops.image.affine_transform, drawn for every image."""
    count = batch.shape[0]
    angle = keras.random.uniform((count,), -0.17, 0.17)
    zoom = keras.ops.exp(keras.random.uniform((count,), -0.1, 0.1))
    cos, sin = zoom * keras.ops.cos(angle), zoom * keras.ops.sin(angle)
    shift = keras.random.uniform((2, count), -2, 2)
    middle = 13.5
    zero = keras.ops.zeros((count,))
    rows = [cos, -sin, middle - cos * middle + sin * middle + shift[0],
            sin, cos, middle - sin * middle - cos * middle + shift[1], zero, zero]  # fmt: skip
    images = keras.ops.cast(batch[..., None], "float32")
    return keras.ops.image.affine_transform(images, keras.ops.stack(rows, axis=1))


if __name__ == "__main__":
    main()
