"""The drawing page: a gradio app that reads a drawn, uploaded or photographed digit.

The page and its API are one: what the page shows of a picture, a program gets from `/read`.
"""

import base64
import os

# Before gradio is imported: it must not report its use, nor keep a history of what it was shown.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_RUN_HISTORY"] = "False"

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import gradio as gr
import numpy as np

from mnist_utils import canvas
from mnist_utils.answers import EMPTY, as_json, blank, draw_heat, draw_seen, headline, say, sentence

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
            return blank()
        try:
            reading = read(picture)
        except ValueError as error:
            raise gr.Error(sentence(str(error)), print_exception=False) from error
        if reading.prepared is None:
            return headline("?", sentence(reading.reason)), None, None, None, as_json(reading)
        image, best = reading.prepared.image, reading.top[0][0]
        bars = {str(digit): float(chance) for digit, chance in enumerate(reading.probabilities)}
        seen, heat = draw_seen(image), draw_heat(image, explain(image, best))
        for picture in (seen, heat):  # else two visitors' equal pictures would be one file, which
            picture.info["answer"] = uuid4().hex  # gradio writes anew while it is being sent
        return say(reading), bars, seen, heat, as_json(reading)

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
                words = gr.HTML(headline("", EMPTY), elem_id="answer", label="answer")
                with gr.Row():
                    seen = _shown("What it sees", "seen")
                    heat = _shown("What mattered", "heat")
                gr.Markdown(NOTE, elem_id="note")
                bars = gr.Label(num_top_classes=10, label="Probability of each digit",
                                show_heading=False, elem_id="bars")  # fmt: skip
        with gr.Accordion("For programs", open=False):
            how = gr.Markdown(PROGRAMS)
            details = gr.JSON(label="details", open=True)
        outputs = [words, bars, seen, heat, details]
        # Both share two places: a network uses all cores for one picture as it is.
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


def _give_address(request: gr.Request) -> str:
    return PROGRAMS.replace("{address}", str(request.request.base_url))
