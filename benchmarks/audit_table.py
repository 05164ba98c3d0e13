"""The audit's table: what is stored in benchmarks/runs/ held against benchmarks/claims.toml."""

import json
import tomllib
from pathlib import Path

import dense_batchnorm
import numpy as np
import runs

from mnist_utils.audit import read_metric
from mnist_utils.claims import RULES, describe, judge
from mnist_utils.corrected import CORRECTED
from mnist_utils.published import SPLITS, TITLES
from mnist_utils.quantities import QUANTITIES

CLAIMS = tomllib.loads(Path(__file__).with_name("claims.toml").read_text("utf-8"))["claim"]
PROJECTS = {"S0": "L36_HomeWork", "S1": TITLES["dense_batchnorm"], "S2": TITLES["cnn_small"],
            "S3": TITLES["cnn_two_conv"], "S4": TITLES["cnn_deep"]}  # fmt: skip
MEASURED = ("memory", "latency")  # kept in the store of runs; other quantities are only counted


def read_runs(way: str) -> list[dict]:
    """Return the stored runs of a way, by name and seed."""
    found = [json.loads(file.read_text("utf-8")) for file in (runs.RUNS / way).glob("*.json")]
    return sorted(found, key=lambda run: (run["name"], run["seed"]))


def collect() -> dict:
    """Return all that the audit says, from the stored runs."""
    stored = {way: read_runs(way) for way in ("published", "corrected", "costs", "diagnosis")}
    return {
        "command": "python benchmarks/audit.py --diagnose", "machine": runs.describe_machine(),
        "rules": RULES, "corrected": {name: right.changes for name, right in CORRECTED.items()},
        "rows": [build_row(claim, stored) for claim in CLAIMS],
        "diagnosis": dense_batchnorm.summarise(stored["diagnosis"]),
        "by_epoch": [curves(run) for way in ("published", "corrected") for run in stored[way]
                     if run["name"] in CORRECTED],
    }  # fmt: skip


def curves(run: dict) -> dict:
    """Return a run's accuracies by epoch; validation is None where the test set took its place."""
    validation, test = run["history"]["val_accuracy"], run.get("test_by_epoch")
    if run["way"] == "published" and SPLITS[run["name"]][1] is None:
        validation, test = None, validation
    rounded = [values and [round(value, 5) for value in values] for values in (validation, test)]
    return {"way": run["way"], "recipe": run["name"], "seed": run["seed"],
            "validation": rounded[0], "test": rounded[1]}  # fmt: skip


def build_row(claim: dict, stored: dict[str, list[dict]]) -> dict:
    """Return a row of the table: the claim, what was measured, and the verdict."""
    metric, recipe = claim.get("metric"), claim.get("recipe")
    read_as = claim.get("read_as", claim["claimed"])
    seeds, corrected, shortened, note = [], [], None, claim.get("note")
    if metric in MEASURED:
        values = [value for run in stored["costs"] for value in run.get(metric, [])
                  if run["purpose"]["recipe"] == recipe]  # fmt: skip
    elif metric in QUANTITIES:
        values = QUANTITIES[metric](recipe)
    else:
        seeds, values, shortened = find_values(claim, stored["published"])
        _, corrected, corrected_short = find_values(claim, stored["corrected"])
        if not metric or not metric.startswith("test."):
            corrected = []
        note = "; ".join(filter(None, [note, shortened, corrected and corrected_short and
                                       f"corrected: {corrected_short}"])) or None  # fmt: skip
    judged = [] if shortened and claim["kind"] == "trained" else values
    found = judge(claim["kind"], read_as, judged)
    low, high = found.interval or (None, None)
    return {
        "id": claim["id"], "project": claim["project"], "title": PROJECTS[claim["project"]],
        "kind": claim["kind"], "recipe": recipe, "minus": claim.get("minus"), "metric": metric,
        "claimed": claim["claimed"], "read_as": claim.get("read_as"), "quote": claim["quote"],
        "verdict": found.verdict, "rule": found.rule,
        "measured": describe(values, read_as, runs=bool(seeds)),
        "values": values, "seeds": seeds, "n": len(seeds), "mean": found.mean, "sd": found.sd,
        "low": low, "high": high, "corrected": describe(corrected, read_as),
        "corrected_values": corrected, "note": note,
    }  # fmt: skip


def find_values(claim: dict, runs: list[dict]) -> tuple[list[int], list[float], str | None]:
    """Return the seeds, the values, and a remark if the runs are shorter than published."""
    if "metric" not in claim:
        return [], [], None
    of_recipe = {run["seed"]: run for run in runs if run["name"] == claim.get("recipe")}
    others = {run["seed"]: run for run in runs if run["name"] == claim.get("minus")}
    seeds, values, shortened = [], [], None
    for seed, run in of_recipe.items():
        value = read_metric(run, claim["metric"])
        whole = run["purpose"]["epochs"] == run["purpose"]["published_epochs"]
        if not whole:
            shortened = f"{run['epochs']} of {run['purpose']['published_epochs']} epochs"
            if claim["metric"] == "seconds":
                missing = run["purpose"]["published_epochs"] - run["epochs"]
                value += missing * float(np.median(run["epoch_seconds"][-2:]))
                shortened += ", the rest extrapolated"
        if "minus" in claim and value is not None:
            other = others.get(seed)
            value = None if other is None else value - read_metric(other, claim["metric"])
        if value is not None:
            seeds.append(seed)
            values.append(value)
    return seeds, values, shortened


def as_table(rows: list[dict]) -> str:
    lines = ["| claim | claimed | as published | one more run lies in | verdict | corrected |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for row in rows:
        read_as = row["read_as"] or row["claimed"]
        ends = [describe([row[end]], read_as, runs=False) for end in ("low", "high")
                if row[end] is not None]  # fmt: skip
        verdict = f"**{row['verdict']}**" + (f": {row['note']}" if row["note"] else "")
        lines.append(f"| {row['id']} | {row['claimed']} | {row['measured']} | {' to '.join(ends)} "
                     f"| {verdict} | {row['corrected']} |")  # fmt: skip
    return "\n".join(lines)


def as_text(about: dict) -> str:
    """Return the whole of benchmarks/audit.md."""
    parts = ["# The audit of five published projects",
             f"Written by `{about['command']}` on {about['machine']}. Each project's claims stand in "
             "`claims.toml`, with the words in which it makes them."]  # fmt: skip
    parts.append("\n".join(f"- {text}" for text in about["rules"].values()))
    parts.append("± is the standard deviation over n runs of different seeds. A claim that is true of "
                 "runs here is missed by this rule one time in 20: of the 20 numbers of S2's table, "
                 "which move together, about one.")  # fmt: skip
    for project, title in PROJECTS.items():
        rows = [row for row in about["rows"] if row["project"] == project]
        parts += [f"## {project} {title}", as_table(rows)]
        changes = {about["corrected"][row["recipe"]] for row in rows if row["corrected"]}
        if changes:
            parts.append("Corrected: " + "; ".join(sorted(changes)) + ".")
    if about["diagnosis"]:
        parts += ["## Why S1 stays at 97%", "Validation accuracy, 9,000 images drawn anew for each "
                  "seed; differences from the first row are paired by seed.",
                  dense_batchnorm.as_table(about["diagnosis"])]  # fmt: skip
    return "\n\n".join(parts) + "\n"
