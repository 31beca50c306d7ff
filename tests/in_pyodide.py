"""Runs the cells of a notebook and moves its sliders, in Pyodide; in_pyodide.mjs calls it."""

import gc
import json
import os
import sys

import matplotlib.font_manager  # noqa: F401 - else the first notebook says that fonts are looked for
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

os.chdir("/course/notebooks")
sys.path.insert(0, "/course/notebooks")
moved = set()  # panels; what shows widgets keeps them alive


def move():
    """Moves each control of each new panel; returns how many changed its picture."""
    from softmaxlab.panel import Panel

    changed = 0
    for panel in {thing for thing in gc.get_objects() if isinstance(thing, Panel)} - moved:
        moved.add(panel)
        for widget in panel.widgets():
            start, shown = widget.value, panel.png
            others = getattr(widget, "_options_values", None) or (widget.min, widget.max)
            widget.value = next(value for value in others if value != start)
            changed += panel.png != shown
            widget.value = start
    return changed


async def run(cells, load):
    """What the cells leave, as JSON: errors, what is on stderr, and how many controls move.

    `load` gets each cell first, and loads the packages that it names, as JupyterLite's kernel does.
    """
    InteractiveShell.clear_instance()
    shell, errors, stderr = InteractiveShell.instance(), [], ""
    for source in cells:
        await load(source)
        with capture_output() as said:
            ran = shell.run_cell(source)
        stderr += said.stderr
        if not ran.success:
            errors.append([source, repr(ran.error_in_exec or ran.error_before_exec)])
    return json.dumps({"errors": errors, "stderr": stderr, "moved": move()})
