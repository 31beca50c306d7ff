"""Checks of notebook 00."""

import numpy as np

from .. import exact
from ..thread import THREAD
from . import (
    NOT_YET,
    Answer,
    Fault,
    ask,
    borrowed,
    first_fault,
    gives,
    hinted,
    makes,
    names_in,
    not_asked,
    numbers_of,
    shaped,
    unfinished,
)

_SCORES = np.array([1003.0, 1001.0, 1000.2])
_BY_HAND = 0.01  # what numbers of two or three digits may be off
_OF_FAR = (
    Fault(
        lambda x, expected, got: np.isnan(got).any(),
        "nan is what B makes of these scores. The question is what is right.",
    ),
    gives(
        lambda x: np.eye(3)[0],
        "That would be the class with the highest score, and nothing for the others. Softmax "
        "leaves something for each.",
    ),
    gives(
        lambda x: x / x.sum(),
        "That is each score over their sum. Look again at what A did with [3.0, 1.0, 0.2].",
        rtol=_BY_HAND,
    ),
    makes(
        lambda expected: 100 * expected,
        "These are percent. As probabilities they sum to 1.",
        hint=None,
        rtol=_BY_HAND,
    ),
    Fault(
        lambda x, expected, got: np.allclose(got, expected, rtol=0, atol=0.006),
        "Near, but not all are right to three digits after the point.",
        hint=None,
    ),
    Fault(
        lambda x, expected, got: np.allclose(np.sort(got), np.sort(expected), rtol=_BY_HAND),
        "These are the right numbers in another order.",
        hint=None,
    ),
    Fault(
        lambda x, expected, got: abs(got.sum() - 1) > 0.01,
        "Three probabilities sum to 1. Yours do not.",
    ),
)


@hinted("How do these scores differ from those of the first example?")
def check_far_away(probabilities):
    """Checks the softmax of [1003.0, 1001.0, 1000.2], written to three digits."""
    if unfinished(probabilities):
        return Answer(False, NOT_YET)
    got, expected = numbers_of(probabilities), exact.softmax(_SCORES).round(3)
    if got is None or got.shape != (3,):
        return not_asked("A list of three numbers", probabilities)
    if np.allclose(got, expected, rtol=0, atol=0.00051):
        return Answer(True, "Adding 1000 to every score changes nothing. Notebook 02 proves it.")
    fault = first_fault(_OF_FAR, (_SCORES,), expected, got)
    if fault:
        return Answer(False, fault.message, _SCORES, got=got, hint=fault.hint)
    return Answer(False, "They sum to 1, and are not these scores' softmax.", _SCORES, got=got)


_OF_SHORTEST = (
    gives(np.exp, "These are the exps. Their ratios are right, but they do not sum to 1."),
    gives(
        lambda x: np.exp(x) / np.exp(x).max(),
        "The greatest entry is 1, so the entries sum to more than 1.",
    ),
    gives(
        lambda x: np.exp(x) / len(x),
        "You divided by the number of classes. That makes the sum 1 only by chance.",
    ),
    gives(
        lambda x: np.exp(x) / x.sum(),
        "You divided by the sum of the scores. It is the exps that must sum to 1.",
    ),
    gives(lambda x: x / x.sum(), "These are shares of the scores: the exp is missing."),
    gives(
        lambda x: np.exp(x) / np.exp(x.sum()),
        "You divided by the exp of the sum. It is the sum of the exps that is wanted.",
    ),
    gives(lambda x: np.exp(x / x.sum()), "Divide the exps, not the scores inside of exp."),
    shaped(lambda x: (), "This is one number for all classes. Each class has its own probability."),
)


@hinted("Try it by hand for [1.0, 1.0]: which two numbers does A give, and which does np.exp give?")
def check_shortest(function):
    """Checks ``f(x)``, the softmax of a list of scores whose exps are floats."""
    lists = ([2.0, 1.0], [3.0, 1.0, 0.2], [-1.0, 4.0], [-30.0, -31.0], [5.0], [1.0] * 300)
    answer = ask(
        function,
        [((np.array(x),), exact.softmax(x)) for x in lists],
        _OF_SHORTEST,
        "One exp, one sum, one division: that is all of softmax on paper.",
    )
    if answer.passed and {"A", "B"} & names_in(function):
        return Answer(
            False, "This calls A or B. Write the exp, the sum and the division.", hint=None
        )
    return (borrowed(function) if answer.passed else None) or answer


@hinted("When is a fraction not a number? Think of what np.exp makes of scores far below 0.")
def check_breaks_b(scores):
    """Checks a list of negative scores on which B is off by more than 1 %."""
    if unfinished(scores):
        return Answer(False, NOT_YET)
    x = numbers_of(scores)
    if x is None or x.ndim != 1 or not 0 < x.size <= 100 or not np.isfinite(x).all():
        return not_asked("A short list of finite numbers", scores)
    if (x >= 0).any():
        return Answer(
            False, "Negative scores only: that large ones break B you have seen.", scores, hint=None
        )
    with np.errstate(all="ignore"):
        p, truth = THREAD["B"].function(x), exact.softmax(x)
    if np.allclose(p, truth, rtol=0.01, atol=0):
        message = f"B is right here: the exp of {x.max():g} is {np.exp(x.max()):.3g}, and not 0."
        return Answer(False, message, scores, truth, p)
    if np.isnan(p).any():
        return Answer(True, "Each exp is 0, and 0 / 0 is nan: B breaks at both ends.")
    return Answer(True, "And no nan tells you. Notebook 03 is about such failures.")
