"""The command `predict`: what digits do these pictures show? A table, or JSON."""

import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.util import find_spec

from mnist_utils.answers import percent


def predict(
    files: Sequence[str], *, as_json: bool = False, recipe: str | None = None, reader=None
) -> int:
    """Print what a reader says of each file.

    Args:
        files: paths of pictures.
        as_json: print a list of objects instead of a table, with the keys file, digit (null when
            rejected), rejected, top3 ([[digit, probability], …]) and reason ("" unless rejected).
        recipe: the name of one of `recipes.FAST_RECIPES`; None for the one chosen for this.
        reader: a reader.Reader; None to get one by the recipe, trained the first time.

    Returns:
        The exit status: 0, or 1 if a file could not be read as a picture.

    Raises:
        ValueError: if there is no such recipe.
        ModuleNotFoundError: if scikit-image is not installed; before anything is trained.
    """
    if find_spec("skimage") is None:
        raise ModuleNotFoundError("No module named 'skimage'", name="scikit-image")
    with redirect_stdout(sys.stderr):  # so that stdout holds the answers alone
        reader = reader or _get_reader(recipe)
        rows = [_ask(reader, str(file)) for file in files]
    status = 1 if any(row.pop("unreadable") for row in rows) else 0
    print(json.dumps(rows, indent=1, ensure_ascii=False) if as_json else _table(rows))
    return status


def _get_reader(name: str | None):
    from mnist_utils.recipes import FAST_RECIPES

    if name is not None and name not in FAST_RECIPES:
        raise ValueError(f"no recipe {name!r}; there are {', '.join(FAST_RECIPES)}")
    from mnist_utils.reader import get_reader

    return get_reader() if name is None else get_reader(FAST_RECIPES[name])


def _ask(reader, file: str) -> dict:
    from mnist_utils.images import ImageError

    try:
        reading = reader.read(file)
    except (ImageError, OSError) as error:
        return {"file": file, "digit": None, "rejected": True, "top3": [],
                "reason": _describe(error), "unreadable": True}  # fmt: skip
    top = [[digit, round(probability, 4)] for digit, probability in reading.top]
    return {"file": file, "digit": reading.digit, "rejected": reading.rejected, "top3": top,
            "reason": reading.reason, "unreadable": False}  # fmt: skip


def _describe(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _table(rows: list[dict]) -> str:
    """Draw one line a file: digit, probability, what else it might be or why not."""
    lines = [("file", "digit", "sure", "otherwise")]
    for row in rows:
        top = row["top3"]
        digit = "–" if row["rejected"] else str(row["digit"])
        sure = percent(top[0][1], 1) if top else ""
        rest = ", ".join(f"{other} {chance:.1%}" for other, chance in top[1:])
        if row["rejected"]:
            guesses = ", ".join(f"{other} {chance:.1%}" for other, chance in top)
            rest = row["reason"] + (f"; perhaps {guesses}" if guesses else "")
        lines.append((row["file"], digit, sure, rest))
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    return "\n".join(
        f"{file:<{widths[0]}}  {digit:>{widths[1]}}  {sure:>{widths[2]}}  {rest}".rstrip()
        for file, digit, sure, rest in lines
    )
