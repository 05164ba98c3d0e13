"""Numbers with their uncertainty: reliability curves, and intervals beside claims."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_utils.plotting.base import BLUE, COLOURS, MARKERS, VERMILION, check_columns, figure_of


def plot_reliability(
    curves: Mapping[str, pd.DataFrame], *, title: str = "", ax: Axes | None = None
) -> Figure:
    """Draw how often a model is right against how sure it is, each bin with its interval.

    Args:
        curves: name to what `evaluation.reliability_curve` returns, such as one before and one
            after the temperature; at least one.
        title: the finding.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: if there is nothing to draw, or a column is missing.
    """
    if not curves:
        raise ValueError("curves must name at least one reliability curve")
    fig, ax = figure_of(ax, 5.5, 4.5)
    least = 100.0
    for number, (name, curve) in enumerate(curves.items()):
        check_columns(curve, "probability", "accuracy", "low", "high")
        percent = 100 * curve
        errors = [percent.accuracy - percent.low, percent.high - percent.accuracy]
        ax.errorbar(percent.probability, percent.accuracy, np.clip(errors, 0, None), label=name,
                    fmt=MARKERS[number % len(MARKERS)] + "-", color=COLOURS[number % len(COLOURS)],
                    ms=5, lw=1, capsize=2)  # fmt: skip
        least = min(least, percent.probability.min())
    ax.plot([least, 100], [least, 100], ":", color="black", lw=1, label="as sure as right")
    ax.set(xlabel="mean probability of the predicted digit (%)", ylabel="of these, right (%)",
           title=title)  # fmt: skip
    ax.grid(alpha=0.3)
    ax.legend()
    return fig


def plot_intervals(
    table: pd.DataFrame,
    *,
    scale: float = 100.0,
    label: str = "accuracy (%)",
    measured: str = "measured",
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw a value and its interval a row, and where there is one, what was claimed.

    Args:
        table: names as the index, the first drawn on top; columns "value", "low" and "high", and
            optionally "claimed", where nan draws nothing.
        scale: what the numbers are multiplied by; 100 turns fractions into per cent.
        label: what is measured, with its unit.
        measured: what value and interval are, for the legend of a table with claims.
        title: the finding.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: if the table is empty, lacks a column, or a low exceeds its high.
    """
    check_columns(table, "value", "low", "high")
    if table.empty or not (table.low <= table.high).all():
        raise ValueError("table must have at least one row, and low <= high in every row")
    fig, ax = figure_of(ax, 7, 0.4 * len(table) + 1.5)
    places = np.arange(len(table))
    ax.hlines(places, scale * table.low, scale * table.high, color=BLUE, lw=2)
    ax.plot(scale * table.value, places, "o", color=BLUE, ms=6, label=measured)
    if "claimed" in table and table.claimed.notna().any():
        ax.plot(scale * table.claimed.astype(float), places, "D", color=VERMILION, mfc="none",
                mew=1.8, ms=8, label="claimed")  # fmt: skip
        ax.legend()
    ax.set(yticks=places, yticklabels=table.index, xlabel=label, title=title)
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.grid(axis="x", alpha=0.3)
    return fig
