"""Makes the course that runs in the browser alone, JupyterLite: python site/build_lite.py [folder].

The folder holds Pyodide's core and the pure-Python packages that lite-packages.txt pins. numpy,
scipy and matplotlib come from Pyodide's host when a cell first imports softmaxlab. With --pyodide
and the folder of Pyodide's full release, the site holds them too, and no other host is asked.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

SITE = Path(__file__).resolve().parent
ROOT = SITE.parent
CORE = ROOT / "node_modules" / "pyodide"
WORK = "lite-work"
EXTENSIONS = Path(sys.prefix, "share", "jupyter", "labextensions")
USED = ("@jupyter-widgets/jupyterlab-manager", "@jupyterlite/pyodide-kernel-extension")
SHOWN = {
    "jupyter-lite-schema-version": 0,
    "jupyter-config-data": {"appName": "Softmax, examined", "exposeAppInBrowser": True},
}
NEEDED = ("numpy", "scipy", "matplotlib")


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


def copy_course(contents):
    """Copies what the learner sees into `contents`."""
    skipped = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("notebooks", "figures"):
        shutil.copytree(ROOT / name, contents / name, ignore=skipped)
    shutil.copy(ROOT / "requirements.txt", contents)
    for path in (contents / "notebooks").glob("*.ipynb"):
        # No server joins the lines of a cell here, and the table of contents takes no lists.
        nbformat.write(nbformat.read(path, as_version=4), path, split_lines=False)


def finish_lock(site, pyodide):
    """Lets an import of softmaxlab or selfcheck load what it needs, from `pyodide` if it can."""
    path = site / "static" / "pyodide-lock" / "pyodide-lock.json"
    lock = json.loads(path.read_text("utf-8"))
    lock["packages"]["ipywidgets"]["imports"] += ["softmaxlab", "selfcheck"]
    lock["packages"]["ipywidgets"]["depends"].extend(NEEDED)
    for package in lock["packages"].values():
        name = package["file_name"].rpartition("/")[2]
        if package["file_name"].startswith("https:") and (pyodide / name).exists():
            shutil.copy(pyodide / name, site / "static" / "pyodide")
            package["file_name"] = f"../pyodide/{name}"
    path.write_text(json.dumps(lock), "utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SITE / "_build")
    parser.add_argument("--pyodide", metavar="FOLDER", type=Path, default=CORE)
    given = parser.parse_args()
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
    finish_lock(site, given.pyodide)
    print(site / "index.html")


if __name__ == "__main__":
    main()
