"""What color-blind eyes, a keyboard and a screen reader get of the pictures and panels."""

import functools
import itertools
import os
import random
from collections import Counter

import environments
import matplotlib
import nbformat
import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from environments import pinned
from lessons import PATHS, cells_of_panels, not_animated, panel_of, panels_of, values
from matplotlib.colors import to_hex, to_rgb, to_rgba
from matplotlib.text import Text
from playwright.sync_api import expect

from figures import make
from softmaxlab import drawing
from tools import browser, run_notebooks

PICTURES = make.pictures()
HUES = {
    getattr(drawing, name).lower(): name
    for name in ("BLACK", "ORANGE", "SKY", "GREEN", "YELLOW", "BLUE", "VERMILION", "PURPLE")
}
DEUTERANOPIA = {"name": "sRGB1+CVD", "cvd_type": "deuteranomaly", "severity": 100}
# In CAM02-UCS, where 1 is about the least difference seen; green and purple are 14.8 apart.
APART = 14
CONTRAST = 4.5  # WCAG 2, AA, for text
SMALLEST = 12  # pixels
SERIOUS = ("serious", "critical")


def seen(color):
    """`color` as a deuteranope sees it (Machado, Oliveira and Fernandes 2009)."""
    return cspace_convert(to_rgb(color), DEUTERANOPIA, "sRGB1").clip(0, 1)


def distance(one, other):
    return deltaE(seen(one), seen(other), input_space="sRGB1")


def contrast(one, other):
    """WCAG 2's ratio of relative luminances, 1 to 21."""

    def luminance(color):
        c = np.array(to_rgb(color))
        return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [
            0.2126,
            0.7152,
            0.0722,
        ]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def texts(figure):
    """(words, size in pixels, color, the color most of its background has) of each text."""
    figure.draw_without_rendering()
    found = [
        (text, text.get_color(), text.get_window_extent())
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip()
    ]
    for text, _, _ in found:
        text.set_color((0, 0, 0, 0))
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3]  # from the bottom up
    for text, color, box in found:
        text.set_color(color)
        (x0, y0), (x1, y1) = box.min.clip(0).astype(int), np.ceil(box.max).astype(int)
        behind = pixels[y0:y1, x0:x1].reshape(-1, 3)
        if len(behind):
            most = Counter(map(tuple, behind.tolist())).most_common(1)[0][0]
            size = text.get_fontsize() * figure.dpi / 72
            yield text.get_text(), size, color, np.array(most) / 255


def assert_readable(figure, shrunk=1.0):
    count = 0
    for words, size, color, behind in texts(figure):
        count += 1
        assert contrast(color, behind) >= CONTRAST, (words, color, to_hex(behind))
        assert size * shrunk >= SMALLEST, words
    assert count


def test_the_simulation_of_deuteranopia_is_that_of_the_paper():
    """Red and green of one lightness, which a deuteranope confuses; blue and yellow, not."""
    assert distance("#c05050", "#808000") < 15 < deltaE(to_rgb("#c05050"), to_rgb("#808000"))
    assert distance("#0072B2", "#F0E442") > 50


def test_contrast_is_that_of_wcag():
    assert contrast("white", "black") == pytest.approx(21)
    assert contrast("#767676", "white") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("hue", [*drawing.INK, drawing.GRAY, drawing.BLACK])
def test_the_colors_of_text_read_on_white(hue):
    assert contrast(drawing.INK.get(hue, hue), "white") >= CONTRAST


@functools.cache
def figure_of(name):
    """The picture `name`, painted once a process."""
    return drawing.paint(PICTURES[name])[0]


@pytest.mark.parametrize("name", PICTURES)
def test_every_text_of_a_picture_reads(name):
    assert_readable(figure_of(name))


def colors_of(axes):
    """The colors that lines, patches and markers of `axes` have, but for maps of numbers."""
    for artist in axes.findobj():
        if isinstance(artist, Text) or getattr(artist, "get_array", lambda: None)() is not None:
            continue
        parts = ("face", "edge", "", "markerface", "markeredge")
        for name in [f"get_{part}color" for part in parts]:
            color = getattr(artist, name, list)()
            for one in [color] if isinstance(color, str) else np.atleast_2d(color):
                if len(one) and to_rgba(one)[3]:
                    yield to_hex(one)


def hues_of(axes):
    """The palette's hues among them."""
    return {color for color in colors_of(axes) if color in HUES}


@pytest.mark.parametrize("name", sorted(PICTURES.keys() - {"error_maps"}))
def test_every_color_is_a_hue_of_the_palette_or_gray(name):
    """But for the legend of a map, which has the colors of the map."""
    inks = {ink.lower() for ink in drawing.INK.values()}
    colors = set().union(*map(colors_of, figure_of(name).axes)) - HUES.keys() - inks
    assert {color for color in colors if len({color[1:3], color[3:5], color[5:]}) > 1} == set()


@pytest.mark.parametrize("name", PICTURES)
def test_hues_used_together_stay_apart_for_a_deuteranope(name):
    for axes in figure_of(name).axes:
        for one, other in itertools.combinations(sorted(hues_of(axes)), 2):
            apart = distance(one, other)
            assert apart >= APART, f"{HUES[one]} and {HUES[other]} are {apart:.1f} apart"


def test_hues_are_found_in_pictures():
    hues = set().union(*map(hues_of, figure_of("same_mean").axes))
    assert {HUES[hue] for hue in hues} >= {"BLUE", "VERMILION"}


def test_the_map_of_numbers_grows_lighter_for_a_deuteranope():
    colors = matplotlib.colormaps["cividis"](np.linspace(0, 1, 64))
    lightness = cspace_convert([seen(color) for color in colors], "sRGB1", "CAM02-UCS")[:, 0]
    assert (np.diff(lightness) > 0).all()
    assert np.ptp(lightness) > 60


def in_order(widget):
    """Controls in the order in which they stand in the panel, and the keyboard meets them."""
    children = getattr(widget, "children", None)
    if children is None:
        return [widget] if hasattr(widget, "description") else []
    return [leaf for child in children for leaf in in_order(child)]


@pytest.mark.skipif(not pinned(), reason="the same everywhere; measured with Binder's pins")
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_control_of_a_panel_has_a_name_and_every_text_reads(path):
    panel, rng = panels_of(path.stem)[-1], random.Random(0)
    controls = [widget for widget in in_order(panel.box) if widget in panel.widgets()]
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


def names_of(panel):
    """Names of the controls of `panel`, in the order in which they stand."""
    return [widget.description for widget in in_order(panel.box) if widget in panel.widgets()]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Opens a notebook in JupyterLab and runs it: one server and one browser for this module."""
    if browser.CHROMIUM is None and "CI" not in os.environ:
        pytest.skip("no Chromium on this machine; install one to run these tests")
    folder, scratch = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("server")
    browser.copy_checkout(folder)
    sources = ["\n".join(cell.source for cell in cells_of_panels(path.stem)) for path in PATHS]
    cells = list(map(nbformat.v4.new_code_cell, sources))
    every = run_notebooks.written(nbformat.v4.new_notebook(cells=cells))
    nbformat.write(every, folder / "notebooks" / "panels.ipynb")
    with browser.jupyterlab(folder, scratch) as address, browser.browser() as chromium:

        def opened(name):
            notebook = browser.Notebook(chromium, address, name)
            notebook.run_all()
            notebook.image()
            return notebook

        yield opened


@pytest.fixture(scope="module")
def notebook(lab):
    """Notebook 04."""
    notebook = lab("04_which_axis.ipynb")
    yield notebook
    notebook.close()


@pytest.fixture(scope="module")
def panels(lab):
    """A notebook that has the panels of all others, a cell for each."""
    if not pinned():
        pytest.skip("the same everywhere; looked at with Binder's pins")
    notebook = lab("panels.ipynb")
    expect(notebook.page.locator(".widget-html img")).to_have_count(len(PATHS))
    yield notebook
    notebook.close()


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


@pytest.mark.thorough
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_tab_meets_every_control_in_the_order_seen(path, panels):
    page, names = panels.page, names_of(panels_of(path.stem)[-1])
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
    sentence = page.locator(".widget-html p[role=status]")
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
    expect(sentence).to_have_text(panel.words.sentence)


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
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
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
