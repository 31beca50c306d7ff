"""The course in the browser alone: the JupyterLite site that site/build_lite.py makes.

numpy for the browser is not in the site. With LITE_SITE naming a site that was built before, and an
open network, notebook 04 runs as a whole.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import environments
import pytest
from panel_of_04 import NOTEBOOK, assert_list_and_slider_move
from playwright.sync_api import expect

from tools import browser, run_notebooks

ROOT = browser.ROOT
BUILT = os.environ.get("LITE_SITE")
DOOR = "/lab/index.html?path=notebooks/{}"
expect.set_options(timeout=browser.MILLISECONDS)

pytestmark = [
    pytest.mark.thorough,
    *environments.needs("pyodide", "jupyterlite_pyodide_kernel"),
]

EXECUTE = """async code => {
  const {kernel} = jupyterapp.shell.currentWidget.sessionContext.session;
  const run = kernel.requestExecute({code});
  let said = '';
  run.onIOPub = ({content}) => { said += content.text ?? content.evalue ?? ''; };
  const {content} = await run.done;
  return [content.status, said];
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, made by the command."""
    if BUILT:
        return Path(BUILT).resolve()
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, ROOT / "site" / "build_lite.py", folder]
    made = subprocess.run(command, capture_output=True, text=True, timeout=browser.SECONDS)
    assert made.returncode == 0, made.stdout + made.stderr
    return folder / "lite"


@pytest.fixture(scope="module")
def notebook(site):
    """Notebook 04 in the site's JupyterLab."""
    with browser.pages(site) as address, browser.browser() as chromium:
        notebook = browser.Notebook(chromium, address, NOTEBOOK, DOOR)
        yield notebook


def other_hosts(notebook):
    """The hosts that were asked, without the one that serves the site."""
    own = notebook.page.evaluate("location.host")
    asked = (urlsplit(url) for url in notebook.asked)
    return {url.netloc for url in asked if url.scheme.startswith("http")} - {own}


def tracked(folder):
    listed = subprocess.run(
        ["git", "ls-files", folder], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return {name for name in listed.stdout.split() if (ROOT / name).exists()}


def test_the_site_holds_the_whole_course(site):
    held = {path.relative_to(site / "files").as_posix() for path in (site / "files").rglob("*.*")}
    assert tracked("notebooks") <= held
    for path in run_notebooks.paths():
        copy = run_notebooks.read(site / "files" / "notebooks" / path.name)
        assert copy == run_notebooks.read(path)


def test_the_pins_are_those_that_the_kernel_takes(site):
    """The core is the kernel's version of Pyodide; each package of the lock has one place."""
    lock = json.loads((site / "static/pyodide-lock/pyodide-lock.json").read_text("utf-8"))
    core = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]["pyodide"]
    packages = lock["packages"]
    host = rf"https://cdn\.jsdelivr\.net/pyodide/v{re.escape(core)}/full/"
    assert re.match(host + "numpy-", packages["numpy"]["file_name"]) or BUILT
    pins = (ROOT / "site/lite-packages.txt").read_text("utf-8").split()
    for name, version in (pin.split("==") for pin in pins):
        assert packages[name]["version"] == version
        wheel = site / "static/pyodide-lock" / packages[name]["file_name"]
        assert wheel.exists(), name


def test_the_kernel_starts_beside_the_package_and_asks_no_other_host(notebook):
    status, said = notebook.page.evaluate(
        EXECUTE,
        "import importlib.util, os, sys\n"
        "print(1 + 1, sys.platform, os.getcwd(), importlib.util.find_spec('softmaxlab').origin)\n"
        "for path, _, names in os.walk('softmaxlab'):\n"
        "    for name in names:\n"
        "        compile(open(f'{path}/{name}').read(), name, 'exec')\n",
    )
    assert (status, said.split()) == (
        "ok",
        ["2", "emscripten", "/drive/notebooks", "/drive/notebooks/softmaxlab/__init__.py"],
    )
    assert other_hosts(notebook) == set()


@pytest.mark.skipif(BUILT is not None, reason="for a site just made")
def test_the_first_import_of_softmaxlab_asks_for_what_it_needs(notebook):
    """Without a network the import fails; by then it has asked Pyodide's host, and no other."""
    notebook.page.context.route(re.compile("^https://"), lambda route: route.abort())
    status, _ = notebook.page.evaluate(EXECUTE, "from softmaxlab.panel import Panel")
    assert status == "error"
    wheels = {url.rpartition("/")[2].partition("-")[0] for url in notebook.asked}
    assert {"numpy", "scipy", "matplotlib"} <= wheels
    assert other_hosts(notebook) == {"cdn.jsdelivr.net"}


@pytest.mark.skipif(BUILT is None, reason="numpy for the browser comes from an open network")
def test_notebook_04_runs_whole_and_a_slider_moves_its_picture(notebook):
    notebook.run_all()
    assert_list_and_slider_move(notebook)
    wrong = notebook.page.locator(".jp-OutputArea-output[data-mime-type*=stderr]")
    # The browser keeps no fonts from one visit to the next, and matplotlib says so.
    assert [text for text in wrong.all_inner_texts() if "building the font cache" not in text] == []
