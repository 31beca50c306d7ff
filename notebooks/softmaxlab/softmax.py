"""Softmax, its logarithm and logsumexp: the ones that you would use.

`softmax` takes the exps as they are and shifts only logits that would leave the range of exp, by an
integer, because it is the rounding of x - max that costs digits. It works block by block, so that a
block stays in the cache of a core from its first pass to its last.
"""

import functools
import math
import operator

import numpy as np

BLOCK = 2**18  # bytes, well within a core's second-level cache
WIDE = 2**11  # entries, enough to keep numpy's inner loops busy
FEW = 2**11  # entries, so few that the calls cost more than the arithmetic


def softmax(x, axis=-1, *, out=None):
    r"""Turn logits into probabilities: exp(x_i) / sum_j exp(x_j).

    Parameters
    ----------
    x : array_like of real numbers
        Logits. -inf is allowed and gets probability 0. A matrix is taken as its 2-D array.
    axis : int, tuple of int, or None
        The axis or axes along which the result sums to 1. None is the whole array.
    out : ndarray, optional
        Where to write the result: of its shape and dtype. It may be `x` or overlap with it.

    Returns
    -------
    ndarray
        Of the shape of `x`, or `out`. A float dtype is kept, in native byte order; bool and
        integers give float64. A slice that holds nan or +inf, or only -inf, is nan; other slices
        are not touched.

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
    Within 5 ulps in float64, 8 in float32 and 1 in float16 for each probability that is a normal
    number. Subtracting the max costs \|x_i - max\| ulps more [1]_. Integers above 2**53 are rounded
    to float64 first.

    References
    ----------
    .. [1] P. Blanchard, D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and
       softmax functions", IMA Journal of Numerical Analysis 41(4), 2021, pp. 2311-2330,
       doi:10.1093/imanum/draa038.
    """
    x, axes, dtype = _prepare(x, axis)
    if out is None and 0 < x.size <= FEW and dtype.char in "fd" and x.flags.c_contiguous:
        n = math.prod([x.shape[a] for a in axes])
        last = axes == (x.ndim - 1,)
        if last or n <= 16:
            p = _few(x.astype(dtype, copy=False), axes, n, last)
            if p is not None:
                return p
    if out is not None:
        _check_out(out, x.shape, dtype)
        if np.may_share_memory(x, out):
            np.copyto(out, x, casting="unsafe")
            x = out
    order = _order(x, axes)
    if order is not None:
        back = np.argsort(order)
        ordered = softmax(
            x.transpose(order),
            tuple(back[list(axes)]),
            out=None if out is None else out.transpose(order),
        )
        return ordered.transpose(back) if out is None else out

    result = out if out is not None and out.flags.c_contiguous else np.empty(x.shape, dtype)
    if x.dtype != dtype or not x.flags.c_contiguous:
        np.copyto(result, x, casting="unsafe")
        x = result
    first, last = (axes[0], axes[-1] + 1) if axes else (x.ndim, x.ndim)
    shape = math.prod(x.shape[:first]), math.prod(x.shape[first:last]), math.prod(x.shape[last:])
    _by_groups(x.reshape(shape), result.reshape(shape))
    if out is None or out is result:
        return result
    np.copyto(out, result)
    return out


@np.errstate(all="ignore")
def _few(x, axes, n, last):
    """Softmax in as few calls as it takes; None if slices need shifts of their own."""
    shift = _common_shift([x], n)
    if shift is None:
        return None
    e = np.exp(x - shift if shift else x)
    e /= _row_sums(e) if last else np.add.reduce(e, axis=axes, keepdims=True)
    return e


@np.errstate(all="ignore")
def _by_groups(x, out):
    """Softmax along the middle one of three axes, some slices at a time: as many as fit a block.

    So every pass but the first reads from the cache. float16 is computed in float32.
    """
    intact = not np.may_share_memory(x, out)
    if 0 < x.nbytes <= BLOCK and x.dtype.char in "fdg":
        _fill(x, out, intact)
        return
    outer, n, inner = x.shape
    block = BLOCK // max(4, x.itemsize)
    wide = max(1, min(inner, max(WIDE, block // n)))
    tall = max(1, block // (n * wide))
    for i in range(0, outer, tall):
        for j in range(0, inner, wide):
            logits, p = x[i : i + tall, :, j : j + wide], out[i : i + tall, :, j : j + wide]
            if x.dtype.char in "fdg":
                intact = _fill(logits, p, intact)
            else:
                wider = logits.astype(np.float32)
                _fill(wider, wider, False)
                p[...] = wider


def _fill(x, out, trusting):
    """Softmax of the slices of one group, tried without a shift first; whether that was enough."""
    n, inner = x.shape[1:]
    parts = [(x, out)] if x.size <= WIDE else list(_parts(x, out))
    sums = _sums_of_exps(parts, inner) if trusting else None
    trusting = sums is not None
    if not trusting:
        shift = _common_shift([logits for logits, _ in parts], n)
        own = _own_shifts(x) if shift is None else None
        sums = []
        for logits, e in parts:
            if shift is None:
                _shifted_exp(logits, *(_widened(a, e) for a in own), e)
            else:
                np.exp(np.subtract(logits, shift, out=e) if shift else logits, out=e)
            sums.append(_sums(e, inner))
    total = sums[0] if len(sums) == 1 else _sums(np.concatenate(sums, axis=1), inner)[:, :1]
    for _, e in parts:
        np.divide(e, _widened(total, e), out=e)
    return trusting


def _sums_of_exps(parts, inner):
    """Write the exps of each part and sum them; None once a sum is below 1, infinite or nan.

    Where a sum is 1 or more, an exp with lost digits belongs to a probability below all normal
    numbers, so looking at the sums replaces looking at all logits.
    """
    sums = []
    for logits, e in parts:
        np.exp(logits, out=e)
        sums.append(_sums(e, inner))
        one = sums[-1][:, :1]
        if not (one.min() >= 1 and one.max() < np.inf):
            return None
    return sums


def _parts(x, out):
    """Blocks of one group; rows too short for numpy's loops are laid side by side as one."""
    outer, n, inner = x.shape
    block = BLOCK // x.itemsize
    if outer > 1:
        yield x, out
        return
    foldable = inner > 1 and x.flags.c_contiguous and out.flags.c_contiguous
    fold = min(n, max(1, WIDE // inner)) if foldable else 1
    whole = n - n % fold
    step = max(1, block // (fold * inner))
    x_long, out_long = (a[:, :whole].reshape(1, whole // fold, fold * inner) for a in (x, out))
    for i in range(0, whole // fold, step):
        yield x_long[:, i : i + step], out_long[:, i : i + step]
    if whole < n:
        yield x[:, whole:], out[:, whole:]


def _common_shift(parts, n):
    """An integer that brings all exps, and sums of n, into the range of normal numbers, often 0.

    It is as near to 0 as that allows. So x - shift is exact wherever the probability is a normal
    number, which x - max is not. None if no single shift does for all parts.
    """
    least = [np.minimum.reduce(part, axis=None) for part in parts]
    most = [np.maximum.reduce(part, axis=None) for part in parts]
    least, most = (
        least[0] if len(parts) == 1 else np.min(least),
        most[0] if len(parts) == 1 else np.max(most),
    )
    low, high, _ = _limits(parts[0].dtype)
    room = high - math.log(n)
    if low <= least and most <= room:
        return 0
    if most - least < room - 1:
        return _least_shift(most, room)[()]
    return None


def _least_shift(top, room):
    """The integer nearest to 0 that takes top below room, and below 1 if it is negative."""
    shift = np.ceil(np.maximum(top - room, 0)) + np.floor(np.minimum(top, 0))
    no_fractions = np.abs(top) * np.finfo(top.dtype).eps >= 1
    return np.where(no_fractions, top, shift).astype(top.dtype)


def _own_shifts(x):
    """As `_common_shift`, but for each slice, with a scale and an edge.

    Where a shift leaves no room for the sum, the scale makes it: 1 or a smaller power of two. Below
    the edge the probability is 0.
    """
    low, high, vanish = _limits(x.dtype)
    n = x.shape[1]
    room = high - math.log(n)
    top = np.maximum.reduce(x, axis=1, keepdims=True)
    brim = (top > room) & (top < -2 * low - room)
    shift = _least_shift(top, np.where(brim, high, room))
    scale = np.where(brim, 0.5 ** n.bit_length(), 1).astype(x.dtype) if brim.any() else None
    return shift, top - vanish, scale


@functools.cache
def _limits(dtype):
    """Least and greatest integer whose exp is a normal number, and a gap whose exp is 0."""
    info = np.finfo(dtype)
    low, high = np.ceil(np.log(info.tiny)), np.floor(np.log(info.max))
    return float(low), float(high), float(np.ceil(info.nmant * np.log(2) - np.log(info.tiny)) + 1)


def _shifted_exp(x, shift, edge, scale, out):
    """exp(x - shift) * scale, and 0 below the edge, where float64's exp would take far longer."""
    keep = x >= edge
    np.maximum(x, edge, out=out)
    np.subtract(out, shift, out=out)
    np.exp(out, out=out)
    np.multiply(out, keep, out=out)
    if scale is not None:
        np.multiply(out, scale, out=out)


def _widened(values, like):
    """Repeat the values of one row for each of the rows laid side by side."""
    if values is None or values.shape[2] in (1, like.shape[2]):
        return values
    times = like.shape[2] // values.shape[2]
    copies = values[:, :, None] * np.ones((times, 1), values.dtype)
    return copies.reshape(values.shape[0], 1, like.shape[2])


def _sums(e, inner):
    """Sum along axis 1, and over the rows laid side by side if e is wider than inner."""
    outer, _, wide = e.shape
    if inner == 1:
        return _row_sums(e[:, :, 0])[:, :, None]
    sums = _column_sums(e)
    return sums if wide == inner else _column_sums(sums.reshape(outer, -1, inner))


@functools.cache
def _ones(shape, dtype):
    return np.ones(shape, dtype)


def _row_sums(e):
    """Sums along the last axis; of short rows by products with ones, which BLAS does in no time.

    Up to 16 entries, the ones are a square: it puts the sum at each entry, ready to divide by. From
    64 on, 32 entries at a time, so that rounding errors do not pile up.
    """
    n = e.shape[-1]
    if n <= 64:
        return e.dot(_ones((n, n if n <= 16 else 1), e.dtype))
    if n > 200:
        return np.add.reduce(e, axis=-1, keepdims=True)
    whole = n - n % 32
    by_32 = e[..., :whole].reshape(*e.shape[:-1], whole // 32, 32).dot(_ones(32, e.dtype))
    sums = np.add.reduce(by_32, axis=-1, keepdims=True)
    return sums if whole == n else sums + e[..., whole:].dot(_ones((n - whole, 1), e.dtype))


def _column_sums(e):
    """Sums along axis 1, a quarter of the rows onto another: errors grow like log n, not like n."""
    outer, n, wide = e.shape
    if n <= 8:
        return np.add.reduce(e, axis=1, keepdims=True)
    quarter, rest = divmod(n, 4)
    sums = np.add.reduce(e[:, : 4 * quarter].reshape(outer, 4, quarter, wide), axis=1)
    if rest:
        sums[:, :1] += np.add.reduce(e[:, 4 * quarter :], axis=1, keepdims=True)
    return _column_sums(sums)


def _order(x, axes):
    """Axes as they lie in memory, the reduced ones together; None if x has them so already."""
    if x.flags.c_contiguous and len(axes) <= 1:
        return None
    order = sorted(range(x.ndim), key=lambda a: -abs(x.strides[a]))
    at = sorted(order.index(a) for a in axes)
    if axes and at[-1] - at[0] >= len(at):
        order = [a for a in order if a not in axes] + [a for a in order if a in axes]
    return order if order != sorted(order) else None


def _check_out(out, shape, dtype):
    if not isinstance(out, np.ndarray) or isinstance(out, np.ma.MaskedArray) or out.dtype != dtype:
        got = f"is of {out.dtype}" if isinstance(out, np.ndarray) else f"is {type(out).__name__}"
        raise TypeError(f"out must be an array of {dtype} without a mask, but {got}")
    if out.shape != shape:
        raise ValueError(f"out must have the shape of x, {shape}, but has {out.shape}")
    if not out.flags.writeable:  # codespell:ignore writeable
        raise ValueError("out must be writable, but is read-only")


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
    x = x.astype(np.promote_types(dtype, np.float64), copy=False)
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
    x = x.astype(np.promote_types(dtype, np.float64), copy=False)
    with np.errstate(all="ignore"):
        top, log_sum = _top_and_log_sum(x, axes)
        result = np.where(np.isinf(top), top, top + log_sum).astype(dtype)
    return result if keepdims else result.squeeze(axes)[()]


def _top_and_log_sum(x, axes):
    """The max of each slice, and log1p of the sum of the other exps: accurate near 0 too."""
    kept = [a for a in range(x.ndim) if a not in axes]
    shape = [1 if a in axes else size for a, size in enumerate(x.shape)]
    n = math.prod(x.shape[a] for a in axes)
    rows = np.ascontiguousarray(x.transpose(*kept, *axes)).reshape(math.prod(shape), n)
    top = rows.max(axis=1, keepdims=True)
    gaps = rows - top
    exps = np.exp(gaps)
    exps += exps * _lost(rows, top, gaps)
    at_top = gaps == 0
    others = _row_sums(exps - at_top)[:, :1]
    log_sum = np.log1p(others + (at_top.sum(axis=1, keepdims=True) - 1))
    return top.reshape(shape), log_sum.reshape(shape)


def _lost(x, y, difference):
    """What rounding took from x - y: exact, by Knuth's two-difference; 0 at infinities."""
    less = difference - x
    lost = (x - (difference - less)) - (y + less)
    return np.where(np.isfinite(lost), lost, 0)


def _prepare(x, axis):
    """Check the arguments; give x as an array, its axes in order and the result's dtype."""
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
    return x, _checked_axes(x, axis), np.dtype(np.float64) if whole else x.dtype.newbyteorder("=")


def _checked_axes(x, axis):
    """The axes in order, none of them negative."""
    if type(axis) is int and -x.ndim <= axis < x.ndim and x.size:
        return (axis % x.ndim,)
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
