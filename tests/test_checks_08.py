"""Hints of notebook 08's checks for plausible wrong answers."""

import numpy as np
import pytest

from mnist_utils.checks import verdict
from mnist_utils.checks.notebook_08 import _halving


def factors(base, improved):
    return [name for name in base if base[name] != improved[name]]


def one_at_a_time(base, improved):
    return {name: {**base, name: improved[name]} for name in factors(base, improved)}


def unchanged_too(base, improved):
    return {name: {**base, name: improved[name]} for name in base}


def cumulative(base, improved):
    settings, found = dict(base), {}
    for name in factors(base, improved):
        settings[name] = improved[name]
        found[name] = dict(settings)
    return found


def leave_one_out(base, improved):
    return {name: {**improved, name: base[name]} for name in factors(base, improved)}


def in_place(base, improved):
    found = {}
    for name in factors(base, improved):
        base[name] = improved[name]
        found[name] = base
    return found


def knows_the_end(curves, factor):
    return int(curves[:, -1].argmax()), _halving(curves, factor)[1]


def from_the_start(curves, factor):
    """Counts the epochs of each rung from the beginning."""
    left, rung, epochs = np.arange(len(curves)), 1, 0
    while True:
        step = min(rung, curves.shape[1])
        epochs += len(left) * step
        left = left[np.argsort(-curves[left, step - 1], kind="stable")]
        if step == curves.shape[1]:
            return int(left[0]), epochs
        left, rung = left[: max(1, len(left) // factor)], rung * factor


def lowest_go_on(curves, factor):
    return _halving(1 - curves, factor)


def on_the_front(seconds, errors):
    found, best = [], np.inf
    for index in np.lexsort((errors, seconds)):
        if errors[index] < best:
            found.append(index)
            best = errors[index]
    return found


@pytest.mark.parametrize(("number", "answer", "hint"), [
    ("8.1", unchanged_too, "is no factor"),
    ("8.1", cumulative, "fresh copy of base"),
    ("8.1", leave_one_out, "add it to base instead"),
    ("8.1", in_place, "copy it first"),
    ("8.1", lambda b, i: {n: {n: i[n]} for n in factors(b, i)}, "whole set of settings"),
    ("8.1", lambda b, i: list(one_at_a_time(b, i).values()), "must be a dictionary"),
    ("8.1", lambda b, i: {}, "is missing"),
    ("8.2", knows_the_end, "Nobody knows the end"),
    ("8.2", from_the_start, "needs 6 more"),
    ("8.2", lambda c, f: (_halving(c, f)[0], c.size), "train every trial to the end"),
    ("8.2", lowest_go_on, "the winner is trial"),
    ("8.2", lambda c, f: _halving(c, f)[0], "must be a tuple"),
    ("8.3", lambda s, e: on_the_front(s, e)[::-1], "quickest first"),
    ("8.3", lambda s, e: np.argsort(s), "is not on the front"),
    ("8.3", lambda s, e: [np.argmin(s)], "is missing"),
    ("8.3", lambda s, e: np.isin(np.arange(len(s)), on_the_front(s, e)), "not a mask"),
    ("8.3", lambda s, e: np.array(on_the_front(s, e)) + 100, "must be indices"),
])  # fmt: skip
def test_plausible_wrong_answers_get_a_hint(number, answer, hint):
    assert verdict(number, answer).startswith("not yet. ")
    assert hint in verdict(number, answer)


@pytest.mark.parametrize(("number", "answer"), [
    ("8.1", one_at_a_time),
    ("8.2", _halving),
    ("8.2", lambda c, f: np.array(_halving(c, f))),
    ("8.3", on_the_front),
    ("8.3", lambda s, e: np.array(on_the_front(s, e))),
])  # fmt: skip
def test_right_answers_in_several_forms(number, answer):
    assert verdict(number, answer) == "correct"
