"""The drawing page in a real browser: draw, upload, on a phone, and nothing from elsewhere."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest

browser = pytest.importorskip("browser")
pytest.importorskip("gradio", reason="gradio is not installed")

from PIL import Image, ImageDraw  # noqa: E402
from playwright.sync_api import expect  # noqa: E402

from mnist_utils import app  # noqa: E402
from mnist_utils.artifacts import get_or_train  # noqa: E402
from mnist_utils.reader import Reader  # noqa: E402
from mnist_utils.recipes import FAST_RECIPES  # noqa: E402

pytestmark = browser.needs_chromium
RECIPE = replace(FAST_RECIPES["cnn_99_0"], train_examples=20_000)  # enough for a plain 7
WAIT = 20_000  # milliseconds, on a busy machine


@pytest.fixture(scope="module")
def chromium(data, tmp_path_factory):
    with browser.one_at_a_time(tmp_path_factory.getbasetemp()):
        model = get_or_train(RECIPE, data, verbose=0).model
        reader, explain = Reader((model,), 1.0, 0.5), app.explain_by_occlusion(model)
        explain(reader.read(255 - data.train.images[0]).prepared.image, 5)  # wakes the network
        with app.serving(reader.read, explain) as page, browser.open_chromium() as chromium:
            yield chromium, page.local_url


@pytest.fixture
def visit(chromium):
    """Open the page in a window of some size; in the end nothing must have gone elsewhere."""
    opened, address = chromium
    contexts, elsewhere, errors = [], [], []

    def go(width=1100, height=900, **settings):
        context = opened.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: elsewhere.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        expect(page.locator("#answer")).to_contain_text("Draw a digit", timeout=WAIT)
        return page

    yield go
    for context in contexts:
        context.close()
    assert not [url for url in elsewhere if not url.startswith((address, "data:", "blob:"))]
    assert not errors


def big(page):
    return page.locator("#answer .big")


def test_a_drawn_seven_is_read(visit):
    page = visit()
    browser.draw_seven(page, page.locator("#pad canvas"))
    expect(big(page)).to_have_text("7", timeout=WAIT)
    expect(page.locator("#answer .small")).to_contain_text("% sure")
    expect(page.locator("#bars")).to_contain_text(re.compile(r"7\s*\d+%"))
    for shown in ("#seen img", "#heat img"):
        expect(page.locator(shown)).to_have_js_property("naturalWidth", 280, timeout=WAIT)


def test_an_uploaded_picture_is_read_and_another_file_gets_a_sentence(visit, tmp_path):
    picture = Image.new("RGB", (500, 700), (40, 60, 40))
    pen = ImageDraw.Draw(picture)
    pen.line([(150, 200), (350, 200), (230, 520)], fill=(250, 250, 210), width=40, joint="curve")
    picture.save(tmp_path / "seven.jpg")
    page = visit()
    page.get_by_role("tab", name="Picture or webcam").click()
    page.locator("#photo input[type=file]").set_input_files(tmp_path / "seven.jpg")
    expect(big(page)).to_have_text("7", timeout=WAIT)
    (tmp_path / "letter.png").write_text("Dear reader")
    page.reload()
    page.get_by_role("tab", name="Picture or webcam").click()
    page.locator("#photo input[type=file]").set_input_files(tmp_path / "letter.png")
    expect(page.get_by_text("not a picture")).to_be_visible(timeout=WAIT)


def test_a_finger_draws_on_a_phone(visit):
    page = visit(390, 844, device_scale_factor=2, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    canvas = page.locator("#pad canvas")
    box = canvas.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    touch = page.context.new_cdp_session(page)
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in browser.SEVEN]
    touch.send("Input.dispatchTouchEvent", {
        "type": "touchStart", "touchPoints": [{"x": points[0][0], "y": points[0][1]}]})  # fmt: skip
    for (x0, y0), (x1, y1) in pairwise(points):
        for step in range(1, 13):
            where = {"x": x0 + (x1 - x0) * step / 12, "y": y0 + (y1 - y0) * step / 12}
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [where]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(big(page)).to_have_text("7", timeout=WAIT)
