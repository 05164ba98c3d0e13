"""Put one clean headless run into the repository as the stored outputs.

    python tools/store.py RUN_FOLDER

RUN_FOLDER holds what `python -m mnist_utils run --fresh-cache` wrote for the lessons, and in its
folder solutions/ the same for the solutions; `make notebooks` does all of it. Nothing is stored
unless every notebook finished, ran with its default parameters, is the one in the repository, and
its files have the sums that the run stored.
"""

import json
import re
import sys
from pathlib import Path

from banner import write_banner
from normalise import normalise
from restamp import main as restamp
from series import NOTEBOOKS, SOLUTIONS, read_notebook, write_notebook

from mnist_utils.run_folder import read_results


def sources_of(path: Path) -> list[str]:
    """Return the cells' sources but for the run time, which is stamped when a run is stored."""
    return [re.sub(r"(?m)^- \*\*Run time:\*\*.*$", "", cell.source)
            for cell in read_notebook(path).cells]  # fmt: skip


def load_run(folder: Path, sources: Path) -> dict:
    """Return the results of a run, or exit if it is not a whole and clean one."""
    results = read_results(folder)  # without what is damaged, which it names
    for path in sorted(sources.glob("*.ipynb")):
        entry = results["notebooks"].get(path.stem)
        if entry is None or entry["status"] != "ok" or entry["parameters"]:
            raise SystemExit(f"{path.stem}: no finished run with default parameters in {folder}")
        if sources_of(folder / path.name) != sources_of(path):
            raise SystemExit(f"{path.stem} was edited after its run in {folder}")
    stored = json.loads((folder / "results.json").read_text("utf-8"))
    return results | {"environment": stored["environment"]}


def main(folder: Path) -> None:
    runs = {NOTEBOOKS: folder, SOLUTIONS: folder / "solutions"}
    results = {sources: load_run(run, sources) for sources, run in runs.items()}
    for sources, run in runs.items():
        for path in sorted(sources.glob("*.ipynb")):
            write_notebook(normalise(read_notebook(run / path.name)), path)
    write_banner()
    stored = results[NOTEBOOKS]
    for entry in stored["notebooks"].values():
        del entry["key"], entry["sum"]
    text = json.dumps(stored, indent=1, ensure_ascii=False) + "\n"
    (NOTEBOOKS / "results.json").write_text(text, "utf-8", newline="\n")
    restamp([])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
