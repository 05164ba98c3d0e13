"""A square of paper in the notebook: draw a digit on it, or put your own photo there.

Where nobody can draw, as under papermill, nbval or nbconvert, the same cells show and read a
sample digit, and the stored notebook holds no widget.
"""

import base64
import io
import os
import sys
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
MOST_PIXELS = 4_000_000  # the browser sends 1024x1024 at most
SAMPLE = "A sample digit in place of a drawing, as nobody can draw here."


def someone_draws() -> bool:
    """Return whether a browser shows this notebook, as far as the kernel can know.

    Jupyter's server and VS Code leave marks in the environment of the kernels that they start,
    and Colab is known by its module. MNIST_UTILS_PROGRESS=0 says that nobody watches.
    """
    if os.environ.get("MNIST_UTILS_PROGRESS") == "0" or "ipykernel" not in sys.modules:
        return False
    marks = ("JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD", "KAGGLE_KERNEL_RUN_TYPE")
    return "google.colab" in sys.modules or any(mark in os.environ for mark in marks)


@cache
def _widget_class() -> type:
    """Return the widget's class; only here anywidget is needed.

    Its kind is "drawing", "photo", or "" as long as the paper is blank; its picture is a data
    URL, as text: Colab does not carry binary messages of widgets.
    """
    import anywidget
    import traitlets

    class DigitCanvas(anywidget.AnyWidget):
        _esm, _css = script(), style()
        picture = traitlets.Unicode("").tag(sync=True)
        kind = traitlets.Unicode("").tag(sync=True)

    return DigitCanvas


def script() -> str:
    """Return the canvas's JavaScript, a module with a function render({model, el})."""
    return (HERE / "canvas.js").read_text("utf-8")


def style() -> str:
    """Return the canvas's CSS."""
    return (HERE / "canvas.css").read_text("utf-8")


class Paper:
    """What `draw` returns: shows the canvas in a notebook, and has what is on it.

    Attributes:
        sample: uint8 array, what stands for a drawing as long as there is none.
        widget: the anywidget, or None where nobody can draw.
    """

    def __init__(self, sample: np.ndarray, widget):
        self.sample, self.widget = sample, widget

    @property
    def drawn(self) -> bool:
        """Whether something was drawn or a photo was given."""
        return self.widget is not None and bool(self.widget.picture)

    @property
    def image(self) -> np.ndarray:
        """What is on the paper: uint8 (height, width), or (height, width, 3 or 4) for a photo.

        A drawing is (400, 400), black (0) on white (255); a photo is as it was taken, at most
        1,024 pixels long. The sample, as long as the paper is blank.

        Raises:
            ValueError: if the browser sent something else than a picture.
        """
        return decode(self.widget.picture, self.widget.kind) if self.drawn else self.sample

    def _ipython_display_(self):
        from IPython.display import display

        if self.widget is not None:
            display(self.widget)
            return
        picture = io.BytesIO()
        _enlarged(self.sample).save(picture, "png")
        data = {"image/png": picture.getvalue(), "text/plain": SAMPLE}
        display(data, metadata={"image/png": {"alt": SAMPLE}}, raw=True)

    def __repr__(self) -> str:
        what = f"a {self.widget.kind}" if self.drawn else "the sample, nothing drawn yet"
        return f"<Paper with {what}>"


def draw(sample: np.ndarray) -> Paper:
    """Return paper to draw on; as a cell's last line, or by `display`, it shows itself.

    Args:
        sample: uint8 array (height, width), which stands for a drawing where nobody can draw,
            and until somebody does.

    Raises:
        ValueError: if the sample is not such an array.
    """
    sample = np.asarray(sample)
    if sample.ndim != 2 or sample.dtype != np.uint8 or 0 in sample.shape:
        raise ValueError(f"sample must be uint8 (height, width), got {sample.dtype} {sample.shape}")
    return Paper(sample, _widget_class()() if someone_draws() else None)


def decode(picture: str, kind: str = "photo") -> np.ndarray:
    """Return the pixels of a PNG that the canvas sent as a data URL.

    Returns:
        uint8 (height, width), grey, for a drawing; for a photo also (height, width, 3 or 4).

    Raises:
        ValueError: if it is something else, or has too many pixels.
    """
    head, _, body = picture.partition(",")
    if head != "data:image/png;base64":
        raise ValueError(f"the canvas must send a PNG as a data URL, got {picture[:40]!r}")
    try:
        image = Image.open(io.BytesIO(base64.b64decode(body, validate=True)), formats=["PNG"])
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"it has {image.width}x{image.height} pixels")
        if kind == "drawing":
            image = image.convert("L")
        elif image.mode not in ("L", "RGB", "RGBA"):  # such as a palette, or 16 bits
            image = image.convert("RGBA")
        return np.array(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"what the canvas sent is damaged: {error}") from error


def _enlarged(sample: np.ndarray) -> Image.Image:
    """Return the sample as a picture about as large as the paper."""
    times = max(1, 280 // max(sample.shape))
    size = (sample.shape[1] * times, sample.shape[0] * times)
    return Image.fromarray(sample).resize(size, Image.Resampling.NEAREST)
