"""The benchmarks' bookkeeping; the long runs themselves are started by hand."""

import json

import choose_ensembles
import numpy as np
import pytest
import runs
import scale_out
import series_time
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


def test_costs_of_a_search_on_several_machines_are_computed():
    fast = {"seconds": 3.6, "startup": 36.0, "capacity": 1000.0}
    one = scale_out.costs(1, 1, trials=1000, **fast)
    assert one["hours"] == pytest.approx(1.01)
    assert one["machine_hours"] == one["hours"]
    assert one["efficiency"] == pytest.approx(1 / 1.01)
    many = scale_out.costs(100, 4, trials=1000, **fast)  # 3 rounds for 2.5 trials a worker
    assert many["workers"] == 400
    assert many["hours"] == pytest.approx((36 + 3 * 3.6) / 3600)
    assert many["machine_hours"] == pytest.approx(100 * many["hours"])
    slow = scale_out.costs(100, 4, trials=1000, seconds=3.6, startup=0.0, capacity=2.0)
    assert slow["hours"] == pytest.approx(500 / 3600)  # the storage decides


def test_scale_out_compares_two_workers_with_one_within_rounds():
    def run(way, throughput):
        return {"way": way, "throughput": throughput, "startup": 5.0, "seconds": 2.0,
                "between": 0.1, "taken": [3], "wall": 9.0}  # fmt: skip

    def ways(*throughputs):
        return {way: run(way, each) for way, each in zip(scale_out.WAYS, throughputs, strict=True)}

    rounds = {"dense": [ways(0.5, 0.9, 0.95), ways(0.4, 0.6, 0.64)],
              "convolutional": [ways(0.5, 1.0, 1.0), ways(0.5, 1.0, 0.9)]}  # fmt: skip
    idle = {"one": run("one", 20.0), "two": run("two", 25.0)}
    found = scale_out.summarise(rounds, idle, cores=2)
    dense, other = found["kinds"]["dense"], found["kinds"]["convolutional"]
    assert dense["efficiencies"] == pytest.approx([0.9, 0.75])
    assert dense["apart"] == pytest.approx([0.95, 0.8])
    assert other["efficiencies"] == pytest.approx([1.0, 1.0])
    assert found["seconds_per_trial"] == pytest.approx((2 / 0.9 + 2 / 0.6) / 2)  # the slower kind's
    assert found["overhead"] == pytest.approx(0.05)
    table = scale_out.as_table(rounds, found)
    assert "| dense | 0.82 (0.75 to 0.90) | 0.88 (0.80 to 0.95) |" in table
    assert "| 1 | 2 |" in table


def test_ensembles_and_distilled_networks_are_judged_once_and_on_validation_images(monkeypatch):
    from mnist_utils.data import load_mnist
    from mnist_utils.recipes import Ensemble, Recipe

    data = load_mnist(seed=3)
    data = data.with_train(data.train.take(300))
    recipe, calls = Recipe("softmax_regression", epochs=2), []
    train = choose_ensembles.training.fit

    def counted(*arguments, **options):
        calls.append(arguments[0])
        return train(*arguments, **options)

    monkeypatch.setattr(choose_ensembles.training, "fit", counted)
    one, two = (choose_ensembles.judge(Ensemble(recipe, n, 1), data, 0) for n in (1, 2))
    assert one[0].shape == (5_000, 10)
    assert len(calls) == 2  # the first member serves both
    assert two[1] > one[1]
    pupil = choose_ensembles.Distilled(Ensemble(recipe, 2, 0), recipe, share=0.5, pixels=0)
    probabilities, seconds = choose_ensembles.judge(pupil, data, 0)
    assert len(calls) == 3
    assert seconds > two[1]  # its teachers' training counts
    again, same = choose_ensembles.judge(pupil, data, 0)
    assert len(calls) == 3
    np.testing.assert_array_equal(again, probabilities)
    assert same == seconds
    assert not data._test_was_read
    labels = data.validation.labels
    text = choose_ensembles.summarise(
        [labels, labels], {pupil: [labels, labels], choose_ensembles.BEST_RECIPE: [1 - labels % 2] * 2},
        {pupil: [700, 700], choose_ensembles.BEST_RECIPE: [100, 100]})  # fmt: skip
    assert text.splitlines()[-1].startswith("    against BEST_RECIPE, of 10,000 images")
    assert text.endswith("(over the budget)")
    assert "softmax_regression(epochs=2) taught 50% by 2 × softmax_regression" in text


def test_the_time_of_the_series_is_told_as_a_ratio():
    run = {"peak_memory": 2.5e9, "gflops_before": 100.2, "gflops_after": 99.7}
    one, two = {**run, "seconds": 905.0}, {**run, "seconds": 724.0}
    text = series_time.describe([{"2": two, "1": one}, {"1": one, "2": one}])
    assert "| 1 | 1 | 15:05 | 2.5 GB | 100, 100 |\n| 1 | 2 | 12:04 |" in text
    assert "Two at a time took 0.80, 1.00 of the time" in text
