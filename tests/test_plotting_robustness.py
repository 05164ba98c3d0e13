"""Figures of robustness: they draw what they are given."""

import numpy as np
import pandas as pd
import pytest

from mnist_utils.plotting import (
    plot_errors_against,
    plot_risk_coverage,
    plot_rows,
    plot_severity,
    plot_shares,
)
from mnist_utils.rejection import risk_coverage

pytestmark = pytest.mark.usefixtures("close_figures")


def make_table():
    rows = [(kind, severity, model, 0.9 - 0.1 * severity, 0.85 - 0.1 * severity, 0.95)
            for kind in ("noise", "blur", "shear") for model in ("a", "b")
            for severity in range(4)]  # fmt: skip
    columns = ["corruption", "severity", "model", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def test_severity_has_a_panel_a_corruption_and_a_line_a_model():
    fig = plot_severity(make_table(), columns=2, title="it falls")
    drawn = [ax for ax in fig.axes if ax.axison]
    assert [ax.get_title() for ax in drawn] == ["noise", "blur", "shear"]
    for ax in drawn:
        first, second = ax.containers
        assert np.allclose(first[0].get_ydata(), [90, 80, 70, 60])
        assert first[0].get_marker() != second[0].get_marker()
        assert first[0].get_linestyle() != second[0].get_linestyle()
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["a", "b"]
    assert [ax.get_xlabel() for ax in drawn] == ["", "severity", "severity"]  # nothing below


def test_risk_coverage_draws_percent_and_the_target():
    right = np.array([True] * 8 + [False] * 2)
    curve = risk_coverage(right, np.linspace(1, 0, 10))
    fig = plot_risk_coverage({"all": curve}, target=0.001, least=0.85)
    line, target = fig.axes[0].lines
    assert np.allclose(line.get_xdata(), [90, 100])
    assert np.allclose(line.get_ydata(), [100 / 9, 20])
    assert np.allclose(target.get_ydata(), 0.1)


def test_rows_have_names_texts_and_may_differ_in_length():
    images = np.zeros((3, 28, 28), np.uint8)
    fig = plot_rows({"long": images, "short": images[:1]}, {"short": ["a"]}, title="two rows")
    axes = np.array(fig.axes).reshape(2, 3)
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["long", "short"]
    assert axes[1, 0].get_title() == "a"
    assert [ax.axison for ax in axes.flat] == [True] * 4 + [False] * 2


def test_errors_against_each_other_show_networks_and_means():
    first, second = np.array([[0.01, 0.03], [0.1, 0.1]]), np.array([[0.2, 0.4], [0.5, 0.7]])
    ax = plot_errors_against(first, second, ["good", "bad"]).axes[0]
    small, large = ax.lines[:2]
    assert np.allclose(small.get_xydata(), [[1, 20], [3, 40]])
    assert np.allclose(large.get_xydata(), [[2, 30]])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["good", "bad"]


def test_shares_have_a_line_a_kind_and_a_dot_a_network():
    table = pd.DataFrame([[0.1, 0.2], [0.9, 1.0]], ["noise", "letters"])
    fig = plot_shares({"probability": table, "energy": table / 2})
    first, second = fig.axes[0].lines
    assert np.allclose(first.get_xdata(), [10, 20, 90, 100])
    assert np.allclose(second.get_xdata(), [5, 10, 45, 50])
    assert np.allclose(np.round(first.get_ydata()), [0, 0, 1, 1])
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["noise", "letters"]


@pytest.mark.parametrize(("call", "message"), [
    (lambda: plot_rows({}), "at least one row"),
    (lambda: plot_rows({"a": np.zeros((0, 28, 28))}), "at least one image"),
    (lambda: plot_rows({"a": np.zeros((2, 28, 28))}, {"a": ["x"]}), "must have 2 entries"),
    (lambda: plot_errors_against(np.ones((2, 1)), np.ones((2, 2)), "ab"), "both have shape"),
    (lambda: plot_errors_against(np.ones((2, 1)), np.ones((2, 1)), "abc"), "must have 2 entries"),
    (lambda: plot_shares({}), "at least one method"),
    (lambda: plot_shares({"a": make_table(), "b": make_table().iloc[:1]}), "the same kinds"),
    (lambda: plot_severity(make_table().iloc[:0]), "at least one row"),
    (lambda: plot_severity(make_table(), columns=0), "at least one row and one column"),
    (lambda: plot_severity(make_table().drop(columns="low")), "no column low"),
    (lambda: plot_risk_coverage({}), "at least one risk-coverage curve"),
    (lambda: plot_risk_coverage({"a": make_table()}), "no column coverage"),
    (lambda: plot_risk_coverage({"a": make_table()}, least=50), "least must be"),
])  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
