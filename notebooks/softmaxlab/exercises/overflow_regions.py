"""Checks of notebook 03."""

import math

import numpy as np

from .. import exact, floats
from ..thread import THREAD
from . import (
    NOT_YET,
    Answer,
    Fault,
    ask,
    borrowed,
    gives,
    hinted,
    near,
    not_asked,
    numbers_of,
    unfinished,
)

_OFF = 0.05
_PAIR = (-744.4, -744.0)  # the lesson's


def _of_log_max(formula):
    """A function of a dtype's name and n, from one of the log of its largest float and n."""
    return lambda dtype, n: formula(math.log(floats.FORMATS[dtype].largest), n)


_OF_LARGEST = (
    gives(
        _of_log_max(lambda top, n: top),
        "That is where one exp overflows. The sum of n of them does so earlier.",
    ),
    gives(
        _of_log_max(lambda top, n: top / n),
        "You divide the logarithm by n. It is the exp that is taken n times, so put the n inside "
        "the logarithm.",
    ),
    gives(
        _of_log_max(lambda top, n: top + math.log(n)),
        "More classes make the limit lower, and yours rises with n. Look at the sign.",
    ),
    gives(
        lambda dtype, n: floats.sum_overflow("float64", n),
        "That is the limit of float64. Take the largest float of the dtype that you are given.",
        hint=None,
    ),
    Fault(
        lambda arguments, expected, got: got > 2000,
        "That is a value which an exp may have. The score is its logarithm.",
    ),
    gives(
        _of_log_max(lambda top, n: (top - math.log(n)) / math.log(10)),
        "The logarithm belongs to exp, so its base is e and not 10.",
        hint=None,
    ),
    gives(
        _of_log_max(lambda top, n: top / math.log(2) - math.log2(n)),
        "The logarithm belongs to exp, so its base is e and not 2.",
        hint=None,
    ),
)


@hinted(
    "Write the sum of n equal exps as a product, set it equal to the largest float, and solve "
    "for the score."
)
def check_largest_safe_score(function):
    """Judges ``function(dtype, n)``: the score up to which the sum of n equal exps is finite.

    A logarithm taken in float16, at 11 bits, is near enough.
    """
    cases = [("float64", 1), ("float64", 2), ("float32", 1000), ("float16", 10)]
    return ask(
        function,
        [(case, floats.sum_overflow(*case)) for case in cases],
        _OF_LARGEST,
        "Each doubling of n lowers the limit by log 2, about 0.69, in every dtype.",
        atol=0.01,
    )


@hinted(
    "Count exp(x) in spacings, as the lesson does: where there are fewer than ten, rounding "
    "costs percents. How many does each of your scores have?"
)
def check_silently_wrong(scores):
    """Judges two float64 scores for which B is finite, sums to 1, and is off by over 5 %."""
    if unfinished(scores):
        return Answer(False, NOT_YET)
    x = numbers_of(scores)
    if x is None or x.shape != (2,) or not np.isfinite(x).all():
        return not_asked("A list of two finite numbers", scores)
    if tuple(sorted(x)) == _PAIR:
        return Answer(False, "That is the pair of the lesson. Find one of your own.", hint=None)
    with np.errstate(all="ignore"):
        p = THREAD["B"].function(x)
    truth = exact.softmax(x)
    seen = {"input": scores, "expected": truth, "got": p}
    if np.isnan(p).any():
        return Answer(False, "B gives nan here: that is wrong, but not silent.", **seen)
    if abs(p.sum() - 1) > 1e-6:
        return Answer(False, "These do not sum to 1: a sum overflowed, and it shows.", **seen)
    wrong = p != truth
    off = (np.abs(p - truth)[wrong] / truth[wrong]).max(initial=0)
    if off <= _OFF:
        message = "B is right here to 5 %. Look for scores whose exps have few bits left."
        return Answer(False, message, **seen)
    if (p == 0).any():
        message = "One p is exactly 0, so a reader could notice. Keep both above 0."
        return Answer(False, message, **seen)
    return Answer(True, f"Both p are above 0, they sum to 1, and one is off by {100 * off:.0f} %.")


_OF_INT8 = (
    Fault(
        lambda arguments, expected, got: got.dtype == np.float16,
        "The result is float16: numpy computes the exp of int8 there. Change the dtype before you "
        "call exp, and before you subtract.",
        hint=None,
    ),
    Fault(
        lambda arguments, expected, got: got.dtype == np.float32,
        "Nothing wraps, but the result is float32, where small probabilities become 0. The task "
        "asks for float64.",
        hint=None,
    ),
    Fault(
        lambda arguments, expected, got: got.dtype.kind in "iu",
        "The result is made of integers, and these cannot hold probabilities.",
    ),
    Fault(
        lambda arguments, expected, got: (
            np.ptp(arguments[0].astype(int)) > 127 and np.argmax(got) != np.argmax(expected)
        ),
        "The order is inverted or lost: x - max still wraps. Change the dtype before you subtract.",
    ),
    Fault(
        lambda arguments, expected, got: near(got / got.sum(), expected),
        "The ratios are right, but these do not sum to 1. Divide by their sum.",
        hint=None,
    ),
)


@hinted(
    "Print the dtype and the numbers after each step for [-100, 100]. Which is the first step "
    "whose result does not fit?"
)
def check_softmax_of_int8(function):
    """Judges ``function(x)``, a softmax of a list of int8 scores, written with numpy alone."""
    lists = ([1, 2], [-100, 100], [-125, 125], [-128, 0, 127], [-128, -127], [5], [127] * 300)
    answer = ask(
        function,
        [((np.array(x, dtype=np.int8),), exact.softmax(x)) for x in lists],
        _OF_INT8,
        "One conversion first, and int8 is as safe as float64.",
    )
    return (borrowed(function) if answer.passed else None) or answer
