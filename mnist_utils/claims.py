"""How a published claim is read, judged by a rule, and shown beside what was measured."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mnist_utils.evaluation import prediction_interval

HOLDS, NOT_REPRODUCED, NOT_RUN = "holds", "not reproduced", "not run yet"
RULES = {
    "value": "A number holds if it lies within mean ± t·sd·√(1 + 1/n) of the runs trained as "
    "published, where one more run would lie 95 times in 100; it counts as everything that rounds "
    "to it, so that 98.29% is 98.285% to 98.295%. It takes two runs.",
    "range": "A range or bound (about 97-98%, 99%+) holds if the runs' mean lies in it. A range "
    "reaches half a unit of its last digit further at either end; a bound is taken at its word.",
    "computed": "What can be counted holds if it is the same, or rounds to what is printed.",
    "hardware": "Time, memory and speed depend on the machine: not comparable; ours stands beside.",
    "text": "Two statements, or a statement and the code, that can't both be true: contradicts "
    "itself.",
}
_UNITS = {"%": 0.01, "KB": 1e3, "MB": 1e6, "GB": 1e9, "ms": 1e-3, "s": 1.0, "minute": 60.0,
          "minutes": 60.0}  # fmt: skip
_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_CLAIM = re.compile(rf"(?P<sign>~|<=|>=|<|\+)?(?P<first>{_NUMBER})(?:[-–](?P<last>{_NUMBER}))?"
                    rf" ?(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})?")  # fmt: skip


class Claim(NamedTuple):
    """A printed number as the rule takes it.

    Attributes:
        low, high: every value from low to high agrees with it; fractions, bytes, seconds, counts.
        form: "value", or "range" for a range or bound.
        unit: as printed, "" for none.
        decimals: how many are printed.
    """

    low: float
    high: float
    form: str
    unit: str
    decimals: int

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


class Judgement(NamedTuple):
    """A verdict, the rule's name in RULES, and what it rests on; None where there is none."""

    verdict: str
    rule: str
    mean: float | None = None
    sd: float | None = None
    interval: tuple[float, float] | None = None


def read_claim(text: str) -> list[Claim]:
    """Read a claim such as "98.29%", "~97–98%", ">=99%", "<1ms" or "60,000 / 10,000".

    Raises:
        ValueError: if the text is not of that form.
    """
    claims = []
    for part in text.split(" / "):
        found = _CLAIM.fullmatch(part.strip())
        if not found:
            raise ValueError(f"can't read the claim {part!r}; expected a form such as 98.29%, "
                             "~122,000, ~97–98%, >=99% or <1ms")  # fmt: skip
        sign, unit = found["sign"] or "", found["unit"] or ""
        scale = _UNITS.get(unit, 1.0)
        first, last = found["first"], found["last"] or found["first"]
        decimals = len(first.partition(".")[2])
        low, high = (float(number.replace(",", "")) for number in (first, last))
        if sign in ("<", "<="):
            low, high = -math.inf, high
        elif sign == ">=":
            high = math.inf
        else:
            low, high = low - _half_unit(first, sign), high + _half_unit(last, sign)
        form = "range" if found["last"] or sign in ("<", "<=", ">=") else "value"
        claims.append(Claim(low * scale, high * scale, form, unit, decimals))
    return claims


def judge(kind: str, claimed: str, values: Sequence[float]) -> Judgement:
    """Return the verdict on a claim by RULES; a pure function of its arguments.

    Args:
        kind: "trained", "computed", "hardware" or "text".
        claimed: as `read_claim` takes it; not read for "hardware" and "text".
        values: one a run, or what was counted: one for each number of the claim, or all within
            its one range. Fractions, bytes, seconds, counts.

    Raises:
        ValueError: if the kind is unknown or the claim can't be read.
    """
    if kind == "text":
        return Judgement("contradicts itself", "text")
    mean = float(np.mean(values)) if len(values) else None
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    if kind == "hardware":
        return Judgement("not comparable", "hardware", mean, sd)
    claims = read_claim(claimed)
    if kind == "computed":
        claims = claims * len(values) if len(claims) == 1 else claims
        same = len(claims) == len(values) and all(map(Claim.__contains__, claims, values))
        return Judgement(HOLDS if same else NOT_REPRODUCED, "computed")
    if kind != "trained" or len(claims) != 1:
        raise ValueError(f"kind must be trained (of one number), computed, hardware or text, got "
                         f"{kind!r} of {claimed!r}")  # fmt: skip
    (claim,) = claims
    interval = tuple(prediction_interval(values)) if len(values) > 1 else None
    if mean is None or (claim.form == "value" and interval is None):
        return Judgement(NOT_RUN, claim.form, mean, sd)
    low, high = interval if claim.form == "value" else (mean, mean)
    agrees = claim.low <= high and low <= claim.high
    return Judgement(HOLDS if agrees else NOT_REPRODUCED, claim.form, mean, sd, interval)


def describe(values: Sequence[float], claimed: str, *, runs: bool = True) -> str:
    """Return values in the claim's unit: "98.38 ± 0.01% (n = 2)", or "320 / 0 / 650".

    Args:
        values: fractions, bytes, seconds or counts.
        claimed: the claim; words are taken for a percentage.
        runs: whether they are one value a run, or what was counted.
    """
    if not len(values):
        return ""
    try:
        claim = read_claim(claimed)[0]
    except ValueError:
        claim = Claim(0, 1, "value", "%", 2)
    scale, unit = _UNITS.get(claim.unit, 1.0), claim.unit.replace("minutes", "minute")
    decimals = {"": claim.decimals, "%": 2}.get(unit, 1)
    unit = {"": "", "%": "%", "minute": " minutes"}.get(unit, f" {unit}")

    def write(value: float) -> str:
        return f"{value / scale:,.{decimals}f}"

    if not runs:
        return " / ".join(map(write, values)) + unit
    spread = f" ± {write(float(np.std(values, ddof=1)))}" if len(values) > 1 else ""
    return f"{write(float(np.mean(values)))}{spread}{unit} (n = {len(values)})"


def _half_unit(number: str, sign: str) -> float:
    """Half of what the last digit counts; after "~", the zeros at the end are no digits."""
    whole, _, decimals = number.replace(",", "").partition(".")
    zeros = len(whole) - len(whole.rstrip("0")) if sign == "~" and not decimals else 0
    return 0.5 * 10.0 ** (zeros - len(decimals))
