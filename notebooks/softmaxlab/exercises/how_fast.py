"""Checks of notebook 07."""

import numpy as np

from .. import exact
from . import (
    NOT_YET,
    Answer,
    Fault,
    ask,
    borrowed,
    first_fault,
    gives,
    hinted,
    near,
    no_function,
    not_asked,
    numbers_of,
    peak_bytes,
    quiet,
    raised,
    unfinished,
)


@hinted(
    "One line for each numpy function that walks over the whole array: which arrays does it read, "
    "and does it write one? A single number is no array."
)
def check_cost_of_g(cost):
    """Judges [passes, exps for each entry, arrays read or written] of G written in full."""
    if unfinished(cost):
        return Answer(False, NOT_YET)
    numbers = numbers_of(cost)
    if numbers is None or numbers.shape != (3,) or not (numbers % 1 == 0).all():
        return not_asked("A list of three whole numbers, [passes, exps, arrays],", cost)
    got = passes, exps, arrays = [int(number) for number in numbers]
    if got == [6, 2, 10]:
        return Answer(True, "Ten arrays and two exps, where A moves eight and takes one.")
    if got == [5, 1, 8]:
        message = "That is A. G takes another exp after the logarithm."
    elif exps != 2:
        message = "Count the exps again: one inside the sum, and what comes after the logarithm?"
    elif passes < 6:
        message = "A pass is missing: a max and a sum walk over the whole array too."
    elif passes > 6:
        message = "Too many passes: the logarithm, and what is added to it, is a single number."
    elif arrays == 6:
        message = "A subtraction reads one array and writes another, so it moves two. So does exp."
    else:
        message = "Passes and exps are right. A max or a sum only reads; the others also write."
    return Answer(False, message, got)


def _ratio(move, exp):
    return (7 * move + 2 * exp) / (8 * move + exp)


_OF_RATIO = (
    gives(lambda m, e: 1 / _ratio(m, e), "That is A over B. B over A is asked for.", None),
    gives(
        lambda m, e: (7 * m + e) / (8 * m + e),
        "B writes np.exp(x) twice, and numpy does what it is told.",
    ),
    gives(
        lambda m, e: (4 * m + 2 * e) / (5 * m + e),
        "You count passes. A pass that reads one array and writes another moves two.",
    ),
    gives(lambda m, e: (7 * m + 2 * e) / (8 * m + 2 * e), "A takes one exp for each entry."),
    gives(lambda m, e: 7 * m + 2 * e, "That is the time of B. Divide it by A's.", None),
    gives(
        lambda m, e: (7 * m + 2 * e) - (8 * m + e),
        "That is the difference of the times. Their ratio is asked for.",
        None,
    ),
)


@hinted("How many arrays does each move, how many exps does each take? It is all in the table.")
def check_ratio(function):
    """Judges ``function(move, exp)``: B's time over A's, from ns for an array and for an exp."""
    return ask(
        function,
        [(case, _ratio(*case)) for case in [(1.0, 0.0), (0.25, 2.0), (0.0, 1.0)]],
        _OF_RATIO,
        "B is the faster one only where an exp costs less than moving an array.",
    )


_UNTOUCHED = 7.0
_WRITTEN = "Every ufunc takes out=. Which array is there to be written into, from the first step?"
_OF_LOG_SOFTMAX = (
    Fault(
        lambda arguments, expected, got: (got == _UNTOUCHED).all(),
        "Nothing was written into out. A plain out = ... only gives a new array that name.",
        _WRITTEN,
    ),
    gives(exact.softmax, "That is the softmax. Its logarithm is asked for."),
    gives(
        lambda x: exact.log_softmax(x, axis=None),
        "That is one distribution over all entries, not one a row.",
    ),
    gives(
        lambda x: exact.log_softmax(x, axis=0),
        "Those are the columns' logarithms. Each row has its own sum.",
    ),
    gives(
        lambda x: x - x.max(axis=-1, keepdims=True),
        "These are the scores without their max. The log of the sum is still to be subtracted.",
    ),
    gives(
        lambda x: exact.log_softmax(x, axis=-1) - x.max(axis=-1, keepdims=True),
        "The max is subtracted twice, once more with the log of the sum.",
    ),
    gives(
        lambda x: exact.log_softmax(x, axis=-1) + x.max(axis=-1, keepdims=True),
        "The max is missing in what you subtract: it belongs to the log of the sum.",
    ),
    Fault(
        lambda arguments, expected, got: np.isneginf(got[expected < -700]).any(),
        "An exp became 0, and its logarithm is -inf. Subtract the log of the sum from the scores "
        "in place of a log of the result.",
    ),
    Fault(
        lambda arguments, expected, got: not np.isfinite(got).all(),
        "An exp overflows, or all of a row are 0. Subtract the max of each row first.",
    ),
)


@hinted("x is still there. So once the exps in out are summed, out may be overwritten from x anew.")
def check_into(function):
    """Judges ``function(x, out)``: the log softmax of each row of `x`, written into `out`."""
    answer = no_function(function)
    if answer:
        return answer
    small = np.array([[3.0, 1.0, 0.2], [1.0, 2.0, 2.5]])
    wide, far = np.add.outer([0.0, 1000.0], np.arange(5.0)), np.array([[0.0, -800.0], [5.0, 5.0]])
    given = [small, small[:, :2].copy(), wide, wide.T, far, far - 20000, small]
    outs = [np.full_like(x, _UNTOUCHED) for x in given]
    for x, out in zip(given, outs, strict=True):
        answer = _written(function, x, out)
        if answer:
            return answer
    answer = borrowed(function)
    if answer:
        return answer
    x = np.zeros((1000, 200))
    extra = peak_bytes(function, x, np.empty_like(x)) / x.nbytes
    if extra > 0.1:
        return Answer(
            False,
            f"On the way it holds {extra:.1f} arrays of the size of x beside x and out. Each step "
            "can write into out.",
            hint=_WRITTEN,
        )
    return Answer(True, "Two arrays in all, the logits and the result.")


def _written(function, x, out):
    """What is wrong with one call of a function that writes into `out`, or None."""
    given, expected = x.copy("K"), exact.log_softmax(x, axis=-1)
    try:
        with quiet():
            returned = function(given, out)
    except (Exception, SystemExit) as error:
        return Answer(False, raised(function, error), x, expected, hint=None)
    if returned is ...:
        return Answer(False, NOT_YET)
    if not np.array_equal(given, x):
        return Answer(False, "It has overwritten x. The logits are the caller's.", x, x, given)
    if not near(out, expected, atol=1e-12):
        fault = first_fault(_OF_LOG_SOFTMAX, (x,), expected, out)
        message = fault.message if fault else "What stands in out is not the log softmax of x."
        return Answer(False, message, x, expected, out, fault.hint if fault else "")
    if returned is None:
        return Answer(
            False,
            "out is right, and the function returned None. End it with return out.",
            hint=None,
        )
    if returned is not out:
        return Answer(False, "Return out itself, as every ufunc does.", x, hint=None)
    return None


_FITS = [
    (np.array([[1.0, 2.0]]), True),
    (np.array([[89.0, 0.0]]), False),
    (np.array([[-88.0, 0.0]]), False),
    (np.array([[-87.0, 0.0]]), True),
    (np.full((1, 1000), 85.0), False),
    (np.full((1, 1000), 80.0), True),
    (np.full((1000, 1), 85.0), True),
    (np.array([[0.0, 0.0], [0.0, 500.0]]), False),
    (np.array([[0.0, np.nan]]), False),
    (np.array([[0.0, -np.inf]]), False),
    (np.array([[0.0, np.inf]]), False),
    (np.full((1000, 2), 85.0).T, False),
    (np.array([[-20001.0, -20000.0]]), False),
]
_FITS = [(x.astype(np.float32), right) for x, right in _FITS] + [
    (np.array([[-10.0, 0.5]], np.float16), False),
    (np.array([[-9.0, 10.0]], np.float16), True),
    (np.array([[-600.0, 700.0]]), True),
    (np.array([[-720.0, 700.0]]), False),
    (np.append(85.0, np.zeros(999))[None].astype(np.float32), False),
]


def _at(*places):
    """Whether the input is one of these; which it is, its contents tell."""
    inputs = [_FITS[place][0] for place in places]
    return lambda arguments, expected, got: any(
        np.array_equal(arguments[0], x, equal_nan=True) for x in inputs
    )


_OF_FITS = (
    Fault(
        lambda arguments, expected, got: np.shape(got) != (),
        "One True or False for the whole array is asked for.",
    ),
    Fault(_at(1, 7, 10), "Here an exp overflows: float32 ends at exp(88.72)."),
    Fault(_at(2), "Here exp(x) is subnormal: fewer digits, and slow on some CPUs."),
    Fault(_at(4, 11), "No exp overflows here, but their sum does: n of them need room, log(n)."),
    Fault(_at(6), "Each row has one entry here, so n is 1 and the sum needs no more room."),
    Fault(_at(8), "nan does not fit. Every comparison with nan is false: ask so that it is."),
    Fault(_at(9, 12), "The exp is 0 here, which is below the normal numbers."),
    Fault(_at(0, 3, 5), "This fits, and you say that it does not. A shift here is time lost."),
    Fault(
        _at(17),
        "Only one entry is so great here. But all that lie between the least and the greatest may "
        "be, and then the sum overflows. Ask of these two alone.",
    ),
    Fault(
        _at(13, 14, 15, 16),
        "You have the numbers of another dtype. np.finfo(x.dtype) has tiny, the least normal "
        "number, and max.",
    ),
)


@hinted(
    "Three things can leave the range: an exp that is too large, a sum of n of them, and an exp "
    "that is too small. Ask of the max and the min of all. An exp is normal from the log of "
    "np.finfo's tiny to the log of its max."
)
def check_fits(function):
    """Judges ``function(x)``: whether the rows of a float matrix need no shift."""
    return ask(
        function,
        [((x,), expected) for x, expected in _FITS],
        _OF_FITS,
        "Now a shift is paid for only by those who need it.",
    )
