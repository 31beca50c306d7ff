"""Every notebook, run as its readers run it."""

import base64
import importlib.metadata
import importlib.util
import inspect
import io
import itertools
import random
import re
import sys
import warnings

import environments
import matplotlib.pyplot
import nbformat
import numpy as np
import pytest
from legible import assert_readable
from lessons import (
    PATHS,
    assert_committed_as_run,
    assert_within_limits,
    controls_of,
    copy_beside,
    each_notebook,
    full_draw,
    is_timing,
    lesson,
    not_animated,
    page,
    panels_of,
    run_driven,
    values,
)
from PIL import Image

from softmaxlab.exercises import NO_GUESS, NOT_YET, compare
from tools import run_notebooks


def test_the_five_notebooks_of_the_spine_are_there():
    assert [path.stem[:2] for path in PATHS][:5] == ["00", "01", "02", "03", "04"]


IN_BINDER = pytest.mark.skipif(
    environments.ASKED, reason="test_binder has them run in what Binder starts"
)


@IN_BINDER
@each_notebook
def test_runs_with_every_solution_and_is_committed_as_run(path):
    ran, said = run_driven(run_notebooks.solved(run_notebooks.read(path)))
    assert_within_limits(path, said)
    assert_committed_as_run(path, ran)
    for cell in filter(run_notebooks.is_exercise, ran.cells):
        assert "Right." in cell.outputs[-1].data["text/plain"], cell.source


@pytest.mark.thorough
@IN_BINDER
@each_notebook
def test_runs_from_top_to_bottom_before_any_exercise_is_solved(path, tmp_path, monkeypatch):
    """In a folder with just what a class gets."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    copy_beside(tmp_path)
    ran, said = run_driven(run_notebooks.read(path), folder=tmp_path)
    assert_within_limits(path, said)
    assert_committed_as_run(path, ran)
    for cell in filter(run_notebooks.is_exercise, ran.cells):
        assert NOT_YET in str(cell.outputs), cell.source


@each_notebook
def test_is_committed_as_run_and_says_nothing_of_the_machine(path):
    raw = path.read_text(encoding="utf-8")
    notebook = run_notebooks.read(path)
    nbformat.validate(notebook)
    assert "widgets" not in notebook.metadata
    assert run_notebooks.WIDGET not in raw
    assert run_notebooks.SCRIPT not in raw
    assert not re.search(
        r"(?<![\w.:/])/(?:home|root|Users|tmp|usr|var|opt|work)/\w|[A-Z]:\\\\", raw
    )
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert run_notebooks.written(notebook) == notebook
    assert nbformat.writes(notebook) + "\n" == raw, "as nbformat writes it, so that a diff is small"


@each_notebook
def test_times_are_marked_where_they_stand(path):
    """A cell tagged `timing` is not compared with a fresh run, so its output must say why."""
    for cell in run_notebooks.read(path).cells:
        if cell.cell_type == "code":
            said = [output.get("text", "") for output in cell.outputs]
            marked = any("timing: differs from run to run\n" in text for text in said)
            assert marked == is_timing(cell), cell.source


@each_notebook
def test_keeps_the_order_of_the_house(path):
    notebook = run_notebooks.read(path)
    first = notebook.cells[0].source
    for heading in ("# ", "**Question.**", "**Time.**", "**You will learn**", "**You need**"):
        assert heading in first, heading
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^(#+) (.+)$", prose, re.MULTILINE)
    assert all(len(marks) <= 3 for marks, _ in headings)
    assert {"Key points", "Next"} <= {title for _, title in headings}
    assert "Predict" in prose
    for cell in notebook.cells:
        if cell.cell_type == "code":
            lines = cell.source.splitlines()
            assert len(lines) <= 20, cell.source
            assert max(map(len, lines)) <= 100, cell.source


@each_notebook
def test_the_imports_of_a_lesson_are_folded_and_fit_in_six_lines(path):
    code = [cell for cell in run_notebooks.read(path).cells if cell.cell_type == "code"]
    (setup,) = (cell for cell in code if "import compare" in cell.source)
    first, *imports = filter(None, setup.source.splitlines())
    assert first == "# Setup: what this lesson imports", "JupyterLab shows it of a folded cell"
    assert setup.metadata.jupyter.source_hidden
    assert len(imports) <= 6
    assert all(line.startswith(("import ", "from ")) for line in imports)
    assert code.index(setup) <= 2


@each_notebook
def test_what_is_shown_of_a_folded_cell_fits_beside_another_window(path):
    """JupyterLab shows its first line, which never wraps, and scrolls the notebook for it."""
    for cell in run_notebooks.read(path).cells:
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            assert len(cell.source.splitlines()[0]) <= 52, cell.source


@each_notebook
def test_every_picture_has_its_words(path):
    notebook = run_notebooks.read(path)
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        for output, after in zip(outputs, [*outputs, None][1:], strict=True):
            if "image/png" not in output.get("data", {}):
                continue
            alt = output.metadata["image/png"]["alt"]
            assert len(alt) > 20
            assert alt in after.data["text/markdown"], "the words stand below the picture"
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert not re.findall(r"!\[\]", prose)


@each_notebook
def test_every_check_has_a_hint_and_keeps_it_where_it_does_not_fit(path):
    known = importlib.import_module(f"softmaxlab.exercises.{path.stem[3:]}").__spec__
    fresh = importlib.util.module_from_spec(known)  # in which no check has failed yet
    known.loader.exec_module(fresh)
    checks = [thing for thing in vars(fresh).items() if thing[0].startswith("check_")]
    assert checks
    for name, check in checks:
        count = len(inspect.signature(check).parameters)
        stub, wrong = [...] * count, ["no answer"] * count
        for _ in range(2):
            assert check(*stub).message == NOT_YET, name
            assert not check(*stub).hint
        first, second = check(*wrong), check(*wrong)
        assert len(check.hint) > 20
        assert not first.passed
        assert not second.passed
        assert not first.hint + second.hint, "no hint fits an answer of another kind"


@each_notebook
def test_predictions_are_taken_first_and_compared_with_what_is_measured(path):
    """Each name of a cell tagged `predict` is ``...``, and a later cell compares it."""
    notebook = run_notebooks.read(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    names = []
    for i, cell in enumerate(code):
        if run_notebooks.is_prediction(cell):
            found = re.findall(r"^(\w+) = \.\.\.(?:  #.*)?$", cell.source, re.MULTILINE)
            assert len(found) == len(cell.source.splitlines()), cell.source
            for name in found:
                calls = [c for c in code[i + 1 :] if f"compare({name}, " in c.source]
                assert len(calls) == 1, name
                assert run_notebooks.is_comparison(calls[0])
                assert NO_GUESS not in str(calls[0].outputs)
            names += found
    assert names
    assert len(set(names)) == len(names)
    asked = lesson(path.stem).predictions
    assert len(asked) == len(names)
    for _, measured, settings, _ in asked:
        assert compare(..., measured, **settings).message == NO_GUESS
        assert compare(measured, measured, **settings).passed
        assert not compare("no answer", measured, **settings).passed


@pytest.mark.skipif(not environments.pinned(), reason="the pages are made with Binder's pins")
@each_notebook
def test_a_web_page_measures_the_same_with_the_cells_that_it_needs(path):
    _, given = page(path.stem)
    untimed = [told for *told, timed in lesson(path.stem).predictions if not timed]
    assert untimed
    for name, *told in untimed:
        measured, unit, settings = given[name]
        assert repr([measured, {"unit": unit, **settings}]) == repr(told), name


@each_notebook
def test_what_answers_a_prediction_is_folded_until_its_cell_runs(path):
    """Outputs are, by the rule of `written`, and so is the verdict in prose below them."""
    cells = run_notebooks.read(path).cells
    answers = run_notebooks.answering(cells)
    for cell in cells:
        hidden = cell.metadata.get("jupyter", {}).get("outputs_hidden", False)
        assert hidden == (cell in answers and len(cell.outputs) > 0), cell.source
        if hidden:
            assert cell.outputs[0] == run_notebooks.BLANK, "its first line stays visible"
            assert len(cell.outputs) > 1
    for cell, below in itertools.pairwise(cells):
        if cell in answers and run_notebooks.compared(cell) and below.cell_type == "markdown":
            assert below.source.startswith("<details><summary>What came out</summary>\n\n")


def test_what_answers_a_prediction_ends_at_the_heading_below_its_last_comparison():
    code, prose = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    ask = code("a = ...\nb = ...", metadata={"tags": ["predict"]})
    answers = [code("compare(a, 1)"), code("show()"), code("compare(b, 2)"), code("after()")]
    first, second, third, fourth = answers
    cells = [code("0"), ask, prose("## Run"), first, second, prose("## Run"), third, prose("Why?")]
    cells += [fourth, prose("No more.\n\n### Next"), code("1")]
    assert run_notebooks.answering(cells) == answers
    left = run_notebooks.written(nbformat.v4.new_notebook(cells=cells))
    assert not any("jupyter" in cell.metadata for cell in left.cells), "where nothing came out"


def test_what_is_optional_in_01_is_folded_and_not_missed(monkeypatch):
    (path,) = (path for path in PATHS if path.stem.startswith("01"))
    kept, folded, level = [], [], 0
    for cell in run_notebooks.read(path).cells:
        if cell.cell_type == "code":
            (folded if level else kept).append(cell.source)
        elif heading := re.match("#+(?= )", cell.source):
            if run_notebooks.is_optional(cell):
                assert cell.metadata["jp-MarkdownHeadingCollapsed"]
                level = len(heading[0])
            elif len(heading[0]) <= level:
                level = 0
    assert folded
    monkeypatch.chdir(path.parent)
    exec("\n".join(kept), {})


@each_notebook
def test_a_slider_or_an_exercise_stands_in_the_first_third(path):
    cells = run_notebooks.read(path).cells
    active = [run_notebooks.is_exercise(cell) or "Panel(" in cell.source for cell in cells]
    assert active.index(True) < len(cells) / 3


@each_notebook
def test_has_three_exercises_or_more(path):
    assert sum(map(run_notebooks.is_exercise, run_notebooks.read(path).cells)) >= 3


@pytest.mark.parametrize("states", [20, pytest.param(200, marks=pytest.mark.thorough)])
@each_notebook
def test_every_panel_at_its_ends_and_at_random_states(path, states):
    """No warning (they are errors here), no exception, no open figure, no blank or stale frame."""
    panels = panels_of(path.stem)
    assert panels
    rng = random.Random(0)
    for panel in panels:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for widget in panel.widgets():
                possible = values(widget)
                for value in (possible[0], possible[len(possible) // 2], possible[-1]):
                    widget.value = value
                    assert panel.words.sentence.endswith(".")
            for _ in range(states):
                widget = rng.choice(panel.widgets())
                widget.value = rng.choice(values(widget))
                assert "nan%" not in panel.words.sentence
            frame = np.asarray(panel.frame())
            assert np.array_equal(frame, full_draw(panel)), "a frame equals a full draw"
        assert len({len(row) for row in panel.words.table}) <= 1
        assert all(len(row) <= 6 for row in panel.words.table), "it fits beside other windows"
    assert not matplotlib.pyplot.get_fignums()


@pytest.mark.skipif(
    not environments.pinned(), reason="the same everywhere; measured with Binder's pins"
)
@each_notebook
def test_every_control_of_a_panel_has_a_name_and_every_text_reads(path):
    panel, rng = panels_of(path.stem)[-1], random.Random(0)
    controls = controls_of(panel)
    assert len(controls) == len(panel.widgets())
    names = [widget.description for widget in controls]
    assert all(names)
    assert len(set(names)) == len(names)
    assert [widget.tooltip for widget in controls] == names
    for state in range(5):
        for widget in panel.widgets() if state else ():
            widget.value = rng.choice(values(widget))
        with not_animated(panel):
            assert_readable(panel.figure)


@each_notebook
def test_above_a_panel_stands_how_to_keep_its_picture_in_view(path):
    for above, cell in itertools.pairwise(run_notebooks.read(path).cells):
        if cell.cell_type == "code" and "Panel(" in cell.source:
            assert "Ctrl+Enter" in above.source


@each_notebook
def test_no_sentence_is_wrapped_before_its_last_word_or_its_period(path):
    for cell in run_notebooks.read(path).cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"```.*?```|\$\$.*?\$\$", "\n", cell.source, flags=re.DOTALL)
            for above, line in itertools.pairwise(prose.split("\n")):
                alone = re.fullmatch(r" *[^\s#|<$-]\S{0,13}", line)
                assert not (alone and above.strip()), f"{above}\n{line}"


@each_notebook
def test_no_paragraph_can_leave_a_lone_number_on_its_last_line(path):
    """A no-break space holds a last word of at most three digits and signs to the word before."""
    apart = re.compile(r"[^\s#*+|>-]\s+([^\sA-Za-z$`<>*|]{1,3})\Z")
    for cell in run_notebooks.read(path).cells[1:]:  # the first is held to the README's words
        if cell.cell_type == "markdown":
            prose = re.sub(r"```.*?```|\$\$.*?\$\$|^#.*?$", "", cell.source, flags=re.DOTALL | re.M)
            for paragraph in re.split(r"\n\s*\n|\n *(?:[-*] |\d+\. )", prose):
                found = apart.search(paragraph.strip())
                assert not found or "\N{NO-BREAK SPACE}" in found[0], paragraph


@each_notebook
def test_every_panel_shows_its_picture_without_a_kernel(path):
    for cell in run_notebooks.read(path).cells:
        if cell.cell_type == "code" and "Panel(" in cell.source:
            picture, words = cell.outputs
            png = base64.b64decode(picture.data["image/png"])
            with Image.open(io.BytesIO(png)) as image:
                assert image.width == picture.metadata["image/png"]["width"]
                assert len(image.convert("RGB").getcolors(10**6)) > 4
            assert picture.metadata["image/png"]["alt"] in words.data["text/markdown"]


@pytest.mark.parametrize("stem", ["99", "notebooks/04_which_axis.ipynb"])
def test_a_name_that_no_notebook_has_is_refused(stem, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["run_notebooks", stem])
    with pytest.raises(SystemExit):
        run_notebooks.main()
    assert f"no notebook's name begins with {stem}; take 04" in capsys.readouterr().err
