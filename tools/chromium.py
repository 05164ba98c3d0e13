"""Where chromium is, and how a 7 is drawn in it: for the browser's tests and for screenshots."""

import os
import shutil

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

# A 7 on a square of side 1: corners of the line, from the left of the bar to the foot.
SEVEN = [(0.28, 0.25), (0.72, 0.25), (0.46, 0.8)]


def draw_seven(page, target) -> None:
    """Draw a 7 with the mouse on an element of a playwright page."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]
    page.mouse.move(*points[0])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(x, y, steps=12)
    page.mouse.up()
