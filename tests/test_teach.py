"""What site/teach.py makes for a class: slides, notebooks for students, paper, and a zip."""

import re
import subprocess
import sys
import time
import zipfile

import environments
import pypdfium2
import pytest
from lessons import BESIDE

from tools import browser, run_notebooks

pytestmark = environments.needs("reveal.js", "nbconvert")
teach = pytest.importorskip("teach")

STEPS = {minutes: teach.route(minutes) for minutes in teach.ROUTES}
SIZES = """
() => Reveal.getSlides().map(slide => {
  const {h, v} = Reveal.getIndices(slide);
  Reveal.slide(h, v, Infinity);
  return {
    high: slide.scrollHeight,
    end: Math.max(...[...slide.children].map(e => e.offsetTop + e.offsetHeight)),
    wide: [...slide.querySelectorAll('pre')].some(e => e.scrollWidth > e.clientWidth),
    heading: slide.querySelector('h1, h2') !== null,
  };
})
"""


@pytest.mark.parametrize("minutes", teach.ROUTES)
def test_every_prediction_is_a_vote_with_the_right_answer_among_its_options(minutes):
    asked = list(teach.asked(STEPS[minutes]))
    assert len(asked) >= 6
    talk = teach.talk(STEPS[minutes], "")
    votes = [cell.source for cell in talk.cells if "**Vote.**" in cell.source]
    assert len(votes) == len(asked)
    for (_, _, (question, right, wrong, ask)), vote in zip(asked, votes, strict=True):
        choices = [answer for _, answer in teach.options(right, wrong)]
        assert right in choices
        assert 2 <= len(choices) == len(set(choices)) <= 4, question
        assert question in vote
        assert ask not in vote


def test_options_are_what_the_guide_calls_wrong_sorted_with_the_right_one():
    wrong = "`100` or less: rare. `nan`: `axis=0` is read so. `20`, mostly B: none. `3`: a fourth"
    assert teach.options("7", wrong) == [("A", "7"), ("B", "20"), ("C", "100"), ("D", "nan")]
    few = [
        name
        for stem in teach.STEMS.values()
        for name, (_, right, wrong, _) in teach.predictions(stem).items()
        if right not in ("True", "False") and len(teach.options(right, wrong)) == 2
    ]
    assert len(few) <= 7, few


def test_speakers_notes_say_what_the_guide_says():
    told = teach.predictions("04_which_axis")["rows_of_c"]
    _, notes = teach.vote("rows_of_c", told, "Why")
    assert notes.metadata.slideshow.slide_type == "notes"
    assert "0" in notes.source
    assert told[2] in notes.source
    assert told[3] in notes.source


@pytest.mark.parametrize(
    "stem", sorted({s for steps in STEPS.values() for s in teach.stems(steps)})
)
def test_a_students_notebook_has_no_output_no_solution_and_no_answer(stem):
    whole = run_notebooks.read(run_notebooks.NOTEBOOKS / f"{stem}.ipynb")
    made = teach.for_students(whole)
    assert not any(cell.get("outputs") for cell in made.cells)
    folds = re.findall("<summary>(.+?)</summary>", "".join(cell.source for cell in made.cells))
    assert folds == ["The thread's seven, A to G"] * (stem[:2] in ("00", "04"))
    code = [cell.source for cell in whole.cells if cell.cell_type == "code"]
    assert [cell.source for cell in made.cells if cell.cell_type == "code"] == code
    for before, cell in zip(made.cells, made.cells[1:], strict=False):
        if "compare(" in before.source and cell.cell_type == "markdown":
            assert re.search(r"^#|\*\*Predict|\*\*\d\.|questions:", cell.source, re.M), cell.source


def test_what_is_made_for_a_class_changes_no_notebook():
    for steps in STEPS.values():
        teach.talk(steps, "")
        teach.handout(steps)
        teach.key(steps)
        for stem in teach.stems(steps):
            teach.for_students(teach.read(stem))
            path = run_notebooks.NOTEBOOKS / f"{stem}.ipynb"
            assert teach.read(stem) == run_notebooks.read(path), stem


def test_the_card_has_the_code_of_all_seven():
    exec(
        "import numpy as np\n" + "\n".join(re.findall(r"```python\n(.+?)```", teach.card(), re.S)),
        {},
    )
    assert re.findall(r"^def (\w)\(x\)", teach.card(), re.M) == list("ABCDEFG")


def test_00_folds_the_card():
    """A page of code and claims has one source, softmaxlab.thread."""
    (folded,) = [
        cell.source
        for cell in run_notebooks.read(run_notebooks.paths()[0]).cells
        if cell.source.startswith("The course calls the thread's functions A to G.")
    ]
    assert f"\n\n{teach.card().partition(chr(10) * 2)[2]}\n\n</details>" in folded


def test_a_proof_keeps_what_is_given_and_blanks_what_follows():
    first, second = (
        teach.blanked(proof).replace(teach.BLANK, "_") for proof in teach.proofs(STEPS["180"])
    )
    assert r"1. $\mathrm{softmax}(x + c\,\mathbf{1})_i =$_" in first
    assert "2. $=$_, for _" in first
    assert "divide two: $e^{x_i - x_j} =$_" in first
    assert "6. So $y_i - x_i =$_ for all $i$ and $j$." in first
    assert "7. Use:__" in first
    assert r"1. Merge: $(m_1, s_1) \oplus (m_2, s_2) = (m, s)$ with" in second
    assert "v = s_1" not in second
    (short,) = teach.proofs(STEPS["45"])
    assert re.findall(r"^\d", short, re.M) == ["1", "2", "3"], "the lines of its route"
    for proof in (first, second):
        assert len(re.findall(r"^\d\. .*_$|^\d\. .*\$_", proof, re.M)) >= 6


def test_a_list_of_notebooks_is_a_class_too():
    steps, title = teach.planned(["04", "05"])
    assert title == "notebooks 04, 05"
    assert [step.until for step in steps] == ["0:40", "1:25"]
    assert teach.stems(steps) == ["04_which_axis", "05_the_thread_examined"]
    assert {"Predict", "Run", "Exercise 1: a softmax of each row"} <= set(steps[0].headings)
    for step in steps:
        named = [name for stem, name, _ in teach.asked(steps) if stem == step.stem]
        assert named == list(teach.predictions(step.stem))
    for what in (["12"], ["45", "04"], ["05", "04"], ["04", "04"]):
        with pytest.raises(ValueError, match=r"route|once"):
            teach.planned(what)


@pytest.mark.parametrize("what", [*teach.ROUTES, "05"])
def test_the_readme_has_ten_lines_at_most_and_every_minute(what):
    steps, title = teach.planned([what])
    text = teach.readme(steps, title)
    assert len(text.splitlines()) <= 10
    assert re.findall(r"until (\d:\d\d)", text) == [step.until for step in steps]
    for name in ("slides/slides.html", "handout.pdf", "card.pdf", "key.pdf"):
        assert name in text


@pytest.fixture(scope="module", params=teach.ROUTES)
def made(request, tmp_path_factory):
    """The folder of a route, made by the command."""
    folder = tmp_path_factory.mktemp("class")
    command = [sys.executable, browser.ROOT / "site" / "teach.py", request.param]
    command += ["--folder", folder]
    subprocess.run(command, check=True, capture_output=True, timeout=browser.SECONDS * 3)
    return folder / f"class-{request.param}"


def open_fitted(page, address):
    page.goto(address)
    page.wait_for_function("() => document.body.dataset.fitted")


def measured(page, talk):
    """What `SIZES` says of each slide of the page `talk`, and the addresses that it asked for."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    open_fitted(page, talk.as_uri())
    return page.evaluate(SIZES), asked


@pytest.fixture(scope="module")
def page():
    with browser.browser() as chromium:
        yield chromium.new_page(viewport={"width": 1280, "height": 720})


def assert_fit(slides):
    for number, slide in enumerate(slides, 1):
        assert slide["high"] <= 720, number
        assert slide["end"] <= 706, number
        assert not slide["wide"], number
        assert slide["heading"], number


@pytest.mark.thorough
def test_slides_fit_and_stand_alone(made, page, tmp_path):
    with zipfile.ZipFile(f"{made}.zip") as packed:
        packed.extractall(tmp_path)
    slides, asked = measured(page, tmp_path / made.name / "slides" / "slides.html")
    assert len(slides) > 30
    assert_fit(slides)
    inside = tmp_path.as_uri()
    assert [url for url in asked if not url.startswith((inside, "data:"))] == []


@pytest.mark.thorough
def test_the_slides_fit_on_paper(made, page):
    open_fitted(page, f"{(made / 'slides' / 'slides.html').as_uri()}{teach.PRINTED}")
    printed = page.locator(".pdf-page")
    code = printed.locator("pre").evaluate_all(
        "all => all.map(e => [e.scrollWidth, e.clientWidth])"
    )
    assert len(code) > 20
    assert [(text, room) for text, room in code if text > room] == []
    with pypdfium2.PdfDocument(made / "slides.pdf") as slides:
        assert len(slides) == printed.count()
        for sheet in slides:
            assert len(sheet.get_textpage().get_text_range()) > 5, "but for its number it is empty"


@pytest.mark.thorough
def test_the_slides_of_every_notebook_fit(page, tmp_path):
    """Those of 11 print lines that are too long for a slide, and more than it has room for."""
    for number, stem in teach.STEMS.items():
        talk = teach.write_slides(teach.through([number]), stem, tmp_path / number)
        slides, _ = measured(page, talk)
        assert len(slides) > 15
        assert_fit(slides)


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["", teach.PRINTED])
def test_the_slides_fit_where_the_page_comes_slowly(page, tmp_path, how):
    """`Reveal` may be ready before the end of the page is read."""
    talk = teach.write_slides(teach.through(["00"]), teach.STEMS["00"], tmp_path / "00")
    text = talk.read_text("utf-8")
    start = text.index("Reveal.initialize")
    end = text.index("</script>", start) + len("</script>")
    late = '<script src="late.js"></script>'
    talk.write_text(text[:end] + late + text[end:], "utf-8")

    def answer_late(route):
        time.sleep(0.5)
        route.fulfill(body="", content_type="text/javascript")

    page.route("**/late.js", answer_late)
    open_fitted(page, f"{talk.as_uri()}{how}")


def test_prose_stands_above_the_code_that_it_speaks_of():
    """A sentence alone on a slide is said twice: once without what it is about."""
    talk = teach.talk(STEPS["90"], "")
    (asked,) = [n for n, cell in enumerate(talk.cells) if "up to a constant. Is it?" in cell.source]
    assert talk.cells[asked + 1].source == "(np.log(softmax(x)) - x).round(4)"
    assert talk.cells[asked + 1].metadata.slideshow.slide_type == "-"
    (told,) = [n for n, cell in enumerate(talk.cells) if "No error. Every entry" in cell.source]
    below = next(cell for cell in talk.cells[told + 1 :] if teach.kind(cell) != "notes")
    assert below.source == "## A square matrix hides it\n\n", "a picture is alone"


@pytest.mark.thorough
def test_the_paper_is_short(made):
    pages = {name: len(pypdfium2.PdfDocument(made / f"{name}.pdf")) for name in ("handout", "card")}
    assert 1 <= pages["handout"] <= 4
    assert pages["card"] == 1
    assert (made / "key.pdf").exists()
    for page in pypdfium2.PdfDocument(made / "slides.pdf"):
        text = page.get_textpage()
        left, _, _, top = text.get_rect(0) if text.count_rects() else (48, 0, 0, 0)
        assert left > 20, "slides on paper have their margin"
        assert top < page.get_height() - 15


def files(path):
    """The bytes of each file at or below `path`, but for what Python leaves there."""
    found = [path] if path.is_file() else path.rglob("*.*")
    return {
        one.relative_to(path): one.read_bytes()
        for one in found
        if one.is_file() and one.suffix != ".pyc"
    }


@pytest.mark.thorough
def test_students_get_the_courses_code_and_all_that_it_needs(made):
    """With just this beside it, tests/test_notebooks.py runs every notebook."""
    folder = made / "notebooks"
    for name in BESIDE:
        held = files(folder / name)
        assert held
        assert held == files(run_notebooks.NOTEBOOKS / name), name
    for path in folder.glob("*.ipynb"):
        code, given = (
            [cell.source for cell in run_notebooks.read(one).cells if cell.cell_type == "code"]
            for one in (run_notebooks.NOTEBOOKS / path.name, path)
        )
        assert code == given, path.stem
    assert {path.stem for path in folder.glob("*.ipynb")} == set(teach.stems(STEPS[made.name[6:]]))
