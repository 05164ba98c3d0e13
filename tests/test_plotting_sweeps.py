"""Figures of sweeps, read back from their axes."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from mnist_utils import plotting


@pytest.fixture(autouse=True)
def _close_figures():
    before = dict(plt.rcParams)
    yield
    assert dict(plt.rcParams) == before
    plt.close("all")


@pytest.fixture
def frame():
    rows = [{"rate": rate, "kind": kind, "seed": seed, "accuracy": 0.5 + rate + 0.01 * seed}
            for kind in ("a", "b") for rate in (0.1, 0.01) for seed in (0, 2)]  # fmt: skip
    return pd.DataFrame(rows)


def test_sweep_draws_every_point_and_the_means(frame):
    (ax,) = plotting.plot_sweep(frame, "rate", "accuracy", by="kind").axes
    points, means, *_ = ax.lines
    assert sorted(points.get_ydata()) == pytest.approx([51, 53, 60, 62])
    assert list(means.get_xdata()) == [0.01, 0.1]
    assert list(means.get_ydata()) == pytest.approx([52, 61])
    assert ax.get_xscale() == "log"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert len(ax.lines) == 4
    assert plotting.plot_sweep(frame, "rate", "accuracy").axes[0].get_legend() is None


def test_heat_map_shows_means_and_frames_the_best_cell_of_each_row(frame):
    frame["batch"] = np.where(frame.kind == "a", 16.0, 64.0)
    ax = plotting.plot_heat_map(frame, "batch", "rate", "accuracy", label="%").axes[0]
    assert [text.get_text() for text in ax.texts] == ["52.0", "61.0", "52.0", "61.0"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["16", "64"]
    assert [patch.get_xy() for patch in ax.patches] == [(1, 0), (1, 1)]


def test_differences_draw_mean_and_interval_over_seeds():
    ax = plotting.plot_differences({"x": [1.0, 2.0, 3.0], "y": [-1.0]}, label="points").axes[0]
    points, interval, mean = ax.lines[:3]
    assert list(points.get_xdata()) == [1.0, 2.0, 3.0]
    assert list(interval.get_xdata()) == pytest.approx([2 - 2.4841, 2 + 2.4841], abs=1e-3)
    assert list(mean.get_xdata()) == [2.0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["x", "y"]


def test_costs_draw_runs_and_medians():
    ledger = pd.DataFrame(
        {"seconds": [[2.0, 3.0, 9.0], [50.0]], "test_accuracies": [[0.98, 0.99, 0.97], [0.96]]},
        index=["quick", "slow"],
    )
    fig = plotting.plot_costs(ledger, ours={"quick"}, title="t")
    runs, middle, *_ = fig.axes[0].lines
    assert list(runs.get_ydata()) == pytest.approx([98, 99, 97])
    assert (middle.get_xdata()[0], middle.get_ydata()[0]) == pytest.approx((3, 98))
    assert [text.get_text() for text in fig.axes[0].texts] == ["quick", "slow"]


def test_costs_put_a_name_to_the_left_where_it_would_cover_a_neighbour():
    ledger = pd.DataFrame(
        {"seconds": [[19.0], [26.0], [72.0]], "test_accuracies": [[0.995], [0.9954], [0.97]]},
        index=["near", "neighbour", "far"],
    )
    texts = plotting.plot_costs(ledger, ours=()).axes[0].texts
    sides = {text.get_text(): text.get_ha() for text in texts}
    assert sides == {"near": "right", "neighbour": "left", "far": "left"}


def test_missing_columns_are_named(frame):
    with pytest.raises(ValueError, match="no column size; it has rate, kind"):
        plotting.plot_sweep(frame, "size", "accuracy")
    with pytest.raises(ValueError, match=r"no column size.*it has 0"):
        plotting.plot_sweep(pd.DataFrame({0: [1]}), "size", "loss")
    with pytest.raises(ValueError, match="no column loss"):
        plotting.plot_heat_map(frame, "kind", "rate", "loss")
    with pytest.raises(ValueError, match="no column seconds"):
        plotting.plot_costs(frame, ours=())
    with pytest.raises(ValueError, match="at least one comparison"):
        plotting.plot_differences({})
