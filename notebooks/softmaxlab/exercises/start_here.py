"""Checks of notebook 00."""

from dataclasses import replace

import numpy as np

from .. import exact
from ..thread import THREAD
from . import NOT_YET, Answer, ask, hinted, not_yet

_SCORES = np.array([1003.0, 1001.0, 1000.2])


@hinted("How do these scores differ from those of the first example?")
def check_far_away(probabilities):
    """Checks the softmax of [1003.0, 1001.0, 1000.2], written to three digits."""
    if not_yet(probabilities):
        return Answer(False, NOT_YET)
    answer = ask(
        lambda x: probabilities,
        [((_SCORES,), exact.softmax(_SCORES).round(3))],
        faults=[
            (
                lambda a, expected, got: np.shape(got) == (3,) and np.isnan(got).any(),
                "nan is what B makes of these scores. The question is what is right.",
            ),
            (
                lambda a, expected, got: np.allclose(got, [1, 0, 0]),
                "That would be the class with the highest score, and nothing for the others. "
                "Softmax leaves something for each.",
            ),
            (
                lambda a, expected, got: np.allclose(got, a[0] / a[0].sum(), rtol=0.01),
                "That is each score over their sum. Look again at what A did with [3.0, 1.0, 0.2].",
            ),
            (
                lambda a, expected, got: np.allclose(got, 100 * expected, rtol=0.01),
                "These are percent. As probabilities they sum to 1.",
            ),
            (
                lambda a, expected, got: np.allclose(got, expected, rtol=0, atol=0.006),
                "Near, but not right to three digits. Three digits, please.",
            ),
            (
                lambda a, expected, got: np.shape(got) == (3,) and abs(np.sum(got) - 1) > 0.01,
                "Three probabilities sum to 1. Yours do not.",
            ),
        ],
        praise="Adding 1000 to every score changes nothing. Notebook 02 proves it.",
        rtol=0.015,
    )
    return replace(answer, expected=None)  # it would be the solution


def _is(wrong):
    """A fault: the learner's result is what `wrong` makes of the scores."""
    return lambda arguments, expected, got: (
        np.shape(got) == np.shape(expected) and np.allclose(got, wrong(arguments[0]))
    )


@hinted("Try it by hand for [1.0, 1.0]: which two numbers does A give, and which does np.exp give?")
def check_shortest(function):
    """Checks ``f(x)``, the softmax of a short list of moderate scores."""
    return ask(
        function,
        [((np.array(x),), exact.softmax(x)) for x in ([2.0, 1.0], [3.0, 1.0, 0.2], [-1.0, 4.0])],
        faults=[
            (_is(np.exp), "These are the exps. Their ratios are right, but they do not sum to 1."),
            (
                _is(lambda x: np.exp(x) / np.exp(x).max()),
                "The greatest entry is 1, so the entries sum to more than 1.",
            ),
            (
                _is(lambda x: np.exp(x) / len(x)),
                "You divided by the number of classes. That makes the sum 1 only by chance.",
            ),
            (
                _is(lambda x: np.exp(x) / x.sum()),
                "You divided by the sum of the scores. It is the exps that must sum to 1.",
            ),
            (
                lambda a, expected, got: np.shape(got) == (),
                "This is one number for all classes. Each class has its own probability.",
            ),
        ],
        praise="One exp, one sum, one division: that is all of softmax on paper.",
    )


@hinted("When is a fraction not a number? Think of what np.exp makes of scores far below 0.")
def check_breaks_b(scores):
    """Checks a list of negative scores on which B is off by more than 1 %."""
    if not_yet(scores):
        return Answer(False, NOT_YET)
    try:
        x = np.asarray(scores, dtype=float)
    except (TypeError, ValueError):
        return Answer(False, "This takes a list of numbers.", scores)
    if x.ndim != 1 or not 0 < x.size <= 100 or not np.isfinite(x).all():
        return Answer(False, "This takes a short list of finite numbers.", scores)
    if (x >= 0).any():
        return Answer(False, "Negative scores only: that large ones kill B you have seen.", scores)
    with np.errstate(all="ignore"):
        p, truth = THREAD["B"].function(x), exact.softmax(x)
    if np.allclose(p, truth, rtol=0.01, atol=0):
        message = f"B is right here: the exp of {x.max():g} is {np.exp(x.max()):.3g}, and not 0."
        return Answer(False, message, scores, truth, p)
    if np.isnan(p).any():
        return Answer(True, "Each exp is 0, and 0 / 0 is nan: B dies at both ends.")
    return Answer(True, "And no nan tells you. Notebook 03 is about such failures.")
