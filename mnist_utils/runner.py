"""Execute the series headlessly, several notebooks at a time if need be."""

import hashlib
import json
import os
import platform
import shutil
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import psutil

from mnist_utils.execution import execute
from mnist_utils.kernels import Kernels
from mnist_utils.report import write_pages
from mnist_utils.run_folder import entry_sum, hold, read_results, write_results
from mnist_utils.selection import RunError

PACKAGE = Path(__file__).parent
PREFER = "JUPYTER_PREFER_ENV_PATH"
MEMORY_FOR_TWO = 8e9  # bytes; see peak_memory of the two largest lessons in results.json
LIBRARIES = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn", "matplotlib")


def run(
    notebooks: Mapping[Path, dict[str, Any]],
    output: Path,
    *,
    resume: bool = False,
    fresh_cache: bool = False,
    jobs: int = 1,
) -> bool:
    """Execute notebooks; write them, their figures, results.json and index.html.

    Args:
        notebooks: path to parameters, in the order in which to begin them.
        output: folder for everything that is written; made if need be.
        resume: leave out what is already done there, with the same notebook, parameters, code and
            stored measurements.
        fresh_cache: give each notebook an empty artifact cache of its own, so that its time
            includes all its training.
        jobs: how many to run at a time.

    Returns:
        Whether all notebooks ran without an error. A failing one is kept with its error, and the
        others still run.

    Raises:
        RunError: if the output folder is the notebooks' own, which would be overwritten, can't be
            written, or is being written to by another run.
        OSError: if the disk is full; what is finished stays, and resume goes on from there.
        KeyboardInterrupt: if interrupted; what is finished stays, and resume goes on from there.
    """
    if any(path.parent.resolve() == output.resolve() for path in notebooks):
        raise RunError(f"the output folder {output} holds the notebooks themselves, which would be "
                       "overwritten; name another with --output")  # fmt: skip
    with hold(output), _kernels_from_here():
        return _Run(notebooks, output, fresh_cache).execute(resume, jobs)


def suggested_jobs() -> int:
    """Return how many notebooks to run at a time: 2 if there are cores and memory for it, else 1.

    With an NVIDIA GPU it is 1: TensorFlow takes all of its memory for the first.
    """
    room = _cores() >= 2 and psutil.virtual_memory().available >= MEMORY_FOR_TWO
    return 2 if room and not shutil.which("nvidia-smi") else 1


class _Run:
    """One run into one folder, which its threads share; what they write, they write in turn."""

    def __init__(
        self, notebooks: Mapping[Path, dict[str, Any]], output: Path, fresh_cache: bool
    ) -> None:
        self.notebooks, self.output, self.fresh_cache = notebooks, output, fresh_cache
        self.results = read_results(output) | {"environment": environment()}
        self.kernels = Kernels()
        self.turn = threading.Lock()

    def execute(self, resume: bool, jobs: int) -> bool:
        with ThreadPoolExecutor(jobs) as pool:
            begun = []
            for number, (path, parameters) in enumerate(self.notebooks.items(), 1):
                key = _key(path, parameters)
                before = self.results["notebooks"].get(path.stem, {})
                label = f"[{number}/{len(self.notebooks)}] {path.stem}"
                if resume and before.get("status") == "ok" and before.get("key") == key:
                    print(f"{label} is done already")
                else:
                    begun.append(pool.submit(self._execute_one, path, parameters, label, key))
            try:
                _wait_for(begun)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.kernels.stop()
                raise
        write_pages(self.results, self.output)  # in case that an earlier run was killed before it
        entries = [self.results["notebooks"][path.stem] for path in self.notebooks]
        return all(entry["status"] == "ok" for entry in entries)

    def _execute_one(self, path: Path, parameters: dict, label: str, key: str) -> None:
        with self.turn:  # an interrupted notebook must not pass for the one before
            self.results["notebooks"].pop(path.stem, None)
            write_results(self.results, self.output)
        entry = execute(path, parameters, self.output, label, self.kernels,
                        fresh_cache=self.fresh_cache) | {"key": key}  # fmt: skip
        with self.turn:
            if self.kernels.stopped:  # which is why it failed
                return
            entry["sum"] = entry_sum(entry, self.output / path.name)
            entries = self.results["notebooks"] | {path.stem: entry}
            self.results["notebooks"] = dict(sorted(entries.items()))
            write_results(self.results, self.output)
            write_pages(self.results, self.output)


def environment() -> dict[str, Any]:
    """Return what the figures of a run depend on: cores, system, Python and library versions."""
    return {
        "cores": _cores(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "libraries": {library: version(library) for library in LIBRARIES},
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _wait_for(futures: list[Future]) -> None:
    """Wait until all are done or one has raised, which is raised."""
    while futures:
        done, futures = wait(futures, timeout=1)  # in short waits: Windows interrupts no long one
        for future in done:
            future.result()


@contextmanager
def _kernels_from_here() -> Iterator[None]:
    """Let "python3" be this environment's kernel, whatever the user's folders hold."""
    before = os.environ.get(PREFER)
    os.environ[PREFER] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[PREFER]
        else:
            os.environ[PREFER] = before


def _key(path: Path, parameters: dict) -> str:
    cells = [[cell.cell_type, cell.source] for cell in nbformat.read(path, as_version=4).cells]
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.json")]  # stored measurements are shown, too
    sources = [file.read_text("utf-8") for file in sorted(files)]
    content = json.dumps([cells, parameters, sources, environment()["libraries"]])
    return hashlib.sha256(content.encode()).hexdigest()[:20]
