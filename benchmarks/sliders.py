"""Measures a slider from key press to changed pixels, and writes benchmarks/slider_latency.csv.

python -m benchmarks.sliders

Three wirings of notebook 04's panel, in one JupyterLab and in turns: the panel; a plain `interact`
that draws the same figure anew; and a bar of hand-written SVG, which is the round trip alone.
"""

import csv
import importlib.metadata
import platform
import statistics
import tempfile
from pathlib import Path

import nbformat

from tools import browser, run_notebooks

RESULT = Path(__file__).with_name("slider_latency.csv")
ROUNDS, PRESSES = 4, 10

INTERACT = """
import ipywidgets
import matplotlib.pyplot as plt
from softmaxlab.drawing.which_axis import WhichAxis

def redraw(offset, temperature, axis, **logits):
    grid = [[logits[f"x{i}{j}"] for j in range(4)] for i in range(3)]
    figure = plt.figure(figsize=(8.6, 3.4), dpi=100)
    words = WhichAxis(figure).update(grid, offset, temperature, ("softmax(x, axis)", None), axis)
    plt.show()
    print(words.sentence)

names = [(i, j) for i in range(3) for j in range(4)]
sliders = {f"x{i}{j}": ipywidgets.FloatSlider(x[i, j], min=-10, max=10) for i, j in names}
sliders["offset"] = ipywidgets.IntSlider(0, min=-1000, max=1000, step=10)
sliders["temperature"] = ipywidgets.FloatSlider(1.0, min=0.1, max=10)
ipywidgets.interact(redraw, axis=[-1, 0], **sliders);
"""

ROUND_TRIP = """
import ipywidgets
knob, view = ipywidgets.FloatSlider(3.0, min=-10, max=10), ipywidgets.HTML()

def redraw(change=None):
    bar = f'<rect width="{100 + 10 * knob.value}" height="50"/>'
    view.value = f"<img src='data:image/svg+xml;utf8,<svg xmlns=\\"http://www.w3.org/2000/svg\\">{bar}</svg>'>"

knob.observe(redraw, names="value")
redraw()
ipywidgets.VBox([knob, view])
"""

# Resolves to the milliseconds from the next key press to the frame that shows the new picture.
WATCH = """selector => {
  const before = document.querySelector(selector).src;
  window.watched = new Promise(resolve => {
    let pressed;
    const press = () => { pressed = performance.now(); };
    addEventListener('keydown', press, {capture: true, once: true});
    const observer = new MutationObserver(async () => {
      const image = document.querySelector(selector);
      if (!pressed || !image || image.src === before) return;
      observer.disconnect();
      await image.decode();
      requestAnimationFrame(() => resolve(performance.now() - pressed));
    });
    observer.observe(document.body, {childList: true, subtree: true, attributeFilter: ['src']});
  });
}"""


def write_notebooks(folder):
    """Puts the notebooks of the other two wirings beside notebook 04."""
    notebook = run_notebooks.read(folder / "notebooks" / "04_which_axis.ipynb")
    lesson = [cell for cell in notebook.cells if cell.cell_type == "code"][:2]
    for name, code in {"interact": INTERACT, "round_trip": ROUND_TRIP}.items():
        cells = [*lesson, nbformat.v4.new_code_cell(code.strip())]
        nbformat.write(
            nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata),
            folder / "notebooks" / f"{name}.ipynb",
        )


def milliseconds(notebook, selector, presses):
    """The times of `presses` key presses on the first slider."""
    notebook.page.bring_to_front()
    notebook.page.locator(".noUi-handle").first.focus()
    times = []
    for _ in range(presses):
        notebook.page.evaluate(WATCH, selector)
        notebook.page.keyboard.press("ArrowRight")
        times.append(notebook.page.evaluate("() => window.watched"))
        notebook.idle()
    return times


def main():
    images = {
        "panel": ("04_which_axis.ipynb", ".widget-html img"),
        "interact": ("interact.ipynb", ".widget-output img"),
        "round trip alone": ("round_trip.ipynb", ".widget-html img"),
    }
    times = {wiring: [] for wiring in images}
    with tempfile.TemporaryDirectory() as place:
        folder, scratch = Path(place) / "checkout", Path(place) / "server"
        folder.mkdir()
        scratch.mkdir()
        browser.copy_checkout(folder)
        write_notebooks(folder)
        with browser.jupyterlab(folder, scratch) as address, browser.browser() as chromium:
            opened = {}
            for wiring, (name, selector) in images.items():
                opened[wiring] = browser.Notebook(chromium, address, name)
                opened[wiring].run_all()
                opened[wiring].page.wait_for_selector(selector)
                milliseconds(opened[wiring], selector, 5)
            for turn in range(ROUNDS):
                for wiring, (_, selector) in images.items():
                    print(f"[{turn + 1}/{ROUNDS}] {wiring}")
                    times[wiring] += milliseconds(opened[wiring], selector, PRESSES)
    where = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    versions = [
        f"{name} {importlib.metadata.version(name)}" for name in ("jupyterlab", "matplotlib")
    ]
    with RESULT.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["wiring", "median ms", "p95 ms", "key presses", "measured with"])
        for wiring, sample in times.items():
            p95 = statistics.quantiles(sample, n=20, method="inclusive")[-1]
            row = [wiring, f"{statistics.median(sample):.0f}", f"{p95:.0f}", len(sample)]
            table.writerow([*row, ", ".join([where, *versions])])
    print(RESULT.read_text())


if __name__ == "__main__":
    main()
