"""Checks of notebook 03."""

import math

import numpy as np

from .. import exact, floats
from ..thread import THREAD
from . import NOT_YET, Answer, ask, hinted, not_yet

_OFF = 0.05


def _near(formula):
    """A fault: the learner's number is that of another formula."""

    def test(arguments, expected, got):
        dtype, n = arguments
        return math.isclose(got, formula(math.log(floats.FORMATS[dtype].largest), n), rel_tol=1e-6)

    return test


@hinted(
    "Write the sum of n equal exps as a product, set it equal to the largest float, and solve "
    "for the score."
)
def check_largest_safe_score(function):
    """Judges ``function(dtype, n)``: the score up to which the sum of n equal exps is finite."""
    cases = [("float64", 1), ("float64", 2), ("float32", 1000), ("float16", 10)]
    return ask(
        function,
        [(case, floats.sum_overflow(*case)) for case in cases],
        [
            (
                _near(lambda top, n: top),
                "That is where one exp overflows. The sum of n of them does so earlier.",
            ),
            (
                _near(lambda top, n: top / n),
                "You divide the logarithm by n. It is the exp that is taken n times, so put the "
                "n inside the logarithm.",
            ),
            (
                _near(lambda top, n: top + math.log(n)),
                "More classes make the limit lower, and yours rises with n. Look at the sign.",
            ),
            (
                _near(lambda top, n: math.exp(top - math.log(n))),
                "That is the greatest value which each exp may have. The score is its logarithm.",
            ),
            (
                lambda arguments, expected, got: abs(got - expected) < 0.01,
                "Close, but not the limit of the text: its log M is the logarithm of the largest "
                "float itself, in full precision. If you used np.finfo, make its max a Python "
                "float first.",
            ),
        ],
        praise="Each doubling of n lowers the limit by log 2, about 0.69, in every dtype.",
        rtol=1e-9,
    )


@hinted(
    "Count exp(x) in spacings, as the lesson does: where there are fewer than ten, rounding "
    "costs percents. How many does each of your scores have?"
)
def check_silently_wrong(scores):
    """Judges two float64 scores for which B is finite, sums to 1, and is off by over 5 %."""
    if not_yet(scores):
        return Answer(False, NOT_YET)
    try:
        x = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError):
        return Answer(False, "Give a list of two numbers.", scores)
    if x.shape != (2,) or not np.isfinite(x).all():
        return Answer(False, "Give a list of two finite numbers.", scores)
    with np.errstate(all="ignore"):
        p = THREAD["B"].function(x)
    truth = exact.softmax(x)
    shown = {"input": scores, "expected": truth, "got": p}
    if np.isnan(p).any():
        return Answer(False, "B gives nan here: that is wrong, but not silent.", **shown)
    if abs(p.sum() - 1) > 1e-6:
        return Answer(False, "These do not sum to 1: a sum overflowed, and it shows.", **shown)
    wrong = p != truth
    off = (np.abs(p - truth)[wrong] / truth[wrong]).max(initial=0)
    if off <= _OFF:
        message = "B is right here to 5 %. Look for scores whose exps have few bits left."
        return Answer(False, message, **shown)
    if (p == 0).any():
        message = "One p is exactly 0, so a reader could notice. Keep both above 0."
        return Answer(False, message, **shown)
    return Answer(True, f"Both p are above 0, they sum to 1, and one is off by {off:.0%}.")


@hinted(
    "Print the dtype and the numbers after each step for [-100, 100]. Which is the first step "
    "whose result does not fit?"
)
def check_softmax_of_int8(function):
    """Judges ``function(x)``, a softmax of a list of int8 scores."""
    scores = ([1, 2], [-100, 100], [-125, 125], [-128, 0, 127])
    return ask(
        function,
        [((np.array(x, dtype=np.int8),), exact.softmax(x)) for x in scores],
        [
            (
                lambda arguments, expected, got: got.dtype == np.float16,
                "The result is float16: numpy computes the exp of int8 there. Change the dtype "
                "before you call exp, and before you subtract.",
            ),
            (
                lambda arguments, expected, got: got.dtype == np.float32,
                "Nothing wraps, but the result is float32, where small probabilities become 0. "
                "The task asks for float64.",
            ),
            (
                lambda arguments, expected, got: np.argmax(got) != np.argmax(expected),
                "The order is inverted or lost: x - max still wraps. Change the dtype before you "
                "subtract.",
            ),
        ],
        praise="One conversion before the first subtraction, and int8 is as safe as float64.",
    )
