"""The inputs of a checkup, which exercises may use as well: `ARRAYS` has the kinds by name."""

import copy
import math
from dataclasses import dataclass

import numpy as np

from .targets import TARGETS, Target

_LOW = -1e4  # so far below all other scores that a float cannot tell it from -inf


def _every_second(x):
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def _turned(x):
    backwards = (slice(None, None, -1),) * x.ndim
    return x[backwards].copy()[backwards]


def _read_only(x):
    x = x.copy("K")
    x.setflags(write=False)
    return x


STORED = {
    "the transpose of an array": lambda x: x.T.copy("C").T,
    "every second entry of a longer array": _every_second,
    "an array read backwards": _turned,
    "read-only": _read_only,
    "of the other byte order": lambda x: x.astype(x.dtype.newbyteorder("=").newbyteorder("S")),
}
"""Ways to store an array; each takes one and gives a copy with the same entries."""


@dataclass(frozen=True, eq=False)
class Stored:
    """An array that is to be stored in one of the ways of `STORED`."""

    values: np.ndarray
    way: str


@dataclass(frozen=True, eq=False)
class Case:
    """An input, the axis along which its slices lie, and what is exact for them."""

    x: object
    axis: int
    expected: np.ndarray
    target: Target = TARGETS["softmax"]
    way: str = ""

    @property
    def line(self):
        """What a slice is called."""
        return ("column", "row")[self.axis % 2] if np.ndim(self.x) == 2 else "slice"

    def given(self):
        """A copy of the input, stored in its way."""
        return STORED[self.way](self.x) if self.way else copy.deepcopy(self.x)


def lay(given, axis, dims):
    """An input whose slices lie along its last axis, laid along `axis` in one of `dims`, or None.

    Where it has fewer dimensions, it gets axes of length 1 in front.
    """
    x = np.array(given.values if isinstance(given, Stored) else given)
    ndim = next((d for d in dims if d >= x.ndim), None)
    if ndim is None:
        return None
    return np.moveaxis(x.reshape((1,) * (ndim - x.ndim) + x.shape), -1, axis).copy("K")


def cases_of(given, axis, dims, target, every_axis=False):
    """The cases of an input: one, or one for each axis of at most six that it has."""
    x = lay(given, axis, dims)
    if x is None:
        return
    way = given.way if isinstance(given, Stored) else ""
    axes = _some_axes(x.shape) if every_axis else (axis,)
    for a in axes:
        expected = target.expected(x, a)
        shown = x.tolist() if isinstance(given, list) else STORED[way](x) if way else x
        yield Case(shown, a, expected, target, way)


def _some_axes(shape):
    """All axes of few; of many those with more than one entry, and one of the others."""
    ndim = len(shape)
    if ndim <= 4:
        return range(-ndim, ndim)
    some = [0, *(a for a in range(1, ndim) if shape[a] > 1)]
    return [*(a - ndim for a in some), *some]


def long_row(n):
    """A slice of n scores, of which only the first, one within and the last, the greatest, count.

    Whoever leaves out an end, a block or a tail gets a wrong sum.
    """
    row = np.full(n, _LOW)
    row[[0, n // 3, -1]] = 1.0, 2.0, 3.0
    return row


def tall(n):
    """n slices of two scores, which differ at the first, one within and the last."""
    x = np.zeros((n, 2))
    x[[0, n // 3, -1], 0] = 1.0, 2.0, 3.0
    return x


BLOCK = (
    ((1.0, 2.0, 4.0, 0.5), (0.0, 3.0, 3.5, 1.0), (2.0, 2.5, 0.0, 1.5)),
    ((5.0, 1.0, 1.5, 3.0), (0.5, 0.0, 2.0, 4.0), (1.0, 3.0, 2.0, 0.0)),
)

ARRAYS = {
    "ordinary": np.array([3.0, 1.0, 0.2]),
    "negative": np.array([-1.0, 0.5, 2.0, -3.0]),
    "square": np.array([[3.0, 1.0], [0.0, 0.5]]),
    "wide": np.array([[3.0, 1.0, 0.2], [1.0, 2.0, 3.0]]),
    "tall": np.array([[3.0, 1.0], [0.0, 0.5], [0.2, 3.0]]),
    "three dimensions": np.array(BLOCK),
    "very high": np.array([20001.0, 20000.0, 19998.0]),
    "very low": np.array([-20001.0, -20000.0, -20002.0]),
    "very low beside very high": np.array([[20001.0, 20000.0], [-20001.0, -20000.0]]),
    "long": long_row(1025),
    "transposed": STORED["the transpose of an array"](np.array([[3.0, 1.0, 0.2], [1.0, 2.0, 3.0]])),
    "every second entry": _every_second(np.array([[3.0, 1.0, 0.2], [1.0, 2.0, 3.0]])),
}
"""Scores of each kind that an implementation may stumble over, slices along the last axis. Copy
one before you hand it out: ``x.copy("K")`` keeps a transposed array transposed."""

HOLES = np.array(BLOCK)
HOLES[0, 0] = HOLES[:, 2, 3] = HOLES[1, :, 1] = -math.inf
HOLES[1, 2, 2] = math.nan
