"""Every notebook opened in a real JupyterLab and run there: nothing fails, everything is drawn."""

import tomllib

import papermill
import pytest
from series import NOTEBOOKS, ROOT, all_notebooks, read_notebook

browser = pytest.importorskip("browser")
lab = pytest.importorskip("lab")
pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")

pytestmark = browser.needs_chromium

SMOKE = tomllib.loads((ROOT / "tests/smoke.toml").read_text("utf-8"))
WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURES = """pictures => Promise.all([...pictures].map(async picture => {
    await picture.decode();
    return [picture.naturalWidth, picture.getBoundingClientRect().width];
}))"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A running JupyterLab with smoke-sized copies of all notebooks, without outputs."""
    folder = tmp_path_factory.mktemp("series")
    for path in all_notebooks():
        copy = folder / path.relative_to(NOTEBOOKS)
        copy.parent.mkdir(exist_ok=True)
        papermill.execute_notebook(str(path), str(copy), SMOKE.get(path.stem, {}),
                                   prepare_only=True, progress_bar=False)  # fmt: skip
    with lab.serve(folder) as address:
        yield address


@pytest.fixture(scope="module")
def chromium():
    with browser.open_chromium() as chromium:
        yield chromium


def clear_and_run(page):
    """Clear all outputs, run all cells, and return them when the kernel has done."""
    page.evaluate("""async () => {
        await window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs');
        await window.jupyterapp.commands.execute('notebook:run-all-cells');
    }""")
    page.wait_for_function(lab.READY, timeout=lab.WAIT)
    return [cell for cell in lab.cells_of(page) if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_all_cells_run_and_all_figures_are_drawn(path, address, chromium):
    stored = [cell for cell in read_notebook(path).cells if cell.cell_type == "code"]
    page = chromium.new_page(viewport={"width": 1200, "height": 1000})
    try:
        lab.open_notebook(page, address, path.relative_to(NOTEBOOKS).as_posix())
        cells = clear_and_run(page)
        assert len(cells) in (len(stored), len(stored) + 1)  # the injected parameters
        assert [cell["source"] for cell in cells if cell["execution_count"] is None] == []
        outputs = [output for cell in cells for output in cell["outputs"]]
        assert [output for output in outputs if output["output_type"] == "error"] == []
        kinds = [kind for output in outputs for kind in output.get("data", {})]
        before = [
            kind for cell in stored for output in cell.outputs for kind in output.get("data", {})
        ]
        canvases = sum("= draw(" in cell.source for cell in stored)  # samples in the stored run
        assert kinds.count(WIDGET) == canvases
        assert kinds.count("image/png") == before.count("image/png") - canvases
        pictures = page.locator(".jp-OutputArea-output img").evaluate_all(PICTURES)
        assert len(pictures) == kinds.count("image/png")
        assert all(min(sizes) > 50 for sizes in pictures), pictures
        papers = page.locator(".digit-canvas canvas")
        assert papers.count() == canvases
        assert all(papers.nth(place).is_visible() for place in range(canvases))
        assert page.locator(".jp-OutputArea-output .jp-mod-error").count() == 0
    finally:
        page.evaluate("window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown()")
        page.close()
