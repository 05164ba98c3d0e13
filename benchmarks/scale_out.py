"""How a search grows with its workers: throughput, overhead per trial, and what 1,000 trials cost.

    python benchmarks/scale_out.py              about 15 minutes on 2 cores
    python benchmarks/scale_out.py --quick      a trial of the script; writes nothing

Workers are those of `python -m mnist_utils.workers`, one thread each, on one SQLite file. The same
plan is carried out by one worker and by two, in turns; a plan of trials that do nothing measures
what queue and storage cost. The rest of the table is computed from that, by the rule in `costs`.
"""

import argparse
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState
from runs import write_report

from mnist_utils import search, workers
from mnist_utils.recipes import Recipe

RECIPE = Recipe("dense_fast", epochs=4, batch_size=128, schedule="one_cycle", label_smoothing=0.05,
                steps_per_execution=16, train_examples=10_000)  # fmt: skip
SPACE = {"learning_rate": FloatDistribution(1e-3, 1e-1, log=True),
         "batch_size": CategoricalDistribution([64, 128, 256])}  # fmt: skip
WHOLE = 1_000  # trials whose cost is computed


def nothing(settings, seed, report) -> float:
    """An objective that takes no time, with as many reports as RECIPE makes."""
    for epoch in range(RECIPE.epochs):
        report(epoch + 1, 0.0)
    return 0.0


def measure(count: int, trials: int, *, idle: bool = False) -> dict:
    """Let so many workers carry out a plan of so many trials; with idle, of trials of nothing.

    Returns:
        throughput, in trials a second: the sum over workers of their trials through the time from
        the first one's start to the last one's end, so without start-up and without the wait for
        the slowest at the end; seconds, of a trial's training, the median; between, seconds of a
        worker's time in each trial that are not training; startup, seconds until the last worker
        has begun; wall, of everything.
    """
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{Path(folder, 'study.db').as_posix()}"
        study = search.start(search.Plan("scale", SPACE, trials), address, recipe=RECIPE)
        command = [sys.executable, "-m", "mnist_utils.workers", address, "scale"]
        if idle:
            command = [sys.executable, __file__, "--idle-worker", address]
        before = time.time()
        running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(count)]
        if any(worker.wait() for worker in running):
            raise SystemExit("a worker failed")
        wall = time.time() - before
        frame = pd.DataFrame([{
            "worker": trial.user_attrs["worker"], "training": trial.user_attrs["seconds"],
            "start": trial.datetime_start.timestamp(), "end": trial.datetime_complete.timestamp(),
        } for trial in study.trials if trial.state is TrialState.COMPLETE])  # fmt: skip
    by = frame.groupby("worker")
    spans, counts = by.end.max() - by.start.min(), by.size()
    between = (spans - by.training.sum()) / counts
    return {"workers": count, "taken": counts.tolist(), "throughput": float((counts / spans).sum()),
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


def summarise(rounds: list[dict], idle: dict[int, dict], cores: int) -> dict:
    """Return what the report gives; rounds hold a measurement by 1 and by 2 workers each."""
    ratios = [pair[2]["throughput"] / (2 * pair[1]["throughput"]) for pair in rounds]
    together = [pair[2] for pair in rounds]
    seconds = float(np.median([run["workers"] / run["throughput"] for run in together]))
    startup = float(np.median([run["startup"] for run in together]))
    capacity = idle[2]["throughput"]
    table = [costs(machines, cores, seconds=seconds, startup=startup, capacity=capacity)
             for machines in (1, 2, 4, 8, 16, 32, 64)]  # fmt: skip
    return {"efficiency": float(np.median(ratios)), "efficiencies": ratios,
            "seconds_per_trial": seconds, "startup": startup, "capacity": capacity,
            "overhead": 1 / idle[1]["throughput"], "costs": table}  # fmt: skip


def as_table(rounds: list[dict], idle: dict[int, dict], found: dict) -> str:
    lines = ["| workers | trials a second, median (range) | seconds a trial | between trials | start-up |",
             "|---|---|---|---|---|"]  # fmt: skip
    for count in (1, 2):
        runs = pd.DataFrame([pair[count] for pair in rounds])
        lines.append(f"| {count} | {runs.throughput.median():.3f} ({runs.throughput.min():.3f} to "
                     f"{runs.throughput.max():.3f}) | {runs.seconds.median():.2f} s | "
                     f"{runs.between.median():.2f} s | {runs.startup.median():.1f} s |")  # fmt: skip
    low, high = min(found["efficiencies"]), max(found["efficiencies"])
    lines += ["", f"Parallel efficiency of two workers against one: {found['efficiency']:.2f} "
              f"({low:.2f} to {high:.2f} over {len(rounds)} rounds). A trial that does nothing but "
              f"{RECIPE.epochs} reports takes {1000 * found['overhead']:.0f} ms with one worker; two "
              f"get {found['capacity']:.0f} such trials a second out of the storage.",
              "", f"{WHOLE:,} such trials of {found['seconds_per_trial']:.2f} s on N machines like "
              "this one, computed; the storage of several machines is a database server, here taken "
              "to be as quick as the file:", "",
              "| machines | workers | until the end | machine hours | efficiency |",
              "|---|---|---|---|---|"]  # fmt: skip
    lines += [f"| {row['machines']} | {row['workers']} | {60 * row['hours']:.1f} min | "
              f"{row['machine_hours']:.2f} | {row['efficiency']:.0%} |"
              for row in found["costs"]]  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=48, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--idle-trials", type=int, default=200)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--idle-worker", metavar="ADDRESS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.idle_worker:
        workers.serve(options.idle_worker, "scale", nothing)
        return
    if options.quick:
        options.trials, options.rounds, options.idle_trials = 6, 1, 30
    rounds = []
    for number in range(options.rounds):
        order = (1, 2) if number % 2 == 0 else (2, 1)  # neither is always the one to go first
        rounds.append({count: measure(count, options.trials) for count in order})
        print({count: round(run["throughput"], 3) for count, run in rounds[-1].items()}, flush=True)
    idle = {count: measure(count, options.idle_trials, idle=True) for count in (1, 2)}
    found = summarise(rounds, idle, joblib.cpu_count())
    table = as_table(rounds, idle, found)
    if options.quick:
        print(table)
        return
    command = f"python benchmarks/scale_out.py --trials {options.trials} --rounds {options.rounds}"
    rows = [pair[count] for pair in rounds for count in (1, 2)]
    write_report("scale_out", {"command": command, "rows": rows, "idle": list(idle.values()),
                               **found}, table)  # fmt: skip


if __name__ == "__main__":
    main()
