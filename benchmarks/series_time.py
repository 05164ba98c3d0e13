"""How long the whole series takes, one notebook at a time and two, from an empty cache each.

    python benchmarks/series_time.py               one round, half an hour
    python benchmarks/series_time.py --rounds 3    the order of the two alternates

Each run is `python -m mnist_utils run` with all default parameters, in a fresh folder and with a
fresh cache that its notebooks share. On a machine that does nothing else.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from runs import matrix_multiply_speed, write_report

from mnist_utils.memory import PeakMemory

ROOT = Path(__file__).parents[1]
JOBS = (1, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], help="as for `run`; for a trial")
    options = parser.parse_args()
    rounds = []
    for number in range(options.rounds):
        order = JOBS if number % 2 == 0 else JOBS[::-1]
        rounds.append({str(jobs): measure(jobs, options.only) for jobs in order})
    about = {"command": "python benchmarks/series_time.py", "only": options.only, "rounds": rounds}
    if options.only:
        print(describe(rounds))  # a trial is not stored
    else:
        write_report("series_time", about, describe(rounds))


def measure(jobs: int, only: list[str]) -> dict:
    """Run the series and return its seconds, peak memory in bytes, and GFLOP/s before and after."""
    command = [sys.executable, "-m", "mnist_utils", "run", "--jobs", str(jobs)]
    before = matrix_multiply_speed()
    with tempfile.TemporaryDirectory() as folder:
        command += ["--output", str(Path(folder, "run"))]
        for name in only:
            command += ["--only", name]
        environment = os.environ | {"MNIST_UTILS_CACHE": str(Path(folder, "cache"))}
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        with PeakMemory([psutil.Process(process.pid)]) as peak:
            status = process.wait()
        seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"a run with --jobs {jobs} failed with status {status}")
    return {"seconds": round(seconds, 1), "peak_memory": peak.bytes,
            "gflops_before": before, "gflops_after": matrix_multiply_speed()}  # fmt: skip


def describe(rounds: list[dict]) -> str:
    """Return the table of all rounds, and their ratios."""
    lines = ["| round | at a time | minutes | peak memory | GFLOP/s before, after |",
             "|---|---|---|---|---|"]  # fmt: skip
    for number, found in enumerate(rounds, 1):
        for jobs, run in sorted(found.items()):
            minutes = "{}:{:02d}".format(*divmod(round(run["seconds"]), 60))
            lines.append(f"| {number} | {jobs} | {minutes} | {run['peak_memory'] / 1e9:.1f} GB | "
                         f"{run['gflops_before']:.0f}, {run['gflops_after']:.0f} |")  # fmt: skip
    ratios = [found["2"]["seconds"] / found["1"]["seconds"] for found in rounds]
    text = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    return "\n".join(lines) + f"\n\nTwo at a time took {text} of the time of one at a time.\n"


if __name__ == "__main__":
    main()
