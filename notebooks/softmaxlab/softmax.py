"""Softmax, its logarithm and logsumexp: the ones that you would use.

From `softmax` down each function is a step or a trick, and notebook 07 tries the tricks one by one,
by the numbers that stand here.
`softmax` lays the logits out as slices, and `_parts` cuts these into parts that stay in the cache.
`_fill` takes the exps of all parts and their sums, and then the quotients. `_look`, `_shift` and
`_whole_shift` find what to subtract, if anything, so that nothing is rounded. `_one_slice` does all
that for one slice, and the rest turns short loops into long ones.
"""

import functools
import math
from collections import namedtuple

import numpy as np

from .arguments import check_out, checked_axes, flag, prepare, real, result_dtype
from .error_free import two_difference

BLOCK = 1 << 19  # bytes: the logits and the exps of a block fit a level-2 cache
SMALL = 1 << 12  # entries: with fewer, calls cost more than what they compute
SHORT = 1 << 5  # entries: a loop over fewer costs more to start than to run
PAIRS = 1 << 7  # entries: only of more does numpy take the sum in pairs
ROWS = 8  # of a part that is no whole slice, at least: so that its sums are few beside its exps

# For one dtype, and slices of n entries:
# span: exp is a normal number from -span to span + 1.
# room: span - log n, so that n exps of room + 1 have a finite sum.
# raised: a top between these two may come to lie above 0.
# nothing: what is this far from the top has probability 0. None in float32: its exp is fast there.
# floats: tops that are smaller have fractions, and Python's floats hold them.
Limits = namedtuple("Limits", "span room raised nothing floats")

# by: what to subtract, a float from all logits, or an array with a number for each slice.
# edge: what is then lower has probability 0, and may be raised to it.
Shift = namedtuple("Shift", "by edge", defaults=(None,))
UNSHIFTED = Shift(0.0)

_ones = functools.cache(np.ones)


def softmax(x, axis=-1, *, out=None):
    r"""Turn logits into probabilities: exp(x_i) / sum_j exp(x_j).

    Parameters
    ----------
    x : array_like of real numbers
        Logits. -inf is allowed and gets probability 0. A matrix is taken as its 2-D array.
    axis : int, tuple of int, or None
        The axis or axes along which the result sums to 1. None is the whole array.
    out : ndarray, optional
        Takes the result: of the shape of `x` and the dtype of the result. It may be `x` or overlap.

    Returns
    -------
    ndarray or scalar
        Of the shape of `x`; of a scalar a scalar, as of numpy's functions. A float dtype is kept,
        in native byte order; bool and integers give float64. A slice that holds nan or +inf, or
        only -inf, is nan, and no other one.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers or is a masked array, `axis` is not an integer, or `out`
        is not an array of the result's dtype.
    ValueError
        If `x` is ragged, a slice has no entries, `axis` is out of range or repeated, or `out` has
        another shape or is read-only.

    Notes
    -----
    For normally distributed logits, of a million probabilities that are normal numbers all but a
    hundred at most are within 5 ulps in float64 and 6 in float32; one unlucky sum takes its whole
    slice along, to 9 and a little. In float16 all are within 1. Logits made so that all roundings
    of the sum go one way can reach 20, and in long slices some more, as they do elsewhere. And
    where the max of n logits is within log n + 1 of the greatest that exp takes, probabilities
    that are barely normal can lose log n ulps more. Subtracting the max costs up to
    \|x_i - max\| ulps [1]_; why what is subtracted here costs none is proved in `_whole_shift`.
    Integers above 2**53 are rounded to float64 first. Along the last axis, a contiguous float32 or
    float64 array needs no memory but the result's and a few blocks'. What underflows may be
    reported or not, as the caller's `numpy.errstate` and the way it was computed have it.

    References
    ----------
    .. [1] P. Blanchard, D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and
       softmax functions", IMA Journal of Numerical Analysis 41(4), 2021, pp. 2311-2330,
       doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> from softmaxlab import softmax
    >>> softmax([3.0, 1.0, 0.2]).round(3).tolist()
    [0.836, 0.113, 0.051]
    >>> x = [[1000.0, 1000.0], [0.0, float("-inf")]]
    >>> softmax(x).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    >>> softmax(x, axis=0).tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """
    x, axes, dtype = prepare(x, axis)
    if out is not None:
        check_out(out, x.shape, dtype)
    working = np.promote_types(dtype, np.float32)
    # float16 is summed in float32, where 2048 + 1 is not 2048. For one short slice, preparing the
    # general case would take as long as softmax itself.
    as_it_is = out is None and x.dtype == working and x.flags.c_contiguous
    if as_it_is and len(axes) == x.ndim and x.nbytes <= BLOCK:
        p = np.empty(x.shape, working)
        if _one_slice(x.reshape(1, -1), p.reshape(1, -1), _limits(working, x.size)):
            return p if p.ndim else p[()]

    # Trick 10: small arrays are transposed, as calls cost most there. Of others, axes that are not
    # last stay where they are, if they lie together.
    result = np.empty(x.shape, dtype) if out is None else np.asarray(out)
    logits, place, first = x, result, axes[0] if axes else x.ndim
    if first + len(axes) < x.ndim and (x.size <= SMALL or axes[-1] - first >= len(axes)):
        order, first = sorted(range(x.ndim), key=axes.count), x.ndim - len(axes)
        logits, place = (array.transpose(order) for array in (x, result))
    # Trick 1: exps go straight into the result, if that is in order and no logits are lost so.
    direct = dtype == working and place.flags.c_contiguous
    direct = direct and (out is None or out is x or not np.may_share_memory(x, out))
    p = place if direct else np.empty(place.shape, working)
    if logits.dtype != working or not logits.flags.c_contiguous:
        np.copyto(p, logits)
        logits = p

    n = math.prod(p.shape[first : first + len(axes)])
    inner = math.prod(p.shape[first + len(axes) :])
    slices = (-1, n) if inner == 1 else (-1, n, inner)
    if x.size:
        for parts in _parts(logits.reshape(slices), p.reshape(slices)):
            _fill(parts, _limits(working, n))
    if p is not place:
        np.copyto(place, p, casting="same_kind")
    return out if out is not None else result if result.ndim else result[()]


@functools.lru_cache
def _limits(dtype, n):
    """What exp and a sum of n of them can take, in a dtype."""
    info = np.finfo(dtype)
    low, whole = float(np.log(info.tiny)), 2.0**info.nmant
    span, nothing = math.floor(-low), math.floor(low - math.log(2 * whole)) - 1
    if dtype == np.float32:
        return Limits(span, span - math.log(n), (0, 2 * (span + 1)), None, whole)
    return Limits(span, span - math.log(n), (-whole, whole), nothing, whole * (info.bits <= 64))


def _parts(x, p):
    """Trick 3: parts that stay in the cache, as lists: a block of slices, or the parts of a slab.

    A slab is a slice that is longer than a block, or as many of such columns, side by side, as
    leave each part its `ROWS` rows.
    """
    block = BLOCK // x.itemsize
    if step := block * len(x) // x.size:
        for i in range(0, len(x), step):
            yield [(x[i : i + step], p[i : i + step])]
        return
    n, inner = x.shape[1], math.prod(x.shape[2:])
    width = min(inner, block // ROWS)
    rows = block // width
    for i in range(len(x)):
        for j in range(0, inner, width):
            slab = (slice(i, i + 1), slice(None), slice(j, j + width))[: x.ndim]
            logits, e = x[slab], p[slab]
            yield [(logits[:, k : k + rows], e[:, k : k + rows]) for k in range(0, n, rows)]


def _fill(parts, limits):
    """Two passes over the parts of trick 3: for exps and their sums, and for the quotients.

    The first begins without a shift, and starts anew with one where a part needs it. In place it
    cannot, as exps replace the logits, and looks at all parts before.
    """
    x, e = parts[0]
    if len(parts) == 1 and x.size == x.shape[1] and _one_slice(x, e, limits):
        return
    trying, sums = len(parts) > 1 and not np.may_share_memory(x, e), []
    by, edge = UNSHIFTED if trying else _look(parts, limits) or _shift(parts, limits)
    while len(sums) < len(parts):
        x, e = parts[len(sums)]
        if trying and _look([(x, e)], limits) != UNSHIFTED:
            trying, sums, (by, edge) = False, [], _look(parts, limits) or _shift(parts, limits)
            continue
        if isinstance(by, float):
            np.exp(np.subtract(x, by, out=e) if by else x, out=e)
        else:
            with np.errstate(all="ignore"):  # -inf - -inf is nan, and rightly so
                np.subtract(x, by[:, : e.shape[1]], out=e)
                if edge is not None:
                    np.maximum(e, edge[:, : e.shape[1]], out=e)
                np.exp(e, out=e)
        sums.append(_sums(e))
    divisor = _repeat(_fold(np.add, sums), parts[0][1])
    for _, e in parts:
        np.divide(e, divisor[:, : e.shape[1]], out=e)


def _look(parts, limits):
    """Trick 2: no shift, where exp takes all logits as they are; one, if all are alike; or None.

    Either saves the max of each slice, and no shift saves the pass that subtracts.
    Logits are alike if they lie within a factor of two of each other, and within `span`. Then
    x - max is exact (Sterbenz) and its exp normal, with the max of all for that of each slice.
    """
    least, most = math.inf, -math.inf
    for x, _ in parts:
        least, most = min(float(x.min()), least), max(float(x.max()), most)
        fits = -limits.span <= least and most <= limits.room
        alike = (most <= 2 * least or 2 * most <= least) and most - least <= limits.span
        if not (fits or (alike and limits.floats)):
            return None
    return UNSHIFTED if fits else Shift(most)


def _shift(parts, limits):
    """Each slice's own shift, by its max: what trick 8 needs."""
    top = _fold(np.maximum, [_maxima(x) for x, _ in parts])
    with np.errstate(all="ignore"):
        shift = _whole_shift(top, limits)
    return Shift(*(v if v is None else _repeat(v, parts[0][1]) for v in shift))


def _whole_shift(top, limits, minimum=np.minimum, trunc=np.trunc):
    r"""Trick 8: whole numbers that bring slices with these tops into the range of exp, and edges.

    A top that is too high comes down to `room`. One below 0 is reflected, to `room` at most: what
    is far below it then has a normal exp, or lies below the edge, and np.exp is slow on neither. In
    float32 an exp that is 0 is quick, and a top comes to 0 wherever it may. `top` is an array; or a
    float, with min and int for its functions.

    Nothing is rounded in x - shift if \|x - shift\| <= \|x\|, as long as \|x\| < 2**53: the last
    binary digit of x stands for 1 or less, so that x - shift is a multiple of it, too, and needs no
    more digits than x. And that is so wherever the probability p is a normal number:

    - The shift is from 2 top to 0. As x <= top < 0, x <= x - shift <= x - 2 top <= -x.
    - The shift is from 0 to top - room, and x >= shift. Then 0 <= x - shift <= x.
    - The shift is from 0 to top - room, and x < shift. As p is normal, x > top - span - 1/2, and
      with room = span - log n we have shift - x < log n + 1/2. That can be more than \|x\| only for
      a top within log n + 1 of `span`. It then costs up to log n ulps of a p that is barely normal.
    - In float32 the shift is the whole part of a top from 2 span + 2 on. Then x > span + 3/2, and
      shift - x < span + 1/2.

    From 2**52 on, in float32 2**23, floats are whole numbers, and the shift is the top itself:
    x - top is exact where p is a normal number, as x is then no less than a half of it (Sterbenz).
    """
    low, high = limits.raised
    aim = minimum(abs(top), limits.room) * ((low < top) & (top < high))
    return Shift(trunc(top - aim), None if limits.nothing is None else aim + limits.nothing)


def _one_slice(x, e, limits):
    """Trick 9: one slice by Python's floats, which cost less than arrays of one number.

    Where they do not hold its max it does nothing, and says False. It needs no min: with a max from
    0 on, an exp that underflows belongs to a probability that does.
    """
    top = x.item(x.argmax())
    if not abs(top) < limits.floats:
        return False
    if not 0 <= top <= limits.room:
        by, edge = _whole_shift(top, limits, min, int)
        x = np.subtract(x, float(by), out=e)
        if edge is not None and x.item(x.argmin()) < edge:
            np.maximum(x, edge, out=e)
    np.exp(x, out=e)
    total = math.fsum(e.ravel().tolist()) if e.size <= SHORT else np.add.reduce(e, None)
    np.divide(e, total, out=e)
    return True


def _repeat(values, e):
    """Trick 7: repeat the values of slices for each entry, for broadcasting has short loops."""
    short = e.shape[-1] <= SHORT and e.size > SMALL
    return np.repeat(values, e.shape[1], axis=1) if short else values


def _sums(e):
    """Sums along axis 1, never one by one for long. Trick 4: of short rows by a product with ones.

    Longer rows are halved till they are short, unless numpy sums them in pairs itself.
    """
    n = e.shape[1]
    if e.ndim == 3:
        return _fold(np.add, [e])
    if n <= SHORT:
        return e.dot(_ones((n, 1), e.dtype))
    if n <= PAIRS:
        return _sums(e[:, : n // 2]) + _sums(e[:, n // 2 :])
    return np.add.reduce(e, 1, keepdims=True)


def _maxima(x):
    """Maxima along axis 1. Trick 5: of many short rows column by column, in long loops."""
    if x.ndim == 3 and x.shape[2] <= SHORT:
        return _fold(np.maximum, [x])
    if x.ndim == 2 and len(x) > SHORT * x.shape[1]:
        return functools.reduce(np.maximum, x.T)[:, None]
    return np.maximum.reduce(x, 1, keepdims=True)


def _fold(ufunc, parts):
    """Trick 6: reduce axis 1 of all parts, one half onto the other: long loops, few roundings."""
    x = np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
    while (n := x.shape[1]) > 1:
        half = n // 2
        folded = ufunc(x[:, :half], x[:, half : 2 * half])
        if n % 2:
            ufunc(folded[:, :1], x[:, -1:], out=folded[:, :1])
        x = folded
    return x


def log_softmax(x, axis=-1):
    """Logarithm of `softmax`: x_i - logsumexp(x).

    `x`, `axis`, results and errors are those of `softmax`; -inf stays -inf, and of a slice that has
    only that it is nan.

    Notes
    -----
    Computed as (x_i - max) - log1p(s), where s sums the exps of all entries but one max. Neither
    term is positive, so nothing cancels, and a result near 0 keeps its digits; log(softmax(x))
    rounds it to 0, and gives -inf where the probability underflows.

    Examples
    --------
    >>> import numpy as np
    >>> from softmaxlab import log_softmax, softmax
    >>> log_softmax([0.0, -800.0]).tolist()
    [0.0, -800.0]
    >>> with np.errstate(divide="ignore"):
    ...     np.log(softmax([0.0, -800.0])).tolist()
    [0.0, -inf]
    """
    x, axes, dtype = prepare(x, axis)
    x = x.astype(np.promote_types(dtype, np.float64), copy=False)
    with np.errstate(all="ignore"):
        top, log_sum = _top_and_log_sum(x, axes)
        return np.asarray(x - top - log_sum, dtype)[() if x.ndim == 0 else ...]


def logsumexp(x, axis=-1, keepdims=False):
    """Logarithm of the sum of exps: log(sum_j exp(x_j)).

    Parameters
    ----------
    x, axis
        As for `softmax`, but a slice may have no entries.
    keepdims : bool
        Keep each reduced axis, with length 1.

    Returns
    -------
    ndarray or scalar
        One number for each slice, dtype as in `softmax`. Only -inf gives -inf, and so do no
        entries; +inf gives +inf unless there is nan, and nan gives nan.

    Notes
    -----
    Computed as max + log1p(s), s as in `log_softmax`; errors raised are those of `softmax`. Right
    to a few ulps of the greater of the two terms; where they cancel, few digits may be left.

    Examples
    --------
    >>> from softmaxlab import logsumexp
    >>> x = [[0.0, 0.0], [1000.0, 1000.0]]
    >>> logsumexp(x).round(3).tolist()
    [0.693, 1000.693]
    >>> logsumexp(x, axis=None, keepdims=True).shape
    (1, 1)
    """
    x = real("x", x)
    axes, dtype = checked_axes(x.shape, axis, empty=True), result_dtype(x.dtype)
    keepdims = flag("keepdims", keepdims)
    x = x.astype(np.promote_types(dtype, np.float64), copy=False)
    with np.errstate(all="ignore"):
        top, log_sum = _top_and_log_sum(x, axes)
        result = np.where(np.isinf(top), top, top + log_sum).astype(dtype)
    return result if keepdims else result.squeeze(axes)[()]


def _sum(e, axes):
    """Sum in pairs along any axes; numpy itself does so only along the last axis in memory."""
    kept = [a for a in range(e.ndim) if a not in axes]
    rows = np.ascontiguousarray(e.transpose(*kept, *axes))
    shape = rows.shape[: len(kept)]
    sums = rows.reshape(*shape, math.prod(rows.shape[len(kept) :])).sum(-1)
    return np.expand_dims(sums, axes)


def _top_and_log_sum(x, axes):
    """The max of each slice, and log1p of the sum of the other exps: accurate near 0 too."""
    top = x.max(axes, keepdims=True, initial=-np.inf)
    gaps, lost = two_difference(x, top)
    e = np.exp(gaps)
    e += e * np.where(np.isfinite(lost), lost, 0)
    at_top = gaps == 0
    return top, np.log1p(_sum(e - at_top, axes) + (_sum(at_top, axes) - 1))
