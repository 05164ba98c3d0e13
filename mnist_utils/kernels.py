"""The Jupyter kernels of a run: each in a folder and an environment of its own, and stoppable."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager


class Kernels:
    """Starts the kernels of a run, several at a time if need be, and can end them all at once.

    Attributes:
        stopped: whether `stop` was called, after which no kernel lives.
    """

    def __init__(self):
        self.stopped = False
        self._started: list[psutil.Process] = []
        self._lock = threading.Lock()

    def manager(
        self, folder: Path, settings: Mapping[str, str], mine: list[psutil.Process]
    ) -> type:
        """Return a kernel manager class, for nbclient's option `kernel_manager_class`.

        Args:
            folder: the kernel's working directory.
            settings: environment variables beside those of this process.
            mine: where a kernel's process is noted when it has started.
        """
        kernels = self

        class Manager(AsyncKernelManager):
            async def start_kernel(self, **options: Any) -> None:
                options |= {"cwd": str(folder), "env": os.environ | settings}
                await super().start_kernel(**options)
                process = psutil.Process(self.provisioner.pid)
                mine.append(process)
                kernels._note(process)

        return Manager

    def stop(self) -> None:
        """End every kernel, with the processes that it has started; whoever waits for one is told."""
        with self._lock:
            self.stopped = True
            for kernel in self._started:
                _kill(kernel)

    def _note(self, kernel: psutil.Process) -> None:
        with self._lock:
            self._started.append(kernel)
            if self.stopped:
                _kill(kernel)


def _kill(kernel: psutil.Process) -> None:
    try:
        for process in [*kernel.children(recursive=True), kernel]:
            process.kill()
    except psutil.Error:  # it has ended already
        pass
