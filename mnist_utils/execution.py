"""Execute one notebook headlessly with papermill, and collect what it recorded."""

import base64
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from mnist_utils.kernels import Kernels
from mnist_utils.memory import PeakMemory
from mnist_utils.results import is_plain_name, read_outputs


def execute(
    path: Path, parameters: dict[str, Any], output: Path, label: str, kernels: Kernels,
    *, fresh_cache: bool,
) -> dict[str, Any]:  # fmt: skip
    """Execute a notebook into the output folder.

    Args:
        path: the notebook.
        parameters: values for its parameters cell, by name.
        output: where the executed notebook and figures/ are written; also its working directory.
        label: what the progress bar says.
        kernels: of the run.
        fresh_cache: give it an empty artifact cache.

    Returns:
        Its entry of results.json: "status" ("ok" or "failed"), "error" (text or None), "seconds",
        "peak_memory" (bytes), "cache_size" (bytes, or None without a fresh cache), "parameters",
        "results", "figures" and "test_read_cell" (index or None).
    """
    with _cache(fresh_cache) as cache:
        entry = _execute(path, parameters, output, label, kernels, cache)
        return entry | {"cache_size": _size(cache) if cache else None}


def _execute(
    path: Path, parameters: dict, output: Path, label: str, kernels: Kernels, cache: Path | None
) -> dict[str, Any]:
    executed = output / path.name
    settings = {"MNIST_UTILS_PROGRESS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
    settings |= {"MNIST_UTILS_CACHE": str(cache)} if cache else {}
    mine = []
    entry = {"status": "ok", "seconds": None, "peak_memory": None, "parameters": parameters,
             "error": None}  # fmt: skip
    bar = {"desc": label, "unit": "cell",
           "bar_format": "{desc} |{bar:24}| cell {n_fmt}/{total_fmt} [{elapsed}]",
           "file": _Unbreakable(sys.stderr)}  # fmt: skip
    start = time.perf_counter()
    with PeakMemory(mine) as peak:
        try:
            papermill.execute_notebook(
                str(path), str(executed), parameters, kernel_name="python3", progress_bar=bar,
                kernel_manager_class=kernels.manager(output, settings, mine),
                extra_arguments=["--log-level=40"],  # errors only
            )  # fmt: skip
        except PapermillExecutionError as error:
            problem = f"cell {error.exec_count}: {error.ename}: {error.evalue}"
            entry |= {"status": "failed", "error": problem}
        except DeadKernelError:
            entry |= {"status": "failed", "error": "a cell that ended the kernel; out of memory?"}
    if entry["error"] and not kernels.stopped:
        print(f"{path.stem} failed in {entry['error']}; kept in {executed}")
    entry |= {"seconds": round(time.perf_counter() - start, 1), "peak_memory": peak.bytes}
    return entry | _collect(executed)


class _Unbreakable:
    """A stream to which writing never fails, although it may lead to nobody any more.

    Where a progress bar can't write, tqdm keeps the lock that it shares with the other bars, whose
    notebooks would wait for ever.
    """

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


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
def _cache(fresh: bool) -> Iterator[Path | None]:
    """Yield an empty cache folder for the time of one notebook, or None."""
    if not fresh:
        yield None
        return
    # On Windows a kernel that has just ended may still hold a file in it.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
