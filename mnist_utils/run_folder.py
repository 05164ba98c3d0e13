"""A run's folder: one run at a time writes to it, and nothing damaged in it is trusted."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mnist_utils.selection import RunError


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Make the folder and keep other runs out of it; the system lets go when a run is killed.

    Raises:
        RunError: if it can't be made, or another run is writing to it.
    """
    lock = FileLock(folder / ".lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        open(lock.lock_file, "ab").close()
    except OSError as error:
        raise RunError(f"the output folder {folder} can't be written ({error}); name another with "
                       "--output") from error  # fmt: skip
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RunError(f"another run is writing to {folder}; wait for it, or name another folder "
                       "with --output") from error  # fmt: skip
    except (OSError, NotImplementedError):
        pass  # the file system knows no locks, as some network drives don't
    try:
        yield
    finally:
        lock.release()


def read_results(folder: Path) -> dict[str, Any]:
    """Return results.json without the entries that are damaged or whose files are, with a notice."""
    stored, kept = {}, {}
    try:
        stored = dict(json.loads((folder / "results.json").read_text("utf-8"))["notebooks"])
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        print(f"{folder / 'results.json'} is damaged ({error!r}); its notebooks must be run again.")
    for name, entry in stored.items():
        try:
            executed = folder / f"{name}.ipynb"
            whole = executed.parent == folder and entry["sum"] == entry_sum(entry, executed)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            whole = False
        if whole:
            kept[name] = entry
        else:
            print(f"The results of {name} in {folder} no longer fit its files, which are damaged, "
                  "edited or gone; it must be run again.")  # fmt: skip
    return {"environment": {}, "notebooks": kept}


def write_results(results: dict[str, Any], folder: Path) -> None:
    """Write results.json in one step."""
    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    write_text(folder / "results.json", text)


def write_text(path: Path, text: str) -> None:
    """Write a file in one step: it is the old one or the new one, never half of it."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text, "utf-8")
    unfinished.replace(path)


def entry_sum(entry: dict[str, Any], executed: Path) -> str:
    """Return the SHA-256 sum over an entry of results.json, its executed notebook and figures."""
    content = {name: value for name, value in entry.items() if name != "sum"}
    total = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    total.update(executed.read_bytes())
    for figure in entry["figures"]:
        total.update((executed.parent / "figures" / f"{figure['name']}.png").read_bytes())
    return total.hexdigest()
