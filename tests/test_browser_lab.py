"""The canvas in a real JupyterLab: draw a 7 on it, read it, then put a photo there."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from series import ROOT

browser = pytest.importorskip("browser")
pytest.importorskip("anywidget", reason="anywidget is not installed")
pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")

from PIL import Image  # noqa: E402
from playwright.sync_api import expect  # noqa: E402

pytestmark = browser.needs_chromium
WAIT = 40_000  # milliseconds, on a busy machine

CELLS = ["import numpy as np\nfrom mnist_utils import canvas\n"
         "paper = canvas.draw(np.zeros((28, 28), np.uint8))\npaper",
         "image = paper.image\nprint(paper, image.shape, image.dtype, int((image < 128).sum()))"]  # fmt: skip


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A running JupyterLab with a notebook x.ipynb, of its own settings, without a network."""
    folder = tmp_path_factory.mktemp("lab")
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in CELLS])
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    nbformat.write(notebook, folder / "x.ipynb")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }  # fmt: skip
    environment.pop("MNIST_UTILS_PROGRESS", None)  # here somebody watches
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
               "--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}",
               "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True",
               "--LabApp.news_url=None", "--LabApp.extension_manager=readonly",
               "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]  # fmt: skip
    with browser.one_at_a_time(tmp_path_factory.getbasetemp()), open(folder / "log", "w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(120):
                try:
                    urllib.request.urlopen(f"{address}/api/status", timeout=2)
                    break
                except OSError:
                    assert server.poll() is None, (folder / "log").read_text()[-3000:]
                    time.sleep(0.5)
            yield address
        finally:
            server.terminate()  # it ends its kernels
            server.wait(20)


def run_cell(page, index):
    """Run one cell and return what it printed."""
    page.evaluate("""async index => {
        const panel = window.jupyterapp.shell.currentWidget;
        panel.content.activeCellIndex = index;
        panel.content.deselectAll();
        await window.jupyterapp.commands.execute('notebook:run-cell');
    }""", index)  # fmt: skip
    cells = page.evaluate("window.jupyterapp.shell.currentWidget.content.model.toJSON()")["cells"]
    assert cells[index]["execution_count"] is not None
    assert not [out for out in cells[index]["outputs"] if out["output_type"] == "error"], cells
    return "".join("".join(out.get("text", "")) for out in cells[index]["outputs"])


def test_the_canvas_in_jupyterlab(lab, tmp_path):
    with browser.open_chromium() as chromium:
        page = chromium.new_page(viewport={"width": 1200, "height": 1000})
        page.goto(f"{lab}/lab/tree/x.ipynb?reset")
        page.wait_for_function("""() => {
            const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
            return session?.kernel?.status === 'idle';
        }""", timeout=WAIT)  # fmt: skip
        run_cell(page, 0)
        paper = page.locator(".digit-canvas canvas")
        expect(paper).to_be_visible(timeout=WAIT)
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
        expect(page.locator(".digit-message")).to_have_text("photo.jpg", timeout=WAIT)
        page.wait_for_timeout(300)
        assert "<Paper with a photo> (1024, 410, 4) uint8" in run_cell(page, 1)
        page.get_by_role("button", name="Clear").click()
        page.wait_for_timeout(300)
        assert "sample" in run_cell(page, 1)
        (tmp_path / "letter.png").write_text("Dear reader")
        page.locator(".digit-open input").set_input_files(tmp_path / "letter.png")
        expect(page.locator(".digit-message")).to_contain_text("can't read", timeout=WAIT)
        stored = page.evaluate("window.jupyterapp.shell.currentWidget.content.model.toJSON()")
        assert json.dumps(stored["cells"]).count("application/vnd.jupyter.widget-view+json") == 1
