"""Pictures of notebook 01: rules that turn scores into probabilities, and where softmax lands."""

import numpy as np

from .. import distributions
from ..softmax import softmax
from . import BLACK, BLUE, GRAY, GREEN, INK, VERMILION, Drawing, Words
from .shared import CLASS_COLORS, CORNERS, digits, listed, triangle

SCORES = np.array([2.0, -1.0, 0.5])
_CLASS_LINES = ("-", "--", ":")


def candidates(figure):
    """What four rules make of the same three scores."""
    axes = figure.subplots(1, len(distributions.RULES), sharey=True)
    figure.subplots_adjust(left=0.07, right=0.99, bottom=0.2, top=0.87, wspace=0.08)
    for ax, (name, rule) in zip(axes, distributions.RULES.items(), strict=True):
        p = rule(SCORES)
        good = distributions.keeps_order(SCORES, p) and (p > 0).all()
        color = BLUE if good else VERMILION
        bars = ax.bar(range(3), p, color=color, alpha=0.85, hatch="" if good else "//", ec="white")
        ax.bar_label(bars, [f"{value:.2f}" for value in p], padding=3)
        ax.set_title(name, pad=8)
        ax.set_xticks(range(3), [f"{score:g}" for score in SCORES])
        ax.tick_params(axis="x", length=0)
        ax.axhline(0, color=BLACK, lw=0.8)
        ax.axhline(1, color=GRAY, lw=0.8, ls="--")
        ax.set_ylim(-0.9, 1.55)
    axes[0].set_yticks([0, 1])
    figure.supxlabel("score of each class", fontsize=13)
    plain, absolute, square, right = (rule(SCORES) for rule in distributions.RULES.values())
    return Words(
        f"For the scores 2, -1 and 0.5, z / sum gives {plain[1]:.2f} and {plain[0]:.2f}, outside 0 "
        f"to 1; |z| and z² give the lowest score, -1, more than 0.5 gets ({absolute[1]:.2f} and "
        f"{absolute[2]:.2f}, {square[1]:.2f} and {square[2]:.2f}); only exp is positive and keeps "
        f"the order ({right[0]:.2f}, {right[1]:.2f}, {right[2]:.2f})."
    )


def same_mean(figure):
    """Entropy of every distribution with one mean score, and where softmax stands among them."""
    triangle_ax = figure.add_axes((0.02, 0.02, 0.44, 0.87))
    entropy_ax = figure.add_axes((0.56, 0.16, 0.42, 0.72))
    z = np.array([2.0, 1.0, 0.1])
    triangle(triangle_ax, [f"score {score:g}" for score in z])
    path = softmax(z * np.linspace(0, 60, 2000)[:, None])
    triangle_ax.plot(*(path @ CORNERS).T, color=GRAY, lw=1.5)
    triangle_ax.set_ylim(-0.23, 1)
    triangle_ax.text(0.5, -0.15, "gray: softmax, every T > 0", color=GRAY, ha="center", va="top")
    figure.text(0.24, 0.92, "lines of equal mean score", fontsize=14, ha="center")
    figure.text(0.77, 0.92, "entropy along each line, in nats", fontsize=14, ha="center")
    styles = zip((0.2, 1, 2), (GREEN, BLUE, VERMILION), ("-", ":", "--"), strict=True)
    means, peaks = [], []
    for scale, color, line in styles:
        p = softmax(z * scale)
        family = distributions.same_mean(p, z)
        triangle_ax.plot(*(family @ CORNERS).T, color=color, ls=line, lw=2)
        triangle_ax.plot(*(p @ CORNERS), "o", color=color, ms=9)
        entropy_ax.plot(family[:, 1], distributions.entropy(family), color=color, ls=line, lw=2)
        entropy_ax.plot(p[1], distributions.entropy(p), "o", color=color, ms=9)
        means.append(f"{p @ z:.2f}")
        peaks.append(f"{distributions.entropy(p):.2f}")
        x = max(p[1], 0.16)
        y = distributions.entropy(p) + 0.05
        entropy_ax.text(x, y, f"mean {means[-1]}", color=INK[color], ha="center")
    entropy_ax.set(xlim=(0, 1), ylim=(0, 1.25), xlabel="probability of the score 1")
    return Words(
        f"In the triangle of all distributions over the scores {listed(f'{s:g}' for s in z)} lie "
        f"three lines of equal mean score, {listed(means)}; along each the entropy rises to one "
        f"peak, {listed(peaks)} nats, and there stands the softmax of the scores (dots), each "
        "time at another temperature."
    )


class ThreeLogits(Drawing):
    """Three logits: their probabilities as bars, and as a point in the probability triangle."""

    def __init__(self, figure):
        super().__init__(figure)
        bars_ax = figure.add_axes((0.07, 0.12, 0.38, 0.74))
        triangle_ax = figure.add_axes((0.5, 0.02, 0.48, 0.84))
        names = [f"class {i}" for i in range(3)]
        bars_ax.set(xlim=(-0.6, 2.6), ylim=(0, 1.12), yticks=[0, 0.5, 1])
        bars_ax.set_xticks(range(3), names)
        bars_ax.tick_params(axis="x", length=0)
        figure.text(0.03, 0.92, "probabilities", fontsize=14)
        figure.text(0.53, 0.92, "the same three numbers as one point", fontsize=14)
        triangle(triangle_ax, names)
        self.bars = bars_ax.bar(range(3), [0] * 3, width=0.7, color=CLASS_COLORS, zorder=3)
        self.labels = [bars_ax.text(i, 0, "", ha="center", va="bottom", zorder=4) for i in range(3)]
        self.lines = [
            triangle_ax.plot([], [], color=color, ls=line, lw=1.8, zorder=3 + i / 10)[0]
            for i, (color, line) in enumerate(zip(CLASS_COLORS, _CLASS_LINES, strict=True))
        ]
        (self.point,) = triangle_ax.plot([], [], "o", color=BLACK, ms=11, zorder=4)
        self.moving = [*self.bars, *self.labels, *self.lines, self.point]

    def update(self, z0, z1, z2):
        """Shows the softmax of three logits, and where the point goes when one of them moves.

        Parameters
        ----------
        z0, z1, z2 : float

        Returns
        -------
        Words
        """
        self.z = np.array([z0, z1, z2])
        self.p = softmax(self.z)
        place = self.p @ CORNERS
        self.point.set_data([place[0]], [place[1]])
        for i in range(3):
            self.bars[i].set_height(self.p[i])
            self.labels[i].set(text=digits(self.p[i]), y=self.p[i] + 0.01)
            far = np.where(np.arange(3) == i, 0, self.p)
            self.lines[i].set_data(*np.array([CORNERS[i], far @ CORNERS / far.sum()]).T)
        return Words(f"{self._leader()}. {self._odds()}.", self._table())

    def _leader(self):
        z = np.round(self.z, 6)
        first = np.flatnonzero(z == z.max())
        if len(first) == 3:
            return "The three logits are equal, and each probability is 0.3333"
        share = digits(self.p[first[0]], "below", "above")
        if len(first) == 2:
            one, other = first
            return f"Classes {one} and {other} lead together: the probability of each is {share}"
        return f"Class {first[0]} leads: its probability is {share}"

    def _odds(self):
        gap = f"{round(self.z[0] - self.z[1], 6) + 0.0:.1f}"
        return (
            f"z0 - z1 is {gap}, so the odds of class 0 to class 1 are "
            f"exp({gap}) = {self.p[0] / self.p[1]:.3g} to 1, whatever class 2 does"
        )

    def _table(self):
        return [
            ["", "class 0", "class 1", "class 2"],
            ["logit", *(f"{value:.1f}" for value in self.z)],
            ["exp(logit)", *(f"{value:.4g}" for value in np.exp(self.z))],
            ["probability", *(digits(value) for value in self.p)],
        ]


PICTURES = (candidates, same_mean)
