"""Class counts and training curves."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_utils.plotting.base import (
    BLUE,
    COLOURS,
    DIGITS,
    VERMILION,
    check_shape,
    figure_of,
    new_figure,
)


def plot_class_counts(
    counts: dict[str, np.ndarray], *, title: str = "", ax: Axes | None = None
) -> Figure:
    """Draw how many images each digit has, one group of bars a digit, one bar a data set.

    Args:
        counts: name of the data set to integer array (10,).
        title: the finding.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: if counts is empty or an array is not (10,).
    """
    if not counts:
        raise ValueError("counts must name at least one data set")
    fig, ax = figure_of(ax, 8, 3.5)
    width = 0.8 / len(counts)
    hatches = ("", "//", "..", "xx")
    for number, (name, values) in enumerate(counts.items()):
        check_shape(f"counts[{name!r}]", values, (10,))
        offset = (number - (len(counts) - 1) / 2) * width
        bars = ax.bar(DIGITS + offset, values, width, label=name, edgecolor="white",
                      color=COLOURS[number % len(COLOURS)], hatch=hatches[number % len(hatches)])  # fmt: skip
        if len(counts) == 1:
            ax.bar_label(bars, fmt="{:,.0f}", fontsize=8)
    ax.set(xticks=DIGITS, xlabel="digit", ylabel="images", title=title)
    if len(counts) > 1:
        ax.legend()
    return fig


def plot_history(history: dict[str, list[float]], *, title: str = "") -> Figure:
    """Draw loss and accuracy of training and validation over the epochs, side by side.

    Args:
        history: as `training.fit` or Keras's History.history gives it: "loss" and "accuracy",
            optionally "val_loss" and "val_accuracy", one value an epoch.
        title: the finding.

    Raises:
        ValueError: if loss or accuracy is missing.
    """
    missing = [name for name in ("loss", "accuracy") if not history.get(name)]
    if missing:
        raise ValueError(f"history holds no {', '.join(missing)}; it has {sorted(history)}")
    fig, axes = new_figure(9, 3.5, ncols=2)
    epochs = np.arange(1, len(history["loss"]) + 1)
    for ax, name, unit in zip(axes, ("loss", "accuracy"), (1, 100), strict=True):
        lines = [(name, "training", BLUE, "o-"), (f"val_{name}", "validation", VERMILION, "s--")]
        for key, label, colour, style in lines:
            if key in history:
                ax.plot(epochs, unit * np.array(history[key]), style, color=colour, label=label)
        ax.set(xlabel="epoch", ylabel="loss (nats)" if name == "loss" else "accuracy (%)")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(alpha=0.3)
        ax.legend()
    fig.suptitle(title)
    return fig
