"""A notebook's parameters, checked in one place before anything is trained with them.

`papermill -p EPOCHS many` puts whatever it is given into the notebook; without a check the mistake
would show up minutes later, in a cell that says nothing of EPOCHS.
"""

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

KINDS = {int: "a whole number", float: "a number"}


def check(values: Mapping[str, Any], **limits: Sequence) -> None:
    """Stop with one clear sentence if a parameter has a wrong type or lies outside its limits.

        parameters.check(globals(), SEED=(0, 9_999), EPOCHS=(1, 50), RATE=(0.0, 1.0))

    Args:
        values: the parameters by name; in a notebook, globals().
        limits: for each parameter (lowest, highest), both allowed: two integers for a whole
            number, a float among them for any number. A list instead names every value allowed.
            (lowest, highest, None) allows None as well.

    Raises:
        ValueError: naming every parameter that is wrong, what was expected and what came.
        TypeError: if limits have another form, which is a mistake of the notebook's author.
    """
    problems = [problem for name, limit in limits.items()
                if (problem := _problem(values, name, limit))]  # fmt: skip
    if problems:
        raise ValueError("; ".join(problems))


def _problem(values: Mapping[str, Any], name: str, limit: Sequence) -> str | None:
    if name not in values:
        return f"{name} is not set: run the cell that sets the parameters first"
    value, expected = values[name], _describe(name, limit)
    return None if _fits(value, limit) else f"{name} must be {expected}, got {_show(value)}"


def _fits(value: Any, limit: Sequence) -> bool:
    if isinstance(limit, list):
        return any(type(value) is type(allowed) and value == allowed for allowed in limit)
    if value is None:
        return len(limit) == 3
    kind = Integral if _kind(limit) is int else Real
    if isinstance(value, bool) or not isinstance(value, kind):
        return False
    return bool(limit[0] <= value <= limit[1])  # False for nan


def _kind(limit: Sequence) -> type:
    return float if any(isinstance(bound, float) for bound in limit) else int


def _describe(name: str, limit: Sequence) -> str:
    if isinstance(limit, list) and limit:
        return "one of " + ", ".join(map(repr, limit))
    bounds, more = limit[:2], limit[2:]
    plain = [isinstance(bound, int | float) and not isinstance(bound, bool) for bound in bounds]
    if not isinstance(limit, tuple) or plain != [True, True] or more not in ((), (None,)):
        raise TypeError(f"the limits of {name} must be (lowest, highest), (lowest, highest, None) or a "
                        f"list of values, got {limit!r}")  # fmt: skip
    low, high = (f"{bound:,}" for bound in bounds)
    return f"{KINDS[_kind(limit)]} from {low} to {high}" + (", or None" if more else "")


def _show(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value!r:.60}"
    kind = "" if isinstance(value, int | float) else f"{type(value).__name__} "
    return f"{kind}{value!r:.60}"
