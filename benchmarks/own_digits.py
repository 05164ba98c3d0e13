"""How many digits of the project's own making are read right, and what each step is good for.

    python benchmarks/own_digits.py                  # the sets to choose by
    python benchmarks/own_digits.py --ablate         # the same with one step left out at a time
    python benchmarks/own_digits.py --held-back      # the sets set aside; every reading is listed

A rejected digit counts as not read. Prepared images are cached, so that an interrupted run goes
on where it stopped, and another network costs seconds.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from runs import describe_machine

from mnist_utils import drawn_digits, images, measured
from mnist_utils.artifacts import cached, source_sum
from mnist_utils.drawn_digits import files, make_set, scenes, set_names, sets, strokes, styles
from mnist_utils.evaluation import accuracy_interval
from mnist_utils.images import SKIPPABLE, NoDigitFound, finding, ink, lines, parts, placing, reading
from mnist_utils.reader import get_reader

COMMAND = "python benchmarks/own_digits.py"
RESULTS = measured.FOLDER / "own_digits.json"
TABLE = Path(__file__).with_name("own_digits.md")
SOURCES = (drawn_digits, files, scenes, sets, strokes, styles)
STEPS = (images, finding, ink, lines, parts, placing, reading)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="digits a set")
    parser.add_argument("--seed", type=int, default=0, help="of the digits drawn")
    parser.add_argument("--ablate", action="store_true", help="leave out one step at a time")
    parser.add_argument("--held-back", action="store_true", help="read the sets set aside")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"held_back": []}
    found |= {"command": COMMAND, "machine": describe_machine(), "count": options.count}
    reader = get_reader()
    found["temperature"], found["threshold"] = reader.temperature, reader.threshold
    found["rows"] = measure(reader, "tuning", options)
    if options.ablate:
        found["ablation"] = [ablate(reader, step, options) for step in (None, *SKIPPABLE)]
    if options.held_back:
        found["held_back"].append({
            "when": datetime.now(UTC).isoformat(timespec="seconds"), "seed": options.seed,
            "source": source_sum(*STEPS)[:12], "rows": measure(reader, "held back", options),
        })  # fmt: skip
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    TABLE.write_text(describe(found), "utf-8")
    print(describe(found))


def prepare_set(purpose: str, name: str, options, step: str | None = None) -> dict:
    """Return images (n, 28, 28), digits (n,) and found (n,), False where no digit was found."""
    key = {"purpose": purpose, "name": name, "count": options.count, "seed": options.seed,
           "without": step, "source": source_sum(*SOURCES, *STEPS)}  # fmt: skip

    def compute() -> dict:
        prepared = []
        for sample in make_set(purpose, name, options.count, seed=options.seed):
            try:
                image = images.prepare(sample.content, without=[step] if step else []).image
                prepared.append((image, sample.digit, True))
            except NoDigitFound:
                prepared.append((np.zeros((28, 28), np.uint8), sample.digit, False))
        return {part: np.array(values) for part, values
                in zip(("images", "digits", "found"), zip(*prepared, strict=True), strict=True)}  # fmt: skip

    return cached(key, compute, lambda result, folder: np.savez(folder / "set.npz", **result),
                  lambda folder: dict(np.load(folder / "set.npz", allow_pickle=False)), name="drawn_digits")  # fmt: skip


def measure(reader, purpose: str, options, step: str | None = None) -> list[dict]:
    """Return one row a set, and one for all: right, rejected and wrong digits."""
    names = set_names(purpose)
    prepared = Parallel(options.jobs)(
        delayed(prepare_set)(purpose, name, options, step) for name in names
    )
    rows = []
    for name, made in zip(names, prepared, strict=True):
        probabilities = reader.probabilities(made["images"])
        accepted = made["found"] & (probabilities.max(axis=1) >= reader.threshold)
        right = probabilities.argmax(axis=1) == made["digits"]
        rows.append({"set": name, "digits": len(right), "right": int((right & accepted).sum()),
                     "wrong": int((~right & accepted).sum()), "rejected": int((~accepted).sum()),
                     "not_found": int((~made["found"]).sum())})  # fmt: skip
    numbers = [part for part in rows[0] if part != "set"]
    return [*rows, {"set": "all"} | {part: sum(row[part] for row in rows) for part in numbers}]


def ablate(reader, step: str | None, options) -> dict:
    """Return what is read right in all sets to choose by without a step."""
    rows = measure(reader, "tuning", options, step)
    return {"without": step, "right": {row["set"]: row["right"] / row["digits"] for row in rows},
            "all": rows[-1]}  # fmt: skip


def describe(found: dict) -> str:
    """Return the tables in Markdown."""
    text = [f"Written by `{COMMAND}` on {found['machine']}. A digit is rejected below a calibrated "
            f"probability of {found['threshold']:.2f}, chosen on MNIST's validation images.",
            *_table("Sets to choose by", found["rows"])]  # fmt: skip
    for number, reading_ in enumerate(found["held_back"], 1):
        title = f"Sets held back, reading {number} ({reading_['when'][:10]}, {reading_['source']})"
        text += _table(title, reading_["rows"])
    if "ablation" in found:
        names = list(found["ablation"][0]["right"])
        text += ["", "## One step left out (sets to choose by, right)", "",
                 "| without | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]  # fmt: skip
        for row in found["ablation"]:
            cells = " | ".join(f"{row['right'][name]:.1%}" for name in names)
            text.append(f"| {row['without'] or 'nothing'} | {cells} |")
    return "\n".join(text) + "\n"


def _table(title: str, rows: list[dict]) -> list[str]:
    text = ["", f"## {title}", "", "| set | digits | right (95% interval) | wrong | rejected |",
            "|---|---|---|---|---|"]  # fmt: skip
    for row in rows:
        low, high = accuracy_interval(row["right"], row["digits"])
        share = row["right"] / row["digits"]
        text.append(f"| {row['set']} | {row['digits']} | {share:.1%} ({low:.1%} to {high:.1%}) "
                    f"| {row['wrong']} | {row['rejected']} |")  # fmt: skip
    return text


if __name__ == "__main__":
    main()
