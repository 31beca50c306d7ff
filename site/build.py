"""Makes the course without a kernel, a folder of web pages: python site/build.py [folder].

Pages hold the committed outputs. Where a panel of sliders stands, its cell is run here, and its
controls move through pictures that were drawn beforehand.
"""

import argparse
import ast
import base64
import contextlib
import html
import io
import json
import numbers
import os
import re
import shutil
import symtable
import sys
from importlib.util import find_spec
from pathlib import Path

try:
    import nbformat
    import numpy as np
    from panels import moving, say_together

    from softmaxlab import exercises
    from softmaxlab.panel import Panel
    from softmaxlab.quiz import Quiz
except ModuleNotFoundError as error:
    if __name__ != "__main__":
        raise
    sys.exit(f"{error}: python -m pip install -r site/requirements.txt")

SITE = Path(__file__).resolve().parent
ROOT = SITE.parent
GUIDE = ROOT / "notebooks" / "teachers_guide.md"
KATEX = ROOT / "node_modules" / "katex" / "dist"

PREDICTION = """
<form class="prediction" data-name="{name}" data-unit="{unit}" data-measured="{measured}" hidden>
{field}
<button>Compare</button>
<p role="status"></p>
</form>
"""
FIELD = """<label>{asked} <input type="text" autocomplete="off" autocapitalize="off"
spellcheck="false"></label>"""
CHOICE = """<fieldset><legend>{asked}</legend>
<label><input type="radio" name="{name}" value="True"> True</label>
<label><input type="radio" name="{name}" value="False"> False</label>
</fieldset>"""
FIRST = "00_start_here"
INVITATION = """Two functions, both called softmax, agree about three scores. Add a number to all
three, and find where one of the two dies."""
START = """<p class="start"><a href="notebooks/00_start_here.html">Start reading</a>
{run}<a href="notebooks/teachers_guide.html">Take it to class</a></p>
"""
RUN = '<a href="{site}/lab/index.html?path=notebooks/{name}.ipynb">Run {what} in the browser</a>\n'
DOWNLOAD = '<a href="../_static/notebooks/{name}.ipynb" download>Download the notebook</a>'
NOT_IN_A_BROWSER = ("07_how_fast", "10_beyond_memory")
COMPARED = re.compile(r"^compare\((\w+), ", re.MULTILINE)
WORKS = re.compile(r"Panel\(|\bQuiz\(|^compare\(", re.MULTILINE)
TOLD = "<details><summary>What came out</summary>\n\n"
END_OF_TOLD = '\n\n<div class="told"></div>'


def run(source, space):
    """Runs a cell's code in `space`; returns the value of its last line, if that is one."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(tree, "<cell>", "exec"), space)
        return eval(compile(ast.Expression(last.value), "<cell>", "eval"), space) if last else None


def tags(cell):
    return cell.metadata.get("tags", [])


def uses(table):
    """The global names that code uses; `table` has its symbols."""
    for symbol in table.get_symbols():
        if symbol.is_global() and symbol.is_referenced():
            yield symbol.get_name()
    for inner in table.get_children():
        yield from uses(inner)


def works(cell):
    """Whether it moves or answers on a page, which has no verdict on a time."""
    return WORKS.search(cell.source) and "timing" not in tags(cell)


def needed(cells, wanted=works):
    """Those of the `cells` of code that are `wanted`, and those that make what these use."""
    names, found = set(), []
    for cell in reversed(cells):
        table = symtable.symtable(cell.source, "<cell>", "exec")
        symbols = table.get_symbols()
        made = {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}
        if made & names or wanted(cell):
            found.insert(0, cell)
            names.update(uses(table))
    return found


@contextlib.contextmanager
def watched():
    """The list of what `compare` is given: (measured, unit, its other settings) for each call."""
    asked, compare = [], exercises.compare

    def watching(guess, measured, unit="", **settings):
        asked.append((measured, unit, settings))
        return compare(guess, measured, unit, **settings)

    exercises.compare = watching
    try:
        yield asked
    finally:
        exercises.compare = compare


def run_needed(cells, name):
    """Runs what a page needs of the `cells` of the notebook `name`.

    Returns the names that they leave, the value of each cell by its id, and what `compare` was
    given by the name of the prediction.
    """
    space, runs = {"__name__": name}, needed(cells)
    with watched() as given, np.errstate(all="ignore"):  # 03 sets this in a cell of its own
        values = {cell.id: run(cell.source, space) for cell in runs}
    names = [name for cell in runs for name in COMPARED.findall(cell.source)]
    return space, values, dict(zip(names, given, strict=True))


def entry(value, rtol=None, digits=None):
    """One measured value for the page: of which kind, in words, and how far a guess may be off."""
    if isinstance(value, (bool, np.bool_, str)):
        return {"kind": "word" if isinstance(value, str) else "truth", "said": str(value)}
    if rtol is None:
        rtol = 0 if isinstance(value, numbers.Integral) else 0.02
    near = {"rtol": rtol, "atol": 0} if digits is None else {"rtol": 0, "atol": 1.001 / 10**digits}
    return {"kind": "number", "value": str(float(value)), "said": f"{value:.6g}", **near}


def prediction(name, given, named):
    """A field for the prediction called `name`, as HTML.

    `given` is what `compare` was given, or None: nothing judges what was a time.
    """
    measured, unit, settings = given or ("", "", {})
    several = isinstance(measured, (list, tuple, np.ndarray))
    entries = [entry(value, **settings) for value in (measured if several else [measured])]
    kind = entries[0]["kind"]
    asked = "Your prediction" + (f" of <code>{name}</code>" if named else "")
    if several:
        what = "numbers" if kind == "number" else "of True and False"
        asked += f", {len(entries)} {what} with commas between"
    elif kind == "number":
        asked += ", a number"
    field = CHOICE if kind == "truth" and not several else FIELD
    return PREDICTION.format(
        name=name,
        unit=html.escape(unit),
        measured=html.escape(json.dumps({"several": several, "of": entries}) if given else ""),
        field=field.format(asked=f"{asked}:", name=name),
    )


def ask(cells, measured):
    """Puts a field below each cell of predictions, and tags the cells whose results it folds.

    `measured` has what `compare` was given for each name.
    """
    names, name, field_cell = [], "", None
    for cell, below in zip(cells, [*cells[1:], None], strict=True):
        if cell.cell_type != "code":
            continue
        if "predict" in tags(cell):
            field_cell, names = cell, re.findall(r"^(\w+) = \.\.\.", cell.source, re.MULTILINE)
            several = len(names) > 1
            continue
        told = below is not None and below.source.startswith(TOLD)  # of a name compared above, too
        if not names and not told:
            continue
        name = names[0] if names else name
        cell.metadata["tags"] = [*tags(cell), f"of-{name}"]
        if told:  # the page folds both as one
            text = below.source.removeprefix(TOLD)
            below.source = text.replace("\n\n</details>", END_OF_TOLD, 1)
        if names and name in COMPARED.findall(cell.source):
            names.pop(0)
            given = None if "timing" in tags(cell) else measured[name]
            shown = nbformat.v4.new_output("display_data")
            shown.data = {"text/html": prediction(name, given, several)}
            field_cell.outputs.append(shown)
            cell.outputs = [
                out
                for out in cell.outputs
                if exercises.NO_GUESS not in out.get("data", {}).get("text/plain", "")
            ]


def live(cell, quiz):
    """Marks, in what the cell of a quiz shows, what a choice says: the page makes buttons of it."""
    folded = [out for out in cell.outputs if "<details>" in out.get("data", {})["text/markdown"]]
    for out, item in zip(folded, quiz.items, strict=True):
        opening, *said, closing = re.split(
            r"\n\n(?=\*\*[A-Z]: |</details>)", out.data["text/markdown"]
        )
        marked = [
            f'<div class="said" data-verdict="{option.verdict}">\n\n{text}\n\n</div>'
            for text, option in zip(said, item.options, strict=True)
        ]
        title = html.escape(item.misconception)
        opening = opening.replace("<details>", f'<details class="item" data-about="{title}">')
        out.data["text/markdown"] = "\n\n".join([opening, *marked, closing])


def prepared(path, static):
    """The notebook at `path` with sliders that move, predictions that answer, and alt texts."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    space, values, given = run_needed(code, path.stem)
    for cell in code:
        value = values.get(cell.id)
        pictures = [out for out in cell.outputs if "image/png" in out.get("data", {})]
        if isinstance(value, Quiz):
            live(cell, value)
        elif isinstance(value, Panel) and value is space.get("panel"):
            moved = nbformat.v4.new_output("display_data")
            moved.data = {"text/html": moving(value, path.stem, static)}
            cell.outputs = [moved]
            say_together(notebook.cells[notebook.cells.index(cell) + 1 :], path.stem)
        elif pictures:
            (picture,) = pictures
            shown = picture.metadata["image/png"]
            cell.metadata["mystnb"] = {"image": {"alt": shown["alt"], "width": shown["width"]}}
    ask(notebook.cells, given)
    return notebook


def prose(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def copy_linked(text, folder):
    """Copies into `folder` the files of the checkout that `text` links to from its notebooks."""
    for link in re.findall(r"\]\(([^)\s:#]+)\)", text):
        source = (ROOT / "notebooks" / link).resolve()
        if source.suffix != ".ipynb":
            target = folder / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def described(title, text, address):
    """The words for those who link to a page, and its picture where the site has an `address`."""
    words = {"description": text, "property=og:title": title, "property=og:description": text}
    if address:
        words["property=og:image"] = f"{address}_static/card.png"
    return {"myst": {"html_meta": words | {"property=og:type": "article"}}}


def front_matter(text, about, address):
    """The page `text` with its title, and what it is `about`, for those who link to it."""
    title = re.search("^# (.+)", text, re.MULTILINE)[1]
    return f"---\n{json.dumps(described(title, plain(about), address))}\n---\n\n{text}"


def plain(markdown):
    """The first paragraph of `markdown` as text."""
    text = re.sub(r"\[([^]]+)\]\([^)]*\)|\*\*(?:Question\.)?|[`$*\\]", r"\1", markdown)
    return " ".join(text.strip().partition("\n\n")[0].split())


def headed(notebook, name, address, lite):
    """`notebook` with links below its title that run and download it, described for search."""
    heading, _, text = notebook.cells[0].source.partition("\n\n")
    run = RUN.format(site=f"../{lite}", name=name, what="this page") if lite else ""
    run = "" if name in NOT_IN_A_BROWSER else run
    links = f'<p class="start">{run}{DOWNLOAD.format(name=name)}</p>'
    notebook.cells[0].source = f"{heading}\n\n{links}\n\n{text}"
    notebook.metadata |= described(heading.strip("# "), plain(text), address)
    return notebook


def to_sections(guide):
    """`guide` with the links that name a section of a notebook leading there."""
    headings = {
        path.name: re.findall(r"^## (.+)$", prose(nbformat.read(path, 4)), re.MULTILINE)
        for path in Path().glob("*.ipynb")
    }

    def lead(found):
        words, name = found.groups()
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        return f"[{words}]({name}#{slug})" if words in headings[name] else found[0]

    return re.sub(r"\[([^]]+)\]\((\w+\.ipynb)\)", lead, guide)


def first_panel(notebook):
    """The HTML of the moving panel of `notebook`, as the home page shows it."""
    shown = (out.get("data", {}) for cell in notebook.cells for out in cell.get("outputs", []))
    panel = next(data["text/html"] for data in shown if 'class="panel"' in str(data))
    return panel.replace("../_static/", "_static/")


def card(path):
    """The PNG that the notebook at `path` shows first."""
    cells = nbformat.read(path, as_version=4).cells
    shown = (out.get("data", {}) for cell in cells for out in cell.get("outputs", []))
    return base64.b64decode(next(data["image/png"] for data in shown if "image/png" in data))


def contents(entries):
    """The hidden lists of pages, grouped as in the sidebar."""
    first, *course, before, after = entries
    guide = "For teachers", f"notebooks/{GUIDE.stem}"
    groups = {
        "Begin": [before, first],
        "The course": course,
        "Afterward": [after, guide, ("Accessibility", "accessibility")],
    }
    for caption, pages in groups.items():
        listed = [f"{name} <{page}>" for name, page in pages]
        yield "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *listed, "```"])


def front_page(panel, address, lite):
    """The invitation, a panel, and the README's notebooks, doors and license, as the home page."""
    readme = (ROOT / "README.md").read_text("utf-8")
    readme = re.sub(r"^\[!\[.*\n\n", "", readme, flags=re.MULTILINE)  # badges, of other hosts
    sections = re.split(r"^(?=## )", readme, flags=re.MULTILINE)
    listed = next(part for part in sections if part.startswith("## The notebooks"))
    opened = next(part for part in sections if part.startswith("## Open it"))
    opened = re.sub(r"\[([^]]+)\]\(CONTRIBUTING[^)]*\)", r"\1", opened)
    opened = opened.partition("\n\n*Code > Codespaces*")[0]
    opened = opened.replace("this page's address", "the repository's address")
    opened = opened.replace("a notebook below", "a notebook above")
    entries = re.findall(r"\[([^]]+)\]\((notebooks/[^)]+)\.ipynb\)", listed)
    title, about = sections[0].split("\n\n")[:2]
    run = RUN.format(site=lite, name=FIRST, what="it") if lite else ""
    license = next(part for part in sections if part.startswith("## License"))
    raw = f"```{{raw}} html\n{panel}\n```"
    parts = [title, INVITATION, START.format(run=run), raw, about, listed, opened, license]
    return front_matter("\n\n".join([*parts, *contents(entries)]), about, address)


def missing():
    """What is needed and not there, with the way to get it."""
    if not KATEX.exists():
        yield "KaTeX: npm install"
    if absent := [name for name in ("sphinx", "myst_nb", "furo") if find_spec(name) is None]:
        yield f"{', '.join(absent)}: python -m pip install -r site/requirements.txt"


def write_sitemap(html, address):
    """A list of all pages in the folder `html`, for search engines."""
    pages = sorted(path.relative_to(html).as_posix() for path in html.rglob("*.html"))
    lines = [f"<url><loc>{address}{page}</loc></url>" for page in pages]
    space = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    (html / "sitemap.xml").write_text("\n".join([space, *lines, "</urlset>"]), "utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SITE / "_build")
    parser.add_argument("--address", default="", help="where the pages will be; ends in a slash")
    parser.add_argument("--lite", default="", help="the folder of the browser alone, from there")
    given = parser.parse_args()
    folder = given.folder.resolve()
    if lacking := list(missing()):
        sys.exit("\n".join(["The pages need", *lacking]))
    shutil.rmtree(folder, ignore_errors=True)
    source = folder / "source"
    static = source / "static"
    shutil.copytree(SITE / "static", static)
    shutil.copytree(ROOT / "figures", source / "figures")
    shutil.copytree(KATEX / "fonts", static / "katex" / "fonts")
    for name in ("katex.min.css", "katex.min.js"):
        shutil.copy(KATEX / name, static / "katex")
    shutil.copy(SITE / "conf.py", source)
    for name in ("LICENSE", "LICENSE-TEXT", "CITATION.cff", "site/accessibility.md"):
        shutil.copy(ROOT / name, source)
    (source / "notebooks").mkdir()
    (static / "notebooks").mkdir()
    os.chdir(ROOT / "notebooks")
    for path in sorted(Path().glob("*.ipynb")):
        print(path.name, flush=True)
        notebook = prepared(path, static)
        copy_linked(prose(notebook), source)
        if path.stem == FIRST:
            home = front_page(first_panel(notebook), given.address, given.lite)
            (source / "index.md").write_text(home, "utf-8")
            (static / "card.png").write_bytes(card(path))
        headed(notebook, path.stem, given.address, given.lite)
        nbformat.write(notebook, source / "notebooks" / path.name)
        shutil.copy(path, static / "notebooks")
    guide = GUIDE.read_text("utf-8")
    copy_linked(guide, source)
    guide = guide.replace("../README.md#open-it", "../index.md#open-it")
    guide = front_matter(to_sections(guide), guide.split("\n\n")[1], given.address)
    (source / "notebooks" / GUIDE.name).write_text(guide, "utf-8")
    from sphinx.cmd.build import main as sphinx

    told = ["--fail-on-warning", "--keep-going", "-q", "-D", f"html_baseurl={given.address}"]
    if sphinx([*told, str(source), str(folder / "html")]):
        sys.exit(1)
    if given.address:
        write_sitemap(folder / "html", given.address)
    print(folder / "html" / "index.html")


if __name__ == "__main__":
    main()
