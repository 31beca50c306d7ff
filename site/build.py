"""Makes the course without a kernel, a folder of web pages: python site/build.py [folder].

Pages hold the committed outputs. Where a panel of sliders stands, its cell is run here, and its
controls move through pictures that were drawn beforehand.
"""

import argparse
import ast
import contextlib
import html
import io
import json
import numbers
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
from panels import moving, say_together

from softmaxlab import exercises
from softmaxlab.panel import Panel
from softmaxlab.quiz import Quiz

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
START = """<p class="start"><a href="notebooks/00_start_here.html">Start reading</a>
<a href="notebooks/teachers_guide.html">Take it to class</a></p>
"""
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


def tags(cell):
    return cell.metadata.get("tags", [])


def entry(value, rtol=None, digits=None):
    """One measured value for the page: of which kind, in words, and how far a guess may be off."""
    if isinstance(value, (bool, np.bool_, str)):
        return {"kind": "word" if isinstance(value, str) else "truth", "said": str(value)}
    if rtol is None:
        rtol = 0 if isinstance(value, numbers.Integral) else 0.02
    near = {"rtol": rtol, "atol": 0} if digits is None else {"rtol": 0, "atol": 1.001 / 10**digits}
    return {"kind": "number", "value": str(float(value)), "said": f"{value:.6g}", **near}


def prediction(name, measured, unit, settings, named, timed):
    """A field for the prediction called `name`, as HTML; nothing judges what was a time."""
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
        measured=html.escape("" if timed else json.dumps({"several": several, "of": entries})),
        field=field.format(asked=f"{asked}:", name=name),
    )


def ask(cells, measured):
    """Puts a field below each cell of predictions, and tags the cells whose results it folds.

    `measured` has what `compare` was given for each name.
    """
    names, field_cell = [], None
    for cell, below in zip(cells, [*cells[1:], None], strict=True):
        if cell.cell_type != "code":
            continue
        if "predict" in tags(cell):
            field_cell, names = cell, re.findall(r"^(\w+) = \.\.\.", cell.source, re.MULTILINE)
            several = len(names) > 1
            continue
        if not names:
            continue
        cell.metadata["tags"] = [*tags(cell), f"of-{names[0]}"]
        if names[0] in COMPARED.findall(cell.source):
            name = names.pop(0)
            timed = "timing" in tags(cell)
            shown = nbformat.v4.new_output("display_data")
            shown.data = {"text/html": prediction(name, *measured[name], several, timed)}
            field_cell.outputs.append(shown)
            cell.outputs = [
                out
                for out in cell.outputs
                if exercises.NO_GUESS not in out.get("data", {}).get("text/plain", "")
            ]
            if below is not None and below.source.startswith(TOLD):  # the page folds both as one
                told = below.source.removeprefix(TOLD)
                below.source = told.replace("\n\n</details>", END_OF_TOLD, 1)


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
    notebook, space = nbformat.read(path, as_version=4), {"__name__": path.stem}
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    last = max((n for n, cell in enumerate(code) if WORKS.search(cell.source)), default=-1)
    with watched() as given:
        values = [run(cell.source, space) for cell in code[: last + 1]]
        values += [None] * (len(code) - len(values))
    names = [name for cell in code for name in COMPARED.findall(cell.source)]
    for cell, value in zip(code, values, strict=True):
        pictures = [out for out in cell.outputs if "image/png" in out.get("data", {})]
        if isinstance(value, Quiz):
            live(cell, value)
        elif isinstance(value, Panel) and pictures:
            moved = nbformat.v4.new_output("display_data")
            moved.data = {"text/html": moving(value, path.stem, static)}
            cell.outputs = [moved]
            say_together(notebook.cells[notebook.cells.index(cell) + 1 :], path.stem)
        elif pictures:
            (picture,) = pictures
            shown = picture.metadata["image/png"]
            cell.metadata["mystnb"] = {"image": {"alt": shown["alt"], "width": shown["width"]}}
    ask(notebook.cells, dict(zip(names, given, strict=True)))
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


def front_page():
    """The README's first section, its notebooks and its doors, as the page that lists them."""
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
    entries.append(("For teachers", f"notebooks/{GUIDE.stem}"))
    tree = "\n".join(["```{toctree}", ":hidden:", *(f"{name} <{page}>" for name, page in entries)])
    return "\n".join([sections[0], START, listed, opened, tree, "```", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SITE / "_build")
    folder = parser.parse_args().folder.resolve()
    if not KATEX.exists():
        sys.exit("Formulas need KaTeX: npm install")
    shutil.rmtree(folder, ignore_errors=True)
    source = folder / "source"
    static = source / "static"
    shutil.copytree(SITE / "static", static)
    shutil.copytree(ROOT / "figures", source / "figures")
    shutil.copytree(KATEX / "fonts", static / "katex" / "fonts")
    for name in ("katex.min.css", "katex.min.js"):
        shutil.copy(KATEX / name, static / "katex")
    shutil.copy(SITE / "conf.py", source)
    (source / "index.md").write_text(front_page(), "utf-8")
    (source / "notebooks").mkdir()
    os.chdir(ROOT / "notebooks")
    for path in sorted(Path().glob("*.ipynb")):
        print(path.name, flush=True)
        notebook = prepared(path, static)
        copy_linked(prose(notebook), source)
        nbformat.write(notebook, source / "notebooks" / path.name)
    guide = GUIDE.read_text("utf-8")
    copy_linked(guide, source)
    guide = guide.replace("../README.md#open-it", "../index.md#open-it")
    (source / "notebooks" / GUIDE.name).write_text(guide, "utf-8")
    sphinx = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "-q"]
    subprocess.run([*sphinx, source, folder / "html"], check=True)
    print(folder / "html" / "index.html")


if __name__ == "__main__":
    main()
