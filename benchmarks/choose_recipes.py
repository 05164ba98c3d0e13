"""Compare candidate recipes on validation images, a new draw of them for every seed.

    python benchmarks/choose_recipes.py                      every candidate, 5 seeds
    python benchmarks/choose_recipes.py --only 'cnn_medium'  those whose settings contain the text

Each seed sets aside another 5,000 of the 60,000 training images, so that five seeds judge a recipe
on nearly 25,000 images; all candidates get the same draws. The test set is not read. Runs are kept
in benchmarks/runs/validation.
"""

import argparse
import hashlib
import json
from collections import defaultdict
from dataclasses import asdict, replace

import numpy as np
from runs import run_once

from mnist_utils.data import load_mnist
from mnist_utils.published import score
from mnist_utils.recipes import BEST_RECIPE, FAST_RECIPES, Recipe
from mnist_utils.startup import keras
from mnist_utils.training import fit

DENSE, ONE_EPOCH, FOUR_EPOCHS, SIX_EPOCHS = (
    FAST_RECIPES[name] for name in ("dense_98_3", "cnn_99_0", "cnn_99_4", "cnn_99_5")
)
CANDIDATES = [
    DENSE,
    replace(DENSE, batch_size=512),
    replace(DENSE, epochs=3, batch_size=512, learning_rate=0.02),
    replace(DENSE, betas=(0.9, 0.999)),
    ONE_EPOCH,
    replace(ONE_EPOCH, betas=(0.85, 0.98)),
    replace(ONE_EPOCH, betas=(0.9, 0.999)),
    replace(ONE_EPOCH, label_smoothing=0.1),
    replace(ONE_EPOCH, model="cnn_medium"),
    FOUR_EPOCHS,
    replace(FOUR_EPOCHS, model="cnn_fast"),
    replace(FOUR_EPOCHS, epochs=3),
    replace(FOUR_EPOCHS, epochs=3, betas=(0.8, 0.95)),
    replace(FOUR_EPOCHS, epochs=3, batch_size=128),
    replace(FOUR_EPOCHS, augment=None),
    replace(FOUR_EPOCHS, augment="elastic"),
    replace(FOUR_EPOCHS, augment="keras"),
    replace(FOUR_EPOCHS, label_smoothing=0.0),
    SIX_EPOCHS,
    BEST_RECIPE.recipe,
    replace(BEST_RECIPE.recipe, batch_size=128),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="", metavar="TEXT")
    options = parser.parse_args()
    found = defaultdict(list)
    chosen = [recipe for recipe in CANDIDATES if options.only in describe(recipe)]
    for seed in range(options.seeds):
        for recipe in chosen:
            found[recipe].append(judge(recipe, seed))
            run = found[recipe][-1]
            print(f"seed {seed}: error {1 - run['validation']['accuracy']:.2%} in "
                  f"{run['seconds']:.1f} s, {describe(recipe)}", flush=True)  # fmt: skip
    for recipe, runs in sorted(found.items(), key=lambda item: mean_error(item[1])):
        errors = [1 - run["validation"]["accuracy"] for run in runs]
        spread = np.std(errors, ddof=1) / np.sqrt(len(errors)) if len(errors) > 1 else np.nan
        print(f"error {np.mean(errors):.3%} ± {spread:.3%} (standard error over {len(runs)} seeds), "
              f"{np.median([run['seconds'] for run in runs]):.1f} s: {describe(recipe)}")  # fmt: skip


def describe(recipe: Recipe) -> str:
    """Return the settings in which a recipe differs from the defaults."""
    plain = asdict(Recipe(recipe.model))
    return ", ".join(f"{key}={value}" for key, value in asdict(recipe).items()
                     if key == "model" or value != plain[key])  # fmt: skip


def mean_error(runs: list[dict]) -> float:
    return float(np.mean([1 - run["validation"]["accuracy"] for run in runs]))


def judge(recipe: Recipe, seed: int) -> dict:
    settings = asdict(recipe)
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:10]

    def train() -> dict:
        data = load_mnist(seed=seed)
        keras.backend.clear_session()
        trained = fit(recipe.with_seed(seed), data, watch=False, verbose=0)
        probabilities = trained.model.predict(data.validation.images, batch_size=500, verbose=0)
        return {"seconds": trained.history["seconds"][0],
                "validation": score(probabilities, data.validation.labels)}  # fmt: skip

    return run_once("validation", f"{recipe.model}-{digest}", seed, settings, train)


if __name__ == "__main__":
    main()
