"""The audit: every number that five published projects claim, beside what was measured here.

    python benchmarks/audit.py                  all runs that are missing, then the table
    python benchmarks/audit.py --only S1 S2     the runs of these projects
    python benchmarks/audit.py --diagnose       also why dense_batchnorm stays at 97%
    python benchmarks/audit.py --row S2-loss    one row once more; nothing is stored
    python benchmarks/audit.py --table          no runs, only the table from what is stored

Each recipe is trained with several seeds as published and corrected (mnist_utils.corrected). Runs
are stored in benchmarks/runs/ as they end and never done twice; those as published are the ones of
the time-to-accuracy benchmark, so that they run one after another on all cores whatever --jobs
says, for their time is taken. Writes mnist_utils/measured/audit.json and benchmarks/audit.md.
"""

import argparse
import json
from pathlib import Path

import dense_batchnorm
from audit_table import CLAIMS, MEASURED, PROJECTS, as_table, as_text, collect
from runs import run_once
from time_to_accuracy import wake

from mnist_utils.audit import rerun
from mnist_utils.corrected import CORRECTED, train_corrected
from mnist_utils.published import EPOCHS, train_published
from mnist_utils.quantities import QUANTITIES
from mnist_utils.sweeps import sweep

HERE = Path(__file__).parent
SEEDS = {"cnn_deep": 1}  # a run takes a quarter of an hour
CORRECTED_EPOCHS = {"cnn_deep": 10}  # of 50


def main() -> None:
    options = read_options()
    if options.row:
        print(rerun(options.row, options.seed, options.epochs)._replace(run=None))
        return
    chosen = [claim for claim in CLAIMS if not options.only or claim["project"] in options.only]
    if not options.table:
        recipes = [claim[key] for claim in chosen for key in ("minus", "recipe") if key in claim]
        train_all(list(dict.fromkeys(recipes)), options.seeds, options.jobs)
        for claim in chosen:
            if claim.get("metric") in MEASURED:
                measure_once(claim["metric"], claim["recipe"])
        if options.diagnose:
            sweep(diagnose_quietly, {"variant": list(dense_batchnorm.VARIANTS)},
                  seeds=range(options.seeds), processes=options.jobs)  # fmt: skip
    about = collect()
    (HERE.parent / "mnist_utils" / "measured" / "audit.json").write_text(
        json.dumps(about, indent=1, ensure_ascii=False) + "\n", "utf-8")  # fmt: skip
    (HERE / "audit.md").write_text(as_text(about), "utf-8")
    print(as_table([row for row in about["rows"] if row["project"] in (options.only or PROJECTS)]))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="runs of each recipe (5)")
    parser.add_argument("--jobs", type=int, help="corrected runs at once (one a core)")
    parser.add_argument("--only", nargs="+", choices=PROJECTS, help="the runs of these projects")
    parser.add_argument("--table", action="store_true", help="train nothing")
    parser.add_argument("--diagnose", action="store_true", help="also vary dense_batchnorm")
    parser.add_argument("--row", metavar="ID", help="run this row again, and store nothing")
    parser.add_argument("--seed", type=int, default=0, help="of --row (0)")
    parser.add_argument("--epochs", type=int, help="of --row; as many as published")
    return parser.parse_args()


def train_all(recipes: list[str], seeds: int, jobs: int | None) -> None:
    """Carry out the runs that are missing: as published one by one, corrected several at once."""
    wake()
    for seed in range(seeds):
        here = [name for name in recipes if seed < SEEDS.get(name, seeds)]
        for name in here:
            report(train_once("published", name, seed))
        if here:
            sweep(train_quietly, {"name": here}, seeds=[seed], processes=jobs)


def train_once(way: str, name: str, seed: int) -> dict:
    """Return the stored run of a recipe, trained now if there is none."""
    epochs = EPOCHS[name] if way == "published" else CORRECTED_EPOCHS.get(name, EPOCHS[name])
    purpose = {"epochs": epochs, "published_epochs": EPOCHS[name]}
    train = train_published
    if way == "corrected":
        purpose, train = {**purpose, "changes": CORRECTED[name].changes}, train_corrected
    return run_once(way, name, seed, purpose, lambda: train(name, seed, epochs))


def train_quietly(seed: int, name: str) -> dict:
    report(train_once("corrected", name, seed))
    return {}


def diagnose_quietly(seed: int, variant: str) -> dict:
    dense_batchnorm.diagnose(variant, seed)
    return {}


def measure_once(metric: str, recipe: str) -> dict:
    """Return a stored measurement of a quantity, made now if there is none."""
    return run_once("costs", f"{recipe}-{metric}", 0, {"metric": metric, "recipe": recipe},
                    lambda: {metric: QUANTITIES[metric](recipe)})  # fmt: skip


def report(run: dict) -> None:
    print(f"{run['way']:10s} {run['name']:16s} seed {run['seed']}: {run['seconds']:6.1f} s, "
          f"test {run['test']['accuracy']:.2%}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
