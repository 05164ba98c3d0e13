"""Figures that the notebooks share.

Every function draws into the axes or figure that it is given, or makes one of fixed size, and
returns the Figure; none shows it, writes it or changes global settings. Show it with
`results.show(fig, name=…, alt=…)`. Colours are Okabe and Ito's, told apart by every kind of
colour vision; wherever a colour means something, so does a line style, a marker or a word.
"""

from mnist_utils.plotting.base import (
    BLACK,
    BLUE,
    COLOURS,
    DIGITS,
    GREEN,
    MARKERS,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    YELLOW,
    new_figure,
)
from mnist_utils.plotting.charts import plot_class_counts, plot_history
from mnist_utils.plotting.digits import (
    draw_digit,
    plot_cases,
    plot_digits,
    plot_feature_maps,
    plot_rows,
)
from mnist_utils.plotting.evaluation import plot_intervals, plot_reliability
from mnist_utils.plotting.predictions import (
    plot_confusion,
    plot_errors,
    plot_prediction,
    plot_predictions,
)
from mnist_utils.plotting.robustness import (
    plot_errors_against,
    plot_risk_coverage,
    plot_severity,
    plot_shares,
)
from mnist_utils.plotting.sweeps import plot_costs, plot_differences, plot_heat_map, plot_sweep

__all__ = [
    "BLACK",
    "BLUE",
    "COLOURS",
    "DIGITS",
    "GREEN",
    "MARKERS",
    "ORANGE",
    "PURPLE",
    "SKY",
    "VERMILION",
    "YELLOW",
    "draw_digit",
    "new_figure",
    "plot_cases",
    "plot_class_counts",
    "plot_confusion",
    "plot_costs",
    "plot_differences",
    "plot_digits",
    "plot_errors",
    "plot_errors_against",
    "plot_feature_maps",
    "plot_heat_map",
    "plot_history",
    "plot_intervals",
    "plot_prediction",
    "plot_predictions",
    "plot_reliability",
    "plot_risk_coverage",
    "plot_rows",
    "plot_severity",
    "plot_shares",
    "plot_sweep",
]
