"""A real browser on a Jupyter server of its own, for the browser tests and the slider benchmark."""

import contextlib
import functools
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
SECONDS = 120
MILLISECONDS = SECONDS * 1000


def copy_checkout(folder):
    """Copies what git tracks, and what is new, but nothing that git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


@contextlib.contextmanager
def jupyterlab(
    folder, scratch, python=sys.executable, prefix="/", token="", application=("jupyterlab",)
):
    """Serves `folder` on loopback; gives the server's address. `scratch` takes its files.

    The server is what `python -m` makes of `application`, which may be Notebook 7 instead; below
    `prefix`, it lets in who has `token`. What it would open in a browser is named in its log.
    """
    places = {name: str(scratch / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = os.environ | {f"JUPYTER_{name}_DIR": place for name, place in places.items()}
    environment |= {"BROWSER": "echo %s", "JUPYTER_PLATFORM_DIRS": "1"}
    command = [python, "-m", *application, "--allow-root"]
    command += [
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.base_url={prefix}",
        f"--ServerApp.port={free_port()}",
        "--LabApp.news_url=",
    ]
    with (scratch / "server.log").open("w") as log:
        server = psutil.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield _address(server, scratch)
        finally:
            end(server)


def free_port():
    """A port of loopback that nobody has: two servers that start at once would choose the same."""
    with socket.create_server(("localhost", 0)) as server:
        return server.getsockname()[1]


def end(process):
    """Asks the psutil.Popen to stop; after 30 s kills what is left of it and its children."""
    if not process.is_running():
        return
    family = [process, *process.children(recursive=True)]
    process.terminate()
    _, left = psutil.wait_procs(family, timeout=30)
    for one in left:
        one.kill()
    psutil.wait_procs(left)


def _address(server, scratch):
    runtime = scratch / "RUNTIME" / f"jpserver-{server.pid}.json"
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        # The file is there a moment before the port is open.
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError, ConnectionRefusedError):
            told = json.loads(runtime.read_text())
            socket.create_connection((told["hostname"], told["port"])).close()
            return told["url"].rstrip("/")
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{(scratch / 'server.log').read_text()}")


@contextlib.contextmanager
def pages(folder):
    """Serves the files of `folder` on loopback; gives the address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextlib.contextmanager
def browser():
    """Chromium, headless."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-background-networking",
            ],
        )
        try:
            yield chromium
        finally:
            chromium.close()


class Notebook:
    """One notebook in JupyterLab, or behind another `door`, with a kernel of its own.

    `asked` lists the addresses that its page and kernel asked.
    """

    def __init__(self, chromium, address, name, door="/lab/tree/notebooks/{}?reset"):
        self.page = chromium.new_page(viewport={"width": 1280, "height": 720})
        self.page.set_default_timeout(MILLISECONDS)
        self.asked = []
        self.page.context.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address + door.format(name))
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
        )
        self.idle()

    def idle(self):
        """Waits until the kernel has nothing to do."""
        self.page.wait_for_function(
            "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
        )

    def run_all(self):
        """Runs every cell and waits for the end."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
        self.idle()

    def show_panel(self):
        """Scrolls to the first panel: JupyterLab 4.4 takes what is not in sight out of the page."""
        self.page.evaluate(
            """() => {
              const cells = jupyterapp.shell.currentWidget.content;
              cells.activeCellIndex = cells.widgets.findIndex(
                cell => cell.node.querySelector('.widget-html'));
              return cells.scrollToItem(cells.activeCellIndex);
            }"""
        )

    def image(self):
        """The address of the panel's picture, once it is complete."""
        self.page.wait_for_function("() => document.querySelector('.widget-html img')?.complete")
        return self.page.evaluate("() => document.querySelector('.widget-html img').src")

    def changed_image(self, before):
        """The address of the panel's next picture, once it is complete and the kernel rests."""
        self.idle()
        self.page.wait_for_function(
            "before => { const image = document.querySelector('.widget-html img');"
            " return image?.complete && image.src !== before; }",
            arg=before,
        )
        return self.image()

    def close(self):
        """Closes the page and ends its kernel."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.close()
