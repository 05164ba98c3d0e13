"""Hints of notebook 07's checks for plausible wrong answers."""

import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from mnist_utils.checks import verdict
from mnist_utils.checks.notebook_07 import _occlude


def cumulative(score, image, size):
    falls, hidden = np.zeros((29 - size, 29 - size)), image.copy()
    for row in range(29 - size):
        for column in range(29 - size):
            hidden[row : row + size, column : column + size] = 0
            falls[row, column] = score(image[None])[0] - score(hidden[None])[0]
    return falls


def in_place(score, image, size):
    falls = _occlude(score, image, size)
    image[:size, :size] = 0
    return falls


def with_mean(score, image, size):
    return _occlude(lambda images: score(np.where(images == 0, image.mean(), images)), image, size)


def most_wrong(labels, answers):
    return np.flatnonzero((answers != labels).mean(axis=0) > 0.5)


def counted(labels, answers, enough):
    counts = np.array([(answers == digit).sum(axis=0) for digit in range(10)])
    return np.flatnonzero(enough(counts, answers, labels) & (counts.argmax(axis=0) != labels))


def right(labels, answers):
    return counted(labels, answers, lambda c, a, _: c.max(axis=0) > len(a) / 2)


def at_least_half(labels, answers):
    return counted(labels, answers, lambda c, a, _: c.max(axis=0) >= len(a) / 2)


def only_wrong_networks(labels, answers):
    counts = np.array([((answers == digit) & (answers != labels)).sum(axis=0)
                       for digit in range(10)])  # fmt: skip
    return np.flatnonzero(counts.max(axis=0) > (answers != labels).sum(axis=0) / 2)


def found(ranking, listed, top):
    return int(np.isin(ranking[:top], listed).sum())


def luck(ranking, listed, top):
    return hypergeom(len(ranking), len(listed), top)


def full(ranking, listed, top):
    count = found(ranking, listed, top)
    return count, luck(ranking, listed, top).sf(count - 1)


@pytest.mark.parametrize(("number", "answer", "hint"), [
    ("7.1", lambda s, i, k: -_occlude(s, i, k), "wrong way round"),
    ("7.1", lambda s, i, k: _occlude(s, i, k).T, "exchanged"),
    ("7.1", lambda s, i, k: s(i[None])[0] - _occlude(s, i, k), "falls are wanted"),
    ("7.1", cumulative, "from the whole image"),
    ("7.1", in_place, "work on a copy"),
    ("7.1", with_mean, "first square's fall"),
    ("7.1", lambda s, i, k: np.zeros((28, 28)), "positions"),
    ("7.1", lambda s, i, k: s(i), "needs images (n, 28, 28)"),
    ("7.2", most_wrong, "do not agree"),
    ("7.2", at_least_half, "not more than half"),
    ("7.2", only_wrong_networks, "not more than half"),
    ("7.2", lambda y, a: right(y, a)[::-1], "ascending"),
    ("7.2", lambda y, a: np.isin(np.arange(len(y)), right(y, a)), "not a mask"),
    ("7.2", lambda y, a: np.arange(len(y)), "nothing is accused"),
    ("7.2", lambda y, a: [1], "are accused"),
    ("7.3", lambda r, li, t: (found(r, li, t) / len(li), 0.5), "that count"),
    ("7.3", lambda r, li, t: (found(r, li, t), luck(r, li, t).sf(found(r, li, t))), "of *more*"),
    ("7.3", lambda r, li, t: (found(r, li, t), luck(r, li, t).pmf(found(r, li, t))), "exactly"),
    ("7.3", lambda r, li, t: (found(r, li, t), luck(r, li, t).cdf(found(r, li, t))), "at most"),
    ("7.3", lambda r, li, t: (found(r, li, t),
                              binom(t, len(li) / len(r)).sf(found(r, li, t) - 1)), "no image twice"),
    ("7.3", lambda r, li, t: (int((np.array(li) < t).sum()), 0.5), "small indices"),
    ("7.3", found, "must be a tuple"),
])  # fmt: skip
def test_plausible_wrong_answers_get_a_hint(number, answer, hint):
    assert verdict(number, answer).startswith("not yet. ")
    assert hint in verdict(number, answer)


@pytest.mark.parametrize(("number", "answer"), [
    ("7.1", _occlude),
    ("7.2", right),
    ("7.2", lambda labels, answers: right(labels, answers).tolist()),
    ("7.3", full),
    ("7.3", lambda r, li, t: np.array(full(r, li, t))),
])  # fmt: skip
def test_right_answers_in_several_forms(number, answer):
    assert verdict(number, answer) == "correct"
