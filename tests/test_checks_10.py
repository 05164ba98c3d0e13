"""Hints of notebook 10's checks for plausible wrong answers."""

import numpy as np
import pytest
from skimage.filters import threshold_otsu

from mnist_utils.checks import verdict
from mnist_utils.checks.notebook_10 import _between


def otsu(levels):
    return int(_between(levels).argmax())


def smallest(levels):
    scores = _between(levels)
    return int(np.where(scores < 0, np.inf, scores).argmin())


def furthest_means(levels):
    values, gaps = levels.ravel().astype(float), np.zeros(256)
    for t in range(int(values.min()), int(values.max())):
        gaps[t] = values[values > t].mean() - values[values <= t].mean()
    return int(gaps.argmax())


def in_place(levels):
    levels //= 2
    return 50


def quantise(weights, most=127, whole=np.round):
    largest = np.abs(weights).max(axis=0)
    scales = np.where(largest > 0, largest / most, 1.0)
    return whole(weights / scales).astype(np.int8), scales


def one_scale(weights):
    scale = np.abs(weights).max() / 127
    return np.round(weights / scale).astype(np.int8), np.full(weights.shape[1], scale)


def zeros_kept(weights):
    levels, scales = quantise(weights)
    return levels, np.where((weights == 0).all(axis=0), 0.0, scales)


def divided_by_zero(weights):
    scales = np.abs(weights).max(axis=0) / 127
    return np.nan_to_num(np.round(weights / scales)).astype(np.int8), 1 / (1 / scales - 1 / scales)


def upside_down(weights):
    levels, scales = quantise(weights)
    return levels, np.where(scales == 1, 1, 1 / scales)


def to_minus_128(weights):
    levels, scales = quantise(weights)
    return np.where(levels == -127, -128, levels).astype(np.int8), scales


def read(rows, threshold, measure=np.prod, keep=lambda chance, threshold: chance >= threshold):
    chance = float(measure(rows.max(axis=1)))
    text = "".join(map(str, rows.argmax(axis=1)))
    return (text if keep(chance, threshold) else None), chance


def as_number(rows, threshold):
    text, chance = read(rows, threshold)
    return (None if text is None else int(text)), chance


def reversed_digits(rows, threshold):
    text, chance = read(rows, threshold)
    return (None if text is None else text[::-1]), chance


@pytest.mark.parametrize(("number", "answer", "hint"), [
    ("10.1", lambda x: otsu(x) + 1, "one too much"),
    ("10.1", smallest, "smallest score"),
    ("10.1", lambda x: int(x.mean()), "mean of all"),
    ("10.1", furthest_means, "shares are missing"),
    ("10.1", lambda x: 255, "one group empty"),
    ("10.1", lambda x: -1, "one group empty"),
    ("10.1", lambda x: x > otsu(x), "one whole number"),
    ("10.1", lambda x: otsu(x) / 255, "one whole number"),
    ("10.1", in_place, "work on a copy"),
    ("10.2", one_scale, "all scales are the same"),
    ("10.2", lambda w: quantise(w, most=128, whole=np.trunc), "127, not at 128"),
    ("10.2", lambda w: quantise(w, whole=np.trunc), "cuts off"),
    ("10.2", zeros_kept, "scale 1"),
    ("10.2", divided_by_zero, "no number"),
    ("10.2", upside_down, "levels times scales"),
    ("10.2", to_minus_128, "-128 occurs"),
    ("10.2", lambda w: (quantise(w)[0].astype(int), quantise(w)[1]), "must be int8"),
    ("10.2", lambda w: (quantise(w.T)[0].T, quantise(w.T)[1]), "each output"),
    ("10.2", lambda w: (quantise(w)[0].T, quantise(w)[1]), "weights' shape"),
    ("10.2", lambda w: quantise(w)[0], "must be a tuple"),
    ("10.2", lambda w: quantise(w, most=100), "should have the scale"),
    ("10.3", lambda r, t: read(r, t, measure=np.mean), "mean of the digits"),
    ("10.3", lambda r, t: read(r, t, measure=np.min), "smallest of the digits"),
    ("10.3", lambda r, t: (read(r, t)[0], np.log(r.max(axis=1)).sum()), "logarithm"),
    ("10.3", as_number, "leading zeros"),
    ("10.3", reversed_digits, "the code should be"),
    ("10.3", lambda r, t: read(r, t, keep=lambda *_: True), "must be none"),
    ("10.3", lambda r, t: read(r, t, keep=lambda *_: False), "must be given"),
    ("10.3", lambda r, t: read(r, t)[0], "must be a tuple"),
])  # fmt: skip
def test_plausible_wrong_answers_get_a_hint(number, answer, hint):
    assert verdict(number, answer).startswith("not yet. ")
    assert hint in verdict(number, answer).lower()


@pytest.mark.parametrize(("number", "answer"), [
    ("10.1", otsu),
    ("10.1", threshold_otsu),
    ("10.2", quantise),
    ("10.2", lambda w: quantise(w, whole=lambda x: np.floor(x + 0.5))),
    ("10.3", read),
])  # fmt: skip
def test_right_answers_in_several_forms(number, answer):
    assert verdict(number, answer) == "correct"
