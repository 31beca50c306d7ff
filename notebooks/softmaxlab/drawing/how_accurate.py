"""Pictures of notebook 06: errors of softmax in ulps, their bounds, and sums in float32."""

import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from .. import half_ulp
from ..accuracy import METHODS, bound, errors_in_ulps, errors_of_sums, load_map, portable_exp
from . import BLACK, BLUE, GRAY, GREEN, ORANGE, PURPLE, VERMILION, Drawing, Words


def rough(error):
    """An error in ulps in words that do not depend on the last bit of exp."""
    if np.isnan(error):
        return "nan"
    if error <= 0.5001:
        return "at most 0.5"
    return "below 8" if error < 8 else f"about {float(f'{error:.0e}'):,.0f}"


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
    said, kept = [], []
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
        kept.append((errors <= limit).all())
    figure.axes[0].set_ylabel("error in ulps")
    below = "All lie below" if all(kept) else "Not all lie below"
    return Words(
        "1000 logits of spread 100 around 0. The errors of A grow with the gap to the max, to "
        f"{said[0]} ulps; those of B stay {said[1]} at any gap; those of G are large at small gaps "
        f"too, {said[2]} at most. {below} the black bounds."
    )


def sum_errors(figure):
    """Relative errors of float32 sums of n numbers: one by one, in rows of 32, in pairs."""
    ax = figure.add_axes((0.1, 0.16, 0.87, 0.78))
    counts = 2 ** np.arange(4, 23, 2)
    looks, last = ((VERMILION, "s-"), (PURPLE, "^--"), (BLUE, "o-")), []
    for (name, off), (color, line) in zip(errors_of_sums(counts).items(), looks, strict=True):
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
        left = f" Below the normal numbers, and left out: {out}." if out else ""
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
