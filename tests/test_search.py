"""Searches in one process; workers that are killed are in test_scale_out.py."""

import contextlib
import math
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from mnist_utils import search, storages, workers
from mnist_utils.recipes import Recipe
from mnist_utils.search import Plan, RecipeObjective

SPACE = {"rate": FloatDistribution(1e-4, 1.0, log=True), "units": IntDistribution(1, 64),
         "kind": CategoricalDistribution(["a", "b", "c"])}  # fmt: skip


def hill(settings, seed, report):
    """A stand-in for a training: three steps towards a value that settings and seed decide."""
    value = -abs(math.log10(settings["rate"]) + 2) - (settings["kind"] == "b") + seed * 1e-9
    for step in range(1, 4):
        report(step, value * (1 + 1 / step))
    return value


def plan(**changes):
    return Plan(**{"name": "hill", "space": SPACE, "trials": 12} | changes)


def test_a_trial_has_a_heartbeat_before_its_objective_begins(tmp_path, monkeypatch):
    """Else a worker that is killed at once is never missed, and the others wait for ever."""
    monkeypatch.setattr(optuna.study._optimize, "get_heartbeat_thread",
                        lambda *_: contextlib.nullcontext())  # fmt: skip
    file, beats = tmp_path / "study.db", []

    def objective(settings, seed, report):
        with contextlib.closing(sqlite3.connect(file)) as database:
            beats.append(database.execute("SELECT COUNT(*) FROM trial_heartbeats").fetchone()[0])
        return 0.0

    search.run(plan(trials=3), objective, storage=f"sqlite:///{file.as_posix()}")
    assert beats == [1, 2, 3]


def test_every_place_is_filled_and_the_plan_decides_everything():
    first, again = (search.table(search.run(plan(), hill)) for _ in range(2))
    assert first.place.tolist() == list(range(12))
    assert first.seed.tolist() == list(range(12))
    assert set(first.state) == {"complete"}
    assert set(first.steps) == {3}
    assert set(first.attempts) == {1}
    changing = ["seconds", "worker"]
    assert first.drop(columns=changing).equals(again.drop(columns=changing))
    assert first.rate.nunique() == 12
    assert set(first.kind) == {"a", "b", "c"}
    other = search.table(search.run(plan(seed=5), hill))
    assert other.rate[0] == first.rate[5]  # the seed of place 0 is 5
    assert first.value.tolist() == [hill(row, row["seed"], lambda *a: None)
                                    for row in first.to_dict("records")]  # fmt: skip


@pytest.mark.parametrize("method", ["random", "tpe"])
@pytest.mark.parametrize("pruner", ["none", "median", "halving"])
def test_methods_and_pruners(method, pruner):
    study = search.run(plan(method=method, pruner=pruner, trials=20, startup=6), hill)
    frame = search.table(study)
    assert len(frame) == 20
    assert set(frame.state) == ({"complete"} if pruner == "none" else {"complete", "pruned"})
    stopped = frame[frame.state == "pruned"]
    assert (stopped.steps < 3).all() or pruner == "halving"  # which looks at the last step too
    assert stopped.value.notna().all()
    assert study.best_value == frame[frame.state == "complete"].value.max()
    random = search.table(search.run(plan(trials=20), hill))
    same = (frame.rate == random.rate).tolist()
    assert same == ([True] * 20 if method == "random" else [True] * 6 + [False] * 14)


def test_tpe_draws_closer_to_the_best_setting():
    random, tpe = (search.table(search.run(plan(method=method, trials=40), hill))
                   for method in ("random", "tpe"))  # fmt: skip
    assert tpe.value[10:].median() > random.value[10:].median()


def test_a_budget_of_steps_ends_the_search():
    frame = search.table(search.run(plan(trials=100, steps=20, pruner="median"), hill))
    assert 20 <= frame.steps.sum() <= 22
    assert len(frame) < 20
    whole = search.table(search.run(plan(trials=100, steps=20), hill))
    assert whole.steps.tolist() == [3] * 7


def test_a_stored_search_goes_on_where_it_stopped(tmp_path):
    address, calls = f"sqlite:///{(tmp_path / 'a.db').as_posix()}", []

    def stops(settings, seed, report):
        if len(calls) == 5:
            raise KeyboardInterrupt
        calls.append(seed)
        return hill(settings, seed, report)

    with pytest.raises(KeyboardInterrupt):
        search.run(plan(), stops, storage=address, heartbeat=1)
    half = optuna.load_study(study_name="hill", storage=address)
    assert len(search.table(half)) == 5
    empty = search.table(search.start(plan(name="nothing settled"), address))
    assert empty.empty
    assert list(empty) == list(search.table(half))
    study = search.run(plan(), hill, storage=address, heartbeat=1)
    frame, straight = search.table(study), search.table(search.run(plan(), hill))
    columns = ["place", "rate", "units", "kind", "value"]
    assert frame[columns].equals(straight[columns])
    assert frame.attempts.tolist() == [1] * 5 + [2] + [1] * 6  # the interrupted one came back
    again = search.run(plan(), None, storage=address, heartbeat=1)  # nothing is left to do
    assert len(again.trials) == 13


def test_another_plan_under_the_same_name_is_refused(tmp_path):
    address = f"sqlite:///{(tmp_path / 'a.db').as_posix()}"
    search.start(plan(), address)
    search.start(plan(), address, recipe=Recipe("softmax_regression"))  # the same, and a recipe
    for other, recipe, heartbeat in ((plan(trials=13), None, 10), (plan(), Recipe("cnn_fast"), 10),
                                     (plan(), None, 3)):  # fmt: skip
        with pytest.raises(
            ValueError, match=r"has a study 'hill' with another (plan|recipe|heart)"
        ):
            search.start(other, address, recipe=recipe, heartbeat=heartbeat)


@pytest.mark.parametrize(("change", "message"), [
    ({"method": "grid"}, "method must be one of"),
    ({"pruner": "hyperband"}, "pruner must be one of"),
    ({"trials": 0}, "trials must be an integer of at least 1"),
    ({"trials": 2.0}, "trials must be an integer"),
    ({"steps": 0}, "steps must be an integer of at least 1"),
    ({"startup": True}, "startup must be an integer"),
    ({"seed": -1}, "seed must be an integer of at least 0"),
    ({"space": {}}, "an Optuna distribution for at least one"),
    ({"space": {"rate": (0, 1)}}, "an Optuna distribution for at least one"),
])  # fmt: skip
def test_impossible_plans_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        plan(**change)


def test_plans_survive_as_text():
    some = plan(method="tpe", steps=9)
    assert Plan.from_json(some.as_json()) == some
    assert list(Plan.from_json(some.as_json()).space) == list(SPACE)
    recipe = Recipe("softmax_regression", betas=(0.8, 0.9))
    study = search.start(plan(), recipe=recipe)
    assert RecipeObjective.from_json(study.user_attrs["recipe"]) == RecipeObjective(recipe)


def test_an_error_is_passed_on_and_counts_as_failed():
    def fails(settings, seed, report):
        if seed == 2:
            raise ZeroDivisionError("on purpose")
        return hill(settings, seed, report)

    study = search.start(plan())
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        workers.work(study, fails)
    assert len(search.table(study)) == 3
    workers.work(study, fails)  # the others; what failed by itself is not tried again
    frame = search.table(study)
    assert frame.state.tolist() == ["complete"] * 2 + ["failed"] + ["complete"] * 9
    assert math.isnan(frame.value[2])
    assert study.trials[2].user_attrs["error"] == "ZeroDivisionError: on purpose"


def test_a_worker_that_was_taken_for_dead_goes_on(tmp_path):
    """Suspended for longer than the heartbeats allow, it finds its trial in other hands."""
    address, losses = f"sqlite:///{(tmp_path / 'a.db').as_posix()}", []

    def suspended(settings, seed, report):
        if seed == 1 and not losses:
            losses.append(seed)
            elsewhere = optuna.load_study(study_name="hill", storage=address)
            number = next(t.number for t in elsewhere.trials if t.state is TrialState.RUNNING)
            elsewhere.tell(number, state=TrialState.FAIL)
            storages.put_back(elsewhere, elsewhere.trials[number])
        return hill(settings, seed, report)

    frame = search.table(search.run(plan(trials=4), suspended, storage=address, heartbeat=1))
    assert frame.state.tolist() == ["complete"] * 4
    assert frame.attempts.tolist() == [1, 2, 1, 1]
    assert frame.rate.tolist() == search.table(search.run(plan(trials=4), hill)).rate.tolist()


def test_a_trial_that_kills_every_worker_is_given_up():
    study = search.start(plan(trials=1))
    for _ in range(storages.ATTEMPTS):
        trial = study.ask()
        assert trial.user_attrs["place"] == 0
        study.tell(trial, state=TrialState.FAIL)
        storages.put_back(study, study.trials[trial.number])
    assert workers.work(study, hill) == 0
    frame = search.table(study)
    assert frame.state.tolist() == ["failed"]
    assert frame.attempts.tolist() == [storages.ATTEMPTS]


def test_one_worker_alone_gets_a_trial(tmp_path):
    """Four connections to one SQLite file ask for the same waiting trial at the same moment."""
    address, trials = f"sqlite:///{(tmp_path / 'a.db').as_posix()}", 100
    study = search.start(plan(trials=trials), address)
    connections = [storages.open_storage(address, 10) for _ in range(4)]
    together = threading.Barrier(len(connections), timeout=60)

    def take(storage) -> list[bool]:
        taken = []
        for trial in study.trials:
            together.wait()
            taken.append(storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING))
        return taken

    with ThreadPoolExecutor(len(connections)) as pool:
        taken = np.array(list(pool.map(take, connections)))
    assert taken.sum(axis=0).tolist() == [1] * trials
    assert all(trial.state is TrialState.RUNNING for trial in study.trials)
    assert all(trial.datetime_start for trial in study.trials)
    assert not connections[0].set_trial_state_values(study.trials[0]._trial_id, TrialState.RUNNING)
    study.tell(0, 1.0)
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        connections[0].set_trial_state_values(study.trials[0]._trial_id, TrialState.RUNNING)


def test_one_worker_alone_puts_a_lost_trial_back(tmp_path):
    """Four that have seen the same trials lost, killed before their first sign of life."""
    address, trials = f"sqlite:///{(tmp_path / 'a.db').as_posix()}", 20
    search.start(plan(trials=trials), address, heartbeat=1)
    study = optuna.load_study(study_name="hill", storage=address)
    for _ in range(trials):
        study.ask()
    rescuers = [optuna.load_study(study_name="hill", storage=storages.open_storage(address, 1))
                for _ in range(4)]  # fmt: skip
    together = threading.Barrier(len(rescuers), timeout=60)

    def rescue(rescuer) -> None:
        places = workers.by_place(rescuer)
        for place, lost in places.items():
            together.wait()
            workers._rescue(rescuer, {place: lost}, {(lost[0].number, True): -math.inf})

    with ThreadPoolExecutor(len(rescuers)) as pool:
        list(pool.map(rescue, rescuers))
    assert [trial.state for trial in study.trials[:trials]] == [TrialState.FAIL] * trials
    assert all(trial.datetime_complete for trial in study.trials[:trials])
    again = [trial.user_attrs["place"] for trial in study.trials[trials:]]
    assert sorted(again) == list(range(trials))


def test_a_trial_that_ends_while_it_is_rescued_is_not_put_back(tmp_path):
    address = f"sqlite:///{(tmp_path / 'a.db').as_posix()}"
    search.start(plan(trials=1), address, heartbeat=1)
    study = optuna.load_study(study_name="hill", storage=address)
    trial = study.ask()
    seen = workers.by_place(study)
    study.tell(trial, 1.0)
    workers._rescue(study, seen, {(trial.number, True): -math.inf})
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE]


@pytest.mark.parametrize("begun", [False, True])
def test_what_heartbeats_miss_is_put_back(monkeypatch, begun):
    """A worker killed before a trial's first sign of life, or while it put one back."""
    study = search.start(plan(trials=2), heartbeat=1)
    trial = study.ask()
    if begun:
        study.tell(trial, state=TrialState.FAIL)
    monkeypatch.setattr(workers, "GRACE", 0)
    assert workers.work(study, hill) == 2
    frame = search.table(study)
    assert frame.state.tolist() == ["complete"] * 2
    assert frame.attempts.tolist() == [2, 1]


def test_clocks_of_other_machines_do_not_matter(tmp_path):
    """A trial that a worker has just taken, by a clock an hour behind, is left to it."""
    address = f"sqlite:///{(tmp_path / 'a.db').as_posix()}"
    search.start(plan(trials=1), address, heartbeat=1)
    study = optuna.load_study(study_name="hill", storage=address)
    other = study.ask()
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute("UPDATE trials SET datetime_start = datetime(datetime_start, '-1 hour')")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(workers.serve, address, "hill", hill)
        time.sleep(1)
        other.set_user_attr("begun", other.number)
        study.tell(other, 1.0)
        assert waiting.result(timeout=60) == {"taken": 0}
    assert search.table(study).value.tolist() == [1.0]


def test_places_that_two_have_filled_are_carried_out_once(monkeypatch):
    """Two call `start` at the same moment, and neither sees the other's trials."""
    once, calls = optuna.Study.enqueue_trial, []

    def twice(*arguments, **named):
        once(*arguments, **named)
        once(*arguments, **named)

    monkeypatch.setattr(optuna.Study, "enqueue_trial", twice)
    study = search.start(plan(trials=6))
    monkeypatch.undo()

    def objective(settings, seed, report):
        calls.append(seed)
        return hill(settings, seed, report)

    assert workers.work(study, objective) == 6
    assert calls == list(range(6))
    frame = search.table(study)
    assert frame.state.tolist() == ["complete"] * 6
    assert frame.attempts.tolist() == [1] * 6
    assert frame.rate.tolist() == search.table(search.run(plan(trials=6), hill)).rate.tolist()


def test_recipe_is_trained_as_by_fit_and_pruned_between_epochs(data):
    from mnist_utils.training import fit

    recipe = Recipe("softmax_regression", epochs=3, batch_size=32, train_examples=200)
    space = {"learning_rate": FloatDistribution(1e-5, 1e-2, log=True)}
    small = Plan("rates", space, 6, pruner="median")
    study = search.run(small, RecipeObjective(recipe))
    frame = search.table(study)
    assert set(frame.state) <= {"complete", "pruned"}
    assert (frame.steps <= 3).all()
    row = frame[frame.state == "complete"].iloc[-1]
    direct = fit(Recipe("softmax_regression", epochs=3, batch_size=32, train_examples=200,
                        learning_rate=row.learning_rate, seed=int(row.seed)), data)  # fmt: skip
    assert row.value == pytest.approx(direct.history["val_accuracy"][-1], abs=1e-6)
    assert search.repeat(study, int(row.place), RecipeObjective(recipe)) == row.value
    assert list(study.trials[int(row.place)].intermediate_values) == [1, 2, 3]


def test_workers_need_a_study_with_a_recipe(tmp_path):
    address = f"sqlite:///{(tmp_path / 'a.db').as_posix()}"
    search.start(plan(), address)
    with pytest.raises(ValueError, match="keeps no recipe"):
        workers.serve(address, "hill", None)
    with pytest.raises(KeyError):
        workers.serve(address, "valley", None)
    optuna.create_study(study_name="plain", storage=address)
    with pytest.raises(ValueError, match=r"'plain' was not made by search\.start"):
        workers.serve(address, "plain", hill)
    for heartbeat in (0, 1.5, True):
        with pytest.raises(ValueError, match="heartbeat must be an integer of at least 1"):
            search.start(plan(), heartbeat=heartbeat)


@pytest.mark.parametrize(("address", "message"), [
    ("sqlite:///{folder}/nowhere.db", "there is no such file"),
    ("sqlite:///{folder}/empty.db", "hill"),
    ("sqlite:///{folder}/text.db", "not a database"),
    ("no-address", "Could not parse"),
    ("oracle+nodriver://host/base", "nodriver"),
])  # fmt: skip
def test_the_command_says_what_is_wrong_with_a_storage(
    tmp_path, capsys, monkeypatch, address, message
):
    (tmp_path / "text.db").write_text("this is no database, but some text\n" * 100)
    search.start(plan(name="valley"), f"sqlite:///{(tmp_path / 'empty.db').as_posix()}")
    address = address.format(folder=tmp_path.as_posix())
    monkeypatch.setattr("sys.argv", ["workers", address, "hill"])
    with pytest.raises(SystemExit, match="2"):
        workers.main()
    assert message in capsys.readouterr().err
    assert not (tmp_path / "nowhere.db").exists()
