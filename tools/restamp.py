"""Write what is generated into the notebooks' text and the README.

    python tools/restamp.py                                  after a run, or a change of release
    python tools/restamp.py https://github.com/YOU/FORK      for a fork: sets its address first

The address and the release tag stand in pyproject.toml alone; the badges, the set-up cells, the
run times and the README's tables are made from there and from notebooks/results.json. What a
notebook needs and Colab lacks are groups of pyproject.toml's optional dependencies, named for the
notebook under tool.mnist-series.extras. The sums of the stored measurements, by which a damaged one
is found, are written too.
"""

import re
import sys
import textwrap
from collections.abc import Sequence

from nbformat import NotebookNode
from series import (
    NOTEBOOKS,
    PLAN,
    ROOT,
    all_notebooks,
    badge,
    minutes,
    read_notebook,
    read_results,
    read_settings,
    write_notebook,
)  # fmt: skip

from mnist_utils import measured
from mnist_utils.results import format_interval, format_number

UNSET = "https://github.com/OWNER/REPOSITORY"
ADDRESS = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")
FROZEN = ("tensorflow", "keras", "numpy", "protobuf")  # of Colab's, whatever else is installed


def setup_cell(settings: dict, extras: Sequence[str] = ()) -> str:
    """Return the source of a notebook's set-up cell.

    Args:
        settings: as `series.read_settings` returns them.
        extras: requirements that this notebook has and Colab does not satisfy, such as
            "optuna>=5.0"; what they would replace of Colab's TensorFlow stays as it is.
    """
    start = 'import sys\n\nif "google.colab" in sys.modules:'
    if settings["repository"] == UNSET:
        return (
            f"{start}\n"
            "    raise SystemExit(\n"
            '        "This copy has no address to install mnist_utils from: run `python "\n'
            '        "tools/restamp.py https://github.com/YOU/YOUR-COPY` in the series\' folder, "\n'
            '        "commit, push with the release tag, and open the notebook from there."\n'
            "    )"
        )
    package = f'"git+{settings["repository"]}@{settings["release"]}"'
    if not extras:
        return f"{start}  # Colab brings TensorFlow; only the series' own helpers are added\n" \
               f"    %pip install -q --no-deps {package}"  # fmt: skip
    names = ", ".join(f'"{name}"' for name in FROZEN)
    needed = textwrap.wrap(" ".join(f'"{extra}"' for extra in extras), 66, break_on_hyphens=False)
    return (
        f"{start}  # Colab brings TensorFlow, which stays as it is\n"
        "    from importlib.metadata import version\n"
        "    from pathlib import Path\n"
        "\n"
        f'    kept = [f"{{name}}=={{version(name)}}" for name in ({names})]\n'
        '    Path("kept.txt").write_text("\\n".join(kept))\n'
        f"    %pip install -q --no-deps {package}\n"
        "    %pip install -q --constraint kept.txt " + " \\\n        ".join(needed)
    )


def stamp(notebook: NotebookNode, path: str, settings: dict, results: dict) -> NotebookNode:
    """Return the notebook, given with its path in the repository, with all stamps in step."""
    name = path.rpartition("/")[2].removesuffix(".ipynb")
    entry = results.get("notebooks", {}).get(name)
    cores = results.get("environment", {}).get("cores")
    time = f"{minutes(entry['seconds'])} minutes on {cores} CPU cores, trained from scratch" \
        if entry else "not measured yet"  # fmt: skip
    for cell in notebook.cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.source = setup_cell(settings, settings["extras"].get(name, ()))
        elif cell.cell_type == "markdown":
            lines = cell.source.split("\n")
            for number, line in enumerate(lines):
                if line.startswith("[![Open in Colab]"):
                    lines[number] = badge(settings, path)
                elif line.startswith("- **Run time:**"):
                    lines[number] = f"- **Run time:** {time}"
            cell.source = "\n".join(lines)
    return notebook


def notebook_table(settings: dict, results: dict) -> str:
    """Return the README's table of the ten questions."""
    rows = ["| | Question | Run time | Memory | Disk | |", "|---|---|---|---|---|---|"]
    for name, question in PLAN.items():
        number = name[:2]
        if (NOTEBOOKS / f"{name}.ipynb").is_file():
            path = f"notebooks/{name}.ipynb"
            entry = results["notebooks"].get(name)
            needs = _needs(entry) if entry else " | | "
            rows.append(f"| {number} | [{question}]({path}) | {needs} | {badge(settings, path)} |")
        else:
            rows.append(f"| {number} | {question} | | | | *to come* |")
    entries = results["notebooks"].values()
    whole = {"seconds": sum(entry["seconds"] for entry in entries),
             "peak_memory": max((entry.get("peak_memory") or 0 for entry in entries), default=0),
             "cache_size": sum(entry.get("cache_size") or 0 for entry in entries)}  # fmt: skip
    return "\n".join([*rows, f"| | All, one after another | {_needs(whole)} | |"])


def _needs(entry: dict) -> str:
    """Return a run's time, peak memory and cached networks as cells of a table."""
    memory, disk = entry.get("peak_memory"), entry.get("cache_size")
    return " | ".join([minutes(entry["seconds"]), f"{memory / 1e9:.1f} GB" if memory else "",
                       f"{disk / 1e6:.0f} MB" if disk is not None else ""])  # fmt: skip


def result_table(results: dict, *, test_set: bool) -> str:
    """Return the README's table of what the stored run recorded on the test set, or elsewhere."""
    rows = ["| | Result | Value | 95% interval | Over |", "|---|---|---|---|---|"]
    for name, entry in results["notebooks"].items():
        for result in entry["results"]:
            if result["name"].startswith("test ") != test_set:
                continue
            form = result["unit"], result["digits"]
            bounds = format_interval(result["interval"], *form) if result["interval"] else ""
            over = f"{result['n']:,} {result['over']}" if result["n"] else ""
            rows.append(f"| {name[:2]} | {result['name']} | {format_number(result['value'], *form)} "
                        f"| {bounds} | {over} |")  # fmt: skip
    return "\n".join(rows)


def environment_line(results: dict) -> str:
    """Return one sentence on the machine and versions of the stored run."""
    run = results["environment"]
    libraries = ", ".join(f"{name} {number}" for name, number in run["libraries"].items())
    return (f"Measured by `make notebooks` on {run['cores']} CPU cores ({run['machine']}, "
            f"{run['system']}) with Python {run['python']}, {libraries}.")  # fmt: skip


def stamp_readme(text: str, settings: dict, results: dict) -> str:
    """Return the README with what stands between its markers made anew."""
    made = {
        "notebooks": notebook_table(settings, results),
        "environment": environment_line(results),
        "results": result_table(results, test_set=True),
        "further": result_table(results, test_set=False),
        "series": (ROOT / "benchmarks" / "series_time.md").read_text("utf-8").strip(),
        "speed": (ROOT / "benchmarks" / "time_to_accuracy.md").read_text("utf-8").strip(),
    }
    for name, content in made.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise SystemExit(f"README.md has no {begin} … {end}")
        text = f"{before}{begin}\n{content}\n{end}{after}"
    return text


def set_repository(address: str) -> None:
    """Write the address of a fork into pyproject.toml."""
    address = address.rstrip("/").removesuffix(".git")
    if not ADDRESS.fullmatch(address):
        raise SystemExit(f"expected an address such as https://github.com/YOU/FORK, got {address}")
    path = ROOT / "pyproject.toml"
    old = f'repository = "{read_settings()["repository"]}"'
    new = f'repository = "{address}"'
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8", newline="\n")


def main(arguments: list[str]) -> None:
    if len(arguments) > 1:
        raise SystemExit(__doc__)
    for address in arguments:
        set_repository(address)
    settings, results = read_settings(), read_results()
    for path in all_notebooks():
        notebook = read_notebook(path)
        place = path.relative_to(ROOT).as_posix()
        write_notebook(stamp(notebook, place, settings, results), path)
    readme = ROOT / "README.md"
    text = stamp_readme(readme.read_text("utf-8"), settings, results)
    readme.write_text(text, "utf-8", newline="\n")
    measured.write_sums()
    print(f"stamped {len(all_notebooks())} notebooks and README.md for {settings['repository']}")


if __name__ == "__main__":
    main(sys.argv[1:])
