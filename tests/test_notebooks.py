"""Every notebook, run as its readers run it."""

import base64
import functools
import importlib.metadata
import importlib.util
import inspect
import io
import json
import random
import re
import textwrap
import warnings
from pathlib import Path

import matplotlib.pyplot
import nbformat
import numpy as np
import pytest
import run_notebooks
from PIL import Image

from softmaxlab import exercises
from softmaxlab.exercises import NO_GUESS, NOT_YET, compare
from softmaxlab.panel import Panel

PATHS = run_notebooks.paths()
PINS = Path(__file__).resolve().parent.parent / "binder" / "requirements.txt"
# Of processor time, which other work on the machine does not lengthen. The last three train a
# classifier and start a cluster of processes.
SECONDS = {path: 15 if path.stem < "08" else 30 for path in PATHS}
MEGABYTES = 500

# Runs in the kernel, after the last cell: moves every slider, and says what is amiss.
DRIVE = textwrap.dedent(
    """
    import gc, json, sys, time
    import matplotlib.pyplot
    from softmaxlab.panel import Panel
    driven = 0
    for panel in [thing for thing in gc.get_objects() if isinstance(thing, Panel)]:
        for widget in panel.widgets():
            start = widget.value
            options = [value for _, value in getattr(widget, "_options_full", ())]
            ends = options or [widget.min, widget.max]
            for value in [*ends, start]:
                widget.value = value
            driven += 1
    if sys.platform == "linux":  # ru_maxrss would begin with what pytest itself had
        with open("/proc/self/status") as status:
            peak = next(int(line.split()[1]) * 1024 for line in status if "VmHWM" in line)
    elif sys.platform == "win32":
        import psutil
        peak = psutil.Process().memory_info().peak_wset
    else:
        import resource
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({
        "driven": driven,
        "figures": len(matplotlib.pyplot.get_fignums()),
        "megabytes": peak / 2**20,
        "seconds": time.process_time(),
    }))
    """
)


def pinned():
    """Whether this environment is the one that the committed outputs were made in."""
    pins = dict(line.split("==") for line in PINS.read_text().split())
    return all(importlib.metadata.version(name) == version for name, version in pins.items())


def each_notebook(test):
    return pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)(test)


def run_driven(notebook, **where):
    """Runs `notebook` and then all its sliders; returns it, and what they said.

    `where` is passed to `run_notebooks.run`.
    """
    longer = nbformat.from_dict(notebook)
    longer.cells.append(nbformat.v4.new_code_cell(DRIVE))
    longer = run_notebooks.run(longer, **where)
    last = longer.cells.pop()
    said = json.loads("".join(output.text for output in last.outputs if output.name == "stdout"))
    for cell in (*longer.cells, last):
        for output in cell.get("outputs", []):
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", output.text
    return longer, said


def is_timing(cell):
    return cell.cell_type == "code" and "timing" in cell.metadata.get("tags", [])


def texts(notebook):
    """What the outputs of each code cell say, without pictures and without times."""
    return [
        [
            output.get("text", output.get("data", {}).get("text/plain", ""))
            for output in cell.outputs
        ]
        for cell in notebook.cells
        if cell.cell_type == "code" and not is_timing(cell)
    ]


def test_the_five_notebooks_of_the_spine_are_there():
    assert [path.stem[:2] for path in PATHS][:5] == ["00", "01", "02", "03", "04"]


@each_notebook
def test_runs_from_top_to_bottom_before_any_exercise_is_solved(path):
    committed = run_notebooks.read(path)
    ran, said = run_driven(committed)
    assert said["driven"] > 0
    assert said["figures"] == 0
    assert said["megabytes"] < MEGABYTES
    assert said["seconds"] < SECONDS[path]
    exercises = [cell for cell in ran.cells if run_notebooks.is_exercise(cell)]
    assert exercises
    for cell in exercises:
        assert NOT_YET in str(cell.outputs), cell.source
    if pinned():
        assert texts(run_notebooks.written(ran)) == texts(committed)


@each_notebook
def test_runs_with_every_solution(path):
    ran, said = run_driven(run_notebooks.solved(run_notebooks.read(path)))
    assert said["seconds"] < SECONDS[path]
    for cell in filter(run_notebooks.is_exercise, ran.cells):
        assert "Right." in cell.outputs[-1].data["text/plain"], cell.source


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


def cells_run_here(path):
    """Runs the cells of the notebook at `path` in this process, showing nothing."""
    space = {"__name__": path.stem}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(run_notebooks.NOTEBOOKS)
        patch.setattr("builtins.print", lambda *args, **kwargs: None)
        patch.setattr("softmaxlab.panel.display", lambda *args, **kwargs: None)
        for cell in run_notebooks.read(path).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, path.name, "exec"), space)
    return space


def panel_of(stem):
    """The panel that the notebook `stem` makes, made in this process."""
    space = cells_run_here(run_notebooks.NOTEBOOKS / f"{stem}.ipynb")
    return next(thing for thing in space.values() if isinstance(thing, Panel))


@pytest.fixture(scope="module")
def panels():
    """The panels of every notebook."""
    spaces = {path.stem: cells_run_here(path) for path in PATHS}
    return {
        stem: [thing for thing in space.values() if isinstance(thing, Panel)]
        for stem, space in spaces.items()
    }


@each_notebook
def test_every_check_hints_at_the_second_failure_and_not_before(path):
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
        assert "Hint" not in repr(first) + first._repr_html_()
        assert check.hint in repr(second)
        assert "Hint" in second._repr_html_()
        assert not check(*stub).hint


def is_prediction(cell):
    return cell.cell_type == "code" and "predict" in cell.metadata.get("tags", [])


@functools.cache
def predictions(path):
    """(name, measured, unit, whether it is a time) of each prediction of the notebook at `path`."""
    asked = []

    def watched(guess, measured, unit=""):
        asked.append((measured, unit))
        return compare(guess, measured, unit)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exercises, "compare", watched)
        cells_run_here(path)
    calls = [
        (name, is_timing(cell))
        for cell in run_notebooks.read(path).cells
        if cell.cell_type == "code"
        for name in re.findall(r"^compare\((\w+), ", cell.source, re.MULTILINE)
    ]
    return [(name, *told, timed) for (name, timed), told in zip(calls, asked, strict=True)]


@each_notebook
def test_predictions_are_taken_first_and_compared_with_what_is_measured(path):
    """Each name of a cell tagged `predict` is ``...``, and a later cell compares it."""
    notebook = run_notebooks.read(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    names = []
    for i, cell in enumerate(code):
        if is_prediction(cell):
            found = re.findall(r"^(\w+) = \.\.\.(?:  #.*)?$", cell.source, re.MULTILINE)
            assert len(found) == len(cell.source.splitlines()), cell.source
            for name in found:
                calls = [c for c in code[i + 1 :] if f"compare({name}, " in c.source]
                assert len(calls) == 1, name
                assert NO_GUESS in calls[0].outputs[-1].data["text/plain"]
            names += found
    assert names
    assert len(set(names)) == len(names)
    asked = predictions(path)
    assert len(asked) == len(names)
    for _, measured, unit, _ in asked:
        assert compare(..., measured, unit).message == NO_GUESS
        assert compare(measured, measured, unit).passed
        assert not compare("no answer", measured, unit).passed


@each_notebook
def test_has_three_exercises_or_more(path):
    assert sum(map(run_notebooks.is_exercise, run_notebooks.read(path).cells)) >= 3


def values(widget):
    """Every value that a widget can take."""
    if hasattr(widget, "_options_full"):
        return [value for _, value in widget._options_full]
    count = round((widget.max - widget.min) / widget.step)
    return [widget.min + k * widget.step for k in range(count)] + [widget.max]


def full_draw(panel):
    """The panel's figure drawn afresh with nothing kept, as pixels."""
    canvas = panel.figure.canvas
    for artist in panel.drawing.moving:
        artist.set_animated(False)
    canvas.draw()
    pixels = np.array(canvas.buffer_rgba())[..., :3]
    for artist in panel.drawing.moving:
        artist.set_animated(True)
    return pixels


@each_notebook
def test_every_panel_at_the_ends_and_at_200_random_states(path, panels):
    """No warning (they are errors here), no exception, no open figure, no blank or stale frame."""
    assert panels[path.stem]
    rng = random.Random(0)
    for panel in panels[path.stem]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for widget in panel.widgets():
                possible = values(widget)
                for value in (possible[0], possible[len(possible) // 2], possible[-1]):
                    widget.value = value
                    assert panel.words.sentence.endswith(".")
            for _ in range(200):
                widget = rng.choice(panel.widgets())
                widget.value = rng.choice(values(widget))
                assert "nan%" not in panel.words.sentence
            frame = np.asarray(panel.frame())
            assert np.array_equal(frame, full_draw(panel)), "a frame equals a full draw"
        assert len({len(row) for row in panel.words.table}) <= 1
    assert not matplotlib.pyplot.get_fignums()


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
