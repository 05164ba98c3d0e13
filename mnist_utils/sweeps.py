"""The same experiment under many settings and seeds, on all processors, into one table."""

import inspect
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import product
from pathlib import Path

import pandas as pd

from mnist_utils.startup import keras  # first, in every process: TensorFlow starts without messages

ATTEMPTS = 3


def sweep(
    experiment: Callable[..., Mapping[str, float]],
    settings: Mapping[str, Sequence] | Sequence[Mapping],
    *,
    seeds: Sequence[int],
    processes: int | None = None,
) -> pd.DataFrame:
    """Call experiment(seed=…, **setting) for each setting and each seed.

    Every setting gets the same seeds, so that two settings can be compared pair by pair. Calls
    run in processes of their own with one thread each, which suits many small networks better
    than all cores on one network after another; with a GPU they run here, one after another.
    Where joblib.parallel_config has chosen a backend, such as "dask", they run on that.

    A process that is killed loses only the call that it was at: finished ones are kept and the
    lost one is carried out again, here as by Dask, until it has been lost three times.

    Args:
        experiment: takes a seed and the settings by name, and returns its results by name. It
            may be defined in a notebook; what it uses must be importable or defined there too,
            and is sent along, so that arrays it uses should be of moderate size.
        settings: {"learning_rate": [0.1, 0.01], "batch_size": [32, 128]} for every combination;
            or a list of dictionaries, one a setting.
        seeds: at least one integer.
        processes: how many at once; None for one a core, or one where there is a GPU; 1 for this
            process.

    Returns:
        One row a call, in the order of settings and then seeds: its settings, "seed" and results.

    Raises:
        ValueError: if there is no seed or setting, if experiment takes no such argument, or if
            what it returns is not a dictionary of results with names of their own. An error in a
            call is passed on, with a note that says in which call.
        BrokenProcessPool: if processes were killed three times; by Dask, its KilledWorker.
    """
    if processes is not None and processes < 1:
        raise ValueError(f"processes must be at least 1, or None, got {processes!r}")
    if isinstance(settings, Mapping):
        settings = [dict(zip(settings, values, strict=True))
                    for values in product(*settings.values())]  # fmt: skip
    if any("seed" in setting for setting in settings):
        raise ValueError("a setting can't hold a seed; name the seeds by seeds=…")
    calls = [{**setting, "seed": int(seed)} for setting in settings for seed in seeds]
    if not calls:
        raise ValueError(f"need at least one setting and one seed, got {settings!r}, {seeds!r}")
    for call in calls:
        try:
            inspect.signature(experiment).bind(**call)
        except TypeError as error:
            raise ValueError(f"experiment can't be called with {call}: {error}") from error
    processes = min(_default_processes() if processes is None else processes, len(calls))
    if processes == 1:
        results = [_carry_out(experiment, call) for call in calls]
    else:
        results = _in_processes(experiment, calls, processes)
    return pd.DataFrame([{**call, **result} for call, result in zip(calls, results, strict=True)])


def _carry_out(experiment, call: dict) -> Mapping:
    try:
        result = experiment(**call)
    except Exception as error:
        error.add_note(f"raised by experiment({', '.join(f'{k}={v!r}' for k, v in call.items())})")
        raise
    if not isinstance(result, Mapping) or result.keys() & call.keys():
        raise ValueError(f"experiment must return a dictionary of results whose names are not "
                         f"{', '.join(call)}; got {result!r}")  # fmt: skip
    return result


def _in_processes(experiment, calls: list[dict], processes: int) -> list[Mapping]:
    from joblib import Parallel, delayed, parallel_config

    if _chosen_backend():
        return Parallel()(delayed(_single_threaded)(experiment, call) for call in calls)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        # TensorFlow keeps some memory of every network; joblib starts a grown process afresh.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
        files = [Path(folder, str(number)) for number in range(len(calls))]
        for attempt in range(ATTEMPTS):
            missing = [delayed(_store)(experiment, call, file)
                       for call, file in zip(calls, files, strict=True) if not file.exists()]  # fmt: skip
            try:
                with parallel_config("loky", n_jobs=processes, inner_max_num_threads=1):
                    Parallel()(missing)
                break
            except BrokenProcessPool:
                if attempt == ATTEMPTS - 1:
                    raise
        return [pickle.loads(file.read_bytes()) for file in files]


def _store(experiment, call: dict, file: Path) -> None:
    """Carry out a call and keep its result in a file, where no other process can lose it."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_bytes(pickle.dumps(_single_threaded(experiment, call)))
    os.replace(unfinished, file)


def _single_threaded(experiment, call: dict) -> Mapping:
    use_one_thread()
    return _carry_out(experiment, call)


def use_one_thread() -> None:
    """Let TensorFlow compute with one thread, if this process has not used it yet."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")  # it warns that many networks are traced, as they must be
        with suppress(RuntimeError):  # only before the process's first step; a reused one has it
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(1)


def _default_processes() -> int:
    from joblib import cpu_count

    if _chosen_backend():
        return 2  # or as many as it has; in any case not this process
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return 1 if tf.config.list_physical_devices("GPU") else cpu_count()


def _chosen_backend() -> bool:
    """Return whether joblib.parallel_config has chosen another backend than local processes."""
    from joblib.parallel import get_active_backend

    return type(get_active_backend()[0]).__name__ != "LokyBackend"
