"""A run's folder: killed while writing results, damaged, full, or wanted by two runs at once."""

import errno
import json
import os
import signal
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from series import ROOT

from mnist_utils import run_folder
from mnist_utils.__main__ import main
from mnist_utils.selection import RunError

# Killed once half of results.json is written that says that the second notebook is done.
KILL = """
import os, signal, sys
from pathlib import Path
from mnist_utils import __main__, run_folder

real_write = Path.write_text


def write_text(self, text, *arguments, **words):
    if self.name == ".results.json.unfinished" and '"02_second"' in text:
        real_write(self, text[: len(text) // 2], *arguments, **words)
        os.kill(os.getpid(), signal.SIGKILL)
    return real_write(self, text, *arguments, **words)


Path.write_text = write_text
__main__.main(sys.argv[1:])
"""


@pytest.fixture
def series(tmp_path, monkeypatch):
    """Two small notebooks, and the folder above them as working directory."""
    (tmp_path / "notebooks").mkdir()
    for number, name in enumerate(["01_first", "02_second"], 1):
        code = ("from mnist_utils.results import record, show\nimport matplotlib.pyplot as plt\n"
                f"record('number', {number} / 3, digits=9)\n"
                f"show(plt.figure(), name='{name}', alt='Nothing at all')")  # fmt: skip
        notebook = new_notebook(cells=[new_code_cell(code)])
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, tmp_path / f"notebooks/{name}.ipynb")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def numbers(folder):
    entries = json.loads((folder / "results.json").read_text("utf-8"))["notebooks"]
    return {name: entry["results"] for name, entry in entries.items()}


@pytest.mark.skipif(os.name == "nt", reason="needs the signals of a POSIX system")
def test_killed_while_writing_results_continues_to_the_same_numbers(series, capsys):
    killed = subprocess.run(
        [sys.executable, "-c", KILL, "run", "--jobs", "1"], cwd=series, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    run = series / "build/run"
    assert list(numbers(run)) == ["01_first"]  # whole, and without what was not finished
    before = (run / "01_first.ipynb").stat().st_mtime_ns
    assert main(["run", "--continue"]) == 0
    assert "01_first is done already" in capsys.readouterr().out
    assert (run / "01_first.ipynb").stat().st_mtime_ns == before
    values = {
        name: [result["value"] for result in results] for name, results in numbers(run).items()
    }
    assert values == {"01_first": [1 / 3], "02_second": [2 / 3]}  # as undisturbed
    assert "02_second" in (run / "index.html").read_text("utf-8")


def test_killed_before_the_pages_were_written(series, capsys):
    assert main(["run", "--only", "1"]) == 0
    run = series / "build/run"
    for page in ("index.html", "01_first.html"):
        (run / page).unlink()
    assert main(["run", "--only", "1", "--continue"]) == 0
    assert "is done already" in capsys.readouterr().out
    assert (run / "index.html").is_file()
    assert (run / "01_first.html").is_file()


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_damaged_results_of_a_finished_notebook_are_made_again(series, capsys):
    assert main(["run", "--only", "1"]) == 0
    run = series / "build/run"
    expected = numbers(run)
    text = (run / "results.json").read_text("utf-8")
    (run / "results.json").write_text(text.replace("0.3333", "0.3433"), "utf-8")
    assert main(["run", "--only", "1", "--continue"]) == 0
    out = capsys.readouterr().out
    assert "The results of 01_first in build/run no longer fit its files" in out
    assert "done already" not in out
    assert numbers(run) == expected

    for name in ("01_first.ipynb", "figures/01_first.png"):
        stored = run_folder.read_results(run)
        assert list(stored["notebooks"]) == ["01_first"]
        content = (run / name).read_bytes()
        damage(run / name)
        assert run_folder.read_results(run)["notebooks"] == {}
        (run / name).write_bytes(content)


def test_only_one_run_at_a_time_writes_to_a_folder(series, capsys):
    with run_folder.hold(series / "build/run"):
        assert main(["run"]) == 2
        assert "another run is writing to build/run; wait for it" in capsys.readouterr().err
    with run_folder.hold(series / "build/run"), run_folder.hold(series / "build/other"):
        pass  # let go of by now, and another folder is free


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOLCK, "No locks available"), NotImplementedError]
)
def test_a_file_system_without_locks_is_written_to_all_the_same(series, monkeypatch, error):
    def acquire(self, timeout):
        raise error

    monkeypatch.setattr(run_folder.FileLock, "acquire", acquire)
    assert main(["run", "--only", "1"]) == 0
    assert list(numbers(series / "build/run")) == ["01_first"]


def test_output_folder_that_can_not_be_made(series, capsys):
    (series / "file").write_text("in the way")
    assert main(["run", "--output", "file/run"]) == 2
    assert "can't be written" in capsys.readouterr().err
    with (
        pytest.raises(RunError, match="name another with --output"),
        run_folder.hold(series / "file"),
    ):
        pass


@pytest.mark.skipif(os.name == "nt", reason="needs the limits of a POSIX system")
def test_full_disk_stops_the_run_and_says_how_to_go_on(series):
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))

    command = [sys.executable, "-m", "mnist_utils", "run", "--only", "1"]
    full = subprocess.run(command, cwd=series, capture_output=True, text=True, preexec_fn=limit)
    assert full.returncode == 1
    assert "make room first. What is finished stays in build/run. To go on:" in full.stderr
    assert "python -m mnist_utils run --only 1 --continue" in full.stderr
    assert "Traceback" not in full.stderr
    assert main(["run", "--only", "1", "--continue"]) == 0
    assert list(numbers(series / "build/run")) == ["01_first"]


def test_damaged_notebook_of_the_series_is_named(series, capsys):
    path = series / "notebooks/02_second.ipynb"
    path.write_text(path.read_text("utf-8")[:200], "utf-8")
    assert main(["run"]) == 2
    error = capsys.readouterr().err
    assert "02_second.ipynb can't be read" in error
    assert "git checkout -- notebooks/02_second.ipynb" in error
    assert not (series / "build").exists()


@pytest.mark.parametrize("content", ["", '{"purpose": {}, "accu', "\x00", "[]", '{"purposa": {}}'])
def test_damaged_run_of_a_benchmark_is_named_and_kept(tmp_path, monkeypatch, content):
    import runs

    monkeypatch.setattr(runs, "RUNS", tmp_path)
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/dense-0.json").write_text(content)
    with pytest.raises(ValueError, match=r"dense-0\.json is damaged .* restore it .* or delete it"):
        runs.run_once("ours", "dense", 0, {}, dict)
    assert (tmp_path / "ours/dense-0.json").read_text() == content
