"""Notebook 00: the self-check, what its panel draws, and what its check answers."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import build_lite
import matplotlib.figure
import numpy as np
import pytest
import selfcheck

from softmaxlab import THREAD, exact
from softmaxlab.drawing import start_here
from softmaxlab.exercises import NOT_YET
from softmaxlab.exercises.start_here import check_breaks_b, check_far_away, check_shortest
from softmaxlab.panel import Panel, slider
from tools import run_notebooks


def A(x):
    return exact.softmax(x)


FIRST = run_notebooks.NOTEBOOKS / "00_start_here.ipynb"


def test_all_is_well_here_and_no_version_is_named():
    report = selfcheck.report()
    assert "All is well" in report
    assert not re.search(r"\d", report)
    assert len(re.findall(": fine$", report, re.MULTILINE)) == 2 + len(selfcheck.PACKAGES)


def test_the_ranges_are_those_of_the_requirements():
    lines = selfcheck.REQUIREMENTS.read_text().split()
    for name in selfcheck.PACKAGES:
        low, high = sorted(str(selfcheck._wanted(name, selfcheck.REQUIREMENTS)).split(","))[::-1]
        assert f"{name}{low},{high}" in lines


def test_a_version_outside_its_range_is_named_with_a_remedy(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("numpy>=99\nscipy<0.1\n")
    report = selfcheck.report(file)
    assert f"numpy: {np.__version__} is outside >=99" in report
    assert re.search(r"scipy: [\d.]+ is outside <0.1", report)
    assert "matplotlib: fine" in report
    assert f'-m pip install -r "{file}"' in report
    assert "All is well" not in report


def test_without_the_file_no_version_is_judged(tmp_path):
    assert "All is well" in selfcheck.report(tmp_path / "none.txt")


def test_a_missing_package_is_named_and_how_to_get_it(monkeypatch):
    load = importlib.import_module

    def start(name):
        if name == "scipy.special":
            raise ModuleNotFoundError("No module named 'scipy'", name="scipy")
        return load(name)

    monkeypatch.setattr(selfcheck.importlib, "import_module", start)
    report = selfcheck.report()
    assert "scipy: missing" in report
    assert "numpy: fine" in report
    assert f'"{sys.executable}" -m pip install -r' in report


def test_a_package_that_does_not_start_says_why(monkeypatch):
    def start(name):
        raise ImportError("libfoo is not there")

    monkeypatch.setattr(selfcheck.importlib, "import_module", start)
    assert "numpy: does not start, ImportError: libfoo is not there" in selfcheck.report()


def test_a_picture_that_fails_says_why(monkeypatch):
    def savefig(*args, **kwargs):
        raise OSError("no font")

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", savefig)
    report = selfcheck.report()
    assert "drawing a picture: OSError: no font" in report
    assert "pip install" in report


def test_an_old_python_is_told(monkeypatch):
    monkeypatch.setattr(selfcheck, "PYTHON", (99, 1))
    report = selfcheck.report()
    assert "is too old, 99.1 is the oldest" in report
    assert "Install a newer Python" in report


def test_in_the_browser_it_speaks_of_no_terminal(monkeypatch):
    def start(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name.partition(".")[0])

    monkeypatch.setattr(selfcheck.importlib, "import_module", start)
    monkeypatch.setattr(sys, "platform", "emscripten")
    report = selfcheck.report()
    assert "numpy: missing" in report
    assert "reload the page" in report
    assert "pip install" not in report
    assert "In a terminal" not in report


def test_the_site_of_the_browser_alone_loads_what_the_check_asks_for(monkeypatch):
    """Pyodide loads what the imports of a cell name, before the cell runs."""
    code = [cell.source for cell in run_notebooks.read(FIRST).cells if cell.cell_type == "code"]
    assert code[1].splitlines()[0] == "import selfcheck"
    packages = {"ipywidgets": {"imports": ["ipywidgets"], "depends": []}}
    build_lite.load_at_import(packages)
    assert "selfcheck" in packages["ipywidgets"]["imports"]
    monkeypatch.setattr(sys, "platform", "emscripten")
    asked = re.findall(r"^(\w+): ", selfcheck.report(), re.MULTILINE)
    assert set(asked) - {"Python"} == {"ipywidgets", *packages["ipywidgets"]["depends"]}


@pytest.mark.parametrize(
    ("variable", "version", "told"),
    [("VSCODE_PID", "8.1.9", True), ("VSCODE_PID", "8.1.8", False), ("HOME_PID", "8.1.9", False)],
)
def test_the_widgets_that_vs_code_does_not_show_are_named(variable, version, told, monkeypatch):
    for name in "VSCODE_PID", "VSCODE_CWD":
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "1")
    real = selfcheck.metadata.version
    monkeypatch.setattr(
        selfcheck.metadata, "version", lambda name: version if name == "ipywidgets" else real(name)
    )
    report = selfcheck.report()
    assert ("ipywidgets: 8.1.9 shows no sliders in VS Code" in report) == told
    assert ("ipywidgets==8.1.8" in report) == told
    assert ("All is well" in report) != told


def test_the_first_cells_speak_where_nothing_is_installed():
    cells = [c.source for c in run_notebooks.read(FIRST).cells if c.cell_type == "code"]
    ran = subprocess.run(
        [sys.executable, "-S", "-E", "-s", "-c", "\n".join(cells[:2])],
        cwd=FIRST.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    for name in selfcheck.PACKAGES:
        assert f"{name}: missing" in ran.stdout
    assert "pip install" in ran.stdout


def test_the_route_lists_every_notebook_of_the_course():
    prose = "\n".join(c.source for c in run_notebooks.read(FIRST).cells)
    rows = re.findall(r"^\| (?:\[)?(\d\d) .+?\| (\d+) \| .+\? \|$", prose, re.MULTILINE)
    assert [number for number, _ in rows] == [path.stem[:2] for path in run_notebooks.paths()]
    for path, (_, minutes) in zip(run_notebooks.paths(), rows, strict=True):
        assert f"**Time.** {minutes} minutes" in run_notebooks.read(path).cells[0].source
    for link in re.findall(r"\]\(([^)h][^)]*)\)", prose):
        assert (FIRST.parent / link).is_file(), link


def panel():
    return Panel(
        start_here.AAndB,
        first=slider("first score", 3.0, -5.0, 5.0),
        added=slider("added", 0, 0, 1000, step=1),
    )


def test_the_first_panel_shows_a_softmax():
    drawing = Panel(start_here.OneSoftmax, first=slider("first score", 3.0, -5.0, 5.0)).drawing
    for first in (-5.0, 1.0, 3.0, 5.0):
        words = drawing.update(first)
        truth = exact.softmax(np.array([first, 1.0, 0.2]))
        np.testing.assert_allclose([bar.get_height() for bar in drawing.bars], truth, rtol=1e-14)
        assert words.sentence.endswith(", ".join(f"{p:.3f}" for p in truth) + ".")


def test_one_step_of_the_slider_changes_the_picture():
    moved = panel()
    before = np.asarray(moved.frame())
    moved.controls["first"].value += 0.1
    assert (np.asarray(moved.frame()) != before).any(axis=-1).sum() > 100


def test_the_panel_draws_the_exact_softmax_while_it_lives():
    drawing = panel().drawing
    rng = np.random.default_rng(0)
    for first, added in zip(rng.uniform(-5, 5, 60).round(1), rng.integers(0, 1000, 60)):  # noqa: B905
        words = drawing.update(first, added)
        truth = exact.softmax(drawing.x)
        np.testing.assert_allclose(drawing.p["A"], truth, rtol=1e-13)
        heights = [bar.get_height() for bar in drawing.bars["A"]]
        np.testing.assert_array_equal(heights, drawing.p["A"])
        if added < 700:
            np.testing.assert_allclose(drawing.p["B"], truth, rtol=1e-13)
            assert words.sentence.endswith("they agree.")
        elif added > 715:
            assert np.isnan(drawing.p["B"]).all()
            assert words.sentence.endswith("B gives nan, nan, nan: B is dead.")


@pytest.mark.parametrize(
    ("first", "added", "b", "end"),
    [
        (3.0, 706, [0.836, 0.113, 0.051], "they agree."),
        (3.0, 707, [np.nan, 0, 0], "B gives nan, 0.000, 0.000: they differ."),
        (3.0, 709, [np.nan, np.nan, 0], "they differ."),
        (3.0, 710, [np.nan] * 3, "B is dead."),
        (1.0, 708, [0, 0, 0], "B gives 0.000, 0.000, 0.000: they differ."),
        (-5.0, 0, [0.002, 0.689, 0.309], "they agree."),
    ],
)
def test_where_b_dies(first, added, b, end):
    drawing = panel().drawing
    sentence = drawing.update(first, added).sentence
    np.testing.assert_allclose(drawing.p["B"], b, atol=0.0006)
    assert sentence.endswith(end)


def test_the_functions_of_the_first_cells_are_the_threads():
    cell = next(c for c in run_notebooks.read(FIRST).cells if "def A" in c.source)
    space = {"np": np, "print": lambda *args: None}
    exec(cell.source, space)
    rng = np.random.default_rng(1)
    for shape in (3, (2, 3), (2, 3, 4)):
        x = rng.normal(size=shape)
        for name in "AB":
            np.testing.assert_array_equal(space[name](x), THREAD[name].function(x))


def test_a_stub_is_not_yet():
    for stub in (..., [0.836, ..., ...]):
        assert check_far_away(stub).message == NOT_YET
        assert not check_far_away(stub).passed


@pytest.mark.parametrize(
    "right", [[0.836, 0.113, 0.051], (0.836, 0.1131, 0.0508), exact.softmax([3.0, 1.0, 0.2])]
)
def test_the_answer_passes(right):
    assert check_far_away(right).passed


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([np.nan] * 3, "what B makes"),
        ([1, 0, 0], "highest score"),
        (np.array([1003, 1001, 1000.2]) / 3004.2, "each score over their sum"),
        ([83.6, 11.3, 5.1], "percent"),
        ([0.9, 0.9, 0.9], "Yours do not"),
        ([0.84, 0.11, 0.05], "not all are right to three digits"),
        ([0.836, 0.113, 0.05], "not all are right to three digits"),
        ([0.6, 0.3, 0.1], "not these scores' softmax"),
        ([0.051, 0.113, 0.836], "in another order"),
        (None, "three numbers is asked for, and this is None"),
        (np.exp, "this is a function"),
        ([0.836, 0.113], "A list of three numbers is asked for"),
        ("0.836", "A list of three numbers is asked for"),
    ],
)
def test_a_wrong_answer_is_told_its_fault(wrong, message):
    answer = check_far_away(wrong)
    assert not answer.passed
    assert message in answer.message
    for shown in (repr(answer), answer._repr_html_()):
        assert "expected:" not in shown
        assert "<th>expected" not in shown.replace(' style="text-align: left"', "")


def test_shortest_softmax():
    assert check_shortest(lambda x: ...).message == NOT_YET
    assert check_shortest(...).message == NOT_YET
    assert check_shortest(lambda x: np.exp(x) / np.exp(x).sum()).passed
    assert check_shortest(lambda x: np.exp(x) / sum(np.exp(x))).passed


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.exp, "These are the exps"),
        (lambda x: np.exp(x) / np.exp(x).max(), "The greatest entry is 1"),
        (lambda x: np.exp(x) / len(x), "the number of classes"),
        (lambda x: np.exp(x) / x.sum(), "the sum of the scores"),
        (lambda x: np.exp(x).sum(), "one number for all classes"),
        (lambda x: x / x.sum(), "the exp is missing"),
        (exact.softmax, "uses a finished softmax"),
        (lambda x: A(x), "calls A or B"),
        (lambda x: THREAD["B"].function(x), "uses a finished softmax"),
        (lambda x: np.exp(x) / np.exp(x.sum()), "the exp of the sum"),
        (lambda x: "softmax", "a text, 'softmax'. Return a number"),
        (lambda x: x**2, "the numbers are not"),
        (lambda x: np.exp(x) / y, "NameError: name 'y' is not defined"),  # noqa: F821 - that is the mistake
        (0.836, "takes a function, and got float"),
    ],
)
def test_a_wrong_shortest_softmax_is_told_its_fault(wrong, message):
    answer = check_shortest(wrong)
    assert not answer.passed
    assert message in answer.message


@pytest.mark.parametrize(
    ("scores", "praise"),
    [
        ([-1000.0, -1001.0], "0 / 0 is nan"),
        ([-746], "0 / 0 is nan"),
        (np.full(5, -1e308), "0 / 0 is nan"),
        ([-744.4, -744.0], "no nan tells you"),
    ],
)
def test_negative_scores_break_b(scores, praise):
    answer = check_breaks_b(scores)
    assert answer.passed
    assert praise in answer.message


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (..., NOT_YET),
        ([-1.0, -2.0], "the exp of -1 is 0.368, and not 0"),
        ([-700.0, -2000.0], "B is right here"),
        ([1000.0, 0.0], "Negative scores only"),
        ([-1000.0, 0.0], "Negative scores only"),
        ([-np.inf, -1.0], "short list of finite numbers"),
        (None, "and this is None"),
        ([[-1000.0]], "short list of finite numbers"),
        ([], "short list of finite numbers"),
        ("far below", "short list of finite numbers"),
    ],
)
def test_scores_that_do_not_break_b_are_told_why(scores, message):
    answer = check_breaks_b(scores)
    assert not answer.passed
    assert message in answer.message
    if "right here" in message:
        for part in ("input", "expected", "got"):
            assert part in repr(answer)


def test_the_self_check_starts_on_the_standard_library_alone():
    source = Path(selfcheck.__file__).read_text()
    top = re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE)
    assert set(top) <= set(sys.stdlib_module_names)
