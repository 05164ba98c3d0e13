"""Serving the drawing page: on this computer alone unless asked, within limits, without a network."""

import errno
import ipaddress
import os
import socket
import sys
import tempfile
import threading
from contextlib import contextmanager
from importlib import import_module

LARGEST_UPLOAD = 10 * 2**20  # bytes
LONGEST_QUEUE = 32  # pictures that may wait; more are turned away with a message
FIRST_PORT, LAST_PORT = 7860, 7879


class AppError(Exception):
    """The page can't be served; the message says why and what to do."""


def check_port(host: str, port: int | None) -> int:
    """Return the port to serve on, by trying to bind it.

    Args:
        host: an address of this computer, or a name of it.
        port: 1 to 65535; None for the first free one of FIRST_PORT to LAST_PORT.

    Raises:
        AppError: if the port or the address can't be used.
    """
    if port is not None and not 1 <= port <= 65535:
        raise AppError(f"--port must be 1 to 65535, got {port}")
    for candidate in [port] if port else range(FIRST_PORT, LAST_PORT + 1):
        try:
            found = socket.getaddrinfo(host, candidate, type=socket.SOCK_STREAM)
            family, _, _, _, address = found[0]
            with socket.socket(family) as probe:
                if os.name == "posix":  # on Windows it would let a port that is taken be taken
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except (socket.gaierror, UnicodeError) as error:
            raise AppError(f"--host {host} is not an address of a computer") from error
        except PermissionError as error:
            if port:  # else the next one may be free; Windows keeps whole ranges for itself
                raise AppError(f"port {port} needs more rights; take one above 1023") from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise AppError(f"can't serve on {host}: {error.strerror}") from error
        else:
            return candidate
    taken = f"port {port} is" if port else f"the ports {FIRST_PORT} to {LAST_PORT} are"
    raise AppError(f"{taken} taken by another program; name a free one with --port")


def is_loopback(host: str) -> bool:
    """Return whether only this computer can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def explain_by_occlusion(model):
    """Return the function that shows what mattered to a network, as `page.build_page` wants it."""
    import numpy as np

    from mnist_utils.saliency import occlusion

    return lambda image, digit: occlusion(model, image[None], np.array([digit]))[0]


@contextmanager
def serving(read, explain, host: str = "127.0.0.1", port: int | None = None):
    """Serve the page in the background; gives the page's gradio.Blocks, and ends it afterwards.

    Pictures that were shown to it lie in a temporary folder, which is removed at the end.

    Args:
        read, explain: as for `page.build_page`.
        host, port: as for `check_port`.
    """
    from starlette.middleware import Middleware

    from mnist_utils import canvas, page

    port = check_port(host, port)
    theme = page.gr.themes.Soft(
        primary_hue="blue", neutral_hue="slate",
        font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"],
    )  # fmt: skip
    style = page.STYLE.read_text("utf-8") + canvas.style()
    with _picture_folder():
        blocks = page.build_page(read, explain)
        blocks.queue(max_size=LONGEST_QUEUE)
        try:
            blocks.launch(
                server_name=host, server_port=port, share=False, inbrowser=False, quiet=True,
                prevent_thread_lock=True, show_error=False, max_file_size=LARGEST_UPLOAD,
                ssr_mode=False, pwa=False, mcp_server=False, footer_links=["api"],
                theme=theme, css=style, app_kwargs={"middleware": [Middleware(Guard)]},
            )  # fmt: skip
            yield blocks
        finally:
            blocks.close(verbose=False)


@contextmanager
def _picture_folder():
    """Have gradio, whose components look when they are made, keep its files in a folder for now."""
    before = os.environ.get("GRADIO_TEMP_DIR")
    with tempfile.TemporaryDirectory(prefix="mnist_utils_app_") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        try:
            yield
        finally:
            os.environ.pop("GRADIO_TEMP_DIR")
            if before is not None:
                os.environ["GRADIO_TEMP_DIR"] = before


def serve(host: str = "127.0.0.1", port: int | None = None, *, open_browser: bool = False) -> None:
    """Serve the page until it is interrupted; the network comes from the cache or is trained.

    Raises:
        AppError: if the port or the address can't be used.
    """
    check_port(host, port)
    for name in ("mnist_utils.page", "skimage"):  # a package that is missing shows before the
        import_module(name)  # training, too
    from mnist_utils.data import load_mnist
    from mnist_utils.reader import get_reader

    print("Preparing the network; the first time it is trained, for about a minute.", flush=True)
    reader = get_reader()
    explain = explain_by_occlusion(reader.models[0])
    image = load_mnist().train.images[0]
    explain(image, reader.read(255 - image).top[0][0])  # wakes the network for the first visitor
    with serving(reader.read, explain, host, port) as blocks:
        print(f"Open {blocks.local_url} in a browser. Control-C ends it.")
        if not is_loopback(host):
            print("Whoever can reach this computer can use the page.")
        sys.stdout.flush()
        if open_browser:
            import webbrowser

            webbrowser.open(blocks.local_url)
        threading.Event().wait()  # gradio serves in a thread of its own


class Guard:
    """ASGI middleware: refuses bodies that are too large, and tells browsers to stay on this page.

    gradio limits uploaded files, but not pictures that are written into a JSON body.
    """

    POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'"

    def __init__(self, app, largest: int = LARGEST_UPLOAD + 2**20):
        self.app, self.largest = app, largest

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self.largest:
            text = f"More than {LARGEST_UPLOAD // 2**20} MB are too much.".encode()
            await send({"type": "http.response.start", "status": 413,
                        "headers": [(b"content-type", b"text/plain"), (b"connection", b"close")]})  # fmt: skip
            return await send({"type": "http.response.body", "body": text})
        seen = 0

        async def counted():
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.largest:  # sent in pieces, without a length
                return {"type": "http.disconnect"}
            return message

        async def marked(message):
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", self.POLICY.encode())
                message = {**message, "headers": [*message.get("headers", []), policy]}
            await send(message)

        await self.app(scope, counted, marked)
