"""The one store of long runs: each recipe and seed is trained once, whoever asks for it.

A run is a JSON file in benchmarks/runs/, written when it is done and in one step, so that an
interrupted benchmark goes on where it stopped, and several may run at once.
"""

import json
import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

RUNS = Path(__file__).with_name("runs")
LIBRARIES = ("keras", "tensorflow", "numpy")


def run_once(way: str, name: str, seed: int, purpose: dict, train: Callable[[], dict]) -> dict:
    """Return the stored run, or carry it out and store it.

    Args:
        way: how it is run, such as "published", "corrected" or "ours"; a folder of RUNS.
        name: the recipe's name.
        seed: the run's seed.
        purpose: all settings; a stored run with other settings is done again.
        train: carries it out and returns what is to be stored.

    Returns:
        The run: what train returned, and way, name, seed, purpose, when, on what, and the
        matrix-multiply speed measured just before and just after it, in GFLOP/s.

    Raises:
        ValueError: if the stored run's file is damaged; it is left as it is.
    """
    file = RUNS / way / f"{name}-{seed}.json"
    purpose = json.loads(json.dumps(purpose))
    if file.exists():
        try:
            stored = json.loads(file.read_text("utf-8"))
            same = stored["purpose"] == purpose
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{file} is damaged ({error!r}); restore it with `git checkout`, or "
                             "delete it to carry the run out again") from error  # fmt: skip
        if same:
            return stored
    before = matrix_multiply_speed()
    result = train()
    run = {
        "way": way, "name": name, "seed": seed, "purpose": purpose, **result,
        "gflops_before": before, "gflops_after": matrix_multiply_speed(),
        "when": datetime.now(UTC).isoformat(timespec="seconds"), "machine": describe_machine(),
        "libraries": {library: version(library) for library in LIBRARIES},
    }  # fmt: skip
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}.unfinished")
    unfinished.write_text(json.dumps(run, indent=1) + "\n", "utf-8")
    os.replace(unfinished, file)
    return run


def write_report(name: str, about: dict, table: str) -> None:
    """Write benchmarks/<name>.json and the table with what made it to <name>.md, and print it."""
    folder = Path(__file__).parent
    about = {**about, "machine": describe_machine()}
    text = f"Written by `{about['command']}` on {about['machine']}.\n\n{table}\n"
    (folder / f"{name}.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    (folder / f"{name}.md").write_text(text, "utf-8")
    print(table)


def matrix_multiply_speed(size: int = 2000, times: int = 7) -> float:
    """Return the median speed of float32 matrix products of that size by TensorFlow, in GFLOP/s."""
    import tensorflow as tf

    matrix = tf.random.normal((size, size))
    seconds = []
    for _ in range(times + 1):
        start = time.perf_counter()
        tf.matmul(matrix, matrix).numpy()
        seconds.append(time.perf_counter() - start)
    return round(2 * size**3 / float(np.median(seconds[1:])) / 1e9, 1)


def describe_machine() -> str:
    """Return the processor's name and how many cores this process may use."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores, {platform.system()}, Python {platform.python_version()}"
