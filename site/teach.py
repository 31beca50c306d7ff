"""Makes what a class needs, a folder and a zip of it: python site/teach.py 45 [--folder there].

45, 90 and 180 are the routes of the teacher's guide, which says what is shown, asked and answered;
04 05 are notebooks. There are slides, notebooks for students, a handout, its key, and a card of the
thread's seven.
"""

import argparse
import functools
import html
import inspect
import itertools
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

try:
    import gift
    import make_slides
    import nbformat
    import print_handouts
    from conf import LICENSE
    from guide import part, rows
    from nbconvert import SlidesExporter
    from nbconvert.filters import markdown2html
    from playwright.sync_api import sync_playwright

    from softmaxlab.thread import THREAD
except ModuleNotFoundError as error:
    if __name__ != "__main__":
        raise
    sys.exit(f"{error}: python -m pip install -r site/requirements.txt")

SITE = Path(__file__).resolve().parent
NOTEBOOKS = SITE.parent / "notebooks"
ROUTES = ("45", "90", "180")
STEMS = {path.stem[:2]: path.stem for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}
REMIX = (
    "To change these slides, change the notebooks, or the route in the teacher's guide, and run "
    "`python site/teach.py` again."
)
PRINTED = "?print-pdf&pdfMaxPagesPerSlide=1"  # one page a slide, as its text shrinks until it fits
TALLEST = 20  # lines of code and output on a slide
BLANK = '<span class="blank"></span>'
# Makes each slide's text as large as fits.
FIT = """
<style>
.reveal section pre, .reveal section pre code { font-size: max(20px, var(--size, 28px)); }
.reveal section :is(.prose, .fragment) { font-size: calc(var(--size, 28px) + 3px); }
.reveal section figcaption { font-size: max(20px, calc(var(--size, 28px) - 5px)); }
.reveal section figure img { min-height: 260px; }
.reveal section.wraps pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.reveal section table { font-size: max(20px, calc(var(--size, 28px) - 4px)); }
</style>
<script>
const fit = async () => {
  Reveal.configure({viewDistance: Number.MAX_VALUE}); // lays out all slides at once
  document.body.offsetHeight; // asks for the fonts of the formulas
  await document.fonts.ready;
  for (const slide of Reveal.getSlides()) {
    const fits = size => {
      slide.style.setProperty("--size", `${size}px`);
      const wide = [...slide.querySelectorAll("pre")].some(e => e.scrollWidth > e.clientWidth);
      const end = Math.max(...[...slide.children].map(e => e.offsetTop + e.offsetHeight));
      return end <= 696 && slide.scrollHeight <= 720 && !wide;
    };
    if (fits(28)) continue;
    if (!fits(17)) slide.classList.add("wraps");
    let [low, high] = [17, 28];
    while (high - low > 0.5) {
      const size = (low + high) / 2;
      [low, high] = fits(size) ? [size, high] : [low, size];
    }
    fits(low);
  }
  Reveal.configure({viewDistance: 3});
  document.body.dataset.fitted = "yes";
};
// Reveal may say "ready" before this is read.
if (Reveal.isPrintView()) Reveal.on("pdf-ready", fit); else window.addEventListener("load", fit);
</script>
"""


@dataclass
class Step:
    """A row of a route: its minutes, when it ends, its notebook, headings, and what is done."""

    minutes: str
    until: str
    stem: str
    headings: list
    doing: str


def route(minutes):
    """The steps of the guide's route of so many minutes."""
    steps = []
    for time, until, _, section, doing in rows(part(f"### {minutes} minutes")):
        links = re.findall(r"\[(.+?)\]\((\w+)\.ipynb\)", section)
        stem = links[0][1] if links else ""
        plain = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", doing)
        steps.append(Step(time, until, stem, [name for name, _ in links], plain))
    return steps


@functools.cache
def read(stem):
    """A notebook of the course, read once: whoever changes it takes a copy."""
    return nbformat.read(NOTEBOOKS / f"{stem}.ipynb", as_version=4)


def kind(cell):
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def is_shown(cell):
    """Whether a class sees a cell: it is in the talk, or asks something."""
    return kind(cell) != "skip" or is_tagged(cell, "exercise") or is_tagged(cell, "predict")


def through(numbers):
    """The steps of a class that goes through notebooks: a step for each, with its own minutes."""
    steps, end = [], 0
    for number in numbers:
        notebook = read(STEMS[number])
        headings = [
            heading
            for heading in re.findall(r"^## (.+)", markdown(notebook), re.MULTILINE)
            if any(map(is_shown, section(notebook, heading)))
        ]
        minutes = notebook.metadata.softmax.minutes
        end += minutes
        doing = "predict before you run, and solve the exercises"
        steps.append(Step(str(minutes), clock(end), STEMS[number], headings, doing))
    return steps


def markdown(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def clock(minutes):
    return f"{minutes // 60}:{minutes % 60:02}"


def predictions(stem):
    """(question, right, wrong, ask) of each prediction of a notebook in the guide, by name."""
    tables = re.split(r"^### ", part("## Predictions"), flags=re.MULTILINE)
    (table,) = [table for table in tables if table.startswith(f"{stem[:2]} ")]
    told = {}
    for asked, right, wrong, ask in rows(table):
        name, question = re.match(r"`(\w+)`: (.+)", asked).groups()
        told[name] = (question[0].upper() + question[1:], right.strip("`"), wrong, ask)
    return told


def options(right, wrong):
    """The answers to vote on, the right one among those that the guide's wrong ones name."""
    named = re.findall(r"`([^`]+)`(?=:|,| or )", wrong.replace("'", ""))
    answers = sorted({right, *named[:3]}, key=in_order)
    return list(zip("ABCD", answers, strict=False))


def in_order(answer):
    """The key to sort answers by: a list's numbers, and words behind them."""
    parts = answer.strip("[]").split(", ")
    return [(0, float(p), p) if re.match(r"-?[\d.]+$", p) else (1, 0, p) for p in parts]


def cut(cells):
    """`cells`, of which each that holds a heading within is cut before it."""
    for cell in cells:
        if cell.cell_type != "markdown":
            yield cell
            continue
        texts = re.split(r"^(?=#{2,4} )", cell.source, flags=re.MULTILINE)
        for number, text in enumerate(filter(str.strip, texts)):
            name = f"{cell.id}-{number}" if number else cell.id
            yield nbformat.from_dict(cell | {"source": text, "id": name})


def section(notebook, heading):
    """The cells below a heading of a notebook, and the heading's own, up to the next as high."""
    found, level = [], 0
    for cell in cut(notebook.cells):
        marks, _, name = cell.source.partition("\n")[0].partition(" ")
        if cell.cell_type == "markdown" and marks and not marks.strip("#"):
            if found and len(marks) <= level:
                break
            if found or name == heading:
                found, level = [*found, cell], level or len(marks)
        elif found:
            found.append(cell)
    if not found:
        raise ValueError(f"no heading is {heading!r}")
    return found


def unfolded(text, summary=".*?"):
    """`text` without what it folds under `summary`, and with links to the web alone."""
    folded = rf"<details><summary>{summary}</summary>.*?</details>\s*"
    text = re.sub(folded, "", text, flags=re.DOTALL)
    return re.sub(r"\[([^]]+)\]\((?!https?:)[^)]+\)", r"\1", text).strip()


def told(text):
    """`text` with the verdict on a prediction, which a notebook folds."""
    fold = r"<details><summary>What came out</summary>\n\n(.*?)\n\n</details>"
    return re.sub(fold, r"\1", text, flags=re.DOTALL)


def is_tagged(cell, tag):
    return tag in cell.metadata.get("tags", [])


def asked_in(cell):
    return re.findall(r"^(\w+) = \.\.\.", cell.source, re.MULTILINE)


# Slides


def slide(source, type="slide"):
    return nbformat.v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": type}})


def vote(name, told, heading):
    """A slide to vote on a prediction, and the notes for whoever asks."""
    question, right, wrong, ask = told
    choices = options(right, wrong)
    listed = "\n".join(f"- **{letter}** &ensp; `{answer}`" for letter, answer in choices)
    letter = next(letter for letter, answer in choices if answer == right)
    yield slide(f"## {heading}\n\n**Vote.** {question}\n\n{listed}")
    yield slide(
        f"**Right:** {letter}, `{right}`\n\n**Wrong, and what it shows:** {wrong}\n\n"
        f"**Ask then:** {ask}",
        "notes",
    )


def shown(cell, heading, lead):
    """The slides of a cell of code below the prose `lead`: the code, and then its output.

    The output comes on the next step, or on a slide of its own where both do not fit.
    """
    code = nbformat.from_dict(cell)
    make_slides.put_on_slide(code, None)
    alone = code.metadata["transient"]["remove_source"] and any(
        "image/png" in output.get("data", {}) for output in code.outputs
    )
    outputs, code.outputs = code.outputs, []
    yield slide(f"## {heading}\n\n{lead}")
    if not alone:
        code.metadata = {"slideshow": {"slide_type": "-"}}
        yield code
    if outputs:
        tall = lines_of(cell) > TALLEST and not alone
        if tall:
            yield slide(f"## {heading}")
        out = nbformat.from_dict(cell)
        out.outputs, out.id = outputs, f"{cell.id}-out"
        step = "-" if alone or tall else "fragment"
        out.metadata = {"slideshow": {"slide_type": step}, "transient": {"remove_source": True}}
        yield out


def goes_above(prose, cell):
    """Whether `prose` and the code that follows it, with what that prints, are one slide."""
    pictures = any("image/png" in output.get("data", {}) for output in cell.outputs)
    lines = len(prose) // 80 + prose.count("\n") + lines_of(cell)
    return lines <= TALLEST / 2 and not pictures and "$$" not in prose


def lines_of(cell):
    """How many lines of code a cell has, and prints."""
    return sum(
        len(text.splitlines()) for text in (cell.source, *map(make_slides.said, cell.outputs))
    )


def slides_of(step, notebook, asks):
    """The slides of one step of a route, its predictions before what answers them."""
    task = f"*{step.minutes} minutes: {step.doing}*"
    for heading in step.headings:
        cells = section(notebook, heading)
        prose = unfolded(cells[0].source.partition("\n")[2])
        prose += f"\n\n{task}" if heading == step.headings[0] else ""
        for cell in filter(says, cells[1:]):
            code = cell.cell_type == "code" and not is_tagged(cell, "predict")
            if prose and not (code and goes_above(prose, cell)):
                yield slide(f"## {heading}\n\n{prose}")
                prose = ""
            if code:
                yield from shown(cell, heading, prose)
                prose = ""
            elif cell.cell_type == "code":
                for name in asked_in(cell):
                    yield from vote(name, asks[name], heading)
            elif kind(cell) == "notes":
                yield slide(unfolded(told(cell.source)), "notes")
            else:
                prose = unfolded(told(cell.source))
        if prose:
            yield slide(f"## {heading}\n\n{prose}")


def says(cell):
    """Whether a cell has something to show: not the imports, and no comparison alone."""
    silent = cell.cell_type == "code" and "compare(" in cell.source and not cell.outputs
    return not (cell.source.startswith("# Setup") or silent)


def talk(steps, title):
    """The notebook of slides of a route."""
    opening = f"# Softmax, examined: {title}\n\n{LICENSE} {REMIX}"
    cells = [slide(opening)]
    for step in steps:
        if not step.stem:
            cells.append(slide(f"## Break\n\n{step.minutes} minutes"))
            continue
        notebook = read(step.stem)
        cells += slides_of(step, notebook, predictions(step.stem))
    for number, cell in enumerate(cells):
        cell.id = f"slide-{number}"
    return nbformat.v4.new_notebook(cells=cells)


def write_slides(steps, title, folder):
    """Writes the talk, with all that it needs, into `folder`; returns its path."""
    folder.mkdir()
    make_slides.copy_shared(folder / "shared")
    exporter = SlidesExporter(template_name="slides", extra_template_basedirs=[str(SITE)])
    page, _ = exporter.from_notebook_node(talk(steps, title), {"title": title})
    path = folder / "slides.html"
    path.write_text(page.replace("</body>", f"{FIT}</body>"), "utf-8")
    return path


# Notebooks for students


def for_students(notebook):
    """A copy with no outputs, no solutions, and no prose that answers a prediction or sums up."""
    notebook, cells, answered = nbformat.from_dict(notebook), [], False
    for cell in cut(notebook.cells):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            answered |= "compare(" in cell.source
        else:
            heading = re.match(r"#+ (.+)", cell.source)
            if heading:
                answered = False
            summary = heading and heading.group(1) == "Key points"
            asks = re.search(r"\*\*Predict|\*\*\d\.\*\*|questions:", cell.source)
            cell.source = (
                "## Key points\n\n- " if summary else unfolded(cell.source, "(?!The thread).*?")
            )
            if (answered and not asks) or not cell.source:
                continue
        cells.append(cell)
    notebook.cells = cells
    return notebook


def write_notebooks(steps, folder):
    folder.mkdir()
    for name in ("softmaxlab", "data"):
        skipped = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(NOTEBOOKS / name, folder / name, ignore=skipped)
    shutil.copy(NOTEBOOKS / "selfcheck.py", folder)
    for stem in stems(steps):
        notebook = read(stem)
        nbformat.write(for_students(notebook), folder / f"{stem}.ipynb")


def stems(steps):
    """The notebooks of a route, in order."""
    return list(dict.fromkeys(step.stem for step in steps if step.stem))


# Paper


def asked(steps):
    """(stem, name, what the guide says) of each prediction of a route."""
    for step in steps:
        if not step.stem:
            continue
        notebook = read(step.stem)
        told = predictions(step.stem)
        for heading in step.headings:
            for cell in section(notebook, heading):
                if is_tagged(cell, "predict"):
                    for name in asked_in(cell):
                        yield step.stem, name, told[name]


def proofs(steps):
    """The guide's proofs for the board of what `steps` prove, as far as they name lines."""
    both = re.split(r"^(?=\*\*(?:First|Second) proof)", part("## On the board"), flags=re.MULTILINE)
    proved = ("02_shift_invariance", "10_beyond_memory")
    for proof, stem in zip(both[1:], proved, strict=True):
        if stem in stems(steps):
            doing = " ".join(step.doing for step in steps if step.stem == stem)
            last = max(map(int, re.findall(r"lines \d to (\d)", doing)), default=8)
            yield re.split(rf"^(?={last + 1}\. )", proof, flags=re.MULTILINE)[0]


def blanked(proof):
    """A proof with room for what each line comes to, and for why."""
    return "\n".join(map(blanked_line, joined(proof).splitlines()))


def blanked_line(line):
    if head := re.match(r"\d\. (Use|Where it ends):", line):
        return head.group() + BLANK * 2
    step, comma, _ = line.partition(", for ")
    step = re.sub(r"^(\d\. .*\$[^$=]*=)[^$]*\$", rf"\1${BLANK}", step)
    return step + comma + BLANK * bool(comma)


def joined(text):
    """`text` with each item of a list on one line."""
    return re.sub(r"\n +", " ", text)


def handout(steps):
    """Predictions with room, the proofs with blanks, the headings of what was shown."""
    lines = ["# Predict", ""]
    for stem, name, (question, right, wrong, _) in asked(steps):
        choices = ", ".join(
            f"**{letter}**&nbsp;`{answer}`" for letter, answer in options(right, wrong)
        )
        lines += [
            f"**{stem[:2]}, `{name}`.** {question} {choices}",
            "",
            '<p class="room">Mine, and why:</p>',
            "",
        ]
    for proof in proofs(steps):
        lines += ["# Prove", "", blanked(proof), ""]
    lines += ["# Key points", "", *['<p class="room"></p>'] * 3, "", LICENSE]
    return "\n".join(lines)


def key(steps):
    """Answers to the predictions, the proofs, the solutions, and the exam with its answers."""
    lines = ["# Predictions", ""]
    for stem, name, (question, right, wrong, ask) in asked(steps):
        lines += [
            f"**{stem[:2]}, `{name}`.** {question} **`{right}`**. Wrong: {wrong}. *{ask}*",
            "",
        ]
    for proof in proofs(steps):
        lines += ["# Proof", "", proof, ""]
    for stem in stems(steps):
        notebook = read(stem)
        fold = r"<details><summary>Solution</summary>(.+?)</details>"
        for number, solution in enumerate(re.findall(fold, markdown(notebook), re.S), 1):
            lines += [f"# Solution {number} of {stem[:2]}", "", solution, ""]
        for cell in notebook.cells:
            if cell.source.startswith("## Key points"):
                lines += [
                    cell.source.replace("##", "#").replace("points", f"points of {stem[:2]}"),
                    "",
                ]
    exam = re.sub(r"</?details>|<summary>Answer</summary>", "", part("## Exam questions"))
    return "\n".join([*lines, "# Exam", "", unfolded(exam)])


def exam():
    """The guide's questions for an exam, each with its answer."""
    asked = re.split(r"^\*\*\d+\.\*\* ", part("## Exam questions"), flags=re.MULTILINE)[1:]
    for text in asked:
        question, _, answer = text.partition("<details><summary>Answer</summary>")
        yield question, answer.replace("</details>", "")


def card():
    """The code of the thread's seven, each with its claim."""
    entries = []
    for letter, variant in THREAD.items():
        code = re.sub(r"_[a-g]\(", f"{letter}(", inspect.getsource(variant.function), count=1)
        entries.append(f"**{variant.name}.** {variant.claim}\n\n```python\n{code}```\n")
    source = next(iter(THREAD.values())).source.rpartition(";")[0]
    return "\n".join(
        ["# The thread's seven, and what they say of themselves", "", *entries, source]
    )


PAPER = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="stylesheet" href="slides/shared/katex.min.css">
<style>
@page {{ size: A4; margin: 15mm 15mm 18mm; }}
body {{ font: {size} sans-serif; line-height: 1.35; }}
h1 {{ font-size: 1.4em; break-after: avoid; margin: 0.8em 0 0.4em; }}
p {{ margin: 0.4em 0; }}
p code {{ white-space: nowrap; }}
pre {{ font-size: 0.9em; background: #f2f4f6; padding: 0.4em; margin: 0.3em 0; break-inside: avoid;
  white-space: pre-wrap; }}
.room {{ height: 2.4em; color: #555; border-bottom: 1px solid #777; }}
.blank {{ display: inline-block; width: 6cm; height: 1.8em; margin: 0 0.4em;
  border-bottom: 1px solid #777; }}
.anchor-link {{ display: none; }}
</style></head><body>{body}
<script src="slides/shared/katex.min.js"></script>
<script src="slides/shared/auto-render.min.js"></script>
<script>renderMathInElement(document.body, {{delimiters: [
  {{left: "$$", right: "$$", display: true}}, {{left: "$", right: "$", display: false}}]}})</script>
</body></html>"""


def print_all(folder, papers, talk):
    """Prints the papers, Markdown by name, and the talk into `folder` as PDF."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=print_handouts.CHROMIUM, args=["--no-sandbox"]
        )
        page = chromium.new_page()
        for name, (text, size) in papers.items():
            made = folder / f"{name}.html"
            body = markdown2html(text)
            made.write_text(PAPER.format(title=html.escape(name), size=size, body=body), "utf-8")
            page.goto(made.as_uri())
            page.evaluate("() => document.fonts.ready")
            page.pdf(
                path=folder / f"{name}.pdf",
                prefer_css_page_size=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=print_handouts.FOOTER,
            )
            made.unlink()
        page.goto(f"{talk.as_uri()}{PRINTED}")
        page.wait_for_function("() => document.body.dataset.fitted")
        page.pdf(path=folder / "slides.pdf", prefer_css_page_size=True, print_background=True)
        chromium.close()


def readme(steps, title):
    """What to open, and minute by minute what to do, in at most ten lines."""
    lines = [
        f"Softmax, examined: {title}. {LICENSE}",
        "Open slides/slides.html in a browser: key S shows what to say. On paper: slides.pdf.",
        "Copy handout.pdf and card.pdf for the class, and the folder notebooks. Keep key.pdf, and "
        "questions.gift.txt: quiz and exam for Moodle.",
    ]
    for stem, together in itertools.groupby(steps, lambda step: step.stem):
        done = "; ".join(f"until {step.until} {', '.join(step.headings)}" for step in together)
        lines.append(f"{f'{stem}.ipynb' if stem else 'Break'} {done.rstrip()}")
    return "\n".join([*lines, ""])


def missing():
    """What is needed and not there, with the way to get it."""
    if not all((make_slides.MODULES / name).exists() for name in make_slides.SHARED):
        yield "reveal.js and KaTeX: npm install"
    if print_handouts.CHROMIUM is None:
        yield "Chromium, or Chrome, on the PATH: from your system's packages"


def planned(what):
    """The steps and the title of a class: a route's, or those of a list of notebooks."""
    if what[0] in ROUTES and len(what) == 1:
        return route(what[0]), f"{what[0]} minutes"
    if unknown := [name for name in what if name not in STEMS]:
        raise ValueError(f"{unknown[0]} is neither a route ({', '.join(ROUTES)}) nor a notebook")
    if what != sorted(set(what)):
        raise ValueError("name each notebook once, in the order of the course")
    return through(what), f"notebook{'s' * (len(what) > 1)} {', '.join(what)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="+", help="45, 90 or 180, or notebooks such as 04 05")
    parser.add_argument("--folder", type=Path, default=SITE / "_build")
    arguments = parser.parse_args()
    try:
        steps, title = planned(arguments.what)
    except ValueError as error:
        parser.error(str(error))
    if lacking := list(missing()):
        sys.exit("\n".join(["This needs", *lacking]))
    folder = arguments.folder.resolve() / "-".join(["class", *arguments.what])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    talk = write_slides(steps, title, folder / "slides")
    write_notebooks(steps, folder / "notebooks")
    papers = {
        "handout": (handout(steps), "11pt"),
        "key": (key(steps), "10pt"),
        "card": (card(), "10pt"),
    }
    print_all(folder, papers, talk)
    (folder / "questions.gift.txt").write_text(gift.questions(exam()), "utf-8")
    (folder / "README.txt").write_text(readme(steps, title), "utf-8")
    print(folder)
    print(shutil.make_archive(str(folder), "zip", folder.parent, folder.name))


if __name__ == "__main__":
    main()
