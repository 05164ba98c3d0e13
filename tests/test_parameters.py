"""Wrong parameters are refused in words, and in a notebook before anything is trained."""

import ast
import subprocess
import sys
import tomllib

import nbformat
import numpy as np
import papermill
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from papermill.exceptions import PapermillExecutionError
from series import NOTEBOOKS, ROOT, read_notebook

from mnist_utils import parameters
from mnist_utils.selection import read_parameters

SMOKE = tomllib.loads((ROOT / "tests/smoke.toml").read_text("utf-8"))
LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize(("value", "limits"), [
    (1, (1, 9)), (9, (1, 9)), (np.int64(4), (1, 9)), (None, (1, 9, None)), (3, (1, 9, None)),
    (0.5, (0.0, 1)), (1, (0.0, 1)), (np.float32(0.5), (0, 1.0)), ("adam", ["adam", "sgd"]),
    (True, [True, False]), (0, (0, 9)),
])  # fmt: skip
def test_what_fits_is_let_through(value, limits):
    assert parameters.check({"X": value}, X=limits) is None


@pytest.mark.parametrize(("value", "limits", "message"), [
    (0, (1, 9), "X must be a whole number from 1 to 9, got 0"),
    (60_000, (10, 55_000), "X must be a whole number from 10 to 55,000, got 60000"),
    ("many", (1, 9), "X must be a whole number from 1 to 9, got the text 'many'"),
    ("3", (1, 9), "got the text '3'"),
    ("false", [True, False], "X must be one of True, False, got the text 'false'"),
    (1.0, (1, 9), "a whole number from 1 to 9, got 1.0"),
    (True, (1, 9), "got True"),
    (1, [True, False], "got 1"),
    (None, (1, 9), "got NoneType None"),
    ([2], (1, 9, None), "X must be a whole number from 1 to 9, or None, got list [2]"),
    (float("nan"), (0.0, 1.0), "X must be a number from 0.0 to 1.0, got nan"),
    (float("inf"), (0.0, 1.0), "got inf"),
    (1j, (0.0, 1.0), "got complex"),
    ("SGD", ["adam", "sgd"], "X must be one of 'adam', 'sgd', got the text 'SGD'"),
    ("../../etc/passwd", ["adam", "sgd"], "X must be one of 'adam', 'sgd'"),
    (10**400, (1, 9), "got 1000"),
])  # fmt: skip
def test_what_does_not_fit_is_named(value, limits, message):
    with pytest.raises(ValueError, match="X") as raised:
        parameters.check({"X": value}, X=limits)
    assert message in str(raised.value)
    assert len(str(raised.value)) < 150


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(
        ValueError, match=r"^A must be .* got 0; B is not set: run the cell .* first$"
    ):
        parameters.check({"A": 0, "C": 1}, A=(1, 9), B=(1, 9), C=(1, 9))


@pytest.mark.parametrize("limits", [(), (1,), (1, "9"), (1, 9, 5), (True, 3), [], range(3), "ab"])
def test_limits_of_another_form_are_the_authors_mistake(limits):
    with pytest.raises(TypeError, match="limits of X must be"):
        parameters.check({"X": 1}, X=limits)


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() \
    | st.lists(st.integers()) | st.complex_numbers()  # fmt: skip


@given(ANYTHING, st.integers(), st.integers())
def test_whatever_comes_is_let_through_or_refused_in_words(value, low, high):
    fits = type(value) is int and low <= value <= high
    if fits:
        parameters.check({"X": value}, X=(low, high))
    else:
        with pytest.raises(ValueError, match=r"^X must be a whole number from"):
            parameters.check({"X": value}, X=(low, high))


# In notebooks


@pytest.fixture
def lesson(tmp_path):
    """A small lesson: parameters, the check, and a training that leaves a mark."""
    cells = [
        "EPOCHS = 3\nEXAMPLES = 500\nAUGMENT = True",
        "from mnist_utils import parameters\n"
        "parameters.check(globals(), EPOCHS=(1, 50), EXAMPLES=(10, 55_000), AUGMENT=[True, False])",
        "open('trained', 'w').close()\nEPOCHS * EXAMPLES",
    ]
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    notebook.cells[0].metadata["tags"] = ["parameters"]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}  # fmt: skip
    notebook.metadata["language_info"] = {"name": "python"}
    folder = tmp_path / "series"
    folder.mkdir()
    nbformat.write(notebook, folder / "01_lesson.ipynb")
    return folder / "01_lesson.ipynb"


def run_papermill(*arguments, cwd):
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)


def test_papermill_stops_at_wrong_parameters_before_training(lesson, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    wrong = ["-p", "EPOCHS", "many", "-p", "EXAMPLES", "60000", "-p", "AUGMENT", "false"]
    result = run_papermill(*wrong, lesson, "out.ipynb", cwd=elsewhere)
    assert result.returncode == 1
    assert "EPOCHS must be a whole number from 1 to 50, got the text 'many'" in result.stderr
    assert "EXAMPLES must be a whole number from 10 to 55,000, got 60000" in result.stderr
    assert "AUGMENT must be one of True, False, got the text 'false'" in result.stderr
    assert not (elsewhere / "trained").exists()
    kept = read_notebook(elsewhere / "out.ipynb")
    failed = [c for c in kept.cells for o in c.get("outputs", []) if o.output_type == "error"]
    assert [cell.source.partition("\n")[0] for cell in failed] == [
        "from mnist_utils import parameters"
    ]


def test_the_python_interface_stops_there_too(lesson, tmp_path):
    with pytest.raises(PapermillExecutionError) as raised:
        papermill.execute_notebook(lesson, tmp_path / "out.ipynb", {"EPOCHS": 0, "EXAMPLES": 2.5},
                                   progress_bar=False, cwd=tmp_path)  # fmt: skip
    assert raised.value.ename == "ValueError"
    assert "EPOCHS must be" in raised.value.evalue
    assert "EXAMPLES must be" in raised.value.evalue
    assert not (tmp_path / "trained").exists()


def test_right_parameters_run_through(lesson, tmp_path):
    executed = papermill.execute_notebook(lesson, tmp_path / "out.ipynb", {"EPOCHS": 2},
                                          progress_bar=False, cwd=tmp_path)  # fmt: skip
    assert executed.cells[-1].outputs[0].data["text/plain"] == "1000"
    assert (tmp_path / "trained").exists()


def checks_of(path):
    """Return the calls of parameters.check in a lesson's first code cell after the parameters."""
    cells = [cell for cell in read_notebook(path).cells if cell.cell_type == "code"]
    index = next(i for i, c in enumerate(cells) if "parameters" in c.metadata.get("tags", []))
    statements = [line for line in cells[index + 1].source.split("\n") if not line.startswith("%")]
    calls = [node.value for node in ast.parse("\n".join(statements)).body[:3]
             if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]  # fmt: skip
    return [call for call in calls if ast.unparse(call.func).endswith("parameters.check")]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_parameter_of_a_lesson_has_limits_that_its_uses_respect(path):
    (call,) = checks_of(path)
    limits = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    declared = read_parameters(path)
    assert set(limits) == set(declared)
    parameters.check(declared, **limits)
    parameters.check(declared | SMOKE.get(path.stem, {}), **limits)
    for name in declared:
        with pytest.raises(ValueError, match=f"{name} must be"):
            parameters.check(declared | {name: "many"}, **limits)
