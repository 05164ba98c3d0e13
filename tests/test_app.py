"""The drawing page's API, limits and addresses; the browser's part is in test_browser.py."""

import base64
import json
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image, ImageDraw

gradio = pytest.importorskip("gradio", reason="gradio is not installed")
gradio_client = pytest.importorskip("gradio_client")

from mnist_utils import app  # noqa: E402
from mnist_utils.__main__ import main  # noqa: E402
from mnist_utils.reader import Reader  # noqa: E402

DENSE = np.random.default_rng(0).normal(size=(784, 10)) / 2000


class Network:
    """A stand-in that is quick: softmax of random weights; may be made to wait."""

    gate = None

    def predict(self, images, **settings):
        if self.gate is not None:
            self.gate.wait(20)
        logits = np.reshape(images, (len(images), -1)).astype(float) @ DENSE
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        return chances / chances.sum(axis=1, keepdims=True)


READER = Reader((Network(),), temperature=1.0, threshold=0.0)


def explain(image, digit):
    return image / 255.0


@pytest.fixture(scope="module")
def address():
    with app.serving(READER.read, explain) as page:
        yield page.local_url


@pytest.fixture(scope="module")
def client(address):
    return gradio_client.Client(address, verbose=False)


@pytest.fixture(scope="module")
def seven(tmp_path_factory):
    picture = Image.new("L", (300, 400), 255)
    pen = ImageDraw.Draw(picture)
    pen.line([(80, 100), (220, 100), (130, 320)], fill=20, width=24, joint="curve")
    file = tmp_path_factory.mktemp("pictures") / "seven.png"
    picture.save(file)
    return file


def ask(client, file):
    return client.predict(gradio_client.handle_file(str(file)), api_name="/read")


def test_python_client_gets_what_the_page_shows(client, seven):
    headline, bars, seen, heat, details = ask(client, seven)
    reading = READER.read(seven)
    assert details["probabilities"] == pytest.approx(list(reading.probabilities))
    assert details["digit"] == int(np.argmax(details["probabilities"]))
    assert details["rejected"] is False
    assert details["top3"][0][0] == details["digit"]
    assert len(bars["confidences"]) == 10
    assert bars["label"] == str(details["digit"])
    assert f">{details['digit']}<" in headline
    shown = np.asarray(Image.open(seen).convert("L"))
    assert (shown[5::10, 5::10] == 255 - reading.prepared.image).all()
    assert np.asarray(Image.open(heat)).shape[:2] == (280, 280)


def call(address, file):
    """Ask by REST, and return the stream of events."""
    body = {"data": [{**file, "meta": {"_type": "gradio.FileData"}}]}
    event = httpx.post(f"{address}gradio_api/call/read", json=body).json()["event_id"]
    return httpx.get(f"{address}gradio_api/call/read/{event}", timeout=30).text


def test_rest_does_the_same(address, client, seven):
    with open(seven, "rb") as file:
        uploaded = httpx.post(f"{address}gradio_api/upload", files={"files": file}).json()[0]
    inline = f"data:image/png;base64,{base64.b64encode(seven.read_bytes()).decode()}"
    for sent in ({"path": uploaded}, {"url": inline}):
        answer = call(address, sent)
        assert "event: complete" in answer
        found = json.loads(re.search(r"event: complete\ndata: (.*)", answer)[1])
        assert found[4] == ask(client, seven)[4]


def test_only_the_named_endpoint_is_offered(client):
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/read"]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"Dear reader", "not a picture"), (b"", "empty"), (b"%PDF-1.7", "PDF"),
     (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "picture"), (b"GIF89a", "picture")],
)  # fmt: skip
def test_what_is_no_picture_gets_a_sentence(client, tmp_path, content, message):
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(gradio_client.exceptions.AppError, match=message):
        ask(client, tmp_path / "bad.png")


def test_blank_paper_is_no_digit(client, tmp_path):
    Image.new("RGB", (200, 200), "white").save(tmp_path / "blank.png")
    headline, bars, seen, _, details = ask(client, tmp_path / "blank.png")
    assert details["digit"] is None
    assert details["rejected"] is True
    assert "digit" in details["reason"].lower()
    assert not bars
    assert seen is None
    assert ">?<" in headline


def test_files_of_the_computer_and_addresses_are_refused(address, seven):
    for path in (
        "/etc/passwd",
        str(seven),
        "http://127.0.0.1:9/x.png",
        "https://example.org/x.png",
    ):
        assert "event: error" in call(address, {"path": path}), path
    assert httpx.get(f"{address}gradio_api/file=/etc/passwd").status_code in (403, 404)


def test_large_uploads_are_refused(address):
    content = b"\0" * (app.LARGEST_UPLOAD + 1000)
    upload = httpx.post(f"{address}gradio_api/upload", files={"files": ("big.png", content)})
    assert upload.status_code == 413
    body = json.dumps({"data": ["x" * (app.LARGEST_UPLOAD + 2**21)]}).encode()
    posted = httpx.post(f"{address}gradio_api/call/read", content=body)
    assert posted.status_code == 413
    assert "10 MB" in posted.text

    def pieces():
        for _ in range(0, len(body), 2**20):
            yield b"y" * 2**20

    with suppress(httpx.TransportError):  # the connection may just be ended
        assert httpx.post(f"{address}gradio_api/call/read", content=pieces()).status_code >= 400
    assert httpx.get(address).status_code == 200  # and it still serves


def test_the_page_names_no_outside_address_that_a_browser_would_fetch(address):
    answer = httpx.get(address)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']([^\"']+)", answer.text)
    assert loaded
    assert not [link for link in loaded if re.match(r"(https?:)?//", link)]
    theme = httpx.get(f"{address}theme.css").text
    assert not re.search(r"url\([\"']?(https?:)?//|@import", theme)
    config = httpx.get(f"{address}config").json()
    assert config["analytics_enabled"] is False
    assert not [sheet for sheet in config["stylesheets"] if "//" in sheet]
    assert config["max_file_size"] == app.LARGEST_UPLOAD


def test_gradio_writes_nothing_beside_the_source(address):
    assert not list(Path(app.__file__).parent.glob("*.pyi"))


def test_it_listens_on_loopback_alone(address):
    port = int(address.rstrip("/").rsplit(":", 1)[1])
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [line[1] for line in lines if line[3] == "0A"]
    assert [where for where in listening if int(where.split(":")[1], 16) == port] == [
        f"0100007F:{port:04X}"
    ]


def test_many_at_once_are_answered_or_told_to_wait(client, seven):
    jobs = [
        client.submit(gradio_client.handle_file(str(seven)), api_name="/read") for _ in range(20)
    ]
    answers = [job.result(timeout=60)[4] for job in jobs]
    assert all(answer == answers[0] for answer in answers)


def test_a_full_queue_says_so(seven, monkeypatch):
    monkeypatch.setattr(app, "LONGEST_QUEUE", 1)
    slow = Network()
    slow.gate = gate = threading.Event()
    reader = Reader((slow,), temperature=1.0, threshold=0.0)
    with app.serving(reader.read, explain) as page:
        client = gradio_client.Client(page.local_url, verbose=False)
        picture = gradio_client.handle_file(str(seven))
        jobs = [client.submit(picture, api_name="/read") for _ in range(8)]
        for job in jobs:  # all have been taken or turned away before the first is answered
            while job.status().code.name in ("STARTING", "JOINING_QUEUE", "SENDING_DATA"):
                time.sleep(0.05)
        gate.set()
        errors = [job.exception(timeout=30) for job in jobs]
    refused = [error for error in errors if error is not None]
    assert 0 < len(refused) < 8
    assert any("full" in str(error).lower() for error in refused), refused


def test_a_port_that_is_taken_is_named(address, capsys):
    port = address.rstrip("/").rsplit(":", 1)[1]
    assert main(["app", "--port", port]) == 2
    assert f"port {port} is taken" in capsys.readouterr().err
    assert app.check_port("127.0.0.1", None) not in (int(port), None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--port", "0"], "1 to 65535"), (["--port", "70000"], "1 to 65535"),
     (["--host", "no.such.host.invalid"], "not an address"), (["--host", "a..b"], "not an address"),
     (["--host", "192.0.2.1"], "can't serve")],
)  # fmt: skip
def test_wrong_hosts_and_ports(arguments, message, capsys):
    assert main(["app", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_loopback_addresses_are_known():
    assert all(map(app.is_loopback, ("127.0.0.1", "127.3.2.1", "::1", "localhost")))
    assert not any(map(app.is_loopback, ("0.0.0.0", "192.168.1.5", "::", "example.org")))


def test_without_gradio_the_command_says_what_to_install():
    code = "import sys; sys.modules['gradio'] = None; from mnist_utils.__main__ import main; sys.exit(main(['app']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert '".[app]"' in done.stderr


def test_nothing_is_asked_of_the_network():
    """In a process in which every connection but loopback's is an error, it starts and answers."""
    code = """
import socket, sys
real = socket.socket.connect
asked = []
def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(("127.", "::1")):
        asked.append(address); raise OSError("no network")
    return real(self, address)
look = socket.getaddrinfo
def getaddrinfo(host, *rest, **named):
    if host not in (None, "", "127.0.0.1", "localhost", b"127.0.0.1"):
        asked.append(host); raise socket.gaierror("no network")
    return look(host, *rest, **named)
socket.socket.connect, socket.getaddrinfo = connect, getaddrinfo
from test_app import READER, explain
from mnist_utils import app
import httpx, time
with app.serving(READER.read, explain) as page:
    assert httpx.get(page.local_url).status_code == 200
    time.sleep(1)
print("asked", asked)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          cwd=Path(__file__).parent)  # fmt: skip
    assert done.stdout.splitlines()[-1:] == ["asked []"], done.stdout + done.stderr


def test_the_folder_of_pictures_is_removed(tmp_path, monkeypatch, seven):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with app.serving(READER.read, explain) as page:
        address = page.local_url
        ask(gradio_client.Client(address, verbose=False, download_files=False), seven)
        (folder,) = tmp_path.glob("mnist_utils_app_*")
        assert list(folder.rglob("seven.png"))
    assert not list(tmp_path.glob("mnist_utils_app_*"))
    with socket.socket() as probe:  # and the port is free again
        port = int(address.rstrip("/").rsplit(":", 1)[1])
        assert probe.connect_ex(("127.0.0.1", port)) != 0
