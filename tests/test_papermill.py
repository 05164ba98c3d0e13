"""Plain papermill, as the README promises it: from any folder, and without writing to the series."""

import os
import subprocess
import sys
import tomllib

import nbformat
import papermill
import pytest
from series import NOTEBOOKS, ROOT, read_notebook

SMOKE = tomllib.loads((ROOT / "tests/smoke.toml").read_text("utf-8"))


def run_papermill(*arguments, cwd):
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=200)


@pytest.fixture
def elsewhere(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


@pytest.fixture
def opening(tmp_path):
    """The first lesson up to the first cell that prints something, in a folder of its own."""
    notebook = read_notebook(NOTEBOOKS / "01_exploration.ipynb")
    printing = next(i for i, cell in enumerate(notebook.cells)
                    if any(o.output_type == "stream" for o in cell.get("outputs", [])))  # fmt: skip
    notebook.cells = notebook.cells[: printing + 1]
    (tmp_path / "series").mkdir()
    nbformat.write(notebook, tmp_path / "series/01_exploration.ipynb")
    return tmp_path / "series/01_exploration.ipynb"


def test_a_lesson_runs_from_elsewhere_and_leaves_a_read_only_series_alone(opening, elsewhere):
    expected = read_notebook(opening).cells[-1].outputs[0].text
    content = opening.read_bytes()
    opening.chmod(0o444)
    opening.parent.chmod(0o555)
    try:
        result = run_papermill("-p", "SEED", 3, opening, "out.ipynb", cwd=elsewhere)
    finally:
        opening.parent.chmod(0o755)
    assert result.returncode == 0, result.stderr
    executed = read_notebook(elsewhere / "out.ipynb")
    assert executed.cells[-1].outputs[0].text == expected
    assert any(cell.source.endswith("SEED = 3\n") for cell in executed.cells)
    assert opening.read_bytes() == content
    assert os.listdir(opening.parent) == [opening.name]  # root may write there: nobody has


def test_the_python_interface_runs_a_lesson_too(opening, elsewhere):
    executed = papermill.execute_notebook(str(opening), None, {"SEED": 3}, cwd=str(elsewhere),
                                          progress_bar=False)  # fmt: skip
    assert executed.metadata.papermill.exception is None
    assert executed.cells[-1].outputs[0].text == read_notebook(opening).cells[-1].outputs[0].text


@pytest.mark.parametrize("name", list(SMOKE))
def test_prepare_only_sets_every_parameter_and_keeps_every_output(name, elsewhere):
    path = NOTEBOOKS / f"{name}.ipynb"
    papermill.execute_notebook(str(path), str(elsewhere / "out.ipynb"), SMOKE[name],
                               prepare_only=True, progress_bar=False)  # fmt: skip
    prepared, original = read_notebook(elsewhere / "out.ipynb"), read_notebook(path)
    tags = [cell.metadata.get("tags", []) for cell in prepared.cells]
    (injected,) = (i for i, names in enumerate(tags) if "injected-parameters" in names)
    assert "parameters" in tags[injected - 1]
    values = {}
    exec(prepared.cells[injected].source, values)
    assert {key: values[key] for key in SMOKE[name]} == SMOKE[name]
    rest = [cell for i, cell in enumerate(prepared.cells) if i != injected]
    assert [cell.get("outputs") for cell in rest] == [c.get("outputs") for c in original.cells]


def test_a_misspelt_parameter_is_pointed_out(elsewhere):
    path = NOTEBOOKS / "03_dense_models.ipynb"
    result = run_papermill("--prepare-only", "-p", "EPOCS", 1, path, "out.ipynb", cwd=elsewhere)
    assert result.returncode == 0, result.stderr
    assert "Passed unknown parameter: EPOCS" in result.stderr
