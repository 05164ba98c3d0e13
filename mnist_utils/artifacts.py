"""A cache on disk, so that a run of the series trains each network once.

It lies in the user's cache folder, or where the environment variable MNIST_UTILS_CACHE points.
A key covers recipe, data, library versions and code, so that changed code never returns an old
network; not the number of threads, which makes a convolutional one slightly another.
"""

import hashlib
import inspect
import json
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import platformdirs

from mnist_utils.cache_entries import alone, read, store, sweep
from mnist_utils.data import MnistData, load_mnist

LIBRARIES = ("keras", "tensorflow", "numpy")


def cache_folder() -> Path:
    """Return the folder of the cache; it need not exist yet."""
    chosen = os.environ.get("MNIST_UTILS_CACHE")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("mnist_utils"))


def cached(
    key: dict,
    compute: Callable[[], Any],
    save: Callable[[Any, Path], None],
    load: Callable[[Path], Any],
    *,
    name: str = "result",
) -> Any:
    """Return the stored result under the key, or compute and store it.

    While one process computes it, others that ask for it wait.

    Args:
        key: everything that the result depends on; anything that json.dumps takes.
        compute: makes the result.
        save: writes it into the (empty) folder that it is given.
        load: reads it back from such a folder.
        name: the start of the entry's folder name, for people who look into the cache.

    Returns:
        The result. A damaged entry is computed again, with a notice; a result that can't be
        stored, as on a full disk, is returned with a notice.

    Raises:
        ValueError: if name is not letters, digits, _ and -.
        OSError: if MNIST_UTILS_CACHE names a folder that can't be written. The default folder
            is done without, with a notice.
    """
    if not re.fullmatch(r"[\w-]+", name):
        raise ValueError(f"name must be letters, digits, _ and -, got {name!r}")
    entry = cache_folder() / f"{name}-{_digest(key)}"
    with suppress(Exception):  # it is not there, or damaged, which is said below
        return read(entry, load)
    writable = _prepare_cache()
    with alone(entry) if writable else nullcontext():
        found = entry.is_dir()
        if found:
            try:
                return read(entry, load)  # another process has made it meanwhile
            except Exception as error:  # whatever a damaged file makes its reader raise
                print(f"The stored {name} in {entry} is damaged ({error}); it is made again.")
        result = compute()
        if writable:
            try:
                store(entry, lambda folder: save(result, folder), replace=found)
            except Exception as error:  # whatever a full disk makes a writer raise
                print(f"{name} could not be stored in {entry} ({error}); it is used all the same, "
                      "and made again next time. MNIST_UTILS_CACHE can name a folder with room.")  # fmt: skip
    return result


def get_or_train(recipe, data: MnistData | None = None, *, verbose: str | int = "auto"):
    """Return the Trained network of a recipe: from the cache, else by training it.

    Args:
        recipe: a training.Recipe.
        data: what to train on; None for `load_mnist()`.
        verbose: as for `training.fit`.

    Returns:
        training.Trained, its model compiled for evaluation.
    """
    from mnist_utils import augmentation, habits, models, preprocessing, training

    data = load_mnist() if data is None else data
    key = {
        "recipe": asdict(recipe),
        "data": data.checksum,
        "libraries": {library: version(library) for library in LIBRARIES},
        "source": source_sum(augmentation, habits, models, preprocessing, training),
    }
    name = f"{recipe.model}-{_digest(key)}"
    checkpoint = cache_folder() / "unfinished" / f"{name}.npz"

    def train():
        return training.fit(recipe, data, checkpoint=checkpoint, keep_checkpoint=True,
                            verbose=verbose)  # fmt: skip

    trained = cached(key, train, _save_trained, _load_trained, name=recipe.model)
    if (cache_folder() / name).is_dir():  # only now, lest the work be lost in between
        with suppress(OSError):
            checkpoint.unlink(missing_ok=True)
    return trained


def source_sum(*modules: ModuleType) -> str:
    """Return the SHA-256 sum of the modules' source, for use in a key."""
    sources = "\n".join(inspect.getsource(module) for module in modules)
    return hashlib.sha256(sources.encode()).hexdigest()


def _digest(key: dict) -> str:
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:20]


def _save_trained(trained, folder: Path) -> None:
    trained.model.save(folder / "model.keras")
    (folder / "history.json").write_text(json.dumps(trained.history))


def _load_trained(folder: Path):
    from mnist_utils.startup import keras
    from mnist_utils.training import Trained, compile_for_evaluation

    model = keras.saving.load_model(folder / "model.keras", compile=False, safe_mode=True)
    compile_for_evaluation(model)
    return Trained(model, json.loads((folder / "history.json").read_text()))


def _prepare_cache() -> bool:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            sweep(folder)
            return True
    except OSError as error:
        problem = f"the cache folder {folder} can't be written ({error})"
        if os.environ.get("MNIST_UTILS_CACHE"):
            raise OSError(f"{problem}; MNIST_UTILS_CACHE must name a folder that can") from error
        print(f"Note: {problem}; nothing is stored. MNIST_UTILS_CACHE can name another folder.")
        return False
