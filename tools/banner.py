"""The README's picture: four figures of the stored notebooks, two by two."""

import base64
import io

from PIL import Image
from series import NOTEBOOKS, ROOT, read_notebook

from mnist_utils.results import read_outputs, reduce_colours

BANNER = ROOT / "docs/series.png"
FIGURES = ("mean_and_spread_per_digit", "pareto_front", "clean_and_robust_rank", "risk_coverage")
TILE = (800, 360)  # pixels, width and height
GAP = 20


def make_banner() -> Image.Image:
    """Return the picture, made from the figures as the notebooks hold them."""
    stored = {
        value: output["data"]["image/png"]
        for path in sorted(NOTEBOOKS.glob("*.ipynb"))
        for _, kind, value, output in read_outputs(read_notebook(path))
        if kind == "figure"
    }
    width, height = TILE
    page = Image.new("RGB", (2 * width + GAP, 2 * height + GAP), "white")
    for number, name in enumerate(FIGURES):
        picture = Image.open(io.BytesIO(base64.b64decode(stored[name]))).convert("RGB")
        picture.thumbnail(TILE, Image.Resampling.LANCZOS)
        row, column = divmod(number, 2)
        left = column * (width + GAP) + (width - picture.width) // 2
        top = row * (height + GAP) + (height - picture.height) // 2
        page.paste(picture, (left, top))
    return reduce_colours(page)


def write_banner() -> None:
    BANNER.parent.mkdir(exist_ok=True)
    make_banner().save(BANNER, optimize=True)
