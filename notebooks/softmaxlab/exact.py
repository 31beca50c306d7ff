"""The softmax of given floats as mathematics has it, rounded to float64 once: what judges the rest.

Each slice is computed in the standard library's decimals with a bound on the error. If both ends of
the bound round to the same float64, that is the answer; if not, it starts again with twice the
digits [1]_.

References
----------
.. [1] A. Ziv, "Fast evaluation of elementary mathematical functions with correctly rounded last
   bit", ACM Transactions on Mathematical Software 17(3), 1991, pp. 410-423,
   doi:10.1145/114697.116813.
"""

import math
from decimal import Context, Decimal, getcontext, localcontext

import numpy as np

from .arguments import NARROW, described, prepare, real

# The exp of a gap below FAR is under 1e-2171, where its exact size no longer matters to a float64,
# only that it is not 0: NEARLY_0 stands for it.
_FAR, _NEARLY_0 = -5000, Decimal("1e-2171")

# All float64 numbers and the middles between them are multiples of 2**-1075. So a summand under
# 1e-400 only breaks ties, and 1500 digits hold any sum or difference of two floats with it.
_SPECK, _ENOUGH = Decimal("1e-400"), Context(prec=1500)


def softmax(x, axis=-1):
    """Exact softmax, correctly rounded.

    Parameters
    ----------
    x : array_like of real numbers, floats of at most 64 bits
        Logits, taken at the exact values that they have in an array. To make one of a list, numpy
        rounds integers above 2**53 that stand beside a float.
    axis : int, tuple of int, or None
        The axis or axes along which the softmax is taken. None is the whole array.

    Returns
    -------
    ndarray of float64
        Of the shape of `x`, each entry the float64 nearest to the exact one. A slice that holds nan
        or +inf, or only -inf, is nan.

    Raises
    ------
    TypeError
        If `x` holds anything else or has a mask, or `axis` is not an integer.
    ValueError
        If `x` is ragged, a slice has no entries, or `axis` is out of range or repeated.

    Examples
    --------
    >>> from softmaxlab import exact
    >>> exact.softmax([0.0, 0.0, 0.0]).tolist() == 3 * [1 / 3]
    True
    >>> exact.softmax([2**53 + 1, 2**53]).round(3).tolist()
    [0.731, 0.269]
    """
    x, axes, _ = prepare(x, axis, NARROW)
    return _along(lambda row: _nearest(row, _softmax_ends), axes, x)


def log_softmax(x, axis=-1):
    """Exact logarithm of the softmax, correctly rounded; otherwise as `softmax`.

    An entry of -inf gives -inf, and so does an exact value beyond the range of float64.

    Examples
    --------
    >>> from softmaxlab import exact
    >>> print(exact.log_softmax([40.0, 0.0]))
    [-4.24835426e-18 -4.00000000e+01]
    """
    x, axes, _ = prepare(x, axis, NARROW)
    return _along(lambda row: _nearest(row, _log_softmax_ends), axes, x)


def logsumexp(x, axis=-1):
    """Exact log(sum(exp(x))), correctly rounded, one for each slice; otherwise as `softmax`.

    Only -inf gives -inf, +inf gives +inf unless there is nan, and nan gives nan.

    Examples
    --------
    >>> from softmaxlab import exact
    >>> exact.logsumexp([[0.0, 0.0], [1e6, 0.0]]).round(3).tolist()
    [0.693, 1000000.0]
    """
    x, axes, _ = prepare(x, axis, NARROW)
    # Each slice gives one number; it is put at every entry, and the first of each slice is taken.
    full = _along(lambda row: _logsumexp(row) * len(row), axes, x)
    return full[tuple(0 if a in axes else slice(None) for a in range(x.ndim))]


def errors_in_ulps(p, x, axis=-1):
    """Distance of computed probabilities from the unrounded exact softmax, in ulps.

    Parameters
    ----------
    p : array of float16, float32 or float64
        What some softmax made of `x`.
    x, axis
        As for `softmax`; `x` has the shape of `p`.

    Returns
    -------
    ndarray of float64
        \\|p - exact\\| over the spacing of p's dtype at the exact value. Below the smallest normal
        number that is the spacing of the subnormals. Where `p` is nan and the exact answer too, the
        error is 0; where one of them is nan, or `p` is infinite, it is inf.

    Raises
    ------
    TypeError
        As for `softmax`, and if `p` is not of a float dtype named above.
    ValueError
        As for `softmax`, and if the shapes differ.

    Notes
    -----
    An exact value that agrees with a power of two to 25 digits is taken to be at it, where the
    spacing is that of the numbers above.

    Examples
    --------
    >>> import numpy as np
    >>> from softmaxlab import exact, softmax
    >>> p = np.array([0.5, np.nextafter(0.5, 1)])
    >>> exact.errors_in_ulps(p, [0.0, 0.0]).tolist()
    [0.0, 1.0]
    >>> x = np.array([10000.3, 9999.0])
    >>> bool((exact.errors_in_ulps(softmax(x), x) < 5).all())
    True
    """
    given, p = p, real("p", p, NARROW)
    x, axes, _ = prepare(x, axis, NARROW)
    if p.dtype.kind != "f":
        raise TypeError(
            f"p must hold float16, float32 or float64, but is {described(given, p)}; "
            "give it as your softmax computed it"
        )
    if p.shape != x.shape:
        raise ValueError(f"p must have the shape of x, {x.shape}, but has {p.shape}")
    info = np.finfo(p.dtype)

    def errors(row_p, row_x):
        if not math.isfinite(_top(row_x)):
            return [0.0 if math.isnan(q) else math.inf for q in row_p]
        with localcontext(Context(prec=40)):
            _, _, exps, others, _ = _parts(row_x)
            ratios = [e / (1 + others) for e in exps]
            return [
                _ulps(q, ratio, info.minexp, info.nmant)
                for q, ratio in zip(row_p, ratios, strict=True)
            ]

    return _along(errors, axes, p, x)


def _ulps(q, exact, min_exponent, mantissa_bits):
    if not math.isfinite(q):
        return math.inf
    nearest = float(exact)
    exponent = math.frexp(nearest)[1] - 1 if nearest else min_exponent
    if exponent > min_exponent and exact * (1 + Decimal("1e-25")) < Decimal(2) ** exponent:
        exponent -= 1  # the nearest float64 is the power of two above
    ulp = Decimal(2) ** (max(exponent, min_exponent) - mantissa_bits)
    return float(abs(Decimal(q) - exact) / ulp)


def _top(row):
    return math.nan if any(map(math.isnan, row)) else max(row)


def _nearest(row, ends):
    """Round to float64 what `ends` encloses, with as many digits as that takes."""
    if not math.isfinite(_top(row)):
        return [math.nan] * len(row)
    digits = 30
    while True:
        with localcontext(Context(prec=digits)):
            rounded = [(float(low), float(high)) for low, high in ends(row)]
        if all(low == high for low, high in rounded):
            return [low for low, _ in rounded]
        digits *= 2


def _parts(row):
    """The max, the gaps to it, their exps, the sum of these but for one max, and a relative bound.

    Let eps = 10**(1 - digits), twice the relative error of one operation. A gap is off by eps / 2
    of itself, hence its exp by (5000 + 1) eps / 2, the sum of n by n eps / 2 more, and a quotient
    or log1p of these by at most (n + 10010) eps / 2, which (n + 6000) eps covers.
    """
    at = max(range(len(row)), key=row.__getitem__)
    top = Decimal(row[at])
    gaps = [Decimal(value) - top for value in row]
    exps = [
        gap.exp() if gap > _FAR else _NEARLY_0 if gap.is_finite() else Decimal(0) for gap in gaps
    ]
    others = sum(exps[:at] + exps[at + 1 :], Decimal(0))
    return top, gaps, exps, others, Decimal(len(row) + 6000).scaleb(1 - getcontext().prec)


def _softmax_ends(row):
    _, _, exps, others, bound = _parts(row)
    ratios = [e / (1 + others) for e in exps]
    return [(p * (1 - bound), p * (1 + bound)) for p in ratios]


def _log_softmax_ends(row):
    top, gaps, _, others, bound = _parts(row)
    log_sum = _log1p(others)
    if log_sum < _SPECK:
        with localcontext(_ENOUGH):
            return [2 * (Decimal(value) - top - (_SPECK if others else 0),) for value in row]
    logs = [gap - log_sum for gap in gaps]  # both terms at most 0: nothing cancels
    return [(v * (1 - bound), v * (1 + bound)) for v in logs]


def _logsumexp_ends(row):
    top, _, _, others, bound = _parts(row)
    log_sum = _log1p(others)
    if log_sum < _SPECK:
        with localcontext(_ENOUGH):
            return [2 * (top + (_SPECK if others else 0),)]
    slack = (abs(top) + log_sum) * bound
    return [(top + log_sum - slack, top + log_sum + slack)]


def _logsumexp(row):
    top = _top(row)
    return _nearest(row, _logsumexp_ends) if math.isfinite(top) else [top]


def _log1p(t):
    """log(1 + t), t >= 0, to as many digits as the context has, however small t is."""
    zeros = max(0, -t.adjusted())
    if t == 0 or zeros > getcontext().prec:
        return t  # t - t**2 / 2 + ...
    with localcontext() as context:
        context.prec += zeros + 1
        return (1 + t).ln()


def _along(function, axes, *arrays):
    """Call `function` with each slice as a list, and put the list that it returns in its place."""
    shape = arrays[0].shape
    order = [a for a in range(len(shape)) if a not in axes] + list(axes)
    count = math.prod(shape[a] for a in axes)
    rows = zip(*(a.transpose(order).reshape(-1, count).tolist() for a in arrays), strict=True)
    out = np.array([function(*row) for row in rows], dtype=float)
    return out.reshape([shape[a] for a in order]).transpose(np.argsort(order))
