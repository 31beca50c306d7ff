"""Writes every picture of the course into this folder: python figures/make.py.

Each picture is a function in softmaxlab/drawing, and its file has the function's name.
"""

import importlib
from pathlib import Path

import matplotlib

from softmaxlab.drawing import STYLE, paint

FIGURES = Path(__file__).resolve().parent
NOTEBOOKS = FIGURES.parent / "notebooks"


def pictures():
    """The functions of all drawing modules that draw a picture, by name."""
    stems = sorted(path.stem for path in (NOTEBOOKS / "softmaxlab" / "drawing").glob("[a-z]*.py"))
    modules = [importlib.import_module(f"softmaxlab.drawing.{stem}") for stem in stems]
    return {picture.__name__: picture for module in modules for picture in module.PICTURES}


def write(picture, folder):
    """Writes ``picture(figure)`` into `folder`, with its sentence as title; returns the path."""
    figure, words = paint(picture)
    path = folder / f"{picture.__name__}.svg"
    with matplotlib.rc_context(STYLE):
        figure.savefig(path, metadata={"Date": None, "Creator": None, "Title": words.sentence})
    return path


def main():
    found = pictures()
    for number, picture in enumerate(found.values(), 1):
        print(f"[{number}/{len(found)}] {write(picture, FIGURES).name}")


if __name__ == "__main__":
    main()
