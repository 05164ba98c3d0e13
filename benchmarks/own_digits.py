"""How many digits of the project's own making are read right, and what each step is good for.

    python benchmarks/own_digits.py                  # the sets to choose by
    python benchmarks/own_digits.py --ablate         # and some of them with one step left out
    python benchmarks/own_digits.py --held-back      # the sets set aside; every reading is listed

A rejected digit counts as not read. Prepared images are cached in small parts, so that an
interrupted run goes on where it stopped, and another network costs seconds.
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
from mnist_utils.drawn_digits import (
    borrowed,
    camera,
    files,
    make_set,
    scenes,
    set_names,
    sets,
    strokes,
    styles,
    surfaces,
)
from mnist_utils.evaluation import accuracy_interval
from mnist_utils.images import SKIPPABLE, NoDigitFound, finding, ink, lines, parts, placing, reading
from mnist_utils.reader import get_reader

COMMAND = "python benchmarks/own_digits.py"
RESULTS = measured.FOLDER / "own_digits.json"
TABLE = Path(__file__).with_name("own_digits.md")
SOURCES = (drawn_digits, borrowed, camera, files, scenes, sets, strokes, styles, surfaces)
STEPS = (images, finding, ink, lines, parts, placing, reading)
PART = 10  # digits that are prepared, and cached, together


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=150, help="digits a set")
    parser.add_argument("--seed", type=int, default=0, help="of the digits drawn")
    parser.add_argument("--ablate", type=int, nargs="?", const=50, metavar="COUNT",
                        help="leave out one step at a time, with so many digits a set (50)")  # fmt: skip
    parser.add_argument("--held-back", action="store_true", help="read only the sets set aside")
    parser.add_argument("--note", default="", help="what to say about this reading")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    found = json.loads(RESULTS.read_text("utf-8"))
    reader = get_reader()
    if options.held_back:
        found["held_back"].append({
            "when": datetime.now(UTC).isoformat(timespec="seconds"), "seed": options.seed,
            "source": source_sum(*STEPS)[:12], "threshold": reader.threshold,
            "note": options.note, "rows": measure(reader, "held back", options),
        })  # fmt: skip
    else:
        found |= {"command": f"{COMMAND} --count {options.count} --ablate {options.ablate or 0}",
                  "machine": describe_machine(), "seed": options.seed,
                  "temperature": reader.temperature, "threshold": reader.threshold,
                  "rows": measure(reader, "tuning", options)}  # fmt: skip
    if options.ablate:
        options.count = options.ablate
        found["ablation"] = [ablate(reader, step, options) for step in (None, *SKIPPABLE)]
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    TABLE.write_text(describe(found), "utf-8")
    print(describe(found))


def prepare_set(purpose: str, name: str, options, step: str | None = None) -> dict:
    """Return images (n, 28, 28), digits (n,) and found (n,), False where no digit was found."""
    made = [prepare_part(purpose, name, options.seed, first, min(PART, options.count - first), step)
            for first in range(0, options.count, PART)]  # fmt: skip
    return {key: np.concatenate([part[key] for part in made]) for key in made[0]}


def prepare_part(
    purpose: str, name: str, seed: int, first: int, count: int, step: str | None
) -> dict:
    """Prepare a few digits of a set, or fetch them from the cache."""
    key = {"purpose": purpose, "name": name, "first": first, "count": count, "seed": seed,
           "without": step, "source": source_sum(*SOURCES, *STEPS)}  # fmt: skip

    def compute() -> dict:
        prepared = []
        for sample in make_set(purpose, name, count, seed=seed, first=first):
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
    Parallel(options.jobs)(
        delayed(prepare_part)(purpose, name, options.seed, first, min(PART, options.count - first), step)
        for name in names for first in range(0, options.count, PART)
    )  # fmt: skip
    rows = []
    for name in names:
        made = prepare_set(purpose, name, options, step)
        probabilities = reader.probabilities(made["images"])
        accepted = made["found"] & (probabilities.max(axis=1) >= reader.threshold)
        right = probabilities.argmax(axis=1) == made["digits"]
        rows.append({"set": name, "digits": len(right), "right": int((right & accepted).sum()),
                     "wrong": int((~right & accepted).sum()), "rejected": int((~accepted).sum()),
                     "not_found": int((~made["found"]).sum())})  # fmt: skip
    new = [row for row in rows if purpose == "held back" and row["set"] in sets.NEW]
    sums = [add_up("the new sets", new)] if new else []
    return [*rows, *sums, add_up("all", rows)]


def add_up(title: str, rows: list[dict]) -> dict:
    """Return one row for several."""
    numbers = [part for part in rows[0] if part != "set"]
    return {"set": title} | {part: sum(row[part] for row in rows) for part in numbers}


def ablate(reader, step: str | None, options) -> dict:
    """Return what is read right in all sets to choose by without a step."""
    rows = measure(reader, "tuning", options, step)
    return {"without": step, "right": {row["set"]: row["right"] / row["digits"] for row in rows},
            "all": rows[-1]}  # fmt: skip


def describe(found: dict) -> str:
    """Return the tables in Markdown."""
    text = []
    if "rows" in found:
        text += [f"Written by `{found['command']}` on {found['machine']}. A digit is rejected below a "
                 f"calibrated probability of {found['threshold']:.2f}, chosen on MNIST's "
                 "validation images.", *_table("Sets to choose by", found["rows"])]  # fmt: skip
    for number, reading_ in enumerate(found["held_back"], 1):
        when = reading_["when"][:10] if reading_["when"] else "day not recorded"
        text += _table(f"Sets held back, reading {number} ({when}, seed {reading_['seed']})",
                       reading_["rows"], reading_["note"])  # fmt: skip
    if "ablation" in found:
        names = [name for name in found["ablation"][0]["right"] if name != "all"]
        text += ["", "## One step left out (sets to choose by, right)", "",
                 f"The first {found['ablation'][0]['all']['digits'] // len(names)} digits of each set.", "",
                 "| without | " + " | ".join(names) + " | all |", "|---" * (len(names) + 2) + "|"]  # fmt: skip
        for row in found["ablation"]:
            cells = " | ".join(f"{row['right'][name]:.0%}" for name in names)
            text.append(f"| {row['without'] or 'nothing'} | {cells} "
                        f"| {row['all']['right'] / row['all']['digits']:.1%} |")  # fmt: skip
    return "\n".join(text) + "\n"


def _table(title: str, rows: list[dict], note: str = "") -> list[str]:
    text = ["", f"## {title}", "", *([note, ""] if note else []),
            "| set | digits | right (95% interval) | wrong | rejected |", "|---|---|---|---|---|"]  # fmt: skip
    for row in rows:
        low, high = accuracy_interval(row["right"], row["digits"])
        share = row["right"] / row["digits"]
        wrong, rejected = (row.get(part, "not recorded") for part in ("wrong", "rejected"))
        text.append(f"| {row['set']} | {row['digits']} | {share:.1%} ({low:.1%} to {high:.1%}) "
                    f"| {wrong} | {rejected} |")  # fmt: skip
    return text


if __name__ == "__main__":
    main()
