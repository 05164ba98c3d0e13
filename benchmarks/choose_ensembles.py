"""Compare ensembles, and small networks distilled from them, on validation images.

    python benchmarks/choose_ensembles.py                  every candidate, 3 draws: hours
    python benchmarks/choose_ensembles.py --draws 1 --only cnn_wide

The aim: 99.75% on the test set within ten minutes of training on two cores, better than BEST_RECIPE
by a paired test. Each draw sets aside another 5,000 of the 60,000 training images; all candidates
get the same draws. The test set is not read. Every trained network is kept in the cache of
mnist_utils.artifacts with what it says of its images, so an interrupted run goes on where it
stopped, and ensembles of more or fewer of the same members cost nothing more.

Choose here, freeze the choice in mnist_utils/recipes.py and commit it; only then read the test set.
"""

import argparse
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from mnist_utils import augmentation, models, training
from mnist_utils.artifacts import cached, source_sum
from mnist_utils.data import MnistData, Split, load_mnist
from mnist_utils.ensembles import predict_shifted
from mnist_utils.evaluation import compare_models
from mnist_utils.recipes import BEST_RECIPE, FAST_RECIPES, Ensemble, Recipe
from mnist_utils.startup import keras

BUDGET = 600  # seconds of training on two cores
WIDE, MEDIUM = BEST_RECIPE.recipe, replace(FAST_RECIPES["cnn_99_5"], augment="elastic", epochs=10)


@dataclass(frozen=True)
class Distilled:
    """One network trained on an ensemble's probabilities in place of the labels.

    Attributes:
        teacher: the ensemble; it predicts the training images as they are, shifted or not.
        student: the network's recipe.
        share: of the teacher's probabilities in the targets, 0 to 1; the rest are the labels.
        pixels: test-time shifts of the student.
    """

    teacher: Ensemble
    student: Recipe
    share: float = 0.7
    pixels: int = 1


CANDIDATES: list[Ensemble | Distilled] = [
    BEST_RECIPE,
    *[Ensemble(WIDE, members, pixels) for members in (1, 2, 4, 6, 8) for pixels in (0, 1)],
    *[Ensemble(replace(WIDE, epochs=epochs), members, 1) for epochs, members in ((12, 5), (16, 4))],
    *[Ensemble(replace(WIDE, weight_averaging=0.99), members, 1) for members in (1, 4, 8)],
    *[Ensemble(MEDIUM, members, 1) for members in (1, 4, 8, 12)],
    *[Distilled(Ensemble(WIDE, 4, 1), replace(student, label_smoothing=0.0), share)
      for student in (WIDE, MEDIUM) for share in (0.5, 0.9)],
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--only", default="", metavar="TEXT", help="candidates described with it")
    parser.add_argument("--examples", type=int, help="so many training images, for a trial")
    options = parser.parse_args()
    chosen = [one for one in CANDIDATES if options.only in describe(one)]
    labels, answers, seconds = [], {one: [] for one in chosen}, {one: [] for one in chosen}
    for draw in range(options.draws):
        data = load_mnist(seed=draw)
        data = data.with_train(data.train.take(options.examples))
        labels.append(data.validation.labels)
        for one in chosen:
            probabilities, needed = judge(one, data, draw)
            answers[one].append(probabilities.argmax(axis=1))
            seconds[one].append(needed)
            error = (answers[one][-1] != labels[-1]).mean()
            print(
                f"draw {draw}: error {error:.2%} after {needed:.0f} s, {describe(one)}", flush=True
            )
    print(summarise(labels, answers, seconds))


def summarise(labels: list, answers: dict, seconds: dict) -> str:
    """Return a line for each candidate, the best within the budget first.

    Args:
        labels: for each draw, the digits (n,).
        answers: for each candidate, the digits (n,) that it gives for each draw.
        seconds: for each candidate, its training time in each draw.
    """
    right = np.concatenate(labels)
    lines = []
    for one, found in answers.items():
        errors = [np.mean(given != truth) for given, truth in zip(found, labels, strict=True)]
        spread = np.std(errors, ddof=1) / np.sqrt(len(errors)) if len(errors) > 1 else np.nan
        needed = np.median(seconds[one])
        text = f"error {np.mean(errors):.3%} ± {spread:.3%}, {needed:.0f} s: {describe(one)}"
        if one != BEST_RECIPE and BEST_RECIPE in answers:
            best = np.concatenate(answers[BEST_RECIPE])
            text += (
                f"\n    against BEST_RECIPE, {compare_models(right, np.concatenate(found), best)}"
            )
        late = bool(needed > BUDGET)
        lines.append((late, np.mean(errors), text + " (over the budget)" * late))
    return "\n".join(text for *_, text in sorted(lines, key=lambda line: line[:2]))


def describe(one: Ensemble | Distilled) -> str:
    """Return a candidate in words."""
    if isinstance(one, Distilled):
        return f"{describe_recipe(one.student)} taught {one.share:.0%} by {describe(one.teacher)}"
    return f"{one.members} × {describe_recipe(one.recipe)}, shifts of {one.pixels}"


def describe_recipe(recipe: Recipe) -> str:
    plain = asdict(Recipe(recipe.model))
    changed = [f"{key}={value}" for key, value in asdict(recipe).items() if value != plain[key]]
    return f"{recipe.model}({', '.join(changed)})"


def judge(one: Ensemble | Distilled, data: MnistData, draw: int) -> tuple[np.ndarray, float]:
    """Return a candidate's probabilities (n, 10) of the validation images and its training time."""
    if isinstance(one, Ensemble):
        runs = [member(recipe, data) for recipe in one.recipes(draw)]
        return np.mean([run[f"validation_{one.pixels}"] for run in runs], axis=0), \
            float(sum(run["seconds"] for run in runs))  # fmt: skip
    runs = [member(recipe, data) for recipe in one.teacher.recipes(draw)]
    taught = np.mean([run[f"train_{one.teacher.pixels}"] for run in runs], axis=0)
    targets = one.share * taught + (1 - one.share) * np.eye(10)[data.train.labels]
    pupil = data.with_train(Split(data.train.images, targets.astype(np.float32)))
    run = member(one.student.with_seed(draw), pupil)
    needed = run["seconds"] + sum(run["seconds"] + run["predicting"] for run in runs)
    return run[f"validation_{one.pixels}"], float(needed)


def member(recipe: Recipe, data: MnistData) -> dict[str, np.ndarray]:
    """Train a network, or take it from the cache: its time, and what it says of its images."""

    def train() -> dict[str, np.ndarray]:
        keras.backend.clear_session()
        trained = training.fit(recipe, data, watch=False, verbose=0)
        start = time.perf_counter()
        found = {f"train_{pixels}": predict_shifted(trained.model, data.train.images, pixels=pixels)
                 for pixels in (0, 1)}  # fmt: skip
        found["predicting"] = np.array(time.perf_counter() - start)
        found |= {f"validation_{pixels}": predict_shifted(trained.model, data.validation.images,
                                                          pixels=pixels) for pixels in (0, 1)}  # fmt: skip
        return found | {"seconds": np.array(trained.history["seconds"][0])}

    key = {"recipe": asdict(recipe), "data": data.checksum, "purpose": "choose_ensembles",
           "source": source_sum(augmentation, models, training)}  # fmt: skip
    return cached(key, train, _save, _load, name=f"member-{recipe.model}")


def _save(found: dict[str, np.ndarray], folder: Path) -> None:
    np.savez(folder / "found.npz", **found)


def _load(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "found.npz", allow_pickle=False) as stored:
        return dict(stored)


if __name__ == "__main__":
    main()
