"""The one way out for results: `record` a number with its uncertainty, `show` a figure.

Both display what they were given and attach the same as metadata to the notebook's output, so
that whoever holds the executed notebook (the runner, the README's table, a test) can collect it.
"""

import io
from collections.abc import Iterator
from typing import Any

KEY = "mnist_utils"  # the name of our entry in an output's metadata


def record(
    name: str,
    value: float,
    *,
    interval: tuple[float, float] | None = None,
    n: int | None = None,
    over: str = "images",
    unit: str = "",
    digits: int = 2,
) -> None:
    """Display a result with its uncertainty, and store it under its name.

    Args:
        name: what was measured, such as "validation accuracy, dense baseline"; once a notebook.
        value: the number; a fraction (0-1) where unit is "%".
        interval: its 95% interval (low, high), in the same unit as value.
        n: how many images, seeds or whatever `over` says it was measured on.
        over: what n counts.
        unit: "%" multiplies by 100; any other text is appended, such as "s" or "images".
        digits: decimals shown; the stored numbers keep theirs.

    Raises:
        ValueError: if the interval is not two numbers in order around the value.
    """
    if interval is not None:
        low, high = (float(bound) for bound in interval)
        if not low <= value <= high:
            raise ValueError(f"interval must be (low, high) around value {value}, got {interval}")
        interval = (low, high)
    details = [f"95% interval {format_interval(interval, unit, digits)}"] if interval else []
    details += [] if n is None else [f"{n:,} {over}"]
    text = f"{name}: {format_number(value, unit, digits)}"
    text += f" ({'; '.join(details)})" if details else ""
    result = {"name": name, "value": float(value), "unit": unit, "interval": interval,
              "n": n, "digits": digits, "over": over if n is not None else None}  # fmt: skip
    _display({"text/plain": text}, {KEY: {"result": result}})


def show(fig, *, name: str, alt: str) -> None:
    """Display a figure as a PNG at 100 dpi with its alt text, and close it.

    The picture is reduced to 256 colours of its own, which makes a notebook less than half as
    large.

    Args:
        fig: the Matplotlib Figure.
        name: the file name, without .png, under which a run stores it; once in the whole series.
        alt: what the figure shows, in words, for those who can't see it.

    Raises:
        ValueError: if name is not a plain file name or alt is empty.
    """
    if not is_plain_name(name):
        raise ValueError(f"name must be letters, digits and underscores, got {name!r}")
    if not alt.strip():
        raise ValueError("alt must say in words what the figure shows, got an empty text")
    from matplotlib import pyplot as plt
    from PIL import Image

    drawn, stored = io.BytesIO(), io.BytesIO()
    fig.savefig(drawn, format="png", dpi=100)
    plt.close(fig)
    reduce_colours(Image.open(drawn)).save(stored, format="png", optimize=True)
    metadata = {"image/png": {"alt": alt}, KEY: {"figure": name}}
    _display({"image/png": stored.getvalue(), "text/plain": alt}, metadata)


def is_plain_name(name: str) -> bool:
    """Return whether a figure's name is fit to name a file: ASCII letters, digits, underscores."""
    return isinstance(name, str) and name.isascii() and name.replace("_", "").isalnum()


def reduce_colours(picture):
    """Return a PIL image with a palette of 256 colours chosen so that rare ones are kept too."""
    from PIL import Image

    method, dither = Image.Quantize.MAXCOVERAGE, Image.Dither.NONE
    return picture.convert("RGB").quantize(256, method=method, dither=dither)


def format_number(value: float, unit: str = "", digits: int = 2) -> str:
    """Return a number as text: a fraction as a percentage where unit is "%", else with its unit."""
    if unit == "%":
        return f"{value:.{digits}%}"
    return f"{value:,.{digits}f}" + (f" {unit}" if unit else "")


def format_interval(interval: tuple[float, float], unit: str = "", digits: int = 2) -> str:
    """Return an interval as text, with a unit other than "%" named once, at the end."""
    low, high = interval
    low_unit = unit if unit == "%" else ""
    return f"{format_number(low, low_unit, digits)} to {format_number(high, unit, digits)}"


def announce_test_reading() -> None:
    """Say, where it happens, that the test set has just been read for the first time."""
    text = "The test set is open. From here on, nothing may be chosen any more."
    _display({"text/plain": text}, {KEY: {"test_read": True}})


def read_outputs(notebook) -> Iterator[tuple[int, str, Any, dict]]:
    """Yield what an executed notebook recorded.

    Args:
        notebook: an nbformat NotebookNode, version 4.

    Yields:
        (cell index, kind, value, output) with kind "result" (value: a dict), "figure" (value:
        its name; output["data"]["image/png"] is the picture, base64) or "test_read" (True).
    """
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            for kind, value in output.get("metadata", {}).get(KEY, {}).items():
                yield index, kind, value, output


def _display(data: dict, metadata: dict) -> None:
    from IPython import get_ipython
    from IPython.display import display

    shell = get_ipython()
    if shell is not None and hasattr(shell, "kernel"):
        display(data, metadata=metadata, raw=True)
    else:
        print(data["text/plain"])
