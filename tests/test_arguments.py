"""What every public function of the rooms of numbers answers to every kind of bad argument.

An answer names the argument, what it takes, what it got, and what to do. Nothing is written first.
"""

import inspect
import types

import dask.array
import numpy as np
import pytest
import scipy.sparse

from softmaxlab import exact, examine, floats, half_ulp, log_softmax, logsumexp, regions, softmax
from softmaxlab import streaming as stream

X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
PAIRS = stream.statistics(X)
LAZY = dask.array.from_array(X, chunks=2)
MASKED = np.ma.array(X, mask=X > 3)


class Tensor:
    """An array of another library that does not turn into numpy's by itself."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("call detach() first")


class Series:
    """As pandas has them with missing entries: of a dtype that is none of numpy's."""

    dtype = "Int64"

    def __array__(self, dtype=None, copy=None):
        return np.array([1, None], object)


Series.__module__ = "pandas"

CONVERT = "; convert it to floats first, as by np.asarray({name}, float)"
GIVE = "; give numbers in a list or an array"
FILL = "; np.ma.array({name}, float).filled(-np.inf) gives masked entries probability 0"
HOLD = "{name} must hold real numbers"
NO_MASK = "{name} must be an array without a mask, but is "

# Kind: what is given for scores, the error, how its words begin, and how they end.
SCORES = {
    "None": (None, TypeError, HOLD, "None" + GIVE),
    "text": ("1 2", TypeError, HOLD, "'1 2'" + GIVE),
    "texts": (["1", "2"], TypeError, HOLD, "a list of dtype <U1" + CONVERT),
    "bytes": ([b"1"], TypeError, HOLD, "a list of dtype |S1" + CONVERT),
    "complex": (
        X + 1j,
        TypeError,
        HOLD,
        "an array of dtype complex128; np.real({name}) and np.abs({name}) are real",
    ),
    "dates": (
        np.array(["2020-01-01"], "M8[D]"),
        TypeError,
        HOLD,
        "an array of dtype datetime64[D]" + CONVERT,
    ),
    "objects": (
        [None, 1.0],
        TypeError,
        HOLD,
        "a list of dtype object that holds NoneType, float" + CONVERT,
    ),
    "beyond 64 bits": ([2**70], TypeError, HOLD, "a list of dtype object that holds int" + CONVERT),
    "dict": (
        {"a": 1.0},
        TypeError,
        HOLD,
        "a dict; list({name}.values()) makes a list of its values",
    ),
    "set": ({1.0}, TypeError, HOLD, "a set; list({name}) makes a list of its entries"),
    "generator": (
        (x for x in X),
        TypeError,
        HOLD,
        "a generator; list({name}) makes a list of its entries",
    ),
    "sparse": (
        scipy.sparse.csr_matrix(X),
        TypeError,
        HOLD,
        "a csr_matrix of dtype float64; {name}.toarray() makes it an array, "
        "in which what was not stored is 0",
    ),
    "pandas": (
        Series(),
        TypeError,
        HOLD,
        "a Series of dtype Int64 that holds NoneType, int; "
        "{name}.to_numpy(float, na_value=-np.inf) gives missing entries probability 0",
    ),
    "structured": (
        np.zeros(2, [("a", "f8")]),
        TypeError,
        HOLD,
        "an array of dtype [('a', '<f8')]; take one of its fields, as {name}['a']",
    ),
    "raw": (np.zeros(2, "V4"), TypeError, HOLD, "an array of dtype |V4" + CONVERT),
    "thing": (object(), TypeError, HOLD, "an object" + GIVE),
    "tensor": (
        Tensor(),
        TypeError,
        HOLD,
        "a Tensor, of which numpy makes no array: call detach() first",
    ),
    "masked": (MASKED, TypeError, NO_MASK, "a masked array" + FILL),
    "masked rows": (list(MASKED), TypeError, NO_MASK, "a list that holds masked arrays" + FILL),
    "masked entry": (
        [[1.0, (2.0, np.ma.masked)]],
        TypeError,
        NO_MASK,
        "a list that holds masked arrays" + FILL,
    ),
    "masked, Dask's": (
        dask.array.ma.masked_greater(LAZY, 3),
        TypeError,
        NO_MASK,
        "an Array that holds masked arrays; "
        "dask.array.ma.filled({name}, -np.inf) gives masked entries probability 0",
    ),
    "ragged": (
        [[1.0], [1.0, 2.0]],
        ValueError,
        "{name} must be an array of real numbers, but is ragged",
        "Fill short rows up; -np.inf gets probability 0",
    ),
}
WIDE = {
    "longdouble": (
        X.astype(np.longdouble),
        TypeError,
        "{name} must hold real numbers (floats of at most 64 bits",
        f"an array of dtype {np.dtype(np.longdouble)}" + CONVERT,
    )
}
ANY_FLOAT = ("softmax", "log_softmax", "logsumexp")

# Function: how it is called with scores, and the name that it gives them.
TAKE_SCORES = {
    "softmax": (softmax, "x"),
    "log_softmax": (log_softmax, "x"),
    "logsumexp": (logsumexp, "x"),
    "exact.softmax": (exact.softmax, "x"),
    "exact.log_softmax": (exact.log_softmax, "x"),
    "exact.logsumexp": (exact.logsumexp, "x"),
    "exact.errors_in_ulps": (lambda x: exact.errors_in_ulps(X, x), "x"),
    "exact.errors_in_ulps of": (lambda p: exact.errors_in_ulps(p, X), "p"),
    "half_ulp.softmax_half_ulp": (half_ulp.softmax_half_ulp, "x"),
    "stream.statistics": (stream.statistics, "x"),
    "stream.probabilities": (lambda x: stream.probabilities(x, PAIRS), "x"),
    "stream.softmax": (stream.softmax, "x"),
    "floats.round_to": (lambda x: floats.round_to(x, "float16"), "x"),
    "regions.run": (lambda pairs: regions.run("A", pairs, 2), "pairs"),
    "regions.truth": (lambda pairs: regions.truth(pairs, 2), "pairs"),
    "regions.classify": (lambda p: regions.classify(p, X[:, :2]), "p"),
    "regions.classify by": (lambda exact: regions.classify(X[:, :2], exact), "exact"),
    "regions.predict": (lambda pairs: regions.predict("A", pairs, 2, "float64"), "pairs"),
}

# Kind: what is given for an axis of X, the error, and its words.
AXES = {
    "float": (0.5, TypeError, "axis must be an int, a tuple of ints or None, but is 0.5"),
    "text": ("0", TypeError, "axis must be an int, a tuple of ints or None, but is '0'"),
    "list": ([0], TypeError, "axis must be an int, a tuple of ints or None, but is [0]"),
    "True": (True, TypeError, "axis must be an int, a tuple of ints or None, but is True"),
    "True in a tuple": (
        (0, True),
        TypeError,
        "axis must be an int, a tuple of ints or None, but is (0, True)",
    ),
    "array": (
        np.arange(2),
        TypeError,
        "axis must be an int, a tuple of ints or None, but is an array",
    ),
    "out of range": (
        2,
        np.exceptions.AxisError,
        "axis must be within the 2 dimensions of x, but is 2; take -2 to 1",
    ),
    "one out of range": (
        (0, -3),
        np.exceptions.AxisError,
        "axis must be within the 2 dimensions of x, but is (0, -3); take -2 to 1",
    ),
    "twice": ((1, -1), ValueError, "axis must name each axis once, but is (1, -1)"),
}
TAKE_AXIS = {
    "softmax": lambda axis: softmax(X, axis),
    "log_softmax": lambda axis: log_softmax(X, axis),
    "logsumexp": lambda axis: logsumexp(X, axis),
    "exact.softmax": lambda axis: exact.softmax(X, axis),
    "exact.log_softmax": lambda axis: exact.log_softmax(X, axis),
    "exact.logsumexp": lambda axis: exact.logsumexp(X, axis),
    "exact.errors_in_ulps": lambda axis: exact.errors_in_ulps(X, X, axis),
    "half_ulp.softmax_half_ulp": lambda axis: half_ulp.softmax_half_ulp(X, axis),
    "stream.statistics": lambda axis: stream.statistics(X, axis),
    "stream.probabilities": lambda axis: stream.probabilities(X, PAIRS, axis),
    "stream.softmax": lambda axis: stream.softmax(X, axis),
    "stream.dask_softmax": lambda axis: stream.dask_softmax(LAZY, axis),
    "stream.dask_statistics": lambda axis: stream.dask_statistics(LAZY, axis),
    "stream.dask_probabilities": lambda axis: stream.dask_probabilities(LAZY, LAZY, axis),
}
TAKE_NO_EMPTY_SLICE = {
    "softmax": softmax,
    "log_softmax": log_softmax,
    "exact.softmax": exact.softmax,
    "exact.log_softmax": exact.log_softmax,
    "exact.logsumexp": exact.logsumexp,
    "exact.errors_in_ulps": lambda x: exact.errors_in_ulps(x, x),
    "half_ulp.softmax_half_ulp": half_ulp.softmax_half_ulp,
    "stream.softmax": stream.softmax,
    "stream.dask_softmax": lambda x: stream.dask_softmax(dask.array.from_array(x)),
    "stream.dask_statistics": lambda x: stream.dask_statistics(dask.array.from_array(x)),
}

# Kind: what is given to take the softmax of X, the error, and its words.
OUTS = {
    "list": (X.tolist(), TypeError, "but is [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]; np.empty((2, 3)"),
    "tuple": ((0.0,), TypeError, "but is (0.0,); np.empty((2, 3), 'float64') fits"),
    "number": (0.0, TypeError, "but is 0.0; np.empty((2, 3), 'float64') fits"),
    "text": ("out.npy", TypeError, "but is 'out.npy'; np.empty((2, 3), 'float64') fits"),
    "integers": (X.astype(int), TypeError, "but is an array of dtype int64; np.empty((2, 3)"),
    "bool": (X > 3, TypeError, "but is an array of dtype bool; np.empty((2, 3)"),
    "narrower": (X.astype("f4"), TypeError, "but is an array of dtype float32; np.empty((2, 3)"),
    "texts": (X.astype("U9"), TypeError, "but is an array of dtype <U9; np.empty((2, 3)"),
    "complex": (X + 0j, TypeError, "but is an array of dtype complex128; np.empty((2, 3)"),
    "objects": (X.astype(object), TypeError, "but is an array of dtype object; np.empty((2, 3)"),
    "structured": (
        np.zeros((2, 3), [("a", "f8")]),
        TypeError,
        "but is an array of dtype [('a', '<f8')]; np.empty((2, 3)",
    ),
    "masked": (MASKED.copy(), TypeError, "but is a masked array; np.empty((2, 3)"),
    "other shape": (X.T.copy(), ValueError, "the shape of x, (2, 3), but has (3, 2)"),
    "broadcastable": (X[:1].copy(), ValueError, "the shape of x, (2, 3), but has (1, 3)"),
    "read-only": (
        np.broadcast_to(X, X.shape),
        ValueError,
        "writable, but is read-only; out.copy() is writable",
    ),
    "one place for many": (
        np.lib.stride_tricks.as_strided(np.zeros(4), (2, 3), (8, 8)),
        ValueError,
        "a place for each entry, but its strides, (8, 8), lay several on one; out.copy()",
    ),
}
TAKE_OUT = {
    "softmax": lambda out: softmax(X, out=out),
    "stream.softmax": lambda out: stream.softmax(X, out=out),
}

TERMS = "n must be a number of terms, an int, but is "
CLASSES = "n must be a number of classes, an int, but is "
BLOCK = "block must be a number of entries, an int, but is "
FORMAT = "format must be one of float16, bfloat16, float32, float64, but is 'float8'"
DTYPE = "dtype must be one of float16, float32, float64, but is 'bfloat16'"
VARIANT = "variant must be one of A, B, G, but is 'C'"
AB = np.array([[0.0, 1.0]])
PATH = "path must be that of a .npy file, as numpy.save makes it, but "
WINDOW = regions.window("float64")

# Every other argument: the function, the argument, the call, the error, and its words.
OTHERS = [
    ("logsumexp", "keepdims", lambda: logsumexp(X, -1, "no"), TypeError,
     "keepdims must be True or False, but is 'no'"),
    ("logsumexp", "keepdims", lambda: logsumexp(X, 0, 1), TypeError,
     "keepdims must be True or False, but is 1"),
    ("exact.errors_in_ulps", "p", lambda: exact.errors_in_ulps([1, 0], [0.0, 0.0]), TypeError,
     "p must hold float16, float32 or float64, but is a list of dtype int64; give it as"),
    ("exact.errors_in_ulps", "p", lambda: exact.errors_in_ulps(X[0], X), ValueError,
     "p must have the shape of x, (2, 3), but has (3,)"),
    ("stream.merge", "a", lambda: stream.merge(X, PAIRS), TypeError,
     "a must hold pairs, of dtype PAIR, but is an array of dtype float64; statistics makes them"),
    ("stream.merge", "a", lambda: stream.merge(None, PAIRS), TypeError,
     "a must hold pairs, of dtype PAIR, but is None; statistics makes them"),
    ("stream.merge", "b", lambda: stream.merge(PAIRS, [1.0, 2.0]), TypeError,
     "b must hold pairs, of dtype PAIR, but is a list of dtype float64; statistics makes them"),
    ("stream.merge", "b", lambda: stream.merge(PAIRS, PAIRS[:1]), ValueError,
     "b must have the shape of a, (2, 1), but has (1, 1); merge the pairs of the same slices"),
    ("stream.probabilities", "pairs", lambda: stream.probabilities(X, X), TypeError,
     "pairs must hold pairs, of dtype PAIR, but is an array of dtype float64"),
    ("stream.probabilities", "pairs", lambda: stream.probabilities(X, PAIRS, 0), ValueError,
     "pairs must have the shape (1, 3), one for each slice of x along axis 0, but has (2, 1)"),
    ("stream.probabilities", "pairs", lambda: stream.probabilities(X, PAIRS[:1]), ValueError,
     "pairs must have the shape (2, 1), one for each slice of x along axis -1, but has (1, 1)"),
    *(("stream.softmax", "block", lambda block=block: stream.softmax(X, block=block), TypeError,
       f"{BLOCK}{block!r}") for block in (np.nan, np.inf, 1.5, "8", None)),
    ("stream.softmax", "block", lambda: stream.softmax(X, block=0), ValueError,
     "block must be a number of entries, 1 or more, but is 0"),
    ("stream.softmax", "progress", lambda: stream.softmax(X, progress="bar"), TypeError,
     "progress must be a function or None, but is 'bar'"),
    ("stream.softmax", "out", lambda: stream.softmax(X, out=X[::-1]), ValueError,
     "out must be x, or lie just where x does, or share nothing with it"),
    ("stream.dask_softmax", "x", lambda: stream.dask_softmax(X), TypeError,
     "x must be a Dask array, but is an array of dtype float64; dask.array.from_array makes one"),
    ("stream.dask_softmax", "x", lambda: stream.dask_softmax(None), TypeError,
     "x must be a Dask array, but is None; dask.array.from_array makes one"),
    ("stream.dask_softmax", "x", lambda: stream.dask_softmax(LAZY[LAZY > 2]), ValueError,
     "x must have a known shape, but has (nan,); x.compute_chunk_sizes() finds it"),
    ("stream.dask_softmax", "x", lambda: stream.dask_softmax(LAZY + 1j), TypeError,
     "x must hold real numbers (floats of at most 64 bits, integers or bool), but is an Array of"),
    ("stream.dask_softmax", "x",
     lambda: stream.dask_softmax(dask.array.ma.masked_greater(LAZY, 3)), TypeError,
     "x must be an array without a mask, but is an Array that holds masked arrays"),
    ("stream.dask_softmax", "x",
     lambda: stream.dask_softmax(LAZY.map_blocks(scipy.sparse.csr_matrix)), TypeError,
     "x must be made of numpy's arrays, but its chunks are like a csr_matrix"),
    ("stream.dask_statistics", "x", lambda: stream.dask_statistics([1.0]), TypeError,
     "x must be a Dask array, but is [1.0]"),
    ("stream.dask_probabilities", "x", lambda: stream.dask_probabilities(X, PAIRS), TypeError,
     "x must be a Dask array, but is an array"),
    ("stream.dask_probabilities", "pairs", lambda: stream.dask_probabilities(LAZY, PAIRS),
     TypeError, "pairs must be a Dask array of PAIR, but is an array of dtype [('shift'"),
    ("stream.dask_probabilities", "pairs", lambda: stream.dask_probabilities(LAZY, LAZY),
     TypeError, "pairs must be a Dask array of PAIR, but is an Array of dtype float64"),
    ("stream.dask_probabilities", "pairs",
     lambda: stream.dask_probabilities(LAZY, stream.dask_statistics(LAZY, 0), 1), ValueError,
     "pairs must have the chunks ((2,), (1,)), one pair for each slice of x along axis 1"),
    ("stream.OnDisk", "path", lambda: stream.OnDisk(3), TypeError, PATH + "is 3"),
    ("stream.OnDisk", "path", lambda: stream.OnDisk("none.npy"), FileNotFoundError, PATH),
    ("stream.OnDisk", "path", lambda: stream.OnDisk("."), OSError, PATH),
    ("stream.OnDisk", "path", lambda: stream.OnDisk(__file__), ValueError, PATH),
    ("floats.round_to", "format", lambda: floats.round_to(1.0, "float8"), ValueError, FORMAT),
    ("floats.round_to", "format", lambda: floats.round_to(1.0, np.float16), TypeError,
     "format must be a str, one of float16, bfloat16, float32, float64, but is "),
    *((f"floats.{function.__name__}", "format", lambda f=function: f("float8"), ValueError, FORMAT)
      for function in (floats.last_finite_exp, floats.first_subnormal_exp, floats.first_zero_exp,
                       floats.gap_to_one, floats.gap_to_zero)),
    ("floats.sum_overflow", "format", lambda: floats.sum_overflow("float8", 2), ValueError, FORMAT),
    *(("floats.sum_overflow", "n", lambda n=n: floats.sum_overflow("float16", n), TypeError,
       f"{TERMS}{n!r}") for n in (1.5, np.nan, "2", None)),
    ("floats.sum_overflow", "n", lambda: floats.sum_overflow("float16", 0), ValueError,
     "n must be a number of terms, 1 or more, but is 0"),
    ("floats.thresholds", "n", lambda: floats.thresholds(2.5), TypeError, TERMS + "2.5"),
    ("regions.run", "variant", lambda: regions.run("C", AB, 2), ValueError, VARIANT),
    ("regions.run", "n", lambda: regions.run("A", AB, 2.0), TypeError, CLASSES + "2.0"),
    ("regions.run", "n", lambda: regions.run("A", AB, 1), ValueError,
     "n must be a number of classes, 2 or more, but is 1"),
    ("regions.run", "pairs", lambda: regions.run("A", X, 2), TypeError,
     "pairs must be an array of float16, float32, float64 of shape (..., 2), but is an array"),
    ("regions.run", "pairs", lambda: regions.run("A", [[0, 1]], 2), TypeError,
     "pairs must be an array of float16, float32, float64 of shape (..., 2), but is a list"),
    ("regions.truth", "n", lambda: regions.truth(AB, None), TypeError, CLASSES + "None"),
    ("regions.window", "dtype", lambda: regions.window("bfloat16"), ValueError, DTYPE),
    ("regions.window", "around", lambda: regions.window("float16", "1"), ValueError,
     "around must be one of 0, the overflow, the underflow, but is '1'"),
    ("regions.window", "zoom", lambda: regions.window("float16", "0", "1"), TypeError,
     "zoom must be a number of halvings, an int, but is '1'"),
    ("regions.window", "cells", lambda: regions.window("float16", cells=0), ValueError,
     "cells must be a number of cells along a side, 1 or more, but is 0"),
    ("regions.measure", "variant", lambda: regions.measure("C", "float16", 2, WINDOW), ValueError,
     VARIANT),
    ("regions.measure", "dtype", lambda: regions.measure("A", "bfloat16", 2, WINDOW), ValueError,
     DTYPE),
    ("regions.measure", "n", lambda: regions.measure("A", "float16", 1.5, WINDOW), TypeError,
     CLASSES + "1.5"),
    ("regions.measure", "where", lambda: regions.measure("A", "float16", 2, 0), TypeError,
     "where must be a Window, as window makes it, but is 0"),
    ("regions.limits", "dtype", lambda: regions.limits("bfloat16", 2), ValueError, DTYPE),
    ("regions.limits", "n", lambda: regions.limits("float16", "2"), TypeError, CLASSES + "'2'"),
    ("regions.spare_ulps", "dtype", lambda: regions.spare_ulps("bfloat16", 2), ValueError, DTYPE),
    ("regions.spare_ulps", "n", lambda: regions.spare_ulps("float16", 0.5), TypeError,
     CLASSES + "0.5"),
    ("regions.predict", "variant", lambda: regions.predict("C", AB, 2, "float16"), ValueError,
     VARIANT),
    ("regions.predict", "n", lambda: regions.predict("A", AB, 2.5, "float16"), TypeError,
     CLASSES + "2.5"),
    ("regions.predict", "dtype", lambda: regions.predict("A", AB, 2, "bfloat16"), ValueError,
     DTYPE),
    ("regions.boundaries", "variant", lambda: regions.boundaries("C", "float16", 2, WINDOW),
     ValueError, VARIANT),
    ("regions.boundaries", "dtype", lambda: regions.boundaries("A", "bfloat16", 2, WINDOW),
     ValueError, DTYPE),
    ("regions.boundaries", "n", lambda: regions.boundaries("A", "float16", 1.5, WINDOW), TypeError,
     CLASSES + "1.5"),
    ("regions.boundaries", "where", lambda: regions.boundaries("A", "float16", 2, None), TypeError,
     "where must be a Window, as window makes it, but is None"),
    ("regions.safe_gap", "dtype", lambda: regions.safe_gap("bfloat16", 2), ValueError, DTYPE),
    ("regions.safe_gap", "n", lambda: regions.safe_gap("float16", 2.5), TypeError, CLASSES + "2.5"),
    ("regions.safe_for_g", "dtype", lambda: regions.safe_for_g("bfloat16", 2), ValueError, DTYPE),
    ("regions.safe_for_g", "n", lambda: regions.safe_for_g("float16", 2.5), TypeError,
     CLASSES + "2.5"),
    ("examine", "f", lambda: examine(X), TypeError, "f must be a function"),
    ("examine", "axis", lambda: examine(softmax, 0.5), TypeError, "axis must be an int"),
    ("examine", "of", lambda: examine(softmax, of="max"), ValueError, "of must be"),
    ("examine", "ndim", lambda: examine(softmax, ndim="2"), TypeError, "ndim must be an int"),
]  # fmt: skip

# Arithmetic of double-doubles, which leaves the checks to softmax_half_ulp.
UNCHECKED = {"half_ulp.softmax_of_rows", "half_ulp.add", "half_ulp.multiply", "half_ulp.divide"}
UNCHECKED |= {"half_ulp.exp"}


def answer(call, error):
    with pytest.raises(error) as raised:
        call()
    return str(raised.value)


def rows(*parts):
    return [pytest.param(*row, id=" - ".join(row[:2])) for part in parts for row in part]


SCORE_ROWS = rows(
    [(kind, function) for kind in SCORES for function in TAKE_SCORES],
    [(kind, function) for kind in WIDE for function in TAKE_SCORES if function not in ANY_FLOAT],
)


@pytest.mark.parametrize(("kind", "function"), SCORE_ROWS)
def test_scores(kind, function):
    given, error, begins, ends = {**SCORES, **WIDE}[kind]
    if kind == "longdouble" and np.dtype(np.longdouble).itemsize == 8:
        pytest.skip("longdouble is float64 here")
    call, name = TAKE_SCORES[function]
    said = answer(lambda: call(given), error)
    assert said.startswith(begins.format(name=name))
    assert said.endswith(ends.format(name=name))


@pytest.mark.parametrize("function", TAKE_AXIS)
@pytest.mark.parametrize("kind", AXES)
def test_axis(kind, function):
    given, error, words = AXES[kind]
    assert answer(lambda: TAKE_AXIS[function](given), error).startswith(words)


@pytest.mark.parametrize("function", TAKE_NO_EMPTY_SLICE)
def test_slices_without_entries(function):
    said = answer(lambda: TAKE_NO_EMPTY_SLICE[function](np.zeros((2, 0))), ValueError)
    assert said == "x must have an entry along axis -1, but its shape is (2, 0)"


@pytest.mark.parametrize("function", TAKE_OUT)
@pytest.mark.parametrize("kind", OUTS)
def test_out(kind, function):
    given, error, words = OUTS[kind]
    before = str(given)
    said = answer(lambda: TAKE_OUT[function](given), error)
    assert said.startswith("out must ")
    assert words in said
    assert str(given) == before


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [pytest.param(*row[2:], id=" - ".join((*row[:2], str(k)))) for k, row in enumerate(OTHERS)],
)
def test_other_arguments(call, error, words):
    assert answer(call, error).startswith(words)


def test_every_argument_of_every_public_function_is_in_a_table():
    told = {
        *(
            (name.removesuffix(" of").removesuffix(" by"), arg)
            for name, (_, arg) in TAKE_SCORES.items()
        ),
        *((name, "axis") for name in TAKE_AXIS),
        *((name, "out") for name in TAKE_OUT),
        *(row[:2] for row in OTHERS),
    }
    rooms = {"exact": exact, "half_ulp": half_ulp, "stream": stream, "floats": floats}
    functions = {f.__name__: f for f in (softmax, log_softmax, logsumexp, examine)}
    for room, module in {**rooms, "regions": regions}.items():
        for name, thing in vars(module).items():
            plain = inspect.unwrap(thing) if callable(thing) else None
            if isinstance(plain, types.FunctionType) and plain.__module__ == module.__name__:
                functions[f"{room}.{name}"] = thing
    functions["stream.OnDisk"] = stream.OnDisk
    asked = {
        (name, parameter)
        for name, function in functions.items()
        if "._" not in name and name not in UNCHECKED
        for parameter in inspect.signature(function).parameters
    }
    assert asked - told == set()
    assert told - asked == set()
