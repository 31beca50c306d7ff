"""Badges and links name one repository, one command moves them to a fork, and a notebook alone
fetches the course from there."""

import os
import re
import subprocess
import sys

import pytest
from environments import NAMED

from tools import browser, rewrite_links, run_notebooks

LAUNCHES = (
    r"mybinder\.org/v2/gh/([\w.-]+/[\w.-]+)",
    r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)",
    r"nbviewer\.org/github/([\w.-]+/[\w.-]+)",
    r"git clone [^\n]*?github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?\b",
    r"repo=https%3A%2F%2Fgithub\.com%2F([\w.-]+%2F[\w.-]+)",
    r"url = [^\n]*https://github\.com/([\w.-]+/[\w.-]+)\\",
)
EVERY_FORM = """
[Binder](https://mybinder.org/v2/gh/{0}/HEAD?labpath=notebooks/00_start_here.ipynb)
[Colab](https://colab.research.google.com/github/{0}/blob/main/notebooks/00_start_here.ipynb)
git clone --depth 1 https://github.com/{0}.git
git@github.com:{0}
https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2F{1}&urlpath=lab%2Ftree%2F{2}%2Fnotebooks
https://{3}.github.io/{2}/
https://raw.githubusercontent.com/{0}/main/figures/both_axes.svg
"""


def every_form(slug):
    owner, repo = slug.split("/")
    return EVERY_FORM.format(slug, f"{owner}%2F{repo}", repo, owner)


def places(root):
    return {path for place in rewrite_links.PLACES for path in root.glob(place)}


def launched(root):
    """(file, OWNER/REPO) of each link that launches or copies a repository."""
    for path in sorted(places(root)):
        text = path.read_text("utf-8")
        for pattern in LAUNCHES:
            for slug in re.findall(pattern, text):
                yield path.name, slug.replace("%2F", "/")


def test_every_launch_names_the_repository_of_the_citation():
    found = list(launched(rewrite_links.ROOT))
    assert {"teachers_guide.md", "00_start_here.ipynb"} <= {name for name, _ in found}
    assert {slug for _, slug in found} == {rewrite_links.home()}, found


def test_every_form_of_a_link_is_pointed_and_no_other_is():
    other = "https://github.com/OWNER/REPO-two and https://github.com/someone/REPO, OWNER/REPO"
    text = every_form("OWNER/REPO") + other
    assert rewrite_links.pointed(text, "OWNER/REPO", "ada/soft.max") == (
        every_form("ada/soft.max") + other
    )
    there = rewrite_links.pointed(text, "OWNER/REPO", "ada/soft.max")
    assert rewrite_links.pointed(there, "ada/soft.max", "OWNER/REPO") == text


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/ada/soft-max",
        "https://github.com/ada/soft-max.git\n",
        "https://ada@github.com/ada/soft-max.git",
        "git@github.com:ada/soft-max.git",
        "ssh://git@github.com/ada/soft-max.git",
    ],
)
def test_a_remote_is_read(url):
    assert rewrite_links.of_remote(url) == "ada/soft-max"


@pytest.mark.parametrize("url", ["", "https://gitlab.com/ada/soft-max.git", "/srv/git/soft-max"])
def test_a_remote_elsewhere_is_none(url):
    assert rewrite_links.of_remote(url) is None


def launches(readme):
    """(notebook, what Binder opens, what Colab opens) of each row, and the badges."""
    binder = r"https://mybinder\.org/v2/gh/ada/soft-max/HEAD\?labpath=(\S+?)"
    colab = r"https://colab\.research\.google\.com/github/ada/soft-max/blob/main/(\S+?)"
    cell = rf"\[Binder\]\({binder}\),&nbsp;\[Colab\]\({colab}\)"
    rows = re.findall(rf"^\| \[.+?\]\((.+?)\) \|.*\| {cell} \|$", readme, re.MULTILINE)
    return rows, re.findall(rf"\[!\[.+? on (\w+)\]\(\S+?\)\]\((?:{binder}|{colab})\)", readme)


def test_readme_launches_every_notebook_once_it_has_a_name():
    readme = (rewrite_links.ROOT / "README.md").read_text("utf-8")
    named = rewrite_links.with_launches(readme, "ada/soft-max")
    rows, badges = launches(named)
    paths = [f"notebooks/{path.name}" for path in run_notebooks.paths()]
    assert rows == [3 * (path,) for path in paths]
    assert badges == [("Binder", paths[0], ""), ("Colab", "", paths[0])]
    table = re.findall(r"^\|.*\|.*\|.*\|.*\|$", named, re.MULTILINE)
    assert len(table) == len(paths) + 2, "its two first lines have a cell more, too"
    assert rewrite_links.with_launches(named, "ada/soft-max") == named
    bare = rewrite_links.with_launches(named, rewrite_links.NO_NAME)
    assert bare == rewrite_links.with_launches(readme, rewrite_links.NO_NAME)
    assert launches(bare) == ([], [])
    assert "mybinder.org/v2" not in bare


def run(root, *arguments):
    command = [sys.executable, "-m", "tools.rewrite_links", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


@pytest.fixture
def fork(tmp_path):
    browser.copy_checkout(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def test_one_command_moves_a_fork_and_back(fork):
    before = {path: path.read_bytes() for path in places(fork)}
    start = rewrite_links.home(fork)
    remote = ["git", "remote", "add", "origin", "git@github.com:ada/soft-max.git"]
    subprocess.run(remote, cwd=fork, check=True)
    moved = run(fork)
    assert moved.returncode == 0, moved.stderr
    assert {"CITATION.cff", "README.md"} <= set(moved.stdout.split())
    assert rewrite_links.home(fork) == "ada/soft-max"
    assert {slug for _, slug in launched(fork)} == {"ada/soft-max"}
    assert run(fork).stdout == "", "nothing is left to do"
    run(fork, start)
    assert {path: path.read_bytes() for path in places(fork)} == before


def test_without_a_remote_it_says_what_it_takes(fork):
    assert run(fork).stderr.strip().endswith("no repository on GitHub: give OWNER/REPO")
    assert "two names with a slash" in run(fork, "ada").stderr


def fetching():
    """The cells that fetch the course, one of each notebook."""
    for path in [*run_notebooks.paths(), *run_notebooks.quizzes()]:
        yield next(cell for cell in run_notebooks.read(path).cells if cell.cell_type == "code")


def run_alone(folder, remote):
    """Runs the fetching cell in `folder`, where github.com is `remote`, and imports.

    What was installed by ``-e .`` is taken from the path first.
    """
    script = "import os, sys\n"
    script += "sys.path = [one for one in sys.path if not os.path.exists(f'{one}/softmaxlab')]\n"
    script += next(fetching()).source + "\nimport softmaxlab; print(softmaxlab.__file__)"
    git = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_VALUE_0": "https://github.com/"}
    git |= {"GIT_CONFIG_KEY_0": f"url.{remote}/.insteadOf"}
    command = [sys.executable, "-c", script]
    ran = subprocess.run(
        command, cwd=folder, env=os.environ | git, capture_output=True, text=True, encoding="utf-8"
    )
    return ran


def test_every_notebook_fetches_the_course_by_the_same_cell():
    cells = list(fetching())
    assert {cell.source for cell in cells} == {cells[0].source}
    assert all(cell.metadata.jupyter.source_hidden for cell in cells), "a learner may pass it by"
    assert "git" in cells[0].source
    assert not any(cell.outputs for cell in cells), "beside softmaxlab it does nothing"


def test_a_notebook_alone_fetches_the_course_once(tmp_path):
    remote = tmp_path / "remote" / rewrite_links.home()
    browser.copy_checkout(remote)
    for command in (["init"], ["add", "."], [*NAMED, "commit", "-m", "all"]):
        subprocess.run(["git", *command], cwd=remote, check=True, capture_output=True)
    alone = tmp_path / "alone"
    alone.mkdir()
    for _ in range(2):  # the second as after a restart of the kernel
        ran = run_alone(alone, (tmp_path / "remote").as_uri())
        assert str(alone / "softmax-examined" / "notebooks") in ran.stdout, ran.stderr
        assert [path.name for path in alone.iterdir()] == ["softmax-examined"]


def test_a_notebook_alone_and_offline_says_so(tmp_path):
    ran = run_alone(tmp_path, (tmp_path / "nothing").as_uri())
    assert ran.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: softmaxlab is not here, and "
        f"https://github.com/{rewrite_links.home()} cannot be fetched"
    )
    assert not list(tmp_path.iterdir())
