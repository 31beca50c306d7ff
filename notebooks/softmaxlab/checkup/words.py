"""What a teacher would say of a failure: functions of its case, its outcome and all runs.

Most look for the wrong arithmetic that gives the very same numbers in every run. Where none does
they say what is seen, or give None.
"""

import contextlib
import itertools
import math
import textwrap

import numpy as np

from .models import (
    greatest_size,
    never_reset,
    nothing,
    same_values,
    suspect,
    top,
    top_over,
    transposed,
    upright,
    wrong,
)
from .trial import NEAR, same_shape

_KEEPDIMS = (
    "A sum that reshape(-1, 1) or [:, np.newaxis] puts upright suits two dimensions only; "
    "keepdims=True suits all."
)


def plain(case, outcome):
    """What is seen of any failure, without a guess at its cause."""
    error, value = outcome.error, outcome.value
    if error:
        name, text = type(error).__name__, textwrap.shorten(_said(error), 100, placeholder=" ...")
        return f"It raises {name}{': ' if text else ''}{text}{'' if text.endswith('.') else '.'}"
    if outcome.got is None:
        return "It returns None: the return at its end is missing."
    if value is None:
        name = type(outcome.got).__name__
        if hasattr(type(outcome.got), "__await__"):
            return f"It returns a {name}, which is to be awaited. Write def, not async def."
        return f"It returns a {name} that is no array of real numbers."
    if value.shape != case.expected.shape:
        return _of_shape(case, value)
    if np.isnan(value[~np.isnan(case.expected)]).any():
        return f"It gives nan, though these scores have {case.target.title}."
    with np.errstate(all="ignore"):
        return _of_values(case, value)


def _empty_sum(error):
    """Whether Python divided by a sum of no exps, or took its log, where numpy gives nan or inf."""
    text = _said(error)
    return isinstance(error, ZeroDivisionError) or (
        isinstance(error, ValueError) and ("math domain" in text or "positive input" in text)
    )


def _said(error):
    with contextlib.suppress(Exception):  # what f raised may fail even at that
        return str(error)
    return ""


def _of_shape(case, value):
    shape, x_shape = case.expected.shape, np.shape(case.x)
    change = f"the shape {x_shape} comes out as {value.shape}."
    if case.target.reduces:
        if value.shape == x_shape:
            return "It gives one number for each score, and logsumexp gives one for each slice."
        if value.ndim == 0:
            return (
                f"It gives one number for the whole array, and each {case.line} needs its own: "
                f"give max and sum axis={case.axis}."
            )
        if value.shape == np.expand_dims(case.expected, case.axis).shape:
            return f"It keeps the axis that it sums over, as keepdims=True does: {change}"
        return f"It gives another shape than {shape}, one number for each {case.line}: {change}"
    if value.ndim == 0 and case.expected.size > 1:
        one = f"{case.target.title} gives one for each score."
        return f"It gives one number for all scores, and {one}"
    if value.shape == tuple(n for n in shape if n != 1):
        return f"It drops an axis of length 1: {change}"
    if value.shape == shape[::-1]:
        return f"It comes out transposed: {change}"
    if value.shape == (math.prod(shape),):
        return f"It flattens its input: {change}"
    more = ""
    if value.shape == (1, *shape):
        more = f" np.atleast_2d puts an axis in front. {_KEEPDIMS}"
    return f"It does not keep the shape: {change}{more}"


def _of_values(case, value):
    softmax = case.target.name == "softmax"
    e = case.expected
    error = np.where(value == e, 0, np.abs(value - e))
    relative = error / (np.abs(e) if softmax else np.maximum(np.abs(e), 1))
    at = np.nanargmax(relative)
    digits = -np.log10(relative.flat[at])
    if 5 < digits < 20:
        return (
            f"It is right to {digits:.0f} digits only, and gives {value.flat[at]:.17g} where "
            f"{e.flat[at]:.17g} is right."
        )
    if softmax:
        total = value.sum(case.axis).ravel()[np.argmax(error.max(case.axis))]
        if abs(total - 1) > NEAR:
            what = "The result" if e.ndim == 1 else f"A {case.line}"
            return f"{what} sums to {total:.6g}, not to 1."
        at = np.nanargmax(error)
    return f"It gives {value.flat[at]:.6g} where {e.flat[at]:.6g} is right."


def _kind(case):
    """What an input is, if it is no plain array of float64."""
    if not isinstance(case.x, np.ndarray):
        return "a list"
    if case.way:
        return case.way
    return "" if case.x.dtype == np.float64 else f"of {case.x.dtype}"


def on_result(case, outcome, runs):
    if isinstance(outcome.error, np.exceptions.AxisError):
        return (
            f"It asks for an axis that {np.ndim(case.x)}-D input does not have. Count from the "
            "end: axis=-1 is the last axis in any number of dimensions."
        )
    if outcome.value is None:
        return None
    if not hasattr(outcome.got, "__array__"):
        name = type(outcome.got).__name__
        where = "" if np.ndim(case.x) == 1 else f" for input of the shape {np.shape(case.x)}"
        return (
            f"It returns a {name}{where}, not an array: make it one with np.array, or use np.exp."
        )
    return f"It returns {outcome.value.dtype}, and {case.target.title} has fractions: floats."


def on_dtype(case, outcome, runs):
    if outcome.value is None:
        return None
    return (
        f"{case.x.dtype} comes out as {outcome.value.dtype}. Give back the dtype that came in: "
        ".astype(x.dtype)."
    )


def on_input(case, outcome, runs):
    shape = outcome.given.shape if isinstance(outcome.given, np.ndarray) else None
    if shape is not None and shape != np.shape(case.x):
        return f"It changes its input: the caller's own array now has the shape {shape}."
    kind = f", here one that is {_kind(case)}" if _kind(case) else ""
    return (
        f"It changes its input{kind}: x -= ... and out=x write into the caller's own array. Make a "
        "new one, as x = x - ... does."
    )


def on_axis(case, outcome, runs):
    ndim = np.ndim(case.x)
    if all(run.error for _, run in runs):
        if ndim == 2:
            return f"It takes one {case.line} only. On 2-D input: {plain(case, outcome)}"
        try:
            upright(case.x, case.axis)
        except ValueError as error:
            if str(error) == _said(outcome.error):
                return f"On {ndim}-D input: {plain(case, outcome)} {_KEEPDIMS}"
        return f"It takes no {ndim}-D input: {plain(case, outcome)}"
    return suspect(_axis_suspects(case), case, runs)


def _axis_suspects(case):
    target, line, ndim = case.target, case.line, np.ndim(case.x)
    sum_lost = max_lost = "without keepdims each slice meets the number of another one."
    if line == "row":
        does = "divides column j by" if target.name == "softmax" else "subtracts from column j"
        hidden = "of row j; a square input hides it."
        sum_lost = f"without keepdims numpy {does} the sum {hidden}"
        max_lost = f"without keepdims numpy shifts column j by the max {hidden}"
    for shift in (nothing, top):
        if not target.reduces:
            yield wrong(target, shift, None, False), f"Your sum has lost its axis: {sum_lost}"
        if target.name == "softmax":
            yield (
                transposed(shift),
                "You transpose, and .T turns round all axes, which is right for two only. Use "
                "keepdims=True instead.",
            )
        for axes in _some(range(ndim)):
            yield wrong(target, shift, over=axes), _sum_over(case, axes)

    def lost(x, a):
        return x.max(a)

    yield (
        wrong(target, lost, None, False),
        f"Your max and your sum have lost their axis: {sum_lost}",
    )
    yield wrong(target, lost), f"Your max has lost its axis: {max_lost}"
    yield lambda x, a: wrong(target)(x, a).T, "The result is transposed: turn it back."
    if target.name == "softmax":
        for shift in (nothing, top):
            yield (
                never_reset(shift),
                f"The sum goes on from each {line} to the next. Set it to 0 before each.",
            )
    yield from _of_two_axes(case)


def _sum_over(case, axes):
    line, axis, ndim = case.line, case.axis, np.ndim(case.x)
    own = f"Each {line} needs its own: give max and sum axis={axis}"
    own += "." if case.target.reduces else " and keepdims=True."
    to_1 = case.target.name == "softmax"
    if len(axes) == ndim:
        so = ", so that all of it sums to 1" if to_1 else ""
        return f"Your sum runs over the whole array{so}. {own}"
    if ndim == 2:
        other = "column" if line == "row" else "row"
        so = f"so each {other} sums to 1. Each {line} should"
        if not to_1:
            so = f"over each {other}. Each {line} has its own sum"
        return f"You sum along axis {axes[0]}, {so}: that is axis={axis}."
    if len(axes) == 1:
        return f"You sum along axis {axes[0]} of {ndim}, and axis={axis} is wanted."
    return f"You sum over the axes {axes} at once. {own}"


def _of_two_axes(case):
    """The max along some axes and the sum along others, both with keepdims."""
    ndim = np.ndim(case.x)
    for highest in _some(range(ndim)):
        for over in _some(range(ndim)):
            words = (
                f"You take the max along {_named(highest)} and the sum along {_named(over)}. Both "
                f"must run along axis={case.axis}."
            )
            yield wrong(case.target, top_over(highest), over), words


def _named(axes):
    return f"axis {axes[0]}" if len(axes) == 1 else f"the axes {axes}"


def _some(items):
    """Every choice of one or more, the larger last."""
    counts = range(1, len(items) + 1)
    return itertools.chain.from_iterable(itertools.combinations(items, n) for n in counts)


_SHIFTS = {
    "the min": lambda x, a: x.min(a, keepdims=True),
    "the mean": lambda x, a: x.mean(a, keepdims=True),
    "the first score": lambda x, a: x.take([0], a),
    "the last score": lambda x, a: x.take([-1], a),
    "the median": lambda x, a: np.median(x, a, keepdims=True),
    "the sum": lambda x, a: x.sum(a, keepdims=True),
    "minus the max": lambda x, a: -top(x, a),
}


def on_large(case, outcome, runs):
    target = case.target
    no_shift = (
        "exp overflows: the max is not subtracted before it. Subtract that of each "
        f"{case.line} first, "
    )
    no_shift += {
        "softmax": "which changes no probability.",
        "log_softmax": "which changes no log-probability.",
        "logsumexp": "and add it to the log at the end.",
    }[target.name]
    other_shift = (
        "You subtract {}, and exp still leaves its range. Only the max keeps every exp at or below "
        "1, and one of them at 1."
    )
    shifts = [(wrong(target, shift), other_shift.format(name)) for name, shift in _SHIFTS.items()]
    if isinstance(outcome.error, OverflowError):
        return (
            "math.exp overflows above 709.8, and raises OverflowError. Subtract the max of each "
            f"{case.line} first."
        )
    words = suspect([(wrong(target), no_shift), *shifts, *_of_two_axes(case)], case, runs)
    if words or not same_shape(case, outcome):
        return words
    if target.name == "log_softmax":
        words = on_unlikely(case, outcome, runs)
        if words:
            return words
    value = outcome.value
    if not np.isfinite(value).all() or (target.name == "softmax" and not value.any()):
        return (
            "exp leaves the range of floats, to inf or to only zeros. Subtract the max of each "
            f"{case.line} first."
        )
    if any(not np.isfinite(run.value).all() for _, run in runs if run.value is not None):
        return f"{plain(case, outcome)} Greater scores give nan or inf."
    return f"Large scores come out wrong, though nothing overflows: {_lower(plain(case, outcome))}"


def _lower(sentence):
    return sentence[0].lower() + sentence[1:]


def on_low(case, outcome, runs):
    if _empty_sum(outcome.error):
        return _no_exp_left(case, outcome)
    if not same_shape(case, outcome):
        return None
    only_max = f"Subtract the max of each {case.line}, also if it is below 0."
    suspects = [
        (
            wrong(case.target, greatest_size),
            f"You subtract the greatest |x|, and every exp is 0. {only_max}",
        ),
        (
            wrong(case.target, lambda x, a: np.maximum(top(x, a), 0)),
            f"You subtract max(x, 0), and every exp is 0 or has few bits left. {only_max}",
        ),
        (
            wrong(case.target),
            f"exp underflows: every exp is 0 or has few bits left. {only_max}",
        ),
    ]
    words = suspect(suspects, case, runs)
    if words:
        return words
    if outcome.value.any() and np.isfinite(outcome.value).all():
        return f"Low scores come out wrong: {_lower(plain(case, outcome))}"
    return _no_exp_left(case, outcome)


def _no_exp_left(case, outcome):
    if outcome.error:
        what = f"raise {type(outcome.error).__name__}"
    else:
        gone = outcome.value[~np.isfinite(outcome.value)]
        what = f"give {gone[0] if gone.size else 0.0:.3g}"
    return (
        f"Scores of {np.max(case.x):.6g} and below {what}: every "
        f"exp is 0. Subtract the max of each {case.line}, however low it is. A number from which a "
        "running max starts must be -inf."
    )


def on_zero(case, outcome, runs):
    if not same_shape(case, outcome):
        return None
    at = np.asarray(case.x) == 0
    lost = np.isneginf(outcome.value) if case.target.name == "log_softmax" else outcome.value == 0
    if (case.target.reduces or not lost[at].all()) and not np.isnan(outcome.value).all():
        return None
    return (
        "A score of 0 is left out, as if it were padding or a mask. It is a score as any other; "
        "mask with -inf."
    )


def on_small(case, outcome, runs):
    if not same_shape(case, outcome):
        return None
    at = case.expected.argmin()
    p, e = outcome.value.flat[at], case.expected.flat[at]
    if p == 0:
        return (
            f"A probability of {e:.2g} comes out as 0: it is rounded or cut off. It fits a float."
        )
    if p > 1.001 * e:
        return (
            f"A probability of {e:.2g} comes out as {p:.2g}. There is a floor, as clipping or an "
            "added epsilon makes one; floats need none."
        )
    return None


def on_unlikely(case, outcome, runs):
    """Of logs of probabilities that are too small for a float."""
    if not same_shape(case, outcome):
        return None
    at = case.expected.argmin()
    value, e = outcome.value.flat[at], case.expected.flat[at]
    if value == -np.inf:
        return (
            f"You take the log of a probability that is rounded to 0, and get -inf where {e:.6g} "
            "is right. Subtract instead: x - max - log(sum(exp(x - max)))."
        )
    if np.isfinite(value) and value > e + 1:
        return (
            f"The log of a small probability comes out as {value:.6g} where {e:.6g} is right: a "
            f"floor of {np.exp(value):.2g} stands in for it. Subtract instead: x - max - "
            "log(sum(exp(x - max)))."
        )
    return None


def on_near_0(case, outcome, runs):
    if not same_shape(case, outcome):
        return None
    at = np.abs(case.expected).argmin()
    value, e = outcome.value.flat[at], case.expected.flat[at]
    return (
        f"It gives {value + 0.0:.2g} where {e:.2g} is right: 1 plus a small sum is rounded before "
        "its log is taken. np.log1p of the sum without the max keeps it."
    )


def on_offset(case, outcome, runs):
    target = case.target
    low = np.max(case.x) < 0
    if low and _empty_sum(outcome.error):
        return _no_exp_left(case, outcome)
    if not same_shape(case, outcome):
        return None
    if low and not np.isfinite(outcome.value).all():
        return _no_exp_left(case, outcome)
    if target.name == "softmax" and np.allclose(outcome.value, 1):
        return (
            "You take exp(x - logsumexp(x)): a large offset rounds logsumexp, and here two equal "
            "scores get 1 each. Subtract the max, then divide by the sum."
        )
    if target.name == "log_softmax":
        shift = top(case.x, case.axis)
        with np.errstate(all="ignore"):
            log_sum = np.log(np.exp(case.x - shift).sum(case.axis, keepdims=True))
            if np.array_equal(outcome.value, case.x - (shift + log_sum)):
                return (
                    "You take x - logsumexp(x): a large offset rounds logsumexp. Subtract the max "
                    "first, then the log of the sum."
                )
    return f"Where all scores share a large offset: {_lower(plain(case, outcome))}"


def on_scale(case, outcome, runs):
    words = (
        f"A {case.line} far below the max of the whole array is lost. Take the max along the axis, "
        f"with axis={case.axis} and keepdims=True."
    )
    whole = top_over(tuple(range(np.ndim(case.x))))
    return suspect([(wrong(case.target, whole), words), *_of_two_axes(case)], case, runs)


def on_argument(case, outcome, runs):
    target = case.target
    suspects = []
    for a in (-1, 0, 1):
        suspects += [
            (
                wrong(target, over=a),
                f"It takes an axis and does not use it: it always works along axis {a}.",
            ),
            (
                wrong(target, top_over(a)),
                f"The max is always taken along axis {a}, and the sum along the axis that is "
                "given. Both must follow the axis.",
            ),
            (
                wrong(target, top, over=a),
                f"The sum is always taken along axis {a}, and the max along the axis that is "
                "given. Both must follow the axis.",
            ),
        ]
    return suspect(suspects, case, runs) or f"With axis={case.axis}: {plain(case, outcome)}"


def on_long(case, outcome, runs):
    if not outcome.error and not same_shape(case, outcome):
        return None
    shape = np.shape(case.x)
    n = shape[case.axis]
    what = f"With {n} scores in a slice" if n > 2 else f"With {math.prod(shape) // n} slices"
    return (
        f"{what}: {_lower(plain(case, outcome))} Shorter input is right: look at block sizes, at "
        "what is left over after the last block, and at recursion."
    )


def on_storage(case, outcome, runs):
    words = f"Here the input is {case.way}."
    if same_shape(case, outcome):
        order = np.asarray(case.x).ravel("K").reshape(np.shape(case.x))
        if same_values(outcome.value, case.target.expected(order, case.axis)):
            return (
                f"{words} Its entries are taken in the order in which they lie in memory, as by "
                "ravel('K') or a pointer to the data. np.ascontiguousarray(x) puts them in order."
            )
    return f"{words} {plain(case, outcome)}"


def on_integers(case, outcome, runs):
    if outcome.error:
        return None
    if same_shape(case, outcome) and (outcome.value == np.trunc(outcome.value)).all():
        return (
            "The result is cut to integers, which cannot hold it. Make integers floats first: "
            "x = np.asarray(x, dtype=float)."
        )
    return f"Of integers: {plain(case, outcome)}"


def on_small_integers(case, outcome, runs):
    """That they wrap, if computing in their own dtype gives what f gave, or raises as f does."""
    if outcome.error or not same_shape(case, outcome):
        return None
    with np.errstate(all="ignore"):
        try:
            wrapped = wrong(case.target, top)(case.x, case.axis)
        except TypeError:
            return f"Of {case.x.dtype}: {plain(case, outcome)}"
        if case.target.name == "log_softmax":
            wrapped = (
                case.x
                - top(case.x, case.axis)
                - np.log(np.exp(case.x - top(case.x, case.axis)).sum(case.axis, keepdims=True))
            )
        if np.allclose(np.nan_to_num(outcome.value), np.nan_to_num(wrapped), rtol=1e-2):
            return None
    return f"Of {case.x.dtype}: {plain(case, outcome)}"


def on_narrow(case, outcome, runs):
    """Whether exp left the range of a dtype that is narrower than float64."""
    if not same_shape(case, outcome):
        return None
    value, e = outcome.value, case.expected
    gone = ~np.isfinite(value) & np.isfinite(e)
    gone |= (value == 0) & (e >= np.finfo(case.x.dtype).tiny)
    return None if gone.any() else f"Of {case.x.dtype}: {plain(case, outcome)}"


def on_mask(case, outcome, runs):
    """Softmax where -inf is taken for 0, before or after which the mask is put on."""

    def as_0(x):
        return np.where(np.isneginf(x), 0.0, x)

    before = wrong(case.target, top)
    suspects = [
        (
            lambda x, a: before(as_0(x), a),
            "A score of -inf is taken for a score of 0, and gets a share. It should get none.",
        ),
    ]
    if case.target.name == "softmax":
        suspects.append(
            (
                lambda x, a: np.where(np.isneginf(x), 0.0, before(as_0(x), a)),
                "The masked share is set to 0 after the division, so the others do not sum to 1. "
                "Mask the scores, with -inf, before exp.",
            )
        )
    return suspect(suspects, case, runs)


def on_keepdims(case, outcome, runs):
    value, e = outcome.value, case.expected
    if value is not None and value.size == e.size and value.shape != e.shape:
        return f"keepdims=True changes nothing: {value.shape} is given where {e.shape} is due."
    return f"With keepdims=True: {plain(case, outcome)}"
