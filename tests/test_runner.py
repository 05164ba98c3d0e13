"""The runner, on small notebooks of its own: what it writes, refuses, keeps and goes on with."""

import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from mnist_utils import runner
from mnist_utils.__main__ import main
from mnist_utils.runner import run
from mnist_utils.selection import RunError, find_notebooks, parse_parameters

GOOD = [
    "EPOCHS = 3  # passes\nRATE = 0.5\nNAME = 'adam'\nSHOW = True",
    "from mnist_utils.results import record, show\nimport matplotlib.pyplot as plt\n"
    "record('epochs', EPOCHS, digits=0)",
    "fig, ax = plt.subplots()\nshow(fig, name=f'axes_{NAME}', alt='Axes')",
]


def write(folder, name, sources):
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, folder / f"{name}.ipynb")


@pytest.fixture
def series(tmp_path, monkeypatch):
    """A folder with three notebooks, the second of which fails; the working directory beside."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    write(folder, "01_good", GOOD)
    write(folder, "02_broken", ["DEPTH = 1", "1 / 0", "record_this_never = 1"])
    write(
        folder,
        "03_fine",
        ["EPOCHS = 1", "from mnist_utils.results import record\nrecord('e', EPOCHS)"],
    )
    monkeypatch.chdir(tmp_path)
    return folder


def results(tmp_path):
    return json.loads((tmp_path / "build/run/results.json").read_text())


def test_failing_notebook_is_kept_and_the_others_run(series, tmp_path, capsys):
    assert main(["run"]) == 1
    entries = results(tmp_path)["notebooks"]
    assert [entry["status"] for entry in entries.values()] == ["ok", "failed", "ok"]
    assert entries["02_broken"]["error"] == "cell 2: ZeroDivisionError: division by zero"
    kept = nbformat.read(tmp_path / "build/run/02_broken.ipynb", 4)
    assert "ZeroDivisionError" in "".join(kept.cells[-2].outputs[-1].traceback)
    assert "02_broken failed in cell 2" in capsys.readouterr().out


def test_everything_is_collected(series, tmp_path):
    assert main(["run", "--only", "1", "-p", "EPOCHS=7", "-p", "NAME=sgd"]) == 0
    folder = tmp_path / "build/run"
    entry = results(tmp_path)["notebooks"]["01_good"]
    assert entry["parameters"] == {"EPOCHS": 7, "NAME": "sgd"}
    assert entry["results"][0]["value"] == 7
    assert entry["figures"] == [{"name": "axes_sgd", "alt": "Axes"}]
    assert entry["seconds"] > 0
    assert (folder / "figures/axes_sgd.png").read_bytes().startswith(b"\x89PNG")
    index = (folder / "index.html").read_text()
    assert 'href="01_good.html"' in index
    assert 'alt="Axes"' in index
    assert "axes_sgd.png" in index
    page = (folder / "01_good.html").read_text()
    assert "epochs: 7" in page
    assert 'alt="Axes"' in page
    assert results(tmp_path)["environment"]["cores"] >= 1


def test_progress_names_notebook_cell_and_time(series, tmp_path, capfd):
    main(["run", "--only", "03"])
    progress = capfd.readouterr().err
    assert "[1/1] 03_fine" in progress
    assert "cell 2/2" in progress
    assert "[00:0" in progress


@pytest.mark.parametrize(("wishes", "expected"), [
    (["3"], ["03_fine"]), (["03", "01_good"], ["01_good", "03_fine"]),
    (["02_broken.ipynb"], ["02_broken"]), (None, ["01_good", "02_broken", "03_fine"]),
])  # fmt: skip
def test_selection(series, wishes, expected):
    assert [path.stem for path in find_notebooks(series, wishes)] == expected


@pytest.mark.parametrize("wish", ["4", "00", "", "good", "../01_good"])
def test_unknown_notebook_is_named(series, wish, capsys):
    assert main(["run", "--only", wish]) == 2
    assert f"no notebook {wish!r}; there are 01_good, 02_broken, 03_fine" in capsys.readouterr().err


def test_folder_without_notebooks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["run"]) == 2
    assert "holds no notebooks named NN_name.ipynb" in capsys.readouterr().err


@pytest.mark.parametrize(("setting", "message"), [
    ("EPOCS=1", "no selected notebook has a parameter EPOCS. Known are 01_good: EPOCHS, RATE"),
    ("EPOCHS=many", "EPOCHS in 01_good must be of type int, like its default 3; got 'many'"),
    ("EPOCHS=1.5", "must be of type int"), ("EPOCHS=true", "must be of type int"),
    ("SHOW=1", "must be of type bool"), ("NAME=1", "must be of type str"),
    ("EPOCHS", "must have the form NAME=VALUE"), ("=1", "must have the form NAME=VALUE"),
])  # fmt: skip
def test_wrong_parameters_are_refused_before_anything_runs(series, setting, message):
    with pytest.raises(RunError, match=message):
        parse_parameters([setting], find_notebooks(series))
    assert main(["run", "-p", setting]) == 2
    assert not (series.parent / "build").exists()


def test_parameters_go_to_the_notebooks_that_have_them(series):
    notebooks = find_notebooks(series)
    chosen = parse_parameters(["EPOCHS=2", "RATE=1", "SHOW=false", "DEPTH=4"], notebooks)
    assert list(chosen.values()) == [
        {"EPOCHS": 2, "RATE": 1, "SHOW": False},
        {"DEPTH": 4},
        {"EPOCHS": 2},
    ]


def test_continuing_skips_what_is_done_and_unchanged(series, tmp_path, capsys):
    notebooks = {path: {} for path in find_notebooks(series, ["1", "3"])}
    output = tmp_path / "out"
    assert run(notebooks, output)
    written = (output / "01_good.ipynb").stat().st_mtime_ns
    write(
        series,
        "03_fine",
        ["EPOCHS = 9", "from mnist_utils.results import record\nrecord('e', EPOCHS)"],
    )
    assert run(notebooks, output, resume=True)
    assert "01_good is done already" in capsys.readouterr().out
    assert (output / "01_good.ipynb").stat().st_mtime_ns == written
    stored = json.loads((output / "results.json").read_text())["notebooks"]
    assert stored["03_fine"]["results"][0]["value"] == 9
    assert len(stored["01_good"]["results"]) == 1  # what was skipped keeps its results


def test_other_parameters_are_not_done_already(series, tmp_path, capsys):
    path = find_notebooks(series, ["1"])[0]
    run({path: {}}, tmp_path / "out")
    run({path: {"EPOCHS": 5}}, tmp_path / "out", resume=True)
    assert "done already" not in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{", "[]", '{"notebooks": 3}', "null"])
def test_damaged_results_are_made_anew(series, tmp_path, content):
    (tmp_path / "build/run").mkdir(parents=True)
    (tmp_path / "build/run/results.json").write_text(content)
    assert main(["run", "--only", "3", "--continue"]) == 0
    assert list(results(tmp_path)["notebooks"]) == ["03_fine"]


# Cell by cell: wait for the results of the first notebook; say so; wait for ever.
WAITING = [
    "DEPTH = 1",
    "import subprocess, sys, time\nfrom pathlib import Path",
    "while '01_good' not in Path('results.json').read_text(): time.sleep(0.1)",
    "helper = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
    "Path('second_started').write_text(str(helper.pid))\ntime.sleep(300)",
]


@pytest.mark.skipif(os.name == "nt", reason="needs the signals of a POSIX system")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupted_run_says_how_to_continue_and_continues(series, tmp_path, jobs, request):
    flag = tmp_path / "build/run/second_started"
    write(series, "02_broken", WAITING)
    write(series, "03_fine", ["import time; time.sleep(300)"])
    only = ["--only", "1", "--only", "2", "--only", "3", "--jobs", jobs]
    command = [sys.executable, "-m", "mnist_utils", "run", *only]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # background jobs ignore it
    )  # fmt: skip
    deadline = time.monotonic() + 120
    request.addfinalizer(process.kill)
    while not (flag.exists() and flag.read_text()) and time.monotonic() < deadline:
        time.sleep(0.1)
    helper = psutil.Process(int(flag.read_text()))
    while len(kernels := psutil.Process(process.pid).children()) < int(jobs):
        assert time.monotonic() < deadline  # with two, the third notebook begins, too
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C in a terminal does
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    again = f"python -m mnist_utils run --only 1 --only 2 --only 3 --jobs {jobs} --continue"
    assert again in errors
    assert "Traceback" not in errors
    assert list(results(tmp_path)["notebooks"]) == ["01_good"]
    assert not psutil.wait_procs([helper, *kernels], timeout=5)[1]  # nothing works on

    write(series, "02_broken", ["DEPTH = 2", "DEPTH"])
    write(series, "03_fine", ["EPOCHS = 1"])
    again = subprocess.run([*command, "--continue"], capture_output=True, text=True, timeout=120)
    assert again.returncode == 0
    assert "01_good is done already" in again.stdout
    assert list(results(tmp_path)["notebooks"]) == ["01_good", "02_broken", "03_fine"]


# Two notebooks, each of which ends only when it has met the other.
MEETING = """
import os, time
from pathlib import Path
Path("met").mkdir(exist_ok=True)
Path(f"met/{os.getpid()}").touch()
held = b"x" * SIZE
end = time.monotonic() + 60
while len(os.listdir("met")) < 2:
    assert time.monotonic() < end
    time.sleep(0.1)
time.sleep(2)
"""


def test_two_notebooks_at_a_time(series, tmp_path):
    write(series, "01_good", ["SIZE = 0", MEETING])
    write(series, "02_broken", ["SIZE = 300_000_000", MEETING])
    assert main(["run", "--jobs", "2"]) == 0
    entries = results(tmp_path)["notebooks"]
    assert list(entries) == ["01_good", "02_broken", "03_fine"]
    assert list((tmp_path / "build/run/met").iterdir())  # each worked in the run's folder
    small, large, _ = (entry["peak_memory"] for entry in entries.values())
    assert 300e6 < large < 300e6 + 2 * small  # each has its own counted
    assert sorted(os.listdir(tmp_path)) == ["build", "notebooks"]


@pytest.mark.skipif(os.name == "nt", reason="needs the pipes of a POSIX system")
def test_two_notebooks_whose_progress_nobody_reads_come_to_an_end(series, tmp_path):
    write(series, "01_good", ["SIZE = 0", MEETING])
    write(series, "02_broken", ["SIZE = 0", MEETING, "SIZE", "SIZE"])
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "mnist_utils", "run", "--jobs", "2"]
    process = subprocess.Popen(command, stderr=writing, stdout=subprocess.DEVNULL)
    os.close(writing)
    try:
        assert process.wait(timeout=100) == 0
    finally:
        process.kill()
    assert len(results(tmp_path)["notebooks"]) == 3


def test_one_at_a_time_in_order(series, tmp_path):
    write(series, "01_good", ["A = 0", "import time; time.sleep(1); open('first', 'w')"])
    write(series, "02_broken", ["A = 0", "import os; assert os.path.exists('first')"])
    assert main(["run", "--jobs", "1", "--only", "1", "--only", "2"]) == 0


@pytest.mark.parametrize(("cores", "free", "gpu", "expected"), [
    (1, 64e9, None, 1), (2, 4e9, None, 1), (2, 8e9, None, 2), (64, 1e12, None, 2),
    (64, 1e12, "/usr/bin/nvidia-smi", 1),
])  # fmt: skip
def test_how_many_at_a_time_without_being_told(monkeypatch, cores, free, gpu, expected):
    monkeypatch.setattr("shutil.which", {"nvidia-smi": gpu}.get)
    monkeypatch.setattr(runner, "_cores", lambda: cores)
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=free))
    assert runner.suggested_jobs() == expected


@pytest.mark.parametrize("jobs", ["0", "-1", "two", "1.5"])
def test_wrong_number_at_a_time(jobs, capsys):
    with pytest.raises(SystemExit):
        main(["run", f"--jobs={jobs}"])
    assert f"must be a whole number from 1, got '{jobs}'" in capsys.readouterr().err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_fresh_cache_is_empty_for_each_notebook(series, tmp_path, jobs):
    source = ["EPOCHS = 1", "import os\nfrom mnist_utils.artifacts import cache_folder\n"
              "assert not os.listdir(cache_folder())\n(cache_folder() / 'x').write_text('abc')"]  # fmt: skip
    write(series, "01_good", source)
    write(series, "03_fine", source)
    assert main(["run", "--fresh-cache", "--only", "1", "--only", "3", "--jobs", jobs]) == 0
    assert [entry["cache_size"] for entry in results(tmp_path)["notebooks"].values()] == [3, 3]


def test_cache_that_can_not_be_written_is_said_without_a_traceback(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MNIST_UTILS_CACHE", str(tmp_path / "file/cache"))
    assert main(["predict", "x.png", "--recipe", "dense_98_3"]) == 2
    assert "MNIST_UTILS_CACHE must name a folder that can" in capsys.readouterr().err


def test_what_is_stored_in_the_package_is_part_of_what_is_done_already(
    series, tmp_path, monkeypatch
):
    path = find_notebooks(series, ["1"])[0]
    (tmp_path / "package").mkdir()
    monkeypatch.setattr(runner, "PACKAGE", tmp_path / "package")
    keys = []
    for name, text in (("a.py", "1"), ("measured.json", "1"), ("measured.json", "2"), ("a.md", "")):
        (tmp_path / "package" / name).write_text(text)
        keys.append(runner._key(path, {}))
    assert len(set(keys)) == 3
    assert keys[2] == keys[3]


def test_missing_papermill_is_named(series):
    code = ("import sys; sys.modules['papermill'] = None\n"
            "from mnist_utils.__main__ import main; sys.exit(main(['run']))")  # fmt: skip
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 2
    assert "papermill is not installed; `pip install -r requirements.txt`" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs the signals of a POSIX system")
def test_killed_kernel_is_a_failed_notebook_and_the_others_run(series, tmp_path, capsys):
    write(
        series,
        "02_broken",
        ["DEPTH = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"],
    )
    assert main(["run"]) == 1
    entries = results(tmp_path)["notebooks"]
    assert [entry["status"] for entry in entries.values()] == ["ok", "failed", "ok"]
    assert "ended the kernel" in capsys.readouterr().out


def test_notebooks_are_never_overwritten(series, capsys):
    before = (series / "01_good.ipynb").read_bytes()
    assert main(["run", "--output", "notebooks/../notebooks"]) == 2
    assert "would be overwritten; name another with --output" in capsys.readouterr().err
    assert (series / "01_good.ipynb").read_bytes() == before


def test_interrupted_second_run_does_not_pass_for_the_first(series, tmp_path, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    assert main(["run", "--only", "1"]) == 0
    with monkeypatch.context() as patch:
        patch.setattr("mnist_utils.runner.execute", interrupt)
        assert main(["run", "--only", "1"]) == 130
    assert results(tmp_path)["notebooks"] == {}
    assert main(["run", "--only", "1", "--continue"]) == 0
    assert results(tmp_path)["notebooks"]["01_good"]["status"] == "ok"
