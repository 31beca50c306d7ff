"""Softmax, its logarithm and logsumexp: the ones that you would use.

`softmax` shifts only logits that would leave the range of exp, and by whole numbers, because the
rounding of x - max is what costs digits.
"""

import math
import operator

import numpy as np


def softmax(x, axis=-1):
    r"""Turn logits into probabilities: exp(x_i) / sum_j exp(x_j).

    Parameters
    ----------
    x : array_like of real numbers
        Logits. -inf is allowed and gets probability 0. A matrix is taken as its 2-D array.
    axis : int, tuple of int, or None
        The axis or axes along which the result sums to 1. None is the whole array.

    Returns
    -------
    ndarray
        Of the shape of `x`. A float dtype is kept, in native byte order; bool and integers give
        float64. A slice that holds nan or +inf, or only -inf, is nan; other slices are not touched.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers or is a masked array, or `axis` is not an integer.
    ValueError
        If `x` is ragged, a slice has no entries, or `axis` is out of range or repeated.

    Notes
    -----
    Within 8 ulps in float64 for each probability that is a normal number; subtracting the max costs
    \|x_i - max\| ulps more [1]_. Narrower floats are computed in float64 and rounded once. Integers
    above 2**53 are rounded to float64 first.

    References
    ----------
    .. [1] P. Blanchard, D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and
       softmax functions", IMA Journal of Numerical Analysis 41(4), 2021, pp. 2311-2330,
       doi:10.1093/imanum/draa038.
    """
    x, axes, dtype = _prepare(x, axis)
    with np.errstate(all="ignore"):
        shift = _least_shift(x, axes)
        gaps = x - shift
        e = np.exp(gaps)
        if shift.any():
            e += e * _lost(x, shift, gaps)
        e /= _sum(e, axes)
        return e.astype(dtype, copy=False)


def log_softmax(x, axis=-1):
    """Logarithm of `softmax`: x_i - logsumexp(x).

    Parameters, results and errors are those of `softmax`; -inf stays -inf.

    Notes
    -----
    Computed as (x_i - max) - log1p(s), where s sums the exps of all entries but one max. Neither
    term is positive, so nothing cancels, and a result near 0 keeps its digits; log(softmax(x))
    rounds it to 0, and gives -inf where the probability underflows.
    """
    x, axes, dtype = _prepare(x, axis)
    with np.errstate(all="ignore"):
        top, log_sum = _top_and_log_sum(x, axes)
        return (x - top - log_sum).astype(dtype)


def logsumexp(x, axis=-1, keepdims=False):
    """Logarithm of the sum of exps: log(sum_j exp(x_j)).

    Parameters
    ----------
    x, axis
        As for `softmax`.
    keepdims : bool
        Keep each reduced axis, with length 1.

    Returns
    -------
    ndarray or scalar
        One number for each slice, dtype as in `softmax`. Only -inf gives -inf, +inf gives +inf
        unless there is nan, and nan gives nan.

    Notes
    -----
    Computed as max + log1p(s), s as in `log_softmax`; errors raised are those of `softmax`. Right
    to a few ulps of the greater of the two terms; where they cancel, few digits may be left.
    """
    x, axes, dtype = _prepare(x, axis)
    with np.errstate(all="ignore"):
        top, log_sum = _top_and_log_sum(x, axes)
        result = np.where(np.isinf(top), top, top + log_sum).astype(dtype)
    return result if keepdims else result.squeeze(axes)[()]


def _least_shift(x, axes):
    """For each slice the whole number nearest to 0 that keeps its exps, and their sum, in range."""
    top = x.max(axes, keepdims=True)
    count = math.prod(x.shape[a] for a in axes)
    room = np.floor(np.log(np.finfo(x.dtype).max)) - math.log(count)
    shift = np.ceil(np.maximum(top - room, 0)) + np.floor(np.minimum(top, 0))
    no_fractions = np.abs(top) * np.finfo(x.dtype).eps >= 1
    return np.where(no_fractions, top, shift)


def _lost(x, y, difference):
    """What rounding took from x - y: exact, by Knuth's two-difference; 0 at infinities."""
    less = difference - x
    lost = (x - (difference - less)) - (y + less)
    return np.where(np.isfinite(lost), lost, 0)


def _sum(e, axes):
    """Sum in pairs along any axes; numpy itself does so only along the last axis in memory."""
    kept = [a for a in range(e.ndim) if a not in axes]
    rows = np.ascontiguousarray(e.transpose(*kept, *axes))
    shape = rows.shape[: len(kept)]
    sums = rows.reshape(*shape, math.prod(rows.shape[len(kept) :])).sum(-1)
    return np.expand_dims(sums, axes)


def _top_and_log_sum(x, axes):
    """The max of each slice, and log1p of the sum of the other exps: accurate near 0 too."""
    top = x.max(axes, keepdims=True)
    gaps = x - top
    e = np.exp(gaps)
    e += e * _lost(x, top, gaps)
    at_top = gaps == 0
    return top, np.log1p(_sum(e - at_top, axes) + (_sum(at_top, axes) - 1))


def _prepare(x, axis):
    """Check the arguments; give x in its working dtype, its axes and the result's dtype."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            "x must be an array without a mask, but is a masked array; "
            "x.astype(float).filled(-np.inf) gives masked entries probability 0"
        )
    try:
        x = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"x must be an array of real numbers, but is ragged: {error}") from None
    kind = x.dtype.kind
    # A dtype from outside numpy, such as bfloat16, is of kind V and casts safely to float32.
    added = kind == "V" and x.dtype.names is None and np.can_cast(x.dtype, np.float32)
    if kind not in "biuf" and not added:
        raise TypeError(
            f"x must hold real numbers (floats, integers or bool), but its dtype is {x.dtype}; "
            "convert it to floats first"
        )
    whole = kind in "biu" or (added and np.can_cast(x.dtype, np.int64))
    dtype = np.dtype(np.float64) if whole else x.dtype.newbyteorder("=")
    axes = _checked_axes(x, axis)
    return x.astype(np.promote_types(dtype, np.float64), copy=False), axes, dtype


def _checked_axes(x, axis):
    """The axes in order, none of them negative."""
    axes = axis if isinstance(axis, tuple) else range(x.ndim) if axis is None else (axis,)
    try:
        axes = tuple(operator.index(a) for a in axes)
    except TypeError:
        raise TypeError(f"axis must be an int, a tuple of ints or None, but is {axis!r}") from None
    if not all(-x.ndim <= a < x.ndim for a in axes):
        raise np.exceptions.AxisError(
            f"axis must be within the {x.ndim} dimensions of x, but is {axis!r}"
            + ("; a scalar takes axis=None" if x.ndim == 0 else "")
        )
    if len({a % x.ndim for a in axes}) < len(axes):
        raise ValueError(f"axis must name each axis once, but is {axis!r}")
    if any(x.shape[a] == 0 for a in axes):
        raise ValueError(f"x must have an entry along axis {axis!r}, but its shape is {x.shape}")
    return tuple(sorted(a % x.ndim for a in axes))
