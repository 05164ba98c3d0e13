"""A real JupyterLab for the tests with a browser, and a page of it with a notebook in it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

from series import ROOT

WAIT = 40_000  # milliseconds, on a busy machine
# All cells of a notebook are drawn at once; JupyterLab would draw those far away as one scrolls.
SETTINGS = {"@jupyterlab/notebook-extension/tracker": '{"windowingMode": "none"}'}
READY = """() => {
    const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
    return session?.kernel?.status === 'idle';
}"""


@contextmanager
def serve(folder):
    """Serve a folder by a JupyterLab of its own settings, on loopback; give its address."""
    for name, text in SETTINGS.items():
        file = folder / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(text)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }  # fmt: skip
    environment.pop("MNIST_UTILS_PROGRESS", None)  # here somebody watches
    environment.pop("MPLBACKEND", None)  # the kernel chooses
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
               "--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}",
               "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True",
               "--LabApp.news_url=None", "--LabApp.extension_manager=readonly",
               "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]  # fmt: skip
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(120):
                try:
                    urllib.request.urlopen(f"{address}/api/status", timeout=2)
                    break
                except OSError:
                    assert server.poll() is None, (folder / "log").read_text()[-3000:]
                    time.sleep(0.5)
            yield address
        finally:
            server.terminate()  # it ends its kernels
            server.wait(20)


def open_notebook(page, address, name):
    """Open a notebook of the served folder and wait until its kernel is ready."""
    page.goto(f"{address}/lab/tree/{name}?reset")
    page.wait_for_function(READY, timeout=WAIT)


def cells_of(page):
    """Return the opened notebook's cells as they would be saved."""
    return page.evaluate("window.jupyterapp.shell.currentWidget.content.model.toJSON()")["cells"]
