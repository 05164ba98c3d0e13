"""Search over settings with Optuna: the same plan in one process, in several, or on a cluster.

In one process:

    study = search.run(Plan("rates", space, trials=20), RecipeObjective(recipe))

With processes=2 two local processes share the work. Workers anywhere can share it through a
storage. On one machine a file will do, "sqlite:///search.db"; several machines need a database
server, "postgresql://…" or "mysql://…", since SQLite's locks can't be trusted over a network.
Start the study once, then any number of workers:

    search.start(plan, "sqlite:///search.db", recipe=recipe)
    python -m mnist_utils.workers sqlite:///search.db rates

On a Dask cluster (`dask scheduler` on one machine, `dask worker ADDRESS:8786 --nthreads 1` for
each core of every machine) the workers are Dask's tasks:

    with Client("ADDRESS:8786"), joblib.parallel_config("dask"):
        study = search.run(plan, RecipeObjective(recipe), storage=…, processes=4)

Optuna is an optional dependency, pip install "optuna>=5.0"; so is Dask, "distributed>=2026.1".
"""

import json
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.trial import TrialState

from mnist_utils import storages, workers
from mnist_utils.plans import Plan
from mnist_utils.recipes import Recipe

__all__ = ["Objective", "Plan", "RecipeObjective", "repeat", "run", "start", "table"]

Objective = Callable[[dict[str, Any], int, Callable[[int, float], None]], float]


@dataclass(frozen=True)
class RecipeObjective:
    """The validation accuracy, 0-1, of a recipe with some settings changed.

    It is reported after every epoch, so that a pruner can stop the training. The test set is not
    read.

    Attributes:
        recipe: what the settings do not change.
    """

    recipe: Recipe

    def __call__(self, settings: dict, seed: int, report: Callable[[int, float], None]) -> float:
        from mnist_utils.data import load_once
        from mnist_utils.startup import keras
        from mnist_utils.training import fit

        data = load_once()

        def accuracy(model) -> float:
            images, labels = data.validation
            parts = [np.asarray(model(part)) for part in np.array_split(images, 5)]  # no tracing
            return float((np.concatenate(parts).argmax(axis=1) == labels).mean())

        class Report(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                report(epoch + 1, accuracy(self.model))

        recipe = replace(self.recipe, **settings, seed=seed)
        return accuracy(fit(recipe, data, watch=False, callbacks=[Report()], verbose=0).model)

    @classmethod
    def from_json(cls, text: str) -> "RecipeObjective":
        """Return the objective of a recipe that a study keeps as text."""
        known = json.loads(text)
        return cls(Recipe(**{**known, "betas": tuple(known["betas"])}))


def start(
    plan: Plan, storage: str | None = None, *, recipe: Recipe | None = None, heartbeat: int = 10
) -> optuna.Study:
    """Make the plan's study, or find it where it has been started before, and return it.

    Args:
        plan: what to try.
        storage: a database's address; None for this process's memory.
        recipe: for RecipeObjective, kept with the study so that `python -m mnist_utils.workers`
            can work on it; None where workers get their objective otherwise.
        heartbeat: seconds between two signs of life of a trial.

    Raises:
        ValueError: if heartbeat is not an integer of at least 1, or if the storage has a study of
            this name with another plan, recipe or heartbeat.
    """
    if isinstance(heartbeat, bool) or not isinstance(heartbeat, int) or heartbeat < 1:
        raise ValueError(f"heartbeat must be an integer of at least 1 second, got {heartbeat!r}")
    wanted = {"plan": plan.as_json(), "heartbeat": heartbeat}
    if recipe:
        wanted["recipe"] = json.dumps(asdict(recipe))
    with storages.quiet():
        study = optuna.create_study(study_name=plan.name, direction="maximize", load_if_exists=True,
                                    storage=storages.open_storage(storage, heartbeat))  # fmt: skip
        for key, value in wanted.items():
            if study.user_attrs.get(key, value) != value:
                raise ValueError(f"{storage} has a study {plan.name!r} with another {key}: "
                                 f"{study.user_attrs[key]}; give this one another name")  # fmt: skip
            study.set_user_attr(key, value)
        places = workers.by_place(study)
        for place in range(plan.trials):
            if place not in places:
                study.enqueue_trial({}, user_attrs={"place": place})
    return study


def run(
    plan: Plan,
    objective: Objective,
    *,
    storage: str | None = None,
    processes: int = 1,
    heartbeat: int = 10,
) -> optuna.Study:
    """Carry the plan out, or what is left of it, and return its study.

    A worker that is killed loses only the trial that it was at, which another one repeats.

    Args:
        plan: what to try.
        objective: takes the settings, a seed and report(step, value), which it calls after every
            step and whose exceptions it lets pass; returns the value, which is maximised. To
            other processes it is sent along.
        storage: a database's address; None for memory, or a passing file that processes share.
        processes: 1 for this process; else how many workers of one thread each: local processes,
            or tasks on the backend that joblib.parallel_config has chosen.
        heartbeat: seconds between two signs of life of a trial; one that gave none for five times
            as long is taken for lost.

    Raises:
        ValueError: as `start`. Errors of the objective are passed on; their trials count as failed.
    """
    if processes == 1:
        study = start(plan, storage, heartbeat=heartbeat)
        workers.work(study, objective)
        return study
    from mnist_utils.sweeps import sweep

    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with folder if storage is None else nullcontext() as folder:
        shared = storage or f"sqlite:///{Path(folder, 'study.db').as_posix()}"
        study = start(plan, shared, heartbeat=heartbeat)
        sweep(partial(workers.serve, shared, plan.name, objective), {}, seeds=range(processes),
              processes=processes)  # fmt: skip
        if storage is None:  # the file goes, the study stays
            with storages.quiet():
                memory = optuna.storages.InMemoryStorage()
                optuna.copy_study(from_study_name=plan.name, from_storage=shared, to_storage=memory)
                study = optuna.load_study(study_name=plan.name, storage=memory)
    return study


def table(study: optuna.Study) -> pd.DataFrame:
    """Return the settled trials of a study that has a plan, one row each, in their places.

    Returns:
        Columns: place; seed; the settings; value, of the last report for a pruned trial; state,
        "complete", "pruned" or "failed"; steps; seconds; attempts, more than 1 after a loss;
        worker, host and process. The same columns if nothing is settled yet.
    """
    plan, rows = Plan.from_json(study.user_attrs["plan"]), []
    for place, trials in sorted(workers.by_place(study).items()):
        best = workers.foremost(trials)
        if not workers.is_settled(trials):
            continue
        reports = best.intermediate_values
        pruned, failed = (best.state is state for state in (TrialState.PRUNED, TrialState.FAIL))
        rows.append({
            "place": place, "seed": plan.seed + place,
            **{name: best.params.get(name) for name in plan.space},
            "value": reports[max(reports)] if pruned else best.value,
            "state": "failed" if failed else best.state.name.lower(),
            "steps": len(reports), "seconds": best.user_attrs.get("seconds"),
            "attempts": sum(trial.state is not TrialState.WAITING for trial in trials),
            "worker": best.user_attrs.get("worker"),
        })  # fmt: skip
    columns = ["place", "seed", *plan.space, "value", "state", "steps", "seconds", "attempts",
               "worker"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def repeat(study: optuna.Study, place: int, objective: Objective) -> float:
    """Carry out a trial's settings and seed once more, here and whole, and return its value."""
    plan = Plan.from_json(study.user_attrs["plan"])
    settings = dict(workers.foremost(workers.by_place(study)[place]).params)
    return objective(settings, plan.seed + place, lambda step, value: None)
