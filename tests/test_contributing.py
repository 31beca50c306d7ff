"""What a contributor is told: CONTRIBUTING.md, the issue forms, the workflows, the container."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
CONTAINER = ROOT / ".devcontainer" / "devcontainer.json"
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
# What commands make, or a contributor does.
MADE = re.compile(r"\.venv/|site/_build|node_modules")


def section(text, title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL).group(1)


def table(text):
    """The cells of each row of the first table in `text`, without its two first lines."""
    first = re.search(r"(?:^\|.*\|\n)+", text, re.MULTILINE).group()
    rows = [line.strip("|").split(" | ") for line in first.splitlines()[2:]]
    return [[cell.strip(" |") for cell in row] for row in rows]


def doors():
    return [row[0] for row in table(section(README, "Open it"))]


def missing(commands):
    """Of the modules and paths that `commands` name, those that are not here."""
    text = commands.replace("\\", "/")
    modules = re.findall(r"\bpython\S* -m ([\w.]+)", text)
    files = re.findall(r"\bpython ([\w/]+\.py)|(?<=-[rc] )([\w./-]+)", text)
    paths = {name for pair in files for name in pair if name}
    paths |= set(re.findall(r"(?<![\w/.:%-])(?:[\w.-]+/)+(?:[\w-]+(?:\.[\w]+)+|(?=[\s`]|$))", text))
    gone = {path for path in paths if not MADE.match(path) and not (ROOT / path).exists()}
    return gone | {name for name in modules if importlib.util.find_spec(name) is None}


def test_what_is_missing_is_found():
    """Else the tests below could not fail."""
    said = "python -m tools.nothing; python site/nothing.py; pip install -r no.txt; tests/no.py no/"
    expected = {"tools.nothing", "site/nothing.py", "no.txt", "tests/no.py", "no/"}
    assert missing(said) == expected
    here = "python -m tools.grade x; python site/build.py tests/; pip install -r requirements.txt"
    assert missing(here) == set()


def test_the_commands_and_paths_of_contributing_are_there():
    code = re.findall(r"```\w*\n(.*?)```|`([^`\n]+)`", CONTRIBUTING, re.DOTALL)
    commands = "\n".join(a or b for a, b in code)
    assert "-m benchmarks.mutants" in commands
    assert "-m tools.run_notebooks" in commands
    assert "site/build.py" in commands
    tree = re.search(r"```\nnotebooks/.*?```", CONTRIBUTING, re.DOTALL).group()
    inner = re.findall(r"^    (\w+)/", tree, re.MULTILINE)
    assert all((ROOT / "notebooks" / name).is_dir() for name in inner)
    assert missing(re.sub(r"^    \w+/", "", commands, flags=re.MULTILINE)) == set()


def test_the_tree_names_every_folder():
    tree = re.search(r"```\n(notebooks/.*?)```", CONTRIBUTING, re.DOTALL).group(1)
    told = set(re.findall(r"^(\S+)/", tree, re.MULTILINE))
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    there = {path.name for path in ROOT.iterdir() if path.is_dir()} - ignored - {".git"}
    assert told == there


def test_every_command_has_its_row():
    """Whoever writes a new tool or benchmark tells of it."""
    forms = {
        "tools": "python -m tools.{0.stem}",
        "benchmarks": "python -m benchmarks.{0.stem}",
        "site": "python site/{0.name}",
        "figures": "python figures/{0.name}",
    }
    for folder, form in forms.items():
        for path in (ROOT / folder).glob("*.py"):
            if "__main__" in path.read_text("utf-8"):
                assert form.format(path) in CONTRIBUTING, path.name


def test_the_rooms_are_those_that_a_test_holds():
    tree = ast.parse((ROOT / "tests" / "test_rooms.py").read_text("utf-8"))
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "MAY_IMPORT"
    )
    held = ast.literal_eval(value)
    told = {
        room.strip("`"): set(re.findall(r"`([\w.]+)`", allowed))
        for room, _, allowed in table(section(CONTRIBUTING, "The rooms of softmaxlab"))
    }
    assert told == held
    assert list(told) == list(held), "from the lowest to the highest"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_each_check_of_an_exercise_is_given_answers(path):
    """In the test module of its notebook, as whoever adds an exercise is told."""
    module = ROOT / "notebooks" / "softmaxlab" / "exercises" / f"{path.stem[3:]}.py"
    checks = re.findall(r"^def (check_\w+)\(", module.read_text("utf-8"), re.MULTILINE)
    tests = (ROOT / "tests" / f"test_{path.stem}.py").read_text("utf-8")
    assert checks
    assert set(checks) <= set(re.findall(r"\bcheck_\w+", tests))


def test_each_door_says_what_is_tested():
    rows = table(section(CONTRIBUTING, "What is tested where"))
    assert {len(row) for row in rows} == {4}
    assert {when for _, _, when, _ in rows} == {"every change", "once"}
    for door in doors():
        assert any(row[0].startswith(door) for row in rows), door


def test_the_versions_of_the_doors_are_those_that_are_pinned():
    told = section(CONTRIBUTING, "What is tested where")
    pins = "\n".join(
        (ROOT / name).read_text("utf-8")
        for name in ("benchmarks/frameworks.txt", "site/lite-requirements.txt", "tests/colab.txt")
    )
    pinned = dict(re.findall(r"^([\w.-]+)(?:\[\w+\])?==([\w.]+)", pins, re.MULTILINE))
    npm = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
    for name, version in {
        "torch": pinned["torch"],
        "jax": pinned["jax"],
        "TensorFlow": pinned["tensorflow-cpu"],
        "JupyterLite": pinned["jupyterlite-core"],
        "ipywidgets": pinned["ipywidgets"],
        "IPython": pinned["ipython"].removesuffix(".0"),
        "Pyodide": npm["pyodide"],
        "reveal.js": npm["reveal.js"],
    }.items():
        assert f"{name} {version}" in told, name


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_is_one_that_github_takes(path):
    form = yaml.safe_load(path.read_text("utf-8"))
    assert form.keys() == {"name", "description", "body"}
    assert 3 <= len(form["description"]) <= 200
    ids = [field["id"] for field in form["body"]]
    assert len(set(ids)) == len(ids)
    for field in form["body"]:
        assert field["type"] in {"input", "textarea", "dropdown"}
        assert field.keys() <= {"type", "id", "attributes", "validations"}
        assert field["attributes"]["label"]
        assert ("options" in field["attributes"]) == (field["type"] == "dropdown")
        assert "render" not in field["attributes"] or field["type"] == "textarea"
    assert any(field.get("validations") == {"required": True} for field in form["body"])


def test_there_are_three_forms_and_one_asks_for_the_door():
    assert [path.stem for path in FORMS] == ["checkup", "door", "sentence_or_cell"]
    text = (FORMS[0].parent / "door.yml").read_text("utf-8")
    form = yaml.safe_load(text)
    (options,) = (f["attributes"]["options"] for f in form["body"] if f["type"] == "dropdown")
    assert options[: len(doors())] == doors()
    (code,) = re.findall(r'`python -c "(.*?)"`', text)
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "notebooks", capture_output=True, text=True
    )
    assert "numpy: fine" in ran.stdout, ran.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_the_commands_and_paths_of_a_workflow_are_there(path):
    workflow = yaml.safe_load(path.read_text("utf-8"))
    jobs = workflow["jobs"].values()
    commands = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert any(" -m pytest" in command for command in commands)
    assert missing("\n".join(commands)) == set()
    text = path.read_text("utf-8")
    for constraint in re.findall(r"(?:PIP_CONSTRAINT|constraint): ([\w./]+)", text):
        assert (ROOT / constraint).is_file(), constraint
    for needed in (job["needs"] for job in jobs if "needs" in job):
        assert needed in workflow["jobs"]


def test_the_tests_run_on_three_systems():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8"))["jobs"]
    systems = {jobs["test"]["runs-on"], *jobs["systems"]["strategy"]["matrix"]["system"]}
    assert {name.partition("-")[0] for name in systems} == {"ubuntu", "windows", "macos"}
    run = [step.get("run", "") for step in jobs["test"]["steps"]]
    assert run[-2:] == ["python -m pytest", "python -m pytest --thorough -m thorough"]


def test_the_actions_of_the_workflows_are_kept_up_to_date():
    kept = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text("utf-8"))
    assert kept["version"] == 2
    assert [row["package-ecosystem"] for row in kept["updates"]] == ["github-actions"]


def test_the_container_has_binders_python_and_pins_and_opens_00():
    container = json.loads(CONTAINER.read_text("utf-8"))
    version = (ROOT / "binder" / "runtime.txt").read_text().strip().replace("-", ":")
    assert container["image"].endswith(f"/{version}")
    assert missing(container["updateContentCommand"]) == set()
    assert "binder/requirements.txt" in container["updateContentCommand"]
    (opened,) = container["customizations"]["codespaces"]["openFiles"]
    assert (ROOT / opened).is_file()
    assert opened in README


def test_the_changelog_has_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    newest, *released = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    assert newest == "Unreleased"
    assert released[0].startswith(citation["version"])
    assert str(citation["date-released"]) in released[0]
