"""Collect every test error of the stored runs for notebook 07: python benchmarks/test_errors.py"""

import json
from pathlib import Path

import runs

from mnist_utils import measured

WAYS = ("published", "ours", "peer")  # "corrected" would count a published network twice


def collect() -> dict:
    """Return recipe, seed and errors (index of the test image: digit that was said) of each run."""
    rows = []
    for way in WAYS:
        for file in sorted((runs.RUNS / way).glob("*.json"), key=sort_key):
            run = json.loads(file.read_text("utf-8"))
            if run.get("test"):
                rows.append({"way": way, "recipe": run["name"], "seed": run["seed"],
                             "errors": run["test"]["errors"]})  # fmt: skip
    return {"command": "python benchmarks/test_errors.py", "machine": runs.describe_machine(),
            "rows": rows}  # fmt: skip


def sort_key(file: Path) -> tuple[str, int]:
    name, _, seed = file.stem.rpartition("-")
    return name, int(seed)


def as_text(about: dict) -> str:
    """Return JSON with one run a line, so that another run changes one line."""
    rows = ",\n".join("  " + json.dumps(row, separators=(",", ":")) for row in about["rows"])
    head = json.dumps({key: about[key] for key in ("command", "machine")}, indent=1)
    return f'{head[:-2]},\n "rows": [\n{rows}\n ]\n}}\n'


if __name__ == "__main__":
    found = collect()
    (measured.FOLDER / "test_errors.json").write_text(as_text(found), "utf-8")
    print(f"{len(found['rows'])} runs")
