"""What `record` and `show` put into a notebook, read back from an executed one."""

import base64
import io

import nbformat
import numpy as np
import pytest
from matplotlib import pyplot as plt
from nbclient import NotebookClient
from PIL import Image

from mnist_utils.results import read_outputs, record, reduce_colours, show


@pytest.fixture(scope="module")
def executed():
    cells = [
        "from matplotlib import pyplot as plt\nfrom mnist_utils.results import record, show",
        "record('accuracy', 0.9812, interval=(0.98, 0.983), n=10_000, unit='%')",
        "fig, ax = plt.subplots(figsize=(4, 3))\nshow(fig, name='empty_axes', alt='Empty axes')",
        "from mnist_utils.data import load_mnist\ndata = load_mnist()",
        "len(data.test.labels), len(data.test.images)",
        "data.test.labels[0]",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    return NotebookClient(notebook, kernel_name="python3").execute()


def test_outputs_carry_what_was_recorded(executed):
    found = [(cell, kind, value) for cell, kind, value, _ in read_outputs(executed)]
    result = {"name": "accuracy", "value": 0.9812, "unit": "%", "digits": 2,
              "interval": [0.98, 0.983], "n": 10_000, "over": "images"}  # fmt: skip
    assert found == [(1, "result", result), (2, "figure", "empty_axes"), (4, "test_read", True)]


def test_result_is_shown_with_its_uncertainty(executed):
    text = executed.cells[1].outputs[0].data["text/plain"]
    assert text == "accuracy: 98.12% (95% interval 98.00% to 98.30%; 10,000 images)"


def test_figure_is_shown_once_at_100_dpi_with_its_alt_text(executed):
    (output,) = executed.cells[2].outputs
    assert output.metadata["image/png"]["alt"] == output.data["text/plain"] == "Empty axes"
    picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))
    assert picture.size == (400, 300)


def test_rare_colours_survive_the_palette():
    """A small mark in its own colour on a picture with thousands of others."""
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8))
    picture.paste((0xD5, 0x5E, 0x00), (10, 10, 14, 14))
    kept = np.asarray(reduce_colours(picture).convert("RGB"), int)[11, 11]
    assert np.abs(kept - (0xD5, 0x5E, 0x00)).max() <= 24


def test_outside_a_notebook_results_are_printed(capsys):
    record("time", 12.345, unit="s", digits=1, interval=(11, 13), n=3, over="runs")
    show(plt.figure(), name="nothing", alt="An empty figure")
    assert (
        capsys.readouterr().out
        == "time: 12.3 s (95% interval 11.0 to 13.0 s; 3 runs)\nAn empty figure\n"
    )
    assert not plt.get_fignums()


@pytest.mark.parametrize("interval", [(0.5, 0.6), (0.95, 0.8), (float("nan"), 1)])
def test_interval_must_hold_the_value(interval):
    with pytest.raises(ValueError, match="interval must be"):
        record("accuracy", 0.9, interval=interval)


@pytest.mark.parametrize(
    ("name", "alt"), [("a/b", "text"), ("", "text"), ("../x", "text"), ("a", " ")]
)
def test_figure_needs_a_plain_name_and_words(name, alt):
    with pytest.raises(ValueError, match="must"):
        show(plt.figure(), name=name, alt=alt)
    plt.close("all")
