"""How many digits of the project's own making are read right, and what each step is good for.

    python benchmarks/own_digits.py                  # the sets to choose by
    python benchmarks/own_digits.py --ablate         # and some of them with one step left out
    python benchmarks/own_digits.py --widths         # and what normal widths do for other networks
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
from mnist_utils.artifacts import cached, get_or_train, source_sum
from mnist_utils.data import load_mnist
from mnist_utils.drawn_digits import (
    borrowed,
    camera,
    company,
    files,
    litter,
    make_set,
    scenes,
    set_names,
    sets,
    strokes,
    styles,
    surfaces,
    textures,
)
from mnist_utils.evaluation import accuracy_interval, compare_models
from mnist_utils.images import (
    SKIPPABLE,
    NoDigitFound,
    finding,
    ink,
    lines,
    objects,
    pairs,
    parts,
    placing,
    reading,
    shadows,
    sheet,
)
from mnist_utils.reader import get_reader
from mnist_utils.recipes import FAST_RECIPES, Recipe

COMMAND = "python benchmarks/own_digits.py"
RESULTS = measured.FOLDER / "own_digits.json"
TABLE = Path(__file__).with_name("own_digits.md")
SOURCES = (drawn_digits, borrowed, camera, company, files, litter, scenes, sets, strokes, styles,
           surfaces, textures)  # fmt: skip
STEPS = (images, finding, ink, lines, objects, pairs, parts, placing, reading, shadows, sheet,
         images.strokes)  # fmt: skip
PART = 10  # digits that are prepared, and cached, together
# Trained without thinner and thicker strokes; the last two as in the notebooks, 2 epochs.
UNAUGMENTED = {
    "cnn_99_0": FAST_RECIPES["cnn_99_0"],
    "dense_98_3": FAST_RECIPES["dense_98_3"],
    "cnn_small": Recipe("cnn_small", 2, learning_rate=3e-3, schedule="one_cycle"),
    "softmax_regression": Recipe("softmax_regression", 2, learning_rate=3e-3, schedule="one_cycle"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=150, help="digits a set")
    parser.add_argument("--seed", type=int, default=0, help="of the digits drawn")
    parser.add_argument("--ablate", type=int, nargs="?", const=50, metavar="COUNT",
                        help="leave out one step at a time, with so many digits a set (50)")  # fmt: skip
    parser.add_argument("--widths", action="store_true",
                        help="compare other networks with and without normalised stroke widths")  # fmt: skip
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
    if options.widths:
        found["widths"] = compare_widths(options)
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


def prepare_all(purpose: str, options, step: str | None) -> None:
    """Prepare all sets of a purpose in several processes, for the cache."""
    Parallel(options.jobs)(
        delayed(prepare_part)(purpose, name, options.seed, first, min(PART, options.count - first), step)
        for name in set_names(purpose) for first in range(0, options.count, PART)
    )  # fmt: skip


def measure(reader, purpose: str, options, step: str | None = None) -> list[dict]:
    """Return one row a set, and one for all: right, rejected and wrong digits."""
    prepare_all(purpose, options, step)
    rows = []
    for name in set_names(purpose):
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


def compare_widths(options, seeds: tuple[int, ...] = (0, 1)) -> dict:
    """Compare networks with all steps and without "width", in pairs; none is refused an answer."""
    data, rows, made = load_mnist(), [], {}
    for step in (None, "width"):
        prepare_all("tuning", options, step)
        parts_ = [prepare_set("tuning", name, options, step) for name in set_names("tuning")]
        made[step] = {key: np.concatenate([part[key] for part in parts_]) for key in parts_[0]}
    digits = made[None]["digits"]
    for name, recipe in UNAUGMENTED.items():
        for seed in seeds:
            model = get_or_train(recipe.with_seed(seed), data, verbose=0).model
            answers = [np.where(part["found"], model.predict(part["images"], verbose=0).argmax(axis=1),
                                (digits + 1) % 10) for part in made.values()]  # fmt: skip
            pair = compare_models(digits, *answers)
            rows.append({"network": name, "seed": seed, "only_all": pair.only_first,
                         "only_without": pair.only_second, "both": pair.both_right,
                         "low": pair.interval[0], "high": pair.interval[1], "p": pair.p_value})  # fmt: skip
    return {"count": options.count, "digits": len(digits), "rows": rows}


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
    if "widths" in found:
        text += _width_table(found["widths"])
    return "\n".join(text) + "\n"


def _width_table(widths: dict) -> list[str]:
    total = widths["digits"]
    text = ["", "## Stroke widths left as they are, by networks trained without such augmentation", "",
            f"The first {widths['count']} digits of each set to choose by, {total} in all; every one is "
            "answered. The difference is without normalised widths minus with, in points, with its "
            "95% interval over digits and McNemar's exact p.", "",
            "| network | seed | right, all steps | right, without width | read only with | read only "
            "without | difference | p |", "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for row in widths["rows"]:
        with_, without = (row["both"] + row[part] for part in ("only_all", "only_without"))
        text.append(
            f"| {row['network']} | {row['seed']} | {with_ / total:.1%} | {without / total:.1%} "
            f"| {row['only_all']} | {row['only_without']} | {100 * (without - with_) / total:+.1f} "
            f"({-100 * row['high']:+.1f} to {-100 * row['low']:+.1f}) | {row['p']:.2g} |"
        )
    return text


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
