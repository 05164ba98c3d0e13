"""How much memory a run needs: the processes that it starts, watched while they work."""

import threading
from collections.abc import Collection

import psutil

INTERVAL = 1.0  # seconds between two looks


class PeakMemory:
    """Watch the memory of processes and their children while the `with` block lasts.

    A page that several processes share counts once in all where the system tells (Linux), and once
    a process elsewhere. A peak shorter than a second can be missed.

    Args:
        processes: those to watch; may grow meanwhile.

    Attributes:
        bytes: the most that all of them together had at a time; 0 where there were none.
    """

    def __init__(self, processes: Collection[psutil.Process]):
        self.bytes = 0
        self._processes = processes
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._watcher.start()
        return self

    def __exit__(self, *error) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._over.wait(INTERVAL):
            self.bytes = max(self.bytes, sum(map(_memory_of_all, tuple(self._processes))))


def _memory_of_all(process: psutil.Process) -> int:
    try:
        children = process.children(recursive=True)
    except psutil.Error:
        children = []
    return _memory(process) + sum(map(_memory, children))


def _memory(process: psutil.Process) -> int:
    try:
        whole = process.memory_full_info()
        return getattr(whole, "pss", whole.rss)
    except psutil.Error:  # it has just ended, or is not ours to ask
        return 0
