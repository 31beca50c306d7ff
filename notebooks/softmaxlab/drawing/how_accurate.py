"""Pictures of notebook 06: errors of softmax in ulps, their bounds, and sums in float32."""

import csv
from pathlib import Path

import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from .. import half_ulp
from ..softmax import softmax
from . import BLACK, BLUE, GRAY, GREEN, ORANGE, PURPLE, VERMILION, Drawing, Words

RECORD = Path(__file__).resolve().parents[2] / "data" / "accuracy.csv"

# Relative errors of np.exp in units of u, as the bounds suppose: 1.5 ulps in float64, 2.5 in
# float32; an ulp is at most 2 u of the number. A test holds np.exp to them.
EXP_ERROR = {"float64": 3.0, "float32": 5.0}


def shifted(x, exp=np.exp):
    """A, along the last axis: as scipy, torch, jax and TensorFlow do."""
    e = exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def unshifted(x, exp=np.exp):
    """B, along the last axis."""
    e = exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def division_free(x, exp=np.exp):
    """G, along the last axis."""
    top = x.max(axis=-1, keepdims=True)
    return exp(x - (top + np.log(exp(x - top).sum(axis=-1, keepdims=True))))


def portable_exp(x):
    """exp of float64 numbers between -800 and 800, correctly rounded: the same on any machine."""
    m, k = half_ulp.exp((x, np.zeros_like(x)))
    return np.ldexp(m[0], k)


def mended(x):
    """A with what rounding took from x - max."""
    top = x.max(axis=-1, keepdims=True)
    gap = x - top
    less = gap - x
    lost = (x - (gap - less)) - (top + less)
    e = np.exp(gap)
    e += e * np.where(np.isfinite(lost), lost, 0)
    return e / e.sum(axis=-1, keepdims=True)


METHODS = {
    "A: shift by the max": shifted,
    "B: no shift": unshifted,
    "G: exp(x - lse)": division_free,
    "A and two-diff": mended,
    "softmax": softmax,
    "half an ulp": half_ulp.softmax_half_ulp,
}


def errors_in_ulps(p, x):
    """Errors of p, the computed softmax of each row of x, where the exact one is a normal number.

    Parameters
    ----------
    p, x : ndarray of float32 or float64, shape (rows, n)

    Returns
    -------
    ndarray of float64, shape (rows, n)
        As `exact.errors_in_ulps`, but quick: from a double-double; below 1e-290 to half an ulp.
        0 where the exact one is subnormal.
    """
    info = np.finfo(p.dtype)
    with np.errstate(all="ignore"):
        high, low = half_ulp.softmax_of_rows(x.astype(np.float64))
        mantissa, exponent = np.frexp(high)
        exponent -= 1 + ((mantissa == 0.5) & (low < -1e-25 * high))  # below a power of two
        errors = np.ldexp(np.abs((p - high) - low), info.nmant - exponent)
    return np.where(high < info.tiny, 0, errors)


def bound(method, x):
    """Error bounds in ulps of the entries of one row x, to first order: those of the notebook."""
    e, n = EXP_ERROR[x.dtype.name], x.size
    additions = min(n - 1, 20 + np.log2(n))
    wide = x.astype(np.float64)
    gaps = wide.max() - wide
    p = half_ulp.softmax_half_ulp(wide)
    mean_gap = p @ gaps
    if method == "half an ulp":
        return np.full(n, 0.5001)
    if method == "G: exp(x - lse)":
        log_sum = -np.log(p.max())
        lse = wide.max() + log_sum
        return gaps + 3 * log_sum + abs(lse) + mean_gap + 2 * e + additions
    common = 2 * e + additions + 1
    if method == "A: shift by the max":
        return gaps + mean_gap + common
    return np.full(n, common if method == "B: no shift" else common + 2)


def rough(error):
    """An error in ulps in words that do not depend on the last bit of exp."""
    if np.isnan(error):
        return "nan"
    if error <= 0.5001:
        return "at most 0.5"
    return "below 8" if error < 8 else f"about {float(f'{error:.0e}'):,.0f}"


def load_map(lines=None):
    """Errors in ulps over spread and offset, as python -m benchmarks.accuracy --map recorded them.

    Parameters
    ----------
    lines : list of str, optional
        What the command printed; the course's record by default.

    Returns
    -------
    spreads, offsets : ndarray
    errors : dict from name to ndarray, shape (offsets, spreads)
    """
    rows = list(csv.reader(lines or RECORD.read_text(encoding="utf-8").splitlines()))
    values = np.array(rows[1:], dtype=float)
    spreads, offsets = np.unique(values[:, 0]), np.unique(values[:, 1])
    shape = (len(offsets), len(spreads))
    named = zip(rows[0][2:], values.T[2:], strict=True)
    return spreads, offsets, {name: column.reshape(shape) for name, column in named}


def worst_over(function, spreads, offsets, n=100):
    """Worst errors in ulps of rows of n float64 logits, shape (offsets, spreads)."""
    z = np.random.default_rng(6).standard_normal(n)
    x = (offsets[:, None, None] + spreads[:, None] * z).reshape(-1, n)
    with np.errstate(all="ignore"):
        worst = errors_in_ulps(function(x), x).max(axis=-1)
    return worst.reshape(len(offsets), len(spreads))


_LEVELS = [0, 8, 100, 1000, 1e6, 1e300]
_LABELS = ["below 8", "to 100", "to 1000", "to a million", "above"]


def draw_maps(figure, spreads, offsets, errors):
    """One map for each entry of `errors`, four in a row: class of the error, by spread and offset.

    Parameters
    ----------
    errors : dict from str to ndarray, shape (offsets, spreads)
        A, B, G, softmax and others, each perhaps with a version.

    Returns
    -------
    Words
    """
    figure.set_size_inches(8.6, 5.6)
    colors = ListedColormap(["#00224e", "#575d6d", "#a59c74", "#e9d34f", "#fff3b0"])
    norm = BoundaryNorm(_LEVELS, colors.N)
    for k, (name, worst) in enumerate(errors.items()):
        row, column = divmod(k, 4)
        ax = figure.add_axes((0.09 + 0.23 * column, 0.62 - 0.36 * row, 0.2, 0.29))
        cells = np.ma.masked_invalid(worst)
        ax.pcolormesh(spreads, offsets, cells, cmap=colors, norm=norm, rasterized=True)
        ax.patch.set(facecolor="white", edgecolor=GRAY, hatch="///")
        ax.set(xscale="log", yscale="log", title=name)
        ax.spines[:].set_visible(False)
        ax.set_xticks([0.1, 10, 1000], ["0.1", "10", "10\u00b3"] if row else [""] * 3)
        ax.set_yticks([1, 1e4, 1e8], ["1", "10\u2074", "10\u2078"] if column == 0 else [""] * 3)
        ax.minorticks_off()
    figure.text(0.5, 0.15, "spread of the logits", ha="center")
    figure.text(0.005, 0.56, "offset", rotation=90, va="center")
    patches = [Patch(color=colors(i), label=label, ec=GRAY) for i, label in enumerate(_LABELS)]
    patches.append(Patch(facecolor="white", edgecolor=GRAY, hatch="///", label="nan"))
    figure.legend(
        handles=patches,
        loc="lower center",
        ncols=6,
        title="worst error in ulps",
        fontsize=12,
        columnspacing=1.0,
        handlelength=1.4,
    )
    most = {name.split()[0]: worst for name, worst in errors.items()}
    others = [name for name in list(most)[4:] if rough(most[name].max()) == rough(most["A"].max())]
    ends = max(most["A"][-1].max(), most["A"][:, -1].max())
    return Words(
        "Worst of 100 probabilities in ulps. A loses more the wider the spread, up to "
        f"{rough(most['A'].max())}, but is {rough(ends)} at the greatest offset and the widest "
        f"spread; {', '.join(others)} lose just as much. B is "
        f"{rough(np.nanmax(most['B']))} or nan. G loses more the greater the offset, up to "
        f"{rough(most['G'].max())}. The course's softmax is {rough(most['softmax'].max())} "
        "everywhere."
    )


def error_maps(figure):
    """Worst errors in ulps over spread and offset: A, B, G, softmax, scipy and frameworks."""
    return draw_maps(figure, *load_map())


def bounds_and_measurement(figure):
    """Errors of single probabilities against their gap, with the bound, for A, B and G.

    Their exp is the correctly rounded one.
    """
    x = np.random.default_rng(7).normal(size=1000) * 100
    said = []
    for k, (name, color) in enumerate(zip(METHODS, (BLUE, GREEN, VERMILION))):  # noqa: B905 - three
        ax = figure.add_axes((0.1 + 0.305 * k, 0.16, 0.27, 0.73))
        errors = errors_in_ulps(METHODS[name](x[None], portable_exp), x[None])[0]
        limit, gaps = bound(name, x), x.max() - x
        order = np.argsort(gaps)[1:]
        ax.plot(
            gaps[order], np.maximum(errors[order], 0.01), ".", color=color, ms=4, rasterized=True
        )
        ax.plot(gaps[order], limit[order], color=BLACK, lw=2)
        ax.text(680, limit.max() * 1.4, "bound", ha="right")
        ax.set(yscale="log", xlim=(-10, 700), ylim=(0.008, 1e4), title=name)
        ax.set_xlabel("gap to the max")
        ax.set_xticks([0, 200, 400, 600])
        ax.set_yticks([0.01, 1, 100, 1e4], ["0.01", "1", "100", "10\u2074"] if k == 0 else [""] * 4)
        ax.minorticks_off()
        said.append(rough(errors.max()))
    figure.axes[0].set_ylabel("error in ulps")
    return Words(
        "1000 logits of spread 100 around 0. The errors of A grow with the gap to the max, to "
        f"{said[0]} ulps; those of B stay {said[1]} at any gap; those of G are large at small gaps "
        f"too, {said[2]} at most. All lie below the black bounds."
    )


def sum_errors(figure):
    """Relative errors of float32 sums of n numbers: one by one, in rows of 32, in pairs."""
    ax = figure.add_axes((0.1, 0.16, 0.87, 0.78))
    counts = 2 ** np.arange(4, 23, 2)
    e = np.random.default_rng(8).random(counts[-1]).astype(np.float32)
    ways = {
        "one by one": (lambda part: np.add.accumulate(part)[-1], VERMILION, "s-"),
        "in rows of 32, these in rows again": (in_rows, PURPLE, "^--"),
        "in pairs": (in_pairs, BLUE, "o-"),
    }
    u, last = 2.0**-24, []
    for name, (total, color, line) in ways.items():
        exact = [e[:n].sum(dtype=np.float64) for n in counts]
        off = [abs(float(total(e[:n])) / s - 1) / u for n, s in zip(counts, exact, strict=True)]
        ax.plot(counts, np.maximum(off, 0.03), line, color=color, lw=2, ms=8, label=name)
        last.append(max(off))
    ax.plot(counts, counts, color=GRAY, ls=":", lw=2)
    ax.text(3e4, 6e3, "n u, the bound of one by one", color=GRAY)
    ax.set(xscale="log", yscale="log", xlabel="number of terms n", ylabel="relative error / u")
    ax.set_ylim(0.02, 1e7)
    ax.legend(loc="upper left", fontsize=12)
    ax.set_xticks([100, 1e4, 1e6], ["100", "10\u2074", "10\u2076"])
    ax.set_yticks([0.1, 10, 1000], ["0.1", "10", "1000"])
    ax.minorticks_off()
    return Words(
        f"Sums of up to {counts[-1]:,} float32 numbers. One by one the relative error grows to "
        f"{'hundreds or more' if last[0] > 100 else 'less than a hundred'} u; in pairs and in "
        f"rows of 32 it stays below {'8' if max(last[1:]) < 8 else '100'} u."
    )


def in_pairs(e):
    """Sum of 2**k terms, one half onto the other."""
    while e.size > 1:
        e = e[: e.size // 2] + e[e.size // 2 :]
    return e[0]


def in_rows(e):
    """Sums of rows of 32, one by one, then of these in rows again; what is left in pairs."""
    while e.size % 32 == 0:
        e = np.add.accumulate(e.reshape(-1, 32), axis=1)[:, -1]
    return in_pairs(e)


class HowAccurate(Drawing):
    """The error of each probability in ulps, against its gap to the max, and the bound."""

    gaps = np.geomspace(0.01, 5000, 200)

    def __init__(self, figure):
        super().__init__(figure)
        ax = figure.add_axes((0.11, 0.15, 0.86, 0.76))
        ax.set(xscale="log", yscale="log", xlim=(0.01, 5000), ylim=(0.005, 1e9))
        ax.set_xlabel("gap to the max (the max itself at the left edge)")
        ax.set_ylabel("error in ulps")
        ax.set_xticks([0.01, 0.1, 1, 10, 100, 1000], ["0.01", "0.1", "1", "10", "100", "1000"])
        ticks = ["0.01", "0.5", "10", "10\u00b3", "10\u2076", "10\u2079"]
        ax.set_yticks([0.01, 0.5, 10, 1e3, 1e6, 1e9], ticks)
        ax.minorticks_off()
        ax.axhline(0.5, color=GRAY, ls=":", lw=1.5)
        (self.line,) = ax.plot([], [], color=ORANGE, lw=2.5, zorder=3)
        (self.points,) = ax.plot([], [], "o", color=BLUE, ms=5, zorder=4)
        self.caption = ax.text(0.012, 2e8, "", va="top", fontsize=14, zorder=5)
        self.moving = [self.line, self.points, self.caption]

    def update(self, power, offset, n, dtype, method):
        """Shows the errors for n logits of spread ``10**power`` around an offset.

        Parameters
        ----------
        power, offset : float
        n : int
        dtype : str
            "float32" or "float64".
        method : str
            A key of `METHODS`.

        Returns
        -------
        Words
        """
        z = np.random.default_rng(9).standard_normal(n)
        self.x = (z * 10**power + offset).astype(dtype)
        with np.errstate(all="ignore"):
            self.p = METHODS[method](self.x[None])[0]
        self.errors = errors_in_ulps(self.p[None], self.x[None])[0]
        self.bound = bound(method, self.x)
        self.failed = np.isnan(self.errors)
        gaps = self.x.max() - self.x.astype(float)
        normal = half_ulp.softmax_half_ulp(self.x.astype(float)) >= np.finfo(dtype).tiny
        shown = normal & ~self.failed
        order = np.argsort(gaps)
        self.points.set_data(np.maximum(gaps[shown], 0.01), np.clip(self.errors[shown], 0.01, 8e8))
        self.line.set_data(np.maximum(gaps[order], 0.01), self.bound[order])
        self.caption.set_text("orange: the bound" if shown.any() else "nan")
        return self._words(method, dtype, gaps, normal)

    def _words(self, method, dtype, gaps, normal):
        out = int((~normal).sum())
        left = f" {out} of them are below the normal numbers and left out." if out else ""
        if self.failed.any():
            return Words(
                f"{method}, {dtype}: of {self.x.size} probabilities {int(self.failed.sum())} are "
                f"nan.{left}",
                [["", "nan"], ["entries", str(int(self.failed.sum()))]],
            )
        at = self.errors.argmax()
        worst, limit = self.errors[at], self.bound[at]
        bounded = f"{limit:.0f}" if limit >= 10 else f"{limit:.1f}"
        kept = (
            "keeps to its bound"
            if (self.errors <= self.bound)[normal].all()
            else ("breaks its bound: an exp or the sum has left the normal numbers")
        )
        return Words(
            f"{method}, {dtype}: the worst error is {rough(worst)} ulps, at a gap of "
            f"{gaps[at]:.3g} to the max, where the bound is {bounded}; it {kept}.{left}",
            [
                ["", "worst error", "its gap", "its bound", "median error"],
                [
                    "ulps",
                    f"{worst:.2g}",
                    f"{gaps[at]:.3g}",
                    bounded,
                    f"{np.median(self.errors[normal]):.2g}",
                ],
            ],
        )


PICTURES = (bounds_and_measurement, error_maps, sum_errors)
