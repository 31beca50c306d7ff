"""Notebook 04 in a real JupyterLab, moved by keyboard and by mouse."""

import base64
import io
import os
import platform
import re
import time

import numpy as np
import pytest
from panel_of_04 import NOTEBOOK, STATUS, assert_list_and_slider_move, expected, handle
from PIL import Image
from playwright.sync_api import expect

from tools import browser, run_notebooks

PALETTE = 16  # of 255
expect.set_options(timeout=browser.MILLISECONDS)

pytestmark = pytest.mark.skipif(
    browser.CHROMIUM is None and "CI" not in os.environ,
    reason="no Chromium on this machine; install one to run these tests",
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
def notebook(checkout, chromium, tmp_path_factory):
    """Notebook 04, opened and run."""
    with browser.jupyterlab(checkout, tmp_path_factory.mktemp("server")) as address:
        notebook = browser.Notebook(chromium, address, NOTEBOOK)
        notebook.opened_folded = folded(notebook)
        notebook.opened_modified = notebook.page.evaluate(
            "() => jupyterapp.shell.currentWidget.context.model.dirty"
        )
        notebook.run_all()
        notebook.image()
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
