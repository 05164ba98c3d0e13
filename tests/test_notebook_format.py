"""The form of every stored notebook: what a reader, a diff and the tools may rely on."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from banner import BANNER, make_banner
from normalise import normalise
from PIL import Image
from restamp import stamp, stamp_readme
from series import (
    NOTEBOOKS,
    PLAN,
    ROOT,
    SOLUTIONS,
    all_notebooks,
    badge,
    read_notebook,
    read_results,
    read_settings,
    write_notebook,
)  # fmt: skip

from mnist_utils.results import read_outputs

LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))
EVERY = pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
EACH_LESSON = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
READS_TEST_SET = {"01_exploration", "03_dense_models", "04_cnn_models", "05_training",
                  "06_evaluation", "07_error_analysis", "08_tuning",
                  "09_robustness", "10_your_own_digits"}  # by purpose  # fmt: skip
BANDS = tomllib.loads((ROOT / "tests/bands.toml").read_text("utf-8"))


def cells_of(path, kind):
    return [cell for cell in read_notebook(path).cells if cell.cell_type == kind]


def tags(cell):
    return cell.metadata.get("tags", [])


def headings(notebook, level):
    """Return (cell index, text) of each heading of a level."""
    found = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            pattern = rf"^{'#' * level} (.+)$"
            found += [(index, text) for text in re.findall(pattern, cell.source, re.MULTILINE)]
    return found


def test_the_series_is_there():
    assert LESSONS
    assert [path.stem for path in LESSONS] == list(PLAN)[: len(LESSONS)]
    assert [path.stem for path in sorted(SOLUTIONS.glob("*.ipynb"))] == [
        f"{path.stem}_solutions" for path in LESSONS
    ]


@EVERY
def test_stored_by_one_clean_run(path):
    code = cells_of(path, "code")
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.text
            counts = [output.get("execution_count", cell.execution_count)]
            assert counts == [cell.execution_count]
            assert not any("widget" in kind for kind in output.get("data", {}))


@EVERY
def test_is_in_the_normal_form(path, tmp_path):
    """No papermill metadata, injected cells, widget state or editor settings; fixed key order."""
    write_notebook(normalise(read_notebook(path)), tmp_path / path.name)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@EVERY
def test_stamps_are_in_step(path):
    notebook = read_notebook(path)
    before = [cell.source for cell in notebook.cells]
    place = path.relative_to(ROOT).as_posix()
    stamped = stamp(notebook, place, read_settings(), read_results())
    assert [cell.source for cell in stamped.cells] == before, "run `python tools/restamp.py`"
    assert badge(read_settings(), place) in before[0]
    assert sum("setup" in tags(cell) for cell in stamped.cells) == 1


@EVERY
def test_cells_are_short_and_interleaved_with_prose(path):
    notebook = read_notebook(path)
    code, prose = cells_of(path, "code"), cells_of(path, "markdown")
    assert len(notebook.cells) <= 45
    assert len(prose) >= len(code)
    for cell in code:
        lines = cell.source.splitlines()
        assert 1 <= len(lines) <= 25, cell.source
        assert max(map(len, lines)) <= 100, cell.source
    kinds = "".join(cell.cell_type[0] for cell in notebook.cells)
    assert "ccc" not in kinds


@EVERY
def test_kinds_of_cells(path):
    code = cells_of(path, "code")
    allowed = {"setup", "parameters", "nbval-ignore-output"}
    assert all(set(tags(cell)) <= allowed for cell in code)
    varying = [cell for cell in code if "nbval-ignore-output" in tags(cell)]
    assert len(varying) <= 0.4 * len(code), f"{len(varying)} of {len(code)} cells are tagged"
    assert len(next(cell for cell in code if "setup" in tags(cell)).source.splitlines()) <= 12


@EVERY
def test_figures_have_alt_text(path):
    for cell in cells_of(path, "code"):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                assert len(alt) >= 20, f"{cell.source}\nhas a figure without alt text"


@EVERY
def test_size_is_lean(path):
    assert path.stat().st_size < 700_000


def test_stored_series_is_lean():
    assert sum(path.stat().st_size for path in all_notebooks()) < 6_000_000


@EVERY
def test_relative_links_resolve(path):
    for cell in cells_of(path, "markdown"):
        for target in re.findall(r"\]\(([^)\s]+)\)", cell.source):
            if not re.match(r"https?://|#", target):
                assert (path.parent / target.partition("#")[0]).exists(), target


@EVERY
def test_no_path_of_a_machine_is_stored(path):
    text = path.read_text("utf-8")
    assert not re.search(r"(?<![\w.])/(home|root|tmp|work|Users)/\w", text)


@EACH_LESSON
def test_required_parts_in_order(path):
    notebook = read_notebook(path)
    number, question = path.name[:2], PLAN[path.stem]
    assert headings(notebook, 1) == [(0, f"{number} · {question}")]
    labels = re.findall(r"^- \*\*(.+?):\*\*", notebook.cells[1].source, re.MULTILINE)
    assert labels == ["You will do", "You will learn", "You need", "Reading time", "Run time"]
    sections = [text for _, text in headings(notebook, 2)]
    assert sections[0] == "Set-up"
    assert sections[-2:] == ["Recap", "Exercises"]
    parameters = [cell for cell in notebook.cells if "parameters" in tags(cell)]
    assert len(parameters) == 1
    assert all(re.match(r"[A-Z_]+ = ", line) for line in parameters[0].source.splitlines() if line)


@EACH_LESSON
def test_every_main_section_asks_for_a_prediction(path):
    notebook = read_notebook(path)
    starts = headings(notebook, 2)
    for (index, title), (end, _) in pairwise(starts[1:-1]):
        text = "\n".join(cell.source for cell in notebook.cells[index:end])
        assert "**Predict.**" in text, f"section {title!r} has no prediction prompt"


@EACH_LESSON
def test_neighbours_are_linked(path):
    last = read_notebook(path).cells[-1].source
    index = LESSONS.index(path)
    for neighbour in LESSONS[max(0, index - 1) : index] + LESSONS[index + 1 : index + 2]:
        assert f"({neighbour.name})" in last


@EACH_LESSON
def test_test_set_is_read_in_the_last_section_only(path):
    """As the loader recorded it in the stored run, and as far as the source can tell."""
    notebook = read_notebook(path)
    read = [cell for cell, kind, _, _ in read_outputs(notebook) if kind == "test_read"]
    last = headings(notebook, 2)[-3][0]
    if path.stem in READS_TEST_SET:
        assert len(read) == 1
        assert read[0] > last
    else:
        assert read == []
    early = "\n".join(cell.source for cell in notebook.cells[:last] if cell.cell_type == "code")
    assert not re.search(r"x_test|y_test|\.test\b", early)


@EACH_LESSON
def test_uncertainty_is_recorded_with_names_that_are_unique(path):
    results = [value for _, kind, value, _ in read_outputs(read_notebook(path)) if kind == "result"]
    names = [result["name"] for result in results]
    assert len(set(names)) == len(names) >= 3
    for result in results:
        if "accuracy" in result["name"]:
            assert result["interval"] is not None, f"{result['name']} has no interval"
            assert result["n"], f"{result['name']} does not say on how many"


def test_figure_names_are_unique_in_the_series():
    names = [value for path in all_notebooks()
             for _, kind, value, _ in read_outputs(read_notebook(path)) if kind == "figure"]  # fmt: skip
    assert len(set(names)) == len(names)
    published = {"mnist_samples", "training_history", "prediction", "sample_predictions",
                 "misclassified", "confusion_matrix"}  # fmt: skip
    assert published <= set(names)


@EACH_LESSON
def test_stored_results_are_those_of_the_notebook(path):
    entry = read_results()["notebooks"][path.stem]
    outputs = list(read_outputs(read_notebook(path)))
    assert entry["results"] == [value for _, kind, value, _ in outputs if kind == "result"]
    assert [f["name"] for f in entry["figures"]] == [
        v for _, kind, v, _ in outputs if kind == "figure"
    ]
    assert entry["status"] == "ok"
    assert entry["parameters"] == {}


@EACH_LESSON
def test_recorded_results_lie_in_their_bands(path):
    results = {r["name"]: r["value"] for r in read_results()["notebooks"][path.stem]["results"]}
    bands = BANDS[path.stem]
    assert set(bands) == set(results), "every recorded result has a band in tests/bands.toml"
    outside = {name: value for name, value in results.items()
               if not bands[name][0] <= value <= bands[name][1]}  # fmt: skip
    assert outside == {}


@EACH_LESSON
def test_run_time_is_within_the_budget(path):
    assert read_results()["notebooks"][path.stem]["seconds"] < 180


def test_readme_is_in_step_with_the_stored_run():
    text = (ROOT / "README.md").read_text("utf-8")
    assert stamp_readme(text, read_settings(), read_results()) == text, "run tools/restamp.py"


def test_readme_picture_shows_the_stored_figures():
    stored, expected = Image.open(BANNER).convert("RGB"), make_banner().convert("RGB")
    assert stored.size == expected.size
    difference = np.abs(np.asarray(stored, int) - np.asarray(expected, int))
    assert difference.mean() < 1  # another Pillow may round otherwise


def test_readme_links_and_commands_exist():
    text = (ROOT / "README.md").read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s#]+)\)", text):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"\bmake ([a-z]+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for script in re.findall(r"python (tools/\w+\.py)", text):
        assert Path(ROOT, script).is_file()
