"""The test-set ledger: which models have been read on the test set in this kernel session.

A test accuracy is a fair forecast only of a model that was chosen before the test set was looked
at. The ledger remembers each look, and says so when a model turns up after one.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mnist_utils.data import Split
from mnist_utils.evaluation.inputs import ask, check_digits, check_probabilities
from mnist_utils.evaluation.intervals import Accuracy, accuracy


@dataclass(frozen=True)
class _Reading:
    test_set: str  # checksum
    look: int
    name: str
    answers: np.ndarray  # (n,), digits
    accuracy: Accuracy


_readings: list[_Reading] = []


def evaluate_once(models: Mapping[str, Any], test: Split) -> dict[str, Accuracy]:
    """Read the test accuracy of models that have been chosen, all in one look.

    Name every model that you want to compare in the same call: the first look is blind for all of
    them. The same model may be read again, as when a cell is run twice. One that turns up after
    a look, or answers otherwise than at its first reading, gets its accuracy too, and one printed
    sentence that says what it is worth now.

    Args:
        models: name of the recipe or choice to what is read: a keras.Model, or any function of
            images (n, 28, 28), that gives probabilities (n, 10) or digits (n,); or these
            probabilities or digits themselves.
        test: the split to read, `data.test`; reading it is announced where it happens. Another
            split has a ledger of its own.

    Returns:
        Accuracy by name, in the order given: share, 95% interval, correct and total.

    Raises:
        ValueError: if no model is given, or what one gives is not such probabilities or digits.
    """
    if not isinstance(models, Mapping) or not models:
        raise ValueError(
            'models must be a dictionary of names and models, such as {"cnn": model}, with at '
            f"least one; got {models!r:.80}"
        )
    answers = {name: _answers(name, model, test) for name, model in models.items()}
    test_set = hashlib.sha256(np.ascontiguousarray(test.images))
    test_set.update(np.ascontiguousarray(test.labels))
    earlier = [reading for reading in _readings if reading.test_set == test_set.hexdigest()]
    look = 1 + max((reading.look for reading in earlier), default=0)
    found = {}
    for name, given in answers.items():
        same_name = [reading for reading in earlier if reading.name == name]
        known = next((r for r in same_name if np.array_equal(r.answers, given)), None)
        if known is None:
            result = accuracy(test.labels, given)
            known = _Reading(test_set.hexdigest(), look, name, given, result)
            _readings.append(known)
            if earlier:
                _point_out(name, given, same_name, earlier)
        found[name] = known.accuracy
    return found


def list_readings() -> pd.DataFrame:
    """Return every reading of this kernel session, in order; a new kernel starts a new ledger.

    Returns:
        One row a reading. Columns: look, 1 for a test set's first; name; accuracy, a fraction;
        low and high, its 95% interval; images; blind, False where the model came after a look.
    """
    columns = ["look", "name", "accuracy", "low", "high", "images", "blind"]
    rows = [(r.look, r.name, r.accuracy.share, *r.accuracy.interval, r.accuracy.total, r.look == 1)
            for r in _readings]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _answers(name: str, model, test: Split) -> np.ndarray:
    """Return the digits (n,) that a model, or what stands for one, gives for the test images."""
    given = ask(model, test.images) if callable(model) else np.asarray(model)
    try:
        if given.ndim == 2:
            given = check_probabilities(given, length=len(test.labels)).argmax(axis=1)
        return check_digits("digits", given, length=len(test.labels))
    except ValueError as error:
        raise ValueError(f"{name!r} must give probabilities (n, 10) or digits (n,) "
                         f"for the {len(test.labels):,} test images: {error}") from error  # fmt: skip


def _point_out(name: str, answers: np.ndarray, same_name: list, earlier: list) -> None:
    if same_name:
        changed = int((same_name[0].answers != answers).sum())
        what = f"answers {changed:,} images otherwise than when it was first read"
    else:
        first = ", ".join(repr(reading.name) for reading in earlier if reading.look == 1)
        what = f"was read after the test set had been opened for {first}"
    print(f"Note: {name!r} {what}, so its accuracy may flatter it: quote the first reading, "
          "or confirm this one on images that played no part in the choice.")  # fmt: skip
