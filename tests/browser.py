"""What the tests with a real browser share: finding chromium, one of them at a time, drawing."""

import os
from contextlib import contextmanager

import pytest
from chromium import CHROMIUM, SEVEN, draw_seven

__all__ = ["CHROMIUM", "SEVEN", "draw_seven", "needs_chromium", "one_at_a_time", "open_chromium"]

fcntl = pytest.importorskip("fcntl", reason="needs the file locks of a POSIX system")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine (on Debian: apt-get install chromium)"
)


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
