"""The audit: the rule on hand-made cases, the claims, the table from stored runs, a run of a row."""

import json
import math

import audit_table
import dense_batchnorm
import numpy as np
import pytest
import runs
from scipy import stats

from mnist_utils import corrected, measured, models, published, quantities
from mnist_utils.audit import load_audit, read_metric, rerun
from mnist_utils.claims import HOLDS, NOT_REPRODUCED, NOT_RUN, RULES, describe, judge, read_claim
from mnist_utils.data import load_mnist
from mnist_utils.recipes import PUBLISHED_RECIPES

CLAIMS = {claim["id"]: claim for claim in audit_table.CLAIMS}


@pytest.mark.parametrize(
    ("text", "low", "high", "form"),
    [
        ("98.29%", 0.98285, 0.98295, "value"),
        ("99.00%", 0.98995, 0.99005, "value"),
        ("0.0312", 0.03115, 0.03125, "value"),
        ("+0.09%", 0.00085, 0.00095, "value"),
        ("18,496", 18_495.5, 18_496.5, "value"),
        ("~122,000", 121_500, 122_500, "value"),
        ("~97–98%", 0.965, 0.985, "range"),
        ("~5400–6700", 5_350, 6_750, "range"),
        ("~2-5MB", 1.5e6, 5.5e6, "range"),
        ("~1 minute", 30, 90, "value"),
        (">=99%", 0.99, math.inf, "range"),
        ("<1ms", -math.inf, 0.001, "range"),
        ("<=200MB", -math.inf, 200e6, "range"),
    ],
)
def test_a_claim_is_read_with_its_rounding(text, low, high, form):
    (claim,) = read_claim(text)
    assert (claim.low, claim.high) == pytest.approx((low, high))
    assert claim.form == form


def test_several_numbers_are_read_one_by_one():
    assert [claim.low for claim in read_claim("60,000 / 10,000")] == [59_999.5, 9_999.5]


@pytest.mark.parametrize("text", ["", "about a minute", "99%+", "±10 degrees", "1 / two"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="can't read the claim"):
        read_claim(text)


def test_a_number_holds_inside_the_interval_of_one_more_run():
    values = [0.9830, 0.9834, 0.9838, 0.9832, 0.9836]
    found = judge("trained", "98.34%", values)
    half = stats.t.ppf(0.975, 4) * np.std(values, ddof=1) * math.sqrt(1 + 1 / 5)
    assert found.mean == pytest.approx(0.9834)
    assert found.interval == pytest.approx((0.9834 - half, 0.9834 + half))
    assert (found.verdict, found.rule) == (HOLDS, "value")
    assert judge("trained", "99.03%", values).verdict == NOT_REPRODUCED
    assert judge("trained", "97.03%", values).verdict == NOT_REPRODUCED


def test_rounding_counts_for_half_a_unit_and_no_more():
    values = [0.98008, 0.98028]  # the interval ends at 0.98238
    assert judge("trained", "98.24%", values).interval[1] == pytest.approx(0.98238, abs=1e-5)
    assert judge("trained", "98.24%", values).verdict == HOLDS  # 98.235% rounds to it
    assert judge("trained", "98.25%", values).verdict == NOT_REPRODUCED
    assert judge("trained", "98.240%", values).verdict == NOT_REPRODUCED  # printed more exactly


def test_a_range_holds_by_the_mean_and_a_bound_is_taken_at_its_word():
    assert judge("trained", "~97–98%", [0.96, 0.975]).verdict == HOLDS  # the mean is 96.75%
    assert judge("trained", "~97–98%", [0.96, 0.965]).verdict == NOT_REPRODUCED
    assert judge("trained", ">=99%", [0.99]).verdict == HOLDS  # one run is enough
    assert judge("trained", ">=99%", [0.9899]).verdict == NOT_REPRODUCED
    assert judge("trained", ">=99%", []).verdict == NOT_RUN


@pytest.mark.parametrize("values", [[], [0.9829]])
def test_one_run_tells_nothing_about_a_number(values):
    assert judge("trained", "98.29%", values).verdict == NOT_RUN


def test_runs_without_any_spread():
    assert judge("trained", "98.29%", [0.9829, 0.9829]).verdict == HOLDS
    assert judge("trained", "98.30%", [0.9829, 0.9829]).verdict == NOT_REPRODUCED


def test_counts_are_exact_or_round_to_what_is_printed():
    assert judge("computed", "18,496", [18_496]).verdict == HOLDS
    assert judge("computed", "18,496", [18_497]).verdict == NOT_REPRODUCED
    assert judge("computed", "~122,000", [121_930]).verdict == HOLDS
    assert judge("computed", "60,000 / 10,000", [60_000, 10_000]).verdict == HOLDS
    assert judge("computed", "60,000 / 10,000", [60_000]).verdict == NOT_REPRODUCED
    assert judge("computed", "~5400–6700", [5_421, 6_742, 6_000]).verdict == HOLDS
    assert judge("computed", "~5400–6700", [5_421, 6_760, 6_000]).verdict == NOT_REPRODUCED


def test_the_other_verdicts_do_not_depend_on_values():
    assert judge("text", "anything", []).verdict == "contradicts itself"
    found = judge("hardware", "anything", [2.0, 4.0])
    assert (found.verdict, found.mean, found.interval) == ("not comparable", 3.0, None)
    with pytest.raises(ValueError, match=r"kind must be .* got 'guessed'"):
        judge("guessed", "98.29%", [0.98])


def test_values_are_described_in_the_unit_of_the_claim():
    assert describe([0.98, 0.99], "98.29%") == "98.50 ± 0.71% (n = 2)"
    assert describe([0.04], "0.0312") == "0.0400 (n = 1)"
    assert describe([320, 18_496], "1 / 2", runs=False) == "320 / 18,496"
    assert describe([6.58e6], "~2-5MB", runs=False) == "6.6 MB"
    assert describe([90.0], "~30-60 minutes") == "1.5 minutes (n = 1)"
    assert describe([0.5], "words") == "50.00% (n = 1)"
    assert describe([], "98.29%") == ""


def test_a_metric_is_found_in_a_run():
    run = {"test": {"loss": 0.5}, "history": {"loss": [3.0, 2.0]}, "epoch_seconds": [7.0]}
    assert read_metric(run, "test.loss") == 0.5
    assert read_metric(run, "history.loss.2") == 2.0
    assert read_metric(run, "history.loss.3") is None
    assert read_metric(run, "epoch_seconds.1") == 7.0
    assert read_metric(run, "test_unscaled.accuracy") is None


def test_every_claim_can_be_judged():
    assert len(CLAIMS) == len(audit_table.CLAIMS), "two claims have the same id"
    for name, claim in CLAIMS.items():
        assert claim["project"] in audit_table.PROJECTS
        assert name.startswith(claim["project"] + "-")
        assert claim.keys() <= {"id", "project", "kind", "recipe", "metric", "claimed", "read_as",
                                "minus", "note", "quote"}, name  # fmt: skip
        assert claim["quote"], name
        assert claim["kind"] in ("trained", "computed", "hardware", "text"), name
        for key in ("recipe", "minus"):
            assert claim.get(key, "cnn_small") in PUBLISHED_RECIPES, name
        if claim["kind"] != "text":
            assert read_claim(claim.get("read_as", claim["claimed"])), name
        if claim["kind"] == "text":
            assert claim["note"], f"{name} does not say what contradicts what"
        if claim["kind"] == "computed":
            assert claim["metric"] in quantities.QUANTITIES, name
        if claim["kind"] == "trained":
            start, *_ = claim["metric"].split(".")
            assert start in ("test", "history"), name
            assert claim["recipe"], name


def test_the_epoch_table_is_whole():
    table = [claim for name, claim in CLAIMS.items() if name.startswith("S2-epoch") and claim["kind"] == "trained"]  # fmt: skip
    columns = {"accuracy", "loss", "val_accuracy", "val_loss"}
    expected = {f"history.{column}.{epoch}" for column in columns for epoch in range(1, 6)}
    assert {claim["metric"] for claim in table} == expected
    for claim in table:
        assert claim["claimed"] in claim["quote"]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store of runs in which every accuracy is the function of recipe and seed below."""

    def keep(way, name, seed, accuracy, epochs=5, published_epochs=5, **more):
        run = {"way": way, "name": name, "seed": seed, "epochs": epochs, "seconds": 10.0,
               "purpose": {"epochs": epochs, "published_epochs": published_epochs},
               "epoch_seconds": [3.0] * epochs, "test": {"accuracy": accuracy, "loss": 0.1},
               "history": {key: [accuracy] * epochs for key in
                           ("accuracy", "loss", "val_accuracy", "val_loss")}, **more}  # fmt: skip
        (tmp_path / way).mkdir(exist_ok=True)
        (tmp_path / way / f"{name}-{seed}.json").write_text(json.dumps(run), "utf-8")

    monkeypatch.setattr(runs, "RUNS", tmp_path)
    return keep


def test_the_table_comes_from_the_stored_runs(store):
    for seed, accuracy in enumerate((0.9828, 0.9830, 0.9832)):
        store("published", "dense_baseline", seed, accuracy)
    for seed, accuracy in enumerate((0.9830, 0.9834)):
        store("published", "dense_deeper", seed, accuracy)
        store("corrected", "dense_deeper", seed, accuracy - 0.01, test_by_epoch=[0.9] * 5)
    store("published", "cnn_two_conv", 0, 0.98)
    store("published", "cnn_deep", 0, 0.97, epochs=2, published_epochs=50)
    about = audit_table.collect()
    rows = {row["id"]: row for row in about["rows"]}
    assert list(rows) == list(CLAIMS)
    base = rows["S0-base-accuracy"]
    assert (base["verdict"], base["n"], base["measured"]) == (HOLDS, 3, "98.30 ± 0.02% (n = 3)")
    assert rows["S0-improvement"]["values"] == pytest.approx([0.0002, 0.0004])  # paired by seed
    assert rows["S0-improved-accuracy"]["corrected"] == "97.32 ± 0.03% (n = 2)"
    assert rows["S3-accuracy-98.15"]["verdict"] == NOT_RUN
    assert rows["S4-accuracy"]["verdict"] == NOT_RUN
    assert "2 of 50 epochs" in rows["S4-accuracy"]["note"]
    assert rows["S4-time-cpu"]["values"] == [10 + 48 * 3.0]
    assert rows["S2-accuracy"]["verdict"] == NOT_RUN
    assert rows["S4-memory"]["measured"] == ""
    assert all(row["rule"] in RULES for row in rows.values())
    by_epoch = {(curve["way"], curve["recipe"]): curve for curve in about["by_epoch"]}
    assert by_epoch["published", "cnn_two_conv"]["validation"] is None
    assert by_epoch["published", "cnn_two_conv"]["test"] == [0.98] * 5
    assert by_epoch["corrected", "dense_deeper"]["test"] == [0.9] * 5
    assert by_epoch["published", "dense_deeper"]["test"] is None
    text = audit_table.as_text(about)
    assert "| S0-base-accuracy | 98.29% | 98.30 ± 0.02% (n = 3) |" in text
    assert corrected.CORRECTED["dense_deeper"].changes in text
    assert "Why S1" not in text


def test_variants_of_dense_batchnorm_are_held_against_the_first(store):
    for seed, accuracy in enumerate((0.97, 0.96)):
        store("diagnosis", "dense_batchnorm-published", seed, accuracy)
        store("diagnosis", "dense_batchnorm-slope-0", seed, accuracy + 0.01)
    (first, second) = audit_table.collect()["diagnosis"]
    assert (first["variant"], first["last"]) == ("published", [0.97, 0.96])
    table = dense_batchnorm.as_table([first, second])
    assert "| slope-0 | 97.50 ± 0.71% | 1.00 ± 0.00% |" in table


def rounded(value):
    """Return a nested value with its floats to 9 digits: versions of SciPy differ in the last."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def test_the_stored_audit_is_in_step_with_the_stored_runs():
    """If this fails: python benchmarks/audit.py --table"""
    again, stored = audit_table.collect(), measured.load("audit")
    counted = [row["id"] for row in again["rows"] if row["metric"] == "model file bytes"]
    for row, kept in zip(again["rows"], stored["rows"], strict=True):
        if row["id"] not in counted:  # its bytes depend on the library that writes them
            assert rounded(kept) == rounded(json.loads(json.dumps(row))), row["id"]
        assert kept["verdict"] == row["verdict"]
    for key in ("rules", "corrected", "diagnosis", "by_epoch"):
        assert rounded(stored[key]) == rounded(json.loads(json.dumps(again[key]))), key
    text = (audit_table.runs.RUNS.parent / "audit.md").read_text("utf-8")
    assert text == audit_table.as_text(stored)


def test_the_audit_loads_as_a_table():
    rows = load_audit()
    assert list(rows.index) == list(CLAIMS)
    assert rows.loc["S2-parameters", "verdict"] == HOLDS
    assert rows.loc["S2-parameters", "measured"] == "121,930"
    assert rows.loc["S3-two-accuracies", "metric"] is None


def test_only_what_is_said_to_be_corrected_is():
    assert set(corrected.CORRECTED) == set(PUBLISHED_RECIPES)
    for name, right in corrected.CORRECTED.items():
        held = published.SPLITS[name][1]
        expected = 5_000 if held is None else len(range(60_000)[held])
        assert right.validation_examples == expected, name
        assert (
            models.build(name, **right.settings).count_params() == models.build(name).count_params()
        )
    assert dense_batchnorm.build().count_params() == models.dense_batchnorm().count_params()
    layers = [[type(layer).__name__ for layer in model.layers]
              for model in (dense_batchnorm.build(), models.dense_batchnorm())]  # fmt: skip
    assert layers[0] == layers[1]


def test_a_row_can_be_run_again():
    found = rerun("S2-epoch1-val-loss", seed=3, epochs=1, examples=64)
    assert (found.claimed, found.epochs) == ("0.0587", "1 of 5")
    assert found.measured.endswith("(n = 1)")
    assert found.run["test"]["accuracy"] == found.run["history"]["val_accuracy"][0]
    assert set(found.run["test_unscaled"]) == {"accuracy", "loss", "errors"}
    assert rerun("S2-parameters").measured == "121,930"
    with pytest.raises(ValueError, match=r"no row 'S9-luck'; expected one of S0-images"):
        rerun("S9-luck")
    with pytest.raises(ValueError, match="nothing to run: two accuracies"):
        rerun("S3-two-accuracies")
    with pytest.raises(ValueError, match="way must be"):
        rerun("S2-accuracy", way="luckily")


def test_the_corrected_way_keeps_the_epoch_that_validation_chose():
    run = rerun("S0-base-accuracy", way="corrected", epochs=4, examples=150).run
    accuracies = run["history"]["val_accuracy"]
    assert run["best_epoch"] == 1 + int(np.argmax(accuracies))
    assert run["validation"]["accuracy"] == max(accuracies)
    assert len(run["test_by_epoch"]) == 4
    assert run["test"]["accuracy"] == run["test_by_epoch"][run["best_epoch"] - 1]


def test_live_augmentation_is_part_of_training_only():
    drawn = published.keras.Sequential(published.augmentation_layers(10 / 360))
    images = load_mnist().train.images[:4]
    assert np.array_equal(np.asarray(drawn(images, training=False)), images)
    first, second = (np.asarray(drawn(images, training=True)) for _ in range(2))
    assert not np.array_equal(first, second)
    assert first.shape == images.shape


def test_quantities_agree_with_what_they_are_made_of():
    assert quantities.count_images() == [60_000, 10_000]
    assert sum(quantities.count_classes()) == 60_000
    assert sum(quantities.count_layer_parameters("cnn_small")) == 121_930
    assert quantities.count_steps("cnn_small") == [1_875]
    (size,) = quantities.weigh_model_file("dense_baseline")
    weights = 4 * models.build("dense_baseline").count_params()
    assert 3 * weights < size < 3 * weights + 200_000  # Adam keeps two numbers for each
    (seconds,) = quantities.time_prediction("dense_baseline", repeats=3)
    assert 0 < seconds < 10
