"""The canvas in a real JupyterLab: draw a 7 on it, read it, then put a photo there."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

browser = pytest.importorskip("browser")
lab = pytest.importorskip("lab")
pytest.importorskip("anywidget", reason="anywidget is not installed")
pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")

from PIL import Image  # noqa: E402
from playwright.sync_api import expect  # noqa: E402

pytestmark = browser.needs_chromium

CELLS = ["import numpy as np\nfrom mnist_utils import canvas\n"
         "paper = canvas.draw(np.zeros((28, 28), np.uint8))\npaper",
         "image = paper.image\nprint(paper, image.shape, image.dtype, int((image < 128).sum()))"]  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A running JupyterLab with a notebook x.ipynb, without a network."""
    folder = tmp_path_factory.mktemp("lab")
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in CELLS])
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["kernelspec"] = kernel
    nbformat.write(notebook, folder / "x.ipynb")
    with browser.one_at_a_time(tmp_path_factory.getbasetemp()), lab.serve(folder) as address:
        yield address


def run_cell(page, index):
    """Run one cell and return what it printed."""
    page.evaluate("""async index => {
        const panel = window.jupyterapp.shell.currentWidget;
        panel.content.activeCellIndex = index;
        panel.content.deselectAll();
        await window.jupyterapp.commands.execute('notebook:run-cell');
    }""", index)  # fmt: skip
    cells = lab.cells_of(page)
    assert cells[index]["execution_count"] is not None
    assert not [out for out in cells[index]["outputs"] if out["output_type"] == "error"], cells
    return "".join("".join(out.get("text", "")) for out in cells[index]["outputs"])


def test_the_canvas_in_jupyterlab(address, tmp_path):
    with browser.open_chromium() as chromium:
        page = chromium.new_page(viewport={"width": 1200, "height": 1000})
        lab.open_notebook(page, address, "x.ipynb")
        run_cell(page, 0)
        paper = page.locator(".digit-canvas canvas")
        expect(paper).to_be_visible(timeout=lab.WAIT)
        assert "sample" in run_cell(page, 1)
        browser.draw_seven(page, paper)
        page.wait_for_timeout(300)
        drawn = run_cell(page, 1)
        assert "<Paper with a drawing> (400, 400) uint8" in drawn
        assert 4_000 < int(drawn.split()[-1]) < 24_000  # of 160,000 pixels, what a 7 covers
        photo = Image.new("RGB", (1500, 600), "white")
        photo.paste("black", (0, 0, 750, 600))
        turned = photo.getexif()
        turned[274] = 6  # EXIF: to be turned clockwise
        photo.save(tmp_path / "photo.jpg", exif=turned)
        page.locator(".digit-open input").set_input_files(tmp_path / "photo.jpg")
        expect(page.locator(".digit-message")).to_have_text("photo.jpg", timeout=lab.WAIT)
        page.wait_for_timeout(300)
        assert "<Paper with a photo> (1024, 410, 4) uint8" in run_cell(page, 1)
        page.get_by_role("button", name="Clear").click()
        page.wait_for_timeout(300)
        assert "sample" in run_cell(page, 1)
        (tmp_path / "letter.png").write_text("Dear reader")
        page.locator(".digit-open input").set_input_files(tmp_path / "letter.png")
        expect(page.locator(".digit-message")).to_contain_text("can't read", timeout=lab.WAIT)
        assert json.dumps(lab.cells_of(page)).count("application/vnd.jupyter.widget-view+json") == 1
