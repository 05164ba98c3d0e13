"""Hints of notebook 09's checks for plausible wrong answers."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mnist_utils.checks import verdict
from mnist_utils.rejection import choose_threshold


def slopes(weights, bias, image, label, scale=255):
    scores = image / scale @ weights + bias
    powers = np.exp(scores - scores.max())
    return weights @ (powers / powers.sum() - np.eye(10)[label])


def push(image, step):
    return np.clip(image.astype(float) + step, 0, 255)


def attack(weights, bias, image, label, epsilon):
    return push(image, epsilon * np.sign(slopes(weights, bias, image, label)))


def unclipped(weights, bias, image, label, epsilon):
    return image + epsilon * np.sign(slopes(weights, bias, image, label))


def in_place(weights, bias, image, label, epsilon):
    image[:] = attack(weights, bias, image, label, epsilon)
    return image


def first_failure(right, confidence, target):
    """Goes down until the risk exceeds the target for the first time."""
    chosen = np.inf
    for level in np.unique(confidence)[::-1]:
        if (~right[confidence >= level]).mean() > target:
            break
        chosen = level
    return chosen


def one_by_one(right, confidence, target):
    """Forgets that answers of the same confidence are accepted together."""
    order = np.argsort(-confidence, kind="stable")
    risks = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    kept = np.flatnonzero(risks <= target)
    return confidence[order][kept[-1]] if len(kept) else np.inf


def loose(right, confidence, target):
    return choose_threshold(right, confidence, target + 0.1)


def pairs(inside, outside):
    return (inside[:, None] > outside).sum() + (inside[:, None] == outside).sum() / 2


@pytest.mark.parametrize(("number", "answer", "hint"), [
    ("9.1", unclipped, "leave 0-255"),
    ("9.1", lambda w, b, x, y, e: unclipped(w, b, x, y, e).round().astype(int) % 256, "wraps"),
    ("9.1", lambda w, b, x, y, e: push(x, -e * np.sign(slopes(w, b, x, y))), "wrong direction"),
    ("9.1", lambda w, b, x, y, e: push(x, e * slopes(w, b, x, y)), "only its sign"),
    ("9.1", lambda w, b, x, y, e: push(x, -e * np.sign(w[:, y])), "from the label alone"),
    ("9.1", lambda w, b, x, y, e: push(x, e * np.sign(slopes(w, b, x, y, 1))), "divided by 255"),
    ("9.1", lambda w, b, x, y, e: x, "pixels move another way"),
    ("9.1", lambda w, b, x, y, e: x[:5], "shape"),
    ("9.1", in_place, "work on a copy"),
    ("9.2", first_failure, "stop too early"),
    ("9.2", one_by_one, "accepted together"),
    ("9.2", loose, "has a risk of"),
    ("9.2", lambda r, c, t: (choose_threshold(r, c, t) if t != 0.3 else 0.9), "infinity"),
    ("9.2", lambda r, c, t: choose_threshold(r, c, t) - 0.01, "one of the confidences"),
    ("9.2", lambda r, c, t: c.max(), "accepts more"),
    ("9.3", lambda a, b: 1 - roc_auc_score([1] * len(a) + [0] * len(b), [*a, *b]), "way round"),
    ("9.3", lambda a, b: (a[:, None] > b).mean(), "ties"),
    ("9.3", lambda a, b: (a[:, None] >= b).mean(), "not one"),
    ("9.3", pairs, "number of pairs"),
    ("9.3", lambda a, b: 0.3, "every pair"),
])  # fmt: skip
def test_plausible_wrong_answers_get_a_hint(number, answer, hint):
    assert verdict(number, answer).startswith("not yet. ")
    assert hint in verdict(number, answer)


@pytest.mark.parametrize(("number", "answer"), [
    ("9.1", attack),
    ("9.1", lambda *given: attack(*given).round().astype(np.uint8)),
    ("9.2", choose_threshold),
    ("9.3", lambda a, b: roc_auc_score([1] * len(a) + [0] * len(b), [*a, *b])),
    ("9.3", lambda a, b: pairs(a, b) / len(a) / len(b)),
])  # fmt: skip
def test_right_answers_in_several_forms(number, answer):
    assert verdict(number, answer) == "correct"
