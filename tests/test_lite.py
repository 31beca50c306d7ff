"""The course in the browser alone: the JupyterLite site that site/build_lite.py makes.

numpy for the browser comes from no package registry. Where LITE_SITE names a site that was built
with --fetch, notebook 04 runs as a whole; else stand-ins are in numpy's place.
"""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import build_lite
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
def chromium():
    with browser.browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def notebook(site, chromium):
    """Notebook 04 in the site's JupyterLab."""
    with browser.pages(site) as address:
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
        if path.name[:2] in ("07", "10"):
            assert copy.cells[0].source.startswith("**This notebook needs another door.**")
        copy.cells = [cell for cell in copy.cells if not cell.id.startswith("browser-")]
        assert copy == run_notebooks.read(path)


def test_a_notebook_that_does_not_name_scipy_first_runs_without_it(site):
    """Up to the cell that names it; there the browser fetches it. 07 and 10 take another door."""
    blocked = """
import re, sys
import nbformat
from tools import run_notebooks
for path in sys.argv[1:]:
    notebook, space = run_notebooks.solved(nbformat.read(path, as_version=4)), {}
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    sys.modules["scipy"] = None
    for source in code:
        if re.search(r"^(import|from) scipy", source, re.MULTILINE):
            break
        exec(source, space)
"""
    folder = site / "files" / "notebooks"
    numbered = folder.glob("[0-9]*.ipynb")
    copies = [path for path in numbered if path.name[:2] not in ("07", "10")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    command = [sys.executable, "-c", blocked, *copies]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


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
    assert {"numpy", "matplotlib"} <= wheels
    assert "scipy" not in wheels
    assert other_hosts(notebook) == {"cdn.jsdelivr.net"}


def stand_in(address, modules):
    """The bytes of a wheel, named as the one at `address`, with empty `modules`."""
    name, version = address.rpartition("/")[2].split("-")[:2]
    about, wheel = f"{name}-{version}.dist-info", io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        for module in modules:
            archive.writestr(f"{module}.py", "")
        archive.writestr(f"{about}/METADATA", f"Name: {name}\nVersion: {version}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        archive.writestr(f"{about}/RECORD", "")
    return wheel.getvalue()


@pytest.fixture(scope="module")
def full(site, tmp_path_factory):
    """A site as --fetch makes it, with stand-ins for Pyodide's wheels, and the wheels fetched."""
    folder = tmp_path_factory.mktemp("full") / "lite"
    shutil.copytree(site, folder, copy_function=os.link)
    lock = json.loads((site / build_lite.LOCK).read_text("utf-8"))
    wheels, asked = {}, []
    for package in lock["packages"].values():
        address = package["file_name"]
        if address.startswith("https:"):
            wheels[address] = stand_in(address, package["imports"])
            package["sha256"] = hashlib.sha256(wheels[address]).hexdigest()

    def give(address, timeout):
        asked.append(address.rpartition("/")[2].partition("-")[0])
        return io.BytesIO(wheels[address])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build_lite.urllib.request, "urlopen", give)
        build_lite.hold_wheels(lock["packages"], folder, build_lite.CORE, True)
    (folder / build_lite.LOCK).unlink()  # it is the one of `site`
    (folder / build_lite.LOCK).write_text(json.dumps(lock), "utf-8")
    return folder, asked


@pytest.mark.skipif(BUILT is not None, reason="for a site just made")
def test_only_what_the_course_imports_is_fetched_and_only_if_its_hash_is_right(full, monkeypatch):
    _, asked = full
    assert {"numpy", "scipy", "matplotlib", "pillow"} <= set(asked)
    assert len(asked) < 20
    packages = {
        name: {"depends": [], "file_name": "https://example.org/a.whl", "sha256": "0" * 64}
        for name in ("numpy", "scipy", "matplotlib", "ipywidgets")
    }
    monkeypatch.setattr(
        build_lite.urllib.request, "urlopen", lambda address, timeout: io.BytesIO(b"other")
    )
    with pytest.raises(SystemExit, match="not the one that Pyodide's lock names"):
        build_lite.hold_wheels(packages, full[0], build_lite.CORE, True)


@pytest.mark.skipif(BUILT is not None, reason="for a site just made")
def test_a_whole_site_asks_no_other_host_and_scipy_only_where_it_is_named(full, chromium):
    with browser.pages(full[0]) as address:
        notebook = browser.Notebook(chromium, address, NOTEBOOK, DOOR)

        def loaded(code):
            status, said = notebook.page.evaluate(EXECUTE, code)
            assert status == "ok", said
            wheels = {url.rpartition("/")[2].partition("-")[0] for url in notebook.asked}
            return wheels & {"numpy", "matplotlib", "scipy"}

        first = "import numpy, matplotlib\nif False:\n    from softmaxlab.panel import Panel"
        assert loaded(first) == {"numpy", "matplotlib"}
        assert loaded(build_lite.FETCH_SCIPY) == {"numpy", "matplotlib", "scipy"}
        assert other_hosts(notebook) == set()


@pytest.mark.skipif(BUILT is None, reason="numpy for the browser comes from Pyodide's host")
def test_notebook_04_runs_whole_and_a_slider_moves_its_picture(notebook):
    notebook.run_all()
    notebook.image()
    notebook.show_panel()
    assert_list_and_slider_move(notebook)
    assert other_hosts(notebook) == set()
    wrong = notebook.page.locator(".jp-OutputArea-output[data-mime-type*=stderr]")
    # The browser keeps no fonts from one visit to the next, and matplotlib says so.
    assert [text for text in wrong.all_inner_texts() if "building the font cache" not in text] == []
