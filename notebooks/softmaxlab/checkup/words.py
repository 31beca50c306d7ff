"""What a teacher would say of a failure: functions of its case, its outcome and all runs.

Most look for the wrong arithmetic that gives the very same numbers in every run. Where none does
they say what is seen, or give None. `axes` has the words for a wrong axis, `numbers` for one slice.
"""

import math

import numpy as np

from .axes import of_two_axes
from .models import greatest_size, same_values, suspect, top, wrong
from .numbers import greatest_only
from .seen import empty_sum, plain
from .trial import is_locked, same_shape


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
    return f"It returns {outcome.value.dtype}, and {case.target.title} has fractions: floats."


def on_array(case, outcome, runs):
    name = type(outcome.got).__name__
    where = "" if np.ndim(case.x) == 1 else f" for input of the shape {np.shape(case.x)}"
    return f"It returns a {name}{where}, not an array: make it one with np.array, or use np.exp."


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
    if is_locked(case, outcome):
        return "It changes its input: the caller's own array is now read-only. Lock a copy of it."
    kind = f", here one that is {_kind(case)}" if _kind(case) else ""
    return (
        f"It changes its input{kind}: x -= ... and out=x write into the caller's own array. Make a "
        "new one, as x = x - ... does."
    )


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
    words = suspect([(wrong(target), no_shift), *shifts, *of_two_axes(case)], case, runs)
    if not words and target.name == "log_softmax":
        words = on_unlikely(case, outcome, runs)
    if words or not same_shape(case, outcome):
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
    if empty_sum(outcome.error):
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
    if empty_sum(outcome.error):
        return (
            "You take the log of a probability that is rounded to 0, and "
            f"{_lower(plain(case, outcome))} Subtract instead: x - max - log(sum(exp(x - max)))."
        )
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
    if low and empty_sum(outcome.error):
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


def on_long(case, outcome, runs):
    if not outcome.error and not same_shape(case, outcome):
        return None
    shape = np.shape(case.x)
    n = shape[case.axis]
    what = f"With {n} scores in a slice" if n > 2 else f"With {math.prod(shape) // n} slices"
    if case.target.name == "softmax" and not outcome.error:
        words = greatest_only([(case, outcome)])
        if words:
            return f"{what}: {_lower(words)}"
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
