"""A training run's whole state in one file, so that an interrupted run goes on as if it hadn't been."""

import json
import os
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from mnist_utils.archives import read_archive
from mnist_utils.startup import keras

# What the callbacks that decide something remember from epoch to epoch.
MEMORIES = ("wait", "best", "best_epoch", "stopped_epoch", "cooldown_counter")


class Checkpoint(keras.callbacks.Callback):
    """Writes the state after every epoch: weights, optimiser, random numbers, callbacks, history.

    Keras's BackupAndRestore keeps neither the history nor what other callbacks remember, and if
    it is killed between its two files, it goes on from the wrong epoch. Here it is one file, put
    in place in one step, read without pickle.

    Args:
        path: the file, ending in .npz.
        purpose: what the run depends on; a checkpoint with another one is not continued.
        callbacks: the callbacks whose memory is kept; they must stand before this one.

    Raises:
        ValueError: if path does not end in .npz.
    """

    def __init__(self, path: str | os.PathLike, purpose: dict, callbacks: list = ()):
        super().__init__()
        self.path = Path(path)
        if self.path.suffix != ".npz":
            raise ValueError(f"a checkpoint's name must end in .npz, got {os.fspath(path)!r}")
        self.purpose, self.callbacks = purpose, list(callbacks)
        self.history: dict[str, list[float]] = {}
        self.epochs, self.stopped, self.writable, self.memories = 0, False, True, []
        self.earlier_seconds, self.start = 0.0, time.perf_counter()

    def restore(self, model: keras.Model) -> int:
        """Put the stored state into a built and compiled model; return how many epochs are done.

        0 where there is no file, or a damaged one, which is pointed out.

        Raises:
            ValueError: if the checkpoint belongs to another run.
        """
        model.optimizer.build(model.trainable_variables)
        try:
            arrays = read_archive(self.path)
            about = json.loads(str(arrays.pop("about")))
            purpose = about["purpose"]
            values = [arrays[f"variable_{k}"] for k in range(len(_state(model)))]
            memories = [memory | _best_weights(arrays, index, about["best_weights"][index])
                        for index, memory in enumerate(about["memories"])]  # fmt: skip
            past = {name: about[name] for name in ("history", "epochs", "stopped")}
            seconds = float(about["seconds"])
        except FileNotFoundError:
            return 0
        except Exception as error:  # whatever a damaged file makes its reader raise
            print(f"The checkpoint {self.path} is damaged ({error}); training starts afresh.")
            return 0
        if purpose != self.purpose:
            raise ValueError(
                f"the checkpoint {self.path} belongs to another run, {purpose}; "
                f"expected {self.purpose}. Name another file, or delete this one"
            )
        if [tuple(variable.shape) for variable in _state(model)] != [v.shape for v in values]:
            print(f"The checkpoint {self.path} is of another model; training starts afresh.")
            return 0
        for variable, value in zip(_state(model), values, strict=True):
            variable.assign(value)
        vars(self).update(past, memories=memories, earlier_seconds=seconds)
        return self.epochs

    def on_train_begin(self, logs=None):
        for callback, memory in zip(self.callbacks, self.memories, strict=False):
            vars(callback).update(memory)

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        self.epochs = epoch + 1
        arrays = {f"variable_{k}": np.asarray(value) for k, value in enumerate(_state(self.model))}
        memories, counts = [], []
        for index, callback in enumerate(self.callbacks):
            known = vars(callback)
            memories.append({name: float(known[name]) for name in MEMORIES if name in known})
            weights = known.get("best_weights") or []
            arrays |= {f"best_{index}_{k}": value for k, value in enumerate(weights)}
            counts.append(len(weights))
        seconds = self.earlier_seconds + time.perf_counter() - self.start
        about = {"purpose": self.purpose, "history": self.history, "epochs": self.epochs,
                 "seconds": seconds, "stopped": bool(self.model.stop_training),
                 "memories": memories, "best_weights": counts}  # fmt: skip
        self._write({"about": np.array(json.dumps(about)), **arrays})

    def _write(self, arrays: dict[str, np.ndarray]) -> None:
        unfinished = self.path.with_suffix(f".{os.getpid()}.unfinished")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(unfinished, "wb") as file:
                np.savez(file, **arrays)
            os.replace(unfinished, self.path)
        except OSError as error:
            if self.writable:
                print(f"\nNo checkpoint could be written to {self.path} ({error}); training goes on, "
                      "but could not be continued if it were interrupted.")  # fmt: skip
            self.writable = False
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the file, now that the run's result is safe."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def _best_weights(arrays: dict[str, np.ndarray], index: int, count: int) -> dict[str, list]:
    """Return what a callback that goes back to its best weights keeps; nothing if it has none yet."""
    return {"best_weights": [arrays[f"best_{index}_{k}"] for k in range(count)]} if count else {}


def _state(model: keras.Model) -> list:
    """All variables that training changes: weights, batch statistics, random states, optimiser."""
    metrics = {id(variable) for variable in model.metrics_variables}
    own = [variable for variable in model.variables if id(variable) not in metrics]
    return own + list(model.optimizer.variables)
