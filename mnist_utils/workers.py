"""Workers of a search: each takes trials from a shared storage until the plan is carried out.

    python -m mnist_utils.workers STORAGE NAME        for a study that search.start has made

Start as many as there are cores, on as many machines as can reach the storage; stop or kill any
of them at any time. A trial gives a sign of life every few seconds (Optuna's heartbeat, which only
its database storage has). Where the signs stop, another worker marks the trial failed and puts it
back into the queue.
"""

import argparse
import os
import platform
import sys
import time
from collections import defaultdict

import optuna
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from mnist_utils.plans import PRUNERS, Plan
from mnist_utils.storages import ATTEMPTS, GRACE, fail, open_storage, put_back, quiet

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
Places = dict[int, list[FrozenTrial]]


class NothingLeftError(Exception):
    """Another worker was quicker to take the last waiting trial."""


def serve(address: str, name: str, objective, seed: int = 0) -> dict[str, int]:
    """Work on a study that has been started, as a task of `sweeps.sweep`.

    Args:
        address: of the storage.
        name: of the study.
        objective: as `search.run` takes it; None for that of the recipe that the study keeps.
        seed: only numbers the workers.

    Returns:
        {"taken": how many trials this worker took}.

    Raises:
        KeyError: if the storage has no such study.
        ValueError: if the study was not made by `search.start`, or if no objective is given and
            it keeps no recipe.
    """
    with quiet():
        about = optuna.load_study(study_name=name, storage=address).user_attrs
        if not {"plan", "heartbeat"} <= about.keys():
            raise ValueError(f"the study {name!r} was not made by search.start")
        heartbeat = about["heartbeat"]
        study = optuna.load_study(study_name=name, storage=open_storage(address, heartbeat))
    if objective is None:
        from mnist_utils.search import RecipeObjective

        if not study.user_attrs.get("recipe"):
            raise ValueError(f"the study {name!r} keeps no recipe; give its workers an objective")
        objective = RecipeObjective.from_json(study.user_attrs["recipe"])
    return {"taken": work(study, objective)}


def work(study: optuna.Study, objective, *, pause: float = 0.2) -> int:
    """Take trials until every place of the study's plan is settled; return how many were taken.

    Args:
        study: as `search.start` returns it.
        objective: as `search.run` takes it. What it raises is passed on, and its trial failed.
        pause: seconds between two looks while other workers' trials are all that is left.
    """
    plan, taken, missed = Plan.from_json(study.user_attrs["plan"]), [], {}
    study.pruner = PRUNERS[plan.pruner]()
    with quiet():
        while True:
            optuna.storages.fail_stale_trials(study)
            places = by_place(study)
            _rescue(study, places, missed)
            best = [foremost(trials) for trials in places.values()]
            states = {trial.state for trial in best}
            used = sum(len(t.intermediate_values) for t in best if t.state is not TrialState.FAIL)
            used_up = plan.steps is not None and used >= plan.steps
            if TrialState.WAITING not in states or used_up:
                settled = len(places) == plan.trials and all(map(is_settled, places.values()))
                if settled or (used_up and TrialState.RUNNING not in states):
                    return len(taken)
                time.sleep(pause)  # others' trials are left, and may come back
                continue
            try:
                study.optimize(lambda trial: _carry_out(trial, plan, objective, taken), n_trials=1,
                               catch=NothingLeftError)  # fmt: skip
            except Exception:
                if not taken or study.trials[taken[-1]].user_attrs.get("error"):
                    raise  # else this worker was taken for dead, and the trial is another one's


def by_place(study: optuna.Study) -> Places:
    """Return the trials of each of the plan's places: one, and more where some were lost."""
    places = defaultdict(list)
    for trial in study.get_trials(deepcopy=False):
        if trial.user_attrs.get("place") is not None:
            places[trial.user_attrs["place"]].append(trial)
    return dict(places)


def foremost(trials: list[FrozenTrial]) -> FrozenTrial:
    """Return the trial that speaks for its place: a finished one, else a live one, else a failed."""

    def rank(trial: FrozenTrial) -> tuple[bool, bool, int]:
        failed = trial.state is TrialState.FAIL
        return trial.state not in FINISHED, failed, -trial.number if failed else trial.number

    return min(trials, key=rank)


def is_settled(trials: list[FrozenTrial]) -> bool:
    """Return whether a place has a finished trial, or failed ones and none that is to come."""
    best = foremost(trials)
    if best.state is TrialState.FAIL:
        return any(t.user_attrs.get("error") for t in trials) or len(trials) >= ATTEMPTS
    return best.state in FINISHED


def _carry_out(trial: optuna.Trial, plan: Plan, objective, taken: list[int]) -> float:
    place = trial.user_attrs.get("place")
    if place is None:
        raise NothingLeftError
    if any(
        other.number < trial.number and other.state in (*FINISHED, TrialState.RUNNING)
        for other in by_place(trial.study)[place]
    ):  # two that began the study filled it twice
        trial.set_user_attr("place", None)
        raise NothingLeftError
    taken.append(trial.number)
    trial.set_user_attr("worker", f"{platform.node()} {os.getpid()}")
    storage = trial.study._storage  # Optuna wraps the one that it was given
    if hasattr(storage, "record_heartbeat"):
        storage.record_heartbeat(trial._trial_id)  # Optuna's thread may be late
    trial.set_user_attr("begun", trial.number)  # from here on, the heartbeats tell of a death
    trial.study.sampler = plan.sampler(place)
    started = time.perf_counter()

    def report(step: int, value: float) -> None:
        trial.report(value, step)
        if trial.should_prune():
            trial.set_user_attr("seconds", time.perf_counter() - started)
            raise optuna.TrialPruned

    try:
        value = objective(plan.suggest(trial), plan.seed + place, report)
    except optuna.TrialPruned:
        raise
    except Exception as error:
        trial.set_user_attr("error", f"{type(error).__name__}: {error}")
        raise
    trial.set_user_attr("seconds", time.perf_counter() - started)
    return value


def _rescue(study: optuna.Study, places: Places, missed: dict[tuple[int, bool], float]) -> None:
    """Put back what heartbeats miss: workers killed just before the first, or while putting back.

    By this worker's clock alone, since others' clocks may differ: missed has the time at which it
    first saw that a trial is in nobody's hands, by its number and whether it runs.
    """
    now, patience = time.monotonic(), GRACE * study.user_attrs["heartbeat"]
    for trials in places.values():
        best = foremost(trials)
        running = best.state is TrialState.RUNNING
        if running and best.user_attrs.get("begun") == best.number:
            continue  # heartbeats tell of it
        if not running and (best.state is TrialState.WAITING or is_settled(trials)):
            continue
        if now - missed.setdefault((best.number, running), now) >= patience:
            if running and not fail(study, best):
                continue  # its worker or another one was quicker
            put_back(study, best)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m mnist_utils.workers",
                                     description=__doc__.splitlines()[0])  # fmt: skip
    parser.add_argument("storage", help="a database's address, such as sqlite:///search.db")
    parser.add_argument("name", help="of the study, which search.start has made there")
    options = parser.parse_args()
    from mnist_utils.sweeps import use_one_thread

    use_one_thread()
    try:
        url = make_url(options.storage)
        if url.get_backend_name() == "sqlite" and not os.path.isfile(url.database or ""):
            raise ValueError("there is no such file; search.start makes it")
        taken = serve(options.storage, options.name, None)["taken"]
    except KeyError:
        parser.error(
            f"{options.storage}: there is no study {options.name!r}; search.start makes it"
        )
    except (ValueError, ImportError, SQLAlchemyError) as error:
        parser.error(f"{options.storage}: {error.args[0]}")
    print(f"{taken} trials by this worker")
    return 0


if __name__ == "__main__":
    sys.exit(main())
