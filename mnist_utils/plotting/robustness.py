"""How accuracy falls with damage, and how error falls with refusal."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from mnist_utils.plotting.base import (
    COLOURS,
    LINES,
    MARKERS,
    check_columns,
    check_length,
    figure_of,
    new_figure,
)


def plot_severity(
    table: pd.DataFrame,
    *,
    columns: int = 4,
    setting: str = "severity",
    label: str = "accuracy (%)",
    title: str = "",
) -> Figure:
    """Draw accuracy against severity: a panel a corruption, a line a model, with intervals.

    Args:
        table: one row a point; columns corruption, severity, model, and value, low and high,
            fractions.
        columns: panels a row, at least 1.
        setting: what severity is, with its unit.
        label: what is drawn, with its unit.
        title: the finding.

    Raises:
        ValueError: if the table is empty, lacks a column, or columns is below 1.
    """
    check_columns(table, "corruption", "severity", "model", "value", "low", "high")
    if table.empty or columns < 1:
        raise ValueError(f"need at least one row and one column, got {len(table)} and {columns}")
    names, models = table.corruption.unique(), list(table.model.unique())
    columns = min(columns, len(names))
    rows = -(-len(names) // columns)
    fig, axes = new_figure(9, 2.05 * rows + 0.9, nrows=rows, ncols=columns, sharex=True,
                           sharey=True, squeeze=False)  # fmt: skip
    for ax in axes.flat[len(names) :]:
        ax.axis("off")
    for ax, name in zip(axes.flat, names, strict=False):
        for number, model in enumerate(models):
            line = table[(table.corruption == name) & (table.model == model)]
            errors = 100 * np.array([line.value - line.low, line.high - line.value])
            ax.errorbar(line.severity, 100 * line.value, np.clip(errors, 0, None), ms=3.5, lw=1.2,
                        label=model, capsize=1.5, color=COLOURS[number % len(COLOURS)],
                        fmt=MARKERS[number % len(MARKERS)] + LINES[number % len(LINES)])  # fmt: skip
        ax.set_title(name, fontsize=10)
        ax.set_xticks(sorted(table.severity.unique()))
        ax.grid(alpha=0.3)
    for ax, below in zip(axes.flat, [*axes.flat[columns:], *[None] * columns], strict=True):
        if ax.axison and (below is None or not below.axison):
            ax.set_xlabel(setting, fontsize=9)
            ax.tick_params(labelbottom=True)
    axes[0, 0].set_ylim(-3, 103)
    fig.supylabel(label, fontsize=10)
    fig.suptitle(title, fontsize=11)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=min(5, len(models)), fontsize=9)
    return fig


def plot_risk_coverage(
    curves: Mapping[str, pd.DataFrame],
    *,
    target: float | None = None,
    least: float = 0.5,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw the error among the accepted images against how many are accepted.

    Args:
        curves: name to what `rejection.risk_coverage` returns; at least one.
        target: an error to mark by a line, a fraction; None for none.
        least: coverage at which the picture begins, 0 to below 1.
        title: the finding.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: if there is nothing to draw, a column is missing or least is out of range.
    """
    if not curves:
        raise ValueError("curves must name at least one risk-coverage curve")
    if not 0 <= least < 1:
        raise ValueError(f"least must be 0 to below 1, got {least!r}")
    fig, ax = figure_of(ax, 7, 3.8)
    for number, (name, curve) in enumerate(curves.items()):
        check_columns(curve, "coverage", "risk")
        shown = curve[curve.coverage >= least]
        ax.plot(100 * shown.coverage, 100 * shown.risk, LINES[number % len(LINES)], lw=1.6,
                color=COLOURS[number % len(COLOURS)], label=name, drawstyle="steps-post")  # fmt: skip
    if target is not None:
        ax.axhline(100 * target, color="black", ls=":", lw=1, label=f"target, {target:.1%}")
    ax.set(xlabel="coverage: images answered (%)", ylabel="of these, wrong (%)", title=title)
    ax.set_ylim(0, None)
    ax.grid(alpha=0.3)
    ax.legend()
    return fig


def plot_errors_against(
    first: np.ndarray,
    second: np.ndarray,
    names: Sequence[str],
    *,
    labels: tuple[str, str] = ("clean error (%)", "error under damage (%)"),
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw two errors of several models against each other: every network small, the mean large.

    Args:
        first: (models, seeds), fractions; drawn on a logarithmic axis, so above 0.
        second: (models, seeds), fractions.
        names: one a model.
        labels: of the two axes.
        title: the finding.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: if the shapes differ or there are more or fewer names.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.ndim != 2 or first.shape != second.shape:
        raise ValueError("first and second must both have shape (models, seeds), "
                         f"got {first.shape} and {second.shape}")  # fmt: skip
    check_length("names", names, first)
    fig, ax = figure_of(ax, 6, 4.5)
    for place, name in enumerate(names):
        style = {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}
        ax.plot(100 * first[place], 100 * second[place], ls="", ms=4, alpha=0.5, **style)
        means = 100 * first[place].mean(), 100 * second[place].mean()
        ax.plot(*means, ls="", ms=8, label=name, **style)
    ax.set(xscale="log", xlabel=labels[0], ylabel=labels[1], title=title)
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8)
    return fig


def plot_shares(
    shares: Mapping[str, pd.DataFrame],
    *,
    label: str = "share (%)",
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw shares by method and kind: a line of its own for each kind, a dot a network.

    Args:
        shares: method to a table of fractions; kinds as the index, the same for every method and
            the first drawn on top, one column a network.
        label: what is drawn, with its unit.
        title: the finding.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: if there is nothing to draw, or the tables have not the same kinds.
    """
    if not shares:
        raise ValueError("shares must name at least one method")
    kinds = list(next(iter(shares.values())).index)
    if any(list(table.index) != kinds for table in shares.values()):
        raise ValueError("the tables must all have the same kinds, in the same order")
    fig, ax = figure_of(ax, 7.5, 0.5 * len(kinds) + 1.2)
    for number, (name, table) in enumerate(shares.items()):
        offset = 0.3 * (number - (len(shares) - 1) / 2)
        places = np.repeat(np.arange(len(kinds)) + offset, table.shape[1])
        ax.plot(100 * table.to_numpy().ravel(), places, MARKERS[number % len(MARKERS)], mew=0,
                color=COLOURS[number % len(COLOURS)], ms=7, alpha=0.8, label=name)  # fmt: skip
    ax.set(yticks=range(len(kinds)), yticklabels=kinds, xlabel=label, title=title, xlim=(-3, 103))
    ax.set_ylim(len(kinds) - 0.5, -0.5)
    ax.grid(alpha=0.3)
    fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=len(shares))
    return fig
