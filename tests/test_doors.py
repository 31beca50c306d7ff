"""What a reader meets before any code: README, links, pictures, formulas, and the style."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import build_lite
import pytest
import yaml
from environments import pinned

from figures import make
from softmaxlab.atlas import JOBS
from tools import rewrite_links, run_notebooks

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
TESTS = ROOT / "tests"


def prose():
    """(file, text) of every Markdown cell and document."""
    for path in [*run_notebooks.paths(), *run_notebooks.quizzes()]:
        for cell in run_notebooks.read(path).cells:
            if cell.cell_type == "markdown":
                yield path, cell.source
    for name in ("quiz.md", "teachers_guide.md"):
        yield run_notebooks.NOTEBOOKS / name, (run_notebooks.NOTEBOOKS / name).read_text("utf-8")
    for name in DOCUMENTS:
        yield ROOT / name, (ROOT / name).read_text("utf-8")


def without_code(text):
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


def as_read(text):
    """`text` without code, and its links and pictures as their words."""
    text = re.sub(r"<!--.*?-->|<[^>]+>", "", without_code(text), flags=re.DOTALL)
    return re.sub(r"!?\[(.*?)\]\([^)]*\)", r"\1", text, flags=re.DOTALL)


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_readme_is_short_and_has_one_picture():
    """As it is before `rewrite_links` knows a name, and adds what only launches."""
    readme = rewrite_links.with_launches(README, rewrite_links.NO_NAME)
    read = as_read(readme)
    assert len(re.findall(r"[\w.'-]*\w", read)) <= 650
    assert len(without_code(readme).splitlines()) <= 75
    assert len(re.findall(r"!\[.{20,}?\]\(figures/\w+\.svg\)", readme, re.DOTALL)) == 1
    assert len(re.findall(r"OWNER\W*REPO", readme)) <= 3


def test_the_table_of_doors_is_short():
    _, _, *doors = re.findall(r"^\|.*\|$", README.split("## ")[1], re.MULTILINE)
    assert 1 < len(doors) <= 6
    assert max(len(cell) for row in doors for cell in cells(row)) <= 160


def test_readme_has_the_two_commands():
    begin = "python3 -m venv .venv && .venv/bin/python -m pip install -r "
    assert f"{begin}requirements.txt && .venv/bin/python -m jupyterlab notebooks/00_start" in README
    assert f"{begin}tests/requirements.txt && .venv/bin/python -m pytest\n" in README


def test_the_table_of_notebooks_is_that_of_the_folder():
    """Names and minutes stand in the README, in the route map of 00, and in each notebook."""
    row = r"\| (?:\[)?(\d\d [^]|]+?)(?:\]\(.*?\))? \| (\d+) \| (.+?) \|"
    minutes = {}
    for path in run_notebooks.paths():
        first = run_notebooks.read(path).cells[0].source
        minutes[path.stem[:2]] = re.search(r"\*\*Time\.\*\* (\d+) minutes", first).group(1)
    table = re.findall(row, README)
    assert {name[:2]: time for name, time, _ in table} == minutes
    route = "\n".join(text for path, text in prose() if path.name.startswith("00_"))
    assert re.findall(row, route) == table


def anchors(markdown):
    """Of each heading, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", without_code(markdown), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings}


def test_every_relative_link_resolves():
    found = 0
    for path, text in prose():
        links = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", without_code(text))
        for link in (a or b for a, b in links):
            if re.match(r"[a-z]+:", link):
                continue
            found += 1
            name, _, anchor = unquote(link).partition("#")
            target = path.parent / name if name else path
            assert target.exists(), (path.name, link)
            if anchor and target.suffix == ".md":
                assert anchor in anchors(target.read_text("utf-8")), (path.name, link)
    assert found > 10


def test_every_image_has_alt_text():
    for path, text in prose():
        for alt in re.findall(r"!\[(.*?)\]\(", without_code(text), re.DOTALL):
            assert len(alt) > 20, path.name
        assert "<img" not in text or "alt=" in text, path.name


@pytest.mark.skipif(not pinned(), reason="other versions draw other bytes")
def test_figures_are_those_that_the_command_writes(tmp_path):
    pictures = make.pictures()
    assert {path.stem for path in (ROOT / "figures").glob("*.svg")} == set(pictures)
    for name, picture in pictures.items():
        written = make.write(picture, tmp_path).read_bytes()
        again = (ROOT / "figures" / f"{name}.svg").read_bytes()
        if name == "thread_atlas":
            (written, marks), (again, others) = map(without_cells, (written, again))
            assert (marks - others).total() + (others - marks).total() <= len(JOBS)
        assert written == again, name


@pytest.mark.thorough
@pytest.mark.skipif(pinned(), reason="shown by the figures that are there")
def test_a_figure_comes_out_the_same_twice(tmp_path):
    for name, picture in make.pictures().items():
        first = make.write(picture, tmp_path).read_bytes()
        assert first == make.write(picture, tmp_path).read_bytes(), name


def without_cells(drawing):
    """The atlas without what fills its cells, and how often each of its marks is set.

    One cell of each map may hang on the last bit of exp, where processors differ.
    """
    mark = rb"<use [^>]*>"
    bare = re.sub(rb'xlink:href="data:[^"]*" id="\w+"|' + mark, b"", drawing)
    return bare.split(), Counter(re.findall(mark, drawing))


def test_every_formula_parses():
    node, katex = shutil.which("node"), ROOT / "node_modules" / "katex"
    if "CI" not in os.environ and not (node and katex.exists()):
        pytest.skip("needs Node, and KaTeX from: npm install")
    formulas = []
    for _, text in prose():
        for display, inline in re.findall(
            r"\$\$(.+?)\$\$|(?<![\\$])\$([^$\n]+?)\$", without_code(text), re.DOTALL
        ):
            formulas.append({"source": display or inline, "display": bool(display)})
    assert len(formulas) > 20
    parsed = subprocess.run(
        [node, TESTS / "formulas.mjs"],
        input=json.dumps(formulas),
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(parsed.stdout) == []


@pytest.mark.parametrize(
    "command",
    [["ruff", "check"], ["ruff", "format", "--check"]],
    ids=["lint", "format"],
)
def test_style(command):
    ran = subprocess.run(
        [sys.executable, "-m", *command, "."], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout


SPELLED = ("py", "md", "toml", "txt", "cff", "js")


def test_spelling(tmp_path):
    """codespell, in American; of notebooks what a reader reads, not their pictures."""
    for path in [*run_notebooks.paths(), *run_notebooks.quizzes()]:
        cells = [cell.source for cell in run_notebooks.read(path).cells]
        (tmp_path / f"{path.stem}.md").write_text("\n\n".join(cells), encoding="utf-8")
    files = subprocess.run(
        ["git", "ls-files", "--", *(f"*.{ending}" for ending in SPELLED)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    ran = subprocess.run(
        [sys.executable, "-m", "codespell_lib", *files, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout


def test_what_runs_before_a_commit_is_what_is_tested():
    """pre-commit's hooks: the same versions of ruff and codespell, on the same files."""
    hooks = {}
    for each in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]:
        hooks |= {hook["id"]: (each["rev"], hook) for hook in each["hooks"]}
    assert set(hooks) == {"ruff-check", "ruff-format", "codespell"}
    required = (TESTS / "requirements.txt").read_text("utf-8").splitlines()
    for name, (version, _) in hooks.items():
        assert f"{name.partition('-')[0]}=={version.removeprefix('v')}" in required, name
    assert hooks["ruff-format"][1]["args"] == ["--check"]
    assert hooks["codespell"][1]["files"] == rf"\.({'|'.join(SPELLED)})$"


def test_no_text_shouts():
    """No exclamation mark, no emoji in the prose."""
    for path, text in prose():
        plain = re.sub(r"!\[|\$.*?\$", "", without_code(text), flags=re.DOTALL)
        assert "!" not in plain, path.name
        assert not re.search("[\U0001f300-\U0001faff\u2600-\u27bf]", plain), path.name


@pytest.mark.parametrize(
    "name", ["build.py", "build_lite.py", "make_slides.py", "print_handouts.py", "teach.py"]
)
def test_what_makes_pages_says_how_to_get_its_packages(name):
    """Python's -S hides all that was installed."""
    ran = subprocess.run(
        [sys.executable, "-S", ROOT / "site" / name, "45"], capture_output=True, text=True
    )
    assert ran.returncode == 1
    said = r"No module named '\w+': python -m pip install -r (site/[\w-]+\.txt)\n"
    assert (ROOT / re.fullmatch(said, ran.stderr)[1]).exists()


def test_jupyterlite_is_missed_with_its_python(monkeypatch):
    monkeypatch.setattr(build_lite, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["build_lite.py"])
    with pytest.raises(SystemExit, match=r"site/lite-requirements.txt, with Python 3.12 or newer"):
        build_lite.main()
