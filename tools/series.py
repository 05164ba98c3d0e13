"""What the maintainer's tools share: where things are, and the plan of the series."""

import json
import tomllib
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
SOLUTIONS = NOTEBOOKS / "solutions"
PLAN = {
    "01_exploration": "What is in MNIST, and who wrote it?",
    "02_preprocessing": "What matters in preprocessing, and what is only convention?",
    "03_dense_models": "How far can you get without convolution?",
    "04_cnn_models": "What does convolution buy?",
    "05_training": "Which training choices matter?",
    "06_evaluation": "What does “99.03%” mean?",
    "07_error_analysis": "Whose fault are the rest?",
    "08_tuning": "Is “improved” better?",
    "09_robustness": "When does it fail?",
    "10_your_own_digits": "Will it read mine?",
}


def read_settings() -> dict:
    """Return what pyproject.toml says of the series.

    Returns:
        "repository", its address; "release", the tag; "extras", a notebook's name to the list of
        requirements that it has beyond the package's own.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["project"]["optional-dependencies"]
    settings = project["tool"]["mnist-series"]
    extras = {name: [requirement for group in chosen for requirement in groups[group]]
              for name, chosen in settings.get("extras", {}).items()}  # fmt: skip
    return {**settings, "extras": extras}


def read_results() -> dict:
    """Return the results of the stored run."""
    return json.loads((NOTEBOOKS / "results.json").read_text("utf-8"))


def all_notebooks() -> list[Path]:
    """Return the paths of the lessons, then of the solutions, each in order."""
    return sorted(NOTEBOOKS.glob("*.ipynb")) + sorted(SOLUTIONS.glob("*.ipynb"))


def read_notebook(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def write_notebook(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook in the one form in which the repository keeps it."""
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    path.write_text(text, "utf-8", newline="\n")


def badge(settings: dict, notebook: str) -> str:
    """Return the Markdown of the Colab badge of a notebook, given as its path in the repository."""
    address = settings["repository"].removeprefix("https://github.com/")
    target = (
        f"https://colab.research.google.com/github/{address}/blob/{settings['release']}/{notebook}"
    )
    return f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({target})"


def minutes(seconds: float) -> str:
    """Return a duration as minutes and seconds, such as 1:05."""
    return "{}:{:02d}".format(*divmod(round(seconds), 60))
