"""The package as installed: light to import, and in step with what its files declare."""

import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from series import ROOT, read_settings

import mnist_utils

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
PYTHONS = ["3.11", "3.12", "3.13"]
COLAB = ROOT / "requirements/colab.in"


def pins(python, file=ROOT / "requirements.txt"):
    """Return the exact version of each package that a requirements file gives for a Python on Linux."""
    found = {}
    environment = {"python_version": python, "python_full_version": f"{python}.5",
                   "sys_platform": "linux", "os_name": "posix"}  # fmt: skip
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", f"{line} is not an exact pin"
            found[requirement.name.lower()] = specifier.version
    return found


DECLARED = [
    Requirement(text) for group in [PROJECT["dependencies"], *EXTRAS.values()] for text in group
]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    "file", ["requirements.txt", "requirements/colab.txt", "requirements/lowest.txt"]
)
def test_requirements_pin_all_that_pyproject_declares(python, file):
    pinned = pins(python, ROOT / file)
    for requirement in DECLARED:
        assert requirement.specifier.contains(pinned[requirement.name.lower()]), requirement


def test_colab_satisfies_every_lower_bound():
    published = pins("3.13", COLAB)
    for requirement in map(Requirement, PROJECT["dependencies"]):
        if requirement.name in published:
            assert requirement.specifier.contains(published[requirement.name]), requirement


def test_the_set_for_colab_holds_its_versions():
    published, pinned = pins("3.13", COLAB), pins("3.13", ROOT / "requirements/colab.txt")
    assert {name: pinned.get(name, version) for name, version in published.items()} == published
    assert {"tensorflow", "keras", "numpy", "ipython", "ipykernel"} <= published.keys()


def test_the_lowest_set_is_at_the_lower_bounds():
    pinned = pins("3.11", ROOT / "requirements/lowest.txt")
    for requirement in DECLARED:
        (bound,) = (s.version for s in requirement.specifier if s.operator == ">=")
        lowest = Version(bound).release
        assert Version(pinned[requirement.name.lower()]).release[: len(lowest)] == lowest, (
            requirement
        )


def test_pythons_agree_everywhere():
    supported = SpecifierSet(PROJECT["requires-python"])
    assert [v for v in ("3.10", *PYTHONS, "3.14") if supported.contains(f"{v}.1")] == PYTHONS
    workflow = (ROOT / ".github/workflows/test.yml").read_text()
    assert re.findall(r'"(3\.\d+)"', workflow) == PYTHONS
    environment = (ROOT / "environment.yml").read_text()
    assert re.search(r"python=(\S+)", environment)[1] in PYTHONS
    assert "--requirement requirements.txt" in environment


def test_version_and_release_tag_agree():
    assert mnist_utils.__version__ == PROJECT["version"]
    assert read_settings()["release"] == f"v{PROJECT['version']}"
    assert Version(PROJECT["version"])


def test_set_up_compiles_byte_code():
    from importlib.util import cache_from_source
    from pathlib import Path

    import tensorflow

    assert Path(cache_from_source(tensorflow.__file__)).is_file()


def run_python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_looking_at_digits_does_not_import_tensorflow():
    code = ("import sys, mnist_utils, mnist_utils.data, mnist_utils.plotting, mnist_utils.results, "
            "mnist_utils.checks, mnist_utils.evaluation; mnist_utils.data.load_mnist(); "
            "print([m for m in ('tensorflow', 'keras') if m in sys.modules])")  # fmt: skip
    assert run_python(code) == "[]\n"


def test_import_takes_less_than_a_third_of_a_second():
    code = (
        "import time; t = time.perf_counter(); import mnist_utils; print(time.perf_counter() - t)"
    )
    assert min(float(run_python(code)) for _ in range(3)) < 0.3


def test_start_of_tensorflow_is_quiet():
    code = (
        "from mnist_utils.startup import keras; from mnist_utils import models; models.cnn_small()"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stderr == ""


def test_many_trainings_do_not_warn_that_each_is_traced():
    code = (
        "from mnist_utils.startup import keras; import numpy as np; import tensorflow as tf\n"
        "for _ in range(7):\n"
        "    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n"
        "    network.compile('adam', 'mse', steps_per_execution=8)\n"
        "    network.fit(np.zeros((32, 4)), np.zeros((32, 2)), verbose=0)\n"
        "tf.get_logger().warning('another warning')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stderr == "WARNING:tensorflow:another warning\n"


def test_messages_are_shown_if_the_start_fails():
    code = ("import os\nfrom mnist_utils.startup import quiet_stderr\n"
            "with quiet_stderr():\n    os.write(2, b'the reason')\n    raise ImportError('x')")  # fmt: skip
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "the reason" in result.stderr
    assert "ImportError: x" in result.stderr
