"""Softmax to half an ulp: each step in double-double numbers, rounded to float64 once.

A *double-double* is an unevaluated sum high + low of two float64 numbers, low being at most half
an ulp of high: about 106 bits [1]_. The result is off by at most half an ulp and 1e-6 ulps, so it
is the float64 nearest to the exact one, unless that lies next to the middle of two floats.

References
----------
.. [1] T. J. Dekker, "A floating-point technique for extending the available precision",
   Numerische Mathematik 18, 1971, pp. 224-242, doi:10.1007/BF01397083.
"""

import math

import numpy as np

from .arguments import NARROW, prepare
from .error_free import two_product, two_sum

# log 2 in three parts. The first two have 40 bits, so that their products with |k| < 2**13 are
# exact.
_LOG_2 = [
    float.fromhex(part)
    for part in ("0x1.62e42fefa4p-1", "-0x1.8432a1b0e2p-43", "-0x1.8cff81a12a17ep-85")
]
_HALVINGS = 8
_BOTTOM = -800.0  # exp of it is no float64; it stands for all below, and for -inf


def softmax_half_ulp(x, axis=-1):
    """Softmax, correctly rounded but for near-ties; tens of times slower than `softmax`, or more.

    Parameters
    ----------
    x : array_like of real numbers, floats of at most 64 bits
        Logits. -inf is allowed and gets probability 0. Integers above 2**53 are rounded first.
    axis : int, tuple of int, or None
        The axis or axes along which the result sums to 1. None is the whole array.

    Returns
    -------
    ndarray
        Of the shape of `x`; a float dtype is kept, bool and integers give float64. A slice that
        holds nan or +inf, or only -inf, is nan; other slices are not touched.

    Raises
    ------
    TypeError
        If `x` holds anything else or has a mask, or `axis` is not an integer.
    ValueError
        If `x` is ragged, a slice has no entries, or `axis` is out of range or repeated.

    Notes
    -----
    Probabilities below the smallest normal number are rounded twice, and so is float32.
    """
    x, axes, dtype = prepare(x, axis, NARROW)
    last = range(-len(axes), 0)
    moved = np.moveaxis(x, axes, last)
    n = math.prod(moved.shape[x.ndim - len(axes) :])
    with np.errstate(all="ignore"):
        p, _ = softmax_of_rows(moved.reshape(x.size // n, n).astype(np.float64))
        p = p.astype(dtype, copy=False)
    return np.moveaxis(p.reshape(moved.shape), last, axes)


def softmax_of_rows(x):
    """The softmax of each row, as a double-double: p to half an ulp, and what p lacks."""
    top = x.max(axis=-1, keepdims=True)
    high, low = two_sum(x, -top)
    near = high >= _BOTTOM  # not so for -inf
    e, k = exp((np.where(near, high, _BOTTOM), np.where(near, low, 0)))
    total = np.ldexp(e[0], k), np.ldexp(e[1], k)
    while total[0].shape[-1] > 1:
        total = _fold(*total)
    return [np.where(np.isfinite(top), np.ldexp(part, k), np.nan) for part in divide(e, total)]


def add(a, b):
    """The sum of two double-doubles."""
    high, low = two_sum(a[0], b[0])
    return two_sum(high, low + (a[1] + b[1]))


def multiply(a, b):
    """The product of two double-doubles."""
    high, low = two_product(a[0], b[0])
    return two_sum(high, low + (a[0] * b[1] + a[1] * b[0]))


def divide(a, b):
    """The quotient of two double-doubles."""
    first = a[0] / b[0]
    high, low = two_product(first, b[0])
    rest = (a[0] - high) - low + (a[1] - first * b[1])
    return two_sum(first, rest / b[0])


def exp(a):
    """exp of a double-double between -800 and 800, as m * 2**k: a double-double m and integers k.

    With a = k log 2 + r and s = r / 2**8, exp(s) - 1 = s + s**2 / 2 + ..., whose terms from s**3 on
    are so small that float64 is enough for them. The other way round, y = exp(s) - 1 becomes
    exp(2 s) - 1 = 2 y + y**2, eight times.
    """
    k = np.rint(a[0] / _LOG_2[0])
    r = a
    for part in _LOG_2:
        r = add(r, (-k * part, 0.0))
    s = r[0] / 2**_HALVINGS, r[1] / 2**_HALVINGS
    t = s[0]
    cubes = t * t * t / 6 * (1 + t / 4 * (1 + t / 5 * (1 + t / 6 * (1 + t / 7))))
    square = multiply(s, s)
    y = add(add(s, (square[0] / 2, square[1] / 2)), (cubes, 0.0))
    for _ in range(_HALVINGS):
        y = add((2 * y[0], 2 * y[1]), multiply(y, y))
    return add(y, (1.0, 0.0)), k.astype(int)


def _fold(high, low):
    """Add one half of the entries onto the other."""
    n = high.shape[-1]
    if n % 2:
        high, low = (np.append(part, np.zeros((len(part), 1)), axis=-1) for part in (high, low))
    half = (n + 1) // 2
    return add((high[:, :half], low[:, :half]), (high[:, half:], low[:, half:]))
