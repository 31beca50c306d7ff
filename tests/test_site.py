"""The course without a kernel: the pages that site/build.py makes, in a browser."""

import functools
import os
import re
import subprocess
import sys
from itertools import pairwise
from urllib.parse import unquote

import build
import environments
import numpy as np
import print_handouts
import pypdfium2
import pytest
from lessons import lesson, panel_of, panels_of
from panels import PLANS
from PIL import Image
from playwright.sync_api import expect

from softmaxlab.exercises import compare
from softmaxlab.quiz import read
from tools import browser, run_notebooks

ROOT = browser.ROOT
QUESTIONS = run_notebooks.NOTEBOOKS / "quiz.md"
MODULES = ROOT / "node_modules"
STEMS = [path.stem for path in run_notebooks.paths()]
QUIZZES = [path.stem for path in run_notebooks.quizzes()]
ADDRESS, LITE = "https://owner.github.io/repo/", "lite"
BEFORE, AFTER = QUIZZES
STEPS = [BEFORE, *STEMS, AFTER, "teachers_guide"]
PAGES = ["index.html", "search.html", *(f"notebooks/{stem}.html" for stem in STEPS)]
PAGES.append("accessibility.html")
DARK = [*PAGES[:4], PAGES[8], *PAGES[-2:]]
PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 720}
SIZES = {"phone": PHONE, "laptop": LAPTOP}
MEGABYTES = 5
SMALLEST = 12  # pixels
expect.set_options(timeout=browser.MILLISECONDS)

pytestmark = [pytest.mark.thorough, *environments.needs("axe-core", "myst_nb")]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of pages, made by the command."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, ROOT / "site" / "build.py", folder]
    command += ["--address", ADDRESS, "--lite", LITE]
    made = subprocess.run(command, capture_output=True, text=True, timeout=browser.SECONDS * 4)
    assert made.returncode == 0, made.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def address(site):
    """The address of the pages on loopback."""

    with browser.pages(site) as address:
        yield f"{address}/"


@pytest.fixture(scope="module")
def chromium():
    with browser.browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def one_page(chromium):
    page = chromium.new_page()
    page.set_default_timeout(browser.MILLISECONDS)
    return page


@pytest.fixture
def page(one_page):
    """The page that all tests share: to open another costs the time of two visits."""
    one_page.set_viewport_size(LAPTOP)
    one_page.emulate_media(color_scheme="light")
    return one_page


# What stands on a page, and how.
LOOK = """async () => {
  await document.fonts.ready;
  const all = selector => [...document.querySelectorAll(selector)];
  const [panel] = all('.panel').slice(-1);
  const main = panel?.querySelector('.main-control :is(input, select)');
  const folded = all('details:not([open])');
  const fold = shut => folded.forEach(e => { e.open = !shut; });
  fold(false);
  const cut = all('.output.text_html, .table-wrapper').filter(e => e.scrollWidth > e.clientWidth);
  fold(true);
  return {
    width: document.documentElement.scrollWidth,
    sizes: all('article *').filter(
      e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())
        && !e.closest('.katex') && e.checkVisibility()
    ).map(e => parseFloat(getComputedStyle(e).fontSize)),
    bytes: performance.getEntries().reduce((sum, e) => sum + (e.encodedBodySize || 0), 0),
    title: document.querySelector('h1')?.innerText,
    next: all('a.next-page').filter(e => e.checkVisibility()).map(e => e.href),
    images: all('article img').map(image => [image.alt, image.naturalWidth]),
    dollars: document.querySelector('article').innerText.includes('$'),
    formulas: all('.math').length,
    set: all('.math > .katex math, .math > .katex-display math').length,
    letters: document.fonts.check('1em KaTeX_Main'),
    folds: all('details:not(.result)').length,
    open: all('details[open]').length,
    stops: all('article [tabindex] [tabindex]').length,
    cut: cut.length,
    beside: all('a[href], button, input, select, summary, [tabindex="0"]').filter(e => {
      const {left, right} = e.getBoundingClientRect();
      return e.checkVisibility({visibilityProperty: true}) && (right <= 0 || left >= innerWidth);
    }).map(e => e.outerHTML),
    controls: all('.moves label').length,
    main: main && {
      labels: main.dataset.values?.split('|') ?? [...main.options].map(option => option.text),
      numbers: main.dataset.states.split(' '),
      said: JSON.parse(panel.querySelector('script').textContent).map(([said]) => said),
    },
    together: all('em').filter(e => e.textContent.includes('This page moves one control')).map(
      e => [e.innerText, e.querySelector('a').href, document.evaluate(
        'following::details[1]/summary', e, null, XPathResult.STRING_TYPE).stringValue]),
  };
}"""

# The controls of all panels that have not the whole picture above them when they get the focus.
HIDING = """() => {
  const controls = [...document.querySelectorAll('.moves input, .moves select')].reverse();
  return controls.filter(control => {
    control.focus();
    const {x, y, width, height} = control.getBoundingClientRect();
    const {top, bottom} = control.closest('.panel').querySelector('img').getBoundingClientRect();
    const header = document.querySelector('.mobile-header').getBoundingClientRect();
    return document.elementFromPoint(x + width / 2, y + height / 2) !== control
      || top < header.bottom - 1 || bottom > y;
  }).map(control => control.labels[0].textContent);
}"""


@pytest.fixture(scope="module")
def look(one_page, address):
    """What one visit of a page shows, and asks for, on a phone or a laptop."""

    @functools.cache
    def look(name, size):
        asked, errors = [], []

        def note(request):
            asked.append(request.url)

        def note_error(error):
            errors.append(str(error))

        one_page.set_viewport_size(SIZES[size])
        one_page.emulate_media(color_scheme="light")
        one_page.on("request", note)
        one_page.on("pageerror", note_error)
        one_page.goto(address + name, wait_until="networkidle")
        seen = one_page.evaluate(LOOK) | {"asked": asked, "errors": errors}
        if size == "phone" or name in DARK:
            one_page.emulate_media(color_scheme="light" if size == "phone" else "dark")
            one_page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text("utf-8"))
            seen["axe"] = one_page.evaluate("axe.run({resultTypes: ['violations']})")
        if size == "phone":  # last: it moves the focus
            one_page.add_style_tag(content="html { scroll-behavior: auto }")
            seen["hiding"] = one_page.evaluate(HIDING)
        one_page.remove_listener("request", note)
        one_page.remove_listener("pageerror", note_error)
        return seen

    return look


def test_what_is_missing_is_said_before_anything_is_made(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "KATEX", tmp_path / "katex")
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["build.py", str(tmp_path / "site")])
    with pytest.raises(SystemExit, match="npm install") as raised:
        build.main()
    assert "pip install -r site/requirements.txt" in str(raised.value)
    assert not (tmp_path / "site").exists()


def test_old_pages_are_not_printed(tmp_path):
    page = tmp_path / "index.html"
    assert print_handouts.stale(page)
    page.touch()
    assert not print_handouts.stale(page)
    os.utime(page, (0, 0))
    assert print_handouts.stale(page)


def words(text):
    """`text` with each run of white space as one blank."""
    return " ".join(text.split())


@pytest.mark.parametrize("stem", STEMS)
def test_every_picture_is_there_with_its_alt_text(stem, look):
    shown = look(f"notebooks/{stem}.html", "laptop")["images"]
    assert all(width > 300 for _, width in shown), "a picture did not load"
    alts = {words(alt) for alt, _ in shown}
    for cell in run_notebooks.read(run_notebooks.NOTEBOOKS / f"{stem}.ipynb").cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}) and "Panel(" not in cell.source:
                assert words(output.metadata["image/png"]["alt"]) in alts


def test_every_page_is_light_and_asks_no_other_host(look, address):
    for name in PAGES:
        seen = look(name, "laptop")
        assert seen["asked"]
        assert [url for url in seen["asked"] if not url.startswith((address, "data:"))] == [], name
        assert 10_000 < seen["bytes"] < MEGABYTES * 2**20, name
        assert seen["errors"] == [], name


def test_every_link_within_the_site_leads_to_a_page(site):
    found = 0
    for name in PAGES:
        text = (site / name).read_text("utf-8")
        for link in re.findall(r'\b(?:href|src)="([^"]+)"', text):
            if not re.match(r"[a-z]+:|#", link):
                found += 1
                path, _, part = unquote(re.sub(r"\?[^#]*", "", link)).partition("#")
                target = (site / name).parent / path
                if (site / LITE).resolve() not in target.resolve().parents:
                    assert target.exists(), (name, link)
                    if part:
                        assert f' id="{part}"' in target.read_text("utf-8"), (name, link)
                    if target.suffix == ".ipynb":
                        assert target.parent == site / "notebooks" / "../_static/notebooks", link
    assert found > 100


def test_a_page_of_a_notebook_runs_and_downloads_it(site):
    for stem in (BEFORE, *STEMS, AFTER):
        text = (site / "notebooks" / f"{stem}.html").read_text("utf-8")
        run = f'"../{LITE}/lab/index.html?path=notebooks/{stem}.ipynb"'
        assert (run in text) != stem.startswith(("07", "10"))  # which a browser cannot run whole
        (copy,) = re.findall(r'href="([^"]+)" download', text)
        committed = run_notebooks.NOTEBOOKS / f"{stem}.ipynb"
        assert (site / "notebooks" / copy).read_bytes() == committed.read_bytes()


def test_the_guide_leads_to_the_sections_that_it_names(site):
    guide = (site / "notebooks" / "teachers_guide.html").read_text("utf-8")
    named = re.findall(r'href="(\w+)\.html#([^"]+)"', guide)
    assert len([1 for stem, _ in named if stem in STEMS]) > 60


def test_each_page_says_what_it_is_to_those_who_link_to_it(site):
    described = set()
    for name in ("index.html", *(f"notebooks/{stem}.html" for stem in STEPS)):
        text = (site / name).read_text("utf-8")
        found = re.findall(r'<meta content="([^"]+)" (?:name|property)="([^"]+)"', text)
        said = {key: value for value, key in found}
        assert said["description"] == said["og:description"]
        assert 20 < len(said["description"]) < 400
        assert not re.search(r"[*`\\$]", said["description"]), said["description"]
        described.add(said["description"])
        title = re.search("<title>(.+?)</title>", text)[1].replace("\u2019", "'")
        assert said["og:title"] in title
        assert (site / said["og:image"].removeprefix(ADDRESS)).exists()
        assert f'<link rel="canonical" href="{ADDRESS}{name}"' in text
        assert "favicon.svg" in text
    assert len(described) == len(STEPS) + 1
    listed = re.findall("<loc>(.+?)</loc>", (site / "sitemap.xml").read_text("utf-8"))
    assert {ADDRESS + name for name in PAGES} - {f"{ADDRESS}search.html"} <= set(listed)


def test_headings_go_down_one_level_at_a_time(site):
    for name in PAGES:
        text = (site / name).read_text("utf-8")
        groups = re.findall('<p class="caption"[^>]*role="heading"[^>]*>', text)
        assert len(groups) == 3
        assert all('aria-level="2"' in group for group in groups), name
        article = text[text.index("<article") : text.index("</article")]
        levels = [int(level) for level in re.findall(r"<h(\d)", article)]
        if name != "search.html":  # a script makes its headings
            assert levels[0] == 1
            assert levels.count(1) == 1
            assert all(b <= a + 1 for a, b in pairwise(levels)), name


def test_the_course_can_be_read_from_page_to_page(look, address):
    name = "index.html"
    for stem in [*STEPS, "accessibility"]:
        (then,) = look(name, "laptop")["next"]
        name = then.removeprefix(address)
        assert name.endswith(f"{stem}.html")
        assert look(name, "laptop")["title"]
    assert look(name, "laptop")["next"] == []


def test_the_home_page_leads_to_the_course_and_to_each_door(page, address):
    for name, stem in (("Start reading", STEMS[0]), ("Take it to class", "teachers_guide")):
        page.goto(f"{address}index.html")
        run = page.get_by_role("link", name="Run it in the browser")
        assert run.get_attribute("href").endswith(f"path=notebooks/{STEMS[0]}.ipynb")
        page.get_by_role("link", name=name).click()
        page.wait_for_url(f"**/notebooks/{stem}.html")
    page.locator("article a", has_text="README").first.click()
    page.wait_for_url("**/index.html#open-it")
    doors = page.locator("#open-it")
    assert doors.get_by_role("row").count() > 5
    for false in ("this page", "a notebook below"):
        expect(doors).not_to_contain_text(false)


def test_a_slider_of_00_moves_on_the_home_page(page, address):
    page.goto(f"{address}index.html")
    knob = page.locator(".panel").get_by_role("slider", name="added")
    said = [image.get_attribute("alt") for image in page.locator(".panel img:visible").all()]
    knob.focus()
    page.keyboard.press("End")
    (image,) = page.locator(".panel img:visible").all()
    assert [image.get_attribute("alt")] != said
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300


def test_the_search_finds_a_word_of_the_text(page, address):
    page.goto(f"{address}index.html")
    page.locator(".sidebar-search").fill("keepdims")
    page.keyboard.press("Enter")
    found = page.locator("#search-results a", has_text="Choose the axis of a softmax")
    found.first.click()
    page.wait_for_url("**/04_which_axis.html*")


def test_solutions_are_folded_and_open_by_keyboard(page, address, look):
    for stem in STEMS:
        notebook = run_notebooks.read(run_notebooks.NOTEBOOKS / f"{stem}.ipynb")
        folds = re.findall("<details><summary>(.*?)<", "".join(c.source for c in notebook.cells))
        count = sum(fold != "What came out" for fold in folds)  # the page has its own for these
        seen = look(f"notebooks/{stem}.html", "laptop")
        assert seen["folds"] == count > 0
        assert seen["open"] == 0
    page.goto(f"{address}notebooks/{STEMS[-1]}.html")
    solution = page.locator("details:not(.result)", has=page.locator(".highlight")).first
    expect(solution.locator(".highlight").first).to_be_hidden()
    solution.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(solution.locator(".highlight").first).to_be_visible()


def guesses(measured):
    """Right, nearly right and wrong predictions of what was `measured`."""
    if isinstance(measured, (list, tuple, np.ndarray)):
        whole = [value.item() if hasattr(value, "item") else value for value in measured]
        return [whole, [*whole[:-1], not whole[-1]] if isinstance(whole[-1], bool) else whole[:-1]]
    if isinstance(measured, (bool, np.bool_)):
        return [True, False]
    number = float(measured)
    return [number, 1.01 * number, 1.5 * number, 40 * number, -3.5, np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("stem", ["01_scores_to_probabilities", "03_overflow_regions"])
def test_a_page_answers_a_prediction_as_the_notebook_does(stem, page, address):
    page.goto(f"{address}notebooks/{stem}.html")
    predictions = lesson(stem).predictions
    assert page.locator(".prediction").count() == len(predictions) > 2
    for name, measured, settings, _ in predictions:
        settings = settings if isinstance(settings, dict) else {"unit": settings}
        form = page.locator(f".prediction[data-name={name}]")
        for guess in guesses(measured):
            if isinstance(guess, bool):
                form.get_by_role("radio", name=str(guess)).check()
            else:
                form.get_by_role("textbox").fill(str(guess))
            form.get_by_role("button").click()
            answer = words(repr(compare(guess, measured, **settings)))
            assert words(form.get_by_role("status").inner_text()) == answer, (name, guess)


def test_a_result_is_folded_until_it_was_predicted_by_keyboard(page, address):
    page.goto(f"{address}notebooks/04_which_axis.html")
    field = page.locator(".prediction").first
    result = page.locator(".tag_of-rows_at_1 + details.result")
    told = result.locator("p", has_text="The axis that a sum runs along")
    expect(told).to_be_hidden()
    expect(result.locator(".cell_output")).to_be_hidden()
    field.get_by_label("Your prediction").focus()
    page.keyboard.press("Enter")
    expect(field.get_by_role("status")).to_have_text("No prediction yet.")
    expect(told).to_be_hidden()
    page.keyboard.type("[3")
    page.keyboard.press("Enter")
    expect(field.get_by_role("status")).to_contain_text("2 entries are asked for")
    expect(told).to_be_hidden()
    page.keyboard.type(", 0]")
    page.keyboard.press("Enter")
    expect(field.get_by_role("status")).to_contain_text(
        "Wrong. 0 of 2 are right. Entry 0: off by 3"
    )
    expect(told).to_be_visible()
    expect(result.locator(".cell_output")).to_be_visible()
    other = page.locator(".tag_of-rows_of_c + details.result")
    expect(other.locator(".cell_output")).to_be_hidden()
    other.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(other.locator(".cell_output")).to_be_visible()


def test_without_javascript_every_result_shows(chromium, address):
    page = chromium.new_page(java_script_enabled=False)
    page.goto(f"{address}notebooks/04_which_axis.html")
    assert page.locator(".prediction").count() > 2
    for field in page.locator(".prediction").all():
        expect(field).to_be_hidden()
    expect(page.get_by_text("The axis that a sum runs along")).to_be_visible()
    expect(page.get_by_text("rows_at_1 = ...")).to_be_visible()
    expect(page.locator(".panel img").first).to_be_visible()
    expect(page.locator(".panel .moves")).to_be_hidden()
    page.close()


@pytest.mark.parametrize("stem", QUIZZES)
def test_a_quiz_answers_each_choice_and_counts_the_first(stem, page, address):
    page.goto(f"{address}notebooks/{stem}.html")
    items = read(QUESTIONS, stem[5:])
    groups = page.get_by_role("group", name="Answers to question")
    expect(groups).to_have_count(len(items))
    score = page.locator(".score")
    wrong, letters = [], []
    for number, (item, group) in enumerate(zip(items, groups.all(), strict=True)):
        right = [option.right for option in item.options].index(True)
        first = right if number % 2 else (right + 1) % len(item.options)
        letters.append("ABCDEFGH"[first])
        wrong += [] if number % 2 else [item.misconception]
        expect(score.get_by_role("status")).to_have_text("Your score comes when all are answered.")
        said = group.locator("xpath=following::*[@role='status'][1]")
        expect(said).to_be_empty()
        for index in (first, right):
            option = item.options[index]
            button = group.get_by_role("button").nth(index)
            assert words(button.inner_text()).startswith(f"{'ABCDEFGH'[index]}. ")
            button.focus()
            page.keyboard.press("Enter")
            expect(said).to_contain_text(f"{'ABCDEFGH'[index]}: {option.verdict}.")
            expect(said.locator("a.internal").first).to_be_in_viewport()
            expect(button).to_be_in_viewport()
    told = words(score.get_by_role("status").inner_text())
    assert told.startswith(f"{len(items) - len(wrong)} of {len(items)} right at first choice.")
    assert score.locator("li").all_inner_texts() == wrong
    expect(score.get_by_role("textbox")).to_have_value(f"{stem[5:]}-{''.join(letters)}")
    copy = score.get_by_role("button")
    copy.focus()
    page.keyboard.press("Enter")
    expect(copy).to_have_text("Copied")
    expect(copy).to_be_focused()


def test_a_quiz_shows_its_questions_and_folds_its_answers_without_javascript(chromium, address):
    page = chromium.new_page(java_script_enabled=False)
    for stem in QUIZZES:
        page.goto(f"{address}notebooks/{stem}.html")
        answers = page.locator("details")
        assert answers.count() == 10
        assert page.locator("details[open]").count() == 0
        article = words(page.locator("article").inner_text())
        for item, folded in zip(read(QUESTIONS, stem[5:]), answers.all(), strict=True):
            assert all(words(option.text) in article for option in item.options)
            expect(folded.locator("p").first).to_be_hidden()
            folded.locator("summary").click()
            expect(folded.locator("a.internal").first).to_be_visible()
    page.close()


def test_every_formula_is_set(look):
    pages = [look(f"notebooks/{stem}.html", "laptop") for stem in STEPS]
    for seen in pages:
        assert not seen["dollars"], seen["title"]
        assert seen["set"] == seen["formulas"], seen["title"]
        assert seen["letters"] or not seen["formulas"], seen["title"]
    assert sum(seen["formulas"] for seen in pages) > 20


@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_its_screen_with_text_large_enough(size, look):
    for name in PAGES:
        seen = look(name, size)
        assert seen["width"] == SIZES[size]["width"], name
        assert not seen["sizes"] or min(seen["sizes"]) >= SMALLEST, name


@pytest.mark.parametrize("size", SIZES)
def test_no_key_reaches_what_lies_beside_the_screen(size, look):
    for name in PAGES:
        assert look(name, size)["beside"] == [], name


def tab_to(element, most):
    """Presses Tab until the focus is there."""
    for _ in range(most):
        if element.evaluate("element => element === document.activeElement"):
            break
        element.page.keyboard.press("Tab")
    expect(element).to_be_focused()


@pytest.mark.parametrize(
    ("size", "kind", "name", "first", "most"),
    [
        ("phone", "sidebar", "Toggle site navigation sidebar", "Softmax, examined", 5),
        ("phone", "toc", "Toggle table of contents sidebar", "Run: one list", 5),
        ("laptop", "toc", "Toggle table of contents sidebar", "Run: one list", 30),
    ],
)
def test_a_key_opens_a_drawer_and_shuts_it(size, kind, name, first, most, page, address):
    page.set_viewport_size(SIZES[size])
    page.goto(f"{address}notebooks/00_start_here.html")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    toggle = page.get_by_role("button", name=name, expanded=False)
    tab_to(toggle, most)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name=name, expanded=True)).to_be_visible()
    link = page.locator(f".{kind}-drawer").get_by_role("link", name=first, exact=True)
    expect(link).to_be_in_viewport()
    tab_to(link, 8)
    page.keyboard.press("Escape")
    expect(toggle).to_be_focused()
    expect(link).to_be_hidden()
    if kind == "toc":
        page.keyboard.press("Space")
        link.press("Enter")
        expect(link).to_be_hidden()
        expect(page.get_by_role("heading", name=first)).to_be_in_viewport()


# What a panel says, in one glance.
SEEN = """panel => {
  const image = panel.querySelector('img');
  return {
    state: [panel.querySelector('[role=status]').textContent,
      panel.querySelector('figure .table-wrapper').innerHTML],
    alt: image.alt,
    number: Number(image.src.match(/(\\d+)\\.webp$/)[1]),
    moved: [...panel.querySelectorAll('input, select')].filter(c => c.value !== c.dataset.start)
      .map(c => c.labels[0].firstChild.data.trim()),
    values: [...panel.querySelectorAll('input')].map(c => [
      c.getAttribute('aria-valuetext'), c.nextElementSibling.value]),
    width: document.documentElement.scrollWidth,
  };
}"""


# Takes out of the page what stands around an element: each key would have it laid out anew.
ALONE = """element => {
  for (let inner = element; inner !== document.body; inner = inner.parentElement)
    for (const other of inner.parentElement.children)
      if (other !== inner) other.style.display = 'none';
}"""


def states_of(panel):
    """The (sentence, table) of each picture of a panel, with its table as the browser writes it."""
    return panel.evaluate(
        "panel => JSON.parse(panel.querySelector('script').textContent).map(([said, rows]) => {"
        " const div = document.createElement('div'); div.innerHTML = rows;"
        " return [said, div.innerHTML]; })"
    )


@pytest.mark.parametrize("stem", STEMS)
def test_each_control_of_a_panel_moves_by_keyboard_and_the_others_go_back(stem, page, address):
    """Also at the width of a phone, which no state of a panel exceeds."""
    page.set_viewport_size(PHONE)
    page.goto(f"{address}notebooks/{stem}.html")
    panel = page.locator(".panel").last
    panel.evaluate(ALONE)
    controls = panel.locator("input, select").all()
    labels = [c.evaluate("c => c.labels[0].firstChild.data.trim()") for c in controls]
    names = [widget.description for widget in panels_of(stem)[-1].widgets()]
    assert labels == names
    states, shown = states_of(panel), set()
    for name, control in zip(names, controls, strict=True):
        numbers = [int(number) for number in control.get_attribute("data-states").split()]
        assert len(numbers) > 1
        control.focus()
        page.keyboard.press("End")
        page.keyboard.press("Home")
        for k, number in enumerate(numbers):
            if k:
                page.keyboard.press("ArrowRight")
            seen = panel.evaluate(SEEN)
            assert seen["number"] == number
            assert seen["state"] == states[number]
            assert seen["alt"] == states[number][0]
            assert seen["moved"] == ([name] if number else [])
            assert all(spoken == value for spoken, value in seen["values"])
            assert seen["width"] == PHONE["width"]
        shown.update(numbers)
        decoded = panel.locator("img").first.evaluate("i => i.decode().then(() => i.naturalWidth)")
        assert decoded > 300
    assert shown == set(range(len(states)))


@pytest.mark.parametrize("viewport", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_what_a_key_moves_is_in_view_beside_its_control(viewport, page, address):
    page.set_viewport_size(viewport)
    page.goto(f"{address}notebooks/04_which_axis.html")
    first = page.get_by_role("slider", name="x[0, 0]")
    first.focus()
    page.keyboard.press("ArrowRight")
    for part in (first, page.locator(".panel img").first, page.locator(".panel [role=status]")):
        expect(part).to_be_in_viewport(ratio=0.9)


def test_on_a_phone_the_picture_stays_in_view_above_every_control(look):
    for name in ("index", *(f"notebooks/{stem}" for stem in STEMS)):
        seen = look(f"{name}.html", "phone")
        assert seen["controls"] > 0
        assert seen["hiding"] == [], name


def test_on_a_phone_a_picture_opens_at_full_size_and_moves_and_scrolls_by_keyboard(page, address):
    page.set_viewport_size(PHONE)
    page.goto(f"{address}notebooks/04_which_axis.html")
    image, frame = page.locator(".panel img").first, page.locator(".frame")
    full = page.get_by_role("button", name="Picture at full size")
    expect(full).to_have_attribute("aria-pressed", "false")
    assert image.evaluate("image => image.clientWidth < image.naturalWidth / 2")
    full.press("Enter")
    expect(full).to_have_attribute("aria-pressed", "true")
    said = image.get_attribute("alt")
    page.get_by_role("slider", name="add to row 0").press("End")
    assert image.get_attribute("alt") != said
    assert image.evaluate("image => image.decode().then(() => image.clientWidth)") > 800
    frame.press("ArrowRight")
    page.wait_for_function("document.querySelector('.frame').scrollLeft > 0")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text("utf-8"))
    assert page.evaluate("axe.run('.panel').then(({violations}) => violations.length)") == 0
    image.click()
    expect(full).to_have_attribute("aria-pressed", "false")
    assert image.evaluate("image => image.clientWidth") < PHONE["width"]


def test_every_table_fits_its_screen(look):
    """With all folds open."""
    for name in PAGES:
        for size in SIZES:
            assert look(name, size)["cut"] == 0, (name, size)


def test_nothing_around_what_scrolls_is_a_stop_of_the_keyboard(look):
    for stem in STEMS:
        assert look(f"notebooks/{stem}.html", "phone")["stops"] == 0, stem


def test_only_what_is_seen_or_printed_is_loaded_until_a_control_is_touched(chromium, address):
    asked, page = [], chromium.new_page(viewport=LAPTOP)  # with nothing in its cache
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}notebooks/04_which_axis.html", wait_until="networkidle")
    assert sum(url.endswith(".webp") for url in asked) == 4
    knob = page.get_by_role("slider", name="add to row 0")
    with page.expect_request("**/04_which_axis/*.webp"):
        knob.focus()
    page.close()


@pytest.mark.parametrize("stem", STEMS)
def test_a_page_with_all_pictures_of_its_panel_is_below_a_megabyte_and_a_half(stem, site):
    pictures = list((site / "_static" / stem).iterdir())
    page = site / "notebooks" / f"{stem}.html"
    assert 10_000 < sum(path.stat().st_size for path in [page, *pictures]) < 1_500_000


def test_a_handle_has_24_pixels_for_a_finger(page, address):
    """On the handle a press moves nothing; beside it the handle comes to the press."""
    page.goto(f"{address}notebooks/04_which_axis.html")
    knob = page.get_by_role("slider", name="add to row 0")
    knob.scroll_into_view_if_needed()
    for across, down, moves in ((11, 0, False), (-11, 0, False), (0, 11, False), (15, 0, True)):
        middle = knob.evaluate(
            "knob => { knob.max = 1000; knob.value = 500;"
            " knob.dataset.values = Array(1001).join('|');"
            " knob.dataset.states = Array(1001).fill(0).join(' ');"
            " const {x, y, width, height} = knob.getBoundingClientRect();"
            " return [x + width / 2, y + height / 2]; }"
        )
        page.mouse.click(middle[0] + across, middle[1] + down)
        assert (knob.input_value() != "500") == moves, (across, down)


def test_the_controls_show_what_the_panel_draws(site, page, address):
    stem = "04_which_axis"
    page.goto(f"{address}notebooks/{stem}.html")
    shown, panel = page.locator(".panel"), panel_of(stem)
    states = states_of(shown)
    panel.controls["variant"].label = "one max for all, rows"
    for widget in panel.widgets():
        control = shown.get_by_label(widget.description)
        numbers = control.get_attribute("data-states").split()
        is_list = hasattr(widget, "label")
        labels = (
            control.locator("option").all_inner_texts()
            if is_list
            else control.get_attribute("data-values").split("|")
        )
        start = widget.value
        for number, label in zip(map(int, numbers), labels, strict=True):
            if is_list:
                widget.label = label
            else:
                widget.value = type(start)(label)
            sentence, rows = states[number]
            assert sentence == panel.words.sentence
            cells = re.findall(r"<t[hd]>(.*?)</t[hd]>", rows)
            assert cells == [text for row in panel.words.table for text in row]
            with Image.open(site / "_static" / stem / f"{number}.webp") as image:
                off = np.abs(np.asarray(image.convert("RGB"), int) - np.asarray(panel.frame(), int))
            assert off.mean() < 2, (widget.description, label)
        widget.value = start


@pytest.mark.parametrize("stem", STEMS)
def test_a_question_that_moves_two_controls_says_what_a_page_cannot(stem, look, address):
    said = look(f"notebooks/{stem}.html", "laptop")["together"]
    together = PLANS[stem].together
    assert len(said) == bool(together)
    for note, link, answers in said:
        assert note.startswith(together.replace("`", ""))
        assert link == f"{address}index.html#open-it"
        assert re.match("Answers?$", answers)


# What the first question below each panel asks for: the words for the control that moves, and what
# the answer says, by the value where it says so.
ANSWERS = {
    "00_start_here": ("added", {"706": "they agree", "707": r"nan, 0\.000, 0\.000", "710": "dead"}),
    "01_scores_to_probabilities": (
        "logit of class 0",
        {"-6.00": "Class 1 leads", "6.00": "Class 0 leads"},
    ),
    "02_shift_invariance": (
        "c",
        {
            "85.50": "right as well",
            "85.60": "gives 0 everywhere",
            "85.80": "nan, 0, 0",
            "88.60": "nan, nan, nan",
        },
    ),
    "03_overflow_regions": ("classes n", {"2": "under 1 % zero", "1000": "6 % zero"}),
    "04_which_axis": (
        "add to row 0",
        {"730": "right", "740": "wrong, some entry", "750": "8 of 12 entries are nan"},
    ),
    "05_the_thread_examined": ("offset", {"707": "right", "708": "is 0", "709": "nan in 1 of 4"}),
    "06_how_accurate": ("offset", {"800": "about 500 ulps", "850": "below 8 ulps"}),
    "07_how_fast": (
        "entries in one row",
        {"10": "One row of 10,", "10000000": "One row of 10000000"},
    ),
    "08_soft_argmax": (
        "temperature",
        {"-2.00": "the entropy 0.0000", "2.00": "the entropy 1.0986"},
    ),
    "09_output_layer": (
        "temperature",
        {"0.10": "110 of 114 .* confidence of 1.000", "10.00": "110 of 114 .* confidence of 0.454"},
    ),
    "10_beyond_memory": ("step", {"-3.00": "max 2.7 and sum 3.0", "3.00": "max 23.2 and sum 2.5"}),
    "11_next_token": ("temperature", {"0.50": "1 of 27", "1.00": "3 of 27", "3.00": "9 of 27"}),
}


def first_question(stem):
    """What the notebook asks first below its panel."""
    cells = run_notebooks.read(run_notebooks.NOTEBOOKS / f"{stem}.ipynb").cells
    last = max(i for i, cell in enumerate(cells) if cell.source.endswith("\npanel"))
    below = "\n\n".join(cell.source for cell in cells[last + 1 :])
    return words(
        re.search(r"^(?:1\.|\*\*Question 1\.\*\*) (.+?)\n(?=2\.|\n)", below, re.M | re.S)[1]
    )


@pytest.mark.parametrize("stem", STEMS)
def test_the_slider_answers_the_first_question_below_it(stem, look):
    asked, answers = ANSWERS[stem]
    main = look(f"notebooks/{stem}.html", "laptop")["main"]
    assert re.search(rf"\b{asked}\b", first_question(stem))
    for label, answer in answers.items():
        number = int(main["numbers"][main["labels"].index(label)])
        assert re.search(answer, words(main["said"][number])), label


def test_each_notebook_prints_with_states_of_its_panel_in_rows(site):
    command = [sys.executable, ROOT / "site" / "print_handouts.py", site.parent]
    subprocess.run(command, check=True, timeout=browser.SECONDS, stdout=subprocess.DEVNULL)
    folded = 0
    guide = run_notebooks.NOTEBOOKS / "teachers_guide.md"
    stated = dict(re.findall(r"`(\w+)\.pdf`[^`]*?\(about (\d+)", guide.read_text("utf-8")))
    assert stated.keys() == {"00_start_here", "04_which_axis"}
    for stem in STEMS:
        with pypdfium2.PdfDocument(site.parent / "handouts" / f"{stem}.pdf") as handout:
            pages = list(handout)
            assert abs(int(stated.get(stem, len(pages))) - len(pages)) <= 1, "fonts differ"
            (states,) = [page for page in pages if page.get_width() > page.get_height()]
            pictures = list(states.get_objects([pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))
            assert len(pictures) == 4, stem
            lefts, bottoms = ({round(p.get_bounds()[k]) for p in pictures} for k in (0, 1))
            assert len(lefts) == len(bottoms) == 2, "two rows of two"
            text = "".join(page.get_textpage().get_text_range() for page in pages)
        assert "Skip to content" not in text
        assert not re.search(r"^(Solution|Answers?)$", text, re.MULTILINE), "dead ink"
        if stem == "04_which_axis":
            assert all(f"add to row 0 = {offset}." in text for offset in (0, 730, 740, 750))
        squeezed = "".join(text.split())
        notebook = run_notebooks.read(run_notebooks.NOTEBOOKS / f"{stem}.ipynb")
        said = [cell.source for cell in notebook.cells]
        verdicts = re.findall(r"<summary>What came out</summary>\n\n(\w+ \w+)", "\n".join(said))
        end = squeezed.rindex("Whatcameout")
        assert squeezed.count("Predictfirst:") >= len(verdicts) > 0
        assert "Predictfirst:" not in squeezed[end:]
        for verdict in verdicts:
            assert "".join(verdict.split()) in squeezed[end:], (stem, verdict)
        said += [out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", [])]
        folds = re.compile("<details>.*?</details>", re.DOTALL)
        open_text = "".join("".join(folds.sub("", text).split()) for text in said)
        for cell, below in zip(notebook.cells, notebook.cells[1:], strict=False):
            if run_notebooks.is_exercise(cell):
                stub = "".join(cell.source.splitlines()[-1].split())
                assert stub in squeezed, stem
                for line in run_notebooks.solution(below).splitlines():
                    line = "".join(line.split())
                    if len(line) > 12 and line not in open_text:
                        folded += 1
                        assert line not in squeezed, "a solution is folded on paper"
    assert folded > len(STEMS)


@pytest.mark.parametrize(("size", "pages"), [("phone", PAGES), ("laptop", DARK)])
def test_axe_finds_nothing(size, pages, look):
    """On a phone in light mode, on a laptop in dark."""
    for name in pages:
        report = look(name, size)["axe"]
        assert len(report["passes"]) > 10
        faults = report["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in faults] == [], name
