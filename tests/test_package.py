"""softmaxlab by pip: one version, one list of what the course needs, and numpy alone to run."""

import subprocess
import sys

import environments
import pytest
import yaml

from tools import browser

if sys.version_info < (3, 11):
    import tomli as tomllib
else:
    import tomllib

PROJECT = tomllib.loads((browser.ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_version_is_that_of_the_citation():
    citation = yaml.safe_load((browser.ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == PROJECT["version"] == "0.1.0"


def test_the_course_needs_what_its_extra_installs():
    course = (browser.ROOT / "requirements.txt").read_text("utf-8").split("\n")
    needed = [line for line in course if line and not line.startswith("#")]
    extra = PROJECT["optional-dependencies"]["course"]
    assert sorted(needed) == sorted([*PROJECT["dependencies"], *extra])
    assert [line.split(">")[0] for line in PROJECT["dependencies"]] == ["numpy"]


@pytest.mark.thorough
@environments.asked
def test_pip_installs_a_checkup_that_needs_numpy_alone(tmp_path):
    there = environments.make(tmp_path / "environment", "3.13", [browser.ROOT])
    code = """if True:
        import sys
        from softmaxlab import THREAD, examine, exact, log_softmax, logsumexp, softmax
        print(examine(softmax).verdict, exact.softmax([0, 0]).tolist())
        print(sorted({"scipy", "matplotlib", "ipywidgets"} & sys.modules.keys()))
    """
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ran = subprocess.run(
        [there, "-I", "-c", code], cwd=elsewhere, capture_output=True, text=True, timeout=100
    )
    assert (ran.stdout, ran.stderr) == ("sound [0.5, 0.5]\n[]\n", "")
    listed = environments.uv("pip", "list", "--format", "freeze", "--python", there)
    assert sorted(line.split("==")[0] for line in listed.split()) == ["numpy", "softmaxlab"]
