"""What is killed, damaged, full, read-only or offline: nothing finished is lost or wrongly trusted.

Exceptions in the middle of training are in test_checkpoints.py; here whole processes end.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import matplotlib
import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from series import ROOT

from mnist_utils import artifacts, cache_entries
from mnist_utils.checkpoints import Checkpoint
from mnist_utils.training import Recipe, fit

resource = pytest.importorskip("resource", reason="needs the signals and limits of POSIX systems")

RECIPE = Recipe("softmax_regression", epochs=3, train_examples=300)
START = f"""
import os, signal
from pathlib import Path
from mnist_utils import artifacts, checkpoints, training
from mnist_utils.data import load_mnist
from mnist_utils.training import Recipe

recipe = {RECIPE!r}


def die(*arguments, **words):
    os.kill(os.getpid(), signal.SIGKILL)

"""
TRAIN = "\ntrained = artifacts.get_or_train(recipe, load_mnist())\n"
IN_SECOND_EPOCH = """
checkpoints.Checkpoint.on_train_batch_begin = lambda self, batch, logs=None: (
    die() if self.epochs == 1 and batch == 1 else None)
"""
WRITING_CHECKPOINT = """
real_savez = checkpoints.np.savez


def savez(file, **arrays):
    if os.path.getsize(file.name) == 0 and Path(recipe_file()).exists():  # the second epoch's
        file.write(os.urandom(5_000))
        file.flush()
        die()
    real_savez(file, **arrays)


def recipe_file():
    return next(artifacts.cache_folder().glob("unfinished/*.npz"), "none")


checkpoints.np.savez = savez
"""
WRITING_ARTIFACT = """
real_save = artifacts._save_trained


def save(trained, folder):
    real_save(trained, folder)
    os.truncate(folder / "model.keras", 9_000)
    die()


artifacts._save_trained = save
"""


def numbers(trained):
    """Return everything that a training gave besides its time, in a form to compare."""
    weights = b"".join(np.ascontiguousarray(w).tobytes() for w in trained.model.get_weights())
    history = {name: values for name, values in trained.history.items() if name != "seconds"}
    return hashlib.sha256(weights).hexdigest(), history


@pytest.fixture(scope="module")
def undisturbed(data):
    return numbers(fit(RECIPE, data))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("MNIST_UTILS_CACHE", str(folder))
    return folder


def start(code, **settings):
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
                            stderr=subprocess.PIPE, cwd=ROOT, env=os.environ | settings)  # fmt: skip


@pytest.fixture
def epochs_trained(monkeypatch):
    """Which epochs are trained in this process from here on."""
    trained, real = [], Checkpoint.on_epoch_end

    def counting(self, epoch, logs=None):
        trained.append(epoch)
        real(self, epoch, logs)

    monkeypatch.setattr(Checkpoint, "on_epoch_end", counting)
    return trained


@pytest.mark.parametrize(("deed", "left"), [
    (IN_SECOND_EPOCH, [1, 2]), (WRITING_CHECKPOINT, [1, 2]), (WRITING_ARTIFACT, []),
], ids=["training", "writing a checkpoint", "writing the artifact"])  # fmt: skip
def test_killed_training_goes_on_to_the_same_numbers(
    data, cache, undisturbed, epochs_trained, capsys, deed, left
):
    process = start(START + deed + TRAIN)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, errors
    assert list(cache.glob("unfinished/*.npz"))  # what was finished is there
    assert numbers(artifacts.get_or_train(RECIPE, data)) == undisturbed
    assert epochs_trained == left
    assert "damaged" not in capsys.readouterr().out  # nothing half written was even looked at
    assert numbers(artifacts.get_or_train(RECIPE, data)) == undisturbed
    assert epochs_trained == left
    assert not list(cache.glob("unfinished/*.npz"))


def test_leftovers_of_killed_processes_are_swept_after_a_day(data, cache):
    old, new, half = cache / ".unfinished-old", cache / ".unfinished-new", cache / "unfinished"
    for folder in (old, new, half):
        folder.mkdir(parents=True)
    (old / "model.keras").write_bytes(b"half")
    (half / "a.77.unfinished").write_bytes(b"half")
    day_ago = time.time() - cache_entries.OLD - 60
    for path in (old, half / "a.77.unfinished"):
        os.utime(path, (day_ago, day_ago))
    artifacts.get_or_train(RECIPE, data)
    assert sorted(path.name for path in cache.glob(".unf*")) == [".unfinished-new"]
    assert not list(half.iterdir())


def test_two_processes_on_one_cache_agree(cache, undisturbed):
    """Both are made to start the same training at the same time."""
    together = """
import time
name = artifacts.cache_folder() / f"ready-{os.getpid()}"
name.parent.mkdir(parents=True, exist_ok=True)
name.touch()
while len(list(name.parent.glob("ready-*"))) < 2:
    time.sleep(0.01)
"""
    tell = """
import hashlib, json
import numpy as np
weights = b"".join(np.ascontiguousarray(w).tobytes() for w in trained.model.get_weights())
seconds = trained.history.pop("seconds")
print(json.dumps([[hashlib.sha256(weights).hexdigest(), trained.history], seconds]))
"""
    processes, seconds = [start(START + together + TRAIN + tell) for _ in range(2)], []
    for process in processes:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        found, taken = json.loads(output)
        assert found == list(undisturbed)  # and no word of damage
        seconds.append(taken)
    assert seconds[0] == seconds[1]  # one has trained, the other has waited for it
    assert len(list(cache.glob("softmax_regression-*"))) == 1
    assert not list(cache.glob(".unfinished*"))
    assert not list(cache.glob("unfinished/*"))


def test_an_entry_that_another_process_has_stored_meanwhile_stays(cache):
    def save(value, folder):
        (folder / "value").write_text(str(value))

    def load(folder):
        return int((folder / "value").read_text())

    def compute():
        (lock,) = cache.glob("unfinished/*.lock")  # as if the file system knew no locks
        cache_entries.store(cache / lock.stem, lambda folder: save(1, folder), replace=False)
        return 2

    assert artifacts.cached({}, compute, save, load, name="number") == 2
    assert artifacts.cached({}, compute, save, load, name="number") == 1
    assert not list(cache.glob(".unfinished*"))


# Full disk, read-only home, no network


@contextmanager
def files_limited_to(size):
    """No file may grow beyond so many bytes: what a full disk does, without filling one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.filterwarnings("ignore:Exception ignored.*ZipFile")  # Keras 3.13 leaves one half open
@pytest.mark.parametrize("room", [0, 20_000])
def test_full_disk_costs_no_training(data, cache, undisturbed, capsys, room):
    with files_limited_to(room):
        trained = artifacts.get_or_train(RECIPE, data)
    assert numbers(trained) == undisturbed
    said = capsys.readouterr().out
    assert said.count("No checkpoint could be written") == 1
    assert said.count("could not be stored") == 1
    assert "MNIST_UTILS_CACHE can name a folder with room" in said
    left = [path for path in cache.rglob("*") if path.is_file()]
    assert left == []
    assert numbers(artifacts.get_or_train(RECIPE, data)) == undisturbed
    assert numbers(artifacts.get_or_train(RECIPE, data)) == undisturbed
    assert capsys.readouterr().out == ""


def test_disk_that_fills_up_after_training_keeps_the_checkpoint(
    data, cache, undisturbed, epochs_trained, monkeypatch
):
    def fail(trained, folder):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(artifacts, "_save_trained", fail)
        assert numbers(artifacts.get_or_train(RECIPE, data)) == undisturbed
    assert numbers(artifacts.get_or_train(RECIPE, data)) == undisturbed
    assert epochs_trained == [0, 1, 2]


LESSON = """
import os
from mnist_utils import artifacts, plotting
from mnist_utils.data import load_mnist
from mnist_utils.results import record, show

recipe = {recipe!r}
{deed}
trained = artifacts.get_or_train(recipe, load_mnist())
record("loss", trained.history["loss"][-1], digits=9)
fig, ax = plotting.new_figure(2, 2)
show(fig, name="nothing", alt="Two empty axes")
"""


@pytest.fixture
def series(tmp_path):
    """A series of one lesson that trains, and draws, and may be told to die."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    deed = """
from mnist_utils.training import Recipe
if os.environ.get("DIE"):
    import signal
    from mnist_utils.checkpoints import Checkpoint

    def die(self, batch, logs=None):
        if self.epochs == 1 and batch == 1:
            os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)

    Checkpoint.on_train_batch_begin = die
"""
    code = LESSON.format(recipe=RECIPE, deed="").replace("recipe = R", f"{deed}\nrecipe = R")
    notebook = new_notebook(cells=[new_code_cell(code)])
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, folder / "01_lesson.ipynb")
    return folder


# Root may write everywhere but to what is mounted read-only.
MOUNTED = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o ro none "$HOME" && exec "$@"', "sh"]


def run_series(series, *arguments, prefix=(), **settings):
    command = [*prefix, sys.executable, "-m", "mnist_utils", "run", "--notebooks", str(series),
               *arguments]  # fmt: skip
    environment = {k: v for k, v in (os.environ | settings).items() if v is not None}
    environment["PYTHONPATH"] = os.pathsep.join(
        [*filter(None, [environment.get("PYTHONPATH")]), str(ROOT)]
    )
    return subprocess.run(
        command, env=environment, cwd=series.parent, capture_output=True, text=True, timeout=200
    )


def read_run(series):
    return json.loads((series.parent / "build/run/results.json").read_text())["notebooks"]


def test_run_killed_in_training_continues_to_the_same_numbers(series, cache, undisturbed):
    killed = run_series(series, DIE="1")
    assert killed.returncode == -signal.SIGKILL
    assert read_run(series) == {}
    again = run_series(series, "--continue")
    assert again.returncode == 0, again.stderr
    (result,) = read_run(series)["01_lesson"]["results"]
    assert result["value"] == undisturbed[1]["loss"][-1]


def test_no_network_and_a_read_only_home_and_series(series, tmp_path, undisturbed):
    log, home = tmp_path / "network.log", tmp_path / "home"
    home.mkdir(mode=0o555)
    prefix = MOUNTED if os.access(home, os.W_OK) else ()
    if (
        prefix
        and subprocess.run([*prefix, "true"], env=os.environ | {"HOME": str(home)}).returncode
    ):
        pytest.skip("neither folders' modes nor mounts can make a home read-only here")
    before = {path: path.stat().st_mtime_ns for path in [series, *series.iterdir()]}
    for path in [*series.iterdir(), series]:
        path.chmod(path.stat().st_mode & ~0o222)
    settings = {name: None for name in os.environ if name.startswith("XDG_")}
    result = run_series(
        series, prefix=prefix, HOME=str(home), PYTHONPATH=str(ROOT / "tests/offline"), OFFLINE_LOG=str(log),
        **settings | {"MNIST_UTILS_CACHE": None, "IPYTHONDIR": None,
                      "MPLCONFIGDIR": matplotlib.get_cachedir()},  # else it searches for fonts anew
    )  # fmt: skip
    series.chmod(0o755)
    assert result.returncode == 0, result.stdout + result.stderr
    assert not log.exists(), log.read_text()
    (recorded,) = read_run(series)["01_lesson"]["results"]
    assert recorded["value"] == undisturbed[1]["loss"][-1]
    executed = (tmp_path / "build/run/01_lesson.ipynb").read_text()
    assert "nothing is stored. MNIST_UTILS_CACHE can name another folder." in executed
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert list(home.iterdir()) == []


def test_without_a_network_a_connection_would_be_noticed(tmp_path):
    """The test above and those of the notebooks can fail."""
    log = tmp_path / "log"
    code = "import socket, urllib.request as r\ntry: r.urlopen('https://example.org')\nexcept OSError: pass"  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests/offline"), "OFFLINE_LOG": str(log)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert "example.org" in log.read_text()
