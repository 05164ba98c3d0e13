"""The exercise checks: one for each exercise, and none that ever raises."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from series import NOTEBOOKS, SOLUTIONS, read_notebook

from mnist_utils.checks import CHECKS, check, exercises, verdict

LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))
NUMBERS = [number for path in LESSONS for number in exercises(path.name[:2])]


def numbers_in(path):
    """The numbers of the headings and those of the check calls, in order."""
    source = "\n".join(cell.source for cell in read_notebook(path).cells)
    headings = re.findall(r"^### Exercise (\d+\.\d+)", source, re.MULTILINE)
    return headings, re.findall(r'^check\("(\d+\.\d+)", answer_\d+_\d+\)', source, re.MULTILINE)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_checks_and_solutions_have_the_same_exercises(path):
    expected = exercises(path.name[:2])
    assert 2 <= len(expected) <= 4
    solutions = SOLUTIONS / f"{path.stem}_solutions.ipynb"
    assert numbers_in(path) == numbers_in(solutions) == (expected, expected)


@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_stored_solutions_are_correct(path):
    text = "".join(
        output.get("text", "") for cell in read_notebook(path).cells
        for output in cell.get("outputs", [])
    )  # fmt: skip
    for number in exercises(path.name[:2]):
        assert f"Exercise {number}: correct\n" in text


def test_unknown_exercise_is_named(capsys):
    check("1.9", 3)
    check("99.1", 3)
    check("one", 3)
    out = capsys.readouterr().out
    assert "no such exercise; expected one of 1.1" in out
    assert out.count("\n") == 3


@pytest.mark.parametrize("number", NUMBERS)
def test_every_check_knows_not_attempted_wrong_and_broken(number):
    def broken(*arguments, **keywords):
        raise RuntimeError("broken on purpose")

    assert verdict(number, None) == "not attempted yet"
    for wrong in (broken, object(), "words", [], -1, np.zeros((3, 3)), float("nan"), {}, int):
        assert verdict(number, wrong).startswith("not yet. ")


def jump_to_the_middle(image):
    """MNIST's recipe, but for boxes that cross the edge, which land in the middle of the frame."""
    from PIL import Image

    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    if not len(rows):
        raise ValueError("a blank image has no centre")
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(side * 20 / max(ink.shape))) for side in ink.shape)
    box = np.asarray(Image.fromarray(ink).resize((width, height)), float)
    top = round(14 - box.sum(1) @ np.arange(height) / box.sum())
    left = round(14 - box.sum(0) @ np.arange(width) / box.sum())
    if not 0 <= top <= 28 - height:
        top = (28 - height) // 2
    framed = np.zeros((28, 28))
    framed[top : top + height, left : left + width] = box
    return framed.round().astype(np.uint8)


def mirrored(image):
    """MNIST's recipe, but turned over."""
    from PIL import Image

    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1][:, ::-1]
    height, width = (max(1, round(side * 20 / max(ink.shape))) for side in ink.shape)
    box = np.asarray(Image.fromarray(ink).resize((width, height)), float)
    top = min(max(round(14 - box.sum(1) @ np.arange(height) / box.sum()), 0), 28 - height)
    left = min(max(round(14 - box.sum(0) @ np.arange(width) / box.sum()), 0), 28 - width)
    framed = np.zeros((28, 28))
    framed[top : top + height, left : left + width] = box
    return framed.round().astype(np.uint8)


def first_rows_of_each_class(labels, held_out, seed):
    """Stratified, but the same rows whatever the seed, for all but the rows left over."""
    shares = held_out * np.bincount(labels) / len(labels)
    counts = shares.astype(int)
    order = np.random.default_rng(seed).permutation(len(counts))
    counts[order[: held_out - counts.sum()]] += 1
    held = np.concatenate([np.flatnonzero(labels == c)[:n] for c, n in enumerate(counts)])
    return np.setdiff1d(np.arange(len(labels)), held), held


def restores_the_last(losses, patience):
    """Early stopping without restore_best_weights."""
    from mnist_utils.checks.notebook_05 import _early_stopping

    last, _ = _early_stopping(losses, patience)
    return last, last


def one_epoch_late(losses, patience):
    from mnist_utils.checks.notebook_05 import _early_stopping

    return _early_stopping(losses, patience + 1)


def equal_is_lower(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss <= losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return epoch + 1, best + 1
    return len(losses), best + 1


def best_of_all_epochs(losses, patience):
    """As if the epochs after the stop were known."""
    from mnist_utils.checks.notebook_05 import _early_stopping

    return _early_stopping(losses, patience)[0], losses.index(min(losses)) + 1


END_DETECTOR = np.outer([0, -3, 2, 2, 2, -3, 0], [1, 1, 1, 1, 1, 1, -6])


@pytest.mark.parametrize(("number", "answer", "hint"), [
    ("2.1", jump_to_the_middle, "lollipop"),
    ("2.1", mirrored, "a large L, the ink is mirrored"),
    ("2.3", first_rows_of_each_class, "seed"),
    ("4.2", END_DETECTOR, "along a horizontal stroke"),  # answers at the stroke's end only
    ("4.2", np.where(END_DETECTOR < 0, np.nan, END_DETECTOR), "finite"),
    ("5.1", lambda degrees, pixels, size: (degrees / 180, pixels / size), "twice too large"),
    ("5.1", lambda degrees, pixels, size: (degrees / 100, pixels / size), "share of 100°"),
    ("5.1", lambda degrees, pixels, size: (np.deg2rad(degrees), pixels / size), "in radians"),
    ("5.1", lambda degrees, pixels, size: (pixels / size, degrees / 360), "wrong order"),
    ("5.1", lambda degrees, pixels, size: (degrees / 360, pixels / 28), "use size"),
    ("5.1", lambda degrees, pixels, size: (degrees / 360, pixels), "image sizes"),
    ("5.1", lambda degrees, pixels, size: degrees / 360, "two numbers"),
    ("5.2", restores_the_last, "weights are not those"),
    ("5.2", one_epoch_late, "does not end with epoch"),
    ("5.2", equal_is_lower, "equal is not lower"),
    ("5.2", best_of_all_epochs, "weights are not those"),
    ("5.2", lambda losses, patience: len(losses), "tuple of two epochs"),
    ("5.3", {"A": "underfits", "B": "overfits", "C": "rate", "D": "leak"}, "2 of 4"),
    ("5.3", {"A": "leak", "B": "underfits", "C": "rate", "D": "overfits"}, "by heart"),
    ("5.3", {"A": "overfits", "B": "underfits", "C": "rate"}, "keys"),
    ("5.3", dict.fromkeys("ABCD", "overfitting"), "expected"),
])  # fmt: skip
def test_plausible_wrong_answers_get_a_hint(number, answer, hint):
    assert verdict(number, answer).startswith("not yet. ")
    assert hint in verdict(number, answer)


@pytest.mark.parametrize("answer", [
    lambda degrees, pixels, size: [degrees / 360, pixels / size],
    lambda degrees, pixels, size: np.array([degrees, pixels]) / (360, size),
])  # fmt: skip
def test_keras_units_in_any_form_are_right(answer):
    assert verdict("5.1", answer) == "correct"


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), min_size=1, max_size=9), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_early_stopping_is_that_of_keras(losses, patience):
    from mnist_utils.checks.notebook_05 import _early_stopping
    from mnist_utils.startup import keras

    class Model:
        stop_training, weights = False, None
        get_weights = lambda self: self.weights  # noqa: E731
        set_weights = lambda self, weights: setattr(self, "weights", weights)  # noqa: E731

    callback = keras.callbacks.EarlyStopping(
        patience=patience, restore_best_weights=True, mode="min"
    )
    model = Model()
    callback._model = model
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        model.weights = epoch + 1
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    callback.on_train_end()
    assert _early_stopping(losses, patience) == (epoch + 1, model.weights)


ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    | st.functions(like=lambda *a, **k: None, returns=st.integers() | st.lists(st.floats())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(NUMBERS or ["1.1"]), ANSWERS)
def test_no_answer_makes_a_check_raise(number, answer):
    assert isinstance(verdict(number, answer), str)


def test_all_registered_checks_belong_to_a_lesson():
    assert set(CHECKS) == set(NUMBERS)
