"""The notebook's canvas without a browser; drawing on it is in test_browser_lab.py."""

import base64
import io
import os
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from series import ROOT

pytest.importorskip("anywidget", reason="anywidget is not installed")

from mnist_utils import canvas

SAMPLE = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)


def as_url(image, form="PNG"):
    stored = io.BytesIO()
    image.save(stored, form)
    return f"data:image/{form.lower()};base64,{base64.b64encode(stored.getvalue()).decode()}"


def test_where_nobody_draws_the_sample_is_read():
    paper = canvas.draw(SAMPLE)
    assert paper.widget is None
    assert not paper.drawn
    assert (paper.image == SAMPLE).all()
    assert "sample" in repr(paper)


def test_the_sample_is_shown_with_a_text_for_those_who_do_not_see_it(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **more: shown.append((data, more)))
    canvas.draw(SAMPLE)._ipython_display_()
    ((data, more),) = shown
    assert data["text/plain"] == more["metadata"]["image/png"]["alt"]
    assert len(data["text/plain"]) >= 20
    picture = Image.open(io.BytesIO(data["image/png"]))
    assert (np.asarray(picture)[::10, ::10] == SAMPLE).all()


@pytest.fixture
def browser(monkeypatch):
    """As if JupyterLab had started this process as a kernel."""
    monkeypatch.delenv("MNIST_UTILS_PROGRESS", raising=False)
    monkeypatch.setenv("JPY_SESSION_NAME", "x.ipynb")
    monkeypatch.setitem(sys.modules, "ipykernel", pytest.importorskip("ipykernel"))


def test_what_the_browser_sends_is_read(browser):
    paper = canvas.draw(SAMPLE)
    assert (paper.image == SAMPLE).all()  # until something is drawn
    drawn = Image.new("RGBA", (400, 400), "white")
    drawn.putpixel((3, 5), (0, 0, 0, 255))
    paper.widget.kind, paper.widget.picture = "drawing", as_url(drawn)
    assert paper.drawn
    assert paper.image.dtype == np.uint8
    assert paper.image.shape == (400, 400)
    assert paper.image[5, 3] == 0
    assert (paper.image == 0).sum() == 1
    paper.widget.kind, paper.widget.picture = "photo", as_url(Image.new("RGB", (40, 30), "red"))
    assert paper.image.shape == (30, 40, 3)
    paper.widget.picture = as_url(Image.new("RGB", (40, 30), "red").quantize(4))
    assert paper.image.shape == (30, 40, 4)
    assert paper.image.dtype == np.uint8
    assert paper.image[0, 0].tolist() == [255, 0, 0, 255]
    paper.widget.kind = paper.widget.picture = ""
    assert (paper.image == SAMPLE).all()


@pytest.mark.parametrize("sent", [
    "x", "data:text/html;base64,AAAA", "data:image/png;base64,####", "data:image/png;base64,AAAA",
    as_url(Image.new("L", (9, 9)))[:60], as_url(Image.new("L", (9, 9)), "GIF"),
    as_url(Image.new("1", (3000, 3000))),
])  # fmt: skip
def test_other_things_than_a_picture_are_an_error(sent):
    with pytest.raises(ValueError, match="canvas"):
        canvas.decode(sent)


@pytest.mark.parametrize("sample", [SAMPLE.astype(float), SAMPLE[0], SAMPLE[:0], [[1, 2]]])
def test_a_wrong_sample_is_an_error(sample):
    with pytest.raises(ValueError, match="sample must be uint8"):
        canvas.draw(sample)


def test_who_draws(browser, monkeypatch):
    assert canvas.someone_draws()
    monkeypatch.setenv("MNIST_UTILS_PROGRESS", "0")
    assert not canvas.someone_draws()
    monkeypatch.delenv("MNIST_UTILS_PROGRESS")
    monkeypatch.delenv("JPY_SESSION_NAME")
    for mark in ("VSCODE_PID", "VSCODE_CWD", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(mark, raising=False)
    assert not canvas.someone_draws()
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    assert canvas.someone_draws()


def test_a_stored_notebook_holds_no_widget(tmp_path):
    cells = ["import numpy as np\nfrom mnist_utils import canvas\n"
             "paper = canvas.draw(np.eye(28, dtype=np.uint8) * 255)\npaper",
             "print(paper.image.shape, paper.image.dtype, int(paper.image.sum()))"]  # fmt: skip
    nbformat.write(
        new_notebook(cells=[new_code_cell(cell) for cell in cells]), tmp_path / "a.ipynb"
    )
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("MNIST_UTILS_PROGRESS", "JPY_SESSION_NAME")
                   and not key.startswith("VSCODE_")}  # fmt: skip
    subprocess.run([sys.executable, "-m", "papermill", "a.ipynb", "b.ipynb", "-k", "python3"],
                   cwd=tmp_path, check=True, capture_output=True,
                   env=environment | {"PYTHONPATH": str(ROOT)})  # fmt: skip
    done = nbformat.read(tmp_path / "b.ipynb", 4)
    assert "widgets" not in done.metadata
    shown, printed = (cell.outputs[0] for cell in done.cells)
    assert "image/png" in shown.data
    assert not [kind for kind in shown.data if "widget" in kind]
    assert printed.text == f"(28, 28) uint8 {28 * 255}\n"


def test_the_script_needs_nothing_from_elsewhere():
    script = canvas.script()
    assert "http" not in script
    assert "import " not in script
    assert "url(" not in canvas.style()
