"""The notebooks, run in a kernel or in this process, and their panels, for the tests."""

import contextlib
import functools
import json
import re
import shutil
import textwrap
from typing import NamedTuple

import build
import nbformat
import numpy as np
import pytest
from environments import pinned

from softmaxlab.panel import Panel
from tools import run_notebooks

PATHS = run_notebooks.paths()
BESIDE = ("data", "selfcheck.py", "softmaxlab")  # a notebook needs no other file of the course
# Of processor time, which other work on the machine lengthens. Four take times, train a classifier,
# or start a cluster of processes.
SECONDS, LONGER = 15, {"07": 20, "08": 30, "09": 30, "10": 30}
MEGABYTES = 500

# Runs in the kernel, after the last cell: moves every slider, and says what is amiss.
DRIVE = textwrap.dedent(
    """
    import gc, json, os, sys, time
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
    imported = [sys.modules[name].__file__ for name in ("softmaxlab", "selfcheck")
                if name in sys.modules]
    print(json.dumps({
        "driven": driven,
        "elsewhere": [file for file in imported if not file.startswith(os.getcwd() + os.sep)],
        "figures": len(matplotlib.pyplot.get_fignums()),
        "megabytes": peak / 2**20,
        "seconds": time.process_time(),
    }))
    """
)


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


def copy_beside(folder):
    """Copies what a notebook needs beside it into `folder`."""
    for name in BESIDE:
        source = run_notebooks.NOTEBOOKS / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / name)


def assert_within_limits(path, said):
    """`said` is what `run_driven` says of the notebook at `path`."""
    assert said["driven"] > 0
    assert said["elsewhere"] == []
    assert said["figures"] == 0
    assert said["megabytes"] < MEGABYTES
    assert said["seconds"] < LONGER.get(path.stem[:2], SECONDS)


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


def assert_committed_as_run(path, ran):
    """The notebook `ran` says what the one at `path` says, where its outputs were made."""
    if pinned():
        assert texts(run_notebooks.written(ran)) == texts(run_notebooks.read(path))


def is_timing(cell):
    return cell.cell_type == "code" and "timing" in cell.metadata.get("tags", [])


class Lesson(NamedTuple):
    """What the cells of a notebook leave when they have run in this process."""

    space: dict  # its names
    predictions: list  # (name, measured, the settings of compare, whether it is a time)


@contextlib.contextmanager
def in_this_process():
    """The folder is the notebooks', and what a cell would show is not; a kernel's run draws it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(run_notebooks.NOTEBOOKS)
        patch.setattr("builtins.print", lambda *args, **kwargs: None)
        patch.setattr("softmaxlab.panel.display", lambda *args, **kwargs: None)
        patch.setattr("softmaxlab.panel.show", lambda picture: None)
        yield


def code_of(stem):
    """The cells of code of the notebook `stem`."""
    cells = run_notebooks.read(run_notebooks.NOTEBOOKS / f"{stem}.ipynb").cells
    return [cell for cell in cells if cell.cell_type == "code"]


def run_cells(cells, stem):
    """Runs `cells` of the notebook `stem` in this process; returns their names."""
    space = {"__name__": stem}
    with in_this_process():
        for cell in cells:
            exec(compile(cell.source, f"{stem}.ipynb", "exec"), space)
    return space


@functools.cache
def lesson(stem):
    """The `Lesson` of the notebook `stem`, run once a process."""
    cells = code_of(stem)
    with build.watched() as asked:
        space = run_cells(cells, stem)
    calls = [(name, is_timing(cell)) for cell in cells for name in run_notebooks.compared(cell)]
    predictions = [
        (name, measured, {"unit": unit, **settings}, timed)
        for (name, timed), (measured, unit, settings) in zip(calls, asked, strict=True)
    ]
    return Lesson(space, predictions)


@functools.cache
def page(stem):
    """What the cells of the notebook `stem` leave that its web page needs, run once a process.

    Their names, which hold a temporary folder in 10, and what `compare` was given by the name of
    the prediction.
    """
    with in_this_process():
        space, _, given = build.run_needed(code_of(stem), stem)
    return space, given


def cells_of_panels(stem):
    """The cells of the notebook `stem` that make its panels, and those that they need."""
    panel = re.compile(r"^\w+ = Panel\(", re.MULTILINE)
    return build.needed(code_of(stem), lambda cell: panel.search(cell.source))


@functools.cache
def _panels(stem):
    """The panels of the notebook `stem`, and the first value of each of their controls."""
    names = run_cells(cells_of_panels(stem), stem)
    made = [thing for thing in names.values() if isinstance(thing, Panel)]
    return made, [(widget, widget.value) for panel in made for widget in panel.widgets()]


def panels_of(stem):
    """The panels of the notebook `stem`, each as it starts."""
    made, starts = _panels(stem)
    for widget, start in starts:
        widget.value = start
    return made


def panel_of(stem):
    """The panel of the notebook `stem`, as it starts."""
    return panels_of(stem)[0]


def values(widget):
    """Every value that a widget can take."""
    if hasattr(widget, "_options_full"):
        return [value for _, value in widget._options_full]
    count = round((widget.max - widget.min) / widget.step)
    return [widget.min + k * widget.step for k in range(count)] + [widget.max]


def controls_of(panel):
    """The controls of `panel` in the order in which they stand, and the keyboard meets them."""

    def inside(widget):
        for child in getattr(widget, "children", ()):
            yield from inside(child)
        yield widget

    return [widget for widget in inside(panel.box) if widget in panel.widgets()]


@contextlib.contextmanager
def not_animated(panel):
    """A draw of the panel's figure draws what moves, too."""
    for artist in panel.drawing.moving:
        artist.set_animated(False)
    try:
        yield
    finally:
        for artist in panel.drawing.moving:
            artist.set_animated(True)


def full_draw(panel):
    """The panel's figure drawn afresh with nothing kept, as pixels."""
    canvas = panel.figure.canvas
    with not_animated(panel):
        canvas.draw()
        return np.array(canvas.buffer_rgba())[..., :3]
