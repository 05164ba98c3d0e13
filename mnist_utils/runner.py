"""Execute the series headlessly with papermill, and collect what the notebooks recorded."""

import base64
import hashlib
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from mnist_utils.memory import PeakMemory
from mnist_utils.report import write_pages
from mnist_utils.results import is_plain_name, read_outputs
from mnist_utils.run_folder import entry_sum, hold, read_results, write_results
from mnist_utils.selection import RunError

PACKAGE = Path(__file__).parent
LIBRARIES = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn", "matplotlib")


def run(
    notebooks: Mapping[Path, dict[str, Any]],
    output: Path,
    *,
    resume: bool = False,
    fresh_cache: bool = False,
) -> bool:
    """Execute notebooks in order; write them, their figures, results.json and index.html.

    Args:
        notebooks: path to parameters, in the order to run.
        output: folder for everything that is written; made if need be.
        resume: leave out what is already done there, with the same notebook, parameters, code and
            stored measurements.
        fresh_cache: give each notebook an empty artifact cache of its own, so that its time
            includes all its training.

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
    with hold(output):
        return _run(notebooks, output, resume, fresh_cache)


def _run(
    notebooks: Mapping[Path, dict[str, Any]], output: Path, resume: bool, fresh_cache: bool
) -> bool:
    results = read_results(output)
    results["environment"] = environment()
    for number, (path, parameters) in enumerate(notebooks.items(), 1):
        key = _key(path, parameters)
        before = results["notebooks"].get(path.stem, {})
        if resume and before.get("status") == "ok" and before.get("key") == key:
            print(f"[{number}/{len(notebooks)}] {path.stem} is done already")
            continue
        results["notebooks"].pop(path.stem, None)
        write_results(results, output)  # an interrupted notebook must not pass for the one before
        label = f"[{number}/{len(notebooks)}] {path.stem}"
        with _kernel_environment(fresh_cache) as cache:
            entry = _execute(path, parameters, output, label) | {"key": key}
            entry["cache_size"] = _size(cache) if cache else None
        results["notebooks"][path.stem] = entry | {"sum": entry_sum(entry, output / path.name)}
        results["notebooks"] = dict(sorted(results["notebooks"].items()))
        write_results(results, output)
        write_pages(results, output)
    write_pages(results, output)  # in case that an earlier run was killed before it did
    return all(results["notebooks"][path.stem]["status"] == "ok" for path in notebooks)


def environment() -> dict[str, Any]:
    """Return what the figures of a run depend on: cores, system, Python and library versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": cores,
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "libraries": {library: version(library) for library in LIBRARIES},
    }


def _execute(path: Path, parameters: dict, output: Path, label: str) -> dict[str, Any]:
    executed = output / path.name
    entry = {"status": "ok", "seconds": None, "peak_memory": None, "parameters": parameters,
             "error": None}  # fmt: skip
    bar = {"desc": label, "unit": "cell",
           "bar_format": "{desc} |{bar:24}| cell {n_fmt}/{total_fmt} [{elapsed}]"}  # fmt: skip
    start = time.perf_counter()
    with PeakMemory() as peak:
        try:
            papermill.execute_notebook(
                str(path), str(executed), parameters, kernel_name="python3", cwd=str(output),
                progress_bar=bar, extra_arguments=["--log-level=40"],  # errors only
            )  # fmt: skip
        except PapermillExecutionError as error:
            problem = f"cell {error.exec_count}: {error.ename}: {error.evalue}"
            entry |= {"status": "failed", "error": problem}
        except DeadKernelError:
            entry |= {"status": "failed", "error": "a cell that ended the kernel; out of memory?"}
    if entry["error"]:
        print(f"{path.stem} failed in {entry['error']}; kept in {executed}")
    entry |= {"seconds": round(time.perf_counter() - start, 1), "peak_memory": peak.bytes}
    return entry | _collect(executed)


def _collect(executed: Path) -> dict[str, Any]:
    """Return what a notebook recorded, and write its figures beside it."""
    collected = {"results": [], "figures": [], "test_read_cell": None}
    figures = executed.parent / "figures"
    figures.mkdir(exist_ok=True)
    for cell, kind, value, output in read_outputs(nbformat.read(executed, as_version=4)):
        if kind == "result":
            collected["results"].append(value)
        elif kind == "test_read" and collected["test_read_cell"] is None:
            collected["test_read_cell"] = cell
        elif kind == "figure" and is_plain_name(value):
            picture = base64.b64decode(output["data"]["image/png"])
            (figures / f"{value}.png").write_bytes(picture)
            alt = output["metadata"]["image/png"]["alt"]
            collected["figures"].append({"name": value, "alt": alt})
    return collected


@contextmanager
def _kernel_environment(fresh_cache: bool) -> Iterator[Path | None]:
    """Set what the kernels inherit, for the time of one notebook; yield its fresh cache, if any."""
    settings = {"MNIST_UTILS_PROGRESS": "0", "TF_CPP_MIN_LOG_LEVEL": "3",
                "JUPYTER_PREFER_ENV_PATH": "1"}  # fmt: skip
    before = dict(os.environ)
    # On Windows a kernel that has just ended may still hold a file in it.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ.update(settings | ({"MNIST_UTILS_CACHE": folder} if fresh_cache else {}))
        try:
            yield Path(folder) if fresh_cache else None
        finally:
            os.environ.clear()
            os.environ.update(before)


def _size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _key(path: Path, parameters: dict) -> str:
    cells = [[cell.cell_type, cell.source] for cell in nbformat.read(path, as_version=4).cells]
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.json")]  # stored measurements are shown, too
    sources = [file.read_text("utf-8") for file in sorted(files)]
    content = json.dumps([cells, parameters, sources, environment()["libraries"]])
    return hashlib.sha256(content.encode()).hexdigest()[:20]
