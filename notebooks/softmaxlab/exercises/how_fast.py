"""Checks of notebook 07."""

import tracemalloc

import numpy as np

from .. import exact
from . import NOT_YET, Answer, ask, hinted, not_yet


@hinted(
    "One line for each numpy function that walks over the whole array: which arrays does it read, "
    "and does it write one? A single number is no array."
)
def check_cost_of_g(cost):
    """Judges [passes, exps for each entry, arrays read or written] of G written in full."""
    if not_yet(cost) or (isinstance(cost, (list, tuple)) and any(map(not_yet, cost))):
        return Answer(False, NOT_YET)
    try:
        passes, exps, arrays = (int(number) for number in cost)
    except (TypeError, ValueError):
        return Answer(False, "A list of three whole numbers is asked for: [passes, exps, arrays].")
    got = [passes, exps, arrays]
    if got == [6, 2, 10]:
        return Answer(True, "Ten arrays and two exps, where A moves eight and takes one.")
    if got == [5, 1, 8]:
        return Answer(False, "That is A. G takes another exp after the logarithm.", cost)
    if exps != 2:
        message = "Count the exps again: one inside the sum, and what comes after the logarithm?"
    elif passes < 6:
        message = "A pass is missing: a max and a sum walk over the whole array too."
    elif passes > 6:
        message = "Too many passes: the logarithm, and what is added to it, is a single number."
    elif arrays == 6:
        message = "A subtraction reads one array and writes another, so it moves two. So does exp."
    else:
        message = "Passes and exps are right. A max or a sum only reads; the others also write."
    return Answer(False, message, cost)


def _is(wrong):
    """A fault: the learner's result is what ``wrong(*arguments)`` gives."""
    return lambda arguments, expected, got: np.isclose(got, wrong(*arguments))


@hinted("How many arrays does each move, how many exps does each take? It is all in the table.")
def check_ratio(function):
    """Judges ``function(move, exp)``: B's time over A's, from ns for an array and for an exp."""
    cases = [(1.0, 0.0), (0.25, 2.0), (0.0, 1.0)]

    def ratio(move, exp):
        return (7 * move + 2 * exp) / (8 * move + exp)

    return ask(
        function,
        [(case, ratio(*case)) for case in cases],
        [
            (_is(lambda m, e: 1 / ratio(m, e)), "That is A over B. B over A is asked for."),
            (
                _is(lambda m, e: (7 * m + e) / (8 * m + e)),
                "B writes np.exp(x) twice, and numpy does what it is told.",
            ),
            (
                _is(lambda m, e: (4 * m + 2 * e) / (5 * m + e)),
                "You count passes. A pass that reads one array and writes another moves two.",
            ),
            (
                _is(lambda m, e: (7 * m + 2 * e) / (8 * m + 2 * e)),
                "A takes one exp for each entry.",
            ),
        ],
        praise="B is the faster one only where an exp costs less than moving an array.",
    )


@hinted("Every ufunc takes out=. Which array is there to be written into, from the first step on?")
def check_into(function):
    """Judges ``function(x, out)``: the softmax of each row of `x`, written into `out`."""
    if not_yet(function):
        return Answer(False, NOT_YET)
    if not callable(function):
        return Answer(False, f"This takes a function, and got {type(function).__name__}.")
    x = np.array([[3.0, 1.0, 0.2], [1000.0, 1001.0, 999.0]])
    given, out = x.copy(), np.full_like(x, 7.0)
    try:
        with np.errstate(all="ignore"):
            returned = function(given, out)
    except Exception as error:
        return Answer(False, f"Your function raises {type(error).__name__}: {error}.", x)
    if not_yet(returned) and (out == 7).all():
        return Answer(False, NOT_YET)
    expected = exact.softmax(x, axis=-1)
    if not np.array_equal(given, x):
        return Answer(False, "It has overwritten x. The logits are the caller's.", x, x, given)
    if (out == 7).all():
        return Answer(
            False,
            "Nothing was written into out. A plain out = ... only gives a new array that name.",
            x,
            expected,
            out,
        )
    if np.isnan(out).any():
        return Answer(False, "An exp overflows. Subtract the max of each row.", x, expected, out)
    if np.allclose(out, exact.softmax(x, axis=None)):
        return Answer(False, "That is one distribution over all entries, not one a row.", x)
    if np.allclose(out.sum(axis=0), 1):
        return Answer(False, "The columns sum to 1. The rows have to.", x, expected, out)
    if not np.allclose(out, expected, rtol=1e-9, atol=1e-300):
        return Answer(False, "What stands in out is not the softmax of x.", x, expected, out)
    if returned is not out:
        return Answer(False, "Return out itself, as every ufunc does.", x)
    extra = _extra(function)
    if extra > 0.1:
        return Answer(
            False,
            f"Right, but on the way it holds {extra:.1f} arrays of the size of x beside x and out. "
            "Each step can write into out.",
        )
    return Answer(True, "Two arrays in all, the logits and the result. A holds three.")


def _extra(function):
    """The most memory that a learner's function takes, in arrays of the size of its logits."""
    x = np.zeros((1000, 200))
    out = np.empty_like(x)
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        function(x, out)
        return (tracemalloc.get_traced_memory()[1] - before) / x.nbytes
    finally:
        if not tracing:
            tracemalloc.stop()


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
]


@hinted(
    "Three things can leave the range: an exp that is too large, a sum of n of them, and an exp "
    "that is too small. Ask of the max and the min of all."
)
def check_fits(function):
    """Judges ``function(x)``: whether float32 rows need no shift."""

    def at(*places):
        """A fault at these inputs; which they are is told by their contents."""
        inputs = [_FITS[place][0].astype(np.float32) for place in places]
        return lambda arguments, expected, got: any(
            np.array_equal(arguments[0], x, equal_nan=True) for x in inputs
        )

    return ask(
        function,
        [((x.astype(np.float32),), expected) for x, expected in _FITS],
        [
            (
                lambda arguments, expected, got: np.shape(got) != (),
                "One True or False for the whole array is asked for.",
            ),
            (at(1, 7), "Here an exp overflows: float32 ends at exp(88.72)."),
            (at(2), "Here exp(x) is subnormal: few digits, and slow on many CPUs."),
            (at(4), "No exp overflows here, but their sum does: n of them need room, log(n)."),
            (at(6), "Each row has one entry here, so n is 1 and the sum needs no more room."),
            (at(8), "nan does not fit. Every comparison with nan is false: ask so that it is."),
            (at(9), "The exp of -inf is 0, which is below the normal numbers."),
            (at(0, 3, 5), "This fits, and you say that it does not. A shift here is time lost."),
        ],
        praise="Now a shift is paid for only by those who need it.",
    )
