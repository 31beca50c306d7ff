"""What a teacher would say of a failure: functions of its case, its outcome and all runs.

Most look for the wrong arithmetic that gives the very same numbers. Where none does they give None.
"""

import contextlib
import functools
import itertools
import math
import textwrap

import numpy as np

from .trial import NEAR, same_shape


def plain(case, outcome):
    """What can be said of any failure."""
    error, value, shape = outcome.error, outcome.value, case.expected.shape
    if error:
        name, text = type(error).__name__, ""
        with contextlib.suppress(Exception):  # what f raised may fail even at that
            text = textwrap.shorten(str(error), 100, placeholder=" ...")
        return f"It raises {name}{': ' if text else ''}{text}{'' if text.endswith('.') else '.'}"
    if outcome.got is None:
        return "It returns None: the return at its end is missing."
    if value is None:
        return f"It returns a {type(outcome.got).__name__} that is no array of real numbers."
    if value.ndim == 0 and case.expected.size > 1:
        return "It gives one number for all scores, and a softmax gives one for each score."
    if value.shape != shape:
        change = f"the shape {shape} comes out as {value.shape}."
        if value.shape == tuple(n for n in shape if n != 1):
            return f"It drops an axis of length 1: {change}"
        if value.shape == shape[::-1]:
            return f"It comes out transposed: {change}"
        if value.shape == (math.prod(shape),):
            return f"It flattens its input: {change}"
        return f"It does not keep the shape: {change}"
    if np.isnan(value[~np.isnan(case.expected)]).any():
        return "It gives nan, though these scores have a softmax."
    error = np.abs(value - case.expected)
    digits = -np.log10((error / case.expected).max())
    if digits > 5:
        return (
            f"It is right to {digits:.0f} digits only: something rounds that need not, as taking "
            "in a large number does."
        )
    at = np.argmax(error)
    total = value.sum(case.axis).ravel()[np.argmax(error.max(case.axis))]
    if abs(total - 1) > NEAR:
        what = "The result" if len(shape) == 1 else f"A {case.line}"
        return f"{what} sums to {total:.6g}, not to 1."
    return f"It gives {value.flat[at]:.6g} where {case.expected.flat[at]:.6g} is right."


def on_result(case, outcome, runs):
    if isinstance(outcome.error, np.exceptions.AxisError):
        return (
            f"It asks for an axis that {case.expected.ndim}-D input does not have. Count from the "
            "end: axis=-1 is the last axis in any number of dimensions."
        )
    if outcome.value is None:
        return None
    if not hasattr(outcome.got, "__array__"):
        name = type(outcome.got).__name__
        return f"It returns a {name}, not an array: make it one with np.array, or use np.exp."
    return f"It returns {outcome.value.dtype}, and probabilities are floats."


def on_numbers(case, outcome, runs):
    """Which known formula gives these numbers for one slice of scores."""
    if not same_shape(case, outcome):
        return None
    x, p, e = (v.ravel() for v in (case.x, outcome.value.astype(np.float64), case.expected))
    above, exps = x - x.min(), np.exp(x)
    overwritten = (
        "A loop overwrites what it still reads, so that each later entry is made from results. "
        "Write into a new array, and take the sum once, before the loop."
    )
    formulas = [
        (x, "It gives the scores back as they are."),
        (np.log(e), "These are logarithms: you return log-softmax. Take exp of it."),
        (exps, "You return exp of each score, not yet divided by the sum of them all."),
        (
            np.exp(x - x.max()),
            "The greatest entry is 1: exp(x - max) is divided by its max, or not at all. Divide it "
            "by its sum.",
        ),
        (
            1 / (1 + 1 / exps),
            "This is the sigmoid of each score by itself. Softmax divides by the sum over all "
            "classes.",
        ),
        (x / x.sum(), "You divide the scores by their sum: exp is missing."),
        (
            np.abs(x) / np.abs(x).sum(),
            "You divide |x| by its sum, so -3 counts as much as 3. Softmax takes exp.",
        ),
        (
            x**2 / (x**2).sum(),
            "You divide squares by their sum, so -3 counts as much as 3. Softmax takes exp.",
        ),
        (above / above.sum(), "You subtract the min and divide by the sum: exp is missing."),
        (above / above.max(), "This is min-max scaling to [0, 1]: exp and the sum are missing."),
        (x == x.max(), "This is the arg max, all for one class. Softmax gives each a share."),
        (np.full(x.size, 1 / x.size), "Every class gets the same share, whatever its score."),
        (np.sort(e), "The probabilities are right, in the wrong places: something is sorted."),
        (np.sort(e)[::-1], "The probabilities are right, in the wrong places: they are sorted."),
        *((_overwritten(v), overwritten) for v in (exps, np.exp(x - x.max()))),
        (_overwritten(x, np.exp), overwritten),
    ]
    for values, words in formulas:
        if np.allclose(p, values, rtol=1e-6, atol=1e-12) and not np.allclose(p, e, rtol=1e-6):
            return words
    for digits in range(1, 14):
        if (p == np.round(e, digits)).all():
            return f"You round to {digits} decimals. Round what you print, not what you return."
    if np.allclose(p, e, rtol=1e-2) and (p == p.astype(np.float32)).all():
        return "It computes in float32 or less, and the scores are float64: digits are lost."
    return _power(x, p, runs)


def _overwritten(values, take=np.asarray):
    """Each value divided by a sum, as ``e[i] = e[i] / e.sum()`` does in a loop."""
    values = values.copy()
    for i in range(values.size):
        values[i] = take(values[i]) / take(values).sum()
    return values


def _power(x, p, runs):
    """What is wrong where p = c exp(k x) for some c and k."""
    factors = []
    for case, outcome in runs:
        if not same_shape(case, outcome):
            return None
        odds = outcome.value.flat[case.x.argmax()] / outcome.value.flat[case.x.argmin()]
        factors.append(np.log(odds) / np.ptp(case.x))
    logs = np.log(p)
    k = (logs[x.argmax()] - logs[x.argmin()]) / np.ptp(x)
    if not np.allclose(logs - k * x, logs[0] - k * x[0], rtol=0, atol=1e-9):
        return None
    if not np.allclose(factors, k, rtol=1e-6):
        return (
            "The scores are scaled by a factor that depends on them, as standardizing does. "
            "Softmax may shift its scores, and must not scale them."
        )
    near = functools.partial(math.isclose, rel_tol=1e-9)
    if near(k, -1):
        return "The sign is turned: the least score gets the greatest probability."
    for base in (2, 10):
        if near(k, math.log(base)):
            return f"You take powers of {base}. Softmax takes powers of e, as np.exp does."
    if not math.isclose(k, 1, rel_tol=1e-7):
        return (
            f"The scores are multiplied by {k:.4g} before exp, a temperature of {1 / k:.4g}. A "
            "plain softmax has temperature 1."
        )
    if near(p.sum(), p.size):
        return "You divide by the mean of the exps, so the entries sum to their number, not to 1."
    if near((p**2).sum(), 1):
        return "You divide by the norm of the exps, so the squares of the entries sum to 1."
    if abs(p.sum() - 1) < 0.05:
        return (
            f"The sum misses 1 by {abs(p.sum() - 1):.2g}: something is added to the divisor. No "
            "epsilon is needed, as after the shift the sum is at least 1."
        )
    return f"The proportions are right, but the entries sum to {p.sum():.6g}: the divisor is wrong."


def on_dtype(case, outcome, runs):
    if outcome.value is None:
        return None
    return (
        f"{case.x.dtype} comes out as {outcome.value.dtype}. Give back the dtype that came in: "
        ".astype(x.dtype)."
    )


def _nothing(x, axis):
    return 0.0


def _max(x, axis):
    return x.max(axis, keepdims=True)


def _greatest_size(x, axis):
    return np.abs(x).max(axis, keepdims=True)


def _wrong(shift=_nothing, over=None, keepdims=True):
    """A softmax with another shift, a sum over other axes, or without keepdims in its sum."""

    def model(x, axis):
        e = np.exp(x - shift(x, axis))
        return e / e.sum(axis if over is None else over, keepdims=keepdims)

    return model


def _transposed(shift):
    def model(x, axis):
        e = np.exp(x - shift(x, axis))
        return (e.T / e.sum(axis)).T

    return model


def _suspect(suspects, runs):
    """The words for the first wrong softmax that gives what f gave, in every run."""
    for model, words in suspects:
        if all(_alike(model, *run) for run in runs):
            return words
    return None


def _alike(model, case, outcome):
    """Whether a wrong softmax gives what f gave, be it an error."""
    try:
        value = model(case.x, case.axis)
    except ValueError as error:
        return type(error) is type(outcome.error)
    if outcome.value is None or outcome.value.shape != value.shape:
        return False
    return np.allclose(outcome.value, value, rtol=1e-6, atol=1e-300, equal_nan=True)


def on_input(case, outcome, runs):
    return (
        "It changes its input: x -= ... and out=x write into the caller's own array. Make a new "
        "one, as x = x - ... does."
    )


def on_axis(case, outcome, runs):
    if all(run.error for _, run in runs):
        dimensions = f"On {case.expected.ndim}-D input: {plain(case, outcome)}"
        return f"It takes one {case.line} only. {dimensions}"
    return _suspect(_axis_suspects(case), runs)


def _axis_suspects(case):
    line, axis, ndim = case.line, case.axis, case.expected.ndim
    sum_lost = max_lost = "without keepdims each slice meets the number of another one."
    if line == "row":
        hidden = "of row j; a square input hides it."
        sum_lost = f"without keepdims numpy divides column j by the sum {hidden}"
        max_lost = f"without keepdims numpy shifts column j by the max {hidden}"
    own = f"Each {line} needs its own: give max and sum axis={axis} and keepdims=True."
    for shift in (_nothing, _max):
        yield _wrong(shift, keepdims=False), f"Your sum has lost its axis: {sum_lost}"
        yield (
            _transposed(shift),
            "You transpose, and .T turns round all axes, which is right for two only. Use "
            "keepdims=True instead.",
        )
        for axes in _some(range(ndim)):
            words = f"You sum over the axes {axes} at once. {own}"
            if len(axes) == ndim:
                words = f"Your sum runs over the whole array, so that all of it sums to 1. {own}"
            elif ndim == 2:
                other = "column" if line == "row" else "row"
                words = (
                    f"You sum along axis {axes[0]}, so each {other} sums to 1. Each {line} should: "
                    f"that is axis={axis}."
                )
            elif len(axes) == 1:
                words = f"You sum along axis {axes[0]} of {ndim}, and axis={axis} is wanted."
            yield _wrong(shift, over=axes), words
    yield (
        _wrong(lambda x, a: x.max(a), keepdims=False),
        f"Your max and your sum have lost their axis: {sum_lost}",
    )
    yield _wrong(lambda x, a: x.max(a)), f"Your max has lost its axis: {max_lost}"
    yield lambda x, a: _wrong()(x, a).T, "The result is transposed: turn it back."


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
    "minus the max": lambda x, a: -_max(x, a),
}


def on_large(case, outcome, runs):
    no_shift = (
        "exp overflows: the max is not subtracted before it. Subtract that of each "
        f"{case.line} first, which changes no probability."
    )
    other_shift = (
        "You subtract {}, and exp still leaves its range. Only the max keeps every exp at or below "
        "1, and one of them at 1."
    )
    shifts = [(_wrong(shift), other_shift.format(name)) for name, shift in _SHIFTS.items()]
    words = _suspect([(_wrong(), no_shift), *shifts], runs)
    if words or not same_shape(case, outcome):
        return words
    if np.isnan(outcome.value).any() or not outcome.value.any():
        return (
            "exp leaves the range of floats, to inf or to only zeros. Subtract the max of each "
            f"{case.line} first."
        )
    return (
        "Large scores come out wrong, though nothing overflows: are they clipped or scaled? "
        "Subtract the max instead."
    )


def on_low(case, outcome, runs):
    if not same_shape(case, outcome):
        return None
    only_max = f"Subtract the max of each {case.line}, also if it is below 0."
    words = f"You subtract the greatest |x|, and every exp is 0. {only_max}"
    return _suspect([(_wrong(_greatest_size), words)], runs) or (
        f"exp underflows: every exp is 0 or has few bits left, and 0 / 0 is nan. {only_max}"
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


def on_offset(case, outcome, runs):
    if outcome.value is None or not np.allclose(outcome.value, 1):
        return None
    return (
        "You take exp(x - logsumexp(x)): a large offset rounds logsumexp, and here two equal "
        "scores get 1 each. Subtract the max, then divide by the sum."
    )


def on_scale(case, outcome, runs):
    words = (
        f"A {case.line} far below the max of the whole array is lost. Take the max along the axis, "
        f"with axis={case.axis} and keepdims=True."
    )
    return _suspect([(_wrong(lambda x, a: x.max()), words)], runs)


def on_argument(case, outcome, runs):
    for a in (-1, 0, 1):
        if all(_alike(_wrong(over=a), *run) for run in runs):
            return f"It takes an axis and does not use it: it always works along axis {a}."
    return f"With axis={case.axis}: {plain(case, outcome)}"
