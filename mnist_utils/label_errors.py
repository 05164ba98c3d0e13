"""Wrong labels: how to suspect them, how to test the suspicion, and which ones are published.

Importing this does not import TensorFlow.
"""

import hashlib
import warnings
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
import pandas as pd

from mnist_utils.data import MnistData, Split, load_mnist
from mnist_utils.evaluation.inputs import check_digits, check_labelled


class Votes(NamedTuple):
    """What five people said of one test image that a network had doubted.

    Attributes:
        label: the label in MNIST.
        guess: the network's digit, which they were shown as the other choice.
        for_label, for_guess, neither: how many of the five chose which.
    """

    label: int
    guess: int
    for_label: int
    for_guess: int
    neither: int


# Northcutt, Athalye and Mueller, Pervasive Label Errors in Test Sets Destabilize Machine Learning
# Benchmarks (2021, arXiv 2103.14749); votes in github.com/cleanlab/label-errors. Confident learning
# named 100 test images; for 15 of them fewer than three of five people chose MNIST's label.
PUBLISHED = {
    947: Votes(8, 9, 0, 5, 0), 1621: Votes(0, 6, 2, 3, 0), 1901: Votes(9, 4, 2, 3, 0),
    2130: Votes(4, 9, 2, 2, 1), 2462: Votes(2, 0, 0, 4, 1), 2597: Votes(5, 3, 0, 4, 1),
    2654: Votes(6, 1, 0, 2, 3), 3520: Votes(6, 4, 2, 0, 3), 3558: Votes(5, 0, 1, 4, 0),
    5937: Votes(5, 3, 1, 3, 1), 6651: Votes(0, 6, 0, 5, 0), 6783: Votes(1, 6, 2, 3, 0),
    8527: Votes(4, 9, 2, 2, 1), 9679: Votes(6, 3, 2, 0, 3), 9729: Votes(5, 6, 2, 3, 0),
}  # fmt: skip
# The 100 that were shown to people. Nobody was asked about any other test image.
CANDIDATES = (
    247, 259, 321, 340, 445, 449, 582, 619, 717, 720, 726, 740, 810, 938, 947, 1014, 1033,
    1039, 1112, 1119, 1226, 1232, 1299, 1364, 1393, 1530, 1621, 1681, 1709, 1901, 2035, 2043,
    2109, 2130, 2135, 2182, 2293, 2380, 2406, 2447, 2454, 2462, 2597, 2654, 2836, 2896, 2921,
    2927, 2939, 3060, 3073, 3206, 3422, 3503, 3520, 3558, 3597, 3767, 3778, 3850, 3869, 3906,
    4007, 4176, 4201, 4207, 4224, 4497, 4639, 4783, 4823, 4860, 4874, 4876, 4880, 4956, 4978,
    5887, 5937, 5955, 6505, 6572, 6576, 6597, 6625, 6651, 6783, 7434, 7842, 8094, 8408, 8527,
    9009, 9634, 9642, 9664, 9679, 9729, 9755, 9888,
)  # fmt: skip


def out_of_fold(recipe, labels: np.ndarray, *, folds: int = 5, seed: int = 0) -> np.ndarray:
    """Return for each training image what a network says that has never seen its label.

    The images are dealt into folds, each label in proportion; for every fold a network is trained
    on the others, and asked about this one. The networks are kept in the artifact cache.

    Args:
        recipe: a training.Recipe; fold k trains with its seed + k, on all images of the others.
        labels: of the first n of `load_mnist().train`, integer (n,), 0-9, right or wrong.
        folds: how many, at least 2.
        seed: of the deal.

    Returns:
        float array (n, 10), probabilities, in the order of the labels.

    Raises:
        ValueError: if the labels are not such, or too few for the folds.
    """
    from mnist_utils.sweeps import sweep

    most = len(load_mnist().train.labels)
    if np.size(labels) > most:
        raise ValueError(f"labels must be those of the first images of {most:,}, got "
                         f"{np.size(labels):,} labels")  # fmt: skip
    held = deal_folds(labels, folds, seed)
    ask = partial(_ask_fold, recipe=recipe, labels=np.asarray(labels), held=held, deal_seed=seed)
    answers = sweep(ask, {"fold": range(folds)}, seeds=[recipe.seed])
    chances = np.empty((len(held), 10))
    for fold, answer in zip(answers.fold, answers.chances, strict=True):
        chances[held == fold] = answer
    return chances


def deal_folds(labels: np.ndarray, folds: int, seed: int = 0) -> np.ndarray:
    """Return the fold of each image, integer (n,), every label in proportion in every fold.

    Raises:
        ValueError: if the labels are no digits, or too few for the folds, or folds is below 2.
    """
    from sklearn.model_selection import StratifiedKFold

    labels = check_digits("labels", labels)
    if folds < 2 or np.unique(labels, return_counts=True)[1].min() < folds:
        raise ValueError("need at least 2 folds, and at least as many images of each digit as "
                         f"folds; got {folds} folds")  # fmt: skip
    held = np.empty(len(labels), int)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for fold, (_, inside) in enumerate(splitter.split(labels, labels)):
        held[inside] = fold
    return held


def _ask_fold(seed: int, fold: int, *, recipe, labels, held, deal_seed: int) -> dict:
    from mnist_utils.artifacts import get_or_train

    data = load_mnist()
    images = data.train.images[: len(labels)]
    parts = [Split(images[chosen], labels[chosen]) for chosen in (held != fold, held == fold)]
    text = f"{data.checksum} fold {fold} of {held.max() + 1} by seed {deal_seed}"
    checksum = hashlib.sha256(text.encode() + labels.astype(np.uint8).tobytes()).hexdigest()
    data = MnistData(*parts, Split(images[:0], labels[:0]), checksum)
    recipe = replace(recipe, train_examples=None, seed=seed + fold)
    model = get_or_train(recipe, data, verbose=0).model
    return {"chances": model.predict(data.validation.images, batch_size=500, verbose=0)}


def rank_suspects(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return all indices, the least probable label first: (n,).

    Args:
        labels: given digits, integer (n,), 0-9.
        probabilities: of networks that have not seen these labels, float (n, 10).

    Raises:
        ValueError: if the arrays are not such.
    """
    labels, probabilities = check_labelled(labels, probabilities)
    return np.argsort(probabilities[np.arange(len(labels)), labels], kind="stable")


def confident_errors(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the indices of labels that confident learning holds for wrong, the worst first.

    (Northcutt, Jiang and Chuang, 2021.) Each digit has a threshold of its own: the mean
    probability that images labelled so give it. An image is suspected if, of the digits that reach
    their thresholds, the most probable one is not its label.

    Args:
        labels: given digits, integer (n,), 0-9; each digit occurs.
        probabilities: of networks that have not seen these labels, float (n, 10).

    Raises:
        ValueError: if the arrays are not such, or a digit does not occur.
    """
    labels, probabilities = check_labelled(labels, probabilities)
    digits = range(probabilities.shape[1])
    if missing := set(digits) - set(labels.tolist()):
        raise ValueError(f"labels must hold each digit at least once; there is no {min(missing)}")
    thresholds = np.array([probabilities[labels == digit, digit].mean() for digit in digits])
    confident = np.where(probabilities >= thresholds, probabilities, 0)
    suspected = confident.any(axis=1) & (confident.argmax(axis=1) != labels)
    ranking = rank_suspects(labels, probabilities)
    return ranking[suspected[ranking]]


def ask_cleanlab(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the indices that the library cleanlab suspects, the worst first.

    Where it is not installed, a printed sentence says so, and there are none.

    Args as for `confident_errors`.
    """
    labels, probabilities = check_labelled(labels, probabilities)
    if find_spec("cleanlab") is None:
        print("cleanlab is not installed, so this comparison is left out; `%pip install --no-deps "
              "cleanlab` adds it, and all that it needs comes with the series")  # fmt: skip
        return np.empty(0, int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its progress bars look for widgets, which are not needed
        from cleanlab.filter import find_label_issues

    return find_label_issues(
        labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
    )


def plant_errors(
    labels: np.ndarray, count: int, *, second: np.ndarray | None = None, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return a copy of the labels in which some are wrong on purpose, and their indices.

    Args:
        labels: digits, integer (n,), 0-9.
        count: how many to falsify, 0 to n.
        second: optional, integer (n,): the wrong digit for each image; where it equals the label,
            and for None, one of the nine others is drawn.
        seed: of the draw.

    Raises:
        ValueError: if an array is not such, or the count is out of range.
    """
    labels = check_digits("labels", labels)
    if not 0 <= count <= len(labels):
        raise ValueError(f"count must be 0 to {len(labels):,}, got {count}")
    rng = np.random.default_rng(seed)
    planted = np.sort(rng.choice(len(labels), count, replace=False))
    wrong = (labels[planted] + rng.integers(1, 10, count)) % 10
    if second is not None:
        second = check_digits("second", second, length=len(labels))[planted]
        wrong = np.where(second == labels[planted], wrong, second)
    changed = labels.astype(np.uint8)
    changed[planted] = wrong
    return changed, planted


def count_found(ranking: np.ndarray, wanted, top: int) -> int:
    """Return how many of the wanted indices stand among the first `top` of a ranking.

    Raises:
        ValueError: if top is not 1 to the ranking's length.
    """
    if not 1 <= top <= len(ranking):
        raise ValueError(f"top must be 1 to {len(ranking):,}, got {top}")
    return int(np.isin(ranking[:top], list(wanted)).sum())


def count_misses(runs: pd.DataFrame, images: int = 10_000) -> pd.DataFrame:
    """Return how often each recipe's runs miss each test image.

    Args:
        runs: one row a run: "recipe", and "errors", a dictionary whose keys are the indices of the
            images that it misses, as `measured.load("test_errors")` has them.
        images: how many there are.

    Returns:
        One row a recipe, by name; one column an image; the share of the recipe's runs, 0 to 1.
    """
    rows = {}
    for recipe, part in runs.groupby("recipe"):
        missed = np.zeros(images)
        for errors in part.errors:
            missed[[int(index) for index in errors]] += 1 / len(part)
        rows[recipe] = missed
    return pd.DataFrame.from_dict(rows, orient="index")
