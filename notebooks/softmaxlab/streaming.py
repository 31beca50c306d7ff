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
import os
import sys

import numpy as np

from .arguments import (
    NARROW,
    check_dtype,
    check_room,
    checked_axes,
    count,
    described,
    is_masked,
    real,
    refuse_mask,
    result_dtype,
)
from .error_free import two_difference, two_product, two_sum

PAIR = np.dtype([("shift", np.float64), ("sum", np.float64), ("rest", np.float64)])
STEP = 256.0
EXP_OF_STEP, ITS_REST = 6.616261056709485e-112, -1.5834289269115768e-129  # exp(-STEP) in two floats
BLOCK = 2**18  # entries that are read at once
TILE = 2**14  # entries that are computed at once, in arrays of 128 KiB


def statistics(x, axis=-1):
    """The pair of each slice of a chunk.

    Parameters
    ----------
    x : array_like of real numbers, floats of at most 64 bits
        Logits. It may have no entries along `axis`.
    axis : int, tuple of int, or None
        The axis or axes along which the softmax is to sum to 1. None is the whole array.

    Returns
    -------
    ndarray of `PAIR`
        Of the shape of `x`, with length 1 along each such axis. A slice that holds nan or +inf has
        a sum of nan; no entries, or only -inf, give (-inf, 0, 0).

    Raises
    ------
    TypeError
        If `x` holds anything else or has a mask, or `axis` is not an integer.
    ValueError
        If `x` is ragged, or `axis` is out of range or repeated.
    """
    x = _sliceable(x)
    axes = checked_axes(x.shape, axis, empty=True)
    return _statistics(x, axes)


def merge(a, b):
    """The pairs of two chunks taken together.

    Parameters
    ----------
    a, b : array_like of `PAIR`
        Of one shape, as from `statistics` of two chunks of the same slices.

    Returns
    -------
    ndarray of `PAIR`

    Raises
    ------
    TypeError
        If `a` or `b` does not hold pairs.
    ValueError
        If their shapes differ.
    """
    a, b = _pairs("a", a), _pairs("b", b)
    if a.shape != b.shape:
        raise ValueError(
            f"b must have the shape of a, {a.shape}, but has {b.shape}; "
            "merge the pairs of the same slices"
        )
    return _merge(a, b)


def probabilities(x, pairs, axis=-1):
    """The softmax of a chunk, given the pairs of the whole.

    Parameters
    ----------
    x, axis
        A chunk, as for `statistics`.
    pairs : ndarray of `PAIR`
        Merged over all chunks that have a part of the slices of `x`: one for each slice.

    Returns
    -------
    ndarray
        Of the shape of `x`. A float dtype is kept; bool and integers give float64.

    Raises
    ------
    TypeError
        As `statistics`, and if `pairs` holds none.
    ValueError
        As `statistics`, and if `pairs` has not the shape of `x` with length 1 along each axis.
    """
    x = _sliceable(x)
    axes = checked_axes(x.shape, axis, empty=True)
    pairs = _pairs("pairs", pairs)
    if pairs.shape != _reduced(x.shape, axes):
        raise ValueError(
            f"pairs must have the shape {_reduced(x.shape, axes)}, one for each slice of x along "
            f"axis {axis!r}, but has {pairs.shape}; statistics(x, {axis!r}) has it"
        )
    return _probabilities(x, pairs, axes, result_dtype(x.dtype))


def softmax(x, axis=-1, out=None, block=BLOCK, progress=None):
    """Softmax of an array of any size, a block at a time.

    Parameters
    ----------
    x : array_like, or anything with a shape, a dtype of numpy and slices
        Logits, as for `statistics`: an array, a `numpy.memmap`, an `OnDisk`.
    axis : int, tuple of int, or None
        The axis or axes along which the result sums to 1. None is the whole array.
    out : anything with a shape, a dtype of numpy and slices, optional
        Where the result goes; a new array by default. It has the shape of `x`, and the dtype of
        the result or a wider float. It may be `x`, or lie just where `x` does, in memory or in a
        file; else it must share nothing with it.
    block : int
        How many entries are read at once, and held once more as their result.
    progress : callable, optional
        Called as ``progress(done, total)`` at each block that is read, in either pass.

    Returns
    -------
    ndarray, or the `out` given

    Raises
    ------
    TypeError
        As `statistics`, and if `out` cannot hold the result, `block` is no integer, or `progress`
        cannot be called.
    ValueError
        As `statistics`, and if a slice has no entries, `out` has another shape than `x`, is
        read-only or shares some places with `x`, or `block` is less than 1. All this is found
        before anything is written, but for slices that a class masks when they are read.

    Notes
    -----
    In the tests each probability that is a normal number was within 5 ulps in float64, whatever the
    blocks; that is measured, not a bound. Narrower floats are computed in float64 and rounded
    once. A slice that holds nan or +inf, or only -inf, is nan. In place, an error half-way leaves
    some slices done and others not.
    """
    x = _sliceable(x)
    axes = checked_axes(x.shape, axis)
    block = count("block", block, 1, "entries")
    if not (progress is None or callable(progress)):
        raise TypeError(f"progress must be a function or None, but is {described(progress)}")
    if out is None:
        out = np.empty(x.shape, result_dtype(x.dtype))
    else:
        _check_out(out, x)
    regions = list(_regions(x.shape, axes, block))
    done, total = itertools.count(1), 2 * sum(len(blocks) for _, blocks in regions)

    def read(where):
        if progress:
            progress(next(done), total)
        part = x[where]
        refuse_mask("a slice of x", part)
        return np.asarray(part)

    for _, blocks in regions:
        pairs = _merged(_statistics(read(block), axes) for block in blocks)
        for block in blocks:
            out[block] = _probabilities(read(block), pairs, axes, out.dtype)
    return out


def dask_softmax(x, axis=-1):
    """Softmax of a Dask array: the pairs now, the probabilities when they are asked for.

    Parameters
    ----------
    x : dask.array.Array
        Logits, as for `statistics`, in chunks of any shape.
    axis : int, tuple of int, or None
        The axis or axes along which the result sums to 1. None is the whole array.

    Returns
    -------
    dask.array.Array
        In the chunks of `x`, not computed yet. Give it to `dask.array.store`, or reduce it.

    Raises
    ------
    TypeError
        If `x` is no Dask array of numpy's arrays, and as `softmax`.
    ValueError
        If the sizes of its chunks are not known, and as `softmax`.

    Notes
    -----
    Each chunk is read once for its pairs and once for its probabilities, and not held between the
    two: one graph for both would hold every chunk until the last pair is known. Where `axis`
    lies within one chunk, a chunk is read once. The scheduler is the active one. Its workers need
    numpy, but not this package.
    """
    from distributed import futures_of, wait

    axes = _dask_axes(x, axis)
    if all(x.numblocks[a] == 1 for a in axes):
        return x.map_blocks(
            _sent("softmax", lambda x: probabilities(x, statistics(x, axes), axes), axes),
            dtype=result_dtype(x.dtype),
        )
    pairs = dask_statistics(x, axes).persist()
    if futures_of(pairs):
        wait(futures_of(pairs))
    return dask_probabilities(x, pairs, axes)


def dask_statistics(x, axis=-1):
    """The pair of each slice of a Dask array, as one of `PAIR`; the first half of `dask_softmax`.

    To watch it, persist it, hand it to `distributed.progress`, and wait for it.
    """
    import dask.array

    axes = _dask_axes(x, axis)
    return dask.array.reduction(
        x,
        chunk=_sent("statistics", lambda chunk, axis, keepdims: statistics(chunk, axis)),
        aggregate=_sent("merge", lambda pairs, axis, keepdims: _merged_along(pairs, axis)),
        axis=axes,
        keepdims=True,
        dtype=PAIR,
        meta=np.empty((0,) * x.ndim, PAIR),
    )


def dask_probabilities(x, pairs, axis=-1):
    """The softmax of a Dask array, given its pairs, persisted; the other half of `dask_softmax`.

    `pairs` is a Dask array, as `dask_statistics` gives it for the same `x` and `axis`.
    """
    import dask.array

    axes = _dask_axes(x, axis)
    if not isinstance(pairs, dask.array.Array) or pairs.dtype != PAIR:
        raise TypeError(
            f"pairs must be a Dask array of PAIR, but is {described(pairs)}; "
            f"dask_statistics(x, {axis!r}) makes it"
        )
    chunks = tuple((1,) if a in axes else sizes for a, sizes in enumerate(x.chunks))
    if pairs.chunks != chunks:
        raise ValueError(
            f"pairs must have the chunks {chunks}, one pair for each slice of x along axis "
            f"{axis!r}, but has {pairs.chunks}; dask_statistics(x, {axis!r}) has them"
        )
    return dask.array.map_blocks(
        _sent("probabilities", lambda chunk, pairs: probabilities(chunk, pairs, axes), axes),
        x,
        pairs,
        dtype=result_dtype(x.dtype),
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

    Raises
    ------
    TypeError
        If `path` is no path.
    OSError
        If the file cannot be read; FileNotFoundError if there is none.
    ValueError
        If it is no .npy file, or one of Python objects.
    """

    def __init__(self, path):
        takes = "path must be that of a .npy file, as numpy.save makes it,"
        try:
            self.path = os.path.abspath(os.fsdecode(path))
        except TypeError:
            raise TypeError(f"{takes} but is {described(path)}") from None
        try:
            array = self._mapped("r")
        except OSError as error:
            raise type(error)(f"{takes} but {self.path}: {error.strerror or error}") from error
        except ValueError as error:
            raise ValueError(f"{takes} but {self.path} is none: {error}") from error
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim

    def __getitem__(self, where):
        return np.array(self._mapped("r")[where])

    def __setitem__(self, where, values):
        self._mapped("r+")[where] = values

    def _mapped(self, mode):
        return np.lib.format.open_memmap(self.path, mode)


def _sent(name, function, *holds):
    """A lambda that takes along what it needs, so that workers do without this package.

    Dask tells tasks apart by `name` and what the lambda `holds`, and need not pickle it for that.
    """
    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__package__])
    function.__dask_tokenize__ = lambda: (__name__, name, holds)
    return function


def _statistics(x, axes):
    """The pairs of an array, a tile at a time."""
    pairs = np.empty(_reduced(x.shape, axes), PAIR)
    for region, tiles in _regions(x.shape, axes, TILE):
        pairs[region] = _merged(_of_tile(x[tile], axes) for tile in tiles)
    return pairs


def _of_tile(x, axes):
    x = np.asarray(x, np.float64)
    pairs = np.empty(_reduced(x.shape, axes), PAIR)
    with np.errstate(all="ignore"):
        pairs["shift"] = np.floor(x.max(axes, keepdims=True, initial=-np.inf) / STEP) * STEP
        for name, part in zip(("sum", "rest"), _sum(_exps(x, pairs["shift"]), axes), strict=True):
            pairs[name] = part.reshape(pairs.shape)
    return pairs


def _probabilities(x, pairs, axes, dtype):
    """The probabilities of an array, computed in float64, a tile at a time."""
    out = np.empty(x.shape, dtype)
    with np.errstate(all="ignore"):
        for region, tiles in _regions(x.shape, axes, TILE):
            shift, total = pairs["shift"][region], (pairs["sum"] + pairs["rest"])[region]
            for tile in tiles:
                out[tile] = _exps(np.asarray(x[tile], np.float64), shift) / total
    return out


def _exps(x, shift):
    """exp(x - shift), with what the rounding of x - shift took put back."""
    shift = np.where(shift == -np.inf, 0, shift)
    if not shift.any():
        return np.exp(x)
    gaps, lost = two_difference(x, shift)
    e = np.exp(gaps)
    e += e * np.where(np.isfinite(lost), lost, 0)
    return e


def _merge(a, b):
    merged = np.empty(a.shape, PAIR)
    with np.errstate(all="ignore"):
        top = np.maximum(a["shift"], b["shift"])
        (a, rest_of_a), (b, rest_of_b) = _rescaled(a, top), _rescaled(b, top)
        merged["shift"] = top
        merged["sum"], lost = two_sum(a, b)
        merged["rest"] = rest_of_a + rest_of_b + lost
    return merged


def _rescaled(pairs, top):
    """The sums and rests of `pairs` over exp(top). At the top, be it -inf, they stay the same."""
    steps = np.where(pairs["shift"] == top, 0, (top - pairs["shift"]) / STEP)
    factor = np.select([steps == 0, steps == 1], [1.0, EXP_OF_STEP])
    total, lost = two_product(pairs["sum"], factor)
    return total, lost + pairs["sum"] * np.where(steps == 1, ITS_REST, 0) + pairs["rest"] * factor


def _sum(e, axes):
    """Sum in pairs along any axes, laid in one that keeps the length 1; and what rounding took."""
    e = np.moveaxis(e, axes, range(len(axes)))
    others = e.shape[len(axes) :]
    e = e.reshape(math.prod(e.shape[: len(axes)]), *others)
    if not len(e):
        e = np.zeros((1, *others))
    rest = np.zeros_like(e[:1])
    while len(e) > 1:
        half, odd = len(e) // 2, e[2 * (len(e) // 2) :]
        sums, lost = two_sum(e[:half], e[half : 2 * half])
        rest += lost.sum(0)
        e = np.concatenate([sums, odd]) if len(odd) else sums
    return e, rest


def _merged(pairs):
    """Merge an iterable in pairs too, holding but log2 of them at a time."""
    waiting = []
    for number, pair in enumerate(pairs, 1):
        while number % 2 == 0:
            pair = _merge(waiting.pop(), pair)
            number //= 2
        waiting.append(pair)
    return functools.reduce(_merge, reversed(waiting))


def _merged_along(pairs, axes):
    for a in axes:
        pairs = _merged(np.split(pairs, pairs.shape[a], a))
    return pairs


def _reduced(shape, axes):
    return tuple(1 if a in axes else n for a, n in enumerate(shape))


def _regions(shape, axes, size):
    """Cut an array into tiles of about `size` entries: (region, its tiles along the axes) each.

    Tiles are as long in the last axes as may be, where an array lies in one piece in memory or in
    a file, but for 128 entries along `axes`, lest there be about as many pairs as entries.
    """
    lengths = [1] * len(shape)
    for a in reversed(axes):
        lengths[a] = max(1, min(shape[a], 128 // math.prod(lengths)))
    for a in reversed(range(len(shape))):
        others = math.prod(lengths) // lengths[a]
        lengths[a] = max(1, min(shape[a], size // others))
    cuts = [
        [slice(i, i + length) for i in range(0, n or 1, length)]
        for n, length in zip(shape, lengths, strict=True)
    ]
    every = [slice(None)]
    for region in itertools.product(*(every if a in axes else c for a, c in enumerate(cuts))):
        inside = (c if a in axes else [region[a]] for a, c in enumerate(cuts))
        yield region, list(itertools.product(*inside))


def _sliceable(x):
    """`x` as something with a shape, a dtype and slices of real numbers: itself if it can be."""
    if isinstance(x, np.ndarray) or not isinstance(getattr(x, "dtype", None), np.dtype):
        return real("x", x, NARROW)
    refuse_mask("x", x)
    if not isinstance(x, OnDisk):
        try:
            nothing = x[(slice(0, 0),) * len(x.shape)]
            sliced = np.asarray(nothing).shape == (0,) * len(x.shape)
        except Exception:  # whatever a class raises that has other slices
            return real("x", x, NARROW)
        if not sliced:
            return real("x", x, NARROW)
        refuse_mask("x", nothing)
    check_dtype("x", x, x.dtype, NARROW)
    return x


def _pairs(name, pairs):
    array = np.asarray(pairs)
    if array.dtype != PAIR:
        raise TypeError(
            f"{name} must hold pairs, of dtype PAIR, but is {described(pairs, array)}; "
            "statistics makes them"
        )
    return array


def _dask_axes(x, axis):
    """The axes of a Dask array that can be softmaxed."""
    import dask.array

    if not isinstance(x, dask.array.Array):
        raise TypeError(
            f"x must be a Dask array, but is {described(x)}; dask.array.from_array makes one"
        )
    refuse_mask("x", x)
    if not isinstance(x._meta, np.ndarray):
        raise TypeError(
            f"x must be made of numpy's arrays, but its chunks are like {described(x._meta)}; "
            "x.map_blocks(np.asarray) converts it where numpy can"
        )
    check_dtype("x", x, x.dtype, NARROW)
    if any(map(math.isnan, x.shape)):
        raise ValueError(
            f"x must have a known shape, but has {x.shape}; x.compute_chunk_sizes() finds it"
        )
    return checked_axes(x.shape, axis)


def _check_out(out, x):
    """`out` must take the softmax of `x` to the last digit, and lose nothing of `x` by it."""
    dtype, got = result_dtype(x.dtype), getattr(out, "dtype", None)
    holds = isinstance(got, np.dtype) and (
        got == dtype or (got.kind == "f" and np.can_cast(dtype, got))
    )
    if not holds or is_masked(out):
        raise TypeError(
            f"out must have slices that take {dtype}, and no mask, but is {described(out)}; "
            f"np.empty({tuple(x.shape)}, {str(dtype)!r}) fits"
        )
    check_room(out, x.shape)
    if out.shape:
        try:
            out[(slice(0, 0),) * len(out.shape)] = np.empty((0,) * len(out.shape), got)
        except Exception as error:  # whatever a class or a file raises that takes nothing
            raise ValueError(
                f"out must be writable, but {described(out)} is not: {error}"
            ) from error
    if out is not x and _share(x, out):
        raise ValueError(
            "out must be x, or lie just where x does, or share nothing with it, but it lies across "
            "x; give another array"
        )


def _share(x, out):
    """Whether two arrays have places in common, in memory or in a file, but not one by one."""
    a, b = (array._mapped("r") if isinstance(array, OnDisk) else array for array in (x, out))
    if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.size):
        return False
    (file, start), (other, other_start) = _file(a), _file(b)
    if file and other and os.path.samefile(file, other):
        whole = np.memmap(file, np.uint8, "r")  # both in one mapping, to be compared
        a = np.ndarray(a.shape, a.dtype, whole, start, a.strides)
        b = np.ndarray(b.shape, b.dtype, whole, other_start, b.strides)
    if _places(a) == _places(b):
        return False
    try:
        return np.shares_memory(a, b, max_work=10**5)
    except np.exceptions.TooHardError:
        return True


def _places(array):
    """What tells where each entry lies; the stride of one entry tells nothing."""
    strides = [s for s, n in zip(array.strides, array.shape, strict=True) if n > 1]
    return _address(array), array.itemsize, strides


def _address(array):
    return array.__array_interface__["data"][0]


def _file(array):
    """The file that an array maps, and where in it its first entry is; None if it maps none."""
    root = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    if not isinstance(root, np.memmap) or root.filename is None:
        return None, 0
    return root.filename, root.offset + _address(array) - _address(root)
