"""Reliability diagrams and intervals beside claims, read back from their axes."""

import numpy as np
import pandas as pd
import pytest

from mnist_utils import plotting
from mnist_utils.evaluation import apply_temperature, reliability_curve

pytestmark = pytest.mark.usefixtures("close_figures")


@pytest.fixture
def curves():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.full(10, 0.1), 500)
    labels = rng.integers(0, 10, 500)
    softer = apply_temperature(probabilities, 2)
    return {"before": reliability_curve(labels, probabilities, bins=5),
            "after": reliability_curve(labels, softer, bins=5)}  # fmt: skip


def test_reliability_draws_every_bin_and_interval(curves):
    fig = plotting.plot_reliability(curves, title="Softer is closer")
    (ax,) = fig.axes
    for drawn, curve in zip(ax.containers, curves.values(), strict=True):
        points, _, (bars,) = drawn
        np.testing.assert_allclose(points.get_xdata().astype(float), 100 * curve.probability)
        np.testing.assert_allclose(points.get_ydata().astype(float), 100 * curve.accuracy)
        ends = [segment[:, 1] for segment in bars.get_segments()]
        np.testing.assert_allclose(ends, 100 * curve[["low", "high"]])
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["as sure as right", "before", "after"]
    assert ax.get_title() == "Softer is closer"


def test_intervals_with_and_without_claims():
    table = pd.DataFrame({"value": [0.98, 0.97], "low": [0.97, 0.96], "high": [0.99, 0.98],
                          "claimed": [0.985, np.nan]}, index=["first", "second"])  # fmt: skip
    (ax,) = plotting.plot_intervals(table).axes
    assert [text.get_text() for text in ax.get_yticklabels()] == ["first", "second"]
    (lines,) = ax.collections
    np.testing.assert_allclose([segment[:, 0] for segment in lines.get_segments()],
                               [[97, 99], [96, 98]])  # fmt: skip
    drawn = {line.get_label(): line.get_xdata() for line in ax.lines}
    np.testing.assert_allclose(drawn["measured"], [98, 97])
    np.testing.assert_allclose(drawn["claimed"], [98.5, np.nan])
    bottom, top = ax.get_ylim()
    assert bottom > top  # the first row is on top
    (ax,) = plotting.plot_intervals(table.drop(columns="claimed"), scale=1, label="x").axes
    assert ax.get_legend() is None


def test_given_axes_are_drawn_into(curves):
    fig, axes = plotting.new_figure(ncols=2)
    table = pd.DataFrame({"value": [1.0], "low": [0.5], "high": [1.5]}, index=["only"])
    assert plotting.plot_reliability(curves, ax=axes[0]) is fig
    assert plotting.plot_intervals(table, ax=axes[1]) is fig


def test_what_cannot_be_drawn_is_refused(curves):
    with pytest.raises(ValueError, match="at least one reliability curve"):
        plotting.plot_reliability({})
    with pytest.raises(ValueError, match="no column low, high"):
        plotting.plot_reliability({"a": curves["before"][["probability", "accuracy"]]})
    table = pd.DataFrame({"value": [1.0], "low": [2.0], "high": [1.5]})
    with pytest.raises(ValueError, match="low <= high in every row"):
        plotting.plot_intervals(table)
    with pytest.raises(ValueError, match="no column low, high; it has value"):
        plotting.plot_intervals(table[["value"]])
