"""The test-set ledger: silent for what was declared, one sentence for what came after a look."""

import numpy as np
import pytest

from mnist_utils.data import Split
from mnist_utils.evaluation import accuracy, evaluate_once, ledger, list_readings


@pytest.fixture(autouse=True)
def _new_session(monkeypatch):
    monkeypatch.setattr(ledger, "_readings", [])


@pytest.fixture
def test_set():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 200, np.uint8)
    return Split(rng.integers(0, 256, (200, 28, 28), np.uint8), labels)


def wrong_on(test, count):
    """Return digits that are wrong on the first count images."""
    digits = test.labels.astype(int)
    digits[:count] = (digits[:count] + 1) % 10
    return digits


def test_one_look_at_several_is_silent(test_set, capsys):
    found = evaluate_once({"dense": wrong_on(test_set, 9), "cnn": wrong_on(test_set, 3)}, test_set)
    assert list(found) == ["dense", "cnn"]
    assert found["cnn"] == accuracy(test_set.labels, wrong_on(test_set, 3))
    assert capsys.readouterr().out == ""
    readings = list_readings()
    assert list(readings.name) == ["dense", "cnn"]
    assert list(readings.accuracy) == [0.955, 0.985]
    assert list(readings["look"]) == [1, 1]
    assert readings.blind.all()


def test_the_same_again_is_silent_and_recorded_once(test_set, capsys):
    models = {"dense": wrong_on(test_set, 9), "cnn": wrong_on(test_set, 3)}
    first = evaluate_once(models, test_set)
    copied = Split(test_set.images.copy(), test_set.labels.copy())  # as from a new load_mnist()
    assert evaluate_once(models, copied) == first
    assert evaluate_once({"cnn": models["cnn"]}, test_set) == {"cnn": first["cnn"]}
    assert capsys.readouterr().out == ""
    assert len(list_readings()) == 2


def test_another_choice_after_looking_is_pointed_out_once(test_set, capsys):
    cnn, wide = wrong_on(test_set, 3), wrong_on(test_set, 2)
    evaluate_once({"cnn": cnn}, test_set)
    found = evaluate_once({"cnn": cnn, "wide": wide}, test_set)
    said = capsys.readouterr().out
    assert said.startswith(
        "Note: 'wide' was read after the test set had been opened for 'cnn', so "
    )
    assert said.count("\n") == 1
    assert found["wide"].correct == 198
    evaluate_once({"wide": wide}, test_set)
    assert capsys.readouterr().out == ""
    assert list(list_readings().blind) == [True, False]
    assert list(list_readings()["look"]) == [1, 2]


def test_a_changed_model_under_an_old_name_is_pointed_out(test_set, capsys):
    evaluate_once({"cnn": wrong_on(test_set, 3)}, test_set)
    found = evaluate_once({"cnn": wrong_on(test_set, 1)}, test_set)
    said = capsys.readouterr().out
    assert "'cnn' answers 2 images otherwise than when it was first read" in said
    assert found["cnn"].correct == 199
    evaluate_once({"cnn": wrong_on(test_set, 3)}, test_set)
    assert capsys.readouterr().out == ""


def test_each_test_set_has_its_own_ledger(test_set, capsys):
    other = Split(test_set.images[:100], test_set.labels[:100])
    evaluate_once({"cnn": wrong_on(test_set, 3)}, test_set)
    evaluate_once({"wide": wrong_on(other, 3)}, other)
    assert capsys.readouterr().out == ""
    assert list(list_readings()["look"]) == [1, 1]


def test_networks_functions_and_probabilities_are_read_alike(test_set):
    from mnist_utils import models

    model = models.build("dense_baseline")
    probabilities = model.predict(test_set.images, verbose=0)
    found = evaluate_once({
        "network": model,
        "function": lambda images: model.predict(images, verbose=0),
        "probabilities": probabilities,
        "digits": probabilities.argmax(axis=1),
    }, test_set)  # fmt: skip
    assert len(set(found.values())) == 1


def test_an_empty_ledger_has_its_columns():
    assert list(list_readings().columns) == ["look", "name", "accuracy", "low", "high", "images",
                                             "blind"]  # fmt: skip


@pytest.mark.parametrize(("models", "message"), [
    ({}, "models must be a dictionary"),
    (np.zeros(3), "models must be a dictionary of names and models"),
    ({"cnn": np.zeros((200, 10))}, "'cnn' must give probabilities .* sum to 1"),
    ({"cnn": np.zeros(199, int)}, "for the 200 test images: digits must have 200 entries, got 199"),
    ({"cnn": object()}, "'cnn' must give probabilities"),
])  # fmt: skip
def test_wrong_models_are_refused_and_leave_no_trace(test_set, models, message):
    with pytest.raises(ValueError, match=message):
        evaluate_once(models, test_set)
    assert list_readings().empty
