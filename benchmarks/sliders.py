"""Measures a slider from key press to changed pixels, and writes benchmarks/slider_latency.csv.

python -m benchmarks.sliders

Three wirings of notebook 04's panel, in one JupyterLab and in turns: the panel; a plain `interact`
that draws the same figure anew; and a bar of hand-written SVG, which is the round trip alone.
Then each control of each panel of the course, a row a panel.
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
EACH = 8  # key presses a control of the panels of the course, the first two not counted

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

# Resolves to the milliseconds from the next key press to the frame that shows the new picture, or
# to null where the state makes the same picture.
WATCH = """selector => {
  const before = document.querySelector(selector).src;
  window.watched = new Promise(resolve => {
    setTimeout(() => resolve(null), 3000);
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

# Marks the panels of a page that have a control, and counts them.
MARK = """() => [...document.querySelectorAll('.widget-html img')]
  .map(image => image.closest('.widget-vbox'))
  .filter(box => box.querySelector('.noUi-handle, select'))
  .map((box, k) => box.id = `panel-${k}`).length"""
# The key that moves a control, away from its upper end.
KEY = """control => control.tagName === 'SELECT'
  ? control.selectedIndex + 1 < control.length ? 'ArrowDown' : 'ArrowUp'
  : +control.ariaValueNow < +control.ariaValueMax ? 'ArrowRight' : 'ArrowLeft'"""


def write_notebooks(folder):
    """Puts the notebooks of the other two wirings beside notebook 04."""
    notebook = run_notebooks.read(folder / "notebooks" / "04_which_axis.ipynb")
    lesson = [cell for cell in notebook.cells if cell.cell_type == "code"][:3]  # down to x
    for name, code in {"interact": INTERACT, "round_trip": ROUND_TRIP}.items():
        cells = [*lesson, nbformat.v4.new_code_cell(code.strip())]
        nbformat.write(
            nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata),
            folder / "notebooks" / f"{name}.ipynb",
        )


def milliseconds(notebook, selector, presses, control=None):
    """The times of `presses` key presses on `control`, the first slider by default."""
    notebook.page.bring_to_front()
    control = control or notebook.page.locator(".noUi-handle").first
    control.focus()
    times = []
    for _ in range(presses):
        key = control.evaluate(KEY)
        notebook.page.evaluate(WATCH, selector)
        notebook.page.keyboard.press(key)
        times.append(notebook.page.evaluate("() => window.watched"))
        notebook.idle()
    return [time for time in times if time is not None]


def panels(chromium, address, path):
    """The times of each panel of the notebook at `path`, by a name that says which."""
    notebook, times = browser.Notebook(chromium, address, path.name), {}
    notebook.run_all()
    notebook.page.wait_for_selector(".widget-html img")
    for k in range(notebook.page.evaluate(MARK)):
        box, name = f"#panel-{k}", f"panel {k + 1} of {path.stem}"
        times[name] = []
        for control in notebook.page.locator(f"{box} :is(.noUi-handle, select)").all():
            times[name] += milliseconds(notebook, f"{box} img", EACH, control)[2:]
        print(f"{name}: {statistics.median(times[name]):.0f} ms")
    notebook.close()
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
            for notebook in opened.values():
                notebook.close()
            for path in run_notebooks.paths():
                times |= panels(chromium, address, path)
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
