"""What a model says about digits, and where it is wrong."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_utils.evaluation import confusion_table
from mnist_utils.plotting.base import (
    DIGITS,
    VERMILION,
    check_length,
    check_probabilities,
    check_shape,
    figure_of,
    new_figure,
)
from mnist_utils.plotting.digits import draw_digit, plot_digits


def plot_prediction(image: np.ndarray, probabilities: np.ndarray, *, label=None) -> Figure:
    """Draw one digit beside the probability of each class.

    Args:
        image: array (28, 28), 0-255.
        probabilities: float array (10,), summing to 1.
        label: the true digit, where known.

    Raises:
        ValueError: if the image or the probabilities are no such array.
    """
    check_shape("image", image, (28, 28))
    probabilities = check_probabilities(np.asarray(probabilities)[None], 1)[0]
    fig, axes = new_figure(8, 3, ncols=2, width_ratios=[1, 2])
    guess = int(probabilities.argmax())
    draw_digit(axes[0], image, "" if label is None else f"labelled {label}")
    colours = [VERMILION if digit == guess else "0.7" for digit in DIGITS]
    bars = axes[1].bar(DIGITS, 100 * probabilities, color=colours)
    axes[1].bar_label(bars, fmt="{:.1f}", fontsize=8)
    axes[1].set(xticks=DIGITS, ylim=(0, 112), xlabel="digit", ylabel="probability (%)",
                title=f"predicted {guess} with {probabilities[guess]:.1%}")  # fmt: skip
    return fig


def plot_predictions(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    columns: int = 8,
    title: str = "",
) -> Figure:
    """Draw images with predicted and true digit; wrong ones are framed and say so.

    Args:
        images: array (n, 28, 28), 0-255.
        labels: the true digits, integer (n,).
        probabilities: float array (n, 10), each row summing to 1.
        columns: images a row, at least 1.
        title: the finding.

    Raises:
        ValueError: if the arrays are not such, or differ in length.
    """
    check_length("labels", labels, images)
    probabilities = check_probabilities(probabilities, len(images))
    guesses = probabilities.argmax(1)
    texts = [
        f"{guess} ({chance:.0%})\n" + ("right" if guess == label else f"wrong: {label}")
        for guess, label, chance in zip(guesses, labels, probabilities.max(1), strict=True)
    ]
    fig = plot_digits(images, texts, columns=columns, title=title)
    width, height = fig.get_size_inches()
    fig.set_size_inches(width * 1.1, height * 1.15)
    for ax, guess, label in zip(fig.axes, guesses, labels, strict=False):
        if guess != label:
            for spine in ax.spines.values():
                spine.set(color=VERMILION, linewidth=2.5)
    return fig


def plot_errors(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    count: int = 25,
    columns: int = 5,
    title: str = "",
) -> Figure:
    """Draw the misclassified images, the most confidently wrong first.

    Args as for `plot_predictions`; at most count images are drawn.

    Raises:
        ValueError: if nothing is misclassified, besides shapes that do not fit.
    """
    check_length("labels", labels, images)
    probabilities = check_probabilities(probabilities, len(images))
    wrong = np.flatnonzero(probabilities.argmax(1) != labels)
    if len(wrong) == 0:
        raise ValueError(f"none of the {len(images):,} images is misclassified; nothing to draw")
    wrong = wrong[np.argsort(-probabilities[wrong].max(1), kind="stable")][:count]
    texts = [f"says {probabilities[i].argmax()}, is {labels[i]}" for i in wrong]
    fig = plot_digits(images[wrong], texts, columns=columns, title=title)
    width, height = fig.get_size_inches()
    fig.set_size_inches(width * 1.3, height * 1.2)
    return fig


def plot_confusion(
    labels: np.ndarray, predictions: np.ndarray, *, title: str = "", ax: Axes | None = None
) -> Figure:
    """Draw the confusion matrix: counts, with colour for the errors only.

    Args:
        labels: true digits, integer (n,), 0-9.
        predictions: predicted digits, integer (n,), 0-9.
        title: the finding.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: if the arrays are not such digits or differ in length.
    """
    import seaborn as sns

    matrix = confusion_table(labels, predictions).to_numpy()
    errors = matrix * (1 - np.eye(10, dtype=int))
    fig, ax = figure_of(ax, 7, 5.6)
    sns.heatmap(errors, annot=matrix, fmt="d", cmap="cividis_r", square=True, ax=ax,
                linewidths=0.5, annot_kws={"fontsize": 8}, cbar_kws={"label": "errors"})  # fmt: skip
    ax.set(xlabel="predicted digit", ylabel="true digit", title=title)
    ax.tick_params(rotation=0)
    return fig
