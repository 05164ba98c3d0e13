"""Run the test suite against each set of versions that the series promises to work with.

    python tools/versions.py                            all three, one after another
    python tools/versions.py lowest                     one of them
    python tools/versions.py colab -- -k "not nbval"    what follows -- goes to pytest

The sets are files: `pinned` is requirements.txt, what everyone installs; `colab` holds the versions
of Google Colab's runtime, `lowest` the lowest that pyproject.toml declares. Each gets a virtual
environment of its own in build/versions (or --folder), which is made anew when its file changes.
"""

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]

SETS = {
    "pinned": ROOT / "requirements.txt",
    "colab": ROOT / "requirements/colab.txt",
    "lowest": ROOT / "requirements/lowest.txt",
}
TELLING = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn", "pandas", "matplotlib",
           "ipython", "ipykernel", "pytest", "hypothesis")  # fmt: skip


def prepare(name: str, folder: Path) -> Path:
    """Make the virtual environment of a set, unless it is there already; return its Python.

    Raises:
        subprocess.CalledProcessError: if pip can't install the set; its output says why.
    """
    environment = folder / name
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    made_from = environment / "made-from.txt"
    wanted = SETS[name].read_text("utf-8")
    if made_from.is_file() and made_from.read_text("utf-8") == wanted:
        return python
    venv.create(environment, clear=True, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--compile", "--requirement", str(SETS[name])], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], check=True)
    made_from.write_text(wanted, "utf-8")
    return python


def describe(python: Path) -> str:
    """Return the versions in a virtual environment that matter most, in one line."""
    code = (
        "import platform\nfrom importlib.metadata import version\n"
        f"print('Python', platform.python_version(), *(f'{{p}} {{version(p)}}' for p in {TELLING}))"
    )
    return subprocess.run([str(python), "-c", code], check=True, capture_output=True,
                          text=True).stdout.strip()  # fmt: skip


def run_tests(python: Path, arguments: list[str]) -> int:
    """Run the suite with a set's Python; return pytest's exit status."""
    command = [str(python), "-m", "pytest", "-n", "2", "--dist", "worksteal", *arguments]
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def main(arguments: list[str]) -> int:
    """Return 0 if the suite passes on every chosen set, 1 if not."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    own, tests = arguments[:end], arguments[end + 1 :]
    parser = argparse.ArgumentParser(prog="tools/versions.py")
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/versions",
                        help="where the virtual environments are (default: build/versions)")  # fmt: skip
    options = parser.parse_args(own)
    unknown = [name for name in options.sets if name not in SETS]
    if unknown:
        parser.error(f"no set {unknown[0]!r}; there are {', '.join(SETS)}")
    outcomes = {}
    for name in options.sets or SETS:
        print(f"{name}: installing {SETS[name].relative_to(ROOT)}", flush=True)
        python = prepare(name, options.folder.resolve())
        print(f"{name}: {describe(python)}", flush=True)
        outcomes[name] = run_tests(python, tests)
    for name, status in outcomes.items():
        print(f"{name}: {'passed' if status == 0 else f'FAILED (pytest exit status {status})'}")
    return int(any(outcomes.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
