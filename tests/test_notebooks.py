"""Every notebook through nbval: strict cells compared with what is stored, all cells executed.

The copies that run are small: papermill puts the parameters of smoke.toml into them and keeps the
stored outputs (`--prepare-only`), which the strict cells must reproduce whatever the parameters.
"""

import os
import subprocess
import sys
import tomllib

import nbformat
import papermill
import pytest
from series import NOTEBOOKS, ROOT, all_notebooks, read_notebook

from mnist_utils.selection import read_parameters

SMOKE = tomllib.loads((ROOT / "tests/smoke.toml").read_text("utf-8"))


def prepare(path, folder):
    """Write a smoke-sized copy of a notebook, outputs kept, into a folder of its own."""
    copy = folder / path.name
    papermill.execute_notebook(
        str(path), str(copy), SMOKE.get(path.stem, {}), prepare_only=True, progress_bar=False
    )
    return copy


def nbval(path):
    """Run pytest with nbval on one notebook, with this environment's kernel."""
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q",
               "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(path.parent), str(path)]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, cwd=path.parent,
                          env=offline(path.parent))  # fmt: skip


def offline(folder):
    """This environment, in which no Python process reaches the network; it logs who tries."""
    paths = [str(ROOT / "tests/offline"), os.environ.get("PYTHONPATH")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)),
                         "OFFLINE_LOG": str(folder / "network.log")}  # fmt: skip


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_cells_run_and_strict_ones_give_their_stored_output(path, tmp_path):
    result = nbval(prepare(path, tmp_path))
    assert result.returncode == 0, result.stdout[-6000:]
    assert not (tmp_path / "network.log").exists(), (tmp_path / "network.log").read_text()


def test_smoke_parameters_exist_and_differ():
    for name, smoke in SMOKE.items():
        declared = read_parameters(NOTEBOOKS / f"{name}.ipynb")
        assert smoke.items() - declared.items() == smoke.items(), name
        assert set(smoke) <= set(declared), name


def first_strict_cell(notebook):
    for index, cell in enumerate(notebook.cells):
        strict = cell.cell_type == "code" and "nbval-ignore-output" not in cell.metadata.get(
            "tags", []
        )
        streams = [output for output in cell.get("outputs", []) if output.output_type == "stream"]
        if strict and streams:
            return index, streams[0]
    raise AssertionError("no strict cell with printed output")


@pytest.fixture(scope="module")
def opening(tmp_path_factory):
    """The first notebook up to its first strict cell that prints something."""
    notebook = read_notebook(
        prepare(NOTEBOOKS / "01_exploration.ipynb", tmp_path_factory.mktemp("a"))
    )
    index, _ = first_strict_cell(notebook)
    notebook.cells = notebook.cells[: index + 1]
    return notebook


def test_unchanged_opening_passes(opening, tmp_path):
    nbformat.write(opening, tmp_path / "opening.ipynb")
    assert nbval(tmp_path / "opening.ipynb").returncode == 0


def test_planted_change_in_a_stored_output_fails(opening, tmp_path):
    _, stream = first_strict_cell(opening)
    before = stream.text
    try:
        stream.text = before.replace("0", "1") if "0" in before else before + "0"
        assert stream.text != before
        nbformat.write(opening, tmp_path / "changed.ipynb")
    finally:
        stream.text = before
    result = nbval(tmp_path / "changed.ipynb")
    assert result.returncode == 1
    assert "mismatch" in result.stdout


def test_planted_error_fails(opening, tmp_path):
    changed = nbformat.from_dict(opening)
    changed.cells.append(nbformat.v4.new_code_cell("undefined_name", execution_count=99))
    nbformat.write(changed, tmp_path / "broken.ipynb")
    result = nbval(tmp_path / "broken.ipynb")
    assert result.returncode == 1
    assert "NameError" in result.stdout


def ruff(*arguments):
    return subprocess.run([sys.executable, "-m", "ruff", "check", *arguments],
                          capture_output=True, text=True, cwd=ROOT)  # fmt: skip


def test_ruff_finds_nothing():
    result = ruff("--no-cache", ".")
    assert result.returncode == 0, result.stdout
    formatted = subprocess.run([sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "."],
                               capture_output=True, text=True, cwd=ROOT)  # fmt: skip
    assert formatted.returncode == 0, formatted.stdout


def test_planted_undefined_name_in_a_notebook_is_found(tmp_path):
    notebook = read_notebook(NOTEBOOKS / "01_exploration.ipynb")
    notebook.cells[-2:-1] = [nbformat.v4.new_code_cell("print(undefined_name)")]
    nbformat.write(notebook, tmp_path / "planted.ipynb")
    result = ruff(
        "--no-cache", "--config", str(ROOT / "pyproject.toml"), str(tmp_path / "planted.ipynb")
    )
    assert result.returncode == 1
    assert "F821" in result.stdout
