"""The bookkeeping of the benchmarks of exported files and of the drawing page."""

import argparse

import app_load
import inference
import numpy as np
import own_digits
import pytest

from mnist_utils import measured
from mnist_utils.drawn_digits import make_set, sets


def test_ways_take_turns_and_first_calls_are_not_counted():
    asked = []
    ways = {name: lambda name=name: asked.append(name) for name in "ab"}
    seconds = inference.measure(ways, turns=2, calls=3)
    assert asked == [*"aaabbb"] * 3
    assert {way: len(times) for way, times in seconds.items()} == {"a": 4, "b": 4}
    assert {len(times) for times in inference.measure(ways, turns=5, calls=1).values()} == {5}


def test_timings_are_shares_of_both_ways_of_keras():
    rows = [{"network": "n", "images": 1, "way": way, "seconds": [ms / 1000] * 3}
            for way, ms in (("predict", 50), ("predict_on_batch", 2), ("onnx", 0.05))]  # fmt: skip
    lines = inference.as_table(rows).splitlines()
    assert lines[-1] == "| n | 1 | onnx | 0.05 (0.05 to 0.05) | 1/1000 | 1/40 |"
    assert lines[-2].endswith("| 1/25 | 1.00 |")


def test_files_have_a_row_each():
    row = {"network": "n", "format": "onnx", "kilobytes": 12.3, "agreement": 0.9999, "largest": 2e-7,
           "accuracy": 0.99, "low": 0.988, "high": 0.992}  # fmt: skip
    table = inference.files_table([row, row | {"format": "in memory", "kilobytes": float("nan")}])
    assert "| n | onnx | 12 | 99.99% | 2e-07 | 99.00% (98.80% to 99.20%) |" in table
    assert "| n | in memory |  |" in table


@pytest.mark.parametrize(
    ("answer", "digit", "outcome"),
    [("event: complete\ndata: [0,0,0,0,{\"digit\": 7, \"rejected\": false}]\n", 7, "right"),
     ("event: complete\ndata: [0,0,0,0,{\"digit\": 7, \"rejected\": false}]\n", 1, "wrong digit"),
     ("event: complete\ndata: [0,0,0,0,{\"digit\": 7, \"rejected\": false}]\n", None, "read as 7"),
     ("event: complete\ndata: [0,0,0,0,{\"digit\": null, \"rejected\": true}]\n", 1, "not sure"),
     ("event: complete\ndata: [0,0,0,0,{\"digit\": null, \"rejected\": true}]\n", None, "no digit"),
     ("event: error\ndata: {\"error\": \"not a picture\"}", None, "message"),
     ("event: error\ndata: {\"error\": \"Queue is full.\"}", None, "told to wait"),
     ("event: error\ndata: null", None, "error without a message"), ("", 7, "error without a message")],
)  # fmt: skip
def test_an_answer_of_the_page_is_understood(answer, digit, outcome):
    assert app_load.read_outcome(answer, digit) == outcome


def test_pictures_are_mixed_and_the_same_each_time():
    first, second = app_load.make_pictures(16), app_load.make_pictures(16)
    assert first == second
    assert {kind for _, kind, _, _ in first} == {
        "digit",
        "photo",
        "blank",
        "text",
        "cut",
        "huge",
        "empty",
    }
    assert all((digit is None) == (kind not in ("digit", "photo")) for _, kind, _, digit in first)


def test_sets_are_prepared_in_parts_and_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_UTILS_CACHE", str(tmp_path))
    options = argparse.Namespace(count=own_digits.PART + 2, seed=1)
    made = own_digits.prepare_set("tuning", "fonts", options)
    assert made["digits"].tolist() == [*range(10), 0, 1]
    assert made["images"].shape == (12, 28, 28)
    whole = list(make_set("tuning", "fonts", 12, seed=1))
    assert list(make_set("tuning", "fonts", 2, seed=1, first=10)) == whole[10:]
    monkeypatch.setattr(own_digits.images, "prepare", lambda *_: pytest.fail("not from the cache"))
    again = own_digits.prepare_set("tuning", "fonts", options)
    for name, values in made.items():
        np.testing.assert_array_equal(again[name], values)


def test_rejected_digits_are_not_right(monkeypatch):
    class Sure:
        threshold = 0.6

        def probabilities(self, images):
            """Right and sure; right and unsure; wrong and sure; sure where nothing was found."""
            chances = np.full((4, 10), 0.02)
            chances[[0, 1, 2, 3], [0, 1, 9, 3]] = (0.9, 0.5, 0.9, 0.9)
            return chances

    made = {"images": np.zeros((4, 28, 28)), "digits": np.arange(4),
            "found": np.array([True, True, True, False])}  # fmt: skip
    monkeypatch.setattr(own_digits, "prepare_part", lambda *_: made)
    options = argparse.Namespace(count=4, seed=0, jobs=1)
    rows = own_digits.measure(Sure(), "held back", options)
    numbers = {"digits": 4, "right": 1, "wrong": 1, "rejected": 2, "not_found": 1}
    assert rows[0] == {"set": "drawn"} | numbers
    times = len(sets.set_names("held back"))
    assert rows[-1] == {"set": "all"} | {name: times * count for name, count in numbers.items()}
    new = next(row for row in rows if row["set"] == "the new sets")
    assert new["digits"] == 4 * len(sets.NEW)


def test_the_table_of_own_digits_is_that_of_the_stored_results():
    found = measured.load("own_digits")
    text = own_digits.describe(found)
    assert text == own_digits.TABLE.read_text("utf-8")
    first = found["held_back"][0]["rows"]
    assert first == [{"set": "all", "digits": 280, "right": 263}]
    assert "| all | 280 | 93.9% (90.5% to 96.2%) | not recorded | not recorded |" in text
    assert all(reading["rows"][-1]["set"] == "all" for reading in found["held_back"])
