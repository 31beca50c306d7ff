"""Pictures of numbers, each with the words that say what it shows.

A *picture* is a function ``picture(figure) -> Words``. A *drawing* is a class for pictures that
move: its constructor draws what stands still, ``update(**state)`` sets what moves and returns the
words. ``PICTURES`` of each module lists the pictures that have a file in ``figures/``.
"""

from typing import NamedTuple

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's hues, which color-blind readers can tell apart (jfly.uni-koeln.de/color).
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GRAY = "#767676"
# The hues of text on white: the same, dark enough for a contrast of 4.5 to 1.
INK = {BLUE: BLUE, ORANGE: "#9A6B00", GREEN: "#008460", VERMILION: "#BE5400"}

STYLE = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 14,
    "figure.dpi": 100,
    "font.family": "DejaVu Sans",
    "font.size": 13,
    "legend.frameon": False,
    "savefig.dpi": 100,
    "svg.hashsalt": "softmaxlab",
}


class Words(NamedTuple):
    """What a picture says: one sentence, and its numbers as rows of text, the header first."""

    sentence: str
    table: list = []  # noqa: RUF012 - a NamedTuple field, never changed


class Drawing:
    """A picture that moves.

    A subclass draws in its constructor what stands still, and puts every artist that changes
    into ``self.moving``. Those are drawn above all that stands still, in the order of the list,
    so each needs a higher ``zorder`` than the axes' own lines (2.5), and than those before it.
    Texts and axes of these that few controls change, and that stand free, are in ``self.seldom``
    too: text costs the most of a frame, and these are drawn only after one of them has changed.
    """

    def __init__(self, figure):
        self.figure = figure
        self.moving = []
        self.seldom = []

    def update(self, **state):
        """Sets the moving artists from `state` and returns their `Words`."""
        raise NotImplementedError


def new_figure(width=8.6, height=4.2):
    """A figure of `width` x `height` inches that pyplot does not know, on an Agg canvas."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def paint(picture):
    """Runs ``picture(figure)`` in the course's style; returns the figure and its `Words`."""
    with matplotlib.rc_context(STYLE):
        figure = new_figure()
        return figure, picture(figure)
