"""How a search grows with its workers: throughput, overhead per trial, and what 1,000 trials cost.

    python benchmarks/scale_out.py              about 20 minutes on 2 cores
    python benchmarks/scale_out.py --quick      a trial of the script; writes nothing

Workers are those of `python -m mnist_utils.workers`, one thread each, on one SQLite file. The same
plan is carried out by one worker, by two, and by two apart, each with half of it and a file of its
own: what those lose against one worker is the machine's doing, and the rest the shared storage's.
Trials are of two kinds, a dense network and a convolutional one. A plan of trials that do nothing
measures what queue and storage cost. The rest of the table is computed, by the rule in `costs`.
"""

import argparse
import math
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState
from runs import write_report

from mnist_utils import search, workers
from mnist_utils.recipes import Recipe

DENSE = Recipe("dense_fast", epochs=4, batch_size=128, schedule="one_cycle", label_smoothing=0.05,
               steps_per_execution=16, train_examples=10_000)  # fmt: skip
KINDS = {"dense": DENSE,
         "convolutional": replace(DENSE, model="cnn_fast", epochs=2, train_examples=5_000)}  # fmt: skip
ONE, TOGETHER, APART = WAYS = ("one", "two", "two apart")
SPACE = {"learning_rate": FloatDistribution(1e-3, 1e-1, log=True),
         "batch_size": CategoricalDistribution([64, 128, 256])}  # fmt: skip
WHOLE = 1_000  # trials whose cost is computed


def nothing(settings, seed, report) -> float:
    """An objective that takes no time, with as many reports as DENSE makes."""
    for epoch in range(DENSE.epochs):
        report(epoch + 1, 0.0)
    return 0.0


def measure(way: str, trials: int, recipe: Recipe | None) -> dict:
    """Let workers carry out a plan of so many trials of a recipe, or of nothing for None.

    Args:
        way: "one" worker, "two" on one storage, or "two apart", with half of the plan each.

    Returns:
        throughput, in trials a second: the sum over workers of their trials through the time from
        the first one's start to the last one's end, so without start-up and without the wait for
        the slowest at the end; seconds, of a trial's training, the median; between, seconds of a
        worker's time in each trial that are not training; startup, seconds until the last worker
        has begun; wall, of everything.
    """
    count, shares = (1 if way == ONE else 2), (2 if way == APART else 1)
    with tempfile.TemporaryDirectory() as folder:
        addresses = [
            f"sqlite:///{Path(folder, f'{share}.db').as_posix()}" for share in range(shares)
        ]
        plans = [search.Plan("scale", SPACE, trials // shares, seed=share * trials // shares)
                 for share in range(shares)]  # fmt: skip
        studies = [search.start(plan, address, recipe=recipe or DENSE)
                   for plan, address in zip(plans, addresses, strict=True)]  # fmt: skip
        command = ["-m", "mnist_utils.workers"] if recipe else [__file__, "--idle-worker"]
        before = time.time()
        running = [
            subprocess.Popen([sys.executable, *command, addresses[worker % shares], "scale"],
                             stdout=subprocess.DEVNULL) for worker in range(count)
        ]  # fmt: skip
        if any(worker.wait() for worker in running):
            raise SystemExit("a worker failed")
        wall = time.time() - before
        done = [trial for study in studies for trial in study.trials
                if trial.state is TrialState.COMPLETE]  # fmt: skip
        frame = pd.DataFrame([{
            "worker": trial.user_attrs["worker"], "training": trial.user_attrs["seconds"],
            "start": trial.datetime_start.timestamp(), "end": trial.datetime_complete.timestamp(),
        } for trial in done])  # fmt: skip
    by = frame.groupby("worker")
    spans, counts = by.end.max() - by.start.min(), by.size()
    between = (spans - by.training.sum()) / counts
    return {"way": way, "taken": counts.tolist(), "throughput": float((counts / spans).sum()),
            "seconds": float(frame.training.median()), "between": float(between.mean()),
            "startup": float(by.start.min().max() - before), "wall": wall}  # fmt: skip


def costs(
    machines: int, cores: int, *, seconds: float, startup: float, capacity: float, trials=WHOLE
) -> dict:
    """Compute what a search costs on so many machines like this one.

    Every worker does its share one after another, in `seconds` each as measured with all cores
    at work, after `startup`; and the storage serves no more than `capacity` trials a second.

    Returns:
        workers; hours until the end; machine_hours paid for; efficiency, the share of the workers'
        time that one worker alone would have needed for the same trials.
    """
    count = machines * cores
    rounds = math.ceil(trials / count) * seconds
    busy = max(rounds, trials / capacity)
    return {"machines": machines, "workers": count, "hours": (startup + busy) / 3600,
            "machine_hours": machines * (startup + busy) / 3600,
            "efficiency": trials * seconds / (count * (startup + busy))}  # fmt: skip


def summarise(rounds: dict[str, list[dict]], idle: dict[str, dict], cores: int) -> dict:
    """Return what the report gives; rounds hold a measurement of each way, for each kind of trial."""
    kinds = {}
    for kind, measured in rounds.items():
        of = {way: np.array([one[way]["throughput"] for one in measured]) for way in WAYS}
        kinds[kind] = {"efficiencies": (of[TOGETHER] / (2 * of[ONE])).tolist(),
                       "apart": (of[APART] / (2 * of[ONE])).tolist(),
                       "seconds_per_trial": float(np.median(2 / of[TOGETHER]))}  # fmt: skip
    startup = float(
        np.median([one[TOGETHER]["startup"] for some in rounds.values() for one in some])
    )
    capacity = idle[TOGETHER]["throughput"]
    seconds = max(kind["seconds_per_trial"] for kind in kinds.values())
    table = [costs(machines, cores, seconds=seconds, startup=startup, capacity=capacity)
             for machines in (1, 2, 4, 8, 16, 32, 64)]  # fmt: skip
    return {"kinds": kinds, "seconds_per_trial": seconds, "startup": startup, "capacity": capacity,
            "overhead": 1 / idle[ONE]["throughput"], "costs": table}  # fmt: skip


def as_table(rounds: dict[str, list[dict]], found: dict) -> str:
    lines = ["| trials | workers | trials a second, median (range) | seconds a trial | between trials | start-up |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for kind, measured in rounds.items():
        for way in WAYS:
            runs = pd.DataFrame([one[way] for one in measured])
            lines.append(f"| {kind} | {way} | {runs.throughput.median():.3f} ({runs.throughput.min():.3f} "
                         f"to {runs.throughput.max():.3f}) | {runs.seconds.median():.2f} s | "
                         f"{runs.between.median():.2f} s | {runs.startup.median():.1f} s |")  # fmt: skip
    lines += ["", "Parallel efficiency, the throughput of two workers through twice that of one, "
              "median (range) over rounds:", "", "| trials | sharing a storage | apart |",
              "|---|---|---|"]  # fmt: skip
    for kind, values in found["kinds"].items():
        cells = [f"{np.median(some):.2f} ({min(some):.2f} to {max(some):.2f})"
                 for some in (values["efficiencies"], values["apart"])]  # fmt: skip
        lines.append(f"| {kind} | {cells[0]} | {cells[1]} |")
    lines += ["", "What two workers apart lose is the machine's doing, since they share nothing else. "
              f"A trial that does nothing but {DENSE.epochs} reports takes "
              f"{1000 * found['overhead']:.0f} ms with one worker; two get {found['capacity']:.0f} "
              "such trials a second out of the storage.",
              "", f"{WHOLE:,} trials of {found['seconds_per_trial']:.2f} s, the slower kind with all "
              "cores at work, on N machines like this one, computed; the storage of several machines "
              "is a database server, here taken to be as quick as the file:", "",
              "| machines | workers | until the end | machine hours | efficiency |",
              "|---|---|---|---|---|"]  # fmt: skip
    lines += [f"| {row['machines']} | {row['workers']} | {60 * row['hours']:.1f} min | "
              f"{row['machine_hours']:.2f} | {row['efficiency']:.0%} |"
              for row in found["costs"]]  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--idle-trials", type=int, default=200)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "--idle-worker", nargs=2, metavar=("ADDRESS", "NAME"), help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    if options.idle_worker:
        workers.serve(*options.idle_worker, nothing)
        return
    if options.quick:
        options.trials, options.rounds, options.idle_trials = 6, 1, 30
    rounds = {kind: [] for kind in KINDS}
    for number in range(options.rounds):
        for kind, recipe in KINDS.items():
            order = WAYS if number % 2 == 0 else WAYS[::-1]  # none is always the first to go
            rounds[kind].append({way: measure(way, options.trials, recipe) for way in order})
            print(
                kind,
                {way: round(rounds[kind][-1][way]["throughput"], 3) for way in WAYS},
                flush=True,
            )
    idle = {way: measure(way, options.idle_trials, None) for way in (ONE, TOGETHER)}
    found = summarise(rounds, idle, joblib.cpu_count())
    table = as_table(rounds, found)
    if options.quick:
        print(table)
        return
    command = f"python benchmarks/scale_out.py --trials {options.trials} --rounds {options.rounds}"
    rows = [
        {"kind": kind, **one[way]} for kind, some in rounds.items() for one in some for way in WAYS
    ]
    write_report("scale_out", {"command": command, "rows": rows, "idle": list(idle.values()),
                               **found}, table)  # fmt: skip


if __name__ == "__main__":
    main()
