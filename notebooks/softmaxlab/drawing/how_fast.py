"""Pictures of notebook 07: times of softmaxes, measured now or read from the record."""

import re

import numpy as np
from matplotlib.collections import LineCollection

from ..speed import records
from . import BLACK, BLUE, GRAY, GREEN, ORANGE, PURPLE, SKY, VERMILION, Drawing, Words

NAMES = {
    "ours": "softmaxlab",
    "in place": "3 lines in place",
    "tensorflow": "TensorFlow",
    "np.exp": "np.exp alone",
}
# Of each: its color and its marker.
_LOOKS = {
    "ours": (BLACK, "o"),
    "scipy": (VERMILION, "s"),
    "in place": (GRAY, "d"),
    "torch": (BLUE, "^"),
    "jax": (ORANGE, "D"),
    "tensorflow": (GREEN, "v"),
    "numba": (PURPLE, "P"),
    "np.exp": (SKY, "x"),
}
_LINES = ((BLACK, "o", "-"), (VERMILION, "s", "--"), (BLUE, "^", "-."), (ORANGE, "D", ":"))


def _of_the_libraries():
    """The part of the record that has all libraries, as the pictures show."""
    return max(records().items(), key=lambda part: len(next(iter(part[1][1].values()))))


def times_against_size(figure, seconds, cache=None):
    """The times of some functions against the number of entries, and the same for each entry.

    Parameters
    ----------
    figure : Figure
    seconds : dict
        From the name of a function, of four at most, to a dict from n to seconds.
    cache : int, optional
        Bytes of the level-2 cache; where 8 n bytes fill it is marked.

    Returns
    -------
    Words
    """
    left = figure.add_axes((0.09, 0.25, 0.37, 0.65))
    right = figure.add_axes((0.6, 0.25, 0.37, 0.65))
    slopes = []
    for (name, times), (color, marker, line) in zip(seconds.items(), _LINES, strict=False):
        n, t = np.array([*times]), np.array([*times.values()])
        look = {"color": color, "marker": marker, "ls": line, "lw": 2, "ms": 6, "label": name}
        left.plot(n, t * 1e3, **look)
        right.plot(n, t * 1e9 / n, **look)
        long = n >= 10**4
        slopes.append(f"{np.polyfit(np.log(n[long]), np.log(t[long]), 1)[0]:.2f} for {name}")
    left.set_title("time in ms")
    right.set_title("ns for each entry")
    figure.legend(*right.get_legend_handles_labels(), ncol=4, loc="lower center", fontsize=12)
    for ax in (left, right):
        ax.set(xscale="log", yscale="log", xlabel="entries")
        ax.minorticks_off()
        if cache:
            ax.axvline(cache / 8, color=GRAY, lw=1.2, zorder=1)
    if cache:
        text = {"ha": "right", "va": "top", "color": GRAY, "fontsize": 12}
        left.text(
            cache / 8, 0.99, "level-2 cache full ", transform=left.get_xaxis_transform(), **text
        )
    return Words(
        "Left, time against the number of entries, both logarithmic, so that a power of n is a "
        f"straight line. From 10 000 entries on the slopes are {', '.join(slopes)}; that of a "
        "time proportional to n is 1. Right, the same times for each entry: where n is small, most "
        "of each is the start of the calls."
    )


def recorded_times(figure):
    """Time against the number of entries of one row, as recorded where all libraries are."""
    machine, (about, microseconds) = _of_the_libraries()
    shapes = [shape for shape, *rest in microseconds if "x" not in shape]
    sizes = sorted({int(shape) for shape in shapes})
    seconds = {
        NAMES.get(name, name): {
            n: microseconds[str(n), -1, "float64", (1, 0)][name] / 1e6 for n in sizes
        }
        for name in ("ours", "scipy", "torch", "np.exp")
    }
    cache = re.search(r"level-2 cache (\d+)K", about)
    words = times_against_size(figure, seconds, cache and int(cache.group(1)) * 1024)
    return Words(f"On {machine}. {words.sentence}")


def recorded_ratios(figure):
    """Time over scipy's for every shape, in float64 at spread 1, where all libraries are."""
    figure.set_size_inches(8.6, 6.6)
    ax = figure.add_axes((0.25, 0.21, 0.72, 0.77))
    machine, (_, microseconds) = _of_the_libraries()
    cases = [key for key in microseconds if key[2:] == ("float64", (1, 0))]
    places = np.arange(len(cases))
    shown = [name for name in _LOOKS if name in microseconds[cases[0]]]
    for name in reversed(shown):  # ours above all others
        color, marker = _LOOKS[name]
        ratios = [microseconds[case][name] / microseconds[case]["scipy"] for case in cases]
        label = NAMES.get(name, name)
        ax.plot(ratios, places, marker, color=color, ms=8, mew=2, label=label)
        if name == "ours":
            faster = sum(ratio < 1 for ratio in ratios)
            low, high = min(ratios), max(ratios)
    ax.axvline(1, color=GRAY, lw=1.2, zorder=1)
    ax.hlines(places, 0.01, 20, color=GRAY, lw=0.4, zorder=1)
    ax.set(xscale="log", xlim=(0.01, 20), ylim=(len(cases) - 0.5, -0.5))
    ax.set_xticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
    ax.set_xlabel("time over scipy's")
    ax.set_yticks(places, [_title(*case[:2]) for case in cases])
    ax.tick_params(axis="y", length=0)
    figure.legend(ncol=4, loc="lower center", fontsize=12, columnspacing=1.2, handletextpad=0.2)
    times = [microseconds[case] for case in cases]
    ahead = {
        NAMES.get(name, name): sum(us[name] < us["ours"] for us in times)
        for name in shown
        if name not in ("ours", "np.exp")
    }
    said = ", ".join(f"{name} on {count}" for name, count in ahead.items() if count)
    return Words(
        f"On {machine}, in float64 at a spread of 1: softmaxlab's softmax is faster than scipy's "
        f"on {faster} of {len(cases)} shapes; it takes from {low:.2f} to {high:.2f} of its time. "
        f"Ahead of it is {said or 'none'}."
    )


def _title(shape, axis):
    if "x" not in shape:
        return f"one row of {_number(int(shape))}"
    rows, columns = map(int, shape.split("x"))
    return f"{_number(rows)} x {_number(columns)}, {'last' if axis else 'first'}"


def _number(n):
    power = len(str(n)) - 1
    return f"$10^{power}$" if n == 10**power and n > 1000 else str(n)


def _time(microseconds):
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:.3g} {unit}"
    return f"{microseconds:.3g} µs"


class RecordedSpeed(Drawing):
    """The recorded times of one case, each over scipy's."""

    def __init__(self, figure):
        super().__init__(figure)
        cases = [case for _, part in records().values() for case in part.values()]
        ratios = [us / case["scipy"] for case in cases for us in case.values()]
        low, high = min(ratios) / 1.5, max(ratios) * 1.5
        ax = figure.add_axes((0.17, 0.15, 0.56, 0.8))
        places = np.arange(len(_LOOKS))
        ax.set(xscale="log", xlim=(low, high), ylim=(len(_LOOKS) - 0.5, -0.5))
        ticks = [tick for tick in (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30) if low < tick < high]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
        ax.set_xlabel("time over scipy's")
        ax.set_yticks(places, [NAMES.get(name, name) for name in _LOOKS])
        ax.tick_params(axis="y", length=0)
        ax.axvline(1, color=GRAY, lw=1.2)
        figure.text(0.84, 0.955, "over scipy", ha="right", fontsize=12)
        figure.text(0.97, 0.955, "time", ha="right", fontsize=12)
        self.stems = ax.add_collection(LineCollection([], color=GRAY, lw=3, zorder=3))
        self.dots = [
            ax.plot([], [], marker, color=color, ms=10, mew=2.5, zorder=4)[0]
            for color, marker in _LOOKS.values()
        ]
        at = ax.get_yaxis_transform()
        text = {"ha": "right", "va": "center", "transform": at, "zorder": 5, "clip_on": False}
        self.ratios = [ax.text(1.196, place, "", **text) for place in places]
        self.times = [ax.text(1.43, place, "", **text) for place in places]
        self.moving = [self.stems, *self.dots, *self.ratios, *self.times]

    def update(self, machine, shape, axis, dtype, logits):
        """Shows the record of one machine, shape, axis, dtype and kind of logits.

        Parameters
        ----------
        machine : str
            A key of `records`.
        shape : str
            Such as "1000x1000".
        axis : int
            -1 or 0, which are the same for one row.
        dtype : str
        logits : (int, int)
            Spread and offset.

        Returns
        -------
        Words
        """
        key = shape, axis if "x" in shape else -1, dtype, tuple(logits)
        self.case = records()[machine][1][key]
        over = {name: self.case[name] / self.case["scipy"] for name in _LOOKS if name in self.case}
        for i, name in enumerate(_LOOKS):
            there = name in over
            self.dots[i].set_data([over[name]] if there else [], [i] if there else [])
            self.ratios[i].set_text(f"{over[name]:.2f}" if there else "")
            self.times[i].set_text(_time(self.case[name]) if there else "not there")
        places = {name: i for i, name in enumerate(_LOOKS)}
        self.stems.set_segments(
            [[(1, places[name]), (ratio, places[name])] for name, ratio in over.items()]
        )
        fastest = min(over.keys() - {"np.exp"}, key=over.get)
        best = f"is {NAMES.get(fastest, fastest)}, at {over[fastest]:.2f}"
        return Words(
            f"{machine}. {self._case(shape, axis)}, {dtype}, spread {logits[0]}, "
            f"offset {logits[1]}: softmaxlab takes {over['ours']:.2f} of scipy's "
            f"{_time(self.case['scipy'])}; the fastest softmax {best}, and np.exp alone takes "
            f"{over['np.exp']:.2f}.",
            [
                ["softmax", "time", "over scipy"],
                *(
                    [NAMES.get(name, name), _time(self.case[name]), f"{ratio:.2f}"]
                    for name, ratio in over.items()
                ),
            ],
        )

    def _case(self, shape, axis):
        if "x" not in shape:
            return f"One row of {shape}"
        return f"{shape.replace('x', ' x ')} along the {'last' if axis else 'first'} axis"


PICTURES = (recorded_times, recorded_ratios)
