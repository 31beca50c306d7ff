"""Softmax, its logarithm and logsumexp: the ones that you would use.

`softmax` takes exps of the logits as they are, and shifts only what would leave the range of exp,
by whole numbers: the rounding of x - max is what costs digits. It works on blocks that stay in the
cache, so that memory is passed over once, or twice for a long slice.
"""

import functools
import math

import numpy as np

from .arguments import check_out, flag, prepare

BLOCK = 1 << 19  # bytes: the logits and the exps of a block fit a level-2 cache
WIDE = 64  # entries: loops that are shorter cost more to start than to run
FAR = -128  # tops below: entries that are lower by the range of exp have probability 0
FEW = 4096  # entries: with fewer, avoiding short loops costs more than the loops do
LONG = 512  # entries: the sum of more has lost more than a half ulp


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
    ndarray
        Of the shape of `x`. A float dtype is kept, in native byte order; bool and integers give
        float64. A slice that holds nan or +inf, or only -inf, is nan, and no other one.

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
    of the sum go one way can reach 20, as they do elsewhere. Subtracting the max costs
    \|x_i - max\| ulps more [1]_. Integers above 2**53 are rounded to float64 first. Along the last
    axis, a contiguous float32 or float64 array needs no memory but the result's and a few blocks'.
    What underflows may be reported or not, as the caller's `numpy.errstate` and the way it was
    computed have it.

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
    wide = np.promote_types(dtype, np.float32)
    # For one short slice, preparing the general case would take as long as softmax itself.
    if out is None and x.dtype == wide and len(axes) == x.ndim and x.flags.c_contiguous:
        p = np.empty(x.shape, wide)
        _fill(x.reshape(1, -1), p.reshape(1, -1), False)
        return p
    adjacent = not axes or axes[-1] - axes[0] < len(axes)
    last = range(-len(axes), 0)
    logits = x if adjacent else np.moveaxis(x, axes, last)
    direct = out is not None and adjacent and dtype == wide and out.flags.c_contiguous
    direct = direct and (out is x or not np.may_share_memory(x, out))
    p = np.asarray(out) if direct else np.empty(logits.shape, wide)
    if logits.dtype != wide or not logits.flags.c_contiguous:
        np.copyto(p, logits)
        logits = p

    first = axes[0] if adjacent and axes else x.ndim - len(axes)
    n = math.prod(logits.shape[first : first + len(axes)])
    inner = math.prod(logits.shape[first + len(axes) :])
    shape = (-1, n) if inner == 1 else (-1, n, inner)
    if x.size:
        _fill(logits.reshape(shape), p.reshape(shape), logits is p)
    if not adjacent:
        p = np.moveaxis(p, last, axes)
    if out is None:
        return p.astype(dtype, copy=False)
    if not direct:
        np.copyto(out, p, casting="same_kind")
    return out


def _fill(x, p, in_place):
    """Softmax along axis 1: by blocks of whole slices, or by slabs where those are too long."""
    block = BLOCK // x.itemsize
    if x.size <= block:
        _fill_block(x, p)
        return
    size = math.prod(x.shape[1:])
    if size <= block:
        step = block // size
        for i in range(0, len(x), step):
            _fill_block(x[i : i + step], p[i : i + step])
        return
    inner = math.prod(x.shape[2:])
    width = inner if inner <= block // 8 else block // 8
    for i in range(len(x)):
        for j in range(0, inner, width):
            slab = (slice(i, i + 1), slice(None), slice(j, j + width))[: x.ndim]
            _fill_slab(x[slab], p[slab], block // width, in_place)


def _fill_block(x, e):
    """A block fits the cache, so passing over it many times costs little."""
    n = x.shape[1]
    in_floats = x.itemsize <= 8
    if x.size == n and in_floats and _fill_one(x, e):
        return
    low, high, _ = _limits(x.dtype)
    least, most = x.item(x.argmin()), x.item(x.argmax())
    if low <= least and most <= high - math.log(n):
        np.exp(x, out=e)
    elif in_floats and _alike(least, most, low):
        np.exp(np.subtract(x, most, out=e), out=e)
    else:
        with np.errstate(all="ignore"):
            shifts = [_at_each(values, e) for values in _shifts(_reduce(np.maximum, x), n)]
            _shifted_exp(x, shifts, e)
    divide, divisor = _divisor(_sums(e), n, e.dtype)
    divide(e, _at_each(divisor, e), out=e)


def _fill_one(x, e):
    """For one slice, with floats, faster than arrays of one; False where its top needs more."""
    n = x.size
    low, high, whole = _limits(x.dtype)
    room = high - math.log(n)
    top = x.item(x.argmax())
    if room < top < -2 * low - room or not abs(top) < whole:
        return False
    if -1 < top <= room:
        np.exp(x, out=e)
    else:
        wide = x.itemsize > 4
        aim = min(abs(top), room) if wide or 0 < top < -2 * low else 0
        np.subtract(x, math.trunc(top - aim), out=e)
        edge = low + n.bit_length()
        if wide and not FAR <= top <= room and e.item(e.argmin()) < edge:
            np.maximum(e, edge, out=e)
        np.exp(e, out=e)
    divide, divisor = _divisor(_sum_of_one(e), n, e.dtype)
    divide(e, divisor, out=e)
    return True


def _fill_slab(x, p, rows, in_place):
    """A slab is passed over twice, some rows at a time: for exps and sums, and to divide."""
    n = x.shape[1]
    chunks = [(x[:, i : i + rows], p[:, i : i + rows]) for i in range(0, n, rows)]
    sums = []
    # In place, exps replace the logits: they cannot be tried in vain.
    if not in_place or all(_fits(logits, n) for logits, _ in chunks):
        for logits, e in chunks:
            if not _fits(logits, n):
                break
            np.exp(logits, out=e)
            sums.append(_sums(e))
    with np.errstate(all="ignore"):
        if len(sums) < len(chunks):
            shifts = _shift_of_all([logits for logits, _ in chunks])
            if not shifts:
                top = _over(np.maximum, [_reduce(np.maximum, logits) for logits, _ in chunks])
                shifts = [_at_each(values, chunks[0][1]) for values in _shifts(top, n)]
            sums = []
            for logits, e in chunks:
                _shifted_exp(logits, [values[:, : e.shape[1]] for values in shifts], e)
                sums.append(_sums(e))
        divide, divisor = _divisor(_over(np.add, sums), n, p.dtype)
        divisor = _at_each(divisor, chunks[0][1])
        for _, e in chunks:
            divide(e, divisor[:, : e.shape[1]], out=e)


def _shift_of_all(chunks):
    """One shift for all slices, if none needs its own."""
    least, most = math.inf, -math.inf
    for x in chunks:
        least, most = np.minimum(least, x.min()), np.maximum(most, x.max())
        if not _alike(least, most, _limits(x.dtype)[0]):
            return []
    return [np.full((1,) * x.ndim, most, x.dtype)]


def _alike(least, most, low):
    """Whether x - max is exact for all of these x, and its exp is normal."""
    return most - least <= -low and (most <= 2 * least if least > 0 else 2 * most <= least)


def _fits(x, n):
    """Whether exp takes x as it is: no exp is too great, and no slice has only tiny ones."""
    low, high, _ = _limits(x.dtype)
    most = x.max()
    return most <= high - math.log(n) and ((x.ndim == 2 and most > -1) or low <= x.min())


def _divisor(sums, n, dtype):
    """How to divide by sums: a product is faster, and costs half an ulp that float32 lacks."""
    return (np.multiply, 1 / sums) if dtype.itemsize > 4 and n >= LONG else (np.divide, sums)


@functools.cache
def _limits(dtype):
    """Whole numbers between which, and up to one above, exp is normal; and where fractions end."""
    info = np.finfo(dtype)
    return math.ceil(np.log(info.tiny)), math.floor(np.log(info.max)) - 1, 2.0**info.nmant


def _shifts(top, n):
    """What to subtract from slices with these tops; where some are far, an edge and a scale too.

    A whole number that brings the top and a sum into range: x - shift is then exact wherever the
    probability is a normal number. A top that comes from far goes near the end of the range: what
    is then below the edge has probability 0, and np.exp is slow there in float64. In float32 it is
    slow on subnormals only, and these are fewest with the top at 0. Tops that are hardly too great
    would lose digits so: their exps stay great, and a scale makes room for the sum.
    """
    low, high, whole = _limits(top.dtype)
    room = high - math.log(n)
    wide = top.itemsize > 4
    bottom = FAR if wide else -np.inf
    if bottom <= np.fmin.reduce(top, None) and np.fmax.reduce(top, None) <= room:
        return [np.trunc(np.minimum(top, 0))]
    finite = np.abs(top) < whole
    aim = np.minimum(np.abs(top), room)
    if not wide:
        aim = np.where((top > 0) & (top < -2 * low), aim, 0)
    shift = np.where(finite, np.trunc(top - aim), top)
    crowded = (top > room) & (top < -2 * low - room)
    if not wide and not crowded.any():
        return [shift]
    bits = n.bit_length()
    far = ((top < bottom) | (top > room)) & finite
    edge = np.where(far & wide, low + bits, -np.inf).astype(top.dtype)
    if not crowded.any():
        return [shift, edge]
    np.copyto(shift, np.floor(top - np.minimum(top, high)), where=crowded)
    return [shift, edge, np.where(crowded, 0.5**bits, 1).astype(top.dtype)]


def _shifted_exp(x, shifts, e):
    """exp(x - shift), not below an edge and times a scale where they are given."""
    np.subtract(x, shifts[0], out=e)
    if len(shifts) > 1:
        np.maximum(e, shifts[1], out=e)
    np.exp(e, out=e)
    if len(shifts) > 2:
        np.multiply(e, shifts[2], out=e)


def _at_each(values, e):
    """The values of slices, at each entry where the loops over slices or rows would be short."""
    short = e.shape[-1] < WIDE and values.size > 1 and e.size > FEW
    return np.repeat(values, e.shape[1], axis=1) if short else values


def _sum_of_one(e):
    """The sum of one slice. Few entries are summed exactly, which takes no longer."""
    if e.size <= 16:
        return math.fsum(e.tolist()[0])
    tail = e.size % 32
    by_products = tail == 0 or (tail < 8 and e.size <= 128)
    return (_sums(e) if by_products else np.add.reduce(e, None)).item()


def _sums(e):
    """Sums along axis 1; of short rows by products with ones, which take no loop for each row."""
    n = e.shape[1]
    if e.ndim == 3:
        if e.size > FEW:
            return _fold(np.add, e)
        last = _fold(np.add, e, 8)
        return (_ones((1, last.shape[1]), np.float64) @ last).astype(e.dtype, copy=False)
    if n <= 32 or (len(e) == 1 and n <= 128):
        return e.dot(_ones((n, 1), e.dtype))
    if n <= 128:
        return _sums(e[:, : n // 2]) + _sums(e[:, n // 2 :])
    if len(e) == 1 and n % 32 == 0:
        return _sums(_sums(e.reshape(-1, 32)).T)
    return np.add.reduce(e, 1, keepdims=True)


@functools.cache
def _ones(shape, dtype):
    return np.ones(shape, dtype)


def _reduce(ufunc, x):
    """Reduce axis 1, by few long loops in place of many short ones."""
    if x.ndim == 3 and x.shape[2] < WIDE and x.size > FEW:
        return _fold(ufunc, x)
    if x.ndim == 2 and x.shape[1] <= 32 and len(x) > 10 * x.shape[1]:
        return functools.reduce(ufunc, x.T)[:, None]
    return ufunc.reduce(x, 1, keepdims=True)


def _over(ufunc, values):
    return _fold(ufunc, np.concatenate(values, axis=1))


def _fold(ufunc, x, most=1):
    """Reduce axis 1 to `most`, parts onto each other: long loops, and errors grow like log n."""
    while (n := x.shape[1]) > most:
        parts = 4 if n % 4 == 0 or n >= 64 else 2
        size = n // parts
        folded = ufunc.reduce(x[:, : parts * size].reshape(len(x), parts, size, *x.shape[2:]), 1)
        if rest := n % parts:
            ufunc(folded[:, :rest], x[:, -rest:], out=folded[:, :rest])
        x = folded
    return x


def log_softmax(x, axis=-1):
    """Logarithm of `softmax`: x_i - logsumexp(x).

    `x`, `axis`, results and errors are those of `softmax`; -inf stays -inf.

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
        return np.asarray(x - top - log_sum, dtype)


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

    Examples
    --------
    >>> from softmaxlab import logsumexp
    >>> x = [[0.0, 0.0], [1000.0, 1000.0]]
    >>> logsumexp(x).round(3).tolist()
    [0.693, 1000.693]
    >>> logsumexp(x, axis=None, keepdims=True).shape
    (1, 1)
    """
    x, axes, dtype = prepare(x, axis)
    keepdims = flag("keepdims", keepdims)
    x = x.astype(np.promote_types(dtype, np.float64), copy=False)
    with np.errstate(all="ignore"):
        top, log_sum = _top_and_log_sum(x, axes)
        result = np.where(np.isinf(top), top, top + log_sum).astype(dtype)
    return result if keepdims else result.squeeze(axes)[()]


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
