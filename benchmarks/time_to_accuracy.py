"""How long each recipe trains, and how accurate it gets: the published ones, ours, and peers.

    python benchmarks/time_to_accuracy.py            several seeds of everything, about 80 minutes
    python benchmarks/time_to_accuracy.py --quick    5 minutes: one epoch of each published recipe

Rounds of one run of each recipe, one after another, so that a machine that slows down slows all of
them. Runs that are stored in benchmarks/runs/ are not done again; --again forgets them. Seconds
are those of training, with building, tracing and the recipe's own validation, without import and
data loading and after a first small training that wakes the library.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from runs import RUNS, describe_machine, run_once

from mnist_utils.data import load_mnist
from mnist_utils.ensembles import predict_ensemble
from mnist_utils.published import EPOCHS, SPLITS, TITLES, score, train_published
from mnist_utils.recipes import BEST_RECIPE, FAST_RECIPES, Ensemble, Recipe
from mnist_utils.startup import keras
from mnist_utils.training import fit

HERE = Path(__file__).parent
MEASURED = HERE.parent / "mnist_utils" / "measured"
TARGETS = {"dense_98_3": ("dense_baseline", 25), "cnn_99_0": ("cnn_small", 16),
           "cnn_99_4": ("cnn_small", 4.5), "cnn_99_5": ("cnn_small", 3.5),
           "best": ("cnn_small", 1 / 3)}  # fmt: skip
# The slow ones get fewer seeds.
SEEDS = {"cnn_deep": 1, "keras_convnet": 1, "best": 3}
QUICK_EPOCHS, LONG = 1, ("best",)  # with --quick: of the published recipes; left out
OURS = {name: Ensemble(recipe) for name, recipe in FAST_RECIPES.items()} | {"best": BEST_RECIPE}
NAMES = [*SPLITS, *OURS, "train_mnist_fast", "train_mnist_fast_nhwc"]


def main() -> None:
    options = read_options()
    way = "quick" if options.quick else "published"
    chosen = options.only or [name for name in NAMES if not (options.quick and name in LONG)]
    wake()
    found = defaultdict(list)
    for seed in range(1 if options.quick else options.seeds):
        for name in chosen:
            if seed >= SEEDS.get(name, options.seeds):
                continue
            run = carry_out(name, seed, way, options.again or options.quick)
            if run is not None:
                found[name].append(run)
                print(f"{name:24s} seed {seed}: {run['seconds']:7.1f} s, test "
                      f"{run['test']['accuracy']:.2%}, {run['gflops_before']:.0f} and "
                      f"{run['gflops_after']:.0f} GFLOP/s", flush=True)  # fmt: skip
    rows = [summarise(name, runs) for name, runs in found.items()]
    add_ratios(rows)
    table = as_table(rows)
    print(table)
    if options.only:
        return
    command = "python benchmarks/time_to_accuracy.py" + (" --quick" if options.quick else "")
    command += "" if options.quick or options.seeds == 5 else f" --seeds {options.seeds}"
    about = {"command": command, "machine": describe_machine(), "rows": rows}
    folders = (HERE.parent / "build",) * 2 if options.quick else (MEASURED, HERE)
    for folder, ending, text in zip(
        folders, ("json", "md"), (json.dumps(about, indent=1), table), strict=True
    ):
        folder.mkdir(exist_ok=True)
        (folder / f"time_to_accuracy.{ending}").write_text(text + "\n", "utf-8")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed and epoch, extrapolated")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each recipe (5)")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=NAMES,
                        help="these recipes; no table is saved")  # fmt: skip
    parser.add_argument("--again", action="store_true", help="do stored runs again")
    return parser.parse_args()


def wake() -> None:
    """Train a moment, so that no recipe pays for the library's first steps."""
    fit(Recipe("cnn_fast", epochs=1, train_examples=1_000), load_mnist(), verbose=0)


def carry_out(name: str, seed: int, way: str, again: bool) -> dict | None:
    if name in SPLITS:
        epochs = QUICK_EPOCHS if way == "quick" else EPOCHS[name]
        purpose = {"epochs": epochs, "published_epochs": EPOCHS[name]}
        kind, train = way, lambda: train_published(name, seed, epochs)
    elif name in OURS:
        ours = OURS[name]
        purpose = {**asdict(ours.recipe), "members": ours.members, "pixels": ours.pixels}
        kind = way if way == "quick" else "ours"
        train = lambda: train_ours(ours, seed)  # noqa: E731
    else:
        if importlib.util.find_spec("torch") is None:
            print(f"{name}: skipped, PyTorch is not installed (pip install torch)")
            return None
        layout = ["channels_last"] if name.endswith("nhwc") else []
        command = [sys.executable, str(HERE / "torch_mnist_fast.py"), str(seed), *layout]
        purpose, kind = {"epochs": 1}, way if way == "quick" else "peer"
        train = lambda: json.loads(subprocess.check_output(command))  # noqa: E731
    if again:
        (RUNS / kind / f"{name}-{seed}.json").unlink(missing_ok=True)
    return run_once(kind, name, seed, purpose, train)


def train_ours(ensemble: Ensemble, seed: int) -> dict:
    """Train one of our recipes, or an ensemble of it, and read the test set."""
    data = load_mnist()
    models, seconds = [], 0.0
    for recipe in ensemble.recipes(seed):
        keras.backend.clear_session()
        trained = fit(recipe, data, watch=False, verbose=0)
        models.append(trained.model)
        seconds += trained.history["seconds"][0]
    splits = {"validation": data.validation, "test": data.test}
    scores = {
        name: score(predict_ensemble(models, split.images, pixels=ensemble.pixels), split.labels)
        for name, split in splits.items()
    }
    members = [score(model.predict(data.test.images, batch_size=500, verbose=0), data.test.labels)
               for model in models if len(models) > 1]  # fmt: skip
    return {"seconds": seconds, "epochs": ensemble.recipe.epochs, **scores, "members": members,
            "parameters": sum(model.count_params() for model in models)}  # fmt: skip


def summarise(name: str, runs: list[dict]) -> dict:
    """Return one row of the table; a shortened run's time is extrapolated by its last two epochs."""
    seconds, whole = [], True
    for run in runs:
        planned = run["purpose"].get("published_epochs", run["epochs"])
        if run["purpose"].get("epochs", planned) == planned:
            seconds.append(run["seconds"])
        else:
            whole = False
            missing = planned - run["epochs"]
            seconds.append(run["seconds"] + missing * float(np.median(run["epoch_seconds"][-2:])))
    accuracies = [run["test"]["accuracy"] for run in runs]
    return {
        "name": name, "title": TITLES.get(name, name), "way": runs[0]["way"], "runs": len(runs),
        "parameters": runs[0]["parameters"],
        "epochs": runs[0]["purpose"].get("published_epochs", runs[0]["epochs"]),
        "trained_epochs": runs[0]["epochs"], "extrapolated": not whole,
        "seconds": seconds, "median_seconds": float(np.median(seconds)),
        "test_accuracies": accuracies, "median_accuracy": float(np.median(accuracies)),
        "mean_accuracy": float(np.mean(accuracies)),
        "sd_accuracy": float(np.std(accuracies, ddof=1)) if len(runs) > 1 else None,
        "validation_accuracies": [run["validation"]["accuracy"] for run in runs
                                  if "validation" in run],
        "when": [run["when"] for run in runs],
        "gflops": [run[key] for run in runs for key in ("gflops_before", "gflops_after")],
    }  # fmt: skip


def add_ratios(rows: list[dict]) -> None:
    """Add each row's times as shares of those of the recipe that it is held against.

    A ratio is taken within a round, where both ran soon after each other, and the median over the
    rounds counts, so that a machine that slows down for a while changes little. Runs that were
    more than two hours apart are not compared.
    """
    by_name = {row["name"]: row for row in rows}
    for row in rows:
        rival = by_name.get(TARGETS[row["name"]][0] if row["name"] in TARGETS else "cnn_small")
        rounds = (
            zip(seconds_and_start(row), seconds_and_start(rival), strict=False) if rival else ()
        )
        row["against"] = rival and rival["name"]
        row["ratios"] = [
            own / other
            for (own, start), (other, other_start) in rounds
            if abs(start - other_start) < timedelta(hours=2)
        ]
        row["ratio"] = float(np.median(row["ratios"])) if row["ratios"] else None


def seconds_and_start(row: dict) -> list[tuple[float, datetime]]:
    starts = map(datetime.fromisoformat, row["when"])
    return list(zip(row["seconds"], starts, strict=True))


def as_ratio(share: float) -> str:
    return f"{share:.2f}" if share >= 0.5 else f"1/{1 / share:.1f}"


def as_table(rows: list[dict]) -> str:
    lines = [
        "| recipe | parameters | epochs | seconds: median (range) | against | ratio: median (range) "
        "| test accuracy: median (range) | runs | GFLOP/s beside |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        seconds, accuracies, ratio = row["seconds"], row["test_accuracies"], ""
        if row["ratio"]:
            shares = row["ratios"]
            ratio = as_ratio(row["ratio"])
            if len(shares) > 1 and row["name"] != row["against"]:
                ratio += f" ({as_ratio(min(shares))} to {as_ratio(max(shares))})"
        time = f"{row['median_seconds']:.1f} ({min(seconds):.1f} to {max(seconds):.1f})"
        accuracy = (f"{row['median_accuracy']:.2%} ({min(accuracies):.2%} to "
                    f"{max(accuracies):.2%})")  # fmt: skip
        if row["extrapolated"]:
            time += ", extrapolated"
            accuracy = f"{row['median_accuracy']:.2%} after the first {row['trained_epochs']}"
        lines.append(
            f"| {row['title']} | {row['parameters']:,} | {row['epochs']} | {time} "
            f"| {row['against'] or ''} | {ratio} | {accuracy} | {row['runs']} "
            f"| {np.median(row['gflops']):.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
