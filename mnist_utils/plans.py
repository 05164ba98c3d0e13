"""What a search is to try: a plan decides every trial's settings and seed by the trial's place."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    IntDistribution,
    distribution_to_json,
    json_to_distribution,
)

METHODS = ("random", "tpe")
PRUNERS: dict[str, Callable[[], optuna.pruners.BasePruner]] = {
    "none": optuna.pruners.NopPruner,
    "median": optuna.pruners.MedianPruner,
    "halving": partial(optuna.pruners.SuccessiveHalvingPruner, min_resource=1, reduction_factor=3),
}


@dataclass(frozen=True)
class Plan:
    """A search. Its trials are numbered; a trial's place decides its seed, wherever it runs.

    In one process the plan decides everything. With several workers, TPE's proposals and the
    pruner's verdicts also depend on which trials happen to be finished; what a trial gives for
    the settings that it got never does.

    Attributes:
        name: of the study in its storage.
        space: setting to Optuna distribution, such as FloatDistribution(1e-4, 1e-1, log=True).
        trials: how many are to be finished, whole or pruned; at least 1.
        method: "random"; or "tpe", which proposes settings where good trials lie closer together
            than bad ones.
        pruner: "none"; "median" stops a trial that is behind the median of the others at its
            step; "halving" lets the best third go on after 1, 3, 9, … steps.
        startup: trials that TPE draws at random before it proposes; with the same seed they are
            those of "random".
        steps: a budget: no trial is begun once trials have used so many steps (a step is one
            report, an epoch for recipes); None for no other limit than trials.
        seed: of trial 0; trial k has seed + k, for its settings and its training.
    """

    name: str
    space: Mapping[str, BaseDistribution]
    trials: int
    method: str = "random"
    pruner: str = "none"
    startup: int = 10
    steps: int | None = None
    seed: int = 0

    def __post_init__(self):
        for field, values in {"method": METHODS, "pruner": tuple(PRUNERS)}.items():
            if getattr(self, field) not in values:
                raise ValueError(f"{field} must be one of {values}, got {getattr(self, field)!r}")
        for field, least in {"trials": 1, "startup": 1, "steps": 1, "seed": 0}.items():
            value = getattr(self, field)
            if value is None and field == "steps":
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{field} must be an integer of at least {least}, got {value!r}")
        distributions = list(self.space.values())
        if not distributions or not all(isinstance(d, BaseDistribution) for d in distributions):
            raise ValueError("space must give an Optuna distribution for at least one setting, "
                             f"got {dict(self.space)!r}")  # fmt: skip

    def as_json(self) -> str:
        """Return the plan as text, which its study keeps so that any worker can read it."""
        space = {name: distribution_to_json(drawn) for name, drawn in self.space.items()}
        return json.dumps({**vars(self), "space": space})

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Return the plan that `as_json` has written."""
        known = json.loads(text)
        space = {name: json_to_distribution(drawn) for name, drawn in known["space"].items()}
        return cls(**{**known, "space": space})

    def sampler(self, place: int) -> optuna.samplers.BaseSampler:
        """Return what draws the settings of the trial in that place."""
        if self.method == "random":
            return optuna.samplers.RandomSampler(seed=self.seed + place)
        return optuna.samplers.TPESampler(seed=self.seed + place, n_startup_trials=self.startup)

    def suggest(self, trial: optuna.Trial) -> dict:
        """Return the settings that the trial is to try, by name."""
        return {name: _suggest(trial, name, drawn) for name, drawn in self.space.items()}


def _suggest(trial: optuna.Trial, name: str, drawn: BaseDistribution):
    if isinstance(drawn, CategoricalDistribution):
        return trial.suggest_categorical(name, drawn.choices)
    suggest = trial.suggest_int if isinstance(drawn, IntDistribution) else trial.suggest_float
    return suggest(name, drawn.low, drawn.high, step=drawn.step, log=drawn.log)
