"""Pictures of notebook 03: where three softmaxes fail in the plane of two logits.

The numbers come from `softmaxlab.regions`: the colors of the maps are measured there, the lines
are computed from the format alone.
"""

import math

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from .. import floats
from ..regions import (
    ARITHMETIC,
    CLASSES,
    INACCURATE,
    NAN,
    WRONG,
    ZERO,
    Window,
    boundaries,
    limits,
    measure,
    safe_for_g,
    safe_gap,
    window,
)
from . import BLACK, PURPLE, SKY, YELLOW, Drawing, Words
from .shared import DOTS, KIND_COLORS, KIND_MARKS

_MAP = ListedColormap(KIND_COLORS)
_CASED = [withStroke(linewidth=3.5, foreground="white")]
_PEN = {"color": BLACK, "lw": 1.6, "zorder": 5}
_NAME = {"ha": "center", "va": "center", "path_effects": _CASED, "zorder": 6}
_ROWS = 5
_ROW_NAMES = (
    "A: sure to be right between the solid lines; beyond the dotted ones small p is subnormal",
    "B: solid, an exp overflows; dotted, exp is subnormal; dash-dot, exp is 0",
    "G: sure to be right inside the solid line",
)
_SHORT = {
    "overflow": "an exp overflows",
    "sum": "the sum overflows",
    "subnormal": "exp is subnormal",
    "off": "exp can be 1 % off",
    "zero": "exp is 0",
}
LINES = {
    "overflow": "-",
    "sum": "--",
    "subnormal": ":",
    "off": (0, (7, 2.5)),
    "zero": "-.",
    "gap": "-",
    "tail": ":",
    "safe": "-",
}
_IN_ATLAS = tuple(name for name in LINES if name not in ("sum", "off"))


def captions(variant, dtype, n):
    """What each of the `boundaries` is, with its number."""
    t = limits(dtype, n)
    if variant == "A":
        gap = f"|a \N{MINUS SIGN} b| = {safe_gap(dtype, n):.0f}"
        return {
            "gap": f"{gap}: beyond it rounding the gap\nmay cost the small p its last digits",
            "tail": "beyond it the small p is subnormal",
        }
    if variant == "G":
        if not len(safe_for_g(dtype, n)[0]):
            return {"safe": "the bound for G holds nowhere"}
        return {"safe": "inside, |lse| is so small that G is right"}
    return {
        "overflow": f"exp overflows above {number(t['overflow'])}",
        "sum": f"the sum overflows; on a = b above {number(t['largest'] - math.log(n))}",
        "subnormal": f"exp is subnormal below {number(t['subnormal'])}",
        "off": f"exp can be 1 % off below {number(t['off'])}",
        "zero": f"exp is 0 below {number(t['zero'])}",
    }


def number(x):
    """`x` to four digits, with a true minus sign."""
    return f"{x:.4g}".replace("-", "\N{MINUS SIGN}")


class Map:
    """A map of the plane on `ax`: cells colored and marked by class, lines for the `boundaries`.

    Parameters
    ----------
    ax : Axes
    cells : int
        Along a side.
    fontsize : float
        Of the names of the classes on the map.
    lines : iterable of str
        The boundaries that are drawn, of `LINES`.
    """

    def __init__(self, ax, cells, fontsize=13, lines=tuple(LINES)):
        self.ax, self.cells, self.fontsize = ax, cells, fontsize
        grid, whole = np.linspace(0, 1, cells + 1), ax.transAxes
        self.mesh = ax.pcolormesh(
            grid,
            grid,
            np.zeros((cells, cells)),
            cmap=_MAP,
            vmin=-0.5,
            vmax=len(CLASSES) - 0.5,
            transform=whole,
            rasterized=True,
            zorder=3,
        )
        self.marks = {
            kind: ax.plot([], [], marker=mark, transform=whole, zorder=4, **DOTS)[0]
            for kind, mark in KIND_MARKS.items()
        }
        self.lines = {
            name: ax.plot([], [], ls=LINES[name], path_effects=_CASED, **_PEN)[0] for name in lines
        }
        self.names = [
            ax.text(0, 0, "", transform=whole, fontsize=fontsize, **_NAME) for _ in CLASSES
        ]
        self.names[NAN].set(color="white", path_effects=[])
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(4, prune="both"))
        ax.ticklabel_format(useOffset=False)
        parts = (self.marks.values(), self.lines.values(), self.names)
        self.moving = [
            ax.xaxis,
            ax.yaxis,
            self.mesh,
            *(artist for part in parts for artist in part),
        ]

    def update(self, variant, dtype, n, where):
        """Shows the map of the `Window` `where`, whose classes it returns."""
        from scipy.ndimage import distance_transform_edt

        classes = measure(variant, dtype, n, where)
        low, high = where.edges[[0, -1]]
        if self.ax.get_xlim() != (low, high):
            self.ax.set(xlim=(low, high), ylim=(low, high))  # and only then the axes are drawn anew
        self.mesh.set_array(classes)
        i, j = np.indices(classes.shape)
        for kind, marks in self.marks.items():
            chosen = (classes == kind) & ((i + 2 * j) % 5 == 0)
            marks.set_data((j[chosen] + 0.5) / self.cells, (i[chosen] + 0.5) / self.cells)
        drawn = boundaries(variant, dtype, n, where)
        for name, line in self.lines.items():
            line.set_data(*drawn.get(name, ((), ())))
        width = self.ax.get_window_extent().width / self.ax.figure.dpi * 72
        for kind, (name, text) in enumerate(zip(self.names, CLASSES, strict=True)):
            depth = distance_transform_edt(np.pad(classes == kind, 1))[1:-1, 1:-1]
            row, column = np.unravel_index(depth.argmax(), depth.shape)
            room = depth[row, column] / self.cells * width > 0.3 * self.fontsize * len(text)
            name.set(text=text if room else "")
            name.set_position(((column + 0.5) / self.cells, (row + 0.5) / self.cells))
        return classes


def shares(classes):
    """The share of each of `CLASSES` in percent, as text."""
    parts = np.bincount(classes.ravel(), minlength=len(CLASSES)) / classes.size
    return [_percent(part) for part in parts]


def _percent(part):
    if 0 < part < 0.005:
        return "under 1 %"
    if 0.995 <= part < 1:
        return "over 99 %"
    return f"{100 * part:.0f} %"


class OverflowRegions(Drawing):
    """One map, its legend with the share of each class, and what its boundaries are."""

    def __init__(self, figure):
        super().__init__(figure)
        ax = figure.add_axes((0.115, 0.145, 0.37, 0.758))
        middle = {"fontsize": 13, "ha": "center", "va": "center", "zorder": 5}
        figure.text(0.3, 0.03, "a, the logit of one class", **middle)  # an axis would draw it anew
        self.others = figure.text(0.02, 0.524, "", rotation=90, **middle)
        self.title = figure.text(0.115, 0.935, "", fontsize=15, zorder=5)
        self.map = Map(ax, 50)
        side = figure.add_axes((0.507, 0, 0.5, 1), xlim=(0, 1), ylim=(0, 1))
        side.axis("off")
        self.shares, self.samples, self.captions = [], {}, []
        for kind, name in enumerate(CLASSES):
            y = 0.93 - 0.078 * kind
            side.add_patch(
                Rectangle((0.02, y - 0.028), 0.07, 0.056, fc=KIND_COLORS[kind], ec=BLACK)
            )
            side.plot([0.04, 0.07], [y, y], marker=KIND_MARKS.get(kind, ""), **DOTS)
            side.text(0.12, y, name, va="center")
            self.shares.append(side.text(0.62, y, "", va="center", ha="right", zorder=5))
        for row in range(_ROWS):
            y = 0.47 - 0.078 * row
            self.captions.append(side.text(0.12, y, "", va="center", fontsize=12.5, zorder=5))
            self.samples[row] = side.plot([0.005, 0.1], [y, y], **_PEN)[0]
        self.seldom = [ax.xaxis, ax.yaxis]
        self.moving = [*self.map.moving, *self.samples.values(), *self.shares]
        self.moving += [*self.captions, self.others, self.title]

    def update(self, dtype, n, variant, around, zoom):
        """Measures the map of a variant and shows it.

        Parameters
        ----------
        dtype : str
            "float16", "float32" or "float64".
        n : int
            Classes in a row.
        variant : str
            "A", "B" or "G".
        around, zoom
            As for `window`.

        Returns
        -------
        Words
        """
        where = window(dtype, around, zoom)
        self.classes = self.map.update(variant, dtype, n, where)
        others = "the other logit" if n == 2 else f"the logit of the other {n - 1}"
        self.others.set_text(f"b, {others}")
        self.title.set_text(f"{variant} in {dtype}, {n} classes")
        parts = shares(self.classes)
        for text, part in zip(self.shares, parts, strict=True):
            text.set_text(part)
        texts = list(captions(variant, dtype, n).items())
        for row, caption in enumerate(self.captions):
            name, text = texts[row] if row < len(texts) else ("gap", "")
            caption.set_text(text)
            self.samples[row].set(linestyle=LINES[name], visible=bool(text))
        low, high = where.edges[[0, -1]]
        listed = ", ".join(f"{part} {name}" for part, name in zip(parts, CLASSES, strict=True))
        sentence = (
            f"{variant} in {dtype} with {n} classes, a and b from {number(low)} to {number(high)}: "
            f"{listed}. {self._nearest(where, dtype)}"
        )
        table = [["result", "cells", "share"]]
        counts = np.bincount(self.classes.ravel(), minlength=len(CLASSES))
        table += [[*row] for row in zip(CLASSES, map(str, counts), parts, strict=True)]
        return Words(sentence, table)

    def _nearest(self, where, dtype):
        failed = self.classes >= WRONG
        if not failed.any():
            return "Nothing here is silently wrong, zero or nan."
        pairs = where.pairs(dtype).astype(float)
        distance = np.where(failed, np.hypot(pairs[..., 0], pairs[..., 1]), np.inf)
        place = np.unravel_index(distance.argmin(), distance.shape)
        a, b = pairs[place]
        kind = CLASSES[self.classes[place]]
        return f"The failure nearest to (0, 0): {kind} at a = {number(a)}, b = {number(b)}."


def _maps(figure, states, shape, title, lines=tuple(LINES), **places):
    """Draws a map for each (variant, dtype, n, window) of `states`; returns their classes."""
    axes = figure.subplots(*shape, squeeze=False)
    figure.subplots_adjust(left=0.1, right=0.985, **places)
    classes = []
    for ax, state in zip(axes.flat, states, strict=True):
        classes.append(Map(ax, state[-1].cells, 12, lines).update(*state))
        ax.set_title(title(*state[:3]), fontsize=13)
        ax.set_box_aspect(1)
    for ax in axes[-1]:
        ax.set_xlabel("a")
    for ax in axes[:, 0]:
        ax.set_ylabel("b", rotation=0, labelpad=10)
    return classes


def _legend(figure, lines=()):
    """Names the classes, and the `lines`, at the foot of the figure."""
    boxes = [
        (Patch(fc=color, ec=BLACK), Line2D([], [], marker=KIND_MARKS.get(kind, ""), **DOTS))
        for kind, color in enumerate(KIND_COLORS)
    ]
    foot = {"loc": "lower center", "columnspacing": 1.2}
    height = 0.06 if lines else 0
    figure.legend(boxes, CLASSES, ncol=5, bbox_to_anchor=(0.5, height), **foot)
    if lines:
        samples = [Line2D([], [], color=BLACK, ls=LINES[name]) for name in lines]
        names = [_SHORT[name] for name in lines]
        figure.legend(samples, names, ncol=len(names), bbox_to_anchor=(0.5, -0.01), **foot)


def overflow_atlas(figure):
    """A, B and G in float16, float32 and float64, for two classes: where each is right."""
    figure.set_size_inches(8.6, 9.2)
    states = [(v, d, 2, window(d, cells=60)) for v in ARITHMETIC for d in DTYPES]
    places = {"top": 0.93, "bottom": 0.1, "hspace": 0.5}
    classes = _maps(figure, states, (3, 3), lambda v, d, n: f"{v} in {d}", _IN_ATLAS, **places)
    for ax, text in zip(figure.axes[::3], _ROW_NAMES, strict=True):
        ax.annotate(text, (-0.1, 1.2), xycoords="axes fraction", fontsize=12.5)
    _legend(figure)
    failed = np.reshape([(found >= ZERO).mean() for found in classes], (3, 3))
    blurred = np.reshape([(found == INACCURATE).mean() for found in classes], (3, 3))

    def listed(parts):
        return ", ".join(f"{_percent(part)} ({d})" for part, d in zip(parts, DTYPES, strict=True))

    return Words(
        f"A and G give zeros or nan in {_percent(failed[[0, 2]].mean())} of the cells, B in "
        f"{listed(failed[1])}, and the lines of overflow and of exp 0, computed from the formats "
        f"alone, run where B turns to nan and zero; A is inaccurate in {listed(blurred[0])}, "
        f"G in {listed(blurred[2])}."
    )


def overflow_corner(figure):
    """B in float64 where exp is about to overflow, for 2, 10 and 1000 classes."""
    where = Window(706, 9.0, 60)
    states = [("B", "float64", n, where) for n in (2, 10, 1000)]
    places = {"top": 0.93, "bottom": 0.28}
    _maps(figure, states, (1, 3), lambda v, d, n: f"{n} classes", **places)
    _legend(figure, ("overflow", "sum"))
    limits = [floats.sum_overflow("float64", n) for n in (2, 10, 1000)]
    return Words(
        f"No exp overflows up to {floats.last_finite_exp('float64'):.2f}, but on the line a = b "
        f"the sum does from {limits[0]:.2f}, {limits[1]:.2f} and {limits[2]:.2f} on for 2, 10 and "
        "1000 classes, and between the two limits B returns zeros."
    )


def underflow_corner(figure):
    """B in float16 and in float64 where exp underflows: silently wrong, zero, then nan."""
    windows = {"float16": Window(-14.0, 6.0, 60), "float64": Window(-730.0, 30.0, 60)}
    states = [("B", d, 2, where) for d, where in windows.items()]
    places = {"top": 0.93, "bottom": 0.28}
    _maps(figure, states, (1, 2), lambda v, d, n: f"{v} in {d}", **places)
    _legend(figure, ("subnormal", "off", "zero"))
    strips = {d: [limits(d, 2)[name] for name in ("off", "zero")] for d in windows}
    listed = " and ".join(
        f"from {number(off)} to {number(zero)} in {d}" for d, (off, zero) in strips.items()
    )
    return Words(
        f"Before exp becomes 0 it has so few bits left that B can be silently wrong: {listed}; "
        "there each p is finite and they sum to 1."
    )


def thresholds_of_exp(figure):
    """For four formats, the x where exp(x) is 0, subnormal, normal and infinite."""
    ax = figure.subplots()
    figure.subplots_adjust(left=0.115, right=0.985, top=0.98, bottom=0.12)
    ends = {
        name: (
            floats.first_zero_exp(name),
            floats.first_subnormal_exp(name),
            floats.last_finite_exp(name),
        )
        for name in floats.FORMATS
    }
    for row, numbers in enumerate(ends.values()):
        places = np.array(numbers) / -numbers[0]
        stops = [-1.3, *places, 1.3]
        for kind, color in enumerate((PURPLE, YELLOW, SKY, BLACK)):
            left, right = stops[kind : kind + 2]
            ax.barh(row, right - left, 0.45, left, color=color, ec=BLACK)
            if right - left > 0.25:
                text = ("0", "subnormal", "normal", "inf")[kind]
                color = "white" if text == "inf" else BLACK
                ax.text((left + right) / 2, row, text, ha="center", va="center", color=color)
        for x, place, ha in zip(numbers, places, ("right", "left", "left"), strict=True):
            ax.text(place, row - 0.27, number(x), ha=ha, fontsize=12)
    ax.set(xlim=(-1.3, 1.3), ylim=(3.4, -0.6), xlabel="x, on a scale of its own for each format")
    ax.set_xticks([0], ["0"])
    ax.set_yticks(range(4), list(ends))
    ax.spines.left.set_visible(False)
    ax.tick_params(axis="y", length=0)
    listed = ", ".join(f"{number(last)} ({name})" for name, (_, _, last) in ends.items())
    return Words(
        f"exp overflows above {listed}; between the numbers for 0 and for normal lies a strip of "
        f"subnormal results, {ends['float16'][1] - ends['float16'][0]:.1f} wide in float16 and "
        f"{ends['float64'][1] - ends['float64'][0]:.1f} in float64."
    )


DTYPES = ("float16", "float32", "float64")
PICTURES = (thresholds_of_exp, overflow_atlas, overflow_corner, underflow_corner)
