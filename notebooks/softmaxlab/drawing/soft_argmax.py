"""Pictures of notebook 08: softmax between arg max and the uniform distribution."""

import numpy as np

from ..distributions import entropy, gumbel_shares
from ..penguins import Lesson
from ..softmax import logsumexp, softmax
from . import BLACK, BLUE, GRAY, INK, ORANGE, Drawing, Words
from .shared import CLASS_COLORS, CORNERS, SIGNED, digits, triangle

Z = np.array([13.0, 31.0, 5.0])


def soft_max_and_its_slope(figure):
    """The greater of two scores, the soft max of them, and the slopes of both."""
    left = figure.add_axes((0.07, 0.16, 0.4, 0.72))
    right = figure.add_axes((0.57, 0.16, 0.4, 0.72))
    z = np.linspace(-4, 4, 801)
    pairs = np.stack([z, np.zeros_like(z)], axis=-1)
    left.plot(z, pairs.max(axis=-1), color=GRAY, lw=5, alpha=0.6)
    right.plot(z, pairs.argmax(axis=-1) == 0, color=GRAY, lw=5, alpha=0.6)
    for temperature, color, line in ((1.0, BLUE, "-"), (0.3, ORANGE, "--")):
        left.plot(z, temperature * logsumexp(pairs / temperature), color=color, ls=line, lw=2.2)
        right.plot(z, softmax(pairs / temperature)[:, 0], color=color, ls=line, lw=2.2)
    left.text(-1.9, 0.75, "soft max,\nT = 1", color=BLUE, ha="center")
    left.text(1.1, 0.12, "T = 0.3", color=INK[ORANGE], va="bottom")
    left.text(2.7, 1.7, "max", color=GRAY)
    right.text(-2.3, 0.25, "softmax,\nT = 1", color=BLUE, ha="center")
    right.text(0.35, 0.5, "T = 0.3", color=INK[ORANGE])
    right.text(-0.3, 0.97, "slope of max,\nthe arg max", color=GRAY, ha="right", va="top")
    left.set_title("soft max of z and 0")
    right.set_title("its slope")
    for ax in (left, right):
        ax.set_xlabel("z")
    gaps = [f"{temperature * np.log(2):.3f} at T = {temperature:g}" for temperature in (1.0, 0.3)]
    return Words(
        "Left, the greater of z and 0 has a corner at 0; T logsumexp of both over T rounds it off, "
        f"at most {gaps[0]} and {gaps[1]} above. Right, the slope of the greater one jumps from 0 "
        "to 1; that of the soft max is the softmax, which climbs from 0 to 1, the steeper the "
        "lower T is."
    )


def jacobians(figure):
    """T times the Jacobian of softmax at the thread's scores, for three temperatures T."""
    figure.set_size_inches(8.6, 3.3)
    said = []
    for k, temperature in enumerate((1, 10, 100)):
        p = softmax(Z / temperature)
        jacobian = np.diag(p) - np.outer(p, p)
        ax = figure.add_axes((0.05 + 0.33 * k, 0.06, 0.28, 0.66))
        ax.pcolormesh(jacobian, cmap=SIGNED, vmin=-0.25, vmax=0.25, edgecolors=GRAY)
        ax.set(xlim=(0, 3), ylim=(3, 0))
        ax.spines[:].set_visible(False)
        ax.set_xticks(np.arange(3) + 0.5, range(3))
        ax.set_yticks(np.arange(3) + 0.5, range(3))
        ax.xaxis.tick_top()
        ax.tick_params(length=0, colors=GRAY)
        for (i, j), value in np.ndenumerate(jacobian):
            text = f"{value:.3f}" if abs(value) > 5e-4 else f"{value:.0e}"
            ax.text(j + 0.5, i + 0.5, text, ha="center", va="center")
        figure.text(0.05 + 0.33 * k, 0.9, f"T = {temperature}", fontsize=15)
        largest = np.abs(jacobian).max()
        said.append(f"{largest:.3f}" if largest > 5e-4 else f"{largest:.1e}")
    return Words(
        "diag(p) - p p^T, which is T times the Jacobian, for the scores 13, 31 and 5: symmetric, "
        "positive on the diagonal, negative elsewhere, each row with the sum 0. Its greatest entry "
        f"is {said[0]} at T = 1, {said[1]} at T = 10 and {said[2]} at T = 100."
    )


def gumbel_counts(figure, z=(2.0, 1.0, 0.1, -1.0), draws=10_000):
    """How often each class wins when Gumbel noise is added to its score, and its softmax."""
    z = np.array(z)
    shares, p = gumbel_shares(z, draws), softmax(z)
    band = 4 * np.sqrt(p * (1 - p) / draws)
    ax = figure.add_axes((0.09, 0.15, 0.88, 0.78))
    bars = ax.bar(range(len(z)), shares, color=BLUE, alpha=0.55, width=0.6)
    ax.bar_label(bars, [f"{share:.4f}" for share in shares], padding=12)
    ax.errorbar(range(len(z)), p, band, fmt="_", color=BLACK, ms=50, mew=2, capsize=8)
    ax.text(1.6, 0.55, "bars: how often a class won\nblack: softmax, and 4 standard errors")
    ax.set_xticks(range(len(z)), [f"score {score:g}" for score in z])
    ax.tick_params(axis="x", length=0)
    ax.set(ylim=(0, 0.8), ylabel="share")
    worst = np.abs(shares - p) / (band / 4)
    return Words(
        f"Of {draws} draws the classes won the shares {', '.join(f'{s:.4f}' for s in shares)}, "
        f"where their softmax is {', '.join(f'{q:.4f}' for q in p)}; the farthest is "
        f"{worst.max():.1f} standard errors off."
    )


def likelihood_by_temperature(figure):
    """Loss on two held-out sets against the temperature, for a classifier of 30 penguins."""
    lesson = Lesson(training=30)
    w, b, _ = lesson.train(5.0, -1, steps=2000)
    temperatures = np.geomspace(0.5, 20, 200)
    validation, test = lesson.losses(w, b, temperatures)
    best, at_one = validation.argmin(), lesson.losses(w, b, np.ones(1))[1][0]
    ax = figure.add_axes((0.09, 0.16, 0.88, 0.78))
    ax.plot(temperatures, validation, color=BLUE, ls="--", lw=2.2)
    ax.plot(temperatures, test, color=BLACK, lw=2.2)
    ax.plot([1, temperatures[best]], [at_one, test[best]], "o", color=BLACK, ms=9)
    ax.axvline(temperatures[best], color=GRAY, lw=1.2, ls=":")
    ax.set(xscale="log", ylim=(0, 1.1), xlabel="temperature", ylabel="mean loss")
    ax.set_xticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
    ax.minorticks_off()
    ax.text(0.97, at_one - 0.02, "test, as trained", ha="right", va="top")
    ax.text(temperatures[best] * 1.05, 0.04, f"best on validation: T = {temperatures[best]:.2f}")
    ax.text(0.68, 0.95, "validation", color=BLUE)
    return Words(
        f"At T = 1 the loss on the test penguins is {at_one:.3f}; at T = {temperatures[best]:.2f}, "
        f"which is best on the validation penguins, it is {test[best]:.3f}."
    )


class SoftArgMax(Drawing):
    """The softmax of three logits at a temperature: bars, path through the triangle, entropy."""

    powers = np.linspace(-2, 2, 161)

    def __init__(self, figure):
        super().__init__(figure)
        bars_ax = figure.add_axes((0.05, 0.15, 0.29, 0.7))
        triangle_ax = figure.add_axes((0.36, 0.02, 0.32, 0.84))
        entropy_ax = figure.add_axes((0.76, 0.15, 0.22, 0.7))
        bars_ax.set(xlim=(-0.56, 2.5), ylim=(0, 1.12), yticks=[0, 0.5, 1])
        bars_ax.set_xticks(range(3))
        bars_ax.set_xlabel("class")
        bars_ax.tick_params(axis="x", length=0)
        triangle(triangle_ax, [f"class {i}" for i in range(3)])
        triangle_ax.plot(*CORNERS.mean(axis=0), "+", color=GRAY, ms=12, mew=2)
        entropy_ax.set(xlim=(-2, 2), ylim=(0, 1.2), yticks=[0, 0.5, 1], xlabel="temperature")
        entropy_ax.set_xticks([-2, -1, 0, 1, 2], ["0.01", "0.1", "1", "10", "100"], fontsize=12)
        entropy_ax.axhline(np.log(3), color=GRAY, ls=":", lw=1.5)
        entropy_ax.text(-1.8, np.log(3) + 0.03, "ln 3", color=GRAY, va="bottom")
        figure.text(0.02, 0.92, "probabilities", fontsize=14)
        figure.text(0.36, 0.92, "path from T = 0.01 to 100", fontsize=14)
        figure.text(0.73, 0.92, "entropy in nats", fontsize=14)
        self.bars = bars_ax.bar(range(3), [0] * 3, width=0.7, color=CLASS_COLORS, zorder=3)
        self.labels = [
            bars_ax.text(i, 0, "", ha="center", va="bottom", fontsize=12, zorder=4)
            for i in range(3)
        ]
        (self.path,) = triangle_ax.plot([], [], color=GRAY, lw=2.5, zorder=3)
        (self.point,) = triangle_ax.plot([], [], "o", color=BLACK, ms=11, zorder=4)
        (self.hill,) = entropy_ax.plot([], [], color=BLUE, lw=2.5, zorder=3)
        (self.height,) = entropy_ax.plot([], [], "o", color=BLACK, ms=11, zorder=4)
        self.moving = [*self.bars, *self.labels, self.path, self.point, self.hill, self.height]

    def update(self, power, z0, z1, z2):
        """Shows the softmax of three logits over the temperature ``10**power``.

        Parameters
        ----------
        power, z0, z1, z2 : float

        Returns
        -------
        Words
        """
        self.z, self.temperature = np.array([z0, z1, z2]), 10**power
        self.p = softmax(self.z / self.temperature)
        self.entropy = entropy(self.p)
        along = softmax(self.z / 10 ** self.powers[:, None])
        for i in range(3):
            self.bars[i].set_height(self.p[i])
            self.labels[i].set(text=digits(self.p[i]), y=self.p[i] + 0.01)
        self.path.set_data(*(along @ CORNERS).T)
        self.point.set_data(*(self.p @ CORNERS)[:, None])
        self.hill.set_data(self.powers, entropy(along))
        self.height.set_data([power], [self.entropy])
        return Words(
            f"At temperature {self.temperature:.3g} the greatest probability is "
            f"{digits(self.p.max(), 'below', 'above')} and the entropy {self.entropy:.4f} nats, of "
            f"at most {np.log(3):.4f}. {self._end()}",
            self._table(),
        )

    def _end(self):
        z = np.round(self.z, 6)
        first = np.flatnonzero(z == z.max())
        if len(first) == 3:
            return "The three logits are equal, so no temperature moves the point from the middle."
        if len(first) == 2:
            return (
                f"Toward temperature 0 the point goes to the middle between classes {first[0]} and "
                f"{first[1]}, which are tied."
            )
        return f"Toward temperature 0 the point goes into the corner of class {first[0]}."

    def _table(self):
        return [
            ["", "class 0", "class 1", "class 2"],
            ["logit", *(f"{value:.1f}" for value in self.z)],
            ["logit / T", *(f"{value:.4g}" for value in self.z / self.temperature)],
            ["probability", *(digits(value) for value in self.p)],
        ]


PICTURES = (soft_max_and_its_slope, jacobians, likelihood_by_temperature, gumbel_counts)
