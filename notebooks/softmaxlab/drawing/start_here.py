"""The panels of notebook 00: one softmax, then A and B side by side until one of them dies."""

import numpy as np

from ..softmax import softmax
from ..thread import THREAD
from . import BLUE, ORANGE, Drawing, Words

PICTURES = ()


def _axes(figure):
    ax = figure.add_axes((0.07, 0.14, 0.91, 0.66))
    ax.set(xlim=(-0.6, 2.6), ylim=(0, 1.12), yticks=[0, 0.5, 1])
    ax.set_xticks(range(3), [f"class {i}" for i in range(3)])
    ax.tick_params(axis="x", length=0)
    return ax


class OneSoftmax(Drawing):
    """The softmax of three scores, as a bar for each class."""

    def __init__(self, figure):
        super().__init__(figure)
        ax = _axes(figure)
        self.title = figure.text(0.03, 0.9, "", fontsize=15, zorder=5)
        self.bars = ax.bar(range(3), [0] * 3, 0.5, color=BLUE, ec="white", zorder=3)
        self.labels = [ax.text(i, 0, "", ha="center", va="bottom", zorder=4) for i in range(3)]
        self.moving = [*self.bars, *self.labels, self.title]

    def update(self, first):
        """Shows the softmax of the scores [first, 1.0, 0.2]; returns its `Words`."""
        scores = [first, 1.0, 0.2]
        self.p = softmax(scores)
        said = [f"{score:.1f}" for score in scores], [f"{value:.3f}" for value in self.p]
        self.title.set_text("scores: " + ", ".join(said[0]))
        for bar, label, height, text in zip(self.bars, self.labels, self.p, said[1], strict=True):
            bar.set_height(height)
            label.set(text=text, y=height + 0.01)
        rows = zip(("score", "probability"), said, strict=True)
        return Words(
            f"The scores {', '.join(said[0])} become the probabilities {', '.join(said[1])}.",
            [["", "class 0", "class 1", "class 2"], *([name, *row] for name, row in rows)],
        )


class AAndB(Drawing):
    """What A and B make of three scores, as two bars for each class."""

    def __init__(self, figure):
        super().__init__(figure)
        ax = _axes(figure)
        self.title = figure.text(0.03, 0.9, "", fontsize=15, zorder=5)
        self.bars, self.labels = {}, {}
        for name, shift, color, hatch in (("A", -0.2, BLUE, ""), ("B", 0.2, ORANGE, "//")):
            self.bars[name] = ax.bar(
                np.arange(3) + shift, [0] * 3, 0.36, color=color, hatch=hatch, ec="white", zorder=3
            )
            self.labels[name] = [
                ax.text(i + shift, 0, "", ha="center", va="bottom", zorder=4) for i in range(3)
            ]
        self.moving = [
            *(bar for bars in self.bars.values() for bar in bars),
            *(label for labels in self.labels.values() for label in labels),
            self.title,
        ]

    def update(self, first, added):
        """Shows A and B of the scores [first, 1.0, 0.2] + added.

        Parameters
        ----------
        first, added : float

        Returns
        -------
        Words
        """
        self.x = np.array([first, 1.0, 0.2]) + added
        with np.errstate(all="ignore"):
            self.p = {name: THREAD[name].function(self.x) for name in self.bars}
        self.title.set_text("scores: " + ", ".join(f"{score:.1f}" for score in self.x))
        for name, p in self.p.items():
            for bar, label, value in zip(self.bars[name], self.labels[name], p, strict=True):
                height = np.nan_to_num(value)
                bar.set_height(height)
                label.set(text=f"{name} {value:.3f}", y=height + 0.01)
        return Words(f"{self._said('A')}, {self._said('B')}: {self._verdict()}.", self._table())

    def _said(self, name):
        return f"{name} gives {', '.join(f'{value:.3f}' for value in self.p[name])}"

    def _verdict(self):
        a, b = self.p.values()
        if np.allclose(a, b, rtol=1e-9, atol=0):
            return "they agree"
        return "B is dead" if np.isnan(b).all() else "they differ"

    def _table(self):
        return [
            ["", "class 0", "class 1", "class 2"],
            ["score", *(f"{score:.1f}" for score in self.x)],
            *([name, *(f"{value:.6f}" for value in p)] for name, p in self.p.items()),
        ]
