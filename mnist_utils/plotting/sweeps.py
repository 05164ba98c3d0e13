"""Experiments under several settings and seeds: every seed's point, and the mean."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnist_utils.evaluation import mean_interval
from mnist_utils.plotting.base import (
    BLUE,
    COLOURS,
    LINES,
    MARKERS,
    VERMILION,
    check_columns,
    figure_of,
)


def plot_sweep(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    by: str | None = None,
    scale: float = 100.0,
    ax: Axes | None = None,
) -> Figure:
    """Draw a result against a setting, on a logarithmic axis: a point a seed, a line the means.

    Args:
        frame: as `sweeps.sweep` returns it, one row a run.
        x: the setting's column, numbers above 0.
        y: the result's column.
        by: a column by which to draw lines of their own; None for one line.
        scale: what results are multiplied by; 100 turns fractions into per cent.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: if there is no such column.
    """
    check_columns(frame, x, y, *([by] if by else []))
    fig, ax = figure_of(ax, 7, 3.6)
    names = [None] if by is None else list(frame[by].unique())
    for number, name in enumerate(names):
        rows = frame if by is None else frame[frame[by] == name]
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        means = rows.groupby(x)[y].mean() * scale
        ax.plot(rows[x], scale * rows[y], marker, color=colour, alpha=0.35, ms=5, mew=0)
        ax.plot(means.index, means, marker + LINES[number % len(LINES)], color=colour, label=name)
    ax.set(xscale="log", xlabel=x.replace("_", " "))
    ax.grid(alpha=0.3)
    if by is not None:
        ax.legend()
    return fig


def plot_heat_map(
    frame: pd.DataFrame,
    rows: str,
    columns: str,
    y: str,
    *,
    scale: float = 100.0,
    label: str = "",
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw a result's mean over the seeds for each pair of two settings, as colours and numbers.

    The best cell of each row is framed.

    Args:
        frame: as `sweeps.sweep` returns it, one row a run.
        rows: the setting of the rows, the smallest on top.
        columns: the setting of the columns.
        y: the result's column.
        scale: what results are multiplied by; 100 turns fractions into per cent.
        label: what the colours measure.
        title: the finding.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: if there is no such column.
    """
    import seaborn as sns

    check_columns(frame, rows, columns, y)
    fig, ax = figure_of(ax, 7, 3.6)
    table = scale * frame.pivot_table(index=rows, columns=columns, values=y)
    best = table.to_numpy().argmax(axis=1)
    table.columns = [f"{column:g}" for column in table.columns]
    table.index = [f"{row:g}" for row in table.index]
    sns.heatmap(table, annot=True, fmt=".1f", cmap="cividis", ax=ax, linewidths=0.5,
                annot_kws={"fontsize": 8}, cbar_kws={"label": label})  # fmt: skip
    for row, column in enumerate(best):
        ax.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor=VERMILION, lw=2.5))
    ax.set(xlabel=columns.replace("_", " "), ylabel=rows.replace("_", " "), title=title)
    ax.tick_params(rotation=0)
    return fig


def plot_differences(
    differences: Mapping[str, Sequence[float]],
    *,
    label: str = "points",
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw paired differences: a point a seed, and the mean with its 95% t interval over seeds.

    Args:
        differences: name to one difference a seed; at least one name.
        label: what is measured, with its unit.
        title: the finding.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: if there is nothing to draw.
    """
    if not differences:
        raise ValueError("differences must name at least one comparison")
    fig, ax = figure_of(ax, 7, 0.5 * len(differences) + 1.4)
    for place, values in enumerate(map(np.asarray, differences.values())):
        ax.plot(values, np.full(len(values), place), "o", color="0.6", ms=5, mew=0)
        low, high = mean_interval(values) if len(values) > 1 else (values[0], values[0])
        ax.plot([low, high], [place, place], "-", color=BLUE, lw=2)
        ax.plot(values.mean(), place, "D", color=BLUE, ms=7)
    ax.axvline(0, color="black", lw=1, ls=":")
    ax.set(yticks=range(len(differences)), yticklabels=list(differences), xlabel=label, title=title)
    ax.set_ylim(len(differences) - 0.5, -0.5)
    ax.grid(axis="x", alpha=0.3)
    return fig


def plot_costs(
    ledger: pd.DataFrame, ours: Collection[str], *, title: str = "", ax: Axes | None = None
) -> Figure:
    """Draw test accuracy against seconds of training: every run small, each recipe's median large.

    A name stands to the right of its median, or to the left where it would cover another one.

    Args:
        ledger: recipes by name as the index; columns "seconds" and "test_accuracies", a list with
            one number a run each.
        ours: the names to draw in the second colour; the others are published recipes.
        title: the finding.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: if a column is missing.
    """
    check_columns(ledger, "seconds", "test_accuracies")
    fig, ax = figure_of(ax, 8, 4.2)
    seconds = ledger.seconds.map(np.median)
    accuracies = 100 * ledger.test_accuracies.map(np.median)
    for name, row in ledger.iterrows():
        colour, marker = (BLUE, "o") if name in ours else (VERMILION, "s")
        middle = seconds[name], accuracies[name]
        ax.plot(row.seconds, 100 * np.array(row.test_accuracies), marker, color=colour, alpha=0.4,
                ms=4, mew=0)  # fmt: skip
        ax.plot(*middle, marker, color=colour, ms=8)
        right, level = seconds / middle[0], (accuracies - middle[1]).abs()
        crowded = ((right > 1) & (right < 2) & (level < 0.06 * np.ptp(accuracies))).any()
        place = {"xytext": (-7, -3), "ha": "right"} if crowded else {"xytext": (7, -3)}
        ax.annotate(name, middle, **place, textcoords="offset points", fontsize=8)
    for label, colour, marker in (("published", VERMILION, "s"), ("ours", BLUE, "o")):
        ax.plot([], [], marker, color=colour, label=label)
    ax.set(xscale="log", xlabel="seconds of training", ylabel="test accuracy (%)", title=title)
    ax.margins(x=0.25)  # room for the names
    ax.grid(alpha=0.3)
    fig.legend(loc="outside lower center", ncols=2)
    return fig
