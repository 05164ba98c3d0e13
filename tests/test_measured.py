import json
import sys

import pytest
from series import NOTEBOOKS, ROOT, read_notebook

from mnist_utils import measured
from mnist_utils.selection import read_parameters

FILES = sorted(measured.FOLDER.glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_says_how_it_was_made(file):
    stored = measured.load(file.stem)
    assert stored == json.loads(file.read_text("utf-8"))
    assert stored["machine"]
    assert stored["rows"]
    script = stored["command"].split()[1]
    assert (ROOT / script).is_file()


def test_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"no measurements named 'dreams'.*training_effects"):
        measured.load("dreams")


def test_training_effects_come_from_the_notebook_as_it_is():
    """The same parameters, settings that the stored rows cover, and the functions that made them."""
    path = NOTEBOOKS / "05_training.ipynb"
    stored, parameters = measured.load("training_effects"), read_parameters(path)
    assert stored["settings"] == {name: parameters[name] for name in stored["settings"]}
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import training_effects
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    assert stored["choices"] == training_effects.CHOICES
    assert set(stored["curves"]) == set(training_effects.CURVES)
    assert "train_small" in "".join(cell.source for cell in read_notebook(path).cells)
    choices = [row for row in stored["rows"] if row["table"] == "choices"]
    assert len(choices) == len(training_effects.CHOICES) * len(training_effects.RATES) * 3


def test_what_notebook_08_says_of_the_fast_recipe_that_it_leaves_out():
    """It is slower than `dense_98_3` and better, faster than `cnn_99_0` and worse, and unbeaten."""
    rows = {row["name"]: row for row in measured.load("time_to_accuracy")["rows"]}
    left_out = rows.pop("train_mnist_fast_nhwc")
    speed, score = left_out["median_seconds"], left_out["median_accuracy"]
    others = {name: (row["median_seconds"], row["median_accuracy"]) for name, row in rows.items()}
    assert not any(seconds <= speed and accuracy >= score for seconds, accuracy in others.values())
    assert others["dense_98_3"] < (speed, score) < others["cnn_99_0"]
    assert others["dense_98_3"][1] < score < others["cnn_99_0"][1]
