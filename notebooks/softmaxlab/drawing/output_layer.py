"""Pictures of notebook 09: penguins, the loss of a classifier, and the regions that it decides."""

from functools import lru_cache

import numpy as np
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.ticker import MaxNLocator

from ..penguins import SPECIES, STEPS, TRAINING, Lesson, load
from ..softmax import softmax
from . import BLACK, BLUE, GRAY, GREEN, INK, ORANGE, Drawing, Words

_HUES, _MARKERS = (BLUE, ORANGE, GREEN), ("o", "^", "s")
_WIDE, _HIGH = (30.0, 62.0), (168.0, 236.0)
_LEVELS = 16


class Curve:
    """A loss against the steps on `ax`, whose axes follow it."""

    def __init__(self, ax, steps):
        ax.set(xlim=(0, steps), xlabel="step")
        self.ax = ax
        ax.yaxis.set_zorder(3)
        ax.yaxis.set_major_locator(MaxNLocator(4))  # labels cost time
        (self.line,) = ax.plot([], [], color=BLACK, lw=2.5, zorder=4)
        (self.guess,) = ax.plot([0, steps], [np.log(3)] * 2, color=GRAY, ls=":", lw=2, zorder=3.5)
        self.note = ax.text(
            steps, 0, "ln 3, a guess", color=GRAY, ha="right", va="bottom", zorder=3.6
        )
        self.moving = [ax.yaxis, self.guess, self.note, self.line]

    def update(self, losses):
        """Draws `losses`, the first at step 0."""
        top = 1.08 * max([np.log(3), *losses])
        if self.ax.get_ylim() != (0, top):
            self.ax.set_ylim(0, top)  # and only then the axis is drawn anew
        self.note.set_y(np.log(3) + 0.01 * top)
        self.line.set_data(range(len(losses)), losses)


class Training(Drawing):
    """The loss so far, while a training appends to the list `losses`."""

    def __init__(self, figure, losses, steps):
        super().__init__(figure)
        self.losses = losses
        self.curve = Curve(figure.add_axes((0.09, 0.16, 0.88, 0.74)), steps)
        figure.text(0.02, 0.93, "loss", fontsize=14)
        self.moving = self.curve.moving

    def update(self, step):
        """Draws the losses of the steps 0 to `step`, as far as they are there."""
        self.shown = self.losses[: step + 1]
        self.curve.update(self.shown)
        return Words(_course(self.shown))


def _course(losses):
    """Says how a list of losses runs."""
    if not losses:
        return "The training has not begun."
    last = f"At step {len(losses) - 1} the loss is {losses[-1]:.4f}"
    if len(losses) == 1:
        return f"{last}."
    lowest = int(np.argmin(losses))
    begun = f"it began at {losses[0]:.4f}"
    if lowest == 0:
        return f"{last}; {begun} and was never below that."
    if np.all(np.diff(losses) < 1e-9):
        return f"{last}; {begun} and never rose."
    if losses[-1] - losses[lowest] < 1e-9:
        return f"{last}, the lowest; {begun} and rose in between."
    return f"{last}; {begun}, and was lowest at step {lowest} with {losses[lowest]:.4f}."


class Regions:
    """The plane of bill and flipper length on `ax`, and what a classifier decides in it."""

    def __init__(self, ax, lesson, cells=(96, 68)):
        self.ax, self.lesson = ax, lesson
        ax.set(xlim=_WIDE, ylim=_HIGH, xlabel="bill length in mm", ylabel="flipper length in mm")
        wide, high = (
            np.linspace(*ends, n + 1) for ends, n in zip((_WIDE, _HIGH), cells, strict=True)
        )
        columns, rows = (wide[:-1] + wide[1:]) / 2, (high[:-1] + high[1:]) / 2
        self.places = np.stack(np.meshgrid(columns, rows), -1)
        self.mesh = ax.pcolormesh(
            wide,
            high,
            np.zeros(cells[::-1]),
            cmap=_shades(),
            vmin=-0.5,
            vmax=3 * _LEVELS - 0.5,
            zorder=3,
            rasterized=True,
        )
        held_out, labels = lesson.mm[TRAINING:], lesson.labels[TRAINING:]
        points = [
            ax.plot(
                *held_out[labels == k].T,
                _MARKERS[k],
                color=_HUES[k],
                mec="white",
                mew=0.8,
                ms=7,
                ls="",
                zorder=4 + k / 10,
            )[0]
            for k in range(3)
        ]
        (self.rings,) = ax.plot([], [], "o", color=BLACK, mfc="none", mew=1.8, ms=13, zorder=5)
        self.names = [
            ax.text(0, 0, name, ha="center", va="center", fontsize=14, fontweight="bold", zorder=6)
            for name in SPECIES
        ]
        # Where a name covers no penguin and stays inside: a name is about 11 by 5 mm.
        beside = np.abs(columns[:, None] - held_out[:, 0]) <= 6.2
        level = np.abs(rows[:, None] - held_out[:, 1]) <= 3.6
        inside = np.abs(self.places - (46, 202)) < (10, 30)
        self.free = ~(level @ beside.T) & inside.all(-1)
        self.moving = [self.mesh, *points, self.rings, *self.names]

    def update(self, w, b, temperature):
        """Shades each place by the class with the greatest score, and by its probability."""
        lesson = self.lesson
        scores = (self.places - lesson.mean) / lesson.std @ w + b
        self.winner, self.sure = scores.argmax(-1), softmax(scores / temperature).max(-1)
        level = np.round((self.sure - 1 / 3) * 1.5 * (_LEVELS - 1))
        self.mesh.set_array(self.winner * _LEVELS + level)
        right = lesson.right(w, b)
        self.rings.set_data(*lesson.mm[TRAINING:][~right].T)
        for k, name in enumerate(self.names):
            mine = self.winner == k
            room = self.places[mine & self.free]
            name.set_visible(len(room) > 0)
            if len(room):
                middle = self.places[mine].mean(axis=0)
                name.set_position(room[np.abs(room - middle).sum(axis=-1).argmin()])


def _shades():
    """For each class the way from white to its hue, from the least sure to the surest."""
    ways = np.linspace(0.05, 0.6, _LEVELS)[:, None]
    return ListedColormap(
        np.concatenate([1 - ways * (1 - np.array(to_rgb(hue))) for hue in _HUES]).clip(0, 1)
    )


class DecisionRegions(Drawing):
    """What a classifier decides after its training, and the loss on the way."""

    def __init__(self, figure):
        super().__init__(figure)
        self.lesson = Lesson()
        self.train = lru_cache(self.lesson.train)
        self.regions = Regions(figure.add_axes((0.09, 0.15, 0.49, 0.74)), self.lesson)
        self.curve = Curve(figure.add_axes((0.67, 0.15, 0.31, 0.74)), STEPS)
        figure.text(0.02, 0.93, "species decided at each place (rings: wrong)", fontsize=14)
        figure.text(0.62, 0.93, "loss", fontsize=14)
        self.moving = [*self.curve.moving, *self.regions.moving]
        self.seldom = [self.curve.ax.yaxis]

    def update(self, power, axis, temperature):
        """Trains with the learning rate ``10**power``, and draws what comes of it.

        Parameters
        ----------
        power : float
        axis : int
            Along which the softmax of the training sums: -1 is right, 0 is wrong.
        temperature : float
            Of the shading only.

        Returns
        -------
        Words
        """
        rate = 10**power
        self.w, self.b, self.losses = self.train(rate, axis)
        self.right = self.lesson.right(self.w, self.b)
        self.regions.update(self.w, self.b, temperature)
        self.curve.update(self.losses)
        held_out = self.lesson.x[TRAINING:] @ self.w + self.b
        self.confidence = softmax(held_out / temperature).max(axis=-1).mean()
        said = (
            f"Learning rate {rate:.3g}, softmax along axis={axis}: "
            f"{self.right.sum()} of {self.right.size} held-out penguins are decided rightly, with "
            f"a mean confidence of {self.confidence:.3f} at temperature {temperature:.1f}. "
        )
        return Words(said + _course(self.losses), self._table())

    def _table(self):
        labels = self.lesson.labels[TRAINING:]
        counts = [f"{self.right[labels == k].sum()} of {(labels == k).sum()}" for k in range(3)]
        return [["", *SPECIES], ["decided rightly", *counts]]


def penguins(figure):
    """Bill and flipper length of the penguins, one marker for each species."""
    ax = figure.add_axes((0.09, 0.15, 0.88, 0.82))
    mm, labels = load()
    ax.set(xlim=_WIDE, ylim=_HIGH, xlabel="bill length in mm", ylabel="flipper length in mm")
    places = ((33, 203), (55, 189), (57, 219))
    for k, (name, place) in enumerate(zip(SPECIES, places, strict=True)):
        ax.plot(*mm[labels == k].T, _MARKERS[k], color=_HUES[k], mec="white", mew=0.6, ms=8)
        ax.text(*place, name, color=INK[_HUES[k]], fontsize=16, fontweight="bold", ha="center")
    counts = [f"{(labels == k).sum()} {name}" for k, name in enumerate(SPECIES)]
    return Words(
        f"Bill and flipper length of {', '.join(counts[:-1])} and {counts[-1]} penguins: three "
        "clouds that overlap a little; bill length tells most Adelie from Chinstrap, flipper "
        "length most of both from Gentoo."
    )


def regions_of_two_axes(figure):
    """What two trainings decide: softmax along the classes, and along the penguins."""
    lesson = Lesson()
    said = []
    for k, axis in enumerate((-1, 0)):
        regions = Regions(figure.add_axes((0.09 + 0.49 * k, 0.15, 0.41, 0.7)), lesson, (192, 136))
        w, b, _ = lesson.train(0.5, axis)
        regions.update(w, b, 1.0)
        right = lesson.right(w, b)
        figure.text(0.06 + 0.49 * k, 0.92, f"trained with axis={axis}", fontsize=14)
        rare = right[lesson.labels[TRAINING:] == 1]
        said.append(
            f"with axis={axis}, {right.sum()} of {right.size} held-out penguins, and "
            f"{rare.sum()} of the {rare.size} Chinstrap among them"
        )
        if k:
            regions.ax.set_ylabel("")
    return Words(f"Decided rightly: {'; '.join(said)}. Rings mark penguins decided wrongly.")


PICTURES = (penguins, regions_of_two_axes)
