"""Command line: `python -m mnist_utils run` executes the series; `--help` lists the options."""

import argparse
import shlex
import sys
from pathlib import Path

from mnist_utils import __version__


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status: 0 fine, 1 a notebook failed, 2 a wrong call."""
    options = _parser().parse_args(arguments)
    try:
        from mnist_utils import runner, selection
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed; `pip install -r requirements.txt` installs it, "
              "`pip install 'mnist-utils[run]'` too", file=sys.stderr)  # fmt: skip
        return 2
    try:
        notebooks = selection.find_notebooks(options.notebooks, options.only)
        chosen = selection.parse_parameters(options.parameter, notebooks)
        fine = runner.run(chosen, options.output, resume=options.resume,
                          fresh_cache=options.fresh_cache)  # fmt: skip
    except selection.RunError as error:
        print(f"mnist_utils run: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        words = [word for word in arguments or sys.argv[1:] if word != "--continue"]
        again = shlex.join([*words, "--continue"])
        print(f"\nInterrupted. What is finished stays in {options.output}. To go on:\n"
              f"    python -m mnist_utils {again}\n"
              f"or  make run ARGS='{again.removeprefix('run ')}'", file=sys.stderr)  # fmt: skip
        return 130
    print(f"Open {options.output / 'index.html'} to click through the run.")
    return 0 if fine else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mnist_utils")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="execute the notebooks and collect their results")
    run.add_argument("--only", action="append", metavar="NN",
                     help="a notebook to run, by number or name; may be repeated")  # fmt: skip
    run.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE",
                     help="a parameter for the notebooks that have it; may be repeated")  # fmt: skip
    run.add_argument("--continue", dest="resume", action="store_true",
                     help="leave out what an interrupted run has finished")  # fmt: skip
    run.add_argument("--fresh-cache", action="store_true",
                     help="an empty artifact cache for each notebook, so that it trains everything")  # fmt: skip
    run.add_argument("--notebooks", type=Path, default=Path("notebooks"), metavar="FOLDER",
                     help="where the notebooks are (default: %(default)s)")  # fmt: skip
    run.add_argument("--output", type=Path, default=Path("build/run"), metavar="FOLDER",
                     help="where everything is written (default: %(default)s)")  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
