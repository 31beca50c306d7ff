"""Makes the course that runs in the browser alone, JupyterLite: python site/build_lite.py [folder].

The folder holds Pyodide's core and the pure-Python packages that lite-packages.txt pins. numpy and
matplotlib come from Pyodide's host when a cell first imports softmaxlab, and scipy when a cell
imports it. With --fetch the site holds them too, and no other host is asked.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from importlib.util import find_spec
from pathlib import Path

try:
    import nbformat
except ModuleNotFoundError as error:
    if __name__ != "__main__":
        raise
    sys.exit(f"{error}: python -m pip install -r site/lite-requirements.txt")

SITE = Path(__file__).resolve().parent
ROOT = SITE.parent
CORE = ROOT / "node_modules" / "pyodide"
WORK = "lite-work"
LOCK = Path("static", "pyodide-lock", "pyodide-lock.json")
EXTENSIONS = Path(sys.prefix, "share", "jupyter", "labextensions")
USED = ("@jupyter-widgets/jupyterlab-manager", "@jupyterlite/pyodide-kernel-extension")
SHOWN = {
    "jupyter-lite-schema-version": 0,
    "jupyter-config-data": {"appName": "Softmax, examined", "exposeAppInBrowser": True},
}
NEEDED = ("numpy", "matplotlib")  # by every notebook
# These call scipy, some by the thread's G, and no cell before names it.
CALL_SCIPY = ("02", "03", "04", "07")
FETCH_SCIPY = "import scipy  # a browser fetches a package when a cell names it"
ANOTHER_DOOR = {
    "07": "**This notebook needs another door.** In the browser alone the clock is too coarse: no "
    "time below means anything. What is counted and drawn holds.",
    "10": "**This notebook needs another door.** In the browser alone no process starts: what "
    "needs dask ends in an error. Run the other cells one by one.",
}


def settings(folder):
    """Settings of JupyterLite's build into `folder` / "lite"."""
    return {
        "LiteBuildConfig": {
            "apps": ["lab"],
            "contents": [str(folder / WORK / "contents")],
            "output_dir": str(folder / "lite"),
            "cache_dir": str(folder / WORK / "cache"),
            "no_sourcemaps": True,
            "ignore_sys_prefix": ["federated_extensions"],
            "federated_extensions": [str(EXTENSIONS / name) for name in USED],
        },
        "PyodideLockAddon": {
            "enabled": True,
            "specs": ["ipywidgets", "micropip"],
            "excludes_extra": ["jupyterlab-widgets", "widgetsnbextension"],
            "constraints": [f"-r {SITE / 'lite-packages.txt'}"],
        },
    }


def for_browser(notebook, number):
    """The notebook of that number with the cells that it needs in the browser alone, if any."""
    if number in CALL_SCIPY:
        notebook.cells.insert(1, nbformat.v4.new_code_cell(FETCH_SCIPY, id="browser-scipy"))
    if number in ANOTHER_DOOR:
        note = nbformat.v4.new_markdown_cell(ANOTHER_DOOR[number], id="browser-door")
        notebook.cells.insert(0, note)
    return notebook


def copy_course(contents):
    """Copies what the learner sees into `contents`."""
    skipped = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("notebooks", "figures"):
        shutil.copytree(ROOT / name, contents / name, ignore=skipped)
    shutil.copy(ROOT / "requirements.txt", contents)
    for path in (contents / "notebooks").glob("*.ipynb"):
        # No server joins the lines of a cell here, and the table of contents takes no lists.
        notebook = for_browser(nbformat.read(path, as_version=4), path.name[:2])
        nbformat.write(notebook, path, split_lines=False)


def load_at_import(packages):
    """Lets an import of softmaxlab or selfcheck load what every notebook needs."""
    packages["ipywidgets"]["imports"] += ["softmaxlab", "selfcheck"]
    packages["ipywidgets"]["depends"].extend(NEEDED)


def hold_wheels(packages, site, pyodide, fetch):
    """Puts into `site` what the course imports, from the folder `pyodide`, or from its host."""
    names, found = [*NEEDED, "scipy", "ipywidgets"], set()
    while names:
        name = names.pop()
        if name not in found:
            found.add(name)
            names += packages[name]["depends"]
    for package in (packages[name] for name in sorted(found)):
        address = package["file_name"]
        name = address.rpartition("/")[2]
        if not address.startswith("https:") or not (fetch or (pyodide / name).exists()):
            continue
        if (pyodide / name).exists():
            wheel = (pyodide / name).read_bytes()
        else:
            with urllib.request.urlopen(address, timeout=60) as answer:
                wheel = answer.read()
        if hashlib.sha256(wheel).hexdigest() != package["sha256"]:
            sys.exit(f"{name} is not the one that Pyodide's lock names")
        (site / "static" / "pyodide" / name).write_bytes(wheel)
        package["file_name"] = f"../pyodide/{name}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SITE / "_build")
    parser.add_argument("--pyodide", metavar="FOLDER", type=Path, default=CORE)
    parser.add_argument("--fetch", action="store_true", help="the site holds numpy and others")
    given = parser.parse_args()
    if find_spec("jupyterlite_core") is None:
        python = ".".join(map(str, sys.version_info[:2]))
        sys.exit(
            "No JupyterLite: python -m pip install -r site/lite-requirements.txt, with Python 3.12 "
            f"or newer; this is {python}"
        )
    if not (given.pyodide / "pyodide-lock.json").exists():
        sys.exit(f"No Pyodide in {given.pyodide}; its core comes by: npm install")
    folder = given.folder.resolve()
    source, site = folder / WORK / "source", folder / "lite"
    for part in (folder / WORK, site):
        shutil.rmtree(part, ignore_errors=True)
    copy_course(folder / WORK / "contents")
    core = source / "static" / "pyodide"
    shutil.copytree(given.pyodide, core, ignore=shutil.ignore_patterns("*.whl"))
    (source / "jupyter_lite_config.json").write_text(json.dumps(settings(folder)), "utf-8")
    (source / "jupyter-lite.json").write_text(json.dumps(SHOWN), "utf-8")
    subprocess.run(
        [sys.executable, "-m", "jupyterlite_core", "build"],
        cwd=source,
        env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"},
        check=True,
    )
    path = site / LOCK
    lock = json.loads(path.read_text("utf-8"))
    load_at_import(lock["packages"])
    hold_wheels(lock["packages"], site, given.pyodide, given.fetch)
    path.write_text(json.dumps(lock), "utf-8")
    print(site / "index.html")


if __name__ == "__main__":
    main()
