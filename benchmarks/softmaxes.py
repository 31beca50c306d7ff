"""A bank of softmaxes, wrong ones and right ones, with what `examine` must say of each.

The faults are those of the thread, of code reviews and of beginners. Each softmax stands with the
findings that make its verdict, no more and no fewer, in their order, and with some words of the
first: a fault that many properties notice must come out as one finding.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.special

from softmaxlab import softmax

# What every plain numpy softmax fails: small integers wrap, and a float16 sum overflows.
PLAIN = "small integers, float16 sum"


@dataclass(frozen=True)
class Specimen:
    function: Callable
    verdict: str
    findings: tuple
    words: str
    asked: dict


WRONG, LIMITED, RIGHT = {}, {}, {}


def _put_into(bank, verdict):
    def entry(findings, words, **asked):
        def keep(function):
            names = tuple(findings.split(", ")) if findings else ()
            assert function.__name__ not in bank
            bank[function.__name__] = Specimen(function, verdict, names, words, asked)
            return function

        return keep

    return entry


wrong, limited = _put_into(WRONG, "wrong"), _put_into(LIMITED, "limited")
right = _put_into(RIGHT, "sound")


def top(x):
    return np.max(x, axis=-1, keepdims=True)


def total(e):
    return np.sum(e, axis=-1, keepdims=True)


# No shift, or the wrong one


@wrong("large positive", "exp overflows: the max is not subtracted")
def no_shift(x):
    e = np.exp(x)
    return e / total(e)


@wrong("large positive", "You subtract the mean")
def mean_shift(x):
    e = np.exp(x - np.mean(x, axis=-1, keepdims=True))
    return e / total(e)


@wrong("large positive", "You subtract the min")
def min_shift(x):
    e = np.exp(x - np.min(x, axis=-1, keepdims=True))
    return e / total(e)


@wrong("large positive", "You subtract the first score")
def first_shift(x):
    x = np.asarray(x)
    e = np.exp(x - x[..., :1])
    return e / total(e)


@wrong("large negative", "You subtract the greatest |x|")
def abs_shift(x):
    e = np.exp(x - np.max(np.abs(x), axis=-1, keepdims=True))
    return e / total(e)


@wrong("large negative", "exp underflows")
def shift_only_down(x):
    e = np.exp(x - np.maximum(top(x), 0))
    return e / total(e)


@wrong("large positive", "minus the max")
def shift_up(x):
    e = np.exp(x + top(x))
    return e / total(e)


@wrong("large positive, last digits", "exp leaves the range of floats")
def fixed_shift(x):
    e = np.exp(np.asarray(x) - 100.0)
    return e / total(e)


@wrong("large positive", "are they clipped or scaled")
def clipped_scores(x):
    e = np.exp(np.clip(x, -500, 500))
    return e / total(e)


@wrong("large negative", "exp underflows")
def shift_when_large(x):
    x = np.asarray(x, dtype=float)
    e = np.exp(x - top(x)) if x.max() > 700 else np.exp(x)
    return e / total(e)


@wrong("sum that overflows", "each exp is finite, but their sum overflows")
def shift_when_exp_overflows(x):
    x = np.asarray(x, dtype=float)
    e = np.exp(x)
    if np.isinf(e).any() or (e == 0).any():
        e = np.exp(x - top(x))
    return e / total(e)


@wrong("shift", "exp(x - logsumexp(x))")
def log_space(x):
    return np.exp(x - scipy.special.logsumexp(x, axis=-1, keepdims=True))


# The wrong axis


@wrong("right axis", "runs over the whole array")
def whole_array(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


@wrong("right axis", "You sum along axis 0, so each column sums to 1")
def axis_0(x):
    e = np.exp(x - np.max(x, axis=0))
    return e / np.sum(e, axis=0)


@wrong("right axis", "You sum along axis 1, so each row sums to 1", axis=0)
def rows_where_columns_are_wanted(x):
    e = np.exp(x - top(x))
    return e / total(e)


@wrong("right axis", "Your sum has lost its axis: without keepdims numpy divides column j")
def sum_without_keepdims(x):
    e = np.exp(x - top(x))
    return e / np.sum(e, axis=-1)


@wrong("right axis", "Your max has lost its axis: without keepdims numpy shifts column j")
def max_without_keepdims(x):
    e = np.exp(x - np.max(x, axis=-1))
    return e / total(e)


@wrong("right axis", "Your max and your sum have lost their axis")
def both_without_keepdims(x):
    e = np.exp(x - np.max(x, axis=-1))
    return e / np.sum(e, axis=-1)


@wrong("right axis", "each column sums to 1")
def own_max_and_sum_of_columns(x):
    e = np.exp(x - top(x))
    return e / np.sum(e, axis=0, keepdims=True)


@wrong("right axis", "Your sum runs over the whole array, so that all of it sums to 1")
def own_max_and_sum_of_all(x):
    e = np.exp(x - top(x))
    return e / np.sum(e)


@wrong("right axis", "The result is transposed")
def not_turned_back(x):
    x = np.transpose(x)
    e = np.exp(x - np.max(x, axis=0))
    return e / np.sum(e, axis=0)


@wrong("own scale", "far below the max of the whole array is lost")
def global_max(x):
    e = np.exp(x - np.max(x))
    return e / total(e)


@wrong("own scale", "far below the max of the whole array is lost", axis=0)
def global_max_of_columns(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e, axis=0)


@wrong("three dimensions", ".T turns round all axes")
def transposed_sum(x):
    e = np.exp(x - top(x))
    return (e.T / np.sum(e, axis=-1)).T


@wrong("three dimensions", "You sum along axis 1")
def axis_1_of_matrices(x):
    x = np.asarray(x)
    axis = 1 if x.ndim > 1 else 0
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


@wrong("three dimensions", "You sum over the axes (1, 2) at once")
def flattened_rows(x):
    x = np.asarray(x)
    rows = x.reshape(len(x), -1) if x.ndim > 1 else x[np.newaxis]
    e = np.exp(rows - top(rows))
    return (e / total(e)).reshape(x.shape)


@wrong("result", "asks for an axis that 1-D input does not have")
def matrices_only(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


@wrong("right axis", "It takes one row only")
def one_row_in_python(x):
    exps = [math.exp(score - max(x)) for score in x]
    return np.array([value / sum(exps) for value in exps])


@wrong("axis argument", "it always works along axis -1")
def deaf_to_axis(x, axis=-1):
    e = np.exp(x - top(x))
    return e / total(e)


@wrong("axis argument", "With axis=-2: It raises ValueError")
def axis_put_back_last(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis)[..., np.newaxis])
    return e / np.sum(e, axis=axis)[..., np.newaxis]


@wrong("length 1", "drops an axis of length 1")
def squeezed(x):
    e = np.exp(x - top(x))
    return np.squeeze(e / total(e))


@wrong("length 1", "A class without rivals has probability 1")
def sigmoid_for_one_class(x):
    x = np.asarray(x)
    if x.shape[-1] == 1:
        return 1 / (1 + np.exp(-x))
    e = np.exp(x - top(x))
    return e / total(e)


@wrong("any length", "Mind the ends of loops")
def sum_of_sixteen(x):
    e = np.exp(x - top(x))
    return e / total(e[..., :16])


@wrong("own scale along any axis", "The max must follow the axis too")
def max_of_all_along_other_axes(x, axis=-1):
    x = np.asarray(x)
    last = axis in (-1, x.ndim - 1)
    e = np.exp(x - (top(x) if last else np.max(x)))
    return e / np.sum(e, axis=axis, keepdims=True)


# Another formula


@wrong("sums to 1", "log-softmax")
def logarithms(x):
    return scipy.special.log_softmax(x, axis=-1)


@wrong("sums to 1", "not yet divided by the sum")
def only_exp(x):
    return np.exp(x)


@wrong("sums to 1", "The greatest entry is 1")
def over_the_max(x):
    e = np.exp(x - top(x))
    return e / top(e)


@wrong("sums to 1", "sigmoid")
def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x)))


@wrong("order", "divide the scores by their sum")
def shares_of_the_sum(x):
    return x / total(x)


@wrong("order", "squares by their sum")
def squares(x):
    return np.square(x) / total(np.square(x))


@wrong("order", "|x| by its sum")
def absolute_values(x):
    return np.abs(x) / total(np.abs(x))


@wrong("sums to 1", "min-max scaling")
def min_max(x):
    return (x - np.min(x, axis=-1, keepdims=True)) / np.ptp(x, axis=-1, keepdims=True)


@wrong("order", "arg max")
def one_hot(x):
    return (x == top(x)).astype(float)


@wrong("sums to 1", "the scores back as they are")
def unchanged(x):
    return np.array(x, dtype=float)


@wrong("values", "powers of 2")
def base_2(x):
    e = np.exp2(x - top(x))
    return e / total(e)


@wrong("values", "a temperature of 2")
def temperature(x):
    e = np.exp((x - top(x)) / 2)
    return e / total(e)


@wrong("values", "scaled by a factor that depends on them")
def standardized(x):
    z = (x - np.mean(x, axis=-1, keepdims=True)) / np.std(x, axis=-1, keepdims=True)
    e = np.exp(z)
    return e / total(e)


@wrong("order", "The sign is turned")
def softmin(x):
    e = np.exp(np.min(x, axis=-1, keepdims=True) - x)
    return e / total(e)


@wrong("order", "in the wrong places")
def sorted_first(x):
    x = np.sort(x, axis=-1)[..., ::-1]
    e = np.exp(x - top(x))
    return e / total(e)


@wrong("sums to 1", "divide by the mean")
def over_the_mean(x):
    e = np.exp(x - top(x))
    return e / np.mean(e, axis=-1, keepdims=True)


@wrong("sums to 1", "divide by the norm")
def over_the_norm(x):
    e = np.exp(x - top(x))
    return e / np.linalg.norm(e, axis=-1, keepdims=True)


@wrong("last digits", "something is added to the divisor")
def epsilon_in_the_sum(x):
    e = np.exp(x - top(x))
    return e / (total(e) + 1e-8)


@wrong("sums to 1", "the entries sum to 2")
def doubled(x):
    e = np.exp(x - top(x))
    return 2 * e / total(e)


# Digits lost


@wrong("sums to 1", "You round to 4 decimals")
def rounded(x):
    e = np.exp(x - top(x))
    return np.round(e / total(e), 4)


@wrong("last digits", "computes in float32")
def in_float32(x):
    e = np.exp(np.asarray(x, dtype=np.float32) - top(x))
    return (e / total(e)).astype(np.float32)


@wrong("small probabilities", "There is a floor")
def clipped(x):
    e = np.exp(x - top(x))
    return np.clip(e / total(e), 1e-15, 1)


@wrong("small probabilities", "comes out as 0")
def cut(x):
    e = np.exp(x - top(x))
    p = e / total(e)
    return np.where(p < 1e-12, 0, p)


# Results that are not what they should be


@wrong("result", "returns a list")
def a_list(x):
    e = np.exp(x - top(x))
    return (e / total(e)).tolist()


@wrong("result", "returns None")
def no_return(x):
    e = np.exp(x - top(x))
    e / total(e)


@wrong("result", "raises ZeroDivisionError")
def raises(x):
    return np.exp(x) / (1 // 0)


@wrong("result", "raises SystemExit")
def leaves(x):
    raise SystemExit("enough")


@wrong("result", "returns a dict")
def a_dict(x):
    return dict(enumerate(x))


@wrong("result", "returns int")
def integer_result(x):
    return np.zeros(np.shape(x), dtype=int)


@wrong("shape", "one number for all scores")
def one_number(x):
    e = np.exp(x - top(x))
    return np.max(e / total(e))


@wrong("shape", "does not keep the shape")
def one_axis_more(x):
    e = np.exp(x - top(x))
    return (e / total(e))[np.newaxis]


@wrong("right axis", "flattens its input")
def flat(x):
    e = np.exp(x - np.max(x))
    return (e / np.sum(e)).ravel()


@wrong("sums to 1, input unchanged", "A loop overwrites what it still reads")
def overwrites_the_scores(x):
    for i in range(len(x)):
        x[i] = np.exp(x[i]) / np.sum(np.exp(x))
    return x


@wrong("sums to 1", "A loop overwrites what it still reads")
def overwrites_a_copy(x):
    x = np.array(x, dtype=float)
    for i, score in enumerate(x):
        x[i] = np.exp(score - np.max(x)) / np.sum(np.exp(x - np.max(x)))
    return x


@wrong("sums to 1", "A loop overwrites what it still reads")
def overwrites_the_exps(x):
    e = np.exp(x)
    for i in range(len(e)):
        e[i] = e[i] / sum(e)
    return e


@wrong("sums to 1", "A loop overwrites what it still reads")
def overwrites_shifted_exps(x):
    e = np.exp(x - np.max(x))
    for i in range(len(e)):
        e[i] /= np.sum(e)
    return e


# The caller's things


@wrong("input unchanged", "It changes its input")
def in_place(x):
    x -= top(x)
    e = np.exp(x)
    return e / total(e)


@wrong("integers", "cannot hold probabilities")
def into_the_same_dtype(x):
    x = np.asarray(x)
    result = np.empty_like(x)
    e = np.exp(x - top(x))
    result[...] = e / total(e)
    return result


@wrong("float32", "88.7")
def clipped_for_float64(x):
    x = np.asarray(x)
    if x.dtype == np.float32:
        e = np.exp(np.clip(x, -700, 700))
    else:
        x = x.astype(float)
        e = np.exp(x - top(x))
    return e / total(e)


# Limited, by a fault of their own


@limited(f"lists, {PLAIN}", "np.asarray(x)")
def arrays_only(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@limited("integers", "raises TypeError: floats only")
def floats_only(x):
    x = np.asarray(x)
    if x.dtype.kind != "f":
        raise TypeError("floats only")
    e = np.exp(x - top(x))
    return (e / e.sum(axis=-1, keepdims=True, dtype=np.float64)).astype(x.dtype)


@limited("dtype kept", "float32 comes out as float64")
def always_float64(x):
    x = np.asarray(x, dtype=np.float64)
    e = np.exp(x - top(x))
    return e / total(e)


@limited(f"{PLAIN}, masked row", "Small integers wrap")
def nan_hidden(x):
    e = np.exp(x - top(x))
    return np.nan_to_num(e / total(e))


@limited(f"{PLAIN}, holes along any axis", "Small integers wrap")
def mask_of_the_last_axis(x, axis=-1):
    x = np.asarray(x)
    lost = np.isneginf(x).all(axis=-1, keepdims=True)
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return np.where(lost, np.nan, e / np.sum(e, axis=axis, keepdims=True)).astype(e.dtype)


@limited("float16 sum, nan", "65504 is the end")
def nan_taken_for_a_mask(x):
    x = np.where(np.isnan(x), -np.inf, x)
    e = np.exp(x - top(x))
    return e / total(e)


# Right, each in its own way: those that are limited are so by what numpy does to narrow dtypes


@limited(PLAIN, "Small integers wrap")
def textbook(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


@limited(PLAIN, "Small integers wrap")
def any_axis(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


@right("", "every property holds")
def double_inside(x, axis=-1):
    x = np.asarray(x)
    dtype = x.dtype if x.dtype.kind == "f" else np.float64
    wide = x.astype(np.float64)
    e = np.exp(wide - wide.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True)).astype(dtype)


@limited("masked score", "-inf masks its class")
def one_over_a_sum(x):
    x = np.asarray(x)
    wide = x.astype(np.float64)
    dtype = x.dtype if x.dtype.kind == "f" else np.float64
    gaps = wide[..., np.newaxis, :] - wide[..., :, np.newaxis]
    return (1 / np.exp(gaps).sum(axis=-1)).astype(dtype)


@limited(PLAIN, "Small integers wrap")
def transposed_and_back(x):
    x = np.asarray(x)
    e = np.exp(x.T - np.max(x.T, axis=0))
    return (e / np.sum(e, axis=0)).T


@limited("small integers", "Small integers wrap")
def slice_by_slice(x, axis=-1):
    def one(row):
        e = np.exp(row - row.max())
        return e / e.sum()

    return np.apply_along_axis(one, axis, x)


@limited("dtype kept, masked score", "float32 comes out as float64")
def max_and_sum_in_one_pass(x, axis=-1):
    x = np.moveaxis(np.asarray(x, dtype=float), axis, 0)
    m, s = np.full(x.shape[1:], -np.inf), np.zeros(x.shape[1:])
    for row in x:
        higher = np.maximum(m, row)
        s = s * np.exp(m - higher) + np.exp(row - higher)
        m = higher
    return np.moveaxis(np.exp(x - m) / s, 0, axis)


@limited(PLAIN, "Small integers wrap")
def scipy_special(x):
    return scipy.special.softmax(x, axis=-1)


@right("", "every property holds")
def ours(x, axis=-1):
    return softmax(x, axis=axis)
