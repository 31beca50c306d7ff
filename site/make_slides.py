"""Makes a talk of each notebook, web pages of slides: python site/make_slides.py [folder].

What is on a slide says the `slideshow` metadata of the cells; Jupyter's own nbconvert cuts them.
The pages need no network and no kernel: reveal.js shows them, KaTeX sets the formulas, panels are
pictures. Where build.py has made its pages before, in the same folder, one slider a panel moves.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

try:
    import nbformat
    from a11y_pygments.a11y_high_contrast_light.style import Theme
    from conf import LICENSE
    from nbconvert import SlidesExporter
    from pygments.formatters import HtmlFormatter
except ModuleNotFoundError as error:
    if __name__ != "__main__":
        raise
    sys.exit(f"{error}: python -m pip install -r site/requirements.txt")

SITE = Path(__file__).resolve().parent
MODULES = SITE.parent / "node_modules"
NOTEBOOKS = SITE.parent / "notebooks"

SHARED = (
    "reveal.js/dist/reveal.js",
    "reveal.js/dist/reveal.css",
    "reveal.js/dist/plugin/notes.js",
    "katex/dist/katex.min.js",
    "katex/dist/katex.min.css",
    "katex/dist/contrib/auto-render.min.js",
)
LINES, COLUMNS = 17, 90
LICENSED = f"""<p class="license">{LICENSE} To change this talk, change its notebook and run
<code>python site/make_slides.py</code>.</p>"""


def copy_shared(shared):
    """Copies into the folder `shared` what all talks need."""
    shutil.copytree(MODULES / "katex" / "dist" / "fonts", shared / "fonts")
    for name in SHARED:
        shutil.copy(MODULES / name, shared)
    style = HtmlFormatter(style=Theme).get_style_defs(".highlight")
    sheet = (SITE / "slides" / "slides.css").read_text("utf-8")
    shutil.copy(SITE / "static" / "site.js", shared)
    (shared / "slides.css").write_text(f"{style}\n{sheet}", "utf-8")


def said(output):
    """What `output` says in plain text."""
    return output.get("text", output.get("data", {}).get("text/plain", ""))


def moving(folder, path):
    """The panels of the notebook at `path`, as build.py has made them in `folder`: HTML by cell."""
    made = folder / "source" / "notebooks" / path.name
    cells = nbformat.read(made, as_version=4).cells if made.exists() else []
    return {
        cell.id: output.data["text/html"].replace("../_static", "../html/_static")
        for cell in cells
        for output in cell.get("outputs", [])
        if '<div class="panel">' in output.get("data", {}).get("text/html", "")
    }


def put_on_slide(cell, panel):
    """Leaves in a cell of code what belongs on a slide; `panel` is the HTML of its moving panel.

    A picture stands alone with its sentence, and what a long cell prints stands alone.
    """
    pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    if panel:
        cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": panel})]
    else:
        cell.outputs = pictures or cell.outputs
    code = cell.source.splitlines()
    lines = len(code) + sum(len(said(output).splitlines()) for output in cell.outputs)
    long = lines > LINES or max(map(len, code)) > COLUMNS
    cell.metadata["transient"] = {"remove_source": bool(pictures or (long and cell.outputs))}


def prepared(path, panels):
    """The notebook at `path` for slides; `panels` has the HTML of those that move, by cell.

    The last slide has the license. Links lead from talk to talk, and to no file of the checkout.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            put_on_slide(cell, panels.get(cell.id))
        else:
            links = re.sub(r"(?<=\]\()(\d\d_\w+)\.ipynb", r"\1.html", cell.source)
            cell.source = re.sub(r"\[([^]]+)\]\((?!https?:|\d\d_)[^)]+\)", r"\1", links)
    notebook.cells.append(nbformat.v4.new_markdown_cell(LICENSED))
    return notebook


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SITE / "_build")
    folder = parser.parse_args().folder.resolve()
    slides = folder / "slides"
    if not all((MODULES / name).exists() for name in SHARED):
        sys.exit("Slides need reveal.js and KaTeX: npm install")
    shutil.rmtree(slides, ignore_errors=True)
    slides.mkdir(parents=True)
    copy_shared(slides / "shared")
    exporter = SlidesExporter(template_name="slides", extra_template_basedirs=[str(SITE)])
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        notebook = prepared(path, moving(folder, path))
        title = notebook.cells[0].source.partition("\n")[0].lstrip("# ")
        page, _ = exporter.from_notebook_node(notebook, {"title": title})
        talk = slides / f"{path.stem}.html"
        talk.write_text(page, "utf-8")
        print(talk)


if __name__ == "__main__":
    main()
