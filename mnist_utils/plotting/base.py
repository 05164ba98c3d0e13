"""What all figures share: colours, sizes, checks."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_utils.evaluation import inputs

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
COLOURS = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK, YELLOW)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINES = ("-", "--", "-.", ":")
DIGITS = np.arange(10)


def new_figure(width: float = 8.0, height: float = 4.0, **subplots) -> tuple[Figure, Axes]:
    """Return plt.subplots of a fixed size in inches, 100 dpi, laid out without overlaps."""
    return plt.subplots(figsize=(width, height), dpi=100, layout="constrained", **subplots)


def figure_of(ax: Axes | None, width: float, height: float) -> tuple[Figure, Axes]:
    return new_figure(width, height) if ax is None else (ax.figure, ax)


def check_shape(name: str, array, shape: tuple[int, ...]) -> None:
    if np.shape(array) != shape:
        raise ValueError(f"{name} must have shape {shape}, got {np.shape(array)}")


def check_length(name: str, values, others) -> None:
    if len(values) != len(others):
        raise ValueError(f"{name} must have {len(others)} entries, got {len(values)}")


def check_probabilities(probabilities, rows: int) -> np.ndarray:
    check_shape("probabilities", probabilities, (rows, 10))
    return inputs.check_probabilities(probabilities)


def check_columns(frame: pd.DataFrame, *names: str) -> None:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ValueError(f"the table has no column {', '.join(missing)}; "
                         f"it has {', '.join(map(str, frame.columns))}")  # fmt: skip
