"""One entry of the cache: written in one step, read only if whole, made by one process at a time."""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

# Of processes that were killed.
LEFTOVERS = (".unfinished-*", "unfinished/*.unfinished", "unfinished/*.lock")
PATIENCE = 1800  # seconds to wait for another process that makes the same thing
OLD = 24 * 3600  # seconds after which nobody writes on a leftover any more


def read(entry: Path, load: Callable[[Path], Any]) -> Any:
    """Return what load makes of an entry whose files are those that were stored.

    Raises:
        FileNotFoundError: if there is none.
        Exception: whatever a damaged file makes load raise; ValueError if its sums are wrong.
    """
    _verify(entry)
    return load(entry)


@contextmanager
def alone(entry: Path) -> Iterator[None]:
    """Keep other processes from making the same entry; one that is killed keeps nobody."""
    lock = FileLock(entry.parent / "unfinished" / f"{entry.name}.lock")
    # Without the lock, as on file systems that have none, the same is made twice.
    with suppress(OSError, NotImplementedError):
        Path(lock.lock_file).parent.mkdir(exist_ok=True)
        lock.acquire(timeout=PATIENCE)
    try:
        yield
    finally:
        if lock.is_locked:
            with suppress(OSError):
                Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()


def store(entry: Path, save: Callable[[Path], None], *, replace: bool) -> None:
    """Let save write into a folder beside the entry, then put it in place in one step.

    Another process may have stored the same entry meanwhile, and a third may be reading it: a
    sound one stays. Where replace says that the old one could not be read, it gives way.
    """
    temporary = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=entry.parent))
    try:
        made = temporary / "made"
        made.mkdir()
        save(made)
        (made / "sums.json").write_text(json.dumps(_sums(made)))
        if replace:
            with suppress(FileNotFoundError):  # another process was faster
                entry.rename(temporary / "damaged")
        try:
            made.rename(entry)
        except OSError:
            if not entry.is_dir():  # else another process was faster
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what processes that were killed have left half written."""
    for pattern in LEFTOVERS:
        for path in folder.glob(pattern):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > OLD:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _sums(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(folder.iterdir()) if file.name != "sums.json"}  # fmt: skip


def _verify(entry: Path) -> None:
    if json.loads((entry / "sums.json").read_text()) != _sums(entry):
        raise ValueError("its files do not have the sums that were stored with them")
