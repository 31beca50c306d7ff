"""The talks that site/make_slides.py makes of the notebooks, each slide looked at in a browser."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import build
import environments
import make_slides
import nbformat
import pytest
from playwright.sync_api import expect

from tools import browser, run_notebooks

ROOT = browser.ROOT

STEMS = [path.stem for path in run_notebooks.paths()]
MOVING = "00_start_here"
SCREEN = {"width": 1280, "height": 720}
SMALLEST = 20  # pixels of text
WIDEST = """
.reveal { font-family: "DejaVu Sans" }
.reveal pre, .reveal code { font-family: "DejaVu Sans Mono" }
"""

pytestmark = [pytest.mark.thorough, *environments.needs("reveal.js", "nbconvert")]

# Walks through all slides, each with its fragments shown and its folds open, and says of each what
# does not lie within it, how small its text is, and how large its pictures are.
WALK = """
async () => {
  await document.fonts.ready;
  const slides = [];
  for (const slide of Reveal.getSlides()) {
    const {h, v} = Reveal.getIndices(slide);
    Reveal.slide(h, v, Infinity);
    for (const fold of slide.querySelectorAll('details')) fold.open = true;
    const page = slide.getBoundingClientRect();
    const within = box => box.left >= page.left + MARGIN && box.right <= page.right - MARGIN
      && box.top >= page.top + MARGIN && box.bottom <= page.bottom - MARGIN;
    const parts = [...slide.querySelectorAll('*')].filter(
      e => e.checkVisibility() && !e.parentElement.closest('.katex')
    );
    const letters = parts.filter(e => !e.closest('.katex')).flatMap(e => [...e.childNodes]).filter(
      node => node.nodeType === 3 && node.data.trim()
    );
    const lines = letters.flatMap(node => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return [...range.getClientRects()].map(box => [box, node.data]);
    });
    const boxes = parts.map(e => [e.getBoundingClientRect(), e.textContent]);
    slides.push({
      page: [page.x, page.y, page.width, page.height].map(Math.round),
      outside: [...boxes, ...lines].filter(([box]) => !within(box)).map(([, text]) => text.trim()),
      hidden: parts.filter(e => getComputedStyle(e).overflow !== 'visible'
        && (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight)
        && !e.closest('.katex')).map(e => e.textContent),
      letters: letters.reduce((sum, node) => sum + node.data.trim().length, 0),
      smallest: Math.min(
        ...letters.map(node => parseFloat(getComputedStyle(node.parentElement).fontSize))
      ),
      formulas: slide.querySelectorAll('.katex').length,
      failed: slide.querySelectorAll('.katex-error').length
        + letters.filter(n => n.data.includes('$') && !n.parentElement.closest('pre, code')).length,
      images: parts.filter(e => e.tagName === 'IMG').map(image => ({
        alt: image.alt,
        loaded: image.complete && image.naturalWidth > 0,
        scale: Math.min(image.clientWidth / image.getAttribute('width'),
                        image.clientHeight / image.getAttribute('height')),
      })),
    });
  }
  return slides;
}
""".replace("MARGIN", "16")


@pytest.fixture(scope="module")
def talks(tmp_path_factory):
    """The folder of talks, made by the command; the panel of `MOVING` as build.py makes it."""
    folder = tmp_path_factory.mktemp("site")
    made = folder / "source" / "notebooks" / f"{MOVING}.ipynb"
    made.parent.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(run_notebooks.NOTEBOOKS)
        notebook = build.prepared(Path(f"{MOVING}.ipynb"), folder / "html" / "_static")
    nbformat.write(notebook, made)
    command = [sys.executable, ROOT / "site" / "make_slides.py", folder]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=browser.SECONDS)
    assert ran.returncode == 0, ran.stderr
    return folder / "slides"


@pytest.fixture(scope="module")
def page():
    with browser.browser() as chromium:
        yield chromium.new_page(viewport=SCREEN)


@pytest.mark.parametrize("stem", STEMS)
def test_a_talk_fits_its_slides(stem, page, talks):
    """In the widest of the usual letters, so that it fits in others too."""
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(error))
    page.goto((talks / f"{stem}.html").as_uri())
    page.add_style_tag(content=WIDEST)
    page.wait_for_function("() => Reveal.isReady()")
    slides = page.evaluate(WALK)
    assert 8 <= len(slides) <= 15
    for number, slide in enumerate(slides, 1):
        told = f"slide {number} of {stem}"
        assert slide["page"] == [0, 0, *SCREEN.values()], told
        assert slide["outside"] == slide["hidden"] == [], told
        assert slide["failed"] == 0, told
        assert slide["letters"] > 50, told
        assert slide["smallest"] >= SMALLEST, told
        for image in slide["images"]:
            assert image["loaded"], told
            assert len(image["alt"]) > 20, told
            assert image["scale"] > 0.9, told
    assert any(slide["images"] for slide in slides)
    assert page.locator(".license").text_content().startswith(make_slides.LICENSE)
    assert asked
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert errors == []


def test_formulas_are_set(page, talks):
    page.goto((talks / "02_shift_invariance.html").as_uri())
    page.wait_for_function("() => Reveal.isReady()")
    assert sum(slide["formulas"] for slide in page.evaluate(WALK)) > 20
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('1em KaTeX_Main'))")


def test_a_key_leads_from_slide_to_slide(page, talks):
    page.goto((talks / f"{STEMS[0]}.html").as_uri())
    page.wait_for_function("() => Reveal.isReady()")
    places = [page.url]
    while not page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
        page.keyboard.press("ArrowRight")
        places.append(page.evaluate("JSON.stringify(Reveal.getIndices())"))
    assert len(set(places)) == len(places) > page.evaluate("Reveal.getTotalSlides()")


def test_the_slider_of_a_panel_moves_on_its_slide(page, talks):
    page.goto((talks / f"{MOVING}.html").as_uri())
    page.wait_for_function("() => Reveal.isReady()")
    page.evaluate(
        "() => { const slide = document.querySelector('.panel').closest('section');"
        " const {h, v} = Reveal.getIndices(slide); Reveal.slide(h, v); }"
    )
    knob, label = page.get_by_role("slider"), page.locator(".panel .main-control output")
    place, first = page.evaluate("Reveal.getIndices()"), label.inner_text()
    knob.focus()
    page.keyboard.press("End")
    expect(label).not_to_have_text(first)
    (picture,) = page.locator(".panel img:visible").all()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    box = knob.bounding_box()
    page.mouse.click(box["x"] + 5, box["y"] + box["height"] / 2)
    expect(label).to_have_text(first)
    assert page.evaluate("Reveal.getIndices()") == place
    page.keyboard.press("ArrowRight")
    assert page.evaluate("Reveal.getIndices()") != place, "after the mouse a key turns slides"


@pytest.mark.parametrize("stem", STEMS)
def test_links_lead_to_talks_and_to_the_web(stem, talks):
    text = (talks / f"{stem}.html").read_text("utf-8")
    links = re.findall(r'\b(?:href|src)="([^"#]+)"', text)
    assert len(links) > 5
    for link in links:
        if not re.match(r"https?:|data:", link):
            assert (talks / unquote(link)).exists(), link


def test_no_slide_has_an_exercise_or_its_solution():
    for path in run_notebooks.paths():
        cells = run_notebooks.read(path).cells
        kinds = [cell.metadata.get("slideshow", {}).get("slide_type", "-") for cell in cells]
        assert set(kinds) <= {"slide", "subslide", "fragment", "skip", "notes", "-"}, path.stem
        for cell, kind in zip(cells, kinds, strict=True):
            if run_notebooks.is_exercise(cell) or "<details><summary>Solution" in cell.source:
                assert kind == "skip", path.stem
