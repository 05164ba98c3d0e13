"""The model card: every number in it is one that was given, or follows from it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mnist_utils.evaluation import accuracy_interval
from mnist_utils.model_card import make_card, measured_table
from mnist_utils.reader import Reader
from mnist_utils.recipes import Ensemble, Recipe

RECIPE = Recipe("cnn_fast", epochs=3, train_examples=700)
FILES = pd.DataFrame({"kilobytes": [np.nan, 123.4], "agreement": [1.0, 0.998],
                      "accuracy": [0.99, 0.98], "low": [0.97, 0.96], "high": [0.995, 0.99],
                      "milliseconds": [0.81, np.nan]},
                     index=["in memory", "onnx"])  # fmt: skip
MEASURED = {"test digits read": (9_950, 10_000), "drawn pictures read": (97, 100)}


def card(recipe=RECIPE, measured=MEASURED, limits=("No letters.",), models=1):
    network = SimpleNamespace(count_params=lambda: 1_234)
    data = SimpleNamespace(train=SimpleNamespace(labels=range(55_000)),
                           validation=SimpleNamespace(labels=range(5_000)))  # fmt: skip
    return make_card(Reader((network,) * models, 0.5, 0.9), recipe, data, measured, FILES, limits)


def test_it_says_what_was_given():
    text = card()
    for part in ("1,234 parameters in 1 network.", "temperature 0.500", "below 0.900",
                 "700 training images", "5,000 others", "epochs 3", "seed 0", "- No letters.",
                 "| test digits read | 99.50% |", "| 10,000 |", "keras 3",
                 "| onnx | 123 | 99.80% | 98.00% (96.00% to 99.00%) |  |",
                 "| in memory |  | 100.00% | 99.00% (97.00% to 99.50%) | 0.810 |"):  # fmt: skip
        assert part in text, part
    assert "None" not in text
    assert "nan" not in text


def test_without_a_number_of_examples_all_were_used():
    assert "55,000 training images" in card(Recipe("cnn_fast"))


def test_several_networks_are_counted_together():
    text = card(Ensemble(RECIPE, members=3), models=3)
    assert "3,702 parameters in 3 networks." in text
    assert "epochs 3" in text


def test_intervals_are_wilsons():
    low, high = accuracy_interval(97, 100)
    assert measured_table(MEASURED)[-1] == (
        f"| drawn pictures read | 97.00% | {low:.2%} to {high:.2%} | 100 |"
    )


@pytest.mark.parametrize("wrong", [
    {"measured": {}}, {"limits": ()}, {"limits": "No letters."}, {"measured": {"x": (5, 4)}},
    {"measured": {"x": (0, 0)}},
])  # fmt: skip
def test_what_makes_no_card_is_refused(wrong):
    with pytest.raises(ValueError):  # noqa: PT011
        card(**wrong)
