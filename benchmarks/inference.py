"""How long an answer takes: one image and 10,000, by predict, predict_on_batch and a direct call.

    python benchmarks/inference.py

The ways take turns, so that a machine that slows down slows all of them. The networks have
untrained weights: what they answer costs no more and no less.
"""

import time

import numpy as np
from runs import matrix_multiply_speed, write_report

from mnist_utils import models
from mnist_utils.data import load_mnist
from mnist_utils.startup import keras

NETWORKS = ("dense_baseline", "cnn_small", "cnn_fast", "cnn_wide")
REPEATS = {1: 40, 10_000: 7}


def main() -> None:
    images = load_mnist().train.images[:10_000]
    rows = []
    for name in NETWORKS:
        model = models.build(name)
        for count, repeats in REPEATS.items():
            rows += measure(name, model, images[:count], repeats)
    about = {"command": "python benchmarks/inference.py", "gflops": matrix_multiply_speed(),
             "rows": rows}  # fmt: skip
    write_report("inference", about, as_table(rows))


def measure(name: str, model: keras.Model, images: np.ndarray, repeats: int) -> list[dict]:
    """Return one row a way, with the seconds of each repeat after a first, uncounted one."""
    ways = {
        "predict": lambda: model.predict(images, batch_size=500, verbose=0),
        "predict_on_batch": lambda: model.predict_on_batch(images),
        "direct call": lambda: np.asarray(model(images.astype("float32"), training=False)),
    }
    seconds = {way: [] for way in ways}
    for repeat in range(repeats + 1):
        for way, answer in ways.items():
            start = time.perf_counter()
            answer()
            if repeat:
                seconds[way].append(time.perf_counter() - start)
    return [{"network": name, "images": len(images), "way": way, "seconds": times}
            for way, times in seconds.items()]  # fmt: skip


def as_table(rows: list[dict]) -> str:
    lines = ["| network | images | way | milliseconds, median (5% to 95%) | of `predict` |",
             "|---|---|---|---|---|"]  # fmt: skip
    for row in rows:
        low, median, high = np.quantile(row["seconds"], (0.05, 0.5, 0.95)) * 1_000
        slowest = next(other for other in rows if other["way"] == "predict" and all(
            other[key] == row[key] for key in ("network", "images")))  # fmt: skip
        ratio = median / 1_000 / np.median(slowest["seconds"])
        lines.append(f"| {row['network']} | {row['images']:,} | `{row['way']}` "
                     f"| {median:.2f} ({low:.2f} to {high:.2f}) | {ratio:.2f} |")  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    main()
