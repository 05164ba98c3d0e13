"""The bookkeeping of the benchmarks of exported files and of the drawing page."""

import app_load
import inference
import pytest


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
