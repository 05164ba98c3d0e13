"""Checks of notebook 08's exercises."""

import numpy as np

from mnist_utils.checks import exercise


@exercise("8.1")
def check_one_at_a_time(answer) -> str | None:
    if not callable(answer):
        return "answer_8_1 must be a function one_at_a_time(base, improved)."
    cases = [
        ({"layers": 3, "dropout": 0.2, "rate": 1e-3, "batch": 128},
         {"layers": 4, "dropout": 0.3, "rate": 1e-3, "batch": 64}),
        ({"a": None, "b": 0}, {"a": False, "b": 0}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 2}),
    ]  # fmt: skip
    for base, improved in cases:
        first, second = dict(base), dict(improved)
        result = answer(first, second)
        if first != base or second != improved:
            return "Your function changes a dictionary that it is given; copy it first."
        if not isinstance(result, dict):
            return f"The result must be a dictionary of settings by factor, got {result!r}."
        case = f"For {base} and {improved}"
        factors = [name for name in base if base[name] != improved[name]]
        extra = [name for name in result if name not in factors]
        if extra:
            return f"{case} {extra[0]!r} is no factor: both have the same value there."
        missing = [name for name in factors if name not in result]
        if missing:
            return f"{case} the factor {missing[0]!r} is missing."
        for name, settings in result.items():
            if not isinstance(settings, dict) or settings.keys() != base.keys():
                return f"{case} {name!r} must have a whole set of settings, got {settings!r}."
            changed = [key for key in base if settings[key] != base[key]]
            if changed == [name] and settings[name] == improved[name]:
                continue
            kept = [key for key in base if settings[key] != improved[key]]
            if kept == [name]:
                return f"{case} you take {name!r} away from improved; add it to base instead."
            if len(changed) > 1:
                return (f"{case} the run for {name!r} changes {', '.join(changed)} as well. Start "
                        "from a fresh copy of base each time.")  # fmt: skip
            return f"{case} the run for {name!r} has {settings}."
    return None


def _halving(curves, factor):
    left, rung, epochs, done = np.arange(len(curves)), 1, 0, 0
    while True:
        step = min(rung, curves.shape[1])
        epochs += len(left) * (step - done)
        order = np.argsort(-curves[left, step - 1], kind="stable")
        if step == curves.shape[1]:
            return int(left[order[0]]), int(epochs)
        left, done, rung = left[order[: max(1, len(left) // factor)]], step, rung * factor


@exercise("8.2")
def check_halving(answer) -> str | None:
    if not callable(answer):
        return "answer_8_2 must be a function halving(curves, factor)."
    rng = np.random.default_rng(8)
    cases = [(np.array([[0.5, 0.6, 0.9], [0.6, 0.7, 0.8], [0.4, 0.5, 0.6]]), 3),
             (np.array([[0.9, 0.1], [0.8, 0.7], [0.1, 0.95], [0.2, 0.3]]), 2)]  # fmt: skip
    cases += [(rng.random((trials, steps)), factor)
              for trials, steps, factor in [(9, 9, 3), (8, 8, 2), (27, 9, 3), (5, 6, 2), (1, 4, 2)]]  # fmt: skip
    for curves, factor in cases:
        result = answer(curves.copy(), factor)
        if not isinstance(result, tuple | list | np.ndarray) or len(result) != 2:
            return f"The result must be a tuple of a trial and a number of epochs, got {result!r}."
        winner, epochs = int(result[0]), int(result[1])
        right, used = _halving(curves, factor)
        trials, steps = curves.shape
        case = f"For {trials} trials of {steps} epochs and factor {factor}"
        if winner == right and epochs == used:
            continue
        if epochs == trials * steps and used != epochs:
            return f"{case} you train every trial to the end; stopped ones use no more epochs."
        if winner == curves[:, -1].argmax() != right:
            return (f"{case} trial {winner} would have the best end, but it was stopped before. "
                    "Nobody knows the end of a stopped trial.")  # fmt: skip
        if winner == right:
            return (f"{case} the winner is right, but {used} epochs were trained, not {epochs}. A "
                    "trial that goes on from epoch 3 to 9 needs 6 more, not 9.")  # fmt: skip
        return (f"{case} the winner is trial {right}, not {winner}: after epochs 1, {factor}, "
                f"{factor**2}, … the best {len(curves)}//{factor} go on, then 1/{factor} of those.")  # fmt: skip
    return None


@exercise("8.3")
def check_front(answer) -> str | None:
    if not callable(answer):
        return "answer_8_3 must be a function front(seconds, errors)."
    rng = np.random.default_rng(8)
    cases = [([3.0, 1.0, 2.0, 4.0], [0.02, 0.05, 0.06, 0.01]), ([1.0, 1.0], [0.3, 0.2]),
             ([2.0, 1.0], [0.2, 0.2]), ([5.0], [0.5])]  # fmt: skip
    cases += [(rng.permutation(30)[:12] / 2, rng.permutation(30)[:12] / 100) for _ in range(20)]
    for seconds, errors in cases:
        seconds, errors = np.asarray(seconds), np.asarray(errors)
        result = np.asarray(answer(seconds.copy(), errors.copy()))
        if result.dtype == bool:
            return "Return the indices of the models on the front, not a mask."
        worse = [bool(((seconds <= s) & (errors <= e) & ((seconds < s) | (errors < e))).any())
                 for s, e in zip(seconds, errors, strict=True)]  # fmt: skip
        right = np.flatnonzero(~np.array(worse))
        right = right[np.argsort(seconds[right])]
        if np.array_equal(result, right):
            continue
        case = f"For seconds {seconds.tolist()} and errors {errors.tolist()}"
        found = result.ravel()
        if not np.isin(found, np.arange(len(seconds))).all():
            return f"The result must be indices, 0 to {len(seconds) - 1}; got {result.tolist()}."
        if sorted(found) == sorted(right):
            return "The right models; put the quickest first."
        for index in found:
            if worse[int(index)]:
                return (f"{case} model {int(index)} is not on the front: another is at least as "
                        "quick and at least as good, and better in one of the two.")  # fmt: skip
        index = next(index for index in right if index not in found)
        return f"{case} model {int(index)} is missing: none that is as quick is as good."
    return None
