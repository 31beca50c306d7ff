"""Pictures of notebook 05: where each of the thread's seven is right, and how the others fail."""

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..atlas import (
    CELLS,
    JOBS,
    OFFSETS,
    OUTCOMES,
    RAISES,
    SPREADS,
    measure,
    middles,
    outcome,
    scores,
)
from ..checkup import examine
from ..regions import INACCURATE, LOST, NAN, RIGHT, WRONG, ZERO
from ..thread import THREAD
from . import BLACK, GRAY, ORANGE, VERMILION, Drawing, Words
from .shared import DOTS, KIND_COLORS, KIND_MARKS

COLORS = (*KIND_COLORS, "white")
MARKS = KIND_MARKS | {RAISES: "_"}


def thread_atlas(figure):
    """Where each of the seven is right at the job that it serves, over offset and spread."""
    figure.set_size_inches(8.6, 5.6)
    axes = figure.subplots(2, 4, sharex=True, sharey=True)
    figure.subplots_adjust(left=0.085, right=0.985, top=0.945, bottom=0.2, hspace=0.22, wspace=0.1)
    colors = ListedColormap(COLORS)
    maps = {}
    for ax, (letter, shape, axis, title) in zip(axes.flat, JOBS, strict=True):
        kinds = maps[title] = measure(letter, shape, axis)
        edges = [np.linspace(*ends, CELLS + 1) for ends in (OFFSETS, SPREADS)]
        ax.pcolormesh(
            *edges, kinds, cmap=colors, vmin=-0.5, vmax=len(COLORS) - 0.5, rasterized=True
        )
        i, j = np.indices(kinds.shape)
        for kind, mark in MARKS.items():
            chosen = (kinds == kind) & ((i + 2 * j) % 5 == 0)
            places = middles(*OFFSETS)[j[chosen]], middles(*SPREADS)[i[chosen]]
            ax.plot(*places, marker=mark, **DOTS)
        ax.set_title(title, fontsize=13)
        ax.set_xticks([-10, 0, 10], ["$-10^{10}$", "0", "$10^{10}$"])
        ax.set_yticks([0, 2, 4], ["1", "100", "$10^4$"])
        ax.spines[:].set_visible(True)
    figure.text(0.535, 0.1, "offset added to all scores", ha="center")
    figure.text(0.012, 0.57, "spread of the scores", va="center", rotation=90)
    boxes = [
        (Patch(fc=color, ec=BLACK), Line2D([], [], marker=MARKS.get(kind, ""), **DOTS))
        for kind, color in enumerate(COLORS)
    ]
    figure.legend(boxes, OUTCOMES, ncol=6, loc="lower center", columnspacing=1, handlelength=1.5)
    return Words(_say(maps))


def _say(maps):
    def share(title, *kinds):
        return f"{100 * np.isin(maps[title], kinds).mean():.0f} %"

    soft = [maps[title] for title in ("A: all at once", "D: rows")]
    never = "never worse than inaccurate" if np.max(soft) <= INACCURATE else "not always right"
    return (
        f"A and D are {never}; B is nan in {share('B: columns', NAN)} of the cells, E in "
        f"{share('E: rows', NAN)}, F in {share('F: columns', NAN)}; G is inaccurate in "
        f"{share('G: all at once', INACCURATE)} and silently wrong in "
        f"{share('G: all at once', WRONG)}; C is silently wrong, zero or nan in "
        f"{share('C: rows, square', WRONG, ZERO, NAN)} of the square, and raises in "
        f"{share('C: rows, 3 by 4', RAISES)} of 3 by 4."
    )


class OnTheTable(Drawing):
    """Each slice of the scores in a line, and beside it what a variant makes of it."""

    def __init__(self, figure):
        super().__init__(figure)
        ax = figure.add_axes((0, 0, 1, 1), xlim=(0, 8.6), ylim=(3.7, 0))
        ax.axis("off")
        ax.text(_LEFT, 0.26, "scores, one slice a line")
        ax.text(_BARS, 0.26, "bars: result, lines: exact, x: nan")
        ax.text(_SUM, 0.26, "sum", ha="right")
        pen = {"color": BLACK, "zorder": 3}
        self.floor = ax.add_collection(LineCollection([], lw=1, **pen | {"color": GRAY}))
        self.bars = ax.add_collection(PolyCollection([], fc=ORANGE, ec=BLACK, zorder=4))
        self.ticks = ax.add_collection(LineCollection([], lw=3, **pen | {"zorder": 5}))
        self.lost = ax.plot([], [], "x", color=VERMILION, ms=9, mew=2.5, zorder=6)[0]
        text = {"va": "bottom", "zorder": 7}
        self.numbers = [ax.text(_LEFT, 0, "", family="monospace", **text) for _ in range(_LINES)]
        self.sums = [ax.text(_SUM, 0, "", ha="right", **text) for _ in range(_LINES)]
        box = {"fc": "white", "ec": "none"}
        self.message = ax.text(_BARS, 1.9, "", fontsize=15, va="center", zorder=8, bbox=box)
        self.moving = [
            self.floor,
            self.bars,
            self.ticks,
            self.lost,
            *self.numbers,
            *self.sums,
            self.message,
        ]
        self.checkups = {letter: examine(THREAD[letter].function) for letter in THREAD}

    def update(self, variant, shape, offset, unit, spread):
        """Runs a variant on the `scores` of this state, wanted along the last axis.

        Parameters
        ----------
        variant : str
            "A" to "G".
        shape : tuple of int
        offset, unit, spread : float
            The offset is ``offset * unit``.

        Returns
        -------
        Words
        """
        self.x = scores(offset * unit, spread, shape)
        self.kind, self.p, self.expected = outcome(variant, self.x, -1)
        lines, wanted = self.x.reshape(-1, 4), self.expected.reshape(-1, 4)
        got = None if self.kind == RAISES else self.p.reshape(-1, 4)
        height = min(1.0, 3.2 / len(lines))
        floors = 0.42 + height * np.arange(1, len(lines) + 1)
        lefts = _BARS + _STEP * np.arange(4)
        self.floor.set_segments([[(_LEFT, y), (_SUM, y)] for y in floors])
        tops = floors[:, None] - 0.66 * height * wanted
        self.ticks.set_segments(
            [[(x, y), (x + _WIDE, y)] for row in tops for x, y in zip(lefts, row, strict=True)]
        )
        for i, (text, line) in enumerate(zip(self.numbers, [*lines, *[()] * 6], strict=False)):
            text.set(text="".join(f"{v:>10.5g}" for v in line), y=floors[i % len(floors)])
        self._show_result(got, floors, lefts, 0.66 * height)
        said = f"raises {type(self.p).__name__}" if got is None else OUTCOMES[self.kind]
        self.message.set_text("" if got is not None else said)
        return Words(self._sentence(variant, shape, offset * unit, spread, said), self._table(got))

    def _show_result(self, got, floors, lefts, height):
        bars, lost, sums = [], [], []
        for floor, row in zip(floors, () if got is None else got, strict=False):
            sums.append(f"{row.sum():.3f}")
            for left, p in zip(lefts, row, strict=True):
                if np.isnan(p):
                    lost.append((left + _WIDE / 2, floor - 0.12))
                else:
                    top, right = floor - height * min(p, 1.15), left + _WIDE
                    bars.append([(left, floor), (left, top), (right, top), (right, floor)])
        self.bars.set_verts(bars)
        self.lost.set_data(*(zip(*lost, strict=True) if lost else ((), ())))
        for i, text in enumerate(self.sums):
            text.set(text=sums[i] if i < len(sums) else "", y=floors[i % len(floors)])

    def _sentence(self, variant, shape, offset, spread, said):
        state = f"{variant}, shape {shape}, offset {offset:g}, spread {spread:g}: {said}"
        checkup = self.checkups[variant]
        fault = checkup.failures[0].message if checkup.failures else "every property holds."
        return f"{state}{self._detail()}. Its checkup says {checkup.verdict}: {fault}"

    def _detail(self):
        if self.kind in (RAISES, RIGHT):
            return ""
        if self.kind == NAN:
            return f" in {np.isnan(self.p).sum()} of {self.p.size} entries"
        if self.kind == INACCURATE:
            return ", digits are lost, but less than 1 % of any entry"
        off = np.abs(self.p - self.expected)
        off[off < LOST * self.expected] = 0
        if self.kind == ZERO:
            off[self.p != 0] = 0
        place = np.unravel_index(off.argmax(), off.shape)
        where = ", ".join(map(str, place))
        return f", entry [{where}] is {self.p[place]:.3g} and should be {self.expected[place]:.3g}"

    def _table(self, got):
        lines = [self.x.reshape(-1, 4), got, self.expected.reshape(-1, 4)]
        texts = [
            ["" if row is None else _listed(row) for row in (lines[0][i], got_row, lines[2][i])]
            for i, got_row in enumerate(got if got is not None else [None] * len(lines[0]))
        ]
        places = np.ndindex(self.x.shape[:-1])
        names = [
            "[" + ",\N{NO-BREAK SPACE}".join(map(str, (*place, ":"))) + "]" for place in places
        ]
        return [
            ["slice", "scores", "result", "exact"],
            *([name, *row] for name, row in zip(names, texts, strict=True)),
        ]


def _listed(row):
    return ", ".join(f"{value:.4g}" for value in row)


_LINES = 6
_LEFT, _BARS, _STEP, _WIDE, _SUM = 0.1, 4.85, 0.65, 0.54, 8.35
PICTURES = (thread_atlas,)
