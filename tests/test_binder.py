"""Binder without Binder: what repo2docker makes of `binder/`, and the notebooks in what it starts.

Binder itself is not launched. The base image is taken from repo2docker's own lock file, with the
packages that PyPI has under the same versions.
"""

import contextlib
import importlib.metadata
import importlib.util
import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import environments
import nbclient
import nbformat
import psutil
import pytest
import websocket
from environments import pinned
from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from lessons import (
    DRIVE,
    assert_committed_as_run,
    assert_within_limits,
    copy_beside,
    each_notebook,
)
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from softmaxlab.exercises import NOT_YET
from tools import browser, run_notebooks

ROOT = browser.ROOT
PINS = ROOT / "binder" / "requirements.txt"
# PyPI's names of what conda splits or calls otherwise.
ON_PYPI = {
    "jupyterhub-base": "jupyterhub",
    "jupyterhub-singleuser": "jupyterhub",
    "nbconvert-core": "nbconvert",
    "python-fastjsonschema": "fastjsonschema",
}
# The base image's ipykernel 7.0 forgets numpy's error state, a context variable, after each cell
# (ipython/ipykernel, issue 1457), so 03 would warn. The one that is pinned wants the other two.
REPLACED = {"ipykernel", "jupyter-client", "tornado"}
PREFIX, TOKEN = "/user/ada-softmax-x1/", "a-token"
CLASS = "class"  # a folder with just what a class gets
SERVER_AND_KERNEL = 950  # MiB, of the 1 to 2 GB that Binder gives

made_once = pytest.mark.skipif(not pinned(), reason="the same everywhere; read with Binder's pins")


def of_file(path):
    return [Requirement(line) for line in path.read_text("utf-8").split()]


@pytest.fixture(scope="module")
def dockerfile():
    """What repo2docker would build."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--user-id=1000"]
    platform = "--Repo2Docker.platform=linux/amd64"
    ran = subprocess.run(
        [*command, platform, "."], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return ran.stdout


@pytest.fixture(scope="module")
def base_lock(dockerfile):
    """The file that fixes every package of the base image."""
    escaped = re.search(r"-2fconda-2f(\S+?lock)-\w{6} /tmp/env/environment.lock$", dockerfile, re.M)
    name = escaped.group(1).replace("-2e", ".").replace("-2d", "-")
    package = Path(importlib.util.find_spec("repo2docker").origin).parent
    return package / "buildpacks" / "conda" / name


@pytest.fixture(scope="module")
def base(base_lock):
    """Versions in the base image, by PyPI's names."""
    archives = re.findall(
        r"/([a-z][^/\s]*)-([^-/]+)-[^-/]+\.(?:conda|tar\.bz2)#", base_lock.read_text()
    )
    return {canonicalize_name(ON_PYPI.get(name, name)): version for name, version in archives}


@made_once
def test_the_python_is_the_one_that_the_pins_are_for(base):
    assert base["python"].startswith("3.13.")


@made_once
def test_the_pins_are_installed_before_the_source_is_copied(dockerfile):
    """So a change of a notebook does not install them anew."""
    steps = [line for line in dockerfile.splitlines() if re.match("COPY .*src|RUN .*pip ", line)]
    pins, install, source = steps
    assert pins.endswith(" src/binder/requirements.txt ${REPO_DIR}/binder/requirements.txt")
    assert install.endswith('pip install --no-cache-dir -r "binder/requirements.txt"')
    assert source.endswith(" src/ ${REPO_DIR}/")


def assert_there(requirement, pins, base):
    """`requirement` is met by a pin, or by the base image where there is no pin."""
    version = (base | pins).get(canonicalize_name(requirement.name))
    assert version, f"{requirement} is neither pinned nor in the base image"
    assert requirement.specifier.contains(version), f"{requirement}, there is {version}"


@pytest.fixture(scope="module")
def pins():
    lines = PINS.read_text("utf-8").split()
    return {canonicalize_name(line.partition("==")[0]): line.partition("==")[2] for line in lines}


@made_once
def test_every_requirement_is_pinned_or_in_the_base_image(pins, base):
    assert all(pins.values())
    assert set(pins) & set(base) == REPLACED
    for requirement in of_file(ROOT / "requirements.txt"):
        if requirement.name == "jupyter":  # it only names others; the console is for a terminal
            for line in set(importlib.metadata.requires("jupyter")) - {"jupyter-console"}:
                assert line in base
        else:
            assert_there(requirement, pins, base)


@made_once
def test_the_pins_need_nothing_else(pins, base):
    for name in pins:
        for requirement in map(Requirement, importlib.metadata.requires(name) or []):
            there = {"extra": "", "python_version": "3.13", "python_full_version": base["python"]}
            if requirement.marker is None or requirement.marker.evaluate(there):
                assert_there(requirement, pins, base)


@pytest.fixture(scope="module")
def server(tmp_path_factory, base_lock, base, pins):
    """JupyterLab with the versions of the image, under a prefix and a token: what it runs as."""
    folder, scratch = tmp_path_factory.mktemp("binder"), tmp_path_factory.mktemp("server")
    versions = folder / "base.txt"
    versions.write_text("\n".join(f"{name}=={version}" for name, version in base.items()))
    chosen = re.findall(
        r"^- ([\w-]+)==", base_lock.with_name("environment.py-3.13.yml").read_text(), re.M
    )
    python = environments.make(
        folder / "python",
        "3.13",
        [*(ON_PYPI.get(name, name) for name in chosen), "-c", versions],
        ["-r", PINS],
    )
    listed = environments.uv("pip", "list", "--format=json", "--python", python)
    there = {canonicalize_name(each["name"]): each["version"] for each in json.loads(listed)}
    assert {name: there[name] for name in there if name in base | pins} == {
        name: version for name, version in (base | pins).items() if name in there
    }
    checkout = folder / "checkout"
    browser.copy_checkout(checkout)
    (checkout / CLASS).mkdir()
    copy_beside(checkout / CLASS)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONPATH", raising=False)  # which would lead to another copy
        with browser.jupyterlab(checkout, scratch, python, PREFIX, TOKEN) as address:
            assert address.endswith(PREFIX.rstrip("/"))
            found = next((scratch / "RUNTIME").glob("jpserver-*.json"))
            yield address, psutil.Process(json.loads(found.read_text())["pid"])


def ask(address, method, path, body=None):
    request = urllib.request.Request(
        f"{address}/api/{path}",
        json.dumps(body).encode() if body else None,
        {"Authorization": f"token {TOKEN}"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=browser.SECONDS) as answer:
        return json.loads(answer.read() or "null")


@contextlib.contextmanager
def kernel_of(address, path):
    """A websocket to the kernel of a session of the notebook at `path`."""
    session = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
    session = ask(address, "POST", "sessions", session)
    channels = f"{address}/api/kernels/{session['kernel']['id']}/channels"
    socket = websocket.create_connection(
        channels.replace("http", "ws", 1),
        browser.SECONDS,
        header={"Authorization": f"token {TOKEN}"},
    )
    try:
        yield socket
    finally:
        socket.close()
        ask(address, "DELETE", f"sessions/{session['id']}")


def run_cell(socket, client, index):
    """Has the kernel run a cell of the client's notebook, in which its outputs are put."""
    cell = client.nb.cells[index]
    cell.outputs, client.clear_before_next_output = [], False
    request = Session().msg("execute_request", {"code": cell.source, "allow_stdin": False})
    socket.send(json.dumps(request | {"channel": "shell"}, default=json_default))
    with contextlib.suppress(nbclient.client.CellExecutionComplete):
        while True:
            message = json.loads(socket.recv())
            asked = message["parent_header"].get("msg_id") == request["header"]["msg_id"]
            if asked and message["channel"] == "iopub":
                client.process_message(message, cell, index)


@pytest.mark.thorough
@environments.asked
@each_notebook
def test_runs_in_what_binder_starts(path, server):
    """From top to bottom; each exercise as it is given, and then with its solution."""
    address, process = server
    notebook = run_notebooks.read(path)
    solved = run_notebooks.solved(notebook)
    notebook.cells.append(nbformat.v4.new_code_cell(DRIVE))
    client = nbclient.NotebookClient(notebook, record_timing=False)
    client.reset_execution_trackers()

    def run(socket, index):
        cell = notebook.cells[index]
        run_cell(socket, client, index)
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", output.text
        return cell.outputs

    with kernel_of(address, f"{CLASS}/{path.name}") as socket:
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "code":
                run(socket, index)
            if run_notebooks.is_exercise(cell):
                assert NOT_YET in str(cell.outputs)
                notebook.cells[index] = solved.cells[index]
                assert "Right." in run(socket, index)[-1].data["text/plain"], cell.source
                notebook.cells[index] = cell
    notebook, _ = CoalesceStreamsPreprocessor().preprocess(notebook, {})
    said = json.loads(notebook.cells.pop().outputs[0].text)
    assert_within_limits(path, said)
    assert_committed_as_run(path, notebook)
    assert process.memory_info().rss / 2**20 + said["megabytes"] < SERVER_AND_KERNEL


@pytest.mark.thorough
@environments.asked
def test_a_slider_moves_in_the_jupyterlab_of_the_image(server):
    address, _ = server
    door = f"/lab/tree/notebooks/{{}}?reset&token={TOKEN}"
    with browser.browser() as chromium:
        notebook = browser.Notebook(chromium, address, "04_which_axis.ipynb", door)
        notebook.run_all()
        before = notebook.image()
        notebook.show_panel()
        notebook.page.locator(".noUi-handle").first.press("ArrowRight")
        assert notebook.changed_image(before) != before
        notebook.close()
