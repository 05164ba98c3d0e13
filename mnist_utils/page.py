"""The drawing page: a gradio app that reads a drawn, uploaded or photographed digit.

The page and its API are one: what the page shows of a picture, a program gets from `/read`.
"""

import base64
import os

# Before gradio is imported: it must not report its use, nor keep a history of what it was shown.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_RUN_HISTORY"] = "False"

from collections.abc import Callable
from html import escape
from pathlib import Path
from uuid import uuid4

import gradio as gr
import numpy as np
from PIL import Image

from mnist_utils import canvas

BLACK, VERMILION = (0, 0, 0), (213, 94, 0)
SIDE = 280  # pixels, of the drawing and of what is shown
EMPTY = "Draw a digit, or give a picture of one."

STYLE = Path(__file__).with_suffix(".css")

# The notebooks' canvas; what it sends reaches Python as the event's data.
PAPER = """
%s
const sent = {kind: "", picture: ""};
const model = {
  get: (name) => sent[name],
  set: (name, value) => { sent[name] = value; },
  save_changes: () => trigger("input", {...sent}),
};
render({model, el: element.querySelector(".paper")});
"""

NOTE = """**Left**, what the network gets: one digit in the middle of 28×28 pixels. **Right**,
coloured where hiding the ink lowers the answer's probability most: a hint, not evidence."""

PROGRAMS = """The same by Python (`pip install gradio_client`):

```python
from gradio_client import Client, handle_file

client = Client("{address}")
answer, bars, seen, heat, details = client.predict(handle_file("seven.png"), api_name="/read")
print(details["digit"], details["probabilities"])
```

or by any other program: `POST {address}gradio_api/upload` the file, then
`POST {address}gradio_api/call/read`, then `GET {address}gradio_api/call/read/EVENT_ID`.
"""


def build_page(read: Callable, explain: Callable[[np.ndarray, int], np.ndarray]) -> gr.Blocks:
    """Return the page, not yet served.

    Args:
        read: takes a picture, a path or a PIL image, and returns a `reader.Reading`; raises
            ValueError, with a sentence for people, if it is not a picture that can be used.
        explain: takes an image (28, 28) and a digit, and returns a map (28, 28) whose largest
            values mark what made it that digit.
    """

    def answer(picture):
        if picture is None:
            return _blank()
        try:
            reading = read(picture)
        except ValueError as error:
            raise gr.Error(_sentence(str(error)), print_exception=False) from error
        if reading.prepared is None:
            return _headline("?", _sentence(reading.reason)), None, None, None, as_json(reading)
        image, best = reading.prepared.image, reading.top[0][0]
        bars = {str(digit): float(chance) for digit, chance in enumerate(reading.probabilities)}
        seen, heat = draw_seen(image), draw_heat(image, explain(image, best))
        for picture in (seen, heat):  # else two visitors' equal pictures would be one file, which
            picture.info["answer"] = uuid4().hex  # gradio writes anew while it is being sent
        return _say(reading), bars, seen, heat, as_json(reading)

    def answer_drawing(event: gr.EventData):
        try:
            drawing = canvas.decode(event.picture, "drawing") if event.kind else None
        except (ValueError, AttributeError) as error:
            raise gr.Error("The drawing did not arrive whole; draw on.") from error
        return answer(drawing)

    with gr.Blocks(title="Will it read mine?", analytics_enabled=False,
                   delete_cache=(600, 600)) as page:  # fmt: skip
        gr.Markdown("# Will it read mine?\nA small network trained on MNIST reads one digit at a "
                    "time. Nothing leaves this computer.", elem_id="title")  # fmt: skip
        with gr.Row():
            with gr.Column(scale=1, min_width=300):
                with gr.Tab("Draw"):
                    pad = gr.HTML(
                        html_template='<div class="paper"></div>', apply_default_css=False,
                        js_on_load=PAPER % canvas.script().replace("export default", "//"),
                        elem_id="pad",
                    )  # fmt: skip
                with gr.Tab("Picture or webcam"):
                    photo = _take_files_only(gr.Image(
                        type="filepath", image_mode=None, show_label=False, elem_id="photo",
                        sources=["upload", "webcam", "clipboard"], height=360, buttons=[],
                        label="picture",
                        webcam_options=gr.WebcamOptions(
                            mirror=False,  # a mirrored digit is another one
                            constraints={"video": {"facingMode": {"ideal": "environment"}}},
                        ),
                    ))  # fmt: skip
            with gr.Column(scale=1, min_width=300):
                headline = gr.HTML(_headline("", EMPTY), elem_id="answer", label="answer")
                with gr.Row():
                    seen = _shown("What it sees", "seen")
                    heat = _shown("What mattered", "heat")
                gr.Markdown(NOTE, elem_id="note")
                bars = gr.Label(num_top_classes=10, label="Probability of each digit",
                                show_heading=False, elem_id="bars")  # fmt: skip
        with gr.Accordion("For programs", open=False):
            how = gr.Markdown(PROGRAMS)
            details = gr.JSON(label="details", open=True)
        outputs = [headline, bars, seen, heat, details]
        # Both take turns: a network uses all cores for one picture as it is.
        shared = {"concurrency_id": "read", "concurrency_limit": 2, "show_progress": "hidden"}
        pad.input(
            answer_drawing,
            None,
            outputs,
            trigger_mode="always_last",
            api_visibility="private",
            **shared,
        )
        photo.change(
            answer, photo, outputs, api_name="read", **shared,
            api_description="Read one digit in a picture: headline, probabilities, what the "
            "network sees, what mattered, and all of it as JSON.",
        )  # fmt: skip
        page.load(_give_address, None, how, api_visibility="private", queue=False)
    return page


def draw_seen(image: np.ndarray) -> Image.Image:
    """Return a MNIST-like image (28, 28) as dark ink on white, each pixel 10x10."""
    return Image.fromarray(255 - image).resize((SIDE, SIDE), Image.Resampling.NEAREST)


def draw_heat(image: np.ndarray, values: np.ndarray) -> Image.Image:
    """Return the ink in grey, coloured the more, the larger the map's value above 0 is there."""
    ink = image / 255
    heat = np.maximum(values, 0)
    heat = heat / heat.max() if heat.max() > 1e-6 else np.zeros_like(heat)
    paper = np.full((28, 28, 3), 255.0) - 0.75 * ink[..., None] * (255 - np.array(BLACK))
    mixed = paper + 0.8 * heat[..., None] * (np.array(VERMILION) - paper)
    picture = Image.fromarray(mixed.round().astype(np.uint8))
    return picture.resize((SIDE, SIDE), Image.Resampling.NEAREST)


def _take_files_only(image: gr.Image) -> gr.Image:
    """Make a component hand on files as they were sent, and fetch no addresses.

    Whoever reads a file says best what is wrong with it. (A subclass would do the same, but
    gradio writes a .pyi file beside the source of every component's class.)
    """
    move = image.async_move_resource_to_block_cache

    async def refuse_addresses(path):
        if str(path or "").startswith(("http://", "https://")):
            raise gr.Error("Give a picture, not the address of one.", print_exception=False)
        return await move(path)

    def hand_on(payload):
        if payload is not None and (payload.url or "").startswith("data:"):
            return base64.b64decode(payload.url.partition(",")[2])
        return payload.path if payload is not None else None

    image.async_move_resource_to_block_cache, image.preprocess = refuse_addresses, hand_on
    return image


def _shown(label: str, name: str) -> gr.Image:
    with gr.Column(elem_classes="half"):
        gr.Markdown(label, elem_classes="caption")
        return gr.Image(label=label, show_label=False, elem_id=name, format="png", type="numpy",
                        interactive=False, buttons=[])  # fmt: skip


def as_json(reading) -> dict:
    """Return a reading as plain numbers and lists: as `predict --json`, and all probabilities."""
    chances = None if reading.probabilities is None else [float(c) for c in reading.probabilities]
    return {"digit": reading.digit, "rejected": reading.rejected, "reason": reading.reason,
            "top3": [[digit, float(chance)] for digit, chance in reading.top],
            "probabilities": chances}  # fmt: skip


def _say(reading) -> str:
    digit, chance = reading.top[0]
    if reading.rejected:
        return _headline("?", f"{_sentence(reading.reason)} Perhaps {digit}.")
    return _headline(str(digit), f"{chance:.0%} sure")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."


def _headline(big: str, small: str) -> str:
    return f'<span class="big">{escape(big)}</span><span class="small">{escape(small)}</span>'


def _blank() -> tuple:
    return _headline("", EMPTY), None, None, None, None


def _give_address(request: gr.Request) -> str:
    return PROGRAMS.replace("{address}", str(request.request.base_url))
