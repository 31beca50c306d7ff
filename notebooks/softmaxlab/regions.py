"""Where three softmaxes fail in the plane of two logits: measured, and predicted.

A cell of a map is a row of n logits: one class has the logit a, the other n - 1 share the logit b.
Each cell is measured, by running the variant's own arithmetic in the dtype of the map; the
boundaries are computed from the format alone.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from . import floats
from .arguments import NARROW, count, described, one_of, real
from .error_free import two_difference

CLASSES = ("right", "inaccurate", "silently wrong", "zero", "nan")
RIGHT, INACCURATE, WRONG, ZERO, NAN = range(5)
ULPS = {"float16": 8, "float32": 32, "float64": 32}  # 11 ulps of float16 can be over 1 %
LOST = 0.01


def _row(pair, n):
    return np.repeat(pair, [1, n - 1], axis=-1)


def _a(pair, n):
    e = np.exp(pair - pair.max(axis=-1, keepdims=True))
    return e / _row(e, n).sum(axis=-1, keepdims=True)


def _b(pair, n):
    e = np.exp(pair)
    return e / _row(e, n).sum(axis=-1, keepdims=True)


def _g(pair, n):
    from scipy.special import logsumexp

    return np.exp(pair - logsumexp(_row(pair, n), axis=-1, keepdims=True))


ARITHMETIC = {"A": _a, "B": _b, "G": _g}


def run(variant, pairs, n):
    """What a variant of the thread makes of rows that hold one `a` and n - 1 times `b`.

    Parameters
    ----------
    variant : str
        "A", "B" or "G".
    pairs : ndarray of floats, shape (..., k, 2)
        The logits a and b.
    n : int
        Classes in a row, 2 or more.

    Returns
    -------
    ndarray, the shape and dtype of `pairs`
        The probability of the class with a, and of each class with b.

    Notes
    -----
    A row holds two distinct logits, so exp and division are done for these; the sum runs over all
    n terms. The operations and their order are those of ``THREAD[variant].function``.
    """
    one_of("variant", variant, ARITHMETIC)
    n = count("n", n, 2, "classes")
    pairs = _floats("pairs", pairs)
    p = np.empty_like(pairs)
    with np.errstate(all="ignore"):
        for place in np.ndindex(pairs.shape[:-2]):  # a line of the map at a time stays in cache
            p[place] = ARITHMETIC[variant](pairs[place], n)
    return p


def truth(pairs, n):
    """The softmax of the rows of `run`, in float64, to 3 ulps: p_a = 1 / (1 + (n - 1) exp(b - a)).

    What b - a loses in rounding is put back.
    """
    n = count("n", n, 2, "classes")
    a, b = np.moveaxis(_floats("pairs", pairs).astype(np.float64), -1, 0)
    low, high = np.minimum(a, b), np.maximum(a, b)
    gap, lost = two_difference(low, high)
    t = np.exp(gap) * (1 + lost)
    with np.errstate(under="ignore"):
        p_a = np.where(b <= a, 1, t) / np.where(b <= a, 1 + (n - 1) * t, t + (n - 1))
        p_b = np.where(b <= a, t, 1) / np.where(b <= a, 1 + (n - 1) * t, t + (n - 1))
    return np.stack([p_a, p_b], axis=-1)


def classify(p, exact):
    """Sorts results by their worst entry into `CLASSES`.

    Parameters
    ----------
    p : ndarray of floats, shape (..., n)
    exact : ndarray of float64, shape (..., n)

    Returns
    -------
    ndarray of int8, shape (...)
        RIGHT: each entry is within `ULPS` of the exact value, counted in spacings that the dtype of
        `p` has there, among subnormals too. Else NAN: some entry is nan. Else ZERO: an
        entry that is not right is 0. Else WRONG: an entry that is not right is off by `LOST` of its
        value or more. Else INACCURATE.
    """
    p, exact = _floats("p", p, None), _floats("exact", exact, None)
    with np.errstate(all="ignore"):
        spacing = np.spacing(exact.astype(p.dtype)).astype(np.float64)
        error = np.abs(p.astype(np.float64) - exact)
        bad = ~(error <= ULPS[p.dtype.name] * spacing)
        wrong = bad & ~(error < LOST * exact)
    tests = (np.isnan(p), bad & (p == 0), wrong, bad)
    return np.select(
        [test.any(axis=-1) for test in tests], [NAN, ZERO, WRONG, INACCURATE], RIGHT
    ).astype(np.int8)


class Window(NamedTuple):
    """A square of the plane: its center on the diagonal, half its side, cells along a side."""

    center: float
    half: float
    cells: int = 50

    @property
    def edges(self):
        return np.linspace(self.center - self.half, self.center + self.half, self.cells + 1)

    def pairs(self, dtype):
        """A point (a, b) of each cell, rounded to `dtype`; shape (cells, cells, 2).

        Not the middle: on a = b and on a = -b, x - max is exact, and the cell would look too good.
        """
        cells = np.arange(self.cells)
        a, b = (2 * (cells + part) / self.cells - 1 for part in (0.5, 0.4))
        logits = ((self.center + self.half * x).astype(dtype) for x in (a, b))
        return np.stack(np.meshgrid(*logits), axis=-1)


def window(dtype, around="0", zoom=0, cells=50):
    """The window of `dtype` around a point, `zoom` times halved.

    Parameters
    ----------
    dtype : str
    around : str
        "0", "the overflow" or "the underflow" of exp.
    zoom : int
    cells : int
    """
    one_of("dtype", dtype, ULPS)
    zoom, cells = count("zoom", zoom, 0, "halvings"), count("cells", cells, 1, "cells along a side")
    end = floats.first_zero_exp(dtype)
    centers = {"0": 0.0, "the overflow": floats.last_finite_exp(dtype), "the underflow": end}
    return Window(centers[one_of("around", around, centers)], -1.2 * end / 2**zoom, cells)


@lru_cache(maxsize=256)
def measure(variant, dtype, n, where):
    """The classes of the cells of the `Window` `where`.

    Returns
    -------
    ndarray of int8, shape (cells, cells)
        The row is b, the column is a; from the least up.
    """
    pairs = _window(where).pairs(one_of("dtype", dtype, ULPS))
    return classify(run(variant, pairs, n), truth(pairs, n))


def limits(dtype, n):
    """The thresholds that the boundaries are made of."""
    f, n = floats.FORMATS[one_of("dtype", dtype, ULPS)], count("n", n, 2, "classes")
    return {
        "overflow": floats.last_finite_exp(dtype),
        "largest": math.log(f.largest),
        "subnormal": floats.first_subnormal_exp(dtype),
        "off": math.log(f.smallest_subnormal) - math.log(2 * LOST),
        "zero": floats.first_zero_exp(dtype),
        # Below it a probability may come out as 0 and still be within ULPS spacings.
        "unseen": math.log(ULPS[dtype]) + math.log(f.smallest_subnormal),
        # From this sum of exps on, half a spacing of an exp stays within ULPS spacings of p.
        "heavy": -math.log(2 * ULPS[dtype]),
        "others": math.log(n - 1),
    }


def spare_ulps(dtype, n):
    """What `ULPS` leave for other errors: exp and division may cost 2 ulps, a sum log2(n).

    The sum of float16 costs 1: numpy adds them up in float32.
    """
    count("n", n, 2, "classes")
    return ULPS[one_of("dtype", dtype, ULPS)] - 2 - (1 if dtype == "float16" else math.log2(n))


def predict(variant, pairs, n, dtype):
    """The class that the numbers of the format alone predict; `RIGHT` to `WRONG` are bounds.

    Parameters
    ----------
    variant : str
    pairs : ndarray of float64, shape (..., 2)
    n : int
    dtype : str

    Returns
    -------
    ndarray of int8, shape (...)
        ZERO and NAN: the result is that. Lower: the worst that rounding can bring.

    Notes
    -----
    If exp(a) and exp(b) are computed with relative errors r and s, then p_a is off by
    (1 - p_a)(r - s) and p_b by p_a (s - r), to first order. For B they come from subnormal exps,
    which are off by up to half a spacing; for A from rounding x - max, up to half its spacing. For
    G, x - logsumexp and the parts of logsumexp are each off by up to half of theirs.
    """
    one_of("variant", variant, ARITHMETIC)
    t, f = limits(dtype, n), floats.FORMATS[dtype]
    pairs = _floats("pairs", pairs)
    exact = truth(pairs, n)
    top = pairs.max(axis=-1, keepdims=True)
    total = _total(pairs, n)
    with np.errstate(all="ignore"):
        if variant == "G":
            error = _half(pairs - total, f) + _half(total, f) + 2 * _half(total - top, f)
        else:
            half = math.log(f.smallest_subnormal) - math.log(2)
            subnormal = np.where(pairs <= t["subnormal"], np.exp(half - pairs), 0)
            off = subnormal if variant == "B" else _half(pairs - top, f)
            others = np.stack([exact[..., 1] * (n - 1), exact[..., 0]], axis=-1)
            error = others * off.sum(axis=-1, keepdims=True)
        bad = error * exact > spare_ulps(dtype, n) * _spacing(exact, f)
    classes = np.where(bad.any(axis=-1), INACCURATE, RIGHT)
    usual = (ULPS[dtype] - spare_ulps(dtype, n)) * f.unit_roundoff
    classes[(bad & (error + usual >= LOST)).any(axis=-1)] = WRONG
    if variant == "B":
        gone = pairs <= t["zero"]
        classes[(gone & (pairs - total > t["unseen"])).any(axis=-1)] = ZERO
        classes[total[..., 0] > t["largest"]] = ZERO
        classes[gone.all(axis=-1) | (pairs > t["overflow"]).any(axis=-1)] = NAN
    return classes.astype(np.int8)


def _total(pairs, n):
    """logsumexp of the rows, shape (..., 1)."""
    top = pairs.max(axis=-1, keepdims=True)
    return top + np.log((np.exp(pairs - top) * [1, n - 1]).sum(axis=-1, keepdims=True))


def _spacing(x, f):
    exponent = np.maximum(np.frexp(x)[1] - 1, f.min_exponent)
    return np.ldexp(1.0, exponent - f.precision + 1)


def _half(x, f):
    return np.where(x == 0, 0, _spacing(x, f) / 2)


def boundaries(variant, dtype, n, where):
    """The analytic boundaries of a map as lines: the name of each, with its points.

    Returns
    -------
    dict from str to (ndarray, ndarray)
        The a and the b of each line; nan where the pen is lifted.
    """
    one_of("variant", variant, ARITHMETIC)
    t = limits(dtype, n)
    low, high = _window(where).edges[[0, -1]]
    if variant == "A":
        gap, tail = safe_gap(dtype, n), -t["subnormal"]
        return {
            "gap": _joined(
                [(low, low + gap), (high, high + gap)], [(low, low - gap), (high, high - gap)]
            ),
            "tail": _joined(
                [(low, low + tail - t["others"]), (high, high + tail - t["others"])],
                [(low, low - tail), (high, high - tail)],
            ),
        }
    if variant == "G":
        return {"safe": safe_for_g(dtype, n)}
    share = np.sinh(np.linspace(-9, 9, 241))
    a_end, b_end = t["heavy"], t["heavy"] - t["others"]
    lines = {
        "overflow": _joined([(low, t["overflow"]), (t["overflow"],) * 2, (t["overflow"], low)]),
        "sum": (
            t["largest"] - np.logaddexp(0, share),
            t["largest"] - np.logaddexp(0, -share) - t["others"],
        ),
        "zero": _joined(
            [(low, low - t["unseen"] - t["others"]), (t["zero"], b_end), (t["zero"], low)],
            [(low - t["unseen"], low), (a_end, t["zero"]), (low, t["zero"])],
        ),
    }
    for name in ("subnormal", "off"):
        lines[name] = _joined(
            [(t["zero"], b_end), (t[name], b_end), (t[name], low)],
            [(a_end, t["zero"]), (a_end, t[name]), (low, t[name])],
        )
    return lines


def safe_gap(dtype, n):
    """The least gap \\|a - b\\| at which rounding x - max alone can use up `spare_ulps`.

    A gap from 2**k up to 2**(k + 1) is rounded by at most 2**k u, which costs the small probability
    at most 2**k ulps; so this is the least such power of two above `spare_ulps`.
    """
    return 2.0 ** math.ceil(math.log2(spare_ulps(dtype, n)))


@lru_cache
def safe_for_g(dtype, n):
    """Where \\|lse\\| + \\|x - lse\\| + 2 \\|lse - max\\| is `spare_ulps`: inside it G is right."""
    from contourpy import contour_generator

    t = np.linspace(-40, 40, 401)
    pairs = np.stack(np.meshgrid(t, t), axis=-1)
    total = _total(pairs, n)[..., 0]
    ulps = np.abs(total) + (total - pairs.min(axis=-1)) + 2 * (total - pairs.max(axis=-1))
    return _joined(*contour_generator(t, t, ulps).lines(spare_ulps(dtype, n)))


def _window(where):
    if not isinstance(where, Window):
        raise TypeError(f"where must be a Window, as window makes it, but is {described(where)}")
    return where


def _floats(name, values, last=2):
    """An array of floats in one of the maps' dtypes, `last` along its last axis, or any number."""
    array = real(name, values, NARROW)
    fits = array.ndim > 0 and last in (None, array.shape[-1])
    if array.dtype.name not in ULPS or not fits:
        raise TypeError(
            f"{name} must be an array of {', '.join(ULPS)} of shape (..., {last or 'n'}), but is "
            f"{described(values, array)} and of shape {array.shape}"
        )
    return array


def _joined(*paths):
    broken = [point for path in paths for point in (*path, (np.nan, np.nan))]
    return tuple(np.array(broken, dtype=float).reshape(-1, 2).T)
