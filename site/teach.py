"""Makes what a class needs, a folder and a zip of it: python site/teach.py 45 [folder].

45, 90 and 180 are the routes of the teacher's guide, which says what is shown, asked and answered;
there are slides, notebooks for students, a handout, its key, and a card of the thread's seven.
"""

import argparse
import html
import inspect
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import make_slides
import nbformat
import print_handouts
from nbconvert import SlidesExporter
from nbconvert.filters import markdown2html
from playwright.sync_api import sync_playwright

from softmaxlab.thread import THREAD

SITE = Path(__file__).resolve().parent
NOTEBOOKS = SITE.parent / "notebooks"
GUIDE = (NOTEBOOKS / "teachers_guide.md").read_text("utf-8")
ROUTES = (45, 90, 180)
LICENSE = (
    "Code: BSD 3-Clause. Prose and pictures: CC BY 4.0. You may share and change them if you name "
    "the course, Softmax, examined."
)
# Makes each slide's text as large as fits.
FIT = """
<style>
.reveal section pre, .reveal section pre code { font-size: max(20px, var(--size, 28px)); }
.reveal section .prose { font-size: calc(var(--size, 28px) + 3px); }
.reveal section figcaption { font-size: max(20px, calc(var(--size, 28px) - 5px)); }
.reveal section figure img { min-height: 260px; }
.reveal section table { font-size: max(20px, calc(var(--size, 28px) - 4px)); }
</style>
<script>
Reveal.on("ready", async () => {
  const start = Reveal.getIndices();
  for (const slide of Reveal.getSlides()) {
    const {h, v} = Reveal.getIndices(slide);
    Reveal.slide(h, v);
    slide.offsetHeight; // asks for the fonts of its formulas
    await document.fonts.ready;
    for (let size = 28; size >= 17; size -= 0.5) {
      slide.style.setProperty("--size", `${size}px`);
      const wide = [...slide.querySelectorAll("pre")].some(e => e.scrollWidth > e.clientWidth);
      const end = Math.max(...[...slide.children].map(e => e.offsetTop + e.offsetHeight));
      if (end <= 696 && slide.scrollHeight <= 720 && !wide) break;
    }
  }
  Reveal.slide(start.h, start.v);
  document.body.dataset.fitted = "yes";
});
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


def part(heading):
    """What stands in the guide below `heading`, up to the next as high."""
    level = heading.partition(" ")[0]
    below = GUIDE.partition(f"\n{heading}\n")[2]
    return re.split(rf"^#{{1,{len(level)}}} ", below, flags=re.MULTILINE)[0]


def rows(text):
    """The cells of each row of the tables in `text`, without their headers."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    ruled = {k for k, line in enumerate(lines) if not line.strip("|- ")}
    return [row for k, row in enumerate(cells) if k not in ruled and k + 1 not in ruled]


def route(minutes):
    """The steps of the guide's route of so many minutes."""
    steps = []
    for time, until, _, section, doing in rows(part(f"### {minutes} minutes")):
        links = re.findall(r"\[(.+?)\]\((\w+)\.ipynb\)", section)
        stem = links[0][1] if links else ""
        plain = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", doing)
        steps.append(Step(time, until, stem, [name for name, _ in links], plain))
    return steps


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
    named = re.findall(r"`([\[\-\d].*?|True|False|nan|inf)`", wrong)
    answers = sorted({right, *named[:3]})
    return list(zip("ABCD", answers, strict=False))


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


def unfolded(text):
    """`text` without what it folds, and with links to the web alone."""
    text = re.sub(r"<details>.*?</details>\s*", "", text, flags=re.DOTALL)
    return re.sub(r"\[([^]]+)\]\((?!https?:)[^)]+\)", r"\1", text).strip()


def is_tagged(cell, tag):
    return tag in cell.metadata.get("tags", [])


def asked_in(cell):
    return re.findall(r"^(\w+) = \.\.\.", cell.source, re.MULTILINE)


# Slides


def slide(source, kind="subslide"):
    return nbformat.v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}})


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


def shown(cell, heading):
    """The slides of a cell of code: the code, and its output on the next step."""
    code = nbformat.from_dict(cell)
    make_slides.put_on_slide(code, None)
    alone = code.metadata["transient"]["remove_source"] and any(
        "image/png" in output.get("data", {}) for output in code.outputs
    )
    outputs, code.outputs = code.outputs, []
    yield slide(f"## {heading}")
    if not alone:
        code.metadata = {"slideshow": {"slide_type": "-"}}
        yield code
    if outputs:
        out = nbformat.from_dict(cell)
        kind = "-" if alone else "fragment"
        out.outputs, out.id = outputs, f"{cell.id}-out"
        out.metadata = {"slideshow": {"slide_type": kind}, "transient": {"remove_source": True}}
        yield out


def slides_of(step, notebook, told):
    """The slides of one step of a route, its predictions before what answers them."""
    task = f"*{step.minutes} minutes: {step.doing}*"
    for heading in step.headings:
        cells = section(notebook, heading)
        text = unfolded(cells[0].source.partition("\n")[2])
        text += f"\n\n{task}" if heading == step.headings[0] else ""
        if text:
            yield slide(f"## {heading}\n\n{text}", "slide")
        for cell in cells[1:]:
            if cell.source.startswith("# Setup"):
                continue
            kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
            if is_tagged(cell, "predict"):
                for name in asked_in(cell):
                    yield from vote(name, told[name], heading)
            elif cell.cell_type == "code":
                yield from shown(cell, heading)
            elif kind == "notes":
                yield slide(unfolded(cell.source), "notes")
            elif unfolded(cell.source):
                yield slide(f"## {heading}\n\n{unfolded(cell.source)}")


def talk(steps, title):
    """The notebook of slides of a route."""
    opening = f"# Softmax, examined: {title}\n\n{LICENSE}"
    cells = [slide(opening, "slide")]
    for step in steps:
        if not step.stem:
            cells.append(slide(f"## Break\n\n{step.minutes} minutes", "slide"))
            continue
        notebook = nbformat.read(NOTEBOOKS / f"{step.stem}.ipynb", as_version=4)
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
            cell.source = "## Key points\n\n- " if summary else unfolded(cell.source)
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
    for stem in stems(steps):
        notebook = nbformat.read(NOTEBOOKS / f"{stem}.ipynb", as_version=4)
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
        notebook = nbformat.read(NOTEBOOKS / f"{step.stem}.ipynb", as_version=4)
        told = predictions(step.stem)
        for heading in step.headings:
            for cell in section(notebook, heading):
                if is_tagged(cell, "predict"):
                    for name in asked_in(cell):
                        yield step.stem, name, told[name]


def proofs(steps):
    """The proofs of the guide that a route has on the board."""
    both = re.split(r"^(?=\*\*(?:First|Second) proof)", part("## On the board"), flags=re.MULTILINE)
    copied = " ".join(step.doing for step in steps)
    named = ("first proof", "second proof")
    return [proof for proof, name in zip(both[1:], named, strict=True) if name in copied]


def blanked(proof):
    """A proof with room where a line goes on behind its first formula or word."""
    blank = '<span class="blank"></span>'
    return re.sub(
        r"^(\d\. [^$\n]*\$[^$=]*?)(=[^$]*)?\$.*$", rf"\1$ {blank}", joined(proof), flags=re.M
    )


def joined(text):
    """`text` with each item of a list on one line."""
    return re.sub(r"\n +", " ", text)


def handout(steps):
    """Predictions with room, the proofs with blanks, the headings of what was shown."""
    lines = ["# Predict", ""]
    for stem, name, (question, right, wrong, _) in asked(steps):
        choices = ", ".join(f"**{letter}** `{answer}`" for letter, answer in options(right, wrong))
        lines += [f"**{stem[:2]}, `{name}`.** {question} {choices}", "", '<p class="room"></p>', ""]
    for proof in proofs(steps):
        lines += ["# Prove", "", blanked(proof).replace("$$", "$=$"), ""]
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
        notebook = nbformat.read(NOTEBOOKS / f"{stem}.ipynb", as_version=4)
        for cell in notebook.cells:
            found = re.search(
                r"<details><summary>Solution</summary>(.+?)</details>", cell.source, re.S
            )
            if found:
                lines += [f"# A solution of {stem[:2]}", "", found.group(1), ""]
        for cell in notebook.cells:
            if cell.source.startswith("## Key points"):
                lines += [
                    cell.source.replace("##", "#").replace("points", f"points of {stem[:2]}"),
                    "",
                ]
    exam = re.sub(r"</?details>|<summary>Answer</summary>", "", part("## Exam questions"))
    return "\n".join([*lines, "# Exam", "", exam])


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
pre {{ font-size: 0.9em; background: #f2f4f6; padding: 0.4em; margin: 0.3em 0; break-inside: avoid;
  white-space: pre-wrap; }}
.room {{ height: 1.9em; border-bottom: 1px solid #777; }}
.blank {{ display: inline-block; width: 10cm; height: 1.6em; border-bottom: 1px solid #777; }}
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
        page.goto(f"{talk.as_uri()}?print-pdf")
        page.wait_for_function("() => Reveal.isReady() && document.querySelector('.pdf-page')")
        page.pdf(path=folder / "slides.pdf", prefer_css_page_size=True, print_background=True)
        chromium.close()


def readme(steps, title):
    """What to open, and minute by minute what to do."""
    lines = [
        f"Softmax, examined: {title}",
        "",
        "slides/slides.html  the talk, in any browser; key S opens the speaker's notes",
        "slides.pdf          the same on paper, handout.pdf and card.pdf to copy for the class",
        "key.pdf             answers: keep it to yourself",
        "notebooks           for the students, with the package that they need beside them",
        "",
    ]
    for step in steps:
        where = f"{step.stem[:2]} {', '.join(step.headings)}: " if step.stem else ""
        lines.append(f"until {step.until}  {where}{step.doing}")
    return "\n".join([*lines, "", LICENSE, ""])


def missing():
    """What is needed and not there, with the way to get it."""
    if not all((make_slides.MODULES / name).exists() for name in make_slides.SHARED):
        yield "reveal.js and KaTeX: npm install"
    if print_handouts.CHROMIUM is None:
        yield "Chromium, or Chrome, on the PATH: from your system's packages"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("minutes", type=int, choices=ROUTES)
    parser.add_argument("folder", nargs="?", type=Path, default=SITE / "_build")
    arguments = parser.parse_args()
    if lacking := list(missing()):
        sys.exit("\n".join(["This needs", *lacking]))
    title = f"{arguments.minutes} minutes"
    folder = arguments.folder.resolve() / f"class-{arguments.minutes}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    steps = route(arguments.minutes)
    talk = write_slides(steps, title, folder / "slides")
    write_notebooks(steps, folder / "notebooks")
    papers = {
        "handout": (handout(steps), "11pt"),
        "key": (key(steps), "10pt"),
        "card": (card(), "10pt"),
    }
    print_all(folder, papers, talk)
    (folder / "README.txt").write_text(readme(steps, title), "utf-8")
    print(folder)
    print(shutil.make_archive(str(folder), "zip", folder.parent, folder.name))


if __name__ == "__main__":
    main()
