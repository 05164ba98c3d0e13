"""Automatic checks of the notebooks' exercises: *not attempted yet*, *correct*, or a hint.

A check never raises, so that Run All goes through whatever the answer is. The checks of notebook
NN stand in the module notebook_NN; each is a function of the answer that returns a hint, or None
if the answer is right.
"""

import importlib
from collections.abc import Callable
from typing import Any

Check = Callable[[Any], str | None]
CHECKS: dict[str, Check] = {}


def exercise(number: str) -> Callable[[Check], Check]:
    """Register a check under its exercise's number, such as "4.1"."""

    def register(function: Check) -> Check:
        CHECKS[number] = function
        return function

    return register


def check(number: str, answer: Any) -> None:
    """Print whether the answer to an exercise is right, with a hint if it is not.

    Args:
        number: the exercise's number, such as "4.1".
        answer: the answer; None means that it has not been attempted yet.
    """
    print(f"Exercise {number}: {verdict(number, answer)}")


def verdict(number: str, answer: Any) -> str:
    """Return what `check` prints: "not attempted yet", "correct", or "not yet" with a hint."""
    known = exercises(str(number).partition(".")[0])
    if number not in known:
        return f"there is no such exercise; expected one of {', '.join(known) or 'none'}"
    if answer is None:
        return "not attempted yet"
    try:
        hint = CHECKS[number](answer)
    except (Exception, SystemExit) as error:  # an answer may be anything; a check must never raise
        hint = f"the check could not use your answer ({_describe(error)})"
    return "correct" if hint is None else f"not yet. {hint}"


def _describe(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # an error of the answer's own making may not even have a text
        return type(error).__name__


def exercises(notebook: str) -> list[str]:
    """Return the numbers of a notebook's exercises, given "4" or "04"."""
    if not (notebook.isascii() and notebook.isdigit() and len(notebook) <= 2):
        return []
    try:
        importlib.import_module(f"{__name__}.notebook_{int(notebook):02d}")
    except ModuleNotFoundError:
        return []
    return [number for number in CHECKS if number.partition(".")[0] == str(int(notebook))]
