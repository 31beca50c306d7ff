"""Pictures of notebook 11: the next letter, what is cut, and sums that are not 1."""

import numpy as np

from .. import language
from ..softmax import softmax
from . import BLACK, BLUE, GRAY, GREEN, INK, ORANGE, VERMILION, Drawing, Words
from .shared import digits, listed

SHOWN = 10


def _name(letter):
    return "space" if letter == " " else letter


def _two_digits(share):
    """`share` to two digits, but never 0 or 1 for what lies between them."""
    return "" if share < 0.005 else ">0.99" if share >= 0.995 else f"{share:.2f}"


def letters_by_temperature(figure, context=" th", p=0.9):
    """The likeliest letters after a context at three temperatures, and what top-p keeps of them."""
    z = language.logits()[tuple(language.codes(context))]
    order = np.argsort(-z, kind="stable")[:6]
    kept_of = []
    for i, (temperature, color) in enumerate(((0.3, BLUE), (1.0, GREEN), (2.0, ORANGE))):
        ax = figure.add_axes((0.08 + 0.31 * i, 0.13, 0.28, 0.72))
        q, kept = softmax(z / temperature), language.left(z, temperature, p=p) > 0
        bars = ax.bar(range(6), q[order], color=color, edgecolor=BLACK, width=0.75)
        for bar, letter in zip(bars, order, strict=True):
            if not kept[letter]:
                bar.set(facecolor="white", hatch="///")
        ax.bar_label(bars, [_two_digits(share) for share in q[order]], fontsize=12)
        ax.set_xticks(range(6), [_name(language.LETTERS[letter]) for letter in order])
        ax.tick_params(axis="x", length=0)
        ax.set(xlim=(-0.9, 5.5), ylim=(0, 1.1), yticks=[0, 0.5, 1], title=f"T = {temperature:g}")
        if i:
            ax.tick_params(axis="y", labelleft=False)
        kept_of.append(f"{kept.sum()} at T = {temperature:g}")
    figure.text(0.99, 0.8, "hatched: cut", ha="right")
    figure.text(0.36, 0.74, "no number:\nbelow 0.005", ha="right")
    return Words(
        f"What comes after a space and {context.strip()!r}: the lower the temperature, the more of "
        f"it goes to e. So top-p {p:g} keeps {listed(kept_of)}."
    )


def sums_that_are_not_1(figure):
    """How far sums of rounded probabilities are from 1, and what numpy tolerates."""
    ax = figure.add_axes((0.1, 0.15, 0.88, 0.8))
    rng = np.random.default_rng(0)
    sizes = np.geomspace(10, 100_000, 25).astype(int)
    worst = {}
    for dtype, color, mark in ((np.float16, ORANGE, "s"), (np.float32, BLUE, "o")):
        off = [
            max(
                language.sums_off(row, dtype)
                for row in softmax(rng.normal(scale=3, size=(5, n)).astype(np.float32))
            )
            for n in sizes
        ]
        ax.plot(sizes, off, mark, color=color, ms=7)
        worst[dtype] = max(off)
    for dtype, color, line in ((np.float16, ORANGE, "-"), (np.float32, BLUE, "-")):
        tolerance = float(np.sqrt(np.finfo(dtype).eps))
        ax.axhline(tolerance, color=color, ls=line, lw=1.8)
        name = np.dtype(dtype).name
        ax.text(11, tolerance * 1.5, f"tolerated as {name}: {tolerance:.1e}", color=INK[color])
    tolerance = np.sqrt(np.finfo(float).eps)
    ax.axhline(tolerance, color=VERMILION, ls="--", lw=1.8)
    ax.text(11, 2e-9, f"tolerated as float64: {tolerance:.1e}", color=INK[VERMILION], va="top")
    ax.text(11, 7e-5, "off in float16", color=INK[ORANGE], va="top")
    ax.text(11, 3e-7, "off in float32", color=INK[BLUE], va="bottom")
    ax.set(xscale="log", yscale="log", xlabel="tokens", ylabel="|sum - 1|", ylim=(3e-10, 0.2))
    return Words(
        f"Five softmaxes of each size, computed in float32: the worst sum is off by "
        f"{worst[np.float32]:.0e}, and by {worst[np.float16]:.0e} if they are rounded to float16. "
        "numpy tolerates that in an array of the same dtype, and in a copy in float64 only what "
        "lies below the dashed line. More tokens do not make it worse in float32."
    )


class NextLetter(Drawing):
    """The ten likeliest letters after a context, what is cut of them, and a line written on."""

    def __init__(self, figure):
        super().__init__(figure)
        self.z = language.logits()
        ax = figure.add_axes((0.07, 0.3, 0.91, 0.6))
        ax.set(xlim=(-0.6, SHOWN - 0.4), ylim=(0, 1.15), yticks=[0, 0.5, 1], xticks=[])
        figure.text(0.07, 0.93, "probability, before the cut; hatched: cut", fontsize=14)
        self.bars = ax.bar(
            range(SHOWN), [0] * SHOWN, width=0.75, color=BLUE, edgecolor=BLACK, zorder=3
        )
        self.shares = [ax.text(i, 0, "", ha="center", va="bottom", zorder=4) for i in range(SHOWN)]
        self.names = [
            ax.text(i, -0.03, "", ha="center", va="top", fontsize=14, zorder=4)
            for i in range(SHOWN)
        ]
        style = {"family": "DejaVu Sans Mono", "fontsize": 14, "zorder": 4}
        self.line = figure.text(0.07, 0.06, "", **style)
        figure.text(0.07, 0.14, "written from there:", color=GRAY)
        self.count = figure.text(0.98, 0.93, "", fontsize=14, ha="right")
        self.moving = [*self.bars, *self.shares, *self.names, self.line, self.count]

    def update(self, temperature, k, p, context):
        """Shows the letters after `context`, as `language.left` has them.

        Parameters
        ----------
        temperature : float
        k : int
        p : float
        context : str
            Three letters.

        Returns
        -------
        Words
        """
        z = self.z[tuple(language.codes(context))]
        self.before = softmax(z / temperature)
        self.after = language.left(z, temperature, k, p)
        kept = self.after > 0
        order = np.argsort(-z, kind="stable")[:SHOWN]
        for i, letter in enumerate(order):
            height = self.before[letter]
            self.bars[i].set(
                height=height,
                facecolor=BLUE if kept[letter] else "white",
                hatch=None if kept[letter] else "///",
            )
            self.shares[i].set(
                text=f"{height:.3f}" if height > 0.0005 else "< .001", y=height + 0.01
            )
            self.names[i].set_text(_name(language.LETTERS[letter]))
        rng = np.random.default_rng(0)
        self.written = language.write(self.z, context, 60, rng, T=temperature, k=k, p=p)
        self.line.set_text(f'"{self.written}"')
        self.count.set_text(f"{kept.sum()} of 27 kept")
        are = "is" if kept.sum() == 1 else "are"
        mass = self.before[kept].sum()
        names = [_name(language.LETTERS[letter]) for letter in order]
        before = map(digits, self.before[order])
        after = [digits(q) if q else "0" for q in self.after[order]]
        return Words(
            f'After "{context}" at temperature {temperature:g}, {kept.sum()} of 27 letters '
            f"{are} left, with {digits(mass) if kept.sum() < 27 else 'all'} of the mass. "
            f'From there it writes "{self.written}" with the seed 0.',
            [
                ["letter", "before the cut", "after it"],
                *map(list, zip(names, before, after, strict=True)),
            ],
        )


PICTURES = (letters_by_temperature, sums_that_are_not_1)
