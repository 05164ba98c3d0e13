"""What ten minutes of training on two cores buy: one reading of the test set, three repeats.

    python benchmarks/ten_minutes.py          half an hour; runs that are stored are not done again

The recipe was chosen on validation images (choose_ensembles.py) and frozen before. It is held
against the best single network and the best within five minutes, whose runs are stored: repeat by
repeat, and image by image over all repeats.
"""

import argparse
import json
from dataclasses import asdict

import numpy as np
from runs import RUNS, run_once, write_report
from time_to_accuracy import train_ours, wake

from mnist_utils.data import load_mnist
from mnist_utils.evaluation import compare_recipes, mean_interval
from mnist_utils.recipes import TEN_MINUTE_RECIPE

COMMAND = "python benchmarks/ten_minutes.py"
NAME, RIVALS = "ten_minutes", ("cnn_99_5", "best")
AIM, BUDGET = 0.9975, 600  # of the test images right, seconds of training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    wake()
    recipe = TEN_MINUTE_RECIPE
    purpose = {**asdict(recipe.recipe), "members": recipe.members, "pixels": recipe.pixels}
    found = [run_once("ensemble", NAME, seed, purpose, lambda seed=seed: train_ours(recipe, seed))
             for seed in range(options.repeats)]  # fmt: skip
    rivals = {name: [json.loads((RUNS / "ours" / f"{name}-{seed}.json").read_text("utf-8"))
                     for seed in range(options.repeats)] for name in RIVALS}  # fmt: skip
    summary = summarise(found, rivals, len(load_mnist().test.labels))
    write_report(NAME, {"command": COMMAND, "purpose": purpose, **summary}, describe(summary))


def right_of(run: dict, images: int) -> np.ndarray:
    """Return bool (images,): which test images a stored run reads rightly."""
    right = np.ones(images, bool)
    right[[int(index) for index in run["test"]["errors"]]] = False
    return right


def summarise(found: list[dict], rivals: dict[str, list[dict]], images: int) -> dict:
    """Return accuracies, seconds, and the differences to each rival over repeats and over images."""
    accuracies = [run["test"]["accuracy"] for run in found]
    mean = np.mean([right_of(run, images) for run in found], axis=0)
    against = {}
    for name, runs in rivals.items():
        paired = compare_recipes(accuracies, [run["test"]["accuracy"] for run in runs])
        gaps = mean - np.mean([right_of(run, images) for run in runs], axis=0)
        against[name] = {
            "accuracies": [run["test"]["accuracy"] for run in runs],
            "seconds": [run["seconds"] for run in runs],
            "difference": paired.difference, "over_repeats": list(paired.interval),
            "over_images": list(mean_interval(gaps)),
        }  # fmt: skip
    return {"accuracies": accuracies, "mean": float(np.mean(accuracies)),
            "members": [float(np.mean([one["accuracy"] for one in run["members"]])) for run in found],
            "seconds": [run["seconds"] for run in found], "rivals": against,
            "gflops": [run[key] for run in found for key in ("gflops_before", "gflops_after")]}  # fmt: skip


def describe(found: dict) -> str:
    """Return the table in Markdown, and whether the aim was reached."""
    lines = ["| recipe | test accuracy of each repeat | mean | seconds of training |",
             "|---|---|---|---|"]  # fmt: skip
    rows = {NAME: found} | found["rivals"]
    for name, row in rows.items():
        each = ", ".join(f"{value:.2%}" for value in row["accuracies"])
        seconds = ", ".join(f"{value:.0f}" for value in row["seconds"])
        lines.append(f"| {name} | {each} | {np.mean(row['accuracies']):.3%} | {seconds} |")
    lines.append("")
    for name, row in found["rivals"].items():
        over = {"over repeats": row["over_repeats"], "over images": row["over_images"]}
        bounds = "; ".join(f"{100 * low:+.3f} to {100 * high:+.3f} {what}"
                           for what, (low, high) in over.items())  # fmt: skip
        lines.append(
            f"{NAME} minus {name}: {100 * row['difference']:+.3f} points (95% intervals: {bounds})."
        )
    aim = "reached" if found["mean"] >= AIM else "missed"
    late = sum(seconds > BUDGET for seconds in found["seconds"])
    lines += ["", f"The aim, {AIM:.2%} in the mean, was {aim}; {late} of {len(found['seconds'])} repeats took "
              f"more than {BUDGET} s. A matrix product beside them ran at {np.median(found['gflops']):.0f} "
              "GFLOP/s."]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    main()
