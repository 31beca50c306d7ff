"""The course as Colab opens it: one notebook alone, with ipywidgets 7 and IPython 7.

Colab itself is not launched. Python, numpy, dask and ipywidgets are those that it has had since
August 2026. The other versions in colab.txt are of its runtime 2026.01 without a GPU, as
https://github.com/googlecolab/backend-info records them.
"""

import shutil
import subprocess
import sys
import types

import environments
import pytest
import selfcheck
from environments import NAMED
from lessons import each_notebook, run_driven

from tools import browser, rewrite_links, run_notebooks

PYTHON = "3.13"


def test_the_self_check_leaves_the_versions_to_colab(monkeypatch, tmp_path):
    """What it would advise, to upgrade ipywidgets, takes from Colab the one that it shows."""
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("ipywidgets>=99\n")
    assert "ipywidgets: fine" not in selfcheck.report(requirements)
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    assert "All is well" in selfcheck.report(requirements)


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """A kernel called "colab", and a git to which this checkout is what github.com has."""
    folder = tmp_path_factory.mktemp("colab")
    versions = browser.ROOT / "tests" / "colab.txt"
    python = environments.make(folder / "python", PYTHON, ["pip", "-r", versions])
    kernel = [python, "-m", "ipykernel", "install", "--prefix", folder, "--name", "colab"]
    subprocess.run(kernel, check=True, capture_output=True)
    # Else matplotlib says in the first notebook that it builds its font cache.
    subprocess.run([python, "-c", "import matplotlib.font_manager"], check=True)
    remote = folder / "remote" / rewrite_links.home()
    browser.copy_checkout(remote)
    for command in (["init"], ["add", "."], [*NAMED, "commit", "-m", "all"]):
        subprocess.run(["git", *command], cwd=remote, check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PIP_CONSTRAINT", raising=False)  # 10 runs pip
        patch.setenv("JUPYTER_PATH", str(folder / "share" / "jupyter"))
        patch.setenv("GIT_CONFIG_COUNT", "1")
        patch.setenv("GIT_CONFIG_KEY_0", f"url.{(folder / 'remote').as_uri()}/.insteadOf")
        patch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
        yield


@pytest.mark.thorough
@environments.asked
@each_notebook
def test_runs_alone_and_its_sliders_move(path, colab, tmp_path, monkeypatch):
    shutil.copy(path, tmp_path)
    # Where this is set, a kernel does not show what its subprocesses, such as git, print.
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    _, said = run_driven(run_notebooks.read(path), folder=tmp_path, kernel="colab")
    assert said["driven"] > 0
    assert {each.name for each in tmp_path.iterdir()} == {path.name, "softmax-examined"}
