"""Command line: `run` the series, `predict` pictures, serve the `app`; `--help` lists the options."""

import argparse
import errno
import shlex
import sys
from pathlib import Path

from mnist_utils import __version__

FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", None))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Returns:
        The exit status: 0 fine; 1 a notebook or picture failed, or nothing could be written any
        more; 2 a wrong call; 130 interrupted.
    """
    options = _parser().parse_args(arguments)
    return options.action(options, arguments)


def _predict(options: argparse.Namespace, arguments: list[str] | None) -> int:
    from mnist_utils.predict import predict

    try:
        return predict(options.images, as_json=options.json, recipe=options.recipe)
    except (OSError, ValueError) as error:  # OSError: a cache folder that can't be written
        print(f"mnist_utils predict: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        return _say_missing(error, "images")
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130


def _say_missing(error: ModuleNotFoundError, extra: str) -> int:
    # By the folder, not by the name: on the package index that is somebody else's.
    print(f"{error.name} is not installed; `pip install -r requirements.txt` installs it, and so "
          f"does `pip install -e \".[{extra}]\"`, both in the series' folder", file=sys.stderr)  # fmt: skip
    return 2


def _app(options: argparse.Namespace, arguments: list[str] | None) -> int:
    from mnist_utils import app

    try:
        app.serve(options.host, options.port, open_browser=options.open)
    except (app.AppError, OSError) as error:
        print(f"mnist_utils app: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        return _say_missing(error, "app")
    except KeyboardInterrupt:
        print("\nEnded.", file=sys.stderr)
    return 0


def _run(options: argparse.Namespace, arguments: list[str] | None) -> int:
    try:
        from mnist_utils import runner, selection
    except ModuleNotFoundError as error:
        return _say_missing(error, "run")
    try:
        notebooks = selection.find_notebooks(options.notebooks, options.only)
        chosen = selection.parse_parameters(options.parameter, notebooks)
        fine = runner.run(chosen, options.output, resume=options.resume,
                          fresh_cache=options.fresh_cache, jobs=_jobs(options))  # fmt: skip
    except selection.RunError as error:
        print(f"mnist_utils run: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, OSError) as error:
        words = [word for word in arguments or sys.argv[1:] if word != "--continue"]
        again = shlex.join([*words, "--continue"])
        interrupted = isinstance(error, KeyboardInterrupt)
        what = "Interrupted." if interrupted else f"Stopped: {error}."
        if getattr(error, "errno", None) in FULL:
            what += " The disk is full, or its quota; make room first."
        print(f"\n{what} What is finished stays in {options.output}. To go on:\n"
              f"    python -m mnist_utils {again}\n"
              f"or  make run ARGS='{again.removeprefix('run ')}'", file=sys.stderr)  # fmt: skip
        return 130 if interrupted else 1
    print(f"Open {options.output / 'index.html'} to click through the run.")
    return 0 if fine else 1


def _jobs(options: argparse.Namespace) -> int:
    from mnist_utils.runner import suggested_jobs

    # A fresh cache is for measuring, which another notebook would disturb.
    return options.jobs or (1 if options.fresh_cache else suggested_jobs())


def _at_least_one(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, got {text!r}")
    return number


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
    run.add_argument("--jobs", type=_at_least_one, metavar="N",
                     help="how many to run at a time (default: 2 with 2 cores, 8 GB of free memory "
                          "and no GPU, which is faster, but the seconds that lessons measure are "
                          "longer for it; else, and with --fresh-cache, 1)")  # fmt: skip
    run.add_argument("--notebooks", type=Path, default=Path("notebooks"), metavar="FOLDER",
                     help="where the notebooks are (default: %(default)s)")  # fmt: skip
    run.add_argument("--output", type=Path, default=Path("build/run"), metavar="FOLDER",
                     help="where everything is written (default: %(default)s)")  # fmt: skip
    run.set_defaults(action=_run)
    predict = commands.add_parser("predict", help="say which digits pictures show")
    predict.add_argument("images", nargs="+", metavar="IMAGE",
                         help="a photo, scan or drawing of one digit")  # fmt: skip
    predict.add_argument("--recipe", metavar="NAME",
                         help="a recipe of recipes.FAST_RECIPES instead of the best for this")  # fmt: skip
    predict.add_argument("--json", action="store_true", help="print JSON instead of a table")
    predict.set_defaults(action=_predict)
    app = commands.add_parser("app", help="serve the page on which you draw a digit")
    app.add_argument("--host", default="127.0.0.1",
                     help="the address to serve on (default: %(default)s, this computer alone)")  # fmt: skip
    app.add_argument("--port", type=int, metavar="N",
                     help="the port to serve on (default: the first free one from 7860)")  # fmt: skip
    app.add_argument("--open", action="store_true", help="open the page in the browser")
    app.set_defaults(action=_app)
    return parser


if __name__ == "__main__":
    sys.exit(main())
