"""Pictures of notebook 02: what adding a constant to the logits changes, and what it does not."""

import numpy as np

from .. import exact
from ..accuracy import MOST_DIGITS, digits_at, worst_error
from ..softmax import softmax
from ..thread import THREAD
from . import BLACK, BLUE, GRAY, GREEN, INK, ORANGE, PURPLE, VERMILION, Drawing, Words
from .shared import SIGNED

SCORES = (3.0, 1.0, 0.2)
RIGHT = 1e-5  # greatest relative error of an entry that still counts as right

_OVERFLOW = 88.72283  # float32: exp is inf above
_SUBNORMAL = -87.33654  # float32: exp is subnormal below
_ZERO = -103.97208  # float32: exp is 0 below


def lines_collapse(figure):
    """Parallel lines in the plane of two logits, each of which softmax maps to one point."""
    gaps = (-3, -1, 0, 1, 3)
    colors, markers = (VERMILION, ORANGE, BLACK, GREEN, BLUE), "vsoD^"
    plane = figure.add_axes((0.07, 0.15, 0.36, 0.72))
    segment = figure.add_axes((0.51, 0.15, 0.36, 0.72))
    plane.set(xlim=(-4.5, 4.5), ylim=(-4.5, 4.5), aspect="equal", xlabel="logit $x_0$")
    plane.set(ylabel="logit $x_1$", title="lines $x + c\\,(1, 1)$", xticks=[-4, 0, 4])
    plane.set(yticks=[-4, 0, 4])
    segment.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05), aspect="equal", xlabel="$p_0$")
    segment.set(ylabel="$p_1$", title="their softmax", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    segment.plot([0, 1], [1, 0], color=GRAY, lw=1)
    for gap, color, marker in zip(gaps, colors, markers, strict=True):
        middle = np.array([gap / 2, -gap / 2])
        line = middle + np.linspace(-5, 5, 11)[:, None]
        plane.plot(*line.T, color=color, marker=marker, lw=1.5, ms=6)
        points = softmax(line)
        segment.plot(*points.T, color=color, marker=marker, ms=9, ls="none")
        x0, x1 = points[0]
        segment.annotate(
            f"$x_0 - x_1 = {gap}$", (x0, x1), (9, 5), textcoords="offset points", fontsize=12
        )
    return Words(
        f"Each of the {len(gaps)} lines joins logits that differ by a constant c in both entries; "
        f"softmax maps all of a line to one point, and the lines for x0 - x1 = {gaps[0]} and "
        f"{gaps[-1]} to p0 = {softmax([gaps[0], 0])[0]:.3f} and {softmax([gaps[-1], 0])[0]:.3f}."
    )


def jacobian_null_vector(figure):
    """The Jacobian of softmax as diag(p) minus p times p transposed, and its row sums."""
    p = softmax(SCORES)
    parts = (np.diag(p), np.outer(p, p), np.diag(p) - np.outer(p, p))
    names = ("diag($p$)", "$p\\,p^T$", "Jacobian $J$")
    for k, (part, name) in enumerate(zip(parts, names, strict=True)):
        ax = figure.add_axes((0.02 + 0.295 * k, 0.14, 0.24, 0.68))
        _grid(ax, part, name)
    for x, sign in ((0.287, "$-$"), (0.582, "=")):
        figure.text(x, 0.48, sign, ha="center", va="center", fontsize=24)
    for i, total in enumerate(parts[-1].sum(axis=1)):
        y = 0.82 - 0.68 * (i + 0.5) / len(p)
        text = f"{abs(total):.3f}"
        figure.text(0.935, y, text, ha="center", va="center", fontsize=14, color=BLUE)
    figure.text(0.935, 0.85, "$J\\,1$", ha="center", fontsize=14, color=BLUE)
    figure.text(0.935, 0.07, "row sum", ha="center", fontsize=12, color=BLUE)
    rows = ", ".join(f"{entry:.3f}" for entry in parts[-1][0])
    return Words(
        f"The Jacobian at the scores {list(SCORES)}: its first row is {rows}, and every row sums "
        "to 0, so raising all the scores together moves no probability."
    )


def _grid(ax, values, title):
    n = len(values)
    ax.set(xlim=(0, n), ylim=(n, 0), xticks=[], yticks=[])
    ax.set_title(title)
    ax.spines[:].set_visible(False)
    ax.pcolormesh(values, cmap=SIGNED, vmin=-0.9, vmax=0.9, edgecolors=GRAY)
    for (i, j), value in np.ndenumerate(values):
        ax.text(j + 0.5, i + 0.5, f"{value:.3f}" if value else "0", ha="center", va="center")


def three_constants(figure):
    """Correct digits of A, B and G in float64 as the same integer goes onto every score."""
    powers = np.arange(16)
    digits = {name: [digits_at(name, 10.0**k) for k in powers] for name in "ABG"}
    ax = figure.add_axes((0.1, 0.17, 0.66, 0.74))
    ax.set(xlim=(-0.4, 15.4), ylim=(-0.6, 14.6), ylabel="correct digits, worst entry")
    ax.set_xlabel("constant c that is added to the scores 3, 1, 0")
    ax.set_xticks(powers[::3], [f"$10^{{{k}}}$" for k in powers[::3]])
    ax.set_yticks([0, 3, 6, 9, MOST_DIGITS], ["0", "3", "6", "9", f"{MOST_DIGITS}+"])
    styles = {
        "A": (BLUE, "o", "-", 10),
        "G": (PURPLE, "s", ":", 7),
        "B": (VERMILION, "x", "--", 16),
    }
    for name, (color, marker, style, size) in styles.items():
        ax.plot(powers, digits[name], color=color, marker=marker, ls=style, ms=size, mew=2)
    dead = int(np.argmax(np.isnan(digits["B"])))
    ax.annotate(
        f"B: k = 0,\nnan from $10^{dead}$ on",
        (dead - 1.05, MOST_DIGITS - 0.6),
        (dead - 2.8, 8),
        color=INK[VERMILION],
        arrowprops={"arrowstyle": "-", "color": VERMILION},
    )
    figure.text(0.775, 0.82, "A: k = max", color=BLUE)
    figure.text(0.775, 0.24, "G: k = logsumexp,\nnot divided")
    lost = int(digits["G"][8])
    return Words(
        f"A keeps {MOST_DIGITS} digits or more at every constant up to 1e{powers[-1]}; B is nan "
        f"from 1e{dead} on; G has {lost} correct digits left at 1e8 and "
        f"{int(digits['G'][-1])} at 1e{powers[-1]}."
    )


def why(x, p, error):
    """Says what became of `p`, the unshifted float32 softmax of `x`, with its relative error."""
    e = np.exp(x)
    shown = ", ".join(f"{entry:.3g}" for entry in p)
    if np.isinf(e).any():
        return f"Without the shift float32 gives {shown}: exp({x.max():g}) is inf, inf / inf is nan"
    if not e.any():
        return f"Without the shift float32 gives {shown}: every exp is 0, and 0 / 0 is nan"
    if not p.any():
        return "Without the shift float32 gives 0 everywhere: no exp is inf, but their sum is"
    if error > RIGHT:
        return (
            f"Without the shift float32 is silently wrong by up to {100 * error:.3g} %: "
            "its exps are subnormal, with few digits, or 0"
        )
    return "Without the shift float32 is right as well"


class ShiftTheLogits(Drawing):
    """Three logits with a constant on top, and three softmaxes of them: do they stand still?"""

    NAMES = ("exact", "shifted", "no shift")

    def __init__(self, figure):
        super().__init__(figure)
        rows = range(len(SCORES))
        logits = figure.add_axes((0.085, 0.2, 0.4, 0.6))
        logits.set(xlim=(-130, 130), ylim=(2.6, -0.6))
        logits.set_yticks(rows, [f"class {i}" for i in rows], rotation=90, va="center")
        logits.tick_params(axis="y", length=0)
        logits.set_xticks([_ZERO, _SUBNORMAL, 0, _OVERFLOW], ["$-$104", "\n$-$87.3", "0", "88.7"])
        logits.axvspan(_OVERFLOW, 130, fc="none", ec=GRAY, hatch="///", lw=0)
        logits.axvspan(-130, _ZERO, fc="none", ec=GRAY, hatch="\\\\\\", lw=0)
        logits.axvspan(_ZERO, _SUBNORMAL, fc="none", ec=GRAY, hatch="..", lw=0)
        for x in (_ZERO, _SUBNORMAL, 0, _OVERFLOW):
            logits.axvline(x, color=GRAY, lw=1)
        logits.text(-130, -0.7, "exp: 0, subnormal", fontsize=12, color=GRAY)
        logits.text(130, -0.7, "exp: inf", fontsize=12, color=GRAY, ha="right")
        figure.text(0.085, 0.92, "logits, in float32", fontsize=14)
        self.bars = logits.barh(rows, [0] * 3, height=0.35, color=ORANGE, ec=BLACK, zorder=3)
        self.values = [logits.text(0, i, "", va="center", fontsize=13, zorder=4) for i in rows]
        self.moving = [*self.bars, *self.values]

        titles = ("exact", "shifted,\nfloat32", "no shift,\nfloat32")
        self.columns = {}
        for k, (name, title) in enumerate(zip(self.NAMES, titles, strict=True)):
            ax = figure.add_axes((0.525 + 0.16 * k, 0.2, 0.14, 0.6))
            ax.set(xlim=(0, 1), ylim=(2.6, -0.6), yticks=[])
            ax.set_xticks([0, 0.5, 1], ["", "0.5", ""])
            figure.text(0.525 + 0.16 * k, 0.89, title, fontsize=14, va="center")
            bars = ax.barh(rows, [0] * 3, height=0.35, ec=BLACK, zorder=3)
            texts = [ax.text(0.02, i + 0.38, "", va="center", fontsize=13, zorder=4) for i in rows]
            verdict = figure.text(0.595 + 0.16 * k, 0.05, "", ha="center", fontsize=14, zorder=5)
            self.columns[name] = (bars, texts, verdict)
            self.moving += [*bars, *texts, verdict]

    def update(self, c, scale):
        """Shows the softmax of ``scale * SCORES + c``, computed in float32.

        Parameters
        ----------
        c, scale : float

        Returns
        -------
        Words
        """
        scores = np.float32(scale) * np.array(SCORES, dtype=np.float32)
        self.x = scores + np.float32(c)
        for bar, text, x in zip(self.bars, self.values, self.x, strict=True):
            bar.set_width(x)
            text.set(text=f"{x:.1f}", x=-4 if x >= 0 else 4, ha="right" if x >= 0 else "left")
        with np.errstate(all="ignore"):
            self.p = {
                "exact": exact.softmax(self.x),
                "shifted": THREAD["A"].function(self.x),
                "no shift": THREAD["B"].function(self.x),
            }
            errors = {name: worst_error(p, self.p["exact"]) for name, p in self.p.items()}
            reason = why(self.x, self.p["no shift"], errors["no shift"])
        for name in self.NAMES:
            self._column(name, errors[name])
        right = [name for name in self.NAMES if errors[name] <= RIGHT]
        truth = ", ".join(f"{p:.3f}" for p in self.p["exact"])
        self.moved = float(np.abs(self.p["exact"] - exact.softmax(scores)).max())
        sentence = (
            f"The logits are {', '.join(f'{x:.1f}' for x in self.x)}. Right: "
            f"{' and '.join(right)}. The exact p is {truth}"
            + (", as it is at c = 0. " if self.moved < RIGHT else ". ")
            + f"{reason}."
        )
        return Words(sentence, self._table())

    def _column(self, name, error):
        bars, texts, verdict = self.columns[name]
        right = error <= RIGHT
        for bar, text, p in zip(bars, texts, self.p[name], strict=True):
            bar.set(width=np.nan_to_num(p), fc=BLUE if right else "white")
            bar.set_hatch(None if right else "xx")
            text.set(text=f"{p:.3f}" if p else "0")
        verdict.set(
            text="nan" if np.isnan(error) else "right" if right else "wrong",
            color=INK[BLUE if right else VERMILION],
        )

    def _table(self):
        return [
            ["class", "logit", *self.NAMES],
            *(
                [str(i), f"{x:.4f}", *(f"{self.p[name][i]:.5f}" for name in self.NAMES)]
                for i, x in enumerate(self.x)
            ),
        ]


PICTURES = (lines_collapse, jacobian_null_vector, three_constants)
