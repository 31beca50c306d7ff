"""What several drawings share: colors, marks, the triangle, and numbers and lists in words."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from ..regions import INACCURATE, WRONG, ZERO
from . import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, YELLOW

KIND_COLORS = (SKY, YELLOW, VERMILION, PURPLE, BLACK)
KIND_MARKS = {INACCURATE: ".", WRONG: "x", ZERO: "$0$"}
DOTS = {"color": BLACK, "ls": "", "ms": 4.5, "mew": 0.8}

CLASS_COLORS = (BLUE, ORANGE, GREEN)
# For numbers of either sign: blue below 0, white at 0, orange above.
SIGNED = LinearSegmentedColormap.from_list("signed", [BLUE, "white", ORANGE])
CORNERS = np.array([[0.5, np.sqrt(0.75)], [0.0, 0.0], [1.0, 0.0]])


def listed(items):
    """Two or more texts in words: "a, b and c"."""
    *most, last = items
    return f"{', '.join(most)} and {last}"


def triangle(ax, labels):
    """Draws the triangle of all distributions over three classes, a label at each corner."""
    ax.fill(*CORNERS.T, facecolor="none", edgecolor=BLACK, lw=1.2)
    ax.set(xlim=(-0.14, 1.14), ylim=(-0.14, 1), aspect="equal")
    ax.axis("off")
    for label, (x, y) in zip(labels, CORNERS, strict=True):
        above = y > 0
        ax.text(
            x, y + (0.04 if above else -0.05), label, ha="center", va="bottom" if above else "top"
        )


def digits(p, below="<", above=">"):
    """`p` to four digits, but never 0 or 1 for what lies between them."""
    if p < 0.00005:
        return f"{below} 0.0001"
    return f"{above} 0.9999" if p >= 0.99995 else f"{p:.4f}"


PICTURES = ()
