"""How long an answer takes, by Keras and as exported files, and whether the files answer the same.

    python benchmarks/inference.py [--quick] [--only NETWORK]

For each network: one image and 10,000 by `predict`, `predict_on_batch` and a direct call, and by
each exported format with one thread, as one is enough for so small a network, and with two. The
ways take turns, so that a machine that slows down slows all of them; one image is asked for ten
times in a row, as a program would that reads one picture after another. Then every file is held
against the network on the whole test set; nothing is chosen by that.

--quick: few turns, one network, and 1,000 validation images; nothing is written.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from runs import matrix_multiply_speed, write_report

from mnist_utils import export, exported
from mnist_utils.artifacts import get_or_train
from mnist_utils.data import load_mnist
from mnist_utils.recipes import FAST_RECIPES, PUBLISHED_RECIPES
from mnist_utils.startup import keras

NETWORKS = {"cnn_small": PUBLISHED_RECIPES["cnn_small"], **FAST_RECIPES}
TURNS = {1: 20, 10_000: 9}
CALLS = {1: 11, 10_000: 1}  # in a row at each turn
THREADS = {1: (1,), 10_000: (1, 2)}
BASE = "predict_on_batch"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a short trial; nothing is written")
    parser.add_argument("--only", choices=NETWORKS, help="one network; nothing is written")
    options = parser.parse_args()
    data = load_mnist()
    split = data.validation if options.quick else data.test
    names = [options.only or "cnn_99_0"] if options.quick or options.only else list(NETWORKS)
    timings, files = [], []
    for name in names:
        model = get_or_train(NETWORKS[name], data).model
        with tempfile.TemporaryDirectory() as folder:
            paths = export.export(model, folder, data.train.images[:500], name=name)
            count = 1_000 if options.quick else len(split.labels)
            table = export.compare(model, paths, split.images[:count], split.labels[:count])
            files += [{"network": name, "format": form, **row} for form, row in table.T.items()]
            for images, turns in TURNS.items():
                images, turns = (min(images, 1_000), 3) if options.quick else (images, turns)
                ways = ways_to_ask(model, paths, data.train.images[:images])
                timings += [{"network": name, "images": images, "way": way, "seconds": seconds}
                            for way, seconds in measure(ways, turns, CALLS.get(images, 1)).items()]  # fmt: skip
    text = f"{as_table(timings)}\n\n{files_table(files)}"
    if options.quick or options.only:
        print(text)
        return
    about = {"command": "python benchmarks/inference.py", "gflops": matrix_multiply_speed(),
             "split": "test", "timings": timings, "files": files}  # fmt: skip
    write_report("inference", about, text)


def ways_to_ask(
    model: keras.Model, paths: dict[str, Path], images: np.ndarray
) -> dict[str, Callable[[], np.ndarray]]:
    """Return every way of asking about the images, by name."""
    ways = {
        "predict": lambda: model.predict(images, batch_size=500, verbose=0),
        "predict_on_batch": lambda: model.predict_on_batch(images),
        "direct call": lambda: np.asarray(model(images.astype("float32"), training=False)),
    }
    for form, path in paths.items():
        if form != "keras":  # loaded again, it is the same network
            for threads in THREADS[1 if len(images) == 1 else 10_000]:
                reader = exported.load(path, threads=threads)
                name = form if threads == 1 else f"{form}, {threads} threads"
                ways[name] = lambda reader=reader: reader(images)
    return ways


def measure(ways: Mapping[str, Callable], turns: int, calls: int) -> dict[str, list[float]]:
    """Let the ways take turns, and return the seconds of each one's counted calls.

    A first turn is not counted, and where there are several calls a turn, the first of them
    isn't either: it finds the processor's caches and TensorFlow's threads as the way before left
    them.
    """
    seconds = {way: [] for way in ways}
    for turn in range(turns + 1):
        for way, answer in ways.items():
            for call in range(calls):
                start = time.perf_counter()
                answer()
                if turn and (call or calls == 1):
                    seconds[way].append(time.perf_counter() - start)
    return seconds


def as_table(rows: list[dict]) -> str:
    """Return the timings as Markdown, each with its share of predict's and predict_on_batch's."""
    lines = ["| network | images | way | milliseconds, median (5% to 95%) | of `predict` "
             f"| of `{BASE}` |", "|---|---|---|---|---|---|"]  # fmt: skip
    medians = {
        (row["network"], row["images"], row["way"]): np.median(row["seconds"]) for row in rows
    }
    for row in rows:
        low, median, high = np.quantile(row["seconds"], (0.05, 0.5, 0.95)) * 1_000
        shares = [median / 1_000 / medians[row["network"], row["images"], way]
                  for way in ("predict", BASE)]  # fmt: skip
        lines.append(f"| {row['network']} | {row['images']:,} | {row['way']} "
                     f"| {median:.3g} ({low:.3g} to {high:.3g}) "
                     f"| {as_share(shares[0])} | {as_share(shares[1])} |")  # fmt: skip
    return "\n".join(lines)


def as_share(share: float) -> str:
    """Write a share below a tenth as 1/n, so that small ones can be told apart."""
    return f"1/{1 / share:.0f}" if share < 0.1 else f"{share:.2f}"


def files_table(rows: list[dict]) -> str:
    """Return size, agreement and accuracy of the files as Markdown."""
    lines = ["| network | format | kilobytes | same digit as Keras | largest difference of a "
             "probability | accuracy (95% interval over images) |", "|---|---|---|---|---|---|"]  # fmt: skip
    for row in rows:
        size = "" if pd.isna(row["kilobytes"]) else f"{row['kilobytes']:.0f}"
        lines.append(f"| {row['network']} | {row['format']} | {size} | {row['agreement']:.2%} "
                     f"| {row['largest']:.1g} | {row['accuracy']:.2%} ({row['low']:.2%} to {row['high']:.2%}) |")  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    main()
