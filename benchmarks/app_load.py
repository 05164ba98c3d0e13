"""Load on the drawing page's API over loopback: good and bad pictures mixed, several at once.

    python benchmarks/app_load.py [--requests 300] [--together 8]

The page runs in a process of its own, as `python -m mnist_utils app` serves it. Every request
uploads a file and asks for an answer by REST. A good picture must get a digit, right or not, or be
refused as unsure; a bad one a message or "no digit"; either may be told to wait. Anything else makes
the exit status 1, and so does a page that no longer serves afterwards.
"""

import argparse
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
from PIL import Image
from runs import describe_machine, write_report

from mnist_utils.data import load_mnist

PATIENCE = 120  # seconds, for one answer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--together", type=int, default=8, help="requests at once")
    parser.add_argument("--dry", action="store_true", help="write no report")
    options = parser.parse_args()
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "mnist_utils", "app", "--port", str(port)],
                               env=os.environ | {"MNIST_UTILS_PROGRESS": "0"})  # fmt: skip
    address = f"http://127.0.0.1:{port}/"
    try:
        wait_for(address, process)
        rows, seconds = load(address, options.requests, options.together)
        alive = process.poll() is None and ask(address, *make_pictures(1, kinds=["digit"])[0])
    finally:
        process.terminate()
        process.wait(20)
    about = {"command": "python benchmarks/app_load.py", "requests": options.requests,
             "together": options.together, "seconds": seconds, "rows": rows,
             "serves_afterwards": bool(alive and alive["fine"])}  # fmt: skip
    if options.dry:
        print(describe_machine())
        print(as_table(about))
    else:
        write_report("app_load", about, as_table(about))
    return 0 if about["serves_afterwards"] and all(row["fine"] for row in rows) else 1


def load(address: str, requests: int, together: int) -> tuple[list[dict], float]:
    """Send the pictures, so many at once; return a row a request, and the seconds of all."""
    pictures = make_pictures(requests)
    for name, kind, content, digit in pictures[:2]:  # wakes the network; not counted
        ask(address, name, kind, content, digit)
    start = time.perf_counter()
    with ThreadPoolExecutor(together) as pool:
        rows = list(pool.map(lambda picture: ask(address, *picture), pictures))
    return rows, time.perf_counter() - start


def make_pictures(
    count: int, kinds=("digit", "digit", "photo", "blank", "text", "cut", "huge", "empty")
):
    """Return (file name, kind, content, expected digit or None), in a fixed random order."""
    validation, random = load_mnist().validation, np.random.default_rng(0)
    pictures = []
    for place in range(count):
        kind, index = kinds[place % len(kinds)], int(random.integers(len(validation.labels)))
        paper = Image.fromarray(255 - validation.images[index])
        stored, digit, name = io.BytesIO(), int(validation.labels[index]), f"{place}.png"
        if kind == "photo":
            large = paper.resize((840, 840), Image.Resampling.BICUBIC)
            Image.merge("RGB", [large.point(lambda v, k=k: v * k // 10) for k in (9, 8, 7)]).save(
                stored, "JPEG"
            )
            name = f"{place}.jpg"
        elif kind == "huge":
            Image.new("1", (12_000, 12_000), 1).save(stored, "PNG")
        else:
            (Image.new("L", (300, 300), 255) if kind == "blank" else paper).save(stored, "PNG")
        content = {"text": b"Dear reader", "empty": b"", "cut": stored.getvalue()[:120]}.get(
            kind, stored.getvalue()
        )
        pictures.append((name, kind, content, digit if kind in ("digit", "photo") else None))
    return [pictures[place] for place in random.permutation(count)]


def ask(address: str, name: str, kind: str, content: bytes, digit: int | None) -> dict:
    """Upload one file and ask for its digit; return kind, seconds, outcome and whether it is fine."""
    start = time.perf_counter()
    try:
        with httpx.Client(base_url=address, timeout=PATIENCE) as client:
            uploaded = client.post("gradio_api/upload", files={"files": (name, content)})
            uploaded.raise_for_status()
            body = {"data": [{"path": uploaded.json()[0], "orig_name": name,
                              "meta": {"_type": "gradio.FileData"}}]}  # fmt: skip
            event = client.post("gradio_api/call/read", json=body)
            event.raise_for_status()
            answer = client.get(f"gradio_api/call/read/{event.json()['event_id']}").text
        outcome = read_outcome(answer, digit)
    except (httpx.HTTPError, KeyError, ValueError) as error:
        outcome = f"failed: {type(error).__name__}"
    seconds = time.perf_counter() - start
    allowed = ("right", "wrong digit", "not sure", "told to wait") if digit is not None else (
        "message", "no digit", "told to wait")  # fmt: skip
    return {"kind": kind, "seconds": seconds, "outcome": outcome, "fine": outcome in allowed}


def read_outcome(answer: str, digit: int | None) -> str:
    """Say in two words what the server's event stream holds."""
    complete = re.search(r"event: complete\ndata: (.*)", answer)
    if complete is None:
        if "queue" in answer.lower() and "full" in answer.lower():
            return "told to wait"
        return "message" if re.search(r'"error": ?"[^"]+', answer) else "error without a message"
    details = json.loads(complete[1])[4]
    if digit is None:
        return "no digit" if details["rejected"] else f"read as {details['digit']}"
    if details["rejected"]:
        return "not sure"
    return "right" if details["digit"] == digit else "wrong digit"


def as_table(about: dict) -> str:
    """Return counts and times by kind as Markdown."""
    rows = about["rows"]
    lines = ["| picture | requests | outcomes | ms, median | 95% |", "|---|---|---|---|---|"]
    for kind in [*dict.fromkeys(sorted(row["kind"] for row in rows)), "all"]:
        some = [row for row in rows if kind in (row["kind"], "all")]
        middle, late = np.quantile([row["seconds"] for row in some], (0.5, 0.95)) * 1000
        counts = ", ".join(
            f"{name} {count}" for name, count in Counter(r["outcome"] for r in some).most_common()
        )
        lines.append(f"| {kind} | {len(some)} | {counts} | {middle:.0f} | {late:.0f} |")
    rate = about["requests"] / about["seconds"]
    after = "The page served on afterwards."
    if not about["serves_afterwards"]:
        after = "**The page had stopped serving.**"
    lines += ["", f"{about['together']} at once, {rate:.1f} requests a second. {after}"]
    return "\n".join(lines)


def wait_for(address: str, process: subprocess.Popen) -> None:
    """Wait until the page is served, the network's training included."""
    for _ in range(600):
        try:
            if httpx.get(address, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            if process.poll() is not None:
                raise SystemExit("the page could not be served") from None
        time.sleep(1)
    raise SystemExit("the page was not served within ten minutes")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
