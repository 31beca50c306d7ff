"""Where each of the thread's seven is right, and how the others fail, for notebook 05."""

import math
from functools import lru_cache

import numpy as np

from . import exact
from .regions import CLASSES, classify
from .thread import THREAD

RAISES = len(CLASSES)

OUTCOMES = (*CLASSES, "raises")

# The job of each map: the variant, the shape, the axis it is wanted along, and the map's title.
JOBS = (
    ("A", (4, 4), None, "A: all at once"),
    ("B", (4, 4), 0, "B: columns"),
    ("C", (4, 4), -1, "C: rows, square"),
    ("C", (3, 4), -1, "C: rows, 3 by 4"),
    ("D", (4, 4), -1, "D: rows"),
    ("E", (4, 4), -1, "E: rows"),
    ("F", (4, 4), 0, "F: columns"),
    ("G", (4, 4), None, "G: all at once"),
)

CELLS = 30

OFFSETS, SPREADS = (-17, 17), (-1, 4)  # powers of ten

# With this seed hardly a cell of the atlas hangs on the last bit of an exp; CPUs differ there.
_SEEDED = np.random.default_rng(30).normal(size=(6, 4)).round(1)


def scores(offset, spread, shape):
    """``offset + spread * z`` for seeded standard normal z, rounded to one decimal.

    Parameters
    ----------
    offset, spread : float
    shape : tuple of int
        At most 24 entries.

    Returns
    -------
    ndarray of float64
    """
    return offset + spread * _SEEDED.flat[: math.prod(shape)].reshape(shape)


def outcome(letter, x, axis):
    """Runs a variant of the thread and sorts its result.

    Parameters
    ----------
    letter : str
    x : ndarray of float64
    axis : int or None
        Along which distributions are wanted.

    Returns
    -------
    kind : int
        Of `OUTCOMES`; see `softmaxlab.regions.classify`.
    p : ndarray, or the ValueError that was raised
    expected : ndarray
    """
    expected = _expected(x, axis)
    try:
        p = _run(letter, x)
    except ValueError as error:
        return RAISES, error, expected
    return int(classify(p.ravel(), expected.ravel())), p, expected


def _run(letter, x):
    with np.errstate(all="ignore"):
        return THREAD[letter].function(x)


def _expected(x, axis):
    if axis is None:
        return _exact(x.tobytes()).reshape(x.shape)
    return np.apply_along_axis(lambda part: _exact(part.tobytes()), axis, x)


@lru_cache(maxsize=20_000)
def _exact(content):
    """Of one slice: most slices come in several maps."""
    return exact.softmax(np.frombuffer(content))


def offsets():
    """The offset of each column of a map."""
    powers = middles(*OFFSETS)
    return np.sign(powers) * (10 ** np.abs(powers) - 1)


def spreads():
    """The spread of each row of a map, from the least up."""
    return 10 ** middles(*SPREADS)


def middles(low, high):
    """The middles of the cells of a map from `low` to `high`."""
    edges = np.linspace(low, high, CELLS + 1)
    return (edges[1:] + edges[:-1]) / 2


@lru_cache
def measure(letter, shape, axis):
    """The outcomes of a variant over offset and spread, each cell measured by running it.

    Where columns are wanted the scores are transposed, so that every map has the same slices.

    Returns
    -------
    ndarray of int, shape (CELLS, CELLS)
        The row is the spread, the column is the offset.
    """
    results, expected = np.zeros((2, CELLS, CELLS, math.prod(shape)))
    raised = np.zeros((CELLS, CELLS), dtype=bool)
    for i, spread in enumerate(spreads()):
        for j, offset in enumerate(offsets()):
            x = scores(offset, spread, shape)
            x = np.ascontiguousarray(x.T) if axis == 0 else x
            expected[i, j] = _expected(x, axis).ravel()
            try:
                results[i, j] = _run(letter, x).ravel()
            except ValueError:
                raised[i, j] = True
    return np.where(raised, RAISES, classify(results, expected))
