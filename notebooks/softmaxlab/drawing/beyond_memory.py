"""Pictures of notebook 10: pairs (max, sum) of chunks, merged one after the other or as a tree."""

import numpy as np
from matplotlib.patches import Rectangle

from ..pairs import merge, naive_merge, naive_pair, pair, running
from ..softmax import softmax
from . import BLACK, BLUE, GRAY, ORANGE, SKY, VERMILION, Drawing, Words

_MOST, _ENTRIES = 12, 8
SCORES = np.random.default_rng(6).normal(scale=1.5, size=(_MOST, _ENTRIES)).round(1)


class RunningPairs(Drawing):
    """Scores chunk by chunk with their running max, and the running sum, naive and right."""

    def __init__(self, figure):
        super().__init__(figure)
        left, right = (
            figure.add_axes((0.08, 0.15, 0.4, 0.7)),
            figure.add_axes((0.57, 0.15, 0.4, 0.7)),
        )
        left.set_title("scores and running max", loc="left")
        right.set_title("running sum over exp(max)", loc="left")
        for ax in (left, right):
            ax.set(xlim=(0.3, _MOST + 0.7), xticks=range(1, _MOST + 1), xlabel="chunk")
        left.set(ylim=(-42, 42), yticks=range(-40, 41, 20))
        right.set(ylim=(-1.2, 14), yticks=range(0, 11, 5))
        right.axhline(0, color=GRAY, lw=1)
        (self.dots,) = left.plot([], [], "o", color=SKY, ms=4, zorder=3)
        (self.max,) = left.plot([], [], color=BLACK, lw=2.5, drawstyle="steps-mid", zorder=4)
        (self.sums,) = right.plot([], [], "s-", color=BLUE, ms=9, lw=2, zorder=3)
        (self.naive,) = right.plot([], [], "x", color=BLACK, ms=8, mew=2, zorder=4)
        (self.lost,) = right.plot([], [], "X", color=VERMILION, ms=10, zorder=5)
        label = {"fontsize": 12, "zorder": 6}
        self.mask = left.text(0, 0, "", ha="center", va="center", rotation=90, **label)
        self.key = right.text(0.02, 0.97, "", transform=right.transAxes, va="top", **label)
        self.moving = [
            self.dots, self.max, self.sums, self.naive, self.lost, self.mask, self.key
        ]  # fmt: skip

    def update(self, chunks, step, masked):
        """Shows the pairs after each of the chunks.

        Parameters
        ----------
        chunks : int
            How many, at most 12.
        step : float
            By how much the scores of each chunk lie above those of the one before.
        masked : int
            The chunk that is only -inf, counted from 1; 0 for none.

        Returns
        -------
        Words
        """
        scores = SCORES[:chunks] + step * np.arange(chunks)[:, None]
        scores = np.where(np.arange(1, chunks + 1)[:, None] == masked, -np.inf, scores)
        self.right, self.naives = (
            running(scores, *way) for way in ((pair, merge), (naive_pair, naive_merge))
        )
        number = np.arange(1, chunks + 1)
        lost = np.isnan(self.naives[:, 1])
        self.dots.set_data(np.repeat(number, _ENTRIES), np.where(scores > -np.inf, scores, np.nan))
        self.max.set_data(number, np.where(self.right[:, 0] > -np.inf, self.right[:, 0], np.nan))
        self.sums.set_data(number, self.right[:, 1])
        self.naive.set_data(number[~lost], self.naives[~lost, 1])
        self.lost.set_data(number[lost], np.full(lost.sum(), -0.6))
        self.mask.set(
            text="only -inf" if 0 < masked <= chunks else "",
            position=(masked, -24 if step >= 0 else 24),
        )
        self.key.set_text(
            "squares: right; crosses: naive"
            + ("\nfilled crosses: naive is nan" if lost.any() else "")
        )
        return Words(self._sentence(lost), self._table())

    def _sentence(self, lost):
        top, total = self.right[-1]
        count = len(self.right)
        begin = f"After {count} chunk{'s' * (count > 1)} the right merge has"
        said = (
            f"{begin} max {top:.1f} and sum {total:.3f}, so log-sum-exp {top + np.log(total):.3f}"
            if total
            else f"{begin} the pair of nothing, max -inf and sum 0"
        )
        if lost.any():
            return f"{said}. The naive one is nan from chunk {lost.argmax() + 1} on."
        return f"{said}. The naive one has the same."

    def _table(self):
        rows = zip(*self.right.T, self.naives[:, 1], strict=True)
        return [
            ["after chunk", "max", "sum", "naive sum"],
            *(
                [str(k), f"{top:.1f}", f"{total:.3f}", f"{naive:.3f}"]
                for k, (top, total, naive) in enumerate(rows, 1)
            ),
        ]


CHUNKS = np.array([[2.0, 0.0], [3.0, 1.0], [-1.0, 2.0], [5.0, 4.0]])


def any_order(figure):
    """Four chunks merged one after the other, and as a tree."""
    figure.set_size_inches(8.6, 4.2)
    a, b, c, d = pairs = [pair(chunk) for chunk in CHUNKS]
    ab, cd = merge(a, b), merge(c, d)
    chain = [(ab, 0.5, 1), (merge(ab, c), 1.25, 2), (merge(merge(ab, c), d), 2.125, 3)]
    tree = [(ab, 0.5, 1), (cd, 2.5, 1), (merge(ab, cd), 1.5, 3)]
    links = [
        [(0, 0, 0.5, 1), (1, 0, 0.5, 1), (0.5, 1, 1.25, 2), (2, 0, 1.25, 2), (1.25, 2, 2.125, 3)],
        [(0, 0, 0.5, 1), (1, 0, 0.5, 1), (2, 0, 2.5, 1), (3, 0, 2.5, 1), (0.5, 1, 1.5, 3)],
    ]
    links[0].append((3, 0, 2.125, 3))
    links[1].append((2.5, 1, 1.5, 3))
    titles = ["one after the other", "as a tree, on two machines"]
    for k, (nodes, lines) in enumerate(zip((chain, tree), links, strict=True)):
        ax = figure.add_axes((0.5 * k + 0.01, 0.02, 0.48, 0.86))
        ax.set(xlim=(-0.55, 3.55), ylim=(-0.75, 3.4))
        ax.axis("off")
        figure.text(0.5 * k + 0.02, 0.93, titles[k], fontsize=14)
        for x0, y0, x1, y1 in lines:
            ax.plot([x0, x1], [y0, y1], color=GRAY, lw=1.5, zorder=1)
        leaves = [(p, i, 0) for i, p in enumerate(pairs)]
        for (top, total), x, y in leaves + nodes:
            box = {"boxstyle": "round", "fc": "white", "ec": BLUE if y == 3 else GRAY, "lw": 1.5}
            ax.text(x, y, f"{top:g}, {total:.3f}", ha="center", va="center", fontsize=12, bbox=box)
        for i, chunk in enumerate(CHUNKS):
            ax.text(i, -0.6, f"[{chunk[0]:g}, {chunk[1]:g}]", ha="center", fontsize=12, color=GRAY)
    (top, total), (other_top, other) = chain[-1][0], tree[-1][0]
    same = (top, f"{total:.3f}") == (other_top, f"{other:.3f}")
    return Words(
        f"Four chunks of two scores, their pairs (max, sum), and two ways to merge them: both end "
        f"in {'the same pair' if same else 'different pairs'}, max {top:g} and sum {total:.3f}."
    )


def blocks_of_attention(figure):
    """The weights of a toy attention, and the one block of scores that exists at a time."""
    figure.set_size_inches(8.6, 4.0)
    n, block = 64, 16
    rng = np.random.default_rng(0)
    q, k = rng.normal(size=(2, n, 8))
    weights = softmax(q @ k.T / np.sqrt(8), axis=-1)
    for place, title in ((0.07, "plain: all scores at once"), (0.56, "in blocks: one at a time")):
        ax = figure.add_axes((place, 0.15, 0.38, 0.74))
        ax.set_title(title, loc="left")
        ax.set(xlabel="key", ylabel="query", xticks=range(0, n + 1, block), yticks=[0, n])
        ax.set(xlim=(0, n), ylim=(n, 0))
        shown = weights if place < 0.5 else np.ma.array(np.zeros((n, n)), mask=True)
        if place > 0.5:
            shown[:, 2 * block : 3 * block] = weights[:, 2 * block : 3 * block]
            for i in range(n // block):
                ax.add_patch(Rectangle((i * block, 0), block, n, fill=False, ec=GRAY, lw=1.5))
            ax.add_patch(Rectangle((2 * block, 0), block, n, fill=False, ec=ORANGE, lw=4))
            for i, text in enumerate(["merged", "merged", "", "to come"]):
                ax.text((i + 0.5) * block, n / 2, text, ha="center", va="center", rotation=90)
        ax.pcolormesh(shown, cmap="cividis", vmin=0, vmax=0.2, rasterized=True)
    return Words(
        f"Attention of {n} queries to {n} keys: the plain way holds {n * n} scores, and in blocks "
        f"of {block} keys it holds {n * block}; what is left of the blocks before is one max, one "
        "sum and one row of sums for each query."
    )


PICTURES = (any_order, blocks_of_attention)
