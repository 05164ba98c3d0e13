"""What the tests with a real browser share: finding chromium, one of them at a time, drawing."""

import fcntl
import os
import shutil
from contextlib import contextmanager

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine (on Debian: apt-get install chromium)"
)

# A 7 on a square of side 1: corners of the line, from the left of the bar to the foot.
SEVEN = [(0.28, 0.25), (0.72, 0.25), (0.46, 0.8)]


@contextmanager
def one_at_a_time(folder):
    """Let one pytest-xdist worker after another go on; folder is a worker's base folder."""
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with open(shared / "browser.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def open_chromium():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--use-gl=angle",
                  "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
                  "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
        )  # fmt: skip
        try:
            yield browser
        finally:
            browser.close()


def draw_seven(page, target) -> None:
    """Draw a 7 with the mouse on an element."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]
    page.mouse.move(*points[0])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(x, y, steps=12)
    page.mouse.up()
