"""What a function must do: each row of `PROPERTIES[name]` is one property of it."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from . import axes, words
from .cases import ARRAYS, BLOCK, HOLES, STORED, Stored, long_row, tall
from .numbers import on_numbers
from .trial import (
    but_for_specks,
    is_array,
    is_floats,
    keeps_dtype,
    keeps_input,
    keeps_order,
    nearly,
    nearly_or_limit,
    right,
    same_shape,
    sums_to_1,
    to_nine_digits,
    to_six_digits,
)


@dataclass(frozen=True, eq=False)
class Property:
    """One thing that f must do; the slices of `inputs` lie along their last axis.

    The inputs stand with the smallest first. If a property that it `needs` fails too, that is the
    fault. `refusal` is the severity where f raises. `explain` gives the words for a failure; where
    it gives none, `fault` does. `always` must hold in the calls of all other properties too. Inputs
    that `grow` are not gone through to the end if one takes long.
    """

    name: str
    claim: str
    inputs: tuple
    needs: tuple
    holds: Callable
    explain: Callable = lambda case, outcome, runs: None
    fault: str = ""
    severity: str = "wrong"
    refusal: str = "wrong"
    every_axis: bool = False
    always: Callable = None
    grow: bool = False
    keepdims: bool = False


def _arrays(dtype, *inputs):
    return tuple(np.array(values, dtype) for values in inputs)


_f64 = functools.partial(_arrays, np.float64)
_SCORES = _f64([3.0, 1.0, 0.2], [-1.0, 0.5, 2.0, -3.0], [0.3, -1.7, 1.1])
_APART = [[[0.0], [600.0], [-600.0]], [[-600.0], [0.0], [900.0]]]
_CUBE = [[[1.0, 2.0], [0.0, 3.0]], [[5.0, 1.0], [0.5, 0.0]]]
_FORTY = np.arange(40) * 17 % 40 / 10  # 0 to 3.9, in no order
_WIDE = np.array([_FORTY, _FORTY[::-1] + 1])
_SQUARE = ARRAYS["square"].tolist()
_LARGE = (
    [1000.0, 1000.0],
    [1000.0, 999.0],
    [1000.0, 0.0],
    [0.0, 1000.0],
    [2000.0, 1999.0, 0.0],
    [800.0, -300.0, -600.0],
)
_VERY_LARGE = (*_LARGE, [20001.0, 20000.0], [1e6, 1e6])
_FAR = [far for size in (1e10, 1e20, 1e30, 1e300, 1.7e308) for far in (size, -size)]
_LENGTHS = [n for size in (8, 16, 32, 64, 128, 256, 512) for n in (size - 1, size, size + 1)] + [
    5,
    6,
    10,
    13,
    100,
    300,
]
_IN_RANGE = ("values", "last digits", "large positive", "large negative", "sum that overflows")
_LIMITED = {"severity": "limited", "refusal": "limited"}


def _low(scores):
    return [-score for score in scores]


def _stored():
    """One slice, a wide array and a block, in each way in which they can be stored."""
    for x in (ARRAYS["wide"], ARRAYS["ordinary"], np.array(BLOCK)):
        for way in STORED:
            if x.ndim > 1 or way != "the transpose of an array":
                yield Stored(x, way)


SOFTMAX = (
    Property(
        "same each time",
        "It gives the same each time, and nothing of an earlier call.",
        (),
        (),
        is_array,
    ),
    Property(
        "result",
        "It gives floats.",
        _SCORES,
        ("same each time",),
        is_floats,
        words.on_result,
    ),
    Property(
        "array",
        "An array gives an array.",
        (),
        ("same each time", "result"),
        is_array,
        words.on_array,
        always=is_array,
    ),
    Property("shape", "It keeps the shape.", _SCORES, ("result",), same_shape),
    Property("sums to 1", "The sum is 1.", _SCORES, ("shape",), sums_to_1, on_numbers),
    Property(
        "order",
        "A greater score gets a greater probability.",
        _SCORES,
        ("sums to 1",),
        keeps_order,
        on_numbers,
    ),
    Property("values", "Six digits are right.", _SCORES, ("order",), nearly, on_numbers),
    Property(
        "score of 0",
        "A score of 0 is a score as any other.",
        _f64([1.0, 0.0, 2.0], [0.0, 0.0], [0.0, -1.0]),
        ("values",),
        nearly,
        words.on_zero,
    ),
    Property(
        "input unchanged",
        "The input is left as it was.",
        (*_SCORES, *_f64(_SQUARE)),
        (),
        keeps_input,
        words.on_input,
        always=keeps_input,
    ),
    Property(
        "right axis",
        "Each slice is a distribution, in square, wide and tall input.",
        _f64(_SQUARE, ARRAYS["wide"], ARRAYS["tall"]),
        ("values", "score of 0"),
        nearly,
        axes.on_axis,
    ),
    Property(
        "length 1",
        "A class without rivals gets 1, and an axis of length 1 stays.",
        _f64([5.0], [[3.0, 1.0, 0.2]], [[3.0], [1.0], [0.2]]),
        ("values", "right axis"),
        nearly,
        fault="A class without rivals has probability 1.",
    ),
    Property(
        "large positive",
        "Scores of 1000, and up to a million, are no trouble.",
        _f64(*_VERY_LARGE),
        ("values", "score of 0"),
        nearly,
        words.on_large,
    ),
    Property(
        "large negative",
        "Scores of -1000, and down to minus a million, are no trouble.",
        _f64([-1000.0, -999.0], [-400.0, -401.0], *map(_low, _VERY_LARGE)),
        ("values", "score of 0", "large positive"),
        nearly,
        words.on_low,
    ),
    Property(
        "last digits",
        "Ordinary scores are right but for the ulps that rounding explains.",
        _SCORES,
        ("values",),
        right,
        on_numbers,
    ),
    Property(
        "sum that overflows",
        "Scores whose exps are finite and their sum is not are no trouble.",
        _f64([709.5, 709.5], [709.7, 709.7, 709.7, 709.7], [-744.4, -744.0]),
        ("large positive", "large negative", "last digits"),
        nearly,
        fault="Here each exp is finite, but their sum overflows, or too few bits of them are left. "
        "Subtract the max always, not only when an exp overflows.",
    ),
    Property(
        "shift",
        "A large offset that all scores share changes nothing.",
        _f64(
            [1e16, 1e16],
            [1024.1, 1023.3],
            [2.0**20 + 3, 2.0**20 + 1, 2.0**20 + 0.25],
            [-(2.0**20) - 3, -(2.0**20) - 1, -(2.0**20) - 0.25],
            [1e8 + 3, 1e8 + 1, 1e8 + 0.25],
            *([far, far] for far in _FAR),
            *([far, far + 1] for far in (1e10, -1e10, 1e13, -1e13)),
        ),
        _IN_RANGE,
        right,
        words.on_offset,
    ),
    Property(
        "small probabilities",
        "Probabilities down to 1e-304 have all their digits.",
        _f64([0.0, -40.0], [0.0, -300.0], [0.0, -700.0]),
        _IN_RANGE,
        right,
        words.on_small,
    ),
    Property(
        "own scale",
        "A neighbor far higher changes nothing.",
        _f64(
            [[0.0, 0.0], [-1000.0, -999.0]],
            [[0.0, 0.0], [-740.0, -742.0]],
            [[1000.0, 0.0], [73.2, 46.1]],
            [[1024.1, 1023.3], [24.7, 23.2]],
            [[-130.3, -730.4], [-1.2, -3.4]],
            ARRAYS["very low beside very high"],
            [[-20001.0, -20000.0], [0.0, 0.0]],
            [[-1e30, -1e30], [1e30, 1e30], [0.0, 0.0]],
        ),
        ("right axis", *_IN_RANGE, "shift", "small probabilities"),
        right,
        axes.on_scale,
        "A slice changes, or is lost, when its neighbor is far higher. Each needs its own max.",
    ),
    Property(
        "any length",
        "Slices of one and of some hundred scores are as right as those of a few.",
        _f64(
            [900.0],
            [[900.0], [-900.0], [0.1]],
            [[900.0], [1000.0]],
            _FORTY,
            _FORTY + 900,
            _FORTY - 900,
            _FORTY / 100 + 709.7,
            np.linspace(-1000, 950, 40),
            np.add.outer(np.arange(10) / 10, [2000.0] * 40 + [-5000.0]),
            [_FORTY + 900, _FORTY - 900],
            *(long_row(n) for n in _LENGTHS),
        ),
        ("right axis", "length 1", *_IN_RANGE, "shift", "own scale"),
        but_for_specks,
        fault="A slice of one score or of forty or more comes out wrong where those of a few are "
        "right. Mind the ends of loops, and sums that overflow.",
    ),
    Property(
        "long slices",
        "Long slices, of up to 65537 scores, and many of them are right.",
        (
            *(long_row(n) for n in (1000, 1023, 1024, 1025)),
            np.arange(1000) * 617 % 1000 / 250,
            tall(1025),
            long_row(2048),
            long_row(2049),
            np.zeros(2049),
            long_row(4096),
            long_row(4097),
            tall(4099),
            long_row(65536),
            long_row(65537),
            np.zeros(65537),
        ),
        ("right axis", *_IN_RANGE, "shift", "any length"),
        to_nine_digits,
        words.on_long,
        grow=True,
    ),
    Property(
        "three dimensions",
        "It takes three dimensions too.",
        _f64(_CUBE, BLOCK),
        ("right axis", "values"),
        nearly,
        axes.on_axis,
    ),
    Property(
        "four dimensions",
        "It takes four dimensions too.",
        _f64([BLOCK, BLOCK[::-1]]),
        ("three dimensions", "right axis", "values"),
        nearly,
        axes.on_axis,
    ),
    Property(
        "storage",
        "How the input is stored does not matter.",
        tuple(_stored()),
        ("input unchanged", "right axis", "values", "three dimensions"),
        nearly,
        words.on_storage,
        refusal="limited",
    ),
    Property(
        "axis argument",
        "It works along any axis that it is given.",
        _f64(BLOCK[0], [[3.0], [1.0], [0.2]], BLOCK, _WIDE, _WIDE.T),
        ("length 1", "three dimensions", "right axis", "values", "last digits"),
        right,
        axes.on_argument,
        every_axis=True,
    ),
    Property(
        "own scale along any axis",
        "A neighbor far higher changes nothing along any axis.",
        _f64(
            [[1000.0, 0.0], [0.0, -1000.0]],
            [[-1.3, -127.3], [-2.4, -727.5]],
            *(np.add(BLOCK, far) for far in (900, -900, -20000, _APART, [900, -900, 0, 400])),
            [4 * [73.2, 900.0], 4 * [46.1, 0.0], 4 * [46.3, 1.0]],
            [4 * [0.2, -900.0], 4 * [0.5, -901.0], 4 * [0.3, -900.5]],
            [4 * [800.0, 801.0], 4 * [802.0, 800.5], 4 * [800.2, 1700.0]],
        ),
        ("axis argument", "own scale", "large positive", "large negative"),
        right,
        fault="Along another axis a slice is lost when its neighbor is far higher. The max must "
        "follow the axis too.",
        every_axis=True,
    ),
    Property(
        "lists",
        "It takes lists.",
        ([3.0, 1.0, 0.2], _SQUARE),
        ("values", "right axis"),
        nearly,
        fault="Begin with x = np.asarray(x), and lists work too.",
        refusal="limited",
    ),
    Property(
        "integers",
        "It takes integers.",
        _arrays(np.int64, [3, 1, 0], [-3, 2, 1]),
        ("values", "score of 0"),
        nearly,
        words.on_integers,
        "Make integers floats first, as they cannot hold probabilities: "
        "x = np.asarray(x, dtype=float).",
        refusal="limited",
    ),
    Property(
        "float32",
        "It is right in float32.",
        _arrays(
            np.float32,
            [3.0, 1.0, 0.25],
            [100.0, 100.0],
            [0.0, -80.0],
            [-100.0, -101.0],
            [-20001.0, -20000.0],
            [-3e38, -3e38],
            [[3.0], [1.0], [0.25]],
            4 * _WIDE - 8,
            BLOCK,
        ),
        (
            "right axis",
            "three dimensions",
            *_IN_RANGE,
            "shift",
            "small probabilities",
            "any length",
        ),
        right,
        words.on_narrow,
        "In float32 exp overflows above 88.7 and vanishes below -104: what suits float64 "
        "need not suit float32.",
        refusal="limited",
    ),
    Property(
        "dtype kept",
        "float32 and float16 give their own dtype.",
        _arrays(np.float32, [3.0, 1.0, 0.25]) + _arrays(np.float16, [3.0, 1.0, 0.25]),
        ("array", "values", "float32"),
        keeps_dtype,
        words.on_dtype,
        **_LIMITED,
    ),
    Property(
        "small integers",
        "uint8, int8 and bool do not wrap.",
        _arrays(np.uint8, [1, 0], [250, 0])
        + _arrays(np.int8, [100, -100])
        + _arrays(np.bool_, [True, False]),
        (*_IN_RANGE, "score of 0", "integers"),
        nearly,
        words.on_small_integers,
        "Small integers wrap: in uint8, 0 - 1 is 255, and bool cannot subtract at all. Make "
        "them floats before you subtract.",
        **_LIMITED,
    ),
    Property(
        "float16",
        "It is right in float16.",
        _arrays(
            np.float16,
            [3.0, 1.0, 0.25],
            [12.0, 12.0],
            [-20.0, -21.0],
            [60000.0, 60000.0],
            [-60000.0, -60000.0],
            [[3.0, 1.0, 0.25, 0.0]],
            4 * _WIDE - 8,
        ),
        ("right axis", *_IN_RANGE, "float32"),
        right,
        words.on_narrow,
        "In float16 exp overflows above 11.09 and vanishes below -17.3. Compute in float32 "
        "and round once.",
        **_LIMITED,
    ),
    Property(
        "float16 sum",
        "2100 scores in float16 are summed right, in any memory order.",
        (np.zeros((2100, 2), np.float16).T,),  # of this order numpy adds one after the other
        ("right axis", "values", "float16", "long slices"),
        nearly,
        fault="In float16 2048 + 1 is 2048 and 65504 is the end, so a long sum gets stuck. Sum in "
        "float64, with dtype=np.float64.",
        **_LIMITED,
    ),
    Property(
        "no slices",
        "A batch without slices comes back empty.",
        _f64(np.zeros((0, 3)), np.zeros((2, 0, 3))),
        ("array", "right axis", "values", "three dimensions"),
        same_shape,
        fault="A batch without slices, as a filter may leave it, should come back empty.",
        **_LIMITED,
    ),
    Property(
        "masked score",
        "A score of -inf gets probability 0.",
        _f64(
            [-math.inf, 0.0],
            [-math.inf, 0.0, 1.0],
            [-math.inf, -0.25],
            [2.0, -math.inf, 0.5, -math.inf],
        ),
        ("values", "large negative", "small probabilities", "score of 0"),
        nearly,
        words.on_mask,
        "A score of -inf masks its class: it should get 0, and the others their share.",
        **_LIMITED,
    ),
    Property(
        "masked row",
        "A slice of only -inf is nan, and spoils no other.",
        _f64([-math.inf, -math.inf], [[-math.inf, -math.inf], [0.0, 1.0]]),
        ("right axis", "own scale", "masked score"),
        nearly,
        fault="A slice of only -inf has no distribution. It should be nan and spoil no other; "
        "nan_to_num and the like hide that.",
        **_LIMITED,
    ),
    Property(
        "+inf",
        "A slice with +inf is nan or the limit, and spoils no other.",
        _f64([0.0, math.inf], [math.inf, math.inf], [[0.0, math.inf], [0.0, 1.0]]),
        ("right axis", "own scale", "masked row"),
        nearly_or_limit,
        fault="inf - inf is undefined: a slice with +inf should say nan, or give all to a single "
        "+inf, and spoil no other.",
        **_LIMITED,
    ),
    Property(
        "nan",
        "nan stays visible, and in its slice.",
        _f64([math.nan, 0.0], [[math.nan, 0.0], [0.0, 1.0]]),
        ("right axis", "own scale", "masked row"),
        nearly,
        fault="A slice with nan should stay nan and spoil no other: nan_to_num and the like hide "
        "that data are missing.",
        **_LIMITED,
    ),
    Property(
        "holes along any axis",
        "-inf and nan are treated alike along any axis.",
        _f64([[-math.inf, -math.inf], [-math.inf, 0.0]], [[0.0, math.nan, 1.0]], HOLES),
        ("axis argument", "own scale along any axis", "masked row", "nan"),
        nearly,
        fault="Along another axis -inf or nan spoils a slice in which there is none, or hides.",
        every_axis=True,
        **_LIMITED,
    ),
)


def _changed(properties, without, changes, more):
    """The properties of another function: some go, some say or ask something else, some are new."""
    names = {prop.name for prop in properties}
    assert set(without) | set(changes) <= names
    kept = [
        replace(prop, **changes.get(prop.name, {}))
        for prop in properties
        if prop.name not in without
    ]
    return tuple(kept + list(more))


_UNLIKELY = Property(
    "unlikely classes",
    "A class whose probability is too small for a float has its log.",
    _f64([0.0, -40.0], [0.0, -800.0], [800.0, 0.0, -800.0], [0.0, -1e5], [0.0, -1e300]),
    _IN_RANGE,
    right,
    words.on_unlikely,
)
_NEAR_0 = Property(
    "near 0",
    "A result near 0 keeps its digits.",
    _f64([0.0, -40.0], [0.0, -20.0], [0.0, -300.0]),
    (*_IN_RANGE, "unlikely classes"),
    to_six_digits,
    words.on_near_0,
    **_LIMITED,
)
_NARROW_LOGS = _arrays(
    np.float32,
    [3.0, 1.0, 0.25],
    [100.0, 100.0],
    [0.0, -120.0],
    [-100.0, -101.0],
    [-20001.0, -20000.0],
    4 * _WIDE - 8,
    BLOCK,
)
_LOST = "A slice changes, or is lost, when its neighbor is far higher. Each needs its own max."

LOG_SOFTMAX = _changed(
    SOFTMAX,
    without=("sums to 1", "small probabilities"),
    changes={
        "order": {"needs": ("shape",), "claim": "A greater score gets a greater log-probability."},
        "right axis": {"claim": "Each slice has its own sum, in square, wide and tall input."},
        "length 1": {
            "claim": "A class without rivals gets 0, and an axis of length 1 stays.",
            "fault": "A class without rivals has probability 1, and log(1) is 0.",
        },
        "own scale": {"fault": _LOST, "holds": right},
        "float32": {"inputs": _NARROW_LOGS},
        "integers": {
            "fault": "Make integers floats first, as they cannot hold logs: "
            "x = np.asarray(x, dtype=float)."
        },
        "masked score": {
            "claim": "A score of -inf gets -inf.",
            "fault": "A score of -inf masks its class: its log-probability is -inf, and the others "
            "have theirs without it.",
            "needs": ("values", "large negative", "score of 0", "unlikely classes"),
        },
    },
    more=(_UNLIKELY, _NEAR_0),
)

LOGSUMEXP = _changed(
    SOFTMAX,
    without=("sums to 1", "small probabilities", "order"),
    changes={
        "shape": {"claim": "It gives one number for each slice."},
        "values": {"needs": ("shape",)},
        "score of 0": {"claim": "A score of 0 adds 1 to the sum, as exp(0)."},
        "right axis": {"claim": "Each slice has its own sum, in square, wide and tall input."},
        "length 1": {
            "claim": "Of one score it is that score.",
            "fault": "log(exp(x)) of one score is that score.",
        },
        "shift": {"claim": "A large offset that all scores share is added to the result."},
        "own scale": {"fault": _LOST},
        "float32": {"inputs": _NARROW_LOGS},
        "integers": {
            "fault": "Make integers floats first, as they cannot hold logs: "
            "x = np.asarray(x, dtype=float)."
        },
        "masked score": {
            "claim": "A score of -inf adds nothing.",
            "fault": "exp(-inf) is 0: a score of -inf should add nothing to the sum.",
            "needs": ("values", "large negative", "score of 0"),
        },
        "masked row": {
            "claim": "A slice of only -inf gives -inf, and spoils no other.",
            "fault": "The sum of no exps is 0, and log(0) is -inf, but -inf - -inf is nan. Where "
            "the max is not finite, subtract 0.",
        },
        "+inf": {
            "claim": "A slice with +inf gives +inf, and spoils no other.",
            "fault": "A sum with inf is inf, and its log too, but inf - inf is nan. Where the max "
            "is not finite, subtract 0.",
        },
        "no slices": {"claim": "A batch without slices gives no numbers."},
    },
    more=(
        replace(_NEAR_0, needs=_IN_RANGE),
        Property(
            "keepdims",
            "With keepdims=True the axis stays, with length 1.",
            _f64([3.0, 1.0, 0.2], ARRAYS["wide"], BLOCK),
            ("right axis", "values", "three dimensions"),
            nearly,
            words.on_keepdims,
            keepdims=True,
        ),
    ),
)

PROPERTIES = {"softmax": SOFTMAX, "log_softmax": LOG_SOFTMAX, "logsumexp": LOGSUMEXP}
