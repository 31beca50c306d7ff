"""Softmax, its logarithm and logsumexp: the ones that you would use.

All three subtract the max of each slice: that changes no result and keeps every exp at or below 1.
"""

import operator

import numpy as np


def softmax(x, axis=-1):
    r"""Turn logits into probabilities: exp(x_i) / sum_j exp(x_j).

    Parameters
    ----------
    x : array_like of real numbers
        Logits. -inf is allowed and gets probability 0.
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
    float64: x_i - max is rounded, so entry i is right to about \|x_i - max\| + n ulps at worst, for
    n entries in a slice [1]_. Narrower floats are computed in float64 and rounded once. Integers
    above 2**53 are rounded to float64 first.

    References
    ----------
    .. [1] P. Blanchard, D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and
       softmax functions", IMA Journal of Numerical Analysis 41(4), 2021, pp. 2311-2330,
       doi:10.1093/imanum/draa038.
    """
    x, axis, dtype = _prepare(x, axis)
    with np.errstate(all="ignore"):
        e = np.exp(x - x.max(axis, keepdims=True))
        return (e / e.sum(axis, keepdims=True)).astype(dtype)


def log_softmax(x, axis=-1):
    """Logarithm of `softmax`: x_i - logsumexp(x).

    Parameters, results and errors are those of `softmax`; -inf stays -inf.

    Notes
    -----
    Computed as (x_i - max) - log1p(s), where s sums the exps of all entries but one max. Neither
    term is positive, so nothing cancels, and a result near 0 keeps its digits; log(softmax(x))
    rounds it to 0, and gives -inf where the probability underflows.
    """
    x, axis, dtype = _prepare(x, axis)
    with np.errstate(all="ignore"):
        top = x.max(axis, keepdims=True)
        return (x - top - _log_sum(x - top, axis)).astype(dtype)


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
    x, axis, dtype = _prepare(x, axis)
    with np.errstate(all="ignore"):
        top = x.max(axis, keepdims=True)
        result = np.where(np.isinf(top), top, top + _log_sum(x - top, axis)).astype(dtype)
    return result if keepdims else result.squeeze(axis)[()]


def _log_sum(gaps, axis):
    """log(sum(exp(gaps))), accurate near 0, where the greatest gap of each slice is 0."""
    at_top = gaps == 0
    others = np.exp(gaps).sum(axis, keepdims=True, where=~at_top)
    return np.log1p(others + (at_top.sum(axis, keepdims=True) - 1))


def _prepare(x, axis):
    """Check the arguments; give x in its working dtype, axis as a tuple and the result's dtype."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            "x must be an array without a mask, but is a masked array; "
            "x.astype(float).filled(-np.inf) gives masked entries probability 0"
        )
    try:
        x = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"x must be an array of real numbers, but is ragged: {error}") from None
    # A dtype from outside numpy, such as bfloat16, is of kind V and casts safely to float32.
    added = x.dtype.kind == "V" and x.dtype.names is None and np.can_cast(x.dtype, np.float32)
    if x.dtype.kind not in "biuf" and not added:
        raise TypeError(
            f"x must hold real numbers (floats, integers or bool), but its dtype is {x.dtype}; "
            "convert it to floats first"
        )

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

    whole = x.dtype.kind in "biu" or np.can_cast(x.dtype, np.int64)
    dtype = np.dtype(np.float64) if whole else x.dtype.newbyteorder("=")
    return x.astype(np.promote_types(dtype, np.float64), copy=False), axes, dtype
