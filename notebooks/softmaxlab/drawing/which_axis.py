"""Pictures of notebook 04: which lines of a matrix a softmax makes into distributions."""

import numpy as np
from matplotlib.patches import Rectangle

from .. import exact
from ..softmax import softmax
from ..thread import THREAD
from . import BLACK, BLUE, GRAY, Drawing, Words
from .shared import listed

_SUM_TOLERANCE = 1e-6
_NAMES = {0: "column", -1: "row"}


class Matrix:
    """A matrix as a grid of numbers on `ax`, with room for the sums in the margins.

    Parameters
    ----------
    ax : Axes
    rows, columns : int
    sums : bool
        Whether row and column sums stand in the margins; those that are 1 are bold and framed.
    """

    def __init__(self, ax, rows, columns, sums=False, fontsize=13):
        self.sums = sums
        room = 1.3 if sums else 0
        ax.set(xlim=(0, columns + room), ylim=(rows + room, 0), aspect="auto")
        ax.set_xticks(np.arange(columns) + 0.5, range(columns))
        ax.set_yticks(np.arange(rows) + 0.5, range(rows))
        ax.xaxis.tick_top()
        ax.tick_params(length=0, labelsize=fontsize - 1, colors=GRAY)
        ax.spines[:].set_visible(False)
        self.mesh = ax.pcolormesh(
            np.zeros((rows, columns)), cmap="cividis", vmin=0, vmax=1, edgecolors="white", zorder=3
        )

        def cell(x, y):
            return ax.text(x, y, "", ha="center", va="center", fontsize=fontsize, zorder=5)

        self.cells = [[cell(j + 0.5, i + 0.5) for j in range(columns)] for i in range(rows)]
        self.margins, self.frames = {}, {}
        if sums:
            note = {"color": GRAY, "fontsize": fontsize - 1}
            ax.text(columns + 0.7, -0.12, "row sum", ha="center", **note)
            ax.text(columns + 0.7, rows + 0.6, "column\nsum", ha="center", va="center", **note)
            places = {(-1, i): (columns + 0.7, i + 0.5) for i in range(rows)}
            places |= {(0, j): (j + 0.5, rows + 0.6) for j in range(columns)}
            for line, (x, y) in places.items():
                self.margins[line] = cell(x, y)
                self.frames[line] = ax.add_patch(
                    Rectangle((x - 0.46, y - 0.32), 0.92, 0.64, fill=False, ec=BLUE, lw=2, zorder=4)
                )
        self.moving = [
            self.mesh,
            *self.frames.values(),
            *(text for row in self.cells for text in row),
            *self.margins.values(),
        ]

    def update(self, values, colors, form):
        """Writes `values` in the format `form`, colored by `colors` between 0 and 1."""
        values = np.asarray(values, dtype=float)
        colors = np.nan_to_num(np.asarray(colors, dtype=float))
        self.mesh.set(array=colors, visible=True)
        for row, line, shades in zip(self.cells, values, colors, strict=True):
            for text, value, shade in zip(row, line, shades, strict=True):
                text.set(text=form(value), color="white" if shade < 0.47 else BLACK)
        for (axis, i), text in self.margins.items():
            total = values.sum(axis=axis)[i]
            good = is_distribution(np.take(values, i, axis=axis + 1))
            text.set(
                text=f"{total:.3f}",
                color=BLUE if good else BLACK,
                fontweight="bold" if good else "normal",
            )
            self.frames[axis, i].set_visible(good)

    def hide(self):
        """Leaves the grid empty."""
        self.mesh.set_visible(False)
        for text in (*(text for row in self.cells for text in row), *self.margins.values()):
            text.set_text("")
        for frame in self.frames.values():
            frame.set_visible(False)

    def shown(self):
        """The numbers in the cells, as text."""
        return [[text.get_text() for text in row] for row in self.cells]


def is_distribution(line):
    """Whether `line` has no negative entry and sums to 1, to six digits."""
    return bool(np.all(line >= 0) and abs(line.sum() - 1) < _SUM_TOLERANCE)


def probability(p):
    """`p` in three digits, but never 0.000 for what is not 0."""
    return f"{p:.3f}" if np.isnan(p) or p >= 0.0005 else f"{p:.0e}" if p else "0"


def distributions(p):
    """Says which lines of the matrix `p` are distributions.

    Parameters
    ----------
    p : ndarray, shape (rows, columns)

    Returns
    -------
    str
    """
    good = {axis: [is_distribution(line) for line in np.moveaxis(p, axis, -1)] for axis in (-1, 0)}
    parts = [_which(good[axis], _NAMES[axis]) for axis in (-1, 0) if any(good[axis])]
    if parts:
        parts += [f"no {_NAMES[axis]} is" for axis in (-1, 0) if not any(good[axis])]
    else:
        parts = ["No row and no column is a distribution"]
    if is_distribution(p.ravel()):
        parts += ["the matrix as a whole is"]
    return "; ".join([parts[0], *map(_lower, parts[1:])])


def _which(good, name):
    if all(good):
        return f"Every {name} is a distribution"
    numbers = [str(i) for i, yes in enumerate(good) if yes]
    if len(numbers) == 1:
        return f"Only {name} {numbers[0]} is a distribution"
    return f"Only {name}s {listed(numbers)} are distributions"


def verdict(p, x, axis):
    """Says how far the matrix `p` is from the softmax of `x` along `axis`.

    Parameters
    ----------
    p, x : ndarray, shape (rows, columns)
    axis : int
        0 or -1.

    Returns
    -------
    str
    """
    wanted = f"Wanted along axis={axis}, each {_NAMES[axis]}"
    truth = exact.softmax(x, axis=axis)
    if np.isnan(p).any():
        return f"{wanted}: {np.isnan(p).sum()} of {p.size} entries are nan"
    off = np.abs(p - truth).max()
    if off < _SUM_TOLERANCE:
        return f"{wanted}: right"
    return f"{wanted}: wrong, some entry by {off:.2g}"


class WhichAxis(Drawing):
    """The scores, and beside them what a variant makes of them, with the sums of its lines."""

    def __init__(self, figure):
        super().__init__(figure)
        left = figure.add_axes((0.04, 0.31, 0.37, 0.46))
        right = figure.add_axes((0.47, 0.1, 0.52, 0.67))
        figure.text(0.02, 0.91, "scores", fontsize=15)
        figure.text(0.45, 0.91, "result", fontsize=15)
        self.message = figure.text(0.48, 0.5, "", fontsize=15, zorder=6, linespacing=1.6)
        self.scores = Matrix(left, 3, 4)
        self.probabilities = Matrix(right, 3, 4, sums=True)
        self.moving = [*self.scores.moving, *self.probabilities.moving, self.message]

    def update(self, logits, offset, temperature, variant, axis):
        """Shows what a variant makes of ``logits / temperature``, row 0 raised by `offset`.

        Parameters
        ----------
        logits : array_like, shape (3, 4)
        offset : float
        temperature : float
        variant : (str, callable or None)
            Its name, and ``f(x)``; None stands for ``softmax(x, axis)``.
        axis : int
            The axis along which distributions are wanted, 0 or -1.

        Returns
        -------
        Words
        """
        name, function = variant
        self.x = np.array(logits) / temperature
        self.x[0] += offset
        self.scores.update(self.x, (self.x - self.x.min()) / (np.ptp(self.x) or 1), "{:.4g}".format)
        self.message.set_text("")
        try:
            with np.errstate(all="ignore"):
                self.p = softmax(self.x, axis=axis) if function is None else function(self.x)
        except ValueError as error:
            self.p = None
            self.probabilities.hide()
            self.message.set_text(f"raises ValueError\nfor the shape {self.x.shape}")
            return Words(f"{name}: raises ValueError, {error}. There is no result.")
        self.probabilities.update(self.p, self.p, probability)
        lines = _lower(distributions(self.p))
        return Words(f"{name}: {lines}. {verdict(self.p, self.x, axis)}.", self._table())

    def _table(self):
        rows = [
            [f"row {i}", *cells, f"{line.sum():.3f}"]
            for i, (cells, line) in enumerate(zip(self.probabilities.shown(), self.p, strict=True))
        ]
        return [
            ["result", *(f"column {j}" for j in range(self.p.shape[1])), "row sum"],
            *rows,
            [
                "column sum",
                *(f"{total:.3f}" for total in self.p.sum(axis=0)),
                f"{self.p.sum():.3f}",
            ],
        ]


def _compare(figure, matrices):
    """Draws titled matrices side by side with their sums; returns what each is."""
    width = 1 / len(matrices)
    said = []
    for k, (title, p) in enumerate(matrices.items()):
        ax = figure.add_axes((k * width + 0.04, 0.06, width - 0.05, 0.68))
        figure.text(k * width + 0.02, 0.92, title, fontsize=15, family="monospace")
        Matrix(ax, *p.shape, sums=True).update(p, p, probability)
        said.append(f"{title}: {_lower(distributions(p))}")
    return said


def _lower(sentence):
    return sentence[0].lower() + sentence[1:]


X = np.array([[3.0, 1.0, 0.2, 0.5], [1.0, 2.0, 3.0, 6.0], [2.0, 4.0, 5.0, 1.0]])
SQUARE = np.array([[3.0, 1.0, 2.0], [2.0, 3.0, 2.0], [0.0, 0.0, 2.0]])


def both_axes(figure):
    """The softmax of one matrix along axis 0 and along the last axis, with the sums."""
    figure.set_size_inches(8.6, 3.6)
    matrices = {f"softmax(x, axis={axis})": softmax(X, axis=axis) for axis in (0, -1)}
    return Words(". ".join(_compare(figure, matrices)) + ".")


def square_matrix(figure):
    """A square matrix through variant C, and through C with keepdims."""
    figure.set_size_inches(8.6, 3.6)
    e = np.exp(SQUARE - SQUARE.max())
    matrices = {
        "e / e.sum(-1)": THREAD["C"].function(SQUARE),
        "e / e.sum(-1, keepdims=True)": e / e.sum(-1, keepdims=True),
    }
    return Words(". ".join(_compare(figure, matrices)) + ".")


def keepdims(figure):
    """Which row sum divides which entry of a square matrix, without keepdims and with it."""
    figure.set_size_inches(8.6, 3.4)
    divisors = {"(3,)": np.tile(np.arange(3), (3, 1)), "(3, 1)": np.tile(np.arange(3), (3, 1)).T}
    titles = {"(3,)": "e / e.sum(-1)", "(3, 1)": "e / e.sum(-1, keepdims=True)"}
    for k, (shape, divisor) in enumerate(divisors.items()):
        ax = figure.add_axes((0.05 + 0.5 * k, 0.05, 0.42, 0.6))
        figure.text(0.02 + 0.5 * k, 0.91, titles[shape], fontsize=15, family="monospace")
        figure.text(0.02 + 0.5 * k, 0.8, f"sums of shape {shape}", color=GRAY)
        matrix = Matrix(ax, 3, 3)
        matrix.update(divisor, divisor / 2, "by sum of\nrow {:.0f}".format)
    return Words(
        "Without keepdims the sums lie along the columns, so column j is divided by the sum of "
        "row j; with keepdims they stand as a column, so row i is divided by the sum of row i."
    )


def three_axes(figure):
    """A block of shape (2, 3, 4), with the lines that sum to 1 for each choice of axis."""
    figure.set_size_inches(8.6, 3.6)
    shape = (2, 3, 4)
    steps = np.array([[0.62, 0.5], [0.0, -1.0], [1.0, 0.0]])
    places = np.moveaxis(np.indices(shape), 0, -1) @ steps
    counts = []
    for axis in range(3):
        ax = figure.add_axes((axis / 3 + 0.01, 0.0, 0.31, 0.8))
        ax.set(xlim=(-0.4, 4.0), ylim=(-2.4, 0.9), aspect="equal")
        ax.axis("off")
        lines = np.moveaxis(places, axis, -2).reshape(-1, shape[axis], 2)
        counts.append(len(lines))
        for line in lines:
            ax.plot(*line.T, color=BLUE, lw=2.5, zorder=3)
        ax.plot(*places.reshape(-1, 2).T, "o", color=BLACK, ms=7, zorder=4)
        figure.text(axis / 3 + 0.02, 0.92, f"axis={axis}", fontsize=15, family="monospace")
        figure.text(axis / 3 + 0.02, 0.82, f"{len(lines)} lines of {shape[axis]}", color=GRAY)
    said = [f"axis={k} has {n} lines of {shape[k]}" for k, n in enumerate(counts)]
    return Words(f"The lines that sum to 1 in a block of shape {shape}: {listed(said)}.")


PICTURES = (both_axes, keepdims, square_matrix, three_axes)
