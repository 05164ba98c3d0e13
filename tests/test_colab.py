"""What a notebook does on Colab, with `google.colab` stubbed and the repository served locally."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from itertools import chain

import pytest
from packaging.requirements import Requirement
from restamp import FROZEN, UNSET, setup_cell
from series import NOTEBOOKS, ROOT, all_notebooks, read_notebook, read_settings

ADDRESS = "https://github.com/example/mnist-series"
LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))
EXTRAS = read_settings()["extras"]


def git(*arguments, cwd):
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def fork(tmp_path_factory):
    """A fork of the series as it is in the working tree, restamped, committed and tagged."""
    folder = tmp_path_factory.mktemp("fork") / "series"
    listed = git("ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    environment = os.environ | {"PYTHONPATH": str(folder)}
    subprocess.run([sys.executable, "tools/restamp.py", f"{ADDRESS}.git"], cwd=folder, check=True,
                   env=environment, capture_output=True)  # fmt: skip
    git("init", "--quiet", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--message", "Series", cwd=folder)
    git("tag", read_settings()["release"], cwd=folder)
    return folder


def make_wheel(folder, name, number, requires=()):
    """Write a wheel of a package that consists of nothing but its name, version and needs."""
    about = f"{name.replace('-', '_')}-{number}.dist-info"
    needs = "".join(f"Requires-Dist: {other}\n" for other in requires)
    files = {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n{needs}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in (*files, f"{about}/RECORD"))
    with zipfile.ZipFile(folder / f"{about.partition('.dist')[0]}-py3-none-any.whl", "w") as wheel:
        for file, text in {**files, f"{about}/RECORD": record}.items():
            wheel.writestr(file, text)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """A folder in place of PyPI: the extras, and NumPy as it is here and in a newer version."""
    folder = tmp_path_factory.mktemp("index")
    for requirement in map(Requirement, chain.from_iterable(EXTRAS.values())):
        make_wheel(folder, requirement.name, "99.0", requires=["numpy"])
    for number in (version("numpy"), "99.0"):
        make_wheel(folder, "numpy", number)
    return folder


def colab_environment(folder, fork, index):
    """The environment of a machine that has Colab's module, and reaches the fork's address."""
    (folder / "stub/google/colab").mkdir(parents=True)
    (folder / "stub/google/colab/__init__.py").write_text("")
    (folder / "site").mkdir()
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([str(folder / "site"), str(folder / "stub")]),
        "PIP_TARGET": str(folder / "site"),  # not into the environment that the tests run in
        "PIP_UPGRADE": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.{fork.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
        "GIT_CONFIG_KEY_1": "safe.directory",
        "GIT_CONFIG_VALUE_1": "*",
        "MPLBACKEND": "agg",
    }


@pytest.fixture(scope="module")
def colab(fork, index, tmp_path_factory):
    """For the notebooks that need nothing but the helpers."""
    return colab_environment(tmp_path_factory.mktemp("colab"), fork, index)


@pytest.fixture(scope="module")
def colab_with_extras(fork, index, tmp_path_factory):
    return colab_environment(tmp_path_factory.mktemp("colab_with_extras"), fork, index)


def run_setup(path, environment, folder, more=""):
    """Execute a notebook's set-up cell, and what is added to it, in IPython as Colab does."""
    cell = next(
        cell for cell in read_notebook(path).cells if "setup" in cell.metadata.get("tags", [])
    )
    script = folder / "cell.ipy"
    script.write_text(f"import google.colab\n{cell.source}\n{more}")
    return subprocess.run([sys.executable, "-m", "IPython", "--no-banner", str(script)], env=environment,
                          cwd=folder, capture_output=True, text=True)  # fmt: skip


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_setup_installs_the_release_and_the_imports_work(path, fork, request, tmp_path):
    colab = request.getfixturevalue("colab_with_extras" if path.stem in EXTRAS else "colab")
    cells = read_notebook(path).cells
    index = next(i for i, cell in enumerate(cells) if "setup" in cell.metadata.get("tags", []))
    imports = next(cell.source for cell in cells[index + 1 :] if cell.cell_type == "code")
    where = "import mnist_utils, json\nprint(json.dumps(mnist_utils.__file__))"
    result = run_setup(fork / "notebooks" / path.name, colab, tmp_path, f"{imports}\n{where}")
    assert result.returncode == 0, result.stderr
    installed = json.loads(result.stdout.splitlines()[-1])
    assert installed.startswith(colab["PIP_TARGET"]), result.stdout + result.stderr
    loads = "from mnist_utils.data import load_mnist; print(load_mnist())"
    loaded = subprocess.run([sys.executable, "-c", loads], env=colab, cwd=tmp_path,
                            capture_output=True, text=True, check=True)  # fmt: skip
    assert "train=55,000" in loaded.stdout


def test_nothing_but_the_helpers_is_installed(colab):
    site = os.listdir(colab["PIP_TARGET"])
    assert {name.partition("-")[0] for name in site} <= {"mnist_utils", "bin", "__pycache__"}


@pytest.mark.parametrize("name", EXTRAS)
def test_extras_are_installed_and_leave_what_colab_brings(name, fork, index, tmp_path):
    """A newer NumPy is on offer, and an extra asks for NumPy; the one that is there stays."""
    environment = colab_environment(tmp_path, fork, index)
    script = tmp_path / "cell.ipy"
    settings = read_settings() | {"repository": ADDRESS}
    script.write_text(f"import google.colab\n{setup_cell(settings, EXTRAS[name])}")
    command = [sys.executable, "-m", "IPython", "--no-banner", str(script)]
    result = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    site = {folder.name for folder in (tmp_path / "site").glob("*.dist-info")}
    assert f"numpy-{version('numpy')}.dist-info" in site, result.stdout + result.stderr
    for requirement in map(Requirement, EXTRAS[name]):
        assert f"{requirement.name.replace('-', '_')}-99.0.dist-info" in site
    kept = (tmp_path / "kept.txt").read_text().split()
    assert kept == [f"{name}=={version(name)}" for name in FROZEN]
    without = script.read_text().replace(" --constraint kept.txt", "")
    script.write_text(without)
    subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=True)
    assert (tmp_path / "site/numpy-99.0.dist-info").is_dir()  # so it is the constraint that keeps


def test_set_up_cells_are_short_and_only_extras_change_them():
    settings = read_settings() | {"repository": ADDRESS}
    plain, more = setup_cell(settings), setup_cell(settings, ["optuna>=5.0", "anywidget>=0.9"])
    assert plain == setup_cell(settings, [])
    assert "constraint" not in plain
    assert '%pip install -q --constraint kept.txt "optuna>=5.0" "anywidget>=0.9"' in more
    most = setup_cell(settings, EXTRAS["10_your_own_digits"])
    for cell in (plain, more, most):
        assert len(cell.splitlines()) <= 12
        assert max(map(len, cell.splitlines())) <= 100
    unset = settings | {"repository": UNSET}
    assert setup_cell(unset) == setup_cell(unset, ["optuna>=5.0"])


def test_without_a_published_address_the_cell_says_what_to_do(colab, tmp_path):
    if read_settings()["repository"] != UNSET:
        pytest.skip("this copy has an address")
    result = run_setup(LESSONS[0], colab, tmp_path, "print('went on')")
    assert "tools/restamp.py https://github.com/YOU/YOUR-COPY" in result.stdout + result.stderr
    assert "went on" not in result.stdout


def test_a_fork_is_restamped_everywhere_by_one_command(fork):
    for path in all_notebooks():
        text = (fork / path.relative_to(ROOT)).read_text("utf-8")
        assert "OWNER" not in text
        assert "colab.research.google.com/github/example/mnist-series/blob/" in text
    readme = (fork / "README.md").read_text("utf-8")
    assert "github/example/mnist-series/blob/" in readme


def test_address_stands_in_one_place_only():
    address = read_settings()["repository"]
    for path in ROOT.glob("mnist_utils/**/*.py"):
        assert address not in path.read_text("utf-8")
    assert address in (ROOT / "pyproject.toml").read_text("utf-8")
    assert address not in setup_cell({"repository": ADDRESS, "release": "v9"})


def test_impossible_address_is_refused(fork):
    result = subprocess.run([sys.executable, "tools/restamp.py", "ftp://nowhere"], cwd=fork,
                            env=os.environ | {"PYTHONPATH": str(fork)}, capture_output=True, text=True)  # fmt: skip
    assert result.returncode == 1
    assert "expected an address such as https://github.com/YOU/FORK" in result.stderr
