"""Workers in processes of their own, started as a user would, and killed while they work."""

import functools
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from mnist_utils import search
from mnist_utils.recipes import Recipe
from mnist_utils.search import Plan, RecipeObjective
from mnist_utils.sweeps import sweep

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as POSIX does")
SPACE = {"learning_rate": FloatDistribution(1e-4, 1e-1, log=True)}
PATIENCE = 240  # seconds, for a machine that is busy


def wait_for(what, processes=()):
    """Return the first true value of what(); fail if a process ends or patience does before."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := what():
            return found
        for process in processes:
            assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    raise AssertionError("waited in vain")


@contextmanager
def started(*commands):
    """Start subprocesses, and leave none behind."""
    here = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True,
               "env": os.environ | {"PYTHONPATH": here}}  # Dask's workers import this file  # fmt: skip
    processes = [subprocess.Popen([sys.executable, "-m", *command], **options)
                 for command in commands]  # fmt: skip
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def kill_in_the_middle(process, address, name):
    """SIGKILL a worker while it is at a trial, and not its first; return the trial's number and place."""
    patience = {"connect_args": {"timeout": 1}}
    study = optuna.load_study(
        study_name=name, storage=optuna.storages.RDBStorage(address, engine_kwargs=patience)
    )

    def at_a_trial():
        try:
            mine = [trial for trial in study.trials
                    if trial.user_attrs.get("worker", "").endswith(f" {process.pid}")]  # fmt: skip
        except optuna.exceptions.StorageInternalError:
            return None  # a process was stopped while it held the file's lock
        if mine and mine[0].state.is_finished() and mine[-1].state is TrialState.RUNNING:
            return mine[-1].number, mine[-1].user_attrs["place"]
        return None

    def stopped_at_a_trial():
        if not at_a_trial():
            return None
        os.kill(process.pid, signal.SIGSTOP)  # so that it can't finish while we look again
        found = at_a_trial()
        if not found:
            os.kill(process.pid, signal.SIGCONT)
        return found

    found = wait_for(stopped_at_a_trial, [process])
    process.kill()
    process.wait()
    return found


def test_killing_one_of_two_workers_on_one_storage_loses_nothing(tmp_path):
    """Two workers started by the documented command; the plan is that of one process."""
    address = f"sqlite:///{(tmp_path / 'study.db').as_posix()}"
    recipe = Recipe("softmax_regression", epochs=3, batch_size=8, train_examples=1_000)
    plan = Plan("rates", SPACE, 8)
    study = search.start(plan, address, recipe=recipe, heartbeat=1)
    command = ["mnist_utils.workers", address, "rates"]
    with started(command, command) as (one, other):
        number, place = kill_in_the_middle(one, address, "rates")
        out, _ = other.communicate(timeout=PATIENCE)
    assert other.returncode == 0, out
    assert "trials by this worker" in out
    frame = search.table(study)
    assert frame.place.tolist() == list(range(8))
    assert set(frame.state) == {"complete"}
    assert frame.attempts[place] == 2
    assert frame.attempts.sum() == 9
    assert study.trials[number].state is TrialState.FAIL
    assert frame.worker[place].endswith(f" {other.pid}")
    alone = search.table(search.run(plan, RecipeObjective(recipe)))
    assert frame.learning_rate.tolist() == alone.learning_rate.tolist()
    np.testing.assert_allclose(frame.value, alone.value, atol=4e-4)  # threads round differently


def work_and_die(settings, seed, report, *, folder, fatal):
    """An objective that kills its process at one trial, the first time."""
    marker = Path(folder, "killed")
    if seed == fatal and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    report(1, settings["learning_rate"])
    return settings["learning_rate"] + seed


def test_killing_a_local_process_of_a_search_loses_nothing(tmp_path):
    objective = functools.partial(work_and_die, folder=str(tmp_path), fatal=3)
    frame = search.table(search.run(Plan("p", SPACE, 8), objective, processes=2, heartbeat=1))
    assert (tmp_path / "killed").exists()
    assert frame.place.tolist() == list(range(8))
    assert set(frame.state) == {"complete"}
    assert frame.attempts[3] == 2
    alone = search.table(search.run(Plan("p", SPACE, 8), objective))
    assert frame.value.tolist() == alone.value.tolist()


def slow_square(seed, folder, fatal=None):
    """An experiment that notes each call, and may kill its process, the first time."""
    calls = len(list(Path(folder).glob(f"{seed}-*")))
    Path(folder, f"{seed}-{os.getpid()}-{calls}").touch()
    time.sleep(0.3)
    if seed == fatal and not calls:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"square": seed**2}


def test_killing_a_local_process_of_a_sweep_repeats_only_what_was_lost(tmp_path):
    settings = [{"folder": str(tmp_path), "fatal": 4}]
    frame = sweep(slow_square, settings, seeds=range(8), processes=2)
    assert frame.square.tolist() == [seed**2 for seed in range(8)]
    calls = sorted(int(file.name.partition("-")[0]) for file in tmp_path.iterdir())
    assert calls.count(4) == 2
    assert len(calls) <= 10  # joblib ends the other process too, so two calls may be lost


def test_killing_a_dask_worker_loses_nothing(tmp_path):
    """Scheduler and workers started by the documented commands; first a sweep, then a search."""
    from dask.distributed import Client
    from joblib import parallel_config

    file, notes = str(tmp_path / "scheduler.json"), tmp_path / "notes"
    notes.mkdir()
    scheduler = ["dask", "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", file]
    worker = ["dask", "worker", "--scheduler-file", file, "--nthreads", "1", "--no-nanny",
              "--no-dashboard", "--local-directory", str(tmp_path)]  # fmt: skip
    with started(scheduler, worker, worker) as running, Client(scheduler_file=file) as client:
        wait_for(lambda: len(client.scheduler_info()["workers"]) == 2, running)
        pids = set(client.run(os.getpid).values())
        assert pids == {process.pid for process in running[1:]}
        with parallel_config("dask"):
            frame = sweep(slow_square, [{"folder": str(notes), "fatal": 5}], seeds=range(10))
            assert frame.square.tolist() == [seed**2 for seed in range(10)]
            by = {note.name.split("-")[1] for note in notes.glob("5-*")}
            assert len(by) == 2  # two processes have tried it
            assert len(client.scheduler_info()["workers"]) == 1
            with started(worker):
                wait_for(lambda: len(client.scheduler_info()["workers"]) == 2)
                address = f"sqlite:///{(tmp_path / 'study.db').as_posix()}"
                objective = functools.partial(work_and_die, folder=str(tmp_path), fatal=6)
                study = search.run(Plan("p", SPACE, 12), objective, storage=address, processes=2,
                                   heartbeat=1)  # fmt: skip
                assert len(client.scheduler_info()["workers"]) == 1
    table = search.table(study)
    assert table.place.tolist() == list(range(12))
    assert set(table.state) == {"complete"}
    assert table.attempts[6] == 2
    assert table.value.tolist() == (table.learning_rate + table.seed).tolist()
