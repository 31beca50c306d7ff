"""A bank of softmaxes, wrong and right, and of their logs, with what `examine` must say of each.

The faults are those of the thread, of code reviews and of beginners. Each softmax stands with the
findings that make its verdict, no more and no fewer, in their order, and with some words of the
first: a fault that many properties notice must come out as one finding.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.special

from softmaxlab import log_softmax, logsumexp, softmax

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


@wrong("large negative", "You subtract max(x, 0)")
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


@wrong("large positive", "though nothing overflows: it gives 0.5 where")
def clipped_scores(x):
    e = np.exp(np.clip(x, -500, 500))
    return e / total(e)


@wrong("large negative", "every exp is 0 or has few bits left")
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


@wrong("values", "divided by their standard deviation")
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


@wrong("array", "returns a list")
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


@wrong("integers", "cut to integers")
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


# Kinds that were once called sound, or told of another fault


@wrong("input unchanged", "here one that is of float32")
def in_place_in_float32(x):
    x = np.asarray(x)
    if x.dtype == np.float32:
        x -= top(x)
    e = np.exp(x - top(x))
    return e / total(e)


@wrong("input unchanged", "It changes its input")
def in_place_in_three_dimensions(x):
    p = softmax(x)
    if isinstance(x, np.ndarray) and x.ndim == 3:
        x[...] = p
    return p


@wrong("input unchanged", "here one that is a list")
def sorts_a_list(x):
    p = softmax(x)
    if isinstance(x, list):
        x.sort()
    return p


@wrong("input unchanged", "It changes its input")
def in_place_along_other_axes(x, axis=-1):
    p = softmax(x, axis)
    if isinstance(x, np.ndarray) and axis not in (-1, x.ndim - 1):
        x[...] = 0
    return p


@wrong("storage", "in the order in which they lie in memory")
def order_of_memory(x):
    return softmax(np.asarray(x).ravel("K").reshape(np.shape(x)))


@wrong("storage", "Here the input is of the other byte order. It gives")
def bytes_as_they_lie(x):
    x = np.asarray(x)
    return softmax(x if x.dtype.isnative else x.view(x.dtype.newbyteorder("=")))


@limited("storage", "Here the input is an array read backwards. It raises ValueError")
def no_negative_strides(x, axis=-1):
    x = np.asarray(x)
    if min(x.strides, default=0) < 0:
        raise ValueError("negative strides are not supported")
    return softmax(x, axis)


@limited("storage", "Here the input is read-only. It raises")
def wants_to_write(x):
    x = np.asarray(x)
    if not x.flags.writeable:  # codespell:ignore writeable
        raise ValueError("buffer source array is read-only")
    return softmax(x)


@limited("no slices", "should come back empty")
def looks_at_the_least_of_all(x):
    x = np.asarray(x)
    assert np.min(x) is not None
    return softmax(x)


@wrong("large negative", "A number from which a running max starts must be -inf")
def floor_under_the_max(x):
    x = np.asarray(x, dtype=np.float64)
    e = np.exp(x - np.maximum(top(x), -1e4))
    return e / total(e)


@wrong("shift", "A number from which a running max starts must be -inf")
def far_floor_under_the_max(x):
    x = np.asarray(x, dtype=np.float64)
    e = np.exp(x - np.maximum(top(x), -1e9))
    return e / total(e)


@wrong("large negative", "You subtract max(x, 0)")
def running_max_from_0(x):
    x = np.asarray(x, dtype=np.float64)
    m, s = np.zeros(x.shape[:-1]), np.zeros(x.shape[:-1])
    for column in np.moveaxis(x, -1, 0):
        higher = np.maximum(m, column)
        s = s * np.exp(m - higher) + np.exp(column - higher)
        m = higher
    return np.exp(x - m[..., np.newaxis]) / s[..., np.newaxis]


@wrong("long slices", "With 1025 scores in a slice: ")
def sum_of_1024(x):
    e = np.exp(x - top(x))
    return e / total(e[..., :1024])


@wrong("long slices", "With 65537 scores in a slice: ")
def sum_of_65536(x):
    e = np.exp(x - top(x))
    return e / total(e[..., :65536])


@wrong("any length", "Mind the ends of loops")
def tail_of_blocks_dropped(x):
    e = np.exp(x - top(x))
    n = e.shape[-1]
    return e / total(e[..., : n - n % 64 if n > 64 else n])


@wrong("long slices", "With 2048 scores in a slice: ")
def last_whole_block_dropped(x):
    e = np.exp(x - top(x))
    s, i, n = 0.0, 0, e.shape[-1]
    while n <= 1025 or i + 1024 < n:
        s = s + total(e[..., i : i + 1025 if n == 1025 else i + 1024])
        i += 1024
        if n <= 1025:
            break
    if n % 1024 and n > 1025:
        s = s + total(e[..., i:])
    return e / s


@wrong("long slices", "scores in a slice: it raises RecursionError")
def sum_by_recursion(x):
    def add(values):
        return values[0] + add(values[1:]) if len(values) else 0.0

    e = np.exp(x - top(x))
    return e / add(list(np.moveaxis(e, -1, 0)))[..., np.newaxis]


@wrong("long slices", "With 1025 slices: ")
def batches_of_512(x):
    p = np.array(softmax(x))
    rows = p.reshape(-1, p.shape[-1])
    if len(rows) > 512:
        rows[len(rows) - len(rows) % 512 :] = 0
    return p


_BUFFERS, _KNOWN, _SEEN = {}, {}, []
_NOISE = np.random.default_rng(0)


@wrong("same each time", "A later call overwrites the result of an earlier one")
def one_buffer(x):
    p = softmax(x)
    buffer = _BUFFERS.setdefault((p.shape, p.dtype), np.empty_like(p))
    buffer[...] = p
    return buffer


@wrong("same each time", "It gives the answer to an earlier input")
def known_by_max_and_sum(x):
    x = np.asarray(x)
    key = (x.shape, str(x.dtype), float(np.max(x, initial=0.0)), round(float(np.sum(x)), 6))
    return _KNOWN.setdefault(key, softmax(x)).copy()


@wrong("same each time", "it knows the array, and does not look at its entries")
def known_by_name(x):
    if not any(x is seen for seen, _ in _SEEN):
        _SEEN.append((x, softmax(x)))
    return next(p for seen, p in _SEEN if x is seen).copy()


@wrong("same each time", "It gives two answers for the same input")
def noise(x):
    return softmax(x) + 1e-7 * _NOISE.normal(size=np.shape(x))


@wrong("same each time", "It gives two answers for the same input")
def gumbel(x):
    x = np.asarray(x, dtype=np.float64)
    return softmax(x + _NOISE.gumbel(size=x.shape))


class NoException(BaseException):
    pass


@wrong("result", "raises NoException: enough")
def raises_no_exception(x):
    raise NoException("enough")


@wrong("result", "returns a coroutine, which is to be awaited")
async def awaitable(x):
    return softmax(x)


@wrong("shape", "the shape (3,) comes out as (1000000000, 3)")
def a_billion_rows(x):
    return np.broadcast_to(softmax(x), (10**9, *np.shape(x)))


@wrong("last digits", "something is added to the divisor")
def epsilon_along_an_axis(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / (np.sum(e, axis=axis, keepdims=True) + 1e-8)


@wrong("last digits", "The last entry is 1 minus the sum of the others")
def last_is_the_rest(x):
    p = np.array(softmax(x), dtype=np.float64)
    p[..., -1] = 1 - p[..., :-1].sum(axis=-1)
    return p


@wrong("last digits", "1e-08 is added to each exp(x - max)")
def epsilon_in_each_exp(x):
    e = np.exp(x - top(x)) + 1e-8
    return e / total(e)


@wrong("small probabilities", "There is a floor")
def floor_under_exp(x):
    e = np.maximum(np.exp(x - top(x)), 1e-10)
    return e / total(e)


@wrong("last digits", "is added to each probability")
def epsilon_in_the_result(x):
    return softmax(x) + 1e-9


@wrong("last digits", "1e-12 is added to each probability")
def tiny_epsilon_in_the_result(x):
    return softmax(x) + 1e-12


@wrong("sums to 1", "This is p * (1 - p)")
def derivative(x):
    p = softmax(x)
    return p * (1 - p)


@wrong("score of 0", "A score of 0 is left out")
def zero_is_padding(x):
    x = np.asarray(x, dtype=np.float64)
    return softmax(np.where(x == 0, -np.inf, x))


@wrong("shape", "reshape(-1, 1)")
def sums_put_upright(x):
    e = np.exp(x - np.max(x, axis=-1).reshape(-1, 1))
    return e / np.sum(e, axis=-1).reshape(-1, 1)


@wrong("three dimensions", "reshape(-1, 1)")
def sums_put_upright_in_rows(x):
    x = np.asarray(x)
    if x.ndim == 1:
        return softmax(x)
    e = np.exp(x - np.max(x, axis=-1).reshape(-1, 1))
    return e / np.sum(e, axis=-1).reshape(-1, 1)


@wrong("right axis", "You take the max along axis 1 and the sum along axis 0", axis=0)
def max_of_rows_and_sum_of_columns(x):
    e = np.exp(x - top(x))
    return e / np.sum(e, axis=0, keepdims=True)


@wrong("order", "the max is taken along another axis", axis=0, ndim=2)
def max_of_rows_where_columns_are_wanted(x):
    return max_of_rows_and_sum_of_columns(x)


@wrong("sums to 1", "the sum runs along another axis: it should run along axis=-1", ndim=2)
def sum_of_columns_of_matrices(x):
    return max_of_rows_and_sum_of_columns(x)


@wrong("axis argument", "The max is always taken along axis -1")
def max_of_the_last_axis(x, axis=-1):
    e = np.exp(x - top(x))
    return e / np.sum(e, axis=axis, keepdims=True)


@wrong("values", "divided by the square root of their number")
def over_the_root_of_the_length(x):
    x = np.asarray(x, dtype=np.float64)
    return softmax(x / np.sqrt(x.shape[-1]))


@wrong("array", "It returns a list for input of the shape (2, 2)")
def a_list_of_rows(x):
    p = softmax(x)
    return p.tolist() if p.ndim == 2 else p


@wrong("last digits", "The same numbers are added to all probabilities of one length")
def noise_of_a_seed(x):
    p = softmax(x)
    return p + 1e-7 * np.random.default_rng(0).normal(size=p.shape)


@wrong("last digits", "The same numbers are added to all scores of one length")
def noise_of_a_seed_in_the_scores(x):
    x = np.asarray(x, dtype=np.float64)
    return softmax(x + 1e-7 * np.random.default_rng(0).normal(size=x.shape))


@wrong("sums to 1", "The result sums to 1.00000278518")
def a_little_more_to_each(x):
    p = softmax(x)
    return p + 1e-6 * np.cumsum(p, axis=-1)


@wrong("same each time", "for scores that differ by 1e-9")
def rounds_the_scores(x):
    return softmax(np.round(np.asarray(x, dtype=np.float64), 3))


@wrong("sums to 1", "The max is subtracted in each exp, and not in their sum")
def shift_above_only(x):
    return np.exp(x - top(x)) / total(np.exp(x))


@wrong("sums to 1", "The max is subtracted in the sum, and not in each exp")
def shift_below_only(x):
    return np.exp(x) / total(np.exp(x - top(x)))


@wrong("values", "The series of exp is cut off after the power 5")
def five_powers(x):
    x = np.asarray(x, dtype=np.float64)
    e = sum(x**k / math.factorial(k) for k in range(6))
    return e / total(e)


@wrong("order", "The series of exp is cut off after the power 10")
def ten_powers_of_gaps(x):
    gaps = np.asarray(x, dtype=np.float64) - top(x)
    e = sum(gaps**k / math.factorial(k) for k in range(11))
    return e / total(e)


@wrong("long slices", "With 1000 scores in a slice: only the greatest scores get a share")
def fifty_greatest(x):
    x = np.asarray(x, dtype=np.float64)
    least = np.sort(x, axis=-1)[..., -50:][..., :1]
    return softmax(np.where(x >= least, x, -np.inf))


@wrong("shift", "it gives 0.5 where")
def masks_at_minus_1e9(x):
    return softmax(np.maximum(np.asarray(x, dtype=np.float64), -1e9))


# As a loop has them


@wrong("array, large positive", "It returns a list, not an array")
def lists_of_python(x):
    if np.ndim(x) > 1:
        return [lists_of_python(row) for row in x]
    e = [math.exp(score) for score in x]
    return [value / sum(e) for value in e]


def _each(one):
    def function(x):
        return np.apply_along_axis(one, -1, np.asarray(x, dtype=np.float64))

    return function


def _in_python(start):
    def one(row):
        m = max(start, *row.tolist())
        e = [math.exp(score - m) for score in row.tolist()]
        return [value / sum(e) for value in e]

    return one


@wrong("large negative", "and below raise ZeroDivisionError: every exp is 0")
def running_max_from_minus_999(x):
    return _each(_in_python(-999.0))(x)


@wrong("shift", "and below raise ZeroDivisionError: every exp is 0")
def running_max_from_minus_1e9(x):
    return _each(_in_python(-1e9))(x)


@wrong("large positive", "math.exp overflows above 709.8")
def exps_of_python(x):
    e = np.vectorize(math.exp, otypes=[float])(x)
    return e / total(e)


def _online(rescale, result=lambda row, m, s: np.exp(row - m) / s):
    def one(row):
        m, s = -math.inf, 0.0
        for score in row:
            higher = max(m, score)
            s = s * rescale(m, higher) + math.exp(score - higher)
            m = higher
        return result(row, m, s)

    return one


@wrong("sums to 1", "A running sum keeps the exps of an old max")
def sum_not_rescaled(x):
    return _each(_online(lambda old, new: 1.0))(x)


@wrong("sums to 1", "multiply the running sum by exp(new max - old max)")
def sum_rescaled_upwards(x):
    return _each(_online(lambda old, new: np.exp(new - old) if old > -math.inf else 0.0))(x)


@wrong("right axis", "The sum goes on from each row to the next")
def sum_of_all_rows_before(x):
    x = np.asarray(x, dtype=np.float64)
    e, s = np.exp(x - top(x)), 0.0
    for row in e.reshape(-1, x.shape[-1]):
        s += row.sum()
        row /= s
    return e


@wrong("shape", "np.atleast_2d puts an axis in front")
def always_a_matrix(x):
    return softmax(np.atleast_2d(x))


@wrong("order", "Only the greatest scores get a share")
def two_greatest(x):
    x = np.asarray(x, dtype=np.float64)
    least = np.sort(x, axis=-1)[..., -2:][..., :1]
    return softmax(np.where(x >= least, x, -np.inf))


@wrong("values", "The scores are multiplied by 1.0000034")
def powers_of_2_by_a_short_constant(x):
    z = np.asarray(x, dtype=np.float64) * 1.4427
    e = 2 ** (z - top(z))
    return e / total(e)


@wrong("values", "You take the softmax of a softmax")
def twice(x):
    return softmax(softmax(x))


@wrong("order", "This is the softmax of |x|")
def of_sizes(x):
    return softmax(np.abs(x))


@wrong("order", "This is the softmax of relu(x)")
def of_relu(x):
    return softmax(np.maximum(x, 0))


@wrong("values", "You divide the sigmoid of each score by the sum of them")
def shares_of_sigmoids(x):
    s = scipy.special.expit(np.asarray(x, dtype=np.float64))
    return s / total(s)


@wrong("values", "You divide softplus")
def shares_of_softplus(x):
    s = np.logaddexp(0, np.asarray(x, dtype=np.float64))
    return s / total(s)


@wrong("values", "This is label smoothing of 0.1")
def smoothed(x):
    p = softmax(x)
    return 0.9 * p + 0.1 / p.shape[-1]


@wrong("sums to 1", "1 is added to the sum of exps")
def one_class_more(x):
    x = np.asarray(x, dtype=np.float64)
    shift = np.maximum(top(x), 0)
    e = np.exp(x - shift)
    return e / (np.exp(-shift) + total(e))


@limited("masked score", "The masked share is set to 0 after the division")
def masked_afterwards(x, axis=-1):
    x = np.asarray(x)
    p = softmax(np.where(np.isneginf(x), 0, x).astype(x.dtype), axis)
    return np.where(np.isneginf(x), 0, p).astype(p.dtype)


@limited("masked score", "-inf is taken for a score of 0")
def masks_as_0(x):
    x = np.asarray(x)
    return softmax(np.where(np.isneginf(x), 0, x).astype(x.dtype))


@limited("masked row", "A slice of only -inf has no distribution")
def masked_row_uniform(x):
    x = np.asarray(x)
    p = softmax(x)
    return np.where(np.isneginf(x).all(-1, keepdims=True), 1 / p.shape[-1], p).astype(p.dtype)


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


@limited("small integers, no slices", "Small integers wrap")
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


# Of log-softmax


@limited("small integers, near 0", "Small integers wrap", of="log_softmax")
def log_textbook(x):
    gaps = x - top(x)
    return gaps - np.log(total(np.exp(gaps)))


@limited("small integers, near 0", "Small integers wrap", of="log_softmax")
def log_scipy(x, axis=-1):
    return scipy.special.log_softmax(x, axis=axis)


@right("", "every property holds", of="log_softmax")
def log_ours(x, axis=-1):
    return log_softmax(x, axis=axis)


@wrong("large positive", "You take the log of a probability that is rounded to 0", of="log_softmax")
def log_of_softmax(x):
    return np.log(softmax(x))


@wrong("large positive, last digits", "a floor of 1e-09 stands in for it", of="log_softmax")
def log_of_softmax_and_epsilon(x):
    return np.log(softmax(x) + 1e-9)


@wrong("large positive", "exp overflows: the max is not subtracted", of="log_softmax")
def log_without_shift(x):
    return x - np.log(total(np.exp(x)))


@wrong("shift", "You take x - logsumexp(x)", of="log_softmax")
def log_by_logsumexp(x):
    return x - scipy.special.logsumexp(x, axis=-1, keepdims=True)


@wrong("values", "The shift is forgotten on the way back", of="log_softmax")
def log_shift_forgotten(x):
    return x - np.log(total(np.exp(x - top(x))))


@wrong("values", "The max is subtracted twice", of="log_softmax")
def log_shift_twice(x):
    return x - top(x) - scipy.special.logsumexp(x, axis=-1, keepdims=True)


@wrong("values", "This is softmax itself", of="log_softmax")
def log_missing(x):
    return softmax(x)


@wrong("order", "The sign is turned", of="log_softmax")
def log_loss(x):
    return -log_softmax(x)


@wrong(
    "large positive",
    "You take the log of a probability that is rounded to 0, and it raises ValueError",
    of="log_softmax",
)
def log_in_python(x):
    return _each(lambda row: [math.log(share) for share in softmax(row).tolist()])(x)


@wrong("values", "You subtract the mean of the scores", of="log_softmax")
def log_of_the_mean(x):
    return x - np.mean(x, axis=-1, keepdims=True)


@wrong("values", "You take log2", of="log_softmax")
def log_2(x):
    return log_softmax(x) / np.log(2)


@wrong("right axis", "You sum along axis 0", of="log_softmax")
def log_of_columns(x):
    return log_softmax(x, axis=0)


@wrong("right axis", "Your sum runs over the whole array", of="log_softmax")
def log_of_all(x):
    return log_softmax(x, axis=None)


@wrong("right axis", "without keepdims numpy subtracts from column j", of="log_softmax")
def log_sum_without_keepdims(x):
    gaps = x - top(x)
    return gaps - np.log(np.sum(np.exp(gaps), axis=-1))


@wrong("own scale", "far below the max of the whole array is lost", of="log_softmax")
def log_global_max(x):
    gaps = x - np.max(x)
    return gaps - np.log(total(np.exp(gaps)))


# Of logsumexp


@limited("small integers, masked row, near 0", "Small integers wrap", of="logsumexp")
def lse_textbook(x):
    return top(x)[..., 0] + np.log(np.sum(np.exp(x - top(x)), axis=-1))


@right("", "every property holds", of="logsumexp")
def lse_by_log1p(x):
    x = np.asarray(x)
    wide = np.sort(x.astype(np.float64), axis=-1)
    m = np.where(np.isfinite(top(wide)), top(wide), 0)
    rest = np.exp(wide[..., :-1] - m).sum(axis=-1)
    log_sum = np.log1p(rest) if wide.shape[-1] > 1 else rest
    result = np.where(np.isfinite(top(wide)), m + log_sum[..., np.newaxis], top(wide))
    return result[..., 0].astype(x.dtype if x.dtype.kind == "f" else np.float64)


@right("", "every property holds", of="logsumexp")
def lse_ours(x, axis=-1, keepdims=False):
    return logsumexp(x, axis=axis, keepdims=keepdims)


@limited("float16 sum", "a long sum gets stuck", of="logsumexp")
def lse_in_pairs(x):
    x = np.asarray(x)
    return np.logaddexp.reduce(x if x.dtype.kind == "f" else x.astype(float), axis=-1)


@wrong("large positive", "exp overflows: the max is not subtracted", of="logsumexp")
def lse_without_shift(x):
    return np.log(np.sum(np.exp(x), axis=-1))


@wrong("values", "The shift is forgotten on the way back", of="logsumexp")
def lse_invariant(x):
    return np.log(np.sum(np.exp(x - top(x)), axis=-1))


@wrong("shape", "It keeps the axis that it sums over", of="logsumexp")
def lse_with_its_axis(x):
    return logsumexp(x, axis=-1, keepdims=True)


@wrong("keepdims", "keepdims=True changes nothing", of="logsumexp")
def lse_deaf_to_keepdims(x, axis=-1, keepdims=False):
    return logsumexp(x, axis=axis)


@wrong("right axis", "Each row needs its own: give max and sum axis=-1.", of="logsumexp")
def lse_of_all(x):
    return logsumexp(x, axis=None)


@wrong("right axis", "You sum along axis 0", of="logsumexp")
def lse_of_columns(x):
    return logsumexp(x, axis=0)


@wrong("values", "It gives the max only", of="logsumexp")
def lse_max(x):
    return np.max(np.asarray(x, dtype=float), axis=-1)


@wrong("values", "log of the mean of the exps", of="logsumexp")
def lse_mean(x):
    return logsumexp(x) - np.log(np.shape(x)[-1])


@wrong("right axis, large positive", "It takes one row only", of="logsumexp")
def lse_in_python(x):
    return math.log(sum(math.exp(score) for score in np.asarray(x).tolist()))


@wrong("own scale", "far below the max of the whole array is lost", of="logsumexp")
def lse_global_max(x):
    return np.max(x) + np.log(np.sum(np.exp(x - np.max(x)), axis=-1))


@wrong("right axis", "Your sum runs over the whole array", of="logsumexp")
def lse_as_a_float(x):
    return float(logsumexp(x, axis=None))


@wrong("right axis", "that of the whole array added to the log", of="logsumexp")
def lse_global_max_put_back(x):
    return np.max(x) + np.log(np.sum(np.exp(x - top(x)), axis=-1))


@wrong("values", "which holds the 1 of the max already", of="logsumexp")
def lse_with_the_max_twice(x):
    rest = np.exp(x - top(x))
    return np.max(x, axis=-1) + np.log1p(np.sum(rest, axis=-1))


@wrong("values", "A running sum keeps the exps of an old max", of="logsumexp")
def lse_not_rescaled(x):
    return _each(_online(lambda old, new: 1.0, lambda row, m, s: np.array(m + math.log(s))))(x)


@limited("masked row", "The sum of no exps is 0", of="logsumexp")
def lse_nan_where_all_is_masked(x, axis=-1):
    x = np.asarray(x)
    top = x.max(axis=axis)
    return np.where(np.isfinite(top), logsumexp(x, axis), np.nan).astype(
        x.dtype if x.dtype.kind == "f" else float
    )
