"""The audit of five published projects' claims: the stored table, and any of its rows run again."""

from typing import NamedTuple

import pandas as pd

from mnist_utils import measured
from mnist_utils.claims import describe


class Rerun(NamedTuple):
    """One more run of a row: its value beside the claim, the verdict and the stored values.

    Attributes:
        id, claimed, verdict: of the row; the verdict is the stored one.
        measured: the new value, in the claim's unit.
        epochs: such as "1 of 5", trained of published; None where nothing was trained.
        stored: the stored values' mean, spread and number, in the claim's unit.
        run: all that the run returned, with its history; None where nothing was trained.
    """

    id: str
    claimed: str
    measured: str
    epochs: str | None
    stored: str
    verdict: str
    run: dict | None


def read_metric(run: dict, metric: str) -> float | None:
    """Return what a run holds under "test.accuracy", "history.val_loss.3" (epoch 3) or the like."""
    for key in metric.split("."):
        if isinstance(run, list):
            run = run[int(key) - 1] if int(key) <= len(run) else None
        else:
            run = run.get(key)
        if run is None:
            return None
    return run


def load_audit() -> pd.DataFrame:
    """Return the stored audit, one row a claim, indexed by its id.

    Returns:
        project, title, kind, recipe, claimed, quote, verdict, measured and corrected (mean ± sd
        over n runs, in the claim's unit), low and high (where one more run would lie), note,
        values and corrected_values (one a run), and more.
    """
    rows = pd.DataFrame(measured.load("audit")["rows"]).set_index("id")
    return rows.astype(object).where(rows.notna(), None)


def rerun(
    row_id: str, seed: int = 0, epochs: int | None = None, *, way: str = "published",
    examples: int | None = None,
) -> Rerun:  # fmt: skip
    """Run one row of the audit once more, here and now.

    Args:
        row_id: an index of `load_audit()`, such as "S2-accuracy".
        seed: of the run; the stored ones have 0, 1, 2, …
        epochs: None for as many as published, which takes minutes; fewer to see it go.
        way: "published", or "corrected" with what mnist_utils.corrected puts right.
        examples: so many images of each split, for a trial; None for all.

    Raises:
        ValueError: if there is no such row, or it has nothing to run.
    """
    from mnist_utils import corrected, published, quantities

    if way not in ("published", "corrected"):
        raise ValueError(f"way must be 'published' or 'corrected', got {way!r}")
    rows = load_audit()
    if row_id not in rows.index:
        raise ValueError(f"no row {row_id!r}; expected one of {', '.join(rows.index)}")
    row = rows.loc[row_id]
    if not row.metric:
        raise ValueError(f"{row_id} has nothing to run: {row.note}")
    run = trained = None
    if row.metric in quantities.QUANTITIES:
        values = quantities.QUANTITIES[row.metric](row.recipe)
    else:
        train = published.train_published if way == "published" else corrected.train_corrected
        run = train(row.recipe, seed, epochs, examples=examples)
        value = read_metric(run, row.metric)
        if value is not None and row.minus:
            value -= read_metric(train(row.minus, seed, epochs, examples=examples), row.metric)
        values = [] if value is None else [value]
        trained = f"{run['epochs']} of {published.EPOCHS[row.recipe]}"
    read_as = row.read_as or row.claimed
    stored = row.measured if way == "published" else row.corrected
    shown = describe(values, read_as, runs=run is not None)
    return Rerun(row_id, row.claimed, shown, trained, stored, row.verdict, run)
