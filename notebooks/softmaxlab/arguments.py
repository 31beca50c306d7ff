"""The checks of arguments that all rooms share, and the words of their errors.

An error names the argument, what it takes, what it got, and what to do. `name` is the argument's.
"""

import operator
import sys

import numpy as np

REAL = "real numbers (floats, integers or bool)"
NARROW = "real numbers (floats of at most 64 bits, integers or bool)"


def prepare(x, axis, takes=REAL):
    """Check scores and the axes along which they are taken, none of them without entries.

    Parameters
    ----------
    x : array_like
    axis : int, tuple of int, or None
    takes : str
        `REAL`, or `NARROW` for what is computed in float64.

    Returns
    -------
    x : ndarray
    axes : tuple of int
        In order, none of them negative.
    dtype : dtype
        Of the result: a float dtype in native byte order, float64 for bool and integers.
    """
    x = real("x", x, takes)
    return x, checked_axes(x.shape, axis), result_dtype(x.dtype)


def real(name, values, takes=REAL):
    """An array of real numbers from anything that is like one, without a mask."""
    refuse_mask(name, values)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} must be an array of real numbers, but is ragged: {error} "
            "Fill short rows up; -np.inf gets probability 0"
        ) from None
    except (TypeError, RuntimeError) as error:  # as arrays of other libraries raise
        raise TypeError(
            f"{name} must hold {takes}, but is {described(values)}, "
            f"of which numpy makes no array: {error}"
        ) from error
    check_dtype(name, values, array.dtype, takes, array)
    return array


def check_dtype(name, values, dtype, takes=REAL, array=None):
    """The dtype of `values`, or of the `array` that numpy made of them, must be one of `takes`."""
    if not holds_reals(dtype) or (takes == NARROW and dtype.itemsize > 8):
        raise TypeError(
            f"{name} must hold {takes}, but is {described(values, array)}; "
            + _hint(name, values, dtype, np.ndim(array) if array is not None else 1)
        )


def refuse_mask(name, values):
    """A mask would be lost: numpy makes an array of masked entries without a word."""
    if is_masked(values):
        filled = f"np.ma.array({name}, float).filled(-np.inf)"
        if hasattr(values, "_meta"):
            filled = f"dask.array.ma.filled({name}, -np.inf)"
        raise TypeError(
            f"{name} must be an array without a mask, but is {described(values)}; "
            f"{filled} gives masked entries probability 0"
        )


def holds_reals(dtype):
    """Whether numbers of a dtype are real, those from outside numpy, such as bfloat16, too."""
    return dtype.kind in "biuf" or is_added(dtype)


def is_added(dtype):
    """Whether a dtype comes from outside numpy: of kind V, and casts safely to float32."""
    return dtype.kind == "V" and dtype.names is None and np.can_cast(dtype, np.float32)


def result_dtype(dtype):
    """The dtype of probabilities: that of float logits, in native byte order, or float64."""
    whole = dtype.kind in "biu" or (is_added(dtype) and np.can_cast(dtype, np.int64))
    return np.dtype(np.float64) if whole else dtype.newbyteorder("=")


def _index(axis):
    """An axis as an int; True is none, though Python takes it for 1."""
    if isinstance(axis, bool):
        raise TypeError
    return operator.index(axis)


def checked_axes(shape, axis, empty=False):
    """The axes of `x` in order, none of them negative; without entries only if `empty`."""
    ndim = len(shape)
    if type(axis) is int and -ndim <= axis < ndim and shape[axis]:
        return (axis % ndim,)
    axes = axis if isinstance(axis, tuple) else range(ndim) if axis is None else (axis,)
    try:
        axes = tuple(_index(a) for a in axes)
    except TypeError:
        raise TypeError(
            f"axis must be an int, a tuple of ints or None, but is {described(axis)}"
        ) from None
    if not all(-ndim <= a < ndim for a in axes):
        raise np.exceptions.AxisError(
            f"axis must be within the {ndim} dimensions of x, but is {axis!r}; "
            + (f"take {-ndim} to {ndim - 1}" if ndim else "a scalar takes axis=None")
        )
    if len({a % ndim for a in axes}) < len(axes):
        raise ValueError(f"axis must name each axis once, but is {axis!r}")
    if not empty and any(shape[a] == 0 for a in axes):
        raise ValueError(
            f"x must have an entry along axis {axis!r}, but its shape is {tuple(shape)}"
        )
    return tuple(sorted(a % ndim for a in axes))


def check_out(out, shape, dtype):
    """`out` must be an array of the result's shape and dtype that can be written to."""
    fits = f"np.empty({shape}, {str(dtype)!r}) fits"
    masked = isinstance(out, np.ma.MaskedArray)
    if not isinstance(out, np.ndarray) or masked or out.dtype != dtype:
        raise TypeError(
            f"out must be an array of {dtype} without a mask, but is {described(out)}; {fits}"
        )
    check_room(out, shape)


def check_room(out, shape):
    """`out` must have the shape of `x`, and each entry a place of its own that can be written."""
    if tuple(out.shape) != tuple(shape):
        raise ValueError(
            f"out must have the shape of x, {tuple(shape)}, but has {tuple(out.shape)}"
        )
    if not isinstance(out, np.ndarray):
        return
    if not out.flags.writeable:  # codespell:ignore writeable
        raise ValueError("out must be writable, but is read-only; out.copy() is writable")
    if not out.flags.forc and out.size and _overlaps_itself(out):
        raise ValueError(
            f"out must have a place for each entry, but its strides, {out.strides}, "
            "lay several on one; out.copy() has its own"
        )


def count(name, value, least, what):
    """An integer that is not below `least`; `what` says of what it is a number."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} must be a number of {what}, an int, but is {described(value)}"
        ) from None
    if number < least:
        raise ValueError(f"{name} must be a number of {what}, {least} or more, but is {number}")
    return number


def flag(name, value):
    """True or False, be it numpy's."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, but is {described(value)}")
    return bool(value)


def one_of(name, value, choices):
    """One of the `choices`, which are strings."""
    if not isinstance(value, str):
        raise TypeError(
            f"{name} must be a str, one of {', '.join(choices)}, but is {described(value)}"
        )
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, but is {value!r}")
    return value


def described(value, array=None):
    """What an argument is, in a few words: the value itself if it is short, or its type.

    `array` is what numpy made of it, for the types of the entries where their dtype says nothing.
    """
    if isinstance(value, np.ma.MaskedArray):
        return "a masked array"
    if is_masked(value):
        return f"{_a(type(value).__name__)} that holds masked arrays"
    if value is None or isinstance(value, bool | int | float | complex | np.generic):
        return _cut(f"{value}")
    if isinstance(value, str | bytes) or (isinstance(value, list | tuple) and array is None):
        return _cut(repr(value))
    dtype = getattr(value, "dtype", None if array is None or not array.ndim else array.dtype)
    kind = "array" if type(value) is np.ndarray else type(value).__name__
    said = _a(kind)
    if dtype is not None:
        said += f" of dtype {dtype}"
    if array is not None and array.ndim and array.dtype.kind == "O":
        said += f" that holds {', '.join(sorted({type(entry).__name__ for entry in array.flat}))}"
    return said


def _a(noun):
    return f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}"


def _cut(text, most=60):
    return text if len(text) <= most else f"{text[: most - 3]}..."


def is_masked(values):
    """Whether this is a masked array, Dask's too, or a list that holds one."""
    if "numpy.ma" not in sys.modules:  # there are none yet, and to load it takes its time
        return False
    masked = np.ma.MaskedArray
    if not isinstance(values, list | tuple):
        return isinstance(values, masked) or isinstance(getattr(values, "_meta", None), masked)
    kinds = set(map(type, values))
    return any(issubclass(kind, masked) for kind in kinds) or (
        any(issubclass(kind, list | tuple) for kind in kinds) and any(map(is_masked, values))
    )


def _hint(name, values, dtype, ndim):
    """What to do with an argument that does not hold real numbers."""
    if hasattr(values, "toarray"):
        return f"{name}.toarray() makes it an array, in which what was not stored is 0"
    if type(values).__module__.partition(".")[0] == "pandas":
        return f"{name}.to_numpy(float, na_value=-np.inf) gives missing entries probability 0"
    if isinstance(values, dict):
        return f"list({name}.values()) makes a list of its values"
    if dtype.kind == "O" and not ndim and hasattr(values, "__iter__"):
        return f"list({name}) makes a list of its entries"
    if dtype.names:
        return f"take one of its fields, as {name}[{dtype.names[0]!r}]"
    if dtype.kind == "c":
        return f"np.real({name}) and np.abs({name}) are real"
    if not ndim and not isinstance(values, np.ndarray):
        return "give numbers in a list or an array"
    return f"convert it to floats first, as by np.asarray({name}, float)"


def _overlaps_itself(array):
    """Whether strides may lay several entries on one place; right for all that slicing makes."""
    reach = array.itemsize
    for stride, n in sorted((abs(s), n) for s, n in zip(array.strides, array.shape, strict=True)):
        if n > 1 and stride < reach:
            return True
        reach += stride * (n - 1)
    return False
