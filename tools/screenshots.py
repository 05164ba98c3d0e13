"""The README's picture of the drawing page: a 7 drawn with the mouse, wide and on a phone.

    python tools/screenshots.py          needs playwright and chromium; writes docs/page.png

The page is the real one, with the network that it uses; the first call trains that.
"""

import io

from chromium import CHROMIUM, draw_seven
from PIL import Image
from playwright.sync_api import expect, sync_playwright
from series import ROOT

from mnist_utils import app
from mnist_utils.reader import get_reader
from mnist_utils.results import reduce_colours

PICTURE = ROOT / "docs/page.png"
WINDOWS = {"wide": (1100, 800), "phone": (390, 800)}  # pixels
GAP = 30
WAIT = 30_000  # milliseconds


def main() -> None:
    reader = get_reader()
    explain = app.explain_by_occlusion(reader.models[0])
    with app.serving(reader.read, explain) as page, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shots = [shoot(browser, page.local_url, *size) for size in WINDOWS.values()]
        browser.close()
    whole = Image.new("RGB", (sum(shot.width for shot in shots) + GAP * (len(shots) - 1),
                              max(shot.height for shot in shots)), "white")  # fmt: skip
    left = 0
    for shot in shots:
        whole.paste(shot, (left, 0))
        left += shot.width + GAP
    reduce_colours(whole).save(PICTURE, optimize=True)


def shoot(browser, address: str, width: int, height: int) -> Image.Image:
    """Return a picture of the page in a window of that size, after a 7 was drawn and read."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(address)
    expect(page.locator("#answer")).to_contain_text("Draw a digit", timeout=WAIT)
    draw_seven(page, page.locator("#pad canvas"))
    expect(page.locator("#answer .big")).to_have_text("7", timeout=WAIT)
    page.mouse.move(2, 2)
    page.wait_for_timeout(500)
    page.evaluate("window.scrollTo(0, 0)")
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


if __name__ == "__main__":
    main()
