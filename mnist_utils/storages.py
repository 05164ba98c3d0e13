"""Where a search keeps its trials: Optuna's storages, with heartbeats and trials that come back."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import optuna
from optuna.storages._rdb.models import TrialModel
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import update

ATTEMPTS = 4  # of a trial whose workers are killed, before it is given up
GRACE = 5  # heartbeats that may be missed


@contextmanager
def quiet() -> Iterator[None]:
    """Keep back Optuna's messages, and its warnings that heartbeats are experimental."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)


def open_storage(address: str | None, heartbeat: int) -> optuna.storages.BaseStorage:
    """Return Optuna's storage at a database's address, with heartbeats; None for memory."""
    if address is None:
        return optuna.storages.InMemoryStorage()
    patience = {"connect_args": {"timeout": 60}} if address.startswith("sqlite") else {}
    with quiet():
        return _Storage(
            address, engine_kwargs=patience, heartbeat_interval=heartbeat,
            grace_period=GRACE * heartbeat, heartbeat_stale_trial_callback=put_back,
        )  # fmt: skip


class _Storage(optuna.storages.RDBStorage):
    """Optuna's database storage, in which one worker alone takes or fails a trial, on SQLite too.

    Optuna reads the trial's state, then writes it, under a SELECT FOR UPDATE, which SQLite does not
    know: two workers can take the same trial, or both fail it and put it back. Here reading and
    writing are one statement.
    """

    def set_trial_state_values(self, trial_id, state, values=None) -> bool:
        if state in (TrialState.RUNNING, TrialState.FAIL) and values is None:
            if state is TrialState.RUNNING:
                before, time = TrialState.WAITING, {"datetime_start": datetime.now()}
            else:
                before, time = TrialState.RUNNING, {"datetime_complete": datetime.now()}
            change = update(TrialModel).values(state=state, **time)
            change = change.where(TrialModel.trial_id == trial_id, TrialModel.state == before)
            with self.engine.begin() as connection:
                if connection.execute(change).rowcount:
                    return True
        return super().set_trial_state_values(trial_id, state, values)


def fail(study: optuna.Study, trial: FrozenTrial) -> bool:
    """Mark a running trial failed; return False if another worker has finished it by now."""
    try:
        return study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
    except optuna.exceptions.UpdateFinishedTrialError:
        return False


def put_back(study: optuna.Study, trial: FrozenTrial) -> None:
    """Put a lost trial back into the queue, with its place and what it had drawn so far."""
    if trial.user_attrs.get("place") is not None:
        with quiet():
            retry = optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=ATTEMPTS - 1)
            retry(study, trial)
