"""Which notebooks to run, with which parameters."""

import ast
from pathlib import Path
from typing import Any

import nbformat


class RunError(ValueError):
    """The run can't be started as asked; the message says what was wrong and what is possible."""


def find_notebooks(folder: Path, only: list[str] | None = None) -> list[Path]:
    """Return the series' notebooks in a folder, in order.

    Args:
        folder: holds NN_name.ipynb files.
        only: numbers or names ("3", "03" or "03_dense_models") to select; None for all.

    Raises:
        RunError: if the folder holds no notebooks, or one that is asked for is not there.
    """
    notebooks = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not notebooks:
        raise RunError(f"{folder} holds no notebooks named NN_name.ipynb; run this in the series' "
                       "folder, or name one with --notebooks")  # fmt: skip
    if not only:
        return notebooks
    names = {path.stem: path for path in notebooks}
    numbers = {str(int(name[:2])): path for name, path in names.items()}
    selected = set()
    for wish in only:
        path = names.get(wish.removesuffix(".ipynb")) or numbers.get(wish.lstrip("0"))
        if path is None:
            raise RunError(f"no notebook {wish!r}; there are {', '.join(names)}")
        selected.add(path)
    return sorted(selected)


def read_parameters(notebook: Path) -> dict[str, Any]:
    """Return name and default of each parameter that a notebook's tagged cell declares.

    Raises:
        RunError: if the file is not a notebook, or that cell holds more than plain values.
    """
    try:
        for cell in nbformat.read(notebook, as_version=4).cells:
            if "parameters" in cell.metadata.get("tags", []):
                return {
                    statement.targets[0].id: ast.literal_eval(statement.value)
                    for statement in ast.parse(cell.source).body
                    if isinstance(statement, ast.Assign)
                }
    except Exception as error:  # whatever a damaged file makes nbformat raise
        raise RunError(f"{notebook} can't be read ({type(error).__name__}: {error}); get it anew, "
                       f"as by `git checkout -- {notebook.as_posix()}`") from error  # fmt: skip
    return {}


def parse_parameters(settings: list[str], notebooks: list[Path]) -> dict[Path, dict[str, Any]]:
    """Return the parameters of each notebook from texts such as "EPOCHS=1".

    A value is read as a Python literal, true/false or none, else as text; it must be of the same
    type as the default. A notebook gets those parameters that it declares.

    Raises:
        RunError: if a text has another form, a value has another type than the default, or no
            selected notebook declares the parameter.
    """
    declared = {path: read_parameters(path) for path in notebooks}
    chosen = {path: {} for path in notebooks}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name.isidentifier():
            raise RunError(f"a parameter must have the form NAME=VALUE, got {setting!r}")
        value = _literal(text)
        users = [path for path in notebooks if name in declared[path]]
        if not users:
            known = "; ".join(f"{path.stem}: {', '.join(declared[path])}" for path in notebooks)
            raise RunError(f"no selected notebook has a parameter {name}. Known are {known}")
        for path in users:
            default = declared[path][name]
            fits = type(value) is type(default) or (type(default), type(value)) == (float, int)
            if default is not None and not fits:
                raise RunError(f"{name} in {path.stem} must be of type {type(default).__name__}, "
                               f"like its default {default!r}; got {value!r}")  # fmt: skip
            chosen[path][name] = value
    return chosen


def _literal(text: str) -> Any:
    named = {"true": True, "false": False, "none": None}
    if text.lower() in named:
        return named[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
