"""Bring notebooks into the one form in which the repository keeps them.

    python tools/normalise.py [NOTEBOOK ...]      (all of the series by default)

Takes out what a run or an editor leaves behind: papermill's metadata and injected cells, widget
state, per-cell timings and editor settings, the kernel's own version. Outputs are not touched,
but for neighbouring pieces of one stream, which are joined. Exits with 1 if it changed a file, as
pre-commit expects.
"""

import sys
from pathlib import Path

from nbformat import NotebookNode, validate
from series import all_notebooks, read_notebook, write_notebook

KEPT_CELL_METADATA = {"tags"}
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook in the repository's form; the one given is changed."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = NotebookNode(KERNEL)
    notebook.cells = [cell for cell in notebook.cells
                      if "injected-parameters" not in cell.metadata.get("tags", [])]  # fmt: skip
    for cell in notebook.cells:
        cell.metadata = NotebookNode(
            {key: value for key, value in cell.metadata.items()
             if key in KEPT_CELL_METADATA and value}
        )  # fmt: skip
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip("\n").split("\n"))
        if cell.cell_type == "code":
            cell.outputs = join_streams(cell.outputs)
    validate(notebook)
    return notebook


def join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the outputs with neighbouring pieces of the same stream joined."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else None
        same = last and output.output_type == last.output_type == "stream"
        if same and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def main(paths: list[str]) -> int:
    changed = False
    for path in map(Path, paths) if paths else all_notebooks():
        before = path.read_bytes()
        write_notebook(normalise(read_notebook(path)), path)
        if path.read_bytes() != before:
            changed = True
            print(f"normalised {path}")
    return int(changed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
