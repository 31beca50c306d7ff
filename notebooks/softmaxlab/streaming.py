"""Softmax of what does not fit in memory: each chunk leaves a pair, and pairs are merged.

A pair (shift, sum) of a slice stands for sum * exp(shift), its sum of exps. Pairs merge in any
order and any grouping; (-inf, 0), the pair of no entries, changes nothing. So the softmax of any
array takes two passes over its chunks: pairs first, then each chunk divided by what they came to.

The shift is the max of the slice, rounded down to a multiple of 256. That keeps every exp in range
as the max itself does [1]_, and then a merge rescales by exp(-256) or not at all: two steps below
another, a sum counts for nothing. What rounding takes from a merged sum is kept as its rest, so the
order of merging does not show.

References
----------
.. [1] M. Milakov and N. Gimelshein, "Online normalizer calculation for softmax", 2018,
   arXiv:1805.02867.
"""

import functools
import itertools
import math
import operator
import os
import sys

import numpy as np

from .error_free import two_difference, two_product, two_sum

PAIR = np.dtype([("shift", np.float64), ("sum", np.float64), ("rest", np.float64)])
STEP = 256.0
EXP_OF_STEP, ITS_REST = 6.616261056709485e-112, -1.5834289269115768e-129  # exp(-STEP) in two floats
BLOCK = 2**16


def statistics(x, axis=-1):
    """The pair of each slice of a chunk.

    Parameters
    ----------
    x : array_like of float16, float32, float64, integers or bool
        Logits. It may have no entries along `axis`.
    axis : int

    Returns
    -------
    ndarray of `PAIR`
        Of the shape of `x`, with length 1 along `axis`. A slice that holds nan or +inf has a sum
        of nan; no entries, or only -inf, give (-inf, 0, 0).

    Raises
    ------
    TypeError
        If `x` has another dtype or a mask, or `axis` is not an integer.
    ValueError
        If `axis` is out of range.
    """
    x, axis = _checked(x, axis)
    pairs = np.empty([1 if a == axis else n for a, n in enumerate(x.shape)], PAIR)
    for region, tiles in _regions(x.shape, axis, BLOCK):
        pairs[region] = _merged(_statistics(x[tile], axis) for tile in tiles)
    return pairs


def merge(a, b):
    """The pairs of two chunks taken together.

    Parameters
    ----------
    a, b : array_like of `PAIR`
        Of one shape, as from `statistics` of two chunks of the same slices.

    Returns
    -------
    ndarray of `PAIR`
    """
    a, b = np.asarray(a, PAIR), np.asarray(b, PAIR)
    merged = np.empty(np.broadcast_shapes(a.shape, b.shape), PAIR)
    with np.errstate(all="ignore"):
        top = np.maximum(a["shift"], b["shift"])
        (a, rest_of_a), (b, rest_of_b) = _rescaled(a, top), _rescaled(b, top)
        merged["shift"] = top
        merged["sum"], lost = two_sum(a, b)
        merged["rest"] = rest_of_a + rest_of_b + lost
    return merged


def probabilities(x, pairs, axis=-1):
    """The softmax of a chunk, given the pairs of the whole.

    Parameters
    ----------
    x, axis
        A chunk, as for `statistics`.
    pairs : ndarray of `PAIR`
        Merged over all chunks that have a part of the slices of `x`.

    Returns
    -------
    ndarray
        Of the shape of `x`. A float dtype is kept; bool and integers give float64.
    """
    x, axis = _checked(x, axis)
    out = np.empty(x.shape, _result_type(x))
    for region, tiles in _regions(x.shape, axis, BLOCK):
        for tile in tiles:
            out[tile] = _probabilities(x[tile], pairs[region])
    return out


def softmax(x, axis=-1, out=None, block=BLOCK, progress=None):
    """Softmax of an array of any size, a block at a time.

    Parameters
    ----------
    x : array_like, or anything with a shape, a dtype and slices
        Logits, as for `statistics`: an array, a `numpy.memmap`, an `OnDisk`.
    axis : int
        The axis along which the result sums to 1.
    out : anything with a shape and slices, optional
        Where the result goes, which may be `x` itself; a new array by default.
    block : int
        How many entries are held at once, as float64 and a few times over.
    progress : callable, optional
        Called as ``progress(done, total)`` at each block that is read, in either pass.

    Returns
    -------
    ndarray, or the `out` given

    Raises
    ------
    TypeError
        As `statistics`.
    ValueError
        If a slice has no entries, `axis` is out of range, `out` has another shape than `x`, or
        `block` is less than 1.

    Notes
    -----
    Within 5 ulps in float64 for each probability that is a normal number, whatever the blocks;
    narrower floats are computed in float64 and rounded once. A slice that holds nan or +inf, or
    only -inf, is nan.
    """
    x, axis = _checked(x, axis)
    _has_entries(x, axis)
    if block < 1:
        raise ValueError(f"block must be a number of entries, 1 or more, but is {block!r}")
    if out is None:
        out = np.empty(x.shape, _result_type(x))
    elif tuple(out.shape) != tuple(x.shape):
        raise ValueError(f"out must have the shape of x, {x.shape}, but has {out.shape}")
    regions = list(_regions(x.shape, axis, block))
    done, total = itertools.count(1), 2 * sum(len(tiles) for _, tiles in regions)

    def read(tile):
        if progress:
            progress(next(done), total)
        return x[tile]

    for _, tiles in regions:
        pairs = _merged(_statistics(read(tile), axis) for tile in tiles)
        for tile in tiles:
            out[tile] = _probabilities(read(tile), pairs)
    return out


def dask_softmax(x, axis=-1):
    """Softmax of a Dask array: the pairs now, the probabilities when they are asked for.

    Parameters
    ----------
    x : dask.array.Array
        Logits, as for `statistics`, in chunks of any shape.
    axis : int
        The axis along which the result sums to 1.

    Returns
    -------
    dask.array.Array
        In the chunks of `x`, not computed yet. Give it to `dask.array.store`, or reduce it.

    Raises
    ------
    TypeError, ValueError
        As `softmax`.

    Notes
    -----
    Each chunk is read once for its pairs and once for its probabilities, and held in neither time
    between: one graph for both would hold every chunk until the last pair is known. Where `axis`
    lies within one chunk, a chunk is read once. The scheduler is the active one. Its workers need
    numpy, but not this package.
    """
    from distributed import futures_of, wait

    x, axis = _checked(x, axis)
    _has_entries(x, axis)
    if x.numblocks[axis] == 1:
        _send_by_value()
        return x.map_blocks(
            lambda chunk: probabilities(chunk, statistics(chunk, axis), axis),
            dtype=_result_type(x),
        )
    pairs = dask_statistics(x, axis).persist()
    if futures_of(pairs):
        wait(futures_of(pairs))
    return dask_probabilities(x, pairs, axis)


def dask_statistics(x, axis=-1):
    """The pair of each slice of a Dask array, as one of `PAIR`; the first half of `dask_softmax`.

    To watch it, persist it, hand it to `distributed.progress`, and wait for it.
    """
    import dask.array

    x, axis = _checked(x, axis)
    _has_entries(x, axis)
    _send_by_value()
    return dask.array.reduction(
        x,
        chunk=lambda chunk, axis, keepdims: statistics(chunk, *axis),
        aggregate=lambda pairs, axis, keepdims: _merged(
            np.split(pairs, pairs.shape[axis[0]], *axis)
        ),
        axis=axis,
        keepdims=True,
        dtype=PAIR,
        meta=np.empty((0,) * x.ndim, PAIR),
    )


def dask_probabilities(x, pairs, axis=-1):
    """The softmax of a Dask array, given its pairs, persisted; the other half of `dask_softmax`."""
    import dask.array

    x, axis = _checked(x, axis)
    _send_by_value()
    return dask.array.map_blocks(
        lambda chunk, pairs: probabilities(chunk, pairs, axis), x, pairs, dtype=_result_type(x)
    )


class OnDisk:
    """An array in a .npy file that travels as its path: each slice opens the file anew.

    Parameters
    ----------
    path : str or path-like
        Of a file that exists, such as `numpy.lib.format.open_memmap` makes. Workers on other
        machines need to see it under the same path.

    Attributes
    ----------
    path : str
    shape : tuple of int
    dtype : dtype
    ndim : int
    """

    def __init__(self, path):
        self.path = os.path.abspath(path)
        array = np.load(self.path, mmap_mode="r")
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim

    def __getitem__(self, where):
        return np.array(np.load(self.path, mmap_mode="r")[where])

    def __setitem__(self, where, values):
        np.load(self.path, mmap_mode="r+")[where] = values


def _send_by_value():
    """Let workers do without this package: a lambda sent to them takes along what it needs."""
    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__package__])


def _statistics(x, axis):
    """The pairs of one tile."""
    x = np.asarray(x, np.float64)
    pairs = np.empty([1 if a == axis else n for a, n in enumerate(x.shape)], PAIR)
    with np.errstate(all="ignore"):
        pairs["shift"] = np.floor(x.max(axis, keepdims=True, initial=-np.inf) / STEP) * STEP
        pairs["sum"], pairs["rest"] = _sum(_exps(x, pairs["shift"]), axis)
    return pairs


def _probabilities(x, pairs):
    """The probabilities of one tile, in float64."""
    with np.errstate(all="ignore"):
        e = _exps(np.asarray(x, np.float64), pairs["shift"])
        return e / (pairs["sum"] + pairs["rest"])


def _exps(x, shift):
    """exp(x - shift), with what the rounding of x - shift took put back."""
    shift = np.where(shift == -np.inf, 0, shift)
    gaps, lost = two_difference(x, shift)
    e = np.exp(gaps)
    if shift.any():
        e += e * np.where(np.isfinite(lost), lost, 0)
    return e


def _rescaled(pairs, top):
    """The sums and rests of `pairs` over exp(top). At the top, be it -inf, they stay the same."""
    steps = np.where(pairs["shift"] == top, 0, (top - pairs["shift"]) / STEP)
    factor = np.select([steps == 0, steps == 1], [1.0, EXP_OF_STEP])
    total, lost = two_product(pairs["sum"], factor)
    return total, lost + pairs["sum"] * np.where(steps == 1, ITS_REST, 0) + pairs["rest"] * factor


def _sum(e, axis):
    """Sum in pairs along any axis, which keeps the length 1, and what rounding took from it."""
    e = np.moveaxis(e, axis, 0)
    if not len(e):
        e = np.zeros_like(e, shape=(1, *e.shape[1:]))
    rest = np.zeros_like(e[:1])
    while len(e) > 1:
        half, odd = len(e) // 2, e[2 * (len(e) // 2) :]
        sums, lost = two_sum(e[:half], e[half : 2 * half])
        rest += lost.sum(0)
        e = np.concatenate([sums, odd]) if len(odd) else sums
    return np.moveaxis(e, 0, axis), np.moveaxis(rest, 0, axis)


def _merged(pairs):
    """Merge an iterable in pairs too, holding but log2 of them at a time."""
    waiting = []
    for count, pair in enumerate(pairs, 1):
        while count % 2 == 0:
            pair = merge(waiting.pop(), pair)
            count //= 2
        waiting.append(pair)
    return functools.reduce(merge, reversed(waiting))


def _regions(shape, axis, size):
    """Cut an array into tiles of about `size` entries: (region, its tiles along the axis) each.

    Tiles are as long in the last axes as may be, where an array lies in one piece in memory or in
    a file, but for 128 entries along `axis`, lest there be about as many pairs as entries.
    """
    lengths = [1] * len(shape)
    lengths[axis] = min(shape[axis], 128)
    for a in reversed(range(len(shape))):
        others = math.prod(lengths) // max(1, lengths[a])
        lengths[a] = max(1, min(shape[a], size // max(1, others)))
    cuts = [
        [slice(i, i + length) for i in range(0, n or 1, length)]
        for n, length in zip(shape, lengths, strict=True)
    ]
    for region in itertools.product(*cuts[:axis], [slice(None)], *cuts[axis + 1 :]):
        yield region, [(*region[:axis], part, *region[axis + 1 :]) for part in cuts[axis]]


def _result_type(x):
    return x.dtype.newbyteorder("=") if x.dtype.kind == "f" else np.dtype(np.float64)


def _has_entries(x, axis):
    if x.shape[axis] == 0:
        raise ValueError(f"x must have an entry along axis {axis}, but its shape is {x.shape}")


def _checked(x, axis):
    """`x` as something with a shape and a dtype, and its axis, not negative."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError("x must be an array without a mask, but is a masked array")
    if not (hasattr(x, "shape") and hasattr(x, "dtype")):
        x = np.asarray(x)
    if x.dtype.char not in "efd" and x.dtype.kind not in "biu":
        raise TypeError(
            f"x must hold float16, float32, float64, integers or bool, but its dtype is {x.dtype}"
        )
    try:
        axis = operator.index(axis)
    except TypeError:
        raise TypeError(f"axis must be an int, but is {axis!r}") from None
    ndim = len(x.shape)
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(
            f"axis must be within the {ndim} dimensions of x, but is {axis}"
        )
    return x, axis % ndim
