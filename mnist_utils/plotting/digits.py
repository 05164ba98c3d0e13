"""Digits as pictures, and what a layer makes of them."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_utils.plotting.base import check_length, new_figure
from mnist_utils.preprocessing import check_images


def draw_digit(ax: Axes, image: np.ndarray, title: str = "", **imshow) -> Axes:
    """Draw one image (28, 28), dark ink on white, without ticks; 0-255 unless vmin/vmax say so."""
    options = {"cmap": "gray_r", "vmin": 0, "vmax": 255, "interpolation": "nearest"} | imshow
    ax.imshow(image, **options)
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=9)
    for spine in ax.spines.values():
        spine.set_color("0.8")
    return ax


def plot_digits(
    images: np.ndarray,
    labels: Sequence | None = None,
    *,
    columns: int = 8,
    title: str = "",
    **imshow,
) -> Figure:
    """Draw images in a grid, in the order given.

    Args:
        images: array (n, 28, 28), n at least 1; 0 is background and 255 full ink, unless
            imshow's vmin and vmax say otherwise.
        labels: optional titles, one an image; digits or texts.
        columns: images a row, at least 1.
        title: the finding, above the grid.
        imshow: further arguments of Axes.imshow, such as cmap.

    Returns:
        The Figure.

    Raises:
        ValueError: if images is not (n, 28, 28), is empty, or the lengths differ.
    """
    check_images(images)
    if len(images) == 0 or columns < 1:
        raise ValueError(f"need at least one image and one column, got {len(images)}, {columns}")
    if labels is not None:
        check_length("labels", labels, images)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    height = rows * (1.0 if labels is None else 1.2) + (0.5 if title else 0.0)
    fig, axes = new_figure(columns * 1.0, height, nrows=rows, ncols=columns, squeeze=False)
    for ax in axes.flat[len(images) :]:
        ax.axis("off")
    for index, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        draw_digit(ax, image, "" if labels is None else str(labels[index]), **imshow)
    if title:
        fig.suptitle(title)
    return fig


def plot_feature_maps(
    maps: np.ndarray, *, columns: int = 8, title: str = "", label: str = "activation"
) -> Figure:
    """Draw the channels of one layer's output for one image, on one common colour scale.

    Args:
        maps: float array (height, width, channels), none of them 0.
        columns: maps a row, at least 1.
        title: the finding.
        label: what the colour scale measures.

    Raises:
        ValueError: if maps is no such array, or columns is below 1.
    """
    maps = np.asarray(maps)
    if maps.ndim != 3 or maps.size == 0 or columns < 1:
        raise ValueError("maps must have shape (height, width, channels) and at least one column, "
                         f"got {maps.shape} and {columns}")  # fmt: skip
    channels = maps.shape[2]
    rows = -(-channels // columns)
    fig, axes = new_figure(9, rows * 1.05 + 0.5, nrows=rows, ncols=columns, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for number in range(channels):
        drawn = axes.flat[number].imshow(maps[..., number], cmap="cividis",
                                         vmin=maps.min(), vmax=maps.max())  # fmt: skip
    fig.colorbar(drawn, ax=axes, shrink=0.8, label=label)
    fig.suptitle(title)
    return fig


def plot_cases(
    images: np.ndarray, texts: Sequence[str], *, columns: int = 5, title: str = ""
) -> Figure:
    """Draw images in a grid with two lines of text above each, such as errors to be judged.

    Args:
        images: array (n, 28, 28), 0-255, n at least 1.
        texts: one an image.
        columns: images a row, at least 1.
        title: the finding.

    Raises:
        ValueError: as `plot_digits`.
    """
    fig = plot_digits(images, texts, columns=columns, title=title)
    rows = -(-len(images) // columns)
    fig.set_size_inches(1.5 * columns, 1.45 * rows + (0.5 if title else 0.1))
    return fig


def plot_rows(
    rows: Mapping[str, np.ndarray],
    texts: Mapping[str, Sequence[str]] | None = None,
    *,
    size: float = 0.75,
    title: str = "",
) -> Figure:
    """Draw images in rows, each with its name to the left.

    Args:
        rows: name to images (n, 28, 28), 0-255, n at least 1; rows may differ in length.
        texts: optional; name to one text an image, written above it.
        size: of an image, in inches.
        title: the finding.

    Raises:
        ValueError: if there is nothing to draw, or a row's texts are not as many as its images.
    """
    if not rows or not all(map(len, rows.values())):
        raise ValueError("rows must name at least one row of at least one image")
    texts = texts or {}
    for name, images in rows.items():
        check_images(images)
        if name in texts:
            check_length(f"texts[{name!r}]", texts[name], images)
    columns = max(map(len, rows.values()))
    height = len(rows) * (size + (0.25 if texts else 0.05)) + (0.45 if title else 0.1)
    margin = 0.35 + 0.075 * max(map(len, rows))
    fig, axes = new_figure(columns * size + margin, height, nrows=len(rows), ncols=columns,
                           squeeze=False)  # fmt: skip
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        for ax in line[len(images) :]:
            ax.axis("off")
        for place, (ax, image) in enumerate(zip(line, images, strict=False)):
            draw_digit(ax, image, texts[name][place] if name in texts else "")
        line[0].set_ylabel(name, fontsize=9, rotation=0, ha="right", va="center")
    fig.suptitle(title, fontsize=11)
    return fig
