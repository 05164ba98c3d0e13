"""Hints of notebook 06's checks for plausible wrong answers."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest, chi2

from mnist_utils.checks import verdict
from mnist_utils.evaluation import apply_temperature, compare_models


def counts(labels, first, second):
    a, b = first == labels, second == labels
    return int((a & ~b).sum()), int((b & ~a).sum())


def one_sided(labels, first, second):
    a, b = counts(labels, first, second)
    return binom.cdf(min(a, b), a + b, 0.5)


def doubled(labels, first, second):
    return 2 * one_sided(labels, first, second)


def all_that_differ(labels, first, second):
    return binomtest(counts(labels, first, second)[0], int((first != second).sum())).pvalue


def approximate(labels, first, second):
    a, b = counts(labels, first, second)
    return chi2.sf((a - b) ** 2 / max(a + b, 1), 1)


def chosen(choosing, judging):
    best = int(np.argmax(choosing))
    return best + 1, choosing[best] - judging[best]


def last_of_equals(choosing, judging):
    best = len(choosing) - 1 - int(np.argmax(choosing[::-1]))
    return best + 1, choosing[best] - judging[best]


def softmax(values):
    powers = np.exp(values)
    return powers / powers.sum(axis=1, keepdims=True)


def in_place(probabilities, temperature):
    probabilities **= 1 / temperature
    return probabilities / probabilities.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("number", "answer", "hint"), [
    ("6.1", one_sided, "half of it"),
    ("6.1", doubled, "above 1"),
    ("6.1", all_that_differ, "both get wrong"),
    ("6.1", approximate, "chi-squared"),
    ("6.1", lambda labels, first, second: 0.3, "is a coin"),
    ("6.2", lambda p, t: p ** (1 / t), "sums to 1"),
    ("6.2", lambda p, t: apply_temperature(p, 1 / t), "wrong way round"),
    ("6.2", lambda p, t: softmax(p / t), "takes logits"),
    ("6.2", lambda p, t: p ** (1 / t) / (p ** (1 / t)).sum(axis=0), "axis 1"),
    ("6.2", lambda p, t: p, "raised to"),
    ("6.2", lambda p, t: p[0], "must have shape"),
    ("6.2", in_place, "work on a copy"),
    ("6.3", lambda c, j: (c.argmax(), chosen(c, j)[1]), "from 1"),
    ("6.3", lambda c, j: (j.argmax() + 1, c[j.argmax()] - j.max()), "only judge"),
    ("6.3", lambda c, j: (c.argmax() + 1, c.max() - j.max()), "the best of each list"),
    ("6.3", lambda c, j: (c.argmax() + 1, j[c.argmax()] - c.max()), "wrong way round"),
    ("6.3", lambda c, j: (1, c[0] - j[0]), "the chosen epoch is"),
    ("6.3", last_of_equals, "came first"),
    ("6.3", lambda c, j: c.max() - j.max(), "must be a tuple"),
    ("6.3", lambda c, j: [1], "must be a tuple"),
])  # fmt: skip
def test_plausible_wrong_answers_get_a_hint(number, answer, hint):
    assert verdict(number, answer).startswith("not yet. ")
    assert hint in verdict(number, answer)


@pytest.mark.parametrize(("number", "answer"), [
    ("6.1", lambda labels, first, second: compare_models(labels, first, second).p_value),
    ("6.1", lambda labels, first, second: min(1.0, doubled(labels, first, second))),
    ("6.2", apply_temperature),
    ("6.2", lambda p, t: softmax(np.log(np.maximum(p, 1e-300)) / t)),
    ("6.3", chosen),
    ("6.3", lambda c, j: [np.argmax(c) + 1, np.max(c) - j[np.argmax(c)]]),
])  # fmt: skip
def test_right_answers_in_several_forms(number, answer):
    assert verdict(number, answer) == "correct"
