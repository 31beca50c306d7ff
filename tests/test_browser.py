"""Notebooks in a real JupyterLab: 04 moved by keyboard and by mouse, every panel, and the quiz."""

import base64
import functools
import io
import os
import platform
import re
import time

import environments
import nbformat
import numpy as np
import pytest
from legible import SMALLEST, assert_readable
from lessons import (
    PATHS,
    cells_of_panels,
    controls_of,
    each_notebook,
    not_animated,
    panel_of,
    panels_of,
)
from panel_of_04 import NOTEBOOK, STATUS, assert_list_and_slider_move, expected, handle
from PIL import Image
from playwright.sync_api import expect

from softmaxlab.quiz import read
from tools import browser, run_notebooks

PALETTE = 16  # of 255
SERIOUS = ("serious", "critical")
PANEL = ".jp-OutputArea:has(> * .widget-html)"
# Name and place of the control of the panel that has the focus, and whether that can be seen.
FOCUS = """() => {
  const at = document.activeElement;
  if (!at.matches(".noUi-handle, select")) return null;
  const box = at.closest(".jupyter-widgets").getBoundingClientRect();
  const name = at.getAttribute("aria-label") ?? at.labels[0]?.textContent ?? "";
  const look = () => {
    const style = getComputedStyle(at);
    return [style.outline, style.boxShadow, style.border, style.backgroundColor].join();
  };
  const lit = look();
  at.blur();
  const dim = look();
  at.focus();
  return {name, x: box.x, y: box.y, seen: lit !== dim};
}"""
expect.set_options(timeout=browser.MILLISECONDS)

pytestmark = pytest.mark.skipif(
    browser.CHROMIUM is None and "CI" not in os.environ,
    reason="no Chromium on this machine; install one to run these tests",
)
same_everywhere = pytest.mark.skipif(
    not environments.pinned(), reason="the same everywhere; looked at with Binder's pins"
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A clean checkout."""
    folder = tmp_path_factory.mktemp("checkout")
    browser.copy_checkout(folder)
    return folder


@pytest.fixture(scope="module")
def chromium():
    with browser.browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def lab(checkout, chromium, tmp_path_factory):
    """Opens the notebook of a name in JupyterLab."""
    with browser.jupyterlab(checkout, tmp_path_factory.mktemp("server")) as address:
        yield functools.partial(browser.Notebook, chromium, address)


@pytest.fixture(scope="module")
def notebook(lab):
    """Notebook 04, opened and run."""
    notebook = lab(NOTEBOOK)
    notebook.opened_folded = folded(notebook)
    notebook.opened_modified = notebook.page.evaluate(
        "() => jupyterapp.shell.currentWidget.context.model.dirty"
    )
    notebook.run_all()
    notebook.image()
    yield notebook
    notebook.close()


@pytest.fixture(scope="module")
def panels(checkout, lab):
    """A notebook that has the panels of all others, a cell for each."""
    sources = ["\n".join(cell.source for cell in cells_of_panels(path.stem)) for path in PATHS]
    cells = list(map(nbformat.v4.new_code_cell, sources))
    every = run_notebooks.written(nbformat.v4.new_notebook(cells=cells))
    nbformat.write(every, checkout / "notebooks" / "panels.ipynb")
    notebook = lab("panels.ipynb")
    notebook.run_all()
    expect(notebook.page.locator(".widget-html img")).to_have_count(len(PATHS))
    yield notebook
    notebook.close()


@pytest.fixture(scope="module")
def quiz(lab):
    """The quiz before the course, run."""
    notebook = lab("quiz_before.ipynb")
    notebook.run_all()
    expect(notebook.page.locator(".softmaxlab-said[role=status]")).to_have_count(11)
    yield notebook
    notebook.close()


@pytest.mark.skipif(
    platform.python_version() != run_notebooks.KERNEL["language_info"]["version"],
    reason="JupyterLab writes the version of Python into the notebook",
)
def test_it_opens_unmodified(notebook):
    assert not notebook.opened_modified


def folded(notebook):
    """The ids of the cells whose outputs JupyterLab hides."""
    return notebook.page.evaluate(
        "() => jupyterapp.shell.currentWidget.content.widgets"
        ".filter(cell => cell.outputHidden).map(cell => cell.model.id)"
    )


def pixels(png):
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def assert_shown(notebook, panel):
    """Asserts that the page shows the panel's picture, every pixel, its alt text and words.

    The page's slider sends 3.0999999999999996 for 3.1, which can move a color of the palette.
    """
    page = notebook.page
    expect(page.locator(STATUS)).to_have_text(panel.words.sentence)
    picture = page.locator(".widget-html img")
    expect(picture).to_have_attribute("alt", panel.words.sentence)
    cells = page.locator(".widget-html tr").first.locator("th,td")
    assert cells.all_text_contents() == panel.words.table[0]
    wanted, deadline = pixels(panel.png), time.monotonic() + browser.SECONDS
    while (off := np.abs(shown(notebook) - wanted).max()) > PALETTE:  # an earlier frame
        assert time.monotonic() < deadline, f"a pixel is off by {off} of 255"
        time.sleep(0.1)


def shown(notebook):
    return pixels(base64.b64decode(notebook.image().partition("base64,")[2]))


# Resolves once an element has kept its place for half a second: cells above it may still grow.
STILL = """element => new Promise(resolve => {
  let place = '', frames = 0;
  const look = () => {
    const now = JSON.stringify(element.getBoundingClientRect());
    frames = now === place ? frames + 1 : 0;
    place = now;
    frames < 30 ? requestAnimationFrame(look) : resolve();
  };
  look();
})"""


def test_every_slider_has_its_name_and_the_picture_its_words(notebook):
    names = [f"x[{i}, {j}]" for i in range(3) for j in range(4)] + ["add to row 0", "temperature"]
    found = notebook.page.locator(".noUi-handle").evaluate_all(
        "handles => handles.map(handle => handle.getAttribute('aria-label'))"
    )
    assert found == names
    assert_shown(notebook, expected())


def test_the_picture_fits_its_cell_at_1280_pixels(notebook):
    right, room, ratio = notebook.page.evaluate(
        "() => { const image = document.querySelector('.widget-html img');"
        " const box = image.getBoundingClientRect();"
        " const cell = image.closest('.jp-OutputArea').getBoundingClientRect();"
        " return [box.right, cell.right, box.width / box.height]; }"
    )
    assert right <= room
    assert ratio == pytest.approx(860 / 340, rel=0.01)


@pytest.mark.parametrize(
    ("width", "in_grid", "alone"), [(1366, 85, 200), (900, 85, 200), (800, 40, 170)]
)
def test_nothing_of_the_panel_is_cut_and_no_track_is_short(notebook, width, in_grid, alone):
    page = notebook.page
    page.set_viewport_size({"width": width, "height": 720})
    page.locator(".widget-html img").evaluate(STILL)
    tracks = page.locator(".noUi-target").evaluate_all(
        "tracks => tracks.map(track => track.getBoundingClientRect().width)"
    )
    cut = page.locator(".jupyter-widgets").evaluate_all(
        "boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1"
        " && getComputedStyle(box).overflowX !== 'visible').map(box => box.className)"
    )
    page.set_viewport_size({"width": 1280, "height": 720})
    assert cut == []
    assert min(tracks[:12]) >= in_grid, "twelve in a grid"
    assert min(tracks[12:]) >= alone


@pytest.mark.parametrize(("theme", "scheme"), [("Dark", "dark"), ("Light", "light")])
def test_a_list_has_its_arrow_and_a_picture_its_edge_on_any_theme(notebook, theme, scheme):
    notebook.page.evaluate(
        "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})",
        f"JupyterLab {theme}",
    )
    for box in notebook.page.locator(".widget-dropdown select").all():
        expect(box).to_have_css("color-scheme", scheme)
        expect(box).to_have_css("background-image", "none")
    expect(notebook.page.locator(".widget-html img")).to_have_css("border-top-style", "solid")


@pytest.mark.thorough
@same_everywhere
@each_notebook
def test_tab_meets_every_control_in_the_order_seen(path, panels):
    page = panels.page
    names = [control.description for control in controls_of(panels_of(path.stem)[-1])]
    shown = page.locator(PANEL).nth(PATHS.index(path))
    controls = shown.locator(".noUi-handle, select")
    expect(controls).to_have_count(len(names))
    controls.first.focus()
    met = []
    for _ in range(4 * len(names)):
        focus = page.evaluate(FOCUS)
        if focus:
            met.append(focus)
        if len(met) == len(names):
            break
        page.keyboard.press("Tab")
    assert [focus["name"] for focus in met] == names
    assert shown.evaluate("panel => panel.contains(document.activeElement)")
    places = [(round(focus["y"] / 10), focus["x"]) for focus in met]
    assert places == sorted(places)
    assert all(focus["seen"] for focus in met)


@pytest.mark.thorough
def test_the_keyboard_alone_moves_each_control_there_and_back(notebook):
    page, panel = notebook.page, panel_of("04_which_axis")
    for widget in panel.widgets():
        role = "combobox" if hasattr(widget, "options") else "slider"
        control = page.get_by_role(role, name=widget.description, exact=True)
        now = "e => e.value ?? e.getAttribute('aria-valuenow')"
        control.focus()
        start = control.evaluate(now)
        keys = ["ArrowUp", "ArrowDown"] if role == "combobox" else ["ArrowRight", "ArrowLeft"]
        keys = keys[:: -1 if widget is panel.controls["axis"] and widget.index == 0 else 1]
        page.keyboard.press(keys[0])
        notebook.idle()
        assert control.evaluate(now) != start, widget.description
        page.keyboard.press(keys[1])
        notebook.idle()
        assert control.evaluate(now) == start, widget.description
    expect(page.locator(STATUS)).to_have_text(panel.words.sentence)


@pytest.mark.thorough
def test_words_and_picture_of_a_panel_are_large_enough(notebook):
    page = notebook.page
    sizes = page.locator(PANEL).last.evaluate(
        "panel => [...panel.querySelectorAll('p, td, th, label, select, .widget-readout')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert len(sizes) > 20
    assert min(sizes) >= SMALLEST
    panel = panel_of("04_which_axis")
    width = page.locator(".widget-html img").evaluate("img => img.getBoundingClientRect().width")
    with not_animated(panel):
        assert_readable(panel.figure, width / panel.figure.canvas.get_width_height()[0])


@pytest.mark.thorough
@same_everywhere
@each_notebook
def test_axe_finds_nothing_serious_in_a_panel(path, panels):
    shown = panels.page.locator(PANEL).nth(PATHS.index(path))
    shown.scroll_into_view_if_needed()
    panels.page.evaluate(environments.axe())
    assert_nothing_serious(shown.evaluate("panel => axe.run(panel, {resultTypes: ['violations']})"))


def assert_nothing_serious(report):
    assert len(report["passes"]) > 5
    serious = [fault for fault in report["violations"] if fault["impact"] in SERIOUS]
    assert [(f["id"], [node["html"][:200] for node in f["nodes"]]) for f in serious] == []


@pytest.mark.thorough
def test_axe_finds_nothing_serious_of_ours(notebook):
    """Ours is what cells show: their outputs and their prose. The rest is JupyterLab's own."""
    page = notebook.page
    page.locator(PANEL).last.scroll_into_view_if_needed()
    page.evaluate(environments.axe())
    report = page.evaluate(
        "axe.run({include: [['.jp-OutputArea'], ['.jp-RenderedMarkdown']]},"
        " {resultTypes: ['violations']})"
    )
    assert_nothing_serious(report)


@pytest.mark.parametrize(
    "repeat", [0, *(pytest.param(k, marks=pytest.mark.thorough) for k in range(1, 20))]
)
def test_the_keyboard_moves_the_picture(notebook, repeat):
    """Twenty runs, no flake: to the right and back."""
    first = handle(notebook, "x[0, 0]")
    first.focus()
    start = float(first.get_attribute("aria-valuenow"))
    for key, value in (("ArrowRight", start + 0.1), ("ArrowLeft", start)):
        before = notebook.image()
        notebook.page.keyboard.press(key)
        expect(first).to_have_attribute("aria-valuenow", f"{value:.1f}")
        notebook.changed_image(before)
        assert_shown(notebook, expected(first=round(value, 1)))


def test_the_mouse_moves_the_picture_and_stale_values_are_dropped(notebook):
    """Two hundred moves of the mouse: the last one is shown, and few frames were drawn for them."""
    page = notebook.page
    offset = handle(notebook, "add to row 0")
    offset.focus()
    offset.evaluate(STILL)
    box, before = offset.bounding_box(), notebook.image()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(
        "window.frames_seen = 0; new MutationObserver(() => { frames_seen += 1; })"
        ".observe(document.querySelector('.widget-html-content'), {childList: true});"
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=200)
    page.mouse.up()
    notebook.changed_image(before)
    value = int(float(offset.get_attribute("aria-valuenow")))
    assert value > 0
    assert_shown(notebook, expected(offset=value))
    moved = value // 10
    assert 1 <= page.evaluate("frames_seen") <= moved
    offset.focus()
    for _ in range(moved):
        page.keyboard.press("ArrowLeft")
    expect(offset).to_have_attribute("aria-valuenow", "0.0")


def test_a_list_changes_the_sentence(notebook):
    variant = notebook.page.get_by_label("variant").first
    wanted = expected()
    for label, value in list(wanted.controls["variant"].options)[:3]:
        before = notebook.image()
        variant.select_option(label=label)
        notebook.changed_image(before)
        wanted.controls["variant"].value = value
        expect(notebook.page.locator(STATUS)).to_have_text(wanted.words.sentence)


@pytest.mark.thorough
def test_notebook_7_moves_the_panel(checkout, chromium, tmp_path):
    with browser.jupyterlab(checkout, tmp_path, application=["notebook"]) as address:
        notebook = browser.Notebook(chromium, address, NOTEBOOK, "/notebooks/notebooks/{}")
        notebook.run_all()
        assert_list_and_slider_move(notebook)
        notebook.close()


@pytest.mark.thorough
def test_the_command_of_the_readme_opens_the_first_notebook(checkout, chromium, tmp_path):
    readme = (checkout / "README.md").read_text("utf-8")
    command = re.search(r"^python3 -m venv .* && \S+ -m (jupyterlab .*)$", readme, re.MULTILINE)
    opened, deadline = None, time.monotonic() + browser.SECONDS
    with browser.jupyterlab(checkout, tmp_path, application=command[1].split()):
        while opened is None and time.monotonic() < deadline:
            time.sleep(0.1)
            opened = re.search(r"file:///\S+", (tmp_path / "server.log").read_text("utf-8"))
        notebook = browser.Notebook(chromium, opened[0], "", "")
        title = notebook.page.locator(".jp-Notebook h1").first
        expect(title).to_contain_text("are these two softmax functions the same?")
        notebook.close()


def test_what_answers_a_prediction_is_folded_until_its_cell_runs(notebook):
    cells = run_notebooks.read(run_notebooks.NOTEBOOKS / NOTEBOOK).cells
    answers = [cell.id for cell in run_notebooks.answering(cells)]
    assert notebook.opened_folded == answers != []
    assert folded(notebook) == []


def test_no_cell_shows_an_error(notebook):
    outputs = notebook.page.locator(".jp-OutputArea-output[data-mime-type*=stderr]")
    assert outputs.count() == 0
    assert notebook.page.locator(".widget-html [role=alert]").count() == 0


@pytest.mark.thorough
@same_everywhere
def test_the_keyboard_alone_answers_the_quiz_and_its_formulas_are_set(quiz):
    page, items = quiz.page, read(run_notebooks.NOTEBOOKS / "quiz.md", "before")
    page.locator(".softmaxlab-option").first.focus()
    for number, item in enumerate(items, 1):
        said = page.locator(".softmaxlab-said").nth(number - 1)
        for letter, option in zip("ABCD", item.options, strict=True):
            focused = "document.activeElement.getAttribute('aria-label')"
            assert page.evaluate(focused) == f"{letter}. Question {number}: {option.text}"
            if letter == "B":
                page.keyboard.press("Enter" if number % 2 else "Space")
                expect(said).to_contain_text(f"{letter}: {option.verdict}.")
                expect(page.locator(".softmaxlab-option:focus")).to_have_text(
                    f"{letter}: {option.verdict}"
                )
                expect(said.locator("mjx-container")).to_have_count(option.feedback.count("$") // 2)
            page.keyboard.press("Tab")
        for _ in range(said.locator("a").count()):
            page.keyboard.press("Tab")
    right = sum(item.options[1].right for item in items)
    expect(page.locator(".softmaxlab-said").last).to_contain_text(f"{right} of 10 right")
    questions = "[data-mime-type='text/markdown']:not(.softmaxlab-said *)"
    asked = page.locator(f".jp-OutputArea-output{questions}")
    assert asked.locator("mjx-container").count() == sum(
        item.question.count("$") // 2 for item in items
    )


@pytest.mark.thorough
@same_everywhere
def test_axe_finds_nothing_serious_in_the_quiz(quiz):
    quiz.page.evaluate(environments.axe())
    report = quiz.page.evaluate("axe.run('.jp-OutputArea', {resultTypes: ['violations']})")
    assert_nothing_serious(report)
