"""A visible progress display for training where a person watches, and none where nobody does."""

import os
import sys
import time

from mnist_utils.startup import keras


def someone_watches() -> bool:
    """Return whether there is a notebook or a terminal; MNIST_UTILS_PROGRESS=0 says no."""
    if os.environ.get("MNIST_UTILS_PROGRESS") == "0":
        return False
    return "ipykernel" in sys.modules or sys.stdout.isatty()


class ProgressLine(keras.callbacks.Callback):
    """One line that is written over after every epoch."""

    def __init__(self, name: str):
        super().__init__()
        self.name, self.start = name, time.perf_counter()

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 0:
            self._write(f"training {self.name}: epoch 1 of {self.params['epochs']}")

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self.start
        numbers = ", ".join(f"{name} {value:.4f}" for name, value in (logs or {}).items())
        self._write(f"training {self.name}: {epoch + 1} of {self.params['epochs']} epochs "
                    f"in {seconds:.0f} s; {numbers}")  # fmt: skip

    def on_train_end(self, logs=None):
        print()

    def _write(self, text: str):
        print(f"\r{text:<118}", end="", flush=True)
