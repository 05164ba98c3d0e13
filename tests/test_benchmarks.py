"""The benchmarks' bookkeeping; the long runs themselves are started by hand."""

import json

import numpy as np
import pytest
import runs
import time_to_accuracy
from series import ROOT

from mnist_utils import published
from mnist_utils.recipes import PUBLISHED_RECIPES


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "RUNS", tmp_path)
    monkeypatch.setattr(runs, "matrix_multiply_speed", lambda: 100.0)
    return tmp_path


def test_a_run_is_done_once(store):
    calls = []

    def train():
        calls.append(1)
        return {"seconds": 1.5}

    first = runs.run_once("ours", "quick", 3, {"betas": (0.9, 0.99)}, train)
    again = runs.run_once("ours", "quick", 3, {"betas": (0.9, 0.99)}, train)
    assert first == again
    assert len(calls) == 1
    assert first["seconds"] == 1.5
    assert first["gflops_before"] == 100.0
    assert set(first["libraries"]) == {"keras", "tensorflow", "numpy"}
    runs.run_once("ours", "quick", 3, {"betas": (0.8, 0.99)}, train)
    assert len(calls) == 2  # other settings
    runs.run_once("ours", "quick", 4, {"betas": (0.8, 0.99)}, train)
    assert len(calls) == 3  # another seed
    assert sorted(file.name for file in store.rglob("*.*")) == ["quick-3.json", "quick-4.json"]


def test_an_interrupted_run_leaves_nothing(store):
    def train():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.run_once("ours", "quick", 0, {}, train)
    assert not list(store.rglob("*.*"))


def test_score_counts_and_keeps_errors():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]])
    found = published.score(probabilities, np.array([0, 2, 2]))
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["errors"] == {2: 1}
    assert found["loss"] == pytest.approx(-np.log([0.7, 0.8, 0.3]).mean())


def test_every_published_recipe_has_its_split_and_title():
    assert set(PUBLISHED_RECIPES) | {"keras_convnet"} == set(published.SPLITS)
    assert set(published.TITLES) == set(published.SPLITS) == set(published.EPOCHS)
    for name, (chosen, held) in published.SPLITS.items():
        rows = np.arange(60_000)
        if held is not None:
            assert len(rows[chosen]) + len(rows[held]) == 60_000, name
            assert not set(rows[chosen]) & set(rows[held]), name
    assert published.keras_convnet().count_params() == 34_826


def test_frozen_augmentation_turns_further_than_its_authors_meant():
    image = np.zeros((300, 28, 28), np.uint8)
    image[:, 6:22, 13:15] = 255
    drawn = published.freeze_augmentation(image)
    rows, columns = np.mgrid[:28, :28]
    ink = drawn.sum((1, 2))
    r = rows - (drawn * rows).sum((1, 2), keepdims=True) / ink[:, None, None]
    c = columns - (drawn * columns).sum((1, 2), keepdims=True) / ink[:, None, None]
    spread = [(drawn * part).sum((1, 2)) for part in (r * r, c * c, r * c)]
    angles = np.rad2deg(np.arctan2(2 * spread[2], spread[0] - spread[1]) / 2)
    assert 30 < np.abs(angles).max() < 40


def test_rows_are_summed_up_and_shortened_runs_extrapolated():
    def run(name, seconds, accuracy, hour=12, **other):
        return {"name": name, "when": f"2026-11-21T{hour}:00:00+00:00", "way": "published", "seconds": seconds, "epochs": 2, "parameters": 5,
                "purpose": {"epochs": 2, "published_epochs": 2}, "epoch_seconds": [6.0, 4.0],
                "test": {"accuracy": accuracy}, "gflops_before": 90, "gflops_after": 110,
                **other}  # fmt: skip

    whole = time_to_accuracy.summarise("cnn_small", [run("cnn_small", 10, 0.99), run("cnn_small", 20, 0.98),
                                                     run("cnn_small", 12, 0.97)])  # fmt: skip
    assert whole["median_seconds"] == 12
    assert whole["median_accuracy"] == 0.98
    assert not whole["extrapolated"]
    cut = run("cnn_deep", 11, 0.9, purpose={"epochs": 2, "published_epochs": 50})
    long = time_to_accuracy.summarise("cnn_deep", [cut])
    assert long["extrapolated"]
    assert long["median_seconds"] == 11 + 48 * 5.0
    ours = [run("cnn_99_0", 1, 0.99), run("cnn_99_0", 1, 0.99), run("cnn_99_0", 9, 0.99, hour=16)]
    rows = [whole, long, time_to_accuracy.summarise("cnn_99_0", ours)]
    time_to_accuracy.add_ratios(rows)
    assert rows[2]["ratios"] == pytest.approx([1 / 10, 1 / 20])  # the third ran four hours later
    assert rows[2]["ratio"] == pytest.approx(0.075)
    table = time_to_accuracy.as_table(rows)
    assert "1/13.3 (1/20.0 to 1/10.0)" in table
    assert ", extrapolated" in table


def test_stored_results_come_from_the_stored_runs():
    """What the notebooks show is what the runs in the repository say."""
    stored = json.loads((ROOT / "mnist_utils/measured/time_to_accuracy.json").read_text())
    for row in stored["rows"]:
        found = [json.loads(file.read_text()) for way in ("published", "ours", "peer")
                 for file in (ROOT / "benchmarks/runs" / way).glob(f"{row['name']}-?.json")]  # fmt: skip
        again = time_to_accuracy.summarise(row["name"], sorted(found, key=lambda run: run["seed"]))
        assert {key: row[key] for key in again} == again, row["name"]
